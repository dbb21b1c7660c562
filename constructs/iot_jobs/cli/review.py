"""`iot-jobs review`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.expectations import expectation_options, start_option, stated
from iot_jobs.finding import FindingsError


@click.command(short_help="Review what a change does to the fleet.")
@click.argument("base")
@click.argument("head")
@expectation_options
@start_option("2026-01-01T00:00, whenever the review is made")
@click.option(
    "--format", "output", type=click.Choice(["text", "json", "markdown", "github"]), default="text", show_default=True
)
@click.option(
    "--fail-on",
    type=click.Choice(["riskier", "any", "none"]),
    default="none",
    show_default=True,
    help="Changes that give exit code 1; riskier includes unknown ones, and riskier and any include blocked ones.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write an HTML page too, with plots.")
def review(base: str, head: str, output: str, fail_on: Any, html: Path | None, **expected: Any) -> None:
    """Show what a change does to the fleet: riskier or safer, and by how much.

    BASE and HEAD are each a cdk.out folder, a file with job templates (CloudFormation, or a request or response of
    the API), the folder of an application, or a git revision of this repository's environments, such as main or HEAD~1,
    which is read without checking it out; . is the working tree. Options about things and devices override the
    environments' fleets on both sides.

    The report goes to stdout; docs/review.md says which changes are riskier, and why. Exit code 1 means a change that
    --fail-on names, 2 that the review could not run.
    """
    from iot_jobs import review as reviewing
    from iot_jobs.render import review as render
    from iot_jobs.render.review_words import headline

    try:
        sides = [reviewing.deployment(side, near=Path.cwd()) for side in (base, head)]
    except FindingsError as error:
        click.echo(error)
        raise CannotRun("a side of the comparison has errors") from None
    except reviewing.ReviewError as error:
        raise CannotRun(str(error)) from None
    try:
        result = reviewing.review(*sides, **stated(expected))
    except FindingsError as error:
        raise CannotRun(str(error)) from None
    except reviewing.ReviewError as error:
        raise CannotRun(str(error)) from None
    if html is not None:
        _page(result, html)
    click.echo(render.FORMATS[output](result), nl=False)
    click.echo(headline(result) if result.templates else "nothing changed", err=True)
    sys.exit(int(result.failed(fail_on)))


def _page(result: Any, path: Path) -> None:
    from iot_jobs.render.atomic import write_whole
    from iot_jobs.render.review_html import page

    try:
        write_whole(page(result), path)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}") from None
