"""Addresses of S3 objects: partitions, styles, names of buckets."""

import pytest
from botocore.loaders import Loader

from iot_jobs.limits.s3 import DNS_SUFFIXES, Address, address, is_bucket


def test_partitions() -> None:
    """All domains of all partitions are known."""
    partitions = Loader().load_data("endpoints")["partitions"]
    assert sorted(DNS_SUFFIXES) == sorted({partition["dnsSuffix"] for partition in partitions})


BUCKETS = [
    ("ab", False),
    ("abc", True),
    ("a" * 63, True),
    ("a" * 64, False),
    ("my.bucket-2", True),
    ("my..bucket", False),
    (".bucket", False),
    ("bucket-", False),
    ("My-bucket", False),
    ("my_bucket", False),
    ("my bucket", False),
    ("1.2.3.4", False),
    ("1.2.3.4.5", True),
    ("bücket", False),
    ("", False),
]


@pytest.mark.parametrize(("name", "expected"), BUCKETS)
def test_buckets(name: str, expected: bool) -> None:
    """A bucket's name has 3 to 63 small letters, digits, dots and hyphens, and is no IP address."""
    assert is_bucket(name) is expected


ADDRESSES = [
    ("s3://bucket/a/b c", Address("bucket", "a/b c")),
    ("s3://bucket", Address("bucket", "")),
    ("s3://", None),
    ("https://s3.eu-west-1.amazonaws.com/bucket/a/b", Address("bucket", "a/b")),
    ("https://s3.eu-west-1.amazonaws.com/bucket/", Address("bucket", "")),
    ("https://s3.eu-west-1.amazonaws.com", Address("", "")),
    ("https://s3.eu-west-1.amazonaws.com//a", Address("", "a")),
    ("https://s3-accelerate.amazonaws.com/bucket/a", Address("bucket", "a")),
    ("https://my.bucket.s3.eu-west-1.amazonaws.com/a", Address("my.bucket", "a")),
    ("https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a", None),
    ("https://s3.${Token[A.1]}.${Token[B.2]}/${Token[C.3]}/a", Address("${Token[C.3]}", "a")),
    ("https://bucket.s3.amazonaws.com/?a", None),
    ("https://bucket.s3.amazonaws.com/#a", None),
    ("https://s3.amazonaws.org/bucket/a", None),
    ("https://amazonaws.com/bucket/a", None),
    ("ftp://bucket/a", None),
]


@pytest.mark.parametrize(("text", "expected"), ADDRESSES)
def test_addresses(text: str, expected: Address | None) -> None:
    """Bucket and key are what the address names, in either style."""
    assert address(text) == expected
