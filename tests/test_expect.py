"""`expect:` in a family and in an overlay: the rates and times of one template, laid over the fleet's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iot_jobs import Environment, Expectations, Fleet
from iot_jobs.check import load_application
from iot_jobs.cli import selection
from iot_jobs.review import deployment
from tests.cases import Seen, report, seen, write

FLEET = "things: 50, run_time_minutes: 9, failure_rate: 0.4, hang_rate: 0.3"


@pytest.fixture
def files(here: Path) -> dict[str, str]:
    """An application with the families `reboot` and `update`, and nothing expected of either."""
    family = "description: Reboot a device\ndocument: reboot.json\ntimeout: {in_progress_timeout_in_minutes: 15}\n"
    return {
        "job_documents/reboot.json": json.dumps({"a": 1}),
        "stacks/templates/reboot.yaml": family,
        "stacks/templates/update.yaml": family,
        "stacks/environments/dev.yaml": f"name: dev\naccount: '123456789012'\nregion: eu-west-1\nfleet: {{{FLEET}}}\n"
        "templates:\n  reboot: {}\n  update: {}\n",
    }


def expecting(files: dict[str, str], family: str = "{}", overlay: str = "{}") -> None:
    """Write the files with these values of `expect:` for `reboot`."""
    files["stacks/templates/reboot.yaml"] += f"expect: {family}\n"
    environment = files["stacks/environments/dev.yaml"]
    files["stacks/environments/dev.yaml"] = environment.replace("reboot: {}", f"reboot: {{expect: {overlay}}}")
    write(Path(), files)


LAID: list[tuple[str, str, str, dict[str, Any]]] = [
    ("nothing", "{}", "{}", {"run_time_minutes": 9, "failure_rate": 0.4}),
    ("a family", "{run_time_minutes: 12}", "{}", {"run_time_minutes": 12, "failure_rate": 0.4}),
    ("an overlay", "{}", "{run_time_minutes: 2}", {"run_time_minutes": 2}),
    ("an overlay over a family", "{run_time_minutes: 12, failure_rate: 0.1}", "{run_time_minutes: 2}",
     {"run_time_minutes": 2, "failure_rate": 0.1}),
    ("a value removed", "{run_time_minutes: 12}", "{run_time_minutes: null}", {"run_time_minutes": 9}),
    ("all removed", "{run_time_minutes: 12}", "null", {"run_time_minutes": 9}),
    ("a rate of 0", "{failure_rate: 0}", "{}", {"failure_rate": 0, "hang_rate": 0.3}),
    ("rates of exactly 1", "{failure_rate: 0.7}", "{}", {"failure_rate": 0.7}),
]  # fmt: skip


@pytest.mark.parametrize(("family", "overlay", "expected"), [row[1:] for row in LAID], ids=[row[0] for row in LAID])
def test_what_is_expected(files: dict[str, str], family: str, overlay: str, expected: dict[str, Any]) -> None:
    """An overlay comes before the family, and both before the fleet; the other template has the fleet's values."""
    expecting(files, family, overlay)
    subjects = selection.selected(Path("stacks/environments/dev.yaml"))
    reboot, update = (selection.assumptions(subject, {}) for subject in subjects)
    assert {name: getattr(reboot, name) for name in expected} == expected
    assert (reboot.things, update.run_time_minutes, update.failure_rate) == (50, 9, 0.4)
    assert selection.assumptions(subjects[0], {"run_time_minutes": 1}).run_time_minutes == 1
    (environment,) = load_application(Path()).environments
    assert {name: getattr(environment.fleet_of("reboot"), name) for name in expected} == expected
    fleets = {template.name: template.fleet for template in deployment(".", near=Path()).templates}
    assert fleets == {"reboot": environment.fleet_of("reboot"), "update": environment.fleet}


FILE, FAMILY = "stacks/environments/dev.yaml", "stacks/templates/reboot.yaml"
WRONG: list[tuple[str, str, str, Seen]] = [
    ("more than 1 with the fleet's", "{failure_rate: 0.71}", "{}", [(f"{FAMILY}:4:10", "JT910", "expect.failure_rate")]),
    ("more than 1 on its own", "{}", "{failure_rate: 0.5, reject_rate: 0.6}",
     [(f"{FILE}:6:21", "JT910", "templates.reboot.expect.failure_rate")]),
    ("a rate above 1", "{hang_rate: 2}", "{}", [(f"{FAMILY}:4:10", "JT907", "expect.hang_rate")]),
    ("an unknown key", "{}", "{run_time: 2}", [(f"{FILE}:6:21", "JT003", "templates.reboot.expect.run_time")]),
    ("what only a fleet has", "{things: 2}", "{}", [(f"{FAMILY}:4:10", "JT003", "expect.things")]),
    ("a list", "{}", "[]", [(f"{FILE}:6:12", "JT005", "templates.reboot.expect")]),
]  # fmt: skip


@pytest.mark.parametrize(("family", "overlay", "expected"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_can_not_be_expected(files: dict[str, str], family: str, overlay: str, expected: Seen) -> None:
    """What is wrong is found where it is written."""
    expecting(files, family, overlay)
    assert [one for one in seen(report(".")) if one[1] not in ("JT251", "JT352")] == expected


def test_a_family_that_nothing_deploys(files: dict[str, str]) -> None:
    """Its `expect:` is checked, without a fleet to hold it against."""
    files["stacks/templates/unused.yaml"] = files["stacks/templates/reboot.yaml"] + "expect: {failure_rate: 2}\n"
    expecting(files)
    assert [one for one in seen(report(".")) if one[1] == "JT907"] == [
        ("stacks/templates/unused.yaml:4:10", "JT907", "expect.failure_rate")
    ]


@pytest.mark.parametrize("key", ["expected", "acknowledged"])
def test_an_environment_has_none(files: dict[str, str], key: str) -> None:
    """What the model keeps for all templates is no key of the file."""
    files[FILE] += f"{key}: {{}}\n"
    expecting(files)
    assert [one[1:] for one in seen(report(FILE)) if one[1] == "JT003"] == [("JT003", key)]


def test_in_python() -> None:
    """A value that isn't stated for a template is the fleet's."""
    fleet = Fleet(things=10, run_time_minutes=5, failure_rate=0.1)
    environment = Environment(
        name="dev",
        account="123456789012",
        region="eu-west-1",
        fleet=fleet,
        expected={"reboot": Expectations(run_time_minutes=0)},
    )
    assert environment.fleet_of("reboot") == Fleet(things=10, run_time_minutes=0, failure_rate=0.1)
    assert environment.fleet_of("update") == fleet
