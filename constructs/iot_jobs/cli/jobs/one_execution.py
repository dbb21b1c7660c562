"""`iot-jobs jobs cancel-execution` and `iot-jobs jobs delete-execution`."""

from __future__ import annotations

import click

from iot_jobs.cli.runtime import agreed, aws_options, connected, yes_option


@click.command("cancel-execution", short_help="Cancel the execution of a job on one thing.")
@click.argument("job")
@click.argument("thing")
@click.option("--force", is_flag=True, help="Cancel it even if the device is working on it.")
@yes_option
@aws_options
def cancel_execution(
    job: str, thing: str, force: bool, yes: bool, region: str | None, endpoint_url: str | None
) -> None:
    """Cancel the latest execution of JOB on THING; other things aren't affected.

    It first says what this does, and asks. Exit code 2 means that nothing was done, or that AWS refused.
    """
    from iot_jobs.jobs import of_cancel_execution

    with connected(region, endpoint_url) as aws:
        execution = aws.execution(job, thing)
        what = f"execution {execution.number} of {job} on {thing}"
        agreed("cancel", what, of_cancel_execution(execution, force=force), yes=yes)
        aws.cancel_execution(execution, force=force)
        click.echo(f"{thing}: {aws.execution(job, thing, execution.number).status}")


@click.command("delete-execution", short_help="Delete the record of an execution.")
@click.argument("job")
@click.argument("thing")
@click.option("--number", type=click.IntRange(1), help="Execution number; default: the latest.")
@click.option("--force", is_flag=True, help="Delete it even if the device is working on it.")
@yes_option
@aws_options
def delete_execution(
    job: str, thing: str, number: int | None, force: bool, yes: bool, region: str | None, endpoint_url: str | None
) -> None:
    """Delete the record of an execution of JOB on THING.

    It first says what this does, and asks. Exit code 2 means that nothing was done, or that AWS refused.
    """
    from iot_jobs.jobs import of_delete_execution

    with connected(region, endpoint_url) as aws:
        execution = aws.execution(job, thing, number)
        what = f"execution {execution.number} of {job} on {thing}"
        agreed("delete", what, of_delete_execution(execution, force=force), yes=yes)
        aws.delete_execution(execution, force=force)
        click.echo(f"{thing}: execution {execution.number} is deleted")
