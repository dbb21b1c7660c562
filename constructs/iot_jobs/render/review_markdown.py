"""A review as a comment on a pull request, which a bot finds again by its marker."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from iot_jobs.finding import one_line
from iot_jobs.render import review as text
from iot_jobs.render.values import pair

if TYPE_CHECKING:
    from iot_jobs.forecast import Outline
    from iot_jobs.review import Review, TemplateReview

MARKER = "<!-- iot-jobs review -->"
"""The first line, which GitHub doesn't show."""
MOST_CHARACTERS = 65_536
"""Of a comment (GitHub's limit)."""

_MOST_ROWS = 50
_MOST_CHANGES = 100
_MOST_PATH = 200
_BLOCKS = " ▁▂▃▄▅▆▇█"
_WIDTH = 60
_PLAIN = frozenset(" -.,()")


def markdown(review: Review) -> str:
    """The verdict, a table for each environment, and folded details; cut at a comment's length, with a note."""
    if not review.templates:
        return f"{MARKER}\nNothing changed for any job template.\n"
    parts = [f"{MARKER}\n**{text.capital(text.headline(review))}**\n"]
    blocks = [_table(name, found) for name, found in text.by_environment(review).items()]
    blocks += [_details(one) for one in review.templates]
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
    return f"Cut at the length of a comment: {count} more to read in the output of <code>iot-jobs review</code>.\n"


def _table(name: str, found: Sequence[TemplateReview]) -> str:
    names = ("template", "change", "verdict", *map(_unbroken, text.TITLES.values()))
    rows = [_row(one, name) for one, name in islice(zip(found, text.named(found), strict=True), _MOST_ROWS)]
    lines = [names, ("---", "---", "---", *["---:"] * len(text.TITLES)), *rows]
    fleet = f", {things}" if (things := text.fleet(found)) else ""
    more = f"\nand {len(found) - _MOST_ROWS} more\n" if len(found) > _MOST_ROWS else ""
    return f"### {code(name)}{fleet}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + more


def _row(one: TemplateReview, name: str) -> tuple[str, ...]:
    shown = {figure: _unbroken(value) for figure, value in text.figures(one)}
    blocked = "" if one.deploy.blocked is None else ", **blocked**"
    return code(name), one.fate, text.verdict(one.verdict) + blocked, *(shown.get(title, "") for title in text.TITLES)


def _unbroken(figure: str) -> str:
    """A figure that breaks neither before its unit nor within its factor."""
    return figure.replace(" %", "&nbsp;%").replace("(x ", "(x&nbsp;")


def _details(one: TemplateReview) -> str:
    title = f"{code(one.stack)} {code(one.name)}: {one.fate}, {text.verdict(one.verdict)}"
    parts = []
    if one.deploy.blocked is not None:
        parts.append(f"**Blocked**: {code(one.deploy.blocked)}\n")
    if one.changes:
        parts.append("|  | path | before | after | why |\n| --- | --- | --- | --- | --- |\n")
        for change in one.changes[:_MOST_CHANGES]:
            cells = change.direction, code(change.path[:_MOST_PATH]), *map(code, pair(change)), change.reason
            parts[-1] += f"| {' | '.join(cells)} |\n"
        if len(one.changes) > _MOST_CHANGES:
            parts.append(f"and {len(one.changes) - _MOST_CHANGES} more changes\n")
    if one.consequence is None:
        parts.append(f"No forecast: {code(one.consequence_reason or '')}\n")
    else:
        parts += [f"{code(reason)}\n" for reason in text.reasons(one)]
        if drawn := picture(one):
            parts.append(f"```text\n{drawn}```\n")
    parts.append("".join(f"- {text.capital(line)}\n" for line in text.deployment_lines(one, name=code)))
    body = "\n".join(parts)
    return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def picture(one: TemplateReview) -> str:
    """Both forecasts in block characters on one scale: things notified and done over time. Empty where none is."""
    found = one.consequence
    sides = [("before", found.before.outline), ("after", found.after.outline)] if found is not None else []
    drawn = [(name, side) for name, side in sides if side is not None]
    longest = max((_last(side) for _, side in drawn), default=0)
    lines = [line for name, side in drawn for line in _drawn(name, side, longest)]
    if lines:
        end = f"minute {longest:,}"
        lines.append(f"{'':<17}0{end:>{_WIDTH - 1}}")
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _last(side: Outline) -> int:
    return int(side.timeline.columns["minute"][-1])


def _drawn(name: str, side: Outline, longest: int) -> Iterator[str]:
    parts = max(1, round(_WIDTH * (_last(side) + 1) / (longest + 1)))
    for label, column in ((f"{name:<7} notified", "notified"), (f"{'':<7} done", "done")):
        peaks = side.timeline.peaks(column, parts)
        yield f"{label:<17}" + "".join(_BLOCKS[-(-int(8000 * peak / side.things) // 1000)] for peak in peaks)


def code(value: str) -> str:
    """Any text so that it is shown as it is: no markdown, HTML, table cell, mention or reference is made of it.

    GitHub looks for mentions after it has made HTML, and leaves out what stands in `code`; a backslash doesn't help.
    """
    shown = "".join(one if one.isalnum() or one in _PLAIN else f"&#{ord(one)};" for one in one_line(value))
    return f"<code>{shown or html.escape(' ')}</code>"
