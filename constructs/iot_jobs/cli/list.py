"""`iot-jobs list`."""

from __future__ import annotations

import click

from iot_jobs.cli.errors import CannotRun


@click.command("list", short_help="List the deployed job templates.")
@click.option("--region", help="AWS region; by default the one in your AWS settings.")
@click.option("--endpoint-url", help="URL to call instead of AWS, such as an emulator's.")
@click.option("--format", "output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_templates(region: str | None, endpoint_url: str | None, output: str) -> None:
    """List the deployed job templates, with rollout, abort criteria and windows.

    The list goes to stdout. Exit code 2 means that a call to AWS failed.
    """
    from iot_jobs import aws
    from iot_jobs.render import deployed
    from iot_jobs.render.findings import count

    try:
        templates = aws.deployed_templates(region=region, endpoint_url=endpoint_url)
    except aws.AwsError as error:
        raise CannotRun(str(error)) from None
    click.echo(deployed.FORMATS[output](templates), nl=False)
    click.echo(count(len(templates), "job template"), err=True)
