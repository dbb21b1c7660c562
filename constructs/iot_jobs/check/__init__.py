"""Check what was read: breaches of AWS's rules, and advice about what AWS takes and a fleet does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from iot_jobs.check.advice import advice, document_advice
from iot_jobs.check.budget import can_forecast, states_budget
from iot_jobs.check.catalogue import rules
from iot_jobs.finding import Finding, FindingsError, Rule, dotted, unique
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
        why = "its budget, for which cdk-iot-jobs[forecast] must be installed"
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


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    """Each once, by file, line and code; but a misspelt key before all else in its mapping, which may come of it."""
    found = unique(findings)
    first = {(_file(one), _mapping_of(one)): _position(one) for one in found if one.rule == UNKNOWN_KEY}
    for finding in found if first else ():
        for mapping in _enclosing(finding.path):
            if (_file(finding), mapping) in first:
                first[_file(finding), mapping] = min(first[_file(finding), mapping], _position(finding))

    def key(finding: Finding) -> tuple[_Position, bool, _Position, str]:
        position = _position(finding)
        if finding.rule == UNKNOWN_KEY:
            return first[_file(finding), _mapping_of(finding)], False, position, finding.code
        return position, True, position, finding.code

    return tuple(sorted(found, key=key))


_Position = tuple[str, int, int]


def _position(finding: Finding) -> _Position:
    """File, line and column."""
    place = finding.place
    return (place.file or "", place.line or 0, place.column or 0) if place else ("", 0, 0)


def _file(finding: Finding) -> str | None:
    return finding.place.file if finding.place else None


def _mapping_of(finding: Finding) -> str:
    """The path of the mapping that an unknown key stands in."""
    return finding.path.removesuffix(dotted(finding.loc[-1:])).removesuffix(".")


def _enclosing(path: str) -> Iterator[str]:
    """The paths of the mappings that a value stands in, and its own."""
    yield ""
    yield from (path[: match.start()] for match in re.finditer(r"[.\[]", path))
    yield path
