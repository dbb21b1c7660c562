"""The cases in which a template's values differ: the truth of its conditions, and values that parameters may have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from operator import attrgetter
from typing import Any, NamedTuple

from iot_jobs.cloudformation.intrinsics import SAMPLES, Resolved, Scope, as_key, mentioned
from iot_jobs.cloudformation.parameters import taken, typed
from iot_jobs.cloudformation.scalars import as_text
from iot_jobs.cloudformation.stack import UNKNOWN_STACK, Stack
from iot_jobs.finding import LONGEST_TEXT, shortened, shown
from iot_jobs.unresolved import is_intrinsic

MOST_COMBINATIONS = 64
"""The number up to which all combinations are judged; of more, those that differ from the first in one value."""
MOST_CASES = 2000
"""The number of cases of all resources of a template up to which they are judged."""
_Operands = dict[str, tuple[Any, ...]]
"""What conditions compare, with the values that make a difference: parameters by their names, other values as text."""
_Values = dict[str, Any]
"""The values of operands, and the truths that were found with them."""
_OTHER = object()
"""A value that equals none of those that it is compared with."""


class Case(NamedTuple):
    """One way in which a resource may be deployed: the truth of conditions, and the values of parameters.

    `combination` counts the different truths. `certain` is false for a default that another value may replace.
    """

    truths: Mapping[str, bool]
    values: Mapping[str, Any]
    combination: int = 0
    certain: bool = True

    def scope(self, outer: Scope) -> Scope:
        """Return the scope of the resource in this case."""
        return outer.within(self.values)._replace(truths=self.truths, samples=SAMPLES)


class _Condition(NamedTuple):
    truth: Callable[[_Values], bool | None]
    operands: _Operands


class Declarations:
    """The mappings, parameters and conditions of a template. What is malformed counts as absent.

    It counts the cases that it returns: a template of very many is not judged in all of them.
    """

    def __init__(self, template: Mapping[str, Any], stack: Stack = UNKNOWN_STACK) -> None:
        """Read the three sections. Values that the stack gives are known, except those that a parameter doesn't take.

        `refused` has what such a parameter takes.
        """
        self.stack = stack
        parameters = _section(template, "Parameters")
        self.parameters = {name: one for name, one in parameters.items() if isinstance(one, Mapping)}
        given = {name: text for name, text in stack.parameters.items() if name in self.parameters}
        takes = {name: taken(self.parameters[name], text) for name, text in given.items()}
        self.refused = {name: words for name, words in takes.items() if words is not None}
        read = {name: typed(self.parameters[name], text) for name, text in given.items() if name not in self.refused}
        stated = {name: value for name, value in read.items() if value is not None}
        self.scope = Scope(mappings=_section(template, "Mappings"), values=stack.pseudo_parameters | stated)
        self._open = {name: one for name, one in self.parameters.items() if name not in stated}
        self._expressions = _section(template, "Conditions")
        self._conditions: dict[str, _Condition] = {}
        self._cases = 0

    def with_defaults(self) -> Scope:
        """Return the scope in which each parameter has its default."""
        return self.scope.within({name: one for name in self._open if (one := self._default(name)) is not None})

    def cases(self, resource: Mapping[str, Any]) -> tuple[Case, ...]:
        """Return the cases in which a resource is created; none if no value in it depends on the template's."""
        mentions = dict.fromkeys(mentioned(resource))
        conditions = {name: self._condition(name) for kind, name in mentions if kind == "Condition"}
        parameters = [name for kind, name in mentions if kind == "Ref" and name in self._open]
        operands = _merged(condition.operands for condition in conditions.values())
        created = conditions.get(str(resource.get("Condition")))
        rest = list(self._assumed([name for name in parameters if name not in operands]))
        cases: dict[str, Case] = {}
        numbers: dict[str, int] = {}
        for assigned in self._combinations(operands):
            if created is not None and created.truth(assigned) is False:
                continue
            truths = {name: condition.truth(assigned) for name, condition in conditions.items()}
            known = {name: truth for name, truth in truths.items() if truth is not None}
            number = numbers.setdefault(as_key(known), len(numbers))
            stated = {name: assigned[name] for name in parameters if assigned.get(name, _OTHER) is not _OTHER}
            for values, certain in rest:
                case = Case(known, {**stated, **values}, number, certain)
                cases.setdefault(as_key([case.truths, case.values]), case)
        self._cases += len(cases)
        if self._cases > MOST_CASES:
            return ()
        differs = any(case.truths or case.values for case in cases.values())
        sampled = SAMPLES.keys() - self.scope.values.keys()
        return tuple(cases.values()) if differs or any(name in sampled for _, name in mentions) else ()

    def expressions(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the expressions of conditions by name, and of those they refer to; undeclared ones are left out."""
        found: dict[str, Any] = {}
        pending = list(names)
        while pending:
            name = pending.pop()
            if name in self._expressions and name not in found:
                found[name] = self._expressions[name]
                pending += [other for kind, other in mentioned(found[name]) if kind == "Condition"]
        return found

    def may_both_hold(self, first: object, second: object) -> bool:
        """Return whether two conditions may be true at once; a resource without one is always created."""
        conditions = [self._condition(name) for name in (first, second) if isinstance(name, str)]
        combinations = self._combinations(_merged(condition.operands for condition in conditions))
        return any(all(one.truth(assigned) is not False for one in conditions) for assigned in combinations)

    def _default(self, name: str) -> Any:
        declared = self.parameters[name]
        return typed(declared, declared.get("Default"))

    def _allowed(self, name: str) -> list[Any]:
        """Return the only values that a parameter may have, its default first; none if any value may be given."""
        declared = self.parameters[name]
        allowed = declared.get("AllowedValues")
        values = [typed(declared, value) for value in allowed] if isinstance(allowed, list) else []
        default = self._default(name)
        return sorted((value for value in values if value is not None), key=lambda value: bool(value != default))

    def _assumed(self, parameters: Sequence[str]) -> Iterator[tuple[dict[str, Any], bool]]:
        """Yield values of parameters, and whether they are certain.

        First those of which one must be given, then each other one of these, last each default alone and all together.
        """
        allowed = {name: self._allowed(name) for name in parameters}
        first = {name: values[0] for name, values in allowed.items() if values}
        yield first, True
        yield from (({**first, name: value}, True) for name, values in allowed.items() for value in values[1:])
        defaults = {name: self._default(name) for name in parameters if name not in first}
        stated = {name: value for name, value in defaults.items() if value is not None}
        yield from (({**first, name: value}, False) for name, value in stated.items())
        if len(stated) > 1:
            yield {**first, **stated}, False

    def _combinations(self, operands: _Operands) -> Iterator[dict[str, Any]]:
        """Yield values of all operands."""
        domains = {name: self._domain(name, values) for name, values in operands.items()}
        if prod(map(len, domains.values())) <= MOST_COMBINATIONS:
            yield from (dict(zip(domains, values, strict=True)) for values in product(*domains.values()))
            return
        first = {name: values[0] for name, values in domains.items()}
        yield dict(first)  # truths will be remembered in it
        yield from ({**first, name: value} for name, values in domains.items() for value in values[1:])

    def _domain(self, operand: str, compared: Sequence[Any]) -> list[Any]:
        if compared == (True, False):
            return [True, False]
        if operand not in self.parameters:
            return [*dict.fromkeys(compared), _OTHER]
        default = self._default(operand)
        return self._allowed(operand) or [
            *dict.fromkeys(one for one in (default, *compared) if one is not None),
            _OTHER,
        ]

    def _condition(self, name: str) -> _Condition:
        """Return a condition by its name; one that isn't declared, or refers to itself, may be true or false."""
        if name not in self._conditions:
            self._conditions[name] = _free(name)  # what a circle meets
            if name in self._expressions:
                self._conditions[name] = _remembered(name, self._compiled(self._expressions[name]))
        return self._conditions[name]

    def _compiled(self, expression: Any) -> _Condition:
        if not isinstance(expression, Mapping) or len(expression) != 1:
            return _free(as_key(expression))
        ((function, argument),) = expression.items()
        if function == "Condition" and isinstance(argument, str):
            return self._condition(argument)
        if function == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
            return self._equals(*argument)
        if function not in ("Fn::Not", "Fn::And", "Fn::Or") or not isinstance(argument, list) or not argument:
            return _free(as_key(expression))
        parts = [self._compiled(part) for part in argument]
        operands = _merged(part.operands for part in parts)
        if function == "Fn::Not":
            inner = parts[0].truth
            return _Condition(lambda given: None if (truth := inner(given)) is None else not truth, operands)
        decisive = function == "Fn::Or"

        def truth(given: _Values) -> bool | None:
            truths = [part.truth(given) for part in parts]
            return decisive if decisive in truths else None if None in truths else not decisive

        return _Condition(truth, operands)

    def _equals(self, first: Any, second: Any) -> _Condition:
        sides = [as_text(Resolved(side, self.scope).value) for side in (first, second)]
        unknown = [side for side in sides if not isinstance(side, str)]
        if not unknown:
            equal = sides[0] == sides[1]
            return _Condition(lambda _: equal, {})
        if len(unknown) == 2 or not is_intrinsic(unknown[0]):
            return _free(as_key(sides))
        name = unknown[0].get("Ref")
        operand = name if isinstance(name, str) else as_key(unknown[0])
        literal = next(side for side in sides if isinstance(side, str))
        return _Condition(lambda given: bool(given[operand] == literal), {operand: (literal,)})


def when(where: Sequence[Case], cases: Sequence[Case]) -> str | None:
    """Return what some of all cases have in common and the others have not, in words. None if these are all cases.

    That is the truths of conditions and, if these don't tell, values of parameters.
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


def _remembered(name: str, condition: _Condition) -> _Condition:
    """Return a condition that is evaluated once for given values: many may refer to it."""
    key = f"truth of {name}"

    def truth(given: _Values) -> bool | None:
        if key not in given:
            given[key] = condition.truth(given)
        found: bool | None = given[key]
        return found

    return condition._replace(truth=truth)


def _free(name: str) -> _Condition:
    """Return a condition that may be true or false."""
    operand = f"condition {name}"
    return _Condition(lambda given: bool(given[operand]), {operand: (True, False)})


def _merged(all_operands: Iterable[_Operands]) -> _Operands:
    merged: _Operands = {}
    for operands in all_operands:
        for name, values in operands.items():
            merged[name] = tuple(dict.fromkeys((*merged.get(name, ()), *values)))
    return merged


def _section(template: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = template.get(name)
    return section if isinstance(section, Mapping) else {}
