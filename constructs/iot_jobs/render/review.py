"""A review as text, JSON, markdown, and GitHub annotations. HTML, which is a file of its own, is in `review_html`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from iot_jobs.finding import one_line
from iot_jobs.render import review_words as words
from iot_jobs.render.findings import command_data, command_property
from iot_jobs.render.jsonout import to_json
from iot_jobs.render.review_markdown import markdown
from iot_jobs.render.table import folded, text_width
from iot_jobs.render.values import pair
from iot_jobs.review import as_data

if TYPE_CHECKING:
    from iot_jobs.review import Change, Review, TemplateReview


def text(review: Review, width: int | None = None) -> str:
    """Return the verdict, a block for each template, and what is assumed of each environment.

    As wide as the terminal, if any.
    """
    if not review.templates:
        return words.NOTHING
    width = text_width() if width is None else width
    parts = [f"{words.headline(review)}\n"]
    for templates in words.by_environment(review).values():
        parts += [_block(template, width) for template in templates]
        if assumed := "".join(folded(words.capital(line), width, others="  ") for line in words.assumed(templates)):
            parts.append(assumed)
    return "\n".join(parts)


def as_json(review: Review) -> str:
    """Return one object. docs/review.md documents its members, which are stable."""
    return to_json({"verdict": review.verdict, "templates": list(map(_template, review.templates))})


def github(review: Review) -> str:
    """Return a workflow command for each template: an error if it is blocked, a warning if it is riskier or unknown."""
    return "".join(map(_annotation, review.templates))


FORMATS: Mapping[str, Callable[[Review], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
    "github": github,
}


def _block(template: TemplateReview, width: int) -> str:
    title = f"{one_line(template.stack)} {one_line(template.name)}: {template.fate}, {words.verdict(template.verdict)}"
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
        figures = [f"{words.TITLES[name]:<16} {shown}" for name, shown in words.figures(template)]
        case = words.forecast_for(template)
        first, *others = [*([case] if case else []), *figures, *words.reasons(template)]
        yield "forecast", first
        yield from (("", line) for line in others)
    yield "deploy", "; ".join(words.deployment_lines(template))


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
            "after_stack": deploy.after_stack,
            "blocked": deploy.blocked,
        },
    }


def _annotation(template: TemplateReview) -> str:
    blocked = template.deploy.blocked
    level = "error" if blocked is not None else "warning" if template.verdict in ("riskier", "unknown") else "notice"
    title = f"{template.stack} {template.name}: {template.fate}, {words.verdict(template.verdict)}"
    lines = [] if blocked is None else [f"blocked: {blocked}"]
    lines += [_sentence(change) for change in template.changes]
    lines += [f"{words.TITLES[name]}: {shown}" for name, shown in words.figures(template)]
    lines += [*words.reasons(template), *words.assumed([template])]
    message = "\n".join(map(one_line, lines)) or "; ".join(words.deployment_lines(template))
    return f"::{level} title={command_property(one_line(title))}::{command_data(message)}\n"


def _sentence(change: Change) -> str:
    return f"{change.direction}: {change.path}: {' -> '.join(pair(change))} ({change.reason})"
