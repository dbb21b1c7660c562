"""`Forecast`: the effect of a template on the fleet. Its fields are the members of the JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from iot_jobs.forecast.blast import BlastRadius
from iot_jobs.forecast.course import peaks
from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.lanes import COLUMNS, MARGIN, figure
from iot_jobs.forecast.montecarlo import Trials
from iot_jobs.forecast.plan import Plan
from iot_jobs.forecast.risk import Risk
from iot_jobs.forecast.schedule import Window
from iot_jobs.forecast.starts import Starts
from iot_jobs.limits import TIME_FORMAT

_SEEN = 0.0005
"""Executions: a smaller difference doesn't show in three digits after the point."""


@dataclass(frozen=True)
class Reached:
    """The minutes in which 50, 90 and 100 % of things are reached, None if never."""

    p50: int | None
    p90: int | None
    p100: int | None


@dataclass(frozen=True)
class Executions:
    """Expected executions, each of which is billed: one for each notified thing, and its retries."""

    total: float
    retries: float


@dataclass(frozen=True)
class WindowsUsed:
    """Number of windows in which things were notified or started, and the close of the last (UTC), None without any.

    `open` has all times at which a window is open, in minutes up to the end of the forecast, whether used or not. It is
    empty for a template without windows.
    """

    used: int
    last_close: str | None
    open: tuple[Window, ...]


def windows_used(plan: Plan, windows: Sequence[Window], until: int) -> WindowsUsed:
    """Return the windows that the engine used, and those up to and including minute `until`."""
    last = f"{plan.start + timedelta(minutes=windows[-1].closes):{TIME_FORMAT}}" if windows else None
    return WindowsUsed(used=len(windows), last_close=last, open=plan.schedule().spans(until) if plan.crons else ())


@dataclass(frozen=True)
class Timeline:
    """The expected run by columns, with an entry for each minute in which something changes.

    Columns are sums from creation on, but `released` and `rate` are those of the minute, `queued` and `in_progress`
    those of the moment. `aborted` is 1 from the abort on.
    """

    columns: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.columns["minute"])

    def __iter__(self) -> Iterator[dict[str, float]]:
        """Yield the entries in order."""
        names = list(self.columns)
        for row in zip(*(self.columns[name].tolist() for name in names), strict=True):
            yield dict(zip(names, map(figure, row), strict=True))

    @property
    def aborted_minute(self) -> int | None:
        """The minute of the abort, None if the expected run has none."""
        entries = np.flatnonzero(self.columns["aborted"])
        return int(self.columns["minute"][entries[0]]) if len(entries) else None

    @property
    def last_minute(self) -> int:
        """The last minute in which something changes."""
        return int(self.columns["minute"][-1])

    def peaks(self, column: str, spans: Sequence[tuple[float, float]]) -> list[float]:
        """Return the largest value of a column in each span of minutes, the second of which isn't part of it."""
        return peaks(self.columns["minute"], self.columns[column], spans)

    def reached(self, column: str, things: int) -> Reached:
        """Return when a column reaches 50, 90 and 100 % of things, the last with less than half a thing to come."""
        values, minutes = self.columns[column], self.columns["minute"]
        targets = (things * 0.5 - MARGIN, things * 0.9 - MARGIN, things - (0.5 - MARGIN))
        rows = [int(np.searchsorted(values, target)) for target in targets]
        return Reached(*(int(minutes[row]) if row < len(minutes) else None for row in rows))


def timeline(table: Floats) -> Timeline:
    """Return the engine's log by columns, without minutes that change nothing."""
    # The tail of a spread time is in fractions of an execution that no output shows.
    differs = np.zeros(len(table), dtype=bool)
    for column in table[:, 3:].T:  # one by one, because a table of two years takes 100 MB
        differs |= np.abs(column - column[-1]) > _SEEN
    unlike = np.flatnonzero(differs)
    table = table[: unlike[-1] + 2] if len(unlike) else table[:1]
    changes = np.any(table[1:, 1:] != table[:-1, 1:], axis=1) | (table[1:, COLUMNS.index("released")] > 0)
    kept = table[np.concatenate(([True], changes))]
    columns = {name: kept[:, index] for index, name in enumerate(COLUMNS)}
    ended = columns["succeeded"] + columns["failed"] + columns["rejected"] + columns["timed_out"]
    begun, canceled = columns.pop("begun"), columns["canceled"]
    columns["queued"] = np.maximum(columns["notified"] + columns["retries"] - begun - canceled, 0)
    columns["in_progress"] = np.maximum(begun - ended, 0)
    return Timeline(columns)


def last_minute(course: Timeline, risk: Risk | None) -> int:
    """Return the last minute in which something changes, in the expected run or in most of those drawn at random."""
    return max(course.last_minute, risk.healthy.course[-1].minute if risk else 0)


@dataclass(frozen=True)
class Forecast:
    """The effect of a template, if the assumptions hold. Minutes count from creation. None means never."""

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
    starts: Starts | None = None
    risk: Risk | None = None
    trials: Trials | None = None

    @property
    def start(self) -> datetime:
        """Minute 0, in UTC."""
        return datetime.strptime(self.assumptions["start"], TIME_FORMAT).replace(tzinfo=UTC)

    @property
    def last_minute(self) -> int:
        """The last minute in which something changes."""
        return last_minute(self.timeline, self.risk)

    @property
    def things(self) -> int:
        """Number of things that the job targets."""
        return int(self.assumptions["things"])

    @property
    def worst(self) -> BlastRadius:
        """The row of the blast radius with the most things harmed in total; if several, the lowest rate."""
        return max(self.blast_radius, key=lambda row: row.harmed_final)
