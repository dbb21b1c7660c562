"""A job document on its own."""

from __future__ import annotations

from iot_jobs.documents import family_of
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Document, Reading

_MARKED = ("device-client", "managed-template", "freertos-ota")
"""The families with members that nothing else has. An `operation` is in other files too."""


def _matches(file: File) -> bool:
    return file.path.suffix in (".json", "") and (file.named or family_of(file.data) in _MARKED)


def _read(file: File, reading: Reading) -> None:
    reading.documents.append(Document(JobDocument(file.source.text), file.source.place, file.source.name))


def _is_list(file: File) -> bool:
    return file.named and file.path.suffix in (".json", "") and isinstance(file.data, list)


KIND = Kind(_matches, _read)
LIST = Kind(_is_list, _read)
"""A list, which only a job document may be."""
