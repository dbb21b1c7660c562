"""Strict JSON: what is read, the canonical form, and the place of each value."""

import json
import math
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_jobs import jsontext
from iot_jobs.finding import Location
from iot_jobs.jsontext import JsonError, canonical, depth, locator, parse
from iot_jobs.limits import MAX_DOCUMENT_DEPTH, MAX_READ_DEPTH

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


def nested(levels: int, bracket: str = "[]") -> str:
    """JSON text of so many nested lists, or of mappings with the key a."""
    if bracket == "[]":
        return "[" * levels + "]" * levels
    return '{"a":' * levels + "1" + "}" * levels


CANONICAL = [
    ("key order", '{"b": 1, "a": {"d": 2, "c": 3}}', '{"a":{"c":3,"d":2},"b":1}'),
    ("keys by code point", '{"é": 1, "z": 2, "Z": 3, "10": 4, "9": 5}', '{"10":4,"9":5,"Z":3,"z":2,"é":1}'),
    ("list order", "[3, 1, 2]", "[3,1,2]"),
    ("whitespace", '\n\t{ "a" :\r\n [ 1 , 2 ] }\n', '{"a":[1,2]}'),
    ("blanks in text", '{"a b": " c "}', '{"a b":" c "}'),
    ("number spelling", "[1.0, 1.50, 1e5, 1E+5, 10, -0, -0.0, 0.1]", "[1.0,1.50,1e5,1E+5,10,-0,-0.0,0.1]"),
    (
        "more digits than a float has",
        "[0.1000000000000000055511151231257827]",
        "[0.1000000000000000055511151231257827]",
    ),
    ("more than a float can say", "[1e999, -1e999, 1e-999]", "[1e999,-1e999,1e-999]"),
    ("more than an int of 64 bits", "[12345678901234567890123]", "[12345678901234567890123]"),
    ("escapes", r'["\u00e9\/\u0041\t\"\\\u007f"]', '["é/A\\t\\"\\\\\x7f"]'),
    ("escaped keys", r'{"\u0061": 1}', '{"a":1}'),
    ("a surrogate pair", r'["\ud83d\ude00"]', '["😀"]'),
    ("words", "[true, false, null]", "[true,false,null]"),
    ("empty", '{"a": {}, "b": [], "c": ""}', '{"a":{},"b":[],"c":""}'),
    ("a scalar", " 5 ", "5"),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in CANONICAL], ids=[row[0] for row in CANONICAL])
def test_canonical(text: str, expected: str) -> None:
    """Layout, key order and escapes change nothing; numbers stay as they were spelt; canonical text is its own form."""
    assert canonical(parse(text)) == expected
    assert canonical(parse(expected)) == expected
    assert json.loads(expected) == json.loads(text.removeprefix("\ufeff"))


@given(VALUES)
def test_canonical_text_reads_back(value: Any) -> None:
    """Any value reads back from its canonical text, and no layout of it has another canonical text."""
    text = canonical(value)
    assert parse(text) == value
    assert canonical(parse(json.dumps(value, indent=3))) == text
    assert canonical(parse(json.dumps(value, ensure_ascii=False, separators=(" ,\t", "\n:")))) == text


PYTHON_VALUES = [
    ({"b": (1, 2), "a": OrderedDict(d=None)}, '{"a":{"d":null},"b":[1,2]}'),
    (MappingProxyType({"a": True}), '{"a":true}'),
    (range(3), "[0,1,2]"),
    (1.0, "1.0"),
    (1e100, "1e+100"),
    (-0.0, "-0.0"),
    (2**70, "1180591620717411303424"),
]


@pytest.mark.parametrize(("value", "expected"), PYTHON_VALUES)
def test_canonical_of_python_values(value: object, expected: str) -> None:
    """Any mapping and any sequence is accepted, and numbers are written as Python writes them."""
    assert canonical(value) == expected


NO_JSON = [
    ("a key that is a number", {1: "a"}, "keys of a JSON object are text"),
    ("a key that is nothing", {"a": {None: 1}}, "keys of a JSON object are text"),
    ("a set", {"a": {1}}, "JSON has no set"),
    ("bytes", [b"a"], "JSON has no bytes"),
    ("an object", object(), "JSON has no object"),
    ("not a number", [math.nan], "Out of range float values are not JSON compliant"),
    ("infinity", {"a": -math.inf}, "Out of range float values are not JSON compliant"),
]


@pytest.mark.parametrize(("value", "message"), [row[1:] for row in NO_JSON], ids=[row[0] for row in NO_JSON])
def test_values_that_json_has_not(value: object, message: str) -> None:
    """What JSON can't say is a ValueError."""
    with pytest.raises(ValueError, match=message):
        canonical(value)


MALFORMED = [
    ("nothing", "", "JT701", None, (1, 1)),
    ("blanks", " \n ", "JT701", None, (2, 2)),
    ("words", "hello", "JT701", "hello", (1, 1)),
    ("single quotes", "{'a': 1}", "JT701", "'a': 1}", (1, 2)),
    ("a comma too few", '{"a": 1\n "b": 2}', "JT701", '"b": 2}', (2, 2)),
    ("a comma too many", '{"a": 1 ,\n}', "JT701", ",\n}", (1, 9)),
    ("a comma too many in a list", '{"a": [1,\n ]}', "JT701", ",\n ]}", (1, 9)),
    ("a comma and the other bracket", '{"a": 1, ]', "JT701", "]", (1, 10)),
    ("nothing before a comma", "[,]", "JT701", ",]", (1, 2)),
    ("nothing before a bracket", '{"a": ]', "JT701", "]", (1, 7)),
    ("a comment", '{"a": 1} // why', "JT701", "// why", (1, 10)),
    ("a second value", "{} {}", "JT701", "{}", (1, 4)),
    ("no end", '{"a": [1', "JT701", None, (1, 9)),
    ("a line break in text", '["a\nb"]', "JT701", '\nb"]', (1, 4)),
    ("an unknown escape", r'["\x"]', "JT701", r'\x"]', (1, 3)),
    ("a leading zero", "[01]", "JT701", "1]", (1, 3)),
    ("a plus sign", "[+1]", "JT701", "+1]", (1, 2)),
    ("a bare point", "[.5]", "JT701", ".5]", (1, 2)),
    ("not a number", '{"a": NaN}', "JT701", "NaN", (1, 7)),
    ("infinity", "[-Infinity]", "JT701", "-Infinity", (1, 2)),
    ("digits without end", f"[{'1' * 5000}]", "JT701", None, (1, 2)),
    ("a key twice", '{"a": 1,\n "b": {"a": 2},\n "a": 3}', "JT703", "a", (3, 2)),
    ("a key twice below", '{"a": [{"b": 1},\n {"c": {"d": 1,\n "d": 1}}]}', "JT703", "d", (3, 2)),
    ("a key twice in another spelling", '{"a": 1,\n\t"\\u0061": 2}', "JT703", "a", (2, 2)),
    ("too deep", nested(100_000), "JT704", None, (1, 1002)),
    ("too deep in mappings", nested(100_000, "{}"), "JT704", None, (1, 5002)),
]


@pytest.mark.parametrize(
    ("text", "code", "wrong", "place"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
def test_malformed(text: str, code: str, wrong: str | None, place: tuple[int, int] | None) -> None:
    """What is not strict JSON is one finding with the text at that place and, if known, its line and column."""
    with pytest.raises(JsonError) as raised:
        parse(text)
    (finding,) = raised.value.findings
    assert (finding.code, finding.given) == (code, wrong)
    assert (finding.place and (finding.place.line, finding.place.column)) == place
    assert str(raised.value) == str(finding)


def test_location_of_a_double_key() -> None:
    """A duplicate key is named with its path in the document."""
    with pytest.raises(JsonError) as raised:
        parse('{"a": [{"b": 1}, {"c": {"d": 1, "d": 1}}]}')
    assert [one.loc for one in raised.value.findings] == [("a", 1, "c", "d")]


def doubles(text: str) -> list[Location]:
    with pytest.raises(JsonError) as raised:
        parse(text)
    return [one.loc for one in raised.value.findings]


def test_all_double_keys() -> None:
    """Each duplicate key is found, up to twenty of them, and the last value of each is kept."""
    text = '{"a": {"b": 1, "b": 2}, "c": [{"d": 1}, {"d": 1, "d": 2}], "a": {"b": 3}}'
    assert doubles(text) == [("a", "b"), ("c", 1, "d"), ("a",)]
    with pytest.raises(JsonError) as raised:
        parse(text)
    assert raised.value.value == {"a": {"b": 3}, "c": [{"d": 1}, {"d": 2}]}
    assert len(doubles("{" + ",".join(['"a": 1'] * 21) + "}")) == 20
    assert len(doubles("{" + ",".join(['"a": 1'] * 22) + "}")) == 20


def test_double_keys_in_what_is_no_json() -> None:
    """A text that can't be read at all is one finding about that, and has no value."""
    with pytest.raises(JsonError) as raised:
        parse('{"a": {"b": 1, "b": 1} "c"}')
    assert ([one.code for one in raised.value.findings], raised.value.value) == (["JT701"], None)


def test_malformed_text() -> None:
    """The finding of malformed JSON says what was expected where."""
    with pytest.raises(JsonError) as raised:
        parse('{\n  "a": 1\n  "b": 2\n}')
    assert str(raised.value).splitlines()[-4:] == [
        '  given    "\\"b\\": 2\\n}"',
        "  allowed  JSON; expecting ',' delimiter at line 3, column 3",
        "  source   https://docs.aws.amazon.com/iot/latest/developerguide/create-manage-jobs.html",
        "  fix      correct the JSON there",
    ]


DEPTHS = [
    (5, 0),
    ("a", 0),
    ({}, 1),
    ([[]], 2),
    ({"a": [{"b": ({},)}]}, 5),
    ([1, [2], {"a": [3]}], 3),
]


@pytest.mark.parametrize(("value", "expected"), DEPTHS)
def test_depth(value: object, expected: int) -> None:
    """Depth is the maximum number of mappings and lists inside one another."""
    assert depth(value) == expected


def test_depth_is_counted_just_beyond_the_limit() -> None:
    """What is far too deep is not walked to its end."""
    value: list[Any] = []
    for _ in range(200_000):
        value = [value]
    assert depth(value) == MAX_READ_DEPTH + 1


def test_evidence_of_a_depth() -> None:
    """The depth to which this tool reads is its own limit; AWS's limit of a document was measured."""
    assert jsontext.too_deep().rule.evidence == "own"
    assert jsontext.too_deep("[]", most=MAX_DOCUMENT_DEPTH).rule.evidence == "measured"


SAMPLE = """\
{
  "version": "1.0",
  "steps": [
    {"action": {"name": "a"}},
    {"action": {"name": "b:,[]{}", "args": ["x", ["y", {"z": null}]]}}
  ],
  "\\u0061": true
}
"""
LOCATIONS: list[tuple[Location, tuple[int, int]]] = [
    ((), (1, 1)),
    (("version",), (2, 3)),
    (("steps",), (3, 3)),
    (("steps", 0), (4, 5)),
    (("steps", 0, "action"), (4, 6)),
    (("steps", 1, "action", "name"), (5, 17)),
    (("steps", 1, "action", "args", 0), (5, 45)),
    (("steps", 1, "action", "args", 1, 1, "z"), (5, 57)),
    (("a",), (7, 3)),
    # what isn't there: the nearest that is
    (("steps", 1, "action", "type"), (5, 6)),
    (("steps", 2), (3, 3)),
    (("nothing", "at", "all"), (1, 1)),
]


@pytest.mark.parametrize(("loc", "place"), LOCATIONS)
def test_locator(loc: Location, place: tuple[int, int]) -> None:
    """Line and column are those of the value, of its key where it has one, or of the nearest thing that is there."""
    assert locator(SAMPLE)(loc) == place


@given(VALUES)
def test_every_value_is_located(value: Any) -> None:
    """Every value in a text is located at its key or at the value itself."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    lines = text.split("\n")

    def walk(inner: Any, loc: Location) -> None:
        line, column = locator(text)(loc)
        wanted = loc[-1] if loc and isinstance(loc[-1], str) else inner
        first = json.dumps(wanted, ensure_ascii=False)[0]
        assert lines[line - 1][column - 1] == first
        items = inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
        for key, item in items:
            walk(item, (*loc, key))

    walk(value, ())


def test_rules() -> None:
    """Malformed text, double keys and nesting are three rules."""
    rules = (jsontext.NOT_JSON, jsontext.DUPLICATE_KEY, jsontext.TOO_DEEP)
    assert [(rule.code, rule.severity) for rule in rules] == [
        ("JT701", "error"),
        ("JT703", "error"),
        ("JT704", "error"),
    ]
