"""Two forecasts on one scale, as SVG in the review's page: before pale and dashed, after solid.

They aren't drawn by matplotlib, because a review may have hundreds: these take a hundredth of the time and a sixth of
the bytes, follow the page's dark mode, and don't need the extra. The page has the colors.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from iot_jobs.render.axis import Axis, common
from iot_jobs.render.numbers import duration, number

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast, Reached

SHOWN = {"notified": "things notified", "done": "things done"}
"""The columns of the timeline that have a panel, and its title."""

MOST_POINTS = 140
"""Units of the time axis, and so the maximum number of points of a line, however long the rollout."""

_WIDTH, _TOP, _BOTTOM, _LANES = 320, 44, 146, 14
_GAP, _LETTER = 4, 5
"""Units of a gap in the time axis, and of a letter below it, with room to spare for labels that aren't centered."""

Sides = Mapping[str, "Forecast"]
"""The forecasts of `before` and `after`; either may be missing."""


def same(sides: Sides) -> bool:
    """Return whether both are there and would be drawn alike."""
    axis = _axis(sides)
    drawn = [
        ([_line(side, column, axis) for column in SHOWN], side.timeline.aborted_minute, side.windows.open)
        for side in sides.values()
    ]
    return len(drawn) == 2 and drawn[0] == drawn[1]


def panels(sides: Sides, *, prefix: str, name: str) -> str:
    """Return panels for things notified and things done. `prefix` makes ids unique, `name` is the template's."""
    return "".join(_panel(sides, column, f"{prefix}-{column}", name) for column in SHOWN)


def legend(sides: Sides) -> str:
    """Return the legend of the panels' lines and bars."""
    keys = [_key(f"line {which}", which) for which in sides]
    for which, side in sides.items():
        if (stopped := side.timeline.aborted_minute) is not None:
            keys.append(_key(f"abort {which}", f"abort, {which}: {duration(stopped)}"))
    if _windowed(sides):
        keys += [
            _key(f"window {which}", f"windows open, {which}") for which, side in sides.items() if side.windows.open
        ]
    if _axis(sides).closed:
        keys.append(_key("grid", "closed time is left out"))
    return " ".join(keys)


def _key(kind: str, words: str) -> str:
    line = {"abort": "M15 0V12", "grid": "M13 0V12M17 0V12"}.get(kind.split(maxsplit=1)[0], "M0 6H30")
    return (
        f'<span class="key"><svg viewBox="0 0 30 12" aria-hidden="true"><path class="{kind}" d="{line}"/></svg>'
        f"{words}</span>"
    )


def _windowed(sides: Sides) -> bool:
    return any(side.windows.open for side in sides.values())


def _panel(sides: Sides, column: str, prefix: str, name: str) -> str:
    things = max(side.things for side in sides.values())
    axis = _axis(sides)
    below = _BOTTOM + (_LANES if _windowed(sides) else 0)
    parts = [
        f'<text class="name" x="0" y="14">{SHOWN[column]}</text>',
        *_grid(things),
        *_ticks(axis, below),
        *_gaps(axis),
    ]
    for which, side in sides.items():
        parts += _marks(which, side, column, axis)
    description = "; ".join(f"{which} {_description(side, column)}" for which, side in sides.items())
    return (
        f'<svg viewBox="0 0 {_WIDTH} {below + 22}" role="img" aria-labelledby="{prefix}-t {prefix}-d">'
        f'<title id="{prefix}-t">{html.escape(name)}: {SHOWN[column]}</title>'
        f'<desc id="{prefix}-d">{description}</desc>'
        f"{''.join(parts)}</svg>\n"
    )


def _grid(things: int) -> Iterator[str]:
    for count in (things, things // 2):
        if count:
            y = round(_y(count / things), 1)
            yield f'<path class="grid" d="M0 {y:g}H{_WIDTH}"/><text x="0" y="{y - 4:g}">{number(count)}</text>'
    yield f'<path class="axis" d="M0 {_BOTTOM}H{_WIDTH}"/>'


def _ticks(axis: Axis, below: int) -> Iterator[str]:
    for at, label in axis.ticks(None, letter=_LETTER, limit=MOST_POINTS + 3 * _LETTER):
        x = _x(at)
        anchor = ' text-anchor="middle"' if 30 < x < _WIDTH - 30 else "" if x <= 30 else ' text-anchor="end"'
        yield f'<path class="axis" d="M{x:g} {_BOTTOM}v4"/>'
        yield f'<text x="{x:g}" y="{below + 16}"{anchor}>{label}</text>'


def _gaps(axis: Axis) -> Iterator[str]:
    """Yield two lines for each closed stretch, as far as there is room between them."""
    for gap in axis.closed if axis.gap else ():
        yield f'<path class="grid" d="M{_x(gap.left):g} {_TOP}V{_BOTTOM + 4}M{_x(gap.right):g} {_TOP}V{_BOTTOM + 4}"/>'


def _marks(which: str, side: Forecast, column: str, axis: Axis) -> Iterator[str]:
    """Yield a side's line with a dot at its end, its abort, and its windows."""
    points = _line(side, column, axis)
    yield f'<polyline class="{which}" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>'
    yield f'<circle class="{which}" cx="{points[-1][0]:g}" cy="{points[-1][1]:g}" r="3"/>'
    if (stopped := side.timeline.aborted_minute) is not None:
        yield f'<path class="abort {which}" d="M{_x(axis.at(stopped)):g} {_TOP - 10}V{_BOTTOM}"/>'
    if windows := side.windows.open:
        y = _BOTTOM + (8 if which == "before" else 14)
        spans = ((_x(axis.at(window.opens)), _x(axis.at(window.closes))) for window in windows)
        bars = dict.fromkeys((low, max(high - low, 1)) for low, high in spans)
        yield f'<path class="window {which}" d="{"".join(f"M{x:g} {y}h{width:.4g}" for x, width in bars)}"/>'


def _line(side: Forecast, column: str, axis: Axis) -> list[tuple[float, float]]:
    """Return the points of a line. Sums only rise, so the largest value of a span of minutes is that at its end.

    Points within a level stretch are left out.
    """
    end = side.timeline.last_minute + 1
    edges = [*(edge for edge in axis.edges() if edge < end), end]
    points = [(_x(0), _y(0))]
    for edge, value in zip(edges[1:], side.timeline.peaks(column, list(pairwise(edges))), strict=True):
        y = round(_y(min(1, value / side.things)), 1)
        if len(points) > 1 and points[-1][1] == points[-2][1] == y:
            points.pop()
        points.append((_x(axis.at(edge)), y))
    return points


def _x(unit: float) -> float:
    return round(3 + (_WIDTH - 6) * unit / MOST_POINTS, 1)


def _y(share: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * share


def _axis(sides: Sides) -> Axis:
    return common(list(sides.values()), width=MOST_POINTS, gap=_GAP)


def _description(side: Forecast, column: str) -> str:
    reached: Reached = getattr(side, column)
    times = (("half", reached.p50), ("90 %", reached.p90), ("all", reached.p100))
    parts = [f"{share} {'never' if minute is None else f'after {duration(minute)}'}" for share, minute in times]
    stopped = side.timeline.aborted_minute
    return ", ".join(parts if stopped is None else [*parts, f"aborted after {duration(stopped)}"])
