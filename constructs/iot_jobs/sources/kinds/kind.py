"""A kind of input: how a file of it is recognised, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from iot_jobs.sources.source import Source
from iot_jobs.sources.subject import Reading


class File(NamedTuple):
    """A file that was read as JSON or YAML. `named` says that the user named it, `whole` that no key stands twice."""

    path: Path
    source: Source
    named: bool
    whole: bool

    @property
    def data(self) -> Any:
        """The file's data."""
        return self.source.data


class Kind(NamedTuple):
    """`matches` sees a file that no earlier kind has matched; `read` adds what is in it to a reading."""

    matches: Callable[[File], bool]
    read: Callable[[File, Reading], None]
