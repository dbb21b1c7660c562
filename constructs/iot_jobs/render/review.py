"""A review as text, JSON, and GitHub annotations. Markdown and HTML are modules of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iot_jobs.finding import one_line
from iot_jobs.render.findings import command_data, command_property
from iot_jobs.render.forecast import duration, number
from iot_jobs.render.jsonout import to_json
from iot_jobs.render.table import folded, text_width
from iot_jobs.render.values import pair
from iot_jobs.review import as_data

if TYPE_CHECKING:
    from iot_jobs.review import Change, Deploy, Review, Side, TemplateReview

NOTHING = "nothing changed\n"
"""The whole report if both sides are the same."""

_TITLES = {
    "minutes_to_finish": "time to finish",
    "harmed_at_10_percent": "harmed at 10 %",
    "harmed_at_100_percent": "harmed at 100 %",
    "executions": "executions",
}
TITLES: Mapping[str, str] = _TITLES
"""The titles of a consequence's figures."""


def text(review: Review, width: int | None = None) -> str:
    """Return the verdict, then a block for each template. As wide as the terminal, if any."""
    if not review.templates:
        return NOTHING
    width = text_width() if width is None else width
    return f"{headline(review)}\n" + "".join(f"\n{_block(template, width)}" for template in review.templates)


def as_json(review: Review) -> str:
    """Return one object. docs/review.md documents its members, which are stable."""
    return to_json({"verdict": review.verdict, "templates": list(map(_template, review.templates))})


def github(review: Review) -> str:
    """Return a workflow command for each template: an error if it is blocked, a warning if it is riskier."""
    return "".join(map(_annotation, review.templates))


def headline(review: Review) -> str:
    """Return verdict and counts, in one line."""
    return f"{verdict(review.verdict)}: {counted(review)}"


def counted(review: Review) -> str:
    """Return how many templates changed, and how."""
    counts = Counter(template.fate for template in review.templates)
    parts = [f"{counts[fate]} {fate}" for fate in ("changed", "renamed", "added", "removed") if counts[fate]]
    blocked = [f"{len(review.blocked)} blocked"] if review.blocked else []
    return ", ".join([*parts, *blocked])


def capital(line: str) -> str:
    """Return the line with a capital letter, as a sentence starts."""
    return line[:1].upper() + line[1:]


def verdict(name: str) -> str:
    """Return a verdict in words: `none` means that the difference is visible to CloudFormation only."""
    return "no effect on devices" if name == "none" else name


def figures(template: TemplateReview) -> Iterator[tuple[str, str]]:
    """Yield the name of each figure of the consequence, and its text: before -> after, with the factor."""
    for name, before, after, factor in compared(template):
        sides = [side for side in (before, after) if side is not None]
        times = f" (x {factor})" if factor else ""
        same = before == after and not times
        yield name, sides[0] if same else " -> ".join(sides) + times


def compared(template: TemplateReview) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """Yield name, before, after and factor of each figure. None is an absent value, or a factor of 1."""
    consequence = template.consequence
    if consequence is None:
        return
    for name, factor in consequence.factors.items():
        old, new = (_side(name, side) for side in (consequence.before, consequence.after))
        yield name, old, new, None if factor in (None, 1) else _factor(factor)


def _side(name: str, side: Side) -> str | None:
    """Return a figure of one side, None without a template, and words without a forecast."""
    if side.figures is None:
        return None if side.reason is None else "no forecast"
    return _figure(name, side.figures[name])


def by_environment(review: Review) -> dict[str, list[TemplateReview]]:
    """Return the templates by their environment, or by their stack without one."""
    groups: dict[str, list[TemplateReview]] = {}
    for template in review.templates:
        groups.setdefault(template.environment or template.stack, []).append(template)
    return groups


def named(templates: Sequence[TemplateReview]) -> Iterator[str]:
    """Yield the names of an environment's templates, with the stack if it has one for each account and region."""
    several = len({template.stack for template in templates}) > 1
    yield from (f"{template.stack} {template.name}" if several else template.name for template in templates)


def fleet(templates: Sequence[TemplateReview]) -> str | None:
    """Return the size of the fleet for which all of these were forecast, None if there isn't a single one."""
    things = {template.consequence.things for template in templates if template.consequence is not None}
    return f"{number(things.pop())} things" if len(things) == 1 else None


def _factor(value: float) -> str:
    """Return a small factor with two digits, and a large one as a whole number."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def deployment_lines(template: TemplateReview, *, name: Callable[[str], str] = one_line) -> Iterator[str]:
    """Yield the effects of a deployment in words. `name` formats names and ids that come from a template."""
    deploy = template.deploy
    yield _id_line(deploy, name)
    if template.fate == "removed" and deploy.old == "untouched":
        yield f"the stack {name(template.stack)} is no longer deployed, and stays as it is until it is deleted"
    if deploy.old in ("removed", "kept"):
        yield f"the old template is {deploy.old}"
    if deploy.parameter is not None:
        yield f"the parameter {name(deploy.parameter)} is {deploy.parameter_is}"
    if deploy.old is not None:
        yield "jobs in progress continue unchanged"


def _id_line(deploy: Deploy, name: Callable[[str], str]) -> str:
    old, new = (_id(value, name) for value in (deploy.old_id, deploy.new_id))
    if not deploy.id_changes:
        return f"the id stays the same{new and f': {new}'}"
    if deploy.old is None:
        return f"a new template{new and f': {new}'}"
    if old and new:
        return f"the id changes: {old} -> {new}"
    return f"the id is no longer deployed{old and f': {old}'}" if deploy.parameter_is == "removed" else "the id changes"


def _id(value: Any, name: Callable[[str], str]) -> str:
    return "" if value is None else name(value) if isinstance(value, str) else "(known at deployment)"


def _block(template: TemplateReview, width: int) -> str:
    title = f"{one_line(template.stack)} {one_line(template.name)}: {template.fate}, {verdict(template.verdict)}"
    return folded(title, width, others="  ") + "".join(
        folded(line, width, first=f"  {name:<8} ", others=" " * 11) for name, line in _lines(template)
    )


def _lines(template: TemplateReview) -> Iterator[tuple[str, str]]:
    """Yield the label and the text of each line of a template's block."""
    if template.deploy.blocked is not None:
        yield "blocked", one_line(template.deploy.blocked)
    for change in template.changes:
        yield change.direction, f"{one_line(change.path)}: {' -> '.join(pair(change))}"
        yield "", change.reason
    if template.consequence is None:
        yield "forecast", f"none: {template.consequence_reason}"
    else:
        yield "forecast", f"for {number(template.consequence.things)} things"
        yield from (("", f"{TITLES[name]:<16} {shown}") for name, shown in figures(template))
        yield from (("", reason) for reason in reasons(template))
    yield "deploy", "; ".join(deployment_lines(template))


def reasons(template: TemplateReview) -> Iterator[str]:
    """Yield why a side has no forecast."""
    if template.consequence is not None:
        for name, side in (("before", template.consequence.before), ("after", template.consequence.after)):
            if side.reason is not None:
                yield f"no forecast {name}: {one_line(side.reason)}"


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "never"
    return duration(int(value)) if name == "minutes_to_finish" else number(value)


def _template(template: TemplateReview) -> dict[str, Any]:
    deploy = template.deploy
    return {
        "stack": template.stack,
        "name": template.name,
        "change": template.fate,
        "verdict": template.verdict,
        "changes": [
            {
                "path": change.path,
                "before": change.before,
                "after": change.after,
                "direction": change.direction,
                "reason": change.reason,
            }
            for change in template.changes
        ],
        "consequence": None if template.consequence is None else as_data(template.consequence),
        "consequence_reason": template.consequence_reason,
        "deploy": {
            "id_changes": deploy.id_changes,
            "old_id": deploy.old_id,
            "new_id": deploy.new_id,
            "old": deploy.old,
            "parameter": deploy.parameter,
            "parameter_is": deploy.parameter_is,
            "running_jobs": "untouched",
            "blocked": deploy.blocked,
        },
    }


def _annotation(template: TemplateReview) -> str:
    blocked = template.deploy.blocked
    level = "error" if blocked is not None else "warning" if template.verdict == "riskier" else "notice"
    title = f"{template.stack} {template.name}: {template.fate}, {verdict(template.verdict)}"
    lines = [] if blocked is None else [f"blocked: {blocked}"]
    lines += [_sentence(change) for change in template.changes]
    lines += [f"{TITLES[name]}: {shown}" for name, shown in figures(template)]
    message = "\n".join(map(one_line, lines)) or "; ".join(deployment_lines(template))
    return f"::{level} title={command_property(one_line(title))}::{command_data(message)}\n"


def _sentence(change: Change) -> str:
    return f"{change.direction}: {change.path}: {' -> '.join(pair(change))} ({change.reason})"


FORMATS: Mapping[str, Callable[[Review], str]] = {"text": text, "json": as_json, "github": github}
