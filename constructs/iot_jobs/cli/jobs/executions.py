"""`iot-jobs jobs executions` and `iot-jobs jobs execution`."""

from __future__ import annotations

import click

from iot_jobs.cli.runtime import aws_options, connected, counted, table_or_json


@click.command(short_help="List the executions of a job or of a thing.")
@click.argument("job", required=False)
@click.option("--thing", metavar="NAME", help="The executions of this thing, in all jobs.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(["QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"]),
    help="Only executions with this status. Repeatable.",
)
@aws_options
@table_or_json
def executions(
    job: str | None,
    thing: str | None,
    statuses: tuple[str, ...],
    region: str | None,
    endpoint_url: str | None,
    output: str,
) -> None:
    """List the executions of JOB, or of a thing, the most recently updated first.

    The list goes to stdout. Exit code 2 means that a call to AWS failed.
    """
    from iot_jobs.jobs import newest_first
    from iot_jobs.render import jobs as render
    from iot_jobs.render.findings import count

    if (job is None) == (thing is None):
        raise click.UsageError("name a JOB, or a thing with --thing")
    with connected(region, endpoint_url) as aws:
        if thing is not None:
            found = aws.executions_of_thing(thing, statuses=statuses or None)
        else:
            found = aws.executions_of_job(str(job), statuses=statuses or None)
        listed = newest_first(counted(found, "executions"))
        click.echo(render.EXECUTIONS[output](listed), nl=False)
        click.echo(count(len(listed), "execution"), err=True)


@click.command(short_help="Show an execution of a job.")
@click.argument("job")
@click.argument("thing")
@click.option("--number", type=click.IntRange(1), help="Execution number; default: the latest.")
@aws_options
@table_or_json
def execution(
    job: str, thing: str, number: int | None, region: str | None, endpoint_url: str | None, output: str
) -> None:
    """Show an execution of JOB on THING, with what the device reported."""
    from iot_jobs.render import jobs as render

    with connected(region, endpoint_url) as aws:
        click.echo(render.EXECUTION[output](aws.execution(job, thing, number)), nl=False)
