"""The time left, from a forecast and what happened since."""

from __future__ import annotations

import math
import random
from bisect import bisect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_jobs.jobs import SHARES, Expected, Purpose, TimeLeft, time_left

EXPECTED = Expected(100, 120, (10, 20, 30, 40, 50, 60, 70, 80, 90))


@pytest.mark.parametrize(
    ("elapsed", "done", "expected"),
    [
        (0, 0, TimeLeft(79, 121, 0)),  # 80 to 120, and a minute on both sides
        (5, 0, TimeLeft(74, 116, 0)),  # nothing is expected to be done yet
        (10, 0, TimeLeft(69, 111, 0)),
        (5, 0.1, TimeLeft(34, 111, -5)),  # from a tenth on there is
        (20, 0, TimeLeft(69, 221, 10)),  # the first tenth is 10 minutes late, and the rest may be as slow
        (50, 0.5, TimeLeft(29, 71, 0)),
        (100, 0.5, TimeLeft(29, 141, 50)),
        (25, 0.5, TimeLeft(14, 71, -25)),
        (95, 0.95, TimeLeft(0, 26, 0)),
        (100, 1, TimeLeft(0, 21, 0)),
    ],
)
def test_time_left(elapsed: float, done: float, expected: TimeLeft) -> None:
    """On time, slower, faster, before the first tenth and at the end."""
    assert time_left(EXPECTED, elapsed=elapsed, done=done) == pytest.approx(expected)


@given(elapsed=st.floats(0, 10_000), done=st.floats(0, 1))
def test_always_a_range(elapsed: float, done: float) -> None:
    """Whatever happens, the range is not negative, and not upside down."""
    left = time_left(EXPECTED, elapsed=elapsed, done=done)
    assert 0 <= left.low <= left.high


def test_nothing_is_expected_at_once() -> None:
    """A forecast that has everything done at once is no division by zero."""
    assert time_left(Expected(0, 0, (0,) * 9), elapsed=5, done=0) == TimeLeft(0, 1, 5)


def rollout(draw: random.Random, *, pace: float = 1) -> list[float]:
    """The minutes in which 400 things are done: 20 are notified a minute, and each takes about ten minutes."""
    return sorted(thing // 20 * pace + draw.lognormvariate(math.log(10), 0.5) * pace for thing in range(400))


@pytest.mark.parametrize("pace", [1, 1.1, 0.9])
def test_the_true_finish_is_in_the_range(pace: float) -> None:
    """Looked at whenever, at least nine in ten ranges hold the finish, also where all is a bit slower or faster."""
    draw = random.Random(7)
    forecast = [rollout(draw) for _ in range(100)]
    finishes = sorted(done[-1] for done in forecast)
    course = tuple(sum(done[int(400 * share) - 1] for done in forecast) / 100 for share in SHARES)
    expected = Expected(finishes[50], finishes[95], course)
    held = 0
    for _ in range(300):
        done = rollout(draw, pace=pace)
        elapsed = draw.uniform(0, done[-1])
        left = time_left(expected, elapsed=elapsed, done=bisect(done, elapsed) / 400)
        held += elapsed + left.low <= done[-1] <= elapsed + left.high
    assert held >= 270


def test_tags() -> None:
    """A forecast survives its tags, in whole minutes; what somebody else wrote there counts as absent."""
    purpose = Purpose("firmware-update", "prod", 2000, "abcdefghij", EXPECTED)
    tags = purpose.tags()
    assert tags == {
        "iot-jobs:template": "firmware-update",
        "iot-jobs:environment": "prod",
        "iot-jobs:things": "2000",
        "iot-jobs:request": "abcdefghij",
        "iot-jobs:forecast-p50-minutes": "100",
        "iot-jobs:forecast-p95-minutes": "120",
        "iot-jobs:forecast-course-minutes": "10 20 30 40 50 60 70 80 90",
    }
    assert Purpose.of(tags) == purpose
    assert Purpose.of({}) == Purpose() == Purpose.of(Purpose().tags())


@pytest.mark.parametrize("expected", [Expected(0, 0, (0,) * 9), Expected(1, 1, (0, 0, 0, 0, 1, 1, 1, 1, 1))])
def test_tags_of_a_short_rollout(expected: Expected) -> None:
    """A rollout that is over in a minute, or always after as long, has a forecast too."""
    assert Purpose.of(Purpose(expected=expected).tags()).expected == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("forecast-p50-minutes", "soon"),
        ("forecast-p50-minutes", "nan"),
        ("forecast-p50-minutes", "121"),
        ("forecast-p50-minutes", "-1"),
        ("forecast-course-minutes", "10 20 30"),
        ("forecast-course-minutes", "20 10 30 40 50 60 70 80 90"),
        ("forecast-course-minutes", ""),
    ],
)
def test_broken_tags(key: str, value: str) -> None:
    """A forecast that makes no sense is none."""
    tags = Purpose(expected=EXPECTED).tags() | {f"iot-jobs:{key}": value}
    assert Purpose.of(tags).expected is None


@pytest.mark.parametrize("things", ["0", "-3", "many", ""])
def test_broken_number_of_things(things: str) -> None:
    """Neither is a number of things that is none."""
    assert Purpose.of({"iot-jobs:things": things}).things is None
