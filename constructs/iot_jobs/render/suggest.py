"""Suggested settings as text and JSON, and as values of an environment's file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from iot_jobs.finding import one_line
from iot_jobs.limits import TIME_FORMAT
from iot_jobs.render.forecast import drawn_line, risk_lines
from iot_jobs.render.jsonout import to_json
from iot_jobs.render.numbers import duration, number
from iot_jobs.render.table import Column, folded, table, text_width
from iot_jobs.sources.yamledit import block

if TYPE_CHECKING:
    from iot_jobs.forecast import Suggestion

_BAR = 40
"""Characters of the longest bar of the front."""
_KINDS = ("number_of_notified_things", "number_of_succeeded_things")


class Suggested(NamedTuple):
    """A suggestion, and the template's family, whose values an environment's file overrides; empty without a family."""

    suggestion: Suggestion
    family: Mapping[str, Any]


class Suggestions(NamedTuple):
    """The suggestions for one template or several. One of several may be the only one, if the others have none."""

    suggested: Sequence[Suggested]
    several: bool


def text(report: Suggestions, width: int | None = None) -> str:
    """Return the settings of each template as YAML, what they promise, and what binds. As wide as the terminal."""
    width = text_width() if width is None else width
    return "\n".join("\n".join(_in_full(one, width)) for one in report.suggested)


def as_json(report: Suggestions) -> str:
    """Return one object for one template, else an object with a list; docs/suggest.md documents the members."""
    objects = [data(one.suggestion) for one in report.suggested]
    return to_json({"suggestions": objects} if report.several else objects[0])


FORMATS: Mapping[str, Callable[[Suggestions], str]] = {"text": text, "json": as_json}


def data(suggestion: Suggestion) -> dict[str, Any]:
    """Return a suggestion as data for JSON."""
    settings = values(suggestion)
    return {
        "name": suggestion.template,
        "template": settings or None,
        "risk": suggestion.risk and asdict(suggestion.risk),
        "tolerated_failure_rate": suggestion.tolerated_failure_rate,
        "goals": asdict(suggestion.goals),
        "start": suggestion.start and f"{suggestion.start:{TIME_FORMAT}}",
        "front": [asdict(point) for point in suggestion.front],
        "binding": [asdict(one) for one in suggestion.binding],
    }


def values(suggestion: Suggestion, family: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return `rollout` and `abort` as a family or an overlay has them; empty if nothing satisfies the goals.

    Values of a family's that would be merged with these are removed by null.
    """
    if suggestion.rollout is None or suggestion.abort is None:
        return {}
    rollout = suggestion.rollout.model_dump(exclude_none=True)
    exponential = rollout["exponential_rate"]
    exponential["increment_factor"] = _short(exponential["increment_factor"])
    given = (family or {}).get("rollout")
    for key in ("exponential_rate", "rate_increase_criteria"):
        given = given.get(key) if isinstance(given, Mapping) else None
    increase = exponential["rate_increase_criteria"]
    increase |= {kind: None for kind in _KINDS if kind not in increase and kind in (given or {})}
    criteria = suggestion.abort.model_dump(exclude={"criteria": {"__all__": {"action"}}})["criteria"]
    for criterion in criteria:
        criterion["threshold_percentage"] = _short(criterion["threshold_percentage"])
    return {"rollout": rollout, "abort": {"criteria": list(criteria)}}


def _short(value: float) -> float:
    """Return a whole number as an integer."""
    return int(value) if float(value).is_integer() else value


def _in_full(one: Suggested, width: int) -> Iterator[str]:
    suggestion = one.suggestion
    goals = suggestion.goals
    limit = "" if goals.max_hours is None else f", done within {number(goals.max_hours)} hours"
    headline = (
        f"{one_line(suggestion.template)}: {number(suggestion.assumed.things)} things, at most "
        f"{number(goals.max_harmed)} harmed{limit}, at most {100 * goals.false_abort:g} % of healthy releases stopped"
    )
    yield folded(headline, width)
    if suggestion.risk is None:
        yield "No settings satisfy the goals:\n"
    else:
        yield "".join(f"{line}\n" for line in block(values(suggestion, one.family)))
        yield "".join(folded(line, width, others="  ") for line in _promises(suggestion))
    yield _front(suggestion, width)
    if suggestion.binding:
        title = "Why not:" if suggestion.risk is None else "Why it isn't quicker:"
        yield (
            title
            + "\n"
            + "".join(folded(binding.why, width, first="- ", others="  ") for binding in suggestion.binding)
        )


def _promises(suggestion: Suggestion) -> Iterator[str]:
    risk, tolerated = suggestion.risk, suggestion.tolerated_failure_rate
    if risk is None or tolerated is None:
        return
    yield from risk_lines(risk)
    yield (
        f"A release that fails on up to {100 * tolerated:.2g} % of devices need not be stopped: even if nothing stops "
        f"it, it harms at most {number(suggestion.goals.max_harmed)} things"
    )
    if suggestion.start is not None:
        yield f"Times are for a job created at {suggestion.start:{TIME_FORMAT}} UTC, the start with the longest rollout"
    yield drawn_line(risk)


def _front(suggestion: Suggestion, width: int) -> str:
    """Return the front of time against harm as a table with a bar for each point."""
    longest = max((point.minutes or 0 for point in suggestion.front), default=0)
    rows = []
    for point in suggestion.front:
        bar = "" if point.minutes is None else "█" * max(1, round(_BAR * point.minutes / max(longest, 1)))
        after = "impossible" if point.minutes is None else duration(point.minutes)
        rows.append((number(point.max_harmed), after, bar))
    return table([Column("harmed at most", right=True), Column("done after", right=True), Column("")], rows, width)
