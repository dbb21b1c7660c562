"""The command `iot-jobs`: arguments and exit codes, nothing else. Each command has a module.

Exit codes: 0 success, 1 the command found something that fails it, 2 could not run, 130 interrupted.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Any

import click

from iot_jobs.cli.check import check
from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.forecast import forecast
from iot_jobs.cli.jobs import jobs
from iot_jobs.cli.review import review
from iot_jobs.cli.schema import schema
from iot_jobs.cli.suggest import suggest
from iot_jobs.cli.templates import templates
from iot_jobs.extras import MissingExtraError

__all__ = ["main"]


class _Commands(click.Group):
    """A group whose commands end with one line when a library of an extra is missing, and on ^C."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MissingExtraError as error:
            raise CannotRun(str(error)) from None
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="iot-jobs")
def main() -> None:
    """Check, forecast, suggest and review AWS IoT job templates before deployment, then start and watch their jobs."""
    if isinstance(sys.stdout, TextIOWrapper):  # the same bytes everywhere, and any name can be printed
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


for command in (check, forecast, suggest, review, schema, templates, jobs):
    main.add_command(command)
