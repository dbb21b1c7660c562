"""The search for the quickest rollout within a bound of harm, over round numbers that AWS accepts."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.plan import Plan, Rates, rates
from iot_jobs.forecast.screening import Reach, at_most, finish_minute, harmful_shares, reach
from iot_jobs.limits import AbortFailureType
from iot_jobs.template import ExponentialRate, RateIncreaseCriteria, RolloutConfig

FACTORS = (1.5, 2.0, 3.0)
_NUMBERS = 5
"""Numbers of a rate increase criterion that are tried for one fleet."""
_MOST_BASE = 1000
"""AWS accepts no higher base rate, whatever the quota (limits.BASE_RATE_PER_MINUTE)."""
_STEP = 4
"""Base rates that are passed over at first."""
_SHARES = 8
"""Shares of bad devices, from the tolerated one to all, for which the harm is computed."""
_LEAST = 1e-5
"""The smallest share of bad devices that is tried: where no thing may be harmed, none is tolerated."""
_LESS = (0.7, 0.5, 0.35, 0.25)
"""Shares of the quickest rollout's harm that are tried, as long as the rollout is about as quick."""
_TENTHS = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80)


class Ramp(NamedTuple):
    """An exponential rollout. `number` counts things that succeeded, or else that were notified."""

    base: int
    factor: float
    number: int
    counts_succeeded: bool
    maximum: int

    def config(self) -> RolloutConfig:
        """Return the rollout of a template."""
        kind = "number_of_succeeded_things" if self.counts_succeeded else "number_of_notified_things"
        return RolloutConfig(
            maximum_per_minute=self.maximum,
            exponential_rate=ExponentialRate(
                base_rate_per_minute=self.base,
                increment_factor=self.factor,
                rate_increase_criteria=RateIncreaseCriteria(**{kind: self.number}),
            ),
        )


class Bound(NamedTuple):
    """The most things that a release may harm if it fails on more than the tolerated share of devices."""

    harmed: float
    tolerated: float


class Margins(NamedTuple):
    """The reserves of the search: a share of the harm that is allowed, and a factor for the thresholds."""

    harmed: float = 1
    threshold: float = 1


class Threshold(NamedTuple):
    """An abort criterion."""

    failure: AbortFailureType
    percent: float
    minimum: int


class Harm(NamedTuple):
    """The criteria that harm the fewest things, of those that leave healthy releases alone.

    One for FAILED stops a release that fails on few devices, after many executions. One for ALL may stop one that fails
    on many, after few. `harmed` has the things harmed for each of the `shares` of bad devices.
    """

    criteria: tuple[Threshold, ...]
    shares: Floats
    harmed: Floats

    @property
    def worst(self) -> float:
        """The most things harmed, whatever the share of bad devices."""
        return float(self.harmed.max())


class Found(NamedTuple):
    """A ramp with what it harms, and the minutes until it is done."""

    ramp: Ramp
    harm: Harm
    minutes: float


class Search:
    """The rollouts of one fleet, all of which may notify up to `maximum` things a minute.

    Minute 0 of `opening` is as a window opens, that of `latest` as one closes, so that the rollout takes longest. `bad`
    is the share of devices of the release that has to be stopped, and `false_abort` the share of healthy rollouts that
    may be stopped by one criterion.
    """

    def __init__(
        self,
        opening: Plan,
        latest: Plan,
        *,
        maximum: int,
        minimums: Sequence[int],
        bad: float,
        false_abort: float,
    ) -> None:
        """Compute what is alike for all rollouts of the fleet."""
        self.opening, self.latest, self.maximum, self.minimums = opening, latest, maximum, minimums
        self.bad, self.false_abort, self.things = bad, false_abort, opening.things
        at_once = replace(opening, rates=Rates((maximum,)))
        self.healthy, self.worst = harmful_shares(at_once, [0.0, 1.0]).clip(0, 1).tolist()
        self.bases = round_numbers(1, min(maximum - 1, _MOST_BASE))
        self.numbers = thinned(round_numbers(min(10, max(1, self.things // 20)), self.things // 2), _NUMBERS)
        self.open = replace(latest, crons=())
        self.finishes: dict[tuple[Ramp, bool], float] = {}
        self.reaches: dict[tuple[Ramp, Bound], Reach] = {}

    @property
    def is_empty(self) -> bool:
        """True if there is no ramp, or no abort criterion, for a fleet so small or a rate so low."""
        return not (self.bases and self.numbers and self.minimums)

    def harmful(self, share: Floats | float) -> Floats:
        """Return the share of things on which an execution fails if this share of devices is bad."""
        harmful: Floats = self.healthy + (self.worst - self.healthy) * np.asarray(share, dtype=float)
        return harmful

    def tolerated(self, most_harmed: float) -> float | None:
        """Return the largest share of bad devices of a release that harms at most so many things if nothing stops it.

        None if a healthy release harms more.
        """
        shares = np.arange(100_001) / 100_000
        within = np.flatnonzero(at_most(self.things, self.harmful(shares)) <= most_harmed)
        return float(shares[within[-1]]) if len(within) else None

    def bases_of(self, bound: Bound) -> list[int]:
        """Return the base rates that are worth trying: at lower ones results come long before too much is harmed."""
        assumed = self.opening.assumptions
        enough = 200 + 20 * (assumed.start_delay.median + assumed.failure_time.median)
        return self.bases[min(bisect_left(self.bases, bound.harmed / enough), len(self.bases) - 1) :]

    def slowest(self, bound: Bound) -> Ramp:
        """Return the slowest ramp that is worth trying."""
        return Ramp(self.bases_of(bound)[0], FACTORS[0], self.numbers[-1], counts_succeeded=True, maximum=self.maximum)

    def minutes(self, ramp: Ramp) -> float:
        """Return when a healthy rollout is done, in the longest case."""
        return self._finish(ramp, self.latest)

    def open_minutes(self, ramp: Ramp) -> float:
        """Return when a healthy rollout would be done without windows. Ramps are compared by it, which is quicker."""
        return self._finish(ramp, self.open)

    def _finish(self, ramp: Ramp, plan: Plan) -> float:
        key = ramp, bool(plan.crons)
        if key not in self.finishes:
            self.finishes[key] = finish_minute(planned(plan, ramp))
        return self.finishes[key]

    def reach(self, ramp: Ramp, bound: Bound) -> Reach:
        """Return how far a ramp gets with no bad devices, with shares from the tolerated one to all, and with `bad`."""
        if (ramp, bound) not in self.reaches:
            above = np.geomspace(max(bound.tolerated, _LEAST), 1, _SHARES) if bound.tolerated < 1 else np.array([])
            shares = np.array([0, *above, self.bad])
            self.reaches[ramp, bound] = reach(
                planned(self.opening, ramp),
                shares.tolist(),
                self.harmful(shares),
                most_harmed=bound.harmed,
                largest_minimum=self.minimums[-1],
            )
        return self.reaches[ramp, bound]

    def thresholds(self, ramp: Ramp, bound: Bound, failure: AbortFailureType, margins: Margins) -> dict[int, float]:
        """Return the lowest percentages that leave healthy releases alone, by minimum."""
        return self.reach(ramp, bound).thresholds(failure, self.minimums, self.false_abort, margins.threshold)

    def harm(self, ramp: Ramp, bound: Bound, margins: Margins) -> Harm:
        """Return what a ramp harms with the best criteria: infinitely much if all stop healthy releases.

        The last share is that of the bad release: if it is tolerated, its harm doesn't count, but it has to be stopped.
        """
        course = self.reach(ramp, bound)
        shares = course.shares[1:]
        few, many = (self.thresholds(ramp, bound, failure, margins) for failure in ("FAILED", "ALL"))
        if not few:
            return Harm((), shares, np.full(len(shares), np.inf))
        by_few, by_many = (course.harmed(*one)[:, 1:] for one in (("FAILED", few), ("ALL", many)))
        # Whichever criterion is met first stops the rollout. The first row is that of no criterion for ALL.
        by_many = np.vstack((np.full(len(shares), np.inf), by_many))
        late = np.less.outer(list(few), [0, *many])
        harmed = np.where(late[..., None], np.inf, np.minimum(by_few[:, None], by_many))
        if self.bad <= bound.tolerated:
            harmed[..., -1] = np.where(np.isfinite(harmed[..., -1]), 0, np.inf)
        worst = harmed.max(axis=2)
        first, second = np.unravel_index(worst.argmin(), worst.shape)
        criteria = [Threshold("FAILED", percent, minimum) for minimum, percent in [list(few.items())[first]]]
        if second:
            criteria += [Threshold("ALL", percent, minimum) for minimum, percent in [list(many.items())[second - 1]]]
        return Harm(tuple(criteria), shares, harmed[first, second])

    def quickest(self, bound: Bound, margins: Margins, like: Ramp | None = None) -> Found | None:
        """Return the quickest rollout within the bound, of equals the one that harms fewest; None if there is none.

        With `like`, only ramps with its kind of number and its factor are tried. Assumed: a higher base rate never
        takes longer, and hardly ever harms fewer things.
        """
        kinds, factors = ((True, False), FACTORS) if like is None else ((like.counts_succeeded,), (like.factor,))
        best, fewest = None, math.inf
        for kind, factor, number in product(kinds, factors, reversed(self.numbers)):
            bases = [base for base in self.bases_of(bound) if number / base <= fewest]  # until the first rise
            ramp = Ramp(0, factor, number, kind, self.maximum)
            within = self._within(ramp, bases, bound, margins)
            if not within:
                continue
            ramp = ramp._replace(base=bases[within - 1])
            harm, minutes = self.harm(ramp, bound, margins), self.open_minutes(ramp)
            if best is None or (minutes, harm.worst) < (fewest, best[1].worst):
                best, fewest = (ramp, harm), minutes
        return None if best is None else Found(*best, self.minutes(best[0]))

    def gentlest(self, quickest: Found, bound: Bound, margins: Margins, *, until: float) -> Found:
        """Return a rollout that harms fewer things than the quickest, and is done by the minute `until`."""
        best = quickest
        for share in _LESS:
            less = margins._replace(harmed=share * quickest.harm.worst / max(bound.harmed, 1))
            found = self.quickest(bound, less, quickest.ramp)
            if found is None or found.minutes > until:
                break
            best = found
        return best

    def _within(self, ramp: Ramp, bases: Sequence[int], bound: Bound, margins: Margins) -> int:
        """Return how many of these base rates, from the lowest on, are within the bound.

        Slow rates may exceed it too: failures that complete first stand out less among them. So the search goes down
        in steps, and refines the first step that is within.
        """

        def exceeds(base: int) -> bool:
            return self.harm(ramp._replace(base=base), bound, margins).worst > margins.harmed * bound.harmed

        high = len(bases)
        while high > 0:
            low = max(high - _STEP, 0)
            if not exceeds(bases[low]):
                return bisect_left(bases, True, low + 1, high, key=exceeds)
            high = low
        return 0


def planned(plan: Plan, ramp: Ramp) -> Plan:
    """Return a plan with this ramp."""
    return replace(plan, rates=rates(ramp.config(), plan.assumptions.scheduler.rounding))


def round_numbers(low: int, high: int) -> list[int]:
    """Return the round numbers from `low` to `high`: 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40 and so on."""
    powers = [10**power for power in range(len(str(max(high, 1))))]
    numbers = {tenth * power // 10 for tenth in _TENTHS for power in powers if not tenth * power % 10}
    return sorted(number for number in numbers if low <= number <= high)


def thinned(numbers: Sequence[int], most: int) -> list[int]:
    """Return at most so many of the numbers, evenly, with the first and the last."""
    if not numbers:
        return []
    return sorted({numbers[round(index)] for index in np.linspace(0, len(numbers) - 1, most).tolist()})
