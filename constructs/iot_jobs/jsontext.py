"""Strict JSON reading and canonical writing: no duplicate keys, numbers as spelt, positions on demand."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from iot_jobs.finding import Finding, FindingsError, Location, Place, Rule
from iot_jobs.limits import GUIDE, MAX_DOCUMENT_DEPTH, MAX_READ_DEPTH
from iot_jobs.unresolved import is_resolvable

NOT_JSON = Rule(
    code="JT701",
    title="JSON is well-formed",
    why="The service parses a job document when the template is created, and refuses what is not JSON.",
    source=GUIDE + "create-manage-jobs.html",
    evidence="documented",
)
DUPLICATE_KEY = Rule(
    code="JT703",
    title="a mapping has no duplicate keys",
    why="Parsers disagree on which of the two counts, so the device might do something other than the author meant.",
    source="https://www.rfc-editor.org/rfc/rfc8259#section-4",
    evidence="own",
)
TOO_DEEP = Rule(
    code="JT704",
    title=f"a job document is nested at most {MAX_DOCUMENT_DEPTH} levels deep, any other file at most {MAX_READ_DEPTH}",
    why=f"The service refuses job documents of more than {MAX_DOCUMENT_DEPTH} levels. This tool reads other "
    f"files only up to {MAX_READ_DEPTH} levels.",
    source="the service refuses a job document that is nested deeper than 1000 levels",
    evidence="measured",
)


class JsonError(FindingsError):
    """Text that is not strict JSON, with a finding for each mistake.

    If duplicate keys are the only mistake, `value` is the parsed value with the last one of each; else None.
    """

    def __init__(self, *findings: Finding, value: Any = None) -> None:
        """Keep the findings and the value."""
        self.value = value
        super().__init__(findings)


class Number(float):
    """A JSON number with a fraction or exponent, and its spelling."""

    __slots__ = ("spelling",)
    spelling: str

    def __new__(cls, spelling: str) -> Self:
        """Parse the spelling, and keep it."""
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number


def parse(text: str) -> Any:
    """Return the value of a JSON text. Raises `JsonError` for whatever RFC 8259 forbids, and for duplicate keys."""
    try:
        return _decoded(text, _DECODER)
    except _DoubleKeyError:
        value = _decoded(text, _LENIENT)  # raises for malformed JSON, which is reported first
        raise JsonError(*_doubles(text), value=value) from None


def _decoded(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as raised:
        error = _trailing_comma(raised)
        place = Place("", line=error.lineno, column=error.colno)
        finding = NOT_JSON.finding(
            given=text[error.pos : error.pos + 20] or None,
            allowed=f"JSON; {error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}",
            fix="correct the JSON there",
        )
        raise JsonError(_at(finding, place)) from None
    except RecursionError:
        most = MAX_DOCUMENT_DEPTH if levels(text) > MAX_DOCUMENT_DEPTH else MAX_READ_DEPTH
        raise JsonError(too_deep(text, most=most)) from None
    except _ConstantError as error:
        finding = NOT_JSON.finding(given=str(error), allowed="JSON, which has no NaN or Infinity", fix="write a number")
        raise JsonError(_at_atom(finding, text, re.escape(str(error)))) from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        finding = NOT_JSON.finding(allowed="numbers of at most 4300 digits", fix="shorten the number")
        raise JsonError(_at_atom(finding, text, "-?[0-9]{4301,}")) from None


def _trailing_comma(error: json.JSONDecodeError) -> json.JSONDecodeError:
    """The error as Python 3.13 raises it for a comma before a closing bracket, where earlier ones point behind it."""
    ended = _CLOSING.get((error.msg, error.doc[error.pos : error.pos + 1]))
    before = error.doc[: error.pos].rstrip(" \t\r\n")
    if ended and before.endswith(","):
        return json.JSONDecodeError(f"Illegal trailing comma before end of {ended}", error.doc, len(before) - 1)
    return error


def too_deep(text: str | None = None, *, most: int = MAX_READ_DEPTH) -> Finding:
    """Return the finding for a value of more than `most` levels, placed where a JSON text exceeds the depth."""
    own = TOO_DEEP.replace(source="the depth to which this tool reads a file", evidence="own")
    rule = own if most == MAX_READ_DEPTH else TOO_DEEP
    finding = rule.finding(allowed=f"at most {most} levels of nesting", fix="flatten it")
    if text is None:
        return finding
    loc: Location = ()
    offset = 0
    for path, start in _walk(text):
        if len(path) > len(loc):
            loc, offset = path, start
        if len(path) > most:
            break
    line, column = _line(text, offset)
    return _at(finding._replace(loc=loc), Place("", line=line, column=column))


_NESTED = (dict, list, tuple)


def depth(value: object) -> int:
    """Return the nesting depth of a value's mappings and lists, counted no further than the first level too deep."""
    deepest = 0
    level = [value] if isinstance(value, _NESTED) else []
    while level and deepest <= MAX_READ_DEPTH:
        deepest += 1
        children = [item.values() if isinstance(item, dict) else item for item in level]
        level = [child for inner in children for child in inner if isinstance(child, _NESTED)]
    return deepest


def levels(text: str) -> int:
    """Return the nesting depth of a JSON text, however deep it is."""
    level = deepest = 0
    for mark in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        level += (mark in ("[", "{")) - (mark in ("]", "}"))
        deepest = max(deepest, level)
    return deepest


def keys(text: str) -> list[str]:
    """Return the keys of a JSON object, however deep its values are; none for any other value."""
    return [str(path[0]) for path, _ in _walk(text) if len(path) == 1 and isinstance(path[0], str)]


def canonical(value: object) -> str:
    """Return the shortest JSON text of a value: sorted keys, no whitespace, numbers as spelt, text unescaped.

    Two texts of the same value have the same canonical form, whatever their layout, key order and escapes; half a
    surrogate pair stays escaped, because UTF-8 has none. A CDK token that is an object becomes its text. Raises
    `ValueError` for a value that JSON can't express.
    """
    if isinstance(value, Number):
        return value.spelling
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return text if text.isascii() else re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value, allow_nan=False)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("keys of a JSON object are text")
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if is_resolvable(value):
        return canonical(value.to_string())
    raise ValueError(f"JSON has no {type(value).__name__}")


def locator(text: str) -> Callable[[Location], tuple[int, int]]:
    """Return a function from a location in valid JSON to line and column (from 1) of the value's key, if any, or value.

    A missing value gets the position of its nearest ancestor. The text is scanned once, on the first call.
    """
    offsets: dict[Location, int] = {}
    lines: list[int] = []

    def locate(loc: Location) -> tuple[int, int]:
        if not lines:
            offsets.update(_walk(text))
            lines.extend(match.end() for match in re.finditer("^|\n", text))
        while loc and loc not in offsets:
            loc = loc[:-1]
        offset = offsets.get(loc, 0)
        line = bisect_right(lines, offset)
        return line, offset - lines[line - 1] + 1

    return locate


def _at(finding: Finding, place: Place) -> Finding:
    return finding._replace(place=place)


def _at_atom(finding: Finding, text: str, pattern: str) -> Finding:
    """Return the finding, placed at the first number or word that the whole pattern matches."""
    atom = re.compile(rf'(?:"(?:[^"\\]|\\.)*"\s*:\s*)?(?P<atom>{pattern})(?![^\s{{}}\[\]:,"])')
    for loc, start in _walk(text):
        if match := atom.match(text, start):
            line, column = _line(text, match.start("atom"))
            return _at(finding._replace(loc=loc), Place("", line=line, column=column))
    return finding


def _line(text: str, offset: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, start) + 1, offset - start + 1


class _DoubleKeyError(Exception):
    pass


class _ConstantError(Exception):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _DoubleKeyError
    return mapping


def _refuse(constant: str) -> Any:
    raise _ConstantError(constant)


def _integer(spelling: str) -> int | Number:
    return Number(spelling) if spelling == "-0" else int(spelling)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=Number, parse_int=_integer, parse_constant=_refuse)
_LENIENT = json.JSONDecoder(parse_float=Number, parse_int=_integer, parse_constant=_refuse)
_CLOSING = {
    ("Expecting property name enclosed in double quotes", "}"): "object",
    ("Expecting value", "]"): "array",
}
_MOST_DOUBLES = 20
# Commas and colons are skipped: in valid JSON keys and values alternate without them. Anything outside the three groups
# matches the empty alternative and ends the walk: a search would rescan the same whitespace from each position.
_ATOM = r'[ \t\r\n\ufeff,:]*(?:("(?:[^"\\]|\\.)*")|([{}\[\]])|([^\s{}\[\]:,"]+)|)'


def _walk(text: str) -> Iterator[tuple[Location, int]]:
    """Yield each value's location and offset (its key's, in a mapping), in text order, up to the first non-JSON."""
    path: list[str | int] = []
    kinds: list[str] = []
    key_next = False
    key_offset: int | None = None
    for match in re.finditer(_ATOM, text):
        group = match.lastindex
        if group is None:
            return
        mark = match[2]
        if mark in ("}", "]"):
            kinds.pop()
            path.pop()
        elif key_next:
            key = match[group]
            path[-1] = json.loads(key) if "\\" in key else key[1:-1]
            key_offset = match.start(group)
            key_next = False
            continue
        else:
            yield tuple(path), match.start(group) if key_offset is None else key_offset
            if mark:
                kinds.append(mark)
                path.append(0)
                key_offset, key_next = None, mark == "{"
                continue
        # A value has ended.
        key_offset = None
        if kinds:
            key_next = kinds[-1] == "{"
            if not key_next:
                path[-1] += 1  # type: ignore[operator]  # in a list it is a number


def _doubles(text: str) -> Iterator[Finding]:
    """Yield a finding for each repeated key in valid JSON, up to `_MOST_DOUBLES`."""
    seen: set[Location] = set()
    count = 0
    for path, start in _walk(text):
        if path in seen:
            line, column = _line(text, start)
            finding = DUPLICATE_KEY.finding(
                loc=path, given=path[-1], allowed="each key once per mapping", fix="remove one of the two"
            )
            yield _at(finding, Place("", line=line, column=column))
            count += 1
            if count == _MOST_DOUBLES:
                return
            seen = {loc for loc in seen if loc[: len(path)] != path}  # locations below belong to the first value
        seen.add(path)
