"""One resource of a CloudFormation template on its own: a type and properties."""

from __future__ import annotations

from collections.abc import Mapping

from iot_jobs.sources.kinds.cloudformation import RESOURCE_TYPES
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Reading, read_properties


def _matches(file: File) -> bool:
    kind = file.data.get("Type")
    return isinstance(kind, str) and kind in RESOURCE_TYPES and isinstance(file.data.get("Properties"), Mapping)


def _read(file: File, reading: Reading) -> None:
    given, spelling = file.data["Properties"], RESOURCE_TYPES[file.data["Type"]]
    read_properties(file.source, ("Properties",), given, spelling, reading, file.around)


KIND = Kind(_matches, _read)
