"""The command `iot-jobs`: arguments and exit codes, nothing else. 0 is clean, 1 findings, 2 could not run."""

from __future__ import annotations

import gc
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click


class CannotRun(click.ClickException):
    """Ends the program with a message on stderr and exit code 2."""

    exit_code = 2


def run() -> None:
    """Start the program as a process of its own, which is short."""
    # Together a tenth of the time: cycles don't matter here, and pydantic would search every package for plug-ins.
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    main()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cdk-iot-jobs")
def main() -> None:
    """Check AWS IoT job templates before they are deployed, and list those that are."""


@main.command()
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
    from iot_jobs.files import read_paths
    from iot_jobs.finding import one_line
    from iot_jobs.render import findings

    report = check_reading(read_paths(paths), now=datetime.now(UTC))
    click.echo(findings.FORMATS[output](report), nl=False)
    for one in report.skipped:
        click.echo(f"skipped {one_line(one.file)}: {one.reason}", err=True)
    click.echo(findings.summary(report), err=True)
    if not report.checked and not report.findings:
        raise CannotRun("there is nothing to check in " + ", ".join(map(str, paths)))
    sys.exit(int(report.failed(strict=strict)))


@main.command()
@click.argument("kind", type=click.Choice(["environment", "family", "document"]))
@click.argument("name", required=False)
def schema(kind: str, name: str | None) -> None:
    """Print the JSON Schema of environments, of families, or of the document family NAME."""
    from iot_jobs.files import json_schema

    try:
        click.echo(json_schema(kind, name), nl=False)
    except KeyError as error:
        raise CannotRun(error.args[0]) from None


@main.command("list")
@click.option("--region", help="The AWS region; by default that of the AWS settings.")
@click.option("--endpoint-url", help="Another address of the AWS API, such as a local one.")
def list_templates(region: str | None, endpoint_url: str | None) -> None:
    """List the job templates that are deployed, with rollout, abort criteria and windows."""
    try:
        from iot_jobs import jobs
        from iot_jobs.render import deployed_table
    except ImportError as error:
        raise CannotRun(f"{error}; install cdk-iot-jobs[aws]") from None
    try:
        templates = jobs.deployed_templates(region=region, endpoint_url=endpoint_url)
    except jobs.AwsError as error:
        raise CannotRun(str(error)) from None
    click.echo(deployed_table(templates), nl=False)
