"""`iot-jobs review`: what it reads, what it prints, and how it ends."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from iot_jobs import FindingsError, JobDocument, JobTemplateSpec, RolloutConfig
from iot_jobs.cli import main
from iot_jobs.cloudformation import properties
from iot_jobs.render.review import FORMATS, text
from iot_jobs.render.review_html import page
from iot_jobs.render.review_markdown import MARKER, MOST_CHARACTERS, code, markdown
from iot_jobs.render.values import pair
from iot_jobs.review import Change, Deployment, Direction, ReviewError, Template, deployment, review
from tests.commands import git, write
from tools import comment_picture

FAMILY = """\
description: Reboot a device
document: reboot.json
rollout: {maximum_per_minute: 100}
abort:
  criteria:
    - {failure_type: ALL, threshold_percentage: 4, min_number_of_executed_things: 60}
timeout: {in_progress_timeout_in_minutes: 15}
"""
ENVIRONMENT = """\
name: prod
account: "123456789012"
region: eu-west-1
fleet: {things: 10000}
templates: {reboot: {}}
"""
DOCUMENT = '{"version": "1.0", "steps": [{"action": {"name": "reboot", "type": "runHandler", "input": {"handler": "reboot.sh"}}}]}'
FILES = {
    "stacks/templates/reboot.yaml": FAMILY,
    "stacks/environments/prod.yaml": ENVIRONMENT,
    "job_documents/reboot.json": DOCUMENT,
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an application below its root, one commit, and the working directory in it."""
    root = tmp_path / "fleet"
    write(root, FILES)
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    monkeypatch.chdir(root)
    return root


def run(*arguments: str) -> Result:
    """The command, with its exit code and both streams."""
    return CliRunner().invoke(main, ["review", *arguments])


NARROW = """\
riskier: 1 changed

iot-jobs-prod reboot: changed, riskier
  riskier  rollout.maximum_per_minute: 100 things per minute
           -> 200 things per minute
           more things may be notified in a minute
  forecast false aborts     0 %
           harmed if bad    62 -> 116 (x 1.9)
           harmed at worst  500 at 100 % -> 1,000 at 100 %
           (x 2)
           stops from       4 %
           done             1 h 44 min -> 54 min (x 0.52)
           executions       10,000
  deploy   the id changes; the old template is removed; the
           parameter /iot-jobs/prod/reboot is updated; jobs
           in progress continue unchanged

Assumed: things 10000, failure_rate 0, reject_rate 0,
  hang_rate 0, offline_rate 0, start_delay_minutes 0,
  run_time_minutes 5, failure_time_minutes 5, failures_stick
  0, bad_release_rate 0.1, start 2026-01-01T00:00
"""


def test_a_narrow_terminal(repository: Path) -> None:
    """The text is folded at blanks to the width of the terminal, below its own words."""
    write(repository, {"stacks/templates/reboot.yaml": FAMILY.replace("100", "200")})
    found = review(*(deployment(side, near=repository) for side in ("HEAD", ".")))
    assert text(found, 60) == NARROW


def test_two_revisions(repository: Path, snapshot: SnapshotAssertion) -> None:
    """Revisions are read through git: the id changes without anybody saying to what, on the environment's own fleet."""
    write(repository, {"stacks/templates/reboot.yaml": FAMILY.replace("100", "200")})
    git(repository, "commit", "-am", "faster")
    write(repository, {"stacks/templates/reboot.yaml": "not read"})
    assert [run("HEAD~1", "HEAD", "--format", one).stdout for one in ("text", "json", "markdown", "github")] == snapshot
    assert run("main", "HEAD").stdout == "nothing changed\n"


SETTINGS = {
    "region": ("region: eu-west-1", "region: us-east-1", ("environment.region", "eu-west-1", "us-east-1", "neutral")),
    "regions": (
        "region: eu-west-1",
        "region: [eu-west-1, us-east-1]",
        ("environment.region", "eu-west-1", ["eu-west-1", "us-east-1"], "neutral"),
    ),
    "account": ('"123456789012"', '"000000000000"', ("environment.account", "123456789012", "000000000000", "neutral")),
    "protected": ("region:", "production: true\nregion:", ("environment.production", False, True, "safer")),
    "fleet": ("{things: 10000}", "{things: 20000}", ("environment.fleet.things", 10000, 20000, "neutral")),
    "budget": ("10000}", "10000, max_harmed: 5}", ("environment.fleet.max_harmed", None, 5, "neutral")),
    "rate": ("10000}", "10000, failure_rate: 0.1}", ("environment.fleet.failure_rate", None, 0.1, "neutral")),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_what_stands_beside_templates(repository: Path, name: str) -> None:
    """Changes of a template's account, fleet and protection are reported for each template, in both directions."""
    old, new, (path, before, after, direction) = SETTINGS[name]
    write(repository, {"stacks/environments/prod.yaml": ENVIRONMENT.replace(old, new)})
    mirror = {"safer": "riskier"}.get(direction, direction)
    for sides, expected in (
        (("HEAD", "."), (path, before, after, direction)),
        ((".", "HEAD"), (path, after, before, mirror)),
    ):
        found = json.loads(run(*sides, "--format", "json").stdout)
        (one,) = found["templates"]
        assert [
            tuple(change[key] for key in ("path", "before", "after", "direction")) for change in one["changes"]
        ] == [expected]
        assert (one["verdict"], one["deploy"]["id_changes"], one["deploy"]["old"]) == (expected[3], False, "untouched")


def in_two_regions(folder: Path, *, region: str = "eu-west-1", protected: bool = True, **more: Any) -> str:
    """A cdk.out folder with the repository's template in two stacks, as the construct writes it."""
    metadata = {"template_name": "reboot", "environment": "prod", "fleet": {"things": 10000}}
    given = {
        "JobTemplateId": "reboot-abcdefghij",
        "Description": "Reboot a device",
        "Document": DOCUMENT,
        "JobExecutionsRolloutConfig": {"MaximumPerMinute": 100},
        "AbortConfig": {
            "CriteriaList": [
                {"Action": "CANCEL", "FailureType": "ALL", "ThresholdPercentage": 4, "MinNumberOfExecutedThings": 60}
            ]
        },
        "TimeoutConfig": {"InProgressTimeoutInMinutes": 15},
    }
    resource = {"Type": "AWS::IoT::JobTemplate", "Properties": given, "Metadata": {"iot-jobs": metadata}, **more}
    artifacts = {}
    for stack, place in (("iot-jobs-prod", region), ("iot-jobs-prod-123456789012-us-west-2", "us-west-2")):
        write(folder, {f"{stack}.template.json": json.dumps({"Resources": {"Reboot": resource}})})
        properties = {"templateFile": f"{stack}.template.json", "terminationProtection": protected}
        artifacts[stack] = {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://123456789012/{place}",
            "properties": properties,
        }
    write(folder, {"cdk.out": "{}", "manifest.json": json.dumps({"artifacts": artifacts})})
    return str(folder)


def test_what_stands_beside_templates_in_an_assembly(repository: Path) -> None:
    """In a cdk.out folder too: where a stack goes, whether it is protected, and whether a template outlives it."""
    sides = (
        in_two_regions(repository / "a", DeletionPolicy="Retain"),
        in_two_regions(repository / "b", region="us-east-1", protected=False),
    )
    found = json.loads(run(*sides, "--format", "json").stdout)
    told = {
        one["stack"]: {change["path"]: change["direction"] for change in one["changes"]} for one in found["templates"]
    }
    both = {"stack.termination_protection": "riskier", "resource.DeletionPolicy": "neutral"}
    assert told == {
        "iot-jobs-prod": {"environment.region": "neutral", **both},
        "iot-jobs-prod-123456789012-us-west-2": both,
    }
    assert run(sides[0], sides[0]).stdout == "nothing changed\n"


def test_an_assembly_against_files(repository: Path) -> None:
    """What was synthesized for several regions is the same as the environment's files; nothing came or went."""
    folder = in_two_regions(repository / "a")
    for sides in (("HEAD", folder), (folder, "HEAD")):
        (one,) = json.loads(run(*sides, "--format", "json").stdout)["templates"]
        # Listed, because no construct wrote this template, and so another id than the files will have.
        assert (one["stack"], one["change"], one["changes"], one["verdict"]) == ("iot-jobs-prod", "changed", [], "none")


def test_an_environment_that_is_gone(repository: Path) -> None:
    """Nobody deletes its stack, and the review says so."""
    (repository / "stacks/environments/prod.yaml").rename(repository / "stacks/environments/other.yaml")
    write(repository, {"stacks/environments/other.yaml": ENVIRONMENT.replace("prod", "other")})
    done = run("HEAD", ".")
    assert (
        "  deploy   the id stays the same; the stack iot-jobs-prod is no longer deployed, and stays as it is\n"
        "           until it is deleted; the parameter /iot-jobs/prod/reboot is untouched; jobs in progress\n"
        "           continue unchanged\n"
    ) in done.stdout
    assert "removed;" not in done.stdout


def test_a_broken_value_is_not_deployed(repository: Path) -> None:
    """A value that breaks a rule is no harmless change: nothing of its stack can be deployed."""
    write(
        repository,
        {"stacks/templates/reboot.yaml": FAMILY.replace("threshold_percentage: 4", "threshold_percentage: 250")},
    )
    done = run("HEAD", ".", "--fail-on", "riskier")
    assert done.exit_code == 1
    assert "  blocked  it breaks JT301, so its stack can't be deployed; run iot-jobs check\n" in done.stdout


def test_no_forecast_of_a_side(repository: Path) -> None:
    """Where one side can't be forecast, its figures say so, and don't look as if nothing changed."""
    write(repository, {"stacks/templates/reboot.yaml": FAMILY.replace("100", "none")})
    assert "           harmed at worst  500 at 100 % -> no forecast\n" in run("HEAD", ".").stdout
    assert "           harmed at worst  no forecast -> 500 at 100 %\n" in run(".", "HEAD").stdout


def test_a_revision_that_is_broken(repository: Path) -> None:
    """An error in a revision is reported in the revision's file."""
    write(repository, {"stacks/environments/prod.yaml": "name: prod\ntemplates: {nothing: {}}\n"})
    git(repository, "commit", "-am", "broken")
    git(repository, "tag", "broken")
    done = run("broken", ".")
    assert done.exit_code == 2
    assert done.stdout.startswith("broken:stacks/environments/prod.yaml:1:1: error JT004 account\n")
    assert tempfile.gettempdir() not in done.stdout
    git(repository, "rm", "-q", "stacks/environments/prod.yaml")
    git(repository, "commit", "-m", "none left")
    done = run("HEAD", "main~2")
    assert '  given    "HEAD"\n' in done.stdout


def test_a_side_without_a_name(repository: Path) -> None:
    """No name at all is one line."""
    done = run("", "HEAD")
    assert (done.exit_code, done.stderr) == (
        2,
        "Error: a side is empty: name a cdk.out folder, a template or a git revision\n",
    )


def test_the_working_tree(repository: Path) -> None:
    """`.` is what isn't committed yet."""
    assert run("HEAD", ".").stdout == "nothing changed\n"
    write(repository, {"stacks/templates/reboot.yaml": FAMILY.replace("15", "16")})
    done = run("HEAD", ".", "--fail-on", "riskier")
    assert (done.exit_code, done.stderr) == (1, "riskier: 1 changed\n")
    assert run("HEAD", ".").exit_code == 0
    assert run(".", "HEAD", "--fail-on", "riskier").exit_code == 0
    assert run(".", "HEAD", "--fail-on", "any").exit_code == 1


def test_layout_is_no_change(repository: Path) -> None:
    """Comments, key order, blanks and 4.0 for 4 change nothing, not even the id."""
    rearranged = (
        "# new\ntimeout:\n  in_progress_timeout_in_minutes: 15\n"
        + FAMILY.replace("4,", "4.0,").partition("timeout:")[0]
    )
    write(
        repository,
        {"stacks/templates/reboot.yaml": rearranged, "job_documents/reboot.json": DOCUMENT.replace(" ", "\n")},
    )
    assert run("HEAD", ".", "--fail-on", "any").stdout == "nothing changed\n"


def test_order_moves_the_id_only(repository: Path) -> None:
    """Criteria in another order have no effect on devices, but are another template for CloudFormation."""
    second = "    - {failure_type: FAILED, threshold_percentage: 2, min_number_of_executed_things: 60}\n"
    first, rest = FAMILY.partition("    - {")[0], FAMILY.partition("criteria:\n")[2]
    write(repository, {"stacks/templates/reboot.yaml": first + second + rest})
    git(repository, "commit", "-am", "two")
    line, _, after = rest.partition("\n")
    write(repository, {"stacks/templates/reboot.yaml": f"{first}{line}\n{second}{after}"})
    done = run("HEAD", ".")
    assert done.stdout.splitlines()[:3] == [
        "no effect on devices: 1 changed",
        "",
        "iot-jobs-prod reboot: changed, no effect on devices",
    ]
    assert "  deploy   the id changes; the old template is removed; " in done.stdout


def test_errors_in_values_dont_stop_it(repository: Path) -> None:
    """A value that breaks a rule is reported, and the rest compared; if nothing can be compared, the exit code is 2."""
    write(repository, {"stacks/templates/reboot.yaml": FAMILY.replace("15", "0").replace("100", "200")})
    done = run("HEAD", ".")
    assert "rollout.maximum_per_minute: 100 things per minute -> 200 things per minute\n" in done.stdout
    assert (
        "in_progress_timeout_in_minutes: 15 minutes -> 0 minutes\n           not compared: breaks a rule" in done.stdout
    )
    write(repository, {"stacks/environments/prod.yaml": ENVIRONMENT.replace("region", "regoin")})
    done = run("HEAD", ".")
    assert done.exit_code == 2
    assert "error JT003" in done.stdout
    assert done.stderr == "Error: a side of the comparison has errors\n"


def test_before_there_was_an_application(repository: Path) -> None:
    """Against a revision without any of the application's files all templates are added, and the other way round removed."""
    git(repository, "checkout", "--orphan", "empty")
    git(repository, "rm", "-r", "--cached", ".")
    git(repository, "commit", "--allow-empty", "-m", "before")
    assert run("empty", "main").stdout.startswith("neutral: 1 added\n\niot-jobs-prod reboot: added, neutral\n")
    assert run("main", "empty").stdout.startswith("neutral: 1 removed\n\niot-jobs-prod reboot: removed, neutral\n")
    write(repository, {"job_documents/reboot.json": DOCUMENT})
    git(repository, "add", "job_documents")
    git(repository, "commit", "-m", "half of one")
    assert run("empty", "main").exit_code == 2


def test_within_a_hook_and_a_subfolder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository is the application's, whatever git sets for a hook, and from any of its folders."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.chdir(repository / "stacks/templates")
    assert run("HEAD", ".").stdout == "nothing changed\n"


def test_two_templates_of_one_name(tmp_path: Path) -> None:
    """Templates of a stack that have the same name are distinguished by their logical ids, and none is lost."""
    ours = {"Metadata": {"iot-jobs": {"template_name": "reboot", "environment": "prod"}}}
    before = {"A": resource(JobTemplateId="a") | ours, "B": resource(JobTemplateId="b") | ours}
    after = {"A": resource(JobTemplateId="a") | ours, "B": resource(JobTemplateId="c", Description="e") | ours}
    found = json.loads(run(*files(tmp_path, before, after), "--format", "json").stdout)
    assert [(one["name"], one["change"]) for one in found["templates"]] == [("reboot (B)", "changed")]


def test_links_stay_inside(repository: Path, tmp_path: Path) -> None:
    """A link inside the application is followed; one that leads out of it counts as missing."""
    write(repository, {"job_documents/real.json": DOCUMENT, "../secret.json": DOCUMENT})
    (repository / "job_documents/reboot.json").unlink()
    (repository / "job_documents/reboot.json").symlink_to("real.json")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "link")
    assert run("HEAD~1", "HEAD").stdout == "nothing changed\n"
    (repository / "job_documents/reboot.json").unlink()
    (repository / "job_documents/reboot.json").symlink_to("../../secret.json")
    git(tmp_path, "commit", "-am", "out")
    done = run("HEAD~1", "HEAD")
    assert "-> reboot.json\n           not compared: breaks a rule" in done.stdout


@pytest.mark.parametrize("given", ["nowhere", "x" * 5000, "--output=x", "HEAD:stacks", "main..HEAD", "-h/../x"])
def test_what_is_no_revision(repository: Path, given: str) -> None:
    """A name that git doesn't know is one line and exit code 2, whatever it looks like."""
    done = run("--", given, "HEAD")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {given} is not a cdk.out folder, a file or a git revision: ")
    assert len(done.stderr.splitlines()) == 1


def test_without_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git isn't installed, a revision can't be read, and one line says so."""
    monkeypatch.setenv("PATH", "")
    done = run("HEAD", ".")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith("git can't be started: No such file or directory\n")


def test_an_object_that_was_not_fetched(repository: Path) -> None:
    """A file whose content the repository lacks, as in a partial clone, ends the review with its object."""
    blob = git(repository, "rev-parse", "HEAD:./job_documents/reboot.json")
    (repository.parent / ".git/objects" / blob[:2] / blob[2:]).unlink()
    done = run("HEAD", ".")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith(f"git has no object {blob}: fetch it\n")


def test_outside_of_an_application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an application there is nothing to read a revision of."""
    monkeypatch.chdir(tmp_path)
    done = run("main", "HEAD")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no application here" in done.stderr


def resource(**given: Any) -> dict[str, Any]:
    """A raw job template."""
    values = {"Description": "d", "Document": "{}", "JobTemplateId": "t-1", **given}
    return {"Type": "AWS::IoT::JobTemplate", "Properties": values}


def files(folder: Path, before: Any, after: Any) -> list[str]:
    """Two templates as files."""
    for name, resources in (("a.json", before), ("b.yaml", after)):
        (folder / name).write_text(json.dumps({"Resources": resources}))
    return [str(folder / "a.json"), str(folder / "b.yaml")]


def test_raw_templates(tmp_path: Path) -> None:
    """Raw ones match by logical id, in JSON and YAML; an id that was changed by hand is a change, a kept one a trap."""
    before = {
        "One": resource(),
        "Two": resource(JobTemplateId="t-2"),
        "Gone": resource(JobTemplateId="t-3", Description="x"),
    }
    after = {"One": resource(Description="e"), "Two": resource(JobTemplateId="t-4", Description="e")}
    done = run(*files(tmp_path, before, after), "--format", "json", "--fail-on", "riskier")
    found = json.loads(done.stdout)
    assert done.exit_code == 1  # for the trap; the verdict is neutral
    assert found["verdict"] == "neutral"
    assert [(one["stack"], one["name"], one["change"]) for one in found["templates"]] == [
        ("b", "One", "changed"),
        ("b", "Two", "changed"),
        ("b", "Gone", "removed"),
    ]
    assert [one["path"] for one in found["templates"][1]["changes"]] == ["job_template_id", "description"]
    assert [one["deploy"]["blocked"] is None for one in found["templates"]] == [False, True, True]
    assert [one["consequence"] for one in found["templates"]] == [None] * 3
    assert {one["consequence_reason"] for one in found["templates"]} == {
        "the size of its fleet is not known: add --things"
    }
    assert run(*files(tmp_path, before, after)).exit_code == 0


def test_functions(tmp_path: Path) -> None:
    """Functions are compared by what they come to; what is known only at deployment is shown as the template names it."""

    def stack(rate: int, text: str) -> dict[str, Any]:
        made = resource(
            JobTemplateId={"Fn::Join": ["-", ["a", "b"]]},
            Description={"Fn::Sub": f"{text} in ${{AWS::Region}}"},
            Document={"Fn::Sub": f'{{"a": "${{AWS::Region}} {text}", "b": "${{!aws:thing}}"}}'},
            JobExecutionsRolloutConfig={"MaximumPerMinute": {"Fn::FindInMap": ["M", "a", "rate"]}},
            TimeoutConfig={"InProgressTimeoutInMinutes": {"Ref": "Minutes"}},
        )
        return {"Mappings": {"M": {"a": {"rate": rate}}}, "Resources": {"T": made}}

    def reviewed(before: dict[str, Any], after: dict[str, Any]) -> Any:
        write(tmp_path, {"a.json": json.dumps(before), "b.json": json.dumps(after)})
        done = run(str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--format", "json")
        return json.loads(done.stdout)["templates"][0]

    found = reviewed(stack(100, "b"), stack(200, "b"))
    assert [(one["path"], one["before"], one["after"], one["direction"]) for one in found["changes"]] == [
        ("rollout.maximum_per_minute", 100, 200, "riskier")
    ]
    assert "the content changes under the same id a-b:" in found["deploy"]["blocked"]
    found = reviewed(stack(100, "b"), stack(100, "c"))
    assert [
        (one["path"], one["before"], one["after"], one["reason"].partition(":")[0]) for one in found["changes"]
    ] == [
        ("description", "b in ${AWS::Region}", "c in ${AWS::Region}", "not compared"),
        ("document.a", "${AWS::Region} b", "${AWS::Region} c", "the effect on devices is unknown"),
    ]


def rate(value: Any) -> dict[str, Any]:
    """A raw job template with this rate."""
    return resource(JobExecutionsRolloutConfig={"MaximumPerMinute": value})


PROD, RATE = {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}, {"Ref": "Rate"}
DIRECTIONS = {"faster": "riskier", "slower": "safer"}
REASONS = {"faster": "more things may be notified in a minute", "slower": "fewer things may be notified in a minute"}


def by_stage(prod: Any, other: Any) -> dict[str, Any]:
    """A rate that a condition chooses."""
    return rate({"Fn::If": ["Prod", prod, other]})


UNKNOWN = ("unknown", "not compared: only known at deployment")
CASES: list[tuple[str, dict[str, Any], dict[str, Any], Any, Any, str, list[tuple[Any, Any, str, str]]]] = [
    ("a condition: one branch", by_stage(10, 5), by_stage(20, 5), None, None, "riskier",
     [(10, 20, "riskier", f"{REASONS['faster']}; if Prod is true")]),
    ("a condition: all branches alike", by_stage(10, 10), by_stage(5, 5), None, None, "safer",
     [(10, 5, "safer", REASONS["slower"])]),
    ("a condition: both ways", by_stage(10, 10), by_stage(20, 5), None, None, "riskier",
     [(10, 20, "riskier", f"{REASONS['faster']}; if Prod is true"),
      (10, 5, "safer", f"{REASONS['slower']}; if Prod is false")]),
    ("a literal, then a condition", rate(10), by_stage(10, 5), None, None, "safer",
     [(10, 5, "safer", f"{REASONS['slower']}; if Prod is false")]),
    ("a condition, then a literal", by_stage(10, 5), rate(10), None, None, "riskier",
     [(5, 10, "riskier", f"{REASONS['faster']}; if Prod is false")]),
    ("the same value of a parameter", rate(RATE), rate(RATE), 10, 10, "none", []),
    ("a parameter without a default", rate(10), rate(RATE), None, None, "unknown", [(10, RATE, *UNKNOWN)]),
    ("a lower default", rate(10), rate(RATE), 5, 5, "unknown",
     [(10, RATE, *UNKNOWN), (10, 5, "safer", f'{REASONS["slower"]}; if Rate is "5" by default')]),
    ("a higher default", rate(10), rate(RATE), 20, 20, "riskier",
     [(10, RATE, *UNKNOWN), (10, 20, "riskier", f'{REASONS["faster"]}; if Rate is "20" by default')]),
    ("a default that is lowered", rate(RATE), rate(RATE), 10, 5, "safer",
     [(10, 5, "safer", f'{REASONS["slower"]}; if Rate is "5" by default')]),
    ("a default that is raised", rate(RATE), rate(RATE), 10, 20, "riskier",
     [(10, 20, "riskier", f'{REASONS["faster"]}; if Rate is "20" by default')]),
    ("one parameter for another", rate({"Ref": "Other"}), rate(RATE), None, None, "unknown",
     [({"Ref": "Other"}, RATE, *UNKNOWN)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "old", "new", "verdict", "changes"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_values_that_depend_on_conditions_and_parameters(
    tmp_path: Path, before: Any, after: Any, old: Any, new: Any, verdict: str, changes: list[Any]
) -> None:
    """Each case is compared with the same case of the other side; what isn't known in any is unknown, never neutral."""
    paths = []
    for name, one, default in (("a.json", before, old), ("b.json", after, new)):
        parameters = {"Rate": {"Type": "Number", **({} if default is None else {"Default": default})}}
        template = {
            "Parameters": {"Stage": {"Type": "String"}, "Other": {"Type": "Number"}, **parameters},
            "Conditions": {"Prod": PROD},
            "Resources": {"T": one | {"Properties": one["Properties"] | {"JobTemplateId": name[0]}}},
        }
        (tmp_path / name).write_text(json.dumps(template))
        paths.append(str(tmp_path / name))
    done = run(*paths, "--format", "json", "--things", "50", "--fail-on", "riskier")
    (found,) = json.loads(done.stdout)["templates"]
    id_changes, *compared = found["changes"]
    assert id_changes["path"] == "job_template_id"
    expected = [("rollout.maximum_per_minute", *change) for change in changes]
    assert [tuple(change.values()) for change in compared] == expected
    assert found["verdict"] == ("neutral" if verdict == "none" else verdict)  # the id is a neutral change
    assert done.exit_code == int(verdict in ("riskier", "unknown"))


@pytest.mark.parametrize(
    "parameters",
    [
        {"Rate": {"Type": "Number", "AllowedValues": [5, 10]}, "Minutes": {"Type": "Number", "AllowedValues": [8, 9]}},
        {"Rate": {"Type": "Number", "Default": 5}, "Minutes": {"Type": "Number", "Default": 8}},
        {"Rate": {"Type": "Number", "Default": 5}, "Minutes": {"Type": "Number"}},
    ],
)
def test_a_case_is_compared_with_the_same_case_only(tmp_path: Path, parameters: Any) -> None:
    """Values that several parameters may have on both sides are no change."""
    properties = rate(RATE)["Properties"] | {"TimeoutConfig": {"InProgressTimeoutInMinutes": {"Ref": "Minutes"}}}
    for name in "ab":
        one = {"Type": "AWS::IoT::JobTemplate", "Properties": properties | {"JobTemplateId": name}}
        (tmp_path / f"{name}.json").write_text(json.dumps({"Parameters": parameters, "Resources": {"T": one}}))
    (found,) = json.loads(run(str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--format", "json").stdout)[
        "templates"
    ]
    assert [change["path"] for change in found["changes"]] == ["job_template_id"]


def test_the_forecast_of_the_riskiest_case(tmp_path: Path) -> None:
    """Of several cases, the riskiest is forecast that can be, and each format says which."""
    stages = {"Parameters": {"Stage": {"Type": "String"}}, "Conditions": {"Prod": PROD}}
    for name, one in (("a.json", by_stage(10, 10)), ("b.json", by_stage(5, 20))):
        (tmp_path / name).write_text(json.dumps({**stages, "Resources": {"T": one}}))
    sides = str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--things", "400"
    (found,) = json.loads(run(*sides, "--format", "json").stdout)["templates"]
    assert found["consequence"]["when"] == "Prod is false"
    finish = [found["consequence"][side]["risk"]["healthy"]["finish"]["p50"] for side in ("before", "after")]
    assert finish == [400 / 10 + 4, 400 / 20 + 4]
    assert "  forecast if Prod is false\n           false aborts     0 %\n" in run(*sides).stdout
    assert "\nForecast <code>if Prod is false</code>\n" in run(*sides, "--format", "markdown").stdout
    run(*sides, "--html", str(tmp_path / "page.html"))
    assert "<h4>Forecast if Prod is false</h4>" in (tmp_path / "page.html").read_text()


def test_a_condition_that_changes(tmp_path: Path) -> None:
    """What a condition compares is unknown if it changes, also that of one it refers to; one that no value needs isn't."""
    stage = {"Fn::Equals": [{"Ref": "Stage"}, "production"]}
    unused = {"Fn::Equals": ["a", "b"]}
    for name, expressions in (
        ("a.json", {"Live": PROD, "Prod": {"Fn::Not": [{"Condition": "Live"}]}, "Unused": unused}),
        ("b.json", {"Live": stage, "Prod": {"Fn::Not": [{"Condition": "Live"}]}, "Unused": PROD}),
    ):
        template = {"Conditions": expressions, "Resources": {"T": by_stage(10, 5)}}
        (tmp_path / name).write_text(json.dumps(template))
    (found,) = json.loads(run(str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--format", "json").stdout)[
        "templates"
    ]
    assert [tuple(change.values()) for change in found["changes"]] == [
        ("condition.Live", PROD, stage, "unknown", "not compared: the values may apply to other stacks")
    ]


@pytest.mark.parametrize(("before", "after"), [(None, PROD), (PROD, None), (5, 6), ("a", [])])
def test_malformed_conditions(tmp_path: Path, before: Any, after: Any) -> None:
    """A condition is anything, and its change is unknown all the same."""
    for name, expression in (("a.json", before), ("b.json", after)):
        one = by_stage(10, 5) | {"Condition": expression}
        template = {"Conditions": {"Prod": expression}, "Resources": {"T": one}}
        (tmp_path / name).write_text(json.dumps(template))
    done = run(str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--format", "json")
    (found,) = json.loads(done.stdout)["templates"]
    assert {change["path"]: change["direction"] for change in found["changes"]} == {
        "condition.Prod": "unknown",
        "resource.Condition": "neutral",
    }


def test_a_literal_beside_a_condition(tmp_path: Path) -> None:
    """A criterion that is there only in one case is compared in that case."""
    literal = {"Action": "CANCEL", "FailureType": "ALL", "ThresholdPercentage": 4, "MinNumberOfExecutedThings": 60}
    strict = {**literal, "FailureType": "FAILED", "ThresholdPercentage": 2}
    either = {"Fn::If": ["Prod", strict, {"Ref": "AWS::NoValue"}]}
    for name, criteria in (("a.json", [literal]), ("b.json", [literal, either])):
        one = resource(AbortConfig={"CriteriaList": criteria})
        (tmp_path / name).write_text(json.dumps({"Resources": {"T": one}}))  # a condition that isn't declared here
    (found,) = json.loads(run(str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--format", "json").stdout)[
        "templates"
    ]
    assert [(change["path"], change["direction"], change["reason"]) for change in found["changes"]] == [
        (
            "abort.criteria[FAILED]",
            "safer",
            "one more criterion can abort the rollout, of a healthy release too; if Prod is true",
        )
    ]


def test_the_options_of_the_forecast(repository: Path) -> None:
    """What the options state overrides the fleet on both sides, and is stated in each format."""
    write(repository, {"stacks/templates/reboot.yaml": FAMILY.replace("100", "200")})
    options = ("--things", "300", "--run-time", "7", "--failure-rate", "0.01", "--start", "2026-02-03T04:05")
    stated = "assumed: things 300, failure_rate 0.01, reject_rate 0, hang_rate 0, offline_rate 0"
    start = "start 2026-02-03T04:05"
    for form in ("text", "markdown", "github"):
        shown = " ".join(run("HEAD", ".", *options, "--format", form).stdout.split())
        assert stated in shown.replace("Assumed", "assumed")
        assert start in shown
        assert "run_time_minutes 7," in shown
    (found,) = json.loads(run("HEAD", ".", *options, "--format", "json").stdout)["templates"]
    assert found["consequence"]["assumed"] == {
        "things": 300,
        "failure_rate": 0.01,
        "reject_rate": 0,
        "hang_rate": 0,
        "offline_rate": 0,
        "start_delay_minutes": 0,
        "run_time_minutes": 7,
        "failure_time_minutes": 7,
        "failures_stick": 0,
        "bad_release_rate": 0.1,
        "start": "2026-02-03T04:05",
    }
    page_file = repository / "page.html"
    run("HEAD", ".", *options, "--html", str(page_file))
    assert f'<p class="assumed">{stated.capitalize()}' in page_file.read_text()
    done = run("HEAD", ".", "--failure-rate", "2")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: error JT907 failure_rate\n")


def test_templates_with_other_expectations(repository: Path) -> None:
    """Where templates of an environment are expected to behave differently, each assumption names its templates."""
    expected = ENVIRONMENT.replace("reboot: {}", "reboot: {}, other: {expect: {run_time_minutes: 9}}")
    files = {"stacks/environments/prod.yaml": expected, "stacks/templates/other.yaml": FAMILY}
    write(repository, files)
    git(repository, "add", ".")
    git(repository, "commit", "-m", "two")
    write(repository, {f"stacks/templates/{name}.yaml": FAMILY.replace("100", "200") for name in ("reboot", "other")})
    lines = run("HEAD", ".").stdout.splitlines()
    assumed = [line.partition(":")[0] for line in lines if line.startswith("Assumed")]
    assert assumed == ["Assumed for reboot", "Assumed for other"]


def test_policies_keep_the_old_one(tmp_path: Path) -> None:
    """What stays is read from the resource's policies."""
    kept = {"UpdateReplacePolicy": "Retain", "DeletionPolicy": "Retain"}
    before = {"One": resource() | kept, "Two": resource(JobTemplateId="t-2") | kept}
    after = {"One": resource(JobTemplateId="t-3", Description="e") | kept}
    found = json.loads(run(*files(tmp_path, before, after), "--format", "json").stdout)
    assert [one["deploy"]["old"] for one in found["templates"]] == ["kept", "kept"]


def assembly(folder: Path, **stacks: Any) -> str:
    """A cdk.out folder with these stacks."""
    write(folder, {"cdk.out": "{}", "manifest.json": "{}"})
    write(folder, {f"{name}.template.json": json.dumps({"Resources": found}) for name, found in stacks.items()})
    return str(folder)


def test_cdk_out(tmp_path: Path) -> None:
    """Stacks match by name, templates by what the construct wrote down; the parameter and the role are found."""
    ours = {"template_name": "reboot", "environment": "prod", "content": "x", "fleet": {"things": 50}}
    role = {"Fn::GetAtt": ["Role", "Arn"]}

    def resources(logical_id: str, key: str, id: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::bucket/{key}"}
        document = json.dumps(
            {"url": f"${{aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.amazonaws.com/bucket/{key}}}"}
        )
        return {
            logical_id: resource(JobTemplateId=id, Document=document, PresignedUrlConfig={"RoleArn": role, "ExpiresInSec": 60})
            | {"Metadata": {"iot-jobs": ours}},
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": "/iot-jobs/prod/reboot", "Value": {"Fn::GetAtt": [logical_id, "Arn"]}},
            },
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [statement]}}]}},
        }  # fmt: skip

    base = assembly(tmp_path / "base", prod=resources("A", "1", "reboot-aaaaaaaaaa"), other={})
    head = assembly(tmp_path / "head", prod=resources("B", "2", "reboot-bbbbbbbbbb"), other={})
    (found,) = json.loads(run(base, head, "--format", "json").stdout)["templates"]
    assert [(one["path"], one["before"], one["after"]) for one in found["changes"][1:]] == [
        ("presign_role.allow[s3:GetObject]", ["arn:aws:s3:::bucket/1"], ["arn:aws:s3:::bucket/2"])
    ]
    assert found["consequence"]["assumed"]["things"] == 50
    assert found["deploy"] == {
        "id_changes": True,
        "old_id": "reboot-aaaaaaaaaa",
        "new_id": "reboot-bbbbbbbbbb",
        "old": "removed",
        "parameter": "/iot-jobs/prod/reboot",
        "parameter_is": "updated",
        "running_jobs": "untouched",
        "after_stack": None,
        "blocked": None,
    }
    lone = tmp_path / "head" / "prod.template.json"
    assert json.loads(run(base, str(lone), "--format", "json").stdout)["templates"] == [found]


def api(rate: int, **more: Any) -> dict[str, Any]:
    """What the API takes to create a template."""
    rollout = {"maximumPerMinute": rate}
    return {
        "jobTemplateId": "reboot",
        "description": "d",
        "document": '{"a":1}',
        "jobExecutionsRolloutConfig": rollout,
        **more,
    }


ALONE: dict[str, Callable[[int], Any]] = {
    "a request": api,
    "a response": lambda rate: api(
        rate, jobTemplateArn="arn:aws:iot:eu-west-1:123456789012:jobtemplate/reboot", createdAt=1700000000
    ),
    "a resource": lambda rate: {
        "Type": "AWS::IoT::JobTemplate",
        "Properties": {
            "JobTemplateId": "reboot",
            "Description": "d",
            "Document": '{"a":1}',
            "JobExecutionsRolloutConfig": {"MaximumPerMinute": rate},
        },
    },
}


@pytest.mark.parametrize("make", ALONE.values(), ids=ALONE)
def test_templates_by_themselves(tmp_path: Path, make: Callable[[int], Any]) -> None:
    """A file of any kind that `check` reads is a side; the old template stays, because nothing deletes it."""
    paths = [tmp_path / name for name in ("before.json", "after.json")]
    for path, rate in zip(paths, (50, 500), strict=True):
        path.write_text(json.dumps(make(rate)))
    (found,) = json.loads(run(*map(str, paths), "--format", "json", "--things", "1000").stdout)["templates"]
    assert (found["name"], found["verdict"], found["deploy"]["old"]) == ("reboot", "riskier", "kept")
    assert [change["path"] for change in found["changes"]] == ["rollout.maximum_per_minute"]
    assert found["consequence"]["before"] != found["consequence"]["after"]


def test_a_lone_template_of_many_stacks(tmp_path: Path) -> None:
    """Where a template's stack is ambiguous, the review says so and ends."""
    base = assembly(tmp_path / "base", a={"T": resource()}, b={"T": resource()})
    (_, head) = files(tmp_path, {}, {"T": resource()})
    (tmp_path / "c.yaml").write_text(Path(head).read_text())
    done = run(base, str(tmp_path / "c.yaml"))
    assert (done.exit_code, done.stderr) == (
        2,
        f"Error: {tmp_path}/c.yaml is one template, but {base} has several stacks: a, b\n",
    )


@pytest.mark.parametrize("content", ["[]", "{}", '{"Resources": 5}', "{", '{"Resources": {"T": {"Type": "AWS::IoT::JobTemplate", "Properties": {"Ref": "x"}}}}'])  # fmt: skip
def test_what_is_no_template(tmp_path: Path, content: str) -> None:
    """A file without readable resources is exit code 2, and no traceback."""
    (tmp_path / "t.json").write_text(content)
    done = run(str(tmp_path / "t.json"), str(tmp_path / "t.json"))
    assert done.exit_code == 2
    assert done.exception is None or isinstance(done.exception, SystemExit)


BAD = "`*_[x](y)_*` <script>&|\\| @octocat #12 owner/repo#3 https://example.com \u202e~~x~~"


def hostile(description: str, text: str) -> Deployment:
    """A side whose description and document hold all that markdown, HTML and GitHub know."""
    spec = JobTemplateSpec(
        template_name="t", description="d", document=JobDocument.inline({BAD: text}), tags={"a": description}
    )
    return Deployment(
        "x", (Template(stack=BAD, name=BAD, spec=spec, emitted=properties(spec), id=BAD + text, environment=BAD),)
    )


def test_nothing_is_made_of_what_templates_hold() -> None:
    """No markup, mention or reference comes out of a template: outside of our own markup all of it is written out."""
    found = markdown(review(hostile("a", BAD), hostile("b", BAD + "!"), things=10))
    inside = "".join(re.findall(r"<code>(.*?)</code>", found))
    assert "octocat" in inside
    assert set(re.sub(r"&#\d+;", "", inside)) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -.,()"
    )
    outside = re.sub(r"<code>.*?</code>", "", found)
    assert not {"octocat", "script", "@", "#12", "example"} & set(re.findall(r"octocat|script|@|#12|example", outside))
    rows = [line for line in found.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} <= {6, 10}


def test_code() -> None:
    """All but letters, digits and a few marks is written as a number."""
    assert code("a|`<b>`@c é\n") == "<code>a&#124;&#96;&#60;b&#62;&#96;&#64;c é&#92;u000a</code>"


def test_a_table_per_environment() -> None:
    """Each environment has a table; where it has several stacks, each row says which."""

    def side(rate: int) -> Deployment:
        one = JobTemplateSpec(
            template_name="t",
            description="d",
            document=JobDocument.inline({}),
            rollout=RolloutConfig(maximum_per_minute=rate),
        )
        places = (("dev", "dev-1"), ("prod", "prod-1"), ("prod", "prod-2"))
        return Deployment("x", tuple(Template.of(one, stack=stack, environment=name) for name, stack in places))

    found = markdown(review(side(2), side(1)))
    assert found.partition("<details>")[0] == (
        f"{MARKER}\n**Safer: 3 changed**\n\n"
        "### <code>dev</code>\n\n"
        "| template | change | verdict | false aborts | harmed if bad | harmed at worst | stops from | done | executions |\n"
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| <code>t</code> | changed | safer |  |  |  |  |  |  |\n\n"
        "### <code>prod</code>\n\n"
        "| template | change | verdict | false aborts | harmed if bad | harmed at worst | stops from | done | executions |\n"
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| <code>prod-1 t</code> | changed | safer |  |  |  |  |  |  |\n"
        "| <code>prod-2 t</code> | changed | safer |  |  |  |  |  |  |\n\n"
    )


def test_a_comment_is_cut() -> None:
    """A comment is never longer than GitHub accepts, and says how much is missing."""

    def side(rate: int) -> Deployment:
        specs = [
            JobTemplateSpec(template_name=f"t{number}", description="d", document=JobDocument.inline({}), rollout=RolloutConfig(maximum_per_minute=rate))
            for number in range(200)
        ]  # fmt: skip
        return Deployment("x", tuple(Template.of(one) for one in specs))

    found = markdown(review(side(1), side(2), things=10))
    assert MOST_CHARACTERS * 0.9 < len(found) <= MOST_CHARACTERS
    assert found.startswith(f"{MARKER}\n**Riskier: 200 changed**\n")
    assert re.search(
        r"\nCut at the maximum length of a comment: <code>iot-jobs review</code> shows \d+ more\.\n$", found
    )


def test_the_picture_is_current() -> None:
    """The picture in the README shows what the command prints now; `make pictures` draws it again."""
    assert comment_picture.written() == comment_picture.markdown()
    assert comment_picture.PICTURE.stat().st_size < 200_000


def test_nothing_changed_is_one_line() -> None:
    """Below the hidden marker."""
    assert markdown(review(Deployment("a"), Deployment("b"))) == f"{MARKER}\nNo job template changed.\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "shown"),
    [
        ("abort.criteria[ALL].threshold_percentage", 2, 2.5, ("2 %", "2.5 %")),
        ("timeout.in_progress_timeout_in_minutes", None, 5, ("nothing", "5 minutes")),
        ("document.expires_in_sec", 1, 2, ("1", "2")),
        ("tags.a", "x\ny", "", ("x\\u000ay", "")),
        ("document.a", "p" * 150 + "1", "p" * 150 + "2", ("…" + "p" * 20 + "1", "…" + "p" * 20 + "2")),
        ("document.a", "x" * 150, "y" * 150, ("x" * 99 + "…", "y" * 99 + "…")),
        ("document.a", "x" * 150, "x" * 149, ("…" + "x" * 21, "…" + "x" * 20)),
        ("maintenance_windows[w]", {"start_time": "w", "duration_in_minutes": 5}, None, ("start_time w, duration_in_minutes 5 minutes", "nothing")),
        ("document.a", {}, [1], ("{}", "[1]")),
    ],
)  # fmt: skip
def test_values(path: str, before: Any, after: Any, shown: tuple[str, str]) -> None:
    """Values have units and are cut so that their difference is visible."""
    assert pair(Change(path, before, after, Direction.NEUTRAL, "")) == shown


def synthesized() -> dict[str, Any]:
    """A template with all that a review looks at."""
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": {"Fn::Join": ["", ["arn:aws:s3:::b/", "a"]]},
    }
    metadata = {"iot-jobs": {"template_name": "reboot", "environment": "prod", "content": "x", "fleet": {"things": 50}}}
    given = resource(
        Document=DOCUMENT,
        PresignedUrlConfig={"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "ExpiresInSec": 60},
        TimeoutConfig={"InProgressTimeoutInMinutes": 5},
        Tags=[{"Key": "a", "Value": "b"}],
        DestinationPackageVersions=["arn:aws:iot:eu-west-1:123456789012:package/agent/version/1"],
        MaintenanceWindows=[{"StartTime": "cron(0 1 ? * TUE *)", "DurationInMinutes": 60}],
        JobExecutionsRetryConfig={"RetryCriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": 1}]},
    )
    return {
        "A": given | {"Metadata": metadata, "UpdateReplacePolicy": "Retain"},
        "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/p", "Value": {"Fn::GetAtt": ["A", "Arn"]}}},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [statement]},
                "Policies": [{"PolicyDocument": {"Statement": [statement]}}],
            },
        },
        "Beside": {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Role"}], "PolicyDocument": {}}},
    }


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, item in items for place in places(item, (*here, key)))]


def replaced(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    """The value with another one at a place."""
    if not place:
        return other
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[place[0]] = replaced(copied[place[0]], place[1:], other)
    return copied


ODD: list[Any] = [5, "", {}, [None], {"Ref": "X"}, {"a": {"Ref": 1}}, {"Fn::GetAtt": []}, "\udc00"]


@pytest.mark.parametrize("other", [None, [], *(pytest.param(one, marks=pytest.mark.slow) for one in ODD)], ids=repr)
def test_no_traceback_whatever_stands_anywhere(tmp_path: Path, other: Any) -> None:
    """Each value of a template in turn is something else: a review or a reason, and never a traceback."""
    good = synthesized()
    path = tmp_path / "t.json"

    def read(resources: Any) -> Deployment | None:
        path.write_text(json.dumps({"Resources": resources}))
        try:
            return deployment(str(path), near=tmp_path)
        except (FindingsError, ReviewError) as error:
            assert str(error)
            return None

    base = read(good)
    assert base is not None
    for place in places(good)[1:]:
        head = read(replaced(good, place, other))
        for sides in () if head is None else ((base, head), (head, base)):
            found = review(*sides)
            broken = any(template.broken for side in sides for template in side.templates)
            changes = [change for one in found.templates for change in one.changes]
            assert broken or not [change for change in changes if "breaks a rule" in change.reason]
            for shown in (*FORMATS.values(), page):
                shown(found).encode()
