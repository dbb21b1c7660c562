"""`iot-jobs jobs show`."""

from __future__ import annotations

import click

from iot_jobs.cli.runtime import aws_options, connected, table_or_json


@click.command(short_help="Show a job.")
@click.argument("job")
@aws_options
@table_or_json
def show(job: str, region: str | None, endpoint_url: str | None, output: str) -> None:
    """Show a job: its status, its executions, how close it is to an abort, and its configuration."""
    from iot_jobs.jobs import Purpose
    from iot_jobs.render import jobs as render

    with connected(region, endpoint_url) as aws:
        found = aws.job(job)
        tags = aws.job_tags(found)
        click.echo(render.SHOW[output](render.Shown(found, Purpose.of(tags), tags)), nl=False)
