"""Jobs and executions as AWS describes them, typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from iot_jobs.cloudformation import API_JOB, values, without_nulls
from iot_jobs.template import JobSpec
from iot_jobs.template.job import instant

ABORTED = "ABORT_CANCEL"
"""The reason code of a job that its abort criteria canceled. Measured: AWS documents no text."""

JOB_STATUSES = ("SCHEDULED", "IN_PROGRESS", "COMPLETED", "CANCELED", "DELETION_IN_PROGRESS")
EXECUTION_STATUSES = ("QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED")
"""The values of `JobStatus` and `JobExecutionStatus` in the API's model."""
OPEN_STATUSES = ("QUEUED", "IN_PROGRESS")
"""The statuses of an execution that has not ended."""


class Counts(NamedTuple):
    """The executions of a job by status. A thing that was retried counts once for each of its executions."""

    queued: int = 0
    in_progress: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    rejected: int = 0
    removed: int = 0
    canceled: int = 0

    @property
    def notified(self) -> int:
        """All executions: one for each notified thing, and the retries."""
        return sum(self)

    @property
    def open(self) -> int:
        """The executions that have not ended."""
        return self.queued + self.in_progress

    @property
    def completed(self) -> int:
        """The executions that have ended, in whatever way."""
        return self.notified - self.open

    @property
    def failing(self) -> int:
        """The executions that FAILED, TIMED_OUT or were REJECTED."""
        return self.failed + self.timed_out + self.rejected

    def of(self, failure_type: str) -> int:
        """Return the executions that an abort criterion of this failure type counts.

        Assumed: ALL counts those that FAILED, TIMED_OUT or were REJECTED.
        """
        return self.failing if failure_type == "ALL" else int(getattr(self, failure_type.lower()))


class Summary(NamedTuple):
    """A job in a list of jobs."""

    job_id: str
    arn: str
    status: str
    target_selection: str
    created_at: datetime
    last_updated_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as `DescribeJob` returns it. `members` are what it was created with, in our words."""

    job_id: str
    arn: str
    status: str
    targets: tuple[str, ...]
    members: Mapping[str, Any]
    counts: Counts
    is_concurrent: bool
    """True while AWS notifies things or cancels executions. Measured: false once all things are notified."""
    created_at: datetime
    last_updated_at: datetime
    completed_at: datetime | None = None
    reason_code: str | None = None
    comment: str | None = None
    force_canceled: bool = False
    openings: tuple[datetime, ...] = ()
    """The next openings of its maintenance windows, seven at most."""

    @property
    def continuous(self) -> bool:
        """True if things that join its groups later are notified too."""
        return self.members.get("target_selection") == "CONTINUOUS"

    @property
    def ends(self) -> bool:
        """True if the job can complete: a continuous one does only at its end time.

        https://docs.aws.amazon.com/iot/latest/developerguide/iot-jobs-lifecycle.html
        """
        return not self.continuous or self.scheduled("end_time") is not None

    @property
    def starts_at(self) -> datetime:
        """The time from which things are notified: the scheduled start, or the creation."""
        return self.scheduled("start_time") or self.created_at

    @cached_property
    def spec(self) -> JobSpec:
        """The members as a model; what breaks a rule, or is left out of the answer, is unknown."""
        return JobSpec.judge(self.members)[0]

    def scheduled(self, name: str) -> datetime | None:
        """Return `start_time` or `end_time`, None if it isn't set or is no time."""
        at = instant((self.members.get("scheduling") or {}).get(name))
        return at and at.replace(tzinfo=UTC)

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Job:
        """Return the job in a response of `DescribeJob`."""
        given: Mapping[str, Any] = without_nulls(answer["job"])
        asked = {key: value for key, value in given.items() if key in API_JOB.keys}
        if answer.get("documentSource"):
            asked["documentSource"] = answer["documentSource"]
        members, _ = values(asked, API_JOB)
        counted = given.get("jobProcessDetails", {})
        openings = (opening.get("startTime") for opening in given.get("scheduledJobRollouts", ()))
        return cls(
            job_id=given["jobId"],
            arn=given["jobArn"],
            status=given["status"],
            targets=tuple(given.get("targets", ())),
            members=members,
            counts=Counts(*(counted.get(f"numberOf{_camel(field)}Things", 0) for field in Counts._fields)),
            is_concurrent=given.get("isConcurrent", False),
            created_at=given["createdAt"].astimezone(UTC),
            last_updated_at=given["lastUpdatedAt"].astimezone(UTC),
            completed_at=_utc(given.get("completedAt")),
            reason_code=given.get("reasonCode"),
            comment=given.get("comment"),
            force_canceled=given.get("forceCanceled", False),
            openings=tuple(map(_opening, filter(None, openings))),
        )


@dataclass(frozen=True, kw_only=True)
class Execution:
    """A try of one thing at a job. `details` are what the device reported, None in a list."""

    job_id: str
    thing: str
    number: int
    status: str
    queued_at: datetime
    started_at: datetime | None
    last_updated_at: datetime
    retry_attempt: int | None = None
    version: int | None = None
    seconds_before_timeout: int | None = None
    force_canceled: bool = False
    details: Mapping[str, str] | None = None

    @classmethod
    def listed(cls, summary: Mapping[str, Any], *, job_id: str, thing: str) -> Execution:
        """Return an execution from the summary in a list."""
        return cls(
            job_id=job_id,
            thing=thing,
            number=summary["executionNumber"],
            status=summary["status"],
            queued_at=summary["queuedAt"].astimezone(UTC),
            started_at=_utc(summary.get("startedAt")),
            last_updated_at=summary["lastUpdatedAt"].astimezone(UTC),
            retry_attempt=summary.get("retryAttempt"),
        )

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Execution:
        """Return the execution in a response of `DescribeJobExecution`."""
        given = answer["execution"]
        return cls(
            job_id=given["jobId"],
            thing=thing_name(given["thingArn"]),
            number=given["executionNumber"],
            status=given["status"],
            queued_at=given["queuedAt"].astimezone(UTC),
            started_at=_utc(given.get("startedAt")),
            last_updated_at=given["lastUpdatedAt"].astimezone(UTC),
            version=given.get("versionNumber"),
            seconds_before_timeout=given.get("approximateSecondsBeforeTimedOut"),
            force_canceled=bool(given.get("forceCanceled")),
            details=(given.get("statusDetails") or {}).get("detailsMap") or {},
        )


def thing_name(arn: str) -> str:
    """Return the name in the ARN of a thing. It may contain colons, but no slash."""
    return arn.rpartition("/")[2]


def newest_first(executions: Sequence[Execution]) -> list[Execution]:
    """Return executions, the last updated first. Pages may repeat what changed meanwhile; the last of a kind counts."""
    unique = {(execution.job_id, execution.thing, execution.number): execution for execution in executions}
    return sorted(unique.values(), key=lambda each: (-each.last_updated_at.timestamp(), each.thing, -each.number))


def _camel(field: str) -> str:
    return "".join(word.capitalize() for word in field.split("_"))


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def _opening(text: str) -> datetime:
    """Return the time of an opening, which has seconds where a schedule's has none. Assumed: it is in UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
