"""Two forecasts on one scale, as SVG in the review's page: before pale and dashed, after solid.

They aren't drawn by matplotlib, because a review may have hundreds: these take a hundredth of the time and a sixth of
the bytes, follow the page's dark mode, and don't need the extra. The page has the colors.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from iot_jobs.render.forecast import duration, number

if TYPE_CHECKING:
    from iot_jobs.forecast import Outline, Reached

SHOWN = {"notified": "things notified", "done": "things done"}
"""The columns of the timeline that have a panel, and its title."""

MOST_POINTS = 140
"""Maximum number of points of a line, however long the rollout."""

_WIDTH, _TOP, _BOTTOM, _LANES = 320, 44, 146, 14
_MOST_TICKS = 4
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, *(days * 1440 for days in (1, 2, 5, 10, 20, 50, 100, 200, 500)))

Sides = Mapping[str, "Outline"]
"""The forecasts of `before` and `after`; either may be missing."""


def same(sides: Sides) -> bool:
    """Return whether both are there and would be drawn alike."""
    end = _end(sides)
    drawn = [
        ([_line(side, column, end) for column in SHOWN], side.timeline.aborted_minute, _spans(side))
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
        keys += [_key(f"window {which}", f"windows open, {which}") for which, side in sides.items() if _spans(side)]
    return " ".join(keys)


def _key(kind: str, words: str) -> str:
    line = "M15 0V12" if kind.startswith("abort") else "M0 6H30"
    return (
        f'<span class="key"><svg viewBox="0 0 30 12" aria-hidden="true"><path class="{kind}" d="{line}"/></svg>'
        f"{words}</span>"
    )


def _windowed(sides: Sides) -> bool:
    return any(map(_spans, sides.values()))


def _panel(sides: Sides, column: str, prefix: str, name: str) -> str:
    things = max(side.things for side in sides.values())
    end = _end(sides)
    below = _BOTTOM + (_LANES if _windowed(sides) else 0)
    parts = [f'<text class="name" x="0" y="14">{SHOWN[column]}</text>', *_grid(things), *_ticks(end, below)]
    for which, side in sides.items():
        parts += _marks(which, side, column, end)
    description = "; ".join(f"{which} {_description(side, column)}" for which, side in sides.items())
    return (
        f'<svg viewBox="0 0 {_WIDTH} {below + 22}" role="img" aria-labelledby="{prefix}-t {prefix}-d">'
        f'<title id="{prefix}-t">{html.escape(name)}: {SHOWN[column]}</title>'
        f'<desc id="{prefix}-d">{description}</desc>'
        f"{''.join(parts)}</svg>\n"
    )


def _grid(things: int) -> Iterator[str]:
    middle = (_TOP + _BOTTOM) / 2
    for y, label in ((_TOP, f"{number(things)}"), (middle, number(things / 2)), (_BOTTOM, "")):
        yield f'<path class="{"axis" if y == _BOTTOM else "grid"}" d="M0 {y:g}H{_WIDTH}"/>'
        if label:
            yield f'<text x="0" y="{y - 4:g}">{label}</text>'


def _ticks(end: int, below: int) -> Iterator[str]:
    step = next((step for step in _STEPS if end / step <= _MOST_TICKS), _STEPS[-1])
    for minute in range(0, end + 1, step):
        x = _x(minute, end)
        anchor = ' text-anchor="middle"' if 30 < x < _WIDTH - 30 else "" if x <= 30 else ' text-anchor="end"'
        yield f'<path class="axis" d="M{x:g} {_BOTTOM}v4"/>'
        yield f'<text x="{x:g}" y="{below + 16}"{anchor}>{duration(minute) if minute else "0"}</text>'


def _marks(which: str, side: Outline, column: str, end: int) -> Iterator[str]:
    """Yield a side's line with a dot at its end, its abort, and its windows."""
    points = _line(side, column, end)
    yield f'<polyline class="{which}" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>'
    yield f'<circle class="{which}" cx="{points[-1][0]:g}" cy="{points[-1][1]:g}" r="3"/>'
    if (stopped := side.timeline.aborted_minute) is not None:
        yield f'<path class="abort {which}" d="M{_x(stopped, end):g} {_TOP - 10}V{_BOTTOM}"/>'
    if spans := _spans(side):
        y = _BOTTOM + (8 if which == "before" else 14)
        bars = dict.fromkeys((_x(low, end), max(_x(high, end) - _x(low, end), 1)) for low, high in spans)
        yield f'<path class="window {which}" d="{"".join(f"M{x:g} {y}h{width:.4g}" for x, width in bars)}"/>'


def _line(side: Outline, column: str, end: int) -> list[tuple[float, float]]:
    """Return the points of a line. Sums only rise, so the last minute of each stretch is its largest.

    Points within a level stretch are left out.
    """
    length = _last(side) + 1
    parts = min(MOST_POINTS, length)
    points = [(_x(0, end), float(_BOTTOM))]
    for index, value in enumerate(side.timeline.peaks(column, parts), 1):
        y = round(_BOTTOM - (_BOTTOM - _TOP) * min(1, value / side.things), 1)
        if len(points) > 1 and points[-1][1] == points[-2][1] == y:
            points.pop()
        points.append((_x(-(-length * index // parts) - 1, end), y))
    return points


def _x(minute: float, end: int) -> float:
    return round(3 + (_WIDTH - 6) * minute / end, 1)


def _end(sides: Sides) -> int:
    """Return the last minute of the axis, that of the longer side."""
    return max(1, *map(_last, sides.values()))


def _last(side: Outline) -> int:
    return int(side.timeline.columns["minute"][-1])


def _spans(side: Outline) -> list[tuple[float, float]]:
    """Return the spans in which a window is open, empty without windows."""
    return side.timeline.open_spans() if side.windows.used else []


def _description(side: Outline, column: str) -> str:
    reached: Reached = getattr(side, column)
    times = (("half", reached.p50), ("90 %", reached.p90), ("all", reached.p100))
    parts = [f"{share} {'never' if minute is None else f'after {duration(minute)}'}" for share, minute in times]
    stopped = side.timeline.aborted_minute
    return ", ".join(parts if stopped is None else [*parts, f"aborted after {duration(stopped)}"])
