"""A review as a comment on a pull request, with a marker by which a bot finds it again."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING

from iot_jobs.finding import one_line
from iot_jobs.render import picture as blocks
from iot_jobs.render import review_words as words
from iot_jobs.render.axis import Axis, common
from iot_jobs.render.values import pair

if TYPE_CHECKING:
    from iot_jobs.forecast import Forecast
    from iot_jobs.review import Review, TemplateReview

MARKER = "<!-- iot-jobs review -->"
"""The first line, which GitHub doesn't show."""
MOST_CHARACTERS = 65_536
"""Maximum length of a comment (GitHub's limit)."""

_MOST_ROWS = 50
_MOST_CHANGES = 100
_MOST_PATH = 200
_WIDTH, _BEYOND = 60, 12
"""Letters of a line, and those of a label that may be to the right of it."""
_PLAIN = frozenset(" -.,()")


def markdown(review: Review) -> str:
    """Return the verdict, a table for each environment, and folded details, cut at a comment's length with a note."""
    if not review.templates:
        return f"{MARKER}\nNo job template changed.\n"
    parts = [f"{MARKER}\n**{words.capital(words.headline(review))}**\n"]
    blocks = [_table(name, templates) for name, templates in words.by_environment(review).items()]
    blocks += [_details(template) for template in review.templates]
    length = len(parts[0])
    for index, block in enumerate(blocks):
        note = _note(len(blocks) - index)
        if length + 1 + len(block) > MOST_CHARACTERS - len(note) - 1:
            parts.append(note)
            break
        parts.append(block)
        length += 1 + len(block)
    return "\n".join(parts)


def _note(count: int) -> str:
    return f"Cut at the maximum length of a comment: <code>iot-jobs review</code> shows {count} more.\n"


def _table(name: str, templates: Sequence[TemplateReview]) -> str:
    names = ("template", "change", "verdict", *words.TITLES.values())
    named = zip(templates, words.named(templates), strict=True)
    rows = [_row(template, name) for template, name in islice(named, _MOST_ROWS)]
    lines = [names, ("---", "---", "---", *["---:"] * len(words.TITLES)), *rows]
    fleet = f", {things}" if (things := words.fleet(templates)) else ""
    more = f"\nand {len(templates) - _MOST_ROWS} more\n" if len(templates) > _MOST_ROWS else ""
    assumed = "".join(f"\n{words.capital(line)}\n" for line in words.assumed(templates, name=code))
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"### {code(name)}{fleet}\n\n{table}{more}{assumed}"


def _row(template: TemplateReview, name: str) -> tuple[str, ...]:
    shown = {figure: _unbroken(value) for figure, value in words.figures(template)}
    verdict = words.verdict(template.verdict) + ("" if template.deploy.blocked is None else ", **blocked**")
    return code(name), template.fate, verdict, *(shown.get(title, "") for title in words.TITLES)


def _unbroken(figure: str) -> str:
    """Return a figure that breaks before its arrow and its factor only."""
    return figure.replace(" ", "&nbsp;").replace("&nbsp;->&nbsp;", " →&nbsp;").replace("&nbsp;(x", " (x")


def _details(template: TemplateReview) -> str:
    title = f"{code(template.stack)} {code(template.name)}: {template.fate}, {words.verdict(template.verdict)}"
    parts = []
    if template.deploy.blocked is not None:
        parts.append(f"**Blocked**: {code(template.deploy.blocked)}\n")
    if template.changes:
        parts.append("|  | path | before | after | why |\n| --- | --- | --- | --- | --- |\n")
        for change in template.changes[:_MOST_CHANGES]:
            cells = change.direction, code(change.path[:_MOST_PATH]), *map(code, pair(change)), change.reason
            parts[-1] += f"| {' | '.join(cells)} |\n"
        if len(template.changes) > _MOST_CHANGES:
            parts.append(f"and {len(template.changes) - _MOST_CHANGES} more changes\n")
    if template.consequence is None:
        parts.append(f"No forecast: {code(template.consequence_reason or '')}\n")
    else:
        if case := words.forecast_for(template):
            parts.append(f"Forecast {code(case)}\n")
        parts += [f"{code(reason)}\n" for reason in words.reasons(template)]
        if drawn := picture(template):
            parts.append(f"```text\n{drawn}```\n")
    parts.append("".join(f"- {words.capital(line)}\n" for line in words.deployment_lines(template, name=code)))
    body = "\n".join(parts)
    return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def picture(template: TemplateReview) -> str:
    """Return both forecasts in block characters on one scale: things notified and done over time. Empty without any."""
    forecasts = template.consequence
    sides = [] if forecasts is None else [("before", forecasts.before.forecast), ("after", forecasts.after.forecast)]
    drawn = [(name, side) for name, side in sides if side is not None]
    if not drawn:
        return ""
    axis = common([side for _, side in drawn], width=_WIDTH, gap=1)
    lines = [line for name, side in drawn for line in _drawn(name, side, axis)]
    times = blocks.labels(axis.ticks(None, letter=1, limit=_WIDTH + _BEYOND))
    lines += [f"{'':<17}{line}" for line in (times, blocks.closed(axis))]
    return "".join(f"{line.rstrip()}\n" for line in lines if line.strip())


def _drawn(name: str, side: Forecast, axis: Axis) -> Iterator[str]:
    cells = axis.cells()[: ceil(axis.at(side.timeline.last_minute + 1))]
    spans = [cell for cell in cells if cell is not None]
    for label, column in ((f"{name:<7} notified", "notified"), (f"{'':<7} done", "done")):
        yield f"{label:<17}{blocks.blocks(side.timeline.peaks(column, spans), cells, side.things)}"


def code(value: str) -> str:
    """Return text that is shown as it is, and never read as markdown, HTML, table cell, mention or reference.

    GitHub looks for mentions in the HTML, except within `code`; a backslash doesn't help.
    """
    line = one_line(value)
    shown = "".join(char if char.isalnum() or char in _PLAIN else f"&#{ord(char)};" for char in line)
    return f"<code>{shown or html.escape(' ')}</code>"
