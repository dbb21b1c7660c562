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

    `path` has the words of a template family, and list items by what names them:
    `abort.criteria[FAILED].threshold_percentage`.
    """

    path: str
    before: Any
    after: Any
    direction: Direction
    reason: str


def under(path: str, key: str) -> str:
    """The path of a key that may hold anything."""
    return f"{path}.{key}" if _PLAIN.fullmatch(key) else f"{path}[{one_line(json.dumps(key, ensure_ascii=False))}]"


def same(one: Any, other: Any) -> bool:
    """Whether two values from JSON are equal: 2 is 2.0, but 1 is not true; the order of keys doesn't matter."""
    if isinstance(one, Mapping):
        return isinstance(other, Mapping) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return isinstance(other, list | tuple) and len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
