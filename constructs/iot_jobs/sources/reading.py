"""Any mix of files and folders, each recognised by what is in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from iot_jobs.cloudformation import API_JOB, API_TEMPLATE, JOB, TEMPLATE, Spelling
from iot_jobs.documents import family_of
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.finding import FindingsError, nearest, unique
from iot_jobs.sources.application import (
    ENVIRONMENTS,
    FAMILIES,
    FAMILY_KEYS,
    NO_APPLICATION,
    Application,
    Loader,
    root_of,
)
from iot_jobs.sources.resources import RESOURCE_TYPES, holds_resource, read_properties, read_template
from iot_jobs.sources.source import MAX_BYTES, Source, read_on, resolved, shown_path
from iot_jobs.sources.subject import Document, Reading, Skipped
from iot_jobs.template.part import MISSING_VALUE, WRONG_KIND

_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_FAMILY, _ENVIRONMENT = "a template family", "an environment"
_FEW = 30
"""Of how many keys in a file it is asked which names they are near to."""
_NOT_ENTERED = {"node_modules", "__pycache__"}
_IGNORE = ".iot-jobs-ignore"
"""A file of this name keeps a search out of its folder."""
# Names that other tools' files have as well: with no other, a file has to be named.
_ANYONES = {"description", "document", "tags", "targets", "status", "comment", "createdat", "completedat"}
# What a file that can't be parsed must hold to be worth a finding, where nobody named it.
_OURS = (b"AWS::IoT::Job", b"${aws:iot:", b"jobTemplate", b"JobTemplate")


def read_paths(paths: Sequence[Path]) -> Reading:
    """Read files and folders. A file of an application (`stacks/`, `job_documents/`) brings the whole application.

    A folder is searched for JSON and YAML; what is in it and isn't ours is skipped, and so are folders of tools and
    those that hold a file `.iot-jobs-ignore`. A file that is named is read wherever it is, and is a job document if it
    is nothing else.
    """
    reader = _Reader()
    for path in paths:
        reader.path(path)
    reader.files_alone()
    reader.reading.findings = list(unique(reader.reading.findings))
    return reader.reading


def read_application(path: Path, *, environment: str | None = None) -> tuple[Application, Reading]:
    """The application around `path` with one of its environments or all, and all that there is to check in it.

    All files are read either way. What is wrong is among the reading's findings, and not in the application.
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
        self.alone: dict[Path, list[tuple[Path, str]]] = {}

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
                    self.skip(path, f"neither in {FAMILIES} nor in {ENVIRONMENTS}")

    def files_alone(self) -> None:
        """Files of an application that stand in none, each folder's together."""
        for folder, files in self.alone.items():
            loader = Loader(folder, alone=True)
            loader.files(*([path for path, one in files if one == kind] for kind in (_FAMILY, _ENVIRONMENT)))
            self.loaded(loader)

    def loaded(self, loader: Loader) -> None:
        self.reading.subjects += loader.subjects
        self.reading.findings += loader.found
        self.reading.skipped += loader.skipped

    def folder(self, folder: Path) -> None:
        if (folder / "manifest.json").is_file() and (folder / "cdk.out").is_file():
            templates = sorted(folder.rglob("*.template.json"))
            for path in templates:
                self.file(path, named=False)
            if not templates:
                self.skip(folder, "a cdk.out folder without templates")
            return
        empty = True
        for path in _walk(folder, self.skip):
            root = root_of(path)
            if root is not None and _part_of(root, resolved(path)):
                self.application(root)
            else:
                self.file(path, named=False)
            empty = False
        if empty:
            self.skip(folder, "no JSON or YAML in it")

    def file(self, path: Path, *, named: bool) -> None:
        if resolved(path) in self.files:
            return
        self.files.add(resolved(path))
        try:
            source, doubled = read_on(path)
        except FindingsError as error:
            source, doubled = None, error.findings
        if doubled and not named and not _mentions_us(path):
            self.skip(path, "not readable as JSON or YAML, and doesn't speak of job templates")
            return
        self.reading.findings += doubled
        if source is not None:
            self.source(path, source, named=named, whole=not doubled)

    def source(self, path: Path, source: Source, *, named: bool, whole: bool) -> None:  # one kind after another
        data = source.data
        if not isinstance(data, Mapping):
            if named:
                finding = WRONG_KIND.finding(
                    given=data, allowed="a template, environment, properties or document", fix="check the file"
                )
                self.reading.find(finding, source.place(()))
            else:
                self.skip(path, "not a mapping")
        elif self.enclosed(source):
            pass
        elif reason := _answer(data):
            self.skip(path, reason)
        elif named and data.keys() == {"document"} and isinstance(data["document"], str):  # of get-job-document
            document = JobDocument(data["document"])
            self.reading.documents.append(Document(document, lambda loc: source.place(("document", *loc))))
        elif (kind := _own_kind(data, named=named)) and not named:
            self.skip(path, f"looks like {kind}, but stands in no application")
        elif kind:
            self.alone.setdefault(path.parent, []).append((path, kind))
        elif (spelling := _spelling(data, named=named)) and (named or not _names(data) <= _ANYONES):
            read_properties(source, (), spelling, self.reading)
        elif holds_resource(data):
            finding = MISSING_VALUE.finding(
                loc=("Resources",), allowed="the resources of a template", fix="put them under Resources"
            )
            self.reading.find(finding, source.place(()))
        elif path.suffix in (".json", "") and (named or family_of(data) is not None):
            # In one whose keys stand twice, that is found already, and it can't be judged further.
            self.reading.documents += [Document(JobDocument(source.text), source.place)] if whole else []
        else:
            self.skip(path, "neither a CloudFormation template, an environment, properties nor a job document")

    def enclosed(self, source: Source) -> bool:
        """Whether it is a CloudFormation template, one resource of such, or an answer with a job in it."""
        data = source.data
        kind, job = data.get("Type"), data.get("job")
        if isinstance(data.get("Resources"), Mapping):
            read_template(source, self.reading)
        elif "Resources" in data:
            finding = WRONG_KIND.finding(
                given=data["Resources"], allowed="a mapping of resources", fix="write a mapping"
            )
            self.reading.find(finding, source.place(("Resources",)))
        elif isinstance(kind, str) and kind in RESOURCE_TYPES and isinstance(data.get("Properties"), Mapping):
            read_properties(source, ("Properties",), RESOURCE_TYPES[kind], self.reading)
        elif isinstance(job, Mapping) and "jobArn" in job:
            read_properties(source, ("job",), API_JOB, self.reading)
        else:
            return False
        return True

    def skip(self, path: Path, reason: str) -> None:
        self.reading.skipped.append(Skipped(shown_path(path), reason))


def _walk(folder: Path, skip: Any) -> Iterator[Path]:
    """JSON and YAML files below a folder, in order; folders of tools are not entered."""
    for here, folders, files in os.walk(folder):
        kept = []
        for name in sorted(folders):
            inner = Path(here) / name
            if name.startswith(".") or name in _NOT_ENTERED:
                continue
            if (inner / "cdk.out").is_file():
                skip(inner, "synthesized output; name it to check it")
            elif (inner / _IGNORE).is_file():
                skip(inner, f"holds {_IGNORE}; name it to check it")
            else:
                kept.append(name)
        folders[:] = kept
        yield from (Path(here) / name for name in sorted(files) if name.endswith(_SUFFIXES))


def _part_of(root: Path, path: Path) -> bool:
    """Whether a path is one of the application's own, or the application itself."""
    return path == root or path.is_relative_to(root / "stacks") or path.is_relative_to(root / "job_documents")


def _spelling(data: Mapping[str, Any], *, named: bool) -> Spelling | None:
    """How properties on their own are spelt: as most of their keys are, if most of their keys are known at all.

    In a file that was named a single known key will do, and one that is nearly right, where it is no job document.
    """
    counts = [(len(data.keys() & (one.keys | one.answers)), one) for one in (TEMPLATE, API_TEMPLATE, JOB, API_JOB)]
    count, best = max(counts, key=lambda pair: pair[0])
    ours = data.keys() & {"JobTemplateId", "jobTemplateId"}
    if count * 2 >= len(data) and (count > 1 or ours):
        return best
    if not named or not 0 < len(data) <= _FEW or family_of(data) is not None:
        return None

    def near(spelling: Spelling) -> int:
        return sum(nearest(str(key), spelling.keys, cutoff=0.85) is not None for key in data)

    like, _, best = max(((near(one), count, one) for count, one in counts), key=lambda found: found[:2])
    return best if like * 2 >= len(data) else None


def _names(data: Mapping[str, Any]) -> set[str]:
    """Which keys of properties a file has, in any spelling."""
    known = (one.keys | one.answers for one in (TEMPLATE, API_TEMPLATE, JOB, API_JOB))
    return {key.lower() for key in data.keys() & frozenset().union(*known)}


def _answer(data: Mapping[str, Any]) -> str | None:
    """Why an answer of AWS that speaks of templates or jobs holds none that can be judged."""
    if isinstance(data.get("jobTemplates"), list) or (isinstance(data.get("jobs"), list) and len(data) <= 2):
        return "a list of what there is, without what it does; describe each"
    return "a template that AWS manages" if {"templateArn", "templateVersion"} <= data.keys() else None


def _own_kind(data: Mapping[str, Any], *, named: bool) -> str | None:
    """What file of an application this looks like, if any, where it stands in none."""
    if {"templates", "region"} <= data.keys() or {"templates", "fleet"} <= data.keys():
        return _ENVIRONMENT
    # A description and a document have the same names in the API, where a document is JSON and no file.
    theirs, document = API_TEMPLATE.keys | API_JOB.keys, data.get("document")
    ours = len(data.keys() & (FAMILY_KEYS - theirs)) - len(data.keys() & (theirs - FAMILY_KEYS))
    files = isinstance(document, str) and document.endswith(".json") and "description" in data
    return _FAMILY if (files and ours >= 0) or ((named or "document" in data) and ours > 0) else None


def _mentions_us(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return False
        raw = path.read_bytes()
    except OSError:
        return False
    return any(word in raw for word in _OURS)
