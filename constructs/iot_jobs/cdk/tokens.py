"""Tokens in forms that the L1 accepts, such as text in place of a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk

from iot_jobs.unresolved import holds_token, is_resolvable

_TEXTS = {"Description", "Document", "DocumentSource", "JobArn", "JobTemplateId"}
_TYPED = {"DestinationPackageVersions", "JobExecutionsRetryConfig", "MaintenanceWindows"}
FITTED = {*_TEXTS, *_TYPED, "Tags"}
"""The properties whose tokens need another form; for the others the L1 accepts any."""


def fitting(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return `FITTED` properties with each token in a form that the L1 accepts in its place.

    CloudFormation converts text to numbers and back, so any form can be emitted. A token that is an object is accepted
    everywhere except in tags, which must be text: `Tags.of` adds others to them.
    """
    fit = dict(properties)
    for key, value in properties.items():
        if key == "Tags":
            fit[key] = [{**tag, "Value": as_text(tag["Value"])} for tag in value]
        elif not is_resolvable(value) and (within(value) if key in _TYPED else not isinstance(value, str)):
            fit[key] = cdk.Token.as_any(value)
    return fit


def as_text(value: Any) -> Any:
    """Return a token as one that is text, and any other value unchanged."""
    return value if isinstance(value, str) or not holds_token(value) else cdk.Token.as_string(value)


def within(value: Any) -> bool:
    """Return whether a token is anywhere in a value."""
    if isinstance(value, dict):
        return any(map(within, value.values()))
    return holds_token(value) or (isinstance(value, list | tuple) and any(map(within, value)))
