"""Intrinsic functions, resolved as far as a template tells. What is left is known only at deployment.

A text with unknown parts has a token for each, as the CDK writes them, so that the rest of it can be checked. The
stack's name, account and region are unknown, and so are the attributes of resources.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

from iot_jobs.cloudformation.scalars import as_text
from iot_jobs.finding import Location
from iot_jobs.jsontext import canonical
from iot_jobs.unresolved import FOR_EACH, NO_VALUE, between_tokens, holds_token, is_intrinsic

NOTHING: Mapping[str, Any] = MappingProxyType({})
MOST_PARTS = 1000
"""The number of variables or parts of a text up to which it is put together."""
LONGEST = 200_000
"""The number of characters up to which a text is put together; a job document has at most 32,768 bytes."""
MOST_COPIES = 1000
"""The number of copies up to which a loop is expanded; a template has at most 500 resources."""
# `${!` is written out as `${`, whatever follows.
_VARIABLE = r"\$\{!|\$\{([^{}!][^{}]*)\}"
_DYNAMIC = r"\{\{resolve:[^{}]*\}\}"
_TOKEN = r"\$\{Token\[([A-Za-z0-9:._-]*?)(?:\.[0-9a-f]{12})?\]\}"  # noqa: S105  # no password


SAMPLES = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}
"""Values of the form that these always have: a text that is malformed with them is malformed with any."""


class Scope(NamedTuple):
    """What the functions of a template refer to: mappings, values by name, and the truth of conditions.

    Names of parameters and loop variables that have no value are unknown, and so are conditions without a truth.
    `samples` stand in texts for values of the same form.
    """

    mappings: Mapping[str, Any] = NOTHING
    values: Mapping[str, Any] = NOTHING
    truths: Mapping[str, bool] = NOTHING
    samples: Mapping[str, str] = NOTHING

    def within(self, values: Mapping[str, Any]) -> Scope:
        """Return a scope with further values."""
        return self._replace(values={**self.values, **values})


class Copy(NamedTuple):
    """A member that a loop makes: its key and body, where the body is in the loop, and the values of loop variables."""

    key: str
    body: Any
    loc: Location
    values: Mapping[str, str]


class Resolved:
    """A value of a template with its functions resolved; those that can't be are left in it.

    `unknown` names the parts that aren't known, by their location in the template.
    """

    def __init__(self, given: Any, scope: Scope) -> None:
        """Resolve the value."""
        self.unknown: dict[Location, str] = {}
        self._origins: dict[Location, Location] = {}
        self.value = self._resolve(given, scope, (), ())

    def written_at(self, loc: Location) -> Location:
        """Return the location in the template of the value at a location."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self._origins:
                return self._origins[loc[:end]] + loc[end:]
        return loc

    def _resolve(self, given: Any, scope: Scope, loc: Location, origin: Location) -> Any:
        if isinstance(given, str):
            return self._text(given, origin) if "{{resolve:" in given else given
        if isinstance(given, list):
            return self._items(given, scope, loc, origin)
        if isinstance(given, dict):
            if is_intrinsic(given) and not any(key.startswith(FOR_EACH) for key in given):
                return self._function(given, scope, loc, origin)
            return self._members(given, scope, loc, origin)
        return given

    def _items(self, given: list[Any], scope: Scope, loc: Location, origin: Location) -> list[Any]:
        items: list[Any] = []
        for index, item in enumerate(given):
            here, there = (*loc, len(items)), (*origin, index)
            if len(items) < index:  # an absent item came before
                self._origins[here] = there
            value = self._resolve(item, scope, here, there)
            if value != NO_VALUE:
                items.append(value)
        return items

    def _members(self, given: dict[str, Any], scope: Scope, loc: Location, origin: Location) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for name, item in given.items():
            copies = expanded(name, item, scope)
            if copies is None:
                self.unknown[*origin, name] = name
                members[name] = item
            for key, body, inner, values in copies or ():
                here, there = (*loc, key), (*origin, *inner)
                if values:
                    self._origins[here] = there
                value = self._resolve(body, scope.within(values), here, there)
                if value != NO_VALUE:
                    members[key] = value
        return members

    def _function(self, given: Mapping[str, Any], scope: Scope, loc: Location, origin: Location) -> Any:
        if given == NO_VALUE:
            return given
        branch = _branch(given.get("Fn::If"), scope) if len(given) == 1 else None
        if branch is not None:
            there = (*origin, "Fn::If", branch)
            self._origins[loc] = there
            return self._resolve(given["Fn::If"][branch], scope, loc, there)
        value = _Arguments(scope).result(given)
        if is_intrinsic(value):
            self.unknown[origin] = f"${{{_name(given)}}}"
            return given
        if isinstance(value, str) and holds_token(value):
            self.unknown[origin] = ", ".join(shown_unknown(part) for part, token in between_tokens(value) if token)
        return value

    def _text(self, text: str, origin: Location) -> str:
        """Return a text with a token for each dynamic reference; unchanged if it is one as a whole."""
        self.unknown[origin] = ", ".join(re.findall(_DYNAMIC, text)) or text
        if re.fullmatch(_DYNAMIC, text):
            return text
        return re.sub(_DYNAMIC, lambda match: _token("resolve", match[0]), text)


def as_key(value: object) -> str:
    """Return a text that equal values share, whatever they hold."""
    return json.dumps(value, sort_keys=True, default=str)


def shown_unknown(text: str) -> str:
    """Return a text with each unknown part as a template names it: `${AWS::StackName}`."""
    return re.sub(_TOKEN, r"${\1}", text)


def expanded(name: str, member: Any, scope: Scope) -> list[Copy] | None:
    """Return what a member of a mapping stands for: itself, or the copies that a loop makes of its body.

    None if it is a loop whose collection isn't known, or too large.
    """
    if not name.startswith(FOR_EACH):
        return [Copy(name, member, (name,), {})]
    if not isinstance(member, list) or len(member) != 3 or not isinstance(member[2], dict):
        return None
    variable, collection, body = member
    items = Resolved(collection, scope).value
    if not isinstance(items, list) or not isinstance(variable, str) or len(items) * len(body) > MOST_COPIES:
        return None
    copies: list[Copy] = []
    for item in map(as_text, items):
        if not isinstance(item, str) or holds_token(item):
            return None
        values = {variable: item}
        for key, inner in body.items():
            made = expanded(_replaced(key, values), _replaced(inner, values), scope.within(values))
            if made is None or len(copies) + len(made) > MOST_COPIES:
                return None
            # The first part is the key with its variable replaced.
            copies += [
                copy._replace(loc=(name, 2, key, *copy.loc[1:]), values={**values, **copy.values}) for copy in made
            ]
    return copies


def mentioned(value: Any) -> Iterator[tuple[str, str]]:
    """Yield what functions in a value name: ("Ref", parameter or resource) and ("Condition", condition)."""
    if isinstance(value, list):
        for item in value:
            yield from mentioned(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref" and isinstance(item, str):
                yield "Ref", item
            elif key == "Condition" and isinstance(item, str):
                yield "Condition", item
            else:
                first = item[0] if isinstance(item, list) and item else item
                if key == "Fn::If" and isinstance(first, str):
                    yield "Condition", first
                if key == "Fn::Sub" and isinstance(first, str):
                    yield from (("Ref", name) for name in re.findall(_VARIABLE, first) if name)
                yield from mentioned(item)


class _Arguments(NamedTuple):
    """The arguments of a function, which are resolved on demand."""

    scope: Scope

    def of(self, given: Any) -> Any:
        """Return a value with its functions resolved."""
        return Resolved(given, self.scope).value

    def text(self, given: Any) -> str | None:
        """Return the text of a value, or a token for an unknown one; None if it is neither a scalar nor unknown."""
        value = self.of(given)
        if is_intrinsic(value):
            name = _name(value)
            return self.scope.samples.get(name) or _token(name, value)
        text = as_text(value)
        return text if isinstance(text, str) else None

    def result(self, given: Mapping[str, Any]) -> Any:
        """Return the result of a function, or the function if it can't be resolved."""
        name, argument = next(iter(given.items()))
        function = _FUNCTIONS.get(name) if len(given) == 1 else None
        value = None if function is None else function(self, argument)
        return given if value is None else value


def _ref(arguments: _Arguments, name: Any) -> Any:
    return arguments.scope.values.get(name) if isinstance(name, str) else None


def _sub(arguments: _Arguments, argument: Any) -> str | None:
    text, names = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(text, str) or not isinstance(names, dict):
        return None

    parts: list[str] = []
    end = 0
    for match in islice(re.finditer(_VARIABLE, text), MOST_PARTS + 1):
        name = match[1]
        if name is None:
            value: str | None = "${"
        elif name.startswith("aws:") and name not in names:  # a mistake that has a finding of its own
            value = match[0]
        else:
            value = arguments.text(names.get(name, {"Fn::GetAtt": name} if "." in name else {"Ref": name}))
        parts += [text[end : match.start()], _token(str(name), name) if value is None else value]
        end = match.end()
    return _joined("", [*parts, text[end:]])


def _join(arguments: _Arguments, argument: Any) -> str | None:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
        return None
    items = arguments.of(argument[1])
    if not isinstance(items, list) or len(items) > MOST_PARTS:
        return None
    texts = [arguments.text(item) for item in items]
    known = [text for text in texts if text is not None]
    return _joined(argument[0], known) if len(known) == len(texts) else None


def _joined(separator: str, parts: Sequence[str]) -> str | None:
    """Return the text of these parts; None if they are too many or too long, or one unknown value and nothing else."""
    length = sum(map(len, parts)) + len(separator) * len(parts)
    if len(parts) > 2 * MOST_PARTS + 1 or (length > LONGEST and len(parts) > 1):
        return None
    text = separator.join(parts)
    return None if re.fullmatch(_TOKEN, text) else text


def _find_in_map(arguments: _Arguments, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        return None
    found: Any = arguments.scope.mappings
    for key in argument[:3]:
        text = as_text(arguments.of(key))
        if not isinstance(text, str) or holds_token(text):
            return None
        found = found.get(text) if isinstance(found, Mapping) else None
    if found is None and len(argument) == 4 and isinstance(argument[3], dict):
        return arguments.of(argument[3].get("DefaultValue"))
    return found


def _select(arguments: _Arguments, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return None
    index, items = as_text(arguments.of(argument[0])), arguments.of(argument[1])
    if not isinstance(index, str) or not index.isdecimal() or not isinstance(items, list) or int(index) >= len(items):
        return None
    return items[int(index)]


def _split(arguments: _Arguments, argument: Any) -> list[str] | None:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str) or not argument[0]:
        return None
    text = arguments.of(argument[1])
    return text.split(argument[0]) if isinstance(text, str) and not holds_token(text) else None


def _to_json(arguments: _Arguments, argument: Any) -> str | None:
    try:
        text = canonical(_with_tokens(arguments.of(argument)))
    except ValueError:  # YAML has values that JSON hasn't
        return None
    # What is nothing but unknown may be any value, not only text.
    return re.sub(rf'"({_TOKEN})"(?!:)', r"\1", text)


def _with_tokens(value: Any) -> Any:
    if is_intrinsic(value):
        return _token(_name(value), value)
    if isinstance(value, list):
        return [_with_tokens(item) for item in value]
    return {key: _with_tokens(item) for key, item in value.items()} if isinstance(value, dict) else value


def _length(arguments: _Arguments, argument: Any) -> int | None:
    items = arguments.of(argument)
    return len(items) if isinstance(items, list) else None


def _base64(arguments: _Arguments, argument: Any) -> str | None:
    text = arguments.of(argument)
    if not isinstance(text, str) or holds_token(text):
        return None
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


_FUNCTIONS: Mapping[str, Callable[[_Arguments, Any], Any]] = {
    "Ref": _ref,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::FindInMap": _find_in_map,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _to_json,
    "Fn::Length": _length,
    "Fn::Base64": _base64,
}
"""The functions that a template alone may resolve. Each returns None if it can't, or if it is malformed."""


def _branch(arguments: Any, scope: Scope) -> int | None:
    """Return the index of the branch of `Fn::If` that is taken, None if that isn't known."""
    if not isinstance(arguments, list) or len(arguments) != 3 or not isinstance(arguments[0], str):
        return None
    truth = scope.truths.get(arguments[0])
    return None if truth is None else 1 if truth else 2


def _name(function: Mapping[str, Any]) -> str:
    """Return what a function names, or the function's own name."""
    name, argument = next(iter(function.items()))
    if name == "Fn::GetAtt":
        argument = ".".join(map(str, argument)) if isinstance(argument, list) else argument
        return str(argument)
    return str(argument) if name == "Ref" else name


def _token(name: str, value: object) -> str:
    """Return the token of an unknown value; equal values have equal ones."""
    if value in ({"Ref": name}, {"Fn::GetAtt": name}, name) and re.fullmatch("[A-Za-z0-9:._-]+", name):
        return f"${{Token[{name}]}}"
    digest = sha256(as_key(value).encode()).hexdigest()[:12]
    return f"${{Token[{re.sub('[^A-Za-z0-9:._-]', '-', name)}.{digest}]}}"


def _replaced(value: Any, values: Mapping[str, str]) -> Any:
    """Return a loop's body with its variables replaced in all texts: `${Name}`, and `&{Name}` by letters and digits."""
    if isinstance(value, str):
        for name, item in values.items():
            value = value.replace(f"${{{name}}}", item)
            value = value.replace(f"&{{{name}}}", re.sub("[^A-Za-z0-9]", "", item))
        return value
    if isinstance(value, list):
        return [_replaced(item, values) for item in value]
    if isinstance(value, dict):
        return {_replaced(key, values): _replaced(item, values) for key, item in value.items()}
    return value
