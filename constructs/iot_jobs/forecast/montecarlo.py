"""Monte Carlo: the engine with a lane for each trial. It draws at random where the engine multiplies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from iot_jobs.forecast.course import Record
from iot_jobs.forecast.durations import Floats, Lags
from iot_jobs.forecast.engine import Engine, Way
from iot_jobs.forecast.lanes import MARGIN, Lanes, Ring, figure
from iot_jobs.forecast.plan import Plan
from iot_jobs.forecast.states import COUNTERS, DONE, FAILED, OUTCOMES, REJECTED, STUCK, SUCCEEDED, TIMED_OUT, in_turn

SHARES = {"p50": 0.5, "p90": 0.9, "p100": 1.0}
_DRAWN = (REJECTED, FAILED, STUCK, TIMED_OUT, SUCCEEDED)
"""The outcomes in the order in which they are drawn. What is left has succeeded, and needs no draw."""
QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True)
class Trials:
    """The result of the trials: the 5th, 50th and 95th percentile of each figure, each the value of one trial.

    None means never. `aborted_percent` is the share of trials in which abort fired.
    """

    trials: int
    seed: int
    aborted_percent: float
    figures: dict[str, dict[str, float | None]]


class Drawn(NamedTuple):
    """The figures of each trial, minutes are infinite for never, and the records of the followed ones."""

    figures: dict[str, Floats]
    records: list[Record]


class Draws(Engine):
    """One run of several trials, whose counts are whole numbers."""

    nanoseconds = 130_000, 100

    def __init__(self, plan: Plan, bad: Sequence[float], random: np.random.Generator, *, followed: int = 0) -> None:
        """`bad` is the share of things on which every attempt fails, for each trial.

        The course of the first `followed` trials is recorded.
        """
        super().__init__(plan, bad)
        trials = len(bad)
        self.random = random
        self.chances = [
            [
                (outcome, chance)
                for outcome, chance in zip(_DRAWN, in_turn(way.T[_DRAWN, :, None]), strict=True)
                if way[:, outcome].any()
            ]
            for way in self.endings
        ]
        self.delay_chances = in_turn([start.delay.share for start in self.beginnings])
        targets = {name: plan.things * share - MARGIN for name, share in SHARES.items()}
        self.reached = {column: {name: np.full(trials, np.inf) for name in SHARES} for column in ("notified", "done")}
        self.pending = {column: list(targets.items()) for column in self.reached}
        self.followed, self.record = followed, Record()

    def outcomes(self, row: Floats) -> Floats:
        """Draw outcomes for ended executions. Return what they add to the counters, then to the queue by state."""
        counts = np.zeros((OUTCOMES, len(self.states), len(self.bad)))
        for ended, chances in zip(np.split(row, len(self.endings)), self.chances, strict=True):
            left = ended
            for outcome, chance in chances:
                drawn = self._drawn(left, chance)
                counts[outcome] += drawn
                left = left - drawn
        return self.steps @ counts.reshape(-1, len(self.bad))

    def online(self, released: Floats) -> Floats:
        """Draw the online things of a batch."""
        return released - self._drawn(released, self.plan.assumptions.offline_rate)

    def spoilt(self, online: Floats) -> Floats:
        """Draw the bad things of a batch."""
        return self._drawn(online, self.bad)

    def delay(self, queue: Floats) -> None:
        """Schedule the starts of queued executions."""
        left = queue
        for start, chance in zip(self.beginnings, self.delay_chances, strict=True):
            drawn = self._drawn(left, chance)
            self._scatter(start.ring, slice(None), start.delay.lags, drawn)
            left = left - drawn

    def start(self, begins: Floats, ways: list[Way]) -> None:
        """Schedule the ends of executions that start."""
        left = begins
        for way in ways:
            drawn = self._drawn(left, way.chance)
            self._scatter(way.ring, way.rows, way.lags, drawn)
            left = left - drawn
        if self.hangs.any():
            self.lost += left.sum(axis=0)

    def _scatter(self, ring: Ring, states: slice, lags: Lags, numbers: Floats) -> None:
        """Distribute executions over the lags at random."""
        if not numbers.any():
            return
        rows, values = ring.rows(self.tick, lags), ring.values[:, states]
        if len(rows) == 1:
            values[rows[0]] += numbers
            return
        for state in np.flatnonzero(numbers.any(axis=1)):
            values[rows, state] += self.random.multinomial(numbers[state].astype(np.int64), lags.shares).T

    def _drawn(self, numbers: Floats, share: Floats | float) -> Floats:
        """Draw how many of each number have a property, each with this probability."""
        if not np.any(share) or not numbers.any():
            return np.zeros_like(numbers)
        if np.all(share == 1):
            return numbers
        return self.random.binomial(numbers.astype(np.int64), share).astype(float)

    def pass_over(self, begins: Floats, most: int) -> int:  # noqa: ARG002
        """Skip nothing: no two minutes are alike."""
        return 0

    def note(self, minute: int, *, is_open: bool) -> None:  # noqa: ARG002
        """Record which trials have reached which share, and the course of the followed ones. There is no log."""
        counted = self.counters
        if self.reported is not None:
            counted = counted + self.reported[:COUNTERS]
        done = counted[DONE]
        if self.followed:
            shown = slice(self.followed)
            self.record.note(minute, np.array([self.notified[shown], *counted[[SUCCEEDED, FAILED], shown]]))
        for column, values in (("notified", self.notified), ("done", done)):
            reached, pending = self.reached[column], self.pending[column]
            most = values.max()
            for name, target in pending:
                if most >= target:
                    reached[name][(values >= target) & np.isinf(reached[name])] = minute
            # A share that every trial has reached is dropped. A trial in which abort fired may never reach it.
            self.pending[column] = [(name, target) for name, target in pending if np.isinf(reached[name]).any()]


def monte_carlo(plan: Plan, *, trials: int, seed: int) -> Trials:
    """Run this many trials. The same seed gives the same result."""
    figures, _ = drawn(plan, [0.0] * trials, np.random.default_rng(seed))
    joined = {name: np.sort(values) for name, values in figures.items()}
    return Trials(
        trials=trials,
        seed=seed,
        aborted_percent=figure(100 * float(np.isfinite(joined["aborted_minute"]).mean())),
        figures={
            name: {quantile_name: quantile(values, share) for quantile_name, share in QUANTILES.items()}
            for name, values in joined.items()
        },
    )


def drawn(plan: Plan, bad: Sequence[float], random: np.random.Generator, *, followed: int = 0) -> Drawn:
    """Return the figures of a trial for each share of bad things, and the records of the first `followed` ones."""
    size = Engine.most_lanes(plan, bad=any(bad))
    figures: dict[str, list[Floats]] = {}
    records = []
    for start in range(0, len(bad), size):
        engine = Draws(plan, bad[start : start + size], random, followed=min(size, max(followed - start, 0)))
        for name, values in _figures(engine, engine.run()).items():
            figures.setdefault(name, []).append(values)
        if engine.followed:
            records.append(engine.record)
    return Drawn({name: np.concatenate(parts) for name, parts in figures.items()}, records)


def quantile(values: Floats, share: float) -> float | None:
    """Return the smallest of sorted values that at least this share doesn't exceed; None if it is infinite."""
    value = values[int(np.ceil(share * len(values))) - 1].item()
    return figure(value) if np.isfinite(value) else None


def _figures(engine: Draws, lanes: Lanes) -> dict[str, Floats]:
    reached = {f"{column}_{name}": values for column, names in engine.reached.items() for name, values in names.items()}
    return {
        **reached,
        "executions_total": lanes.executions,
        "executions_retries": lanes.retries,
        "harmed": lanes.harmed_final,
        "aborted_minute": lanes.minute,
    }
