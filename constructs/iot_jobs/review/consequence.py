"""The effect of a change on the fleet: the forecast before and after, under the same assumptions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from iot_jobs.cloudformation import properties
from iot_jobs.environment import Fleet
from iot_jobs.template import JobTemplateSpec

if TYPE_CHECKING:
    from iot_jobs.forecast import Assumptions, Forecast

# The properties that the forecast reads. Templates with the same ones share a forecast, because it takes time.
_READ = ("JobArn", "JobExecutionsRolloutConfig", "AbortConfig", "JobExecutionsRetryConfig", "TimeoutConfig",
         "MaintenanceWindows")  # fmt: skip
MOST_DRAWN = 60
"""So many forecasts of a review draw rollouts at random, which takes a fraction of a second each."""
_NOT_VALUES = ("scheduler", "assumed", "not_modelled")
"""The assumptions of a forecast that are the same in every one."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures that are compared of a forecast; docs/forecast.md describes the figures of these names.

    The first four are None if no rollouts are drawn at random: they are too long, or those of `MOST_DRAWN` forecasts
    have been drawn. `shortest_finish` and `longest_finish` are the minutes until all things are done, None for never:
    over the starts of a week with windows, else both in 95 % of rollouts, or expected if none are drawn.
    """

    aborted_percent: float | None
    bad_harmed_p95: float | None
    worst_harmed_p95: float | None
    worst_failure_rate_percent: float | None
    smallest_stopping_failure_rate_percent: float | None
    shortest_finish: float | None
    longest_finish: float | None
    executions: float


_FACTORS = ("bad_harmed_p95", "worst_harmed_p95", "longest_finish", "executions")


@dataclass(frozen=True)
class Side:
    """The forecast of one side. `forecast` is None if there is none, with the reason if there is a template."""

    forecast: Forecast | None
    reason: str | None = None

    @property
    def figures(self) -> Figures | None:
        """The figures that are compared."""
        return None if self.forecast is None else _figures(self.forecast)


@dataclass(frozen=True)
class Consequence:
    """The forecasts of both sides. `assumed` has the values that both assume, by their names in `fleet:`, and `start`.

    `when` names the case that is forecast, of a template whose values depend on conditions or parameters.
    """

    assumed: Mapping[str, Any]
    before: Side
    after: Side
    when: str | None = None

    @property
    def factors(self) -> dict[str, float | None]:
        """After divided by before. None if before is 0, or if either is unknown or never reached."""
        old, new = self.before.figures, self.after.figures
        return {name: _factor(getattr(old, name, None), getattr(new, name, None)) for name in _FACTORS}


def _figures(forecast: Forecast) -> Figures:
    risk, starts = forecast.risk, forecast.starts
    finish = forecast.done.p100 if risk is None else risk.healthy.finish.p95
    return Figures(
        aborted_percent=None if risk is None else risk.healthy.aborted_percent,
        bad_harmed_p95=None if risk is None else risk.bad.harmed.p95,
        worst_harmed_p95=None if risk is None else risk.worst.harmed_p95,
        worst_failure_rate_percent=None if risk is None else risk.worst.failure_rate_percent,
        smallest_stopping_failure_rate_percent=forecast.smallest_stopping_failure_rate_percent,
        shortest_finish=finish if starts is None else starts.shortest.minutes,
        longest_finish=finish if starts is None else starts.longest.minutes,
        executions=forecast.executions.total,
    )


def _factor(before: float | None, after: float | None) -> float | None:
    return None if not before or after is None else float(f"{after / before:.4g}")


@dataclass
class Forecasts:
    """The forecasts of a review, each made once. `stated` are assumptions that override those of every fleet."""

    stated: Mapping[str, Any]
    made: dict[str, Side] = field(default_factory=dict)

    def consequence(
        self, fleet: Fleet | None, before: JobTemplateSpec | None, after: JobTemplateSpec | None, when: str | None
    ) -> tuple[Consequence | None, str | None]:
        """Return the forecasts of two sides, None for one that doesn't exist; None and the reason if there are none.

        Raises `FindingsError` if the assumptions break a rule.
        """
        if fleet is None and self.stated.get("things") is None:
            return None, "the size of its fleet is not known: add --things"
        from iot_jobs.forecast import SINCE, Assumptions  # numpy is slow, and often not needed

        # The same start for both sides, though only one may have windows, and the same for each review.
        assumed = Assumptions.of(fleet, **{**self.stated, "start": self.stated.get("start") or SINCE})
        sides = self._side(before, assumed), self._side(after, assumed)
        made = [side.forecast for side in sides if side.forecast is not None]
        if not made:
            return None, sides[1].reason or sides[0].reason
        values = {name: value for name, value in made[0].assumptions.items() if name not in _NOT_VALUES}
        return Consequence(values, *sides, when), None

    def _side(self, spec: JobTemplateSpec | None, assumed: Assumptions) -> Side:
        if spec is None:
            return Side(None)
        emitted = properties(spec)
        read = {key: emitted.get(key) for key in _READ}
        key = json.dumps([read, assumed.model_dump()], sort_keys=True, default=str)
        if key not in self.made:
            self.made[key] = _forecast(spec, assumed, with_risk=len(self.made) < MOST_DRAWN)
        return self.made[key]


def _forecast(spec: JobTemplateSpec, assumed: Assumptions, *, with_risk: bool) -> Side:
    from iot_jobs.forecast import ForecastError, forecast

    try:
        return Side(forecast(spec, assumed, with_risk=with_risk))
    except ForecastError as error:
        return Side(None, str(error))


def as_data(consequence: Consequence) -> Mapping[str, Any]:
    """Return the consequence as data for JSON: what was assumed, figures before and after, and their factors."""
    return {
        "when": consequence.when,
        "assumed": consequence.assumed,
        "before": _data(consequence.before.forecast),
        "after": _data(consequence.after.forecast),
        "factor": consequence.factors,
    }


def _data(forecast: Forecast | None) -> Mapping[str, Any] | None:
    """Return the compared part of a forecast, as in its own JSON."""
    if forecast is None:
        return None
    risk = None if forecast.risk is None else asdict(forecast.risk)
    if risk is not None:
        del risk["healthy"]["course"]  # hundreds of moments, which only pictures need
    return {
        "risk": risk,
        "starts": forecast.starts and asdict(forecast.starts),
        "smallest_stopping_failure_rate_percent": forecast.smallest_stopping_failure_rate_percent,
        "executions": asdict(forecast.executions),
    }
