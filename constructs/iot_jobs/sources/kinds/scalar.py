"""A file that is not a mapping: a list, text, a number, or empty."""

from __future__ import annotations

from collections.abc import Mapping

from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Reading
from iot_jobs.template.part import WRONG_KIND


def _matches(file: File) -> bool:
    return not isinstance(file.data, Mapping)


def _read(file: File, reading: Reading) -> None:
    if file.named:
        allowed = "a template, environment, properties or document"
        finding = WRONG_KIND.finding(given=file.data, allowed=allowed, fix="check the file")
        reading.find(finding, file.source.place(()))
    else:
        reading.skip(file.path, "not a mapping")


KIND = Kind(_matches, _read)
