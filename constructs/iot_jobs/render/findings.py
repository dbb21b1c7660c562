"""The report of a check as text, JSON, GitHub annotations and SARIF."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from iot_jobs.check import Report, rules
from iot_jobs.finding import LONGEST_TEXT, MOST_FINDINGS, SHOWN_CHARACTERS, Finding, Place, shortened, shown
from iot_jobs.render.jsonout import to_json

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning"}


def text(report: Report) -> str:
    """Return a block of lines for each finding, then a line for each acknowledged one."""
    blocks = [f"{finding}\n" for finding in report.findings]
    blocks += [
        f"{finding.place}: acknowledged {finding.code} {finding.path}: {shown(finding.acknowledged)}\n"
        for finding in report.acknowledged
    ]
    return "".join(blocks)


def summary(report: Report) -> str:
    """Return one line with the numbers checked, found, acknowledged, skipped and known only at deployment."""
    errors = sum(finding.severity == "error" for finding in report.findings)
    parts = [f"{report.checked} checked", count(errors, "error"), count(len(report.findings) - errors, "warning")]
    if report.acknowledged:
        parts.append(f"{len(report.acknowledged)} acknowledged")
    if report.skipped:
        parts.append(f"{len(report.skipped)} skipped")
    if report.unjudged:
        parts.append(f"{count(len(report.unjudged), 'value')} known only at deployment")
    if report.left_out:
        parts.append(f"{sum(report.left_out.values())} more findings left out")
    return ", ".join(parts)


def as_json(report: Report) -> str:
    """Return one object. docs/cli.md documents its members, which are stable."""
    return to_json(
        {
            "findings": [_finding(finding) for finding in report.findings],
            "acknowledged": [
                _finding(finding) | {"reason": _scalar(finding.acknowledged)} for finding in report.acknowledged
            ],
            "checked": report.checked,
            "skipped": [{"file": skipped.file, "reason": skipped.reason} for skipped in report.skipped],
            "unjudged": [
                _place(unknown.place) | {"value": _scalar(unknown.what)} for unknown in report.unjudged[:MOST_FINDINGS]
            ],
            "left_out": sum(report.left_out.values()),
        },
        levels=2,  # a line each finding
    )


def github(report: Report) -> str:
    """Return workflow commands, which GitHub shows beside the lines of a pull request."""
    lines = []
    for finding in report.findings:
        place = finding.place or Place("")
        where = {"file": place.file, "line": place.line, "col": place.column, "title": finding.code}
        properties = ",".join(f"{name}={command_property(value)}" for name, value in where.items() if value is not None)
        lines.append(f"::{_LEVELS[finding.severity]} {properties}::{command_data(_message(finding))}\n")
    return "".join(lines).encode("utf-8", "backslashreplace").decode()


def sarif(report: Report) -> str:
    """Return SARIF 2.1.0, for code scanning. Acknowledged findings are suppressed results."""
    from importlib.metadata import version  # slow to load

    used = {finding.code: finding.rule for finding in (*report.findings, *report.acknowledged)}
    # Ours in their order and with their own severity, which a finding may lower; then those of AWS's validator.
    known = [rule for code, rule in rules().items() if code in used]
    known += [rule for code, rule in sorted(used.items()) if code not in rules()]
    results = [_result(finding) for finding in report.findings]
    results += [
        _result(finding) | {"suppressions": [{"kind": "inSource", "justification": _scalar(finding.acknowledged)}]}
        for finding in report.acknowledged
    ]
    driver = {
        "name": "iot-jobs",
        "version": version("iot-jobs"),
        "rules": [
            {
                "id": rule.code,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.why},
                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
                "properties": {"evidence": rule.evidence},
                **({"helpUri": rule.source} if rule.source.startswith("https://") else {}),
            }
            for rule in known
        ],
    }
    return to_json(
        {
            "$schema": SARIF_SCHEMA,
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
        },
        levels=4,  # a line each result
    )


FORMATS: Mapping[str, Callable[[Report], str]] = {"text": text, "json": as_json, "github": github, "sarif": sarif}


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.place or Place("")
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "path": finding.path,
        "given": _scalar(finding.given),
        "when": finding.when,
        "allowed": finding.allowed,
        "source": finding.rule.source,
        "evidence": finding.rule.evidence,
        "fix": finding.fix,
        "edit": _edit(finding),
        "related": [_place(other) for other in finding.related],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column, "path": place.path}


def _edit(finding: Finding) -> dict[str, Any] | None:
    """Return the fix as data, None if there is none, or if it is long."""
    if finding.edit is None:
        return None
    loc = finding.place.loc if finding.place else ()
    edit = {"path": loc, finding.edit.kind: finding.edit.new}
    return edit if len(shown(edit, most=LONGEST_TEXT + 1)) <= LONGEST_TEXT else None


def _result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(place) for place in (finding.place,) if place],
    }
    if finding.related:
        result["relatedLocations"] = [_location(place) for place in finding.related]
    return result


def _message(finding: Finding) -> str:
    """Return a finding as one line without its code and place, which the format shows separately."""
    about = f"{finding.path}: " if finding.path else ""
    given = "" if finding.given is None else f"given {shown(finding.given)}; "
    when = "" if finding.when is None else f"when {finding.when}; "
    return f"{about}{given}{when}allowed {finding.allowed}; fix: {finding.fix}"


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": place.path}]}
    if place.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file)}}
        if place.line:
            physical["region"] = {"startLine": place.line, "startColumn": place.column or 1}
        location["physicalLocation"] = physical
    return location


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(path))


def _scalar(value: object) -> object:
    """Return a value that JSON has as it is, anything else as its text; shortened if it is long."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124  # NaN
        return str(value)
    if isinstance(value, str):
        return shortened(value, SHOWN_CHARACTERS)
    is_short = value is None or (isinstance(value, int | float) and not shown(value).endswith("…"))
    return value if is_short else shown(value)


def command_data(message: str) -> str:
    """Return a message, escaped for a workflow command."""
    return re.sub(r"[%\r\n]", lambda match: f"%{ord(match[0]):02X}", message)


def command_property(value: object) -> str:
    """Return a property of a workflow command, such as its title, escaped."""
    return re.sub(r"[%\r\n:,]", lambda match: f"%{ord(match[0]):02X}", str(value))


def count(number: int, noun: str) -> str:
    """Return a number with its noun in singular or plural."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
