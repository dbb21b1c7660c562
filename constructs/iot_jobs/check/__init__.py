"""Check what was read: breaches of AWS's rules, and advice about what AWS takes and a fleet does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from iot_jobs.check.advice import advice, document_advice
from iot_jobs.check.budget import can_forecast, states_budget
from iot_jobs.check.catalogue import rules
from iot_jobs.finding import Finding, FindingsError, Location, Rule, unique
from iot_jobs.sources import Application, Reading, Skipped, Subject, read_application
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
    title="what is acknowledged is the code of a warning, with a reason",
    why="Errors can't be acknowledged, because AWS refuses what they name.",
    source="the list of rules: docs/rules.md",
)


class Report(NamedTuple):
    """The result of a check: `findings` count, `acknowledged` ones are kept apart with the author's reason."""

    findings: tuple[Finding, ...]
    acknowledged: tuple[Finding, ...]
    checked: int
    skipped: tuple[Skipped, ...]

    def failed(self, *, strict: bool = False) -> bool:
        """Whether there is an error, or with `strict` anything at all."""
        return any(strict or finding.severity == "error" for finding in self.findings)


def check(reading: Reading, *, now: datetime) -> Report:
    """All findings about what was read, by file and line. `now` (UTC) is what the start of jobs is held against."""
    found = list(reading.findings)
    acknowledged = []
    skipped = list(reading.skipped)
    names = [one.environment.name for one in reading.subjects if one.environment and states_budget(one)]
    if names and not can_forecast():
        why = "its budget, for which iot-jobs[forecast] must be installed"
        skipped += [Skipped(f"environment {name}", why) for name in dict.fromkeys(names)]
    for subject in reading.subjects:
        codes = dict(_acknowledged(subject, found))
        for finding in advice(subject, now=now):
            reason = codes.get(finding.code)
            if reason is None:
                found.append(subject.placed(finding))
            else:
                acknowledged.append(subject.placed(finding)._replace(acknowledged=reason))
    for document in reading.documents:
        judged = [one for one in document.document.problems() if one.severity == "error"]
        judged += document_advice(document.document, document.schema)
        found += [finding._replace(place=document.place(finding.loc)) for finding in judged]
    return Report(_sorted(found), _sorted(acknowledged), reading.checked, tuple(skipped))


def load_application(path: Path, *, environment: str | None = None) -> Application:
    """The application around `path`, with one of its environments or all. All files are read and checked either way.

    Raises `FindingsError` with everything that `check` finds to be an error, in any file.
    """
    application, reading = read_application(path, environment=environment)
    report = check(reading, now=datetime.now(UTC))  # no job template names a point in time
    if errors := [finding for finding in report.findings if finding.severity == "error"]:
        raise FindingsError(errors)
    return application


def _acknowledged(subject: Subject, found: list[Finding]) -> Iterator[tuple[str, str]]:
    """Codes with reasons; what can't be acknowledged is found."""
    for code, reason in subject.acknowledged.items():
        rule = rules().get(code)
        advises = rule is not None and rule.severity == "warning"
        if advises and isinstance(reason, str) and reason.strip():
            yield code, reason
        else:
            finding = ACKNOWLEDGED_UNKNOWN.finding(
                loc=("acknowledge", code),
                given=reason if advises else code,
                allowed="the code of a warning, and a reason",
                fix="say why the warning doesn't matter here" if advises else "remove it",
            )
            found.append(subject.placed(finding))


_Position = tuple[str, int, int]


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, by file, line and code; a misspelt key before the rest of its mapping.

    Where a mapping has misspelt keys, those come at the position of the first finding in it.
    """
    once = unique(findings)
    first: dict[tuple[str, Location], _Position] = {
        _mapping_of(finding): _position(finding) for finding in once if finding.rule == UNKNOWN_KEY
    }
    for finding in once if first else ():
        file, loc = _place(finding)
        for depth in range(len(loc) + 1):
            if (file, loc[:depth]) in first:
                first[file, loc[:depth]] = min(first[file, loc[:depth]], _position(finding))

    def key(finding: Finding) -> tuple[_Position, bool, _Position, str]:
        position = _position(finding)
        if finding.rule == UNKNOWN_KEY:
            return first[_mapping_of(finding)], False, position, finding.code
        return position, True, position, finding.code

    return tuple(sorted(once, key=key))


def _position(finding: Finding) -> _Position:
    """Return file, line and column."""
    place = finding.place
    return (place.file or "", place.line or 0, place.column or 0) if place else ("", 0, 0)


def _place(finding: Finding) -> tuple[str, Location]:
    """Return file and location."""
    return (finding.place.file or "", finding.place.loc) if finding.place else ("", finding.loc)


def _mapping_of(finding: Finding) -> tuple[str, Location]:
    """Return file and location of the mapping that has an unknown key."""
    file, loc = _place(finding)
    return file, loc[:-1]
