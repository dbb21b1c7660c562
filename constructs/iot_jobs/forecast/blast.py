"""The blast radius: what a bad release does before the abort criteria stop it, at each rate, in one vectorised pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iot_jobs.forecast.engine import MOST_WORK, Engine
from iot_jobs.forecast.lanes import Lanes, figure
from iot_jobs.forecast.plan import TOO_MUCH, ForecastError, Plan

PERCENTAGES = (1, 2, 5, 10, 25, 50, 100)


@dataclass(frozen=True)
class BlastRadius:
    """The effect of a release that fails on a share of all devices, on every attempt.

    Assumed: the other devices behave as usual. `minute` is the minute of the abort, None if none fires. The counts are
    those of that minute, or of the end. `harmed` counts things on which an execution ended FAILED, `in_flight` things
    with an execution that has not ended. `harmed_final` is `harmed` after those have ended.
    """

    failure_rate_percent: int
    fires: bool
    minute: int | None
    notified: float
    harmed: float
    in_flight: float
    harmed_final: float


def blast_radius(plan: Plan) -> tuple[Engine, Lanes, tuple[BlastRadius, ...], float | None]:
    """Return the expected run, the lanes, the table, and the smallest failure rate that stops the rollout.

    That rate is in percent: 0 if the fleet's own rates stop it, None if no rate does. Every whole percent is tried,
    then every hundredth below the first that fires. Assumed: no rate fires between two whole percents that don't.
    """
    engine, lanes = _run(plan, [percent / 100 for percent in range(101)])
    table = tuple(_row(percent, lanes, percent) for percent in PERCENTAGES)
    return engine, lanes, table, _smallest(plan, lanes)


def _row(percent: int, lanes: Lanes, lane: int) -> BlastRadius:
    fires = bool(np.isfinite(lanes.minute[lane]))
    return BlastRadius(
        failure_rate_percent=percent,
        fires=fires,
        minute=int(lanes.minute[lane]) if fires else None,
        notified=figure(lanes.notified.item(lane)),
        harmed=figure(lanes.harmed.item(lane)),
        in_flight=figure(lanes.in_flight.item(lane)),
        harmed_final=figure(lanes.harmed_final.item(lane)),
    )


def _run(plan: Plan, bad: Sequence[float]) -> tuple[Engine, Lanes]:
    """Run all rates in one pass, or in several if the longest executions would take too much memory."""
    size = Engine.most_lanes(plan, bad=True)
    first = Engine(plan, bad[:size])
    lanes = [first.run()]
    if first.work * len(bad) > MOST_WORK * size:
        raise ForecastError(TOO_MUCH)
    lanes += [Engine(plan, bad[start : start + size]).run() for start in range(size, len(bad), size)]
    return first, Lanes.joined(lanes)


def _smallest(plan: Plan, lanes: Lanes) -> float | None:
    firing = np.flatnonzero(np.isfinite(lanes.minute))
    if not len(firing):
        return None
    percent = int(firing[0])
    if not percent:
        return 0
    hundredths = range(100 * (percent - 1) + 1, 100 * percent)
    _, finer = _run(plan, [rate / 10_000 for rate in hundredths])
    firing = np.flatnonzero(np.isfinite(finer.minute))
    return hundredths[int(firing[0])] / 100 if len(firing) else percent
