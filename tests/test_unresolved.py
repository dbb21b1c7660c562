"""What only CloudFormation will know: CDK tokens, intrinsic functions."""

import math
import struct
from pathlib import Path
from typing import Any

import pytest

from iot_jobs.unresolved import Unresolved, between_tokens, holds_token, is_intrinsic, known

TOKEN = "${Token[TOKEN.12]}"
NUMBER_TOKEN = struct.unpack(">d", bytes.fromhex("fbff000000000001"))[0]


class Resolvable:
    """Looks as what jsii hands out for an IResolvable, one property of which can't be read."""

    @property
    def creation_stack(self) -> list[str]:
        raise RuntimeError("Of property Object.creationStack: Unable to serialize value as array<string>")

    def resolve(self) -> str:
        return "resolved"

    def to_string(self) -> str:
        return "${Token[RESOLVABLE.1]}"


TOKENS = [
    ("a string token", "${Token[TOKEN.12]}"),
    ("a named string token", "${Token[AWS.AccountId.0]}"),
    ("in the middle of text", "arn:aws:iam::${Token[AWS::AccountId.4]}:role/presign"),
    ("the key of a list token in text", "#{Token[TOKEN.3]}"),
    ("a list token", ["#{Token[TOKEN.3]}"]),
    ("a list token as a tuple", ("#{Token[TOKEN.3]}",)),
    ("a number token", NUMBER_TOKEN),
    ("an object that resolves", Resolvable()),
]
NO_TOKENS = [
    ("nothing", None),
    ("empty text", ""),
    ("an AWS placeholder", "${aws:iot:s3-presigned-url:https://s3.amazonaws.com/bucket/key}"),
    ("a shell variable", "${Token}"),
    ("a token without its end", "${Token[TOKEN.12"),
    ("a token with a blank", "${Token[TOKEN 12]}"),
    ("zero", 0),
    ("zero with a fraction", 0.0),
    ("a negative number", -1.5),
    ("the greatest number", -1.7976931348623157e308),
    ("not a number", math.nan),
    ("minus infinity", -math.inf),
    ("True", True),
    ("an empty list", []),
    ("a list of text", ["a"]),
    ("a list of two", ["#{Token[TOKEN.3]}", "a"]),
    ("a list of a string token", ["${Token[TOKEN.3]}"]),
    ("a mapping", {"Ref": "AWS::Region"}),
    ("another object that resolves", Path("document.json")),
]


@pytest.mark.parametrize("value", [row[1] for row in TOKENS], ids=[row[0] for row in TOKENS])
def test_tokens_are_seen(value: object) -> None:
    """A token is seen in text, as a list's only element, as a number and as an object."""
    assert holds_token(value)


@pytest.mark.parametrize("value", [row[1] for row in NO_TOKENS], ids=[row[0] for row in NO_TOKENS])
def test_other_values_hold_no_token(value: object) -> None:
    """What only looks like a token is a plain value, and is checked."""
    assert not holds_token(value)


INTRINSIC = [
    ("a reference", {"Ref": "AWS::Region"}, True),
    ("a function", {"Fn::Sub": "${AWS::Region}"}, True),
    ("a function of any name", {"Fn::ForEach::Loop": []}, True),
    ("two keys", {"Ref": "A", "Fn::Sub": "B"}, False),
    ("no key", {}, False),
    ("another key", {"RoleArn": "arn"}, False),
    ("a key that is no text", {1: "a"}, False),
    ("a condition", {"Condition": "IsProd"}, False),
    ("text", "Ref", False),
    ("a list", ["Ref"], False),
    ("nothing", None, False),
]


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in INTRINSIC], ids=[row[0] for row in INTRINSIC])
def test_intrinsic_functions(value: Any, expected: bool) -> None:
    """An intrinsic function is a mapping with the one key Ref or Fn::something."""
    assert is_intrinsic(value) is expected


def test_known() -> None:
    """A value is known unless it is absent or unresolved; 0, False and the empty text are known."""
    assert [known(value) for value in (0, False, "", "a")] == [0, False, "", "a"]
    assert known(None) is None
    assert known(Unresolved(5)) is None


def test_equality() -> None:
    """Two unresolved values are equal if what they hold is equal, and can be members of a set whatever they hold."""
    assert Unresolved({"Ref": "A"}) == Unresolved({"Ref": "A"})
    assert Unresolved({"Ref": "A"}) != Unresolved({"Ref": "B"})
    assert len({Unresolved({"Ref": "A"}), Unresolved({"Ref": "A"}), Unresolved(["A"])}) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a", [("a", False)]),
        (TOKEN, [(TOKEN, True)]),
        (f"a{TOKEN}{TOKEN}b", [("a", False), (TOKEN, True), (TOKEN, True), ("b", False)]),
        ("${aws:iot:x}", [("${aws:iot:x}", False)]),
    ],
)
def test_between_tokens(text: str, expected: list[tuple[str, bool]]) -> None:
    """A text is split into tokens and the text between them, and nothing is lost."""
    assert list(between_tokens(text)) == expected
