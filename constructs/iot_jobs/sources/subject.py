"""The subjects of a check, wherever they were read: templates and jobs with the places of their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeGuard

from iot_jobs import cloudformation
from iot_jobs.cloudformation import Spelling
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.environment import Environment
from iot_jobs.finding import Finding, Location, Place, Rule
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
_VARIABLE = r"\$\{(aws:[^}]*)"


class Subject(NamedTuple):
    """A template or job as it was read. Values that break a rule are unresolved; `findings` say why.

    `environment` is where it is deployed, None if unknown. `acknowledged` holds codes of warnings with the author's
    reasons, as written. `document_schema` is the author's choice, None to choose by the document's content. `spelling`
    is that of another tool, in which case nothing is filled in before deployment; None for a template of an
    application. `deployed` says that it comes from a response of AWS: it exists already.
    """

    spec: JobTemplateSpec | JobSpec
    place: Callable[[Location], Place]
    findings: tuple[Finding, ...] = ()
    environment: Environment | None = None
    document_schema: str | Mapping[str, Any] | None = None
    acknowledged: Mapping[str, Any] = MappingProxyType({})
    spelling: Spelling | None = None
    deployed: bool = False

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
        return finding._replace(place=self.place(finding.loc), related=related)


class Document(NamedTuple):
    """A job document on its own."""

    document: JobDocument
    place: Callable[[Location], Place]
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
        self.findings = list(findings)
        self.skipped: list[Skipped] = []
        self.beside: dict[Path, list[tuple[Path, str]]] = {}
        """Named files of an application that are in none, with their kinds, by folder: they are checked together."""

    def skip(self, path: Path, reason: str) -> None:
        """Note that a file or folder is not checked, and why."""
        self.skipped.append(Skipped(shown_path(path), reason))

    def find(self, finding: Finding, place: Place, *related: Place) -> None:
        """Add a finding at its place."""
        self.findings.append(finding._replace(place=place, related=related))


def from_properties(
    source: Source, prefix: Location, given: Mapping[str, Any], spelling: Spelling, *, deployed: bool = False
) -> Subject:
    """Return the subject with the properties at `prefix` of a file. `deployed`: they come from a response of AWS."""

    def place(loc: Location) -> Place:
        return source.place(prefix + cloudformation.translate(loc, given, spelling))

    written = given
    if deployed:
        asked = {key: value for key, value in given.items() if key not in spelling.answers}
        written = cloudformation.without_nulls(asked)
    values, found = cloudformation.values(written, spelling)
    judged, more = spelling.model.judge(values)
    found += more
    if deployed:  # a response may omit values that the request had
        found = [finding for finding in found if finding.rule not in _NOT_OF_ANSWERS]
    if not spelling.intrinsics:
        found = [finding for finding in found if finding.rule not in _NOT_OF_REQUESTS]
    else:
        found += _eaten(given.get("Document"), ("document",))
    subject = Subject(judged, place, spelling=spelling, deployed=deployed)
    return subject._replace(findings=tuple(map(subject.placed, found)))


def read_properties(source: Source, prefix: Location, spelling: Spelling, reading: Reading) -> Subject | None:
    """Add and return the subject with the properties at `prefix` of a file; None if they can't be checked."""
    given = source.data
    for part in prefix:
        given = given.get(part, {})
    if is_intrinsic(given):
        reading.skipped.append(Skipped(source.name, f"{'.'.join(map(str, prefix))}: an intrinsic function"))
        return None
    if not isinstance(given, Mapping):
        finding = WRONG_KIND.finding(given=given, allowed="a mapping of properties", fix="write a mapping")
        reading.find(finding, source.place(prefix))
        return None
    deployed = spelling.is_answer(given)
    subject = from_properties(source, prefix, given, spelling, deployed=deployed)
    reading.findings += subject.findings
    reading.subjects.append(subject)
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
    given = finding.given
    if finding.rule is ONE_INCREASE_CRITERION and isinstance(given, list):
        given = [names.words[name] for name in given]
    return finding._replace(given=given, allowed=allowed, fix=fix)
