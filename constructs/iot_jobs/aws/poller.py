"""The looks at a job that a watch takes, one after the other, until it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from iot_jobs.aws.client import Aws
from iot_jobs.aws.errors import AwsError
from iot_jobs.jobs import Execution, Job, Plan, State, Trouble, gone, missed, saw

INTERVAL = timedelta(seconds=10)
_SLOWEST = timedelta(minutes=1)
_AGE_PARTS = 60
"""A job is looked at every sixtieth of its age, or of the time to its start, between the interval and a minute."""
_JITTER = 0.1
_LONGEST_BACKOFF = timedelta(minutes=5)
_DETAILS = 5
"""Failures of each status that are described at a look; a look takes at most 1 + 3 + 15 calls."""
_FAILING = {"FAILED": "failed", "TIMED_OUT": "timed_out", "REJECTED": "rejected"}


def watch(
    aws: Aws,
    job: Job,
    plan: Plan,
    *,
    interval: timedelta = INTERVAL,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    random: Callable[[], float],
) -> Iterator[State]:
    """Yield the state after each look at a job, the first from `job` itself, the last with a verdict.

    Errors that pass are waited out, with credentials that are read again. `sleep` takes seconds, `random` returns a
    number from 0 to 1.
    """
    state = saw(plan, None, job, _failures(aws, job, None), now())
    yield state
    errors = 0
    while state.verdict is None:
        wait = _pause(interval, state, errors, random())
        if plan.timeout is not None:
            wait = min(wait, state.began_at + plan.timeout - now())
        sleep(max(0.0, wait / timedelta(seconds=1)))
        try:
            job = aws.job(state.job.job_id)
            state, errors = saw(plan, state, job, _failures(aws, job, state.job), now()), 0
        except AwsError as error:
            if error.kind == "missing":
                state = gone(state, now())
            else:
                errors += 1
                aws = aws.renewed() if error.kind == "credentials" else aws
                state = missed(plan, state, Trouble(str(error), error.passes), now())
        yield state


def _pause(interval: timedelta, state: State, errors: int, random: float) -> timedelta:
    """Return the time to the next look."""
    age = abs(state.at - state.job.starts_at)
    slower = min(_SLOWEST, age / _AGE_PARTS)
    pause = max(interval, slower)
    if errors:
        pause = max(pause, min(_LONGEST_BACKOFF, interval * 2 ** min(errors, 10)))
    return pause * (1 - _JITTER + 2 * _JITTER * random)


def _failures(aws: Aws, job: Job, before: Job | None) -> list[Execution]:
    """Return the last executions of each status of which there are more than before, with what the devices reported.

    A watch goes on without them: they need permissions of their own.
    """
    risen = [
        status
        for status, name in _FAILING.items()
        if getattr(job.counts, name) > (0 if before is None else getattr(before.counts, name))
    ]
    try:
        listed = list(aws.executions_of_job(job.job_id, statuses=risen, most=_DETAILS))
        return [aws.execution(job.job_id, execution.thing, execution.number) for execution in listed]
    except AwsError:
        return []
