"""Forecast: the effect of a template on the fleet before it is deployed. The only package that imports numpy.

It needs the extra `forecast`. AWS doesn't publish its scheduler, and the devices aren't known. `Assumptions` states
what is assumed about both, and the result repeats it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from iot_jobs.extras import extra
from iot_jobs.limits import TIME_FORMAT
from iot_jobs.template import JobSpec, JobTemplateSpec

with extra("forecast"):
    from iot_jobs.forecast.assumptions import ASSUMED, NOT_MODELLED, SINCE, Assumptions, Duration, Scheduler
    from iot_jobs.forecast.binding import Binding, Goals
    from iot_jobs.forecast.blast import BlastRadius, blast_radius
    from iot_jobs.forecast.engine import Engine
    from iot_jobs.forecast.lanes import figure
    from iot_jobs.forecast.montecarlo import Trials, monte_carlo
    from iot_jobs.forecast.plan import ForecastError, Plan, plan
    from iot_jobs.forecast.result import (
        Executions,
        Forecast,
        Reached,
        Timeline,
        WindowsUsed,
        last_minute,
        timeline,
        windows_used,
    )
    from iot_jobs.forecast.risk import Bad, Chances, Healthy, Percentiles, Risk, Worst, risk
    from iot_jobs.forecast.risk import chances as _chances
    from iot_jobs.forecast.schedule import Window
    from iot_jobs.forecast.starts import Start, Starts, extremes, starts
    from iot_jobs.forecast.suggest import Point, Suggestion, suggest

__all__ = [
    "ASSUMED",
    "NOT_MODELLED",
    "SINCE",
    "Assumptions",
    "Bad",
    "Binding",
    "BlastRadius",
    "Chances",
    "Duration",
    "Executions",
    "Forecast",
    "ForecastError",
    "Goals",
    "Healthy",
    "Percentiles",
    "Point",
    "Reached",
    "Risk",
    "Scheduler",
    "Start",
    "Starts",
    "Suggestion",
    "Timeline",
    "Trials",
    "Window",
    "WindowsUsed",
    "Worst",
    "chances",
    "figure",
    "forecast",
    "longest_start",
    "suggest",
]


def forecast(
    spec: JobTemplateSpec | JobSpec,
    assumed: Assumptions,
    *,
    trials: int | None = None,
    seed: int = 0,
    with_risk: bool = True,
) -> Forecast:
    """Return the forecast of a job from this template. With `trials`, it has Monte Carlo percentiles as well.

    `with_risk` false leaves out the rollouts drawn for the risk, which take most of the time.

    Raises `ForecastError` if a value is only known to CloudFormation.
    """
    ready = plan(spec, assumed)
    engine, lanes, table, smallest = blast_radius(ready)
    course = timeline(engine.log)
    drawn = risk(ready, table, smallest, minutes=len(course), trials=trials, seed=seed) if with_risk else None
    name = spec.template_name if isinstance(spec, JobTemplateSpec) else spec.job_id
    return Forecast(
        template=name if isinstance(name, str) else "?",
        assumptions=_stated(ready),
        notified=course.reached("notified", ready.things),
        done=course.reached("done", ready.things),
        peak_rate_per_minute=int(course.columns["released"].max()),
        executions=Executions(figure(lanes.executions.item(0)), figure(lanes.retries.item(0))),
        windows=windows_used(ready, engine.windows, last_minute(course, drawn)),
        blast_radius=table,
        smallest_stopping_failure_rate_percent=smallest,
        timeline=course,
        starts=starts(ready),
        risk=drawn,
        trials=None if trials is None else monte_carlo(ready, trials=trials, seed=seed),
    )


def chances(spec: JobTemplateSpec | JobSpec, assumed: Assumptions, *, seed: int = 0) -> Chances | None:
    """Return how a healthy and a bad release end, as in the risk of `forecast`, without all else; None as there.

    Raises `ForecastError` if a value is only known to CloudFormation.
    """
    ready = plan(spec, assumed)
    engine = Engine(ready, [0.0])
    engine.run()
    return _chances(ready, minutes=len(timeline(engine.log)), trials=None, seed=seed)


def longest_start(spec: JobTemplateSpec | JobSpec, assumed: Assumptions) -> datetime | None:
    """Return the start of a week from which a rollout takes longest, in UTC; None without windows.

    Raises `ForecastError` if a value is only known to CloudFormation.
    """
    found = extremes(plan(spec, assumed))
    return found and found[1].start


def _stated(ready: Plan) -> dict[str, Any]:
    """Return the assumptions as data, including the scheduler's parameters."""
    assumed = ready.assumptions
    values = dict(assumed) | {"start": f"{ready.start:{TIME_FORMAT}}"}
    for name in ("start_delay", "run_time", "failure_time"):
        time: Duration = getattr(assumed, name)
        values[f"{name}_minutes"] = figure(time.median) if time.spread is None else str(time)
    return values | {
        "scheduler": dict(assumed.scheduler),
        "assumed": list(ASSUMED),
        "not_modelled": list(NOT_MODELLED),
    }
