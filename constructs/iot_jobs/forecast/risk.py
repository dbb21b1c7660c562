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
from iot_jobs.forecast.montecarlo import drawn, quantile
from iot_jobs.forecast.plan import Plan

BATCH = 250
MOST = 1000
SCOUTS = 100
"""Rollouts of each release among which the worst is looked for."""
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
class Risk:
    """What may happen, in percent of rollouts. `error_percent` is the 95 % confidence half-width of the shares."""

    healthy: Healthy
    bad: Bad
    worst: Worst
    trials: int
    error_percent: float
    seed: int


def risk(
    plan: Plan,
    rows: Sequence[BlastRadius],
    smallest_percent: float | None,
    *,
    minutes: int,
    bad_release_rate: float,
    trials: int | None,
    seed: int,
) -> Risk | None:
    """Return the risk of a rollout. Without `trials`, as many are drawn as it takes, up to some seconds.

    None: even few rollouts of so many `minutes` in which something happens would take longer. `rows` are the blast
    radius, and `smallest_percent` the smallest failure rate that stops the rollout, None if none. The same seed gives
    the same risk.
    """
    most = trials or min(MOST, _affordable(plan, minutes))
    if most < FEWEST and not trials:
        return None
    worst_percent = _worst(plan, rows, smallest_percent or 0, np.random.default_rng(seed))
    shares = (0.0, bad_release_rate, worst_percent / 100)
    random = np.random.default_rng(seed)
    figures: dict[str, Floats] = {}
    records: list[Record] = []
    count = 0
    while True:
        # All releases at once, because a minute takes about as long for many rollouts as for one.
        batch = min(BATCH, most - count)
        part = drawn(plan, np.repeat(shares, batch).tolist(), random, followed=min(batch, max(MOST - count, 0)))
        records += part.records
        for name, values in part.figures.items():
            by_release = values.reshape(len(shares), batch)
            figures[name] = np.concatenate((figures.get(name, by_release[:, :0]), by_release), axis=1)
        count += batch
        stopped = np.isfinite(figures["aborted_minute"]).mean(axis=1)
        error = max(_error_percent(share, count) for share in stopped[:2].tolist())
        if count >= most or (not trials and error <= SMALL_PERCENT):
            break
    aborted = figures["aborted_minute"][0]
    finish, harmed = (list(map(_percentiles, figures[name])) for name in ("done_p100", "harmed"))
    return Risk(
        healthy=Healthy(
            aborted_percent=figure(100 * stopped[0].item()),
            aborted_minute=_percentiles(aborted[np.isfinite(aborted)]).p50 if stopped[0] else None,
            finish=finish[0],
            course=course(records),
        ),
        bad=Bad(figure(100 * bad_release_rate), figure(100 * stopped[1].item()), harmed[1]),
        worst=Worst(worst_percent, harmed[2].p95 or 0),
        trials=count,
        error_percent=round(error, 2),
        seed=seed,
    )


def _affordable(plan: Plan, minutes: int) -> int:
    """Return how many rollouts of each release can be drawn, if something happens in so many minutes of a rollout."""
    lanes = min(Engine.most_lanes(plan, bad=True), BATCH)
    work = Engine(plan, [0.5] * lanes).work_per_minute * minutes
    releases, scouts = 3, SCOUTS * (1 + len(AROUND_THE_SMALLEST))
    return max(0, int(lanes * MOST_WORK / work) - scouts) // releases


def _worst(plan: Plan, rows: Sequence[BlastRadius], smallest_percent: float, random: np.random.Generator) -> float:
    """Return the failure rate, in percent, of the release that harms the most things in 95 % of rollouts."""
    expected = max(rows, key=lambda row: row.harmed_final).failure_rate_percent
    near = [round(min(100, smallest_percent * factor), 2) for factor in AROUND_THE_SMALLEST]
    rates = list(dict.fromkeys([float(expected), *filter(None, near)]))
    if len(rates) == 1:
        return expected
    harmed = drawn(plan, (np.repeat(rates, SCOUTS) / 100).tolist(), random).figures["harmed"]
    p95 = [_percentiles(values).p95 or 0 for values in harmed.reshape(len(rates), SCOUTS)]
    return figure(rates[int(np.argmax(p95))])


def _error_percent(share: float, count: int) -> float:
    """Return half the width of Wilson's 95 % interval, which is above 0 for a share of 0 too."""
    spread = math.sqrt(share * (1 - share) / count + _NORMAL**2 / (4 * count**2))
    return 100 * _NORMAL / (1 + _NORMAL**2 / count) * spread


def _percentiles(values: Floats) -> Percentiles:
    ordered = np.sort(values)
    return Percentiles(quantile(ordered, 0.5), quantile(ordered, 0.95))
