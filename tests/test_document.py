"""Job documents: their canonical text, their size, and what is wrong with them."""

import json
import math
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from iot_jobs import FindingsError, JobDocument
from iot_jobs.finding import Location
from iot_jobs.limits import MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH, MAX_READ_DEPTH

REBOOT = {"version": "1.0", "steps": [{"action": {"name": "reboot", "type": "runHandler"}}]}
CANONICAL_REBOOT = '{"steps":[{"action":{"name":"reboot","type":"runHandler"}}],"version":"1.0"}'


def problems(text: str) -> list[tuple[str, Location]]:
    return [(finding.code, finding.loc) for finding in JobDocument(text).problems()]


def of_size(size: int, character: str = "x") -> str:
    """A document of so many bytes in UTF-8."""
    width = len(character.encode())
    count, rest = divmod(size - len('{"a":""}'), width)
    return '{"a":"' + character * count + "y" * rest + '"}'


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


INLINE = [
    ("a mapping", REBOOT),
    ("in another order", dict(reversed(REBOOT.items()))),
    ("any mapping, any sequence", MappingProxyType({"version": "1.0", "steps": tuple(REBOOT["steps"])})),
    ("text", json.dumps(REBOOT)),
    ("text with layout", json.dumps(REBOOT, indent=4)),
    ("canonical text", CANONICAL_REBOOT),
]


@pytest.mark.parametrize("value", [row[1] for row in INLINE], ids=[row[0] for row in INLINE])
def test_inline(value: Any) -> None:
    """Layout and key order change nothing: one value is one text."""
    document = JobDocument.inline(value)
    assert document == JobDocument(CANONICAL_REBOOT)
    assert document.value == REBOOT
    assert document.size_in_bytes == len(CANONICAL_REBOOT)
    assert list(document.problems()) == []


def test_numbers_keep_their_spelling() -> None:
    """A document's numbers are emitted as they were spelt, so that 1.0 does not become 1 and no digit is lost."""
    text = '{"a":1.0,"b":1e5,"c":0.1000000000000000055511151231257827,"d":10}'
    assert JobDocument.inline(text).text == text


def test_the_constructor_keeps_the_text() -> None:
    """A document read from a template keeps its text unchanged."""
    assert JobDocument('{ "b": 1,\n"a": 2 }').text == '{ "b": 1,\n"a": 2 }'
    assert JobDocument('{ "b": 1 }') != JobDocument('{"b":1}')


def test_from_file(tmp_path: Path) -> None:
    """A file gives the same document as its text, in any folder, with or without a byte order mark."""
    (tmp_path / "plain.json").write_text(json.dumps(REBOOT, indent=2), encoding="utf-8")
    (tmp_path / "marked.json").write_text(json.dumps(REBOOT), encoding="utf-8-sig")
    assert JobDocument.from_file(tmp_path / "plain.json").text == CANONICAL_REBOOT
    assert JobDocument.from_file(str(tmp_path / "marked.json")).text == CANONICAL_REBOOT


def raised_by(value: Any) -> list[tuple[str, Location]]:
    with pytest.raises(FindingsError) as raised:
        JobDocument.inline(value)
    assert str(raised.value) == "\n".join(map(str, raised.value.findings))
    return [(finding.code, finding.loc) for finding in raised.value.findings]


WRONG_TEXTS: list[tuple[str, str, list[tuple[str, Location]]]] = [
    ("nothing", "", [("JT701", ())]),
    ("no JSON", "{'a': 1}", [("JT701", ())]),
    ("not a number", '{"a": NaN}', [("JT701", ("a",))]),
    ("half a surrogate pair, raw", '{"a": "\udc00"}', [("JT701", ())]),
    ("a placeholder without its end", '{"a": ["${aws:iot:parameter:p"]}', [("JT510", ("a", 0))]),
    (
        "a list of placeholders that are all wrong",
        '["${aws:iot:parameter:p", "${aws:iot:s3-presigned-url:x}"]',
        [("JT510", (0,)), ("JT513", (1,))],
    ),
    (
        "too large, with a placeholder without its end",
        of_size(MAX_DOCUMENT_BYTES).replace("xx", "${aws:", 1),
        [("JT702", ()), ("JT510", ("a",))],
    ),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in WRONG_TEXTS], ids=[row[0] for row in WRONG_TEXTS])
def test_wrong_texts(text: str, expected: list[tuple[str, Location]]) -> None:
    """All that is wrong with a document is listed at once, and it is never made."""
    assert problems(text) == expected
    assert raised_by(text) == expected


@pytest.mark.parametrize("text", ["[]", "5", '"reboot"', "null", "true", '[["a"],{}]'])
def test_any_json(text: str) -> None:
    """A document need not be an object."""
    assert (problems(text), JobDocument.inline(text).text) == ([], text)


def test_half_a_surrogate_pair() -> None:
    """An escape of half a character is kept as an escape, in values and keys, because UTF-8 has no such character."""
    assert problems(r'{"a": "\uD83D", "\udc00": 1}') == []
    assert JobDocument.inline(r'{"a": "\uD83D", "\udc00": 1}').text == r'{"a":"\ud83d","\udc00":1}'
    assert JobDocument.inline({"a": "é\ud83d"}).text == r'{"a":"é\ud83d"}'


def test_a_key_twice() -> None:
    """A duplicate key is a warning, the last value is checked, and the text is kept as it is written."""
    text = '{"a": {"b": "${aws:", "b": 1}}'
    document = JobDocument.inline(text)
    assert [(one.code, one.severity, one.loc) for one in document.problems()] == [("JT763", "warning", ("a", "b"))]
    assert (document.text, document.value) == (text, {"a": {"b": 1}})
    assert problems('{"a": 1, "a": "${aws:"}') == [("JT763", ("a",)), ("JT510", ("a",))]


SELF: dict[str, Any] = {}
SELF["self"] = SELF
WRONG_VALUES = [
    ("a key that is a number", {1: "a"}),
    ("a key that is a tuple", {("a", "b"): 1}),
    ("a set", {"a": {1}}),
    ("bytes", {"a": b"a"}),
    ("an object", {"a": object()}),
    ("not a number", {"a": math.nan}),
    ("infinity", {"a": [math.inf]}),
    ("a mapping that holds itself", SELF),
    ("an integer of 5000 digits", {"a": 10**5000}),
]


@pytest.mark.parametrize("value", [row[1] for row in WRONG_VALUES], ids=[row[0] for row in WRONG_VALUES])
def test_values_that_json_has_not(value: Any) -> None:
    """What JSON can't say is one finding, not a document and not another exception."""
    ((code, _),) = raised_by(value)
    assert code in ("JT701", "JT704")


def test_unknown_placeholders_are_advice() -> None:
    """A placeholder that AWS doesn't know is reported as a warning, and the document is made."""
    document = JobDocument.inline({"a": "${aws:iot:unknown:x}"})
    assert [(finding.code, finding.severity) for finding in document.problems()] == [("JT561", "warning")]


SIZES = [
    (MAX_DOCUMENT_BYTES - 1, "x", []),
    (MAX_DOCUMENT_BYTES, "x", []),
    (MAX_DOCUMENT_BYTES + 1, "x", [MAX_DOCUMENT_BYTES + 1]),
    (MAX_DOCUMENT_BYTES, "é", []),
    (MAX_DOCUMENT_BYTES + 1, "é", [MAX_DOCUMENT_BYTES + 1]),
    (MAX_DOCUMENT_BYTES, "日", []),
    (MAX_DOCUMENT_BYTES + 1, "日", [MAX_DOCUMENT_BYTES + 1]),
    (MAX_DOCUMENT_BYTES, "😀", []),
    (MAX_DOCUMENT_BYTES + 1, "😀", [MAX_DOCUMENT_BYTES + 1]),
    (1_000_000, "x", [1_000_000]),
]


@pytest.mark.parametrize(("size", "character", "expected"), SIZES)
def test_size(size: int, character: str, expected: list[int]) -> None:
    """32,768 bytes in UTF-8 are accepted and one more is not, whatever the characters; the finding has the size."""
    document = JobDocument(of_size(size, character))
    assert document.size_in_bytes == size
    assert [(finding.code, finding.given) for finding in document.problems()] == [("JT702", size) for size in expected]


def test_layout_counts_only_where_it_is_kept() -> None:
    """A text that is too large only because of its whitespace is refused; a mapping has none."""
    text = '{"a":' + " " * MAX_DOCUMENT_BYTES + "1}"
    assert problems(text) == [("JT702", ())]
    assert JobDocument.inline(json.loads(text)).size_in_bytes == 7


DEPTHS = [
    (1, []),
    (MAX_READ_DEPTH, []),
    (MAX_READ_DEPTH + 1, ["JT764"]),
    (MAX_DOCUMENT_DEPTH, ["JT764"]),
    (MAX_DOCUMENT_DEPTH + 1, ["JT704"]),
    (100_000, ["JT704"]),
]


@pytest.mark.parametrize(("levels", "expected"), DEPTHS)
def test_nesting(levels: int, expected: list[str]) -> None:
    """A document may be nested as deep as the limit, too deep to be checked, and no text is too deep for a finding."""
    assert [code for code, _ in problems(nested(levels))] == expected
    if expected != ["JT704"]:
        assert JobDocument.inline(nested(levels)).text == nested(levels)


def test_nesting_of_values() -> None:
    """A mapping nested deeper than is read is one finding too."""
    value: Any = {}
    for _ in range(MAX_READ_DEPTH):
        value = {"a": value}
    assert raised_by(value) == [("JT704", ())]


def test_placeholders() -> None:
    """A document's placeholders are those of its value, with their places."""
    document = JobDocument.inline({"b": ["${aws:iot:parameter:x}"], "a": "${aws:iot:package:p:version:1:attributes}"})
    assert [(one.kind, one.loc) for one in document.placeholders] == [("package", ("a",)), ("parameter", ("b", 0))]


def test_tokens_are_not_measured() -> None:
    """A document that holds a token is neither measured nor rewritten, and the rest of it is checked."""
    text = of_size(MAX_DOCUMENT_BYTES + 1).replace("xx", "${Token[TOKEN.1]}", 1)
    document = JobDocument.inline(text)
    assert document.holds_token
    assert document.text == text
    assert raised_by('{"a": "${Token[TOKEN.1]} ${aws:iot:parameter:p"}') == [("JT510", ("a",))]


UNREADABLE = [
    ("missing", "missing.json", "No such file or directory"),
    ("a folder", ".", "Is a directory"),
    ("not UTF-8", "latin.json", "byte 7 is not UTF-8"),
    ("UTF-16", "utf-16.json", "byte 0 is not UTF-8"),
    ("a name with a null byte", "a\0b.json", "embedded null byte"),
    ("a name that is too long", "a" * 300, "File name too long"),
]


@pytest.mark.parametrize(("name", "reason"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_unreadable_files(tmp_path: Path, name: str, reason: str) -> None:
    """A file that can't be read is one finding with its path and the reason."""
    (tmp_path / "latin.json").write_bytes('{"a": "é"}'.encode("latin-1"))
    (tmp_path / "utf-16.json").write_bytes('{"a": 1}'.encode("utf-16"))
    path = f"{tmp_path}/{name}"
    with pytest.raises(FindingsError) as raised:
        JobDocument.from_file(path)
    (finding,) = raised.value.findings
    assert (finding.code, finding.given) == ("JT001", path)
    assert finding.allowed == f"a readable file in UTF-8; {reason}"


TOKEN = "${Token[A]}"
AROUND_TOKENS = [
    ("a value", '{"a": T}', True),
    ("part of a number", '{"a": 1T}', True),
    ("a member", "{T}", True),
    ("a member before another", '{T "b": 1}', True),
    ("a key", "{T: 1}", True),
    ("nothing after a value", '{"a": 1 T}', True),
    ("an item", "[1, T]", True),
    ("part of a word", '{"a": bT}', False),
    ("a missing comma", '{"a": T "b": 1}', False),
    ("an open string", '{"a": "T', False),
    ("a bracket too many", "T]", False),
]


@pytest.mark.parametrize(("text", "is_json"), [row[1:] for row in AROUND_TOKENS], ids=[row[0] for row in AROUND_TOKENS])
def test_tokens_outside_of_strings(text: str, is_json: bool) -> None:
    """A token outside of strings is taken for what fits there."""
    document = JobDocument(text.replace("T", TOKEN))
    assert [finding.code for finding in document.problems()] == ([] if is_json else ["JT701"])
