"""The S3 access that a presign role must allow, for the objects that a document's presigned placeholders name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from iot_jobs.documents.placeholders import DOWNLOADS, UPLOAD, Placeholder
from iot_jobs.limits.s3 import address
from iot_jobs.unresolved import Unresolved, between_tokens

MADE_ROLE = Unresolved({"Fn::GetAtt": ["PresignRole", "Arn"]})
"""Placeholder for the ARN of the role that `iot_jobs.cdk.JobTemplate` creates if none is given."""

_VERSION = r"(?i)(?:\?|%3F)versionId(?:=|%3D)"
_LOCAL = r"\$\{(?:thingName|jobId|executionNumber)\}"
_INNER = r"\$\{aws:[^}]*\}"
_SPECIAL = r"[*?$]"
_NOTHING = r"(?!)"


class ObjectAccess(NamedTuple):
    """An IAM action on the objects of a bucket whose keys match `key`, an IAM pattern. The bucket may be a token."""

    action: str
    bucket: str
    key: str


def needed_access(placeholder: Placeholder) -> tuple[ObjectAccess, ...] | None:
    """Return the access needed to sign this placeholder's URL; None if the placeholder doesn't name its object.

    A version needs `s3:GetObjectVersion` in addition to `s3:GetObject`. The placeholders in an upload's key match
    anything, and so does a key that is left to AWS.
    """
    named = address(placeholder.argument) if placeholder.kind in (*DOWNLOADS, UPLOAD) else None
    if named is None or not named.bucket:
        return None
    bucket, key = named
    if placeholder.kind == UPLOAD:
        return (ObjectAccess("s3:PutObject", bucket, _matching(key or "${thingName}", _LOCAL)),)
    if not key:
        return None
    version = None
    if placeholder.kind == "s3-presigned-url-v2":
        key, *rest = re.split(_VERSION, key, maxsplit=1)
        version = rest or None
        key = "".join(text if token else unquote(text) for text, token in between_tokens(key))
    pattern = _matching(key, _INNER)
    actions = ("s3:GetObject",) if version is None else ("s3:GetObject", "s3:GetObjectVersion")
    return tuple(ObjectAccess(action, bucket, pattern) for action in actions)


def all_access(found: Iterable[Placeholder]) -> tuple[ObjectAccess, ...]:
    """Return the access needed to sign the URLs of these placeholders, sorted and without duplicates.

    Placeholders that name no object are skipped.
    """
    presigned = [placeholder for placeholder in found if placeholder.presigned]
    return tuple(sorted({access for placeholder in presigned for access in needed_access(placeholder) or ()}))


def with_role(presigned_url: Any, found: Iterable[Placeholder]) -> Any:
    """Return a presigned URL configuration, a mapping or None, with `MADE_ROLE` if it needs a role and names none.

    It is returned unchanged if there is nothing to sign, or if a placeholder doesn't name its object.
    """
    presigned = [placeholder for placeholder in found if placeholder.presigned]
    if not presigned or any(needed_access(placeholder) is None for placeholder in presigned):
        return presigned_url
    if presigned_url is None:
        return {"role_arn": MADE_ROLE}
    if isinstance(presigned_url, Mapping) and presigned_url.get("role_arn") is None:
        return {**presigned_url, "role_arn": MADE_ROLE}
    return presigned_url


def only(key: str) -> str:
    """Return an IAM pattern that matches this key alone. Tokens are kept."""
    return _matching(key, _NOTHING)


def encoded(key: str) -> str:
    """Return a key for a v2 placeholder: all but letters, digits, `/` and `-._~` percent-encoded. Tokens are kept."""
    return "".join(text if token else quote(text, safe="/") for text, token in between_tokens(key))


def _matching(key: str, wildcard: str) -> str:
    """Return a key as an IAM pattern: each match of `wildcard` becomes *, the rest is literal."""
    parts = []
    for text, token in between_tokens(key):
        if token:
            parts.append(text)
            continue
        literals = re.split(wildcard, text)
        parts.append("*".join(re.sub(_SPECIAL, r"${\g<0>}", literal) for literal in literals))
    return "".join(parts)
