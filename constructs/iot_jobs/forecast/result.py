"""`Forecast`: what a template will do to the fleet. Its fields are the members of the JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from iot_jobs.forecast.blast import BlastRadius
from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.engine import COLUMNS, MARGIN, figure
from iot_jobs.forecast.montecarlo import Trials

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
    """In how many windows something began, and when the last of them closes (UTC); None without windows."""

    used: int
    last_close: str | None


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

    def reached(self, column: str, things: int) -> Reached:
        """When 50, 90 and 100 % of things are counted in a column. The last is there with less than half to come."""
        values, minutes = self.columns[column], self.columns["minute"]
        targets = (things * 0.5 - MARGIN, things * 0.9 - MARGIN, things - (0.5 - MARGIN))
        rows = [int(np.searchsorted(values, target)) for target in targets]
        return Reached(*(int(minutes[row]) if row < len(minutes) else None for row in rows))


def timeline(log: list[Any]) -> Timeline:
    """The engine's log by columns, without minutes that change nothing."""
    table = np.array(log)
    changes = np.any(table[1:, 3:] != table[:-1, 3:], axis=1) | (table[1:, COLUMNS.index("released")] > 0)
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
