"""Addresses of S3 objects: partitions, regions, styles, names of buckets."""

import pytest
from botocore.loaders import Loader

from iot_jobs.limits import REGION
from iot_jobs.limits.regions import PARTITIONS, URL_SUFFIXES
from iot_jobs.limits.s3 import Address, address, is_bucket, region_of


def test_partitions() -> None:
    """All domains of all partitions are known."""
    partitions = Loader().load_data("endpoints")["partitions"]
    assert sorted(set(URL_SUFFIXES.values())) == sorted({partition["dnsSuffix"] for partition in partitions})


def test_regions() -> None:
    """All regions of botocore are known, in their partitions, and an environment may name each region."""
    published = {
        region: partition["partition"]
        for partition in Loader().load_data("endpoints")["partitions"]
        for region in partition["regions"]
    }
    assert {region: PARTITIONS.get(region) for region in published} == published
    assert [region for region in PARTITIONS if not REGION.accepts(region)] == []


@pytest.mark.xdist_group("jsii")
def test_regions_of_the_cdk() -> None:
    """The known regions are those of the CDK, which is the same in all environments of the tests, unlike botocore."""
    from aws_cdk.region_info import RegionInfo

    assert {region.name: region.partition for region in RegionInfo.regions} == PARTITIONS


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


REGIONS = [
    ("https://s3.eu-west-1.amazonaws.com/bucket/a", "eu-west-1"),
    ("https://s3-eu-west-1.amazonaws.com/bucket/a", "eu-west-1"),
    ("https://bucket.s3.us-gov-west-1.amazonaws.com/a\nb", "us-gov-west-1"),
    ("https://bucket.s3-us-west-2.amazonaws.com", "us-west-2"),
    ("https://a.s3.eu-west-1.s3.us-east-1.amazonaws.com/https://s3.eu-west-3.amazonaws.com/", "us-east-1"),
    ("https://s3.cn-north-1.amazonaws.com.cn/bucket/${thingName}", "cn-north-1"),
    ("https://bucket.s3.eusc-de-east-1.amazonaws.eu/a", "eusc-de-east-1"),
    ("https://s3.amazonaws.com/s3.eu-west-1.amazonaws.com/a", None),
    ("https://bucket.s3.amazonaws.com/a", None),
    ("https://s3-accelerate.amazonaws.com/bucket/a", None),
    ("https://s3-external-1.amazonaws.com/bucket/a", None),
    ("https://s3.eu-west-9.amazonaws.com/bucket/a", None),
    ("https://s3.${Token[A.1]}.amazonaws.com/bucket/a", None),
    ("s3://bucket/a", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), REGIONS)
def test_regions_of_addresses(text: str, expected: str | None) -> None:
    """An address has the region in its host, if it names a known one."""
    assert region_of(text) == expected
