"""The command `iot-jobs`: arguments and exit codes, nothing else. 0 is clean, 1 findings, 2 could not run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from iot_jobs import render
from iot_jobs.files import load_application
from iot_jobs.finding import Finding, FindingsError


class CannotRun(click.ClickException):
    """Ends the program with a message on stderr and exit code 2."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cdk-iot-jobs")
def main() -> None:
    """Check, forecast and review AWS IoT job templates."""


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True), required=True)
def check(paths: tuple[Path, ...]) -> None:
    """Check the application around each PATH: environments, template families and job documents."""
    findings: list[Finding] = []
    checked = 0
    for path in paths:
        try:
            application = load_application(path)
        except FindingsError as error:
            findings += error.findings
        else:
            checked += sum(len(environment.templates) for environment in application.environments)
    click.echo(render.findings_text(findings), nl=False)
    click.echo(render.summary(findings, checked), err=True)
    sys.exit(1 if findings else 0)


@main.command("list")
@click.option("--region", help="The AWS region; by default that of the AWS settings.")
@click.option("--endpoint-url", help="Another address of the AWS API, such as a local one.")
def list_templates(region: str | None, endpoint_url: str | None) -> None:
    """List the job templates that are deployed, with rollout, abort criteria and windows."""
    try:
        from iot_jobs import jobs  # boto3 is slow to load, and an extra
    except ImportError as error:
        raise CannotRun(f"{error}; install cdk-iot-jobs[aws]") from None
    try:
        templates = jobs.deployed_templates(region=region, endpoint_url=endpoint_url)
    except jobs.AwsError as error:
        raise CannotRun(str(error)) from None
    click.echo(render.deployed_table(templates), nl=False)
