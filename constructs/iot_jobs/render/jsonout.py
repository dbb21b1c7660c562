"""The JSON of all reports."""

from __future__ import annotations

import json
import re
from typing import Any

# All but the white space of JSON. json.dumps escapes those below the space; a terminal obeys the others as well.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def to_json(value: Any, *, levels: int | None = None) -> str:
    """Return a value as JSON text with a final line break, in Unicode except for control characters.

    Half of a surrogate pair, which UTF-8 can't encode, becomes a question mark. Values nested deeper than `levels` are
    written in one line, which is several times faster for long lists.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False) if levels is None else _indented(value, levels, "\n")
    text = text.encode("utf-8", "replace").decode()
    return escaped(text) + "\n"


def escaped(text: str) -> str:
    """Return JSON text without control characters, which a terminal would obey: they are escaped as JSON does."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _indented(value: Any, levels: int, line: str) -> str:
    if not levels or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    inner = line + "  "
    if isinstance(value, dict):
        items = (f"{json.dumps(key)}: {_indented(item, levels - 1, inner)}" for key, item in value.items())
        return "{" + inner + f",{inner}".join(items) + line + "}"
    return "[" + inner + f",{inner}".join(_indented(item, levels - 1, inner) for item in value) + line + "]"
