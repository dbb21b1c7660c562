"""A review as one self-contained page: no script, no external resource, light and dark, for phones and paper."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from iot_jobs.finding import one_line
from iot_jobs.render import review_chart as chart
from iot_jobs.render import review_words as words
from iot_jobs.render.values import pair

if TYPE_CHECKING:
    from iot_jobs.review import Review, TemplateReview

MOST_OPEN = 5
"""With more templates than this, all are folded: the tables show where to look."""

# A sign beside each word, for readers who can't see the colors.
_SIGNS = {"riskier": "▲", "unknown": "?", "safer": "▼", "neutral": "•", "none": "="}
_BLOCKED = '<strong class="blocked"><span aria-hidden="true">✕</span> blocked</strong>'
_TO = '<span class="to" aria-hidden="true">→</span><span class="unseen"> to </span>'
_NOTES = (
    ("false aborts", "rollouts of a healthy release that are stopped by mistake"),
    (
        "harmed if bad",
        "the most things harmed in 95 % of rollouts of a release that fails on bad_release_rate of devices",
    ),
    ("harmed at worst", "the same for the release that harms the most, and the share of devices on which it fails"),
    ("stops from", "the smallest share of devices on which a release must fail to be stopped"),
    (
        "done",
        "when all things are done in 95 % of rollouts; with windows, from the best and the worst start of a week",
    ),
    ("executions", "number of billed executions"),
    ("forecast", "a model, on the same fleet before and after: AWS does not publish its scheduler"),
)

Numbered = tuple[str, "TemplateReview"]
"""The id of a template's part of the page, and the template."""


def page(review: Review) -> str:
    """Return the whole page. The same review gives the same bytes."""
    style = (files("iot_jobs") / "render" / "review.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    title = words.headline(review) if review.templates else words.NOTHING.strip()
    body = _report(review) if review.templates else _nothing(review)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src '
        f'&#39;sha256-{digest}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(words.capital(title))} - iot-jobs review</title>\n<style>{style}</style>\n</head>\n"
        f"{body}</html>\n"
    )


def _nothing(review: Review) -> str:
    return (
        f'<body>\n<main id="main" class="head">\n{_compared(review)}<h1>Nothing changed</h1>\n'
        "<p>No job template changed.</p>\n</main>\n</body>\n"
    )


def _report(review: Review) -> str:
    numbers = iter(range(1, len(review.templates) + 1))
    groups = [
        (f"e{place}", name, [(f"t{next(numbers)}", template) for template in templates])
        for place, (name, templates) in enumerate(words.by_environment(review).items(), 1)
    ]
    items = "".join(
        f'<li>{_BLOCKED} <a href="#{key}">{_code(template.name)}</a></li>\n'
        for _, _, templates in groups
        for key, template in templates
        if template.deploy.blocked is not None
    )
    blocked = f'<ul class="traps">\n{items}</ul>\n' if items else ""
    several = len(review.templates) > 1
    is_open = len(review.templates) <= MOST_OPEN
    sections = "".join(_section(*group, is_open=is_open) for group in groups)
    notes = "".join(f"<div><dt>{word}</dt><dd>{meaning}</dd></div>\n" for word, meaning in _NOTES)
    return (
        f'<body{" class=railed" if several else ""}>\n<header class="head">\n'
        f'{_compared(review)}<h1 class="{review.verdict}">{_verdict(review.verdict, capital=True)}</h1>\n'
        f'<p class="counts">{words.counted(review)}</p>\n{blocked}</header>\n{_nav(groups) if several else ""}'
        f'<main id="main">\n{sections}</main>\n<footer>\n<dl>\n{notes}</dl>\n</footer>\n</body>\n'
    )


def _compared(review: Review) -> str:
    return f'<p class="compared">iot-jobs review <span>{_code(review.base)} {_TO} {_code(review.head)}</span></p>\n'


def _nav(groups: Sequence[tuple[str, str, Sequence[Numbered]]]) -> str:
    items = []
    for place, name, numbered in groups:
        names = words.named([template for _, template in numbered])
        links = "".join(
            f'<li><a href="#{key}"><span class="{template.verdict}">{_verdict(template.verdict, seen=False)}</span> '
            f"{_code(title)}{' ' + _BLOCKED if template.deploy.blocked is not None else ''}</a></li>\n"
            for (key, template), title in zip(numbered, names, strict=True)
        )
        items.append(f'<li><a href="#{place}">{_code(name)}</a>\n<ul>\n{links}</ul>\n</li>\n')
    return f'<nav aria-label="Templates">\n<ul>\n{"".join(items)}</ul>\n</nav>\n'


def _section(place: str, name: str, numbered: Sequence[Numbered], *, is_open: bool) -> str:
    templates = [template for _, template in numbered]
    things = words.fleet(templates)
    fleet = f' <span class="fleet">{things}</span>' if things else ""
    rows = "".join(
        _row(key, template, title) for (key, template), title in zip(numbered, words.named(templates), strict=True)
    )
    names = ("template", "change", "verdict", *words.TITLES.values())
    table = _table(f"Templates of {name}", names, rows, "overview", numbers=len(words.TITLES))
    assumed = "".join(f'<p class="assumed">{_text(words.capital(line))}</p>\n' for line in words.assumed(templates))
    details = "".join(_details(key, template, is_open=is_open) for key, template in numbered)
    return (
        f'<section aria-labelledby="{place}">\n<h2 id="{place}">{_code(name)}{fleet}</h2>\n'
        f"{table}{assumed}{details}</section>\n"
    )


def _row(key: str, template: TemplateReview, title: str) -> str:
    figures = {name: _figure(*sides) for name, *sides in words.compared(template)}
    cells = "".join(f'<td class="number">{figures.get(name, "")}</td>' for name in words.TITLES)
    blocked = f" {_BLOCKED}" if template.deploy.blocked is not None else ""
    return (
        f'<tr><th scope="row"><a href="#{key}">{_code(title)}</a></th><td>{template.fate}</td>'
        f'<td class="{template.verdict}">{_verdict(template.verdict)}{blocked}</td>{cells}</tr>\n'
    )


def _figure(before: str | None, after: str | None, factor: str | None) -> str:
    if before is None or after is None or before == after:
        return f"<span>{after if before is None else before}</span>"
    times = f" <b>&times; {factor}</b>" if factor else ""
    return f'<span><span class="old">{before}</span> <span>{_TO} {after}</span></span>{times}'


def _details(key: str, template: TemplateReview, *, is_open: bool) -> str:
    name = f"{template.stack} {template.name}"
    parts = []
    if template.deploy.blocked is not None:
        parts.append(f'<p class="trap">{_BLOCKED} {_text(template.deploy.blocked)}</p>\n')
    if template.changes:
        parts.append(_changes(template, name))
    parts += ['<div class="forecast">\n', *_consequence(key, template, name), "</div>\n"]
    lines = (words.capital(line).replace(" -> ", f" {_TO} ") for line in words.deployment_lines(template, name=_code))
    items = "".join(f"<li>{line}</li>\n" for line in lines)
    parts.append(f"<h4>Deployment</h4>\n<ul>\n{items}</ul>\n")
    return (
        f"<details{' open' if is_open else ''}>\n<summary><h3>{_code(template.name)}</h3> "
        f'<span class="{template.verdict}">{_verdict(template.verdict)}</span> '
        f'<span class="fate">{template.fate}</span> <span class="stack">{_code(template.stack)}</span></summary>\n'
        f'<div class="body" id="{key}">\n{"".join(parts)}</div>\n</details>\n'
    )


def _changes(template: TemplateReview, name: str) -> str:
    rows = []
    for change in template.changes:
        before, after = map(_text, pair(change))
        rows.append(
            f'<tr><td class="{change.direction}">{_verdict(change.direction)}</td>'
            f'<th scope="row">{_path(change.path)}</th><td class="old">{before}</td><td class="new">{after}</td>'
            f"<td>{_text(change.reason)}</td></tr>\n"
        )
    titles = ("direction", "field", "before", "after", "why")
    return "<h4>Changes</h4>\n" + _table(f"Changes of {name}", titles, "".join(rows), "changes")


def _consequence(key: str, template: TemplateReview, name: str) -> Iterator[str]:
    consequence = template.consequence
    if consequence is None:
        yield f'<h4>Forecast</h4>\n<p class="reason">No forecast: {_text(template.consequence_reason or "")}</p>\n'
        return
    case = words.forecast_for(template)
    yield f"<div>\n<h4>Forecast{f' {_text(case)}' if case else ''}</h4>\n"
    rows = "".join(
        f'<tr><th scope="row">{words.TITLES[figure]}</th><td class="number old">{before or "-"}</td>'
        f'<td class="number new">{after or "-"}</td><td class="number">{_times(before, after, factor)}</td></tr>\n'
        for figure, before, after, factor in words.compared(template)
    )
    yield _table(f"Forecast of {name}", ("figure", "before", "after", "factor"), rows, "figures", numbers=3)
    reasons = "".join(f'<p class="reason">{_text(words.capital(reason))}</p>\n' for reason in words.reasons(template))
    yield f"{reasons}</div>\n"
    forecasts = (("before", consequence.before.forecast), ("after", consequence.after.forecast))
    sides = {which: forecast for which, forecast in forecasts if forecast is not None}
    if not chart.same(sides):
        drawn = chart.panels(sides, prefix=key, name=one_line(name))
        legend = f"<figcaption>{chart.legend(sides)}</figcaption>\n"
        yield f'<figure>\n<div class="panels">\n{drawn}</div>\n{legend}</figure>\n'


def _times(before: str | None, after: str | None, factor: str | None) -> str:
    if factor:
        return f"<b>&times; {factor}</b>"
    return '<span class="old">same</span>' if before == after else ""


def _table(caption: str, names: Sequence[str], rows: str, kind: str, *, numbers: int = 0) -> str:
    """Return a table in its own region, which scrolls on a narrow screen. The last columns hold the numbers."""
    first = len(names) - numbers
    heads = "".join(
        f'<th scope="col"{" class=number" if index >= first else ""}>{name}</th>' for index, name in enumerate(names)
    )
    shown = _text(caption)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{shown}">\n<table class="{kind}">\n'
        f'<caption class="unseen">{shown}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n'
        "</table>\n</div>\n"
    )


def _verdict(verdict: str, *, capital: bool = False, seen: bool = True) -> str:
    word = words.capital(words.verdict(verdict)) if capital else words.verdict(verdict)
    shown = word if seen else f'<span class="unseen">{word}</span>'
    return f'<span aria-hidden="true">{_SIGNS[verdict]}</span> {shown}'


def _text(value: str) -> str:
    return html.escape(one_line(value))


def _code(value: str) -> str:
    return f"<code>{_text(value)}</code>"


def _path(value: str) -> str:
    """Return a path that breaks between its words if it is too long for a line."""
    return f"<code>{_text(value).replace('.', '.<wbr>').replace('_', '_<wbr>')}</code>"
