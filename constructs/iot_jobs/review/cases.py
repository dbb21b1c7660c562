"""The comparison of templates whose values depend on conditions and parameters: in each case, and all together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from iot_jobs.cloudformation import Case, when
from iot_jobs.review.change import Change
from iot_jobs.review.compare import spec_changes
from iot_jobs.review.directions import Direction
from iot_jobs.review.side import Template
from iot_jobs.template import JobTemplateSpec

_ALWAYS = Case({}, {})


class Pair(NamedTuple):
    """Both sides of a template in one case, None for a side without it, and the changes between them."""

    case: Case
    before: JobTemplateSpec | None
    after: JobTemplateSpec | None
    changes: tuple[Change, ...]


def case_pairs(before: Template | None, after: Template | None) -> list[Pair]:
    """Return both sides in each case that both may be in, at least one."""
    old, new = _cases(before), _cases(after)
    names = {name for case, _ in old for name in case.values} & {name for case, _ in new for name in case.values}
    found = [
        Pair(_joined(one, other), here, there, _changes(here, there))
        for one, here in old
        for other, there in new
        if _are_one(one, other, names)
    ]
    if found:
        return found
    here, there = (None if side is None else side.spec for side in (before, after))
    return [Pair(_ALWAYS, here, there, _changes(here, there))]


def _cases(template: Template | None) -> Sequence[tuple[Case, JobTemplateSpec | None]]:
    return [(_ALWAYS, None)] if template is None else template.cases or [(_ALWAYS, template.spec)]


def _joined(one: Case, other: Case) -> Case:
    truths, values = {**one.truths, **other.truths}, {**one.values, **other.values}
    return Case(truths, values, certain=one.certain and other.certain)


def _are_one(one: Case, other: Case, names: set[str]) -> bool:
    """Return whether two cases may be the same. `names` are the parameters that both sides depend on.

    A default differs between the sides if it was changed.
    """
    if any(other.truths.get(name, truth) != truth for name, truth in one.truths.items()):
        return False
    defaults = not (one.certain or other.certain)
    return all(
        (name in one.values) == (name in other.values) and (defaults or one.values.get(name) == other.values.get(name))
        for name in names
    )


def _changes(before: JobTemplateSpec | None, after: JobTemplateSpec | None) -> tuple[Change, ...]:
    return () if before is None or after is None else spec_changes(before, after)


def together(pairs: Sequence[Pair]) -> Iterator[Change]:
    """Yield each change once. The reason of one that isn't made in all cases says in which."""
    cases = [pair.case for pair in pairs]
    found: dict[str, tuple[Change, list[Case]]] = {}
    for pair in pairs:
        for change in pair.changes:
            key = json.dumps([change.path, change.before, change.after, change.reason], sort_keys=True, default=str)
            found.setdefault(key, (change, []))[1].append(pair.case)
    for change, where in found.values():
        limited = when(where, cases)
        yield change if limited is None else replace(change, reason=f"{change.reason}; if {limited}")


def telling(pairs: Sequence[Pair]) -> tuple[Pair, str | None]:
    """Return the pair to forecast, the first of the riskiest ones whose values are known, and its case in words."""

    def gravity(pair: Pair) -> tuple[bool, bool]:
        directions = {change.direction for change in pair.changes}
        return Direction.UNKNOWN in directions, Direction.RISKIER not in directions

    pair = min(pairs, key=gravity)
    return pair, when([pair.case], [other.case for other in pairs])
