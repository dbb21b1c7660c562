"""`iot-jobs schema`."""

from __future__ import annotations

import click

from iot_jobs.cli.errors import CannotRun


@click.command(short_help="Print a JSON Schema for editors.")
@click.argument("kind", type=click.Choice(["environment", "family", "document"]))
@click.argument("name", required=False)
def schema(kind: str, name: str | None) -> None:
    """Print the JSON Schema of environments, of template families, or of one kind of job document.

    NAME is the kind of job document, such as device-client.
    """
    from iot_jobs.sources import json_schema

    if name is not None and kind != "document":
        raise click.UsageError("NAME is allowed only for the schema of a document")
    try:
        click.echo(json_schema(kind, name), nl=False)
    except KeyError as error:
        raise CannotRun(error.args[0]) from None
