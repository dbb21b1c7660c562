"""What is to be checked, wherever it was read: a template or job with the places of its values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from iot_jobs import cloudformation
from iot_jobs.cloudformation import Spelling
from iot_jobs.document import JobDocument
from iot_jobs.environment import Environment
from iot_jobs.files.source import Source, placed
from iot_jobs.finding import Finding, Location, Place
from iot_jobs.model import MISSING_VALUE
from iot_jobs.spec import JobSpec, JobTemplateSpec
from iot_jobs.spec.parts import ONE_INCREASE_CRITERION


@dataclass(frozen=True)
class Subject:
    """A template or job as it was read. What breaks a rule in it is unresolved; `findings` say why.

    `environment` is where it is deployed, None where that is not known. `acknowledged` holds codes of warnings with the
    author's reasons, as written. `document_schema` is what the author named, None to go by the document's content.
    `spelling` is how somebody else's tool wrote it, so that nothing is filled in before it is deployed; None for one of
    an application's.
    """

    spec: JobTemplateSpec | JobSpec
    place: Callable[[Location], Place]
    findings: tuple[Finding, ...] = ()
    environment: Environment | None = None
    document_schema: str | Mapping[str, Any] | None = None
    acknowledged: Mapping[str, Any] = field(default_factory=dict)
    spelling: Spelling | None = None

    @property
    def cloudformation(self) -> bool:
        """Whether CloudFormation will deploy it."""
        return self.spelling is None or self.spelling.intrinsics

    @property
    def name(self) -> str:
        """The template's name or the job's id, as far as it is known."""
        name = self.spec.template_name if isinstance(self.spec, JobTemplateSpec) else self.spec.job_id
        return name if isinstance(name, str) else self.place(()).path

    def placed(self, finding: Finding) -> Finding:
        """A finding about this subject with its place in the file."""
        if self.spelling is not None:
            finding = _in_their_words(finding, self.spelling)
        return placed(finding, self.place(finding.loc), tuple(self.place(loc) for loc in finding.related_locs))


@dataclass(frozen=True)
class Document:
    """A job document on its own."""

    document: JobDocument
    place: Callable[[Location], Place]
    schema: str | Mapping[str, Any] | None = None


def from_properties(source: Source, prefix: Location, given: Mapping[str, Any], spelling: Spelling) -> Subject:
    """The resource whose properties stand at `prefix` of a file."""

    def place(loc: Location) -> Place:
        return source.place(prefix + cloudformation.translate(loc, given, spelling))

    values, found = cloudformation.values(given, spelling)
    spec, more = spelling.model.check(values)
    found += more
    judged = spec if spec is not None else spelling.model.judgeable(values, found)
    if judged is None:
        judged = spelling.model.unknown()
    subject = Subject(spec=judged, place=place, spelling=spelling)
    return dataclasses.replace(subject, findings=tuple(map(subject.placed, found)))


def _in_their_words(finding: Finding, spelling: Spelling) -> Finding:
    """A finding whose advice names properties as the file does."""
    allowed, fix = spelling.spelt(finding.allowed), spelling.spelt(finding.fix)
    if finding.rule is MISSING_VALUE:  # the name may be one word
        fix = f"add {cloudformation.translate(finding.loc, None, spelling)[-1]}"
    given = finding.given
    if finding.rule is ONE_INCREASE_CRITERION and isinstance(given, list):
        given = [spelling.words[name] for name in given]
    return dataclasses.replace(finding, given=given, allowed=allowed, fix=fix)
