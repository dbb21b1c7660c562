"""AWS IoT as a transport below boto3 with answers of our own and a clock of its own: no port, no network, no waiting.

botocore builds, signs, retries and parses as always. An answer is a response's members, an exception that is raised in
place of a response, a `Refusal`, or a function of the request's members that returns one of these. Of a list each call
takes the next, and the last one stays.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.loaders import create_loader
from click.testing import CliRunner, Result

from iot_jobs.cli import main
from iot_jobs.cli.runtime import Runtime

START = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
_LOADER = create_loader()
"""Shared, because to read the service's model takes most of the time of a short test."""
REGION, ACCOUNT = "eu-west-1", "123456789012"


class Refusal(NamedTuple):
    """An error of the service."""

    code: str
    message: str = "no"
    status: int = 400


class Call(NamedTuple):
    """A request that reached the service, and when. botocore's retries are requests too."""

    operation: str
    members: Mapping[str, Any]
    at: datetime


class _Body(io.BytesIO):
    """The body of a response, as urllib3 has it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


class FakeIot:
    """The service, its clock, and what it was asked."""

    def __init__(self) -> None:
        self.time = START
        self.calls: list[Call] = []
        self.sessions = 0
        self.answers: dict[str, Any] = {}
        self._members: Mapping[str, Any] = {}

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def session(self) -> Any:
        """A boto3 session with nobody's keys, whose clients get their answers here."""
        self.sessions += 1
        session = botocore.session.Session()
        session.register_component("data_loader", _LOADER)
        session = boto3.Session("test", "test", region_name=REGION, botocore_session=session)
        session.events.register("before-parameter-build", self._note)
        session.events.register("before-send", self._answer)
        return session

    def asked(self, operation: str) -> list[Mapping[str, Any]]:
        """The members of the requests of an operation."""
        return [call.members for call in self.calls if call.operation == operation]

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def run(self, *arguments: str, group: str = "jobs", asks: bool = False, **more: Any) -> Result:
        """Run a command against this service, at its time. `asks` says that there is somebody to answer."""
        runtime = Runtime(session=self.session, now=self.now, sleep=self.sleep, random=lambda: 0.5, asks=lambda: asks)
        return CliRunner().invoke(
            main, [group, *arguments], obj=runtime, prog_name="iot-jobs", catch_exceptions=False, **more
        )

    def _note(self, params: Mapping[str, Any], **_: Any) -> None:
        self._members = dict(params)

    def _answer(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        self.calls.append(Call(operation, self._members, self.time))
        answer = self.answers[operation]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer(self._members)
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = 200, {}, answer
        if isinstance(answer, Refusal):
            status, headers = answer.status, {"x-amzn-errortype": answer.code}
            body = {"message": answer.message, "__type": answer.code}
        return AWSResponse(request.url, status, headers, _Body(json.dumps(body).encode()))


@pytest.fixture
def iot(monkeypatch: pytest.MonkeyPatch) -> FakeIot:
    """The service, without botocore's own retries, which sleep: a test that is about them asks for them."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return FakeIot()


def arn(kind: str, name: str) -> str:
    """An ARN of the service's account and region."""
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:{kind}/{name}"


def described(job_id: str = "update", status: str = "IN_PROGRESS", **members: Any) -> dict[str, Any]:
    """A response of DescribeJob. `counts` are by status in small letters, all others are members of the job."""
    counts = members.pop("counts", {})
    job = {
        "jobId": job_id,
        "jobArn": arn("job", job_id),
        "status": status,
        "targetSelection": "SNAPSHOT",
        "targets": [arn("thinggroup", "canary")],
        "createdAt": START.timestamp(),
        "lastUpdatedAt": START.timestamp(),
        "isConcurrent": status == "IN_PROGRESS",
        "jobProcessDetails": {
            f"numberOf{''.join(map(str.capitalize, name.split('_')))}Things": number for name, number in counts.items()
        },
        "timeoutConfig": {},
        "schedulingConfig": {},
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 50},
    }
    return {"job": job | members}


def tags(**values: str) -> dict[str, Any]:
    """A response of ListTagsForResource with ours; `_` stands for `-`."""
    return {"tags": [{"Key": f"iot-jobs:{key.replace('_', '-')}", "Value": value} for key, value in values.items()]}


def execution(thing: str, status: str = "QUEUED", number: int = 1, **members: Any) -> dict[str, Any]:
    """A response of DescribeJobExecution."""
    return {
        "execution": {
            "jobId": "update",
            "thingArn": arn("thing", thing),
            "status": status,
            "executionNumber": number,
            "versionNumber": 1,
            "queuedAt": START.timestamp(),
            "startedAt": START.timestamp(),
            "lastUpdatedAt": START.timestamp(),
            **members,
        }
    }


def summary(thing: str, status: str = "QUEUED", number: int = 1, at: float = 0) -> dict[str, Any]:
    """An item of ListJobExecutionsForJob, updated `at` seconds after the start."""
    return {
        "thingArn": arn("thing", thing),
        "jobExecutionSummary": {
            "status": status,
            "executionNumber": number,
            "queuedAt": START.timestamp(),
            "lastUpdatedAt": START.timestamp() + at,
        },
    }


def over_time(iot: FakeIot, *changes: tuple[float, Any]) -> Any:
    """An answer that is each of these from its minute on."""

    def answer(_: Mapping[str, Any]) -> Any:
        minutes = (iot.time - START) / timedelta(minutes=1)
        return [value for minute, value in changes if minute <= minutes][-1]

    return answer
