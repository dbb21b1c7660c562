"""Checks that apply to documents of any agent: no secrets, no URL that expires, no unencrypted addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from iot_jobs.finding import Finding, Location, Rule
from iot_jobs.jsontext import depth
from iot_jobs.limits import GUIDE

SECRET = Rule(
    code="JT760",
    title="a job document holds no private key and no AWS key",
    why="Everyone who may read the job or its template can read the document, and so can every target device.",
    source=GUIDE + "security-best-practices.html",
    evidence="documented",
    severity="warning",
)
SIGNED = Rule(
    code="JT761",
    title="a job document holds no presigned URL of its own, only presigned placeholders",
    why="Such a URL expires, at S3 within 7 days at most, and a device that reads the document later can't download.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html",
    evidence="documented",
    severity="warning",
)
UNENCRYPTED = Rule(
    code="JT762",
    title="the addresses in a job document are https, not http",
    why="Anyone between the device and the server can read the traffic, and replace a download.",
    source=GUIDE + "security-best-practices.html",
    evidence="documented",
    severity="warning",
)

# Each kind with its hints, of which every such text holds one. Few texts do, and the patterns are slow to compile.
_SECRETS = {
    "a private key": (
        ("private key",),
        r"(?s)(?P<secret>-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]+-----|\Z))",
    ),
    "an AWS access key id": (
        ("akia", "asia"),
        # In a presigned URL it is no secret: it names the key that signed.
        (
            r"(?<![A-Za-z0-9])(?<!X-Amz-Credential=)(?<!AWSAccessKeyId=)"
            r"(?P<secret>(?:AKIA|ASIA)[A-Z0-9]{16})(?![A-Za-z0-9])"
        ),
    ),
    # Known by the word before it. Upper and lower case, because forty hexadecimal digits are a commit or checksum.
    "an AWS secret access key": (
        ("secret", "access"),
        (
            r"(?i:secret|access)[ ._-]?(?i:key)[\s\"'=:,]{1,5}"
            r"(?P<secret>(?=[^A-Z]{0,39}[A-Z])(?=[^a-z]{0,39}[a-z])[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
        ),
    ),
}
# Parameters of a signed URL: of version 4, and of version 2 and CloudFront. All of one kind stand in it, in any order.
_SIGNED = ((r"[?&]X-Amz-Signature=",), (r"[?&]Signature=", r"[?&]Expires=[0-9]"))
_ADDRESS = r"(?i)(?<![A-Za-z])http://(?:[^/?#\s@\"']*@)?(\[[0-9A-F:.]*\]|[^\[\]/?#\s:,;\"'\\]+)"
# Traffic that stays on the device: loopback, and the link-local addresses of metadata services.
_ON_THE_DEVICE = r"(?i)(?:.+\.)?localhost|127\.[0-9.]+|0\.0\.0\.0|169\.254\.[0-9.]+|\[::1\]"
_DEEPEST_SHOWN = 100
_PLACEHOLDER = r"\$\{aws:[^}]*\}?"


def content_problems(value: object) -> Iterator[Finding]:
    """Yield findings for secrets, signed URLs and unencrypted addresses in a document, at most one of each per text.

    A secret in a key is reported at the mapping.
    """
    for loc, name, text in texts(value):
        shown, kinds = _without_secrets(text, name)
        if kinds:
            yield SECRET.finding(
                loc=loc,
                given=shown,
                allowed=f"a document without {' and '.join(kinds)}",
                fix="remove it and revoke the key; let the device fetch what it needs with its own certificate",
            )
        if "Signature=" in text and any(all(re.search(one, text) for one in kind) for kind in _SIGNED):
            yield SIGNED.finding(
                loc=loc,
                given=shown.partition("?")[0],
                allowed="a URL that is signed when the device requests the document",
                fix="use a presigned placeholder, and a presigned_url with a role",
            )
        # `$schema` names a schema and fetches nothing, `_comment` is for readers, and AWS fills in https.
        if "http://" not in text.lower() or name.startswith(("$", "_")):
            continue
        hosts = re.findall(_ADDRESS, re.sub(_PLACEHOLDER, "", text))
        if hosts := [host for host in hosts if not re.fullmatch(_ON_THE_DEVICE, host)]:
            yield UNENCRYPTED.finding(
                loc=loc,
                given=f"http://{hosts[0]}",
                allowed="https; http only to the device itself",
                fix="use https, or a presigned placeholder for an object in S3",
            )


def masked(value: Any, name: str = "") -> Any:
    """Return a value with *** in place of the secrets in its texts, and *** for one nested too deep to be shown.

    `name` is the word before it: a key, or an argument.
    """
    if depth(value) > _DEEPEST_SHOWN:
        return "***"
    if isinstance(value, Mapping):
        return {masked(key): masked(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, before) for item, before in zip(value, _before(value, name), strict=True)]
    return _without_secrets(value, name)[0] if isinstance(value, str) else value


def _without_secrets(text: str, name: str) -> tuple[str, list[str]]:
    """Return a text with *** in place of its secrets, and the kinds of secrets found."""
    kinds = []
    lower = f"{name}={text}".lower()
    for kind, (hints, pattern) in _SECRETS.items():
        if not any(hint in lower for hint in hints):
            continue
        # The name counts as the text before an equals sign; a secret in the name itself is not part of the text.
        named, start = f"{name}={text}", len(name) + 1
        spans = [match.span("secret") for match in re.finditer(pattern, named)]
        spans = [(first - start, last - start) for first, last in spans if first >= start]
        for first, last in reversed(spans):
            text = f"{text[:first]}***{text[last:]}"
        kinds += [kind] if spans else []
    return text, kinds


def texts(value: object) -> Iterator[tuple[Location, str, str]]:
    """Yield each text of a value, including keys, with its location and the word before it, at any depth."""
    left: list[tuple[Location, str, object]] = [((), "", value)]
    while left:
        loc, name, here = left.pop()
        if isinstance(here, str):
            yield loc, name, here
        elif isinstance(here, Mapping):
            below = [((loc, "", key), ((*loc, key), key, item)) for key, item in here.items()]
            left += [part for pair in reversed(below) for part in reversed(pair)]
        elif isinstance(here, list | tuple):
            named = zip(here, _before(here, name), strict=True)
            left += [((*loc, index), before, item) for index, (item, before) in enumerate(named)][::-1]


def _before(items: Sequence[object], name: str) -> list[str]:
    """Return for each item of a list the text before it, or the list's name if that is not a text."""
    return [before if isinstance(before, str) else name for before in (name, *items)][: len(items)]
