"""A file in the application's format that is in no application: an environment, or a template family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iot_jobs.cloudformation import API_JOB, API_TEMPLATE
from iot_jobs.sources.application import FAMILY_KEYS
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Reading

FAMILY, ENVIRONMENT = "a template family", "an environment"


def _kind(data: Mapping[str, Any], *, named: bool) -> str | None:
    """Return the kind that a file looks like, None for neither."""
    if {"templates", "region"} <= data.keys() or {"templates", "fleet"} <= data.keys():
        return ENVIRONMENT
    # `description` and `document` have the same names in the API, where a document is JSON and not a file.
    theirs, document = API_TEMPLATE.keys | API_JOB.keys, data.get("document")
    ours = len(data.keys() & (FAMILY_KEYS - theirs)) - len(data.keys() & (theirs - FAMILY_KEYS))
    files = isinstance(document, str) and document.endswith(".json") and "description" in data
    return FAMILY if (files and ours >= 0) or ((named or "document" in data) and ours > 0) else None


def _matches(file: File) -> bool:
    return _kind(file.data, named=file.named) is not None


def _read(file: File, reading: Reading) -> None:
    kind = str(_kind(file.data, named=file.named))
    if file.named:  # checked together with the files beside it, when all are known
        reading.beside.setdefault(file.path.parent, []).append((file.path, kind))
    else:
        reading.skip(file.path, f"looks like {kind}, but is in no application (stacks/, job_documents/)")


KIND = Kind(_matches, _read)
