"""What a presign role must allow: the S3 objects that a document's presigned placeholders name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from iot_jobs.documents.placeholders import DOWNLOADS, UPLOAD, Placeholder
from iot_jobs.unresolved import Unresolved, between_tokens

MADE_ROLE = Unresolved({"Fn::GetAtt": ["PresignRole", "Arn"]})
"""Stands for the ARN of the role that `iot_jobs.cdk.JobTemplate` makes where none is given."""

# A region, a bucket and what follows amazonaws may be tokens, which hold no slash.
_URL = (
    r"(?s)https://(?:s3(?:[.-](?:[a-z0-9-]|\$\{Token\[[^]]+\]\})+)?\.(?:amazonaws\.com(?:\.cn)?|\$\{Token\[[^]]+\]\})"
    r"/(?P<path_bucket>[^/]+)"
    r"|(?P<host_bucket>[^/]+?)\.s3(?:[.-](?:[a-z0-9-]|\$\{Token\[[^]]+\]\})+)?"
    r"\.(?:amazonaws\.com(?:\.cn)?|\$\{Token\[[^]]+\]\}))(?:/(?P<key>.*))?"
)
_VERSION = r"(?i)(?:\?|%3F)versionId(?:=|%3D)"
_LOCAL = r"\$\{(?:thingName|jobId|executionNumber)\}"
_INNER = r"\$\{aws:[^}]*\}"
_SPECIAL = r"[*?$]"
_NOTHING = r"(?!)"


class ObjectAccess(NamedTuple):
    """One action on the objects of a bucket whose keys match, as IAM writes it. The bucket may be a token."""

    action: str
    bucket: str
    key: str


def needed_access(placeholder: Placeholder) -> tuple[ObjectAccess, ...] | None:
    """What signing this placeholder's URL takes; None where the placeholder doesn't say which object it is.

    A version takes `s3:GetObjectVersion` beside `s3:GetObject`. The placeholders in an upload's key match anything, as
    does a key that is left to AWS.
    """
    match = re.fullmatch(_URL, placeholder.argument) if placeholder.kind in (*DOWNLOADS, UPLOAD) else None
    if match is None:
        return None
    bucket, key = match["path_bucket"] or match["host_bucket"], match["key"] or ""
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
    """What signing the URLs of these placeholders takes, each once, sorted. Those that name no object are left out."""
    needed = {access for one in found if one.presigned for access in needed_access(one) or ()}
    return tuple(sorted(needed))


def with_role(presigned_url: Any, found: Iterable[Placeholder]) -> Any:
    """A presign block as it was written, None or a mapping, with `MADE_ROLE` where it needs a role and names none.

    It is left as it is where there is nothing to sign, or a placeholder doesn't say which object it is.
    """
    presigned = [one for one in found if one.presigned]
    if not presigned or any(needed_access(one) is None for one in presigned):
        return presigned_url
    if presigned_url is None:
        return {"role_arn": MADE_ROLE}
    if isinstance(presigned_url, Mapping) and presigned_url.get("role_arn") is None:
        return {**presigned_url, "role_arn": MADE_ROLE}
    return presigned_url


def only(key: str) -> str:
    """A key as an IAM pattern that matches nothing else. Tokens stay."""
    return _matching(key, _NOTHING)


def encoded(key: str) -> str:
    """A key for a v2 placeholder: all but letters, digits, `/` and `-._~` percent-encoded. Tokens stay."""
    return "".join(text if token else quote(text, safe="/") for text, token in between_tokens(key))


def _matching(key: str, wildcard: str) -> str:
    """A key as an IAM pattern: what `wildcard` finds matches anything, and all else only itself."""
    parts = []
    for text, token in between_tokens(key):
        if token:
            parts.append(text)
            continue
        literals = re.split(wildcard, text)
        parts.append("*".join(re.sub(_SPECIAL, r"${\g<0>}", literal) for literal in literals))
    return "".join(parts)
