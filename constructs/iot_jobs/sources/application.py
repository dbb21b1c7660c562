"""The application: template families and environments in `stacks/`, documents in `job_documents/`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from iot_jobs.cloudformation import TEMPLATE, Names
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.environment import Environment, Expectations, Fleet, Quotas, overlay, rates_problems
from iot_jobs.finding import Edit, Finding, Location, Place, Rule, guarded, nearest, nearest_key
from iot_jobs.presign import with_role
from iot_jobs.sources.document_folder import DOCUMENTS, LAYOUT, DocumentFolder
from iot_jobs.sources.source import Source, read_on, resolved, shown_path
from iot_jobs.sources.subject import Reading, Skipped, Subject
from iot_jobs.template import JobTemplateSpec
from iot_jobs.template.part import MISSING_VALUE, MOST_UNKNOWN, UNKNOWN_KEY, WRONG_KIND, further_unknown, unknown_key
from iot_jobs.unresolved import Unresolved

FAMILIES, ENVIRONMENTS = "stacks/templates", "stacks/environments"
_ABOUT_FAMILIES = frozenset({"document_schema", "acknowledge", "expect"})
FAMILY_KEYS = frozenset(JobTemplateSpec.model_fields) - {"template_name"} | _ABOUT_FAMILIES
_NAMES = Names({key: TEMPLATE.names.get(key, key) for key in sorted(FAMILY_KEYS)})

UNKNOWN_FAMILY = Rule(
    code="JT008",
    title="an environment's templates are families in stacks/templates",
    why="The environment's values have no family to override.",
    source=LAYOUT,
    evidence="own",
)
NAME_TWICE = Rule(
    code="JT009",
    title="names of environments and of families are unique",
    why="Their stacks or templates would have the same name.",
    source=LAYOUT,
    evidence="own",
)
NO_APPLICATION = Rule(
    code="JT011",
    title="there is an application with at least one environment",
    why="There would be nothing to check or synthesize.",
    source=LAYOUT,
    evidence="own",
)
UNKNOWN_ENVIRONMENT = Rule(
    code="JT010",
    title="the requested environment exists",
    why="There would be nothing to synthesize.",
    source=LAYOUT,
    evidence="own",
)
_OWN_FORM = {
    rule: rule.replace(source="the schema of the application's own files: iot-jobs schema")
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
    return path if _holds_application(path) else _root_above(path.parent)


@lru_cache(maxsize=4096)
def _root_above(folder: Path) -> Path | None:
    return next((one for one in (folder, *folder.parents) if _holds_application(one)), None)


def _holds_application(folder: Path) -> bool:
    try:
        return (folder / "stacks").is_dir() and (folder / DOCUMENTS).is_dir()
    except OSError:  # a circular link
        return False


class Loader:
    """Reads every file once into a reading, and continues after a finding.

    `alone` says that the files of a folder are in no application: missing files that they name are skipped.
    """

    def __init__(self, root: Path, reading: Reading, *, alone: bool = False) -> None:
        """Read nothing yet."""
        self.root = root
        self.reading = reading
        self.alone = alone
        self.documents = DocumentFolder(root if alone else root / DOCUMENTS, alone=alone)
        self.families: dict[str, Source] = {}
        self.environments: dict[str, Source] = {}
        self.used: set[str] = set()

    def load(self, environment: str | None = None) -> list[Environment]:
        """Return all environments whose own values are valid; one of this name must exist, valid or not."""
        paths = _yaml_files(self.root / ENVIRONMENTS)
        environments = self.files(_yaml_files(self.root / FAMILIES), paths)
        if not paths:
            allowed = f"at least one .yaml file in {ENVIRONMENTS}"
            finding = NO_APPLICATION.finding(given=shown_path(self.root), allowed=allowed, fix="add one")
            self.reading.findings += [finding]
        if environment is not None and environment not in self.environments:
            finding = _unknown(UNKNOWN_ENVIRONMENT, environment, self.environments, loc=("environment",))
            self.reading.findings += [finding]
        return environments

    def files(self, families: Iterable[Path], environments: Iterable[Path]) -> list[Environment]:
        """Load each environment with the families that it names, each family that none names, and other documents."""
        for path in families:
            with guarded(shown_path(path)) as crashed:
                self._family(path)
            self.reading.findings += crashed
        JobTemplateSpec.model_rebuild()  # before the environment's model, which contains it and would build it again
        loaded: list[Environment] = []
        for path in environments:
            with guarded(shown_path(path)) as crashed:
                loaded += filter(None, [self._environment(path)])
            self.reading.findings += crashed
        for name, family in self.families.items():
            if name not in self.used and isinstance(family.data, dict):
                with guarded(family.name) as crashed:
                    self._template(name, family, None, {}, None)
                self.reading.findings += crashed
        if not self.alone:
            self.reading.documents += self.documents.unnamed()
        self.reading.findings += self.documents.findings
        self.reading.skipped += self.documents.skipped
        return loaded

    def _family(self, path: Path) -> None:
        source, findings = read_on(path)
        self.reading.findings += findings
        name = path.stem
        if source is None:
            self.families.setdefault(name, Source(shown_path(path), "", None, lambda _: (1, 1)))
        elif not isinstance(source.data, dict):
            finding = _OWN_FORM[WRONG_KIND].finding(
                given=source.data, allowed="a mapping: a template family", fix="write key: value"
            )
            self.reading.find(finding, source.place(()))
            self.families.setdefault(name, source)
        elif name in self.families:
            finding = NAME_TWICE.finding(given=name, allowed="each family once", fix="rename one of the files")
            self.reading.find(finding, source.place(()), self.families[name].place(()))
        else:
            self.families[name] = source

    def _environment(self, path: Path) -> Environment | None:
        source, findings = read_on(path)
        self.reading.findings += findings
        if source is None:
            return None
        header = source.data
        templates: Any = {}
        if isinstance(header, dict):
            templates = header.get("templates", {})
            written = [name for name, field in Environment.model_fields.items() if not field.exclude]
            ours = sorted(header.keys() & (Environment.model_fields.keys() - set(written)))
            for key in ours:  # in files each template states these
                self.reading.find(_own(unknown_key(key, written)), source.place((key,)))
            header = {key: value for key, value in header.items() if key not in ("templates", *ours)}
        environment, found = Environment.check(header)
        for finding in _unsaid(found):
            self.reading.find(_own(finding), source.place(finding.loc))
        name = header.get("name") if isinstance(header, dict) else None
        if isinstance(name, str):
            if name in self.environments:
                finding = NAME_TWICE.finding(given=name, allowed="each environment once", fix="rename one of the two")
                self.reading.find(finding, source.place(("name",)), self.environments[name].place(("name",)))
            self.environments.setdefault(name, source)
        if not isinstance(templates, dict):
            finding = _OWN_FORM[WRONG_KIND].finding(
                given=templates, allowed="a mapping of families", fix="write family: {}"
            )
            self.reading.find(finding, source.place(("templates",)))
            return None
        self.used |= templates.keys()
        judged = environment or _without_frame(header)
        overlaid = {name: self._overlaid(name, source, change, judged) for name, change in templates.items()}
        subjects = {name: one for name, one in overlaid.items() if one is not None}
        specs = tuple(one.spec for one in subjects.values() if isinstance(one.spec, JobTemplateSpec))
        update = {
            "templates": specs,
            "acknowledged": {name: dict(one.acknowledged) for name, one in subjects.items() if one.acknowledged},
            "expected": {name: one.expected for name, one in subjects.items()},
        }
        return environment and environment.model_copy(update=update)

    def _overlaid(self, name: str, source: Source, change: Any, environment: Environment | None) -> Subject | None:
        loc: Location = ("templates", name)
        if name not in self.families and self.alone:
            self.reading.skipped.append(Skipped(source.name, f"templates.{name}: its family was not given as a PATH"))
            return None
        if name not in self.families:
            finding = _unknown(UNKNOWN_FAMILY, name, self.families, loc=loc, taken=source.data["templates"])
            self.reading.find(finding, source.place(loc))
            return None
        if not isinstance(self.families[name].data, dict):
            return None  # the family's file has a finding already
        if not isinstance(change, dict):
            finding = _OWN_FORM[WRONG_KIND].finding(
                given=change,
                allowed="a mapping of what differs from the family, or {}",
                fix="write {} to take the family as it is",
            )
            self.reading.find(finding, source.place(loc))
            return None
        with guarded(self.families[name].name) as crashed:
            return self._template(name, self.families[name], source, change, environment)
        self.reading.findings += crashed  # type: ignore[unreachable]  # after an exception
        return None

    def _template(
        self,
        name: str,
        family: Source,
        overrides: Source | None,
        change: dict[str, Any],
        environment: Environment | None,
    ) -> Subject:
        """Check a family with an environment's overrides; each finding is placed where its value was written."""
        values = _with_meant(family.data, _NAMES)
        if environment and environment.tags and isinstance(values.get("tags", {}), dict):
            values = overlay(values, {"tags": environment.tags})
        values = overlay(values, _with_meant(change, _NAMES))
        unknown = sorted(values.keys() - FAMILY_KEYS)
        found = [
            unknown_key(key, FAMILY_KEYS, given=change if key in change else family.data)
            for key in unknown[:MOST_UNKNOWN]
        ]
        found += further_unknown(unknown, FAMILY_KEYS)
        values = {key: value for key, value in values.items() if key in FAMILY_KEYS and value is not None}
        values["template_name"] = name
        acknowledged = values.pop("acknowledge", {})
        if not isinstance(acknowledged, dict):
            allowed = "a mapping of codes, each with a reason"
            fix = "write JT352: why this is intended"
            form = _OWN_FORM[WRONG_KIND]
            found.append(form.finding(loc=("acknowledge",), given=acknowledged, allowed=allowed, fix=fix))
        expected, wrong = _expected(values.pop("expect", {}), environment)
        found += wrong
        document, document_file, more = self.documents.document(values.get("document"), family.name)
        found += more
        if document is not None:
            values["document"] = document
        presigned_url = values.get("presigned_url")
        if isinstance(document, JobDocument) and "job_arn" not in values:
            presigned_url = with_role(presigned_url, document.placeholders)
        elif isinstance(document, Unresolved) or values.keys().isdisjoint({"document", "document_source", "job_arn"}):
            presigned_url = _with_unknown_role(presigned_url)
        values |= {} if presigned_url is None else {"presigned_url": presigned_url}
        schema, schema_file, more = self.documents.schema(values.pop("document_schema", None), family.name)
        found += more
        spec, more = JobTemplateSpec.judge(values)
        found += more
        own = [_own(one) if one.rule is UNKNOWN_KEY and len(one.loc) == 1 else one for one in found]
        places = _Places(name, family, overrides, document_file, schema_file)
        subject = Subject(spec, places.of, (), environment, schema, _mapping(acknowledged), expected, file=family.name)
        subject = subject._replace(findings=tuple(map(subject.placed, own)))
        self.reading.findings += subject.findings
        self.reading.subjects.append(subject)
        return subject


def _expected(given: Any, environment: Environment | None) -> tuple[Expectations, list[Finding]]:
    """Return the rates and times expected of a template, or none and what is wrong with them in this environment."""
    expected, found = Expectations.check(given)
    if expected is not None and environment is not None:
        found = tuple(rates_problems(environment.fleet.expecting(expected)))
    if expected is None or found:
        return Expectations(), [_own(finding.under(("expect",))) for finding in found]
    return expected, []


def _without_frame(header: Any) -> Environment | None:
    """Return a stand-in for an invalid environment, to check its templates; None if its fleet is invalid too."""
    given = _mapping(header)
    fleet, _ = Fleet.check(_mapping(given.get("fleet")))
    if fleet is None:
        return None
    quotas, _ = Quotas.check(_mapping(given.get("quotas")))
    return Environment.model_construct(
        None,
        name=str(given.get("name")),
        account=(),
        region=(),
        fleet=fleet,
        quotas=quotas or Quotas(),
        production=given.get("production") is True,
    )


_OF_ENVIRONMENTS = (("account",), ("region",))
"""Locations of an environment's own values, which templates don't have."""


class _Places(NamedTuple):
    """The places of one template's values: in the environment, the family, the document or its schema."""

    name: str
    family: Source
    environment: Source | None
    document: Source | None
    schema: Source | None

    def of(self, loc: Location) -> Place:
        """Return the place in the file that holds most of the location: the environment's overlay before the family."""
        if loc[:1] == ("document",) and len(loc) > 1 and self.document:
            return self.document.place(loc[1:])
        if loc[:1] == ("document_schema",) and len(loc) > 1 and self.schema:
            return self.schema.place(loc[1:])
        prefix: Location = ("templates", self.name)
        if self.environment:
            if loc[:1] in _OF_ENVIRONMENTS:
                return self.environment.place(loc[: self.environment.holds(loc)])
            own = self.environment.holds(prefix + loc) - len(prefix)
            if own > 0 and own >= self.family.holds(loc):
                return self.environment.place(prefix + loc)
            if loc[:1] == ("tags",) and len(loc) > 1 and self.family.holds(loc) < 2 == self.environment.holds(loc):
                return self.environment.place(loc)  # a tag of the whole environment
        return self.family.place(loc)


def _with_meant(value: Any, names: Names) -> Any:
    """Return values with the nearest known key for each misspelt one; its value is unresolved."""
    if isinstance(value, list):
        return [_with_meant(item, names) for item in value]
    if not names or not isinstance(value, dict):
        return value
    known = {key: _with_meant(item, names.parts(key)) if key in names else item for key, item in value.items()}
    for key in sorted(value.keys() - names.keys())[:MOST_UNKNOWN]:
        near = nearest_key(key, sorted(names.keys() - known.keys()))
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
    """Return a presigned URL configuration (None or a mapping) with an unresolved role: the document isn't known."""
    if presigned_url is None:
        return Unresolved(None)
    if isinstance(presigned_url, dict) and presigned_url.get("role_arn") is None:
        return {**presigned_url, "role_arn": Unresolved(None)}
    return presigned_url


def _own(finding: Finding) -> Finding:
    return finding._replace(rule=_OWN_FORM.get(finding.rule, finding.rule))


def _unknown(
    rule: Rule, given: str, known: Iterable[str], *, loc: Location, taken: Container[str] | None = None
) -> Finding:
    """Return the finding for a name that nothing has. `taken` are the keys beside it, None if it is no key."""
    names = sorted(known)
    near = nearest(given, [name for name in names if name not in (taken or ())], cutoff=0.75)
    fix = f"write {near}" if near else "add it, or remove the name"
    edit = Edit("key", near) if near and taken is not None else None
    return rule.finding(loc=loc, given=given, allowed=", ".join(names) or "none yet", fix=fix, edit=edit)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".yaml", ".yml"))
