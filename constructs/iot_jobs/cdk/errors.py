"""Findings for users of the CDK: errors that name their construct, and one-line texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from constructs import IConstruct

from iot_jobs.finding import Finding, FindingsError, shown


@contextmanager
def naming(scope: IConstruct, *ids: str) -> Iterator[None]:
    """Name a construct in each `FindingsError`: the scope, or the construct about to be created in it."""
    try:
        yield
    except FindingsError as error:
        where = "/".join(filter(None, (scope.node.path, *ids)))
        raise FindingsError(error.findings, rest=error.rest, where=where) from None


def in_one_line(finding: Finding, where: str) -> str:
    """Return a finding as one line, without its fix."""
    given = "" if finding.given is None else f"given {shown(finding.given)}, "
    return f"{where}: {given}allowed {finding.allowed}; {finding.rule.title}"
