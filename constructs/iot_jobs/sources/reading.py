"""Reading of any mix of files and folders, each recognized by its content."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from iot_jobs.finding import FindingsError, unique
from iot_jobs.sources.application import ENVIRONMENTS, FAMILIES, NO_APPLICATION, Application, Loader, root_of
from iot_jobs.sources.cdk_out import is_cdk_out, templates
from iot_jobs.sources.kinds import read_file
from iot_jobs.sources.kinds.application_file import ENVIRONMENT, FAMILY
from iot_jobs.sources.kinds.kind import File
from iot_jobs.sources.source import MAX_BYTES, read_on, resolved
from iot_jobs.sources.subject import Reading

_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_NOT_ENTERED = {"node_modules", "__pycache__"}
_IGNORE = ".iot-jobs-ignore"
"""The name of a file that excludes its folder from a search."""
# A file that can't be parsed and that the user didn't name must contain one of these to give a finding.
_OURS = (b"AWS::IoT::Job", b"${aws:iot:", b"jobTemplate", b"JobTemplate")


def read_paths(paths: Sequence[Path]) -> Reading:
    """Read files and folders. A file of an application (`stacks/`, `job_documents/`) brings the whole application.

    A folder is searched for JSON and YAML. Unrelated files in it are skipped, and so are folders of tools and folders
    with a file `.iot-jobs-ignore`. A named file is always read, as a job document if it is nothing else.
    """
    reader = _Reader()
    for path in paths:
        reader.path(path)
    reader.files_alone()
    reader.reading.findings = list(unique(reader.reading.findings))
    return reader.reading


def read_application(path: Path, *, environment: str | None = None) -> tuple[Application, Reading]:
    """Return the application around `path` with one of its environments or all, and everything to check in it.

    All files are read either way. Findings are in the reading. Environments with errors are not in the application.
    """
    root = root_of(path)
    if root is None:
        allowed = "a folder with stacks/ and job_documents/ in it or above it"
        finding = NO_APPLICATION.finding(given=str(path), allowed=allowed, fix="check the path")
        return Application(path, ()), Reading(findings=[finding])
    loader = Loader(root)
    environments = loader.load(environment)
    documents = loader.documents_alone()
    chosen = tuple(one for one in environments if environment in (None, one.name))
    return Application(root, chosen), Reading(loader.subjects, documents, list(unique(loader.found)))


class _Reader:
    def __init__(self) -> None:
        self.reading = Reading()
        self.roots: set[Path] = set()
        self.files: set[Path] = set()

    def path(self, path: Path) -> None:
        root = root_of(path)
        if root is not None and _part_of(root, resolved(path)):
            self.application(root)
        if path.is_dir():
            self.folder(path)
        elif root is None or not _part_of(root, resolved(path)):
            self.file(path, named=True)

    def application(self, root: Path) -> None:
        if root not in self.roots:
            self.roots.add(root)
            loader = Loader(root)
            loader.load()
            self.reading.documents += loader.documents_alone()
            self.loaded(loader)
            for path in sorted((root / "stacks").rglob("*.y*ml")):
                if path.parent not in (root / FAMILIES, root / ENVIRONMENTS):
                    self.reading.skip(path, f"neither in {FAMILIES} nor in {ENVIRONMENTS}")

    def files_alone(self) -> None:
        """Load named files that are in no application, all files of a folder together."""
        for folder, files in self.reading.beside.items():
            loader = Loader(folder, alone=True)
            loader.files(*([path for path, one in files if one == kind] for kind in (FAMILY, ENVIRONMENT)))
            self.loaded(loader)

    def loaded(self, loader: Loader) -> None:
        self.reading.subjects += loader.subjects
        self.reading.findings += loader.found
        self.reading.skipped += loader.skipped

    def folder(self, folder: Path) -> None:
        if is_cdk_out(folder):
            found = templates(folder)
            for path in found:
                self.file(path, named=False)
            if not found:
                self.reading.skip(folder, "a cdk.out folder without templates")
            return
        empty = True
        for path in _walk(folder, self.reading.skip):
            root = root_of(path)
            if root is not None and _part_of(root, resolved(path)):
                self.application(root)
            else:
                self.file(path, named=False)
            empty = False
        if empty:
            self.reading.skip(folder, "no JSON or YAML in it")

    def file(self, path: Path, *, named: bool) -> None:
        if resolved(path) in self.files:
            return
        self.files.add(resolved(path))
        try:
            source, doubled = read_on(path)
        except FindingsError as error:
            source, doubled = None, error.findings
        if doubled and not named and not _mentions_us(path):
            self.reading.skip(path, "not readable as JSON or YAML, and doesn't mention job templates")
            return
        self.reading.findings += doubled
        if source is not None:
            read_file(File(path, source, named=named, whole=not doubled), self.reading)


def _walk(folder: Path, skip: Any) -> Iterator[Path]:
    """Yield JSON and YAML files below a folder, in order; folders of tools are left out."""
    for here, folders, files in os.walk(folder):
        kept = []
        for name in sorted(folders):
            inner = Path(here) / name
            if name.startswith(".") or name in _NOT_ENTERED:
                continue
            if is_cdk_out(inner):
                skip(inner, "synthesized output; name it to check it")
            elif (inner / _IGNORE).is_file():
                skip(inner, f"holds {_IGNORE}; name it to check it")
            else:
                kept.append(name)
        folders[:] = kept
        yield from (Path(here) / name for name in sorted(files) if name.endswith(_SUFFIXES))


def _part_of(root: Path, path: Path) -> bool:
    """Return whether a path belongs to the application, or is its root."""
    return path == root or path.is_relative_to(root / "stacks") or path.is_relative_to(root / "job_documents")


def _mentions_us(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return False
        raw = path.read_bytes()
    except OSError:
        return False
    return any(word in raw for word in _OURS)
