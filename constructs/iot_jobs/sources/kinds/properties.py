"""Properties on their own: in CloudFormation's spelling, or input or output of the AWS CLI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from iot_jobs.cloudformation import API_JOB, API_TEMPLATE, JOB, TEMPLATE, Spelling
from iot_jobs.finding import nearest
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Reading, read_properties

_SPELLINGS = (TEMPLATE, API_TEMPLATE, JOB, API_JOB)
_FEW = 30
"""The largest number of keys in a file that are compared with the id."""


def spelling_of(data: Mapping[str, Any], spellings: Iterable[Spelling]) -> Spelling:
    """Return the spelling that knows most of the keys."""
    return max(spellings, key=lambda spelling: len(data.keys() & (spelling.keys | spelling.answers)))


def _shows(data: Mapping[str, Any], spelling: Spelling) -> bool:
    """Return whether a file has what only properties in this spelling have."""
    names = spelling.names
    given = {names.ours[key]: value for key, value in data.items() if key in names.ours}
    address, content = given.get("document_source"), given.get("document")
    return (
        "template_name" in given
        or ("job_id" in given and isinstance(given.get("targets"), list))
        or (isinstance(address, str) and "://" in address)
        or ("description" in given and isinstance(content, str) and content.lstrip().startswith("{"))
        or any(isinstance(one, Mapping) and one.keys() & names.parts(key).ours.keys() for key, one in given.items())
        or spelling.is_answer(data)
    )


def _spelling(file: File) -> Spelling | None:
    """Return the spelling that a file shows, None for none. A named file may misspell the id of its template."""
    data = file.data
    if shown := [spelling for spelling in _SPELLINGS if _shows(data, spelling)]:
        return spelling_of(data, shown)
    near = nearest("jobTemplateId", map(str, data), cutoff=0.85) if file.named and len(data) <= _FEW else None
    if near is None:
        return None
    return TEMPLATE if near[0] == "J" else API_TEMPLATE


def _matches(file: File) -> bool:
    return _spelling(file) is not None


def _read(file: File, reading: Reading) -> None:
    spelling = _spelling(file)
    assert spelling is not None  # noqa: S101  # it matched
    read_properties(file.source, (), file.data, spelling, reading, file.around)


def reader(*spellings: Spelling) -> Callable[[File, Reading], None]:
    """Return the reader of a file that is stated to be properties, in one of these spellings."""

    def read(file: File, reading: Reading) -> None:
        read_properties(file.source, (), file.data, spelling_of(file.data, spellings), reading, file.around)

    return read


KIND = Kind(_matches, _read)
