"""The effect of a change on the fleet: the forecast before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from iot_jobs.cloudformation import properties
from iot_jobs.environment import Fleet
from iot_jobs.review.side import Template

if TYPE_CHECKING:
    from iot_jobs.forecast import Outline

PERCENTAGES = (10, 100)
"""The shares of devices on which a bad release fails."""

FIGURES = ("minutes_to_finish", "harmed_at_10_percent", "harmed_at_100_percent", "executions")

# The properties that the forecast reads. Templates with the same ones share a forecast, because it takes time.
_READ = ("JobArn", "JobExecutionsRolloutConfig", "AbortConfig", "JobExecutionsRetryConfig", "TimeoutConfig",
         "MaintenanceWindows")  # fmt: skip


@dataclass(frozen=True)
class Side:
    """The forecast of one side. `outline` is None if there is none, with the reason if there is a template."""

    outline: Outline | None
    reason: str | None = None

    @property
    def figures(self) -> dict[str, float | None] | None:
        """Minutes until all things are done (None: never), things harmed, and billed executions."""
        outline = self.outline
        if outline is None:
            return None
        harmed = [outline.harmed(percent) for percent in PERCENTAGES]
        return dict(zip(FIGURES, (outline.done.p100, *harmed, outline.executions.total), strict=True))


@dataclass(frozen=True)
class Consequence:
    """The forecasts of both sides, for the same fleet."""

    things: int
    before: Side
    after: Side

    @property
    def factors(self) -> dict[str, float | None]:
        """After divided by before. None if before is 0, or if either is unknown or never reached."""
        old, new = self.before.figures or {}, self.after.figures or {}
        return {name: _factor(old.get(name), new.get(name)) for name in FIGURES}


def _factor(before: float | None, after: float | None) -> float | None:
    return None if not before or after is None else float(f"{after / before:.4g}")


@dataclass
class Forecasts:
    """The forecasts of a review, each made once. `things` is the number of things for templates without a fleet."""

    things: int | None = None
    made: dict[str, Side] = field(default_factory=dict)

    def consequence(self, before: Template | None, after: Template | None) -> tuple[Consequence | None, str | None]:
        """Return the forecasts for the fleet after the change; None and the reason if its size is unknown."""
        known = [side.fleet for side in (after, before) if side is not None and side.fleet is not None]
        if not known and self.things is None:
            return None, "the size of its fleet is not known: add --things"
        fleet = known[0] if known else Fleet(things=self.things or 1)
        consequence = Consequence(fleet.things, self._side(before, fleet), self._side(after, fleet))
        reasons = [side.reason for side in (consequence.after, consequence.before) if side.reason]
        if consequence.before.outline is None and consequence.after.outline is None:
            return None, reasons[0] if reasons else None
        return consequence, None

    def _side(self, template: Template | None, fleet: Fleet) -> Side:
        if template is None:
            return Side(None)
        emitted = properties(template.spec)
        read = {key: emitted.get(key) for key in _READ}
        key = json.dumps([read, fleet.model_dump()], sort_keys=True, default=str)
        if key not in self.made:
            self.made[key] = _forecast(template, fleet)
        return self.made[key]


def _forecast(template: Template, fleet: Fleet) -> Side:
    from iot_jobs.forecast import Assumptions, ForecastError, outline  # numpy is slow, and often not needed

    try:
        return Side(outline(template.spec, Assumptions.of(fleet), percentages=PERCENTAGES))
    except ForecastError as error:
        return Side(None, str(error))


def as_data(consequence: Consequence) -> Mapping[str, Any]:
    """Return the consequence as data for JSON: figures before and after, and their factors."""
    return {
        "things": consequence.things,
        "before": consequence.before.figures,
        "after": consequence.after.figures,
        "factor": consequence.factors,
    }
