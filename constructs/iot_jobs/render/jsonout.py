"""JSON as every report prints it."""

from __future__ import annotations

import json
import re
from typing import Any

# json.dumps escapes those below the blank; a terminal obeys these as well.
_CONTROL = re.compile("[\x7f-\x9f]")


def to_json(value: Any) -> str:
    """A value as JSON text with a line break at its end, in Unicode but for control characters."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
