"""JSON as every report prints it."""

from __future__ import annotations

import json
import re
from typing import Any

# json.dumps escapes those below the blank; a terminal obeys these as well.
_CONTROL = re.compile("[\x7f-\x9f]")


def to_json(value: Any, *, levels: int | None = None) -> str:
    """A value as JSON text with a line break at its end, in Unicode but for control characters.

    Half of a surrogate pair, which UTF-8 can't say, becomes a question mark. What is nested deeper than `levels` stands
    in one line: long lists are written several times as fast so.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False) if levels is None else _indented(value, levels, "\n")
    text = text.encode("utf-8", "replace").decode()
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def _indented(value: Any, levels: int, line: str) -> str:
    if not levels or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    inner = line + "  "
    if isinstance(value, dict):
        items = (f"{json.dumps(key)}: {_indented(item, levels - 1, inner)}" for key, item in value.items())
        return "{" + inner + f",{inner}".join(items) + line + "}"
    return "[" + inner + f",{inner}".join(_indented(item, levels - 1, inner) for item in value) + line + "]"
