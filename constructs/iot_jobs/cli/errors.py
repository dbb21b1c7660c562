"""The error that ends a command."""

from __future__ import annotations

import click


class CannotRun(click.ClickException):
    """An error that ends the program with a message on stderr and exit code 2."""

    exit_code = 2
