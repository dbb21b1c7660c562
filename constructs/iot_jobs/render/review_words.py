"""The words and figures that a review has in every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iot_jobs.finding import one_line
from iot_jobs.render.numbers import duration, number

if TYPE_CHECKING:
    from iot_jobs.review import Deploy, Figures, Review, Side, TemplateReview

NOTHING = "nothing changed\n"
"""The whole report if both sides are the same."""

_UNKNOWN = "unknown"
_CHANCE = 1.1
"""The factor up to which figures from rollouts drawn at random differ by chance."""


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
    factors = consequence.factors
    for name in TITLES:
        old, new = (_side(name, side) for side in (consequence.before, consequence.after))
        factor = factors.get(name)
        yield name, old, new, None if factor is None else _factor(factor)


def _side(name: str, side: Side) -> str | None:
    """Return a figure of one side, None without a template, and words without a forecast."""
    if side.figures is None:
        return None if side.reason is None else "no forecast"
    return _FIGURES[name][1](side.figures)


def by_environment(review: Review) -> dict[str, list[TemplateReview]]:
    """Return the templates by their environment, or by their stack without one."""
    groups: dict[str, list[TemplateReview]] = {}
    for template in review.templates:
        groups.setdefault(template.place, []).append(template)
    return groups


def named(templates: Sequence[TemplateReview]) -> Iterator[str]:
    """Yield the names of an environment's templates, with the stack if it has one for each account and region."""
    several = len({template.stack for template in templates}) > 1
    yield from (f"{template.stack} {template.name}" if several else template.name for template in templates)


def fleet(templates: Sequence[TemplateReview]) -> str | None:
    """Return the size of the fleet for which all of these were forecast, None if there isn't a single one."""
    things = {template.consequence.assumed["things"] for template in templates if template.consequence is not None}
    return f"{number(things.pop())} things" if len(things) == 1 else None


def assumed(templates: Sequence[TemplateReview], *, name: Callable[[str], str] = one_line) -> Iterator[str]:
    """Yield what the forecasts of an environment's templates assume, by the names in a `fleet:` block.

    If they assume different things, each line says which templates it is about; `name` formats their names.
    """
    groups: dict[str, list[str]] = {}
    for template, title in zip(templates, named(templates), strict=True):
        if template.consequence is not None:
            values = ", ".join(f"{key} {value}" for key, value in template.consequence.assumed.items())
            groups.setdefault(values, []).append(name(title))
    for values, titles in groups.items():
        scope = "" if len(groups) == 1 else f" for {', '.join(titles)}"
        yield f"assumed{scope}: {values}"


def forecast_for(template: TemplateReview) -> str:
    """Return which case is forecast, empty if there is only one."""
    when = template.consequence and template.consequence.when
    return f"if {one_line(when)}" if when else ""


def _factor(value: float) -> str | None:
    """Return a small factor with two digits, and a large one as a whole number; None for about 1."""
    return (None if (shown := f"{value:.2g}") == "1" else shown) if value < 10 else f"{value:,.0f}"


def deployment_lines(template: TemplateReview, *, name: Callable[[str], str] = one_line) -> Iterator[str]:
    """Yield the effects of a deployment in words. `name` formats names and ids that come from a template."""
    deploy = template.deploy
    yield _id_line(deploy, name)
    if template.fate == "removed" and deploy.old == "untouched":
        yield f"the stack {name(template.stack)} is no longer deployed, and stays as it is until it is deleted"
    if deploy.old in ("removed", "kept"):
        yield f"the old template is {deploy.old}"
    if deploy.after_stack is not None:
        stack = name(deploy.after_stack)
        yield f"deploy or delete the stack {stack} first: it publishes the same parameter, which can't be created twice"
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
    gone = f"the template is no longer deployed{old and f': {old}'}"
    return gone if deploy.parameter_is == "removed" else "the id changes"


def _id(value: Any, name: Callable[[str], str]) -> str:
    return "" if value is None else name(value) if isinstance(value, str) else "(known at deployment)"


def reasons(template: TemplateReview) -> Iterator[str]:
    """Yield why a side has no forecast, and where the figures go against the verdict, a rule for all fleets."""
    if template.consequence is None:
        return
    for name, side in (("before", template.consequence.before), ("after", template.consequence.after)):
        if side.reason is not None:
            yield f"no forecast {name}: {one_line(side.reason)}"
        if side.figures is not None and side.figures.aborted_percent is None:
            yield f"risk {name} not computed: rollouts this long, or for this many changes, take minutes to simulate"
    worst = template.consequence.factors["worst_harmed_p95"]
    if worst is not None and template.verdict == "riskier" and worst < 1 / _CHANCE:
        yield "riskier as a rule, but in this forecast the worst release harms fewer things"
    if worst is not None and template.verdict == "safer" and worst > _CHANCE:
        yield "safer as a rule, but in this forecast the worst release harms more things"


def _minutes(value: float | None) -> str:
    return "never" if value is None else duration(int(value))


def _finish(figures: Figures) -> str:
    return " to ".join(dict.fromkeys(map(_minutes, (figures.shortest_finish, figures.longest_finish))))


def _stopped_from(figures: Figures) -> str:
    smallest = figures.smallest_stopping_failure_rate_percent
    return "never" if smallest is None else f"{smallest:g} %"


def _count(value: float | None) -> str:
    return _UNKNOWN if value is None else number(value)


def _percent(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:g} %"


def _worst(figures: Figures) -> str:
    if figures.worst_harmed_p95 is None:
        return _UNKNOWN
    return f"{number(figures.worst_harmed_p95)} at {_percent(figures.worst_failure_rate_percent)}"


_FIGURES: Mapping[str, tuple[str, Callable[[Figures], str]]] = {
    "aborted_percent": ("false aborts", lambda figures: _percent(figures.aborted_percent)),
    "bad_harmed_p95": ("harmed if bad", lambda figures: _count(figures.bad_harmed_p95)),
    "worst_harmed_p95": ("harmed at worst", _worst),
    "smallest_stopping_failure_rate_percent": ("stops from", _stopped_from),
    "longest_finish": ("done", _finish),
    "executions": ("executions", lambda figures: number(figures.executions)),
}
TITLES: Mapping[str, str] = {name: title for name, (title, _) in _FIGURES.items()}
"""The titles of a consequence's figures: those that they have in a forecast."""
