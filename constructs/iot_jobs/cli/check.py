"""`iot-jobs check`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.finding import one_line


@click.command(short_help="Check files and folders against AWS's rules, and give advice.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format", "output", type=click.Choice(["text", "json", "github", "sarif"]), default="text", show_default=True
)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
def check(paths: tuple[Path, ...], output: str, strict: bool) -> None:
    """Check files and folders against AWS's rules, and give advice.

    Each PATH is an application with its environments, families and job documents, a CloudFormation template in JSON or
    YAML, a cdk.out folder, input or output of the AWS CLI, or a job document. Its content decides which.

    The report goes to stdout. Exit code 1 means at least one error, 2 that the check could not run.
    """
    from iot_jobs.check import check as check_reading
    from iot_jobs.render import findings
    from iot_jobs.sources import read_paths

    report = check_reading(read_paths(paths), now=datetime.now(UTC))
    click.echo(findings.FORMATS[output](report), nl=False)
    for skipped in report.skipped:
        click.echo(f"skipped {one_line(skipped.file)}: {skipped.reason}", err=True)
    click.echo(findings.summary(report), err=True)
    if not report.checked and not report.findings:
        raise CannotRun("there is nothing to check in " + ", ".join(map(str, paths)))
    sys.exit(int(report.failed(strict=strict)))
