"""A template and assumptions as numbers for the engines. Rates and thresholds are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from iot_jobs.forecast.assumptions import Assumptions
from iot_jobs.forecast.durations import Delay, Kernel, delays, kernel
from iot_jobs.forecast.schedule import Schedule, first_opening
from iot_jobs.forecast.states import FAILED, REJECTED, TIMED_OUT, Retries
from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE
from iot_jobs.template import JobSpec, JobTemplateSpec, RetryConfig, RolloutConfig
from iot_jobs.template.part import Model
from iot_jobs.unresolved import Unresolved, is_at_deployment, known
from iot_jobs.windows import Cron, CronError

FAILURES = {"FAILED": (FAILED,), "REJECTED": (REJECTED,), "TIMED_OUT": (TIMED_OUT,),
            "ALL": (FAILED, REJECTED, TIMED_OUT)}  # fmt: skip
"""The outcomes that count as failures, by the failure type of an abort criterion."""


TOO_MUCH = (
    "so many minutes, with times so spread or so many retries, would take too long to forecast: raise the rate, or use "
    "fixed times"
)


class ForecastError(ValueError):
    """A template that can't be forecast. The text says why."""


@dataclass(frozen=True)
class Rates:
    """The rate after 0, 1, 2... rises; the last one stays. There is a rise for each `threshold` things counted."""

    steps: tuple[int, ...]
    threshold: int = 1
    counts_succeeded: bool = False


@dataclass(frozen=True)
class Criterion:
    """An abort criterion: its threshold in `hundredths` of a percent, once at least `minimum` executions completed."""

    failures: tuple[int, ...]
    hundredths: int
    minimum: int


@dataclass(frozen=True)
class Plan:
    """The input of an engine. Without `delays`, devices start the moment they are notified."""

    assumptions: Assumptions
    rates: Rates
    criteria: tuple[Criterion, ...]
    retries: Retries
    crons: tuple[tuple[Cron, int], ...]
    start: datetime
    delays: tuple[Delay, ...]
    at_once: Kernel

    @property
    def things(self) -> int:
        """Number of things that the job targets."""
        return self.assumptions.things

    def schedule(self) -> Schedule:
        """Return the windows, from the first one."""
        return Schedule(self.crons, self.start)


def plan(spec: JobTemplateSpec | JobSpec, assumptions: Assumptions) -> Plan:
    """Return the plan of a template or job. Raises `ForecastError` if only CloudFormation or AWS knows a value."""
    for name in ("rollout", "abort", "retry", "timeout"):
        value = getattr(spec, name)
        if value is None and spec.copies():
            raise ForecastError(f"{name} is copied from job_arn or job_template_arn, and not known here")
        _refuse_unresolved(name, value)
    timeout, abort, retry = known(spec.timeout), known(spec.abort), known(spec.retry)
    minutes = known(timeout.in_progress_timeout_in_minutes) if timeout else None
    criteria: Any = known(abort.criteria) if abort else ()
    crons = _windows(spec)
    start = assumptions.start or first_opening(crons)
    if start.tzinfo is None:
        start = start.replace(tzinfo=UTC)
    run = assumptions.run_time
    failure = None if assumptions.failure_time == run else assumptions.failure_time
    return Plan(
        assumptions=assumptions,
        rates=rates(known(spec.rollout), assumptions.scheduler.rounding),
        criteria=tuple(
            Criterion(
                failures=FAILURES[criterion.failure_type],
                hundredths=int(Decimal(str(criterion.threshold_percentage)) * 100),
                minimum=criterion.min_number_of_executed_things,
            )
            for criterion in criteria
        ),
        retries=_retries(retry),
        crons=crons,
        start=start.astimezone(UTC).replace(second=0, microsecond=0),
        delays=delays(assumptions.start_delay, run, failure, minutes),
        at_once=kernel(run, failure, minutes),
    )


def rates(rollout: RolloutConfig | None, rounding: str) -> Rates:
    """Return exact rates: 25 things a minute raised twice by 1.4 are 49, where binary fractions give 48."""
    if rollout is None:
        return Rates((DEFAULT_MAXIMUM_PER_MINUTE,))
    maximum: Any = rollout.maximum_per_minute
    exponential: Any = rollout.exponential_rate
    if exponential is None:
        return Rates((maximum,))
    rate, factor = Decimal(exponential.base_rate_per_minute), Decimal(str(exponential.increment_factor))
    steps = []
    while rate < maximum:
        steps.append(int(rate.to_integral_value(ROUND_FLOOR if rounding == "floor" else ROUND_HALF_UP)))
        rate *= factor
    notified = exponential.rate_increase_criteria.number_of_notified_things
    succeeded = exponential.rate_increase_criteria.number_of_succeeded_things
    return Rates((*steps, maximum), succeeded if notified is None else notified, notified is None)


def _retries(retry: RetryConfig | None) -> Retries:
    criteria = _items(retry and retry.criteria)
    counts: dict[str, int] = {criterion.failure_type: criterion.number_of_retries for criterion in criteria}
    if len(counts) < len(criteria):
        raise ForecastError("retry.criteria has a failure type twice, and AWS doesn't document which counts")
    if "ALL" in counts:
        return Retries(counts["ALL"], together=True)
    return Retries(counts.get("FAILED", 0), counts.get("TIMED_OUT", 0))


def _windows(spec: JobTemplateSpec | JobSpec) -> tuple[tuple[Cron, int], ...]:
    windows: Any
    if isinstance(spec, JobTemplateSpec):
        windows = spec.maintenance_windows
    else:
        _refuse_unresolved("scheduling", spec.scheduling)
        scheduling = known(spec.scheduling)
        windows = scheduling.maintenance_windows if scheduling else ()
    _refuse_unresolved("maintenance_windows", windows)
    try:
        return tuple((Cron.parse(window.start_time), window.duration_in_minutes) for window in _items(windows))
    except CronError as error:
        raise ForecastError(f"a window's start time has a form that AWS doesn't document: {error}") from None


def _items(values: Any) -> Sequence[Any]:
    return values or ()


def _refuse_unresolved(path: str, value: Any) -> None:
    """Raise `ForecastError` if a part of a value is only known at deployment."""
    if isinstance(value, Unresolved):
        why = "is not known before deployment" if is_at_deployment(value) else "breaks a rule: run iot-jobs check"
        raise ForecastError(f"{path} {why}")
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            _refuse_unresolved(f"{path}[{index}]", item)
    elif isinstance(value, Model):
        for name, item in value:
            _refuse_unresolved(f"{path}.{name}", item)
