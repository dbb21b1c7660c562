"""Minutes that the engine passes over: those in which nothing happens, and those that are all alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.lanes import ADDED, MARGIN
from iot_jobs.forecast.states import COUNTERS, SUCCEEDED

if TYPE_CHECKING:
    from iot_jobs.forecast.engine import Engine


def idle(engine: Engine, most: int) -> int:
    """How many minutes to pass over, up to `most`, until something ends or is due to begin."""
    if engine.reported is not None and engine.reported.any():
        return 0
    passed = min([most, *(ring.ahead(engine.tick) for ring in engine.rings)])
    engine.tick += int(passed)
    return int(passed)


def steady(engine: Engine, begins: Floats, most: int) -> int:
    """How many minutes that are all alike were passed over, up to `most`.

    When the same has begun in every minute for as long as executions take, each further minute adds the same again,
    until the things run out, a criterion comes near, or the rate may rise.
    """
    now = np.concatenate((begins, engine.released[None]))
    same = engine.released.any() and np.array_equal(now, engine.before)
    engine.before = now
    engine.unchanged = engine.unchanged + 1 if same else 0
    if engine.unchanged <= engine.memory + engine.longest_delay:
        return 0
    sending = engine.released > 0
    limits = [
        (engine.remaining[sending] / engine.released[sending]).min(),
        most,
        _until_met(engine),
        _until_risen(engine),
    ]
    minutes = int(min(limits))
    if minutes < 2:
        return 0
    engine.counters += minutes * engine.flow[:COUNTERS]
    engine.retries += minutes * engine.flow[COUNTERS:].sum(axis=0)
    engine.begun += minutes * begins.sum(axis=0)
    engine.offline += minutes * (engine.released - engine.online(engine.released))
    engine.notified += minutes * engine.released
    engine.remaining -= minutes * engine.released
    if engine.rows:
        last, before = np.array(engine.rows[-1]), np.array(engine.rows[-2])
        block: Floats = last + np.arange(1.0, minutes + 1)[:, None] * np.where(ADDED, last - before, 0.0)
        engine.blocks += [np.array(engine.rows, dtype=float), block[:-2]]
        engine.rows = block[-2:].tolist()
    return minutes


def _until_met(engine: Engine) -> float:
    """In how many minutes that are all alike no criterion is met, in any lane that goes on."""
    if not len(engine.criteria):
        return np.inf
    lanes = np.flatnonzero(engine.alive)
    completed, more = engine.counters[:4, lanes], engine.flow[:4, lanes]
    waits = engine.minimums - completed.sum(axis=0)
    distance = np.where(waits > 0, waits, -0.5 - engine.criteria @ completed)
    speed = np.where(waits > 0, more.sum(axis=0), engine.criteria @ more)
    return _until(distance, speed)


def _until_risen(engine: Engine) -> float:
    """In how many minutes that are all alike the rate stays, in all lanes that send."""
    rates = engine.plan.rates
    lanes = np.flatnonzero((engine.released > 0) & (engine.rises < len(engine.rates) - 1))
    counted, more = (
        (engine.counters, engine.flow) if rates.counts_succeeded else (engine.notified[None], engine.released[None])
    )
    return _until((engine.rises[lanes] + 1) * rates.threshold - counted[SUCCEEDED, lanes] - MARGIN, more[0, lanes])


def _until(distance: Floats, speed: Floats) -> float:
    """How many whole steps stay short of every distance."""
    coming = speed > 0
    return float((distance[coming] / speed[coming]).min() - 1) if coming.any() else np.inf
