"""What templates name, compared with the accounts and regions of their environments and stacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cases import report, seen, write

OWN, OTHER = "123456789012", "000000000000"
UPLOAD = "${aws:iot:s3-presigned-url-upload:https://%s/logs/${thingName}}"
DOWNLOAD = "${aws:iot:s3-presigned-url:https://%s/images/a.img}"
SIGNED = DOWNLOAD % "s3.eu-west-1.amazonaws.com"


def role(account: str = OWN, partition: str = "aws") -> dict[str, Any]:
    return {"presigned_url": {"role_arn": f"arn:{partition}:iam::{account}:role/presign", "expires_in_sec": 3600}}


def job(region: str, account: str = OWN, partition: str = "aws") -> dict[str, Any]:
    return {"job_arn": f"arn:{partition}:iot:{region}:{account}:job/a"}


def packages(*places: tuple[str, str]) -> dict[str, Any]:
    return {
        "destination_package_versions": [
            f"arn:aws:iot:{region}:{account}:package/a/version/1" for region, account in places
        ]
    }


def elsewhere(what: str, *places: str) -> str:
    return f"{what} in {', '.join(places)}, where the template is deployed"


IRELAND = (OWN, "eu-west-1")
TWO_REGIONS = (OWN, ["eu-west-1", "us-east-1"])
SPLIT = "write an environment for each, with a value of its own"
Row = tuple[str, tuple[Any, Any], dict[str, Any], str, list[tuple[str, str, str, list[str]]]]
ROWS: list[Row] = [
    ("all that fits", IRELAND, role() | job("eu-west-1") | packages(("eu-west-1", OWN)), UPLOAD % "s3.eu-west-1.amazonaws.com", []),
    ("a role of another account", IRELAND, role(OTHER), SIGNED, [
        ("JT505", elsewhere("a role", f"account {OWN}"), "choose a role that is there", ["account"])]),
    ("a role of one of two accounts", ([OTHER, OWN], "eu-west-1"), role(), SIGNED, [
        ("JT505", elsewhere("a role", f"account {OTHER}"), SPLIT, ["account[0]"])]),
    ("a role is in no region", TWO_REGIONS, role(), SIGNED, []),
    ("a role of another partition", (OWN, "cn-north-1"), role(), SIGNED, [
        ("JT505", elsewhere("a role", "partition aws-cn"), "choose a role that is there", ["region"])]),
    ("a role of the partition", (OWN, "cn-north-1"), role(partition="aws-cn"), SIGNED, []),
    ("a role of one of two partitions", (OWN, ["us-east-1", "us-gov-west-1"]), role(), SIGNED, [
        ("JT505", elsewhere("a role", "partition aws-us-gov"), SPLIT, ["region[1]"])]),
    ("a job of another region", IRELAND, job("us-east-1"), "", [
        ("JT119", elsewhere("a job", "region eu-west-1"), "choose a job that is there", ["region"])]),
    ("a job of one of two regions", TWO_REGIONS, job("us-east-1"), "", [
        ("JT119", elsewhere("a job", "region eu-west-1"), SPLIT, ["region[0]"])]),
    ("a job of a third region", TWO_REGIONS, job("eu-west-3"), "", [
        ("JT119", elsewhere("a job", "region eu-west-1", "region us-east-1"), SPLIT, ["region[0]", "region[1]"])]),
    ("a job of many other places", ([OWN, OTHER], ["eu-west-1", "us-east-1", "us-east-2"]), job("eu-west-3"), "", [
        ("JT119", f"a job in account {OTHER}, region eu-west-1, region us-east-1 and 1 more, where the template is deployed",
         SPLIT, ["account[1]", "region[0]", "region[1]"])]),
    ("a job of another account", IRELAND, job("eu-west-1", OTHER), "", [
        ("JT119", elsewhere("a job", f"account {OWN}"), "choose a job that is there", ["account"])]),
    ("a job whose partition isn't its region's", (OWN, "cn-north-1"), job("cn-north-1"), "", [
        ("JT119", elsewhere("a job", "partition aws-cn"), "choose a job that is there", ["region"])]),
    ("a job of another partition", (OWN, "cn-north-1"), job("eu-west-1"), "", [
        ("JT119", elsewhere("a job", "region cn-north-1", "partition aws-cn"), "choose a job that is there", ["region"])]),
    ("the second package version", IRELAND, packages(("eu-west-1", OWN), ("eu-west-1", OTHER)), "", [
        ("JT120", elsewhere("a package version", f"account {OWN}"), "choose a package version that is there", ["account"])]),
    ("a package version of another region", IRELAND, packages(("eu-west-2", OWN)), "", [
        ("JT120", elsewhere("a package version", "region eu-west-1"), "choose a package version that is there", ["region"])]),
    ("an upload to another region", IRELAND, role(), UPLOAD % "s3.us-east-1.amazonaws.com", [
        ("JT519", elsewhere("a bucket", "region eu-west-1"), "choose a bucket that is there", ["region"])]),
    ("an upload in the other style", IRELAND, role(), UPLOAD % "my-logs.s3.us-east-1.amazonaws.com", [
        ("JT519", elsewhere("a bucket", "region eu-west-1"), "choose a bucket that is there", ["region"])]),
    ("an upload in one of two regions", TWO_REGIONS, role(), UPLOAD % "s3.us-east-1.amazonaws.com", [
        ("JT519", elsewhere("a bucket", "region eu-west-1"), SPLIT, ["region[0]"])]),
    ("an upload to a host without region", IRELAND, role(), UPLOAD % "my-logs.s3.amazonaws.com", []),
    ("a download from another region", IRELAND, role(), DOWNLOAD % "s3.us-east-1.amazonaws.com", []),
    ("an ARN that is wrong itself", IRELAND, {"job_arn": "arn:aws:iot:us-east-1:1:job/a"}, "", [
        ("JT103", "text of 1 to 2048 characters, arn:<partition>:iot:<region>:<12 digits>:job/<job id>",
         "write the ARN of an existing job in the stack's account and region", [])]),
    ("a region that isn't known", (OWN, "eu-wset-9"), role() | job("eu-wset-9"), UPLOAD % "s3.eu-wset-9.amazonaws.com", [
        ("JT950", "a region that is known to exist",
         "write eu-west-3, or acknowledge JT950 in the templates if AWS has opened the region since", [])]),
    ("one like no other", (OWN, ["eu-west-1", "zz-zzzzz-zzzzz-7"]), {}, "", [
        ("JT950", "a region that is known to exist",
         "write the code of a region, or acknowledge JT950 in the templates if AWS has opened the region since", [])]),
    ("an invalid environment", (OWN, "Ireland"), role(OTHER), SIGNED, [
        ("JT903", "text of 9 to 25 characters, such as eu-west-1", "write the region's code", [])]),
]  # fmt: skip


def application(place: tuple[Any, Any], family: dict[str, Any], url: str, **overlay: Any) -> dict[str, Any]:
    account, region = place
    return {
        "stacks/environments/test.yaml": {
            "name": "test", "account": account, "region": region, "fleet": {"things": 100}, "templates": {"a": overlay},
        },
        "stacks/templates/a.yaml": {"description": "Reboot", "document": "a.json"} | family,
        "job_documents/a.json": {"run": "a.sh", "url": url},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "family", "url", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_places(
    place: tuple[Any, Any],
    family: dict[str, Any],
    url: str,
    expected: list[tuple[str, str, str, list[str]]],
    here: Path,
) -> None:
    """Each value is compared with each account and region; what doesn't fit names those, and its place is the value's."""
    write(here, application(place, family, url))
    found = report(".").findings
    assert [(one.code, one.allowed, one.fix, [other.path for other in one.related]) for one in found] == expected
    assert {other.file for one in found for other in one.related} <= {"stacks/environments/test.yaml"}


def test_the_place_is_that_of_the_value(here: Path) -> None:
    """A finding is in the file that holds the value: family, overlay or document."""
    write(here, application(IRELAND, role(OTHER), UPLOAD % "s3.us-east-1.amazonaws.com", **job("us-east-1")))
    assert [(one.place.file, one.path) for one in report(".").findings if one.place] == [
        ("job_documents/a.json", "url"),
        ("stacks/environments/test.yaml", "templates.a.job_arn"),
        ("stacks/templates/a.yaml", "presigned_url.role_arn"),
    ]


def test_two_environments(here: Path) -> None:
    """A family's value is compared with each environment that has it, and a finding is about the one that it doesn't fit."""
    files = application(IRELAND, job("eu-west-1"), "")
    files["stacks/environments/prod.yaml"] = files["stacks/environments/test.yaml"] | {
        "name": "prod",
        "region": "us-east-1",
    }
    write(here, files)
    (found,) = report(".").findings
    assert (found.allowed, [str(other) for other in found.related]) == (
        elsewhere("a job", "region us-east-1"),
        ["stacks/environments/prod.yaml:1:45"],
    )


def test_a_region_that_aws_opened(here: Path) -> None:
    """A region that isn't known is a warning, said once, and no longer if all templates acknowledge it."""
    reasons = {"JT950": "opened in May"}
    files = application((OWN, "eu-west-9"), {"acknowledge": reasons}, "")
    files["stacks/templates/b.yaml"] = files["stacks/templates/a.yaml"]
    files["stacks/environments/test.yaml"]["templates"] = {"a": {}, "b": {}}
    write(here, files)
    found = report(".")
    assert (found.findings, [one.code for one in found.acknowledged], found.failed(strict=True)) == (
        (),
        ["JT950"],
        False,
    )
    for name in ("a", "b"):
        files[f"stacks/templates/{name}.yaml"] = {"description": "Reboot", "document": "a.json"}
    write(here, files)
    assert (seen(report(".")), report(".").failed()) == (
        [("stacks/environments/test.yaml:1:45", "JT950", "region")],
        False,
    )


TO_IRELAND = role() | {"document": {"a": UPLOAD % "s3.eu-west-1.amazonaws.com"}}


@pytest.mark.xdist_group("jsii")
@pytest.mark.parametrize(
    ("env", "named", "expected"),
    [
        ({"account": OWN, "region": "eu-west-1"}, role(), None),
        ({"account": OTHER, "region": "eu-west-1"}, role(), f"JT505 .* a role in account {OTHER}, where"),
        ({"account": OWN, "region": "cn-north-1"}, role(), "JT505 .* a role in partition aws-cn, where"),
        ({"account": OWN, "region": "eu-west-9"}, role() | job("eu-west-9"), None),
        ({"account": OWN, "region": "us-east-1"}, job("eu-west-1"), "JT119 .* a job in region us-east-1, where"),
        ({"region": "us-east-1"}, job("us-east-1", OTHER), None),
        ({"region": "us-east-1"}, TO_IRELAND, "JT519 .* a bucket in region us-east-1, where"),
        ({}, TO_IRELAND, None),
        ({}, role(OTHER) | job("us-east-1", OTHER), None),
    ],
)
def test_in_a_stack(env: dict[str, str], named: dict[str, Any], expected: str | None) -> None:
    """A construct's values are compared with the account and region of its stack, as far as these are known at synth."""
    import aws_cdk as cdk

    from iot_jobs import JobDocument
    from iot_jobs.cdk import JobTemplate

    app = cdk.App()
    stack = cdk.Stack(app, "Jobs", env=cdk.Environment(**env))
    values = {"document": {"a": 1}} | named
    document = JobDocument.inline(values.pop("document"))
    JobTemplate(stack, "Reboot", template_name="a", description="d", document=document, **values)
    if expected is None:
        app.synth()
    else:
        with pytest.raises(RuntimeError, match=f"(?s)error {expected}") as raised:
            app.synth()
        assert "  see " not in str(raised.value)
