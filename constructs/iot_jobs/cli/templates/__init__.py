"""`iot-jobs templates`: a module for each command."""

from __future__ import annotations

import click

from iot_jobs.cli.templates.drift import drift
from iot_jobs.cli.templates.list import list_templates
from iot_jobs.cli.templates.show import show


@click.group(short_help="List the deployed job templates, and compare them with the files.")
def templates() -> None:
    """List the deployed job templates, show one, and compare them with what the files say."""


for command in (list_templates, show, drift):
    templates.add_command(command)
