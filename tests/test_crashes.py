"""A mistake of this tool's in one file: it is that file's finding, and all others are checked and reported."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iot_jobs import jsontext
from iot_jobs.cli import main
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.sources import application, subject
from iot_jobs.template import JobTemplateSpec
from tests.cases import APPLICATION, BOTH, FAMILY, TEMPLATE, Files, stack, write

CRASH = """\
{file}: error JT014
  the check of a file ends without an internal error
  given    "ZeroDivisionError: {message}"
  allowed  no internal error
  source   the exit codes: docs/cli.md
  fix      please report it, with the file
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], catch_exceptions=False)


def crashing(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, on: Callable[..., bool]) -> None:
    """Replace a function by one that raises for some arguments."""
    original = getattr(owner, name)

    def replaced(*arguments: Any, **named: Any) -> Any:
        if on(*arguments):
            raise ZeroDivisionError("on\nmars")
        return original(*arguments, **named)

    monkeypatch.setattr(owner, name, replaced)


STACKS: Files = {
    "a.json": stack(T=TEMPLATE | {"JobTemplateId": "mars"}),
    "b.json": stack(T=BOTH),
    "c.json": {"steps": [], "mars": 1},
}


def test_a_reader_that_crashes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file has a finding with the error and no traceback, the next file is reported, and the exit code is 2."""
    crashing(monkeypatch, jsontext, "parse", lambda text: "mars" in text)
    write(here, STACKS)
    result = run(".")
    crash = CRASH.format(file="a.json", message="on\\nmars")
    assert result.stdout.startswith(crash + "b.json:1:")
    assert result.stdout.endswith(crash.replace("a.json", "c.json"))
    assert (result.exit_code, result.stderr) == (2, "1 checked, 3 errors, 0 warnings\n")


@pytest.mark.parametrize("kind", ["template", "cloudformation"])
def test_a_stated_kind_that_crashes(here: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The same for files whose kind is stated."""
    crashing(monkeypatch, jsontext, "parse", lambda text: "mars" in text)
    write(here, STACKS)
    assert codes("a.json", "--as", kind) == (2, [("a.json", "JT014")])


def codes(*arguments: str) -> tuple[int, list[tuple[str, str]]]:
    result = run(*arguments, "--format", "json")
    return result.exit_code, [(one["file"], one["code"]) for one in json.loads(result.stdout)["findings"]]


OTHER = {"stacks/templates/other.yaml": FAMILY.replace("reboot.json", "other.json"), "job_documents/other.json": "{}"}
BAD_RATE = ("stacks/templates/other.yaml", "JT201")
PLACES: list[tuple[Any, str, Callable[..., bool], str]] = [
    (
        application,
        "read_on",
        lambda path: path.stem == "reboot" and path.suffix == ".yaml",
        "stacks/templates/reboot.yaml",
    ),
    (application, "read_on", lambda path: path.stem == "test", "stacks/environments/test.yaml"),
    (JobDocument, "problems", lambda document: "http" in document.text, "job_documents/reboot.json"),
    (JobTemplateSpec, "judge", lambda values: values["template_name"] == "reboot", "stacks/templates/reboot.yaml"),
]


@pytest.mark.parametrize(("owner", "name", "on", "file"), PLACES, ids=["family", "environment", "document", "template"])
def test_a_crash_in_an_application(
    here: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, on: Callable[..., bool], file: str
) -> None:
    """Whatever file of an application crashes, the other files are checked."""
    write(here, APPLICATION | OTHER)
    crashing(monkeypatch, owner, name, on)
    code, found = codes(".")
    assert code == 2
    assert {(file, "JT014"), BAD_RATE} <= set(found)


def test_advice_that_crashes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for advice, which is given when all files have been read."""
    mars = TEMPLATE | {"Description": "of 2026-01-01"}
    write(here, {"a.json": stack(T=mars), "b.json": stack(T=mars)})
    crashing(monkeypatch, subject.Subject, "placed", lambda one, _: one.place(()).file == "a.json")
    assert codes("a.json", "b.json") == (2, [("a.json", "JT014"), ("b.json", "JT151")])


def test_interrupted(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """^C is no crash."""

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jsontext, "parse", interrupt)
    write(here, STACKS)
    result = run(".")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")
