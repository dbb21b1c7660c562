"""What device agents make of a job document. AWS takes any JSON object; the agent on the device does not.

A document that doesn't fit is an error where its schema was chosen, for then every device would fail. Where the family
was only recognised by its look it is a warning: AWS would create the job, and another agent might read the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from iot_jobs.documents import device_client
from iot_jobs.documents.families import FAMILIES, SchemaError, family_of, schema_text
from iot_jobs.documents.schema import Misfit, misfits
from iot_jobs.documents.secrets import content_problems, masked
from iot_jobs.finding import Finding, Rule

__all__ = [
    "CHOSEN_SCHEMA",
    "FAMILIES",
    "LOOKS_LIKE",
    "SCHEMA",
    "content_problems",
    "family_of",
    "problems",
    "schema_of",
]

CHOSEN_SCHEMA = Rule(
    code="JT710",
    title="a job document fits the schema that was chosen for it",
    why="What the schema of a device agent refuses, that agent rejects or fails on every device; one's own schema says "
    "what one's own agent needs.",
    source="https://json-schema.org/draft/2020-12/json-schema-validation",
)
SCHEMA = Rule(
    code="JT711",
    title="a document schema is a family's name, or valid JSON Schema that needs no other file",
    why="A schema that can't be run checks nothing. References to other addresses are never fetched, so that a check "
    "gives the same answer everywhere.",
    source="https://json-schema.org/draft/2020-12/json-schema-core",
)
LOOKS_LIKE = Rule(
    code="JT750",
    title="a job document that looks like one for a known agent is one that this agent takes",
    why="AWS creates the job, and the agent then rejects it on every device. Choose the document's schema to make this "
    "an error, or one's own schema if another agent reads the document.",
    source=device_client.SOURCE,
    severity="warning",
)
_SOURCES = {
    "jobs-agent": "https://github.com/aws/aws-iot-device-sdk-js/blob/master/examples/jobs-agent.js",
    "freertos-ota": "https://github.com/aws/ota-for-aws-iot-embedded-sdk/blob/main/source/ota.c",
}


def schema_of(family: str) -> dict[str, Any]:
    """The JSON Schema of a family's documents, complete in itself. Raises `ValueError` for an unknown name."""
    schema: dict[str, Any] = json.loads(schema_text(family))
    return schema


def problems(value: Mapping[str, Any], schema: str | Mapping[str, Any] | None = None) -> Iterator[Finding]:
    """What is wrong with a document for its agent, as locations in the document.

    `schema` is a family's name, one's own JSON Schema, or None to go by the look; with one's own schema nothing else is
    checked. What keeps a schema from being run is reported under the rule `SCHEMA`, as locations in the schema.
    """
    wanted = family_of(value) if schema is None else schema
    if wanted is None:
        return
    family = wanted if isinstance(wanted, str) else None
    try:
        found = misfits(value, wanted)
    except SchemaError as error:
        for given, allowed, loc in error.faults:
            yield SCHEMA.finding(loc=loc, given=given, allowed=allowed, fix="mend the schema, or name a family")
        return
    for misfit in found:
        rule = _rule(misfit, family, chosen=schema is not None)
        yield _shown(rule.finding(loc=misfit.loc, given=misfit.given, allowed=misfit.allowed, fix=misfit.fix))
    if family in ("device-client", "managed-template", "device-client-old"):
        yield from map(_shown, device_client.left_out(value, steps=family != "device-client-old"))


def _rule(misfit: Misfit, family: str | None, *, chosen: bool) -> Rule:
    """The rule that a misfit breaks, with the agent's code as its source."""
    if chosen:
        source = _SOURCES.get(family, device_client.SOURCE) if family else CHOSEN_SCHEMA.source
        return CHOSEN_SCHEMA.replace(source=source)
    if family == "device-client-old" and misfit.loc == ("version",):
        return device_client.STRING_VERSION
    if misfit.loc[-1:] == ("command",) and misfit.keyword == "pattern":
        return device_client.COMMAND
    return LOOKS_LIKE.replace(source=_SOURCES.get(family or "", LOOKS_LIKE.source))


def _shown(finding: Finding) -> Finding:
    """The finding without the secrets that its value may hold."""
    name = next((part for part in reversed(finding.loc) if isinstance(part, str)), "")
    return finding._replace(given=masked(finding.given, name))
