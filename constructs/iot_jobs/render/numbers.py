"""Numbers of a forecast for people: whole devices, and times in days, hours and minutes."""

from __future__ import annotations


def number(value: float) -> str:
    """Return a count with thousands separators; an expected one is rounded, because there is no part of a device."""
    return "under 1" if 0 < value <= 0.5 else f"{value:,.0f}"


def duration(minutes: int) -> str:
    """Return minutes as days and hours, or hours and minutes."""
    days, rest = divmod(minutes, 1440)
    hours, rest = divmod(rest, 60)
    parts = [f"{value} {unit}" for value, unit in ((days, "d"), (hours, "h"), (rest, "min")) if value]
    return " ".join(parts[:2]) or "0 min"
