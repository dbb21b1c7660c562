"""The forecast: cases computed by hand, and what holds for every template and every assumption."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import UTC, datetime
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_jobs import JobDocument, JobSpec, JobTemplateSpec, MaintenanceWindow, SchedulingConfig
from iot_jobs.finding import FindingsError
from iot_jobs.forecast import Assumptions, Forecast, ForecastError, Window, WindowsUsed, forecast
from iot_jobs.forecast.assumptions import Duration
from iot_jobs.forecast.durations import MOST_LAGS, delays
from iot_jobs.forecast.engine import Engine
from iot_jobs.forecast.montecarlo import Draws, monte_carlo
from iot_jobs.forecast.plan import plan
from iot_jobs.forecast.result import timeline
from iot_jobs.forecast.schedule import Schedule
from iot_jobs.render.forecast import data
from iot_jobs.unresolved import Unresolved
from iot_jobs.windows import Cron

NIGHT = datetime(2026, 1, 1, tzinfo=UTC)


def template(**parts: Any) -> JobTemplateSpec:
    return JobTemplateSpec(template_name="t", description="a", document=JobDocument.inline({"steps": []}), **parts)


def constant(rate: int) -> dict[str, Any]:
    return {"maximum_per_minute": rate}


def rising(base: int, factor: float, maximum: int, **criterion: int) -> dict[str, Any]:
    return {
        "maximum_per_minute": maximum,
        "exponential_rate": {
            "base_rate_per_minute": base,
            "increment_factor": factor,
            "rate_increase_criteria": criterion,
        },
    }


def abort(*criteria: tuple[str, float, int]) -> dict[str, Any]:
    names = ("failure_type", "threshold_percentage", "min_number_of_executed_things")
    return {"criteria": [dict(zip(names, one, strict=True)) for one in criteria]}


def retry(**numbers: int) -> dict[str, Any]:
    return {"criteria": [{"failure_type": name, "number_of_retries": number} for name, number in numbers.items()]}


def timeout(minutes: int) -> dict[str, Any]:
    return {"in_progress_timeout_in_minutes": minutes}


def run(parts: dict[str, Any], things: int, **assumed: Any) -> Forecast:
    return forecast(template(**parts), Assumptions(things=things, **{"run_time_minutes": 0} | assumed))


def minutes(result: Forecast) -> tuple[Any, ...]:
    return (*asdict(result.notified).values(), *asdict(result.done).values())


def released(result: Forecast) -> dict[int, float]:
    return {int(row["minute"]): row["released"] for row in result.timeline if row["released"]}


def totals(result: Forecast) -> dict[str, float]:
    """The last entry of the timeline, but for what is 0."""
    *_, last = result.timeline
    return {name: value for name, value in last.items() if value and name not in ("minute", "rate", "released")}


# By hand ---------------------------------------------------------------------------------------------------------------

GUIDE = dict.fromkeys(range(20), 50) | dict.fromkeys(range(20, 30), 100) | dict.fromkeys(range(30, 35), 200)
GUIDE |= dict.fromkeys(range(35, 38), 400) | {38: 800} | dict.fromkeys(range(39, 43), 1000) | {43: 1000}
RELEASED: list[tuple[str, dict[str, Any], int, dict[str, Any], dict[int, int]]] = [
    ("no rollout", {}, 2500, {}, {0: 1000, 1: 1000, 2: 500}),
    ("one thing", {}, 1, {}, {0: 1}),
    ("constant", {"rollout": constant(10)}, 35, {}, {0: 10, 1: 10, 2: 10, 3: 5}),
    ("constant, no remainder", {"rollout": constant(10)}, 20, {}, {0: 10, 1: 10}),
    # AWS's guide: 50, 100, 200 and 400 a minute at 1000, 2000 and 3000 things.
    ("the guide", {"rollout": rising(50, 2, 1000, number_of_notified_things=1000)}, 10_000, {}, GUIDE),
    ("a cap", {"rollout": rising(5, 2, 12, number_of_notified_things=5)}, 50, {}, {0: 5, 1: 10, 2: 12, 3: 12, 4: 11}),
    # 25 x 1.4 x 1.4 is 49; with binary fractions it would be 48.
    ("exact factors", {"rollout": rising(25, 1.4, 60, number_of_notified_things=25)}, 180, {},
     {0: 25, 1: 35, 2: 49, 3: 60, 4: 11}),
    ("a fraction is left out", {"rollout": rising(5, 1.1, 7, number_of_notified_things=5)}, 24, {},
     {0: 5, 1: 5, 2: 6, 3: 6, 4: 2}),
    # Whole steps of the counter: after 30 of every 10 the rate has risen three times.
    ("several rises in a minute", {"rollout": rising(30, 1.1, 60, number_of_notified_things=10)}, 120, {},
     {0: 30, 1: 39, 2: 51}),
    ("a rise a minute", {"rollout": rising(30, 1.1, 60, number_of_notified_things=10)}, 120,
     {"scheduler": {"catch_up": "one"}}, {0: 30, 1: 33, 2: 36, 3: 21}),
    ("rounded", {"rollout": rising(5, 1.1, 7, number_of_notified_things=5)}, 18, {"scheduler": {"rounding": "half_up"}},
     {0: 5, 1: 6, 2: 6, 3: 1}),
    # The first 10 succeed in minute 5, and count there before the batch; 20 in minute 6.
    ("slow devices", {"rollout": rising(10, 2, 40, number_of_succeeded_things=20)}, 130, {"run_time_minutes": 5},
     dict.fromkeys(range(6), 10) | {6: 20, 7: 20, 8: 30}),
    ("at once, but counted a minute later", {"rollout": rising(10, 2, 40, number_of_succeeded_things=10)}, 60, {},
     {0: 10, 1: 20, 2: 30}),
    ("none succeeds", {"rollout": rising(10, 2, 40, number_of_succeeded_things=5)}, 30, {"failure_rate": 1},
     {0: 10, 1: 10, 2: 10}),
    # From 1:00, for two minutes; the start is midnight.
    ("windows", {"rollout": constant(10), "maintenance_windows": [{"start_time": "cron(0 1 * * ? *)",
                                                                   "duration_in_minutes": 2}]},
     35, {"start": NIGHT}, {60: 10, 61: 10, 1500: 10, 1501: 5}),
    ("a start within a window", {"rollout": constant(10), "maintenance_windows": [
        {"start_time": "cron(0 23 * * ? *)", "duration_in_minutes": 62}]},
     25, {"start": NIGHT}, {0: 10, 1: 10, 1380: 5}),
    ("a start at the first opening", {"rollout": constant(10), "maintenance_windows": [
        {"start_time": "cron(0 5 * * ? *)", "duration_in_minutes": 1}]}, 15, {}, {0: 10, 1440: 5}),
    ("two windows side by side", {"rollout": constant(10), "maintenance_windows": [
        {"start_time": "cron(0 0 * * ? *)", "duration_in_minutes": 1},
        {"start_time": "cron(1 0 * * ? *)", "duration_in_minutes": 1}]}, 25, {}, {0: 10, 1: 10, 1440: 5}),
]  # fmt: skip


@pytest.mark.parametrize("row", RELEASED, ids=[row[0] for row in RELEASED])
def test_released(row: tuple[str, dict[str, Any], int, dict[str, Any], dict[int, int]]) -> None:
    """How many things are notified in which minute."""
    _, parts, things, assumed, expected = row
    assert released(run(parts, things, **assumed)) == expected


MINUTES: list[tuple[str, dict[str, Any], int, dict[str, Any], tuple[Any, ...]]] = [
    ("at once", {"rollout": constant(10)}, 100, {}, (4, 8, 9, 4, 8, 9)),
    ("with a run time", {"rollout": constant(10)}, 100, {"run_time_minutes": 5}, (4, 8, 9, 9, 13, 14)),
    ("a part of a minute", {"rollout": constant(10)}, 100, {"run_time_minutes": 4.5}, (4, 8, 9, 8, 12, 13)),
    ("parts of minutes are counted with the next", {"rollout": constant(10), "retry": retry(FAILED=1)}, 10,
     {"failure_rate": 1, "run_time_minutes": 4.5}, (0, 0, 0, 9, 9, 9)),
    ("delay and run time", {"rollout": constant(10)}, 100, {"start_delay_minutes": 2, "run_time_minutes": 3},
     (4, 8, 9, 9, 13, 14)),
    ("parts of a minute add up", {"rollout": constant(10)}, 100,
     {"start_delay_minutes": 1.5, "run_time_minutes": 1.5}, (4, 8, 9, 7, 11, 12)),
    ("failures are quick", {"rollout": constant(10), "retry": retry(FAILED=1)}, 10,
     {"failure_rate": 1, "failure_time_minutes": 2, "run_time_minutes": 9}, (0, 0, 0, 4, 4, 4)),
    ("rejections are not", {"rollout": constant(10)}, 10,
     {"reject_rate": 1, "failure_time_minutes": 2, "run_time_minutes": 9}, (0, 0, 0, 9, 9, 9)),
    ("one thing", {}, 1, {}, (0, 0, 0, 0, 0, 0)),
    ("half are offline", {"rollout": constant(10)}, 100, {"offline_rate": 0.5}, (4, 8, 9, 9, None, None)),
    ("all are offline", {"rollout": constant(10)}, 100, {"offline_rate": 1}, (4, 8, 9, None, None, None)),
    ("all hang", {"rollout": constant(10)}, 100, {"hang_rate": 1}, (4, 8, 9, None, None, None)),
    ("all time out", {"rollout": constant(10), "timeout": timeout(30)}, 100, {"hang_rate": 1}, (4, 8, 9, 34, 38, 39)),
    ("a run longer than the timeout", {"rollout": constant(10), "timeout": timeout(30)}, 100,
     {"run_time_minutes": 31}, (4, 8, 9, 34, 38, 39)),
    ("retries used up", {"rollout": constant(10), "retry": retry(FAILED=2)}, 10,
     {"failure_rate": 1, "run_time_minutes": 3}, (0, 0, 0, 9, 9, 9)),
    ("each retry waits again", {"rollout": constant(10), "retry": retry(FAILED=1)}, 10,
     {"failure_rate": 1, "start_delay_minutes": 2, "run_time_minutes": 3}, (0, 0, 0, 10, 10, 10)),
    ("a delay into the closed time", {"rollout": constant(10), "maintenance_windows": [
        {"start_time": "cron(0 5 * * ? *)", "duration_in_minutes": 5}]}, 50, {"start_delay_minutes": 3},
     (2, 4, 4, 1440, 1440, 1440)),
    ("a retry at the next opening", {"rollout": constant(10), "retry": retry(FAILED=1), "maintenance_windows": [
        {"start_time": "cron(0 5 * * ? *)", "duration_in_minutes": 5}]}, 10,
     {"failure_rate": 1, "start_delay_minutes": 3, "run_time_minutes": 30}, (0, 0, 0, 1473, 1473, 1473)),
    ("a window that never comes again", {"maintenance_windows": [
        {"start_time": "cron(0 5 * * ? 2020)", "duration_in_minutes": 5}]}, 10, {}, (None,) * 6),
    ("not within two years", {"rollout": constant(1), "maintenance_windows": [
        {"start_time": "cron(0 5 1 1 ? *)", "duration_in_minutes": 1}]}, 10, {}, (None,) * 6),
]  # fmt: skip


@pytest.mark.parametrize("row", MINUTES, ids=[row[0] for row in MINUTES])
def test_minutes(row: tuple[str, dict[str, Any], int, dict[str, Any], tuple[Any, ...]]) -> None:
    """In which minutes 50, 90 and 100 % are notified, and then done."""
    _, parts, things, assumed, expected = row
    assert minutes(run(parts, things, **assumed)) == expected


TOTALS: list[tuple[str, dict[str, Any], int, dict[str, Any], dict[str, float]]] = [
    ("all succeed", {}, 10, {}, {"notified": 10, "succeeded": 10, "done": 10}),
    ("all fail", {}, 10, {"failure_rate": 1}, {"notified": 10, "failed": 10, "harmed": 10, "done": 10}),
    ("all reject: never retried", {"retry": retry(FAILED=3)}, 10, {"reject_rate": 1},
     {"notified": 10, "rejected": 10, "done": 10}),
    ("a retry of what failed", {"retry": retry(FAILED=3)}, 10, {"failure_rate": 1},
     {"notified": 10, "retries": 30, "failed": 40, "harmed": 10, "done": 10}),
    ("no retry of what timed out", {"retry": retry(FAILED=3), "timeout": timeout(2)}, 10, {"hang_rate": 1},
     {"notified": 10, "timed_out": 10, "done": 10}),
    ("a retry of both", {"retry": retry(ALL=2), "timeout": timeout(2)}, 10, {"hang_rate": 1},
     {"notified": 10, "retries": 20, "timed_out": 30, "done": 10}),
    ("0 retries", {"retry": retry(FAILED=0)}, 10, {"failure_rate": 1},
     {"notified": 10, "failed": 10, "harmed": 10, "done": 10}),
    # Half of 16 fail, half of those again, and so on: each attempt on its own.
    ("some fail again", {"retry": retry(FAILED=3)}, 16, {"failure_rate": 0.5},
     {"notified": 16, "retries": 14, "succeeded": 15, "failed": 15, "harmed": 8, "done": 16}),
    # Half of the 8 things that fail once do so for good; of the other 4, half fail again, and so on.
    ("some fail for good", {"retry": retry(FAILED=3)}, 16, {"failure_rate": 0.5, "failures_stick": 0.5},
     {"notified": 16, "retries": 12 + 4 + 2 + 1, "succeeded": 8 + 2 + 1 + 0.5, "failed": 8 + 12 + 2 + 1 + 0.5,
      "harmed": 8, "done": 16}),
    ("no failure beyond the timeout", {"timeout": timeout(2), "retry": retry(FAILED=1)}, 10,
     {"failure_rate": 0.5, "failure_time_minutes": 3, "run_time_minutes": 2},
     {"notified": 10, "succeeded": 5, "timed_out": 5, "done": 10}),
    ("a failure at the timeout", {"timeout": timeout(2)}, 10,
     {"failure_rate": 0.5, "failure_time_minutes": 2, "run_time_minutes": 3},
     {"notified": 10, "failed": 5, "timed_out": 5, "harmed": 5, "done": 10}),
    # A quarter hangs, a quarter rejects, a quarter fails; two counts of retries.
    ("each in its own way", {"retry": retry(FAILED=1, TIMED_OUT=1), "timeout": timeout(9)}, 256,
     {"hang_rate": 0.25, "reject_rate": 0.25, "failure_rate": 0.25},
     {"notified": 256, "retries": 64 + 64 + 32, "rejected": 104, "failed": 104, "timed_out": 104, "succeeded": 104,
      "harmed": 64 + 16, "done": 256}),
    ("offline", {}, 10, {"offline_rate": 0.5}, {"notified": 10, "succeeded": 5, "done": 5, "queued": 5}),
    ("hanging for ever", {"retry": retry(FAILED=1)}, 10, {"hang_rate": 1}, {"notified": 10, "in_progress": 10}),
]  # fmt: skip


@pytest.mark.parametrize("row", TOTALS, ids=[row[0] for row in TOTALS])
def test_totals(row: tuple[str, dict[str, Any], int, dict[str, Any], dict[str, float]]) -> None:
    """How executions ended, and how many there were."""
    _, parts, things, assumed, expected = row
    result = run(parts, things, **assumed)
    assert totals(result) == pytest.approx(expected, abs=0.001)
    assert result.executions.total == pytest.approx(expected["notified"] + expected.get("retries", 0))


FAILED, TIMED_OUT = "FAILED", "TIMED_OUT"
BLAST: list[tuple[str, dict[str, Any], int, int, dict[str, Any], tuple[Any, ...]]] = [
    # Percent; then the minute, and things notified, harmed, in flight, harmed in total. Ten a minute take two minutes.
    ("all fail", {"abort": abort((FAILED, 10, 10))}, 100, 100, {}, (2, 20, 10, 10, 20)),
    ("at the exact share", {"abort": abort((FAILED, 10, 10))}, 10, 100, {}, (2, 20, 1, 10, 2)),
    ("a hundredth above the share", {"abort": abort((FAILED, 10.01, 10))}, 10, 100, {}, (None, 100, 10, 0, 10)),
    ("more than the share is asked for", {"abort": abort((FAILED, 10, 10))}, 10, 100,
     {"scheduler": {"comparison": ">"}}, (None, 100, 10, 0, 10)),
    ("one less than the minimum", {"abort": abort((FAILED, 10, 11))}, 100, 100, {}, (3, 30, 20, 10, 30)),
    ("the whole fleet as the minimum", {"abort": abort((FAILED, 10, 100))}, 100, 100, {}, (11, 100, 100, 0, 100)),
    ("more than the fleet", {"abort": abort((FAILED, 10, 101))}, 100, 100, {}, (None, 100, 100, 0, 100)),
    ("no abort", {}, 100, 100, {}, (None, 100, 100, 0, 100)),
    ("another failure", {"abort": abort((TIMED_OUT, 10, 10))}, 100, 100, {}, (None, 100, 100, 0, 100)),
    ("all failures", {"abort": abort(("ALL", 10, 10))}, 10, 100, {}, (2, 20, 1, 10, 2)),
    ("the second criterion", {"abort": abort((TIMED_OUT, 1, 1), (FAILED, 10, 10))}, 10, 100, {}, (2, 20, 1, 10, 2)),
    # Canceled retries are not in flight; what is in progress runs on.
    ("retries", {"abort": abort((FAILED, 10, 20)), "retry": retry(FAILED=1)}, 100, 100, {}, (3, 30, 20, 20, 30)),
    ("offline ones are canceled", {"abort": abort((FAILED, 10, 5))}, 100, 100, {"offline_rate": 0.5},
     (2, 20, 5, 5, 10)),
    ("what waits to begin is canceled", {"abort": abort((FAILED, 10, 10))}, 100, 100, {"start_delay_minutes": 3},
     (5, 50, 10, 10, 20)),
    ("what has timed out", {"abort": abort(("ALL", 10, 10)), "timeout": timeout(2)}, 100, 100,
     {"run_time_minutes": 9}, (2, 20, 0, 10, 0)),
    ("a bad release doesn't hang", {"abort": abort((FAILED, 10, 10))}, 100, 100, {"hang_rate": 1}, (2, 20, 10, 10, 20)),
    ("retries that wait for a window are not queued", {"abort": abort((FAILED, 10, 15)), "retry": retry(FAILED=1),
        "maintenance_windows": [{"start_time": "cron(0 5 * * ? *)", "duration_in_minutes": 2}]}, 100, 100, {},
     (3, 20, 20, 0, 20)),
    ("failures slower than successes", {"abort": abort((FAILED, 10, 10))}, 50, 100, {"failure_time_minutes": 4},
     (4, 40, 5, 20, 20)),
    ("failures beyond the timeout", {"abort": abort((FAILED, 1, 1)), "timeout": timeout(3)}, 100, 100,
     {"failure_time_minutes": 4}, (None, 100, 0, 0, 0)),
    ("in closed time", {"abort": abort((FAILED, 10, 10)), "maintenance_windows": [
        {"start_time": "cron(0 5 * * ? *)", "duration_in_minutes": 1}]}, 100, 100, {}, (2, 10, 10, 0, 10)),
]  # fmt: skip


@pytest.mark.parametrize("row", BLAST, ids=[row[0] for row in BLAST])
def test_blast_radius(row: tuple[str, dict[str, Any], int, int, dict[str, Any], tuple[Any, ...]]) -> None:
    """When a bad release is stopped, and what it has reached by then."""
    _, parts, percent, things, assumed, expected = row
    result = run({"rollout": constant(10)} | parts, things, **{"run_time_minutes": 2} | assumed)
    (found,) = (one for one in result.blast_radius if one.failure_rate_percent == percent)
    assert (found.minute, found.notified, found.harmed, found.in_flight, found.harmed_final) == expected
    assert found.fires == (expected[0] is not None)


SMALLEST: list[tuple[str, dict[str, Any], dict[str, Any], float | None]] = [
    ("no abort", {}, {}, None),
    ("the threshold itself", {"abort": abort((FAILED, 2.25, 10))}, {}, 2.25),
    ("one attempt of two", {"abort": abort((FAILED, 50, 10)), "retry": retry(FAILED=1)}, {}, 33.34),
    ("the last one", {"abort": abort((FAILED, 100, 10))}, {}, 100),
    ("the smallest", {"abort": abort((FAILED, 0.01, 10))}, {}, 0.01),
    ("a criterion that can't fire", {"abort": abort((FAILED, 1, 1001))}, {}, None),
    ("the fleet's own rate is enough", {"abort": abort((FAILED, 1, 10))}, {"failure_rate": 0.01}, 0),
    ("the fleet's own rate helps", {"abort": abort((FAILED, 2, 10))}, {"failure_rate": 0.01}, 1.02),
]


@pytest.mark.parametrize("row", SMALLEST, ids=[row[0] for row in SMALLEST])
def test_smallest_stopping_rate(row: tuple[str, dict[str, Any], dict[str, Any], float | None]) -> None:
    """The smallest share of bad devices that stops the rollout, to a hundredth of a percent."""
    _, parts, assumed, expected = row
    assert run({"rollout": constant(10)} | parts, 1000, **assumed).smallest_stopping_failure_rate_percent == expected


# In general ------------------------------------------------------------------------------------------------------------


def adds_up(assumed: Any) -> bool:
    """Whether the rates leave no less than nothing."""
    return bool(assumed["failure_rate"] + assumed["reject_rate"] + assumed["hang_rate"] <= 1)


CRITERION = st.tuples(st.sampled_from(["FAILED", "REJECTED", "TIMED_OUT", "ALL"]), st.sampled_from([0.5, 4.0, 25, 100]),
                      st.integers(1, 60))  # fmt: skip
ROLLOUT = st.one_of(
    st.none(),
    st.builds(constant, st.integers(1, 40)),
    st.builds(
        lambda base, factor, more, criterion, count: rising(base, factor, base + more, **{criterion: count}),
        st.integers(1, 20), st.sampled_from([1.1, 1.5, 2, 5]), st.integers(0, 40),
        st.sampled_from(["number_of_notified_things", "number_of_succeeded_things"]), st.integers(1, 40),
    ),
)  # fmt: skip
WINDOWS = st.one_of(
    st.just([]),
    st.builds(
        lambda hours, long: [{"start_time": f"cron(0 {hours} * * ? *)", "duration_in_minutes": long}],
        st.sampled_from(["0", "0/6", "3,9"]), st.integers(1, 30),
    ),
)  # fmt: skip
RETRY = st.one_of(
    st.none(),
    st.builds(lambda number: retry(ALL=number), st.integers(0, 3)),
    st.builds(
        lambda failed, timed_out: retry(FAILED=failed, TIMED_OUT=timed_out), st.integers(0, 2), st.integers(0, 2)
    ),
)
PARTS = st.fixed_dictionaries(
    {
        "rollout": ROLLOUT,
        "abort": st.one_of(st.none(), st.builds(abort, CRITERION)),
        "retry": RETRY,
        "timeout": st.one_of(st.none(), st.builds(timeout, st.integers(1, 30))),
        "maintenance_windows": WINDOWS,
    }
)
TIME = st.sampled_from([0, 0.5, 1, 3, 12.25, "3:2", "8:1.3"])
RATES = {name: st.sampled_from([0, 0, 0.01, 0.3, 1]) for name in ("failure_rate", "reject_rate", "hang_rate", "offline_rate")}  # fmt: skip
ASSUMED: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "things": st.integers(1, 300),
        "start_delay_minutes": TIME,
        "run_time_minutes": TIME,
        "failure_time_minutes": st.none() | TIME,
        "failures_stick": st.sampled_from([0, 0, 0.3, 1]),
        **RATES,
    }
).filter(adds_up)
SURE: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "things": st.integers(1, 300),
        "start_delay_minutes": st.sampled_from([0, 0.5, 2]),
        "run_time_minutes": st.sampled_from([0, 1, 7.5]),
        "failure_time_minutes": st.sampled_from([None, 0, 3.5, 20]),
        "failures_stick": st.sampled_from([0, 0, 1]),
        **{name: st.sampled_from([0, 0, 0, 1]) for name in RATES},
    }
).filter(adds_up)


@given(PARTS, ASSUMED)
def test_conservation(parts: dict[str, Any], assumed: dict[str, Any]) -> None:
    """At every minute: no more things than there are, no more a minute than the rate, and no execution lost."""
    result = forecast(template(**parts), Assumptions(**assumed))
    column = result.timeline.columns
    assert (column["notified"] <= assumed["things"]).all()
    assert (column["released"] <= column["rate"]).all()
    assert column["notified"][-1] == column["released"].sum()
    begun = ("queued", "in_progress", "succeeded", "failed", "rejected", "timed_out", "canceled")
    np.testing.assert_allclose(sum(column[name] for name in begun), column["notified"] + column["retries"], atol=1e-6)
    for name in ("notified", "retries", "succeeded", "failed", "rejected", "timed_out", "harmed", "done"):
        assert (np.diff(column[name]) >= -1e-9).all()
    assert (column["harmed"] <= column["notified"] + 1e-9).all()
    assert (column["done"] <= column["notified"] + 1e-9).all()
    for one in result.blast_radius:
        assert -1e-9 <= one.harmed <= one.harmed_final + 1e-9 <= one.notified + 1e-6
        assert one.fires == (one.minute is not None)


@given(PARTS, ASSUMED, CRITERION, st.floats(0.1, 1), st.integers(0, 30))
def test_stricter_never_harms_more(
    parts: dict[str, Any], assumed: dict[str, Any], criterion: tuple[str, float, int], share: float, fewer: int
) -> None:
    """A lower threshold or minimum aborts no later, and harms no more things."""
    kind, threshold, least = criterion
    strict = (kind, max(0.01, round(threshold * share, 2)), max(1, least - fewer))
    found = [
        forecast(template(**parts | {"abort": abort(one)}), Assumptions(**assumed)).blast_radius
        for one in (criterion, strict)
    ]
    for loose, tight in zip(*found, strict=True):
        assert tight.harmed_final <= loose.harmed_final + 0.001
        assert loose.minute is None or (tight.minute is not None and tight.minute <= loose.minute)


@given(PARTS, ASSUMED, st.integers(1, 40), st.integers(0, 40))
def test_faster_never_ends_later(parts: dict[str, Any], assumed: dict[str, Any], rate: int, more: int) -> None:
    """A higher rate notifies and finishes no later, where no abort cuts the rollout short.

    With abort criteria it need not be so: what is faster may be stopped, and then never finishes.
    """
    slow, fast = (
        forecast(template(**parts | {"abort": None, "rollout": constant(one)}), Assumptions(**assumed))
        for one in (rate, rate + more)
    )
    for first, second in zip(minutes(fast), minutes(slow), strict=True):
        assert second is None or (first is not None and first <= second)


@given(PARTS, SURE)
def test_both_engines_agree_where_nothing_is_left_to_chance(parts: dict[str, Any], assumed: dict[str, Any]) -> None:
    """At rates of 0 and 1, and with exact times, each trial is the expected run."""
    ready = plan(template(**parts), Assumptions(**assumed))
    expected, drawn = Engine(ready, [0]).run(), Draws(ready, [0] * 3, np.random.default_rng(1)).run()
    for name, values in vars(expected).items():
        assert getattr(drawn, name).tolist() == values.tolist() * 3


@pytest.mark.parametrize("seed", [0, 1])
def test_trials_are_near_the_expected(seed: int) -> None:
    """The middle of the trials is near the expected value, and the same seed gives the same again."""
    parts = {"rollout": constant(50), "retry": retry(FAILED=1, TIMED_OUT=1), "timeout": timeout(20)}
    assumed = Assumptions(things=5000, failure_rate=0.1, hang_rate=0.02, reject_rate=0.01, offline_rate=0.03,
                          start_delay_minutes="2:1.5", run_time_minutes="5:2")  # fmt: skip
    result = forecast(template(**parts), assumed, trials=200, seed=seed)
    assert result.trials == forecast(template(**parts), assumed, trials=200, seed=seed).trials
    assert result.trials is not None
    figures = result.trials.figures
    assert result.executions.total == pytest.approx(figures["executions_total"]["p50"], rel=0.002)
    low, high = figures["harmed"]["p5"], figures["harmed"]["p95"]
    assert low is not None
    assert high is not None
    assert low < totals(result)["harmed"] < high
    assert figures["done_p50"]["p50"] == pytest.approx(result.done.p50, abs=1)


def test_a_long_rollout_takes_no_longer() -> None:
    """Minutes that are all alike are skipped, and still counted."""
    parts = {"rollout": constant(1), "abort": abort((FAILED, 50, 9000)), "retry": retry(FAILED=1)}
    slow = run(parts, 10_000, run_time_minutes=5, failure_rate=0.125)
    assert released(slow) == dict.fromkeys(range(10_000), 1)
    # One in eight is tried again. In minute 10,006 three may be left to finish, and 3/8 of a thing is less than half.
    assert minutes(slow) == (4999, 8999, 9999, 5005, 9005, 10_006)
    assert totals(slow) == {
        "notified": 10_000, "retries": 1250, "succeeded": 8750 + 1093.75, "failed": 1250 + 156.25, "harmed": 1250,
        "done": 10_000,
    }  # fmt: skip
    engine = Engine(plan(template(**parts), Assumptions(things=10_000, run_time_minutes=5)), [0, 1])
    assert engine.run().minute.tolist() == [np.inf, 4507]  # 4503 + 4498 executions, each of them failed
    assert engine.tick < 100


RISING = {"rollout": rising(50, 2, 1000, number_of_notified_things=1000), "abort": abort((FAILED, 2.5, 200))}
STOPPED: list[tuple[str, str | float, str | float | None, float]] = [
    # Percent of 20,000 rollouts that a simulation of 20 lines aborts, which sorts the ends of all things.
    ("equal times", 12, None, 5.8),
    ("quick failures", 12, 3, 99.5),
    ("equal times, spread", "12:1.5", "12:1.5", 3.6),
    ("quick failures, spread", "12:1.5", "3:1.5", 93.7),
]


@pytest.mark.parametrize("row", STOPPED, ids=[row[0] for row in STOPPED])
def test_quick_failures_stop_healthy_rollouts(row: tuple[str, str | float, str | float | None, float]) -> None:
    """Devices of which 1 % fail are below a threshold of 2.5 %, but not among the first to complete."""
    _, run_time, failure_time, percent = row
    assumed = Assumptions(
        things=10_000, failure_rate=0.01, run_time_minutes=run_time, failure_time_minutes=failure_time
    )
    trials = monte_carlo(plan(template(**RISING), assumed), trials=1000, seed=1)
    error = math.sqrt(percent * (100 - percent) * (1 / 1000 + 1 / 20_000))
    assert trials.aborted_percent == pytest.approx(percent, abs=4 * error)


@pytest.mark.parametrize("rates", [(0.003, 0.5, 0.497), (0.7, 0.1, 0.2), (0.1, 0.2, 0.7), (0.3, 0.7, 0)])
@pytest.mark.parametrize("failure_time", [None, 1])
def test_rates_that_add_up_to_1(rates: tuple[float, float, float], failure_time: float | None) -> None:
    """Where nothing is left for success nothing succeeds, however the rates round."""
    failure, reject, hang = rates
    assumed = Assumptions(things=1000, failure_rate=failure, reject_rate=reject, hang_rate=hang,
                          failure_time_minutes=failure_time)  # fmt: skip
    ready = plan(template(timeout=timeout(9)), assumed)
    for engine in (Engine(ready, [0]), Draws(ready, [0] * 5, np.random.default_rng(1))):
        engine.run()
        assert engine.counters[0].tolist() == pytest.approx([0] * len(engine.bad), abs=1e-9)
        assert engine.counters[1:4].sum(axis=0).tolist() == pytest.approx([1000] * len(engine.bad))


SPREADS = [("5:3", "1:2"), ("3:1.1", "0.5:1.1"), ("3:1.1", 0.5), ("10:1.05", "1:1.2"), ("2.5:1.2", "0.5:1.2"), ("0.3:2", "1:2")]  # fmt: skip


@pytest.mark.parametrize(("delay", "time"), SPREADS)
def test_the_first_minutes_of_spread_times(delay: str, time: str | float) -> None:
    """A spread delay and a run time add up: the share that is done by each minute is that of their sum."""
    engine = Engine(plan(template(), Assumptions(things=1000, start_delay_minutes=delay, run_time_minutes=time)), [0])
    engine.run()
    done = timeline(engine.log).columns
    starts, runs = (quantiles(Duration.parse(value)) for value in (delay, time))
    ends = np.floor(starts[:, None] + runs).ravel()
    for minute in range(30):
        found = done["done"][np.searchsorted(done["minute"], minute, side="right") - 1]
        expected = 1000 * (ends <= minute).mean()
        assert found == pytest.approx(expected, rel=0.03, abs=4), minute


def quantiles(time: Duration) -> Any:
    """A thousand equally likely values of a time."""
    shares = (np.arange(1000) + 0.5) / 1000
    normal = np.array([NormalDist().inv_cdf(share) for share in shares])
    return time.median * np.exp(normal * math.log(time.spread or 1))


HORIZON: list[tuple[str, tuple[Any, ...]]] = [
    ("cron(59 23 31 12 ? 2027)", (1_051_199, 10, 10)),
    ("cron(0 0 1 1 ? 2028)", (1_051_200, 10, 10)),
    ("cron(1 0 1 1 ? 2028)", (None, 0, 0)),
]


@pytest.mark.parametrize(("opening", "expected"), HORIZON)
@pytest.mark.parametrize("run_time", [0, 0.5])
def test_the_last_minute(opening: str, expected: tuple[Any, ...], run_time: float) -> None:
    """What happens exactly two years after the start is part of the forecast, and what happens later isn't."""
    window = {"start_time": opening, "duration_in_minutes": 5}
    found = run({"maintenance_windows": [window]}, 10, run_time_minutes=run_time, start=NIGHT)
    last = found.blast_radius[-1]
    assert (found.done.p100, last.notified, last.harmed_final) == expected


def test_a_long_delay_with_retries() -> None:
    """A run ends when a trillionth of the fleet is left, and not six times the slowest delay later."""
    assumed = Assumptions(things=1, failure_rate=0.5, start_delay_minutes="30:3")
    engine = Engine(plan(template(retry=retry(FAILED=5)), assumed), [1])
    assert engine.run().harmed_final.tolist() == pytest.approx([1])
    assert engine.counters[1].tolist() == pytest.approx([6])
    assert engine.tick < 12_000


REFUSED: list[tuple[str, JobTemplateSpec, str]] = [
    ("a rate that only CloudFormation knows", template(rollout={"maximum_per_minute": Unresolved({"Ref": "R"})}),
     "rollout.maximum_per_minute is not known before deployment"),
    ("a part that only CloudFormation knows", template(timeout=Unresolved({"Ref": "R"})),
     "timeout is not known before deployment"),
    ("a window that only CloudFormation knows", template(maintenance_windows=[Unresolved({"Ref": "R"})]),
     "maintenance_windows[0] is not known before deployment"),
    ("a value that breaks a rule", template(rollout={"maximum_per_minute": Unresolved(0)}),
     "rollout.maximum_per_minute breaks a rule: run iot-jobs check"),
    ("a copy", template(job_arn="arn:aws:iot:eu-west-1:123456789012:job/a"),
     "rollout is copied from job_arn or job_template_arn, and not known here"),
]  # fmt: skip


@pytest.mark.parametrize("row", REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(row: tuple[str, JobTemplateSpec, str]) -> None:
    """Of what isn't known nothing is foretold."""
    _, spec, words = row
    with pytest.raises(ForecastError) as caught:
        forecast(spec, Assumptions(things=10))
    assert str(caught.value) == words


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"things": 0}, [("JT904", "things")]),
    ({"failure_time_minutes": 10081, "failures_stick": 1.01},
     [("JT908", "failure_time_minutes"), ("JT907", "failures_stick")]),
    ({"failure_rate": 1.01, "hang_rate": -0.1}, [("JT907", "failure_rate"), ("JT907", "hang_rate")]),
    ({"reject_rate": "a", "offline_rate": 0.1234567}, [("JT907", "reject_rate"), ("JT907", "offline_rate")]),
    ({"run_time_minutes": -1, "start_delay_minutes": 10081}, [("JT908", "start_delay_minutes"), ("JT908", "run_time_minutes")]),
    ({"run_time_minutes": "5:1"}, [("JT908", "run_time_minutes")]),
    ({"run_time_minutes": "0:2"}, [("JT908", "run_time_minutes")]),
    ({"run_time_minutes": "5:11"}, [("JT908", "run_time_minutes")]),
    ({"run_time_minutes": "5"}, [("JT908", "run_time_minutes")]),
    ({"run_time_minutes": float("nan")}, [("JT908", "run_time_minutes")]),
    ({"failure_rate": 0.5, "reject_rate": 0.3, "hang_rate": 0.21}, [("JT910", "failure_rate")]),
    ({"speed": 3}, [("JT003", "speed")]),
]  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), WRONG)
def test_wrong_assumptions(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Assumptions have limits, and all errors are reported at once."""
    with pytest.raises(FindingsError) as caught:
        Assumptions(**{"things": 10} | values)
    assert [(one.code, one.path) for one in caught.value.findings] == expected


@pytest.mark.parametrize("value", [0, 10080, 0.5, "0.5:1.1", "10080:10"])
def test_times_that_are_taken(value: float | str) -> None:
    """The bounds themselves are accepted."""
    assert str(Assumptions(things=1, run_time_minutes=value).run_time) == str(value)


def test_a_long_spread_time_has_few_lags() -> None:
    """The lags of a long time are merged, and their mean stays that of the distribution, less half a minute."""
    parts = delays(Duration(600, 2), Duration(5), None, None)
    assert sum(part.share for part in parts) == pytest.approx(1)
    assert len(parts[-1].lags.minutes) <= MOST_LAGS < 600
    mean = 600 * math.exp(math.log(2) ** 2 / 2)
    found = sum(part.share * (part.lags.minutes * part.lags.shares).sum() for part in parts)
    assert found == pytest.approx(mean - 0.5, rel=0.001)


def test_every_execution_times_out() -> None:
    """Where no run is as short as the timeout, all executions time out in its minute."""
    spread, hanging = ({"run_time_minutes": "10000:1.01"}, {"hang_rate": 1})
    assert totals(run({"timeout": timeout(5)}, 20, **spread)) == totals(run({"timeout": timeout(5)}, 20, **hanging))
    assert totals(run({"timeout": timeout(5)}, 20, **spread))["timed_out"] == 20


def test_a_job() -> None:
    """A job is forecast as a template with the same windows is."""
    window = MaintenanceWindow(start_time="cron(0 2 ? * TUE *)", duration_in_minutes=5)
    parts: dict[str, Any] = {"rollout": constant(10), "retry": retry(FAILED=1)}
    job = JobSpec(
        job_id="t",
        targets=["arn:aws:iot:eu-west-1:123456789012:thinggroup/boards"],
        description="a",
        document=JobDocument.inline({"steps": []}),
        target_selection="CONTINUOUS",
        scheduling=SchedulingConfig(maintenance_windows=[window], start_time="2026-01-01T00:00"),
        **parts,
    )
    assumed = Assumptions(things=90, failure_rate=0.1)
    expected = forecast(template(maintenance_windows=[window], **parts), assumed)
    assert expected.windows.used == 3
    assert data(forecast(job, assumed)) == data(expected)


WEEKLY = {"maintenance_windows": [{"start_time": "cron(0 2 ? * TUE *)", "duration_in_minutes": 5}]}
WEEKS = (Window(0, 5), Window(10080, 10085))
USED: list[tuple[str, dict[str, Any], WindowsUsed]] = [
    ("what begins in the window in which it is notified", {}, WindowsUsed(1, "2026-01-06T02:05", WEEKS[:1])),
    ("what begins in the next one", {"start_delay_minutes": 7}, WindowsUsed(2, "2026-01-13T02:05", WEEKS)),
    ("what never begins", {"offline_rate": 1}, WindowsUsed(1, "2026-01-06T02:05", WEEKS[:1])),
]


@pytest.mark.parametrize(("assumed", "expected"), [row[1:] for row in USED], ids=[row[0] for row in USED])
def test_windows_used(assumed: dict[str, Any], expected: WindowsUsed) -> None:
    """A window counts when something is notified or begins in it; `open` has all up to the end."""
    found = forecast(template(rollout=constant(10), **WEEKLY), Assumptions(things=30, **assumed))
    assert found.windows == expected


CRON = "cron(0 {} * * ? *)"
SPANS: list[tuple[str, list[tuple[int, int]], str, int, list[Window]]] = [
    ("one a day", [(1, 60)], "2026-01-01T01:00", 1500, [Window(0, 60), Window(1440, 1500)]),
    ("one that opens in the last minute", [(1, 60)], "2026-01-01T01:00", 1440, [Window(0, 60), Window(1440, 1500)]),
    ("one that opens after it", [(1, 60)], "2026-01-01T01:00", 1439, [Window(0, 60)]),
    ("created before it opens", [(1, 60)], "2026-01-01T00:10", 100, [Window(50, 110)]),
    ("created while it is open", [(1, 60)], "2026-01-01T01:59", 100, [Window(0, 1)]),
    ("created as it closes", [(1, 60)], "2026-01-01T02:00", 100, []),
    ("two that touch", [(1, 60), (2, 30)], "2026-01-01T01:00", 500, [Window(0, 90)]),
    ("two that overlap", [(1, 90), (2, 60)], "2026-01-01T01:00", 500, [Window(0, 120)]),
    ("one within another", [(1, 240), (2, 60)], "2026-01-01T01:00", 500, [Window(0, 240)]),
    ("two apart", [(1, 59), (2, 60)], "2026-01-01T01:00", 500, [Window(0, 59), Window(60, 120)]),
]  # fmt: skip


@pytest.mark.parametrize("row", SPANS, ids=[row[0] for row in SPANS])
def test_spans(row: tuple[str, list[tuple[int, int]], str, int, list[Window]]) -> None:
    """The time in which a window is open, whichever of several it is."""
    _, windows, start, until, expected = row
    crons = [(Cron.parse(CRON.format(hour)), minutes) for hour, minutes in windows]
    assert list(Schedule(crons, datetime.fromisoformat(f"{start}+00:00")).spans(until)) == expected
