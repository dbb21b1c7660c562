"""The check of an input: breaches of AWS's rules, and advice about templates that AWS accepts but that harm a fleet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from iot_jobs.check.advice import advice, document_advice
from iot_jobs.check.cases import in_some_cases
from iot_jobs.check.catalogue import rules
from iot_jobs.check.frame import diagnosed, frame, is_installed
from iot_jobs.check.risk import can_forecast, states_risk
from iot_jobs.environment import Quotas
from iot_jobs.finding import (
    INTERNAL_ERROR,
    LONGEST_TEXT,
    MOST_FINDINGS,
    REMOVE,
    Finding,
    Findings,
    FindingsError,
    Location,
    Place,
    Rule,
    guarded,
    shortened,
)
from iot_jobs.limits import MAX_LOGICAL_ID, MAX_RESOURCES_IN_STACK
from iot_jobs.sources import Application, Reading, Skipped, Source, Subject, Unknown, read_application
from iot_jobs.template.part import UNKNOWN_KEY

__all__ = [
    "ACKNOWLEDGED_UNKNOWN",
    "Report",
    "advice",
    "check",
    "load_application",
    "rules",
]

ACKNOWLEDGED_UNKNOWN = Rule(
    code="JT012",
    title="each acknowledgment has the code of a warning or of an assumed error, and a reason",
    why="Other errors can't be acknowledged, because AWS refuses the values that they name.",
    source="the list of rules: docs/rules.md",
    evidence="own",
)


_NOT_INSTALLED = "it needs the extra [cloudformation]"
_STOPPED = "AWS's validator, which failed or took too long; --only-jobs leaves it out"
_MOST_SKIPPED = 1000
_MOST_RESOURCES = 2 * MAX_RESOURCES_IN_STACK
"""The number of resources up to which AWS's validator takes no more than some seconds."""


class Report(NamedTuple):
    """The result of a check: findings that count, and those that the author acknowledged with a reason.

    `unjudged` are values of the checked templates and jobs that are known only at deployment. `left_out` counts by rule
    the findings that are too many to be reported.
    """

    findings: tuple[Finding, ...]
    acknowledged: tuple[Finding, ...]
    checked: int
    skipped: tuple[Skipped, ...]
    unjudged: tuple[Unknown, ...]
    left_out: Mapping[Rule, int] = MappingProxyType({})

    def failed(self, *, strict: bool = False) -> bool:
        """Return whether there is an error, or with `strict` any finding."""
        return any(strict or rule.severity == "error" for rule in self._rules())

    def crashed(self) -> bool:
        """Return whether a file couldn't be checked, because of a mistake of this tool's."""
        return INTERNAL_ERROR in self._rules()

    def _rules(self) -> set[Rule]:
        return {finding.rule for finding in self.findings} | self.left_out.keys()


def check(reading: Reading, *, now: datetime, quotas: Quotas | None = None, only_jobs: bool = False) -> Report:
    """Return all findings of an input, by file and line. The start of jobs is compared with `now` (UTC).

    `quotas` are those of templates and jobs without an environment; None means AWS's defaults. `only_jobs` leaves out
    what AWS's validator says about the rest of a CloudFormation template.
    """
    findings = Findings()
    findings += reading.findings
    findings.left_out += reading.findings.left_out
    skipped = list(reading.skipped)
    if not can_forecast():
        skipped += _without_forecast(reading.subjects)
    for subject in reading.subjects:
        if subject.file in findings.full:
            continue
        with guarded(subject.file) as crashed:
            wrong = list(islice(_acknowledgment_problems(subject.acknowledged), MOST_FINDINGS + 1))
            findings += map(subject.placed, wrong)
            refused = {finding.loc[-1] for finding in wrong}
            advised = [subject.placed(finding) for finding in advice(subject, now=now, quotas=quotas)]
            for finding in advised:
                reason = None if finding.code in refused else subject.acknowledged.get(finding.code)
                findings += [finding._replace(acknowledged=reason)]
            if subject.variants:
                about = partial(_all_about, now=now, quotas=quotas)
                findings += in_some_cases(subject, [*subject.findings, *advised], about)
        findings += crashed
    for document in reading.documents:
        with guarded(document.file) as crashed:
            problems = [finding for finding in document.document.problems() if finding.severity == "error"]
            problems += document_advice(document.document, document.schema)
            findings += (finding._replace(place=document.place(finding.loc)) for finding in problems)
        findings += crashed
    if reading.templates and not only_jobs:
        skipped += _validate(reading.templates, findings)
    checked = len(reading.subjects) + len(reading.documents)
    counted = [finding for finding in findings if finding.acknowledged is None]
    acknowledged = [finding for finding in findings if finding.acknowledged is not None]
    return Report(
        _sorted(counted), _sorted(acknowledged), checked, _listed(skipped), tuple(reading.unjudged), findings.left_out
    )


def _without_forecast(subjects: Sequence[Subject]) -> Iterator[Skipped]:
    """Yield the environments whose risk can't be forecast."""
    placed = [(one.environment, one.expected) for one in subjects if one.environment]
    stating = [where.name for where, expected in placed if states_risk(where.fleet.expecting(expected))]
    for name in dict.fromkeys(stating):
        yield Skipped(f"the risk in environment {name}", "it needs the extra [forecast]")


def _validate(templates: Sequence[Source], findings: Findings) -> list[Skipped]:
    """Add the errors of AWS's validator to the findings so far, and return what it doesn't validate."""
    if not is_installed():
        return [Skipped("the rest of CloudFormation templates", _NOT_INSTALLED)]
    skipped: list[Skipped] = []
    by_file: dict[str | None, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.place and finding.place.file, []).append(finding)
    asked: list[Source] = []
    for source in templates:
        names = source.data["Resources"]
        too_many = findings.left_out or source.name in findings.full or len(names) > _MOST_RESOURCES
        if too_many or max(map(len, names)) > MAX_LOGICAL_ID:
            skipped.append(Skipped(source.name, "AWS's validator, for too many findings or resources, or a long id"))
        else:
            asked.append(source)
    for source, diagnostics in diagnosed(asked):
        if diagnostics is None:
            skipped.append(Skipped(source.name, _STOPPED))
            continue
        with guarded(source.name) as crashed:
            findings += islice(frame(source, diagnostics, by_file.get(source.name, ())), MOST_FINDINGS + 1)
        findings += crashed
    return skipped


def _listed(skipped: Sequence[Skipped]) -> tuple[Skipped, ...]:
    """Return what was skipped; of very much the first, and how much more there is."""
    listed = [Skipped(file, shortened(reason, LONGEST_TEXT)) for file, reason in skipped[:_MOST_SKIPPED]]
    if more := len(skipped) - len(listed):
        listed.append(Skipped(f"{more} more", "too many to be listed"))
    return tuple(listed)


def _all_about(subject: Subject, *, now: datetime, quotas: Quotas | None) -> list[Finding]:
    return [*subject.findings, *map(subject.placed, advice(subject, now=now, quotas=quotas))]


def load_application(path: Path, *, environment: str | None = None) -> Application:
    """Return the application around `path`, with all environments or the one given. All files are checked either way.

    Raises `FindingsError` with the errors of all files.
    """
    application, reading = read_application(path, environment=environment)
    report = check(reading, now=datetime.now(UTC))  # affects jobs only; an application has job templates only
    if errors := [finding for finding in report.findings if finding.severity == "error"]:
        raise FindingsError(errors)
    return application


def _acknowledgment_problems(acknowledged: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield acknowledgments of a code that can't be acknowledged, and those without a reason."""
    for code, reason in acknowledged.items():
        rule = rules().get(code)
        possible = rule is not None and rule.can_be_acknowledged
        if not possible or not isinstance(reason, str) or not reason.strip():
            yield ACKNOWLEDGED_UNKNOWN.finding(
                loc=("acknowledge", code),
                given=reason if possible else code,
                allowed="the code of a warning or of an assumed error, and a reason",
                fix="state why it doesn't matter here" if possible else "remove it",
                edit=None if possible else REMOVE,
            )


_Position = tuple[str, int, int]


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return the findings by file, line and code.

    Unknown keys come first in their mapping, because a misspelt key may have caused the other findings there.
    """
    first: dict[tuple[str, Location], _Position] = {
        _mapping_of(finding): _position(finding.place) for finding in findings if finding.rule == UNKNOWN_KEY
    }
    for finding in findings if first else ():
        file, loc = _place(finding)
        for depth in range(len(loc) + 1):
            if (file, loc[:depth]) in first:
                first[file, loc[:depth]] = min(first[file, loc[:depth]], _position(finding.place))

    def key(finding: Finding) -> tuple[_Position, bool, _Position, str]:
        position = _position(finding.place)
        if finding.rule == UNKNOWN_KEY:
            return first[_mapping_of(finding)], False, position, finding.code
        return position, True, position, finding.code

    return tuple(sorted(findings, key=key))


def _position(place: Place | None) -> _Position:
    """Return file, line and column."""
    return (place.file or "", place.line or 0, place.column or 0) if place else ("", 0, 0)


def _place(finding: Finding) -> tuple[str, Location]:
    """Return file and location."""
    return (finding.place.file or "", finding.place.loc) if finding.place else ("", finding.loc)


def _mapping_of(finding: Finding) -> tuple[str, Location]:
    """Return file and location of the mapping that has an unknown key."""
    file, loc = _place(finding)
    return file, loc[:-1]
