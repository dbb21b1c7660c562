"""`Forecast`: what a template will do to the fleet. Its fields are the members of the JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from iot_jobs.forecast.blast import BlastRadius
from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.lanes import COLUMNS, MARGIN, figure
from iot_jobs.forecast.montecarlo import Trials
from iot_jobs.forecast.schedule import Window
from iot_jobs.limits import TIME_FORMAT

_SEEN = 0.0005
"""Executions: less than this doesn't show in three digits after the point."""


@dataclass(frozen=True)
class Reached:
    """The minutes in which 50, 90 and 100 % of things are reached; None for never."""

    p50: int | None
    p90: int | None
    p100: int | None


@dataclass(frozen=True)
class Executions:
    """Expected executions, each of which is billed: one for each thing that is notified, and its retries."""

    total: float
    retries: float


@dataclass(frozen=True)
class WindowsUsed:
    """In how many windows things were notified or began, and when the last one closes (UTC); None without windows."""

    used: int
    last_close: str | None


def windows_used(windows: Sequence[Window], start: datetime) -> WindowsUsed:
    """The engine's windows, of a job that is created at `start`."""
    last = f"{start + timedelta(minutes=windows[-1].closes):{TIME_FORMAT}}" if windows else None
    return WindowsUsed(used=len(windows), last_close=last)


@dataclass(frozen=True)
class Timeline:
    """The expected run by columns, an entry for each minute in which something changes: sums from creation on.

    `released` and `rate` are those of the minute. `aborted` is 1 from the abort on.
    """

    columns: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.columns["minute"])

    def __iter__(self) -> Iterator[dict[str, float]]:
        """The entries, one by one."""
        names = list(self.columns)
        for row in zip(*(self.columns[name].tolist() for name in names), strict=True):
            yield dict(zip(names, map(figure, row), strict=True))

    @property
    def aborted_minute(self) -> int | None:
        """The minute of the abort; None where the expected run has none."""
        found = np.flatnonzero(self.columns["aborted"])
        return int(self.columns["minute"][found[0]]) if len(found) else None

    def peaks(self, column: str, parts: int) -> list[float]:
        """The largest value of a column in each of so many equal parts of the time."""
        values, minutes = self.columns[column], self.columns["minute"]
        edges = np.linspace(0, minutes[-1] + 1, parts + 1)
        first = np.searchsorted(minutes, edges[:-1], side="right") - 1
        last = np.maximum(np.searchsorted(minutes, edges[1:], side="left"), first + 1)
        return [float(values[low:high].max()) for low, high in zip(first, last, strict=True)]

    def thinned(self, most: int) -> dict[str, list[float]]:
        """The columns with at most so many entries. Steps stay where they are, to within a stretch of them.

        Of each stretch there is the last entry and the one with the most in progress; and wherever they are, those in
        which a window opens or closes, and the last before each of the longest pauses.
        """
        busy, rate = self.columns["in_progress"], self.columns["rate"]
        kept = np.arange(len(busy))
        if len(busy) > most:
            parts = most // 4
            bounds = np.linspace(0, len(busy), parts + 1).astype(int)
            gaps = np.argsort(np.diff(self.columns["minute"]), kind="stable")[::-1][:parts]
            turns = np.flatnonzero(np.diff((rate > 0).astype(int)))
            kept = np.unique([
                0,
                *bounds[1:] - 1,
                *(low + busy[low:high].argmax() for low, high in pairwise(bounds)),
                *(turns + 1)[:parts],
                *gaps,
            ])  # fmt: skip
        return {name: values[kept].tolist() for name, values in self.columns.items()}

    def open_spans(self) -> list[tuple[float, float]]:
        """From which minute to which things could be notified."""
        minutes = np.append(self.columns["minute"], self.columns["minute"][-1] + 1)
        is_open = np.concatenate(([0], self.columns["rate"] > 0, [0])).astype(int)
        turns = np.flatnonzero(np.diff(is_open))
        return [(float(minutes[low]), float(minutes[high])) for low, high in zip(turns[::2], turns[1::2], strict=True)]

    def reached(self, column: str, things: int) -> Reached:
        """When 50, 90 and 100 % of things are counted in a column. The last is there with less than half to come."""
        values, minutes = self.columns[column], self.columns["minute"]
        targets = (things * 0.5 - MARGIN, things * 0.9 - MARGIN, things - (0.5 - MARGIN))
        rows = [int(np.searchsorted(values, target)) for target in targets]
        return Reached(*(int(minutes[row]) if row < len(minutes) else None for row in rows))


def timeline(table: Floats) -> Timeline:
    """The engine's log by columns, without minutes that change nothing."""
    # Of a spread time the tail goes on in fractions of an execution that nobody sees.
    unlike = np.flatnonzero(np.abs(table[:, 3:] - table[-1, 3:]).max(axis=1) > _SEEN)
    table = table[: unlike[-1] + 2] if len(unlike) else table[:1]
    changes = np.any(table[1:, 1:] != table[:-1, 1:], axis=1) | (table[1:, COLUMNS.index("released")] > 0)
    kept = table[np.concatenate(([True], changes))]
    columns = {name: kept[:, index] for index, name in enumerate(COLUMNS)}
    ended = columns["succeeded"] + columns["failed"] + columns["rejected"] + columns["timed_out"]
    begun, canceled = columns.pop("begun"), columns["canceled"]
    columns["queued"] = np.maximum(columns["notified"] + columns["retries"] - begun - canceled, 0)
    columns["in_progress"] = np.maximum(begun - ended, 0)
    return Timeline(columns)


@dataclass(frozen=True)
class Forecast:
    """What a template will do, as far as what is assumed holds. Minutes count from creation; None stands for never."""

    template: str
    assumptions: dict[str, Any]
    notified: Reached
    done: Reached
    peak_rate_per_minute: int
    executions: Executions
    windows: WindowsUsed
    blast_radius: tuple[BlastRadius, ...]
    smallest_stopping_failure_rate_percent: float | None
    timeline: Timeline
    trials: Trials | None = None

    @property
    def worst(self) -> BlastRadius:
        """The bad release of the table that harms most in the end; of several the one with the lowest rate."""
        return max(self.blast_radius, key=lambda row: row.harmed_final)
