"""Values of a change for people: with units, on one line, cut so that the difference is visible."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iot_jobs.finding import SHOWN_CHARACTERS, one_line

if TYPE_CHECKING:
    from iot_jobs.review import Change

_UNITS = {
    "maximum_per_minute": "things per minute",
    "base_rate_per_minute": "things per minute",
    "increment_factor": "times",
    "number_of_notified_things": "things",
    "number_of_succeeded_things": "things",
    "threshold_percentage": "%",
    "min_number_of_executed_things": "executions",
    "number_of_retries": "retries",
    "in_progress_timeout_in_minutes": "minutes",
    "duration_in_minutes": "minutes",
    "expires_in_sec": "seconds",
}
_KEPT = 20
"""Characters kept before the first difference of two long texts."""


def pair(change: Change) -> tuple[str, str]:
    """Return before and after, each as short text."""
    name = "" if change.path.startswith("document") else change.path.rpartition(".")[2]
    before, after = one_line(_text(change.before, name)), one_line(_text(change.after, name))
    if max(len(before), len(after)) > SHOWN_CHARACTERS:
        different = (index for index, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
        skipped = max(0, next(different, min(len(before), len(after))) - _KEPT)
        before, after = (f"…{text[skipped:]}" if skipped else text for text in (before, after))
    return _cut(before), _cut(after)


def _text(value: Any, name: str) -> str:
    if value is None:
        return "nothing"
    if name in _UNITS and isinstance(value, int | float):
        return f"{value} {_UNITS[name]}"
    if isinstance(value, dict) and value and value.keys() <= _UNITS.keys() | {"failure_type", "start_time", "action"}:
        return ", ".join(f"{key} {_text(item, key)}" for key, item in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
