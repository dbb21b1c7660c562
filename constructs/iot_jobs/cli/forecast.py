"""`iot-jobs forecast`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.expectations import expectation_options, start_option, stated


def _picture(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a picture format that can't be written, before the forecast runs."""
    if path is not None and path.suffix.lower() not in (".svg", ".png"):
        raise click.BadParameter(f"'{path}' is neither an .svg nor a .png.")
    return path


@click.command(short_help="Forecast a rollout: time, blast radius, executions.")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.argument("template", required=False)
@expectation_options
@start_option("now")
@click.option(
    "--trials",
    type=click.IntRange(1, 100_000),
    help="Number of simulated rollouts for the risk, 250 to 1000 by default; also adds percentiles of all figures.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the simulation.")
@click.option("--format", "output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_picture,
    help="Write a picture of TEMPLATE: .svg or .png.",
)
def forecast(path: Path, template: str | None, trials: int | None, seed: int, output: str, plot: Path | None,
             start: datetime | None, **expected: Any) -> None:  # fmt: skip
    """Forecast how long a rollout takes, how many things a bad release harms, and how many executions are billed.

    FILE is an environment in stacks/environments or, with --things, a CloudFormation template or the properties of one
    job template. Without TEMPLATE, one table shows all templates of FILE. Options that are left out take their values
    from the template's expect block and the environment's fleet; docs/forecast.md lists the defaults and the
    assumptions.

    Exit code 1 means that the files have errors, which are listed; 2 that there was nothing to forecast.
    """
    from iot_jobs import forecast as forecasting
    from iot_jobs.cli import selection
    from iot_jobs.render import forecast as render

    values = {**stated(expected), "start": start or datetime.now(UTC)}
    subjects = selection.of_file(path, template)
    if plot is not None and len(subjects) > 1:
        raise CannotRun("--plot draws one template: add TEMPLATE after FILE")
    forecasts = selection.forecast_each(
        subjects,
        values,
        lambda subject, assumed: forecasting.forecast(subject.spec, assumed, trials=trials, seed=seed),
    )
    if not forecasts:
        raise CannotRun(f"there is nothing to forecast in {path}")
    text = render.FORMATS[output](render.Forecasts(forecasts, several=len(subjects) > 1))
    if plot is not None:
        _plot(forecasts[0], plot)
    click.echo(text, nl=False)


def _plot(result: Any, path: Path) -> None:
    from iot_jobs.render import plot

    try:
        plot.write(result, path)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}") from None
