"""The time axis of the pictures, against the minutes that it has to show."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_jobs.forecast import Assumptions, Window, forecast
from iot_jobs.render.axis import Axis, Stretch, Tick, common
from tests.test_forecast import constant, template

START = datetime(2026, 1, 1, 1, tzinfo=UTC)
DAY = 1440


@st.composite
def axes(draw: st.DrawFn) -> tuple[list[Window], int, Axis]:
    """Windows with the end of a forecast, and the axis for them."""
    minutes = sorted(draw(st.sets(st.integers(0, 20_000), max_size=60)))
    windows = [Window(low, high) for low, high in zip(minutes[::2], minutes[1::2], strict=False)]
    end = draw(st.integers(0, 25_000))
    return windows, end, Axis(windows, end, width=draw(st.integers(20, 400)), gap=draw(st.integers(1, 6)))


def is_open(windows: list[Window], minute: int, end: int) -> bool:
    """Whether a window is open. If none is until the end, all time counts as open."""
    if not any(window.opens <= end for window in windows):
        return True
    return any(window.opens <= minute < window.closes for window in windows)


@given(axes())
def test_all_open_time_is_shown(given: tuple[list[Window], int, Axis]) -> None:
    """Stretches and gaps follow each other over the whole width; no minute of a gap is open, and the last is shown."""
    windows, end, axis = given
    parts = sorted([*axis.stretches, *axis.closed])
    assert (parts[0].low, parts[0].left) == (0, 0)
    assert (parts[-1].high, parts[-1].right) == (end + 1, axis.width)
    assert all((one.high, one.right) == (other.low, other.left) for one, other in pairwise(parts))
    assert all(stretch.right - stretch.left == axis.gap for stretch in axis.closed)
    assert not any(is_open(windows, minute, end) for gap in axis.closed for minute in range(gap.low, gap.high))
    assert all(stretch.right > stretch.left for stretch in axis.stretches if axis.gap)
    assert len(axis.closed) * axis.gap <= axis.width / 4


@given(axes())
def test_cells_are_the_places_of_minutes(given: tuple[list[Window], int, Axis]) -> None:
    """A unit has a span of minutes, which begins at the unit's place; gaps have none. Edges are whole minutes."""
    _, end, axis = given
    cells = axis.cells()
    assert len(cells) == axis.width
    assert cells.count(None) == axis.gap * len(axis.closed)
    for unit, cell in enumerate(cells):
        if cell is not None:
            assert axis.at(cell[0]) == pytest.approx(unit) or not axis.gap
            assert cell[0] < cell[1] or not axis.gap
    edges = axis.edges()
    assert (edges[0], edges[-1]) == (0, end + 1)
    assert all(one < other for one, other in pairwise(edges))
    assert len(edges) <= axis.width + 1


@given(axes(), st.booleans(), st.integers(1, 5), st.integers(0, 30))
def test_labels_never_overlap(given: tuple[list[Window], int, Axis], dated: bool, letter: int, beyond: int) -> None:
    """Each label ends before the next begins, and within the limit."""
    _, _, axis = given
    limit = axis.width + beyond
    ticks = axis.ticks(START if dated else None, letter=letter, limit=limit)
    ends = [tick.at + len(tick.label) * letter for tick in ticks]
    assert all(end <= limit for end in ends)
    assert all(end + letter <= tick.at for end, tick in zip(ends[:-1], ticks[1:], strict=True))


WEEKEND = [Window(0, 240), Window(5 * DAY, 5 * DAY + 240), Window(6 * DAY, 6 * DAY + 240)]
STRETCHES: list[tuple[str, list[Window], int, list[Stretch]]] = [
    ("no windows", [], 99, [Stretch(0, 100, 0, 40)]),
    ("one minute", [], 0, [Stretch(0, 1, 0, 40)]),
    ("two windows", WEEKEND, 5 * DAY + 239, [Stretch(0, 240, 0, 19), Stretch(7200, 7440, 21, 40)]),
    ("a window that is used in part", WEEKEND, 5 * DAY + 79, [Stretch(0, 240, 0, 28), Stretch(7200, 7280, 30, 40)]),
    ("three", WEEKEND, 6 * DAY + 239, [Stretch(0, 240, 0, 12), Stretch(7200, 7440, 14, 26), Stretch(8640, 8880, 28, 40)]),
    ("closed at creation", [Window(60, 160)], 159, [Stretch(60, 160, 2, 40)]),
    ("closed for as long as a gap is wide", [Window(5, 105)], 104, [Stretch(0, 105, 0, 40)]),
    ("a minute longer", [Window(6, 106)], 105, [Stretch(6, 106, 2, 40)]),
    ("an end after the last window", WEEKEND[:1], 300, [Stretch(0, 240, 0, 36), Stretch(300, 301, 38, 40)]),
    ("an end soon after it", WEEKEND[:1], 250, [Stretch(0, 251, 0, 40)]),
    ("windows that overlap", [Window(0, 50), Window(10, 20), Window(30, 100)], 99, [Stretch(0, 100, 0, 40)]),
]  # fmt: skip


@pytest.mark.parametrize("row", STRETCHES, ids=[row[0] for row in STRETCHES])
def test_stretches(row: tuple[str, list[Window], int, list[Stretch]]) -> None:
    """Open time is to scale on what the gaps leave; closed time that would be no wider than a gap is to scale too."""
    _, windows, end, expected = row
    assert list(Axis(windows, end, width=40, gap=2).stretches) == expected


@pytest.mark.parametrize(("days", "gap"), [(6, 2), (7, 1), (11, 1), (12, 0), (500, 0)])
def test_many_gaps(days: int, gap: int) -> None:
    """All gaps together take a quarter of the width at most, then they have no width."""
    windows = [Window(day * DAY, day * DAY + 60) for day in range(days)]
    axis = Axis(windows, windows[-1].closes - 1, width=40, gap=2)
    assert len(axis.closed) == days - 1
    assert axis.gap == gap


TICKS: list[tuple[str, list[Window], int, datetime | None, list[tuple[float, str]]]] = [
    ("openings", WEEKEND, 6 * DAY + 239, START,
     [(0, "Thu 1 Jan 01:00"), (20, "Tue 6 Jan 01:00"), (40, "Wed 7 Jan 01:00")]),
    ("openings without a date", WEEKEND, 6 * DAY + 239, None, [(0, "0"), (20, "5 d"), (40, "6 d")]),
    ("minutes", [], 9, START, [(0, "Thu 1 Jan 01:00"), (24, "4 min"), (36, "6 min"), (48, "8 min")]),
    ("hours", [], 719, None, [(0, "0"), (10, "2 h"), (20, "4 h"), (30, "6 h"), (40, "8 h"), (50, "10 h")]),
    ("days", [], 5 * DAY - 1, START, [(0, "Thu 1 Jan 01:00"), (24, "Sat 3 Jan 01:00"), (48, "Mon 5 Jan 01:00")]),
    ("one minute", [], 0, START, [(0, "Thu 1 Jan 01:00")]),
]  # fmt: skip


@pytest.mark.parametrize("row", TICKS, ids=[row[0] for row in TICKS])
def test_ticks(row: tuple[str, list[Window], int, datetime | None, list[tuple[float, str]]]) -> None:
    """Windows have the date at which they open, other time has even steps from its date on."""
    _, windows, end, start, expected = row
    assert Axis(windows, end, width=60, gap=1).ticks(start, letter=1, limit=75) == [Tick(*one) for one in expected]


@pytest.mark.parametrize(("limit", "count"), [(54, 2), (55, 3)])
def test_labels_end_at_the_limit(limit: int, count: int) -> None:
    """A label that would be cut is left out."""
    assert len(Axis(WEEKEND, 6 * DAY + 239, width=60, gap=1).ticks(START, letter=1, limit=limit)) == count


def test_common() -> None:
    """Both sides of a review have one axis: it is closed where both are, and never if one has no windows."""
    early, late, always = (
        forecast(template(rollout=constant(10), **windows), Assumptions(things=1500), with_risk=False)
        for windows in (
            {"maintenance_windows": [{"start_time": "cron(0 1 * * ? *)", "duration_in_minutes": 60}]},
            {"maintenance_windows": [{"start_time": "cron(0 1 * * ? *)", "duration_in_minutes": 100}]},
            {},
        )
    )
    assert [(stretch.low, stretch.high) for stretch in common([early, late], width=100, gap=1).stretches] == [
        (0, 100), (1440, 1540), (2880, 2915),
    ]  # fmt: skip
    assert len(common([early, always], width=100, gap=1).stretches) == 1
