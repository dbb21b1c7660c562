"""Suggested settings: none is quicker, they keep their promises elsewhere too, and say why where there are none."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
import pytest

from iot_jobs import AbortConfig, JobTemplateSpec, MaintenanceWindow, RetryConfig, RetryCriterion, TimeoutConfig
from iot_jobs.environment import Environment, Fleet
from iot_jobs.forecast import Assumptions, Goals, Suggestion, forecast, suggest
from iot_jobs.forecast.binding import AS_QUICK
from iot_jobs.forecast.plan import plan
from iot_jobs.forecast.screening import _exceeding, at_most
from iot_jobs.forecast.search import FACTORS, Bound, Margins, Ramp, Search, round_numbers, thinned
from tests.oracles.rollout_simpy import Devices, Rollout, simulate
from tests.test_check import advised, template
from tests.test_forecast import template as spec_of

TIMEOUT = TimeoutConfig(in_progress_timeout_in_minutes=30)
ONE_RETRY = RetryConfig(criteria=[RetryCriterion(failure_type="FAILED", number_of_retries=1)])
DAILY = MaintenanceWindow(start_time="cron(0 1 ? * MON-FRI *)", duration_in_minutes=60)
FLEET: dict[str, Any] = {"things": 2000, "run_time_minutes": 6, "failure_time_minutes": 3, "failure_rate": 0.003}


def suggested(
    goals: Goals | None = None, *, spec: JobTemplateSpec | None = None, seed: int = 0, **fleet: Any
) -> Suggestion:
    assumed = Assumptions(**{**FLEET, **fleet})
    return suggest(spec or spec_of(timeout=TIMEOUT), assumed, goals or Goals(max_harmed=60), seed=seed)


def with_settings(found: Suggestion, spec: JobTemplateSpec | None = None) -> JobTemplateSpec:
    """The template with the suggested settings."""
    assert found.rollout is not None
    assert found.abort is not None
    changed = {"rollout": found.rollout, "abort": found.abort}
    return (spec or spec_of(timeout=TIMEOUT)).model_copy(update=changed)


FOUND = [
    ("plain", {}, Goals(60), {}),
    ("tight", {}, Goals(45), {}),
    ("slow", {"run_time_minutes": 30, "failure_time_minutes": 20, "things": 500, "failure_rate": 0.01}, Goals(50), {}),
    ("retries that fail too", {"failures_stick": 0.9}, Goals(80), {"retry": ONE_RETRY}),
    ("hangs and rejections", {"hang_rate": 0.01, "reject_rate": 0.01, "start_delay_minutes": "2:2"}, Goals(100), {}),
    ("windows", {}, Goals(60), {"maintenance_windows": [DAILY]}),
    ("a limit of the rate", {}, Goals(60, max_per_minute=50), {}),
    ("offline", {"offline_rate": 0.1}, Goals(60), {}),
    ("nothing fails", {"failure_rate": 0}, Goals(40), {}),
    ("all may be harmed", {"things": 100}, Goals(100), {}),
]  # fmt: skip


SLOW = ("tight", "windows", "a limit of the rate", "hangs and rejections", "offline")


@pytest.mark.parametrize(
    ("fleet", "goals", "parts"),
    [pytest.param(*row[1:], id=row[0], marks=[pytest.mark.slow] * (row[0] in SLOW)) for row in FOUND],
)
def test_promises(fleet: dict[str, Any], goals: Goals, parts: dict[str, Any]) -> None:
    """Forecast afresh with other seeds, settings keep to the goals within the error; `check` has nothing to say."""
    spec = spec_of(timeout=TIMEOUT, **parts)
    found = suggested(goals, spec=spec, **fleet)
    spec = with_settings(found, spec)
    assert found.risk is not None
    assumed = {**FLEET, **fleet, "start": found.start}
    for seed in (1, 2, 3):
        risk = forecast(spec, Assumptions(**assumed), seed=seed).risk
        assert risk is not None
        assert risk.healthy.aborted_percent <= 100 * goals.false_abort + risk.error_percent
        assert risk.worst.harmed_p95 <= goals.max_harmed
        assert risk.bad.stopped_percent >= 95 - risk.error_percent
    budgets = {"max_harmed": goals.max_harmed, "max_duration_hours": 17520}
    environment = Environment(
        name="e",
        account="123456789012",
        region="eu-west-1",
        production=True,
        fleet=Fleet(**{**FLEET, **fleet}, **budgets),
    )
    changes = {name: getattr(spec, name) for name in ("rollout", "abort", "retry", "timeout", "maintenance_windows")}
    assert advised(template({name: value for name, value in changes.items() if value}, environment=environment)) == []


def search_of(things: int, harmed: int, *, spec: JobTemplateSpec | None = None, **fleet: Any) -> tuple[Search, Bound]:
    """The search for a small fleet, with its bound."""
    ready = plan(spec or spec_of(timeout=TIMEOUT), Assumptions(**{**FLEET, **fleet, "things": things}))
    minimums = thinned(round_numbers(2, things // 2), 14)
    search = Search(ready, ready, maximum=100, minimums=minimums, bad=0.1, false_abort=0.002)
    tolerated = search.tolerated(harmed)
    assert tolerated is not None
    return search, Bound(harmed, tolerated)


@pytest.mark.parametrize(
    ("things", "harmed", "fleet"),
    [
        (200, 40, {}),
        (200, 30, {"run_time_minutes": 12}),
        (1000, 40, {"failure_rate": 0.005}),
        (1000, 40, {"failure_time_minutes": 6}),
        (400, 30, {"start_delay_minutes": 5}),
    ],
)
def test_none_is_quicker(things: int, harmed: int, fleet: dict[str, Any]) -> None:
    """Of all ramps of the grid that the same judge finds within the bound, hardly any is quicker, and none by much."""
    search, bound = search_of(things, harmed, **fleet)
    ramps = (
        Ramp(base, factor, number, kind, search.maximum)
        for kind, factor, number, base in product((True, False), FACTORS, search.numbers, search.bases)
    )
    within = [ramp for ramp in ramps if search.harm(ramp, bound, Margins()).worst <= bound.harmed]
    found = search.quickest(bound, Margins())
    assert within
    assert found is not None
    assert found.ramp in within
    assert found.minutes <= 1.1 * min(map(search.minutes, within)) + 2


def test_gentler_and_as_quick() -> None:
    """Settings that are about as quick and harm fewer things are taken in place of the quickest."""
    search, bound = search_of(1000, 100)
    quickest = search.quickest(bound, Margins())
    assert quickest is not None
    gentlest = search.gentlest(quickest, bound, Margins(), until=AS_QUICK * quickest.minutes + 5)
    assert gentlest.harm.worst < quickest.harm.worst
    assert quickest.minutes <= gentlest.minutes <= AS_QUICK * quickest.minutes + 5
    assert search.gentlest(quickest, bound, Margins(), until=quickest.minutes - 1) == quickest


OUTSIDE = [
    ("plain", {}, 60, {}, Devices(0.003, run_time=(6, None), failure_time=(3, None))),
    pytest.param(
        "a retry that fails too",
        {"failures_stick": 0.9},
        80,
        {"retry": ONE_RETRY},
        Devices(0.003, run_time=(6, None), failure_time=(3, None), failures_stick=0.9),
        marks=pytest.mark.slow,
    ),
    pytest.param(
        "spread times, hangs",
        {
            "run_time_minutes": "6:1.5",
            "failure_time_minutes": "3:1.5",
            "start_delay_minutes": "1:2",
            "hang_rate": 0.002,
        },
        80,
        {},
        Devices(0.003, 0, 0.002, start_delay=(1, 2), run_time=(6, 1.5), failure_time=(3, 1.5)),
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.parametrize(("name", "fleet", "most", "parts", "devices"), OUTSIDE)
def test_promises_outside(name: str, fleet: dict[str, Any], most: int, parts: dict[str, Any], devices: Devices) -> None:
    """In an independent simulation of each device no release harms too much, and healthy ones are left alone."""
    spec = spec_of(timeout=TIMEOUT, **parts)
    found = suggested(Goals(most), spec=spec, **fleet)
    assert found.tolerated_failure_rate is not None
    rollout = outside(with_settings(found, spec))
    rates = [0.0, *np.geomspace(found.tolerated_failure_rate, 1, 5).tolist(), found.tolerated_failure_rate * 0.8]
    for rate in rates:
        bad = Devices(**{**vars(devices), "failing_share": rate})
        outcomes = [simulate(rollout, bad, seed=seed, horizon=2000) for seed in range(60)]
        harmed = sum(outcome.harmed_final > most for outcome in outcomes)
        assert harmed <= 6, (rate, harmed)  # of 60, if 5 % may harm more, 7 or more have a chance of 3 %
        stopped = sum(outcome.abort_minute is not None for outcome in outcomes)
        assert rate or stopped <= 2, stopped


def outside(spec: JobTemplateSpec) -> Rollout:
    """A template in the words of the simulation."""
    rollout: Any = spec.rollout
    abort: Any = spec.abort
    retry: Any = spec.retry
    increase = rollout.exponential_rate.rate_increase_criteria
    return Rollout(
        things=FLEET["things"],
        maximum=rollout.maximum_per_minute,
        base=rollout.exponential_rate.base_rate_per_minute,
        factor=Decimal(str(rollout.exponential_rate.increment_factor)),
        notified_threshold=increase.number_of_notified_things,
        succeeded_threshold=increase.number_of_succeeded_things,
        criteria=tuple(
            (one.failure_type, Decimal(str(one.threshold_percentage)), one.min_number_of_executed_things)
            for one in abort.criteria
        ),
        timeout_minutes=30,
        retries=tuple((one.failure_type, one.number_of_retries) for one in retry.criteria) if retry else (),
    )


IMPOSSIBLE = [
    ("a healthy release harms more", {}, Goals(5), "max_harmed",
     "a healthy release alone fails on up to 11 of 2,000 things, more than 5: allow more than 11, or roll out to fewer"),
    ("no result in time", {"things": 200, "failure_rate": 0, "failure_time_minutes": 20}, Goals(15), "max_harmed",
     "20 minutes until a failure is reported, at 1 a minute, reach 20 things before the first result, and 15 may be"),
    ("nothing may be harmed", {"failure_rate": 0}, Goals(0), "max_harmed", "before the first result, and 0 may be"),
    ("not told from a healthy one", {"failure_rate": 0.01}, Goals(30), "false_abort", "no criteria stop every worse release in time without stopping healthy ones, which fail on 1 %"),
    ("a bad release like a healthy one", {"bad_release_rate": 0.0001}, Goals(60), "bad_release",
     "a release that fails on 0.01 % of devices isn't stopped in 95 % of rollouts"),
    ("too slow", {"failure_rate": 0.0001}, Goals(100, max_hours=1, max_per_minute=15), "max_hours",
     "2,000 things at 15 a minute take 2.2 hours in any case"),
    ("one thing a minute", {}, Goals(60, max_per_minute=1), "max_per_minute", "allow at least 2 things a minute"),
    ("one thing", {"things": 1}, Goals(1), "things", "a ramp has no effect"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fleet", "goals", "goal", "why"), [row[1:] for row in IMPOSSIBLE], ids=[row[0] for row in IMPOSSIBLE]
)
def test_impossible(fleet: dict[str, Any], goals: Goals, goal: str, why: str) -> None:
    """Where nothing satisfies the goals, there are no settings, and the reason is told in numbers."""
    found = suggested(goals, **fleet)
    assert (found.rollout, found.abort, found.risk) == (None, None, None)
    (binding,) = found.binding
    assert binding.goal == goal
    assert why in binding.why


BINDING = [
    ("harm", {"run_time_minutes": 30, "failure_time_minutes": 30}, Goals(80), {}, "max_harmed"),
    ("rate", {"things": 4000}, Goals(200, max_per_minute=50), {}, "max_per_minute"),
    ("windows", {}, Goals(60), {"maintenance_windows": [DAILY]}, "maintenance_windows"),
    ("time", {"things": 5400}, Goals(200, max_hours=2, max_per_minute=50), {}, "max_hours"),
]


@pytest.mark.parametrize(
    ("fleet", "goals", "parts", "goal"), [row[1:] for row in BINDING], ids=[row[0] for row in BINDING]
)
def test_binding(fleet: dict[str, Any], goals: Goals, parts: dict[str, Any], goal: str) -> None:
    """What keeps a rollout from being quicker is named, and without it the rollout is quicker."""
    found = suggested(goals, spec=spec_of(timeout=TIMEOUT, **parts), **fleet)
    assert goal in [binding.goal for binding in found.binding]


def test_nothing_binds_that_does_not() -> None:
    """A fleet with plenty of everything isn't told that windows, time or harm hold it up."""
    found = suggested(Goals(2000, max_hours=1000, max_per_minute=20), things=2000)
    assert [binding.goal for binding in found.binding] == ["max_per_minute"]


def test_front() -> None:
    """The front has five bounds, with less time for more harm, and the suggestion's own in the middle."""
    found = suggested(Goals(80), run_time_minutes=30, failure_time_minutes=30)
    assert [point.max_harmed for point in found.front] == [20, 40, 80, 160, 320]
    minutes = [math.inf if point.minutes is None else point.minutes for point in found.front]
    assert minutes == sorted(minutes, reverse=True)
    assert found.risk is not None
    assert found.risk.healthy.finish.p95 is not None
    assert minutes[2] <= found.risk.healthy.finish.p95 <= AS_QUICK * minutes[2] + 5


def test_seeds() -> None:
    """The same seed gives the same suggestion, whatever the start that is assumed."""
    found = suggested(Goals(40), things=500, seed=3)
    assert suggested(Goals(40), things=500, seed=3) == found
    fixed = suggested(Goals(40), things=500, seed=3, start=datetime(2026, 3, 1, tzinfo=UTC))
    assert (fixed.rollout, fixed.risk) == (found.rollout, found.risk)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("things", [1, 10, 1000])
def test_at_most(things: int, share: float) -> None:
    """At most 2.5 % of draws, and what the approximation adds, exceed the number."""
    draws = np.random.default_rng(0).binomial(things, share, 20_000)
    assert (draws > at_most(things, share) + 1).mean() <= 0.03
    assert at_most(things, share) <= things


@pytest.mark.parametrize("chance", [0.05, 0.002, 0.0002])
@pytest.mark.parametrize("count", [5, 20, 200])
def test_exceeding(chance: float, count: int) -> None:
    """With the expected number, more than the count have the chance: Poisson's distribution, summed."""
    expected = _exceeding(chance)[count]
    below = sum(
        math.exp(-expected + number * math.log(expected) - math.lgamma(number + 1)) for number in range(count + 1)
    )
    assert chance / 2 <= 1 - below <= 1.3 * chance


def test_no_criterion_for_one_thing() -> None:
    """A criterion isn't met by the attempts of a single thing, even if failures are never expected."""
    found = suggested(Goals(80), spec=spec_of(timeout=TIMEOUT, retry=ONE_RETRY), failure_rate=0)
    abort = found.abort
    assert isinstance(abort, AbortConfig)
    criteria: Any = abort.criteria
    assert [one.failure_type for one in criteria] == ["FAILED", "ALL", "TIMED_OUT", "REJECTED"]
    for one in criteria:
        attempts = 2 if one.failure_type in ("FAILED", "ALL") else 1
        assert one.threshold_percentage / 100 * one.min_number_of_executed_things > attempts


def test_failures_that_take_longer() -> None:
    """A release that isn't tolerated is stopped as well if its failures are not as quick as assumed."""
    times: dict[str, Any] = {"things": 4000, "run_time_minutes": 20, "failure_time_minutes": 2}
    found = suggested(Goals(150), **times)
    assert found.tolerated_failure_rate is not None
    slow = {
        **FLEET,
        **times,
        "failure_time_minutes": 20,
        "bad_release_rate": round(1.2 * found.tolerated_failure_rate, 6),
    }
    risk = forecast(with_settings(found), Assumptions(**slow)).risk
    assert risk is not None
    assert risk.bad.stopped_percent >= 95 - risk.error_percent


def test_without_a_timeout() -> None:
    """Without a timeout nothing times out, and no criterion waits for it."""
    abort: Any = suggested(spec=spec_of()).abort
    assert [one.failure_type for one in abort.criteria] == ["FAILED", "ALL", "REJECTED"]
