"""The comparison of deployed templates with the files, as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from iot_jobs.extras import extra
from iot_jobs.finding import one_line
from iot_jobs.limits import MAX_TEMPLATES_IN_REGION
from iot_jobs.render.jsonout import to_json
from iot_jobs.render.table import Column, table, text_width
from iot_jobs.review import STANDINGS, Drift

_COLUMNS = (Column("environment"), Column("template"), Column("standing"), Column("id"), Column("note", prose=True))


_LEFT_OVER = "to delete what is left over, unless another application or keep_previous needs it:"


class Comparison(NamedTuple):
    """The standing of the templates of a region, and how many templates there are in all."""

    templates: Sequence[Drift]
    in_region: int
    region: str


def as_table(comparison: Comparison) -> str:
    """Return a line for each template, and the commands that delete what is left over. Empty without any."""
    rows = [
        (each.environment or "", each.name, each.standing, each.template_id or "", _note(each))
        for each in comparison.templates
    ]
    if not rows:
        return ""
    with extra("aws"):
        text = table(_COLUMNS, rows, text_width())
    if left_over := [each.template_id for each in comparison.templates if each.standing == "left over"]:
        commands = (f"  aws iot delete-job-template --job-template-id {one_line(str(each))}\n" for each in left_over)
        text += f"\n{_LEFT_OVER}\n{''.join(commands)}"
    return text


def as_json(comparison: Comparison) -> str:
    """Return one object with a list of `templates`, a line each. docs/cli.md has its members, which are stable."""
    listed = [
        {
            "environment": each.environment,
            "name": each.name,
            "standing": each.standing,
            "id": each.template_id,
            "differences": list(each.differences),
        }
        for each in comparison.templates
    ]
    return to_json({"templates": listed, "in_region": comparison.in_region}, levels=2)


def summary(comparison: Comparison) -> str:
    """Return how many templates stand how, and how many the region has room for."""
    counts = Counter(each.standing for each in comparison.templates)
    stand = ", ".join(f"{counts[standing]} {standing}" for standing in STANDINGS if counts[standing]) or "no templates"
    quota = f"{comparison.in_region} of {MAX_TEMPLATES_IN_REGION} templates in {comparison.region}"
    return f"{stand}; {quota} ({MAX_TEMPLATES_IN_REGION} is the default quota)"


FORMATS: Mapping[str, Callable[[Comparison], str]] = {"table": as_table, "json": as_json}


def _note(template: Drift) -> str:
    if template.standing == "differs":
        return f"in {', '.join(template.differences)}"
    return "deploy the environment" if template.standing == "missing" else ""
