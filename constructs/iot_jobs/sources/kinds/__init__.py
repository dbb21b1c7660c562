"""The kinds of input, in the order in which they are tried: the first that matches a file reads it.

A new kind is a module here with a `KIND`, and a place in `KINDS`. Folders are read by `sources.cdk_out` and
`sources.application`, because the content of a file in them doesn't show its kind.
"""

from __future__ import annotations

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


def read_file(file: File, reading: Reading) -> None:
    """Add a file to a reading: its subjects and findings, or why it is skipped."""
    for kind in KINDS:
        if kind.matches(file):
            if kind is not job_document.KIND:  # a document may have duplicate keys, and reports them itself
                reading.findings += file.doubled
            kind.read(file, reading)
            return
    reading.findings += file.doubled
    reading.skip(file.path, "neither a CloudFormation template, an environment, properties nor a job document")
