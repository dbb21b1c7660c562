"""Lanes, runs beside each other: what came of each, and how the first one is logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from iot_jobs.forecast.durations import Floats, Lags

Rows = NDArray[np.int64]

MARGIN = 1e-5
"""Executions: what a comparison of two counts takes for a rounding error."""

SHARE_MARGIN = 1e-8
"""The same for a failure share, in ten-thousandths of an execution for each completed one; 0.5 in all at most."""

COLUMNS = (
    *("minute", "rate", "released", "aborted", "notified", "begun", "canceled", "retries"),
    *("succeeded", "failed", "rejected", "timed_out", "harmed", "done"),
)
"""The log of the first lane, one row for each minute that was looked at. What ends is there in its own minute."""

ADDED = np.array([name not in ("rate", "released", "aborted") for name in COLUMNS])
"""Which columns are sums from creation on."""


@dataclass(frozen=True)
class Lanes:
    """What came of each lane.

    `minute` is that of the abort, infinite where none fires; `notified`, `harmed` and `in_flight` hold then, or at the
    end.
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
        """Lanes that ran one after the other."""
        return cls(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)})


class Ring:
    """What is to come, by the minute in which it does: so many minutes, then from the beginning again."""

    def __init__(self, minutes: int, states: int, lanes: int) -> None:
        self.values = np.zeros((minutes, states, lanes))
        self.filled = np.zeros(minutes, dtype=bool)

    def rows(self, tick: int, lags: Lags) -> Rows:
        """Where to put what comes so many minutes from now; it counts as filled from here on."""
        rows: Rows = (tick + lags.minutes) % len(self.filled)
        self.filled[rows] = True
        return rows

    def take(self, tick: int) -> Floats:
        """What comes now, taken out."""
        row = self.values[tick % len(self.filled)]
        taken: Floats = row.copy()
        if self.filled[tick % len(self.filled)]:
            row[:] = 0
            self.filled[tick % len(self.filled)] = False
        return taken

    def ahead(self, tick: int) -> float:
        """In how many minutes something comes; infinite where nothing does."""
        filled = np.flatnonzero(self.filled)
        return float(((filled - tick) % len(self.filled)).min()) if len(filled) else np.inf


def whole_steps(distance: Floats, speed: Floats) -> float:
    """Return how many whole steps stay short of every distance, infinite where none is approached."""
    coming = speed > 0
    return float((distance[coming] / speed[coming]).min() - 1) if coming.any() else np.inf


def figure(value: float) -> float:
    """An expected value to three digits after the point; a whole one as an integer."""
    rounded = round(float(value), 3)
    return int(rounded) if rounded.is_integer() else rounded
