"""The `${aws:iot:...}` placeholders of a job document: search, parsing, and checks of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from iot_jobs.finding import Finding, Location, Rule, nearest
from iot_jobs.limits import GUIDE, MAX_PLACEHOLDERS, s3
from iot_jobs.unresolved import holds_token

_GUIDE = GUIDE + "create-manage-jobs.html"
_PACKAGES = GUIDE + "preparing-jobs-for-service-package-catalog.html"
_TROUBLE = GUIDE + "software-package-catalog-troubleshooting.html"

DOWNLOADS = ("s3-presigned-url", "s3-presigned-url-v1", "s3-presigned-url-v2")
UPLOAD = "s3-presigned-url-upload"
KINDS = (*DOWNLOADS, UPLOAD, "code-sign-signature", "package", "parameter")

UNTERMINATED = Rule(
    code="JT510",
    title="every placeholder has its closing brace",
    why="The service refuses a document with an unterminated placeholder.",
    source=_TROUBLE,
    evidence="documented",
)
TOO_MANY = Rule(
    code="JT511",
    title=f"a document has at most {MAX_PLACEHOLDERS} placeholders",
    why="The service substitutes no more than that.",
    source=GUIDE + "job-templates-create.html",
    evidence="documented",
)
PRESIGNED_URL = Rule(
    code="JT513",
    title="a presigned placeholder has an S3 object's https URL or s3:// address, percent-encoded in the v2 form",
    why="The service signs the URL when a device requests the document; a malformed URL fails on the device.",
    source=_GUIDE,
    evidence="documented",
)
PACKAGE = Rule(
    code="JT514",
    title="a package placeholder has one of the forms that AWS documents",
    why="The service refuses a malformed placeholder, the version $null, and :attributes without a key unless it is "
    "the whole value.",
    source=_PACKAGES,
    evidence="documented",
)
NESTED = Rule(
    code="JT516",
    title="no AWS placeholder is inside another, except a code signature in a presigned URL",
    why="The service refuses a second layer of placeholders.",
    source=_TROUBLE,
    evidence="documented",
)
LOCAL = Rule(
    code="JT517",
    title="the only ${...} in the key of an upload are thingName, jobId and executionNumber, each at most twice",
    why="AWS refuses other names, a third use, and any placeholder in the bucket. In a download it fills none of them.",
    source=_GUIDE,
    evidence="documented",
)
UNKNOWN = Rule(
    code="JT561",
    title="every ${aws:...} is a placeholder that AWS fills",
    why="A placeholder that AWS doesn't know reaches the device unchanged.",
    source=_GUIDE,
    evidence="documented",
    severity="warning",
)

# Assumed: / and what encodeURIComponent leaves plain are plain, all else is percent-encoded; a version isn't empty.
_NO_VERSION = r"(?i)(?:\?|%3F)versionId(?:=|%3D)\Z"
_ENCODED = r"(?:[A-Za-z0-9._~!*'()/-]|%(?!2[Ff])[0-9A-Fa-f]{2})+"
_PACKAGE = (
    r"(?P<name>[A-Za-z0-9_.-]{0,128}):version:(?P<version>[A-Za-z0-9_.-]{0,64}|\$default|\$null)"
    r":(?:attributes(?::(?P<attribute>.+))?|(?P<artifact>artifact(?:-location)?:s3-presigned-url))"
)
_BRACE = re.compile(r"\$\{|\}")
_FILLED_IN = frozenset({"thingName", "jobId", "executionNumber"})
_LOCAL = r"\$\{(?!aws:)([^}]*)\}"


class Placeholder(NamedTuple):
    """A placeholder. `kind` follows `aws:iot:`, `argument` is the rest, `loc` the location of its text in the document.

    `whole` is true if the placeholder is the entire text, `inner` if it is inside another placeholder, and `closed` if
    its closing brace was found.
    """

    text: str
    kind: str
    argument: str
    loc: Location
    whole: bool = True
    inner: bool = False
    closed: bool = True

    @property
    def presigned(self) -> bool:
        """True if AWS IoT signs a URL for it, for which it needs a role."""
        return self.kind in (*DOWNLOADS, UPLOAD) or self.argument.endswith(":s3-presigned-url")

    @property
    def package(self) -> tuple[str, str] | None:
        """Name and version of its package; None for another kind, or a malformed placeholder."""
        match = re.fullmatch(_PACKAGE, self.argument) if self.kind == "package" else None
        return (match["name"], match["version"]) if match else None

    def problems(self) -> Iterator[Finding]:
        """Yield findings for this placeholder alone. One that holds a token is not checked further."""
        if not self.closed:
            yield self._finding(UNTERMINATED, "a closing } for each ${aws:", "add the }")
        elif self.inner and self.kind != "code-sign-signature":
            yield self._finding(NESTED, "one layer of placeholders", "write the value out")
        elif holds_token(self.text):
            return
        elif self.kind in (*DOWNLOADS, UPLOAD):
            yield from self._url_problems()
        elif self.kind == "package":
            yield from self._package_problems()
        elif self.kind not in KINDS:
            yield self._finding(UNKNOWN, ", ".join(KINDS), self._nearest_kind())

    def _nearest_kind(self) -> str:
        # If `iot:` is misspelt or missing, the kind is the whole text.
        near = next(filter(None, (nearest(word, KINDS, cutoff=0.7) for word in self.kind.split(":")[:2])), None)
        return f"write ${{aws:iot:{near}" if near else "correct the name, or remove aws: if it is plain text"

    def _url_problems(self) -> Iterator[Finding]:
        address = s3.address(self.argument)
        bucket, key = address or ("", "")
        is_upload = self.kind == UPLOAD
        in_bucket, in_key = re.findall(_LOCAL, bucket), re.findall(_LOCAL, key)
        # An upload may leave the key, or bucket and key, to AWS; `NESTED` reports an AWS placeholder in the bucket.
        complete = bool(bucket or not key) if is_upload else bool(bucket and key)
        named = not bucket or "${aws:" in bucket or s3.is_bucket(bucket)
        if in_bucket if is_upload else not _FILLED_IN.isdisjoint(in_bucket + in_key):
            yield self._finding(LOCAL, "local placeholders in the key of an upload only", "write a fixed name there")
        elif not (address and complete and named):
            yield self._finding(PRESIGNED_URL, "https://s3.<region>.amazonaws.com/<bucket>/<key>",
                                "write the object's https URL")  # fmt: skip
        elif is_upload and (unknown := [name for name in in_key if name not in _FILLED_IN]):
            allowed = "thingName, jobId and executionNumber in the key of an upload"
            yield self._finding(LOCAL, allowed, f"write the value of ${{{unknown[0]}}} out")
        elif is_upload and any(in_key.count(name) > 2 for name in in_key):
            yield self._finding(LOCAL, "each local placeholder at most twice", "remove one")
        elif self.kind == "s3-presigned-url-v2" and "${" not in key and not _is_encoded(key):
            allowed = (
                "letters, digits, /, -._~!*'() and percent-encoded characters in the key; ?versionId= as %3F and %3D"
            )
            encoded = _percent_encoded(key)
            yield self._finding(PRESIGNED_URL, allowed, f"percent-encode the key{encoded and f': {encoded}'}")

    def _package_problems(self) -> Iterator[Finding]:
        match = re.fullmatch(_PACKAGE, self.argument)
        if not match:
            allowed = (
                "${aws:iot:package:<name>:version:<version>:<part>}, where the part is attributes, attributes:<key>, "
                "artifact:s3-presigned-url or artifact-location:s3-presigned-url"
            )
            yield self._finding(PACKAGE, allowed, "write it in this form")
            return
        if bool(match["name"]) != bool(match["version"]):
            yield self._finding(PACKAGE, "package name and version both given or both empty", "write both")
        if match["version"] == "$null":
            yield self._finding(PACKAGE, "a version or $default in a document", "name the version")
        if not (match["attribute"] or match["artifact"]) and not self.whole:
            yield self._finding(PACKAGE, "all attributes as a JSON value by itself", "name one attribute")

    def _finding(self, rule: Rule, allowed: str, fix: str) -> Finding:
        return rule.finding(loc=self.loc, given=self.text, allowed=allowed, fix=fix)


def placeholders(value: object, loc: Location = ()) -> Iterator[Placeholder]:
    """Yield all AWS placeholders of a document's value and keys, in the order of the document, outer before inner."""
    if isinstance(value, str):
        yield from _in_text(value, loc)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _in_text(key, (*loc, key))
            yield from placeholders(item, (*loc, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from placeholders(item, (*loc, index))


def problems(found: tuple[Placeholder, ...]) -> Iterator[Finding]:
    """Yield findings for a document's placeholders, each alone and all together."""
    for placeholder in found:
        yield from placeholder.problems()
    if len(found) > MAX_PLACEHOLDERS:
        yield TOO_MANY.finding(
            loc=found[MAX_PLACEHOLDERS].loc,
            given=len(found),
            allowed=f"at most {MAX_PLACEHOLDERS} placeholders",
            fix="build URLs on the device from one of them, or split the job",
        )


def _in_text(text: str, loc: Location, *, inner: bool = False) -> Iterator[Placeholder]:
    """Yield the placeholders in a text; `inner` is true for the inside of a placeholder."""
    start = text.find("${aws:")
    while start >= 0:
        end = _end(text, start)
        part = text[start:end]
        body = part[len("${aws:") :] if end is None else part[len("${aws:") : -1]
        kind, _, argument = body.removeprefix("iot:").partition(":")
        whole = not inner and part == text
        yield Placeholder(part, kind if body.startswith("iot:") else body, argument, loc, whole, inner, end is not None)
        if end is None:
            return
        if not inner:  # the first inner layer is already refused
            yield from _in_text(body, loc, inner=True)
        start = text.find("${aws:", end)


def _end(text: str, start: int) -> int | None:
    """Return the end of the placeholder that starts at `start`, with nested braces matched; None if it has none."""
    level = 0
    for match in _BRACE.finditer(text, start):
        level += 1 if match[0] == "${" else -1
        if level == 0:
            return match.end()
    return None


def _is_encoded(key: str) -> bool:
    return re.fullmatch(_ENCODED, key) is not None and re.search(_NO_VERSION, key) is None


def _percent_encoded(key: str) -> str:
    """Return the key percent-encoded for a v2 placeholder; empty if half a surrogate pair prevents that."""
    from urllib.parse import quote

    plain = re.sub("(?i)%2F", "/", re.sub(_NO_VERSION, "", key))
    try:
        return quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", plain), safe="/%!*'()~")
    except UnicodeEncodeError:
        return ""
