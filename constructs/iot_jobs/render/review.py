"""A review as text, JSON, and GitHub annotations; markdown has a room of its own."""

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
"""The whole report where both sides are the same."""

_TITLES = {
    "minutes_to_finish": "time to finish",
    "harmed_at_10_percent": "harmed at 10 %",
    "harmed_at_100_percent": "harmed at 100 %",
    "executions": "executions",
}
TITLES: Mapping[str, str] = _TITLES
"""What the figures of a consequence are called."""


def text(review: Review, width: int | None = None) -> str:
    """The verdict, then a block for each template. As wide as the terminal, if any."""
    if not review.templates:
        return NOTHING
    width = text_width() if width is None else width
    return f"{headline(review)}\n" + "".join(f"\n{_block(one, width)}" for one in review.templates)


def as_json(review: Review) -> str:
    """One object; its members are documented in docs/review.md and stay."""
    return to_json({"verdict": review.verdict, "templates": list(map(_template, review.templates))})


def github(review: Review) -> str:
    """Workflow commands, one for each template: a trap is an error, what is riskier a warning."""
    return "".join(map(_annotation, review.templates))


def headline(review: Review) -> str:
    """Verdict and counts, in one line."""
    return f"{verdict(review.verdict)}: {counted(review)}"


def counted(review: Review) -> str:
    """How many templates changed, and how."""
    counts = Counter(one.fate for one in review.templates)
    parts = [f"{counts[fate]} {fate}" for fate in ("changed", "renamed", "added", "removed") if counts[fate]]
    blocked = [f"{len(review.blocked)} blocked"] if review.blocked else []
    return ", ".join([*parts, *blocked])


def capital(line: str) -> str:
    """The line as a sentence begins."""
    return line[:1].upper() + line[1:]


def verdict(found: str) -> str:
    """A verdict in words: none means that only what CloudFormation sees is different."""
    return "same for devices" if found == "none" else found


def figures(one: TemplateReview) -> Iterator[tuple[str, str]]:
    """The consequence, figure by figure: before -> after, with the factor."""
    for name, before, after, factor in compared(one):
        sides = [side for side in (before, after) if side is not None]
        times = f" (x {factor})" if factor else ""
        same = before == after and not times
        yield name, sides[0] if same else " -> ".join(sides) + times


def compared(one: TemplateReview) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """The consequence: name, before, after and factor of each figure; None where there is none, or a factor of 1."""
    found = one.consequence
    if found is None:
        return
    for name, factor in found.factors.items():
        old, new = (_side(name, side) for side in (found.before, found.after))
        yield name, old, new, None if factor in (None, 1) else _factor(factor)


def _side(name: str, side: Side) -> str | None:
    """A figure of one side: None where there is no template, and words where there is no forecast of it."""
    if side.figures is None:
        return None if side.reason is None else "no forecast"
    return _figure(name, side.figures[name])


def by_environment(review: Review) -> dict[str, list[TemplateReview]]:
    """The templates by their environment, or by their stack where they are of none."""
    found: dict[str, list[TemplateReview]] = {}
    for one in review.templates:
        found.setdefault(one.environment or one.stack, []).append(one)
    return found


def named(found: Sequence[TemplateReview]) -> Iterator[str]:
    """The names of an environment's templates, with the stack where it has several: one for each account and region."""
    several = len({one.stack for one in found}) > 1
    yield from (f"{one.stack} {one.name}" if several else one.name for one in found)


def fleet(found: Sequence[TemplateReview]) -> str | None:
    """How large the fleet is for which all of these were forecast; None where there isn't one."""
    things = {one.consequence.things for one in found if one.consequence is not None}
    return f"{number(things.pop())} things" if len(things) == 1 else None


def _factor(value: float) -> str:
    """Two digits of a small factor, and the whole number of a large one."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def deployment_lines(one: TemplateReview, *, name: Callable[[str], str] = one_line) -> Iterator[str]:
    """What a deployment does, in words; `name` shows what comes from a template as the format does."""
    deploy = one.deploy
    yield _id_line(deploy, name)
    if one.fate == "removed" and deploy.old == "untouched":
        yield f"the stack {name(one.stack)} is no longer there to be deployed, and stays as it is until it is deleted"
    if deploy.old in ("removed", "kept"):
        yield f"the old template is {deploy.old}"
    if deploy.parameter is not None:
        yield f"the parameter {name(deploy.parameter)} is {deploy.parameter_is}"
    if deploy.old is not None:
        yield "jobs that are running go on untouched"


def _id_line(deploy: Deploy, name: Callable[[str], str]) -> str:
    old, new = (_id(one, name) for one in (deploy.old_id, deploy.new_id))
    if not deploy.id_changes:
        return f"the id stays{new and f': {new}'}"
    if deploy.old is None:
        return f"a new template{new and f': {new}'}"
    if old and new:
        return f"the id moves: {old} -> {new}"
    return f"the id goes{old and f': {old}'}" if deploy.parameter_is == "removed" else "the id moves"


def _id(value: Any, name: Callable[[str], str]) -> str:
    return "" if value is None else name(value) if isinstance(value, str) else "(known at deployment)"


def _block(one: TemplateReview, width: int) -> str:
    title = f"{one_line(one.stack)} {one_line(one.name)}: {one.fate}, {verdict(one.verdict)}"
    return folded(title, width, others="  ") + "".join(
        folded(line, width, first=f"  {name:<8} ", others=" " * 11) for name, line in _lines(one)
    )


def _lines(one: TemplateReview) -> Iterator[tuple[str, str]]:
    """The lines of a template's block: what each begins with, and its text."""
    if one.deploy.blocked is not None:
        yield "blocked", one_line(one.deploy.blocked)
    for change in one.changes:
        yield change.direction, f"{one_line(change.path)}: {' -> '.join(pair(change))}"
        yield "", change.reason
    if one.consequence is None:
        yield "forecast", f"none: {one.consequence_reason}"
    else:
        yield "forecast", f"for {number(one.consequence.things)} things"
        yield from (("", f"{TITLES[name]:<16} {shown}") for name, shown in figures(one))
        yield from (("", reason) for reason in reasons(one))
    yield "deploy", "; ".join(deployment_lines(one))


def reasons(one: TemplateReview) -> Iterator[str]:
    """Why a side has no forecast."""
    if one.consequence is not None:
        for name, side in (("before", one.consequence.before), ("after", one.consequence.after)):
            if side.reason is not None:
                yield f"no forecast {name}: {one_line(side.reason)}"


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "never"
    return duration(int(value)) if name == "minutes_to_finish" else number(value)


def _template(one: TemplateReview) -> dict[str, Any]:
    deploy = one.deploy
    return {
        "stack": one.stack,
        "name": one.name,
        "change": one.fate,
        "verdict": one.verdict,
        "changes": [
            {
                "path": change.path,
                "before": change.before,
                "after": change.after,
                "direction": change.direction,
                "reason": change.reason,
            }
            for change in one.changes
        ],
        "consequence": None if one.consequence is None else as_data(one.consequence),
        "consequence_reason": one.consequence_reason,
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


def _annotation(one: TemplateReview) -> str:
    blocked = one.deploy.blocked
    level = "error" if blocked is not None else "warning" if one.verdict == "riskier" else "notice"
    title = f"{one.stack} {one.name}: {one.fate}, {verdict(one.verdict)}"
    lines = [] if blocked is None else [f"blocked: {blocked}"]
    lines += [_sentence(change) for change in one.changes]
    lines += [f"{TITLES[name]}: {shown}" for name, shown in figures(one)]
    message = "\n".join(map(one_line, lines)) or "; ".join(deployment_lines(one))
    return f"::{level} title={command_property(one_line(title))}::{command_data(message)}\n"


def _sentence(change: Change) -> str:
    return f"{change.direction}: {change.path}: {' -> '.join(pair(change))} ({change.reason})"


FORMATS: Mapping[str, Callable[[Review], str]] = {"text": text, "json": as_json, "github": github}
