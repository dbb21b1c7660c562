"""The commands that read and change jobs, over a fake AWS: what they print, what they call, and what they don't."""

from __future__ import annotations

import io
import json
import shlex
import sys
import time
from typing import Any

import botocore.session
import click
import pytest

from iot_jobs.cli import main
from iot_jobs.cli.runtime import Runtime, counted
from iot_jobs.jobs import EXECUTION_STATUSES, JOB_STATUSES
from tests.fake_iot import START, FakeIot, Refusal, arn, described, execution, iot, summary, tags

__all__ = ["iot"]

ACTING = ("CancelJob", "DeleteJob", "UpdateJob", "CreateJob", "CancelJobExecution", "DeleteJobExecution")
EVIL = "\x1b[2J\nx\u202e\x9b31m"
ABORT = {
    "criteriaList": [
        {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 2.5, "minNumberOfExecutedThings": 200}
    ]
}


def listed(job_id: str, minutes: float = 0, **members: Any) -> dict[str, Any]:
    """A job in a response of ListJobs, created some minutes after the start."""
    at = START.timestamp() + 60 * minutes
    base = {"jobId": job_id, "jobArn": arn("job", job_id), "targetSelection": "SNAPSHOT", "status": "IN_PROGRESS"}
    return {**base, "createdAt": at, "lastUpdatedAt": at, **members}


def pages(member: str, items: list[Any], size: int = 250) -> Any:
    """An answer in pages, which refuses a greater page than AWS's, as AWS does."""

    def answer(asked: Any) -> Any:
        most, start = asked.get("maxResults", 25), int(asked.get("nextToken", 0))
        if most > size:
            return Refusal("InvalidRequestException", "maxResults")
        page = {member: items[start : start + most]}
        return page | ({"nextToken": str(start + most)} if start + most < len(items) else {})

    return answer


# Reading ------------------------------------------------------------------------------------------------------------------------


def test_list(iot: FakeIot) -> None:
    """Jobs are listed with the newest first, scheduled ones too."""
    iot.answers["ListJobs"] = {"jobs": [listed("a"), listed("b", 1, status="SCHEDULED"), listed("c", 1)]}
    result = iot.run("list")
    assert (result.exit_code, result.stderr) == (0, "3 jobs\n")
    assert result.stdout.splitlines()[0].split() == [
        "job",
        "status",
        "selection",
        "created",
        "(UTC)",
        "updated",
        "(UTC)",
    ]
    assert [line.split()[:2] for line in result.stdout.splitlines()[2:]] == [
        ["c", "IN_PROGRESS"], ["b", "SCHEDULED"], ["a", "IN_PROGRESS"]
    ]  # fmt: skip
    as_json = json.loads(iot.run("list", "--format", "json").stdout)
    assert as_json["jobs"][1] == {
        "id": "b",
        "arn": arn("job", "b"),
        "status": "SCHEDULED",
        "target_selection": "SNAPSHOT",
        "created_at": "2026-12-01T02:01:00Z",
        "last_updated_at": "2026-12-01T02:01:00Z",
        "completed_at": None,
    }


@pytest.mark.parametrize(
    ("command", "shape", "statuses"),
    [("list", "JobStatus", JOB_STATUSES), ("executions", "JobExecutionStatus", EXECUTION_STATUSES)],
)
def test_statuses(command: str, shape: str, statuses: tuple[str, ...]) -> None:
    """The statuses that an option takes are those of the API, and those that are known here."""
    group = main.commands["jobs"]
    assert isinstance(group, click.Group)
    (option,) = [each for each in group.commands[command].params if "--status" in each.opts]
    assert isinstance(option.type, click.Choice)
    model = botocore.session.get_session().get_service_model("iot")
    assert {*option.type.choices} == {*model.shape_for(shape).enum} == {*statuses}


def test_list_of_nothing(iot: FakeIot) -> None:
    """Where there is no job the list is empty."""
    iot.answers["ListJobs"] = {"jobs": []}
    result = iot.run("list", "--status", "CANCELED")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "0 jobs\n")
    assert iot.asked("ListJobs") == [{"status": "CANCELED", "maxResults": 250}]


@pytest.mark.parametrize("target", ["canary", "group/canary", arn("thinggroup", "canary")])
def test_list_by_target(iot: FakeIot, target: str) -> None:
    """AWS's own filter by group leaves scheduled jobs out, so each job is asked for its targets."""
    targets = {"a": ["thinggroup", "canary"], "b": ["thing", "canary2"], "c": ["thinggroup", "canary"]}
    iot.answers["ListJobs"] = {"jobs": [listed("a"), listed("b"), listed("c", status="SCHEDULED")]}
    iot.answers["DescribeJob"] = lambda asked: described(asked["jobId"], targets=[arn(*targets[asked["jobId"]])])
    result = iot.run("list", "--target", target, "--format", "json")
    assert [job["id"] for job in json.loads(result.stdout)["jobs"]] == ["c", "a"]
    assert all("thingGroupName" not in asked for asked in iot.asked("ListJobs"))


def test_show(iot: FakeIot) -> None:
    """A job is shown with its executions, margins and configuration."""
    iot.answers["DescribeJob"] = described(
        counts={"queued": 5, "succeeded": 200, "failed": 3},
        abortConfig=ABORT,
        description="Install an image",
        jobTemplateArn=arn("jobtemplate", "firmware-update-abcdefghij"),
        jobExecutionsRetryConfig={"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 2}]},
        timeoutConfig={"inProgressTimeoutInMinutes": 60},
        schedulingConfig={"startTime": "2026-12-01T03:00", "endTime": "2026-12-02T03:00"},
        targets=[arn("thinggroup", "canary"), arn("thing", "gateway-1")],
    )
    iot.answers["ListTagsForResource"] = tags(environment="prod", things="500")
    result = iot.run("show", "update")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == f"""\
update
  status       IN_PROGRESS
  description  Install an image
  template     {arn("jobtemplate", "firmware-update-abcdefghij")}
  environment  prod
  target       group canary
               thing gateway-1
  selection    SNAPSHOT
  things       500 when the job was started
  created      2026-12-01 02:00:00 UTC
  updated      2026-12-01 02:00:00 UTC
  executions   5 queued, 200 succeeded, 3 failed
  rollout      50/min
  abort        FAILED 2.5 % of 200 or more: 3 of 203; fires after 3 more in a row
  retry        FAILED 2
  timeout      60 min in progress
  starts       2026-12-01T03:00 UTC
  ends         2026-12-02T03:00 UTC, STOP_ROLLOUT
  tag          iot-jobs:environment=prod
               iot-jobs:things=500
"""
    )
    data = json.loads(iot.run("show", "update", "--format", "json").stdout)
    assert data["criteria"] == [
        {"failure_type": "FAILED", "threshold_percentage": 2.5, "min_number_of_executed_things": 200,
         "failed": 3, "completed": 203, "fires_after": 3}
    ]  # fmt: skip
    assert data["members"]["timeout"] == {"in_progress_timeout_in_minutes": 60}
    assert data["executions"]["succeeded"] == 200


def test_no_id(iot: FakeIot) -> None:
    """An id that no request can hold is refused by botocore."""
    result = iot.run("show", "")
    assert (result.exit_code, iot.calls) == (2, [])
    assert "Invalid length for parameter jobId" in result.stderr


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_long_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a long list says from time to time how much there is, and leaves nothing behind."""
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    assert counted(range(999), "jobs") == [*range(999)]
    assert terminal.getvalue() == ""
    assert counted(range(2500), "jobs") == [*range(2500)]
    assert terminal.getvalue() == "\r1,000 jobs...\r2,000 jobs...\r\x1b[K"


@pytest.mark.parametrize("opening", ["2026-12-02T03:00:00", "2026-12-02T05:00:00+02:00", "2026-12-02T03:00:00Z"])
def test_openings(iot: FakeIot, opening: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An opening is in UTC, wherever the command runs."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    iot.answers["DescribeJob"] = described(scheduledJobRollouts=[{"startTime": opening}])
    iot.answers["ListTagsForResource"] = {"tags": []}
    assert "  next window  2026-12-02 03:00:00 UTC\n" in iot.run("show", "update").stdout
    monkeypatch.delenv("TZ")
    time.tzset()


@pytest.mark.parametrize(
    ("stdin", "stderr", "expected"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_somebody_can_answer(monkeypatch: pytest.MonkeyPatch, stdin: bool, stderr: bool, expected: bool) -> None:
    """A question needs somebody who reads it and somebody who answers."""
    monkeypatch.setattr(sys, "stdin", Terminal() if stdin else io.StringIO())
    monkeypatch.setattr(sys, "stderr", Terminal() if stderr else io.StringIO())
    assert Runtime().asks() is expected


def test_show_of_a_job_without_a_template(iot: FakeIot) -> None:
    """A job may have its document in S3, and nothing else."""
    iot.answers["DescribeJob"] = described(jobExecutionsRolloutConfig={}) | {"documentSource": "s3://bucket/key"}
    iot.answers["ListTagsForResource"] = {"tags": []}
    members = json.loads(iot.run("show", "update", "--format", "json").stdout)["members"]
    assert members == {"document_source": "s3://bucket/key", "target_selection": "SNAPSHOT"}
    assert "  rollout      1000/min\n  abort        never\n" in iot.run("show", "update").stdout


def test_queued_execution(iot: FakeIot) -> None:
    """An execution that hasn't started says so."""
    iot.answers["DescribeJobExecution"] = execution("t", startedAt=None)
    assert "  started      not yet\n" in iot.run("execution", "update", "t").stdout


def test_document(iot: FakeIot) -> None:
    """A document is printed as it is, but for what a terminal would obey."""
    iot.answers["GetJobDocument"] = {"document": '{\n\t"a": "é\x9b2J\x1b"}'}
    result = iot.run("document", "update", "--before-substitution")
    assert (result.exit_code, result.stdout) == (0, '{\n\t"a": "é\\u009b2J\\u001b"}\n')
    assert iot.asked("GetJobDocument") == [{"jobId": "update", "beforeSubstitution": True}]


def test_executions(iot: FakeIot) -> None:
    """All pages are read; what changed between two pages is listed once; the last updated is first."""
    items = [summary(f"t{index:04}", at=index) for index in range(5000)]
    iot.answers["ListJobExecutionsForJob"] = pages("executionSummaries", [*items, items[7], items[8]])
    result = iot.run("executions", "update", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "5000 executions\n")
    things = [each["thing"] for each in json.loads(result.stdout)["executions"]]
    assert things == [f"t{index:04}" for index in reversed(range(5000))]
    assert len(iot.asked("ListJobExecutionsForJob")) == 21


def test_executions_by_status(iot: FakeIot) -> None:
    """Several statuses are several lists, because AWS takes one."""
    iot.answers["ListJobExecutionsForJob"] = lambda asked: {
        "executionSummaries": [summary(f"t-{asked['status']}", asked["status"])]
    }
    result = iot.run("executions", "update", "--status", "FAILED", "--status", "TIMED_OUT")
    assert [line.split()[:4] for line in result.stdout.splitlines()[2:]] == [
        ["t-FAILED", "update", "1", "FAILED"], ["t-TIMED_OUT", "update", "1", "TIMED_OUT"]
    ]  # fmt: skip


def test_executions_of_a_thing(iot: FakeIot) -> None:
    """A thing has executions of several jobs."""
    given = [{"jobId": job, "jobExecutionSummary": summary("t")["jobExecutionSummary"]} for job in ("a", "b")]
    iot.answers["ListJobExecutionsForThing"] = {"executionSummaries": given}
    result = iot.run("executions", "--thing", "t", "--format", "json")
    assert [each["job"] for each in json.loads(result.stdout)["executions"]] == ["a", "b"]


@pytest.mark.parametrize("arguments", [(), ("update", "--thing", "t")])
def test_executions_of_one_of_both(iot: FakeIot, arguments: tuple[str, ...]) -> None:
    """Executions are those of a job or of a thing."""
    result = iot.run("executions", *arguments)
    assert (result.exit_code, iot.calls) == (2, [])


def test_execution(iot: FakeIot) -> None:
    """An execution is shown with what the device reported."""
    iot.answers["DescribeJobExecution"] = execution(
        "t",
        "IN_PROGRESS",
        2,
        approximateSecondsBeforeTimedOut=90,
        statusDetails={"detailsMap": {"step": "2", "b": "x"}},
    )
    result = iot.run("execution", "update", "t", "--number", "2")
    assert (
        result.stdout
        == """\
t
  job          update
  number       2
  status       IN_PROGRESS
  queued       2026-12-01 02:00:00 UTC
  started      2026-12-01 02:00:00 UTC
  updated      2026-12-01 02:00:00 UTC
  times out    in about 2 min
  reported     b=x
               step=2
"""
    )
    assert iot.asked("DescribeJobExecution") == [{"jobId": "update", "thingName": "t", "executionNumber": 2}]
    data = json.loads(iot.run("execution", "update", "t", "--format", "json").stdout)
    assert (data["details"], data["seconds_before_timeout"]) == ({"step": "2", "b": "x"}, 90)


def test_hostile_values(iot: FakeIot) -> None:
    """No value from AWS or a device can command the terminal or make a line."""
    iot.answers |= {
        "DescribeJob": described(comment=EVIL, reasonCode=EVIL, description=EVIL, status="CANCELED"),
        "ListTagsForResource": {"tags": [{"Key": EVIL, "Value": EVIL}]},
        "ListJobs": {"jobs": [listed(EVIL)]},
        "DescribeJobExecution": execution("t", EVIL, statusDetails={"detailsMap": {EVIL: EVIL}}),
        "ListJobExecutionsForJob": {"executionSummaries": [summary(EVIL, EVIL)]},
    }
    for arguments in (["show", "update"], ["list"], ["execution", "update", "t"], ["executions", "update"]):
        result = iot.run(*arguments)
        assert result.exit_code == 0
        assert all(line.isprintable() for line in result.stdout.splitlines())
        assert "x\n" not in result.stdout.replace("\\u000a", "")
        printed = iot.run(*arguments, *(["--format", "json"])).stdout
        assert not set("\x1b\x9b") & set(printed)


# Changing -----------------------------------------------------------------------------------------------------------------------

RUNNING = described(counts={"queued": 4, "in_progress": 5, "succeeded": 9, "failed": 3})
CANCELED = described(status="CANCELED", counts={"canceled": 4, "in_progress": 5, "succeeded": 9, "failed": 3})


def nothing_was_called(iot: FakeIot) -> bool:
    return not {*ACTING} & {*iot.operations}


EFFECTS = """\
cancel update:
  4 queued executions are canceled
  5 executions in progress run to completion
  79 things will never be notified
  a canceled job can't be resumed: to continue, start another job
"""


def test_cancel(iot: FakeIot) -> None:
    """It says what it does, does it with --yes, and prints what is there afterwards."""
    iot.answers |= {"DescribeJob": [RUNNING, CANCELED], "ListTagsForResource": tags(things="100"), "CancelJob": {}}
    result = iot.run("cancel", "update", "--yes", "--reason-code", "BAD_IMAGE", "--comment", "see ticket 7")
    assert (result.exit_code, result.stderr) == (0, EFFECTS)
    assert result.stdout == "update: CANCELED; 5 in progress, 9 succeeded, 3 failed, 4 canceled\n"
    assert iot.asked("CancelJob") == [
        {"jobId": "update", "force": False, "reasonCode": "BAD_IMAGE", "comment": "see ticket 7"}
    ]


def test_stop(iot: FakeIot) -> None:
    """The brake is a cancel without force, with a reason code of its own."""
    iot.answers |= {"DescribeJob": [RUNNING, CANCELED], "ListTagsForResource": tags(things="100"), "CancelJob": {}}
    assert iot.run("stop", "update", "--yes").exit_code == 0
    assert iot.asked("CancelJob") == [{"jobId": "update", "force": False, "reasonCode": "STOPPED_BY_OPERATOR"}]


@pytest.mark.parametrize(("answer", "called"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_it_asks(iot: FakeIot, answer: str, called: bool) -> None:
    """On a terminal it asks, and nothing but yes is yes."""
    iot.answers |= {"DescribeJob": [RUNNING, CANCELED], "ListTagsForResource": tags(things="100"), "CancelJob": {}}
    result = iot.run("cancel", "update", asks=True, input=answer)
    assert result.stderr.startswith(f"{EFFECTS}cancel update? [y/N]: ")
    assert (result.exit_code, bool(iot.asked("CancelJob"))) == (0 if called else 2, called)


ACTIONS = ["cancel update", "cancel update --force", "stop update", "slow update", "delete done",
           "update update --set description=x", "cancel-execution update t", "delete-execution update t"]  # fmt: skip


@pytest.fixture
def willing(iot: FakeIot) -> FakeIot:
    """A service that would do all that is asked of it."""
    done = described("done", "COMPLETED", counts={"succeeded": 9})
    iot.answers |= {operation: {} for operation in ACTING}
    iot.answers |= {
        "DescribeJob": lambda asked: done if asked["jobId"] == "done" else RUNNING,
        "DescribeJobExecution": execution("t"),
        "ListTagsForResource": {"tags": []},
        "ListJobs": {"jobs": []},
    }
    return iot


@pytest.mark.parametrize("command", ACTIONS)
def test_nobody_agreed(willing: FakeIot, command: str) -> None:
    """Without a terminal and without --yes nothing is done."""
    result = willing.run(*command.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("Error: nothing was done: there is no terminal to ask on; add --yes to agree\n")
    assert nothing_was_called(willing)


@pytest.mark.parametrize("command", ACTIONS)
def test_somebody_agreed(willing: FakeIot, command: str) -> None:
    """With --yes one call is made, with force only where it was asked for."""
    assert willing.run(*command.split(), "--yes").exit_code == 0
    (call,) = [call for call in willing.calls if call.operation in ACTING]
    assert call.members.get("force", False) == ("--force" in command)


REFUSED = [
    (described(status="COMPLETED"), "cancel update", "it is COMPLETED"),
    (described(status="CANCELED"), "stop update", "it is CANCELED"),
    (described(status="DELETION_IN_PROGRESS"), "cancel update --force", "it is DELETION_IN_PROGRESS"),
    (RUNNING, "delete update", "it is IN_PROGRESS; cancel it first, or add --force"),
    (described(status="DELETION_IN_PROGRESS"), "delete update --force", "it is being deleted already"),
    (described(status="SCHEDULED"), "update update --set description=x", "it is SCHEDULED"),
    (described(status="COMPLETED"), "slow update", "it is COMPLETED"),
    (RUNNING, 'update update --set retry={"criteria":[{"failure_type":"FAILED","number_of_retries":0}]}',
     "it was created without retries"),
]  # fmt: skip


@pytest.mark.parametrize(("job", "command", "reason"), REFUSED)
def test_refused_before_the_call(willing: FakeIot, job: dict[str, Any], command: str, reason: str) -> None:
    """What AWS would refuse is refused with the reason, also with --yes, and AWS isn't asked."""
    willing.answers["DescribeJob"] = job
    result = willing.run(*command.split(), "--yes")
    assert (result.exit_code, result.stdout, nothing_was_called(willing)) == (2, "", True)
    assert result.stderr.startswith(
        f"Error: can't {command.split(maxsplit=1)[0].replace('stop', 'cancel').replace('slow', 'update')} update: {reason}"
    )


@pytest.mark.parametrize(
    ("status", "command", "reason"),
    [
        (
            "IN_PROGRESS",
            "cancel-execution",
            "it is IN_PROGRESS; add --force to cancel it while the device is working on it",
        ),
        ("SUCCEEDED", "cancel-execution", "it has already ended: SUCCEEDED"),
        (
            "IN_PROGRESS",
            "delete-execution",
            "it is IN_PROGRESS; add --force to delete it while the device is working on it",
        ),
    ],
)
def test_executions_are_refused_before_the_call(willing: FakeIot, status: str, command: str, reason: str) -> None:
    """So it is for executions."""
    willing.answers["DescribeJobExecution"] = execution("t", status, 3)
    result = willing.run(command, "update", "t", "--yes")
    verb = command.partition("-")[0]
    assert (result.exit_code, nothing_was_called(willing)) == (2, True)
    assert result.stderr == f"Error: can't {verb} execution 3 of update on t: {reason}\n"


def test_ten_deletions_at_a_time(willing: FakeIot) -> None:
    """The eleventh deletion isn't tried: botocore would take AWS's refusal for throttling, and try it three times."""
    willing.answers["ListJobs"] = {"jobs": [listed(f"gone-{index}") for index in range(10)]}
    result = willing.run("delete", "done", "--yes")
    assert (result.exit_code, nothing_was_called(willing)) == (2, True)
    assert "10 jobs are being deleted, and AWS allows 10" in result.stderr
    assert willing.asked("ListJobs") == [{"status": "DELETION_IN_PROGRESS", "maxResults": 250}]


def test_versions(willing: FakeIot) -> None:
    """A cancellation is of what was shown: an execution that has changed meanwhile is refused by AWS, and says so."""
    willing.answers["CancelJobExecution"] = Refusal("VersionConflictException", "Version mismatch", 409)
    result = willing.run("cancel-execution", "update", "t", "--yes")
    assert willing.asked("CancelJobExecution")[0]["expectedVersion"] == 1
    assert result.stderr.endswith(
        "Error: iot:CancelJobExecution: VersionConflictException: Version mismatch; "
        "its state has changed: check it again\n"
    )


def test_delete_execution(willing: FakeIot) -> None:
    """AWS requires the number of the execution, which is the latest one's unless it is given."""
    willing.answers["DescribeJobExecution"] = lambda asked: execution("t", "FAILED", asked.get("executionNumber", 7))
    assert willing.run("delete-execution", "update", "t", "--yes").exit_code == 0
    assert willing.run("delete-execution", "update", "t", "--yes", "--number", "2").exit_code == 0
    assert [asked["executionNumber"] for asked in willing.asked("DeleteJobExecution")] == [7, 2]


@pytest.mark.parametrize(
    "options", ["--reason-code bad_image", "--reason-code A-B", "--comment \x07", "--comment ''",
                f"--reason-code {'A' * 129}", f"--comment {'a' * 2029}"]
)  # fmt: skip
def test_reasons(willing: FakeIot, options: str) -> None:
    """A code or comment that AWS would refuse is a usage error."""
    result = willing.run("cancel", "update", "--yes", *shlex.split(options))
    assert (result.exit_code, willing.calls) == (2, [])


def test_update(willing: FakeIot) -> None:
    """An update sends whole members, and shows what changes as a review does."""
    exponential = {
        "baseRatePerMinute": 20, "incrementFactor": 1.5, "rateIncreaseCriteria": {"numberOfSucceededThings": 500}
    }  # fmt: skip
    rollout = {"maximumPerMinute": 500, "exponentialRate": exponential}
    willing.answers["DescribeJob"] = described(jobExecutionsRolloutConfig=rollout, abortConfig=ABORT)
    result = willing.run(
        "update", "update", "--yes", "--set", "rollout.maximum_per_minute=1000",
        "--set", "abort.criteria[FAILED].threshold_percentage=5",
    )  # fmt: skip
    assert result.exit_code == 0
    assert result.stdout == "update: updated rollout, abort\n"
    directions = [line.split(":")[0].strip() for line in result.stderr.splitlines()[1:-1]]
    assert directions == ["riskier", "riskier"]
    assert "rollout.maximum_per_minute: 500 things per minute -> 1000 things per minute" in result.stderr
    assert result.stderr.endswith("  AWS replaces rollout and abort as a whole\n")
    assert willing.asked("UpdateJob") == [
        {
            "jobId": "update",
            "jobExecutionsRolloutConfig": rollout | {"maximumPerMinute": 1000},
            "abortConfig": {"criteriaList": [ABORT["criteriaList"][0] | {"thresholdPercentage": 5}]},
        }
    ]


@pytest.mark.parametrize(
    "value", ["rollout.maximum_per_minute=0", "rolout=1", "rollout.maximum_per_minute", "timeout={}"]
)
def test_update_with_errors(willing: FakeIot, value: str) -> None:
    """Values that `check` would refuse are listed, with exit code 1, and AWS isn't asked."""
    result = willing.run("update", "update", "--yes", "--set", value)
    assert (result.exit_code, nothing_was_called(willing)) == (1, True)
    assert result.stdout.startswith("error JT")


@pytest.mark.parametrize(("before", "line"), [(None, "nothing -> new"), ("old", "old -> new")])
def test_update_of_the_description(willing: FakeIot, before: str | None, line: str) -> None:
    """A job may have no description."""
    willing.answers["DescribeJob"] = described(description=before)
    result = willing.run("update", "update", "--yes", "--set", "description=new")
    assert f"  neutral: description: {line} (" in result.stderr
    assert willing.asked("UpdateJob") == [{"jobId": "update", "description": "new"}]


def test_update_of_nothing(willing: FakeIot) -> None:
    """What is there already isn't sent."""
    result = willing.run("update", "update", "--yes", "--set", "rollout.maximum_per_minute=50")
    assert (result.exit_code, result.stdout, nothing_was_called(willing)) == (0, "update: nothing changes\n", True)


@pytest.mark.parametrize(
    "meanwhile", [described(jobExecutionsRolloutConfig={"maximumPerMinute": 7}), described(status="CANCELED")]
)
def test_update_of_what_somebody_else_changed(willing: FakeIot, meanwhile: dict[str, Any]) -> None:
    """Between the question and the call the job is read again: another operator's change isn't overwritten."""
    willing.answers["DescribeJob"] = [described(), meanwhile]
    result = willing.run("slow", "update", "--yes")
    assert (result.exit_code, nothing_was_called(willing)) == (2, True)
    assert "update was changed in the meantime" in result.stderr


def test_slow(willing: FakeIot) -> None:
    """The other brake sets one thing a minute, and says how to go on."""
    rollout = {"maximumPerMinute": 500}
    willing.answers["DescribeJob"] = described(jobExecutionsRolloutConfig=rollout)
    result = willing.run("slow", "update", "--yes")
    assert willing.asked("UpdateJob") == [{"jobId": "update", "jobExecutionsRolloutConfig": {"maximumPerMinute": 1}}]
    (line,) = [line for line in result.stderr.splitlines() if "to go on" in line]
    command = shlex.split(line.partition("as before: ")[2])
    assert command[:3] == ["iot-jobs", "jobs", "update"]
    willing.answers["DescribeJob"] = described(jobExecutionsRolloutConfig={"maximumPerMinute": 1})
    assert willing.run(*command[2:], "--yes").exit_code == 0
    assert willing.asked("UpdateJob")[-1] == {"jobId": "update", "jobExecutionsRolloutConfig": rollout}
