"""One difference between two templates, with its direction and the reason for it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iot_jobs.finding import one_line
from iot_jobs.review.directions import Direction

_PLAIN = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Change:
    """One value that differs. `before` and `after` are plain data, None where there is no value.

    `path` is spelled as in a template family, with list items by name: `abort.criteria[FAILED].threshold_percentage`.
    """

    path: str
    before: Any
    after: Any
    direction: Direction
    reason: str


def under(path: str, key: str) -> str:
    """Return the path of a key, which may be any text."""
    return f"{path}.{key}" if _PLAIN.fullmatch(key) else f"{path}[{one_line(json.dumps(key, ensure_ascii=False))}]"


def same(left: Any, right: Any) -> bool:
    """Return whether two values from JSON are equal: 2 is 2.0, but 1 is not true. The order of keys doesn't matter."""
    if isinstance(left, Mapping):
        if not isinstance(right, Mapping) or left.keys() != right.keys():
            return False
        return all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return isinstance(right, list | tuple) and len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
