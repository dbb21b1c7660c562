"""Checks of a job document against its device agent. AWS accepts any JSON; the agent on the device doesn't.

A document that doesn't fit a chosen schema is an error, because every device would fail. If the family is only guessed
from the document, there is one warning at most: AWS would create the job, and another agent might read the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from iot_jobs.documents import device_client
from iot_jobs.documents.families import FAMILIES, SchemaError, family_of, schema_text
from iot_jobs.documents.fill_in import unfilled, unfilled_text
from iot_jobs.documents.schema import Misfit, misfits
from iot_jobs.documents.secrets import content_problems, masked
from iot_jobs.finding import MOST_FINDINGS, Finding, Rule

__all__ = [
    "CHOSEN_SCHEMA",
    "FAMILIES",
    "LOOKS_LIKE",
    "SCHEMA",
    "content_problems",
    "family_of",
    "problems",
    "schema_of",
    "unfilled",
    "unfilled_text",
]

CHOSEN_SCHEMA = Rule(
    code="JT710",
    title="a job document fits the schema that was chosen for it",
    why="An agent rejects a document that its schema refuses, or fails the job, on every device. Your own schema "
    "states what your own agent needs.",
    source="https://json-schema.org/draft/2020-12/json-schema-validation",
    evidence="documented",
)
SCHEMA = Rule(
    code="JT711",
    title="a document schema is a built-in one, or valid JSON Schema that needs no other file",
    why="A schema that can't be run checks nothing. References to other addresses are never fetched, so that a check "
    "has the same result everywhere.",
    source="https://json-schema.org/draft/2020-12/json-schema-core",
    evidence="documented",
)
LOOKS_LIKE = Rule(
    code="JT750",
    title="a job document that looks like one for a known agent is valid for that agent",
    why="AWS creates the job, and the agent then rejects it on every device. Choose the document's schema to make this "
    "an error, or use your own schema if another agent reads the document.",
    source=device_client.SOURCE,
    evidence="documented",
    severity="warning",
)
_ANOTHER_SCHEMA = "correct the schema, or use a built-in one such as device-client"
_SOURCES = {
    "jobs-agent": "https://github.com/aws/aws-iot-device-sdk-js/blob/master/examples/jobs-agent.js",
    "freertos-ota": "https://github.com/aws/ota-for-aws-iot-embedded-sdk/blob/main/source/ota.c",
}


def schema_of(family: str) -> dict[str, Any]:
    """Return the self-contained JSON Schema of a family's documents. Raises `ValueError` for an unknown name."""
    schema: dict[str, Any] = json.loads(schema_text(family))
    return schema


def problems(value: Any, schema: str | Mapping[str, Any] | None = None) -> Iterator[Finding]:
    """Yield findings for a document that doesn't suit its agent; locations are in the document.

    `schema` is a family's name, a user's own JSON Schema, or None to guess the family; with a user's own schema nothing
    else is checked, and of a guess only the first finding is told. Faults of a schema are reported under the rule
    `SCHEMA`, with locations in the schema.
    """
    if schema is not None:
        yield from _problems(value, schema, chosen=True)
        return
    family = family_of(value) if isinstance(value, Mapping) else None
    if family in (None, "device-client-old"):  # an operation, even with a version, is read by many agents
        return
    if found := list(islice(_problems(value, family, chosen=False), MOST_FINDINGS)):
        more = f" to see {len(found) - 1} more" if len(found) > 1 else ""
        guess = f"choose document_schema {family}{more}, or your own if another agent reads the document"
        yield found[0]._replace(fix=f"{found[0].fix}; {guess}", edit=None)


def _problems(value: Any, wanted: str | Mapping[str, Any], *, chosen: bool) -> Iterator[Finding]:
    family = wanted if isinstance(wanted, str) else None
    try:
        places = misfits(value, wanted)
    except SchemaError as error:
        for given, allowed, loc in error.faults:
            yield SCHEMA.finding(loc=loc, given=given, allowed=allowed, fix=_ANOTHER_SCHEMA)
        return
    for misfit in places:
        rule = _rule(misfit, family, chosen=chosen)
        yield _shown(
            rule.finding(loc=misfit.loc, given=misfit.given, allowed=misfit.allowed, fix=misfit.fix, edit=misfit.edit)
        )
    if isinstance(value, Mapping) and family in ("device-client", "managed-template", "device-client-old"):
        yield from map(_shown, device_client.left_out(value, steps=family != "device-client-old"))


def _rule(misfit: Misfit, family: str | None, *, chosen: bool) -> Rule:
    """Return the rule that a misfit breaks, with the agent's code as its source."""
    if chosen:
        source = _SOURCES.get(family, device_client.SOURCE) if family else CHOSEN_SCHEMA.source
        return CHOSEN_SCHEMA.replace(source=source)
    if misfit.loc[-1:] == ("command",) and misfit.keyword == "pattern":
        return device_client.COMMAND
    return LOOKS_LIKE.replace(source=_SOURCES.get(family or "", LOOKS_LIKE.source))


def _shown(finding: Finding) -> Finding:
    """Return the finding with the secrets in its value masked."""
    name = next((part for part in reversed(finding.loc) if isinstance(part, str)), "")
    return finding._replace(given=masked(finding.given, name))
