"""Monte Carlo: the same engine with a lane for each trial, where what is multiplied there is drawn here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from iot_jobs.forecast.durations import Floats, Lags
from iot_jobs.forecast.engine import Engine, Spread
from iot_jobs.forecast.lanes import MARGIN, Lanes, Rows, figure
from iot_jobs.forecast.plan import Plan
from iot_jobs.forecast.states import DONE

SHARES = {"p50": 0.5, "p90": 0.9, "p100": 1.0}
QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True)
class Trials:
    """What the trials gave: for each figure its 5th, 50th and 95th percentile, the value of one trial each.

    None stands for never. `aborted_percent` is the share of trials in which abort fired.
    """

    trials: int
    seed: int
    aborted_percent: float
    figures: dict[str, dict[str, float | None]]


class Draws(Engine):
    """One run of so many trials; their counts are whole numbers."""

    def __init__(self, plan: Plan, trials: int, random: np.random.Generator) -> None:
        super().__init__(plan, [0.0] * trials)
        self.random = random
        self.rejects = self.shares[:, 2:]
        self.fails = self.shares[:, 1:2] / np.maximum(1 - self.rejects, 1e-300)
        targets = {name: plan.things * share - MARGIN for name, share in SHARES.items()}
        self.reached = {what: {name: np.full(trials, np.inf) for name in SHARES} for what in ("notified", "done")}
        self.pending = {what: list(targets.items()) for what in self.reached}

    def outcomes(self, row: Floats) -> Floats:
        """How what has ended ended, by lot."""
        count = len(self.states)
        ended, timed_out = row[:count], row[count:] if self.times_out else np.zeros_like(row)
        rejected = self._drawn(ended, self.rejects)
        failed = self._drawn(ended - rejected, self.fails)
        return self.steps @ np.concatenate((ended - rejected - failed, failed, rejected, timed_out))

    def online(self, released: Floats) -> Floats:
        """Those of a batch that are no offline things."""
        return released - self._drawn(released, self.plan.assumptions.offline_rate)

    def delay(self, queue: Floats, rows: Rows) -> None:
        """Put what is queued where it will begin."""
        if self.plan.delay is not None:
            self._scatter(self.beginning.values, rows, queue, self.plan.delay)

    def start(self, begins: Floats, spread: Spread, over: float) -> None:
        """Put what begins where it will end."""
        hanging = self._drawn(begins, self.hang)
        late = self._drawn(begins - hanging, over)
        for (ring, states, lags, _), numbers in zip(spread, (begins - hanging - late, hanging + late), strict=False):
            if numbers.any():
                self._scatter(ring.values[:, states], ring.rows(self.tick, lags), numbers, lags)

    def _scatter(self, ring: Floats, rows: Any, numbers: Floats, lags: Lags) -> None:
        """Let chance say which of so many falls on which lag."""
        if len(lags.minutes) == 1:
            ring[rows[0]] += numbers
            return
        for state in np.flatnonzero(numbers.any(axis=1)):
            drawn = self.random.multinomial(numbers[state].astype(np.int64), lags.shares)
            ring[rows, state] += drawn.T

    def _drawn(self, numbers: Floats, share: Floats | float) -> Floats:
        """How many of each number, each with this chance."""
        if not np.any(share) or not numbers.any():
            return np.zeros_like(numbers)
        return self.random.binomial(numbers.astype(np.int64), share).astype(float)

    def pass_over(self, begins: Floats, most: int) -> int:  # noqa: ARG002
        """No two minutes are alike."""
        return 0

    def note(self, minute: int, *, is_open: bool) -> None:  # noqa: ARG002
        """Note which trials have reached which share; there is no log."""
        done = self.counters[DONE]
        if self.reported is not None:
            done = done + self.reported[DONE]
        for what, values in (("notified", self.notified), ("done", done)):
            most = values.max()
            for name, target in self.pending[what]:
                if most >= target:
                    found = self.reached[what][name]
                    found[(values >= target) & np.isinf(found)] = minute
            # One that every trial has reached is done with; where abort fired in a trial, it never does.
            self.pending[what] = [one for one in self.pending[what] if np.isinf(self.reached[what][one[0]]).any()]


def monte_carlo(plan: Plan, *, trials: int, seed: int) -> Trials:
    """Run so many trials; the same seed gives the same result."""
    random = np.random.default_rng(seed)
    figures: dict[str, list[Floats]] = {}
    for size in _batches(plan, trials):
        engine = Draws(plan, size, random)
        for name, values in _figures(engine, engine.run()).items():
            figures.setdefault(name, []).append(values)
    joined = {name: np.sort(np.concatenate(parts)) for name, parts in figures.items()}
    return Trials(
        trials=trials,
        seed=seed,
        aborted_percent=figure(100 * float(np.isfinite(joined["aborted_minute"]).mean())),
        figures={name: _quantiles(values) for name, values in joined.items()},
    )


def _batches(plan: Plan, trials: int) -> Iterator[int]:
    """How many trials run at once."""
    size = Engine.most_lanes(plan, bad=False)
    while trials > 0:
        yield min(size, trials)
        trials -= size


def _figures(engine: Draws, lanes: Lanes) -> dict[str, Floats]:
    reached = {f"{what}_{name}": values for what, names in engine.reached.items() for name, values in names.items()}
    return {
        **reached,
        "executions_total": lanes.executions,
        "executions_retries": lanes.retries,
        "harmed": lanes.harmed_final,
        "aborted_minute": lanes.minute,
    }


def _quantiles(values: Floats) -> dict[str, float | None]:
    """Of sorted values: each the smallest that at least that share of the trials keeps."""
    found = {name: values[int(np.ceil(share * len(values))) - 1].item() for name, share in QUANTILES.items()}
    return {name: figure(value) if np.isfinite(value) else None for name, value in found.items()}
