"""The time axis of a picture: open time is to scale, and each closed stretch between windows is a narrow gap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, pairwise
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from iot_jobs.render.numbers import duration

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast, Window

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, *(days * 1440 for days in (1, 2, 5, 10, 20, 50, 100, 200, 500)))
_BETWEEN = 2
"""Letters between two labels."""


Span = tuple[float, float]
"""Minutes, from the first up to, not including, the second."""


class Stretch(NamedTuple):
    """The minutes from `low` up to, not including, `high`, drawn from `left` to `right`."""

    low: int
    high: int
    left: int
    right: int


class Tick(NamedTuple):
    """A label, and the place to which it belongs."""

    at: float
    label: str


class Axis:
    """The time from creation to `end`, the last minute, on `width` units of any length.

    `windows` are in the order in which they open; none means that all time is open. A gap is at most `gap` units wide,
    and all gaps together are at most a quarter of the width. If there are too many for that, they have no width.
    """

    def __init__(self, windows: Sequence[Window], end: int, *, width: int, gap: int) -> None:
        spans = [(window.opens, min(window.closes, end + 1)) for window in windows if window.opens <= end]
        spans = _joined(spans or [(0, end + 1)], 0)
        if spans[-1][1] <= end:
            spans.append((end, end + 1))  # what ends after the last window has closed
        self.gap = _gap(spans, width, gap)
        spans = _joined(spans, sum(high - low for low, high in spans) * self.gap // width)
        self.gap = _gap(spans, width, gap)
        self.width, self.end = width, end
        self.stretches = tuple(self._placed(spans))
        knots = [(0, 0), *(knot for low, high, left, right in self.stretches for knot in ((low, left), (high, right)))]
        self._minutes, self._units = zip(*knots, strict=True)

    def _placed(self, spans: Sequence[tuple[int, int]]) -> Iterator[Stretch]:
        """Yield the stretches. Each has at least a unit, if there are gaps between them."""
        least = 1 if self.gap else 0
        leading = self.gap if spans[0][0] > 0 else 0
        room = self.width - leading - self.gap * (len(spans) - 1) - least * len(spans)
        total = sum(high - low for low, high in spans)
        before, left = 0, leading
        for low, high in spans:
            after = before + high - low
            right = left + least + room * after // total - room * before // total
            yield Stretch(low, high, left, right)
            before, left = after, right + self.gap

    def at(self, minute: float) -> float:
        """Return where a minute begins, in units."""
        return _interpolated(minute, self._minutes, self._units)

    @property
    def closed(self) -> list[Stretch]:
        """The closed stretches that are gaps."""
        first = self.stretches[0]
        leading = [Stretch(0, first.low, 0, first.left)] if first.low > 0 else []
        between = (Stretch(one.high, other.low, one.right, other.left) for one, other in pairwise(self.stretches))
        return [*leading, *between]

    def edges(self) -> list[int]:
        """Return the minutes at which units begin, and the one after the last. Each is there once."""
        return sorted({ceil(_interpolated(unit, self._units, self._minutes)) for unit in range(self.width + 1)})

    def cells(self) -> list[Span | None]:
        """Return the span of minutes of each unit, None in a gap."""
        gaps = {unit for stretch in self.closed for unit in range(stretch.left, stretch.right)}
        edges = [_interpolated(unit, self._units, self._minutes) for unit in range(self.width + 1)]
        return [None if unit in gaps else span for unit, span in enumerate(pairwise(edges))]

    def ticks(self, start: datetime | None, *, letter: int, limit: int) -> list[Tick]:
        """Return the labels that fit, each as wide as its letters, from its place on and up to `limit`.

        With gaps they are the openings of windows, else the time since creation in even steps. `start` is minute 0, for
        dates; without it, all labels are the time since creation.
        """
        labels = self._openings(start) if self.closed else self._steps(start, letter)
        ticks: list[Tick] = []
        free = 0.0
        for minute, label in labels.items():
            at = self.at(minute)
            if free <= at <= limit - len(label) * letter:
                ticks.append(Tick(at, label))
                free = at + (len(label) + _BETWEEN) * letter
        return ticks

    def _openings(self, start: datetime | None) -> dict[int, str]:
        return {stretch.low: _label(stretch.low, start) for stretch in self.stretches}

    def _steps(self, start: datetime | None, letter: int) -> dict[int, str]:
        """Return a date for minute 0, and labels in the smallest steps at which they don't overlap."""
        for step in _STEPS:
            room = self.width * step / (self.end + 1) / letter - _BETWEEN
            if room < len("0"):
                continue  # so that there are few labels to try
            dates = start if step % 1440 == 0 else None
            labels = {minute: _label(minute, dates) for minute in range(step, self.end + 1, step)}
            if max(map(len, labels.values()), default=0) <= room:
                break
        return {0: _label(0, start), **labels}


def common(forecasts: Sequence[Forecast], *, width: int, gap: int) -> Axis:
    """Return the axis of several forecasts, up to the end of the longest. A gap is a stretch that is closed in all."""
    windows = [forecast.windows.open for forecast in forecasts]
    opened = sorted(chain(*windows), key=lambda window: window.opens) if all(windows) else []
    return Axis(opened, max(forecast.timeline.last_minute for forecast in forecasts), width=width, gap=gap)


def _label(minute: int, start: datetime | None) -> str:
    """Return a date as in "Tue 6 Jan 01:00", or the time since creation without a start."""
    if start is None:
        return duration(minute) if minute else "0"
    moment = start + timedelta(minutes=minute)
    return f"{moment:%a} {moment.day} {moment:%b %H:%M}"


def _gap(spans: Sequence[tuple[int, int]], width: int, widest: int) -> int:
    """Return the width of the gaps before and between spans."""
    closed = len(spans) - 1 + (spans[0][0] > 0)
    return min(widest, width // (4 * closed)) if closed else 0


def _joined(spans: Sequence[tuple[int, int]], least: int) -> list[tuple[int, int]]:
    """Join spans that are at most `least` minutes apart, or from minute 0."""
    joined = [(0, 0)]
    for low, high in spans:
        if low - joined[-1][1] <= least:
            joined[-1] = joined[-1][0], max(joined[-1][1], high)
        else:
            joined.append((low, high))
    return joined if joined[0][1] > 0 else joined[1:]


def _interpolated(value: float, places: Sequence[float], values: Sequence[float]) -> float:
    """Return the value at a place between ascending places, and the last one after them."""
    index = bisect_right(places, value)
    if index == len(places):
        return values[-1]
    share = (value - places[index - 1]) / (places[index] - places[index - 1])
    return values[index - 1] + share * (values[index] - values[index - 1])
