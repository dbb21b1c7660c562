"""YAML read strictly: duplicate keys refused, aliases bounded, CloudFormation's short tags written out, positions kept.

The scalars are those of YAML 1.2 (`yes` and `on` are text, a date is text), so that what a user sees is what is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ruamel.yaml import nodes
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from iot_jobs.files import yamlnodes
from iot_jobs.finding import Finding, FindingsError, Location, Place, Rule
from iot_jobs.jsontext import DUPLICATE_KEY, too_deep
from iot_jobs.limits import MAX_DOCUMENT_DEPTH

MAX_VALUES = 200_000
"""How many values a file may hold when its aliases are written out."""

_SPECIFICATION = "https://yaml.org/spec/1.2.2/"
# A directive would change silently what counts as text.
_OTHER_VERSION = re.compile(r"^%YAML(?! 1\.2\b).*", re.MULTILINE)
NOT_YAML = Rule(
    code="JT002",
    title="YAML is well-formed",
    why="What can't be read can't be checked.",
    source=_SPECIFICATION,
)
ALIASES = Rule(
    code="JT007",
    title=f"aliases neither refer to themselves nor make a file larger than {MAX_VALUES} values",
    why="A short file of nested aliases can stand for more values than fit into memory.",
    source=_SPECIFICATION + "#71-alias-nodes",
)


def parse(text: str) -> tuple[Any, Callable[[Location], tuple[int, int]], list[Finding]]:
    """The value of a YAML text, what gives the place of a value in it, and the keys that stand twice in a mapping.

    Of those the first counts. Raises `FindingsError` for all else that is wrong.
    """
    if directive := _OTHER_VERSION.search(text):
        place = Place("", line=text.count("\n", 0, directive.start()) + 1, column=1)
        raise FindingsError([_finding(NOT_YAML, place, "YAML 1.2", "remove the line", directive[0])])
    try:
        root = yamlnodes.compose(text)
    except MarkedYAMLError as error:
        raise FindingsError([_malformed(error, text)]) from None
    except RecursionError:
        raise FindingsError([too_deep()]) from None
    except yamlnodes.TooLargeError as error:
        raise FindingsError([error.finding]) from None
    except (YAMLError, ValueError) as error:
        message = " ".join(str(error).split())
        raise FindingsError([_finding(NOT_YAML, Place(""), f"YAML; {message}", "mend the YAML")]) from None
    builder = _Builder()
    value = None if root is None else builder.build(root, 0)
    if any(finding.rule is not DUPLICATE_KEY for finding in builder.found):
        raise FindingsError(builder.found)
    return value, _locator(root), builder.found


def _locator(root: nodes.Node | None) -> Callable[[Location], tuple[int, int]]:
    """What gives line and column, from 1, of the value at a location: of its key, or of its nearest ancestor."""
    mappings: dict[int, dict[str, tuple[nodes.Node, nodes.Node]]] = {}

    def locate(loc: Location) -> tuple[int, int]:
        if root is None:
            return 1, 1
        mark, node = root.start_mark, root
        for part in loc:
            if isinstance(node, nodes.MappingNode):
                if id(node) not in mappings:
                    mappings[id(node)] = {key.value: (key, value) for key, value in reversed(node.value)
                                          if isinstance(key, nodes.ScalarNode)}  # fmt: skip
                found = mappings[id(node)].get(str(part))
                if found is None:
                    break
                mark, node = found[0].start_mark, found[1]
            elif isinstance(node, nodes.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                mark = node.start_mark
            else:
                break
        return mark.line + 1, mark.column + 1

    return locate


def _malformed(error: MarkedYAMLError, text: str) -> Finding:
    """What is not YAML: where it goes wrong, or where that begins which doesn't end."""
    mark = error.problem_mark or error.context_mark
    message = " ".join(part for part in (error.context, error.problem) if part)
    fix = "mend the YAML there"
    opening = error.context_mark
    if mark and opening and opening.index < len(text.rstrip()) <= mark.index:
        mark, fix = opening, "close it"
    elif mark and text[mark.index : mark.index + 1] == "\t":
        message, fix = "indented with spaces, not with tabs", "write spaces in place of the tab"
    place = Place("", line=mark.line + 1, column=mark.column + 1) if mark else Place("")
    return _finding(NOT_YAML, place, f"YAML; {message}", fix)


class _Builder:
    """Values from nodes. An aliased node is built once and shared; `sizes` counts it as often as it is used."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.path: list[str | int] = []
        self.built: dict[int, tuple[Any, int]] = {}
        self.open: set[int] = set()

    def build(self, node: nodes.Node, depth: int) -> Any:
        return self._sized(node, depth)[0]

    def _sized(self, node: nodes.Node, depth: int) -> tuple[Any, int]:
        if id(node) in self.built:
            return self.built[id(node)]
        if self.found and self.found[-1].rule in (ALIASES, too_deep().rule):
            return None, 1
        if id(node) in self.open:
            return self._refuse(ALIASES, node, "aliases that don't refer to themselves", "write the value out")
        if depth > MAX_DOCUMENT_DEPTH:
            self.found.append(too_deep()._replace(loc=tuple(self.path), place=_place(node)))
            return None, 1
        self.open.add(id(node))
        sized = self._of_kind(node, depth)
        self.open.remove(id(node))
        if sized[1] > MAX_VALUES:
            return self._refuse(ALIASES, node, f"up to {MAX_VALUES} values", "use fewer aliases, or split the file")
        self.built[id(node)] = sized
        return sized

    def _inside(self, part: str | int, node: nodes.Node, depth: int) -> tuple[Any, int]:
        self.path.append(part)
        sized = self._sized(node, depth + 1)
        self.path.pop()
        return sized

    def _of_kind(self, node: nodes.Node, depth: int) -> tuple[Any, int]:
        value: Any
        if isinstance(node, nodes.MappingNode):
            value, size = self._mapping(node, depth)
        elif isinstance(node, nodes.SequenceNode):
            items = [self._inside(index, item, depth) for index, item in enumerate(node.value)]
            value, size = [item for item, _ in items], 1 + sum(count for _, count in items)
        else:
            value, size = self._scalar(node), 1
        tag = str(node.tag)
        if tag.startswith("!") and len(tag) > 1:
            name = tag[1:]
            if name == "GetAtt" and isinstance(value, str):
                value = value.split(".", 1)
            return {"Ref" if name == "Ref" else f"Fn::{name}": value}, size + 1
        return value, size

    def _mapping(self, node: nodes.MappingNode, depth: int) -> tuple[dict[str, Any], int]:
        mapping: dict[str, Any] = {}
        size = 1
        before: tuple[str, nodes.Node] | None = None
        for key, item in node.value:
            if not isinstance(key, nodes.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                self._refuse(NOT_YAML, key, "keys that are text; no merge keys (<<)", "write the keys out")
                continue
            if key.value in mapping:
                self.path.append(key.value)
                self._refuse(DUPLICATE_KEY, key, "each key once in a mapping", "remove one of the two", key.value)
                self.path.pop()
                continue
            if before and _splits_number(before[1], key, item):
                given = f"{before[1].value},{key.value}"
                self.path.append(before[0])
                self._refuse(NOT_YAML, before[1], _NO_SEPARATORS, f"write {given.replace(',', '')}", given)
                self.path.pop()
            mapping[key.value], count = self._inside(key.value, item, depth)
            before = key.value, item
            size += count
        return mapping, size

    def _scalar(self, node: nodes.Node) -> Any:
        kind = str(node.tag).rpartition(":")[2]
        text: str = node.value
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return text.lower() == "true"
            if kind == "int":
                digits = text.replace("_", "")
                return int(digits, 0 if digits.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else 10)
            if kind == "float":
                return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return self._refuse(NOT_YAML, node, "a number that can be read", "mend the number", text)[0]
        if str(node.tag).startswith("tag:") and kind not in ("str", "timestamp", "value"):
            return self._refuse(NOT_YAML, node, "text, numbers, true, false and null", "remove the tag", str(node.tag))[
                0
            ]
        return text

    def _refuse(self, rule: Rule, node: nodes.Node, allowed: str, fix: str, given: Any = None) -> tuple[Any, int]:
        finding = _finding(rule, _place(node), allowed, fix, given)
        self.found.append(finding._replace(loc=tuple(self.path)))
        return None, 1


_NO_SEPARATORS = "YAML; a number has no separators, and a comma ends it"


def _splits_number(before: nodes.Node, key: nodes.Node, item: nodes.Node) -> bool:
    """Whether a key is the rest of a number before it: `{things: 250,000}` is `{things: 250, 000: null}`."""
    return (
        isinstance(before, nodes.ScalarNode)
        and re.fullmatch("[0-9]{1,3}", before.value) is not None
        and re.fullmatch("[0-9]{3}", key.value) is not None
        and isinstance(item, nodes.ScalarNode)
        and item.value == ""
        and key.start_mark.index == before.end_mark.index + 1
    )


def _place(node: nodes.Node) -> Place:
    return Place("", line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _finding(rule: Rule, place: Place, allowed: str, fix: str, given: Any = None) -> Finding:
    return Finding(rule=rule, given=given, allowed=allowed, fix=fix, place=place)
