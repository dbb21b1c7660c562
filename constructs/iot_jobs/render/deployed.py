"""Deployed templates as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iot_jobs.identity import template_name_of


def deployed_table(templates: Sequence[Mapping[str, Any]], width: int | None = None) -> str:
    """Deployed templates as a table: name, id, rollout, abort, windows. `width` is that of the terminal by default."""
    from rich.box import SIMPLE_HEAD  # the extra `aws`, needed for this table only
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("name", "id", "rollout", "abort", "windows"):
        table.add_column(name, overflow="fold")
    for template in templates:
        windows = [f"{one['startTime']} for {one['durationInMinutes']} min" for one in
                   template.get("maintenanceWindows") or ()]  # fmt: skip
        table.add_row(
            template_name_of(template["jobTemplateId"]),
            template["jobTemplateId"],
            _rollout(template.get("jobExecutionsRolloutConfig") or {}),
            "\n".join(map(_criterion, (template.get("abortConfig") or {}).get("criteriaList") or ())) or "never",
            "\n".join(windows) or "any time",
        )
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _rollout(rollout: Mapping[str, Any]) -> str:
    rate, maximum = rollout.get("exponentialRate"), rollout.get("maximumPerMinute")
    if not rate:
        return f"{maximum or 1000}/min"
    criteria = rate.get("rateIncreaseCriteria") or {}
    counted = next(((count, what) for what, count in criteria.items() if count), (0, ""))
    what = counted[1].removeprefix("numberOf").removesuffix("Things").lower()
    return f"{rate['baseRatePerMinute']}/min, x{rate['incrementFactor']:g} per {counted[0]} {what}, up to {maximum}/min"


def _criterion(criterion: Mapping[str, Any]) -> str:
    share, least = criterion["thresholdPercentage"], criterion["minNumberOfExecutedThings"]
    return f"{criterion['failureType']} {share:g} % of {least} or more"
