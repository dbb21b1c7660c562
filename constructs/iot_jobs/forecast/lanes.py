"""Lanes, the engine's parallel runs: the result of each, and the log of the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from iot_jobs.forecast.durations import Floats, Lags

Rows = NDArray[np.int64]

MARGIN = 1e-5
"""Executions: up to this size, the difference of two counts is a rounding error."""

SHARE_MARGIN = 1e-8
"""The same for a failure share, in ten-thousandths of an execution for each completed one; at most 0.5 in all."""

NEGLIGIBLE = 1e-4 * SHARE_MARGIN
"""Less than this share of the fleet can't change whether a criterion is met: a run may end before it has ended."""

_AT_ONCE = 2**15
"""Numbers in an array that is small enough for the processor's cache."""

COLUMNS = (
    *("minute", "rate", "released", "aborted", "notified", "begun", "canceled", "retries"),
    *("succeeded", "failed", "rejected", "timed_out", "harmed", "done"),
)
"""Columns of the first lane's log, with a row for each minute that wasn't skipped. Ends are in their exact minute."""

ADDED = np.array([name not in ("rate", "released", "aborted") for name in COLUMNS])
"""A mask of the columns that are sums from creation on."""


def all_reached(log: Floats, column: str, things: int) -> int | None:
    """Return the minute of a log in which a column has counted all things but less than half a one; None for never."""
    row = int(np.searchsorted(log[:, COLUMNS.index(column)], things - (0.5 - MARGIN)))
    return int(log[row, COLUMNS.index("minute")]) if row < len(log) else None


@dataclass(frozen=True)
class Lanes:
    """The result of each lane.

    `minute` is the minute of the abort, infinite if none fires. `notified`, `harmed` and `in_flight` are those of that
    minute, or of the end.
    """

    minute: Floats
    notified: Floats
    harmed: Floats
    in_flight: Floats
    harmed_final: Floats
    executions: Floats
    retries: Floats

    @classmethod
    def joined(cls, parts: Sequence[Lanes]) -> Lanes:
        """Return the lanes of several runs as one."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


class Ring:
    """Future starts or ends of executions by their minute, in a ring of `minutes` rows."""

    def __init__(self, minutes: int, states: int, lanes: int) -> None:
        self.values = np.zeros((minutes, states, lanes))
        self.filled = np.zeros(minutes, dtype=bool)

    def rows(self, tick: int, lags: Lags) -> Rows:
        """Return the rows for these lags from now, and mark them as filled."""
        rows: Rows = (tick + lags.minutes) % len(self.filled)
        self.filled[rows] = True
        return rows

    def add(self, rows: Rows, states: slice, shares: Floats, numbers: Floats) -> None:
        """Add a share of these numbers to each row. A few rows at a time are up to ten times as fast as all of them."""
        most = max(1, _AT_ONCE // numbers.size)
        for low in range(0, len(rows), most):
            part = slice(low, low + most)
            self.values[rows[part], states] += shares[part] * numbers

    def take(self, tick: int) -> Floats:
        """Remove and return the row of this minute."""
        row = self.values[tick % len(self.filled)]
        taken: Floats = row.copy()
        if self.filled[tick % len(self.filled)]:
            row[:] = 0
            self.filled[tick % len(self.filled)] = False
        return taken

    def ahead(self, tick: int) -> float:
        """Return the minutes until the next filled row, infinite if there is none."""
        filled = np.flatnonzero(self.filled)
        return float(((filled - tick) % len(self.filled)).min()) if len(filled) else np.inf


def whole_steps(distance: Floats, speed: Floats) -> float:
    """Return how many whole steps stay short of every distance, infinite if none is approached."""
    coming = speed > 0
    return float((distance[coming] / speed[coming]).min() - 1) if coming.any() else np.inf


def figure(value: float) -> float:
    """Return an expected value to three digits after the point, a whole one as an integer."""
    rounded = round(float(value), 3)
    return int(rounded) if rounded.is_integer() else rounded
