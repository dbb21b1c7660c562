"""`iot-jobs templates drift`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.runtime import aws_options, connected, table_or_json

if TYPE_CHECKING:
    from iot_jobs.aws import Aws
    from iot_jobs.environment import Environment


@click.command(short_help="Compare the deployed job templates with the files.")
@click.argument("path", type=click.Path(path_type=Path, exists=True), default=".")
@click.option("--environment", metavar="NAME", help="Only the templates of this environment, and those left over.")
@aws_options
@table_or_json
def drift(path: Path, environment: str | None, region: str | None, endpoint_url: str | None, output: str) -> None:
    """Compare the job templates of this account and region with those that the application at PATH declares.

    Each template is as declared; differs, because the files were edited but not deployed, or because it was recreated
    by hand; is missing; or is left over: its id has the form that iot-jobs gives, but no environment of the
    application publishes it.

    Exit code 1 means that a template isn't as declared, 2 that the comparison could not run.
    """
    from iot_jobs import review
    from iot_jobs.check import load_application
    from iot_jobs.render import drift as render

    with connected(region, endpoint_url) as aws:
        application = load_application(path)
        here = [each for each in application.environments if aws.region in each.region]
        if environment is not None and environment not in [each.name for each in here]:
            raise CannotRun(f"there is no environment {environment} in {aws.region}")
        if not here:
            raise CannotRun(f"no environment is in {aws.region}; name another with --region")
        ids = aws.template_ids()
        published = _published(aws, here)
        deployed = {each: aws.template(each) for each in sorted({*filter(None, published.values())} & {*ids})}
        asked = [each for each in here if environment in (None, each.name)]
        found = render.Comparison(review.drift(asked, published, deployed, ids), len(ids), aws.region)
        click.echo(render.FORMATS[output](found), nl=False)
        click.echo(render.summary(found), err=True)
        sys.exit(0 if all(each.standing == "as declared" for each in found.templates) else 1)


def _published(aws: Aws, environments: Iterable[Environment]) -> dict[tuple[str, str], str | None]:
    """Return the id that each template of the environments is published under, None where there is none."""
    from iot_jobs.aws import AwsError
    from iot_jobs.identity import parameter_name

    ids: dict[tuple[str, str], str | None] = {}
    for environment in environments:
        for name in (str(spec.template_name) for spec in environment.templates):
            try:
                ids[environment.name, name] = aws.parameter(parameter_name(environment.name, name)).rpartition("/")[2]
            except AwsError as error:
                if error.kind != "missing":
                    raise
                ids[environment.name, name] = None
    return ids
