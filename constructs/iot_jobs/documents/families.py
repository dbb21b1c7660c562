"""The known families of job documents, one for each agent and form: recognition, and JSON Schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from iot_jobs.documents.secrets import texts
from iot_jobs.finding import Location
from iot_jobs.jsontext import canonical
from iot_jobs.unresolved import holds_token

FAMILIES = ("device-client", "device-client-old", "managed-template", "jobs-agent", "freertos-ota")
"""The names of the schemas that come with this package."""

URN = "urn:iot-jobs:document:"
"""The prefix of these schemas' `$id`. A user's own schema may refer to it."""

ENDLESS = "a non-recursive schema, or a document of fewer levels"
"""The allowed values in a finding for a recursion that is too deep."""

_SCHEMAS = Path(__file__).parents[1] / "schemas"
_STEP_TYPES = ("runHandler", "runCommand")
_AGENT_OPERATIONS = ("install", "start", "stop", "restart", "reboot", "shutdown", "systemStatus")
_AGENT_MEMBERS = {"packageName", "workingDirectory", "launchCommand", "autoStart"}


class SchemaError(ValueError):
    """A schema that can't be run. Each of its `faults` is the value given, what is allowed, and the schema location."""

    def __init__(self, *faults: tuple[object, str, Location]) -> None:
        """Keep the faults."""
        self.faults = faults
        super().__init__("; ".join(allowed for _, allowed, _ in faults))


def is_filled_in(value: object) -> bool:
    """Return whether a value is a text that AWS IoT or CloudFormation will change, and that can't be checked before."""
    return isinstance(value, str) and "{" in value and ("${aws:" in value or holds_token(value))


def family_of(value: Mapping[str, Any]) -> str | None:
    """Return the family that a document looks like, or None if it looks like none.

    A guess, except for `afr_ota`: other agents may read documents that look the same.
    """
    if "afr_ota" in value:
        return "freertos-ota"
    if _has_steps(value):
        managed = any("${aws:iot:parameter:" in text for _, _, text in texts(value))
        return "managed-template" if managed else "device-client"
    operation = value.get("operation")
    if not isinstance(operation, str) or not operation:
        return None
    for_the_agent = not _AGENT_MEMBERS.isdisjoint(value) or isinstance(value.get("files"), list)
    if operation in _AGENT_OPERATIONS and (for_the_agent or value.keys() <= {"operation", "delay"}):
        return "jobs-agent"
    return "device-client-old"


def _has_steps(value: Mapping[str, Any]) -> bool:
    """Return whether a document has a step of the Device Client's own kinds, with or without a version."""
    steps = value["steps"] if isinstance(value.get("steps"), list) else []
    actions = [step.get("action", step) for step in steps if isinstance(step, Mapping)]
    return any(isinstance(action, Mapping) and action.get("type") in _STEP_TYPES for action in actions)


@lru_cache
def schema_text(family: str) -> str:
    """Return a family's self-contained schema as canonical JSON. Raises `SchemaError` for an unknown name."""
    if family not in FAMILIES:
        raise SchemaError((family, f"{', '.join(FAMILIES)} or a JSON Schema", ()))
    schema = json.loads((_SCHEMAS / f"{family}.schema.json").read_text(encoding="utf-8"))
    if other := schema.get("$ref", "").removeprefix(URN):
        schema["$defs"] = {other: json.loads(schema_text(other))}
        del schema["$defs"][other]["$schema"]  # the same as that of the whole
    return canonical(schema)
