"""`iot-jobs jobs update` and `iot-jobs jobs slow`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.runtime import agreed, aws_options, connected, yes_option
from iot_jobs.finding import FindingsError, one_line

if TYPE_CHECKING:
    from iot_jobs.aws import Aws
    from iot_jobs.jobs import Job

_SLOWEST = {"rollout": {"maximum_per_minute": 1}}


@click.command(short_help="Change the configuration of a running job.")
@click.argument("job")
@click.option(
    "--set",
    "settings",
    metavar="PATH=VALUE",
    multiple=True,
    required=True,
    help="A value, such as rollout.maximum_per_minute=50 or abort.criteria[FAILED].threshold_percentage=2. Repeatable.",
)
@yes_option
@aws_options
def update(job: str, settings: tuple[str, ...], yes: bool, region: str | None, endpoint_url: str | None) -> None:
    """Change description, rollout, abort, retry, timeout or presigned_url of JOB, which must be IN_PROGRESS.

    AWS replaces whole members, so each one is sent in full, with the job's other values. The changes are shown first,
    as in `iot-jobs review`. Exit code 1 means that the values have errors, 2 that nothing was done, or that AWS
    refused.
    """
    from iot_jobs.jobs import ON_UPDATE, merged, parse_setting

    with connected(region, endpoint_url) as aws:
        found = aws.job(job)
        whole = merged(found.members, map(parse_setting, settings), allowed=ON_UPDATE)
        _updated(aws, found, whole, yes=yes)


@click.command(short_help="Slow a job down to one thing a minute.")
@click.argument("job")
@yes_option
@aws_options
def slow(job: str, yes: bool, region: str | None, endpoint_url: str | None) -> None:
    """Slow JOB down to one thing a minute, the closest that AWS has to a pause.

    Executions that are queued or in progress continue. To speed up again, run the `update` command that is printed.
    """
    from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE

    with connected(region, endpoint_url) as aws:
        found = aws.job(job)
        rollout = found.members.get("rollout") or {"maximum_per_minute": DEFAULT_MAXIMUM_PER_MINUTE}
        back = shlex.join(["iot-jobs", "jobs", "update", job, "--set", f"rollout={json.dumps(rollout)}"])
        _updated(aws, found, _SLOWEST, f"to go on as before: {back}", yes=yes)


def _updated(aws: Aws, job: Job, whole: Mapping[str, Any], *notes: str, yes: bool) -> None:
    """Show what changes, ask, and update the job, unless somebody else has changed it meanwhile."""
    from iot_jobs.jobs import Consequence, as_request, checked, update_refused

    if findings := checked(whole):
        raise FindingsError(findings)
    changes = _changes(job, whole)
    if not changes:
        click.echo(f"{job.job_id}: nothing changes")
        return
    replaced = f"AWS replaces {' and '.join(whole)} as a whole"
    agreed("update", job.job_id, Consequence((*changes, replaced, *notes), update_refused(job, whole)), yes=yes)
    again = aws.job(job.job_id)
    if (again.members, again.status) != (job.members, job.status):
        raise CannotRun(f"nothing was done: {job.job_id} was changed in the meantime; check it again")
    aws.update_job(job.job_id, as_request(whole))
    click.echo(f"{job.job_id}: updated {', '.join(whole)}")


def _changes(job: Job, whole: Mapping[str, Any]) -> list[str]:
    """Return each difference with its direction, as in a review."""
    from iot_jobs.jobs import ON_UPDATE
    from iot_jobs.render.values import pair
    from iot_jobs.review import spec_changes
    from iot_jobs.template import JobTemplateSpec

    def spec(members: Mapping[str, Any]) -> JobTemplateSpec:
        updated = {name: members[name] for name in ON_UPDATE if name in members}
        judged, _ = JobTemplateSpec.judge({"template_name": "job", "document_source": _SAME, **updated})
        return judged.model_copy(update={"description": updated.get("description") or "nothing"})

    return [
        one_line(f"{change.direction}: {change.path}: {' -> '.join(pair(change))} ({change.reason})")
        for change in spec_changes(spec(job.members), spec({**job.members, **whole}))
    ]


_SAME = "s3://bucket/document.json"
"""A document for both sides, as it can't be updated."""
