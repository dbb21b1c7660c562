"""`iot-jobs jobs list`."""

from __future__ import annotations

import click

from iot_jobs.cli.runtime import aws_options, connected, counted, table_or_json


@click.command("list", short_help="List the jobs.")
@click.option(
    "--status",
    type=click.Choice(["SCHEDULED", "IN_PROGRESS", "COMPLETED", "CANCELED", "DELETION_IN_PROGRESS"]),
    help="Only jobs with this status.",
)
@click.option(
    "--target", metavar="NAME", help="Only jobs that target this thing or thing group; makes a call for each job."
)
@aws_options
@table_or_json
def list_jobs(
    status: str | None, target: str | None, region: str | None, endpoint_url: str | None, output: str
) -> None:
    """List the jobs of the account and region, the newest first.

    The list goes to stdout. Exit code 2 means that a call to AWS failed.
    """
    from iot_jobs.jobs import of_arn, parse_target
    from iot_jobs.render import jobs as render
    from iot_jobs.render.findings import count

    with connected(region, endpoint_url) as aws:
        wanted = None if target is None else parse_target(target)
        listed = counted(aws.jobs(status=status), "jobs")
        if wanted is not None:
            named = {
                job.job_id: {part for arn in aws.job(job.job_id).targets for part in _spellings(of_arn(arn))}
                for job in listed
            }
            listed = [job for job in listed if str(wanted) in named[job.job_id]]
        listed.sort(key=lambda job: (job.created_at, job.job_id), reverse=True)
        click.echo(render.LIST[output](listed), nl=False)
        click.echo(count(len(listed), "job"), err=True)


def _spellings(target: object) -> tuple[str, str]:
    """Return a target with and without its kind."""
    return str(target), str(target).partition(" ")[2]
