"""`Outline`: the few figures of a forecast that two templates are compared by, several times as fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iot_jobs.forecast.assumptions import Assumptions
from iot_jobs.forecast.blast import BlastRadius, rows
from iot_jobs.forecast.lanes import figure
from iot_jobs.forecast.plan import plan
from iot_jobs.forecast.result import Executions, Reached, Timeline, WindowsUsed, timeline, windows_used
from iot_jobs.template import JobSpec, JobTemplateSpec


@dataclass(frozen=True)
class Outline:
    """What `Forecast` says under the same names, with only the rows of the blast radius that were asked for."""

    things: int
    notified: Reached
    done: Reached
    executions: Executions
    windows: WindowsUsed
    blast_radius: tuple[BlastRadius, ...]
    timeline: Timeline

    def harmed(self, percent: int) -> float:
        """On how many things a release that fails on so many percent of devices fails in the end."""
        return next(one.harmed_final for one in self.blast_radius if one.failure_rate_percent == percent)


def outline(spec: JobTemplateSpec | JobSpec, assumed: Assumptions, *, percentages: Sequence[int]) -> Outline:
    """The figures of a job from this template. Raises `ForecastError` where a value is only known to CloudFormation."""
    ready = plan(spec, assumed)
    engine, lanes, table = rows(ready, percentages)
    course = timeline(engine.log)
    return Outline(
        things=ready.things,
        notified=course.reached("notified", ready.things),
        done=course.reached("done", ready.things),
        executions=Executions(figure(lanes.executions.item(0)), figure(lanes.retries.item(0))),
        windows=windows_used(engine.windows, ready.start),
        blast_radius=table,
        timeline=course,
    )
