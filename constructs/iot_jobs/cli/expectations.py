"""The options that state what is expected of devices, alike in every command that forecasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def share(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """Return a share from 0 to 1, which may be typed in percent: 0.01 or 1%."""
    if text is None:
        return None
    number, percent, rest = text.partition("%")
    try:
        value = float(number)
    except ValueError:
        rest = number or "%"
    if rest:
        raise click.BadParameter(f"'{text}' is neither a share, such as 0.01, nor a percentage, such as 1%.")
    return round(value / 100, 12) if percent else value


_OPTIONS = (
    click.option("--things", type=click.IntRange(1), help="Number of things that the job targets."),
    click.option("--failure-rate", type=float, help="Share of executions that fail, 0 to 1."),
    click.option("--reject-rate", type=float, help="Share of executions that are rejected."),
    click.option("--hang-rate", type=float, help="Share of executions that never report."),
    click.option("--offline-rate", type=float, help="Share of things that never start."),
    click.option(
        "--start-delay",
        metavar="MINUTES",
        help="Minutes from queued to started: 5, or 5:2 (lognormal, median 5, factor 2).",
    ),
    click.option("--run-time", metavar="MINUTES", help="Minutes that an execution runs, in the same format."),
    click.option(
        "--failure-time", metavar="MINUTES", help="Minutes until a failure is reported; default: the run time."
    ),
    click.option(
        "--failures-stick",
        type=float,
        metavar="SHARE",
        help="Share of things on which every retry of a failure fails too, 0 to 1.",
    ),
    click.option(
        "--bad-release",
        "bad_release_rate",
        callback=share,
        metavar="SHARE",
        help="Share of devices on which a bad release fails: 0.1 or 10%, which is the default.",
    ),
)
_TIMES = ("start_delay", "run_time", "failure_time")


def expectation_options(command: Command) -> Command:
    """Add the options to a command, which gets them as keywords for `stated`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def start_option(default: str) -> Callable[[Command], Command]:
    """Return the option that states when a job is created, with the default in words."""
    return click.option(
        "--start",
        metavar="YYYY-MM-DDThh:mm",
        type=click.DateTime(["%Y-%m-%dT%H:%M"]),
        help=f"When the job is created, in UTC; default: {default}.",
    )


def stated(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as fields of `Fleet` and `Assumptions`; None where nothing is stated."""
    times = {f"{name}_minutes": _minutes(given[name]) for name in _TIMES}
    return {name: value for name, value in given.items() if name not in _TIMES} | times


def _minutes(text: str | None) -> float | str | None:
    """Return a time as it was typed: as a number if it is one, else as text such as `5:2`."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
