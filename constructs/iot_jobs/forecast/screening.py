"""Abort criteria judged by one expected rollout that nothing stops: all minimums and thresholds at once.

A healthy release tells which thresholds leave it alone, bad ones how many things they harm until a threshold is met.
Chance is allowed for by quantiles of known distributions; rollouts drawn at random verify what is found so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from statistics import NormalDist

import numpy as np

from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.engine import Engine
from iot_jobs.forecast.lanes import MARGIN, all_reached
from iot_jobs.forecast.plan import FAILURES, ForecastError, Plan
from iot_jobs.limits import AbortFailureType

DEVIATIONS = 1.96
"""Standard deviations that 97.5 % of rollouts don't exceed. 95 % are promised: the rest is a margin for other seeds."""
_MOST_COUNTED = 100_000
"""Failures. A healthy release with more of them has a share that hardly varies."""
_SEEN = 4
"""A rollout is followed until about this many times the largest minimum have completed: the share varies less then."""
_LONGEST = 2500
"""Minutes in windows for which things are notified: a rollout that tells nothing by then is too slow to be of use."""


@dataclass(frozen=True)
class Reach:
    """An expected rollout that nothing stops: a row for each minute, a column for each share of bad devices.

    The first of the `shares` of bad devices is 0, a healthy release. `harmful` is the share of notified
    things on which an execution fails sooner or later. `notified` is from before the minute's batch, as in a rollout
    that is stopped in that minute. `ended` has the completed executions by outcome, row and column, and `attempts` the
    most of one thing, by failure type.
    """

    shares: Floats
    notified: Floats
    ended: Floats
    harmful: Floats
    attempts: dict[AbortFailureType, int]

    @cached_property
    def completed(self) -> Floats:
        """The completed executions."""
        completed: Floats = self.ended.sum(axis=0)
        return completed

    def failed(self, failure: AbortFailureType) -> Floats:
        """Return the executions that ended in a failure of this type."""
        failed: Floats = self.ended[list(FAILURES[failure])].sum(axis=0)
        return failed

    def thresholds(
        self, failure: AbortFailureType, minimums: Sequence[int], chance: float, lift: float
    ) -> dict[int, float]:
        """Return by minimum the lowest percentage that a healthy release reaches at most with this chance.

        It is raised `lift` times. A minimum for which it isn't below 100 is left out. No criterion is met by one thing
        alone, with all its attempts.
        """
        completed, attempts = self.completed[:, 0], self.attempts[failure]
        # The attempts of a device may all fail, so that failures come in groups.
        most = attempts * _most(self.failed(failure)[:, 0] / attempts, chance)
        found = {}
        for minimum in minimums:
            counted = completed >= minimum - MARGIN
            shares = most[counted] / completed[counted]
            found[minimum] = _round_up(100 * lift * max(attempts / minimum, shares.max(initial=0)))
        return {minimum: percent for minimum, percent in found.items() if percent < 100}

    def harmed(self, failure: AbortFailureType, thresholds: Mapping[int, float]) -> Floats:
        """Return the things that 97.5 % of rollouts harm at most if a criterion stops them, by criterion and column.

        Infinite if fewer than 97.5 % are stopped, or only because failures complete before successes: a release whose
        failures take longer has to be stopped too.
        """
        failed, column = self.failed(failure), np.arange(self.notified.shape[1])
        variance = self.attempts[failure] * failed * np.clip(1 - failed / np.maximum(self.completed, 1), 0, 1)
        surely = failed - DEVIATIONS * np.sqrt(variance)
        rows = []
        for minimum, percent in thresholds.items():
            met = (self.completed >= minimum - MARGIN) & (surely >= percent / 100 * self.completed)
            met &= failed[-1] >= percent / 100 * self.completed[-1]
            row = met.argmax(axis=0)
            rows.append(np.where(met[row, column], at_most(self.notified[row, column], self.harmful), np.inf))
        return np.array(rows).reshape(len(rows), len(column))


def at_most(things: Floats | float, share: Floats | float) -> Floats:
    """Return how many of these things have a property, at most, in 97.5 % of cases."""
    middle = np.asarray(things * share, dtype=float)
    return np.minimum(middle + DEVIATIONS * np.sqrt(middle * (1 - share)), things)


def at_least(things: float, share: float) -> float:
    """Return how many of these things have a property, at least, in 97.5 % of cases."""
    middle = things * share
    return middle - DEVIATIONS * math.sqrt(middle * (1 - share))


def _most(expected: Floats, chance: float) -> Floats:
    """Return the number that is exceeded at most with this chance, if so many are expected (a Poisson distribution)."""
    return np.where(expected > 0, np.searchsorted(_exceeding(chance), expected).astype(float), 0)


@cache
def _exceeding(chance: float) -> Floats:
    """Return the expected numbers with which 0, 1, 2... are exceeded with this chance, by Wilson and Hilferty."""
    counts = np.arange(1.0, _MOST_COUNTED)
    roots = 1 - 1 / (9 * counts) + NormalDist().inv_cdf(chance) / (3 * np.sqrt(counts))
    expected: Floats = counts * np.maximum(roots, 0) ** 3
    return expected


def _round_up(percent: float) -> float:
    """Return the next greater percentage of two digits, in steps of a hundredth, a tenth or one percent."""
    digits = 2 if percent < 1 else 1 if percent < 10 else 0
    return float((math.floor(round(percent * 10**digits, 6)) + 1) / 10**digits)


def harmful_shares(plan: Plan, bad: Sequence[float]) -> Floats:
    """Return the share of notified things on which an execution fails, for each share of bad devices."""
    lanes = Engine(replace(plan, criteria=()), bad).run()
    shares: Floats = lanes.harmed_final / np.maximum(lanes.notified, 1)
    return shares


def reach(plan: Plan, bad: Sequence[float], harmful: Floats, *, most_harmed: float, largest_minimum: int) -> Reach:
    """Return how far a rollout gets with these shares of bad devices, of which the first is 0.

    It ends once it has harmed too many things, or enough have completed.
    """
    most = np.minimum(most_harmed / np.maximum(harmful, 1e-12), _SEEN * largest_minimum)
    engine = _Unstopped(plan, bad, most)
    engine.run()
    notified, ended = (np.array(column) for column in zip(*engine.course, strict=True))
    retries = plan.retries
    timed_out = retries.failed if retries.together else retries.timed_out
    attempts: dict[AbortFailureType, int] = {"FAILED": 1 + retries.failed, "TIMED_OUT": 1 + timed_out, "REJECTED": 1}
    attempts["ALL"] = max(attempts.values())
    return Reach(np.array(bad), notified, ended.swapaxes(0, 1), harmful, attempts)


class _Unstopped(Engine):
    """Expected values without abort criteria. A lane notifies no more things once it has notified `most`."""

    def __init__(self, plan: Plan, bad: Sequence[float], most: Floats) -> None:
        super().__init__(replace(plan, criteria=()), bad)
        self.most = most
        self.course: list[tuple[Floats, Floats]] = []

    def pass_over(self, begins: Floats, most: int) -> int:  # noqa: ARG002
        """Skip nothing: every minute is wanted."""
        return 0

    def note(self, minute: int, *, is_open: bool) -> None:  # noqa: ARG002
        """Record what a criterion sees in this minute, and what was notified before it."""
        self.course.append((self.notified - self.released, self.counters[:4].copy()))
        self.remaining[(self.notified > self.most) | (len(self.course) >= _LONGEST)] = 0


def finish_minute(plan: Plan) -> float:
    """Return the expected minute in which a healthy rollout is done; all are notified, if some never answer.

    Infinite for never, and for what would take too long to forecast.
    """
    engine = Engine(replace(plan, criteria=()), [0.0])
    try:
        engine.run()
    except ForecastError:
        return math.inf
    log = engine.log
    found = (all_reached(log, column, plan.things) for column in ("done", "notified"))
    return next((minute for minute in found if minute is not None), math.inf)
