"""`iot-jobs jobs cancel` and `iot-jobs jobs stop`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from iot_jobs.cli.runtime import agreed, aws_options, connected, yes_option

if TYPE_CHECKING:
    from iot_jobs.aws import Aws

_LONGEST_COMMENT, _LONGEST_CODE = 2028, 128
"""https://docs.aws.amazon.com/iot/latest/apireference/API_CancelJob.html"""
_STOPPED = "STOPPED_BY_OPERATOR"


def _reason_code(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(rf"[\w]{{1,{_LONGEST_CODE}}}", value.upper()):
        raise click.BadParameter(f"use 1 to {_LONGEST_CODE} capital letters, digits and _")
    if value is not None and value != value.upper():
        raise click.BadParameter(f"use capital letters, digits and _; write {value.upper()}")
    return value


def _comment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (0 < len(value) <= _LONGEST_COMMENT and value.isprintable()):
        raise click.BadParameter(f"use 1 to {_LONGEST_COMMENT} printable characters on one line")
    return value


@click.command(short_help="Cancel a job.")
@click.argument("job")
@click.option("--force", is_flag=True, help="Also cancel executions in progress, while devices work on them.")
@click.option("--reason-code", callback=_reason_code, metavar="CODE", help="Reason code to store with the job.")
@click.option("--comment", callback=_comment, metavar="TEXT", help="Comment to store with the job.")
@yes_option
@aws_options
def cancel(
    job: str,
    force: bool,
    reason_code: str | None,
    comment: str | None,
    yes: bool,
    region: str | None,
    endpoint_url: str | None,
) -> None:
    """Cancel JOB for good: queued executions are canceled; those in progress run to completion, unless --force.

    It first says how many executions are affected, and asks. Exit code 2 means that nothing was done, or that AWS
    refused.
    """
    with connected(region, endpoint_url) as aws:
        _canceled(aws, job, force=force, reason_code=reason_code, comment=comment, yes=yes)


@click.command(short_help="Stop a job: the emergency brake.")
@click.argument("job")
@click.option("--comment", callback=_comment, metavar="TEXT", help="Comment to store with the job.")
@yes_option
@aws_options
def stop(job: str, comment: str | None, yes: bool, region: str | None, endpoint_url: str | None) -> None:
    """Stop JOB for good: no more things are notified, and devices that have started finish.

    This is `cancel` without --force, with the reason code STOPPED_BY_OPERATOR. AWS has no pause: to continue slowly,
    use `slow`.
    """
    with connected(region, endpoint_url) as aws:
        _canceled(aws, job, force=False, reason_code=_STOPPED, comment=comment, yes=yes)


def _canceled(aws: Aws, job_id: str, *, force: bool, reason_code: str | None, comment: str | None, yes: bool) -> None:
    from iot_jobs.jobs import Purpose, of_cancel
    from iot_jobs.render import job_words as words

    job = aws.job(job_id)
    things = Purpose.of(aws.job_tags(job)).things
    agreed("cancel", job_id, of_cancel(job, force=force, things=things), yes=yes)
    aws.cancel_job(job_id, force=force, reason_code=reason_code, comment=comment)
    after = aws.job(job_id)
    click.echo(f"{job_id}: {after.status}; {words.executions(after.counts)}")
