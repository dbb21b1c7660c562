"""Findings about a resource whose values depend on the template's conditions and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from iot_jobs.cloudformation import Case
from iot_jobs.finding import LONGEST_TEXT, Finding, shortened, shown
from iot_jobs.sources import Subject


def in_some_cases(
    subject: Subject, always: Sequence[Finding], found: Callable[[Subject], Sequence[Finding]]
) -> Iterator[Finding]:
    """Yield what is found in some cases of a subject, each with when. What is `always` found is left out.

    An error is one for certain if it is found whatever the parameters are for some truth of the conditions. Otherwise
    it becomes a warning: another value may be given.
    """
    known = {(finding.code, finding.place) for finding in always}
    cases = [variant.case for variant in subject.variants]
    together: dict[object, list[tuple[Case, Finding]]] = {}
    for case, variant in subject.variants:
        for finding in found(variant):
            if (finding.code, finding.place) not in known:
                together.setdefault(_identity(finding), []).append((case, finding))
    for group in together.values():
        finding = group[0][1]
        where = [case for case, _ in group]
        certain = _is_certain(where, cases)
        if not certain and finding.severity == "error":
            finding = finding._replace(rule=finding.rule.replace(severity="warning"))
        yield finding._replace(when=_when(where, cases))


def _identity(finding: Finding) -> object:
    return finding.code, finding.place, finding.allowed, finding.related


def _is_certain(where: Sequence[Case], cases: Sequence[Case]) -> bool:
    found: set[int] = set()
    left: set[int] = set()
    for case in cases:
        if case.certain:
            (found if case in where else left).add(case.combination)
    return bool(found - left)


def _when(where: Sequence[Case], cases: Sequence[Case]) -> str | None:
    """Return what these cases have in common and others have not: truths of conditions, and values if these don't tell.

    None if it is found in all cases.
    """
    others = [case for case in cases if case not in where]
    first = where[0]
    truths = {name: truth for name, truth in first.truths.items() if _share(where, name, truth, _truths)}
    truths = {name: truth for name, truth in truths.items() if not _share(others, name, truth, _truths)}
    parts = [f"{name} is {str(truth).lower()}" for name, truth in truths.items()]
    if alike := [case for case in others if truths.items() <= case.truths.items()]:
        values = {name: value for name, value in first.values.items() if _share(where, name, value, _values)}
        # A value that others have too makes no difference, unless it takes several together.
        alone = {name: value for name, value in values.items() if all(one.values.get(name) != value for one in alike)}
        default = "" if first.certain else " by default"
        parts += [f"{name} is {shown(value)}{default}" for name, value in (alone or values).items()]
    return shortened(" and ".join(parts), LONGEST_TEXT) or None


def _share(cases: Sequence[Case], name: str, value: object, of: Callable[[Case], Mapping[str, Any]]) -> bool:
    """Return whether all cases have this value."""
    return all(of(case).get(name) == value for case in cases)


_truths, _values = attrgetter("truths"), attrgetter("values")
