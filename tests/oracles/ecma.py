"""Regular expressions as JSON Schema has them, those of ECMA-262: what the editors' language servers make of them.

yaml-language-server compiles each with `new RegExp(pattern, "u")`, and so does this, with the Node of the CDK.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NODE = Path(sys.executable).parent / "node"
_MATCH = """
const rows = JSON.parse(require("fs").readFileSync(0, "utf8"));
const compiled = (pattern) => { try { return new RegExp(pattern, "u"); } catch { return null; } };
const answers = rows.map(([pattern, texts]) => {
  const expression = compiled(pattern);
  return expression && texts.map((text) => expression.test(text));
});
process.stdout.write(JSON.stringify(answers));
"""


def matches(rows: Sequence[tuple[str, Sequence[str]]]) -> list[list[bool] | None]:
    """For each pattern which of its texts it is found in, or None where it is no pattern at all. One process for all."""
    done = subprocess.run([NODE, "-e", _MATCH], input=json.dumps(rows), capture_output=True, text=True, check=True)
    answers: list[list[bool] | None] = json.loads(done.stdout)
    return answers


def in_python(schema: Any) -> Any:
    """A schema of ours for a validator that runs patterns with Python's `re`, which has no `\\p{...}`."""
    return json.loads(json.dumps(schema).replace(r"\\p{L}\\p{N}_", r"\\w"))
