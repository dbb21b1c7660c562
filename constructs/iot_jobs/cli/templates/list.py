"""`iot-jobs templates list`."""

from __future__ import annotations

import click

from iot_jobs.cli.runtime import aws_options, connected, counted, table_or_json


@click.command("list", short_help="List the deployed job templates.")
@aws_options
@table_or_json
def list_templates(region: str | None, endpoint_url: str | None, output: str) -> None:
    """List the deployed job templates, with rollout, abort criteria and windows.

    The list goes to stdout. Exit code 2 means that a call to AWS failed.
    """
    from iot_jobs.render import deployed
    from iot_jobs.render.findings import count

    with connected(region, endpoint_url) as aws:
        templates = counted(map(aws.template, aws.template_ids()), "job templates")
        click.echo(deployed.FORMATS[output](templates), nl=False)
        click.echo(count(len(templates), "job template"), err=True)
