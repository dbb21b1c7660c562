"""The risk of a rollout held against an environment's budgets and rates: what `check` says is what `forecast` computes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from iot_jobs.check import advice
from iot_jobs.environment import Expectations, Fleet
from iot_jobs.forecast import Assumptions, Risk, forecast
from tests.test_check import NOW, Found, advised, environment, rollout, template


def criteria(*pairs: tuple[str, float, int]) -> dict[str, Any]:
    """An abort by criteria of a failure type, a percentage and a minimum."""
    names = ("failure_type", "threshold_percentage", "min_number_of_executed_things")
    return rollout(10) | {"abort": {"criteria": [dict(zip(names, one, strict=True)) for one in pairs]}}


def found(change: dict[str, Any], *, expect: dict[str, Any] | None = None, **fleet: Any) -> Found:
    """The findings about the risk of a template, in an environment of a thousand things unless stated."""
    where = environment(**{"things": 1000, **fleet})
    subject = template(change, environment=where, expected=Expectations(**(expect or {})))
    return [one for one in advised(subject) if one[0] in ("JT253", "JT354", "JT356", "JT357")]


def risk_of(change: dict[str, Any], **fleet: Any) -> Risk:
    spec, assumed = template(change).spec, Assumptions.of(Fleet(**{"things": 1000, **fleet}))
    risk = forecast(spec, assumed).risk
    assert risk is not None
    return risk


LATE = criteria(("FAILED", 60, 50))
TIGHT = criteria(("FAILED", 5, 20))


def test_harm() -> None:
    """The budget is compared with the 95th percentile of the worst release, and as much as it is allowed."""
    worst = risk_of(LATE).worst
    assert 500 < worst.harmed_p95 < 1000
    assert 50 < worst.failure_rate_percent < 70
    most = int(worst.harmed_p95)
    assert found(LATE, max_harmed=most) == []
    ((code, path, given),) = found(LATE, max_harmed=most - 1)
    assert (code, path) == ("JT354", "abort")
    assert given == f"{most} things harmed, if a release fails on {worst.failure_rate_percent:g} % of devices"


@pytest.mark.parametrize("rate", [0, 0.0001, 0.003, 0.01, 0.05])
def test_stopped_by_mistake(rate: float) -> None:
    """More than one rollout of a hundred may not be stopped at the stated rate; the share is the forecast's."""
    share = risk_of(TIGHT, failure_rate=rate, bad_release_rate=1).healthy.aborted_percent
    expected = [("JT356", "abort", f"{round(share, 1):g} % of rollouts aborted")] if share > 1 else []
    assert found(TIGHT, failure_rate=rate, bad_release_rate=1) == expected


def test_both_sides_of_one_percent() -> None:
    """Of the rates above, some stop too many healthy rollouts and some don't."""
    shares = [risk_of(TIGHT, failure_rate=rate).healthy.aborted_percent for rate in (0.0001, 0.05)]
    assert shares[0] <= 1 < shares[1]


@pytest.mark.parametrize("rate", [0, 0.01, 0.02, 0.1, 0.5, 1])
def test_not_stopped(rate: float) -> None:
    """A release that fails on the stated share of devices is stopped in 95 of 100 rollouts."""
    share = risk_of(TIGHT, bad_release_rate=rate).bad.stopped_percent
    given = f"{round(share, 1):g} % of rollouts aborted, if a release fails on {100 * rate:g} % of devices"
    assert found(TIGHT, bad_release_rate=rate) == ([("JT357", "abort", given)] if share < 95 else [])
    assert (share < 95) == (rate < 0.1)


@pytest.mark.parametrize(
    "change",
    [
        ("nothing stated", TIGHT, {}),
        ("times alone", TIGHT, {"run_time_minutes": 1, "failure_time_minutes": 30}),
        ("nothing to stop it", rollout(10), {"bad_release_rate": 0.1}),
        ("budgets alone", criteria(("FAILED", 50, 20)), {"max_harmed": 1000}),
    ],
    ids=lambda row: row[0],
)
def test_nothing_to_compare(change: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    """Only what an environment states is compared; a template without criteria has advice of its own."""
    assert found(change[1], **change[2]) == []


def test_what_a_template_expects() -> None:
    """The rates of the template come before the fleet's."""
    assert found(TIGHT, bad_release_rate=0.01, expect={"bad_release_rate": 1}) == []
    assert [one[0] for one in found(TIGHT, expect={"bad_release_rate": 0.01})] == ["JT357"]


SETTINGS = [
    (criteria(("FAILED", 2, 50)), {"failure_rate": 0.005, "bad_release_rate": 0.5}, "JT356"),
    (criteria(("FAILED", 20, 50), ("ALL", 20, 100)), {"bad_release_rate": 0.1}, "JT357"),
]


@pytest.mark.parametrize(("change", "fleet", "code"), SETTINGS)
def test_settings_that_would_do(change: dict[str, Any], fleet: dict[str, Any], code: str) -> None:
    """The fix names thresholds for each criterion, and with these there is nothing to find."""
    (finding,) = advice(template(change, environment=environment(1000, **fleet)), now=NOW)
    assert finding.code == code
    named = re.findall(r"([\d.]+) % for ([A-Z]+)", finding.fix)
    old = change["abort"]["criteria"]
    assert [kind for _, kind in named] == [one["failure_type"] for one in old]
    raised = [float(percent) > one["threshold_percentage"] for (percent, _), one in zip(named, old, strict=True)]
    assert raised == [code == "JT356"] * len(old)
    counts = [one["min_number_of_executed_things"] for one in old]
    better = criteria(*((kind, float(percent), count) for (percent, kind), count in zip(named, counts, strict=True)))
    assert found(better, **fleet) == []


def test_no_settings_would_do() -> None:
    """No threshold tells a healthy release from a bad one that fails no more often."""
    fleet: dict[str, Any] = {"failure_rate": 0.05, "bad_release_rate": 0.01}
    findings = list(advice(template(TIGHT, environment=environment(1000, **fleet)), now=NOW))
    assert [one.fix for one in findings if one.code == "JT356"] == [
        "raise the thresholds or the minimum number of executions"
    ]


def test_quick_failures() -> None:
    """A healthy release is stopped by mistake if failures are reported sooner than successes."""
    calm = criteria(("FAILED", 5, 100))
    stated: dict[str, Any] = {"failure_rate": 0.01, "run_time_minutes": 20, "bad_release_rate": 1}
    assert found(calm, **stated) == []
    assert [one[0] for one in found(calm, failure_time_minutes=1, **stated)] == ["JT356"]


def test_never_done() -> None:
    """Rollouts that are stopped by mistake in one of ten are never done in 95 of 100."""
    findings = found(TIGHT, failure_rate=0.05, hours=17520, bad_release_rate=1)
    assert [code for code, *_ in findings] == ["JT253", "JT356"]
    assert findings[0][2] == "never finishes"


def test_too_long_to_simulate() -> None:
    """Budgets aren't compared for a rollout that would take too long to simulate."""
    slow = {"rollout": {"maximum_per_minute": 1}}
    assert found(slow, things=10**9, max_harmed=1, run_time_minutes=1) == []
