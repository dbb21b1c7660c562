"""Errors that name the construct that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from constructs import IConstruct

from iot_jobs.finding import FindingsError


@contextmanager
def naming(scope: IConstruct, *ids: str) -> Iterator[None]:
    """Name a construct in each `FindingsError`: the scope, or the one that is about to be created there."""
    try:
        yield
    except FindingsError as error:
        where = "/".join(filter(None, (scope.node.path, *ids)))
        raise FindingsError(error.findings, rest=error.rest, where=where) from None
