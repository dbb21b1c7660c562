"""YAML edited in place: some values of a mapping are replaced, and every other line stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import yaml

from iot_jobs.finding import Location, key_in_path
from iot_jobs.sources import yamltext

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_INDENT = 2


class NotEditableError(ValueError):
    """A YAML text in which values can't be replaced safely. The text says why."""


def replaced(text: str, loc: Location, values: Mapping[str, Any]) -> str:
    """Return a YAML text in which the mapping at `loc` has these values: mappings, lists, numbers, None or plain words.

    Keys that it doesn't have yet are added at its end. Comments stay; of a mapping or list whose keys or items change,
    those on lines of their own move above it, and others are lost.

    Raises `NotEditableError` where the mapping, or one around it, is in braces, or the file has anchors.
    """
    if any(getattr(event, "anchor", None) for event in yaml.parse(text, Loader=_LOADER)):
        raise NotEditableError("the file has YAML anchors or aliases, and a change could reach other places")
    edits = _Edits(text)
    edits.put_all(yaml.compose(text, Loader=_LOADER), loc, values)
    edited = edits.applied()
    expected = deepcopy(yamltext.parse(text).value)
    target = expected
    for part in loc[:-1]:
        target = target[part]
    target[loc[-1]] = {**(target[loc[-1]] or {}), **values}
    if yamltext.parse(edited).value != expected:
        raise NotEditableError("its layout is too unusual to be kept")
    return edited


def block(value: Any, column: int = 0) -> list[str]:
    """Return a mapping or a list as lines of YAML, which begin at this column."""
    indent = " " * column
    if isinstance(value, Mapping):
        lines = []
        for key, item in value.items():
            if _is_inline(item):
                lines.append(f"{indent}{key}: {_flow(item)}")
            else:
                lines += [f"{indent}{key}:", *block(item, column + _INDENT)]
        return lines
    return [f"{indent}- {_flow(item)}" for item in value]


def _is_inline(value: Any) -> bool:
    """Return whether a value is written in the line of its key: a scalar, or a mapping of one kind of thing."""
    if isinstance(value, Mapping):
        return len(value) <= 2 and not any(isinstance(item, Mapping | list) for item in value.values())
    return not isinstance(value, list)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return "null" if value is None else str(value)


class _Edits:
    """Replacements of spans of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.edits: list[tuple[int, int, str]] = []

    def applied(self) -> str:
        """Return the text with all edits."""
        text = self.text
        for start, end, new in sorted(self.edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def put_all(self, root: Any, loc: Location, values: Mapping[str, Any]) -> None:
        """Put values into the mapping at a location."""
        key, node = None, root
        for index, part in enumerate(loc):
            if not isinstance(node, yaml.MappingNode) or node.flow_style:
                above = ".".join(key_in_path(str(name)) for name in loc[:index]) or "the file"
                raise NotEditableError(f"{above} is not written as indented lines")
            key, node = next((pair for pair in node.value if pair[0].value == part), (None, None))
        if key is None:
            raise NotEditableError(f"there is no {'.'.join(map(str, loc))} in it")
        if isinstance(node, yaml.MappingNode) and node.value:
            if node.flow_style:
                raise NotEditableError(f"{'.'.join(map(str, loc))} is not written as indented lines")
            self._put_into(node, values)
        else:  # {} or nothing
            self._replace(key, node, dict(values), key.start_mark.column)

    def _put_into(self, node: Any, values: Mapping[str, Any]) -> None:
        column = node.start_mark.column
        present = {key.value: (key, item) for key, item in node.value}
        for name, value in values.items():
            if name in present:
                self._put(*present[name], value, in_braces=False)
        added = {name: value for name, value in values.items() if name not in present}
        if added:
            end = self.text.find("\n", _end(node))
            lines = self._joined(block(added, column))
            if end < 0:
                self.edits.append((len(self.text), len(self.text), self.newline + lines))
            else:
                self.edits.append((end + 1, end + 1, lines + self.newline))

    def _put(self, key: Any, node: Any, value: Any, *, in_braces: bool) -> None:
        """Put a value in place of a node, and only what differs if both have the same keys."""
        pairs = list(_alike(key, node, value))
        if pairs:
            for inner_key, inner, item in pairs:
                self._put(inner_key, inner, item, in_braces=in_braces or bool(node.flow_style))
        elif isinstance(node, yaml.ScalarNode) and node.value and not isinstance(value, Mapping | list):
            if node.value != _flow(value):
                self.edits.append((node.start_mark.index, node.end_mark.index, _flow(value)))
        elif in_braces:
            self.edits.append((node.start_mark.index, _end(node), _flow(value)))
        else:
            self._replace(key, node, value, key.start_mark.column)

    def _replace(self, key: Any, node: Any, value: Any, column: int) -> None:
        start, end = key.end_mark.index, _end(node)
        if _is_inline(value):
            self.edits.append((start, end, f": {_flow(value)}"))
            return
        lines = (line.strip() for line in self.text[start:end].splitlines())
        comments = [" " * (column + _INDENT) + line for line in lines if line.startswith("#")]
        self.edits.append((start, end, self._joined([":", *comments, *block(value, column + _INDENT)])))

    def _joined(self, lines: Sequence[str]) -> str:
        return self.newline.join(lines)


def _alike(key: Any, node: Any, value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the parts of a node, each with its key and new value; nothing if keys or items are others."""
    if isinstance(node, yaml.MappingNode) and isinstance(value, Mapping):
        if {inner_key.value for inner_key, _ in node.value} == value.keys():
            yield from ((inner_key, inner, value[inner_key.value]) for inner_key, inner in node.value)
    elif isinstance(node, yaml.SequenceNode) and isinstance(value, list) and _same_names(node.value, value):
        yield from ((key, inner, item) for inner, item in zip(node.value, value, strict=True))


def _same_names(nodes: Sequence[Any], items: Sequence[Mapping[str, Any]]) -> bool:
    return len(nodes) == len(items) and all(map(_same_name, nodes, items))


def _same_name(node: Any, value: Mapping[str, Any]) -> bool:
    """Return whether an item of a list has the same keys as a mapping, and the same word."""
    if not isinstance(node, yaml.MappingNode):
        return False
    written = {key.value: item.value for key, item in node.value}
    words = {key: item for key, item in value.items() if isinstance(item, str)}
    return written.keys() == value.keys() and all(written[key] == word for key, word in words.items())


def _end(node: Any) -> int:
    """Return where the text of a node ends, before comments that follow it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)
