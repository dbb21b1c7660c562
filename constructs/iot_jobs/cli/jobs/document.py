"""`iot-jobs jobs document`."""

from __future__ import annotations

import click

from iot_jobs.cli.runtime import aws_options, connected


@click.command(short_help="Print the document of a job.")
@click.argument("job")
@click.option(
    "--before-substitution",
    is_flag=True,
    help="Keep the placeholders for package versions as they were written.",
)
@aws_options
def document(job: str, before_substitution: bool, region: str | None, endpoint_url: str | None) -> None:
    """Print the document that a job's devices receive."""
    from iot_jobs.render import jobs as render

    with connected(region, endpoint_url) as aws:
        click.echo(render.document(aws.job_document(job, before_substitution=before_substitution)), nl=False)
