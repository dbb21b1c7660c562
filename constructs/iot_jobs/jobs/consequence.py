"""The effects of an action on a job's executions, and the reason for which AWS would refuse it, before the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iot_jobs.jobs.job import OPEN_STATUSES, Execution, Job
from iot_jobs.jobs.overrides import ON_UPDATE

MAX_DELETIONS = 10
"""Jobs that may be in DELETION_IN_PROGRESS. https://docs.aws.amazon.com/iot/latest/apireference/API_DeleteJob.html"""


@dataclass(frozen=True)
class Consequence:
    """The effects of an action in sentences, and the reason for which AWS would refuse it; None where it wouldn't."""

    effects: tuple[str, ...] = ()
    refused: str | None = None


def of_cancel(job: Job, *, force: bool, things: int | None = None) -> Consequence:
    """Return what `CancelJob` does. `things` is the number of things that the job was started for, None if unknown."""
    if job.status not in ("IN_PROGRESS", "SCHEDULED"):
        return Consequence(refused=f"it is {job.status}; only a job that is IN_PROGRESS or SCHEDULED can be canceled")
    return Consequence((*_of_open(job, force=force), *_of_waiting(job, things), _NO_WAY_BACK))


def of_delete(job: Job, *, force: bool, deletions: int) -> Consequence:
    """Return what `DeleteJob` does. `deletions` are the jobs of the account and region that are being deleted."""
    if job.status == "DELETION_IN_PROGRESS":
        return Consequence(refused="it is being deleted already")
    if deletions >= MAX_DELETIONS:
        return Consequence(
            refused=f"{deletions} jobs are being deleted, and AWS allows {MAX_DELETIONS}; wait until one is gone"
        )
    if job.status not in ("COMPLETED", "CANCELED") and not force:
        return Consequence(
            refused=f"it is {job.status}; cancel it first, or add --force to delete it while devices work on it"
        )
    kept = f"the history of {_count(job.counts.notified, 'execution')} is deleted with it"
    return Consequence((*_of_open(job, force=True, deleted=True), kept, "a deletion can't be undone"))


def of_cancel_execution(execution: Execution, *, force: bool) -> Consequence:
    """Return what `CancelJobExecution` does."""
    if execution.status not in OPEN_STATUSES:
        return Consequence(refused=f"it has already ended: {execution.status}")
    if execution.status == "QUEUED":
        return Consequence((f"{execution.thing} has not started it, and never will", "a cancellation can't be undone"))
    if not force:
        return Consequence(refused="it is IN_PROGRESS; add --force to cancel it while the device is working on it")
    return Consequence((f"{execution.thing} {_INTERRUPTED}", "a cancellation can't be undone"))


def of_delete_execution(execution: Execution, *, force: bool) -> Consequence:
    """Return what `DeleteJobExecution` does."""
    if execution.status == "IN_PROGRESS" and not force:
        return Consequence(refused="it is IN_PROGRESS; add --force to delete it while the device is working on it")
    effects = [f"{execution.thing} {_INTERRUPTED}"] if execution.status == "IN_PROGRESS" else []
    effects += ["the abort criteria no longer count it, so their percentages change", "a deletion can't be undone"]
    return Consequence(tuple(effects))


def update_refused(job: Job, whole: Mapping[str, Any]) -> str | None:
    """Return why AWS would refuse to update a job with these whole members, None if it wouldn't.

    https://docs.aws.amazon.com/iot/latest/apireference/API_UpdateJob.html. The statuses and the retries are measured.
    """
    if job.status == "SCHEDULED":
        return "it is SCHEDULED; a job can't be updated before it starts or between its maintenance windows" + (
            f"; the next window opens at {job.openings[0]:%Y-%m-%d %H:%M} UTC" if job.openings else ""
        )
    if job.status != "IN_PROGRESS":
        return f"it is {job.status}; only a job that is IN_PROGRESS can be updated"
    removed = [name for name in ON_UPDATE if name in whole and whole[name] is None]
    if removed:
        return f"a job's {removed[0]} can be replaced, but not removed"
    return _retry_refused(job.members.get("retry"), whole["retry"]) if "retry" in whole else None


_NO_WAY_BACK = "a canceled job can't be resumed: to continue, start another job"
_INTERRUPTED = "keeps working on it, and can no longer report the result"


def _of_open(job: Job, *, force: bool, deleted: bool = False) -> Iterator[str]:
    counts, done = job.counts, "deleted" if deleted else "canceled"
    yield f"{_count(counts.queued, 'queued execution')} {_be(counts.queued)} {done}"
    if not counts.in_progress:
        yield "no execution is in progress"
    elif force:
        executions = f"{_count(counts.in_progress, 'execution')} in progress {_be(counts.in_progress)}"
        yield f"{executions} {done}; devices keep working, and can no longer report the result"
    else:
        executions = f"{_count(counts.in_progress, 'execution')} in progress"
        yield f"{executions} run{'s' * (counts.in_progress == 1)} to completion"


def _of_waiting(job: Job, things: int | None) -> Iterator[str]:
    waiting = None if things is None else max(0, things - job.counts.notified)
    if waiting is None:
        yield "things not yet notified never will be; how many is unknown"
    elif waiting:
        yield f"{_count(waiting, 'thing')} will never be notified"


def _retry_refused(before: Any, after: Any) -> str | None:
    """Return why AWS refuses other retries. Measured: they can only be lowered to 0, for the same failure types."""
    old, new = (_retries((block or {}).get("criteria") or ()) for block in (before, after))
    if not old:
        return "it was created without retries, and none can be added"
    if old.keys() != new.keys():
        return f"the failure types of its retries must stay {', '.join(sorted(old))}"
    if raised := [name for name in sorted(new) if new[name] != 0]:
        return f"the retries for {raised[0]} can only be set to 0"
    return None


def _retries(criteria: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(criterion.get("failure_type")): criterion.get("number_of_retries") for criterion in criteria}


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"
