"""cfn-lint's verdict about templates with functions, many in one, because each run takes half a second."""

import json
import re
from collections.abc import Sequence
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tests.oracles.functions import Case, without_functions
from tests.oracles.validator import ERROR, NOTHING, WARNING, Verdicts

ABOUT_FUNCTIONS = ("W1030", "W1031", "W1032", "W1033", "W1034", "W1035", "W1036", "W1040")
"""Values that functions make and a property doesn't take."""
ID_TWICE = "E3019"
"""An id that two resources have, as the cases may."""


def verdicts(cases: Sequence[Case]) -> list[Verdicts]:
    """What cfn-lint says about the properties of each case's resources."""
    whole: dict[str, Any] = {}
    for number, case in enumerate(cases):
        for section, part in _numbered(case, number).items():
            whole[section] = part if isinstance(part, str) else whole.get(section, {}) | part
    found: list[Verdicts] = [{} for _ in cases]
    for match in lint(json.dumps(whole), config=ManualArgs(regions=["us-east-1"])):
        level = ERROR if match.rule.severity == "error" else WARNING
        if match.rule.id == ID_TWICE or (level == WARNING and match.rule.id not in ABOUT_FUNCTIONS):
            continue
        resolved = re.search(r"resolved at '(Resources/[^']+)'", match.message)
        at = resolved[1].split("/") if resolved else [str(part) for part in match.path or ()]
        number_of = re.match(r"T(\d+)", at[1]) if len(at) > 2 and at[2] == "Properties" else None
        if number_of:
            verdict = found[int(number_of[1])]
            path = ".".join(map(str, without_functions(at[3:])))
            if required := re.match(r"'(\w+)' is a required property", match.message):
                path = f"{path}.{required[1]}".removeprefix(".")
            verdict[path] = max(verdict.get(path, NOTHING), level)
    return found


def _numbered(case: Case, number: int) -> dict[str, Any]:
    """A case's template with names of its own."""
    text = re.sub(r"\b([PCM]\d+)\b", rf"\1x{number}", json.dumps(case.template))
    template: dict[str, Any] = json.loads(text)
    ((name, resource),) = template["Resources"].items()
    if name != "T":
        variable, collection, body = resource
        resource = [variable, collection, {f"T{number}x&{{Copy}}": next(iter(body.values()))}]
    template["Resources"] = {f"{name}{number}": resource}
    return template
