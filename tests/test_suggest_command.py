"""`iot-jobs suggest`: what it prints and writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iot_jobs.cli import main
from iot_jobs.sources.yamltext import parse
from tests.commands import write
from tests.test_cli import GOOD

ENVIRONMENT = "stacks/environments/dev.yaml"
FLEET = "{things: 500, run_time_minutes: 6, failure_time_minutes: 3, failure_rate: 0.002, max_harmed: 50}"
FAMILY = """\
description: Reboot a device
document: reboot.json
timeout: {in_progress_timeout_in_minutes: 15}
rollout:
  maximum_per_minute: 20
  exponential_rate:
    base_rate_per_minute: 10
    increment_factor: 1.5
    rate_increase_criteria: {number_of_notified_things: 50}
"""
WRITTEN = f"""\
# Dev.
name: dev
account: "123456789012"
region: eu-west-1
fleet: {FLEET}   # a bench
templates:
  reboot:
    # Slowly.
    abort:
      criteria:
        - {{failure_type: ALL, threshold_percentage: 40, min_number_of_executed_things: 5}}
    # The end.
"""
FAST = ("--max-per-minute", "50")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["suggest", *arguments], catch_exceptions=False, prog_name="iot-jobs")


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application with one environment, which is the working directory."""
    files = GOOD | {"stacks/templates/reboot.yaml": FAMILY, ENVIRONMENT: WRITTEN}
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_json(application: Path) -> None:
    """The settings are as YAML has them, with the risk of a forecast, the front and what binds."""
    done = run(ENVIRONMENT, "reboot", *FAST, "--format", "json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert list(found) == [
        *("name", "template", "risk", "tolerated_failure_rate", "goals", "start", "front", "binding")
    ]  # fmt: skip
    assert found["template"].keys() == {"rollout", "abort"}
    assert found["template"]["rollout"]["maximum_per_minute"] == 50
    assert found["goals"] == {"max_harmed": 50, "max_hours": None, "false_abort": 0.01, "max_per_minute": 50}
    assert found["risk"].keys() == {"healthy", "bad", "worst", "trials", "error_percent", "seed"}
    assert found["risk"]["worst"]["harmed_p95"] <= 50
    assert [point["max_harmed"] for point in found["front"]] == [12, 25, 50, 100, 200]
    assert {"goal", "why"} == set().union(*found["binding"])
    assert run(ENVIRONMENT, *FAST, "--format", "json").stdout == done.stdout
    assert run(ENVIRONMENT, *FAST, "--format", "json", "--false-abort", "0.01").stdout == done.stdout


def test_text(application: Path) -> None:
    """The text has the YAML to paste, what it promises, the front with bars, and why it isn't quicker."""
    done = run(ENVIRONMENT, *FAST)
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[0] == "reboot: 500 things, at most 50 harmed, at most 1 % of healthy releases stopped"
    settings = "\n".join(lines[lines.index("rollout:") : lines.index("", lines.index("rollout:"))])
    found = json.loads(run(ENVIRONMENT, *FAST, "--format", "json").stdout)
    pasted = parse(settings).value
    increase = pasted["rollout"]["exponential_rate"]["rate_increase_criteria"]
    expected = found["template"]["rollout"]["exponential_rate"]["rate_increase_criteria"]
    assert {kind: number for kind, number in increase.items() if number is not None} == expected
    assert pasted["abort"] == found["template"]["abort"]
    assert any(line.startswith("A healthy release is stopped by mistake in 0 % of rollouts") for line in lines)
    assert sum("█" in line for line in lines) == sum(point["minutes"] is not None for point in found["front"])
    assert "Why it isn't quicker:" in lines


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_write(application: Path, newline: str) -> None:
    """The environment gets the settings, checks clean, keeps its comments and line ends, and isn't written again."""
    path = application / ENVIRONMENT
    path.write_bytes(WRITTEN.replace("\n", newline).encode())
    done = run(ENVIRONMENT, "reboot", *FAST, "--write")
    assert done.exit_code == 0
    written = path.read_bytes().decode()
    assert written.count("\n") == written.count(newline)
    for kept in ("# Dev.", "# a bench", "# Slowly.", "# The end."):
        assert kept in written
    before, after = (parse(text).value for text in (WRITTEN, written))
    assert {**after, "templates": None} == {**before, "templates": None}
    assert after["templates"]["reboot"].keys() == {"abort", "rollout"}
    diff = done.stderr.splitlines()
    assert diff[:2] == [f"--- {ENVIRONMENT}", f"+++ {ENVIRONMENT}"]
    assert "-        - {failure_type: ALL, threshold_percentage: 40, min_number_of_executed_things: 5}" in diff
    checked = CliRunner().invoke(main, ["check", "--strict", "."])
    assert checked.exit_code == 0, checked.output
    again = run(ENVIRONMENT, "reboot", *FAST, "--write")
    assert (again.exit_code, again.stdout) == (0, done.stdout)
    assert again.stderr == f"{ENVIRONMENT} is unchanged\n"
    assert path.read_bytes().decode() == written


def test_write_refused(application: Path) -> None:
    """An environment in braces stays as it is; the settings are printed all the same."""
    text = WRITTEN.partition("templates:")[0] + "templates: {reboot: {}}\n"
    (application / ENVIRONMENT).write_text(text)
    done = run(ENVIRONMENT, *FAST, "--write")
    assert done.exit_code == 2
    assert "rollout:\n" in done.stdout
    assert done.stderr == (
        f"Error: {ENVIRONMENT} is unchanged: templates is not written as indented lines; paste the settings instead\n"
    )
    assert (application / ENVIRONMENT).read_text() == text


def test_impossible(application: Path) -> None:
    """Without settings the reason is printed, nothing is written, and the exit code is 1."""
    done = run(ENVIRONMENT, "--max-harmed", "2", "--write")
    assert done.exit_code == 1
    assert "No settings satisfy the goals:\n" in done.stdout
    assert "a healthy release alone fails on up to 3 of 500 things" in done.stdout
    assert (application / ENVIRONMENT).read_text() == WRITTEN
    found = json.loads(run(ENVIRONMENT, "--max-harmed", "2", "--format", "json").stdout)
    assert (found["template"], found["risk"]) == (None, None)


def test_several(application: Path) -> None:
    """For several templates there is a list."""
    (application / "stacks/templates/other.yaml").write_text(FAMILY)
    (application / ENVIRONMENT).write_text(WRITTEN + "  other: {}\n")
    found = json.loads(run(ENVIRONMENT, "--max-harmed", "2", "--format", "json").stdout)
    assert [one["name"] for one in found["suggestions"]] == ["reboot", "other"]


WRONG: list[tuple[str, dict[str, str], list[str], str]] = [
    ("a typo in the name", {}, [ENVIRONMENT, "rebot"], "there is no template rebot in"),
    ("no file", {}, ["nowhere.yaml"], "does not exist"),
    ("no percentage", {}, [ENVIRONMENT, "--false-abort", "1%%"], "'1%%' is neither a share"),
    ("no number", {}, [ENVIRONMENT, "--bad-release", "few"], "'few' is neither a share"),
    ("nothing may be stopped", {}, [ENVIRONMENT, "--false-abort", "0"], "above 0 and at most 0.5"),
    ("too much may be stopped", {}, [ENVIRONMENT, "--false-abort", "51%"], "above 0 and at most 0.5"),
    ("more than all are bad", {}, [ENVIRONMENT, "--bad-release", "101%"], "bad_release_rate"),
    ("no bound", {ENVIRONMENT: WRITTEN.replace(", max_harmed: 50", "")}, [ENVIRONMENT], "add --max-harmed"),
    (
        "no environment",
        {},
        ["t.json", "--things", "9", "--max-harmed", "9", "--write"],
        "--write changes an environment",
    ),
]


@pytest.mark.parametrize(("files", "arguments", "error"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong(application: Path, files: dict[str, str], arguments: list[str], error: str) -> None:
    """What can't be done is refused with exit code 2, and says what to do."""
    properties: dict[str, Any] = {"JobTemplateId": "t", "Description": "t", "Document": "{}"}
    for name, text in {"t.json": json.dumps(properties), **files}.items():
        (application / name).write_text(text)
    done = run(*arguments)
    assert done.exit_code == 2
    assert error in done.stderr


def test_another_kind_of_number(application: Path) -> None:
    """A number that the family counts is removed where another is suggested, so that both aren't merged."""
    for kind in ("number_of_notified_things", "number_of_succeeded_things"):
        family = FAMILY.replace("number_of_notified_things", kind)
        (application / "stacks/templates/reboot.yaml").write_text(family)
        (application / ENVIRONMENT).write_text(WRITTEN)
        assert run(ENVIRONMENT, *FAST, "--write").exit_code == 0
        increase = parse((application / ENVIRONMENT).read_text()).value["templates"]["reboot"]["rollout"]
        kinds = increase["exponential_rate"]["rate_increase_criteria"]
        assert [number is None for name, number in kinds.items() if name == kind] in ([], [True], [False])
        assert CliRunner().invoke(main, ["check", "."]).exit_code == 0


def test_percent_in_forecast(application: Path) -> None:
    """A forecast takes the bad release in both forms too."""
    command = ["forecast", ENVIRONMENT, "reboot", "--start", "2026-01-01T00:00", "--format", "json", "--bad-release"]
    share, percent, other = (CliRunner().invoke(main, [*command, value]).stdout for value in ("0.2", "20%", "0.3"))
    assert share == percent != other
    assert json.loads(share)["risk"]["bad"]["failure_rate_percent"] == 20


def test_a_file_with_errors(application: Path) -> None:
    """The errors of the file are listed, with exit code 1."""
    (application / ENVIRONMENT).write_text(WRITTEN.replace("things: 500", "things: 0"))
    done = run(ENVIRONMENT, *FAST)
    assert done.exit_code == 1
    assert "error JT904 fleet.things" in done.stdout


def test_rates_that_can_not_be(application: Path) -> None:
    """Rates that break a rule are refused with the rule."""
    done = run(ENVIRONMENT, *FAST, "--failure-rate", "2")
    assert done.exit_code == 2
    assert "JT907" in done.stderr


def test_nothing_to_suggest(application: Path) -> None:
    """A template whose values are known only at deployment is skipped; if there is no other, nothing can be suggested."""
    properties = {"JobTemplateId": "a", "Description": "d", "Document": "{}",
                  "TimeoutConfig": {"InProgressTimeoutInMinutes": {"Ref": "Minutes"}}}  # fmt: skip
    template = {"Resources": {"A": {"Type": "AWS::IoT::JobTemplate", "Properties": properties}}}
    Path("template.json").write_text(json.dumps(template))
    done = run("template.json", "--things", "100", "--max-harmed", "50", *FAST)
    assert done.exit_code == 2
    first, last = done.stderr.splitlines()
    assert first.startswith("skipped a: timeout.in_progress_timeout_in_minutes is not known before deployment")
    assert last == "Error: there is nothing to suggest settings for in template.json"


def test_a_full_disk(application: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that can't be written stays as it was."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("iot_jobs.render.atomic.write_whole", full)
    done = run(ENVIRONMENT, "reboot", *FAST, "--write")
    assert done.exit_code == 2
    assert done.stderr.endswith(f"Error: {ENVIRONMENT}: No space left on device\n")
    assert Path(ENVIRONMENT).read_text() == WRITTEN
