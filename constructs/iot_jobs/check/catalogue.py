"""The catalogue: every rule by its code."""

from __future__ import annotations

from functools import cache

from iot_jobs.finding import Rule


@cache
def rules() -> dict[str, Rule]:
    """Return every rule by code, in the order of the codes."""
    from iot_jobs.check.registry import RULES  # imported late, because it imports every package that has rules

    return {rule.code: rule for rule in RULES}
