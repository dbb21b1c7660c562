"""`iot-jobs templates show`."""

from __future__ import annotations

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.runtime import aws_options, connected, table_or_json


@click.command(short_help="Show a deployed job template.")
@click.argument("template")
@aws_options
@table_or_json
def show(template: str, region: str | None, endpoint_url: str | None, output: str) -> None:
    """Show a deployed job template. TEMPLATE is its id, or its name if only one template has it."""
    from iot_jobs.identity import template_name_of
    from iot_jobs.render import deployed

    with connected(region, endpoint_url) as aws:
        ids = aws.template_ids()
        named = [template] if template in ids else [each for each in ids if template_name_of(each) == template]
        if len(named) != 1:
            several = f"several templates have the name {template}: {', '.join(named)}"
            raise CannotRun(several if named else f"there is no job template {template} in {aws.region}")
        click.echo(deployed.SHOW[output](aws.template(named[0])), nl=False)
