"""One file that was read: its data, and the place of each value in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from iot_jobs import jsontext
from iot_jobs.documents.job_document import UNREADABLE, unreadable
from iot_jobs.finding import LONGEST_TEXT, Finding, FindingsError, Location, Place, key_in_path, shortened
from iot_jobs.limits import MAX_DOCUMENT_DEPTH, MAX_READ_DEPTH
from iot_jobs.unresolved import is_intrinsic

MAX_BYTES = 2_000_000
"""CloudFormation takes templates of up to 1,000,000 bytes; larger ones up to this size are read, for JT116."""

# Keys that name an item of a list, in all spellings.
_NAMING = ("failure_type", "FailureType", "failureType", "start_time", "StartTime", "startTime", "Key", "key", "name")


class Source(NamedTuple):
    """A file's data, and its name as shown to users.

    `deployed` has findings for YAML that CloudFormation refuses in a template, or takes otherwise than it looks. `deep`
    says that JSON is nested too deep to be read, so that `data` is only its uppermost level, without values.
    """

    name: str
    text: str
    data: Any
    position: Callable[[Location], tuple[int, int]]
    deployed: Sequence[Finding] = ()
    deep: bool = False

    def place(self, loc: Location) -> Place:
        """Return the place of the value at `loc`, or of its nearest ancestor if there is no such value."""
        line, column = self.position(loc)
        return Place(path_of(loc, self.data), self.name, line, column, loc, self._is_literal(loc))

    def _is_literal(self, loc: Location) -> bool:
        """Return whether a value is or could be written at `loc`: not in a text, and neither by nor in a function."""
        value = holder = self.data
        above: object = None
        for part in loc:
            above, holder = holder, value
            if isinstance(holder, list):
                value = holder[part] if isinstance(part, int) and part < len(holder) else None
            elif isinstance(holder, Mapping):
                value = holder.get(part)
            else:
                return False
        has_variable = isinstance(value, str) and "${" in value
        return not (has_variable or any(map(is_intrinsic, (above, holder, value))))

    def holds(self, loc: Location) -> int:
        """Return the number of parts of `loc` that lead to a value of this file."""
        value = self.data
        for count, part in enumerate(loc):
            keys = range(len(value)) if isinstance(value, list) else value if isinstance(value, Mapping) else ()
            if part not in keys:
                return count
            value = value[part]
        return len(loc)


def read(path: Path) -> Source:
    """Read a YAML or JSON file, by its suffix, else by its content.

    Raises `FindingsError` with every syntax error and its line.
    """
    source, findings = read_on(path)
    if source is None or findings:
        raise FindingsError(findings)
    return source


def read_on(path: Path) -> tuple[Source | None, list[Finding]]:
    """Read a file as `read` does, and return all findings. Repeated keys are left out, so that the rest can be checked.

    So is what is nested too deep, which only a job document may be. Other errors leave nothing to check.
    """
    name = shown_path(path)
    try:
        raw = _bytes(path)
        text = "" if len(raw) > MAX_BYTES else raw.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = unreadable(error)
        finding = UNREADABLE.finding(
            allowed=f"a readable file in UTF-8; {reason}", fix="check the path and the encoding"
        )
        return None, [finding._replace(place=Place("", name))]
    if len(raw) > MAX_BYTES:
        finding = UNREADABLE.finding(
            given=path.stat().st_size, allowed=f"up to {MAX_BYTES} bytes", fix="split the file"
        )
        return None, [finding._replace(place=Place("", name))]
    is_json = path.suffix == ".json" or (path.suffix not in (".yaml", ".yml") and text.lstrip()[:1] in ("{", "["))
    try:
        if is_json:
            data, position, doubled = _json(text)
            deployed: Sequence[Finding] = ()
        else:
            from iot_jobs.sources import yamltext  # only here: JSON needs no YAML parser

            data, position, doubled, deployed = yamltext.parse(text)
    except FindingsError as error:
        return None, [_in_file(finding, name) for finding in error.findings]
    deep = any(finding.rule == jsontext.TOO_DEEP for finding in doubled)
    source = Source(name, text, data, position, [_in_file(finding, name) for finding in deployed], deep)
    return source, [_in_file(finding, name) for finding in doubled]


def _json(text: str) -> tuple[Any, Callable[[Location], tuple[int, int]], Sequence[Finding]]:
    """Return data, places and findings of JSON. Of what is nested too deep to be read, the data are the keys alone."""
    doubled: Sequence[Finding] = ()
    try:
        data = jsontext.parse(text)
    except jsontext.JsonError as error:
        data, doubled = error.value, error.findings
        if data is None and doubled[0].rule != jsontext.TOO_DEEP:
            raise
    if data is None or jsontext.depth(data) > MAX_READ_DEPTH:
        if jsontext.levels(text) > MAX_DOCUMENT_DEPTH:  # which Pythons parse to different depths
            raise FindingsError([jsontext.too_deep(text, most=MAX_DOCUMENT_DEPTH)])
        is_list = text.lstrip().startswith("[")
        data, doubled = [] if is_list else dict.fromkeys(jsontext.keys(text)), [jsontext.too_deep(text)]
    return data, jsontext.locator(text), doubled


def _bytes(path: Path) -> bytes:
    """Return what a regular file holds, up to one byte more than is read. Raises `OSError` for any other."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def resolved(path: Path) -> Path:
    """Return the absolute path with its links resolved, or as it is if they are circular."""
    return _resolved(path, os.getcwd())  # noqa: PTH109  # a Path is slow to make, and this runs for each file


def shown_path(path: Path) -> str:
    """Return a path relative to the working directory, if it is inside."""
    return _shown(path, os.getcwd())  # noqa: PTH109


# Both are called several times while a file is read, and never again.
@lru_cache(maxsize=16)
def _resolved(path: Path, _here: str) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


@lru_cache(maxsize=16)
def _shown(path: Path, here: str) -> str:
    try:
        return _resolved(path, here).relative_to(here).as_posix()
    except ValueError:
        return path.as_posix()


def path_of(loc: Location, data: Any) -> str:
    """Return a location as text, with the names of list items: `abort.criteria[0 FAILED].action`."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
            names = (
                [key for key in _NAMING if isinstance(data.get(key), str)] if data and isinstance(data, dict) else ()
            )
            text += f"[{part} {key_in_path(data[names[0]])}]" if names else f"[{part}]"
        else:
            data = data.get(part) if isinstance(data, dict) else None
            text += f".{key_in_path(str(part))}" if text else key_in_path(str(part))
    return shortened(text, LONGEST_TEXT)


def _in_file(finding: Finding, name: str) -> Finding:
    place = finding.place or Place("")
    path = place.path or path_of(finding.loc, None)
    return finding._replace(place=Place(path, name, place.line, place.column, place.loc or finding.loc))
