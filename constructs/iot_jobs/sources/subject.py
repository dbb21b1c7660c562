"""The subjects of a check, wherever they were read: templates and jobs with the places of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeGuard

from iot_jobs import cloudformation
from iot_jobs.cloudformation import (
    TEMPLATE,
    AccountRegion,
    Case,
    Declarations,
    Resolved,
    Scope,
    Spelling,
    mentioned,
    shown_unknown,
)
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.environment import Environment, Expectations
from iot_jobs.finding import MOST_FINDINGS, Finding, Findings, Location, Place, Rule
from iot_jobs.sources.source import Source, shown_path
from iot_jobs.template import JobSpec, JobTemplateSpec
from iot_jobs.template.content import DOCUMENT_COMBINATION
from iot_jobs.template.job_template import BLOCK_WITHOUT_ROLE, TAG_WITHOUT_VALUE
from iot_jobs.template.part import MISSING_VALUE, UNKNOWN_KEY, WRONG_KIND
from iot_jobs.template.parts import EMPTY_ROLLOUT, ONE_INCREASE_CRITERION
from iot_jobs.unresolved import is_intrinsic

SUBSTITUTED = Rule(
    code="JT518",
    title="inside Fn::Sub a document's placeholders are written ${!aws:...}",
    why="CloudFormation takes ${aws:...} there for its own variable, and fails because there is no such variable.",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html",
    evidence="documented",
)
# A response of AWS may lack what a request must have: DescribeJob returns no document, and empty blocks for none.
# Later responses may have members that are unknown today.
_NOT_OF_ANSWERS = (MISSING_VALUE, DOCUMENT_COMBINATION, EMPTY_ROLLOUT, UNKNOWN_KEY)
# CloudFormation requires more of a template than the API, which has the same model.
_NOT_OF_REQUESTS = (TAG_WITHOUT_VALUE, BLOCK_WITHOUT_ROLE)
_VARIABLE = r"\$\{(aws:[^}]*)\}"


class Unknown(NamedTuple):
    """A value of a file that is known only at deployment, and what it is: `${Bucket.Arn}`."""

    source: Source
    loc: Location
    what: str

    @property
    def place(self) -> Place:
        """Where the value is written."""
        return self.source.place(self.loc)


class Variant(NamedTuple):
    """A subject as it is in one of the cases in which its values differ."""

    case: Case
    subject: Subject


class Subject(NamedTuple):
    """A template or job as it was read. Values that break a rule are unresolved; `findings` say why.

    `environment` is where it is deployed, None if unknown. `acknowledged` holds codes of warnings with the author's
    reasons, as written. `expected` are the rates and times of this template alone. `document_schema` is the author's
    choice, None to choose by the document's content. `spelling` is that of another tool, in which case nothing is
    filled in before deployment; None for a template of an application. `deployed` says that it comes from a response of
    AWS: it exists already. `unknown` has what is known only at deployment. `variants` are the subject in each case that
    differs, if its values depend on conditions or parameters; they have what the subject itself leaves unknown. `file`
    is the one with its properties. `location` is where a subject without an environment is deployed. `has_fixed_id`
    says that it is a job template in CloudFormation whose id no parameter can change.
    """

    spec: JobTemplateSpec | JobSpec
    place: Callable[[Location], Place]
    findings: tuple[Finding, ...] = ()
    environment: Environment | None = None
    document_schema: str | Mapping[str, Any] | None = None
    acknowledged: Mapping[str, Any] = MappingProxyType({})
    expected: Expectations = Expectations()
    spelling: Spelling | None = None
    deployed: bool = False
    unknown: tuple[Unknown, ...] = ()
    variants: tuple[Variant, ...] = ()
    file: str | None = None
    location: AccountRegion = (None, None)
    has_fixed_id: bool = False

    @property
    def name(self) -> str:
        """The template's name or the job's id, or its path if that is not known."""
        name = self.spec.template_name if isinstance(self.spec, JobTemplateSpec) else self.spec.job_id
        return name if isinstance(name, str) else self.place(()).path

    def placed(self, finding: Finding) -> Finding:
        """Return a finding about this subject with its place in the file."""
        if self.spelling is not None:
            finding = _in_their_words(finding, self.spelling)
        related = tuple(self.place(loc) for loc in finding.related_locs)
        place = self.place(finding.loc)
        return finding._replace(place=place, related=related, edit=finding.edit if place.literal else None)


class Document(NamedTuple):
    """A job document on its own, in `file`."""

    document: JobDocument
    place: Callable[[Location], Place]
    file: str
    schema: str | Mapping[str, Any] | None = None


class Skipped(NamedTuple):
    """A file or folder that was not checked, and why."""

    file: str
    reason: str


class Reading:
    """Everything that was read: subjects to check, findings so far, and skipped files."""

    def __init__(
        self, subjects: Iterable[Subject] = (), documents: Iterable[Document] = (), findings: Iterable[Finding] = ()
    ) -> None:
        """Copy the arguments into lists that can grow."""
        self.subjects = list(subjects)
        self.documents = list(documents)
        self.findings = Findings()
        self.findings += findings
        self.skipped: list[Skipped] = []
        self.templates: list[Source] = []
        """CloudFormation templates with resources of ours, which nothing else has validated."""
        self.parameters: set[str] = set()
        """The names of the parameters of all CloudFormation templates."""
        self.unjudged: list[Unknown] = []
        """What is known only at deployment, in every case."""
        self.beside: dict[Path, list[tuple[Path, str]]] = {}
        """Named files of an application that are in none, with their kinds, by folder: they are checked together."""

    def skip(self, path: Path, reason: str) -> None:
        """Note that a file or folder is not checked, and why."""
        self.skipped.append(Skipped(shown_path(path), reason))

    def find(self, finding: Finding, place: Place, *related: Place) -> None:
        """Add a finding at its place."""
        self.findings += [finding._replace(place=place, related=related)]


def from_properties(
    source: Source,
    prefix: Location,
    given: Mapping[str, Any],
    spelling: Spelling,
    *,
    deployed: bool = False,
    scope: Scope | None = None,
) -> Subject:
    """Return the subject with the properties at `prefix` of a file. `deployed`: they come from a response of AWS.

    Intrinsic functions are resolved as far as `scope` tells; without one they are all unknown.
    """
    subject = _resolved(source, prefix, given, spelling, deployed=deployed, scope=scope)
    if not spelling.intrinsics:
        return subject
    eaten = islice(_eaten(given.get("Document"), ("document",)), MOST_FINDINGS + 1)
    return subject._replace(findings=(*subject.findings, *map(subject.placed, eaten)))


def _resolved(
    source: Source,
    prefix: Location,
    given: Mapping[str, Any],
    spelling: Spelling,
    *,
    deployed: bool = False,
    scope: Scope | None = None,
) -> Subject:
    """Return the subject without findings about its functions themselves, which are the same in each case."""
    resolved = None if scope is None or not spelling.intrinsics else Resolved(given, scope)
    written = given if resolved is None else resolved.value

    def place(loc: Location) -> Place:
        there = cloudformation.translate(loc, written, spelling)
        return source.place(prefix + (there if resolved is None else resolved.written_at(there)))

    asked = written
    if deployed:
        asked = {key: value for key, value in given.items() if key not in spelling.answers}
        asked = cloudformation.without_nulls(asked)
    values, found = cloudformation.values(asked, spelling)
    judged, more = spelling.model.judge(values)
    found += more
    absent = {finding.loc for finding in found if finding.given is None and finding.rule is not WRONG_KIND}
    # A null that a rule reports as absent has its fix there.
    found = [one for one in found if one.given is not None or one.rule is not WRONG_KIND or one.loc not in absent]
    if deployed:  # a response may omit values that the request had
        found = [finding for finding in found if finding.rule not in _NOT_OF_ANSWERS]
    if not spelling.intrinsics:
        found = [finding for finding in found if finding.rule not in _NOT_OF_REQUESTS]
    unknown = (
        () if resolved is None else [Unknown(source, prefix + loc, what) for loc, what in resolved.unknown.items()]
    )
    subject = Subject(judged, place, spelling=spelling, deployed=deployed, unknown=tuple(unknown), file=source.name)
    return subject._replace(findings=tuple(map(subject.placed, found)))


class Surroundings(NamedTuple):
    """What a template has around the properties of a resource: its declarations, and the resource's condition.

    `values` are those of the variables of loops around the resource.
    """

    declarations: Declarations
    condition: object = None
    values: Mapping[str, Any] = MappingProxyType({})


def read_properties(
    source: Source,
    prefix: Location,
    given: Any,
    spelling: Spelling,
    reading: Reading,
    around: Surroundings | None = None,
) -> Subject | None:
    """Add and return the subject with the properties `given` at `prefix` of a file; None if they can't be checked.

    `around` is None for properties that are in no template, and deployed nobody knows where.
    """
    around = around or Surroundings(Declarations({}))
    scope = around.declarations.scope.within(around.values)
    if is_intrinsic(given) and is_intrinsic(Resolved(given, scope).value):
        reading.skipped.append(Skipped(source.name, f"{'.'.join(map(str, prefix))}: an intrinsic function"))
        return None
    if not isinstance(given, Mapping):
        finding = WRONG_KIND.finding(given=given, allowed="a mapping of properties", fix="write a mapping")
        reading.find(finding, source.place(prefix))
        return None
    deployed = spelling.is_answer(given)
    id_names = {name for _, name in mentioned(given.get("JobTemplateId"))}
    about: dict[str, Any] = {
        "location": around.declarations.stack.location,
        "has_fixed_id": spelling is TEMPLATE and bool(prefix) and not id_names & around.declarations.parameters.keys(),
    }
    subject = from_properties(source, prefix, given, spelling, deployed=deployed, scope=scope)._replace(**about)
    if spelling.intrinsics:
        variants = [
            Variant(case, _resolved(source, prefix, given, spelling, scope=case.scope(scope))._replace(**about))
            for case in around.declarations.cases({"Condition": around.condition, "Properties": given})
        ]
        subject = subject._replace(variants=tuple(variants))
    reading.findings += subject.findings
    reading.subjects.append(subject)
    certain = [variant.subject for variant in subject.variants if variant.case.certain] or [subject]
    reading.unjudged += {unknown.loc: unknown for one in certain for unknown in one.unknown}.values()
    return subject


def _eaten(value: Any, loc: Location) -> Iterator[Finding]:
    """Yield the AWS placeholders that CloudFormation takes for its own variables, in any `Fn::Sub` of a value."""
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value) if _is_list(value) else ():
        here = (*loc, key)
        if key == "Fn::Sub":
            here = (*here, 0) if _is_list(item) else here
            text, *more = item if _is_list(item) and item else [item]
            known = more[0] if more and isinstance(more[0], Mapping) else {}
            names = re.findall(_VARIABLE, text) if isinstance(text, str) else []
            for name in dict.fromkeys(name for name in names if name not in known):
                yield SUBSTITUTED.finding(
                    loc=here,
                    given=f"${{{name}}}",
                    allowed="${!aws:...} inside Fn::Sub, which CloudFormation writes out as ${aws:...}",
                    fix="write ${!aws: in place of ${aws:",
                )
        else:
            yield from _eaten(item, here)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _in_their_words(finding: Finding, spelling: Spelling) -> Finding:
    """Return a finding whose texts name properties as the file does."""
    names = spelling.names
    allowed, fix = names.spelt(finding.allowed), names.spelt(finding.fix)
    if finding.rule is MISSING_VALUE:  # the name may be one word
        fix = f"add {cloudformation.translate(finding.loc, None, spelling)[-1]}"
    given = shown_unknown(finding.given) if isinstance(finding.given, str) else finding.given
    if finding.rule is ONE_INCREASE_CRITERION and isinstance(given, list):
        given = [names.words[name] for name in given]
    return finding._replace(given=given, allowed=allowed, fix=fix)
