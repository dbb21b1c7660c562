"""The common parts of commands that call AWS: connection, clock, the question before an action, and options."""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.finding import FindingsError, one_line

if TYPE_CHECKING:
    from iot_jobs.aws import Aws
    from iot_jobs.jobs import Consequence

T = TypeVar("T")
Command = Callable[..., None]
_PROGRESS_AFTER = 1000
"""Items of a list after which a terminal shows how many there are so far."""


@dataclass(frozen=True)
class Runtime:
    """The surroundings of a command. `session` makes the boto3 session, None for boto3's own."""

    session: Callable[[], Any] | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    asks: Callable[[], bool] = lambda: sys.stdin.isatty() and sys.stderr.isatty()
    """Returns true if somebody can answer a question."""

    @staticmethod
    def current() -> Runtime:
        """Return the one that `main` was called with as `obj`, or else the real one."""
        return click.get_current_context().find_object(Runtime) or Runtime()


@contextmanager
def connected(region: str | None, endpoint_url: str | None) -> Iterator[Aws]:
    """A connection to AWS. Its errors end the command with exit code 2, findings are printed and end it with 1."""
    from iot_jobs import aws

    session = Runtime.current().session
    more = {} if session is None else {"session": session}
    try:
        yield aws.Aws(region=region, endpoint_url=endpoint_url, **more)
    except aws.AwsError as error:
        raise CannotRun(str(error)) from None
    except FindingsError as error:
        click.echo(error)
        sys.exit(1)


def agreed(verb: str, what: str, consequence: Consequence, *, yes: bool) -> None:
    """Say what an action will do, and ask; without a terminal, `--yes` has to agree. Anything but yes ends here.

    What AWS would refuse isn't asked for: it ends with the reason.
    """
    if consequence.refused is not None:
        raise CannotRun(f"can't {verb} {what}: {one_line(consequence.refused)}")
    click.echo(f"{verb} {what}:", err=True)
    for effect in consequence.effects:
        click.echo(f"  {one_line(effect)}", err=True)
    if yes:
        return
    if not Runtime.current().asks():
        raise CannotRun("nothing was done: there is no terminal to ask on; add --yes to agree")
    try:
        agrees = click.confirm(f"{verb} {what}?", err=True)
    except click.Abort:  # ^C or the end of the input
        agrees = False
    if not agrees:
        raise CannotRun("nothing was done")


def counted(items: Iterable[T], noun: str) -> list[T]:
    """Return all items; on a terminal, say from time to time how many there are so far."""
    listed: list[T] = []
    shows = sys.stderr is not None and sys.stderr.isatty()
    for item in items:
        listed.append(item)
        if shows and len(listed) % _PROGRESS_AFTER == 0:
            click.echo(f"\r{len(listed):,} {noun}...", nl=False, err=True)
    if shows and len(listed) >= _PROGRESS_AFTER:
        click.echo("\r\x1b[K", nl=False, err=True)
    return listed


def span(_context: click.Context, _parameter: click.Parameter, value: str | None) -> timedelta | None:
    """Return an option's time such as 4s, 10m, 2h or 3d; a callback of click's."""
    if value is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,6})([smhd])", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not a time; write a number and s, m, h or d, such as 10m")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def aws_options(command: Command) -> Command:
    """Add the options that every command that calls AWS has."""
    command = click.option("--endpoint-url", help="URL to call instead of AWS, such as an emulator's.")(command)
    return click.option("--region", help="AWS region; by default the one in your AWS settings.")(command)


def table_or_json(command: Command) -> Command:
    """Add `--format`."""
    choice = click.Choice(["table", "json"])
    return click.option("--format", "output", type=choice, default="table", show_default=True)(command)


yes_option = click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
