"""Reading of any mix of files and folders, each recognized by its content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from iot_jobs.cloudformation import UNKNOWN_STACK, Stack
from iot_jobs.finding import guarded
from iot_jobs.sources.application import ENVIRONMENTS, FAMILIES, NO_APPLICATION, Application, Loader, root_of
from iot_jobs.sources.cdk_out import is_cdk_out, settings, templates
from iot_jobs.sources.document_folder import DOCUMENTS
from iot_jobs.sources.kinds import read_as, read_file
from iot_jobs.sources.kinds.application_file import ENVIRONMENT, FAMILY
from iot_jobs.sources.kinds.kind import File
from iot_jobs.sources.source import MAX_BYTES, read_on, resolved, shown_path
from iot_jobs.sources.subject import Reading

_Skip = Callable[[Path, str], None]
"""Notes that a file or folder is not checked, and why."""
_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_NOT_ENTERED = {"node_modules", "__pycache__"}
_IGNORE = ".iot-jobs-ignore"
"""The name of a file that excludes its folder from a search."""
# A file that can't be parsed and that the user didn't name must contain one of these to give a finding.
_OURS = (b"AWS::IoT::Job", b"${aws:iot:", b"jobTemplate", b"JobTemplate")


def read_paths(paths: Sequence[Path], *, stack: Stack = UNKNOWN_STACK) -> Reading:
    """Read files and folders. A file of an application (`stacks/`, `job_documents/`) brings the whole application.

    A folder is searched for JSON and YAML. Unrelated files in it are skipped, and so are folders of tools and folders
    with a file `.iot-jobs-ignore`. A named file is always read, as a job document if it is nothing else.

    `stack` is what is known about the deployment of files that belong to no application.
    """
    reading = Reading()
    done: set[Path] = set()
    for path, kind, its_stack in _inputs(paths, reading.skip, stack):
        if resolved(path) in done:
            continue
        done.add(resolved(path))
        if kind == "application":
            Loader(path, reading).load()
            _skip_misplaced(path, reading.skip)
        else:
            with guarded(shown_path(path)) as crashed:
                _file(path, reading, its_stack, named=kind == "named")
            reading.findings += crashed
    return _with_those_beside(reading)


def _with_those_beside(reading: Reading) -> Reading:
    """Return a reading that also has its named environments and families."""
    for folder, files in reading.beside.items():
        Loader(folder, reading, alone=True).files(
            *([path for path, one in files if one == kind] for kind in (FAMILY, ENVIRONMENT))
        )
    return reading


def read_paths_as(kind: str, paths: Sequence[Path], *, stack: Stack = UNKNOWN_STACK) -> Reading:
    """Read files as a kind of `kinds.STATED`, without recognition, and without the application around them."""
    reading = Reading()
    for path in {resolved(path): path for path in paths}.values():
        with guarded(shown_path(path)) as crashed:
            source, findings = read_on(path)
            if source is None:
                reading.findings += findings
            else:
                read_as(kind, File(path, source, named=True, doubled=findings, stack=stack), reading)
        reading.findings += crashed
    return _with_those_beside(reading)


def read_application(path: Path, *, environment: str | None = None) -> tuple[Application, Reading]:
    """Return the application around `path` with one of its environments or all, and everything to check in it.

    All files are read either way. Findings are in the reading. Environments with errors are not in the application.
    """
    root = root_of(path)
    if root is None:
        allowed = "a folder with stacks/ and job_documents/ in it or above it"
        finding = NO_APPLICATION.finding(given=str(path), allowed=allowed, fix="check the path")
        return Application(path, ()), Reading(findings=[finding])
    reading = Reading()
    environments = Loader(root, reading).load(environment)
    return Application(root, tuple(one for one in environments if environment in (None, one.name))), reading


def _inputs(
    paths: Sequence[Path], skip: _Skip, stack: Stack
) -> Iterator[tuple[Path, Literal["application", "named", "found"], Stack]]:
    """Yield the roots of applications, the named files and the files found in folders, in order; some repeatedly.

    Each comes with the stack that it is deployed as: `stack`, unless a manifest of the CDK knows more.
    """
    for path in paths:
        root = _application_of(path)
        if root is not None:
            yield root, "application", stack
        if is_cdk_out(path):
            found = templates(path)
            known = settings(path)
            for template in found:
                yield template, "found", known[template].stack(stack) if template in known else stack
            if not found:
                skip(path, "a cdk.out folder without templates")
        elif path.is_dir():
            empty = True
            for file in _walk(path, skip):
                root = _application_of(file)
                yield (file, "found", stack) if root is None else (root, "application", stack)
                empty = False
            if empty:
                skip(path, "no JSON or YAML in it")
        elif root is None:
            yield path, "named", stack


def _file(path: Path, reading: Reading, stack: Stack, *, named: bool) -> None:
    source, findings = read_on(path)
    if findings and not named and not _mentions_us(path):
        reading.skip(path, "not readable as JSON or YAML, and doesn't mention job templates")
        return
    if source is None:
        reading.findings += findings
    else:
        read_file(File(path, source, named=named, doubled=findings, stack=stack), reading)


def _skip_misplaced(root: Path, skip: _Skip) -> None:
    """Note the YAML files of an application that are in neither of its two folders."""
    for path in sorted((root / "stacks").rglob("*.y*ml")):
        if path.parent not in (root / FAMILIES, root / ENVIRONMENTS):
            skip(path, f"neither in {FAMILIES} nor in {ENVIRONMENTS}")


def _walk(folder: Path, skip: _Skip) -> Iterator[Path]:
    """Yield JSON and YAML files below a folder, in order; folders of tools are left out."""
    for here, folders, files in os.walk(folder):
        kept = []
        for name in sorted(folders):
            inner = Path(here) / name
            if name.startswith(".") or name in _NOT_ENTERED:
                continue
            if is_cdk_out(inner):
                skip(inner, "synthesized output; pass it as a PATH to check it")
            elif (inner / _IGNORE).is_file():
                skip(inner, f"holds {_IGNORE}; pass it as a PATH to check it")
            else:
                kept.append(name)
        folders[:] = kept
        yield from (Path(here) / name for name in sorted(files) if name.endswith(_SUFFIXES))


def _application_of(path: Path) -> Path | None:
    """Return the root of the application that a path belongs to, or is the root of."""
    root, path = root_of(path), resolved(path)
    if root and (path == root or path.is_relative_to(root / "stacks") or path.is_relative_to(root / DOCUMENTS)):
        return root
    return None


def _mentions_us(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return False
        raw = path.read_bytes()
    except OSError:
        return False
    return any(word in raw for word in _OURS)
