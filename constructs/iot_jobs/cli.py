"""The command `iot-jobs`: arguments and exit codes, nothing else.

0 is clean, 1 findings, 2 could not run, 130 interrupted.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from iot_jobs.extras import MissingExtraError
from iot_jobs.finding import FindingsError, one_line


class CannotRun(click.ClickException):
    """Ends the program with a message on stderr and exit code 2."""

    exit_code = 2


class _Commands(click.Group):
    """Commands that end with one line where a library of an extra is missing, and on ^C."""

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
    """Check, forecast and review AWS IoT job templates before they are deployed, and list those that are."""
    if isinstance(sys.stdout, TextIOWrapper):  # reports are the same bytes everywhere, and any name can be printed
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


@main.command(short_help="Check files and folders against AWS's rules, and advise.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format", "output", type=click.Choice(["text", "json", "github", "sarif"]), default="text", show_default=True
)
@click.option("--strict", is_flag=True, help="Let warnings count as errors do.")
def check(paths: tuple[Path, ...], output: str, strict: bool) -> None:
    """Check files and folders against AWS's rules, and advise.

    Each PATH may be an application with its environments, families and job documents, a CloudFormation template in JSON
    or YAML, a cdk.out folder, input or output of the AWS CLI, or a job document: what it is shows in its content.

    The report goes to stdout. Exit code 1 means at least one error, 2 that the check could not run.
    """
    from iot_jobs.check import check as check_reading
    from iot_jobs.render import findings
    from iot_jobs.sources import read_paths

    report = check_reading(read_paths(paths), now=datetime.now(UTC))
    click.echo(findings.FORMATS[output](report), nl=False)
    for one in report.skipped:
        click.echo(f"skipped {one_line(one.file)}: {one.reason}", err=True)
    click.echo(findings.summary(report), err=True)
    if not report.checked and not report.findings:
        raise CannotRun("there is nothing to check in " + ", ".join(map(str, paths)))
    sys.exit(int(report.failed(strict=strict)))


def _picture(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a picture that could not be written, before there is one."""
    if path is not None and path.suffix.lower() not in (".svg", ".png"):
        raise click.BadParameter(f"'{path}' is neither an .svg nor a .png.")
    return path


@main.command(short_help="Forecast a rollout: how long, how many, at what cost.")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True))
@click.argument("template", required=False)
@click.option("--things", type=int, help="How many things the job is for.")
@click.option("--failure-rate", type=float, help="Share of executions that fail, 0 to 1.")
@click.option("--reject-rate", type=float, help="Share of executions that are rejected.")
@click.option("--hang-rate", type=float, help="Share of executions that never report.")
@click.option("--offline-rate", type=float, help="Share of things that never begin.")
@click.option("--start-delay", metavar="MINUTES", help="Until a device begins: 5, or 5:2 for a spread.")
@click.option("--run-time", metavar="MINUTES", help="From there until it reports.")
@click.option(
    "--start",
    metavar="YYYY-MM-DDThh:mm",
    type=click.DateTime(["%Y-%m-%dT%H:%M"]),
    help="When the job is created, in UTC.",
)
@click.option("--trials", type=click.IntRange(1, 100_000), help="Draw so many rollouts beside the expected one.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="What the trials are drawn from.")
@click.option("--format", "output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_picture,
    help="Write a picture of TEMPLATE: .svg or .png.",
)
def forecast(path: Path, template: str | None, trials: int | None, seed: int, output: str, plot: Path | None,
             **stated: Any) -> None:  # fmt: skip
    """Tell what a template will do to the fleet: how long, how many, at what cost.

    FILE is an environment in stacks/environments, or a CloudFormation template or properties on their own with
    --things. Without TEMPLATE, all of its templates stand in one table. What isn't given comes from the environment's
    fleet; docs/forecast.md lists the defaults, and what the forecast assumes.

    Exit code 1 means that the files have errors, which are listed; 2 that there was nothing to forecast.
    """
    from iot_jobs import forecast as forecasting
    from iot_jobs.render import forecast as render

    for name in ("start_delay", "run_time"):
        stated[f"{name}_minutes"] = forecasting.minutes(stated.pop(name))
    try:
        subjects = forecasting.selected(path, template)
    except FindingsError as error:
        click.echo(error)
        sys.exit(1)
    except forecasting.ForecastError as error:
        raise CannotRun(str(error)) from None
    if plot is not None and len(subjects) > 1:
        raise CannotRun("a picture is of one template: name it after the file")
    found = []
    for subject in subjects:
        try:
            assumed = forecasting.assumptions(subject, stated)
            found.append(forecasting.forecast(subject.spec, assumed, trials=trials, seed=seed))
        except FindingsError as error:
            raise CannotRun(str(error)) from None
        except forecasting.ForecastError as error:
            click.echo(f"skipped {one_line(subject.name)}: {error}", err=True)
    if not found:
        raise CannotRun(f"there is nothing to forecast in {path}")
    several = len(subjects) > 1
    text = render.as_json(found, several=several) if output == "json" else render.FORMATS[output](found)
    if plot is not None:
        _plot(found[0], plot)
    click.echo(text, nl=False)


def _plot(found: Any, path: Path) -> None:
    from iot_jobs.render import plot

    try:
        plot.write(found, path)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}") from None


@main.command(short_help="Review what a change does to the fleet.")
@click.argument("base")
@click.argument("head")
@click.option("--things", type=click.IntRange(1), help="How many things, where a template doesn't say.")
@click.option(
    "--format", "output", type=click.Choice(["text", "json", "markdown", "github"]), default="text", show_default=True
)
@click.option(
    "--fail-on",
    type=click.Choice(["riskier", "any", "none"]),
    default="none",
    show_default=True,
    help="What ends with exit code 1; with riskier or any, so does what can't be deployed.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the same as a page, with plots.")
def review(base: str, head: str, things: int | None, output: str, fail_on: Any, html: Path | None) -> None:
    """Tell what a change does to the fleet: riskier or safer, and by how much.

    BASE and HEAD are each a cdk.out folder, a CloudFormation template, or a git revision of this repository's
    environments, such as main or HEAD~1, which is read without checking it out; . is the working tree.

    The report goes to stdout; docs/review.md says what is riskier and why. Exit code 1 means what --fail-on asks for,
    2 that the review could not run.
    """
    from iot_jobs import review as reviewing
    from iot_jobs.render import review as render
    from iot_jobs.render import review_markdown

    try:
        sides = [reviewing.deployment(given, near=Path.cwd()) for given in (base, head)]
        found = reviewing.review(*sides, things=things)
    except FindingsError as error:
        click.echo(error)
        raise CannotRun("there are errors in what is to be compared") from None
    except reviewing.ReviewError as error:
        raise CannotRun(str(error)) from None
    formats = {**render.FORMATS, "markdown": review_markdown.markdown}
    if html is not None:
        _page(found, html)
    click.echo(formats[output](found), nl=False)
    click.echo(render.headline(found) if found.templates else "nothing changed", err=True)
    sys.exit(int(found.failed(fail_on)))


def _page(found: Any, path: Path) -> None:
    from iot_jobs.render.atomic import write_whole
    from iot_jobs.render.review_html import page

    try:
        write_whole(page(found), path)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}") from None


@main.command(short_help="Print a JSON Schema for editors.")
@click.argument("kind", type=click.Choice(["environment", "family", "document"]))
@click.argument("name", required=False)
def schema(kind: str, name: str | None) -> None:
    """Print the JSON Schema of environments, of families, or of the document family NAME."""
    from iot_jobs.sources import json_schema

    if name is not None and kind != "document":
        raise click.UsageError("only a document's schema has a NAME")
    try:
        click.echo(json_schema(kind, name), nl=False)
    except KeyError as error:
        raise CannotRun(error.args[0]) from None


@main.command("list", short_help="List the job templates that are deployed.")
@click.option("--region", help="The AWS region; by default that of the AWS settings.")
@click.option("--endpoint-url", help="Another address of the AWS API, such as a local one.")
@click.option("--format", "output", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_templates(region: str | None, endpoint_url: str | None, output: str) -> None:
    """List the job templates that are deployed, with rollout, abort criteria and windows.

    The list goes to stdout. Exit code 2 means that AWS could not be asked.
    """
    from iot_jobs import aws
    from iot_jobs.render import deployed
    from iot_jobs.render.findings import count

    try:
        templates = aws.deployed_templates(region=region, endpoint_url=endpoint_url)
    except aws.AwsError as error:
        raise CannotRun(str(error)) from None
    click.echo(deployed.FORMATS[output](templates), nl=False)
    click.echo(count(len(templates), "job template"), err=True)
