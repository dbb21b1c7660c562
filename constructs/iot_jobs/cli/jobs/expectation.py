"""The forecast of a job that is about to be started, and what a watch keeps of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from iot_jobs.extras import MissingExtraError
from iot_jobs.jobs import SHARES, Expected

if TYPE_CHECKING:
    from iot_jobs.environment import Environment, Fleet
    from iot_jobs.forecast import Forecast, Percentiles, Risk


class Expectation(NamedTuple):
    """The forecast in sentences, and as a watch needs it; None where there is none, or where it never ends."""

    sentences: tuple[str, ...]
    expected: Expected | None = None


def expectation(members: Mapping[str, Any], things: int, start: datetime, fleet: Fleet | None) -> Expectation:
    """Return the forecast of a job with these members, for a start in UTC. Without a fleet, devices are the default."""
    from iot_jobs.template import JobTemplateSpec

    anything = {"template_name": "job", "description": "job", "document_source": _ANY}
    known = {name: value for name, value in members.items() if name in JobTemplateSpec.model_fields}
    spec, _ = JobTemplateSpec.judge({**anything, **known})
    try:
        from iot_jobs.forecast import Assumptions, ForecastError, forecast
    except MissingExtraError as error:
        return Expectation((f"no forecast: {error}",))
    try:
        result = forecast(spec, Assumptions.of(fleet, things=things, start=start))
    except ForecastError as error:
        return Expectation((f"no forecast: {error}",))
    defaults = "the forecast's defaults, as no file here describes the fleet"
    basis = defaults if fleet is None else "the environment's fleet"
    risk: Risk = result.risk  # type: ignore[assignment]  # a forecast has one unless it is left out
    return Expectation((*_sentences(risk), f"assumed: {basis}"), _expected(result, risk.healthy.finish, things))


_ANY = "s3://bucket/document.json"


def environment_here(name: str | None) -> Environment | None:
    """Return an environment of the application in the working directory, None if there is none of this name."""
    from iot_jobs.sources import read_application, root_of

    root = None if name is None else root_of(Path())
    if root is None:
        return None
    return next((each for each in read_application(root)[0].environments if each.name == name), None)


def _sentences(risk: Risk) -> tuple[str, ...]:
    from iot_jobs.render.job_words import span

    finish, bad = risk.healthy.finish, risk.bad
    if finish.p50 is None or finish.p95 is None:
        done = "it may never be done: executions hang or devices are offline, and nothing times out"
    else:
        done = f"done within {span(finish.p50)} in half of rollouts, within {span(finish.p95)} in 95 %"
    harmed = "" if bad.harmed.p95 is None else f", and harms up to {bad.harmed.p95:,.0f} things"
    failing = f"one that fails on {bad.failure_rate_percent:g} % of devices"
    stopped = f"{failing} is stopped in {bad.stopped_percent:g} %{harmed}"
    mistaken = f"a healthy release is aborted by mistake in {risk.healthy.aborted_percent:g} % of rollouts"
    return f"forecast: {done}", f"forecast: {mistaken}; {stopped}"


def _expected(result: Forecast, finish: Percentiles, things: int) -> Expected | None:
    if finish.p50 is None or finish.p95 is None:
        return None
    minutes, done = (result.timeline.columns[name].tolist() for name in ("minute", "done"))
    reached = (bisect_left(done, share * things) for share in SHARES)
    course = [minutes[min(index, len(minutes) - 1)] for index in reached]
    return Expected(finish.p50, finish.p95, tuple(course))
