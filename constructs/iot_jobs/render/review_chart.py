"""Two forecasts on one scale, as SVG in the review's page: before pale and dashed, after strong.

Drawn here, not by matplotlib: a review may have hundreds of them, and these lines take a hundredth of its time and a
fifth of its bytes, follow the page into the dark, and let the page do without the extra. Colors are the page's.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from iot_jobs.render.forecast import duration, number

if TYPE_CHECKING:
    from iot_jobs.forecast import Outline, Reached

SHOWN = {"notified": "things notified", "done": "things done"}
"""The columns of the timeline that have a panel each, and what it is called."""

MOST_POINTS = 140
"""How many points a line has at most, however long the rollout."""

_WIDTH, _HEIGHT, _TOP, _BOTTOM = 320, 186, 44, 146
_MOST_TICKS = 4
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, *(days * 1440 for days in (1, 2, 5, 10, 20, 50, 100, 200, 500)))

Sides = Mapping[str, "Outline"]
"""The forecasts of `before` and `after`, as far as there are any."""


def same(sides: Sides) -> bool:
    """Whether both are there and would be drawn alike."""
    drawn = [[*_path(side, _end(sides)), _stopped(side), _spans(side)] for side in sides.values()]
    return len(drawn) == 2 and drawn[0] == drawn[1]


def panels(sides: Sides, *, prefix: str, name: str) -> str:
    """A panel for things notified and one for things done. `prefix` keeps ids apart, `name` is the template's."""
    return "".join(_panel(sides, column, f"{prefix}-{column}", name) for column in SHOWN)


def has_windows(sides: Sides) -> bool:
    """Whether bars below the axis show when a window is open."""
    return any(map(_spans, sides.values()))


def _panel(sides: Sides, column: str, prefix: str, name: str) -> str:
    things = max(side.things for side in sides.values())
    end = _end(sides)
    parts = [f'<text class="name" x="0" y="14">{SHOWN[column]}</text>', *_grid(things), *_ticks(end)]
    for which, side in sides.items():
        parts += _marks(which, side, column, end)
    said = "; ".join(f"{which} {_said(side, column)}" for which, side in sides.items())
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{prefix}-t {prefix}-d">'
        f'<title id="{prefix}-t">{html.escape(name)}: {SHOWN[column]}</title><desc id="{prefix}-d">{said}</desc>'
        f"{''.join(parts)}</svg>\n"
    )


def _grid(things: int) -> Iterator[str]:
    middle = (_TOP + _BOTTOM) / 2
    for y, label in ((_TOP, f"{number(things)}"), (middle, number(things / 2)), (_BOTTOM, "")):
        yield f'<path class="{"axis" if y == _BOTTOM else "grid"}" d="M0 {y:g}H{_WIDTH}"/>'
        if label:
            yield f'<text x="0" y="{y - 4:g}">{label}</text>'


def _ticks(end: int) -> Iterator[str]:
    step = next((step for step in _STEPS if end / step <= _MOST_TICKS), _STEPS[-1])
    for minute in range(0, end + 1, step):
        x = _x(minute, end)
        anchor = ' text-anchor="middle"' if 30 < x < _WIDTH - 30 else "" if x <= 30 else ' text-anchor="end"'
        yield f'<path class="axis" d="M{x:g} {_BOTTOM}v4"/>'
        yield f'<text x="{x:g}" y="{_HEIGHT - 8}"{anchor}>{duration(minute) if minute else "0"}</text>'


def _marks(which: str, side: Outline, column: str, end: int) -> Iterator[str]:
    """A side's line with a dot where it ends, its abort, and its windows."""
    points = _line(side, column, end)
    yield f'<polyline class="{which}" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>'
    yield f'<circle class="{which}" cx="{points[-1][0]:g}" cy="{points[-1][1]:g}" r="3"/>'
    stopped = _stopped(side)
    if stopped is not None:
        x, right = _x(stopped, end), stopped > end / 2
        yield f'<path class="abort {which}" d="M{x:g} {_TOP - 14}V{_BOTTOM}"/>'
        anchor = ' text-anchor="end"' if right else ""
        yield f'<text x="{x + (-4 if right else 4):g}" y="{_TOP - 6 if which == "after" else _TOP + 8}"{anchor}>'
        yield f"abort {which}, {duration(stopped)}</text>"
    if spans := _spans(side):
        y = _BOTTOM + (10 if which == "before" else 16)
        bars = dict.fromkeys((_x(low, end), max(_x(high, end) - _x(low, end), 1)) for low, high in spans)
        yield f'<path class="window {which}" d="{"".join(f"M{x:g} {y}h{width:.4g}" for x, width in bars)}"/>'


def _path(side: Outline, end: int) -> Iterator[list[tuple[float, float]]]:
    yield from (_line(side, column, end) for column in SHOWN)


def _line(side: Outline, column: str, end: int) -> list[tuple[float, float]]:
    """Sums only rise, so that the largest of each stretch is its last; what lies within a level is left out."""
    length = _last(side) + 1
    parts = max(1, round(MOST_POINTS * length / end))
    points = [(0.0, float(_BOTTOM))]
    for index, value in enumerate(side.timeline.peaks(column, parts), 1):
        y = round(_BOTTOM - (_BOTTOM - _TOP) * min(1, value / side.things), 1)
        if len(points) > 1 and points[-1][1] == points[-2][1] == y:
            points.pop()
        points.append((_x(length * index / parts, end), y))
    return points


def _x(minute: float, end: int) -> float:
    return round(4 + (_WIDTH - 8) * minute / end, 1)


def _end(sides: Sides) -> int:
    """The minutes that the axis has: to the end of the longer one."""
    return max(_last(side) + 1 for side in sides.values())


def _last(side: Outline) -> int:
    return int(side.timeline.columns["minute"][-1])


def _stopped(side: Outline) -> int | None:
    return side.timeline.aborted_minute


def _spans(side: Outline) -> list[tuple[float, float]]:
    """When a window is open; nothing for what has none and may begin at any time."""
    return side.timeline.open_spans() if side.windows.used else []


def _said(side: Outline, column: str) -> str:
    reached: Reached = getattr(side, column)
    times = (("half", reached.p50), ("90 %", reached.p90), ("all", reached.p100))
    parts = [f"{share} {'never' if minute is None else f'after {duration(minute)}'}" for share, minute in times]
    stopped = _stopped(side)
    return ", ".join(parts if stopped is None else [*parts, f"aborted after {duration(stopped)}"])
