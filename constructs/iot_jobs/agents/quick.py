"""A first look at whether a document fits a shipped schema: without jsonschema, which takes 0.1 s to import.

Only what certainly fits is told. Of anything else `fit` finds out, with jsonschema, whether and where it doesn't; so
this reads no more of JSON Schema than the shipped schemas have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from iot_jobs.agents.families import URN, is_filled_in, schema_text

_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def certainly_fits(value: object, family: str) -> bool:
    """Whether a document fits a family's schema beyond doubt."""
    schema = _parsed(family)
    return _Reader(schema).fits(value, schema)


@lru_cache
def _parsed(family: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(schema_text(family))
    return schema


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the parts of the schema `root`; `lenient` says whether placeholders pass, or are judged as text."""

    root: Mapping[str, Any]
    lenient: bool = True

    def fits(self, value: Any, schema: Mapping[str, Any]) -> bool:
        open_text = self.lenient and is_filled_in(value)
        for keyword, wanted in schema.items():
            if keyword in _ABOUT_TEXT:
                if not open_text and not _ABOUT_TEXT[keyword](value, wanted):
                    return False
            elif keyword in _ABOUT_PARTS:
                if not _ABOUT_PARTS[keyword](self, value, wanted):
                    return False
            elif keyword == "if":
                if self.is_open(value, wanted) or (self.fits(value, wanted) and not self.fits(value, schema["then"])):
                    return False
            elif keyword not in _SILENT:
                return False
        return True

    def is_open(self, value: object, schema: Mapping[str, Any]) -> bool:
        """Whether it depends on a placeholder if a value fits."""
        return self.fits(value, schema) != replace(self, lenient=False).fits(value, schema)

    def refers(self, value: object, reference: str) -> bool:
        if reference.startswith(URN):
            root = self.root["$defs"][reference.removeprefix(URN)]
            return replace(self, root=root).fits(value, root)
        return self.fits(value, self.root["$defs"][reference.removeprefix("#/$defs/")])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_ABOUT_TEXT: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, wanted: any(_TYPES[one](value) for one in ([wanted] if isinstance(wanted, str) else wanted)),
    "enum": lambda value, wanted: isinstance(value, str) and value in wanted,
    "const": lambda value, wanted: isinstance(value, str) and value == wanted,
    "minLength": lambda value, wanted: not isinstance(value, str) or len(value) >= wanted,
    "pattern": lambda value, wanted: not isinstance(value, str) or re.search(wanted, value) is not None,
}
_ABOUT_PARTS: dict[str, Callable[[_Reader, Any, Any], bool]] = {
    "minimum": lambda _, value, wanted: not _is_number(value) or value >= wanted,
    "maximum": lambda _, value, wanted: not _is_number(value) or value <= wanted,
    "minItems": lambda _, value, wanted: not isinstance(value, list) or len(value) >= wanted,
    "required": lambda _, value, wanted: not isinstance(value, dict) or value.keys() >= set(wanted),
    "properties": lambda read, value, wanted: (
        not isinstance(value, dict) or all(read.fits(value[name], wanted[name]) for name in wanted if name in value)
    ),
    "items": lambda read, value, wanted: not isinstance(value, list) or all(read.fits(item, wanted) for item in value),
    "contains": lambda read, value, wanted: (
        not isinstance(value, list) or any(read.fits(item, wanted) for item in value)
    ),
    "allOf": lambda read, value, wanted: all(read.fits(value, schema) for schema in wanted),
    "not": lambda read, value, wanted: not read.is_open(value, wanted) and not read.fits(value, wanted),
    "$ref": lambda read, value, wanted: read.refers(value, wanted),
}
_SILENT = {"$schema", "$id", "$comment", "$defs", "title", "description", "examples", "then"}
