"""Budgets: the forecast compared with an environment's limits on a rollout's duration and harm.

The forecast needs numpy, and is loaded only for an environment with a budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from iot_jobs.environment import Fleet
from iot_jobs.finding import Finding, Rule
from iot_jobs.limits import API, GUIDE
from iot_jobs.template import JobSpec, JobTemplateSpec

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast

TOO_SLOW = Rule(
    code="JT253",
    title="a rollout finishes within the environment's time budget",
    why="In the forecast, with the environment's own rates and times, not all executions complete in time, or, if "
    "some never complete, not all things are notified in time.",
    source=GUIDE + "jobs-configurations-details.html",
    evidence="own",
    severity="warning",
)
TOO_HARMFUL = Rule(
    code="JT354",
    title="a bad release fails on no more things than the environment allows",
    why="The worst release in the forecast's blast radius table harms more things: it is stopped too late, or never. A "
    "release that fails on few devices often harms more than one that fails on all.",
    source=API + "AbortConfig.html",
    evidence="own",
    severity="warning",
)


def budget(spec: JobTemplateSpec | JobSpec, fleet: Fleet) -> Iterator[Finding]:
    """Yield findings for a forecast over budget. A template that can't be forecast has none: too little is known.

    Requires the extra `forecast`.
    """
    from iot_jobs.forecast import Assumptions, ForecastError, forecast

    try:
        result = forecast(spec, Assumptions.of(fleet), with_risk=False)
    except ForecastError:
        return
    if fleet.max_duration_hours is not None:
        yield from _too_slow(result, fleet.max_duration_hours)
    if fleet.max_harmed is not None:
        yield from _too_harmful(result, fleet.max_harmed)


def states_budget(fleet: Fleet) -> bool:
    """Return whether the environment limits the duration of a rollout, or the number of things it may harm."""
    return fleet.max_duration_hours is not None or fleet.max_harmed is not None


def can_forecast() -> bool:
    """Return whether the extra `forecast` is installed."""
    return find_spec("numpy") is not None


def _too_slow(result: Forecast, hours: int) -> Iterator[Finding]:
    minutes = result.notified.p100 if result.done.p100 is None else result.done.p100
    if minutes is not None and minutes <= hours * 60:
        return
    stopped = result.timeline.aborted_minute
    fix = "raise the rate, widen the windows, or allow more time"
    if stopped is not None:
        fix = f"correct the abort criteria: at the fleet's own rates they stop the rollout in minute {stopped}"
    yield TOO_SLOW.finding(
        loc=("rollout",),
        given="never finishes" if minutes is None else f"finishes in minute {minutes}",
        allowed=f"{hours * 60} minutes for {result.assumptions['things']} things, the environment's max_duration_hours",
        fix=fix,
    )


def _too_harmful(result: Forecast, most: int) -> Iterator[Finding]:
    worst = result.worst
    if worst.harmed_final <= most:
        return
    stopped = f"stopped in minute {worst.minute}, with {worst.notified} notified" if worst.fires else "not stopped"
    yield TOO_HARMFUL.finding(
        loc=("abort",),
        given=f"{worst.harmed_final} things harmed, {stopped}",
        allowed=f"at most {most} things, the environment's max_harmed, in each row of the blast radius table; the "
        f"worst is a release that fails on {worst.failure_rate_percent} % of devices",
        fix="start more slowly, or abort after fewer executions"
        if worst.fires
        else "add abort criteria, or lower their thresholds",
    )
