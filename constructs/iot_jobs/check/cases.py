"""Findings about a resource whose values depend on the template's conditions and parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from iot_jobs.cloudformation import Case, when
from iot_jobs.finding import Finding
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
        yield finding._replace(when=when(where, cases))


def _identity(finding: Finding) -> object:
    return finding.code, finding.place, finding.allowed, finding.related


def _is_certain(where: Sequence[Case], cases: Sequence[Case]) -> bool:
    found: set[int] = set()
    left: set[int] = set()
    for case in cases:
        if case.certain:
            (found if case in where else left).add(case.combination)
    return bool(found - left)
