"""Properties on their own: in CloudFormation's spelling, or input or output of the AWS CLI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iot_jobs.cloudformation import API_JOB, API_TEMPLATE, JOB, TEMPLATE, Spelling
from iot_jobs.documents import family_of
from iot_jobs.finding import nearest
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Reading, read_properties

_SPELLINGS = (TEMPLATE, API_TEMPLATE, JOB, API_JOB)
_FEW = 30
"""The largest number of keys in a file that are compared with known names."""
# Names that other tools' files have too: a file with no others is read only if the user named it.
_ANYONES = {"description", "document", "tags", "targets", "status", "comment", "createdat", "completedat"}


def _spelling(data: Mapping[str, Any], *, named: bool) -> Spelling | None:
    """Return the spelling of most of the keys, None if most of the keys are unknown.

    In a named file that is not a job document, a single known key is enough, and misspelt ones count.
    """
    counts = [(len(data.keys() & (spelling.keys | spelling.answers)), spelling) for spelling in _SPELLINGS]
    count, best = max(counts, key=lambda pair: pair[0])
    ours = data.keys() & {"JobTemplateId", "jobTemplateId"}
    if count * 2 >= len(data) and (count > 1 or ours):
        return best
    if not named or not 0 < len(data) <= _FEW or family_of(data) is not None:
        return None

    def near(spelling: Spelling) -> int:
        return sum(nearest(str(key), spelling.keys, cutoff=0.85) is not None for key in data)

    like, _, best = max(((near(spelling), count, spelling) for count, spelling in counts), key=lambda row: row[:2])
    return best if like * 2 >= len(data) else None


def _names(data: Mapping[str, Any]) -> set[str]:
    """Return the keys that are names of properties in any spelling, in lower case."""
    known = (spelling.keys | spelling.answers for spelling in _SPELLINGS)
    return {key.lower() for key in data.keys() & frozenset().union(*known)}


def _matches(file: File) -> bool:
    return _spelling(file.data, named=file.named) is not None and (file.named or not _names(file.data) <= _ANYONES)


def _read(file: File, reading: Reading) -> None:
    spelling = _spelling(file.data, named=file.named)
    assert spelling is not None  # noqa: S101  # it matched
    read_properties(file.source, (), spelling, reading)


KIND = Kind(_matches, _read)
