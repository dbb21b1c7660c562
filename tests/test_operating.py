"""docs/operating.md: its transcripts are what the commands print, its policies allow what they call."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.fake_iot import ACCOUNT, REGION, START, FakeIot, Refusal, arn, described, execution, iot, over_time, summary
from tests.oracles.iam import allows
from tests.test_jobs_commands import ABORT, pages

__all__ = ["iot"]

GUIDE = (Path(__file__).resolve().parent.parent / "docs/operating.md").read_text()
TRANSCRIPTS = re.findall(r"```\n\$ iot-jobs (.*)\n((?s:.*?))```", GUIDE)
READER, STARTER, OPERATOR = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL))
ID = "reboot-abcdefghij"
CRITERION = ABORT["criteriaList"][0] | {"thresholdPercentage": 20, "minNumberOfExecutedThings": 20}
MEMBERS: dict[str, Any] = {
    "jobExecutionsRolloutConfig": {"maximumPerMinute": 10},
    "abortConfig": {"criteriaList": [CRITERION]},
}
MISSING = Refusal("ResourceNotFoundException", "not found", 404)


@pytest.fixture
def service(iot: FakeIot, here: Path) -> FakeIot:
    """The service of the guide: a published template, a group of 30 things, and a job that runs for three minutes."""

    def job(status: str, **counts: int) -> dict[str, Any]:
        return described("reboot-canary", status, counts=counts, **MEMBERS)

    created = over_time(
        iot,
        (0, job("IN_PROGRESS", queued=10)),
        (1, job("IN_PROGRESS", queued=10, succeeded=10)),
        (2, job("IN_PROGRESS", queued=10, succeeded=18, failed=2)),
        (3, job("COMPLETED", succeeded=28, failed=2)),
        (60, job("IN_PROGRESS", queued=5, in_progress=5, succeeded=10)),
    )
    iot.answers |= {
        "GetParameter": {"Parameter": {"Value": arn("jobtemplate", ID)}},
        "DescribeJobTemplate": {
            "jobTemplateArn": arn("jobtemplate", ID), "jobTemplateId": ID, "description": "Reboot", "document": "{}",
            "createdAt": START.timestamp(), **MEMBERS,
        },
        "DescribeThing": MISSING,
        "DescribeThingGroup": lambda asked: {"thingGroupArn": arn("thinggroup", asked["thingGroupName"])},
        "ListThingsInThingGroup": pages("things", [f"gateway-{index}" for index in range(30)]),
        "DescribeJob": lambda asked: created(asked) if iot.asked("CreateJob") else MISSING,
        "CreateJob": {},
        "ListTagsForResource": lambda _: {"tags": iot.asked("CreateJob")[0]["tags"]},
        "ListJobExecutionsForJob": {
            "executionSummaries": [summary("gateway-7", "FAILED"), summary("gateway-9", "FAILED")]
        },
        "DescribeJobExecution": lambda asked: execution(
            asked["thingName"], "FAILED", jobId=asked["jobId"], statusDetails={"detailsMap": {"reason": "no space"}}
        ),
        "CancelJob": {},
    }  # fmt: skip
    return iot


def test_transcripts(service: FakeIot) -> None:
    """Each command of the guide, one after the other, prints what the guide shows."""
    printed = []
    for command, _ in TRANSCRIPTS:
        group, *arguments = shlex.split(command)
        if "stop" in arguments:
            service.sleep(3600)
            looks = [service.answers["DescribeJob"](None), described(
                "reboot-canary", "CANCELED", counts={"in_progress": 5, "succeeded": 10, "canceled": 5}, **MEMBERS
            )]  # fmt: skip
            service.answers["DescribeJob"] = looks
        result = service.run(*arguments, group=group)
        assert result.exit_code == 0
        printed.append(result.output)
    assert printed == [text for _, text in TRANSCRIPTS]


def test_shell(tmp_path: Path) -> None:
    """The commands of the shell blocks exist, with their options."""
    from iot_jobs.cli import main

    blocks = "".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL))
    commands = re.findall(r"iot-jobs ([^|\n]+?)(?: \|\||\n)", blocks)
    assert len(commands) == 5
    for command in commands:
        words = shlex.split(command)
        group, name = main.commands[words[0]], words[1]
        group.commands[name].make_context(name, words[2:], resilient_parsing=False)  # type: ignore[attr-defined]


def needed(operation: str, asked: Any) -> list[tuple[str, str]]:
    """The action and the resources that AWS authorizes for a request."""
    account, managed = f"arn:aws:iot:{REGION}:{ACCOUNT}:", f"arn:aws:iot:{REGION}::"
    by_member = {
        "jobId": "job",
        "thingName": "thing",
        "thingGroupName": "thinggroup",
        "jobTemplateId": "jobtemplate",
    }
    resources = [f"{account}{kind}/{asked[member]}" for member, kind in by_member.items() if member in asked]
    resources += [*asked.get("targets", ()), *filter(None, [asked.get("jobTemplateArn"), asked.get("resourceArn")])]
    if operation == "GetParameter":
        return [("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{asked['Name']}")]
    if operation == "DescribeManagedJobTemplate":
        resources = [f"{managed}jobtemplate/{asked['templateName']}"]
    if operation == "SearchIndex":
        resources = [f"{account}index/AWS_Things"]
    if operation == "CreateJob":
        return [(f"iot:{operation}", each) for each in resources] + [("iot:TagResource", resources[0])]
    return [(f"iot:{operation}", each) for each in resources or ["*"]]


READING = ["watch j --timeout 1m", "list", "list --target canary", "show j", "document j", "executions j",
           "executions --thing t", "execution j t"]  # fmt: skip
STARTING = ["start reboot --environment prod --to group/canary --yes", "start AWS-Reboot --to group/canary --yes",
            "start reboot --environment prod --to canary --yes"]  # fmt: skip
BRAKING = ["slow j --yes", "stop j --yes", "cancel j --yes --force", "update j --yes --set rollout.maximum_per_minute=5",
           "delete done --yes", "cancel-execution j t --yes", "delete-execution j t --yes"]  # fmt: skip


@pytest.fixture
def willing(service: FakeIot) -> FakeIot:
    """A service that answers whatever is asked."""
    done = described("done", "COMPLETED", **MEMBERS)
    service.answers |= {
        "DescribeJob": lambda asked: done if asked["jobId"] == "done" else described(asked["jobId"], **MEMBERS),
        "ListTagsForResource": {"tags": []},
        "ListJobs": {"jobs": []},
        "ListJobExecutionsForThing": {"executionSummaries": []},
        "DescribeJobExecution": execution("t"),
        "GetJobDocument": {"document": "{}"},
        "DescribeManagedJobTemplate": {"templateArn": f"arn:aws:iot:{REGION}::jobtemplate/AWS-Reboot:1.0"},
        **{name: {} for name in ("UpdateJob", "DeleteJob", "CancelJobExecution", "DeleteJobExecution")},
    }
    return service


@pytest.mark.parametrize(
    ("command", "policies"),
    [
        *((command, [READER]) for command in READING),
        *((command, [READER, STARTER]) for command in STARTING),
        *((command, [READER, OPERATOR]) for command in BRAKING),
    ],
)
def test_policies(willing: FakeIot, command: str, policies: list[dict[str, Any]]) -> None:
    """The policies allow all that a command calls; the last of them is needed, where there are two."""
    result = willing.run(*command.split())
    assert result.exit_code in (0, 3), result.output
    asked = {each for call in willing.calls for each in needed(call.operation, call.members)}
    statements = [statement for policy in policies for statement in policy["Statement"]]
    assert [each for each in sorted(asked) if not allows(statements, *each)] == []
    fewer = [statement for policy in policies[:-1] for statement in policy["Statement"]]
    assert [each for each in asked if not allows(fewer, *each)]


def test_a_reader_changes_nothing() -> None:
    """The first policy allows no action that changes something, and the second no other target."""
    acting = [
        "CreateJob",
        "CancelJob",
        "DeleteJob",
        "UpdateJob",
        "CancelJobExecution",
        "DeleteJobExecution",
        "TagResource",
    ]
    for operation in acting:
        assert not allows(READER["Statement"], f"iot:{operation}", arn("job", "j"))
    assert allows(STARTER["Statement"], "iot:CreateJob", arn("thinggroup", "canary"))
    assert not allows(STARTER["Statement"], "iot:CreateJob", arn("thinggroup", "prod"))
