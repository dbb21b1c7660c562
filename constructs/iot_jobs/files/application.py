"""The application: template families and environments in `stacks/`, documents in `job_documents/`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from iot_jobs.document import JobDocument
from iot_jobs.environment import Environment, overlay
from iot_jobs.files.source import Source, placed, read, shown_path
from iot_jobs.finding import Finding, FindingsError, Location, Place, Rule, unique
from iot_jobs.model import WRONG_KIND, unknown_key
from iot_jobs.spec import JobTemplateSpec
from iot_jobs.unresolved import Unresolved

FAMILIES, ENVIRONMENTS, DOCUMENTS = "stacks/templates", "stacks/environments", "job_documents"
FAMILY_KEYS = frozenset(JobTemplateSpec.model_fields) - {"template_name"} | {"document_schema"}

_LAYOUT = "the application's folders: stacks/templates, stacks/environments and job_documents"
UNKNOWN_FAMILY = Rule(
    code="JT008",
    title="an environment's templates are families in stacks/templates",
    why="There is nothing to lay the environment's values over.",
    source=_LAYOUT,
)
NAME_TWICE = Rule(
    code="JT009",
    title="no environment and no family has the name of another",
    why="Their stacks would be one and the same.",
    source=_LAYOUT,
)
NO_APPLICATION = Rule(
    code="JT011",
    title="there is an application with at least one environment",
    why="There would be nothing to check or synthesize.",
    source=_LAYOUT,
)
UNKNOWN_ENVIRONMENT = Rule(
    code="JT010",
    title="the environment that is asked for exists",
    why="There would be nothing to synthesize.",
    source=_LAYOUT,
)
DOCUMENT_FILE = Rule(
    code="JT706",
    title="a family's document is a file in job_documents",
    why="Documents are kept and reviewed in one place.",
    source=_LAYOUT,
)


@dataclass(frozen=True)
class Application:
    """All environments of an application, by name in the order of their files."""

    root: Path
    environments: tuple[Environment, ...]


def root_of(path: Path) -> Path | None:
    """The application that a path belongs to: the nearest folder upward with `stacks/` and `job_documents/`."""
    for folder in (path.resolve(), *path.resolve().parents):
        if (folder / "stacks").is_dir() and (folder / DOCUMENTS).is_dir():
            return folder
    return None


def load_application(path: Path, *, environment: str | None = None) -> Application:
    """The application around `path`, with one of its environments or all. All files are read and checked either way.

    Raises `FindingsError` with everything that is wrong in any file.
    """
    root = root_of(path)
    if root is None:
        allowed = "a folder with stacks/ and job_documents/ in it or above it"
        raise FindingsError([NO_APPLICATION.finding(given=str(path), allowed=allowed, fix="check the path")])
    loader = _Loader(root)
    environments = loader.load()
    if environment is not None and environment not in loader.names:
        loader.found.append(_unknown(UNKNOWN_ENVIRONMENT, environment, loader.names, loc=("environment",)))
    if loader.found:
        raise FindingsError(unique(loader.found))
    return Application(root, tuple(one for one in environments if environment in (None, one.name)))


@dataclass
class _Loader:
    """Reads every file once, and goes on after a finding."""

    root: Path
    found: list[Finding] = field(default_factory=list)
    families: dict[str, Source] = field(default_factory=dict)
    names: dict[str, Place] = field(default_factory=dict)
    documents: dict[str, tuple[JobDocument | None, Source | None]] = field(default_factory=dict)

    def load(self) -> list[Environment]:
        for path in _yaml_files(self.root / FAMILIES):
            self._family(path)
        loaded = [self._environment(path) for path in _yaml_files(self.root / ENVIRONMENTS)]
        used = {name for source, _ in loaded for name in _mapping(_mapping(source.data).get("templates"))}
        for name, source in self.families.items():
            if name not in used:
                self._template(name, source, None, {})
        if not loaded:
            allowed = f"at least one .yaml file in {ENVIRONMENTS}"
            self.found.append(NO_APPLICATION.finding(given=shown_path(self.root), allowed=allowed, fix="add one"))
        return [environment for _, environment in loaded if environment is not None]

    def _read(self, path: Path) -> Source | None:
        try:
            return read(path)
        except FindingsError as error:
            self.found.extend(error.findings)
            return None

    def _family(self, path: Path) -> None:
        source = self._read(path)
        name = path.stem
        if source is None:
            self.families.setdefault(name, Source(shown_path(path), "", None, lambda _: (1, 1)))
        elif not isinstance(source.data, dict):
            finding = WRONG_KIND.finding(
                given=source.data, allowed="a mapping: a template family", fix="write key: value"
            )
            self.found.append(placed(finding, source.place(())))
            self.families.setdefault(name, source)
        elif name in self.families:
            finding = NAME_TWICE.finding(given=name, allowed="each family once", fix="rename one of the files")
            self.found.append(placed(finding, source.place(()), (self.families[name].place(()),)))
        else:
            self.families[name] = source

    def _environment(self, path: Path) -> tuple[Source, Environment | None]:
        source = self._read(path)
        if source is None:
            return Source(shown_path(path), "", None, lambda _: (1, 1)), None
        header = source.data
        templates: Any = {}
        if isinstance(header, dict):
            templates = header.get("templates", {})
            header = {key: value for key, value in header.items() if key != "templates"}
        environment, found = Environment.check(header)
        self.found.extend(placed(one, source.place(one.loc)) for one in found)
        name = header.get("name") if isinstance(header, dict) else None
        if isinstance(name, str):
            if name in self.names:
                finding = NAME_TWICE.finding(given=name, allowed="each environment once", fix="rename one of the two")
                self.found.append(placed(finding, source.place(("name",)), (self.names[name],)))
            self.names.setdefault(name, source.place(("name",)))
        if not isinstance(templates, dict):
            finding = WRONG_KIND.finding(given=templates, allowed="a mapping of families", fix="write family: {}")
            self.found.append(placed(finding, source.place(("templates",))))
            return source, None
        tags = environment.tags if environment else {}
        specs = [self._overlaid(source, name, change, tags) for name, change in templates.items()]
        if environment is None or None in specs:
            return source, None
        return source, environment.model_copy(update={"templates": tuple(specs)})

    def _overlaid(self, source: Source, name: str, change: Any, tags: Mapping[str, Any]) -> JobTemplateSpec | None:
        loc: Location = ("templates", name)
        if name not in self.families:
            finding = _unknown(UNKNOWN_FAMILY, name, self.families, loc=loc)
            self.found.append(placed(finding, source.place(loc)))
            return None
        if not isinstance(change, dict):
            finding = WRONG_KIND.finding(given=change, allowed="a mapping of what differs from the family, or {}",
                                         fix="write {} to take the family as it is")  # fmt: skip
            self.found.append(placed(finding, source.place(loc)))
            return None
        return self._template(name, self.families[name], source, change, tags)

    def _template(
        self,
        name: str,
        family: Source,
        environment: Source | None,
        change: Mapping[str, Any],
        tags: Mapping[str, Any] = MappingProxyType({}),
    ) -> JobTemplateSpec | None:
        """One family with an environment's values laid over it, each finding placed where its value was written."""
        values = overlay(overlay({"tags": dict(tags)}, _mapping(family.data)), change)
        place = _Places(name, family, environment)
        for key in values.keys() - FAMILY_KEYS:
            self.found.append(place.on(unknown_key(key, FAMILY_KEYS)))
        values = {key: value for key, value in values.items() if key in FAMILY_KEYS} | {"template_name": name}
        values.pop("document_schema", None)
        if "document" in values:
            values["document"], place.document = self._document(values["document"], place)
        spec, found = JobTemplateSpec.check(values)
        self.found.extend(place.on(finding) for finding in found)
        return None if isinstance(values.get("document"), Unresolved) else spec

    def _document(self, given: Any, place: _Places) -> tuple[JobDocument | Unresolved, Source | None]:
        """The document that a family names. One that can't be read is unknown to the template's other rules."""
        folder = (self.root / DOCUMENTS).resolve()
        path = (folder / given).resolve() if isinstance(given, str) and "\0" not in given else folder
        if not path.is_relative_to(folder) or not path.is_file():
            near = difflib.get_close_matches(str(given), [one.name for one in folder.iterdir()], n=1)
            finding = DOCUMENT_FILE.finding(
                loc=("document",),
                given=given,
                allowed=f"the name of a file in {DOCUMENTS}/",
                fix=f"write {near[0]}" if near else f"put the document into {DOCUMENTS}/",
            )
            self.found.append(place.on(finding))
            return Unresolved(given), None
        document, source = self.documents.get(given) or self._read_document(path)
        self.documents[given] = document, source
        return document or Unresolved(given), source

    def _read_document(self, path: Path) -> tuple[JobDocument | None, Source | None]:
        source = self._read(path)
        if source is None:
            return None, None
        found = tuple(JobDocument(source.text).problems())
        self.found.extend(placed(one, source.place(one.loc)) for one in found if one.severity == "error")
        if any(one.severity == "error" for one in found):
            return None, source
        return JobDocument.inline(source.text), source


@dataclass
class _Places:
    """Where the values of one template were written: in the environment, the family or the document."""

    name: str
    family: Source
    environment: Source | None
    document: Source | None = None

    def on(self, finding: Finding) -> Finding:
        """The finding, placed."""
        return placed(finding, self.of(finding.loc), tuple(self.of(loc) for loc in finding.related_locs))

    def of(self, loc: Location) -> Place:
        """The file that holds most of the way to the value: the environment's overlay before the family."""
        if loc[:1] == ("document",) and len(loc) > 1 and self.document:
            return self.document.place(loc[1:])
        prefix: Location = ("templates", self.name)
        if self.environment:
            own = self.environment.holds(prefix + loc) - len(prefix)
            if own > 0 and own >= self.family.holds(loc):
                return self.environment.place(prefix + loc)
            if not self.family.holds(loc):
                return self.environment.place(prefix + loc)
        return self.family.place(loc)


def _unknown(rule: Rule, given: str, known: Iterable[str], *, loc: Location) -> Finding:
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1)
    fix = f"write {near[0]}" if near else "add it, or remove this"
    return rule.finding(loc=loc, given=given, allowed=", ".join(names) or "none yet", fix=fix)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
