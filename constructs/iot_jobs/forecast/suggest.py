"""Settings computed from what may be harmed: the quickest rollout within bounds of harm, false aborts and time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from iot_jobs.forecast.assumptions import Assumptions
from iot_jobs.forecast.binding import (
    AS_QUICK,
    LOOSER,
    Binding,
    Goals,
    nothing_to_ramp,
    slows,
    too_harmful,
    too_harmful_when_healthy,
    too_slow,
    unverified,
)
from iot_jobs.forecast.blast import blast_radius
from iot_jobs.forecast.montecarlo import drawn
from iot_jobs.forecast.plan import FAILURES, TOO_MUCH, Criterion, ForecastError, Plan, Rates, plan
from iot_jobs.forecast.result import timeline
from iot_jobs.forecast.risk import Risk, risk
from iot_jobs.forecast.screening import at_least
from iot_jobs.forecast.search import Bound, Found, Margins, Ramp, Search, Threshold, planned, round_numbers, thinned
from iot_jobs.forecast.starts import extremes
from iot_jobs.limits import AbortFailureType
from iot_jobs.template import AbortConfig, AbortCriterion, JobSpec, JobTemplateSpec, RolloutConfig

FRONT = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Multiples of the harm that is allowed, for the front of time against harm."""
KEPT_BACK = 2
"""So many times better than promised are the settings in the rollouts that verify them: a margin for other seeds."""
_MISSED = 0.05
"""Share of rollouts that may harm more things than promised, or in which a bad release may not be stopped."""
_HEALTHY, _BAD, _RELEASES = 400, 120, 6
"""Rollouts of a healthy release, rollouts of each bad one, and bad ones that verify the settings."""
_MINIMUMS, _WAITED = 16, 10_000
"""Number of minimums of abort criteria that are tried, and the largest of them unless many things may be harmed."""
_ATTEMPTS = 6
_LIFT, _LESS = 1.15, 0.9
"""Factors for the thresholds and for the harm, if an attempt breaks a promise."""


@dataclass(frozen=True)
class Point:
    """A point of the front: the expected minutes of the quickest rollout that harms at most so many things.

    None: there is no such rollout, or none in time.
    """

    max_harmed: int
    minutes: int | None


@dataclass(frozen=True)
class Suggestion:
    """Settings for one template. Without any that satisfy the goals, `rollout`, `abort` and `risk` are None.

    `tolerated_failure_rate` is the share of devices up to which a release need not be stopped: it harms at most
    `max_harmed` things even so. `start` is the creation from which the rollout takes longest, in UTC; None if there are
    no windows.
    """

    template: str
    assumed: Assumptions
    goals: Goals
    tolerated_failure_rate: float | None
    rollout: RolloutConfig | None
    abort: AbortConfig | None
    risk: Risk | None
    start: datetime | None
    front: tuple[Point, ...]
    binding: tuple[Binding, ...]


def suggest(spec: JobTemplateSpec | JobSpec, assumed: Assumptions, goals: Goals, *, seed: int = 0) -> Suggestion:
    """Return the settings of the quickest rollout that satisfies the goals, and why it isn't quicker.

    The template's timeout, retries and windows are kept; a start in `assumed` is ignored, because the settings are for
    all starts of a week. The same seed gives the same suggestion.

    Raises `ForecastError` if a value is only known to CloudFormation, or if it would take too long.
    """
    without = spec.model_copy(update={"rollout": None, "abort": None})
    ready = plan(without, assumed.model_copy(update={"start": None}))
    work = _Suggesting(ready, goals, seed)
    tolerated = work.search.tolerated(goals.max_harmed)
    if work.search.is_empty:
        result = _Result(reasons=(nothing_to_ramp(goals, ready.things),))
    elif tolerated is None:
        result = _Result(reasons=(too_harmful_when_healthy(work.search, goals),))
    else:
        result = work.result(Bound(goals.max_harmed, tolerated))
    front = work.front(result)
    name = spec.template_name if isinstance(spec, JobTemplateSpec) else spec.job_id
    return Suggestion(
        template=name if isinstance(name, str) else "?",
        assumed=assumed,
        goals=goals,
        tolerated_failure_rate=tolerated,
        rollout=result.settings and result.settings.ramp.config(),
        abort=result.settings and result.settings.abort(),
        risk=result.risk,
        start=work.latest.start if ready.crons else None,
        front=front,
        binding=tuple(work.binding(result, front)),
    )


class Settings(NamedTuple):
    """A ramp and abort criteria."""

    ramp: Ramp
    criteria: tuple[Threshold, ...]

    def planned(self, plan: Plan) -> Plan:
        """Return a plan with these settings."""
        criteria = (Criterion(FAILURES[one.failure], round(100 * one.percent), one.minimum) for one in self.criteria)
        return replace(planned(plan, self.ramp), criteria=tuple(criteria))

    def abort(self) -> AbortConfig:
        """Return the abort criteria of a template."""
        criteria = [
            AbortCriterion(
                failure_type=one.failure, threshold_percentage=one.percent, min_number_of_executed_things=one.minimum
            )
            for one in self.criteria
        ]
        return AbortConfig(criteria=criteria)


class _Result(NamedTuple):
    """The result of the search: settings that keep the promises, or the reasons why there are none."""

    settings: Settings | None = None
    quickest: Found | None = None
    found: Found | None = None
    risk: Risk | None = None
    reasons: tuple[Binding, ...] = ()


class _Suggesting:
    """The work on one template, which has the windows, retries and timeout of `ready`."""

    def __init__(self, ready: Plan, goals: Goals, seed: int) -> None:
        self.goals, self.seed, self.bad = goals, seed, ready.assumptions.bad_release_rate
        at_most = replace(ready, rates=Rates((goals.max_per_minute,)), criteria=())
        self.opening, self.latest = _extremes(at_most)
        self.others: tuple[AbortFailureType, ...] = ("REJECTED",)
        if ready.at_once.timed_out is not None:
            self.others = ("TIMED_OUT", "REJECTED")
        attempts = 1 + ready.retries.failed
        most = min(ready.things * attempts // 2, max(_WAITED, 4 * attempts * goals.max_harmed))
        self.minimums = thinned(round_numbers(attempts + 1, most), _MINIMUMS)
        self.search = self.searching(goals.false_abort)

    def searching(self, false_abort: float) -> Search:
        """Return the search, if this share of healthy releases may be stopped by mistake."""
        return Search(
            self.opening,
            self.latest,
            maximum=self.goals.max_per_minute,
            minimums=self.minimums,
            bad=self.bad,
            false_abort=false_abort / KEPT_BACK / (2 + len(self.others)),
        )

    def result(self, bound: Bound) -> _Result:
        """Return the quickest settings that keep their promises in rollouts drawn at random."""
        margins, like = Margins(), None
        for attempt in range(_ATTEMPTS):
            quickest = self.search.quickest(bound, margins, like)
            if quickest is None:
                return _Result(reasons=(too_harmful(self.search, bound, margins),))
            if quickest.minutes > self.goals.until:
                return _Result(reasons=(too_slow(self.search, quickest, self.goals),))
            like = quickest.ramp
            until = min(AS_QUICK * quickest.minutes, self.goals.until)
            found = self.search.gentlest(quickest, bound, margins, until=until)
            settings = self.settings(found, bound, margins)
            told = self.risk(settings)
            is_spared, is_bounded = self.verified(settings, bound, told, attempt)
            if is_spared and is_bounded:
                return _Result(settings, quickest, found, told)
            margins = Margins(
                margins.harmed * (1 if is_bounded else _LESS), margins.threshold * (1 if is_spared else _LIFT)
            )
        return _Result(reasons=(unverified(self.goals),))

    def settings(self, found: Found, bound: Bound, margins: Margins) -> Settings:
        """Return the settings, with a criterion for each failure type.

        One for TIMED_OUT or REJECTED has the smallest minimum at which it is sure to stop a release that times
        out, or is rejected, on the share of devices of the bad release.
        """
        criteria = list(found.harm.criteria)
        for failure in self.others:
            percents = self.search.thresholds(found.ramp, bound, failure, margins)
            sure = (least for least, percent in percents.items() if 100 * at_least(least, self.bad) >= percent * least)
            minimum = next(sure, criteria[0].minimum)
            if minimum in percents:
                criteria.append(Threshold(failure, percents[minimum], minimum))
        return Settings(found.ramp, tuple(criteria))

    def risk(self, settings: Settings) -> Risk:
        """Return the risk that a forecast tells, for the start from which the rollout takes longest."""
        _, latest = _extremes(settings.planned(self.latest))
        engine, _, rows, smallest = blast_radius(latest)
        told = risk(latest, rows, smallest, minutes=len(timeline(engine.log)), trials=None, seed=self.seed)
        if told is None:
            raise ForecastError(TOO_MUCH)
        return told

    def verified(self, settings: Settings, bound: Bound, told: Risk, attempt: int) -> tuple[bool, bool]:
        """Return whether healthy releases are left alone, and whether the harm of bad ones is bounded."""
        random = np.random.default_rng((self.seed, _ATTEMPTS, attempt))
        healthy, _ = drawn(settings.planned(self.latest), [0.0] * _HEALTHY, random)
        aborted = float(np.isfinite(healthy["aborted_minute"]).mean())
        is_spared = aborted <= self.goals.false_abort / KEPT_BACK
        is_spared &= told.healthy.aborted_percent <= 100 * self.goals.false_abort
        shares = [self.bad, *np.geomspace(max(bound.tolerated, 1e-5), 1, _RELEASES).tolist()]
        figures, _ = drawn(settings.planned(self.opening), np.repeat(shares, _BAD).tolist(), random)
        harmed, minutes = (figures[name].reshape(len(shares), _BAD) for name in ("harmed", "aborted_minute"))
        excess = max(float((harmed > bound.harmed).mean(axis=1).max()), float(np.isinf(minutes[0]).mean()))
        is_bounded = excess <= _MISSED / KEPT_BACK and told.worst.harmed_p95 <= bound.harmed
        return is_spared, is_bounded and told.bad.stopped_percent >= 100 * (1 - _MISSED)

    def front(self, result: _Result) -> tuple[Point, ...]:
        """Return the expected minutes of the quickest rollout for several bounds of harm."""
        quickest = result.quickest
        points: dict[int, int | None] = {}
        for multiple in FRONT:
            most = min(round(multiple * self.goals.max_harmed), self.search.things)
            if multiple == 1 and quickest is not None:
                points[most] = round(quickest.minutes)
            elif most not in points:
                points[most] = self._minutes(most, result)
        return tuple(Point(most, minutes) for most, minutes in points.items())

    def _minutes(self, most: int, result: _Result) -> int | None:
        tolerated = None if self.search.is_empty else self.search.tolerated(most)
        if tolerated is None:
            return None
        like = None if result.found is None else result.found.ramp
        other = self.search.quickest(Bound(most, tolerated), Margins(), like)
        return None if other is None or other.minutes > self.goals.until else round(other.minutes)

    def binding(self, result: _Result, front: Sequence[Point]) -> Iterator[Binding]:
        """Yield what keeps the rollout from being quicker, or from being possible."""
        found = result.found
        if found is None:
            yield from result.reasons
            return
        bound = Bound(self.goals.max_harmed, self.search.tolerated(self.goals.max_harmed) or 0)
        double = 2 * self.goals.max_harmed
        twice = next((point.minutes for point in front if point.max_harmed == double), None)
        looser = self.searching(min(0.5, LOOSER * self.goals.false_abort))
        yield from slows(self.search, found, bound, self.goals, twice=twice, looser=looser)


def _extremes(plan: Plan) -> tuple[Plan, Plan]:
    """Return a plan created as a window opens, and as one closes, so that it takes longest; without windows, itself."""
    found = extremes(plan)
    if found is None:
        return plan, plan
    shortest, longest = found
    return replace(plan, start=shortest.start), replace(plan, start=longest.start)
