"""A quick test of a document against a shipped schema, without jsonschema, which takes 0.1 s to import.

If a document may not fit, `schema` runs jsonschema for the details. Only the keywords of the shipped schemas are
implemented; with any other keyword no document fits, so that no mistake gets through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from iot_jobs.documents.families import URN, is_filled_in, schema_text

Schema = dict[str, Any]


def surely_fits(value: object, family: str) -> bool:
    """Return whether a document certainly fits a family's schema."""
    schema = _parsed(family)
    return _fits(value, schema, schema, lenient=True)


@lru_cache
def _parsed(family: str) -> Schema:
    schema: Schema = json.loads(schema_text(family))
    return schema


def _fits(value: Any, schema: Schema, root: Schema, *, lenient: bool) -> bool:
    """Return whether a value fits a part of the schema `root`. Unless `lenient`, placeholders are checked as text."""
    for keyword, wanted in schema.items():
        if keyword in _OF_TEXT:
            if not _OF_TEXT[keyword](value, wanted) and not (lenient and is_filled_in(value)):
                return False
        elif keyword in _OF_PARTS:
            if not _OF_PARTS[keyword](value, wanted, lambda part, below: _fits(part, below, root, lenient=lenient)):
                return False
        elif keyword in ("if", "not"):
            # A condition that depends on a placeholder's value is not certain to hold.
            holds = all(_fits(value, wanted, root, lenient=reading) for reading in {lenient, False})
            if holds and (keyword == "not" or not _fits(value, schema["then"], root, lenient=lenient)):
                return False
        elif keyword == "$ref":
            referred = root["$defs"][wanted.removeprefix(URN).removeprefix("#/$defs/")]
            if not _fits(value, referred, referred if wanted.startswith(URN) else root, lenient=lenient):
                return False
        elif keyword not in _SILENT:
            return False
    return True


_TYPES: dict[str, Callable[[object], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}
_OF_TEXT: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, wanted: any(_TYPES[key](value) for key in ([wanted] if isinstance(wanted, str) else wanted)),
    "enum": lambda value, wanted: isinstance(value, str) and value in wanted,
    "const": lambda value, wanted: isinstance(value, str) and value == wanted,
    "minLength": lambda value, wanted: not isinstance(value, str) or len(value) >= wanted,
    "pattern": lambda value, wanted: not isinstance(value, str) or re.search(wanted, value) is not None,
}
_Fits = Callable[[Any, Any], bool]
_OF_PARTS: dict[str, Callable[[Any, Any, _Fits], bool]] = {
    "minimum": lambda value, wanted, _: not isinstance(value, int | float) or value >= wanted,
    "maximum": lambda value, wanted, _: not isinstance(value, int | float) or value <= wanted,
    "minItems": lambda value, wanted, _: not isinstance(value, list) or len(value) >= wanted,
    "required": lambda value, wanted, _: not isinstance(value, dict) or all(name in value for name in wanted),
    "properties": lambda value, wanted, fits: (
        not isinstance(value, dict) or all(fits(value[name], wanted[name]) for name in wanted if name in value)
    ),
    "items": lambda value, wanted, fits: not isinstance(value, list) or all(fits(item, wanted) for item in value),
    "contains": lambda value, wanted, fits: not isinstance(value, list) or any(fits(item, wanted) for item in value),
    "allOf": lambda value, wanted, fits: all(fits(value, schema) for schema in wanted),
}
_SILENT = {"$schema", "$id", "$comment", "$defs", "title", "description", "examples", "then"}
