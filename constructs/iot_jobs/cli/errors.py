"""The error that ends a command."""

from __future__ import annotations

import click


class CannotRun(click.ClickException):
    """Ends the program with a message on stderr and exit code 2."""

    exit_code = 2
