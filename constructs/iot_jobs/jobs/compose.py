"""A job composed from a template and from what an operator sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from iot_jobs.finding import Finding
from iot_jobs.jobs.overrides import ON_CREATION, Setting, merged
from iot_jobs.limits import TIME_FORMAT
from iot_jobs.template import JobSpec
from iot_jobs.template.part import WRONG_KIND
from iot_jobs.windows import Cron, CronError

SOONEST = timedelta(minutes=30)
"""The shortest time to a scheduled start. https://docs.aws.amazon.com/iot/latest/apireference/API_SchedulingConfig.html"""
_OF_TEMPLATES = ("document", "document_source", *ON_CREATION)
"""The members that a job from a file has itself; with a template in AWS they come from there."""


class Schedule(NamedTuple):
    """Start and end as `YYYY-MM-DDThh:mm` in UTC, and what happens at the end; None where they aren't set."""

    start: str | None = None
    end: str | None = None
    end_behavior: str | None = None


class Composed(NamedTuple):
    """A job, the members that replace its template's as a whole, and what AWS would refuse.

    `effective` are the members that the job will have, as far as they are known.
    """

    spec: JobSpec
    replaced: Mapping[str, Any]
    effective: Mapping[str, Any]
    findings: tuple[Finding, ...]


def composed(
    members: Mapping[str, Any],
    template_arn: str | None,
    *,
    job_id: str,
    targets: Sequence[str],
    continuous: bool,
    schedule: Schedule,
    settings: Sequence[Setting],
    parameters: Mapping[str, str],
    now: datetime,
) -> Composed:
    """Return a job from a template with these members; without an ARN it has them itself.

    Raises `FindingsError` for a setting of an unknown path.
    """
    replaced = merged(members, settings)
    own = {name: members[name] for name in _OF_TEMPLATES if members.get(name)}
    windows = members.get("maintenance_windows") or ()
    scheduling = {
        "start_time": schedule.start,
        "end_time": schedule.end,
        "end_behavior": schedule.end_behavior,
        "maintenance_windows": (windows or None) if template_arn is None else None,
    }
    given: dict[str, Any] = {
        **(own if template_arn is None else {"job_template_arn": template_arn}),
        "description": members.get("description"),  # AWS doesn't copy a template's
        **replaced,
        "job_id": job_id,
        "targets": list(targets),
        "target_selection": "CONTINUOUS" if continuous else None,
        "document_parameters": dict(parameters),
        "scheduling": {name: value for name, value in scheduling.items() if value is not None} or None,
    }
    spec, findings = JobSpec.judge({name: value for name, value in given.items() if value is not None})
    problems = [*findings, *_not_removable(replaced, template_arn)]
    if windows and template_arn is not None:
        problems += spec.needs_for_windows()
    fixed = tuple(_as_option(finding, windows, now) for finding in problems)
    effective = {**members, **replaced, "scheduling": given["scheduling"] or {}}
    return Composed(spec, replaced, effective, fixed)


def next_opening(windows: Sequence[Mapping[str, Any]], after: datetime) -> datetime | None:
    """Return the first opening of windows at or after a time, None if there is none or a cron can't be read."""
    try:
        openings = [Cron.parse(window["start_time"]).next_opening(after) for window in windows]
    except CronError:
        return None
    return min(filter(None, openings), default=None)


def _not_removable(replaced: Mapping[str, Any], template_arn: str | None) -> Iterator[Finding]:
    """Yield members that were set to null: a job that leaves them out has its template's."""
    for name, value in replaced.items():
        if value is None and template_arn is not None:
            allowed = "another value; a job without it gets the template's"
            yield WRONG_KIND.finding(loc=(name,), allowed=allowed, fix="set a value, or use another template")


def _as_option(finding: Finding, windows: Sequence[Mapping[str, Any]], now: datetime) -> Finding:
    """Return a finding about windows with the option that resolves it as its fix."""
    if finding.loc == ("target_selection",):
        return finding._replace(fix="add --continuous")
    if finding.loc == ("scheduling", "start_time") and finding.given is None:
        opening = next_opening(windows, now + SOONEST)
        when = "add --at" if opening is None else f"add --at {opening:{TIME_FORMAT}}, when the next window opens"
        return finding._replace(fix=when)
    return finding
