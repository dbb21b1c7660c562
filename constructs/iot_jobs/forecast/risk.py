"""The risk of a rollout: how often a healthy release is stopped, and a bad one isn't, in rollouts drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iot_jobs.forecast.blast import BlastRadius
from iot_jobs.forecast.course import Moment, Record, course, peaks
from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.engine import MOST_WORK, Engine
from iot_jobs.forecast.lanes import figure
from iot_jobs.forecast.montecarlo import Draws, drawn, quantile
from iot_jobs.forecast.plan import Plan

BATCH = 250
MOST = 1000
AROUND_THE_SMALLEST = (0.9, 1.0, 1.1, 1.25)
"""The releases around the smallest failure rate that stops the rollout, as multiples of it: there most things are
harmed, because the rollout is sometimes not stopped."""
SMALL_PERCENT = 1.0
"""Rollouts are drawn `BATCH` at a time, until the error of a share of them is this small, or there are `MOST`."""
FEWEST = 20
"""A risk from fewer rollouts than these would say nothing."""
_NORMAL = 1.96
"""The two-sided 95 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Percentiles:
    """The value that half of the rollouts don't exceed, and the one that 95 % don't; None if they never end."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Healthy:
    """A release that fails as often as the fleet usually does. `finish`: when all is done, in minutes.

    `aborted_minute` is the minute by which half of the rollouts that are aborted are, None if none is. `course` is the
    band in which 90 % of the rollouts are (at most `MOST` of them), in the minutes in which it changes.
    """

    aborted_percent: float
    aborted_minute: float | None
    finish: Percentiles
    course: tuple[Moment, ...]

    def peaks(self, column: str, share: str, spans: Sequence[tuple[float, float]]) -> list[float]:
        """Return the largest `p5`, `p50` or `p95` of a count of the course in each span of minutes, as `peaks` does."""
        values = [getattr(getattr(moment, column), share) for moment in self.course]
        return peaks([moment.minute for moment in self.course], values, spans)


@dataclass(frozen=True)
class Bad:
    """A release that fails on this share of devices. `harmed`: things on which an execution FAILED, in total."""

    failure_rate_percent: float
    stopped_percent: float
    harmed: Percentiles


@dataclass(frozen=True)
class Worst:
    """The release that harms the most things: one of the blast radius table, or about as bad as is just stopped."""

    failure_rate_percent: float
    harmed_p95: float


@dataclass(frozen=True)
class Chances:
    """A healthy and a bad release. `error_percent` is the 95 % confidence half-width of the shares that are stopped."""

    healthy: Healthy
    bad: Bad
    trials: int
    error_percent: float


@dataclass(frozen=True)
class Risk:
    """What may happen, in percent of rollouts. `error_percent` is the 95 % confidence half-width of the shares."""

    healthy: Healthy
    bad: Bad
    worst: Worst
    trials: int
    error_percent: float
    seed: int


def chances(plan: Plan, *, minutes: int, trials: int | None, seed: int) -> Chances | None:
    """Return how a healthy and a bad release end. Without `trials`, as many are drawn as it takes, up to some seconds.

    None: even few rollouts of so many `minutes` in which something happens would take longer.
    """
    most = trials or min(MOST, _affordable(plan, minutes))
    if most < FEWEST and not trials:
        return None
    shares = (0.0, plan.assumptions.bad_release_rate)
    random = np.random.default_rng(seed)
    figures: dict[str, Floats] = {}
    records: list[Record] = []
    count = 0
    while True:
        batch = min(BATCH, most - count)
        part, recorded = _by_release(plan, shares, batch, random, followed=min(batch, max(MOST - count, 0)))
        records += recorded
        for name, values in part.items():
            figures[name] = np.concatenate((figures.get(name, values[:, :0]), values), axis=1)
        count += batch
        stopped = np.isfinite(figures["aborted_minute"]).mean(axis=1).tolist()
        error = max(_error_percent(share, count) for share in stopped)
        if count >= most or (not trials and error <= SMALL_PERCENT):
            break
    aborted = figures["aborted_minute"][0]
    healthy, bad = (figure(100 * share) for share in stopped)
    return Chances(
        healthy=Healthy(
            aborted_percent=healthy,
            aborted_minute=_percentiles(aborted[np.isfinite(aborted)]).p50 if healthy else None,
            finish=_percentiles(figures["done_p100"][0]),
            course=course(records),
        ),
        bad=Bad(figure(100 * shares[1]), bad, _percentiles(figures["harmed"][1])),
        trials=count,
        error_percent=round(error, 2),
    )


def risk(
    plan: Plan,
    rows: Sequence[BlastRadius],
    smallest_percent: float | None,
    *,
    minutes: int,
    trials: int | None,
    seed: int,
) -> Risk | None:
    """Return the chances, and the worst release of those about which the expected values are most concerned.

    `rows` are the blast radius, and `smallest_percent` the smallest failure rate that stops the rollout, None if none.
    The same seed gives the same risk. None: see `chances`.
    """
    found = chances(plan, minutes=minutes, trials=trials, seed=seed)
    if found is None:
        return None
    count = min(BATCH, found.trials)
    worst = _worst(plan, rows, smallest_percent or 0, count, np.random.default_rng(seed))
    return Risk(found.healthy, found.bad, worst, found.trials, found.error_percent, seed)


def _affordable(plan: Plan, minutes: int) -> int:
    """Return how many rollouts of each release can be drawn, if something happens in so many minutes of a rollout."""
    lanes = min(Engine.most_lanes(plan, bad=True), BATCH)
    work = Draws(plan, [0.5] * lanes, np.random.default_rng()).work_per_minute * minutes
    return int(lanes * MOST_WORK / work) // (3 + len(AROUND_THE_SMALLEST))


def _worst(
    plan: Plan, rows: Sequence[BlastRadius], smallest_percent: float, trials: int, random: np.random.Generator
) -> Worst:
    """Return the release that harms the most things in 95 % of rollouts, of this many each."""
    expected = max(rows, key=lambda row: row.harmed_final).failure_rate_percent
    near = [round(min(100, smallest_percent * factor), 2) for factor in AROUND_THE_SMALLEST]
    percents = list(dict.fromkeys([float(expected), *filter(None, near)]))
    figures, _ = _by_release(plan, [percent / 100 for percent in percents], trials, random)
    worst, percent = max(zip([_percentiles(values).p95 or 0 for values in figures["harmed"]], percents, strict=True))
    return Worst(figure(percent), worst)


def _by_release(
    plan: Plan, shares: Sequence[float], trials: int, random: np.random.Generator, *, followed: int = 0
) -> tuple[dict[str, Floats], Sequence[Record]]:
    """Return the figures of this many rollouts of each release, with a row for each, and the records of the first.

    All are drawn at once, because a minute takes about as long for many rollouts as for one.
    """
    figures, records = drawn(plan, np.repeat(shares, trials).tolist(), random, followed=followed)
    return {name: values.reshape(len(shares), trials) for name, values in figures.items()}, records


def _error_percent(share: float, count: int) -> float:
    """Return half the width of Wilson's 95 % interval, which is above 0 for a share of 0 too."""
    spread = math.sqrt(share * (1 - share) / count + _NORMAL**2 / (4 * count**2))
    return 100 * _NORMAL / (1 + _NORMAL**2 / count) * spread


def _percentiles(values: Floats) -> Percentiles:
    ordered = np.sort(values)
    return Percentiles(quantile(ordered, 0.5), quantile(ordered, 0.95))
