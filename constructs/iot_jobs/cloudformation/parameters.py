"""Parameters of a template: the values that they take."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from iot_jobs.cloudformation.scalars import as_text
from iot_jobs.finding import shown


def typed(declared: Mapping[str, Any], value: Any) -> Any:
    """Return a parameter's value as its type has it; None for the name of a value in Systems Manager."""
    kind, text = str(declared.get("Type")), as_text(value)
    if not isinstance(text, str) or kind.startswith("AWS::SSM::"):
        return None
    return text.split(",") if _is_list(kind) else text


def taken(declared: Mapping[str, Any], text: str) -> str | None:
    """Return what a parameter takes if it doesn't take a text as its value; None if it does.

    Its pattern doesn't count, which is a regular expression of Java.
    """
    kind = str(declared.get("Type"))
    values = text.split(",") if _is_list(kind) else [text]
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list):
        texts = [as_text(one) for one in allowed]
        return None if all(value in texts for value in values) else f"one of {shown(allowed)}"
    if kind in ("Number", "List<Number>") and any(_number(value) is None for value in values):
        return "a number" if kind == "Number" else "numbers with commas between them"
    bounds = {"Number": ("Value", _number(text), "{} or more", "{} or less")}
    bounds["String"] = ("Length", len(text), "{} or more characters", "{} or fewer characters")
    name, size, more, less = bounds.get(kind, ("", None, "", ""))
    least, most = (_number(declared.get(f"{bound}{name}")) for bound in ("Min", "Max"))
    if size is not None and least is not None and size < least:
        return more.format(f"{least:g}")
    if size is not None and most is not None and size > most:
        return less.format(f"{most:g}")
    return None


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _number(value: Any) -> float | None:
    """Return the number that a text or number is; None if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
