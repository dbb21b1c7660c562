"""The commands about jobs against a local AWS that rolls out and aborts, and devices that report to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from iot_jobs.aws import Aws
from iot_jobs.cli import main
from iot_jobs.jobs import of_cancel, of_cancel_execution, of_delete, of_delete_execution, update_refused
from tools.local_aws import LocalAws, local_aws

pytestmark = pytest.mark.e2e

TESTS = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
RATE = 60
"""Things a minute, and a minute is half a second."""
ABORT = {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 20, "minNumberOfExecutedThings": 10}


class Fleet:
    """A local AWS with devices. Each test has a group of its own, whose things have its name."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        settings = {"region_name": aws.region, "endpoint_url": aws.endpoint_url}
        session = boto3.Session(aws_access_key_id=aws.account, aws_secret_access_key="test")
        self.iot, self.devices, self.ssm = (
            session.client(name, **settings) for name in ("iot", "iot-jobs-data", "ssm")
        )
        self.client = Aws(region=aws.region, endpoint_url=aws.endpoint_url, session=lambda: session)

    def close(self) -> None:
        """Close the connections."""
        for client in (self.iot, self.devices, self.ssm):
            client.close()

    def group(self, name: str, things: int) -> list[str]:
        """A group with this many new things."""
        self.iot.create_thing_group(thingGroupName=name)
        names = [f"{name}-{index}" for index in range(things)]
        for thing in names:
            self.iot.create_thing(thingName=thing)
            self.iot.add_thing_to_thing_group(thingGroupName=name, thingName=thing)
        return names

    def template(self, name: str, **members: Any) -> str:
        """A template that the environment `test` publishes."""
        created = self.iot.create_job_template(
            jobTemplateId=f"{name}-abcdefghij", description=name, document='{"a": 1}', **members
        )
        self.ssm.put_parameter(Name=f"/iot-jobs/test/{name}", Value=created["jobTemplateArn"], Type="String")
        return str(created["jobTemplateArn"])

    def report(self, job_id: str, things: Sequence[str], status: str) -> None:
        """Let these things report a status."""
        for thing in things:
            self.devices.update_job_execution(
                jobId=job_id, thingName=thing, status=status, statusDetails={"reason": "none"}
            )

    def run(self, *arguments: str) -> Result:
        """Run a command."""
        where = ("--region", self.aws.region, "--endpoint-url", self.aws.endpoint_url)
        group, command, *others = arguments
        return CliRunner().invoke(main, [group, command, *where, *others], prog_name="iot-jobs", catch_exceptions=False)

    def start(self, name: str, *options: str) -> Result:
        """Start the job `name` of the template and group of the same name."""
        target = ("--environment", "test", "--to", f"group/{name}", "--job-id", name)
        return self.run("jobs", "start", name, *target, "--yes", *options)


@pytest.fixture(scope="module")
def running() -> Iterator[Fleet]:
    with local_aws(program=(TESTS / "quick_ministack.py",)) as aws:
        fleet = Fleet(aws)
        yield fleet
        fleet.close()


@pytest.fixture
def fleet(running: Fleet, monkeypatch: pytest.MonkeyPatch, here: Path) -> Fleet:
    """The service, in an empty folder and with its settings in the environment."""
    for name, value in running.aws.environ.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return running


def eventually(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("count", [130, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_rollout(fleet: Fleet, count: int) -> None:
    """A job is started by its template's name and watched to its end, while devices report; the course makes sense."""
    name, rate = f"rollout-{count}", f"rollout.maximum_per_minute={RATE}"
    fleet.group(name, count)
    fleet.template(name, jobExecutionsRolloutConfig={"maximumPerMinute": 1000})
    result = fleet.start(name, "--set", rate)
    assert (result.exit_code, result.stdout) == (0, f"{name}: started\n")
    assert f"to group {name}: {count:,} things" in result.stderr

    def devices() -> None:
        done = 0
        while done < count:
            queued = [each.thing for each in fleet.client.executions_of_job(name, statuses=["QUEUED"])]
            fleet.report(name, queued, "SUCCEEDED")
            done += len(queued)

    reporting = threading.Thread(target=devices)
    reporting.start()
    watched = fleet.run("jobs", "watch", name, "--json", "--interval", "1s", "--max-failed", "0")
    reporting.join()
    assert watched.exit_code == 0
    states = [json.loads(line) for line in watched.stdout.splitlines()]
    assert [state["verdict"] for state in states[:-1]] == [None] * (len(states) - 1)
    assert states[-1]["executions"] == dict.fromkeys(states[-1]["executions"], 0) | {"succeeded": count}
    assert [state["notified"] for state in states] == sorted(state["notified"] for state in states)
    assert {state["things"] for state in states} == {count}
    assert states[-1]["phase"] == "completed"
    again = fleet.start(name, "--set", rate)
    assert (again.exit_code, again.stdout) == (0, f"{name}: already exists, started by the same request; COMPLETED\n")
    other = fleet.start(name, "--set", "rollout.maximum_per_minute=7")
    assert (other.exit_code, "differs in rollout" in other.stderr) == (2, True)


def test_notified(fleet: Fleet) -> None:
    """A watch may end once all things are notified, and the job goes on."""
    fleet.group("notified", 100)
    fleet.template("notified")
    assert fleet.start("notified", "--set", f"rollout.maximum_per_minute={RATE}").exit_code == 0
    result = fleet.run("jobs", "watch", "notified", "--until", "notified", "--interval", "1s")
    assert result.exit_code == 0
    assert "notified: all things are notified; 100 queued\n" in result.stdout


@pytest.mark.parametrize(("succeeded", "failed"), [(0, 0), (8, 1), (12, 0), (20, 4)])
def test_the_margin_is_the_services(fleet: Fleet, succeeded: int, failed: int) -> None:
    """After as many failures in a row as the margin says, and after no fewer, the service aborts the job."""
    name = f"abort-{succeeded}-{failed}"
    things = iter(fleet.group(name, 40))
    fleet.template(name, abortConfig={"criteriaList": [ABORT]})
    assert fleet.start(name).exit_code == 0
    for status, count in (("SUCCEEDED", succeeded), ("FAILED", failed)):
        fleet.report(name, [next(things) for _ in range(count)], status)
    shown = json.loads(fleet.run("jobs", "show", name, "--format", "json").stdout)
    fires_after = shown["criteria"][0]["fires_after"]
    assert fires_after > 0
    fleet.report(name, [next(things) for _ in range(fires_after - 1)], "FAILED")
    assert fleet.client.job(name).status == "IN_PROGRESS"
    fleet.report(name, [next(things)], "FAILED")
    assert fleet.client.job(name).status == "CANCELED"
    result = fleet.run("jobs", "watch", name, "--interval", "1s")
    assert result.exit_code == 1
    assert f"{name}: aborted by its criteria: Abort criteria for failure type FAILED" in result.stdout
    assert "FAILED: reason=none" in result.stdout


def test_brakes(fleet: Fleet) -> None:
    """A job is slowed down, is brought back, and is stopped while devices are at it; then they finish."""
    things = fleet.group("brakes", 100)
    fleet.template("brakes", jobExecutionsRolloutConfig={"maximumPerMinute": 10}, abortConfig={"criteriaList": [ABORT]})
    assert fleet.start("brakes").exit_code == 0
    slowed = fleet.run("jobs", "slow", "brakes", "--yes")
    assert (slowed.exit_code, slowed.stdout) == (0, "brakes: updated rollout\n")
    assert fleet.client.job("brakes").members["rollout"] == {"maximum_per_minute": 1}
    assert fleet.run("jobs", "update", "brakes", "--yes", "--set", "rollout.maximum_per_minute=2",
                     "--set", "abort.criteria[FAILED].threshold_percentage=50").exit_code == 0  # fmt: skip
    members = fleet.client.job("brakes").members
    assert members["rollout"] == {"maximum_per_minute": 2}
    assert members["abort"]["criteria"][0]["threshold_percentage"] == 50
    fleet.report("brakes", things[:3], "IN_PROGRESS")
    stopped = fleet.run("jobs", "stop", "brakes", "--yes", "--comment", "see ticket 7")
    assert (stopped.exit_code, stopped.stdout.startswith("brakes: CANCELED; 3 in progress")) == (0, True)
    assert "3 executions in progress run to completion\n" in stopped.stderr
    short = fleet.run("jobs", "watch", "brakes", "--interval", "1s", "--timeout", "1s")
    assert (short.exit_code, "3 not finished yet" in short.stdout) == (1, True)
    fleet.report("brakes", things[:3], "SUCCEEDED")
    over = fleet.run("jobs", "watch", "brakes", "--interval", "1s")
    assert (over.exit_code, "canceled: STOPPED_BY_OPERATOR, see ticket 7; 3 succeeded" in over.stdout) == (1, True)
    assert fleet.run("jobs", "delete", "brakes", "--yes").exit_code == 0
    assert fleet.run("jobs", "show", "brakes").exit_code == 2


def test_reading(fleet: Fleet) -> None:
    """What is there is listed in full, and one execution can be canceled and deleted."""
    things = fleet.group("reading", 300)
    fleet.template("reading")
    assert fleet.start("reading").exit_code == 0
    fleet.report("reading", things[:2], "FAILED")
    listed = json.loads(fleet.run("jobs", "list", "--format", "json", "--target", "group/reading").stdout)["jobs"]
    assert [job["id"] for job in listed] == ["reading"]
    assert fleet.run("jobs", "document", "reading").stdout == '{"a": 1}\n'
    found = json.loads(fleet.run("jobs", "executions", "reading", "--format", "json").stdout)["executions"]
    assert {each["thing"] for each in found} == set(things)
    failed = fleet.run("jobs", "executions", "reading", "--status", "FAILED")
    assert failed.stderr == "2 executions\n"
    of_thing = fleet.run("jobs", "executions", "--thing", things[0])
    assert of_thing.stderr == "1 execution\n"
    assert "  reported     reason=none\n" in fleet.run("jobs", "execution", "reading", things[0]).stdout
    canceled = fleet.run("jobs", "cancel-execution", "reading", things[5], "--yes")
    assert (canceled.exit_code, canceled.stdout) == (0, f"{things[5]}: CANCELED\n")
    assert fleet.run("jobs", "delete-execution", "reading", things[5], "--yes").exit_code == 0
    assert fleet.run("jobs", "execution", "reading", things[5]).exit_code == 2


def refuses(call: Callable[..., Any], **members: Any) -> bool:
    """Whether the service refuses a request because of a state."""
    try:
        call(**members)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("InvalidStateTransitionException", "InvalidRequestException")
        return True
    return False


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("status", ["IN_PROGRESS", "COMPLETED", "CANCELED"])
def test_what_we_refuse_the_service_refuses(fleet: Fleet, status: str, force: bool) -> None:
    """For each status of a job the service's refusals are those that are known before the call, and no others."""
    thing = f"state-{status}-{force}"
    fleet.iot.create_thing(thingName=thing)
    arn = fleet.client.thing_arn(thing)

    def prepared(job_id: str) -> Any:
        fleet.iot.create_job(jobId=job_id, targets=[arn], document="{}")
        if status == "COMPLETED":
            fleet.report(job_id, [thing], "SUCCEEDED")
        if status == "CANCELED":
            fleet.iot.cancel_job(jobId=job_id)
        return fleet.client.job(job_id)

    job = prepared(f"{thing}-a")
    assert (update_refused(job, {"description": "x"}) is not None) == refuses(
        fleet.iot.update_job, jobId=job.job_id, description="x"
    )
    assert (of_cancel(job, force=force).refused is not None) == refuses(
        fleet.iot.cancel_job, jobId=job.job_id, force=force
    )
    job = prepared(f"{thing}-b")
    assert (of_delete(job, force=force, deletions=0).refused is not None) == refuses(
        fleet.iot.delete_job, jobId=job.job_id, force=force
    )


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("status", ["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"])
def test_what_we_refuse_of_executions(fleet: Fleet, status: str, force: bool) -> None:
    """So it is for each status of an execution."""
    thing = f"execution-{status}-{force}"
    fleet.iot.create_thing(thingName=thing)
    arn = fleet.client.thing_arn(thing)
    for number, (of, call) in enumerate(
        (
            (of_cancel_execution, fleet.iot.cancel_job_execution),
            (of_delete_execution, fleet.iot.delete_job_execution),
        )
    ):
        job_id = f"{thing}-{number}"
        fleet.iot.create_job(jobId=job_id, targets=[arn], document="{}")
        if status != "QUEUED":
            fleet.report(job_id, [thing], status)
        more = {"executionNumber": 1} if number else {}
        execution = fleet.client.execution(job_id, thing)
        assert (of(execution, force=force).refused is not None) == refuses(
            call, jobId=job_id, thingName=thing, force=force, **more
        )


def test_a_watcher_that_is_interrupted(fleet: Fleet) -> None:
    """^C leaves the job alone; another watch takes it up, and a second one sees the same."""
    things = fleet.group("resumed", 20)
    fleet.template("resumed")
    assert fleet.start("resumed").exit_code == 0
    command = [str(BIN / "iot-jobs"), "jobs", "watch", "resumed", "--interval", "1s"]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ)
    assert first.stdout is not None
    assert "resumed: IN_PROGRESS" in first.stdout.readline()
    first.send_signal(signal.SIGINT)
    _, errors = first.communicate(timeout=30)
    assert first.returncode == 130
    assert errors.endswith("the job continues in AWS; to watch it again: iot-jobs jobs watch resumed\n")
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) for _ in range(2)]
    fleet.report("resumed", things, "SUCCEEDED")
    for watcher in both:
        output, _ = watcher.communicate(timeout=60)
        assert (watcher.returncode, output.splitlines()[-1]) == (0, "resumed: completed; 20 succeeded")


def test_templates(fleet: Fleet, here: Path) -> None:
    """Deployed templates are compared with the files: as declared, edited, missing and left over."""
    for folder in ("stacks/environments", "stacks/templates", "job_documents"):
        (here / folder).mkdir(parents=True)
    (here / "job_documents/reboot.json").write_text('{"operation": "reboot.sh"}')
    (here / "stacks/environments/other.yaml").write_text(
        f'name: other\naccount: "{fleet.aws.account}"\nregion: {fleet.aws.region}\nfleet: {{things: 10}}\n'
        "templates:\n  same: {}\n  edited: {}\n  missing: {}\n"
    )
    for name in ("same", "edited", "missing"):
        (here / f"stacks/templates/{name}.yaml").write_text(
            f"description: {name}\ndocument: reboot.json\nrollout: {{maximum_per_minute: 50}}\n"
            "abort: {criteria: [{failure_type: FAILED, threshold_percentage: 10, min_number_of_executed_things: 5}]}\n"
        )
    for name, rate in (("same", 50), ("edited", 60)):
        fleet.iot.create_job_template(
            jobTemplateId=f"{name}-abcdefghij",
            description=name,
            document='{"operation": "reboot.sh"}',
            jobExecutionsRolloutConfig={"maximumPerMinute": rate},
            abortConfig={"criteriaList": [ABORT | {"thresholdPercentage": 10, "minNumberOfExecutedThings": 5}]},
        )
        arn = fleet.client.template(f"{name}-abcdefghij")["jobTemplateArn"]
        fleet.ssm.put_parameter(Name=f"/iot-jobs/other/{name}", Value=arn, Type="String")
    fleet.iot.create_job_template(jobTemplateId="old-abcdefghij", description="x", document="{}")
    fleet.iot.create_job_template(jobTemplateId="not-of-ours", description="x", document="{}")
    result = fleet.run("templates", "drift", "--environment", "other", "--format", "json")
    assert result.exit_code == 1
    standing = {
        each["name"]: (each["standing"], each["differences"]) for each in json.loads(result.stdout)["templates"]
    }
    assert standing["same"] == ("as declared", [])
    assert standing["edited"] == ("differs", ["rollout.maximum_per_minute"])
    assert standing["missing"] == ("missing", [])
    assert standing["old"] == ("left over", [])
    assert "not-of-ours" not in standing
    assert "aws iot delete-job-template --job-template-id old-abcdefghij" in fleet.run("templates", "drift").stdout
    shown = fleet.run("templates", "show", "same")
    assert "  rollout      50/min\n" in shown.stdout
    assert fleet.run("templates", "show", "nowhere").exit_code == 2
