"""CloudFormation Validate's verdict: AWS's own validator about a whole template, functions included.

It has the registry's schemas, and resolves functions and conditions by itself. Errors are what it calls fatal or an
error; warnings are those about a parameter's default or allowed values, which another value may replace.
"""

import re
from functools import cache
from typing import Any

from cloudformation_validate import (
    CompositeEngine,
    DetailLevel,
    ResolvedValue,
    Severity,
    TemplateContent,
    TemplateModel,
    ValidateConfig,
)

NOTHING, WARNING, ERROR = 0, 1, 2
"""How bad a verdict is."""
ABOUT_PARAMETERS = ("W1030", "W1034")
"""Values of parameters that a property doesn't take."""
NOT_A_WORD = "W3030"
"""Not one of an enumeration's words: a warning only because AWS may add one."""

Verdicts = dict[str, int]
"""The worst that is said about each property, by its path below Properties, without functions: Tags.0.Value."""


@cache
def _engine() -> CompositeEngine:
    return CompositeEngine()


def verdicts(text: str, name: str) -> Verdicts:
    """What the validator says about the properties of a template's resources; all of them together."""
    config = ValidateConfig(severity_level=Severity.WARN, detail_level=DetailLevel.STANDARD)
    found: Verdicts = {}
    for one in _engine().validate_template(TemplateContent(text, name), config).diagnostics:
        level = ERROR if one.severity in (Severity.FATAL, Severity.ERROR) else WARNING
        if one.rule_id == NOT_A_WORD:
            level = ERROR
        elif level == WARNING and one.rule_id not in ABOUT_PARAMETERS:
            continue
        path = one.property_path or ""
        if resolved := re.search(r"when resolved at Resources/[^/]+/Properties/(\S+)", one.message):
            path = "Properties." + re.sub(r"/Fn::\w+(/\d+)*", "", resolved[1]).replace("/", ".")
        if required := re.match(r"'(\w+)' is a required property", one.message):
            path = f"{path}.{required[1]}"
        path = path.removeprefix("Properties.").replace("{}", "0")
        found[path] = max(found.get(path, NOTHING), level)
    return found


def resolved(text: str, name: str, logical_id: str) -> dict[str, Any]:
    """The properties of a resource that the validator knows completely, by name."""
    properties = TemplateModel(TemplateContent(text, name)).resources()[logical_id].properties
    return {key: plain(value.value) for key, value in properties.items() if isinstance(value, ResolvedValue.CONCRETE)}


def plain(value: Any) -> Any:
    """A value of the validator as Python's own."""
    if value.is_null():
        return None
    if value.is_array():
        return [plain(item) for item in value.items]
    if value.is_object():
        return {key: plain(item) for key, item in value.entries.items()}
    return value.value
