"""CloudFormation templates: intrinsic functions, misspelt types and keys, resources and their attributes."""

import json
from collections.abc import Iterator
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from iot_jobs.check import check
from iot_jobs.cloudformation import values
from iot_jobs.finding import Location, dotted
from iot_jobs.limits import MAX_RESOURCES_IN_STACK
from iot_jobs.sources import read, read_paths
from iot_jobs.template import JobTemplateSpec
from tests.cases import JOB, NO_JOBS, NOW, TEMPLATE, TIMEOUT, report, seen, stack, write

CONTENT: dict[str, Any] = {
    "Document": '{"args": ["${aws:iot:s3-presigned-url:https://s3.amazonaws.com/images/app.tar}"]}',
    "AbortConfig": {
        "CriteriaList": [
            {"FailureType": "FAILED", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 9, "Action": "CANCEL"},
        ]
    },
    "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
    "PresignedUrlConfig": {"RoleArn": "arn:aws:iam::123456789012:role/presign", "ExpiresInSec": 3600},
    "DestinationPackageVersions": ["arn:aws:iot:eu-west-1:123456789012:package/agent/version/1.0"],
    "Tags": [{"Key": "team", "Value": "fleet"}],
}
RATE = {"BaseRatePerMinute": 5, "IncrementFactor": 2, "RateIncreaseCriteria": {"NumberOfNotifiedThings": 5}}
RETRIES = [{"FailureType": "FAILED", "NumberOfRetries": 1}]
WINDOWS = [{"StartTime": "cron(0 2 * * ? *)", "DurationInMinutes": 60}]
FULL_TEMPLATE = TEMPLATE | CONTENT | {
    "JobArn": "arn:aws:iot:eu-west-1:123456789012:job/reboot-1",
    "JobExecutionsRolloutConfig": {"MaximumPerMinute": 10, "ExponentialRolloutRate": RATE},
    "JobExecutionsRetryConfig": {"RetryCriteriaList": RETRIES},
    "MaintenanceWindows": WINDOWS,
}  # fmt: skip
FULL_JOB = JOB | CONTENT | {
    "Description": "Reboot a board",
    "JobTemplateArn": "arn:aws:iot:eu-west-1::jobtemplate/AWS-Reboot:1.0",
    "DocumentParameters": {"delay": "5"},
    "TargetSelection": "CONTINUOUS",
    "JobExecutionsRolloutConfig": {"MaximumPerMinute": 10, "ExponentialRate": RATE},
    "JobExecutionsRetryConfig": {"CriteriaList": RETRIES},
    "SchedulingConfig": {
        "StartTime": "2026-06-01T02:00",
        "EndTime": "2026-07-01T02:00",
        "EndBehavior": "CANCEL",
        "MaintenanceWindows": WINDOWS,
    },
}  # fmt: skip
INTRINSICS: list[tuple[Any, str]] = [
    ({"Ref": "Later"}, "!Ref Later"),
    ({"Fn::Sub": "${Later}"}, '!Sub "${Later}"'),
    ({"Fn::GetAtt": ["Later", "Arn"]}, "!GetAtt Later.Arn"),
    ({"Fn::If": ["Prod", {"Ref": "One"}, {"Ref": "Other"}]}, "!If [Prod, !Ref One, !Ref Other]"),
    ({"Fn::FindInMap": ["a", "b", "c"]}, "!FindInMap [a, b, c]"),
    ({"Fn::Transform": {"Name": "AWS::Include"}}, "!Transform {Name: AWS::Include}"),
]


def locations(value: Any, loc: Location = ()) -> Iterator[Location]:
    """Every place in a value."""
    yield loc
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield from locations(item, (*loc, key))


def put(value: Any, loc: Location, other: Any) -> Any:
    """The value with another one at one place."""
    if not loc:
        return other
    changed = inner = deepcopy(value)
    for part in loc[:-1]:
        inner = inner[part]
    inner[loc[-1]] = other
    return changed


PLACES = [
    pytest.param(
        resource,
        loc,
        INTRINSICS[number % len(INTRINSICS)][1],
        id=f"{kind}.{dotted(loc)}",
    )
    for kind, resource in (("template", FULL_TEMPLATE), ("job", FULL_JOB))
    for number, loc in enumerate(locations(resource))
]


@pytest.mark.parametrize(("resource", "loc", "tag"), PLACES)
def test_intrinsic_functions(resource: dict[str, Any], loc: Location, tag: str, here: Path) -> None:
    """An intrinsic function in the place of any value is skipped, in JSON and as a short tag, and never an error."""
    files = {f"{number}.json": stack(R=put(resource, loc, one)) for number, (one, _) in enumerate(INTRINSICS)}
    write(here, files | {"t.yaml": json.dumps(stack(R=put(resource, loc, "@"))).replace('"@"', tag)})
    found = report(".")
    assert seen(found) == []
    assert {skip.reason for skip in found.skipped} <= {"Resources.R.Properties: an intrinsic function"}
    assert found.checked + len(found.skipped) == len(INTRINSICS) + 1


@pytest.mark.parametrize(("function", "tag"), INTRINSICS, ids=[tag.split()[0] for _, tag in INTRINSICS])
def test_short_tags(function: Any, tag: str, here: Path) -> None:
    """A short tag reads as the function in full, inside another one too."""
    write(here, {"t.yaml": f"a: {tag}\nb: !Join [x, [{tag}]]\n"})
    assert read(Path("t.yaml")).data == {"a": function, "b": {"Fn::Join": ["x", [function]]}}


def test_what_stands_beside_an_intrinsic_function(here: Path) -> None:
    """Values beside an intrinsic function are still checked."""
    rate = RATE | {"BaseRatePerMinute": {"Ref": "Base"}, "IncrementFactor": 9}
    rollout = {"JobExecutionsRolloutConfig": {"MaximumPerMinute": {"Ref": "Maximum"}, "ExponentialRolloutRate": rate}}
    tags = [{"Key": {"Ref": "Key"}, "Value": "a"}, {"Key": "team", "Value": {"Ref": "Team"}, "Vlue": "a"}]
    write(here, {"t.json": stack(R=TEMPLATE | rollout | {"Tags": tags, "Description": ""})})
    assert [one[1:] for one in seen(report("t.json"))] == [
        ("JT102", "Resources.R.Properties.Description"),
        ("JT203", "Resources.R.Properties.JobExecutionsRolloutConfig.ExponentialRolloutRate.IncrementFactor"),
        ("JT003", "Resources.R.Properties.Tags[1 team].Vlue"),
    ]


def test_parameters_beside_an_intrinsic_function(here: Path) -> None:
    """A managed template's parameters that are intrinsic functions are skipped, and the others are checked."""
    parameters = {"a": {"Ref": "A"}, "b": {"Ref": "AWS::NoValue"}, "c d": "5", "e": "", 5: True}
    write(here, {"t.json": stack(R=FULL_JOB | {"DocumentParameters": parameters})})
    assert [one[1:] for one in seen(report("t.json"))] == [
        ("JT807", "Resources.R.Properties.DocumentParameters.c d"),
        ("JT808", "Resources.R.Properties.DocumentParameters.e"),
    ]


PLAIN = '{"operation": "a.sh", "args": ["${aws:iot:package:a:version:b:attributes:c}"]}'
ONE, ANOTHER = "${aws:iot:code-sign-signature:a}", "${aws:iot:code-sign-signature:b}"
MARKED = PLAIN.replace("${", "${!")
SUBSTITUTIONS: list[tuple[str, Any, list[str]]] = [
    ("text", {"Fn::Sub": PLAIN}, ["Fn::Sub"]),
    ("text that is marked", {"Fn::Sub": MARKED}, []),
    ("CloudFormation's own variables", {"Fn::Sub": '["${AWS::Region}", "${Bucket} ${Bucket.Arn}"]'}, []),
    ("text with variables", {"Fn::Sub": [PLAIN, {"a": "b"}]}, ["Fn::Sub[0]"]),
    ("a variable of that name", {"Fn::Sub": ['"${aws:a}"', {"aws:a": "b"}]}, []),
    ("inside another function", {"Fn::Join": ["", ["[", {"Fn::Sub": PLAIN}, "]"]]}, ["Fn::Join[1][1].Fn::Sub"]),
    ("no text", {"Fn::Sub": [{"Ref": "A"}, {}]}, []),
    ("an empty list", {"Fn::Sub": []}, []),
    ("two of them", {"Fn::Sub": [f'"{ONE} {ANOTHER} {ONE}"', {}]}, ["Fn::Sub[0]", "Fn::Sub[0]"]),
    ("no function", PLAIN, []),
]


@pytest.mark.parametrize(
    ("document", "expected"), [row[1:] for row in SUBSTITUTIONS], ids=[row[0] for row in SUBSTITUTIONS]
)
def test_placeholders_that_cloudformation_takes(document: Any, expected: list[str], here: Path) -> None:
    """Each unescaped placeholder of AWS IoT inside Fn::Sub is a finding, in a job as in a template."""
    package = "arn:aws:iot:eu-west-1:123456789012:package/a/version/b"
    more = {"Document": document, "DestinationPackageVersions": [package]}
    write(here, {"t.json": stack(R=TEMPLATE | more, S=JOB | more)})
    assert [(code, path) for _, code, path in seen(report("t.json"))] == [
        ("JT518", f"Resources.{name}.Properties.Document.{path}") for name in "RS" for path in expected
    ]


TYPES = [
    ("AWS::IOT::JobTemplate", "write AWS::IoT::JobTemplate"),
    ("AWS::IoT::JobTemplates", "write AWS::IoT::JobTemplate"),
    ("AWS::IoT::Jobtemplate", "write AWS::IoT::JobTemplate"),
    ("AWS:IoT::JobTemplate", "write AWS::IoT::JobTemplate"),
    ("AWS::IoT::Jobs", "write AWS::IoT::Job"),
    ("aws::iot::job", "write AWS::IoT::Job"),
    ("AWS::IoT::TopicRule", None),
    ("AWS::Glue::Job", None),
    ("AWS::IoT::Thing", None),
]


@pytest.mark.parametrize(("kind", "fix"), TYPES)
def test_misspelt_types(kind: str, fix: str | None, here: Path) -> None:
    """A type that is almost one of ours is found, and never passed over without a word."""
    write(here, {"t.yaml": f"Resources:\n  R:\n    Properties: {{}}\n    Type: {kind}\n"})
    found = report("t.yaml")
    assert [(*one, finding.fix) for one, finding in zip(seen(found), found.findings, strict=True)] == (
        [("t.yaml:4:5", "JT115", "Resources.R.Type", fix)] if fix else []
    )
    assert [skip.reason for skip in found.skipped] == ([] if fix else [NO_JOBS])


MISSPELT: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a timeout", {"TimoutConfig": {"InProgressTimeoutInMinutes": 5}, "JobExecutionsRetryConfig": {"RetryCriteriaList": [
        {"FailureType": "TIMED_OUT", "NumberOfRetries": 1}]}, "AbortConfig": CONTENT["AbortConfig"]}, ["TimoutConfig"]),
    ("abort criteria", {"AbortConfg": {}, "TimeoutConfig": CONTENT["TimeoutConfig"], "JobExecutionsRetryConfig": {
        "RetryCriteriaList": RETRIES}}, ["AbortConfg"]),
    ("a job's name for a block", {"JobExecutionsRolloutConfig": {"MaximumPerMinute": 10, "ExponentialRate": RATE}},
     ["JobExecutionsRolloutConfig.ExponentialRate"]),
    ("a value in a block", {"Document": CONTENT["Document"], "PresignedUrlConfig": {"RoleArnn": "a", "ExpiresInSec": 900}}, ["PresignedUrlConfig.RoleArnn"]),
    ("an action", {"AbortConfig": {"CriteriaList": [{"FailureType": "ALL", "ThresholdPercentage": 5, "Acton": "CANCEL",
     "MinNumberOfExecutedThings": 9}]}}, ["AbortConfig.CriteriaList[0 ALL].Acton"]),
]  # fmt: skip


KINDS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("a mapping for a list", {"AbortConfig": {"CriteriaList": {}}}, [("JT005", "write a list")]),
    ("an item without its action", {"AbortConfig": {"CriteriaList": [
     {"FailureType": "ALL", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 9}]}}, [("JT004", "add Action")]),
    ("a document that is no text", {"Document": {"steps": []}}, [("JT005", "write it as text; in Python with JobDocument.inline(...)")]),
    ("a number that is no name in quotes either", {"JobTemplateId": 1.5}, [("JT101", "write a name of letters, digits, _ and - only")]),
]  # fmt: skip


@pytest.mark.parametrize(("properties", "expected"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_wrong_kinds(properties: dict[str, Any], expected: list[tuple[str, str]], here: Path) -> None:
    """A value of the wrong kind is one finding, whose fix is what to write."""
    good = {"JobTemplateId": "t", "Description": "d", "Document": "{}"}
    write(here, {"t.json": stack(R=good | properties)})
    assert [(one.code, one.fix) for one in report("t.json").findings if one.severity == "error"] == expected


@pytest.mark.parametrize(("properties", "expected"), [row[1:] for row in MISSPELT], ids=[row[0] for row in MISSPELT])
def test_misspelt_keys(properties: dict[str, Any], expected: list[str], here: Path) -> None:
    """A misspelt key is one finding: the key that it means counts as present, so that nothing is reported as missing."""
    write(here, {"t.json": stack(R=TEMPLATE | properties)})
    assert [one[1:] for one in seen(report("t.json"))] == [
        ("JT003", f"Resources.R.Properties.{path}") for path in expected
    ]


NO_VALUE = [
    ("an optional value", ("TimeoutConfig",), []),
    ("a required value", ("Description",), [("JT004", "Resources.R.Properties.Description")]),
    (
        "a lifetime",
        ("PresignedUrlConfig", "ExpiresInSec"),
        [("JT551", "Resources.R.Properties.PresignedUrlConfig.ExpiresInSec")],
    ),
    ("a rate", ("JobExecutionsRolloutConfig", "ExponentialRolloutRate"), []),
]


@pytest.mark.parametrize(("loc", "expected"), [row[1:] for row in NO_VALUE], ids=[row[0] for row in NO_VALUE])
def test_no_value(loc: Location, expected: list[tuple[str, str]], here: Path) -> None:
    """AWS::NoValue counts as absent."""
    write(here, {"t.json": stack(R=put(FULL_TEMPLATE, loc, {"Ref": "AWS::NoValue"}))})
    assert [one[1:] for one in seen(report("t.json"))] == expected


RESOURCES: list[tuple[str, str, list[tuple[str, str, str]]]] = [
    ("tags, one of them of a parameter", "Tags: [{Key: !Ref P, Value: x}, {Key: 'a*', Value: ''}]",
     [("a.yaml:9:39", "JT110", "Resources.T.Properties.Tags[1 a*]"),
      ("a.yaml:9:39", "JT118", "Resources.T.Properties.Tags[1 a*]")]),
    ("dynamic references", "TimeoutConfig: {InProgressTimeoutInMinutes: '{{resolve:ssm:/a}}'}\n      "
     "DestinationPackageVersions: ['{{resolve:ssm:/a}}']\n      Tags: [{Key: a, Value: '{{resolve:ssm:/a}}*'}]", []),
    ("what is no dynamic reference", "TimeoutConfig: {InProgressTimeoutInMinutes: '{resolve:ssm:/a}'}",
     [("a.yaml:9:23", "JT410", "Resources.T.Properties.TimeoutConfig.InProgressTimeoutInMinutes")]),
    ("a macro beside properties", "Fn::Transform: {Name: X}\n      Propertes: 1", []),
    ("a macro beside a property's parts", "TimeoutConfig: {Fn::Transform: {Name: X}, Propertes: 1}", []),
    ("a template under the other condition",
     "Tags: []\n  U:\n    Type: AWS::IoT::JobTemplate\n    Condition: D\n    Properties: {JobTemplateId: t1, "
     "Description: d, Document: '{}'}", []),
    ("a template under the same condition",
     "Tags: []\n  U:\n    Type: AWS::IoT::JobTemplate\n    Condition: C\n    Properties: {JobTemplateId: t1, "
     "Description: d, Document: '{}'}", [("a.yaml:13:18", "JT114", "Resources.U.Properties.JobTemplateId")]),
    ("properties by another name",
     "Tags: []\n  U:\n    Type: AWS::IoT::JobTemplate\n    Propertes: {}",
     [("a.yaml:12:5", "JT003", "Resources.U.Propertes")]),
    ("a macro beside a resource",
     "Tags: []\n  U:\n    Type: AWS::IoT::JobTemplate\n    Fn::Transform: {Name: X}", []),
]  # fmt: skip


@pytest.mark.parametrize(("more", "expected"), [row[1:] for row in RESOURCES], ids=[row[0] for row in RESOURCES])
def test_resources(more: str, expected: list[tuple[str, str, str]], here: Path) -> None:
    """Findings about a resource are only those that are certain, whatever macros and conditions make of it."""
    head = "Resources:\n  T:\n    Type: AWS::IoT::JobTemplate\n    Condition: C\n    Properties:\n"
    properties = "      JobTemplateId: t1\n      Description: d\n      Document: '{}'\n"
    conditions = "Conditions: {C: !Equals [!Ref P, p], D: !Not [Condition: C]}\n"
    write(here, {"a.yaml": f"{head}{properties}      {more}\n{conditions}"})
    assert seen(report("a.yaml")) == expected


LOGICAL_IDS = [
    ("A", None),
    ("0", None),
    ("a" * 255, None),
    ("a" * 256, "write " + "a" * 255),
    ("reboot-device", "write rebootdevice"),
    ("Gerät", "write Gert"),
    ("", "write letters and digits"),
    ("_", "write letters and digits"),
]


@pytest.mark.parametrize(("name", "fix"), LOGICAL_IDS, ids=[name[:20] or "none" for name, _ in LOGICAL_IDS])
def test_logical_ids(name: str, fix: str | None, here: Path) -> None:
    """CloudFormation accepts only ASCII letters and digits, and the check reports others on templates and jobs."""
    template = stack(**{name: TEMPLATE})
    write(here, {"t.json": {"Resources": {"my-topic": {"Type": "AWS::SNS::Topic"}, **template["Resources"]}}})
    found = report("t.json").findings
    assert [(one.code, one.path, one.fix) for one in found] == ([("JT117", f"Resources.{name}", fix)] if fix else [])


ATTRIBUTES = ["Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Description", "Metadata", "UpdatePolicy",
              "UpdateReplacePolicy"]  # fmt: skip
OF_MACROS, OF_CUSTOM_RESOURCES = {"Connectors", "IgnoreGlobals"}, {"Version"}


def test_resources_against_cfn_lint() -> None:
    """cfn-lint knows the same attributes, names and number of resources, but for an attribute that only the CDK writes."""
    path = files("cfnlint") / "data/schemas/other/resources/configuration.json"
    theirs = json.loads(path.read_text())
    known = set(theirs["definitions"]["ResourceConfiguration"]["properties"]) - OF_MACROS - OF_CUSTOM_RESOURCES
    assert known | {"Description"} == {*ATTRIBUTES, "Type", "Properties"}
    assert (theirs["maxProperties"], theirs["propertyNames"]) == (MAX_RESOURCES_IN_STACK, {"maxLength": 255})
    assert list(theirs["patternProperties"]) == ["^[a-zA-Z0-9]+$"]


def test_attributes(here: Path) -> None:
    """The keys beside Properties are those that CloudFormation knows; macros of the template may know more."""
    resource = {"Type": "AWS::IoT::JobTemplate", "Properties": TEMPLATE} | dict.fromkeys(ATTRIBUTES, "a")
    write(here, {"t.json": {"Resources": {"T": resource}}})
    assert seen(report("t.json")) == []
    resource |= {"DependOn": [], "Tags": []}
    write(
        here, {"t.json": {"Resources": {"T": resource}}, "sam.json": {"Transform": "m", "Resources": {"T": resource}}}
    )
    assert [(one.path, one.fix) for one in report("t.json").findings] == [
        ("Resources.T.DependOn", "remove it"),  # what it is near to is there
        ("Resources.T.Tags", "remove it"),
    ]
    assert seen(report("sam.json")) == []
    write(here, {"t.json": {"Resources": {"T": resource | {f"a{index}": 1 for index in range(100)}}}})
    assert len(seen(report("t.json"))) == 20


def test_equal_blocks(here: Path) -> None:
    """A block that is valid in one template is checked again in the next, in its spelling and beside a mistake."""
    rate = {"BaseRatePerMinute": 7, "IncrementFactor": 1.7, "RateIncreaseCriteria": {"NumberOfNotifiedThings": 7}}
    job = {"JobExecutionsRolloutConfig": {"MaximumPerMinute": 77, "ExponentialRate": rate}}
    template = {"JobExecutionsRolloutConfig": {"MaximumPerMinute": 77, "ExponentialRolloutRate": rate}}
    broken = {"TimeoutConfig": {"InProgressTimeoutInMinutes": 0}}
    write(here, {"t.json": stack(
        A=JOB | job, B=TEMPLATE | template | {"JobTemplateId": "b"}, C=TEMPLATE | template | {"JobTemplateId": "c"},
        D=TEMPLATE | job | {"JobTemplateId": "d"}, E=TEMPLATE | template | broken | {"JobTemplateId": "e"},
        F=TEMPLATE | template | broken | {"JobTemplateId": "f"},
    )})  # fmt: skip
    reading = read_paths([Path("t.json")])
    wrong = [
        (finding.code, finding.path) for finding in check(reading, now=NOW).findings if finding.severity == "error"
    ]
    assert wrong == [
        ("JT003", "Resources.D.Properties.JobExecutionsRolloutConfig.ExponentialRate"),
        ("JT410", f"Resources.E.Properties.{TIMEOUT}"),
        ("JT410", f"Resources.F.Properties.{TIMEOUT}"),
    ]
    _, first, second, *_ = (subject.spec.rollout for subject in reading.subjects)
    assert first == second
    alone, _ = JobTemplateSpec.check(values(TEMPLATE | template)[0])
    assert alone is not None
    assert alone.rollout == first


def test_yaml_as_cloudformation_reads_it(here: Path) -> None:
    """Values are checked as CloudFormation reads them, and noted in our resources only; one alias stands for all."""
    text = """\
%YAML 1.1
---
Shared: &shared {Key: team, Value: fleet}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {<<: *shared, FifoTopic: yes}
  T:
    Type: AWS::IoT::JobTemplate
    Properties:
      JobTemplateId: reboot-1
      Description: Reboot a board
      Document: '"${aws:iot:s3-presigned-url:https://s3.amazonaws.com/images/a}"'
      PresignedUrlConfig: {RoleArn: "arn:aws:iam::123456789012:role/presign", ExpiresInSec: 0070}
      Tags: [{Key: rack, Value: 0070}, {Key: unit, Value: 0019}, {<<: *shared}]
"""
    write(here, {"t.yaml": text})
    assert seen(report("t.yaml")) == [
        ("t.yaml:7:18", "JT051", ""),
        ("t.yaml:14:79", "JT052", "Resources.T.Properties.PresignedUrlConfig.ExpiresInSec"),
        ("t.yaml:14:79", "JT502", "Resources.T.Properties.PresignedUrlConfig.ExpiresInSec"),
        ("t.yaml:15:26", "JT052", "Resources.T.Properties.Tags[0 rack].Value"),
    ]


def test_yaml_of_a_template_without_ours(here: Path) -> None:
    """Nothing is noted in a template that has no job templates and jobs."""
    write(here, {"t.yaml": "A: &a {FifoTopic: yes}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {<<: *a}}}"})
    assert seen(report("t.yaml")) == []


OF_A_TEMPLATE: list[Any] = [
    pytest.param({}, ["SchedulingConfig.StartTime", "TargetSelection"], id="by default"),
    pytest.param({"TargetSelection": "SNAPSHOT"}, ["SchedulingConfig.StartTime", "TargetSelection"], id="a snapshot"),
    pytest.param({"TargetSelection": "CONTINUOUS"}, ["SchedulingConfig.StartTime"], id="no schedule"),
    pytest.param(
        {"TargetSelection": "CONTINUOUS", "SchedulingConfig": {"EndTime": "2026-07-01T02:00"}},
        ["SchedulingConfig.StartTime"],
        id="no start",
    ),
    pytest.param(
        {"TargetSelection": "CONTINUOUS", "SchedulingConfig": {"StartTime": "2026-06-01T02:00"}}, [], id="both"
    ),
    pytest.param({"TargetSelection": {"Ref": "A"}, "SchedulingConfig": {"Ref": "B"}}, [], id="known later"),
]


@pytest.mark.parametrize("arn", [{"Fn::GetAtt": ["T", "Arn"]}, {"Fn::GetAtt": "T.Arn"}, {"Ref": "T"}], ids=str)
@pytest.mark.parametrize(("job", "missing"), OF_A_TEMPLATE)
def test_windows_of_the_template_of_a_job(job: dict[str, Any], missing: list[str], arn: Any, here: Path) -> None:
    """A job from a template with windows in the same stack has to be continuous, with a start, as if they were its own."""
    made = {"JobId": "a", "Targets": JOB["Targets"], "JobTemplateArn": arn}
    write(here, {"t.json": stack(J=made | job, T=TEMPLATE | {"MaintenanceWindows": WINDOWS})})
    found = report("t.json").findings
    assert sorted((one.code, one.path, [other.path for other in one.related]) for one in found) == [
        ("JT814", f"Resources.J.Properties.{path}", ["Resources.T.Properties.MaintenanceWindows"]) for path in missing
    ]


@pytest.mark.parametrize("template", [{}, {"MaintenanceWindows": {"Ref": "A"}}], ids=["none", "known later"])
def test_no_windows_of_the_template_of_a_job(template: dict[str, Any], here: Path) -> None:
    """Nothing is asked of a job whose template has no windows, or is in another stack."""
    made = {"JobId": "a", "Targets": JOB["Targets"], "JobTemplateArn": {"Fn::GetAtt": ["T", "Arn"]}}
    other = made | {"JobId": "b", "JobTemplateArn": {"Fn::ImportValue": "T"}}
    write(
        here,
        {
            "t.json": stack(
                J=made,
                K=other,
                T=TEMPLATE | template,
                U=TEMPLATE | {"JobTemplateId": "u1", "MaintenanceWindows": WINDOWS},
            )
        },
    )
    assert seen(report("t.json")) == []


@pytest.mark.parametrize("name", ["reboot", "reboot-device", "v2-reboot", "reboot-v", "reboot-abcdef"])
def test_fixed_ids(name: str, here: Path) -> None:
    """An id without a version in a CloudFormation template makes every later edit fail."""
    write(here, {"t.json": stack(R=TEMPLATE | {"JobTemplateId": name})})
    assert [(one.code, one.path, one.fix) for one in report("t.json").findings] == [
        (
            "JT152",
            "Resources.R.Properties.JobTemplateId",
            f"write {name}-1 and raise the number with each edit, or use the construct JobTemplate, which "
            "makes the id itself",
        )
    ]


@pytest.mark.parametrize(
    "name", ["reboot-1", "reboot-v2", "reboot_1_2", "reboot-deadbe0f", "reboot-abcdefghij", {"Ref": "A"}]
)
def test_ids_that_change(name: Any, here: Path) -> None:
    """An id may end in a version, in a commit or in the construct's digest, or be known only to CloudFormation."""
    write(here, {"t.json": stack(R=TEMPLATE | {"JobTemplateId": name})})
    assert seen(report("t.json")) == []


def test_fixed_ids_elsewhere(here: Path) -> None:
    """In properties alone, in a request and in a job, an id is nobody's trap."""
    properties = TEMPLATE | {"JobTemplateId": "reboot"}
    request = {key[0].lower() + key[1:]: value for key, value in properties.items()}
    write(here, {"a.json": properties, "b.json": request, "c.json": stack(J=JOB | {"JobId": "reboot"})})
    found = report(".")
    assert (seen(found), found.checked) == ([], 3)


def test_properties_left_to_fill_in(here: Path) -> None:
    """One finding for each property that has text left to be filled in; a job's parameters are for a shell."""
    role = {"RoleArn": "arn:aws:iam::123456789012:role/${Role}", "ExpiresInSec": 3600}
    tags = [{"Key": key, "Value": f"<{key}>"} for key in ("owner", "team")]
    content = {
        "Description": "Reboots $name",
        "PresignedUrlConfig": role,
        "Tags": tags,
        "Document": CONTENT["Document"],
    }
    job = FULL_JOB | {"DocumentParameters": {"command": "echo $NAME"}}
    write(here, {"t.json": stack(R=TEMPLATE | content, J=job)})
    assert [(one.code, one.path, one.given) for one in report("t.json").findings] == [
        ("JT153", "Resources.R.Properties.Description", "$name"),
        ("JT153", "Resources.R.Properties.PresignedUrlConfig.RoleArn", "${Role}"),
        ("JT153", "Resources.R.Properties.Tags[0 owner].Value", "<owner>"),
    ]


def test_ids_of_a_parameter(here: Path) -> None:
    """An id that a parameter gives can change, whatever the parameter is by default."""
    template = stack(R=TEMPLATE | {"JobTemplateId": {"Ref": "Name"}})
    write(here, {"t.json": template | {"Parameters": {"Name": {"Type": "String", "Default": "reboot"}}}})
    assert seen(report("t.json")) == []


def test_ids_of_a_condition(here: Path) -> None:
    """An id that a condition chooses is reported for the branch that can't change."""
    template = stack(R=TEMPLATE | {"JobTemplateId": {"Fn::If": ["Live", "reboot-1", "reboot"]}})
    conditions = {"Live": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}
    write(here, {"t.json": template | {"Conditions": conditions}})
    assert [(one.code, one.given, one.when) for one in report("t.json").findings] == [
        ("JT152", "reboot", "Live is false")
    ]
