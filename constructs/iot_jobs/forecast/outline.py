"""`Outline`: the few figures of a forecast by which two templates are compared, in a fraction of the time."""

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
    """The figures of `Forecast` under the same names, with only the requested rows of the blast radius."""

    things: int
    notified: Reached
    done: Reached
    executions: Executions
    windows: WindowsUsed
    blast_radius: tuple[BlastRadius, ...]
    timeline: Timeline

    def harmed(self, percent: int) -> float:
        """Return the things harmed in total by a release that fails on this percentage of devices."""
        return next(row.harmed_final for row in self.blast_radius if row.failure_rate_percent == percent)


def outline(spec: JobTemplateSpec | JobSpec, assumed: Assumptions, *, percentages: Sequence[int]) -> Outline:
    """Return the figures of a job from this template.

    Raises `ForecastError` if a value is only known to CloudFormation.
    """
    ready = plan(spec, assumed)
    engine, lanes, table = rows(ready, percentages)
    course = timeline(engine.log)
    return Outline(
        things=ready.things,
        notified=course.reached("notified", ready.things),
        done=course.reached("done", ready.things),
        executions=Executions(figure(lanes.executions.item(0)), figure(lanes.retries.item(0))),
        windows=windows_used(ready, engine.windows, course.last_minute),
        blast_radius=table,
        timeline=course,
    )
