"""`iot-jobs suggest`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.expectations import expectation_options, share, stated
from iot_jobs.finding import one_line

if TYPE_CHECKING:
    from iot_jobs.render.suggest import Suggested
    from iot_jobs.sources import Subject


@click.command(short_help="Suggest a rollout and abort criteria that limit harm.")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("template", required=False)
@click.option(
    "--max-harmed",
    type=click.IntRange(0),
    help="Largest number of things that a release may fail on; default: the fleet's max_harmed.",
)
@click.option(
    "--max-hours",
    type=click.IntRange(1),
    help="Hours within which a rollout is done; default: the fleet's max_duration_hours, or no limit.",
)
@click.option(
    "--max-per-minute",
    type=click.IntRange(1),
    help="Largest number of things a minute that your servers can handle; default: the AWS quota.",
)
@click.option(
    "--false-abort",
    callback=share,
    metavar="SHARE",
    default="1%",
    show_default=True,
    help="Share of healthy releases that may be stopped by mistake.",
)
@expectation_options
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the simulation.")
@click.option("--write", is_flag=True, help="Write the settings into FILE, an environment, and show the difference.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def suggest(
    path: Path,
    template: str | None,
    max_harmed: int | None,
    max_hours: int | None,
    max_per_minute: int | None,
    false_abort: float,
    seed: int,
    write: bool,
    output: str,
    **expected: Any,
) -> None:
    """Suggest a rollout and abort criteria that limit harm.

    The settings are those of the quickest rollout in which no release, however bad, fails on more things than allowed,
    and a healthy release is hardly ever stopped. FILE is the same as for forecast; the template's timeout, retries and
    windows are kept. docs/suggest.md says what is promised, and how the settings are found.

    Exit code 1 means that a template has no such settings, with the reason, or that the files have errors; 2 that the
    command could not run.
    """
    from iot_jobs import forecast as forecasting
    from iot_jobs.cli import selection
    from iot_jobs.render import suggest as render

    if not 0 < false_abort <= 0.5:
        raise click.BadParameter("it must be above 0 and at most 0.5, or 50%", param_hint="--false-abort")
    subjects = selection.of_file(path, template)
    environment = subjects[0].environment  # all are of one, or of none
    if write and environment is None:
        raise CannotRun("--write changes an environment: name a file of stacks/environments")
    if environment is not None:
        max_harmed = environment.fleet.max_harmed if max_harmed is None else max_harmed
        max_hours = max_hours or environment.fleet.max_duration_hours
        max_per_minute = max_per_minute or environment.quotas.maximum_per_minute
    if max_harmed is None:
        raise CannotRun("nothing says how many things may be harmed: add --max-harmed, or max_harmed to the fleet")
    rate = max_per_minute or forecasting.Goals.max_per_minute
    goals = forecasting.Goals(max_harmed, max_hours, false_abort, rate)
    suggested = selection.forecast_each(
        subjects,
        stated(expected),
        lambda subject, assumed: render.Suggested(
            forecasting.suggest(subject.spec, assumed, goals, seed=seed), _family(subject)
        ),
    )
    if not suggested:
        raise CannotRun(f"there is nothing to suggest settings for in {path}")
    click.echo(render.FORMATS[output](render.Suggestions(suggested, several=len(subjects) > 1)), nl=False)
    if write:
        _write(path, suggested)
    sys.exit(int(any(one.suggestion.rollout is None for one in suggested)))


def _family(subject: Subject) -> Any:
    """Return the values of a template's family; nothing for a template of another kind of file."""
    from iot_jobs.sources import read

    return read(Path(subject.file)).data if subject.environment and subject.file else {}


def _write(path: Path, suggested: list[Suggested]) -> None:
    """Write the settings into an environment's file, after showing the difference. Raises `CannotRun`."""
    import difflib

    from iot_jobs.render.atomic import write_whole
    from iot_jobs.render.suggest import values
    from iot_jobs.sources.yamledit import NotEditableError, replaced

    before = path.read_bytes().decode("utf-8-sig")
    after = before
    for one in suggested:
        settings = values(one.suggestion, one.family)
        try:
            after = replaced(after, ("templates", one.suggestion.template), settings) if settings else after
        except NotEditableError as error:
            raise CannotRun(f"{path} is unchanged: {error}; paste the settings instead") from None
    if after == before:
        click.echo(f"{path} is unchanged", err=True)
        return
    name = str(path)
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm=""):
        click.echo(one_line(line), err=True)
    try:
        write_whole(after, path)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}") from None
