"""An application read from anywhere in it, and its files on their own."""

from pathlib import Path
from typing import Any

import pytest

from tests.cases import (
    APPLICATION,
    BOTH,
    ENVIRONMENT,
    FAMILY,
    TEMPLATE,
    TIMEOUT,
    Seen,
    report,
    seen,
    skipped,
    stack,
    write,
)

OVERLAID = ("stacks/environments/test.yaml:8:15", "JT410", "templates.reboot.timeout.in_progress_timeout_in_minutes")
IN_FAMILY = ("stacks/templates/reboot.yaml:5:11", "JT201", "rollout.maximum_per_minute")
IN_DOCUMENT = ("job_documents/reboot.json:3:11", "JT762", "args[0]")


@pytest.mark.parametrize(
    "names",
    [
        ["."],
        ["stacks"],
        ["stacks/environments/test.yaml"],
        ["stacks/templates/reboot.yaml"],
        ["job_documents"],
        ["job_documents/reboot.json"],
        ["stacks", "job_documents/reboot.json", "."],
        ["../here/stacks", "./"],
    ],
    ids=" ".join,
)
def test_application(names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming any file of an application checks all of it, once; each finding has the place where its value was written."""
    write(tmp_path / "here", APPLICATION)
    monkeypatch.chdir(tmp_path / "here")
    found = report(*names)
    assert seen(found) == [IN_DOCUMENT, OVERLAID, IN_FAMILY]
    assert (found.checked, skipped(found)) == (1, [])


def test_files_in_the_wrong_folder_of_an_application(here: Path) -> None:
    """YAML in stacks/ that is neither a family nor an environment is reported as skipped."""
    wrong = ["stacks/enviroments/prod.yaml", "stacks/templates/old/reboot.yml"]
    write(here, APPLICATION | dict.fromkeys(wrong, ENVIRONMENT) | {"stacks/schemas/family.schema.json": {}})
    reason = "neither in stacks/templates nor in stacks/environments"
    assert skipped(report("stacks")) == [(name, reason) for name in wrong]


def test_an_application_from_elsewhere(here: Path) -> None:
    """A folder above applications is searched, and each of them read as such, beside all other files."""
    write(here, {f"{name}/{path}": text for name in ("a", "b") for path, text in APPLICATION.items()})
    write(here, {"c/template.json": stack(R=TEMPLATE), "a/tests/template.json": stack(R=BOTH)})
    found = report(".")
    assert [place.partition(":")[0] for place, _, _ in seen(found)] == [
        *(f"a/{name}" for name in sorted(APPLICATION)),
        "a/tests/template.json",
        *(f"b/{name}" for name in sorted(APPLICATION)),
    ]
    assert found.checked == 4


def test_a_family_in_two_environments(here: Path) -> None:
    """A mistake of a family is found once, those of overlays one by one, and each environment has its template."""
    second = ENVIRONMENT.replace("test", "prod").replace("minutes: 0", "minutes: -1")
    write(here, APPLICATION | {"stacks/environments/prod.yaml": second})
    found = report(".")
    third = ("stacks/environments/prod.yaml:8:15", "JT410", OVERLAID[2])
    assert seen(found) == [IN_DOCUMENT, third, OVERLAID, IN_FAMILY]
    assert found.checked == 2


def test_a_family_that_no_environment_has(here: Path) -> None:
    """A family that no environment deploys is checked too."""
    write(here, APPLICATION | {"stacks/templates/other.yaml": FAMILY.replace("reboot.json", "none.json")})
    found = report("stacks")
    assert [one for one in seen(found) if "other" in one[0]] == [
        ("stacks/templates/other.yaml:2:1", "JT706", "document"),
        ("stacks/templates/other.yaml:5:11", "JT201", "rollout.maximum_per_minute"),
    ]
    assert found.checked == 2


DOCUMENTS_ALONE = [
    ("advice", {"operation": "a.sh", "args": ["http://a"]}, [("job_documents/other.json:1:32", "JT762", "args[0]")]),
    pytest.param(
        "an error",
        {"a": "${aws:iot:"},
        [("job_documents/other.json:1:2", "JT510", "a")],
    ),
]


@pytest.mark.parametrize(("what", "content", "expected"), DOCUMENTS_ALONE)
def test_a_document_that_no_family_names(what: str, content: Any, expected: Seen, here: Path) -> None:
    """A document that no family names is checked on its own; schemas beside it are not documents."""
    write(here, APPLICATION | {"job_documents/other.json": content, "job_documents/other.schema.json": {"a": "${aws:"}})
    assert [one for one in seen(report(".")) if "other" in one[0]] == expected


@pytest.mark.parametrize(
    "names",
    [["t.json", "t.json"], [".", "t.json"], ["t.json", "."], ["t.json", "link.json"], ["t.json", "./t.json"]],
    ids=" ".join,
)
def test_no_finding_twice(names: list[str], here: Path) -> None:
    """A file that is named twice, by whatever way, is read once."""
    write(here, {"t.json": stack(R=BOTH)})
    (here / "link.json").symlink_to("t.json")
    found = report(*names)
    assert [one[1:] for one in seen(found)] == [("JT410", f"Resources.R.Properties.{TIMEOUT}")]
    assert found.checked == 1


def test_files_of_an_application_without_one(here: Path) -> None:
    """An environment, its families and their documents, named together, are checked as they would be in an application."""
    loose = {f"x/{Path(name).name}": content for name, content in APPLICATION.items()}
    write(here, APPLICATION | loose)
    expected = [(place.rsplit("/", 1)[-1], code, path) for place, code, path in seen(report("stacks"))]
    found = report(*(name for name in loose if name.endswith(".yaml")))
    assert sorted((place.rsplit("/", 1)[-1], code, path) for place, code, path in seen(found)) == sorted(expected)
    assert (expected != [], skipped(found)) == (True, [])
    alone = [(place.split(":")[0], path) for place, _, path in seen(report("x/reboot.yaml"))]
    assert alone == [("x/reboot.json", "args[0]"), ("x/reboot.yaml", "rollout.maximum_per_minute")]


def test_a_tag_of_the_environment(here: Path) -> None:
    """A tag that an environment puts on all of its templates is found where it is written, once."""
    environment = (
        'name: dev\naccount: "123456789012"\nregion: eu-west-1\nfleet: {things: 5}\n'
        "tags:\n  commit: 0a1b2c3\ntemplates:\n  a: {}\n  b: {}\n"
    )
    family = "description: Reboot\ndocument: a.json\n"
    write(here, {
        "stacks/environments/dev.yaml": environment, "stacks/templates/a.yaml": family,
        "stacks/templates/b.yaml": family, "job_documents/a.json": '{"operation": "reboot.sh"}',
    })  # fmt: skip
    (found,) = report(".").findings
    place = found.place
    assert place is not None
    assert (found.code, place.file, place.line, place.path) == (
        "JT151", "stacks/environments/dev.yaml", 6, "tags.commit",
    )  # fmt: skip
    assert found.fix.startswith("remove the tag")
