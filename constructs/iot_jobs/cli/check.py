"""`iot-jobs check`."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.finding import LONGEST_TEXT, MOST_FINDINGS, nearest, one_line, shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from iot_jobs.cloudformation import Stack
    from iot_jobs.environment import Quotas


@click.command(short_help="Check files and folders against AWS's rules, and give advice.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format", "output", type=click.Choice(["text", "json", "github", "sarif"]), default="text", show_default=True
)
@click.option(
    "--quota",
    "quotas",
    metavar="NAME=NUMBER",
    multiple=True,
    help="A quota that AWS raised, for files without an environment: maximum_per_minute=2000. Repeatable.",
)
@click.option(
    "--parameter",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="The value of a CloudFormation template's parameter. Repeatable.",
)
@click.option("--stack-name", metavar="NAME", help="The stack's name, for CloudFormation templates.")
@click.option("--account", metavar="ACCOUNT", help="The account, for files without an environment.")
@click.option("--region", metavar="REGION", help="The region, for files without an environment.")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["template", "job", "document", "environment", "family", "cloudformation"]),
    help="Read each PATH, which must be a file, as this kind, whatever its content.",
)
@click.option(
    "--only-jobs",
    is_flag=True,
    help="Check the job templates and jobs of a CloudFormation template, and nothing else in it.",
)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option("--verbose", is_flag=True, help="List the values that are known only at deployment.")
def check(
    paths: tuple[Path, ...],
    output: str,
    quotas: tuple[str, ...],
    parameters: tuple[str, ...],
    stack_name: str | None,
    account: str | None,
    region: str | None,
    kind: str | None,
    only_jobs: bool,
    strict: bool,
    verbose: bool,
) -> None:
    """Check files and folders against AWS's rules, and give advice.

    Each PATH is an application with its environments, families and job documents, a CloudFormation template in JSON or
    YAML, a cdk.out folder, input or output of the AWS CLI, or a job document. Its content decides which.

    The report goes to stdout. Exit code 1 means at least one error, 2 that the check could not run, or that a file
    caused an internal error.
    """
    from iot_jobs.check import check as check_reading
    from iot_jobs.render import findings
    from iot_jobs.sources import read_paths, read_paths_as

    stated = _stated(quotas)
    if kind is not None and (folders := [str(path) for path in paths if path.is_dir()]):
        raise click.BadParameter(f"name files, not the folder {folders[0]}", param_hint="--as")
    stack = _stack(parameters, stack_name, account, region)
    reading = read_paths(paths, stack=stack) if kind is None else read_paths_as(kind, paths, stack=stack)
    _no_unknown(stack.parameters, reading.parameters)
    report = check_reading(reading, now=datetime.now(UTC), quotas=stated, only_jobs=only_jobs)
    click.echo(findings.FORMATS[output](report), nl=False)
    for skipped in report.skipped:
        click.echo(f"skipped {one_line(skipped.file)}: {skipped.reason}", err=True)
    for unknown in report.unjudged[:MOST_FINDINGS] if verbose else ():
        place = unknown.place
        click.echo(
            f"known only at deployment {place}: {place.path}: {one_line(shortened(unknown.what, LONGEST_TEXT))}",
            err=True,
        )
    click.echo(findings.summary(report), err=True)
    if not report.checked and not report.findings:
        raise CannotRun("there is nothing to check in " + ", ".join(map(str, paths)))
    sys.exit(2 if report.crashed() else int(report.failed(strict=strict)))


def _stated(quotas: tuple[str, ...]) -> Quotas:
    """Return the quotas that the options state. Raises `click.BadParameter` for an unknown name or a wrong number."""
    from iot_jobs.environment import Quotas

    split = [text.partition("=") for text in quotas]
    stated, findings = Quotas.check({name: int(text) if text.isdecimal() else text for name, _, text in split})
    if stated is None:
        texts = [f"{finding.path}: allowed {finding.allowed}; {finding.fix}" for finding in findings]
        raise click.BadParameter("; ".join(texts), param_hint="--quota")
    return stated


def _stack(parameters: tuple[str, ...], name: str | None, account: str | None, region: str | None) -> Stack:
    """Return the stack that the options state. Raises `click.BadParameter` for what no stack has."""
    from iot_jobs.cloudformation import Stack
    from iot_jobs.limits import ACCOUNT, REGION
    from iot_jobs.limits.regions import PARTITIONS

    for option, text, pattern, allowed in (
        ("--stack-name", name, "[A-Za-z][A-Za-z0-9-]{0,127}", "a letter, then up to 127 letters, digits and hyphens"),
        ("--account", account, ACCOUNT.pattern, "12 digits"),
        ("--region", region, REGION.pattern, "the code of a region, such as eu-west-1"),
        *(("--parameter", text, "(?s)[^=]+=.*", "NAME=VALUE") for text in parameters),
    ):
        if text is not None and not re.fullmatch(str(pattern), text):
            raise click.BadParameter(f"{text}: allowed {allowed}", param_hint=option)
    if region is not None and region not in PARTITIONS:  # it may have been opened since
        near = nearest(region, PARTITIONS)
        click.echo(f"--region {region} is not known" + (f"; {near} is" if near else ""), err=True)
    given = [text.partition("=") for text in parameters]
    return Stack(name, account, region, {name: value for name, _, value in given})


def _no_unknown(given: Iterable[str], declared: Collection[str]) -> None:
    """Raise `click.BadParameter` for a parameter that no template declares."""
    for name in given:
        if name not in declared:
            near = nearest(name, declared)
            text = f"no template in these paths has a parameter {name}" + (f"; write {near}" if near else "")
            raise click.BadParameter(text, param_hint="--parameter")
