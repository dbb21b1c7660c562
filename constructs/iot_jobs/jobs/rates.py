"""The rate of a rollout, as it is set and as it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from iot_jobs.jobs.job import Counts
from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE

SEEN_WITHIN = timedelta(minutes=5)
"""The time over which the observed rate is taken: AWS notifies in batches of a minute."""
_LEAST = timedelta(minutes=1)


class Rate(NamedTuple):
    """The rate a rollout is set to now, in things per minute, and its next rise: at `rises_at` of `counted` things.

    `rises_at` is None at the maximum. Assumed: a rate is rounded down, and rises once each time the counter passes the
    threshold, counted from the start.
    """

    per_minute: int
    rises_at: int | None = None
    rises_to: int | None = None
    counted: str = "notified"


class Sample(NamedTuple):
    """The executions that were there at a time."""

    at: datetime
    notified: int


def set_rate(members: Mapping[str, Any], counts: Counts) -> Rate:
    """Return the rate that a job's rollout has after these executions."""
    rollout = members.get("rollout") or {}
    maximum = rollout.get("maximum_per_minute") or DEFAULT_MAXIMUM_PER_MINUTE
    exponential = rollout.get("exponential_rate")
    if not exponential:
        return Rate(maximum)
    ((name, threshold),) = exponential["rate_increase_criteria"].items()  # AWS takes exactly one
    counted = name.removeprefix("number_of_").removesuffix("_things")
    passed = int(getattr(counts, counted)) // threshold
    base, factor = exponential["base_rate_per_minute"], Decimal(str(exponential["increment_factor"]))
    now, then = (_after(rises, base, factor, maximum) for rises in (passed, passed + 1))
    if now >= maximum:
        return Rate(maximum)
    return Rate(int(now), (passed + 1) * threshold, int(then), counted)


def seen_rate(samples: Sequence[Sample]) -> float | None:
    """Return the executions added per minute in the time of the samples; None if that is less than a minute."""
    if not samples or samples[-1].at - samples[0].at < _LEAST:
        return None
    return (samples[-1].notified - samples[0].notified) / ((samples[-1].at - samples[0].at) / timedelta(minutes=1))


def kept(samples: Sequence[Sample], sample: Sample) -> tuple[Sample, ...]:
    """Return the samples with another one, without those that are too old."""
    return (*(each for each in samples if sample.at - each.at <= SEEN_WITHIN), sample)


def _after(rises: int, base: int, factor: Decimal, maximum: int) -> Decimal:
    rate = Decimal(base)
    for _ in range(rises):
        if rate >= maximum:
            break
        rate *= factor
    return min(rate, Decimal(maximum))
