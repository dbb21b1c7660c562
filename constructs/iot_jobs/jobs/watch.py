"""A watch of a job: from what was seen of it to the state it is in, and to the end of the watch.

Nothing here calls AWS, reads a clock or prints. `saw`, `missed` and `gone` take the last state and what happened since,
and return the next one. The watch is over in the first state with a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from iot_jobs.jobs.job import ABORTED, Execution, Job, newest_first
from iot_jobs.jobs.margin import Margin, margins
from iot_jobs.jobs.rates import Rate, Sample, kept, seen_rate, set_rate
from iot_jobs.jobs.request import Purpose
from iot_jobs.jobs.time_left import TimeLeft, time_left

Goal = Literal["notified", "completed"]
Phase = Literal[
    "scheduled",
    "rolling out",
    "notified",
    "between windows",
    "stopping",
    "canceled",
    "completed",
    "deleting",
    "deleted",
]
"""The stage of a job.

- scheduled, between windows: SCHEDULED, before anything was notified and after
- rolling out, notified: IN_PROGRESS, while things are being notified and once all are
- stopping, canceled: CANCELED, while devices are still working on it and afterwards
- completed; deleting and deleted
"""

COMPLETED, ENDED_BADLY, STOPPED_WATCHING = 0, 1, 3
"""Exit codes of a watch."""
LOST_FOR = timedelta(minutes=30)
"""The longest time for which a watch goes on without an answer from AWS."""
_SETTLES_WITHIN = timedelta(minutes=1)
"""The longest time for which counters lag behind the status. Assumed: AWS doesn't document it."""
_FAILURES = 5


class Verdict(NamedTuple):
    """The end of a watch: the exit code, and why. `goes_on` says that the job does."""

    code: int
    reason: str
    goes_on: bool = False


class Plan(NamedTuple):
    """The end that a watch waits for. `max_failed` None allows any number of failing executions."""

    until: Goal = "completed"
    max_failed: int | None = None
    timeout: timedelta | None = None
    purpose: Purpose = Purpose()

    def never_ends(self, job: Job) -> bool:
        """Return whether this watch would wait for the completion of a continuous job that has no end."""
        return self.until == "completed" and self.timeout is None and not job.ends


class Trouble(NamedTuple):
    """A look at the job that failed. `passes` says that the next one may succeed."""

    reason: str
    passes: bool


@dataclass(frozen=True, kw_only=True)
class State:
    """All that is known of a job at a time. `at` is when it was seen last, or when looking failed.

    `things` is their number, exact once all are notified; None while it isn't known. `left` is None where nothing was
    forecast. `failures` are the last executions that failed, the newest first.
    """

    at: datetime
    began_at: datetime
    job: Job
    phase: Phase
    things: int | None
    rate: Rate
    seen_per_minute: float | None
    margins: tuple[Margin, ...]
    left: TimeLeft | None
    failures: tuple[Execution, ...]
    verdict: Verdict | None = None
    trouble: str | None = None
    trouble_since: datetime | None = None
    samples: tuple[Sample, ...] = ()
    completed_since: datetime | None = None
    quiet: bool = False
    """True if AWS was neither notifying nor canceling when the job was seen."""


def saw(plan: Plan, last: State | None, job: Job, failures: Sequence[Execution], at: datetime) -> State:
    """Return the state after a job was seen. `failures` are those that the last state doesn't have."""
    quiet = not job.is_concurrent and job.counts.notified > 0
    begun = job.counts.notified > 0 or (last is not None and last.phase != "scheduled")
    phase = _phase(job, begun=begun, notified=quiet and (last is None or last.quiet))
    things = _things(plan, job, phase)
    samples = kept(() if last is None else last.samples, Sample(at, job.counts.notified))
    state = State(
        at=at,
        began_at=at if last is None else last.began_at,
        job=job,
        phase=phase,
        things=things,
        rate=set_rate(job.members, job.counts),
        seen_per_minute=seen_rate(samples),
        margins=margins(job.members, job.counts),
        left=_left(plan, job, phase, things, at),
        failures=tuple(newest_first([*(() if last is None else last.failures), *failures])[:_FAILURES]),
        samples=samples,
        completed_since=(last.completed_since if last else None) or (at if phase == "completed" else None),
        quiet=quiet,
    )
    return replace(state, verdict=_verdict(plan, state) or _timed_out(plan, state))


def missed(plan: Plan, last: State, trouble: Trouble, at: datetime) -> State:
    """Return the state after the job couldn't be looked at."""
    since = last.trouble_since or at
    state = replace(last, at=at, trouble=trouble.reason, trouble_since=since)
    verdict = _timed_out(plan, state)
    if not trouble.passes:
        verdict = Verdict(STOPPED_WATCHING, trouble.reason, goes_on=True)
    elif at - since >= LOST_FOR:
        minutes = LOST_FOR // timedelta(minutes=1)
        verdict = Verdict(STOPPED_WATCHING, f"no answer from AWS for {minutes} minutes: {trouble.reason}", goes_on=True)
    return replace(state, verdict=verdict)


def gone(last: State, at: datetime) -> State:
    """Return the state after AWS no longer knows the job."""
    return replace(last, at=at, phase="deleted", left=None, verdict=Verdict(ENDED_BADLY, "the job was deleted"))


def _phase(job: Job, *, begun: bool, notified: bool) -> Phase:
    if job.status == "DELETION_IN_PROGRESS":
        return "deleting"
    if job.status == "CANCELED":
        return "stopping" if job.counts.open else "canceled"
    if job.status == "COMPLETED":
        return "completed"
    if job.status == "SCHEDULED":
        return "between windows" if begun else "scheduled"
    return "notified" if notified else "rolling out"


def _things(plan: Plan, job: Job, phase: Phase) -> int | None:
    """Return the number of things: without retries exactly that of the executions, once all things are notified."""
    if phase in ("notified", "completed") and not job.members.get("retry"):
        return job.counts.notified
    return plan.purpose.things


def _left(plan: Plan, job: Job, phase: Phase, things: int | None, at: datetime) -> TimeLeft | None:
    expected = plan.purpose.expected
    if expected is None or things is None or phase not in ("rolling out", "notified", "between windows"):
        return None
    elapsed = max(0.0, (at - job.starts_at) / timedelta(minutes=1))
    # Retries add executions, and each of them has to end.
    return time_left(expected, elapsed=elapsed, done=job.counts.completed / max(things, job.counts.notified))


def _verdict(plan: Plan, state: State) -> Verdict | None:
    job, phase = state.job, state.phase
    failing = job.counts.failing
    if phase == "canceled":
        return Verdict(ENDED_BADLY, why_canceled(job))
    settled = state.completed_since is not None and state.at - state.completed_since >= _SETTLES_WITHIN
    ended = phase == "completed" and (not job.counts.open or settled)
    if plan.max_failed is not None and failing > plan.max_failed:
        reason = f"{failing:,} failed, more than the {plan.max_failed:,} allowed"
        return Verdict(ENDED_BADLY, reason, goes_on=phase in _GOING_ON)
    if ended:
        return Verdict(COMPLETED, "completed")
    if plan.until == "notified" and phase == "notified":
        return Verdict(COMPLETED, "all things are notified", goes_on=True)
    return None


_GOING_ON = ("scheduled", "rolling out", "notified", "between windows", "stopping")


def _timed_out(plan: Plan, state: State) -> Verdict | None:
    if plan.timeout is None or state.at - state.began_at < plan.timeout:
        return None
    if state.phase == "stopping":
        still = state.job.counts.in_progress
        return Verdict(ENDED_BADLY, f"{why_canceled(state.job)}; {still:,} not finished yet", goes_on=True)
    return Verdict(STOPPED_WATCHING, "stopped watching at the timeout", goes_on=state.phase in _GOING_ON)


def why_canceled(job: Job) -> str:
    """Return who or what canceled a job, with AWS's or the operator's comment."""
    what = "aborted by its criteria" if job.reason_code == ABORTED else "canceled"
    notes = [note for note in (None if job.reason_code == ABORTED else job.reason_code, job.comment) if note]
    return f"{what}: {', '.join(notes)}" if notes else what
