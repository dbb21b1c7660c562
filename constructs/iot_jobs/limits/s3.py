"""Addresses of S3 objects: `https://`, in path style or virtual-hosted style, of any partition, and `s3://`."""

from __future__ import annotations

import re
from typing import NamedTuple

from iot_jobs.limits.regions import PARTITIONS, URL_SUFFIXES

BUCKET = r"(?!(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?:/|\.s3[.-]|$))[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]"
"""A bucket's name: 3 to 63 characters, no two dots in a row, no IP address (S3 user guide, bucket naming rules)."""

_TOKEN = r"\$\{Token\[[^]]+\]\}"  # noqa: S105  # of the CDK
_SUFFIX = "|".join(dict.fromkeys(URL_SUFFIXES.values())).replace(".", r"\.")


def _host(label: str, suffix: str) -> str:
    return rf"s3(?:[.-]{label})?\.(?:{suffix})"


_S3 = _host("[a-z0-9-]+", _SUFFIX)
OBJECT = rf"(?:https://(?:{_S3}/{BUCKET}|{BUCKET}\.{_S3})|s3://{BUCKET})/(?![?#])[!#-;=?-\[\]^_a-z|~]+"  # no ${...}
"""The address of an object, with a key in the characters of a URL."""

# Region, bucket and suffix may be tokens, which hold no slash.
_S3_OR_TOKENS = _host(rf"(?:[a-z0-9-]|{_TOKEN})+", f"{_SUFFIX}|{_TOKEN}")
_ADDRESS = (
    rf"(?s)(?:https://{_S3_OR_TOKENS}(?:/(?P<path_bucket>[^/]*))?"
    rf"|https://(?P<host_bucket>[^/]+?)\.{_S3_OR_TOKENS}|s3://(?P<bucket>[^/]+))(?:/(?P<key>(?:[^?#].*)?))?"
)
_REGIONAL = rf"(?s)https://(?:[^/]+\.)?{_host('(?P<label>[a-z0-9-]+)', _SUFFIX)}(?:/.*)?"


class Address(NamedTuple):
    """The parts of an address; empty if absent. The bucket's name may be wrong, and both may hold placeholders."""

    bucket: str
    key: str


def address(text: str) -> Address | None:
    """Return the parts of an S3 address; None for any other text."""
    match = re.fullmatch(_ADDRESS, text)
    if match is None:
        return None
    bucket = match["path_bucket"] or match["host_bucket"] or match["bucket"] or ""
    return Address(bucket, match["key"] or "")


def region_of(text: str) -> str | None:
    """Return the region in an https address; None for any other text, such as an address that names no region."""
    match = re.fullmatch(_REGIONAL, text)
    return match["label"] if match and match["label"] in PARTITIONS else None


def is_bucket(name: str) -> bool:
    """Return whether a text can be the name of a bucket."""
    return re.fullmatch(BUCKET, name) is not None
