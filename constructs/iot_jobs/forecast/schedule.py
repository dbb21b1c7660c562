"""The maintenance windows of a job, one after the other, in minutes from its creation."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from iot_jobs.forecast.assumptions import HORIZON_MINUTES, SINCE
from iot_jobs.windows import Cron

LONGEST = timedelta(minutes=1430)


@dataclass(frozen=True, slots=True)
class Window:
    """The minutes from `opens` up to, not including, `closes`. `opens` is negative if it was before creation."""

    opens: int
    closes: int


@dataclass
class Schedule:
    """The windows of a job from minute 0 on, to be queried in order of time. Without crons it is always open."""

    crons: Sequence[tuple[Cron, int]]
    start: datetime
    _coming: Iterator[Window] = field(init=False)
    _window: Window | None = field(init=False)

    def __post_init__(self) -> None:
        if self.crons:
            self._coming = heapq.merge(*map(self._openings, self.crons), key=lambda window: window.opens)
            self._window = next(self._coming, None)
        else:
            self._coming = iter(())
            self._window = Window(0, HORIZON_MINUTES + 1)

    def at(self, minute: int) -> Window | None:
        """Return the window that is open in a minute, or else the next one; None if none opens within the horizon."""
        while self._window is not None and self._window.closes <= minute:
            self._window = next(self._coming, None)
        return self._window

    def spans(self, until: int) -> tuple[Window, ...]:
        """Return the windows that open up to minute `until`, from minute 0 on. Those that touch or overlap are one."""
        spans: list[Window] = []
        minute = 0
        while (window := self.at(minute)) is not None and max(window.opens, minute) <= until:
            opens, minute = max(window.opens, minute), window.closes
            if spans and spans[-1].closes == opens:
                opens = spans.pop().opens
            spans.append(Window(opens, window.closes))
        return tuple(spans)

    def _openings(self, window: tuple[Cron, int]) -> Iterator[Window]:
        cron, duration = window
        end = self.start + timedelta(minutes=HORIZON_MINUTES + 1)
        for opening in cron.openings(self.start - LONGEST, end):
            opens = int((opening - self.start) // timedelta(minutes=1))
            if opens + duration > 0:
                yield Window(opens, opens + duration)


def first_opening(crons: Sequence[tuple[Cron, int]]) -> datetime:
    """Return the default start of a job: the first opening from `SINCE` on, or `SINCE` itself."""
    return min((opening for cron, _ in crons if (opening := cron.next_opening(SINCE))), default=SINCE)
