"""JSON Schemas in editors: each pattern is one of ECMA-262, and takes what the command takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iot_jobs import limits
from iot_jobs.limits import Text
from tests.oracles import ecma
from tests.test_limits import ROWS

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = sorted([*(ROOT / "stacks/schemas").glob("*.json"), *(ROOT / "constructs/iot_jobs/schemas").glob("*.json")])
# What editors run may be older than our Node, which has groups with flags of their own.
_NEW = r"(?<!\\)\(\?(?![:=!]|<[=!]|<[A-Za-z])"


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern of a schema, wherever it is."""
    if isinstance(schema, list):
        for item in schema:
            yield from patterns(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        yield from schema.get("patternProperties", {})
        for item in schema.values():
            yield from patterns(item)


def test_editors_can_read_every_pattern() -> None:
    """Every pattern of every schema is one for an editor, and also for one that is some years old."""
    found = {path.name: sorted(set(patterns(json.loads(path.read_text())))) for path in SCHEMAS}
    used = sorted({pattern for several in found.values() for pattern in several})
    assert {"environment.schema.json", "family.schema.json", "jobs-agent.schema.json"} <= {
        name for name, several in found.items() if several
    }
    compiled = zip(used, ecma.matches([(pattern, []) for pattern in used]), strict=True)
    assert [pattern for pattern, answer in compiled if answer is None or re.search(_NEW, pattern)] == []


@pytest.mark.parametrize("pattern", ["(?i:aws:)", "(?-i:a)", r"[\w-\d]", r"\Z", "(?P<a>b)", "(?>a)", "(?s)a"])
def test_what_editors_can_not_read(pattern: str) -> None:
    """The test above finds what only Python reads."""
    assert ecma.matches([(pattern, [])]) == [None] or re.search(_NEW, pattern)


# One for each kind of character that Python and ECMA-262 may read in two ways.
TEXTS = [
    "", "a", "Z", "5", "_", "-", " ", "a b", "\t", "\n", "a\n", "5\n", "\u2028", "a\u2028", "a\u00a0b", "größe", "日本",
    "e\u0301", "ª", "²", "Ⅷ", "٣", "\u017f", "\u212a", "😀", "\U0001d4b3", "𐒠", "\u200b", "\ufeff", "a.b", "a/b", "a:b", "a=b", "a+b", "a@b",
    "a*b", "aws:", "aws:x", "AWS:x", "awS:x", "aw\u017f:x", "aws", "xaws:", "${aws:iot:thing}", "0af", "0AF", "ls,-l", ", a",
    ",,a", "a b,c", "a\\,b", "JT352", "JT35", "5:2", "5:2.5", "1234567:2",
]  # fmt: skip


def test_limits_agree() -> None:
    """The pattern of a limit takes in an editor what the command takes, and refuses what it refuses."""
    texts = TEXTS + [value for row in ROWS for value in (*row.accepted, *row.refused) if isinstance(value, str)]
    found = {name: limit for name, limit in vars(limits).items() if isinstance(limit, Text) and limit.pattern}
    assert {"TAG_KEY", "ROLE_ARN", "DOCUMENT_SOURCE"} <= found.keys()
    answers = ecma.matches([(limit.json_schema()["pattern"], texts) for limit in found.values()])
    for (name, limit), answer in zip(found.items(), answers, strict=True):
        assert answer is not None
        in_editor = [
            limit.minimum <= len(text) <= limit.maximum and fits for text, fits in zip(texts, answer, strict=True)
        ]
        assert (name, in_editor) == (name, [limit.accepts(text) for text in texts])


def test_documents_agree() -> None:
    """A shipped schema of job documents finds the same in an editor as in the command, which searches with Python."""
    used = sorted({pattern for path in SCHEMAS if path.parent.name == "schemas" and "iot_jobs" in path.parts
                   for pattern in patterns(json.loads(path.read_text()))})  # fmt: skip
    answers = ecma.matches([(pattern, TEXTS) for pattern in used])
    assert len(used) >= 3
    for pattern, answer in zip(used, answers, strict=True):
        assert (pattern, answer) == (pattern, [re.search(pattern, text) is not None for text in TEXTS])
