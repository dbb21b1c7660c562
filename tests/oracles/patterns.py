"""Patterns as AWS publishes them: Java's regular expressions, with its classes of Unicode categories."""

from functools import cache

import regex  # type: ignore[import-untyped]  # knows \p{C} and the like, which `re` doesn't


@cache
def _compiled(pattern: str) -> "regex.Pattern[str]":
    # `$` is the end of the text in a schema, while Python's also matches before a last line break.
    return regex.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern)


def matches_whole(pattern: str, text: str) -> bool:
    """Whether the pattern matches from end to end, as the service reads it."""
    return _compiled(pattern).fullmatch(text) is not None


def matches_somewhere(pattern: str, text: str) -> bool:
    """Whether the pattern matches somewhere, as JSON Schema reads it."""
    return _compiled(pattern).search(text) is not None
