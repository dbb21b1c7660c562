"""A kind of input: functions that recognize and read a file of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from iot_jobs.cloudformation import UNKNOWN_STACK, Declarations, Stack
from iot_jobs.finding import Finding
from iot_jobs.sources.source import Source
from iot_jobs.sources.subject import Reading, Surroundings


class File(NamedTuple):
    """A file that was read as JSON or YAML.

    `named`: the user named it. `doubled`: findings for its duplicate keys. `stack`: where it is deployed.
    """

    path: Path
    source: Source
    named: bool
    doubled: Sequence[Finding]
    stack: Stack = UNKNOWN_STACK

    @property
    def data(self) -> Any:
        """The file's data."""
        return self.source.data

    @property
    def around(self) -> Surroundings:
        """The surroundings of properties that are in no template."""
        return Surroundings(Declarations({}, self.stack))


class Kind(NamedTuple):
    """`matches` is called if no earlier kind has matched; `read` adds the file to a reading."""

    matches: Callable[[File], bool]
    read: Callable[[File, Reading], None]
