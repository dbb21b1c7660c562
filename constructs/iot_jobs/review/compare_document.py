"""The comparison of two job documents as structures, never as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from iot_jobs.finding import one_line
from iot_jobs.review.change import Change, same, under
from iot_jobs.review.directions import Movement, judge


class _Missing:
    """Marks an absent value in a document: null is a value."""


_MISSING: Final = _Missing()
_UNLIMITED = float("inf")
_FLAGS = {"true": 1, "false": 0}


def document_changes(before: Any, after: Any) -> Iterator[Change]:
    """Yield the differences between two parsed documents, as far down as their shapes agree."""
    return _compared(before, after, "document", "")


def _compared(before: Any, after: Any, path: str, key: str) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            yield from _compared(before.get(name, _MISSING), after.get(name, _MISSING), under(path, name), name)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path, key)
    elif not same(before, after):
        yield _change(before, after, path, key)


def _lists(before: Sequence[Any], after: Sequence[Any], path: str, key: str) -> Iterator[Change]:
    """Compare items by name if all have one, else by position, or as a whole if their number changed."""
    old, new = _named(before), _named(after)
    if old is not None and new is not None:
        for name in [*new, *(name for name in old if name not in new)]:
            yield from _compared(old.get(name, _MISSING), new.get(name, _MISSING), f"{path}[{one_line(name)}]", "")
        stayed = [name for name in old if name in new], [name for name in new if name in old]
        if stayed[0] != stayed[1]:
            yield Change(f"{path}.order", *stayed, *judge("document", Movement.CHANGED))
    elif len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from _compared(*pair, f"{path}[{index}]", "")
    else:
        yield _change(before, after, path, key)


def _named(items: Sequence[Any]) -> dict[str, Any] | None:
    """Return items by name, such as a step's; None if one has no name, or two have the same."""
    named = {name: item for item in items if (name := _name(item))}
    return named if len(named) == len(items) else None


def _name(item: Any) -> str | None:
    """Return the name of an item. A step is named by its action."""
    if not isinstance(item, Mapping):
        return None
    action = item.get("action")
    name = item.get("name", action.get("name") if isinstance(action, Mapping) else None)
    return name if isinstance(name, str) and name else None


def _change(before: Any, after: Any, path: str, key: str) -> Change:
    direction, reason = judge(*_kind(before, after, key))
    return Change(path, _shown(before), _shown(after), direction, reason)


def _kind(before: Any, after: Any, key: str) -> tuple[str, Movement]:
    """Return the kind of change and its movement. Only some keys of the AWS IoT Device Client have kinds of their own.

    A missing `ignoreStepFailure` is false; a missing `allowStdErr` is no limit.
    """
    if key in _JUDGED:
        read, more, less = _JUDGED[key]
        old, new = read(before), read(after)
        if old is not None and new is not None and old != new:
            return f"document.{key}", more if new > old else less
    if before is _MISSING and (kind := _loosened(after)):
        return kind, Movement.ADDED
    if after is _MISSING and (kind := _loosened(before)):
        return kind, Movement.REMOVED
    if key == "runAsUser" and _is_limited(before) != _is_limited(after):
        kind = "document.root" if "root" in (before, after) else "document.user"
        return kind, Movement.REMOVED if _is_limited(after) else Movement.ADDED
    if before is _MISSING:
        return "document", Movement.ADDED
    return "document", Movement.REMOVED if after is _MISSING else Movement.CHANGED


def _loosened(step: Any) -> str | None:
    """Return the kind of safeguard that is missing in an added or removed step, None if none is."""
    action = step.get("action", step) if isinstance(step, Mapping) else None
    if not isinstance(action, Mapping):
        return None
    if _flag(action.get("ignoreStepFailure", _MISSING)):
        return "document.ignoreStepFailure"
    return "document.root" if action.get("runAsUser") == "root" else None


def _is_limited(user: Any) -> bool:
    """Return whether a step's user has fewer rights than root. Without one it is the client's own, often root."""
    return isinstance(user, str) and user not in ("", "root")


def _flag(value: Any) -> float | None:
    if value is _MISSING:
        return 0
    return int(value) if isinstance(value, bool) else _FLAGS.get(value) if isinstance(value, str) else None


def _limit(value: Any) -> float | None:
    if value is _MISSING:
        return _UNLIMITED
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value


_JUDGED = {
    "ignoreStepFailure": (_flag, Movement.ADDED, Movement.REMOVED),
    "allowStdErr": (_limit, Movement.RAISED, Movement.LOWERED),
}


def _shown(value: Any) -> Any:
    if value is _MISSING:
        return None
    return "null" if value is None else value
