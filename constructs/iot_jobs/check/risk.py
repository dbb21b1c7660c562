"""The forecast's risk compared with what an environment states: its budgets, and what it expects of releases.

The forecast needs numpy, and takes a fraction of a second for each template. It is made only for an environment that
states a budget or a rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from iot_jobs.environment import Fleet
from iot_jobs.finding import Finding, Rule
from iot_jobs.limits import API, GUIDE
from iot_jobs.template import JobSpec, JobTemplateSpec

if TYPE_CHECKING:
    from iot_jobs.forecast import Assumptions, Chances, Forecast, Healthy, Risk, Worst

TOO_SLOW = Rule(
    code="JT253",
    title="a rollout finishes within the environment's time budget",
    why="In the forecast, with the rates and times that the environment sets, fewer than 95 % of rollouts are done "
    "in time or, if some executions never complete, not all things are notified in time.",
    source=GUIDE + "jobs-configurations-details.html",
    evidence="own",
    severity="warning",
)
TOO_HARMFUL = Rule(
    code="JT354",
    title="a bad release harms no more things than the environment allows",
    why="In the forecast, more than 5 % of rollouts of the worst release harm more things: it is stopped too late, or "
    "not every time. A release that fails on few devices often harms more things than one that fails on all.",
    source=API + "AbortConfig.html",
    evidence="own",
    severity="warning",
)
STOPPED_BY_MISTAKE = Rule(
    code="JT356",
    title="the abort criteria don't stop a healthy release",
    why="In the forecast, more than 1 % of rollouts are aborted although the release fails only at the rates that the "
    "environment sets.",
    source=API + "AbortConfig.html",
    evidence="own",
    severity="warning",
)
NOT_STOPPED = Rule(
    code="JT357",
    title="the abort criteria stop a bad release",
    why="In the forecast, fewer than 95 % of rollouts are aborted if the release fails on the share of devices that "
    "the environment sets as bad_release_rate.",
    source=API + "AbortConfig.html",
    evidence="own",
    severity="warning",
)
MOST_STOPPED_BY_MISTAKE = 1
LEAST_STOPPED = 95
"""Percent of rollouts."""
_HIGHER, _LOWER = (1.25, 1.5, 2, 3, 5), (0.8, 0.6, 0.4, 0.2)
"""Factors for the thresholds of abort criteria."""
_RATES = ("failure_rate", "reject_rate", "hang_rate", "bad_release_rate")


def risk(spec: JobTemplateSpec | JobSpec, fleet: Fleet) -> Iterator[Finding]:
    """Yield findings for what the forecast says of a fleet that states a budget or a rate.

    A template that can't be forecast has none: too little is known, or it would take too long. Requires the extra
    `forecast`.
    """
    from iot_jobs.forecast import Assumptions, ForecastError, chances, forecast, longest_start

    assumed = Assumptions.of(fleet)
    try:
        if _states_budget(fleet):
            if fleet.max_duration_hours is not None:
                assumed = Assumptions.of(fleet, start=longest_start(spec, assumed))
            result = forecast(spec, assumed)
            found: Chances | Risk | None = result.risk
            yield from _over_budget(result, fleet)
        else:
            found = None if spec.abort is None else chances(spec, assumed)
    except ForecastError:
        return
    if found is not None and spec.abort is not None and _states_rates(fleet):
        yield from _wrong_releases(spec, assumed, found)


def states_risk(fleet: Fleet) -> bool:
    """Return whether a fleet states a budget, or a rate at which releases fail."""
    return _states_budget(fleet) or _states_rates(fleet)


def _states_budget(fleet: Fleet) -> bool:
    return fleet.max_duration_hours is not None or fleet.max_harmed is not None


def _states_rates(fleet: Fleet) -> bool:
    return any(getattr(fleet, name) is not None for name in _RATES)


def can_forecast() -> bool:
    """Return whether the extra `forecast` is installed."""
    return find_spec("numpy") is not None


def _over_budget(result: Forecast, fleet: Fleet) -> Iterator[Finding]:
    if result.risk is None:  # it would take too long
        return
    if fleet.max_duration_hours is not None:
        yield from _too_slow(result, result.risk.healthy, fleet.max_duration_hours)
    if fleet.max_harmed is not None:
        yield from _too_harmful(result.risk.worst, fleet.max_harmed)


def _too_slow(result: Forecast, healthy: Healthy, hours: int) -> Iterator[Finding]:
    never_done = result.done.p100 is None and result.timeline.aborted_minute is None
    minutes = result.notified.p100 if never_done else healthy.finish.p95
    if minutes is not None and minutes <= hours * 60:
        return
    begun = "" if result.starts is None else f" after a start at {result.assumptions['start']} UTC"
    fix = "raise the rate, widen the windows, or allow more time"
    if minutes is None and healthy.aborted_percent:
        share = f"{round(healthy.aborted_percent, 1):g} % of rollouts"
        fix = f"correct the abort criteria: at the rates that the environment sets they stop {share}"
    yield TOO_SLOW.finding(
        loc=("rollout",),
        given="never finishes" if minutes is None else f"finishes in minute {minutes:g}{begun}",
        allowed=f"{hours * 60} minutes for {result.assumptions['things']} things, the environment's max_duration_hours",
        fix=fix,
    )


def _too_harmful(worst: Worst, most: int) -> Iterator[Finding]:
    if worst.harmed_p95 <= most:
        return
    yield TOO_HARMFUL.finding(
        loc=("abort",),
        given=f"{worst.harmed_p95:g} things harmed, if a release fails on {worst.failure_rate_percent:g} % of devices",
        allowed=f"at most {most} things in 95 % of rollouts of any release, the environment's max_harmed",
        fix="start more slowly, abort after fewer executions, or lower the thresholds",
    )


def _wrong_releases(spec: JobTemplateSpec | JobSpec, assumed: Assumptions, found: Chances | Risk) -> Iterator[Finding]:
    healthy, bad = found.healthy, found.bad
    if _stops_too_many(found):
        yield STOPPED_BY_MISTAKE.finding(
            loc=("abort",),
            given=f"{round(healthy.aborted_percent, 1):g} % of rollouts aborted",
            allowed=f"at most {MOST_STOPPED_BY_MISTAKE} % at the rates that the environment sets",
            fix=f"raise the thresholds{_that_would_do(spec, assumed, _HIGHER)} or the minimum number of executions",
        )
    if _stops_too_few(found):
        yield NOT_STOPPED.finding(
            loc=("abort",),
            given=f"{round(bad.stopped_percent, 1):g} % of rollouts aborted, if a release fails on "
            f"{bad.failure_rate_percent:g} % of devices",
            allowed=f"at least {LEAST_STOPPED} %",
            fix=f"lower the thresholds{_that_would_do(spec, assumed, _LOWER)} or the minimum number of executions, or "
            "set the bad_release_rate that matters",
        )


def _stops_too_many(found: Chances | Risk) -> bool:
    return found.healthy.aborted_percent > MOST_STOPPED_BY_MISTAKE


def _stops_too_few(found: Chances | Risk) -> bool:
    return found.bad.stopped_percent < LEAST_STOPPED


def _that_would_do(spec: JobTemplateSpec | JobSpec, assumed: Assumptions, factors: Sequence[float]) -> str:
    """Return the thresholds nearest to those of the template that would do, all changed alike; empty if none would."""
    from iot_jobs.forecast import chances

    abort: Any = spec.abort
    for factor in factors:
        criteria = [
            one.model_copy(update={"threshold_percentage": min(round(one.threshold_percentage * factor, 2), 100)})
            for one in abort.criteria
        ]
        changed = abort.model_copy(update={"criteria": criteria})
        found = chances(spec.model_copy(update={"abort": changed}), assumed)
        if found is not None and not _stops_too_many(found) and not _stops_too_few(found):
            named = [f"{one.threshold_percentage:g} % for {one.failure_type}" for one in criteria]
            return f" to {', '.join(named)},"
    return ""
