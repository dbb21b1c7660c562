"""The course of the rollouts drawn at random, against all of their counts and against probabilities that are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_jobs.forecast import Assumptions, engine, forecast
from iot_jobs.forecast.course import MOST_MOMENTS, Band, Moment, Record, course, peaks
from iot_jobs.forecast.durations import Floats
from iot_jobs.forecast.risk import MOST
from tests.test_forecast import abort, constant, template
from tests.test_risk import spec

Rollouts = tuple[list[int], Floats]


@st.composite
def rollouts(draw: st.DrawFn) -> Rollouts:
    """The counts of a few rollouts by minute, name and rollout, each of which changes in some minutes only."""
    minutes = sorted({0, *draw(st.sets(st.integers(1, 60), max_size=20))})
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    return minutes, random.integers(0, 4, (len(minutes), 3, draw(st.integers(1, 30)))).cumsum(axis=0).astype(float)


def recorded(rows: Rollouts) -> Record:
    """A record of these rollouts."""
    record = Record()
    for minute, counts in zip(*rows, strict=True):
        record.note(minute, counts)
    return record


def quantile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of values doesn't exceed."""
    return next(value for value in sorted(values) if sum(other <= value for other in values) >= share * len(values))


@given(st.lists(rollouts(), min_size=1, max_size=3))
def test_quantiles_of_all_rollouts(parts: list[Rollouts]) -> None:
    """In each minute the band is that of all rollouts, whether they were noted in that minute or not."""
    found = course([recorded(rows) for rows in parts])
    assert [moment.minute for moment in found] == sorted({moment.minute for moment in found})
    for minute in range(62):
        now: list[list[float]] = [[], [], []]
        for minutes, counts in parts:
            row = counts[max(index for index, noted in enumerate(minutes) if noted <= minute)]
            for values, more in zip(now, row.tolist(), strict=True):
                values.extend(more)
        moment = [moment for moment in found if moment.minute <= minute][-1]
        for values, band in zip(now, (moment.notified, moment.succeeded, moment.failed), strict=True):
            assert (band.p5, band.p50, band.p95) == tuple(quantile(values, share) for share in (0.05, 0.5, 0.95))


def test_nothing_twice() -> None:
    """A minute that changes nothing is left out."""
    same = np.ones((3, 5))
    found = course([recorded(([0, 3, 7, 8], np.array([same, same, 2 * same, 2 * same])))])
    one, two = Band(1, 1, 1), Band(2, 2, 2)
    assert found == (Moment(0, one, one, one), Moment(7, two, two, two))


@pytest.mark.parametrize("length", [1, 2, MOST_MOMENTS - 1, MOST_MOMENTS, MOST_MOMENTS + 1, 10 * MOST_MOMENTS + 3])
def test_long_rollouts(length: int) -> None:
    """However long a rollout, its course is short, even, true in each of its minutes, and has the last one."""
    record = recorded((list(range(length)), np.arange(float(length))[:, None, None] * np.ones((1, 3, 2))))
    assert len(record.minutes) < MOST_MOMENTS
    found = course(
        [record, recorded(([0, length - 1], np.array([0.0, length - 1])[:, None, None] * np.ones((1, 3, 1))))]
    )
    minutes = [moment.minute for moment in found]
    assert len(minutes) <= MOST_MOMENTS
    assert (minutes[0], minutes[-1]) == (0, length - 1)
    assert all(moment.notified.p50 == moment.minute for moment in found)
    assert all(other - one <= math.ceil(4 * length / MOST_MOMENTS) for one, other in pairwise(minutes))


WINDOW = {"maintenance_windows": [{"start_time": "cron(0 1 * * ? *)", "duration_in_minutes": 20}]}
SURE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("all succeed", {}, {}),
    ("all fail", {}, {"failure_rate": 1}),
    ("windows", WINDOW, {"start_delay_minutes": 3}),
    ("within the minute", {}, {"run_time_minutes": 0}),
    ("aborted", {"abort": abort(("FAILED", 5, 20))}, {"failure_rate": 1}),
]  # fmt: skip


@pytest.mark.parametrize("most_bytes", [engine._MOST_BYTES, 1])
@pytest.mark.parametrize("row", SURE, ids=[row[0] for row in SURE])
def test_where_nothing_is_left_to_chance(
    row: tuple[str, dict[str, Any], dict[str, Any]], most_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At rates of 0 and 1 the band is the expected course in every minute, even if each rollout is drawn on its own."""
    _, parts, assumed = row
    monkeypatch.setattr(engine, "_MOST_BYTES", most_bytes)
    given = Assumptions(**{"things": 300, "run_time_minutes": 4, **assumed})
    found = forecast(template(rollout=constant(10), **parts), given, trials=3)
    assert found.risk is not None
    spans = [(minute, minute + 1) for minute in range(found.last_minute + 1)]
    for column in ("notified", "succeeded", "failed"):
        expected = found.timeline.peaks(column, spans)
        assert all(found.risk.healthy.peaks(column, share, spans) == expected for share in ("p5", "p50", "p95"))
    stopped = found.timeline.aborted_minute
    assert found.risk.healthy.aborted_minute == stopped
    assert (stopped is not None) == ("abort" in parts)


def test_the_band_of_a_binomial() -> None:
    """Of ten executions that end at once, the failed ones are drawn from a distribution that is known."""
    found = forecast(spec(threshold=None), Assumptions(things=10, run_time_minutes=1, failure_rate=0.3), trials=1000)
    assert found.risk is not None
    last = found.risk.healthy.course[-1]
    below = np.cumsum([comb(10, number) * 0.3**number * 0.7 ** (10 - number) for number in range(11)])
    error = math.sqrt(math.log(2 / 1e-6) / 2000)
    for value, share in ((last.failed.p5, 0.05), (last.failed.p50, 0.5), (last.failed.p95, 0.95)):
        assert below[value] >= share - error
        assert value == 0 or below[value - 1] <= share + error
    assert last.notified == Band(10, 10, 10)
    assert last.succeeded.p5 == 10 - last.failed.p95


def test_the_minute_of_most_aborts() -> None:
    """It is the middle one of the rollouts that are stopped; the others don't count."""
    # 10 things end in each of minutes 1 to 4. A rollout is stopped when one of them has failed.
    found = forecast(
        spec(threshold=1, minimum=1), Assumptions(things=40, run_time_minutes=1, failure_rate=0.02), trials=500
    )
    assert found.risk is not None
    healthy = found.risk.healthy
    # Those of minute 1 are (1 - 0.98**10) of all, so 33 % of those that are ever stopped; those of 1 and 2 are 60 %.
    assert 45 < healthy.aborted_percent < 65
    assert healthy.aborted_minute == 2
    assert found.timeline.aborted_minute == 1


@pytest.mark.parametrize(("trials", "followed"), [(None, MOST), (37, 37), (MOST + 1, MOST)])
def test_rollouts_in_the_band(trials: int | None, followed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The healthy rollouts of all batches are in the band, up to a bound, and no bad ones."""
    counts: list[Floats] = []

    def watched(records: Sequence[Record]) -> tuple[Moment, ...]:
        counts.extend(record.all()[1] for record in records)
        return course(records)

    monkeypatch.setattr(import_module("iot_jobs.forecast.risk"), "course", watched)
    given = Assumptions(things=10, run_time_minutes=1, failure_rate=0.5, bad_release_rate=1)
    found = forecast(spec(threshold=50), given, trials=trials)
    assert found.risk is not None
    assert sum(rows.shape[2] for rows in counts) == followed
    failed = np.concatenate([rows[-1, 2] for rows in counts])
    assert 4 < failed.mean() < 6


PEAKS: list[tuple[str, list[tuple[float, float]], list[float]]] = [
    ("each minute", [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)], [5, 5, 1, 7, 7]),
    ("a span over changes", [(0, 4)], [7]),
    ("up to, not including, a change", [(0, 2), (2, 3)], [5, 1]),
    ("within a minute", [(1.2, 1.4), (2.9, 3.1)], [5, 7]),
    ("after the last change", [(9, 12)], [7]),
    ("none", [], []),
]  # fmt: skip


@pytest.mark.parametrize("row", PEAKS, ids=[row[0] for row in PEAKS])
def test_peaks(row: tuple[str, list[tuple[float, float]], list[float]]) -> None:
    """A value holds until the next minute that has one."""
    _, spans, expected = row
    assert peaks([0, 2, 3], [5, 1, 7], spans) == expected
