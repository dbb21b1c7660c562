"""Deployed templates as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

from iot_jobs.cloudformation import API_TEMPLATE, Names, without_nulls
from iot_jobs.extras import extra
from iot_jobs.finding import one_line
from iot_jobs.identity import template_name_of
from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE
from iot_jobs.render.jsonout import to_json
from iot_jobs.render.table import Column, folded, table, text_width

_COLUMNS = (
    Column("name"),
    Column("id"),
    Column("rollout", prose=True),
    Column("abort", prose=True),
    Column("windows", prose=True),
)
_DESCRIBED = (
    "description",
    "document",
    "document_source",
    "rollout",
    "abort",
    "retry",
    "timeout",
    "presigned_url",
    "maintenance_windows",
    "destination_package_versions",
)
"""The answer of `DescribeJobTemplate` without ids and time, spelled as in a family."""
_LISTS = frozenset({"maintenance_windows", "destination_package_versions"})


def as_table(templates: Sequence[Mapping[str, Any]], width: int | None = None) -> str:
    """Return a table of each template's name, id, rollout, abort and windows. Empty without any.

    It is as wide as the terminal unless `width` is given.
    """
    if not templates:
        return ""
    with extra("aws"):
        return table(_COLUMNS, map(_row, templates), text_width() if width is None else width)


def as_json(templates: Sequence[Mapping[str, Any]]) -> str:
    """Return one object with a list of `templates`, a line each. docs/cli.md has its members, which are stable."""
    return to_json({"templates": [_data(template) for template in templates]}, levels=2)


def one_as_text(template: Mapping[str, Any], width: int | None = None) -> str:
    """Return one template in full: what the table has of it, then description and document."""
    width = text_width() if width is None else width
    row = dict(zip((column.name for column in _COLUMNS), _row(template), strict=True))
    facts = {"description": template.get("description") or ""} | {name: row[name] for name in _IN_FULL}
    facts["document"] = template.get("documentSource") or template.get("document") or ""
    text = folded(one_line(row["name"]), width)
    for name, value in facts.items():
        first = f"  {name:<11}  "
        for line in value.split("\n"):
            text += folded(one_line(line), width, first=first, others=" " * 15)
            first = " " * 15
    return text


def one_as_json(template: Mapping[str, Any]) -> str:
    """Return one template as an object with the members that it has in the list."""
    return to_json(_data(template))


_IN_FULL = ("id", "rollout", "abort", "windows")
FORMATS: Mapping[str, Callable[[Sequence[Mapping[str, Any]]], str]] = {"table": as_table, "json": as_json}
SHOW: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"table": one_as_text, "json": one_as_json}


def _data(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template as data for JSON, always with the same keys: an absent value is null, or an empty list."""
    described = _snake_case(without_nulls(template), API_TEMPLATE.names)
    return {
        "name": template_name_of(template["jobTemplateId"]),
        "id": template["jobTemplateId"],
        "arn": template["jobTemplateArn"],
        "created_at": template["createdAt"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **{field: described[field] or ([] if field in _LISTS else None) for field in _DESCRIBED},
    }


def _snake_case(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_snake_case(item, names) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # as it is written in a family
    if not names or not isinstance(value, Mapping):
        return value
    return {field: _snake_case(value.get(theirs), names.parts(field)) for theirs, field in names.ours.items()}


def _row(template: Mapping[str, Any]) -> tuple[str, ...]:
    windows = [
        f"{window['startTime']} for {window['durationInMinutes']} min"
        for window in template.get("maintenanceWindows") or ()
    ]
    criteria = (template.get("abortConfig") or {}).get("criteriaList") or ()
    return (
        template_name_of(template["jobTemplateId"]),
        template["jobTemplateId"],
        _rollout(template.get("jobExecutionsRolloutConfig") or {}),
        "\n".join(map(_criterion, criteria)) or "never",
        "\n".join(windows) or "any time",
    )


def _rollout(rollout: Mapping[str, Any]) -> str:
    maximum = rollout.get("maximumPerMinute") or DEFAULT_MAXIMUM_PER_MINUTE
    rate = rollout.get("exponentialRate")
    if not rate:
        return f"{maximum}/min"
    criteria = rate.get("rateIncreaseCriteria") or {}
    count, counted = next(((count, name) for name, count in criteria.items() if count), (0, ""))
    status = counted.removeprefix("numberOf").removesuffix("Things").lower()
    return f"{rate['baseRatePerMinute']}/min, x{rate['incrementFactor']:g} per {count} {status}, up to {maximum}/min"


def _criterion(criterion: Mapping[str, Any]) -> str:
    percentage, minimum = criterion["thresholdPercentage"], criterion["minNumberOfExecutedThings"]
    return f"{criterion['failureType']} {percentage:g} % of {minimum} or more"
