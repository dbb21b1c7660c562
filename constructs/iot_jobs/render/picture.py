"""The timeline of a forecast in block characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from iot_jobs.render.axis import Axis, Span, Tick
from iot_jobs.render.numbers import number
from iot_jobs.render.table import folded

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast

_BLOCKS = " ▁▂▃▄▅▆▇█"
_CLOSED = "┊"
_SHOWN = {"notified": "notified", "in progress": "in_progress", "succeeded": "succeeded", "failed": "failed"}
_BANDS = ("notified", "succeeded", "failed")
_NAMES = 12
"""Letters of a line before its bars."""


def picture(forecast: Forecast, width: int) -> str:
    """Return a line for each figure, to its own scale, over the open time, and marks where rollouts are aborted.

    Where it looks different, the band of the rollouts drawn at random is below a figure.
    """
    greatest = max(max(forecast.timeline.columns[column]) for column in _SHOWN.values())
    parts = width - _NAMES - 2 - max(14, len(f"up to {number(greatest)}"))
    axis = Axis(forecast.windows.open, forecast.last_minute, width=parts, gap=1)
    dates = labels(axis.ticks(forecast.start, letter=1, limit=width - _NAMES))
    lines = [
        folded(_heading(forecast, axis), width),
        *_bars(forecast, axis),
        *_marks(forecast, axis, width),
        " " * _NAMES + dates,
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def blocks(peaks: Sequence[float], cells: Sequence[Span | None], most: float) -> str:
    """Return a block for each peak, as high as its share of `most`, and a mark for each gap."""
    # Rounded down to a thousandth of a block first, because an expected value may be just above its block.
    heights = (-(-int(8000 * peak / most) // 1000) if peak > 0 else 0 for peak in peaks)
    return "".join(_CLOSED if cell is None else _BLOCKS[next(heights)] for cell in cells)


def labels(ticks: Sequence[Tick]) -> str:
    """Return the line below a picture."""
    line = ""
    for tick in ticks:
        line = f"{line:<{int(tick.at)}}{tick.label}"
    return line


def closed(axis: Axis) -> str:
    """Return the explanation of the gaps, empty if there are none."""
    if not axis.closed:
        return ""
    return f"{_CLOSED}: no window open" if axis.gap else "closed time is left out"


def _heading(forecast: Forecast, axis: Axis) -> str:
    band = "p5 to p95: 90 % of rollouts" if forecast.risk else ""
    notes = "; ".join(filter(None, (band, closed(axis))))
    return f"Expected values ({notes}):" if notes else "Expected values:"


def _bars(forecast: Forecast, axis: Axis) -> Iterator[str]:
    cells = axis.cells()
    spans = [span for span in cells if span is not None]
    for name, column in _SHOWN.items():
        rows = {name: forecast.timeline.peaks(column, spans)}
        if forecast.risk and column in _BANDS:
            rows |= {f"  {share}": forecast.risk.healthy.peaks(column, share, spans) for share in ("p95", "p5")}
        most = max(map(max, rows.values()))
        bars = {row: blocks(peaks, cells, most) for row, peaks in rows.items()}
        for row, peaks in rows.items():
            if row == name or len(set(bars.values())) > 1:
                highest = number(max(peaks))
                yield f"{row:<{_NAMES}}{bars[row]}  {highest if highest == 'under 1' else f'up to {highest}'}"


def _marks(forecast: Forecast, axis: Axis, width: int) -> Iterator[str]:
    healthy = forecast.risk and forecast.risk.healthy
    if healthy and healthy.aborted_minute is not None:
        yield _mark(axis, healthy.aborted_minute, f"stopped in {healthy.aborted_percent:g} % of rollouts", width)
    expected = forecast.timeline.aborted_minute
    if expected is not None:
        yield _mark(axis, expected, f"expected values: abort in minute {number(expected)}", width)


def _mark(axis: Axis, minute: float, words: str, width: int) -> str:
    """Return words beside a mark in the column of a minute: to its right, or to its left if there is no room."""
    column = _NAMES + min(int(axis.at(minute)), axis.width - 1)
    if column + len(f"^ {words}") <= width:
        return f"{'':<{column}}^ {words}"
    return f"{words:>{column - 1}} ^"
