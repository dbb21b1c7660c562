"""`iot-jobs jobs delete`."""

from __future__ import annotations

import click

from iot_jobs.cli.runtime import agreed, aws_options, connected, yes_option


@click.command(short_help="Delete a job and the history of its executions.")
@click.argument("job")
@click.option("--force", is_flag=True, help="Delete it even if executions are queued or in progress.")
@yes_option
@aws_options
def delete(job: str, force: bool, yes: bool, region: str | None, endpoint_url: str | None) -> None:
    """Delete JOB and the history of its executions. Without --force, it must be COMPLETED or CANCELED.

    It first says how many executions are affected, and asks. AWS deletes in the background, at most 10 jobs at a time.
    Exit code 2 means that nothing was done, or that AWS refused.
    """
    from iot_jobs.jobs import of_delete

    with connected(region, endpoint_url) as aws:
        found = aws.job(job)
        deletions = sum(1 for _ in aws.jobs(status="DELETION_IN_PROGRESS"))
        agreed("delete", job, of_delete(found, force=force, deletions=deletions), yes=yes)
        aws.delete_job(job, force=force)
        click.echo(f"{job}: deletion started")
