"""YAML read strictly: duplicate keys refused, aliases bounded, CloudFormation's short tags written out, positions kept.

The text is parsed by libyaml, through PyYAML. Its scalars are resolved as YAML 1.2 does (`yes` and `on` are text, a
date is text), so that what a user sees is what is read. A CloudFormation template is read as CloudFormation does, which
takes YAML 1.1 (`yes` is true, `0070` is 56), with findings for what it takes otherwise than it looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import yaml

from iot_jobs.finding import MOST_FINDINGS, Finding, FindingsError, Location, Place, Rule
from iot_jobs.jsontext import DUPLICATE_KEY, canonical, too_deep
from iot_jobs.limits import MAX_READ_DEPTH

MAX_ALIASED = 200_000
"""The number of values that the aliases of a file may stand for."""

_SPECIFICATION = "https://yaml.org/spec/1.2.2/"
_CLOUDFORMATION = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html"
# A directive would change silently what counts as text.
_OTHER_VERSION = re.compile(r"^%YAML(?! 1\.2\b).*", re.MULTILINE)
NOT_YAML = Rule(
    code="JT002",
    title="YAML is well-formed",
    why="What can't be read can't be checked.",
    source=_SPECIFICATION,
    evidence="documented",
)
ALIASES = Rule(
    code="JT007",
    title=f"aliases neither refer to themselves nor stand for more than {MAX_ALIASED} values",
    why="A short file of nested aliases can stand for more values than fit into memory.",
    source=_SPECIFICATION + "#71-alias-nodes",
    evidence="own",
)
ALIASES_DEPLOYED = Rule(
    code="JT051",
    title="a CloudFormation template has no YAML aliases or merge keys",
    why="CloudFormation refuses them, unless aws cloudformation package or SAM writes them out first.",
    source="Template error: YAML aliases are not allowed in CloudFormation templates",
    evidence="measured",
    severity="warning",
)
READ_OTHERWISE = Rule(
    code="JT052",
    title="a plain value in a CloudFormation template is what it looks like",
    why="CloudFormation reads YAML 1.1, in which yes and on are true, 0070 is 56 and 12:30 is 750.",
    source=_CLOUDFORMATION,
    evidence="documented",
    severity="warning",
)

# A wheel of PyYAML without libyaml has the same parser in Python, with other messages and ten times slower.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_STANDARD = "tag:yaml.org,2002:"
# YAML 1.2's core schema, and underscores in numbers, which YAML 1.1 allows.
_WORDS = {"": None, "~": None} | {
    spelling: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelling in (word, word.title(), word.upper())
}
_INTEGER = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|[0-9_]+)")
_FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)"
    r"|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
# The plain scalars that YAML 1.1 may read otherwise than the patterns above.
_AMBIGUOUS = re.compile(
    r"(?i)(?!.{100})(?:yes|no|on|off|[-+]?0[0-9_]+|[-+]?0o[0-7_]+|[-+]?[0-9][0-9_:]*:[0-9:.]+|[-+]\.[0-9].*"
    r"|[-+]?[0-9_.]+e[-+]?[0-9]+)"
)
_NO_SEPARATORS = "YAML; a number has no separators, and a comma ends it"

_Places = dict[str | int, tuple[Any, Any]]
"""The place of each key or item of a value: its mark, and the places inside it."""
_NO_PLACES: _Places = {}


class Parsed(NamedTuple):
    """A YAML text that was read.

    `position` leads from a location to the line and column, from 1, of a value's key, or of the value itself in a list;
    for a location that is not in the text, of its nearest ancestor. `doubled` has a finding for each repeated key, of
    which the first counts. `deployed` has findings for what CloudFormation refuses in a template or takes otherwise
    than it looks; it is empty for any other text.
    """

    value: Any
    position: Callable[[Location], tuple[int, int]]
    doubled: list[Finding]
    deployed: list[Finding]


def parse(text: str) -> Parsed:
    """Return the value of a YAML text with its places. Raises `FindingsError` if anything but a key is wrong."""
    directive = _OTHER_VERSION.search(text)
    if directive and directive[0].split() != ["%YAML", "1.1"]:
        raise FindingsError([_other_version(directive, text)])
    reader = _Reader(yaml.parse(text, Loader=_LOADER))
    try:
        value, mark, places = reader.document()
        is_template = isinstance(value, dict) and "Resources" in value
        if is_template and reader.ambiguous:
            reader = _Reader(yaml.parse(text, Loader=_LOADER), by_cloudformation=True)
            value, mark, places = reader.document()
    except yaml.MarkedYAMLError as error:
        raise FindingsError([_malformed(error, text)]) from None
    except yaml.reader.ReaderError as error:
        raise FindingsError([_unreadable(error, text)]) from None
    if directive and not is_template:
        raise FindingsError([_other_version(directive, text)])
    if any(finding.rule is not DUPLICATE_KEY for finding in reader.findings):
        raise FindingsError(reader.findings)

    def locate(loc: Location) -> tuple[int, int]:
        nearest, inside = mark, places
        for part in loc:
            if part not in inside:
                break
            nearest, inside = inside[part]
        return (1, 1) if nearest is None else (nearest.line + 1, nearest.column + 1)

    return Parsed(value, locate, reader.findings, reader.first_alias + reader.otherwise)


def _other_version(directive: re.Match[str], text: str) -> Finding:
    place = Place("", line=text.count("\n", 0, directive.start()) + 1, column=1)
    return _finding(NOT_YAML, place, "YAML 1.2", "remove the line", directive[0])


@dataclass
class _Anchored:
    """A value with an anchor. It is shared by its aliases, and counted as often as it is used."""

    mark: Any
    value: Any = None
    places: Any = None
    text: str | None = None
    """A scalar as it is written, for an alias that is a key."""
    size: int = 0
    height: int = 0
    is_open: bool = True


class _Reader:
    """Builds a value and its places from libyaml's events. `path` is the location of the value that is being built.

    `ambiguous` tells afterwards whether CloudFormation might read another value, and `by_cloudformation` reads as it
    does, with aliases and merge keys written out.

    PyYAML's own composer is recursive in C, and crashes on deep nesting; its events are not.
    """

    def __init__(self, events: Iterator[Any], *, by_cloudformation: bool = False) -> None:
        self.events = events
        self.by_cloudformation = by_cloudformation
        self.ambiguous = False
        self.first_alias: list[Finding] = []
        self.otherwise: list[Finding] = []
        self.findings: list[Finding] = []
        self.path: list[str | int] = []
        self.anchors: dict[str, _Anchored] = {}
        self.values = 0
        self.aliased = 0
        self.deepest = 0

    def document(self) -> tuple[Any, Any, _Places]:
        """Return the value of the only document, its mark and its places; empty ones without a document."""
        next(self.events)  # the start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None, None, _NO_PLACES
        event = next(self.events)
        value, places = self.build(event, 0)
        next(self.events)  # the end of the document
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            message = "YAML; expected a single document, but found another one"
            self.stop(NOT_YAML, after.start_mark, message, "write each into a file of its own")
        return value, event.start_mark, places

    def build(self, event: Any, depth: int) -> tuple[Any, _Places]:
        """Return the value that starts with an event, and its places."""
        if isinstance(event, yaml.AliasEvent):
            self.note_alias(event, f"*{event.anchor}")
            return self.alias(event, depth)
        self.descend(event, depth)
        self.values += 1
        anchored = None
        if event.anchor is not None:
            anchored = self.anchors[event.anchor] = _Anchored(event.start_mark, size=self.values - 1)
            outside, self.deepest = self.deepest, depth
        value, places = self.scalar(event) if isinstance(event, yaml.ScalarEvent) else self.collection(event, depth)
        if anchored is not None:
            anchored.value, anchored.places, anchored.is_open = value, places, False
            anchored.text = event.value if isinstance(event, yaml.ScalarEvent) else None
            anchored.size, anchored.height = self.values - anchored.size, self.deepest - depth
            self.deepest = max(self.deepest, outside)
        return value, places

    def alias(self, event: Any, depth: int) -> tuple[Any, _Places]:
        """Return the value that an alias stands for."""
        anchored = self.anchor(event)
        if anchored.is_open:
            self.stop(ALIASES, anchored.mark, "aliases that don't refer to themselves", "write the value out")
        self.values += anchored.size
        self.aliased += anchored.size
        self.descend(event, depth + anchored.height)
        return anchored.value, anchored.places

    def note_alias(self, event: Any, given: str) -> None:
        """Note the first alias or merge key, for which CloudFormation refuses the whole template."""
        self.ambiguous = True
        if self.by_cloudformation and not self.first_alias:
            fix = "write all values out, or run aws cloudformation package and deploy its output"
            finding = _finding(ALIASES_DEPLOYED, _place(event.start_mark), "values that are written out", fix, given)
            self.first_alias.append(finding)

    def anchor(self, event: Any) -> _Anchored:
        """Return the anchored value that an alias names."""
        if event.anchor not in self.anchors:
            allowed = "YAML; an alias of an anchor that comes before it"
            place = _place(event.start_mark)
            raise FindingsError([_finding(NOT_YAML, place, allowed, "write the value out", f"*{event.anchor}")])
        return self.anchors[event.anchor]

    def descend(self, event: Any, depth: int) -> None:
        """Note a depth, and stop if it is too great."""
        if depth > MAX_READ_DEPTH:
            finding = too_deep()._replace(loc=tuple(self.path), place=_place(event.start_mark))
            raise FindingsError([*self.findings, finding])
        self.deepest = max(self.deepest, depth)

    def collection(self, event: Any, depth: int) -> tuple[Any, _Places]:
        """Return a mapping or list; with a short tag of CloudFormation's, a mapping with the function as its key."""
        function = _function(event.tag)
        if function is not None:
            self.values += 1
            self.path.append(function)
            depth += 1
        places: _Places = {}
        fill = self.mapping if isinstance(event, yaml.MappingStartEvent) else self.sequence
        value: Any = fill(places, depth + 1)
        if self.aliased > MAX_ALIASED:
            fix = "use fewer aliases, or split the file"
            self.stop(ALIASES, event.start_mark, f"aliases of up to {MAX_ALIASED} values", fix)
        if function is None:
            return value, places
        self.path.pop()
        return {function: value}, {function: (event.start_mark, places)}

    def sequence(self, places: _Places, depth: int) -> list[Any]:
        """Return the items up to the end of a list."""
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            index = len(items)
            self.path.append(index)
            item, inside = self.build(event, depth)
            self.path.pop()
            items.append(item)
            places[index] = event.start_mark, inside
        return items

    def mapping(self, places: _Places, depth: int) -> dict[str, Any]:
        """Return the keys and values up to the end of a mapping, without keys that are refused."""
        mapping: dict[str, Any] = {}
        before: tuple[str, Any] | None = None
        merged: list[tuple[Any, _Places]] = []
        while not isinstance(key_event := next(self.events), yaml.MappingEndEvent):
            if self.by_cloudformation and _is_merge_key(key_event):
                merged += self.merge(key_event, depth)
                continue
            key = self.key(key_event, depth)
            event = next(self.events)
            # A value that can't be kept is still read, for findings in it and to reach its end.
            self.path.append("" if key is None else key)
            if key is not None and key in mapping:
                self.refuse(DUPLICATE_KEY, key_event.start_mark, "each key once in a mapping", "remove one of the two",
                            key)  # fmt: skip
            value, inside = self.build(event, depth)
            self.path.pop()
            if key is None or key in mapping:
                continue
            if before and _splits_number(before[1], key_event, event):
                number = f"{before[1].value},{key}"
                self.path.append(before[0])
                self.refuse(NOT_YAML, before[1].start_mark, _NO_SEPARATORS, f"write {number.replace(',', '')}", number)
                self.path.pop()
            mapping[key] = value
            places[key] = key_event.start_mark, inside
            before = key, event
        for other, inside in merged:
            for key in (name for name in other if name not in mapping):
                mapping[key], places[key] = other[key], inside[key]
        return mapping

    def merge(self, key_event: Any, depth: int) -> list[tuple[Any, _Places]]:
        """Return the mappings that a merge key adds, each with its places."""
        self.path.append("<<")
        self.note_alias(key_event, "<<")
        value, inside = self.build(next(self.events), depth)
        self.path.pop()
        merged = [(item, inside[index][1]) for index, item in enumerate(value)] if isinstance(value, list) else None
        merged = merged or [(value, inside)]
        if all(isinstance(item, dict) for item, _ in merged):
            return merged
        self.refuse(NOT_YAML, key_event.start_mark, "a mapping after <<, or a list of them", "write the keys out")
        return []

    def key(self, event: Any, depth: int) -> str | None:
        """Return a key as it is written, or None for what can't be a key."""
        key: str | None = None
        if isinstance(event, yaml.AliasEvent):
            self.note_alias(event, f"*{event.anchor}")
            key = self.anchor(event).text
        else:
            is_scalar = isinstance(event, yaml.ScalarEvent)
            if event.anchor is not None or not is_scalar:
                self.build(event, depth - is_scalar)  # a key is a level further out than its value
            if _is_merge_key(event):
                self.ambiguous = True
            elif is_scalar:
                key = event.value
        if key is None:
            self.refuse(NOT_YAML, event.start_mark, "keys that are text; no merge keys (<<)", "write the keys out")
        return key

    def scalar(self, event: Any) -> tuple[Any, _Places]:
        """Return the value of a scalar, None for one that is refused."""
        text: str = event.value
        function = _function(event.tag)
        if function is not None:
            self.values += 1
            value: Any = text.split(".", 1) if function == "Fn::GetAtt" else text
            return {function: value}, {function: (event.start_mark, _NO_PLACES)}
        if _is_plain(event):
            kind = _kind_of_plain(text)
            if _AMBIGUOUS.fullmatch(text):
                self.ambiguous = True
                if self.by_cloudformation:
                    return self.read_by_cloudformation(event), _NO_PLACES
        elif event.tag is None or event.tag == "!" or not event.tag.startswith("tag:"):
            kind = "str"
        else:
            kind = event.tag.rpartition(":")[2]
        if kind in ("str", "timestamp", "value"):
            return text, _NO_PLACES
        try:
            return _READ[kind](text), _NO_PLACES
        except KeyError:
            self.refuse(NOT_YAML, event.start_mark, "text, numbers, true, false and null", "remove the tag", event.tag)
        except ValueError:
            allowed = f"{_NAMES[kind]} that can be read"
            self.refuse(NOT_YAML, event.start_mark, allowed, f"write {_NAMES[kind]}, or quote the text", text)
        return None, _NO_PLACES

    def read_by_cloudformation(self, event: Any) -> Any:
        """Return the value of a plain scalar in YAML 1.1, and note one that is neither its text nor what 1.2 reads."""
        text: str = event.value
        value = yaml.safe_load(text)
        kind = _kind_of_plain(text)
        is_full = len(self.otherwise) > MOST_FINDINGS
        if not is_full and not isinstance(value, str) and (kind == "str" or _READ[kind](text) != value):
            words = canonical(value)
            allowed = f"a value that CloudFormation reads as it looks; it reads this one as {words}"
            number = "" if kind == "str" else f", {canonical(_READ[kind](text))}"
            fix = f"write {words}{number} or '{text}', whichever is meant"
            finding = _finding(READ_OTHERWISE, _place(event.start_mark), allowed, fix, text)
            self.otherwise.append(finding._replace(loc=tuple(self.path)))
        return value

    def refuse(self, rule: Rule, mark: Any, allowed: str, fix: str, given: Any = None) -> None:
        """Add a finding at the value that is being built, and continue."""
        if len(self.findings) <= MOST_FINDINGS:
            self.findings.append(_finding(rule, _place(mark), allowed, fix, given)._replace(loc=tuple(self.path)))

    def stop(self, rule: Rule, mark: Any, allowed: str, fix: str) -> NoReturn:
        """Raise all findings, and a last one at the value that is being built."""
        finding = _finding(rule, _place(mark), allowed, fix)._replace(loc=tuple(self.path))
        raise FindingsError([*self.findings, finding])


def _is_plain(event: Any) -> bool:
    """Return whether a scalar has neither quotes nor a tag."""
    return bool(event.implicit[0]) and event.tag is None


def _is_merge_key(event: Any) -> bool:
    """Return whether a key is `<<`, for the keys of another mapping."""
    return isinstance(event, yaml.ScalarEvent) and (
        event.tag == f"{_STANDARD}merge" or (_is_plain(event) and event.value == "<<")
    )


def _kind_of_plain(text: str) -> str:
    if text[:1] in ("", "~", "n", "N", "t", "T", "f", "F"):
        value = _WORDS.get(text, text)
        return "null" if value is None else "str" if value is text else "bool"
    if text[0] in "0123456789+-.":
        if text[0] != "." and _INTEGER.fullmatch(text):
            return "int"
        if _FLOAT.fullmatch(text):
            return "float"
    return "str"


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    return int(digits, 0 if digits.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else 10)


def _float(text: str) -> float:
    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


_READ: dict[str, Callable[[str], Any]] = {"null": lambda _: None, "bool": _boolean, "int": _integer, "float": _float}
_NAMES = {"bool": "true or false", "int": "a whole number", "float": "a number"}


def _function(tag: str | None) -> str | None:
    """Return the intrinsic function that a short tag stands for: `!Sub` for `Fn::Sub`."""
    if tag is None or not tag.startswith("!") or tag == "!":
        return None
    return tag[1:] if tag in ("!Ref", "!Condition") else f"Fn::{tag[1:]}"


def _splits_number(before: Any, key: Any, value: Any) -> bool:
    """Return whether a key is the rest of a number before it: `{things: 250,000}` is `{things: 250, 000: null}`."""
    return (
        isinstance(before, yaml.ScalarEvent)
        and isinstance(key, yaml.ScalarEvent)
        and isinstance(value, yaml.ScalarEvent)
        and value.value == ""
        and re.fullmatch("[0-9]{1,3}", before.value) is not None
        and re.fullmatch("[0-9]{3}", key.value) is not None
        and _index(key.start_mark) == _index(before.end_mark) + 1
    )


def _index(mark: Any) -> int:
    return int(mark.index)


def _malformed(error: yaml.MarkedYAMLError, text: str) -> Finding:
    """Return the finding for malformed YAML, at the error, or at the start of what is not closed."""
    mark = error.problem_mark or error.context_mark
    message = " ".join(part for part in (error.context, error.problem) if part)
    fix = "correct the YAML there"
    opening = error.context_mark
    if mark and opening and opening.index < len(text.rstrip()) <= mark.index:
        mark, fix = opening, "close it"
    elif mark and text[mark.index : mark.index + 1] == "\t":
        message, fix = "indented with spaces, not with tabs", "write spaces in place of the tab"
    return _finding(NOT_YAML, _place(mark) if mark else Place(""), f"YAML; {message}", fix)


def _unreadable(error: yaml.reader.ReaderError, text: str) -> Finding:
    """Return the finding for a character that YAML doesn't allow."""
    character = chr(error.character)
    start = text.find(character)
    place = Place("", line=text.count("\n", 0, start) + 1, column=start - text.rfind("\n", 0, start))
    return _finding(NOT_YAML, place, f"YAML; {error.reason}", "remove the character", character)


def _place(mark: Any) -> Place:
    return Place("", line=mark.line + 1, column=mark.column + 1)


def _finding(rule: Rule, place: Place, allowed: str, fix: str, given: Any = None) -> Finding:
    return Finding(rule=rule, given=given, allowed=allowed, fix=fix, place=place)
