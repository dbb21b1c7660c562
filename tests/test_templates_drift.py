"""`iot-jobs templates drift` and `show` over a fake AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import write
from tests.fake_iot import ACCOUNT, START, FakeIot, Refusal, arn, iot

__all__ = ["iot"]

DOCUMENT = (
    '{"operation": "install.sh", "image": "${aws:iot:s3-presigned-url:https://s3.eu-west-1.amazonaws.com/releases/k}"}'
)
FAMILY = """\
description: Install
document: install.json
rollout: {maximum_per_minute: 50}
abort: {criteria: [{failure_type: FAILED, threshold_percentage: 10, min_number_of_executed_things: 5}]}
retry: {criteria: [{failure_type: FAILED, number_of_retries: 0}]}
timeout: {in_progress_timeout_in_minutes: 15}
maintenance_windows: [{start_time: "cron(0 2 * * ? *)", duration_in_minutes: 60}]
tags: {team: fleet}
"""
DEPLOYED: dict[str, Any] = {
    "description": "Install",
    "document": json.dumps(json.loads(DOCUMENT), indent=4),
    "documentSource": None,
    "presignedUrlConfig": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/iot-jobs/prod/made", "expiresInSec": 3600},
    "jobExecutionsRolloutConfig": {"maximumPerMinute": 50, "exponentialRate": None},
    "abortConfig": {
        "criteriaList": [
            {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 10.0, "minNumberOfExecutedThings": 5}
        ]
    },
    "timeoutConfig": {"inProgressTimeoutInMinutes": 15},
    "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 0}]},
    "maintenanceWindows": [{"startTime": "cron(0 2 * * ? *)", "durationInMinutes": 60}],
    "destinationPackageVersions": [],
}
"""The family as AWS describes it: another layout of the document, nulls, and the role that the stack made."""


@pytest.fixture
def service(iot: FakeIot, here: Path) -> FakeIot:
    """An application with two environments in one region, and a service in which what it declares is deployed."""
    environment = "name: {0}\naccount: '{1}'\nregion: eu-west-1\nfleet: {{things: 10}}\ntemplates: {{install: {{}}}}\n"
    write(
        here,
        {
            "stacks/environments/prod.yaml": environment.format("prod", ACCOUNT),
            "stacks/environments/dev.yaml": environment.format("dev", ACCOUNT),
            "stacks/templates/install.yaml": FAMILY,
            "job_documents/install.json": DOCUMENT,
        },
    )
    ids = {"dev": "install-aaaaaaaaaa", "prod": "install-bbbbbbbbbb"}
    iot.answers |= {
        "ListJobTemplates": {"jobTemplates": [{"jobTemplateId": each} for each in (*ids.values(), "by-hand")]},
        "GetParameter": lambda asked: {"Parameter": {"Value": arn("jobtemplate", ids[asked["Name"].split("/")[2]])}},
        "DescribeJobTemplate": lambda asked: described(asked["jobTemplateId"]),
    }
    return iot


def described(template_id: str, **changes: Any) -> dict[str, Any]:
    about = {"jobTemplateId": template_id, "jobTemplateArn": arn("jobtemplate", template_id)}
    return {**about, "createdAt": START.timestamp(), **DEPLOYED, **changes}


QUOTA = "3 of 100 templates in eu-west-1 (100 is the default quota)\n"


def test_as_declared(service: FakeIot) -> None:
    """What is deployed as declared is no drift: neither the layout of a document, nor tags, nor the stack's own role."""
    result = service.run("drift", group="templates")
    assert (result.exit_code, result.stderr) == (0, f"2 as declared; {QUOTA}")
    assert [line.split()[:4] for line in result.stdout.splitlines()[2:]] == [
        ["dev", "install", "as", "declared"], ["prod", "install", "as", "declared"]
    ]  # fmt: skip


CHANGED: list[tuple[str, Any, str]] = [
    ("description", "Other", "description"),
    ("document", "{}", "document.image, document.operation"),
    ("document", None, "document"),
    ("document", "not JSON", "document"),
    ("jobExecutionsRolloutConfig", {"maximumPerMinute": 51}, "rollout.maximum_per_minute"),
    ("abortConfig", {"criteriaList": [DEPLOYED["abortConfig"]["criteriaList"][0] | {"thresholdPercentage": 10.5}]}, "abort.criteria[FAILED].threshold_percentage"),
    ("abortConfig", None, "abort.criteria[FAILED]"),
    ("timeoutConfig", {}, "timeout.in_progress_timeout_in_minutes"),
    ("jobExecutionsRetryConfig", {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 1}]}, "retry.criteria[FAILED].number_of_retries"),
    ("maintenanceWindows", [], "maintenance_windows[cron(0 2 * * ? *)]"),
    ("presignedUrlConfig", DEPLOYED["presignedUrlConfig"] | {"expiresInSec": 60}, "presigned_url.expires_in_sec"),
    ("destinationPackageVersions", [f"arn:aws:iot:eu-west-1:{ACCOUNT}:package/a/version/1"],
     f"destination_package_versions[arn:aws:iot:eu-west-1:{ACCOUNT}:package/a]"),
]  # fmt: skip


@pytest.mark.parametrize(("member", "value", "fields"), CHANGED)
def test_differs(service: FakeIot, member: str, value: Any, fields: str) -> None:
    """Each value that differs is named, for the environment that has it; the others stay as declared."""
    service.answers["DescribeJobTemplate"] = lambda asked: described(
        asked["jobTemplateId"], **({member: value} if asked["jobTemplateId"] == "install-bbbbbbbbbb" else {})
    )
    result = service.run("drift", "--format", "json", group="templates")
    assert result.exit_code == 1
    dev, prod = json.loads(result.stdout)["templates"]
    assert (dev["standing"], dev["differences"]) == ("as declared", [])
    assert prod == {
        "environment": "prod", "name": "install", "standing": "differs", "id": "install-bbbbbbbbbb", "differences": fields.split(", ")
    }  # fmt: skip


@pytest.mark.parametrize("published", [True, False])
def test_missing(service: FakeIot, published: bool) -> None:
    """A template is missing if nothing is published, or if what is published is gone."""
    service.answers["ListJobTemplates"] = {"jobTemplates": []}
    if not published:
        service.answers["GetParameter"] = Refusal("ParameterNotFound")
    result = service.run("drift", "--environment", "prod", "--format", "json", group="templates")
    (prod,) = json.loads(result.stdout)["templates"]
    assert (result.exit_code, prod["standing"], prod["id"]) == (
        1,
        "missing",
        "install-bbbbbbbbbb" if published else None,
    )
    assert result.stderr.startswith("1 missing; 0 of 100")
    table = service.run("drift", "--environment", "prod", group="templates").stdout
    assert table.splitlines()[-1].endswith("  deploy the environment")


def test_left_over(service: FakeIot) -> None:
    """A template with an id of ours that nobody publishes is left over; the other environment's and a foreign one aren't."""
    old = [
        {"jobTemplateId": each} for each in ("install-cccccccccc", "gone-dddddddddd", "install-aaaaaaaaaa", "by-hand")
    ]
    service.answers["ListJobTemplates"]["jobTemplates"] += old
    result = service.run("drift", "--environment", "prod", group="templates")
    assert result.exit_code == 1
    assert result.stdout.endswith(
        "\nto delete what is left over, unless another application or keep_previous needs it:\n"
        "  aws iot delete-job-template --job-template-id gone-dddddddddd\n"
        "  aws iot delete-job-template --job-template-id install-cccccccccc\n"
    )
    assert result.stderr.startswith("1 as declared, 2 left over; 7 of 100 templates")


def test_no_environment_here(service: FakeIot) -> None:
    """An environment that isn't there, or in another region, can't be compared."""
    unknown = service.run("drift", "--environment", "staging", group="templates")
    assert (unknown.exit_code, unknown.stderr) == (2, "Error: there is no environment staging in eu-west-1\n")
    elsewhere = service.run("drift", "--region", "us-east-1", group="templates")
    assert (elsewhere.exit_code, elsewhere.stderr) == (
        2, "Error: no environment is in us-east-1; name another with --region\n"
    )  # fmt: skip
    assert service.calls == []


def test_errors_in_the_files(service: FakeIot, here: Path) -> None:
    """Files with errors are not compared; the errors are listed."""
    (here / "stacks/templates/install.yaml").write_text("document: install.json\n")
    result = service.run("drift", group="templates")
    assert (result.exit_code, service.calls) == (1, [])
    assert "error JT004 description" in result.stdout


def test_denied(service: FakeIot) -> None:
    """A parameter that may not be read is no missing one."""
    service.answers["GetParameter"] = Refusal("AccessDeniedException", "no", 400)
    result = service.run("drift", group="templates")
    assert result.exit_code == 2
    assert result.stderr.endswith("allow ssm:GetParameter on parameter/iot-jobs/dev/install for these credentials\n")


def test_nothing_to_compare(service: FakeIot, here: Path) -> None:
    """An application without templates, in a region without any, has an empty table."""
    for name in ("dev", "prod"):
        path = here / f"stacks/environments/{name}.yaml"
        path.write_text(path.read_text().replace("{install: {}}", "{}"))
    service.answers["ListJobTemplates"] = {"jobTemplates": []}
    result = service.run("drift", group="templates")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no templates; 0 of 100 templates in eu-west-1 (100 is the default quota)\n"


def test_show(service: FakeIot) -> None:
    """A template is shown by its id, with its document on lines of its own."""
    result = service.run("show", "install-aaaaaaaaaa", group="templates")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(
        "install\n"
        "  description  Install\n"
        "  id           install-aaaaaaaaaa\n"
        "  rollout      50/min\n"
        "  abort        FAILED 10 % of 5 or more\n"
        "  windows      cron(0 2 * * ? *) for 60 min\n"
        "  document     {\n"
    )
    data = json.loads(service.run("show", "install-aaaaaaaaaa", "--format", "json", group="templates").stdout)
    assert (data["name"], data["rollout"]["maximum_per_minute"]) == ("install", 50)


def test_show_by_name(service: FakeIot) -> None:
    """A name does if only one template has it."""
    several = service.run("show", "install", group="templates")
    assert (several.exit_code, several.stderr) == (
        2, "Error: several templates have the name install: install-aaaaaaaaaa, install-bbbbbbbbbb\n"
    )  # fmt: skip
    unknown = service.run("show", "nothing", group="templates")
    assert (unknown.exit_code, unknown.stderr) == (2, "Error: there is no job template nothing in eu-west-1\n")
    service.answers["ListJobTemplates"] = {"jobTemplates": [{"jobTemplateId": "install-aaaaaaaaaa"}]}
    assert service.run("show", "install", group="templates").exit_code == 0


def test_copied_from_a_job(service: FakeIot, here: Path) -> None:
    """Of a template that copies a job only the values that the family has are compared: AWS describes the others too."""
    family = f"description: Install\njob_arn: {arn('job', 'x')}\nrollout: {{maximum_per_minute: 50}}\n"
    (here / "stacks/templates/install.yaml").write_text(family)
    assert service.run("drift", group="templates").exit_code == 0
    (here / "stacks/templates/install.yaml").write_text(family.replace("50", "51"))
    result = service.run("drift", "--format", "json", group="templates")
    assert {each["differences"][0] for each in json.loads(result.stdout)["templates"]} == {"rollout.maximum_per_minute"}
