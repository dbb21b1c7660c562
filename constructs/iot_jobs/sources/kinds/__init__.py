"""The kinds of input, in the order in which they are tried: the first that matches a file reads it.

A new kind is a module here with a `KIND`, and a place in `KINDS`. Folders are read by `sources.cdk_out` and
`sources.application`, because the content of a file in them doesn't show its kind.
"""

from __future__ import annotations

from collections.abc import Callable

from iot_jobs.cloudformation import API_JOB, API_TEMPLATE, JOB, TEMPLATE
from iot_jobs.sources.kinds import (
    answer,
    application_file,
    cloudformation,
    job_document,
    properties,
    resource,
    scalar,
)
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Reading

KINDS: tuple[Kind, ...] = (
    job_document.LIST,
    scalar.KIND,
    cloudformation.KIND,
    resource.KIND,
    answer.JOB,
    answer.LIST,
    answer.DOCUMENT,
    application_file.KIND,
    properties.KIND,
    cloudformation.MISPLACED,
    job_document.KIND,
)


STATED: dict[str, Callable[[File, Reading], None]] = {
    "template": properties.reader(TEMPLATE, API_TEMPLATE),
    "job": properties.reader(JOB, API_JOB),
    "document": job_document.KIND.read,
    "environment": application_file.reader(application_file.ENVIRONMENT),
    "family": application_file.reader(application_file.FAMILY),
    "cloudformation": cloudformation.read_stated,
}
"""The readers of the kinds that a user can state."""


def read_as(kind: str, file: File, reading: Reading) -> None:
    """Add a file to a reading as a kind of `STATED`, whatever it shows."""
    if kind != "document":  # a document may be any JSON, and reports duplicate keys and its depth itself
        reading.findings += file.doubled
        if file.source.deep:
            return
        if scalar.KIND.matches(file):
            scalar.KIND.read(file, reading)
            return
    STATED[kind](file, reading)


def read_file(file: File, reading: Reading) -> None:
    """Add a file to a reading: its subjects and findings, or why it is skipped."""
    for kind in KINDS:
        if kind.matches(file):
            if kind not in (
                job_document.KIND,
                job_document.LIST,
            ):  # a document reports its duplicate keys and its depth itself
                reading.findings += file.doubled
                if file.source.deep:
                    return
            kind.read(file, reading)
            return
    reading.findings += file.doubled
    reading.skip(file.path, "neither a CloudFormation template, an environment, properties nor a job document")
