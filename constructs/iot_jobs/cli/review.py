"""`iot-jobs review`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.finding import FindingsError


@click.command(short_help="Review what a change does to the fleet.")
@click.argument("base")
@click.argument("head")
@click.option("--things", type=click.IntRange(1), help="Number of things for templates without a fleet.")
@click.option(
    "--format", "output", type=click.Choice(["text", "json", "markdown", "github"]), default="text", show_default=True
)
@click.option(
    "--fail-on",
    type=click.Choice(["riskier", "any", "none"]),
    default="none",
    show_default=True,
    help="Changes that give exit code 1; riskier and any include blocked ones.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write an HTML page too, with plots.")
def review(base: str, head: str, things: int | None, output: str, fail_on: Any, html: Path | None) -> None:
    """Show what a change does to the fleet: riskier or safer, and by how much.

    BASE and HEAD are each a cdk.out folder, a file with job templates (CloudFormation, or a request or response of
    the API), the folder of an application, or a git revision of this repository's environments, such as main or HEAD~1,
    which is read without checking it out; . is the working tree.

    The report goes to stdout; docs/review.md says which changes are riskier, and why. Exit code 1 means a change that
    --fail-on names, 2 that the review could not run.
    """
    from iot_jobs import review as reviewing
    from iot_jobs.render import review as render
    from iot_jobs.render.review_words import headline

    try:
        sides = [reviewing.deployment(side, near=Path.cwd()) for side in (base, head)]
        result = reviewing.review(*sides, things=things)
    except FindingsError as error:
        click.echo(error)
        raise CannotRun("a side of the comparison has errors") from None
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
