"""The risk of a rollout, against probabilities that are known, and its words."""

from __future__ import annotations

from math import comb
from typing import Any

import pytest

from iot_jobs import AbortConfig, AbortCriterion, JobDocument, JobTemplateSpec, RolloutConfig
from iot_jobs.forecast import Assumptions, ForecastError, Risk, forecast
from iot_jobs.forecast.plan import TOO_MUCH
from iot_jobs.forecast.risk import BATCH, FEWEST, MOST, SMALL_PERCENT
from iot_jobs.render import forecast as render


def spec(*, threshold: float | None, minimum: int = 10) -> JobTemplateSpec:
    """A template that notifies ten things at once, and the rest a minute later."""
    criterion = AbortCriterion(
        failure_type="FAILED", threshold_percentage=threshold or 1, min_number_of_executed_things=minimum
    )
    return JobTemplateSpec(
        template_name="t",
        description="t",
        document=JobDocument.inline({}),
        rollout=RolloutConfig(maximum_per_minute=10),
        abort=None if threshold is None else AbortConfig(criteria=[criterion]),
    )


def risk_of(one: JobTemplateSpec, *, trials: int | None = None, seed: int = 0, **assumed: Any) -> Risk:
    values = {"things": 10, "run_time_minutes": 1, **assumed}
    found = forecast(one, Assumptions(**values), trials=trials, seed=seed).risk
    assert found is not None
    return found


def at_least(successes: int, count: int, chance: float) -> float:
    """The probability of at least so many successes, in percent."""
    return 100 * sum(
        comb(count, number) * chance**number * (1 - chance) ** (count - number)
        for number in range(successes, count + 1)
    )


@pytest.mark.parametrize("failure_rate", [0.01, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("threshold", [10, 30, 50])
def test_stopped_by_mistake(failure_rate: float, threshold: int) -> None:
    """Of ten executions that end at once, so many fail with a probability that is known."""
    found = risk_of(spec(threshold=threshold), failure_rate=failure_rate)
    exact = at_least(threshold // 10, 10, failure_rate)
    assert abs(found.healthy.aborted_percent - exact) <= 2 * found.error_percent


@pytest.mark.parametrize("bad_release_rate", [0.1, 0.3, 0.6])
def test_a_bad_release(bad_release_rate: float) -> None:
    """The bad things of a fleet are drawn too, and all of them are harmed."""
    found = risk_of(spec(threshold=30), trials=2000, bad_release_rate=bad_release_rate)
    assert abs(found.bad.stopped_percent - at_least(3, 10, bad_release_rate)) <= 2 * found.error_percent
    likely = [number for number in range(11) if at_least(number + 1, 10, bad_release_rate) <= 50]
    assert found.bad.failure_rate_percent == 100 * bad_release_rate
    assert found.bad.harmed.p50 is not None
    assert abs(found.bad.harmed.p50 - likely[0]) <= 1
    assert found.healthy.aborted_percent == 0


@pytest.mark.parametrize(
    ("rates", "aborted", "stopped"),
    [
        ({"failure_rate": 0, "bad_release_rate": 0}, 0, 0),
        ({"failure_rate": 0, "bad_release_rate": 1}, 0, 100),
        ({"failure_rate": 1, "bad_release_rate": 0}, 100, 100),
    ],
)
def test_without_chance(rates: dict[str, Any], aborted: int, stopped: int) -> None:
    """At rates of 0 and 1 nothing is left to chance, and the first rollouts are enough."""
    found = risk_of(spec(threshold=50), **rates)
    assert (found.healthy.aborted_percent, found.bad.stopped_percent, found.trials) == (aborted, stopped, BATCH)
    assert 0 < found.error_percent <= SMALL_PERCENT


def test_as_many_rollouts_as_it_takes() -> None:
    """More rollouts are drawn where the outcome is open, up to a bound; the error that is left is stated."""
    open_outcome = risk_of(spec(threshold=50), failure_rate=0.5)
    assert open_outcome.trials == MOST
    assert SMALL_PERCENT < open_outcome.error_percent < 4
    assert risk_of(spec(threshold=50), trials=37, failure_rate=0.5).trials == 37


def test_seeds() -> None:
    """The same seed gives the same risk, and another one another."""
    first, again, other = (risk_of(spec(threshold=30), failure_rate=0.3, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_without_abort_criteria() -> None:
    """Nothing is stopped; the worst release fails on every device."""
    found = risk_of(spec(threshold=None))
    assert (found.healthy.aborted_percent, found.bad.stopped_percent) == (0, 0)
    assert (found.worst.failure_rate_percent, found.worst.harmed_p95) == (100, 10)
    assert (found.healthy.finish.p50, found.healthy.finish.p95) == (1, 1)


WORDS = [
    (
        {"failure_rate": 0.0},
        "stopped by mistake in 0 % of rollouts; half of all rollouts are done by minute 1, 95 % by minute 1",
    ),
    (
        {"failure_rate": 1.0},
        "stopped by mistake in 100 % of rollouts; half of all rollouts are done by minute 1, 95 % by minute 1",
    ),
    ({"offline_rate": 0.1}, "of rollouts; fewer than half of all rollouts are ever done"),
    ({"offline_rate": 0.02}, "of rollouts; half of all rollouts are done by minute 1, fewer than 95 % are ever done"),
]


@pytest.mark.parametrize(("rates", "words"), WORDS)
def test_words(rates: dict[str, Any], words: str) -> None:
    """The text says how sure the end is."""
    found = forecast(spec(threshold=50), Assumptions(things=10, run_time_minutes=1, **rates))
    assert words in " ".join(render.text(render.Forecasts([found], several=False), 400).split())


def test_two_stories() -> None:
    """Where the expected values and most rollouts disagree, the text says so."""
    # 45 % of ten executions are expected to fail, short of the threshold, and half of the rollouts reach it.
    found = forecast(spec(threshold=50), Assumptions(things=10, run_time_minutes=1, failure_rate=0.47))
    assert found.risk is not None
    assert found.timeline.aborted_minute is None
    assert found.risk.healthy.aborted_percent > 50
    text = " ".join(render.text(render.Forecasts([found], several=False), 400).split())
    share = f"{found.risk.healthy.aborted_percent:.1f}"
    assert f"the rollout is never aborted, but {share} % of the simulated rollouts are: trust the simulation" in text


HARD = {
    "a billion things at 1 a minute": ({"things": 10**9}, {}),
    "very many minutes with retries": ({"things": 10**9, "hang_rate": 0.01}, {"retries": 10}),
    "two years of short windows": ({"things": 10**9, "failure_rate": 0.01}, {"retries": 10, "window": 1}),
    "spread times, one thing": ({"things": 1, "hang_rate": 0.01, "start_delay_minutes": "30:3"}, {"retries": 10}),
    "spread times, many things": (
        {"things": 10**7, "failure_rate": 0.01, "run_time_minutes": "600:3", "failure_time_minutes": "5:3",
         "failures_stick": 0.5, "start_delay_minutes": "60:3"},
        {"retries": 10, "rate": 1000},
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("assumed", "stated"), HARD.values(), ids=HARD)
def test_bounded_work(assumed: dict[str, Any], stated: dict[str, int]) -> None:
    """No forecast does more than a bounded work: it has no risk, or it is refused with the reason."""
    found, wrong = JobTemplateSpec.check({
        "template_name": "t",
        "description": "t",
        "document": JobDocument.inline({}),
        "rollout": {"maximum_per_minute": stated.get("rate", 1)},
        "abort": {"criteria": [
            {"failure_type": "ALL", "threshold_percentage": 50, "min_number_of_executed_things": 1000}]},
        "timeout": {"in_progress_timeout_in_minutes": 10080},
    } | ({"retry": {"criteria": [{"failure_type": "ALL", "number_of_retries": stated["retries"]}]}}
         if "retries" in stated else {})
      | ({"maintenance_windows": [{"start_time": "cron(0 2 * * ? *)", "duration_in_minutes": stated["window"]}]}
         if "window" in stated else {}))  # fmt: skip
    assert found is not None, wrong
    try:
        result = forecast(found, Assumptions(**assumed))
    except ForecastError as error:
        assert str(error) == TOO_MUCH
        return
    assert result.risk is None or result.risk.error_percent > SMALL_PERCENT


@pytest.mark.parametrize(("minutes", "least", "most"), [(100, MOST, MOST), (15_000, FEWEST, MOST - 1)])
def test_long_rollouts(minutes: int, least: int, most: int) -> None:
    """The longer a rollout takes to draw, the fewer are drawn."""
    risk = forecast(spec(threshold=50), Assumptions(things=10 * minutes, failure_rate=0.45)).risk
    assert risk is not None
    assert least <= risk.trials <= most


def test_too_long_to_draw() -> None:
    """Of a rollout that takes very long to draw there is no risk, unless it is asked for; the text says so."""
    assumed = Assumptions(things=10**9, run_time_minutes=1)
    found = forecast(spec(threshold=None), assumed)
    assert found.risk is None
    assert "Risk not computed: rollouts this long" in render.text(render.Forecasts([found], several=False), 200)
