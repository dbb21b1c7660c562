"""Documents in S3: where AWS IoT reads them, and what moves with their content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template

from iot_jobs import FindingsError, JobDocument
from iot_jobs.cdk import JobTemplate, S3Document, Target
from tests.oracles.iam import text

TYPE = "AWS::IoT::JobTemplate"
ENV = cdk.Environment(account="123456789012", region="eu-west-1")
IMAGE = "${aws:iot:s3-presigned-url-v2:https://s3.eu-west-1.amazonaws.com/releases/image.bin}"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Jobs", env=ENV)


def template(scope: cdk.Stack, document: Any, **options: Any) -> JobTemplate:
    """A template with a document that is somewhere else."""
    return JobTemplate(scope, "Reboot", template_name="reboot", description="Reboot", document=document, **options)


def emitted(stack: cdk.Stack) -> dict[str, Any]:
    """The only template's resource."""
    (found,) = Template.from_stack(stack).find_resources(TYPE).values()
    return dict(found)


def from_file(tmp_path: Path, content: str, **options: Any) -> dict[str, Any]:
    """What is emitted for a document in a file."""
    path = tmp_path / "document.json"
    path.write_text(content)
    stack = cdk.Stack(cdk.App(), "Jobs", env=ENV)
    template(stack, S3Document.from_asset(path), **options)
    properties: dict[str, Any] = emitted(stack)["Properties"]
    return properties


def test_an_asset(tmp_path: Path) -> None:
    """The URL is that of the uploaded file; it stays the same if only the layout changes, and changes with the content."""
    first = from_file(tmp_path, '{"a": 1}')
    assert "Document" not in first
    url = text(first["DocumentSource"])
    assert url.startswith("https://s3.eu-west-1.amazonaws.com/cdk-hnb659fds-assets-123456789012-eu-west-1/")
    assert from_file(tmp_path, '{\n  "a":   1\n}\n') == first
    other = from_file(tmp_path, '{"a": 2}')
    assert other["JobTemplateId"] != first["JobTemplateId"]
    assert text(other["DocumentSource"]) != url


def test_an_asset_is_uploaded(tmp_path: Path) -> None:
    """The file is among the assets of the app, under the key that the URL ends with."""
    path = tmp_path / "document.json"
    path.write_text('{"a": 1}')
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    stack = cdk.Stack(app, "Jobs", env=ENV)
    template(stack, S3Document.from_asset(path))
    assembly = app.synth()
    files = json.loads(Path(assembly.directory, "Jobs.assets.json").read_text())["files"]
    keys = {
        key: one for one in files.values() for key in [where["objectKey"] for where in one["destinations"].values()]
    }
    properties = next(one for one in assembly.get_stack_by_name("Jobs").template["Resources"].values()
                      if one["Type"] == TYPE)["Properties"]  # fmt: skip
    source = keys[text(properties["DocumentSource"]).rpartition("/")[2]]["source"]
    assert Path(assembly.directory, source["path"]).read_text() == '{"a": 1}'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "JT701"),
        ('{"a": 1, "a": 2}', "JT703"),
        (json.dumps({"a": "x" * 32761}), "JT702"),
        ('{"a": "${aws:iot:s3-presigned-url-v2:s3://b/k}"}', "JT513"),
    ],
)
def test_wrong_files(tmp_path: Path, content: str, code: str) -> None:
    """A file is checked against the rules of a document, and 32,769 bytes are too many."""
    path = tmp_path / "document.json"
    path.write_text(content)
    with pytest.raises(FindingsError, match=code):
        S3Document.from_asset(path)


def test_a_chosen_schema(tmp_path: Path) -> None:
    """What the agent that was chosen would refuse is an error; a schema that doesn't exist is one too."""
    path = tmp_path / "document.json"
    path.write_text('{"version": "1.0", "steps": []}')
    S3Document.from_asset(path)
    with pytest.raises(FindingsError, match="JT710 steps"):
        S3Document.from_asset(path, document_schema="device-client")
    with pytest.raises(FindingsError, match="JT711"):
        S3Document.from_asset(path, document_schema="nowhere")


def test_no_file(tmp_path: Path) -> None:
    """A file that isn't there is a finding."""
    with pytest.raises(FindingsError, match="JT001"):
        S3Document.from_asset(tmp_path / "nowhere.json")


def test_rules_between_a_file_and_the_rest(tmp_path: Path) -> None:
    """What is in the file is part of the template: its placeholders get a role, and its packages are looked for."""
    made = from_file(tmp_path, json.dumps({"image": IMAGE}))
    assert made["PresignedUrlConfig"]["ExpiresInSec"] == 3600
    with pytest.raises(FindingsError, match="JT515"):
        from_file(tmp_path, '{"a": "${aws:iot:package:agent:version:1.0:attributes:url}"}')


@pytest.mark.parametrize(("version", "end"), [(None, "docs/a%20b.json"), ("v/1+", "docs/a%20b.json?versionId=v/1%2B")])
def test_an_object(stack: cdk.Stack, version: str | None, end: str) -> None:
    """The URL is in path style and percent-encoded, with the version where there is one."""
    bucket = s3.Bucket(stack, "Bucket")
    template(stack, S3Document.from_bucket(bucket, "docs/a b.json", version))
    (name,) = Template.from_stack(stack).find_resources("AWS::S3::Bucket")
    url = text(emitted(stack)["Properties"]["DocumentSource"])
    assert url == f"https://s3.eu-west-1.amazonaws.com/{name}/{end}"


def test_an_objects_version_moves_the_id() -> None:
    """Another version is another template; without one a warning says that content is not seen."""
    found = []
    for version in ("v1", "v2", None):
        stack = cdk.Stack(cdk.App(), "Jobs", env=ENV)
        bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "documents")
        template(stack, S3Document.from_bucket(bucket, "a.json", version))
        found.append(emitted(stack)["Properties"]["JobTemplateId"])
        warned = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("without a version"))
        assert len(warned) == (version is None)
    assert len(set(found)) == 3


def test_the_upload_comes_first(stack: cdk.Stack) -> None:
    """The template waits for what puts the object there."""
    bucket = s3.Bucket(stack, "Bucket")
    upload = cdk.CfnResource(stack, "Upload", type="Custom::Upload")
    template(stack, S3Document.from_bucket(bucket, "a.json", "v1", uploaded_by=upload))
    assert emitted(stack)["DependsOn"] == ["Upload"]


def test_who_creates_jobs_may_read_it(stack: cdk.Stack, tmp_path: Path) -> None:
    """With the right to create jobs comes the right to read this document, and no other."""
    role = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "documents")
    made = template(stack, S3Document.from_bucket(bucket, "a b.json", "v1"))
    made.grant_create_job(role, targets=[Target.thing("a")])
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    found = [
        (one["Action"], text(one["Resource"]))
        for one in policy["Properties"]["PolicyDocument"]["Statement"]
        if "iot:CreateJob" not in one["Action"]
    ]
    arn = "arn:aws:s3:::documents/a b.json"
    assert found == [("s3:GetObject", arn), ("s3:GetObjectVersion", arn)]


def test_two_documents(stack: cdk.Stack) -> None:
    """A document in S3 and another source are two, and refused."""
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "documents")
    source = "https://s3.eu-west-1.amazonaws.com/documents/a.json"
    with pytest.raises(FindingsError, match="JT105 document_source"):
        template(stack, S3Document.from_bucket(bucket, "a.json", "v1"), document_source=source)


def test_documents_stay_pure() -> None:
    """A `JobDocument` is text and nothing else."""
    assert JobDocument.inline({"a": 1}) == JobDocument('{"a":1}')


def test_the_content_is_the_same_everywhere(tmp_path: Path) -> None:
    """The digest of the content looks at the document, and neither at the account's own bucket nor at tags."""
    path = tmp_path / "document.json"
    found = set()
    for env, tag, content in (
        (ENV, "dev", '{"a": 1}'),
        (cdk.Environment(account="000000000000", region="us-east-1"), "prod", '{"a":1}'),
    ):
        path.write_text(content)
        stack = cdk.Stack(cdk.App(), "Jobs", env=env)
        template(stack, S3Document.from_asset(path), tags={"environment": tag})
        found.add(emitted(stack)["Metadata"]["iot-jobs"]["content"])
    assert len(found) == 1


def test_a_key_is_no_pattern(stack: cdk.Stack) -> None:
    """A key with a star is granted as that key alone."""
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "docs")
    found = template(stack, S3Document.from_bucket(bucket, "all/*", "v"))
    role = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())
    found.grant_create_job(role, targets=[Target.thing("a")])
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    resources = [one["Resource"] for one in policy["Properties"]["PolicyDocument"]["Statement"][1:]]
    assert {text(one) for one in resources} == {"arn:aws:s3:::docs/all/${*}"}
