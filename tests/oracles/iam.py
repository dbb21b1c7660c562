"""A verdict on policies in a CloudFormation template: what they allow, as IAM's own grammar reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

KNOWN = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}
_PART = re.compile(r"\$\{([*?$])\}|([*?])", re.DOTALL)


def text(value: Any) -> str:
    """A value as CloudFormation would write it; a reference to a resource becomes its logical id."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return KNOWN.get(argument, str(argument))
    if function == "Fn::GetAtt":
        return f"{argument[0]}.{argument[1]}"
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda found: KNOWN.get(found[1], found[1]), argument)
    assert function == "Fn::Join", value
    return str(argument[0]).join(map(text, argument[1]))


def allows(statements: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Whether one of the statements allows the action on the resource, and none denies it."""
    effects = {
        one["Effect"] for one in statements if _named(one["Action"], action) and _named(one["Resource"], resource)
    }
    return effects == {"Allow"}


def texts(values: Any) -> list[str]:
    """One value or a list of them, each as a text."""
    return [text(one) for one in (values if isinstance(values, list) else [values])]


def _named(patterns: Any, name: str) -> bool:
    return any(re.fullmatch(_expression(one), name, re.DOTALL) for one in texts(patterns))


def _expression(pattern: str) -> str:
    """An IAM pattern as a regular expression: `${*}` is the character, `*` is anything."""
    expression, start = "", 0
    for match in _PART.finditer(pattern):
        expression += re.escape(pattern[start : match.start()])
        expression += re.escape(match[1]) if match[1] else ".*" if match[2] == "*" else "."
        start = match.end()
    return expression + re.escape(pattern[start:])
