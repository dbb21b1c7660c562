"""Placeholders built from buckets, and the role that signs their URLs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template
from cfnlint.api import lint

from iot_jobs import Environment, FindingsError, Fleet, JobDocument, JobTemplateSpec, PresignedUrlConfig
from iot_jobs.cdk import JobTemplate, JobTemplateRules, Placeholder, PresignedUrl
from iot_jobs.limits import MAX_DOCUMENT_BYTES
from iot_jobs.presign import with_role
from stacks.job_templates import JobTemplatesStack
from tests.oracles.iam import allows, text, texts

TYPE = "AWS::IoT::JobTemplate"
IMAGE = "${aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.amazonaws.com/releases/image.bin}"
ACCOUNT = "123456789012"
ENV = cdk.Environment(account=ACCOUNT, region="eu-west-1")


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Jobs", env=ENV)


def firmware(scope: cdk.Stack, value: Mapping[str, Any], id: str = "Firmware", **options: Any) -> JobTemplate:
    """A template whose document has these values."""
    document = JobDocument.inline(value)
    return JobTemplate(scope, id, template_name="firmware", description="Install", document=document, **options)


def synthesized(stack: cdk.Stack, kind: str) -> dict[str, Any]:
    """The only resource of a kind."""
    (found,) = Template.from_stack(stack).find_resources(kind).values()
    return dict(found)


def statements(stack: cdk.Stack) -> list[dict[str, Any]]:
    """What the only role allows, with nothing left to resolve."""
    (policy,) = synthesized(stack, "AWS::IAM::Role")["Properties"]["Policies"]
    found = policy["PolicyDocument"]["Statement"]
    return [{**one, "Resource": texts(one["Resource"])} for one in found]


def test_the_made_role(stack: cdk.Stack) -> None:
    """AWS IoT may assume it for this account and region, and it may read the one object that the document names."""
    template = firmware(stack, {"image": IMAGE})
    (logical_id,) = Template.from_stack(stack).find_resources("AWS::IAM::Role")
    role = synthesized(stack, "AWS::IAM::Role")["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    source = trust["Condition"]["ArnLike"].pop("aws:SourceArn")
    assert text(source) == f"arn:aws:iot:eu-west-1:{ACCOUNT}:*"
    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {}},
    }
    assert statements(stack) == [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::releases/image.bin"]}
    ]
    assert synthesized(stack, TYPE)["Properties"]["PresignedUrlConfig"] == {
        "RoleArn": {"Fn::GetAtt": [logical_id, "Arn"]},
        "ExpiresInSec": 3600,
    }
    assert template.presign_role_arn is not None


KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0f1e2d3c-1111-2222-3333-444455556666"


def test_keys_of_buckets(stack: cdk.Stack) -> None:
    """The role may decrypt downloads and encrypt uploads with the keys of the buckets, made here or imported."""
    releases = s3.Bucket(stack, "Releases", encryption=s3.BucketEncryption.KMS)
    key = kms.Key.from_key_arn(stack, "Key", KEY)
    logs = s3.Bucket.from_bucket_attributes(stack, "Logs", bucket_name="logs", encryption_key=key)
    document = {
        "image": Placeholder.presigned_download(releases, "image.bin", "1"),
        "config": Placeholder.presigned_download(releases, "config.json"),
        "log": Placeholder.presigned_upload(logs, "${thingName}.txt"),
        "by hand": IMAGE,
    }
    template = firmware(stack, document)
    assert releases.encryption_key is not None
    made = text(stack.resolve(releases.encryption_key.key_arn))
    assert [one for one in statements(stack) if one["Action"].startswith("kms:")] == [
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": [made]},
        {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": [KEY]},
    ]
    assert Annotations.from_stack(stack).find_warning("*", Match.any_value()) == []
    (name,) = Template.from_stack(stack).find_resources("AWS::IAM::Role")
    assert text(stack.resolve(template.presign_role_arn)) == f"{name}.Arn"


WRITTEN: dict[str, Callable[[s3.Bucket], str]] = {
    "a token": lambda made: f"https://s3.eu-west-1.amazonaws.com/{made.bucket_name}/image.bin",
    "its own name": lambda _: "https://releases.s3.eu-west-1.amazonaws.com/image.bin",
    "an imported name": lambda _: "https://s3.eu-west-1.amazonaws.com/imported/image.bin",
    "another name": lambda _: "https://s3.eu-west-1.amazonaws.com/another/image.bin",
}


@pytest.mark.parametrize("written", WRITTEN)
def test_keys_of_buckets_in_addresses_written_by_hand(stack: cdk.Stack, written: str) -> None:
    """A bucket that the app has is known by its name, also if the placeholder was written by hand."""
    key = kms.Key.from_key_arn(stack, "Key", KEY)
    made = s3.Bucket(stack, "Releases", bucket_name="releases", encryption_key=key)
    s3.Bucket.from_bucket_attributes(stack, "Imported", bucket_name="imported", encryption_key=key)
    firmware(stack, {"image": f"${{aws:iot:s3-presigned-url:{WRITTEN[written](made)}}}"})
    assert [one["Resource"] for one in statements(stack) if one["Action"].startswith("kms:")] == (
        [] if written == "another name" else [[KEY]]
    )


def test_another_key_is_another_role() -> None:
    """The keys that a role may use are part of its name, as the objects are; without any, it has its earlier name."""
    names: list[str] = []
    for arn in (None, KEY, KEY[:-1] + "7"):
        stack = cdk.Stack(cdk.App(), "Jobs", env=ENV)
        key = None if arn is None else kms.Key.from_key_arn(stack, "Key", arn)
        bucket = s3.Bucket.from_bucket_attributes(stack, "Releases", bucket_name="releases", encryption_key=key)
        firmware(stack, {"image": Placeholder.presigned_download(bucket, "image.bin")})
        names += Template.from_stack(stack).find_resources("AWS::IAM::Role")
    by_hand = cdk.Stack(cdk.App(), "Jobs", env=ENV)
    firmware(by_hand, {"image": IMAGE})
    (earlier,) = Template.from_stack(by_hand).find_resources("AWS::IAM::Role")
    assert (names[0], len(set(names))) == (earlier, 3)


def test_a_bucket_of_another_account(stack: cdk.Stack) -> None:
    """What its owner has to allow is a warning, once for each bucket; an account that isn't known is none."""
    other = s3.Bucket.from_bucket_attributes(stack, "Other", bucket_name="other", account="000000000000")
    same = s3.Bucket.from_bucket_attributes(stack, "Same", bucket_name="same", account=ACCOUNT)
    document = {
        "a": Placeholder.presigned_download(other, "a"),
        "b": Placeholder.presigned_upload(other, "b"),
        "c": Placeholder.presigned_download(same, "c"),
    }
    firmware(stack, document)
    (warning,) = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    assert warning.id == "/Jobs/Firmware"
    assert str(warning.entry.data).startswith("the bucket Jobs/Other is in account 000000000000: its policy, and ")
    nowhere = cdk.Stack(cdk.App(), "Jobs")
    bucket = s3.Bucket.from_bucket_attributes(nowhere, "Other", bucket_name="other", account="000000000000")
    firmware(nowhere, {"a": Placeholder.presigned_download(bucket, "a")})
    assert Annotations.from_stack(nowhere).find_warning("*", Match.any_value()) == []


def test_least_privilege(stack: cdk.Stack) -> None:
    """It reads the objects, their versions where one is named, writes the uploads, and nothing beside them."""
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "releases")
    value = {
        "image": Placeholder.presigned_download(bucket, "a*b/?.bin", "v1"),
        "plain": Placeholder.presigned_download(bucket, "plain.bin"),
        "log": Placeholder.presigned_upload(bucket, "logs/${thingName}/${jobId}-${executionNumber}.tgz"),
    }
    firmware(stack, value)
    found = statements(stack)
    for action, key, allowed in [
        ("s3:GetObject", "a*b/?.bin", True),
        ("s3:GetObjectVersion", "a*b/?.bin", True),
        ("s3:GetObject", "aXb/?.bin", False),
        ("s3:GetObject", "a*b/X.bin", False),
        ("s3:GetObject", "plain.bin", True),
        ("s3:GetObjectVersion", "plain.bin", False),
        ("s3:GetObject", "plain.binx", False),
        ("s3:GetObject", "logs/thing/job-1.tgz", False),
        ("s3:PutObject", "logs/thing/job-1.tgz", True),
        ("s3:PutObject", "other/thing/job-1.tgz", False),
        ("s3:PutObject", "plain.bin", False),
        ("s3:DeleteObject", "plain.bin", False),
    ]:
        assert allows(found, action, f"arn:aws:s3:::releases/{key}") == allowed, (action, key)
    assert not allows(found, "s3:GetObject", "arn:aws:s3:::neighbour/plain.bin")
    assert not allows(found, "s3:ListBucket", "arn:aws:s3:::releases")


def test_a_bucket_of_the_same_stack(stack: cdk.Stack) -> None:
    """The document and the role refer to the bucket, and no placeholder is inside an Fn::Sub, which would eat it."""
    bucket = s3.Bucket(stack, "Bucket")
    firmware(stack, {"image": Placeholder.presigned_download(bucket, "gate way/4.2 ü.img", "v+1")})
    document = synthesized(stack, TYPE)["Properties"]["Document"]
    assert "Fn::Sub" not in json.dumps(document)
    (name,) = Template.from_stack(stack).find_resources("AWS::S3::Bucket")
    url = f"https://s3.eu-west-1.amazonaws.com/{name}/gate%20way/4.2%20%C3%BC.img%3FversionId%3Dv%2B1"
    assert json.loads(text(document)) == {"image": f"${{aws:iot:s3-presigned-url-v2:{url}}}"}
    assert [one["Resource"] for one in statements(stack)] == [[f"arn:aws:s3:::{name}/gate way/4.2 ü.img"]] * 2


def test_a_stack_without_region() -> None:
    """Region, partition and host are left to CloudFormation where they aren't known."""
    stack = cdk.Stack(cdk.App(), "Jobs")
    bucket = s3.Bucket(stack, "Bucket")
    firmware(stack, {"log": Placeholder.presigned_upload(bucket, "${thingName}")})
    document = synthesized(stack, TYPE)["Properties"]["Document"]
    assert {"Ref": "AWS::Region"} in document["Fn::Join"][1]
    assert {"Ref": "AWS::URLSuffix"} in document["Fn::Join"][1]
    (name,) = Template.from_stack(stack).find_resources("AWS::S3::Bucket")
    assert json.loads(text(document))["log"].endswith(f"https://s3.eu-west-1.amazonaws.com/{name}/${{thingName}}}}")
    assert [one["Resource"] for one in statements(stack)] == [[f"arn:aws:s3:::{name}/*"]]


def test_china() -> None:
    """The host ends in .cn there, and the role's ARNs follow the partition."""
    app = cdk.App(context={"@aws-cdk/core:enablePartitionLiterals": True})
    stack = cdk.Stack(app, "Jobs", env=cdk.Environment(account=ACCOUNT, region="cn-north-1"))
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "releases")
    placeholder = Placeholder.presigned_download(bucket, "a.img")
    assert placeholder == "${aws:iot:s3-presigned-url-v2:https://s3.cn-north-1.amazonaws.com.cn/releases/a.img}"
    firmware(stack, {"image": placeholder})
    assert [one["Resource"] for one in statements(stack)] == [["arn:aws-cn:s3:::releases/a.img"]]
    (trust,) = synthesized(stack, "AWS::IAM::Role")["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": f"arn:aws-cn:iot:cn-north-1:{ACCOUNT}:*"}


@pytest.mark.parametrize("key", ["", "/a", "x" * 1025])
def test_wrong_keys(stack: cdk.Stack, key: str) -> None:
    """What is no object's key is refused before Node is asked."""
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "releases")
    for build in (Placeholder.presigned_download, Placeholder.presigned_upload):
        with pytest.raises(FindingsError, match="JT513 key"):
            build(bucket, key)
    assert "x" * 1024 in Placeholder.presigned_download(bucket, "x" * 1024)


def test_lifetime_and_own_roles(stack: cdk.Stack) -> None:
    """The lifetime is always written, and a role that is passed is used, without another beside it."""
    firmware(stack, {"image": IMAGE}, "A", presigned_url=PresignedUrl(expires_in_sec=900), parameter_prefix=None)
    own = iam.Role(stack, "Own", assumed_by=iam.ServicePrincipal("iot.amazonaws.com"))
    firmware(stack, {"image": IMAGE}, "B", presigned_url=PresignedUrl(role=own), parameter_prefix=None)
    given = PresignedUrlConfig(role_arn="arn:aws:iam::123456789012:role/presign")
    firmware(stack, {"image": IMAGE}, "C", presigned_url=given, parameter_prefix=None)
    template = Template.from_stack(stack)
    blocks = [one["Properties"]["PresignedUrlConfig"] for one in template.find_resources(TYPE).values()]
    assert [one["ExpiresInSec"] for one in blocks] == [900, 3600, 3600]
    assert len(template.find_resources("AWS::IAM::Role")) == 2


def test_no_role_where_none_is_needed(stack: cdk.Stack) -> None:
    """A document without presigned placeholders gets no role, and a copy of a job takes the job's."""
    firmware(stack, {"a": 1}, "A", parameter_prefix=None)
    firmware(stack, {"a": IMAGE}, "B", job_arn="arn:aws:iot:eu-west-1:123456789012:job/x", parameter_prefix=None)
    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 0)


def test_an_object_that_is_not_named(stack: cdk.Stack) -> None:
    """Where the document doesn't say what to allow, a role must be passed."""
    arn = "arn:aws:iot:eu-west-1:123456789012:package/agent/version/1.0"
    artifact = {"a": "${aws:iot:package:agent:version:1.0:artifact:s3-presigned-url}"}
    with pytest.raises(FindingsError, match="JT503 presigned_url"):
        firmware(stack, artifact, destination_package_versions=[arn])


def test_the_role_moves_with_what_it_may_do() -> None:
    """Another object is another role and another id; another description leaves the role alone."""

    def made(**options: Any) -> tuple[str, str]:
        stack = cdk.Stack(cdk.App(), "Jobs")
        bucket = s3.Bucket(stack, "Bucket")
        key = options.pop("key", "a")
        firmware(stack, {"image": Placeholder.presigned_download(bucket, key), "b": options.pop("b", 1)}, **options)
        (role,) = Template.from_stack(stack).find_resources("AWS::IAM::Role")
        return role, synthesized(stack, TYPE)["Properties"]["JobTemplateId"]

    first = made()
    assert made() == first
    assert made(keep_previous=True) == first
    other = made(b=2)
    assert (other[0], other[1] != first[1]) == (first[0], True)
    moved = made(key="b")
    assert moved[0] != first[0]
    assert moved[1] != first[1]


@pytest.mark.parametrize(
    ("options", "policy"),
    [
        ({}, None),
        ({"keep_previous": True}, "RetainExceptOnCreate"),
        ({"removal_policy": cdk.RemovalPolicy.RETAIN}, "RetainExceptOnCreate"),
        ({"removal_policy": cdk.RemovalPolicy.DESTROY}, None),
    ],
)
def test_the_role_stays_with_its_template(stack: cdk.Stack, options: dict[str, Any], policy: str | None) -> None:
    """A template that is kept keeps its role, and neither is left behind by a deployment that fails."""
    firmware(stack, {"image": IMAGE}, **options)
    assert synthesized(stack, "AWS::IAM::Role").get("DeletionPolicy") == policy


@pytest.mark.parametrize(("extra", "fits"), [(0, True), (1, False)])
def test_what_is_seen_of_the_size(stack: cdk.Stack, extra: int, fits: bool) -> None:
    """Of a document with tokens the rest is measured, and the finding says that there is more."""
    bucket = s3.Bucket(stack, "Bucket")
    frame = len('{"a":"","b":""}')
    value = {"a": bucket.bucket_name, "b": "x" * (MAX_DOCUMENT_BYTES - frame + extra)}
    if fits:
        assert JobDocument.inline(value).size_in_bytes == MAX_DOCUMENT_BYTES
        return
    with pytest.raises(FindingsError, match="JT702") as raised:
        JobDocument.inline(value)
    (finding,) = raised.value.findings
    assert finding.given == MAX_DOCUMENT_BYTES + 1
    assert "plus the values resolved at deployment" in finding.allowed


def test_a_bucket_of_another_stack() -> None:
    """Document and role import the name of a bucket that another stack exports; the id is the same each time."""

    def made() -> dict[str, Any]:
        app = cdk.App()
        bucket = s3.Bucket(cdk.Stack(app, "Owner", env=ENV), "Bucket")
        stack = cdk.Stack(app, "Jobs", env=ENV)
        firmware(stack, {"image": Placeholder.presigned_download(bucket, "a.img")})
        assert "Fn::ImportValue" in json.dumps(synthesized(stack, "AWS::IAM::Role"))
        return dict(synthesized(stack, TYPE)["Properties"])

    first = made()
    assert "Fn::ImportValue" in json.dumps(first["Document"])
    assert made() == first


def test_a_bucket_elsewhere(stack: cdk.Stack) -> None:
    """The host is that of the bucket's own region."""
    bucket = s3.Bucket.from_bucket_attributes(stack, "Bucket", bucket_name="my.releases", region="us-east-1")
    expected = "${aws:iot:s3-presigned-url-v2:https://s3.us-east-1.amazonaws.com/my.releases/a}"
    assert Placeholder.presigned_download(bucket, "a") == expected


def test_an_environment_without_roles(tmp_path: Path) -> None:
    """A stack whose families name no role has one for each, and neither our rules nor cfn-lint find anything."""
    found = {"image": IMAGE, "log": IMAGE.replace("-v2:", "-upload:").replace("image.bin", "${thingName}/*?")}
    document = JobDocument.inline(found)
    spec = JobTemplateSpec(
        template_name="firmware",
        description="Install",
        document=document,
        presigned_url=with_role({"expires_in_sec": 900}, document.placeholders),
    )
    environment = Environment(name="test", account=ACCOUNT, region="eu-west-1", fleet=Fleet(things=5), templates=[spec])
    app = cdk.App(outdir=str(tmp_path))
    cdk.Validations.of(app).add_plugins(JobTemplateRules())
    made = JobTemplatesStack(app, "iot-jobs-test", environment=environment)
    app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    assert [one for plugin in report["pluginReports"] for one in plugin["violations"]] == []
    template = Template.from_stack(made).to_json()
    assert [str(one) for one in lint(json.dumps(template), regions=["eu-west-1"]) if one.rule.severity == "error"] == []
    assert synthesized(made, TYPE)["Properties"]["PresignedUrlConfig"]["ExpiresInSec"] == 900
    assert synthesized(made, "AWS::IAM::Role")["Properties"]["Path"] == "/iot-jobs/test/"
    assert [one["Resource"] for one in statements(made)] == [
        ["arn:aws:s3:::releases/image.bin"],
        ["arn:aws:s3:::releases/*/${*}${?}"],
    ]


@pytest.mark.parametrize("region", [None, "eu-west-1"])
def test_cdk_nag(tmp_path: Path, region: str | None) -> None:
    """cdk-nag has nothing to say about the role, whose wildcards are those of the uploads."""
    app = cdk.App(outdir=str(tmp_path))
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    env = None if region is None else cdk.Environment(account=ACCOUNT, region=region)
    stack = cdk.Stack(app, "Jobs", env=env)
    bucket = s3.Bucket(stack, "Bucket", enforce_ssl=True, server_access_logs_prefix="access")
    firmware(
        stack,
        {
            "image": Placeholder.presigned_download(bucket, "a*b?"),
            "log": Placeholder.presigned_upload(bucket, "logs/${thingName}"),
        },
    )
    app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    assert [violation for plugin in report["pluginReports"] for violation in plugin["violations"]] == []


@pytest.mark.parametrize("key", ["k/${thingName}/$HOME{x.log", "k/${thingName}/}{"])
def test_braces_in_the_key_of_an_upload(stack: cdk.Stack, key: str) -> None:
    """An odd key is a key like any other."""
    url = f"${{aws:iot:s3-presigned-url-upload:https://s3.eu-west-1.amazonaws.com/logs/{key}}}"
    firmware(stack, {"upload": url})
    (statement,) = statements(stack)
    assert statement["Action"] == "s3:PutObject"
