"""The forecast against an engine of another kind: a SimPy process for each device, written without a look at ours."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from iot_jobs import JobTemplateSpec
from iot_jobs.forecast import Assumptions
from iot_jobs.forecast.blast import blast_radius
from iot_jobs.forecast.engine import Engine
from iot_jobs.forecast.montecarlo import Draws
from iot_jobs.forecast.plan import plan
from iot_jobs.forecast.result import timeline
from tests.oracles import rollout_simpy
from tests.test_forecast import PARTS, abort, constant, retry, rising, template, timeout

HORIZON = 2000
SEEDS, TRIALS = 100, 1500
ODDS = 1e-6
"""How likely two samples of one distribution are to be taken for different: once in a million comparisons."""

FAR = 1e9


def rollout(spec: JobTemplateSpec, assumed: Assumptions) -> rollout_simpy.Rollout:
    """The same template in the oracle's words."""
    values: Any = spec
    rates: dict[str, Any] = {}
    if values.rollout is not None:
        rates["maximum"] = values.rollout.maximum_per_minute
        rising = values.rollout.exponential_rate
        if rising is not None:
            rates |= {"base": rising.base_rate_per_minute, "factor": Decimal(str(rising.increment_factor)),
                      "notified_threshold": rising.rate_increase_criteria.number_of_notified_things,
                      "succeeded_threshold": rising.rate_increase_criteria.number_of_succeeded_things}  # fmt: skip
    windows: Any = None
    if values.maintenance_windows:
        schedule, windows, minute = plan(spec, assumed).schedule(), (), 0
        while (window := schedule.at(minute)) is not None and window.opens < HORIZON:
            windows, minute = (*windows, (window.opens, window.closes)), window.closes
    return rollout_simpy.Rollout(
        things=assumed.things,
        windows=windows,
        criteria=tuple(
            (one.failure_type, Decimal(str(one.threshold_percentage)), one.min_number_of_executed_things)
            for one in (values.abort.criteria if values.abort else ())
        ),
        timeout_minutes=values.timeout and values.timeout.in_progress_timeout_in_minutes,
        retries=tuple((one.failure_type, one.number_of_retries) for one in (values.retry.criteria if values.retry else ())),
        **rates,
    )  # fmt: skip


def devices(assumed: Assumptions, bad: float | None = None) -> rollout_simpy.Devices:
    """The same devices in the oracle's words."""
    delay, run, failure = assumed.start_delay, assumed.run_time, assumed.failure_time
    return rollout_simpy.Devices(
        failure_rate=assumed.failure_rate,
        reject_rate=assumed.reject_rate,
        hang_rate=assumed.hang_rate,
        offline_rate=assumed.offline_rate,
        start_delay=(delay.median, delay.spread),
        run_time=(run.median, run.spread),
        failing_share=bad,
        failure_time=None if assumed.failure_time_minutes is None else (failure.median, failure.spread),
        failures_stick=assumed.failures_stick,
    )


SURE = st.sampled_from([{}, {"failure_rate": 1}, {"reject_rate": 1}, {"hang_rate": 1}, {"offline_rate": 1},
                        {"offline_rate": 1, "failure_rate": 1}])  # fmt: skip
EXACT = st.fixed_dictionaries(
    {
        "things": st.integers(1, 400),
        "start_delay_minutes": st.sampled_from([0, 0.5, 1, 7, 200]),
        "run_time_minutes": st.sampled_from([0, 0.25, 1, 3, 12.5, 30]),
        "failure_time_minutes": st.sampled_from([None, None, 0, 0.25, 3, 20.5]),
        "failures_stick": st.sampled_from([0, 0, 1]),
    }
)
SERIES = ("notified", "queued", "in_progress", "succeeded", "failed", "rejected", "timed_out", "done")


def by_minute(minutes: Any, values: Any) -> list[float]:
    """A column of the timeline for every minute up to the horizon."""
    rows = np.searchsorted(minutes, np.arange(HORIZON), side="right") - 1
    return [float(value) for value in values[rows]]


# What ends within a minute is done in it, also after an abort at its beginning.
@example({"rollout": constant(1), "abort": abort(("TIMED_OUT", 0.5, 1)), "retry": retry(ALL=1), "timeout": timeout(1)},
         {"things": 2, "start_delay_minutes": 0.5, "run_time_minutes": 3}, {}, False)  # fmt: skip
# A rate that rises is seen later by what begins than by what is released.
@example({"rollout": rising(1, 2, 2, number_of_notified_things=5)},
         {"things": 11, "start_delay_minutes": 1, "run_time_minutes": 0}, {}, False)  # fmt: skip
# A new window begins with nothing in progress.
@example({"rollout": constant(7), "maintenance_windows": [{"start_time": "cron(0 0 * * ? *)", "duration_in_minutes": 4}]},
         {"things": 49, "start_delay_minutes": 0, "run_time_minutes": 0}, {"failure_rate": 1}, True)  # fmt: skip
@given(PARTS, EXACT, SURE, st.booleans())
def test_exactly(parts: dict[str, Any], exact: dict[str, Any], sure: dict[str, Any], bad: bool) -> None:
    """At rates of 0 and 1, with exact times, every figure of every minute is the oracle's."""
    spec, assumed = template(**parts), Assumptions(**exact, **sure)
    engine = Engine(plan(spec, assumed), [float(bad)])
    lanes = engine.run()
    ours = timeline(engine.log).columns
    theirs = rollout_simpy.simulate(rollout(spec, assumed), devices(assumed, float(bad)), seed=1, horizon=HORIZON)
    for name in SERIES:
        assert by_minute(ours["minute"], ours[name]) == getattr(theirs, name), name
    released = dict(zip(ours["minute"].tolist(), ours["released"].tolist(), strict=True))
    assert [released.get(minute, 0) for minute in range(HORIZON)] == theirs.released
    if theirs.abort_minute is not None:
        found = (lanes.minute, lanes.notified, lanes.harmed, lanes.in_flight, lanes.harmed_final, lanes.executions)
        expected = (theirs.abort_minute, theirs.notified_at_abort, theirs.harmed, theirs.in_flight,
                    theirs.harmed_final, theirs.executions)  # fmt: skip
        assert tuple(values.item(0) for values in found) == expected
        assert ours["canceled"][-1] == theirs.canceled
    else:
        assert lanes.minute.item(0) >= HORIZON


@given(PARTS, EXACT)
@settings(max_examples=25)
def test_the_table_exactly(parts: dict[str, Any], exact: dict[str, Any]) -> None:
    """The blast radius of a release that fails everywhere is the oracle's, also beside the table's other rows."""
    spec, assumed = template(**parts), Assumptions(**exact)
    *_, table, _ = blast_radius(plan(spec, assumed))
    theirs = rollout_simpy.simulate(rollout(spec, assumed), devices(assumed, 1.0), seed=1, horizon=HORIZON)
    assume(theirs.abort_minute is not None or theirs.done[-1] == assumed.things)
    last = table[-1]
    assert (last.minute, last.harmed, last.in_flight, last.harmed_final) == (
        theirs.abort_minute, theirs.harmed, theirs.in_flight, theirs.harmed_final,
    )  # fmt: skip


RATES = st.sampled_from([0, 0, 0.05, 0.2])
CHANCES = st.fixed_dictionaries(
    {
        "things": st.integers(20, 120),
        "failure_rate": st.sampled_from([0.02, 0.3]),
        "reject_rate": RATES,
        "hang_rate": RATES,
        "offline_rate": RATES,
        "start_delay_minutes": st.sampled_from([0, 2.5, "2:1.5", "20:2"]),
        "run_time_minutes": st.sampled_from([0, 4, "3:2", "9:1.3"]),
        "failure_time_minutes": st.sampled_from([None, 0, 0.5, 12, "2:2"]),
        "failures_stick": st.sampled_from([0, 0.4, 1]),
    }
)


def figures(outcome: rollout_simpy.Outcome, things: int) -> dict[str, float]:
    """The figures of one run of the oracle."""
    reached = {
        f"{name}_p{percent}": rollout_simpy.minute_reached(getattr(outcome, name), percent=percent, of=things)
        for name in ("notified", "done")
        for percent in (50, 90)
    }
    return {name: FAR if minute is None else minute for name, minute in reached.items()} | {
        "executions": outcome.executions,
        "harmed": outcome.harmed,
        "in_flight": outcome.in_flight,
        "harmed_final": outcome.harmed_final,
        "aborted": FAR if outcome.abort_minute is None else outcome.abort_minute,
    }


@given(PARTS, CHANCES)
@settings(max_examples=2)
def test_in_distribution(parts: dict[str, Any], chances: dict[str, Any]) -> None:
    """Trials are spread as runs of the oracle are."""
    compare_quantiles(parts, chances)


@pytest.mark.slow
@given(PARTS, CHANCES)
@settings(max_examples=24)
def test_in_distribution_for_long(parts: dict[str, Any], chances: dict[str, Any]) -> None:
    """Trials are spread as runs of the oracle are, of more templates."""
    compare_quantiles(parts, chances)


def compare_quantiles(parts: dict[str, Any], chances: dict[str, Any]) -> None:
    """Every quantile of every figure is the oracle's, within the sampling error of so many runs of each.

    By the Dvoretzky-Kiefer-Wolfowitz inequality the share of runs up to any value is off by no more than
    sqrt(ln(2 / odds) / 2n) in each sample. Trials that end after the oracle's horizon aren't compared. Where delays are
    spread and there are windows, ours is an approximation, of a start by a part of a minute: it is given one minute.
    """
    spec, assumed = template(**parts), Assumptions(**chances)
    drawn = Draws(plan(spec, assumed), [0] * TRIALS, np.random.default_rng(7))
    lanes = drawn.run()
    assume(drawn.minute < HORIZON)
    theirs = [
        figures(rollout_simpy.simulate(rollout(spec, assumed), devices(assumed), seed=seed, horizon=HORIZON), assumed.things)
        for seed in range(SEEDS)
    ]  # fmt: skip
    ours = {
        "executions": lanes.executions,
        "harmed": lanes.harmed,
        "in_flight": lanes.in_flight,
        "harmed_final": lanes.harmed_final,
        "aborted": lanes.minute,
        **{f"{what}_{name}": drawn.reached[what][name] for what in drawn.reached for name in ("p50", "p90")},
    }
    error = sum(math.sqrt(math.log(2 / ODDS) / (2 * number)) for number in (SEEDS, TRIALS))
    for name, values in ours.items():
        sample = np.array([one[name] for one in theirs])
        minutes = name.startswith(("aborted", "done", "notified"))
        slack = float(minutes and assumed.start_delay.spread is not None)
        for value in np.unique(sample):
            low = (np.minimum(values, FAR) <= value - slack).mean()
            high = (np.minimum(values, FAR) <= value + slack).mean()
            share = (sample <= value).mean()
            assert low - error <= share <= high + error, (name, value, low, share, high)


def test_shares_reached_where_abort_fires_in_some_trials() -> None:
    """Trials in which abort fires early don't hide when the others reach each share: one thing leaves a minute."""
    spec = template(rollout=constant(1), abort=abort(("FAILED", 0.5, 1)))
    drawn = Draws(plan(spec, Assumptions(things=20, failure_rate=0.02)), [0] * TRIALS, np.random.default_rng(7))
    aborted = drawn.run().minute
    assert 0 < np.isinf(aborted).sum() < TRIALS
    for name, last in (("p50", 9), ("p90", 17), ("p100", 19)):
        expected = np.where(aborted > last, last, np.inf)
        assert drawn.reached["notified"][name].tolist() == expected.tolist()


@pytest.mark.parametrize("things", [1, 100])
def test_memory_does_not_grow_with_things(things: int) -> None:
    """What the engine holds depends on how long executions take, not on how many there are."""
    parts = {"rollout": {"maximum_per_minute": 10}}
    small = Engine(plan(template(**parts), Assumptions(things=things)), [0])
    large = Engine(plan(template(**parts), Assumptions(things=things * 100_000)), [0])
    assert [ring.values.nbytes for ring in small.rings] == [ring.values.nbytes for ring in large.rings]
