"""The application: template families and environments in `stacks/`, documents in `job_documents/`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from iot_jobs import documents
from iot_jobs.cloudformation import TEMPLATE, Names
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.environment import Environment, Fleet, overlay
from iot_jobs.finding import Finding, FindingsError, Location, Place, Rule, nearest
from iot_jobs.presign import with_role
from iot_jobs.sources.source import Source, placed, read_on, resolved, shown_path
from iot_jobs.sources.subject import Document, Skipped, Subject
from iot_jobs.template import JobTemplateSpec
from iot_jobs.template.part import MISSING_VALUE, UNKNOWN_KEY, WRONG_KIND, unknown_key
from iot_jobs.unresolved import Unresolved

FAMILIES, ENVIRONMENTS, DOCUMENTS = "stacks/templates", "stacks/environments", "job_documents"
_ABOUT_FAMILIES = frozenset({"document_schema", "acknowledge"})
FAMILY_KEYS = frozenset(JobTemplateSpec.model_fields) - {"template_name"} | _ABOUT_FAMILIES
_NAMES = Names({key: TEMPLATE.names.get(key, key) for key in sorted(FAMILY_KEYS)})

_LAYOUT = "the application's folders: stacks/templates, stacks/environments and job_documents"
UNKNOWN_FAMILY = Rule(
    code="JT008",
    title="an environment's templates are families in stacks/templates",
    why="The environment's values have no family to override.",
    source=_LAYOUT,
)
NAME_TWICE = Rule(
    code="JT009",
    title="names of environments and of families are unique",
    why="Their stacks or templates would have the same name.",
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
    title="the requested environment exists",
    why="There would be nothing to synthesize.",
    source=_LAYOUT,
)
UNKNOWN_SCHEMA = Rule(
    code="JT707",
    title="a document schema is a built-in one, or a JSON Schema file in job_documents",
    why="There would be nothing to check the document against.",
    source=_LAYOUT,
)
DOCUMENT_FILE = Rule(
    code="JT706",
    title="a family's document is a file in job_documents",
    why="Documents are kept and reviewed in one place.",
    source=_LAYOUT,
)
_OWN_FORM = {
    rule: rule.replace(source="the form of the application's own files: iot-jobs schema")
    for rule in (MISSING_VALUE, UNKNOWN_KEY, WRONG_KIND)
}
"""Rules about the form of a file, with the application's format as their source."""


class Application(NamedTuple):
    """All environments of an application, in the order of their files."""

    root: Path
    environments: tuple[Environment, ...]


def root_of(path: Path) -> Path | None:
    """Return the root of a path's application: the nearest parent folder with `stacks/` and `job_documents/`."""
    path = resolved(path)
    return next((folder for folder in (path, *path.parents) if _holds_application(folder)), None)


@lru_cache(maxsize=4096)
def _holds_application(folder: Path) -> bool:
    try:
        return (folder / "stacks").is_dir() and (folder / DOCUMENTS).is_dir()
    except OSError:  # a circular link
        return False


class Loader:
    """Reads every file once, and continues after a finding.

    `alone` says that the files of a folder are in no application: missing files that they name are skipped.
    """

    def __init__(self, root: Path, *, alone: bool = False) -> None:
        """Read nothing yet."""
        self.root = root
        self.alone = alone
        self.folder = (root if alone else root / DOCUMENTS).resolve()
        self.skipped: list[Skipped] = []
        self.found: list[Finding] = []
        self.families: dict[str, Source] = {}
        self.names: dict[str, Place] = {}
        self.documents: dict[Path, tuple[JobDocument | None, Source | None]] = {}
        self.named: set[Path] = set()
        self.subjects: list[Subject] = []

    def load(self, environment: str | None = None) -> list[Environment]:
        """Return all environments whose own values are valid; one of this name must exist, valid or not.

        All findings are in `found`.
        """
        loaded = self.files(_yaml_files(self.root / FAMILIES), _yaml_files(self.root / ENVIRONMENTS))
        if not loaded:
            allowed = f"at least one .yaml file in {ENVIRONMENTS}"
            self.found.append(NO_APPLICATION.finding(given=shown_path(self.root), allowed=allowed, fix="add one"))
        if environment is not None and environment not in self.names:
            self.found.append(_unknown(UNKNOWN_ENVIRONMENT, environment, self.names, loc=("environment",)))
        return [environment for _, environment in loaded if environment is not None]

    def files(self, families: Iterable[Path], environments: Iterable[Path]) -> list[tuple[Source, Environment | None]]:
        """Load each environment with the families that it names, and each family that none names."""
        for path in families:
            self._family(path)
        JobTemplateSpec.model_rebuild()  # before the environment's model, which contains it and would build it again
        loaded = [self._environment(path) for path in environments]
        used = {name for source, _ in loaded for name in _mapping(_mapping(source.data).get("templates"))}
        for name, source in self.families.items():
            if name not in used and isinstance(source.data, dict):
                self._template(_Places(name, source, None), {}, None, {})
        return loaded

    def _read(self, path: Path) -> Source | None:
        try:
            source, doubled = read_on(path)
        except FindingsError as error:
            source, doubled = None, error.findings
        self.found.extend(doubled)
        return source

    def _family(self, path: Path) -> None:
        source = self._read(path)
        name = path.stem
        if source is None:
            self.families.setdefault(name, Source(shown_path(path), "", None, lambda _: (1, 1)))
        elif not isinstance(source.data, dict):
            finding = _OWN_FORM[WRONG_KIND].finding(
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
            if "acknowledged" in header:
                self.found.append(placed(_own(unknown_key("acknowledged", ())), source.place(("acknowledged",))))
        environment, found = Environment.check(header)
        self.found.extend(placed(_own(one), source.place(one.loc)) for one in _unsaid(found))
        name = header.get("name") if isinstance(header, dict) else None
        if isinstance(name, str):
            if name in self.names:
                finding = NAME_TWICE.finding(given=name, allowed="each environment once", fix="rename one of the two")
                self.found.append(placed(finding, source.place(("name",)), (self.names[name],)))
            self.names.setdefault(name, source.place(("name",)))
        if not isinstance(templates, dict):
            finding = _OWN_FORM[WRONG_KIND].finding(
                given=templates, allowed="a mapping of families", fix="write family: {}"
            )
            self.found.append(placed(finding, source.place(("templates",))))
            return source, None
        tags = environment.tags if environment else {}
        judged = environment or _without_frame(header)
        subjects = [self._overlaid(source, name, change, tags, judged) for name, change in templates.items()]
        specs = tuple(one.spec for one in subjects if one is not None and isinstance(one.spec, JobTemplateSpec))
        reasons = {one.name: dict(one.acknowledged) for one in subjects if one is not None and one.acknowledged}
        return source, environment and environment.model_copy(update={"templates": specs, "acknowledged": reasons})

    def _overlaid(
        self, source: Source, name: str, change: Any, tags: Mapping[str, Any], environment: Environment | None
    ) -> Subject | None:
        loc: Location = ("templates", name)
        if name not in self.families and self.alone:
            self.skipped.append(Skipped(source.name, f"templates.{name}: its family was not named"))
            return None
        if name not in self.families:
            finding = _unknown(UNKNOWN_FAMILY, name, self.families, loc=loc)
            self.found.append(placed(finding, source.place(loc)))
            return None
        if not isinstance(self.families[name].data, dict):
            return None  # the family's file has a finding already
        if not isinstance(change, dict):
            finding = _OWN_FORM[WRONG_KIND].finding(
                given=change,
                allowed="a mapping of what differs from the family, or {}",
                fix="write {} to take the family as it is",
            )
            self.found.append(placed(finding, source.place(loc)))
            return None
        return self._template(_Places(name, self.families[name], source), change, environment, tags)

    def _template(
        self, places: _Places, change: Mapping[str, Any], environment: Environment | None, tags: Mapping[str, Any]
    ) -> Subject:
        """Check a family with an environment's overrides; each finding is placed where its value was written."""
        family = _with_meant(_mapping(places.family.data), _NAMES)
        if isinstance(family.get("tags", {}), dict):
            family = overlay(family, {"tags": tags} if tags else {})
        values = overlay(family, _with_meant(change, _NAMES))
        found = [unknown_key(key, FAMILY_KEYS) for key in sorted(values.keys() - FAMILY_KEYS)]
        values = {key: value for key, value in values.items() if key in FAMILY_KEYS and value is not None}
        values["template_name"] = places.name
        acknowledged, schema = values.pop("acknowledge", {}), values.pop("document_schema", None)
        if not isinstance(acknowledged, dict) or not all(isinstance(why, str) for why in acknowledged.values()):
            allowed = "a mapping of codes, each with a reason"
            fix = "write JT352: why this is intended"
            form = _OWN_FORM[WRONG_KIND]
            found.append(form.finding(loc=("acknowledge",), given=acknowledged, allowed=allowed, fix=fix))
        document = values.get("document")
        if document is not None and not isinstance(document, Unresolved):
            document = values["document"] = self._document(document, places, found)
        presigned_url = values.get("presigned_url")
        if isinstance(document, JobDocument) and "job_arn" not in values:
            presigned_url = with_role(presigned_url, document.placeholders)
        elif isinstance(document, Unresolved) or values.keys().isdisjoint({"document", "document_source", "job_arn"}):
            presigned_url = _with_unknown_role(presigned_url)
        values |= {} if presigned_url is None else {"presigned_url": presigned_url}
        if schema is not None:
            schema = self._schema(schema, places, found)
        judged, more = JobTemplateSpec.judge(values)
        found += more
        own = [_own(one) if one.rule is UNKNOWN_KEY and len(one.loc) == 1 else one for one in found]
        placed_findings = tuple(map(places.on, own))
        self.found += placed_findings
        subject = Subject(judged, places.of, placed_findings, environment, schema, _mapping(acknowledged))
        self.subjects.append(subject)
        return subject

    def _inside(self, given: Any, key: str, places: _Places, found: list[Finding]) -> Path | None:
        """Return the file in the folder of documents that a value names. A missing one is a finding, or skipped."""
        folder = self.folder
        if isinstance(given, str):
            self.named.add(folder / given)
        try:
            path = (folder / given).resolve() if isinstance(given, str) and given.isprintable() else folder
            if path.is_relative_to(folder) and path.is_file():
                return path
        except (OSError, RuntimeError, ValueError):  # a name that is too long or impossible here, or a link to itself
            pass
        if self.alone and isinstance(given, str):
            self.skipped.append(Skipped(places.family.name, f"{key} {given}: no such file beside it"))
            return None
        near = _nearest_file(given, folder) if isinstance(given, str) else None
        fix = f"put it into {DOCUMENTS}/" if isinstance(given, str) and given else "write its name"
        finding = DOCUMENT_FILE.finding(
            loc=(key,),
            given=given,
            allowed=f"the name of a file in {DOCUMENTS}/",
            fix=f"write {near}" if near else fix,
        )
        found.append(finding)
        return None

    def _schema(self, given: Any, places: _Places, found: list[Finding]) -> Any:
        """Return the name of a family of documents, or the user's own schema in job_documents."""
        if isinstance(given, str) and given in documents.FAMILIES:
            return given
        if not (isinstance(given, str) and given.endswith(".json")):
            allowed = ", ".join((*documents.FAMILIES, f"or a JSON Schema in {DOCUMENTS}/"))
            near = nearest(str(given), documents.FAMILIES)
            fix = f"write {near}" if near else "choose one of these"
            found.append(UNKNOWN_SCHEMA.finding(loc=("document_schema",), given=given, allowed=allowed, fix=fix))
            return None
        path = self._inside(given, "document_schema", places, found)
        places.schema = self._read(path) if path else None
        return places.schema.data if places.schema else None

    def _document(self, given: Any, places: _Places, found: list[Finding]) -> JobDocument | Unresolved:
        """Return the document that a family names. An unreadable one is unresolved for other rules."""
        path = self._inside(given, "document", places, found)
        if path is None:
            return Unresolved(given)
        document, places.document = self._document_file(path)
        broken = places.document and JobDocument(places.document.text)
        return document or Unresolved(broken or given)

    def _document_file(self, path: Path) -> tuple[JobDocument | None, Source | None]:
        """Return a document and its file, read once. The document is None if it has errors, which are noted."""
        if path not in self.documents:
            known = len(self.found)
            source = self._read(path)
            errors = self.found[known:]
            if source and not errors:
                errors = [one for one in JobDocument(source.text).problems() if one.severity == "error"]
                self.found += [placed(one, source.place(one.loc)) for one in errors]
            good = source is not None and not errors
            self.documents[path] = JobDocument.inline(source.text) if source and good else None, source
        return self.documents[path]

    def documents_alone(self) -> list[Document]:
        """Return the documents that no family names."""
        alone = []
        for path in sorted(self.folder.rglob("*.json")):
            if path not in self.documents and path not in self.named and not path.name.endswith(".schema.json"):
                document, source = self._document_file(path)
                if document and source:
                    alone.append(Document(document, source.place))
        return alone


def _without_frame(header: Any) -> Environment | None:
    """Return a stand-in for an invalid environment, to check its templates; None if its fleet is invalid too."""
    given = _mapping(header)
    fleet, _ = Fleet.check(_mapping(given.get("fleet")))
    if fleet is None:
        return None
    production = given.get("production") is True
    return Environment.model_construct(None, name=str(given.get("name")), fleet=fleet, production=production)


class _Places:
    """The places of one template's values: in the environment, the family, the document or its schema."""

    def __init__(self, name: str, family: Source, environment: Source | None) -> None:
        self.name = name
        self.family = family
        self.environment = environment
        self.document: Source | None = None
        self.schema: Source | None = None

    def on(self, finding: Finding) -> Finding:
        """Return the finding with its place."""
        return placed(finding, self.of(finding.loc), tuple(self.of(loc) for loc in finding.related_locs))

    def of(self, loc: Location) -> Place:
        """Return the place in the file that holds most of the location: the environment's overlay before the family."""
        if loc[:1] == ("document",) and len(loc) > 1 and self.document:
            return self.document.place(loc[1:])
        if loc[:1] == ("document_schema",) and len(loc) > 1 and self.schema:
            return self.schema.place(loc[1:])
        prefix: Location = ("templates", self.name)
        if self.environment:
            own = self.environment.holds(prefix + loc) - len(prefix)
            if own > 0 and own >= self.family.holds(loc):
                return self.environment.place(prefix + loc)
            if loc[:1] == ("tags",) and len(loc) > 1 and self.family.holds(loc) < 2 == self.environment.holds(loc):
                return self.environment.place(loc)  # a tag of the whole environment
        return self.family.place(loc)


def _nearest_file(given: str, folder: Path) -> str | None:
    """Return the file of a folder that a name most likely means, also without its folder or suffix."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = [name for name in names if name != given]  # a link out of the folder
    stem = PurePosixPath(given).stem
    return nearest(given, names, cutoff=0.75) or (nearest(f"{stem}.json", names, cutoff=0.75) if stem else None)


def _with_meant(value: Any, names: Names) -> Any:
    """Return values with the nearest known key for each misspelt one; its value is unresolved."""
    if isinstance(value, list):
        return [_with_meant(item, names) for item in value]
    if not names or not isinstance(value, dict):
        return value
    known = {key: _with_meant(item, names.parts(key)) if key in names else item for key, item in value.items()}
    for key in sorted(value.keys() - names.keys()):
        near = nearest(key, sorted(names.keys() - known.keys()))
        if near:  # keys about the family itself have no rules that another value could break
            known[near] = value[key] if near in _ABOUT_FAMILIES else Unresolved(value[key])
    return known


def _unsaid(found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield findings, without missing values that the fix of a misspelt key names already."""
    said = {(one.loc[:-1], one.fix) for one in found if one.rule is UNKNOWN_KEY}
    for finding in found:
        if finding.rule is not MISSING_VALUE or (finding.loc[:-1], f"write {finding.loc[-1]}") not in said:
            yield finding


def _with_unknown_role(presigned_url: Any) -> Any:
    """Return a presign block (None or a mapping) with an unresolved role, because the document isn't known."""
    if presigned_url is None:
        return Unresolved(None)
    if isinstance(presigned_url, dict) and presigned_url.get("role_arn") is None:
        return {**presigned_url, "role_arn": Unresolved(None)}
    return presigned_url


def _own(finding: Finding) -> Finding:
    return finding._replace(rule=_OWN_FORM.get(finding.rule, finding.rule))


def _unknown(rule: Rule, given: str, known: Iterable[str], *, loc: Location) -> Finding:
    names = sorted(known)
    near = nearest(given, names, cutoff=0.75)
    fix = f"write {near}" if near else "add it, or remove the name"
    return rule.finding(loc=loc, given=given, allowed=", ".join(names) or "none yet", fix=fix)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
