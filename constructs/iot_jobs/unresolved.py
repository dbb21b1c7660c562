"""Values that are known only at deployment: CDK tokens and intrinsic functions, or only in the next synthesis.

They are never checked, and never hashed or measured as text.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard, TypeVar

T = TypeVar("T")

# A token as aws-cdk-lib writes it into a string or into the only element of a list (core/lib/private/encoding.ts).
_WRITTEN = r"[$#]\{Token\[[A-Za-z0-9:._-]+\]\}"
# Numbers carry their token in a NaN-like range of doubles: the first sixteen bits are 0xFBFF.
_TOKEN_NUMBER_PREFIX = b"\xfb\xff"
# Built once: a large template asks many thousand times.
_PLAIN = (int, dict)
_LISTS = (list, tuple)
# What the CDK puts in place of a parameter until its CLI has looked it up and synthesizes again
# (aws-ssm/lib/parameter.ts, `valueFromLookup`).
_LOOKED_UP = "dummy-value-for-"
reading: ContextVar[bool] = ContextVar("reading", default=False)
"""True while values from a file are checked. No lookup is pending in them: text is text."""
NO_VALUE = {"Ref": "AWS::NoValue"}
_MAY_BE_NOTHING = {"Fn::If", "Fn::Transform"}
FOR_EACH = "Fn::ForEach::"
"""The start of a loop's name, which stands among the keys of a mapping."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A value that is not known before deployment; `value` is what to emit in its place."""

    value: Any

    def __hash__(self) -> int:
        """Hash the value's text, because the value itself may not be hashable."""
        return hash(repr(self.value))


class Resolvable(Protocol):
    """A CDK token that is an object, such as what `Fn.condition_if` returns: an `IResolvable`."""

    def to_string(self) -> str:
        """Return a token for it that is text. Calls Node."""


def known(value: T | Unresolved | None) -> T | None:
    """Return the value, or None if it is absent or unresolved."""
    return None if isinstance(value, Unresolved) else value


def holds_token(value: object) -> bool:
    """Return whether a value is a CDK token, or a string or list that holds one."""
    if isinstance(value, str):
        return "{Token[" in value and re.search(_WRITTEN, value) is not None
    if isinstance(value, _PLAIN):
        return False
    if isinstance(value, float):
        return struct.pack(">d", value)[:2] == _TOKEN_NUMBER_PREFIX
    if isinstance(value, _LISTS):
        return len(value) == 1 and isinstance(value[0], str) and value[0].startswith("#{Token[")
    return is_resolvable(value)


def is_resolvable(value: object) -> TypeGuard[Resolvable]:
    """Return whether a value is a token that is an object, recognized without importing the CDK."""
    # Both attributes are methods: reading the property `creation_stack` calls Node, and fails if the CDK left it out.
    return hasattr(value, "resolve") and hasattr(value, "to_string")


def between_tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text in order, each with whether it is a token."""
    start = 0
    for match in re.finditer(_WRITTEN, text):
        if match.start() > start:
            yield text[start : match.start()], False
        yield match[0], True
        start = match.end()
    if start < len(text):
        yield text[start:], False


def may_be_nothing(value: object) -> bool:
    """Return whether a value may turn out to be `AWS::NoValue`, and so be absent."""
    inner = value.value if isinstance(value, Unresolved) else value
    if isinstance(inner, dict):
        return inner == NO_VALUE or not _MAY_BE_NOTHING.isdisjoint(inner)
    return holds_token(inner)


def is_dynamic(value: object) -> bool:
    """Return whether a value is text with a dynamic reference, to an SSM parameter or a secret."""
    return isinstance(value, str) and "{{resolve:" in value


def is_looked_up(value: object) -> bool:
    """Return whether a value is text from a context lookup of the CDK that was not made yet; False while `reading`."""
    return isinstance(value, str) and _LOOKED_UP in value and not reading.get()


def is_unknown(value: object) -> bool:
    """Return whether a value holds a token, or is text from a lookup that was not made yet."""
    return holds_token(value) or is_looked_up(value)


def is_intrinsic(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value read from a CloudFormation template, JSON or YAML, is an intrinsic function."""
    if not isinstance(value, dict):
        return False
    if len(value) != 1:  # a macro receives its siblings and may change them, and a loop adds some
        return any(key == "Fn::Transform" or (isinstance(key, str) and key.startswith(FOR_EACH)) for key in value)
    (key,) = value
    return key == "Ref" or (isinstance(key, str) and key.startswith("Fn::"))


def is_at_deployment(value: object) -> bool:
    """Return whether a value is a function, token or reference that only the deployment resolves, or contains one."""
    if isinstance(value, Unresolved):
        return is_at_deployment(value.value)
    if is_intrinsic(value) or is_unknown(value) or is_dynamic(value):
        return True
    if isinstance(value, Mapping):
        return any(map(is_at_deployment, value.values()))
    return isinstance(value, list | tuple) and any(map(is_at_deployment, value))
