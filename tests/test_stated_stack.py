"""What is stated about a template's stack: parameters, name, account and region, by options and by a cdk.out folder."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from iot_jobs.check import check as check_reading
from iot_jobs.cli import main
from iot_jobs.cloudformation import Stack
from iot_jobs.cloudformation.parameters import taken
from iot_jobs.limits.regions import PARTITIONS
from iot_jobs.sources import read_paths
from tests.cases import NOW, TEMPLATE, write

OWN, OTHER = "123456789012", "000000000000"
SIGNED = json.dumps({"a": "${aws:iot:s3-presigned-url:https://s3.eu-west-1.amazonaws.com/bucket/a}"})
PACKAGE = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:package/a/version/1"
PARAMETERS = {
    "Minutes": {"Type": "Number", "Default": 30, "MinValue": 5},
    "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
    "Role": {"Type": "String", "NoEcho": True, "MaxLength": 50},
}
CONDITIONS = {
    "Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
    "Ireland": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
}


def stack(**properties: Any) -> dict[str, Any]:
    resource = {"Type": "AWS::IoT::JobTemplate", "Properties": TEMPLATE | {"JobTemplateId": "a-1"} | properties}
    return {"Parameters": PARAMETERS, "Conditions": CONDITIONS, "Resources": {"T": resource}}


def checked(template: Any, *options: str) -> Result:
    Path("t.json").write_text(json.dumps(template))
    return CliRunner().invoke(main, ["check", "t.json", "--only-jobs", "--format", "json", *options])


Found = list[tuple[str, str, object, str | None]]


def found(result: Result) -> Found:
    findings = json.loads(result.stdout)["findings"]
    return [(one["code"], one["severity"], one["given"], one["when"]) for one in findings]


TIMEOUT = stack(TimeoutConfig={"InProgressTimeoutInMinutes": {"Ref": "Minutes"}})
STAGES = stack(Description={"Fn::If": ["Prod", "", "d"]})
REGIONS = stack(Description={"Fn::If": ["Ireland", "", "d"]})
ROLE = stack(Document=SIGNED, PresignedUrlConfig={"RoleArn": {"Ref": "Role"}, "ExpiresInSec": 3600})
NAMED = stack(JobTemplateId={"Fn::Sub": "${AWS::StackName}-1"})
PACKAGES = stack(DestinationPackageVersions=[{"Fn::Sub": PACKAGE}])
ELSEWHERE = stack(DestinationPackageVersions=["arn:aws:iot:eu-west-1:123456789012:package/a/version/1"])
UPLOAD = stack(
    Document=SIGNED.replace("-url:https", "-url-upload:https"),
    PresignedUrlConfig={"RoleArn": f"arn:aws:iam::{OWN}:role/a", "ExpiresInSec": 3600},
)
CREATED = stack(Description="")
CREATED["Resources"]["T"]["Condition"] = "Prod"
ROWS: list[tuple[str, Any, list[str], Found]] = [
    ("a default", TIMEOUT, [], []),
    ("another value", TIMEOUT, ["--parameter", "Minutes=10081"], [("JT410", "error", "10081", None)]),
    ("a default that is wrong", TIMEOUT | {"Parameters": PARAMETERS | {"Minutes": {"Type": "Number", "Default": 0}}}, [],
     [("JT410", "warning", "0", "Minutes is \"0\" by default")]),
    ("a right value", TIMEOUT | {"Parameters": PARAMETERS | {"Minutes": {"Type": "Number", "Default": 0}}},
     ["--parameter", "Minutes=10080"], []),
    ("a value below its bound", TIMEOUT, ["--parameter", "Minutes=4"], [("JT121", "error", "4", None)]),
    ("a value that isn't allowed", STAGES, ["--parameter", "Stage=test"],
     [("JT121", "error", "test", None), ("JT102", "error", "", "Prod is true")]),
    ("a condition", STAGES, [], [("JT102", "error", "", "Prod is true")]),
    ("a condition that holds", STAGES, ["--parameter", "Stage=prod"], [("JT102", "error", "", None)]),
    ("a condition that doesn't hold", STAGES, ["--parameter", "Stage=dev"], []),
    ("the last value of two", STAGES, ["--parameter", "Stage=prod", "--parameter", "Stage=dev"], []),
    ("a resource that isn't created", CREATED, ["--parameter", "Stage=dev"], []),
    ("a resource that is created", CREATED, ["--parameter", "Stage=prod"], [("JT102", "error", "", None)]),
    ("a region in a condition", REGIONS, ["--region", "eu-west-1"], [("JT102", "error", "", None)]),
    ("another region", REGIONS, ["--region", "eu-west-2"], []),
    ("an equals sign in a value", ROLE, ["--parameter", f"Role=arn:aws:iam::{OWN}:role/a=b"], []),
    ("an empty value", ROLE, ["--parameter", "Role="], [("JT501", "error", "", None)]),
    ("a value that is not to be shown", ROLE, ["--parameter", "Role=" + "x" * 51], [("JT121", "error", "****", None)]),
    ("a role of another account", ROLE, ["--parameter", f"Role=arn:aws:iam::{OTHER}:role/a", "--account", OWN],
     [("JT505", "error", f"arn:aws:iam::{OTHER}:role/a", None)]),
    ("a role of another partition", ROLE, ["--parameter", f"Role=arn:aws:iam::{OWN}:role/a", "--region", "cn-north-1"],
     [("JT505", "error", f"arn:aws:iam::{OWN}:role/a", None)]),
    ("the longest stack name", NAMED, ["--stack-name", "x" * 62], []),
    ("a longer stack name", NAMED, ["--stack-name", "x" * 63], [("JT101", "error", "x" * 63 + "-1", None)]),
    ("a package of the place itself", PACKAGES, ["--account", OWN, "--region", "us-gov-west-1"], []),
    ("a package", ELSEWHERE, [], []),
    ("a package that is there", ELSEWHERE, ["--account", OWN, "--region", "eu-west-1"], []),
    ("a package of another region", ELSEWHERE, ["--region", "us-east-1"],
     [("JT120", "error", "arn:aws:iot:eu-west-1:123456789012:package/a/version/1", None)]),
    ("a bucket for uploads", UPLOAD, ["--region", "eu-west-1"], []),
    ("a bucket for uploads of another region", UPLOAD, ["--region", "eu-west-2"],
     [("JT519", "error", json.loads(UPLOAD["Resources"]["T"]["Properties"]["Document"])["a"], None)]),
    ("a request", {"jobTemplateId": "a", "description": "d", "jobArn": f"arn:aws:iot:eu-west-1:{OWN}:job/a"},
     ["--account", OTHER], [("JT119", "error", f"arn:aws:iot:eu-west-1:{OWN}:job/a", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("template", "options", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_stated_by_options(template: Any, options: list[str], expected: Found, here: Path) -> None:
    """What is stated is known: its errors are certain, and the conditions that depend on it have one truth."""
    assert found(checked(template, *options)) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--parameter", "Minute=1"], "--parameter: no template in these paths has a parameter Minute; write Minutes"),
        (["--parameter", "Xyzzy=1"], "--parameter: no template in these paths has a parameter Xyzzy"),
        (["--parameter", "Minutes"], "--parameter: Minutes: allowed NAME=VALUE"),
        (["--parameter", "=1"], "--parameter: =1: allowed NAME=VALUE"),
        (["--account", "12345678901"], "--account: 12345678901: allowed 12 digits"),
        (["--region", "Ireland"], "--region: Ireland: allowed the code of a region, such as eu-west-1"),
        (["--stack-name", "1a"], "--stack-name: 1a: allowed a letter, then up to 127 letters, digits and hyphens"),
        (["--stack-name", "a" * 129], "allowed a letter, then up to 127 letters, digits and hyphens"),
    ],
)
def test_options_that_state_nothing(options: list[str], expected: str, here: Path) -> None:
    """An option that can't be right, or a parameter of no template, is an error before anything is reported."""
    result = checked(TIMEOUT, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f"{expected}\n")


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-wset-1", ["--region eu-wset-1 is not known; eu-west-1 is"]),
        ("ab-abcde-9", ["--region ab-abcde-9 is not known"]),
        ("eu-west-1", []),
    ],
)
def test_regions_that_are_not_known(region: str, said: list[str], here: Path) -> None:
    """A region may have been opened since; one that is not known is said so, with the nearest, and taken."""
    write(here, {"a.json": ELSEWHERE})
    done = CliRunner().invoke(main, ["check", "a.json", "--only-jobs", "--region", region])
    assert done.exit_code in (0, 1)
    assert [line for line in done.stderr.splitlines() if "known" in line] == said


def test_a_parameter_of_one_template(here: Path) -> None:
    """Of several templates one has to have the parameter."""
    write(here, {"a.json": TIMEOUT, "b.json": {"Resources": TIMEOUT["Resources"]}})
    reading = read_paths([Path("a.json"), Path("b.json")], stack=Stack(parameters={"Minutes": "10081"}))
    report = check_reading(reading, now=NOW, only_jobs=True)
    assert [(one.code, one.place.file) for one in report.findings if one.place] == [("JT410", "a.json")]


TAKEN: list[tuple[dict[str, Any], str, str | None]] = [
    ({"Type": "Number"}, "-1.5", None),
    ({"Type": "Number"}, "1e3", None),
    ({"Type": "Number"}, "one", "a number"),
    ({"Type": "Number"}, "nan", "a number"),
    ({"Type": "Number", "MinValue": 1, "MaxValue": "3"}, "1", None),
    ({"Type": "Number", "MinValue": 1, "MaxValue": "3"}, "3", None),
    ({"Type": "Number", "MinValue": 1, "MaxValue": "3"}, "0.5", "1 or more"),
    ({"Type": "Number", "MinValue": 0}, "-1", "0 or more"),
    ({"Type": "Number", "MinValue": 1, "MaxValue": "3"}, "3.5", "3 or less"),
    ({"Type": "Number", "MinLength": 3}, "1", None),
    ({"Type": "List<Number>"}, "1,2", None),
    ({"Type": "List<Number>"}, "1,b", "numbers with commas between them"),
    ({"Type": "String", "MinLength": 1}, "", "1 or more characters"),
    ({"Type": "String", "MaxLength": 2}, "ab", None),
    ({"Type": "String", "MaxLength": 2}, "abc", "2 or fewer characters"),
    ({"Type": "String", "MaxLength": {"Ref": "a"}}, "abc", None),
    ({"Type": "String", "AllowedValues": [1, True, "a"]}, "1", None),
    ({"Type": "String", "AllowedValues": [1, True, "a"]}, "true", None),
    ({"Type": "String", "AllowedValues": [1, True, "a"]}, "True", 'one of [1, true, "a"]'),
    ({"Type": "String", "AllowedValues": "a"}, "b", None),
    ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "b,a", None),
    ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a,c", 'one of ["a", "b"]'),
    ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/a/b", None),
    ({}, "a", None),
]


@pytest.mark.parametrize(("declared", "text", "expected"), TAKEN)
def test_values_that_parameters_take(declared: dict[str, Any], text: str, expected: str | None) -> None:
    """A parameter takes a value of its type, within its bounds, and among its allowed values."""
    assert taken(declared, text) == expected


def test_names_of_values_in_systems_manager(here: Path) -> None:
    """The value of such a parameter is a name; what is under it stays unknown."""
    parameter = {"Minutes": {"Type": "AWS::SSM::Parameter::Value<String>"}}
    result = checked(TIMEOUT | {"Parameters": parameter, "Conditions": {}}, "--parameter", "Minutes=/a/b")
    assert (found(result), len(json.loads(result.stdout)["unjudged"])) == ([], 1)


@pytest.mark.parametrize("region", [*PARTITIONS, "eu-west-9"])
def test_partitions(region: str) -> None:
    """The partition and its domain follow from the region, as botocore has them; not from one that isn't known."""
    from botocore.loaders import Loader

    known = {
        partition["partition"]: partition["dnsSuffix"] for partition in Loader().load_data("endpoints")["partitions"]
    }
    values = Stack(region=region).pseudo_parameters
    assert values.pop("AWS::Region") == region
    partition = PARTITIONS.get(region)
    assert values == ({"AWS::Partition": partition, "AWS::URLSuffix": known[partition]} if partition else {})


@pytest.mark.parametrize(
    ("environment", "options", "expected"),
    [
        (f"aws://{OWN}/eu-west-1", {}, []),
        (f"aws://{OTHER}/eu-west-1", {}, ["JT120"]),
        (f"aws://{OWN}/us-east-1", {}, ["JT120"]),
        ("aws://unknown-account/unknown-region", {}, []),
        ("aws://unknown-account/unknown-region", {"region": "us-east-1"}, ["JT120"]),
        ("aws://unknown-account/eu-west-1", {"account": OTHER, "region": "us-east-1"}, ["JT120"]),
        (f"aws://{OWN}/eu-west-1", {"account": OTHER, "region": "us-east-1"}, []),
        (None, {}, []),
    ],
)
def test_stated_by_the_cdk(environment: str | None, options: dict[str, Any], expected: list[str], here: Path) -> None:
    """A stack's account and region in a cdk.out folder are known; an option states what the CDK left open."""
    properties = {"templateFile": "a.template.json", "stackName": "x" * 63}
    artifact = {"type": "aws:cloudformation:stack", "environment": environment, "properties": properties}
    files = {"cdk.out": "{}", "manifest.json": {"artifacts": {"A": artifact}}, "a.template.json": ELSEWHERE}
    write(here / "out", files)
    report = check_reading(read_paths([Path("out")], stack=Stack(**options)), now=NOW, only_jobs=True)
    assert [one.code for one in report.findings] == expected
    write(here / "out", {"a.template.json": NAMED})  # by the stack's name
    report = check_reading(read_paths([Path("out")]), now=NOW, only_jobs=True)
    assert [one.code for one in report.findings] == ["JT101"]


@pytest.mark.parametrize(("options", "expected"), [({}, ["JT410"]), ({"Minutes": "5"}, [])])
def test_parameters_stated_by_the_cdk(options: dict[str, str], expected: list[str], here: Path) -> None:
    """The values that the CDK passes for parameters are known, unless an option states another."""
    properties = {"templateFile": "a.template.json", "parameters": {"Minutes": "10081"}}
    artifact = {"type": "aws:cloudformation:stack", "environment": "aws://a/b", "properties": properties}
    write(here, {"cdk.out": "{}", "manifest.json": {"artifacts": {"A": artifact}}, "a.template.json": TIMEOUT})
    report = check_reading(read_paths([Path()], stack=Stack(parameters=options)), now=NOW, only_jobs=True)
    assert [one.code for one in report.findings] == expected
