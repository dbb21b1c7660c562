"""The YAML reader gives the values and places of ruamel.yaml's own parser, but where the dialects differ."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML, nodes
from ruamel.yaml.error import YAMLError

from iot_jobs.finding import FindingsError, Location
from iot_jobs.sources import yamltext

FILES = [
    path for folder in ("application", "examples") for path in sorted((Path(__file__).parent / folder).rglob("*.yaml"))
]
# The characters and marks that the dialects read otherwise, see DIALECT, are left out.
PIECES = [
    *("a", "b", "é", "\U0001f600", "0", "-", "- ", ", ", "[", "]", "{", "}", "#", " #", "&a ", "*a", "!b ", "!GetAtt "),
    *("'", '"', "\\", "\\n", "%", "@", "`", "---\n", "...\n", "\n", "\n  ", "\n    ", "\r\n", "\r", " ", "\x07"),
    *("~", "true", "1.5", "0x1F", "017", "1_000", "-.5", ".inf", "key: value\n", "a: ", "b: ", "- item\n", "c: |\n  "),
]


class RefusedError(Exception):
    """What is YAML, and not of the kind that is read here."""


class Oracle:
    """The value of a text and the place of each value in it, from the nodes that ruamel.yaml composes."""

    def __init__(self, text: str) -> None:
        reader = YAML(typ="safe", pure=True)
        reader.composer.warn_double_anchors = False
        self.places: dict[Location, tuple[int, int]] = {}
        root = reader.compose(text)
        self.value = None if root is None else self.build(root, ())

    def build(self, node: Any, loc: Location, above: tuple[int, ...] = ()) -> Any:
        if id(node) in above:
            raise RefusedError("an alias of itself")
        above = (*above, id(node))
        tag = str(node.tag)
        function = None
        if tag.startswith("!") and tag != "!":
            function = "Ref" if tag == "!Ref" else f"Fn::{tag[1:]}"
            loc = (*loc, function)
            self.places[loc] = mark(node)
        value: Any
        if isinstance(node, nodes.MappingNode):
            value = {}
            for key, item in node.value:
                if not isinstance(key, nodes.ScalarNode) or str(key.tag).endswith(":merge") or key.value in value:
                    raise RefusedError("a key that can't be kept")
                self.places[*loc, key.value] = mark(key)
                value[key.value] = self.build(item, (*loc, key.value), above)
        elif isinstance(node, nodes.SequenceNode):
            value = []
            for index, item in enumerate(node.value):
                self.places[*loc, index] = mark(item)
                value.append(self.build(item, (*loc, index), above))
        else:
            value = scalar(tag, node.value)
            value = value.split(".", 1) if function == "Fn::GetAtt" else value
        return value if function is None else {function: value}


def mark(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def scalar(tag: str, text: str) -> Any:
    kind = tag.rpartition(":")[2]
    try:
        match kind:
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "int":
                digits = text.replace("_", "")
                return int(digits, 0 if re.match("[-+]?0[xob]", digits) else 10)
            case "float":
                return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except (KeyError, ValueError):
        raise RefusedError("a scalar that is not of its kind") from None
    if tag.startswith("tag:") and kind not in ("str", "timestamp", "value", "merge"):
        raise RefusedError("a tag")
    return text


def check(text: str) -> bool:
    """Hold the reader against the oracle, and return whether both accept the text."""
    try:
        oracle = Oracle(text)
    except (YAMLError, RefusedError):
        with pytest.raises(FindingsError):
            read(text)
        return False
    value, locate = read(text)
    assert repr(value) == repr(oracle.value), text  # which differ for 1, 1.0 and True, and not for nan
    # An alias has its own place, which the oracle doesn't know.
    if "*" not in text:
        assert {loc: locate(loc) for loc in oracle.places} == oracle.places, text
    return True


def read(text: str) -> tuple[Any, Any]:
    parsed = yamltext.parse(text)
    if parsed.doubled:
        raise FindingsError(parsed.doubled)
    return parsed.value, parsed.position


def test_files() -> None:
    """Every YAML file of the tests reads as ruamel.yaml reads it, but for values that CloudFormation reads otherwise."""
    left_out = ("JT001", "JT002", "JT052")
    assert sum(check(path.read_text()) for path in FILES if path.parent.name not in left_out) > 100


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_any_text(text: str) -> None:
    """Any text reads as ruamel.yaml reads it, or is refused like there."""
    check(text)


WORDS = ["a", "b c", "d1  e", "x-y", "-x", "a:b", "a#b", "http://x/y?z=1", "${aws:x}", "1.5", "é", "\U0001f600", "0o17", "1e3",
         '"q: r"', "'it''s'", '"a\n  b"', "---", "...", "...b", ">-", "[", "}", ",", "-", "k" * 1024, "k" * 1025,
         "&a b", "*a", "!t x", "!Ref T", "!GetAtt T.Arn", "!!str 5", "!!binary x", "a]", "a,b", "yes", "null", "w " * 520]  # fmt: skip
ENDS = ["\n"] * 8 + ["\r\n", "\r", "\n\n", " \n", "  # c\n", " #c\n", "\n   \n", "\n# c\n", "\n   # c\n", ""]


class Author:
    """Writes YAML as people do, well and badly, from a number."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def scalar(self) -> str:
        common = self.random.choice(["a", "b", "key", "e_f", "g.h"])
        words = (
            self.random.choice(WORDS) if self.random.random() < 0.3 else common
            for _ in range(self.random.choice([1, 1, 2]))
        )
        return self.random.choice([" ", "  "]).join(words)

    def flow(self, depth: int = 0) -> str:
        if depth > 2 or self.random.random() < 0.5:
            return self.scalar()
        ends = self.random.choice([", ", ",", " , ", ",\n   ", ", # c\n  ", ",\r\n "])
        items = [self.flow(depth + 1) for _ in range(self.random.randrange(4))]
        if self.random.random() < 0.5:
            return "[" + ends.join(items) + "]"
        return (
            "{"
            + ends.join(f"{self.scalar()}{self.random.choice([': ', ': ', ':', ' : ', ''])}{item}" for item in items)
            + "}"
        )

    def block(self, indent: int = 0, depth: int = 0) -> str:
        is_list = self.random.random() < 0.3
        return "".join(self.entry(indent, depth, is_list=is_list) for _ in range(self.random.randrange(1, 4)))

    def entry(self, indent: int, depth: int, *, is_list: bool) -> str:
        shift = self.random.choice([-1, 1, 2]) if self.random.random() < 0.03 else 0
        start = " " * max(0, indent + shift) + ("-" if is_list else f"{self.scalar()}:")
        kind, end = self.random.random(), self.random.choice(ENDS)
        if kind < 0.45:
            return f"{start} {self.scalar()}{end}"
        if kind < 0.6:
            return f"{start} {self.flow()}{end}"
        if kind < 0.7:
            more = " " * (indent + self.random.choice([1, 2, 4]))
            return f"{start} {self.random.choice(['', '|', '>-'])}{self.scalar()}\n{more}{self.scalar()}{end}"
        return start + end + (self.block(indent + self.random.choice([0, 1, 2, 2, 4]), depth + 1) if depth < 4 else "")


@given(st.integers(0, 2**32))
@settings(max_examples=200)
def test_what_people_write(seed: int) -> None:
    """YAML with comments, blank lines, long keys, flow in blocks and bad indentation reads as ruamel.yaml reads it."""
    check(Author(seed).block())


REFUSED = object()
# Where libyaml, which reads YAML 1.1, and ruamel.yaml differ, and so our reader and the one of the first version.
DIALECT: list[Any] = [
    pytest.param("- a\t\n", ["a"], REFUSED, id="a tab may separate"),
    pytest.param(
        "a: \u2028b: 1", {"a": None, "b": 1}, {"a": {"b": 1}}, id="U+2028 ends a line, as U+0085 and U+2029 do"
    ),
    pytest.param("|\na", REFUSED, "a", id="a block scalar at the root wants its indentation"),
    pytest.param("[:x]", REFUSED, [":x"], id="an item doesn't begin with a colon in brackets"),
    pytest.param(": a", REFUSED, {"": "a"}, id="a key is not left out"),
    pytest.param("a: <<", {"a": "<<"}, {"a": "<<"}, id="two angle brackets are a text where they are no key"),
]


@pytest.mark.parametrize(("text", "expected", "stock"), DIALECT)
def test_dialect(text: str, expected: Any, stock: Any) -> None:
    """What is known to differ, and how."""

    def outcome(reading: Any) -> Any:
        try:
            return reading(text)
        except (FindingsError, YAMLError, RefusedError):
            return REFUSED

    assert (outcome(lambda text: read(text)[0]), outcome(lambda text: Oracle(text).value)) == (expected, stock)


PLACES: list[Any] = [
    pytest.param("", (), (1, 1), id="nothing"),
    pytest.param("\n\n- a", (), (3, 1), id="the root"),
    pytest.param("a:\n  b: 1", ("a", "b"), (2, 3), id="a key"),
    pytest.param("a:\n  b: 1", ("a", "c", "d"), (1, 1), id="the nearest ancestor of what is missing"),
    pytest.param("a: [1,\n 2]", ("a", 1), (2, 2), id="an item"),
    pytest.param("a: [1,\n 2]", ("a", 2), (1, 1), id="an item that is missing"),
    pytest.param("a: !If [x, {b: 1},\n {b: 2}]", ("a", "Fn::If", 2, "b"), (2, 3), id="inside a short tag"),
    pytest.param("a: !GetAtt b.c", ("a", "Fn::GetAtt", 1), (1, 4), id="a part of a short tag's text"),
    pytest.param("a: &x {b: 1}\nc: *x", ("c",), (2, 1), id="a key with an alias"),
    pytest.param("a: &x {b: 1}\nc: *x", ("c", "b"), (1, 8), id="inside an alias"),
    pytest.param("\U0001f600: {é: 1}", ("\U0001f600", "é"), (1, 5), id="columns are characters"),
]


@pytest.mark.parametrize(("text", "loc", "expected"), PLACES)
def test_places(text: str, loc: Location, expected: tuple[int, int]) -> None:
    """The place of a value is that of its key, of the value itself in a list, or of its nearest ancestor."""
    _, locate = read(text)
    assert locate(loc) == expected


def test_depth_through_aliases() -> None:
    """What aliases nest is counted as if it was written out, to 100 levels and not one more."""
    text = "a: &a " + "[" * 60 + "]" * 60 + "\nb: " + "[" * 40 + "{}" + "]" * 40
    assert read(text.format("*a"))[0]
    with pytest.raises(FindingsError, match="JT704"):
        read(text.replace("[{}]", "[[{}]]").format("*a"))


# What AWS's own CloudFormation Validate 1.14 reads, and whether that is neither the text nor what YAML 1.2 reads.
IN_TEMPLATES: list[tuple[str, Any, bool]] = [
    *((word, True, True) for word in ("yes", "Yes", "YES", "on", "On")),
    *((word, False, True) for word in ("no", "off", "OFF")),
    *((word, word, False) for word in ("y", "N", "yEs", "oN", "0o14", "08", "0019", "001234567890", "1e3", "1.5e3", "-.5")),
    *((word, word, False) for word in ("+.5", "60:60", "1:60", ".5:30", "1.5:30", "00:10", "2026-01-01", "_1", "0x", "=")),
    ("0070", 56, True),
    ("-010", -8, True),
    ("010_0", 64, True),
    ("0_7", 7, False),
    ("00", 0, False),
    ("12:30", 750, True),
    ("1:30:00", 5400, True),
    ("190:20:30.15", 685230.15, True),
    *((word, value, False) for word, value in (("true", True), ("~", None), ("0x1F", 31), ("0b11", 3), ("1_000", 1000))),
    *((word, value, False) for word, value in (("5.", 5.0), (".5", 0.5), ("1.10", 1.1), ("1.5e+3", 1500.0), ("-0", 0))),
    *((f"'{word}'", word, False) for word in ("yes", "0070", "12:30")),
    ("!!str yes", "yes", False),
]  # fmt: skip


@pytest.mark.parametrize(("word", "expected", "noted"), IN_TEMPLATES)
def test_values_in_a_template(word: str, expected: Any, noted: bool) -> None:
    """A CloudFormation template is read as CloudFormation reads it, and what it reads otherwise than it looks is noted."""
    parsed = yamltext.parse(f"Resources:\n  T: [{word}]\n")
    assert repr(parsed.value) == repr({"Resources": {"T": [expected]}})
    assert [(one.code, one.loc, one.given) for one in parsed.deployed] == (
        [("JT052", ("Resources", "T", 0), word)] if noted else []
    )


def test_values_outside_a_template() -> None:
    """Any other file is YAML 1.2, in which yes is text and 0070 is 70, and nothing is noted."""
    parsed = yamltext.parse("a: [yes, 0070, 12:30, 0o14, 1e3, &b 1, *b]\n")
    assert parsed.value == {"a": ["yes", 70, "12:30", 12, 1000.0, 1, 1]}
    assert parsed.deployed == []


def test_fixes_of_values() -> None:
    """The fix of a value that CloudFormation reads otherwise spells out everything that it may be meant as."""
    parsed = yamltext.parse("Resources: {a: 0070, b: off, c: 22:30}")
    assert [(one.allowed.partition("; ")[2], one.fix) for one in parsed.deployed] == [
        ("it reads this one as 56", "write 56, 70 or '0070', whichever is meant"),
        ("it reads this one as false", "write false or 'off', whichever is meant"),
        ("it reads this one as 1350", "write 1350 or '22:30', whichever is meant"),
    ]


MERGED: list[Any] = [
    pytest.param(
        "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}", {"x": 1, "y": 3}, ("b", "x"), id="its own keys win, after it"
    ),
    pytest.param(
        "a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a}", {"x": 1, "y": 3}, ("b", "x"), id="its own keys win, before it"
    ),
    pytest.param(
        "a: [&a {x: 1}, &b {x: 2, y: 2}]\nb: {<<: [*a, *b]}", {"x": 1, "y": 2}, ("b", "x"), id="the first wins"
    ),
    pytest.param("a: &a {x: 1}\nb: {<<: *a, <<: {z: 2}}", {"x": 1, "z": 2}, ("b", "x"), id="twice"),
]


@pytest.mark.parametrize(("text", "expected", "loc"), MERGED)
def test_merge_keys_of_a_template(text: str, expected: Any, loc: Location) -> None:
    """In a template a merge key adds the keys of other mappings, whose places are there; the first one is noted."""
    parsed = yamltext.parse(f"{text}\nResources: {{}}")
    assert parsed.value["b"] == expected
    line, column = parsed.position(loc)
    assert (line, text[column - 1]) == (1, "x")
    assert [(one.code, one.loc, one.given) for one in parsed.deployed] == [("JT051", (), "<<")]


@pytest.mark.parametrize("text", ["<<: 5", "<<: [5]", "<<: []", "<<:", "<<: [[]]"])
def test_merge_keys_without_a_mapping(text: str) -> None:
    """What a merge key names is a mapping, or a list of them."""
    with pytest.raises(FindingsError, match="a mapping after <<, or a list of them"):
        yamltext.parse(f"Resources:\n  {text}")


def test_merge_keys_outside_a_template() -> None:
    """In any other file a merge key is refused."""
    with pytest.raises(FindingsError, match="no merge keys"):
        yamltext.parse("a: &a {x: 1}\nb: {<<: *a}")


def test_version_of_a_template() -> None:
    """A template may say that it is YAML 1.1, as which CloudFormation reads it; no other file may."""
    assert yamltext.parse("%YAML 1.1\n---\nResources: {a: off}").value == {"Resources": {"a": False}}
    for text in ("%YAML 1.1\n---\na: off", "%YAML 1.3\n---\nResources: {}"):
        with pytest.raises(FindingsError, match="remove the line"):
            yamltext.parse(text)
