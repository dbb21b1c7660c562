"""CloudFormation's functions by brute force: a template's properties under each choice of its parameters.

Written from AWS's reference of functions alone, to find errors in ours. It knows only complete values, and so has none
of what makes ours difficult: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import product
from typing import Any

Choice = dict[str, Any]
"""A value for each parameter; a list for a CommaDelimitedList."""


class UnknownError(Exception):
    """A value depends on a parameter that this choice leaves out, or is one that CloudFormation fails to find."""


class NoValueError(Exception):
    """A value is AWS::NoValue."""


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it into text."""
    return value if isinstance(value, str) else json.dumps(value)


class Evaluation:
    """A template under one choice of its parameters."""

    def __init__(self, template: Mapping[str, Any], choice: Choice) -> None:
        """Note both; nothing is evaluated yet."""
        self._conditions = template.get("Conditions", {})
        self._mappings = template.get("Mappings", {})
        self._names: Choice = choice

    def within(self, **names: str) -> "Evaluation":
        """The same inside a loop, whose variables have these values."""
        return Evaluation({"Conditions": self._conditions, "Mappings": self._mappings}, self._names | names)

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        return self._truth(self._conditions[name])

    def _truth(self, body: Any) -> bool:
        ((function, given),) = body.items()
        if function == "Condition":
            return self.condition(given)
        if function == "Fn::Equals":
            one, other = (text(self.value(side)) for side in given)
            return one == other
        truths = [self._truth(part) for part in given]
        return not truths[0] if function == "Fn::Not" else (all if function == "Fn::And" else any)(truths)

    def value(self, given: Any) -> Any:
        """A value without functions. Raises `UnknownError` and `NoValueError`."""
        if isinstance(given, list):
            return list(self._present(given))
        if not isinstance(given, dict):
            return given
        ((name, argument),) = given.items() if len(given) == 1 else ((None, None),)
        if name == "Ref" or str(name).startswith("Fn::"):
            return self._called(str(name), argument)
        return dict(self._members(given))

    def _present(self, items: list[Any]) -> Iterator[Any]:
        for item in items:
            with suppress(NoValueError):
                yield self.value(item)

    def _members(self, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for key, item in given.items():
            try:
                value = self.value(item) if not key.startswith("Fn::ForEach") else self._called(key, item)
            except NoValueError:
                continue
            if key.startswith("Fn::ForEach"):
                yield from value.items()
            else:
                yield key, value

    def _called(self, function: str, given: Any) -> Any:
        if function == "Ref":
            return self._named(given)
        if function == "Fn::If":
            return self.value(given[1 if self.condition(given[0]) else 2])
        if function.startswith("Fn::ForEach"):
            variable, collection, body = given
            ((key, item),) = body.items()
            return {
                key.replace(f"${{{variable}}}", each): self.within(**{variable: each}).value(item)
                for each in self.value(collection)
            }
        if function == "Fn::Sub":
            return self._substituted(given)
        if function == "Fn::FindInMap":
            return self._found(given)
        return _CALLED[function](self.value(given))

    def _named(self, name: str) -> Any:
        if name == "AWS::NoValue":
            raise NoValueError
        if name not in self._names:
            raise UnknownError(name)
        return self._names[name]

    def _substituted(self, given: Any) -> str:
        written, variables = given if isinstance(given, list) else (given, {})

        def replaced(match: re.Match[str]) -> str:
            if match[1].startswith("!"):
                return f"${{{match[1][1:]}}}"
            return text(self.value(variables[match[1]]) if match[1] in variables else self._named(match[1]))

        return re.sub(r"\$\{([^}]*)\}", replaced, written)

    def _found(self, given: list[Any]) -> Any:
        keys = [self.value(key) for key in given[:3]]
        found = self._mappings
        for key in keys:
            if key not in found and len(given) < 4:
                raise UnknownError(key)
            if key not in found:
                return self.value(given[3]["DefaultValue"])
            found = found[key]
        return found


def _item(items: list[Any], index: int) -> Any:
    if index >= len(items):
        raise UnknownError(index)
    return items[index]


_CALLED: dict[str, Callable[[Any], Any]] = {
    "Fn::Join": lambda given: given[0].join(map(text, given[1])),
    "Fn::Split": lambda given: given[1].split(given[0]),
    "Fn::Select": lambda given: _item(given[1], int(given[0])),
    "Fn::Length": len,
    "Fn::Base64": lambda given: base64.b64encode(text(given).encode()).decode(),
    "Fn::ToJsonString": lambda given: json.dumps(given, separators=(",", ":"), ensure_ascii=False),
}


def stated(template: Mapping[str, Any]) -> Iterator[Choice]:
    """Each choice that the template states: allowed values, else the default, else none."""
    yield from _choices(template, lambda _: [])


def sampled(template: Mapping[str, Any]) -> Iterator[Choice]:
    """The choices that the template states, and some of the others that it allows."""
    compared = sorted(set(re.findall(r'"Fn::Equals": \[\{"Ref": "\w+"\}, "?([\w.]+)"?\]', json.dumps(template))))
    yield from _choices(template, lambda name: [*compared, "", "7", "Zz"])


def _choices(template: Mapping[str, Any], others: Any) -> Iterator[Choice]:
    domains: list[list[tuple[str, Any]]] = []
    for name, body in template.get("Parameters", {}).items():
        is_list = body["Type"] == "CommaDelimitedList"
        known = body["AllowedValues"] if "AllowedValues" in body else [body["Default"]] if "Default" in body else []
        known = list(dict.fromkeys(map(text, known)))
        if "AllowedValues" not in body:
            known += [other for other in others(name) if other not in known]
        domains.append([(name, one.split(",") if is_list else one) for one in known] or [("", None)])
    for pairs in product(*domains):
        yield {name: value for name, value in pairs if name}  # one without a value is left out
