"""The time that a rollout still takes, from the forecast it was started with and what happened since."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

SHARES = tuple(tenth / 10 for tenth in range(1, 10))
"""The shares of done things at which a forecast's course is kept."""


class Expected(NamedTuple):
    """A forecast, short enough for tags. Minutes count from the job's start.

    `p50` and `p95` are when half and 95 % of the rollouts have finished; `course` is when each of `SHARES` is done.
    """

    p50: float
    p95: float
    course: tuple[float, ...]


class TimeLeft(NamedTuple):
    """A range of minutes. `slower_by` are the minutes that the rollout is behind its forecast, negative if ahead."""

    low: float
    high: float
    slower_by: float


def time_left(expected: Expected, *, elapsed: float, done: float) -> TimeLeft:
    """Return the range in which the rest of a rollout ends, `elapsed` minutes after its start with a share `done`.

    It is what the forecast has left from the same share on, stretched or shortened by the pace so far. Assumed: the
    forecast errs as far on the early side as from p50 to p95 on the late one, and AWS acts on whole minutes.
    """
    at = _minute(expected, done, elapsed)
    spread = expected.p95 - expected.p50
    pace = elapsed / at if at > 0 else 1.0
    low = (expected.p50 - spread - at) * min(1.0, pace) - 1
    high = (expected.p95 - at) * max(1.0, pace) + 1
    return TimeLeft(max(0.0, low), max(1.0, high), elapsed - at)


def _minute(expected: Expected, done: float, elapsed: float) -> float:
    """Return the minute in which the forecast has this share done; early on, no minute that hasn't come."""
    points = [*zip(SHARES, expected.course, strict=True), (1.0, max(expected.p50, expected.course[-1]))]
    first = points[0]
    if done < first[0]:  # before a tenth is done there is nothing to compare
        return min(elapsed, first[1])
    (share, minute), (later_share, later) = next(pair for pair in pairwise(points) if done <= pair[1][0])
    return minute + (later - minute) * (done - share) / (later_share - share)


def as_text(expected: Expected) -> Sequence[str]:
    """Return p50, p95 and the course as texts for tags, in whole minutes."""
    return f"{expected.p50:.0f}", f"{expected.p95:.0f}", " ".join(f"{minute:.0f}" for minute in expected.course)


def from_text(p50: str | None, p95: str | None, course: str | None) -> Expected | None:
    """Return the forecast in three texts, None if one is missing or was written by somebody else."""
    try:
        expected = Expected(float(p50 or ""), float(p95 or ""), tuple(map(float, (course or "").split())))
    except ValueError:
        return None
    ordered = (0.0, *expected.course)
    rises = len(expected.course) == len(SHARES) and all(later >= earlier for earlier, later in pairwise(ordered))
    return expected if rises and 0 <= expected.p50 <= expected.p95 else None
