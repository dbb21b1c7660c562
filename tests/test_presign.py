"""What signing a document's URLs takes, without the CDK."""

from __future__ import annotations

from typing import Any

import pytest

from iot_jobs import JobDocument, JobTemplateSpec, PresignedUrlConfig
from iot_jobs.cloudformation import properties
from iot_jobs.documents.placeholders import placeholders
from iot_jobs.presign import MADE_ROLE, all_access, encoded, needed_access, with_role

S3 = "https://s3.eu-west-1.amazonaws.com"
V1 = "${aws:iot:s3-presigned-url:%s}"
V2 = "${aws:iot:s3-presigned-url-v2:%s}"
UPLOAD = "${aws:iot:s3-presigned-url-upload:%s}"
TOKEN = "${Token[TOKEN.12]}"


def access(text: str) -> list[tuple[str, str, str]] | None:
    """What the only placeholder of a text takes."""
    one = next(iter(placeholders(text)))
    needed = needed_access(one)
    return None if needed is None else [(one.action, one.bucket, one.key) for one in needed]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (V2 % f"{S3}/bucket/a/b.img", [("s3:GetObject", "bucket", "a/b.img")]),
        (V2 % "https://bucket.s3.eu-west-1.amazonaws.com/a.img", [("s3:GetObject", "bucket", "a.img")]),
        (V2 % "https://my.bucket.s3.eu-west-1.amazonaws.com/a.img", [("s3:GetObject", "my.bucket", "a.img")]),
        (V2 % "https://s3.cn-north-1.amazonaws.com.cn/bucket/a", [("s3:GetObject", "bucket", "a")]),
        (V2 % "https://s3.amazonaws.com/bucket/a", [("s3:GetObject", "bucket", "a")]),
        (V2 % f"{S3}/bucket/a%20b%2Bc", [("s3:GetObject", "bucket", "a b+c")]),
        (V2 % f"{S3}/bucket/%2A%3F%24", [("s3:GetObject", "bucket", "${*}${?}${$}")]),
        (
            V2 % f"{S3}/bucket/a%3FversionId%3Dv1",
            [("s3:GetObject", "bucket", "a"), ("s3:GetObjectVersion", "bucket", "a")],
        ),
        # The first form takes the key unchanged, and has no version.
        (V1 % f"{S3}/bucket/a%20b", [("s3:GetObject", "bucket", "a%20b")]),
        (V1.replace("url:", "url-v1:") % f"{S3}/bucket/a*", [("s3:GetObject", "bucket", "a${*}")]),
        (
            UPLOAD % f"{S3}/bucket/${{thingName}}/${{jobId}}-${{executionNumber}}*",
            [("s3:PutObject", "bucket", "*/*-*${*}")],
        ),
        (UPLOAD % f"{S3}/bucket", [("s3:PutObject", "bucket", "*")]),
        (
            V2 % f"{S3}/bucket/${{aws:iot:code-sign-signature:s3://eu-west-1.bucket/a@v}}",
            [("s3:GetObject", "bucket", "*")],
        ),
        (
            V2 % f"https://s3.{TOKEN}.{TOKEN}/{TOKEN}/a{TOKEN}%20",
            [("s3:GetObject", TOKEN, f"a{TOKEN} ")],
        ),
        # These don't say which object it is.
        (UPLOAD % S3, None),
        (V2 % f"{S3}/bucket/", None),
        (V2 % f"https://{TOKEN}/a", None),
        ("${aws:iot:package:agent:version:1.0:artifact-location:s3-presigned-url}", None),
        ("${aws:iot:package:agent:version:1.0:attributes:url}", None),
    ],
)
def test_needed_access(text: str, expected: Any) -> None:
    """Actions, bucket and key follow from the placeholder, with what is special in IAM escaped."""
    assert access(text) == expected


def test_all_access() -> None:
    """Each object is listed once, in a stable order."""
    document = JobDocument.inline({"b": V2 % f"{S3}/bucket/b", "a": V2 % f"{S3}/bucket/a", "c": V2 % f"{S3}/bucket/b"})
    assert [one.key for one in all_access(document.placeholders)] == ["a", "b"]


PRESIGNED = JobDocument.inline({"a": V2 % f"{S3}/bucket/a"}).placeholders
NAMELESS = JobDocument.inline(
    {"a": V2 % f"{S3}/bucket/a", "b": "${aws:iot:package:agent:version:1.0:artifact:s3-presigned-url}"}
).placeholders
OWN = {"role_arn": "arn:aws:iam::123456789012:role/presign"}


@pytest.mark.parametrize(
    ("given", "found", "expected"),
    [
        (None, PRESIGNED, {"role_arn": MADE_ROLE}),
        ({}, PRESIGNED, {"role_arn": MADE_ROLE}),
        ({"expires_in_sec": 900}, PRESIGNED, {"expires_in_sec": 900, "role_arn": MADE_ROLE}),
        ({"role_arn": None}, PRESIGNED, {"role_arn": MADE_ROLE}),
        (OWN, PRESIGNED, OWN),
        (5, PRESIGNED, 5),
        (None, (), None),
        ({"expires_in_sec": 900}, (), {"expires_in_sec": 900}),
        (None, NAMELESS, None),
        ({"expires_in_sec": 900}, NAMELESS, {"expires_in_sec": 900}),
    ],
)
def test_with_role(given: Any, found: Any, expected: Any) -> None:
    """A role is to be made where one is missing, and where the document says what it must allow."""
    assert with_role(given, found) == expected


def test_a_made_role_is_a_reference() -> None:
    """To the pure path a role that is to be made is one that only CloudFormation will know."""
    spec = JobTemplateSpec(
        template_name="a",
        description="x",
        document=JobDocument.inline({"a": V2 % f"{S3}/bucket/a"}),
        presigned_url=PresignedUrlConfig(role_arn=MADE_ROLE),
    )
    assert properties(spec)["PresignedUrlConfig"] == {
        "RoleArn": {"Fn::GetAtt": ["PresignRole", "Arn"]},
        "ExpiresInSec": 3600,
    }


@pytest.mark.parametrize(
    ("key", "expected"),
    [("a/b-c_d.~e", "a/b-c_d.~e"), ("a b", "a%20b"), ("ü*", "%C3%BC%2A"), (f"a {TOKEN} %", f"a%20{TOKEN}%20%25")],
)
def test_encoded(key: str, expected: str) -> None:
    """Everything that the v2 form does not take is percent-encoded, and tokens are left alone."""
    assert encoded(key) == expected
