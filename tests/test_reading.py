"""Files and folders: each recognised by its content, its findings in its own words, what is passed over named."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from iot_jobs.check import Report, check
from iot_jobs.cloudformation import values
from iot_jobs.finding import Location, dotted
from iot_jobs.limits import MAX_RESOURCES_IN_STACK
from iot_jobs.sources import read, read_paths
from iot_jobs.sources.source import MAX_BYTES
from iot_jobs.template import JobTemplateSpec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENT = '{"operation": "reboot.sh"}'
GROUP = "arn:aws:iot:eu-west-1:123456789012:thinggroup/boards"
TEMPLATE: dict[str, Any] = {"JobTemplateId": "reboot", "Description": "Reboot a board", "Document": DOCUMENT}
JOB: dict[str, Any] = {"JobId": "reboot-1", "Targets": [GROUP], "Document": DOCUMENT}

UNKNOWN = "neither a CloudFormation template, an environment, properties nor a job document"
UNREADABLE = "not readable as JSON or YAML, and doesn't speak of job templates"
ELSEWHERE = "looks like {}, but is in no application (stacks/, job_documents/)"
NOT_NAMED = "templates.reboot: its family was not named"
A_LIST = "a list of what there is, without what it does; describe each"
NO_JOBS = "a CloudFormation template without job templates and jobs"

Files = dict[str, Any]
Seen = list[tuple[str, str, str]]


def write(root: Path, files: Files) -> None:
    """Files below a folder: text and bytes as they are, all else as JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, so that files are shown without a folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(*names: str) -> Report:
    return check(read_paths([Path(name) for name in names]), now=NOW)


def seen(one: Report) -> Seen:
    return [(str(finding.place), finding.code, finding.path) for finding in one.findings]


def skipped(one: Report) -> list[tuple[str, str]]:
    return [(skip.file, skip.reason) for skip in one.skipped]


def stack(**resources: dict[str, Any]) -> dict[str, Any]:
    kinds = {name: "AWS::IoT::Job" if "Targets" in one else "AWS::IoT::JobTemplate" for name, one in resources.items()}
    return {"Resources": {name: {"Type": kinds[name], "Properties": one} for name, one in resources.items()}}


YAML_STACK = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Minutes: {Type: Number}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
  Reboot:
    Type: AWS::IoT::JobTemplate
    DependsOn: Bucket
    Properties:
      JobTemplateId: !Sub "reboot-${AWS::Region}"
      Description: Reboot a board
      DocumentSource: !GetAtt Bucket.DomainName
      TimeoutConfig:
        InProgressTimeoutInMinutes: 0
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Timeout: 3}}
Resources:
  Hello: {Type: AWS::Serverless::Function, Properties: {Handler: app.handler}}
  Reboot:
    Type: AWS::IoT::JobTemplate
    Metadata: {SamResourceId: Reboot}
    Properties: {JobTemplateId: !Ref Name, Description: Reboot, DocumentSource: !Ref Url,
                 TimeoutConfig: {InProgressTimeoutInMinutes: 0}}
"""
DESCRIBED_TEMPLATE: dict[str, Any] = {
    "jobTemplateArn": "arn:aws:iot:eu-west-1:123456789012:jobtemplate/reboot",
    "jobTemplateId": "reboot",
    "description": "Reboot a board",
    "documentSource": None,
    "document": DOCUMENT,
    "createdAt": 1767225600.0,
    "presignedUrlConfig": None,
    "jobExecutionsRolloutConfig": {"maximumPerMinute": 10, "exponentialRate": None},
    "abortConfig": None,
    "timeoutConfig": {"inProgressTimeoutInMinutes": 0},
    "jobExecutionsRetryConfig": None,
    "destinationPackageVersions": None,
    "maintenanceWindows": None,
}
DESCRIBED_JOB: dict[str, Any] = {
    "job": {
        "jobArn": "arn:aws:iot:eu-west-1:123456789012:job/reboot-1",
        "jobId": "reboot-1",
        "targetSelection": "SNAPSHOT",
        "status": "COMPLETED",
        "forceCanceled": None,
        "comment": "done",
        "targets": [GROUP],
        "description": "Reboot a board",
        "jobTemplateArn": "arn:aws:iot:eu-west-1:123456789012:jobtemplate/reboot",
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 10},
        "createdAt": 1767225600.0,
        "lastUpdatedAt": 1767225600.0,
        "completedAt": None,
        "jobProcessDetails": {"numberOfSucceededThings": 3, "processingTargets": None},
        "timeoutConfig": {"inProgressTimeoutInMinutes": 0},
        "isConcurrent": True,
    }
}


def camel(value: Any) -> Any:
    """Properties in the API's spelling."""
    if isinstance(value, dict):
        return {key if key in ("Key", "Value") else key[0].lower() + key[1:]: camel(one) for key, one in value.items()}
    return [camel(one) for one in value] if isinstance(value, list) else value


def where(text: str, word: str) -> str:
    """Line and column of a word that stands once in a text."""
    before, _, after = text.partition(word)
    assert word not in after
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def lines(properties: dict[str, Any], indent: str = "") -> str:
    return "".join(f"{indent}{key}: {json.dumps(value)}\n" for key, value in properties.items())


WRONG = {"TimeoutConfig": {"InProgressTimeoutInMinutes": 0}}
BOTH = TEMPLATE | WRONG
BOTH_STACK = json.dumps(stack(Reboot=BOTH), indent=1)
TIMEOUT, API_TIMEOUT = "TimeoutConfig.InProgressTimeoutInMinutes", "timeoutConfig.inProgressTimeoutInMinutes"
OF_REBOOT = f"Resources.Reboot.Properties.{TIMEOUT}"
# Each has one mistake, and the place and path of that show as what the file was read.
RECOGNISED: list[tuple[str, str, str, str]] = [
    ("a CloudFormation template in YAML", "t.yaml", YAML_STACK, OF_REBOOT),
    ("a CloudFormation template in JSON", "t.json", BOTH_STACK, OF_REBOOT),
    ("a CloudFormation template on one line", "t.json", json.dumps(stack(Reboot=BOTH)), OF_REBOOT),
    (
        "a job in a CloudFormation template",
        "t.json",
        json.dumps(stack(Job=JOB | WRONG)),
        OF_REBOOT.replace("Reboot", "Job"),
    ),
    ("YAML named .template", "t.template", YAML_STACK, OF_REBOOT),
    ("JSON named .template", "t.template", BOTH_STACK, OF_REBOOT),
    ("JSON named .yaml", "t.yaml", BOTH_STACK, OF_REBOOT),
    ("no suffix", "template", YAML_STACK, OF_REBOOT),
    ("a SAM template", "t.yaml", SAM, OF_REBOOT),
    (
        "one resource",
        "t.yaml",
        f"Type: AWS::IoT::JobTemplate\nProperties:\n{lines(BOTH, '  ')}",
        f"Properties.{TIMEOUT}",
    ),
    ("properties in YAML", "t.yaml", lines(BOTH), TIMEOUT),
    ("properties in JSON", "t.json", json.dumps(BOTH, indent=1), TIMEOUT),
    ("properties of a job", "t.json", json.dumps(JOB | WRONG, indent=1), TIMEOUT),
    ("create-job-template input", "t.json", json.dumps(camel(BOTH), indent=1), API_TIMEOUT),
    ("create-job input", "t.json", json.dumps(camel(JOB | WRONG), indent=1), API_TIMEOUT),
    ("describe-job-template output", "t.json", json.dumps(DESCRIBED_TEMPLATE, indent=1), API_TIMEOUT),
    ("describe-job output", "t.json", json.dumps(DESCRIBED_JOB, indent=1), f"job.{API_TIMEOUT}"),
]


@pytest.mark.parametrize(("name", "text", "path"), [row[1:] for row in RECOGNISED], ids=[row[0] for row in RECOGNISED])
def test_recognised(name: str, text: str, path: str, here: Path) -> None:
    """What a file is shows in its content, and a finding has its words, line and column."""
    write(here, {name: text})
    key = path.rpartition(".")[2]
    place = where(text, f'"{key}"' if f'"{key}"' in text else key)
    for found in [report(name), *([report(".")] if "." in name else [])]:  # without a suffix only what is named is read
        assert seen(found) == [(f"{name}:{place}", "JT410", path)]
        assert (found.checked, skipped(found)) == (1, [])


@pytest.mark.parametrize("answer", [DESCRIBED_TEMPLATE, DESCRIBED_JOB], ids=["template", "job"])
def test_answers_of_the_api(answer: dict[str, Any], here: Path) -> None:
    """What the API answers is no more wrong than what was asked: nulls and its own members are nothing to report."""
    good = json.dumps(answer).replace('"inProgressTimeoutInMinutes": 0', '"inProgressTimeoutInMinutes": 60')
    write(here, {"answer.json": good})
    assert seen(report("answer.json")) == []


def test_a_job_that_has_run(here: Path) -> None:
    """A job that was described is not asked for the document that DescribeJob leaves out, nor for a later start."""
    job = {key: value for key, value in DESCRIBED_JOB["job"].items() if key not in ("jobTemplateArn", "timeoutConfig")}
    job |= {"schedulingConfig": {"startTime": "2025-06-01T02:00"}, "presignedUrlConfig": {}}
    source = "https://fleet.s3.eu-west-1.amazonaws.com/reboot.json"
    write(here, {"inline.json": {"job": job}, "source.json": {"documentSource": source, "job": job}})
    assert seen(report(".")) == []


def test_members_of_tomorrow(here: Path) -> None:
    """What AWS adds to its answers, or a client to them, is nobody's mistake."""
    write(here, {"answer.json": DESCRIBED_TEMPLATE})
    alone = [one.path for one in report("answer.json").findings]
    write(here, {"answer.json": DESCRIBED_TEMPLATE | {"ResponseMetadata": {"HTTPStatusCode": 200}, "newMember": 1}})
    assert [one.path for one in report("answer.json").findings] == alone == [API_TIMEOUT]


def test_blocks_of_nulls(here: Path) -> None:
    """A block that holds nothing but nulls is what the API answers for one that is not set."""
    block = {"presignedUrlConfig": {"roleArn": None, "expiresInSec": None}, "timeoutConfig": {}}
    write(here, {"answer.json": DESCRIBED_TEMPLATE | block})
    assert seen(report("answer.json")) == []


ANSWERS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a request", JOB | {"SchedulingConfig": {"StartTime": "2025-06-01T02:00"}}, ["JT815"]),
    ("an answer", JOB | {"SchedulingConfig": {"StartTime": "2025-06-01T02:00"}, "Status": "COMPLETED"}, []),
    ("a request without a document", {key: JOB[key] for key in ("JobId", "Targets")}, ["JT105"]),
    ("an answer without a document", {"JobId": "a", "Targets": [GROUP], "JobArn": "a"}, []),
    ("a request without a rate", JOB | {"JobExecutionsRolloutConfig": {}}, ["JT205"]),
    ("an answer without a rate", JOB | {"JobExecutionsRolloutConfig": {}, "JobArn": "a"}, []),
    ("an answer with a rate that is none", JOB | {"JobExecutionsRolloutConfig": {"MaximumPerMinute": 0}, "JobArn": "a"},
     ["JT201"]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "codes"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_requests_and_answers(given: dict[str, Any], codes: list[str], here: Path) -> None:
    """What is absent or past is wrong in a request only; a value that AWS refuses is wrong in both."""
    write(here, {"t.json": camel(given)})
    assert [code for _, code, _ in seen(report("t.json"))] == codes


CONTENT: dict[str, Any] = {
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
    ({"Fn::If": ["Prod", 1, {"Ref": "AWS::NoValue"}]}, "!If [Prod, 1, !Ref AWS::NoValue]"),
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
    """An intrinsic function keeps nothing beside it from being judged."""
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
    """Of a managed template's parameters those that are intrinsic functions are skipped, and the others judged."""
    parameters = {"a": {"Ref": "A"}, "b": {"Ref": "AWS::NoValue"}, "c d": "5", "e": 5}
    write(here, {"t.json": stack(R=FULL_JOB | {"DocumentParameters": parameters})})
    assert [one[1:] for one in seen(report("t.json"))] == [
        ("JT807", "Resources.R.Properties.DocumentParameters.c d"),
        ("JT808", "Resources.R.Properties.DocumentParameters.e"),
    ]


PLAIN = '{"operation": "a.sh", "args": ["${aws:iot:package:a:version:b:attributes:c}"]}'
MARKED = PLAIN.replace("${", "${!")
SUBSTITUTIONS: list[tuple[str, Any, list[str]]] = [
    ("text", {"Fn::Sub": PLAIN}, ["Fn::Sub"]),
    ("text that is marked", {"Fn::Sub": MARKED}, []),
    ("CloudFormation's own variables", {"Fn::Sub": "${AWS::Region} ${Bucket} ${Bucket.Arn}"}, []),
    ("text with variables", {"Fn::Sub": [PLAIN, {"a": "b"}]}, ["Fn::Sub[0]"]),
    ("a variable of that name", {"Fn::Sub": ["${aws:a}", {"aws:a": "b"}]}, []),
    ("inside another function", {"Fn::Join": ["", [PLAIN, {"Fn::Sub": PLAIN}]]}, ["Fn::Join[1][1].Fn::Sub"]),
    ("no text", {"Fn::Sub": [{"Ref": "A"}, {}]}, []),
    ("an empty list", {"Fn::Sub": []}, []),
    ("no end", {"Fn::Sub": "${aws:"}, ["Fn::Sub"]),
    ("two of them", {"Fn::Sub": "${aws:a} ${aws:b} ${aws:a}"}, ["Fn::Sub", "Fn::Sub"]),
    ("no function", PLAIN, []),
]


@pytest.mark.parametrize(
    ("document", "expected"), [row[1:] for row in SUBSTITUTIONS], ids=[row[0] for row in SUBSTITUTIONS]
)
def test_placeholders_that_cloudformation_takes(document: Any, expected: list[str], here: Path) -> None:
    """A placeholder of AWS IoT stands marked inside Fn::Sub, once for each that doesn't; in a job as in a template."""
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
    ("a value in a block", {"PresignedUrlConfig": {"RoleArnn": "a", "ExpiresInSec": 60}}, ["PresignedUrlConfig.RoleArnn"]),
    ("an action", {"AbortConfig": {"CriteriaList": [{"FailureType": "ALL", "ThresholdPercentage": 5, "Acton": "CANCEL",
     "MinNumberOfExecutedThings": 9}]}}, ["AbortConfig.CriteriaList[0 ALL].Acton"]),
]  # fmt: skip


KINDS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("a mapping for a list", {"AbortConfig": {"CriteriaList": {}}}, [("JT005", "write a list")]),
    ("an item without its action", {"AbortConfig": {"CriteriaList": [
     {"FailureType": "ALL", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 9}]}}, [("JT004", "add Action")]),
    ("a document that is no text", {"Document": {"steps": []}}, [("JT005", "write it as text; in Python with JobDocument.inline(...)")]),
    ("a number for a tag", {"Tags": [{"Key": "a", "Value": 1}]}, [("JT111", 'write "1", in quotes')]),
    ("a switch for a tag", {"Tags": [{"Key": "a", "Value": True}]}, [("JT111", 'write "true", in quotes')]),
    ("a number for a name", {"JobTemplateId": 12}, [("JT101", 'write "12", in quotes')]),
    ("a number that is no name in quotes either", {"JobTemplateId": 1.5}, [("JT101", "shorten the name, and replace what is neither letter, digit, _ nor -")]),
]  # fmt: skip


@pytest.mark.parametrize(("properties", "expected"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_wrong_kinds(properties: dict[str, Any], expected: list[tuple[str, str]], here: Path) -> None:
    """A value of the wrong kind is one finding, whose fix is what to write."""
    good = {"JobTemplateId": "t", "Description": "d", "Document": "{}"}
    write(here, {"t.json": stack(R=good | properties)})
    assert [(one.code, one.fix) for one in report("t.json").findings if one.severity == "error"] == expected


@pytest.mark.parametrize(("properties", "expected"), [row[1:] for row in MISSPELT], ids=[row[0] for row in MISSPELT])
def test_misspelt_keys(properties: dict[str, Any], expected: list[str], here: Path) -> None:
    """A misspelt key is one finding: what it stands for counts as there, so that nothing is said to be missing."""
    write(here, {"t.json": stack(R=TEMPLATE | properties)})
    assert [one[1:] for one in seen(report("t.json"))] == [
        ("JT003", f"Resources.R.Properties.{path}") for path in expected
    ]


NO_VALUE = [
    ("an optional value", ("TimeoutConfig",), []),
    ("a required value", ("Description",), [("JT004", "Resources.R.Properties.Description")]),
    ("a lifetime", ("PresignedUrlConfig", "ExpiresInSec"), [("JT551", "Resources.R.Properties.PresignedUrlConfig")]),
    (
        "a rate",
        ("JobExecutionsRolloutConfig", "ExponentialRolloutRate"),
        [("JT251", "Resources.R.Properties.JobExecutionsRolloutConfig")],
    ),
]


@pytest.mark.parametrize(("loc", "expected"), [row[1:] for row in NO_VALUE], ids=[row[0] for row in NO_VALUE])
def test_no_value(loc: Location, expected: list[tuple[str, str]], here: Path) -> None:
    """AWS::NoValue stands for nothing at all."""
    write(here, {"t.json": stack(R=put(FULL_TEMPLATE, loc, {"Ref": "AWS::NoValue"}))})
    assert [one[1:] for one in seen(report("t.json"))] == expected


PATHS: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("a missing value, at what should hold it", "TimeoutConfig: {}", [("8:7", f"Properties.{TIMEOUT}")]),
    ("an unknown key", "TimeoutConfig: {InProgressTimeoutInMinutes: 1, Minutes: 1}",
     [("8:54", "Properties.TimeoutConfig.Minutes")]),
    ("an item by its failure type",
     "AbortConfig: {CriteriaList: [{FailureType: ALL, ThresholdPercentage: 0, MinNumberOfExecutedThings: 1, Action: CANCEL}]}",
     [("8:55", "Properties.AbortConfig.CriteriaList[0 ALL].ThresholdPercentage")]),
    ("an item without a name",
     "AbortConfig: {CriteriaList: [{ThresholdPercentage: 1, MinNumberOfExecutedThings: 1, Action: CANCEL}]}",
     [("8:36", "Properties.AbortConfig.CriteriaList[0].FailureType")]),
    ("an item that is none", "AbortConfig: {CriteriaList: [5]}", [("8:36", "Properties.AbortConfig.CriteriaList[0]")]),
    ("a window by its start", 'MaintenanceWindows: [{StartTime: "cron(0 2 * * ? *)", DurationInMinutes: 0}]',
     [("8:61", "Properties.MaintenanceWindows[0 cron(0 2 * * ? *)].DurationInMinutes")]),
    ("a tag by its key", 'Tags: [{Key: a, Value: "1"}, {Key: b, Value: ""}]', [("8:36", "Properties.Tags[1 b]")]),
    ("a tag's key that is wrong", 'Tags: [{Key: "aws:a", Value: "1"}]', [("8:14", "Properties.Tags[0 aws:a]")]),
    ("after text beyond ASCII", 'Tags: [{Key: "é😀", Value: é}, {Key: b, Value: ""}]',
     [("8:14", "Properties.Tags[0 é😀]"), ("8:37", "Properties.Tags[1 b]")]),
    ("a key with a dot", "Time.out: 1", [("8:7", "Properties.Time.out")]),
    ("a key on two lines", "TimeoutConfig:\n        InProgressTimeoutInMinutes:\n          0",
     [("9:9", f"Properties.{TIMEOUT}")]),
    ("after a comment", "# comment\n      TimeoutConfig: 5", [("9:7", "Properties.TimeoutConfig")]),
    ("through an alias", "Tags: [{Key: a, Value: &x ''}, {Key: b, Value: *x}]",
     [("8:14", "Properties.Tags[0 a]"), ("8:38", "Properties.Tags[1 b]")]),
]  # fmt: skip


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in PATHS], ids=[row[0] for row in PATHS])
def test_places_in_yaml(text: str, expected: list[tuple[str, str]], line_end: str, here: Path) -> None:
    """A finding points at the key of its value, or at what should hold a value that is missing."""
    above = f"Resources:\n  R:\n    Type: AWS::IoT::JobTemplate\n    Properties:\n{lines(TEMPLATE, ' ' * 6)}"
    write(here, {"t.yaml": f"{above}      {text}\n".replace("\n", line_end)})
    assert [(place, path) for place, _, path in seen(report("t.yaml"))] == [
        (f"t.yaml:{place}", f"Resources.R.{path}") for place, path in expected
    ]


IN_JSON: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("a value's key", '"TimeoutConfig": {"InProgressTimeoutInMinutes": 0}', [("2:19", TIMEOUT)]),
    ("a missing value, at what should hold it", '"TimeoutConfig": {}', [("2:1", TIMEOUT)]),
    ("an item of a list", '"DestinationPackageVersions": ["a"]', [("2:32", "DestinationPackageVersions[0]")]),
    ("after escapes", r'"Tags": [{"Key": "\"\\{", "Value": "a"}]', [("2:10", 'Tags[0 "\\{]')]),
    ("after text beyond ASCII", '"DestinationPackageVersions": ["é😀", "a"]',
     [("2:32", "DestinationPackageVersions[0]"), ("2:38", "DestinationPackageVersions[1]")]),
    ("after a tab", '\t"TimeoutConfig": 5', [("2:2", "TimeoutConfig")]),
    ("on further lines", '"TimeoutConfig":\n{\n\n  "InProgressTimeoutInMinutes":\n 0}', [("5:3", TIMEOUT)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in IN_JSON], ids=[row[0] for row in IN_JSON])
def test_places_in_json(text: str, expected: list[tuple[str, str]], here: Path) -> None:
    """Lines and columns count from 1, columns in characters."""
    write(here, {"t.json": f"{json.dumps(TEMPLATE)[:-1]},\n{text}}}"})
    assert [(place, path) for place, _, path in seen(report("t.json"))] == [
        (f"t.json:{place}", path) for place, path in expected
    ]


def test_inside_a_document_in_a_template(here: Path) -> None:
    """What is wrong inside a document's text stands at the property, with the way on into the document."""
    document = '{"steps": [{"image": "${aws:iot:s3-presigned-url:x}"}]}'
    write(here, {"t.yaml": f"JobTemplateId: a\nDescription: b\nDocument: '{document}'\nJobArn: {GROUP}\n"})
    assert seen(report("t.yaml")) == [
        ("t.yaml:3:1", "JT513", "Document.steps[0].image"),
        ("t.yaml:4:1", "JT103", "JobArn"),
    ]


NOT_READ: list[tuple[str, str, Any, tuple[str, str, str]]] = [
    ("JSON", "a.json", '{"a": 1,\n "b" 2}', ("a.json:2:6", "JT701", "")),
    ("a number that JSON lacks", "a.json", '{"a": NaN}', ("a.json:1:7", "JT701", "a")),
    ("YAML", "a.yaml", "a: 1\nb: 2 2: 3\n", ("a.yaml:2:7", "JT002", "")),
    ("a bracket that doesn't end", "a.yaml", "a: 1\nb: [1\n\n# end\n", ("a.yaml:2:4", "JT002", "")),
    ("a quote that doesn't end", "a.yaml", "a: 1\nb: \"x\nc: 1\n", ("a.yaml:2:4", "JT002", "")),
    ("a tab before a key", "a.yaml", "a:\n  b: 1\n\tc: 2\n", ("a.yaml:3:1", "JT002", "")),
    ("a tab under a list", "a.yaml", "a:\n  - b\n \t- c\n", ("a.yaml:3:2", "JT002", "")),
    ("a separator in a number", "a.yaml", "a: {b: {c: 250,000}}\n", ("a.yaml:1:12", "JT002", "a.b.c")),
    ("levels without end in YAML", "a.yaml", "a: " + "[" * 200, ("a.yaml:1:104", "JT704", "a" + "[0]" * 100)),
    ("levels without end in JSON", "a.json", "[" * 200 + "]" * 200, ("a.json:1:102", "JT704", "[0]" * 101)),
    ("an alias of itself", "a.yaml", "a: &b {c: *b}\n", ("a.yaml:1:4", "JT007", "a.c")),
    ("a key that stands twice in JSON", "a.json", '{"a": {"b": 1,\n "b": 2}}', ("a.json:2:2", "JT703", "a.b")),
    ("a key that stands twice in YAML", "a.yaml", "a:\n  b: 1\n  b: 2\n", ("a.yaml:3:3", "JT703", "a.b")),
    ("a merge key", "a.yaml", "a: &x {}\nb:\n  <<: *x\n", ("a.yaml:3:3", "JT002", "b")),
    ("a tag of its own", "a.yaml", "a: !!binary x\n", ("a.yaml:1:4", "JT002", "a")),
    ("bytes", "a.yaml", b"a: \xff", ("a.yaml", "JT001", "")),
    ("UTF-16", "a.json", "{}".encode("utf-16"), ("a.json", "JT001", "")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "expected"), [row[1:] for row in NOT_READ], ids=[row[0] for row in NOT_READ]
)
def test_what_can_not_be_read(name: str, content: Any, expected: tuple[str, str, str], here: Path) -> None:
    """Of a file that can't be read it is said where, as far as that is known."""
    write(here, {name: content})
    assert (seen(report(name)), report(name).checked) == ([expected], 0)


DOUBLED = [
    ("a.json", '{"Resources": {"T": {"Type": "AWS::IoT::JobTemplate", "Properties": {"Description": "d",\n'
     '"JobTemplateId": "a",\n"JobTemplateId": "a b",\n"Document": "{\\"c\\": 1, \\"c\\": 2}"}}}}',
     [("a.json:3:1", "JT101", "JobTemplateId"), ("a.json:3:1", "JT703", "JobTemplateId"),
      ("a.json:4:1", "JT703", "Document.c")]),
    ("a.yaml", "Resources:\n  T:\n    Type: AWS::IoT::JobTemplate\n    Properties:\n      JobTemplateId: a b\n"
     "      JobTemplateId: a\n      Description: d\n      Document: '[]'\n",
     [("a.yaml:5:7", "JT101", "JobTemplateId"), ("a.yaml:6:7", "JT703", "JobTemplateId"),
      ("a.yaml:8:7", "JT705", "Document")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "expected"), DOUBLED, ids=["JSON", "YAML"])
def test_beside_a_double_key(name: str, content: str, expected: list[tuple[str, str, str]], here: Path) -> None:
    """A key that stands twice hides nothing else; JSON's last value and YAML's first is judged."""
    write(here, {name: content})
    found = [(place, code, path.removeprefix("Resources.T.Properties.")) for place, code, path in seen(report(name))]
    assert (found, report(name).checked) == (expected, 1)


def test_errors_hide_no_advice(here: Path) -> None:
    """Beside a broken document and two rules between values, all advice about the template is there."""
    properties = {
        "JobTemplateId": "t",
        "Description": "Build 2026-01-05",
        "Document": '{"a": "http://example.com/x", "b": "${aws:"}',
        "DocumentSource": "https://bucket.s3.eu-west-1.amazonaws.com/a",
        "JobExecutionsRolloutConfig": {"MaximumPerMinute": 5},
        "JobExecutionsRetryConfig": {
            "RetryCriteriaList": [
                {"FailureType": "FAILED", "NumberOfRetries": 6},
                {"FailureType": "TIMED_OUT", "NumberOfRetries": 5},
            ]
        },
    }
    resource = {"Type": "AWS::IoT::JobTemplate", "Properties": properties}
    write(here, {"a.json": json.dumps({"Resources": {"T": resource}})})
    assert sorted(code for _, code, _ in seen(report("a.json"))) == ["JT151", "JT251", "JT404", "JT510", "JT762"]
    properties["Document"] = "{}"
    write(here, {"a.json": json.dumps({"Resources": {"T": resource}})})
    assert sorted(code for _, code, _ in seen(report("a.json"))) == ["JT105", "JT151", "JT251", "JT404"]


RESOURCES: list[tuple[str, str, list[tuple[str, str, str]]]] = [
    ("tags, one of them of a parameter", "Tags: [{Key: !Ref P, Value: x}, {Key: 'a*', Value: ''}]",
     [("a.yaml:9:39", "JT110", "Resources.T.Properties.Tags[1 a*]"),
      ("a.yaml:9:39", "JT111", "Resources.T.Properties.Tags[1 a*]")]),
    ("dynamic references", "TimeoutConfig: {InProgressTimeoutInMinutes: '{{resolve:ssm:/a}}'}\n      "
     "DestinationPackageVersions: ['{{resolve:ssm:/a}}']\n      Tags: [{Key: a, Value: '{{resolve:ssm:/a}}*'}]", []),
    ("what is no dynamic reference", "TimeoutConfig: {InProgressTimeoutInMinutes: '{resolve:ssm:/a}'}",
     [("a.yaml:9:23", "JT410", "Resources.T.Properties.TimeoutConfig.InProgressTimeoutInMinutes")]),
    ("a macro beside properties", "Fn::Transform: {Name: X}\n      Propertes: 1", []),
    ("a macro beside a property's parts", "TimeoutConfig: {Fn::Transform: {Name: X}, Propertes: 1}", []),
    ("a template under the other condition",
     "Tags: []\n  U:\n    Type: AWS::IoT::JobTemplate\n    Condition: D\n    Properties: {JobTemplateId: t, "
     "Description: d, Document: '{}'}", []),
    ("a template under the same condition",
     "Tags: []\n  U:\n    Type: AWS::IoT::JobTemplate\n    Condition: C\n    Properties: {JobTemplateId: t, "
     "Description: d, Document: '{}'}", [("a.yaml:13:18", "JT114", "Resources.U.Properties.JobTemplateId")]),
    ("properties by another name",
     "Tags: []\n  U:\n    Type: AWS::IoT::JobTemplate\n    Propertes: {}",
     [("a.yaml:12:5", "JT003", "Resources.U.Propertes")]),
    ("a macro beside a resource",
     "Tags: []\n  U:\n    Type: AWS::IoT::JobTemplate\n    Fn::Transform: {Name: X}", []),
]  # fmt: skip


@pytest.mark.parametrize(("more", "expected"), [row[1:] for row in RESOURCES], ids=[row[0] for row in RESOURCES])
def test_resources(more: str, expected: list[tuple[str, str, str]], here: Path) -> None:
    """What is said of a resource is no more than what is certain, whatever macros and conditions make of it."""
    head = "Resources:\n  T:\n    Type: AWS::IoT::JobTemplate\n    Condition: C\n    Properties:\n"
    write(
        here, {"a.yaml": f"{head}      JobTemplateId: t\n      Description: d\n      Document: '{{}}'\n      {more}\n"}
    )
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
    """CloudFormation takes letters and digits of ASCII only, and here it is said of templates and jobs."""
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
    """What stands beside properties is what CloudFormation knows; macros of the template may know more."""
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


def test_number_of_resources(here: Path) -> None:
    """A template has 500 resources at most, of whatever kind; loops are not resources yet."""
    topics = {f"Topic{index}": {"Type": "AWS::SNS::Topic"} for index in range(499)}
    most = stack(T=TEMPLATE)["Resources"] | topics | {"Fn::ForEach::All": []}
    write(here, {"most.json": {"Resources": most}, "more.json": {"Resources": most | {"Job": {"Type": "Custom::Job"}}}})
    assert seen(report("most.json")) == []
    assert [(one.code, one.path, one.given) for one in report("more.json").findings] == [("JT116", "Resources", 501)]
    write(here, {"others.json": {"Resources": topics | {"A": {}, "B": {}}}})
    assert (seen(report("others.json")), skipped(report("others.json"))) == ([], [("others.json", NO_JOBS)])


def test_size_of_a_template(here: Path) -> None:
    """A template has 1,000,000 bytes at most: bytes, not characters."""
    text = json.dumps({"Description": "é", **stack(T=TEMPLATE)}, ensure_ascii=False)
    blanks = " " * (1_000_000 - len(text.encode()))
    write(here, {"most.json": text + blanks, "more.json": text + blanks + " "})
    assert seen(report("most.json")) == []
    (found,) = report("more.json").findings
    assert (found.code, found.path, found.given, str(found.place)) == ("JT116", "", 1_000_001, "more.json:1:1")


def test_more_findings_than_anyone_reads(here: Path) -> None:
    """After ten thousand findings in one file the rest of it is passed over, and that is said; other files are not."""
    criteria = TEMPLATE | {"AbortConfig": {"CriteriaList": [{}] * 250}}  # a thousand findings
    more = {f"T{index}": criteria | {"JobTemplateId": f"t{index}"} for index in range(10)}
    write(here, {"a.json": stack(**more, U=TEMPLATE, V=TEMPLATE), "b.json": stack(T=criteria)})
    found = report("a.json", "b.json")
    assert len(found.findings) == 11_000
    assert skipped(found) == [("a.json", "2 of its 12 resources, after 10000 findings")]
    write(here, {"a.json": stack(**{name: more[name] for name in list(more)[1:]}, U=TEMPLATE, V=TEMPLATE)})
    assert (len(seen(report("a.json"))), skipped(report("a.json"))) == (9001, [])  # U and V have the same id


def test_equal_blocks(here: Path) -> None:
    """A block that is right in one template is judged anew in the next, in its spelling and beside a mistake."""
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


def test_double_keys_of_others(here: Path) -> None:
    """In a file that nobody named and that is not ours, double keys are nobody's business."""
    write(here, {"other.json": '{"a": 1, "a": 2}'})
    assert (seen(report(".")), [one.file for one in report(".").skipped]) == ([], ["other.json"])


def test_large_template_in_yaml(here: Path) -> None:
    """A YAML template of nearly CloudFormation's 1,000,000 bytes is checked; above them it is refused for its size."""
    count = 400
    template = json.dumps({**TEMPLATE, "JobTemplateId": "ID", "TimeoutConfig": {"InProgressTimeoutInMinutes": 0}})
    resources = "".join(
        f"  T{index}: {{Type: AWS::IoT::JobTemplate, Properties: {template.replace('ID', f'reboot-{index}')}}}\n"
        for index in range(count)
    )
    head = "Resources:\n" + resources
    write(here, {"a.yaml": head + "#" * (1_000_000 - len(head)), "b.yaml": head + "#" * (1_000_001 - len(head))})
    assert [code for _, code, _ in seen(report("a.yaml"))] == ["JT410"] * count
    assert [code for _, code, _ in seen(report("b.yaml"))] == ["JT116"] + ["JT410"] * count


def test_an_anchor_that_stands_twice(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An anchor may be given anew, and the YAML reader says nothing about it on stderr."""
    write(here, {"a.yaml": "a: &x 1\nb: &x 2\nc: *x\n"})
    assert read(Path("a.yaml")).data == {"a": 1, "b": 2, "c": 2}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "filling"), [("a.json", "a"), ("a.yaml", "#"), ("template", "#")])
def test_large_files(name: str, filling: str, here: Path) -> None:
    """A file of the largest size is read, and one of a byte more is not."""
    head, tail = ('{"a":"', '"}') if filling == "a" else ("operation: a.sh\n", "")
    write(here, {name: f"{head}{filling * (MAX_BYTES - len(head) - len(tail))}{tail}"})
    assert "JT001" not in [code for _, code, _ in seen(report(name))]
    write(here, {name: f"{head}{filling * (MAX_BYTES + 1 - len(head) - len(tail))}{tail}"})
    assert seen(report(name)) == [(name, "JT001", "")]


def test_byte_order_mark(here: Path) -> None:
    """A byte order mark is no part of the text, nor of a column."""
    text = json.dumps(BOTH)
    write(here, {"a.json": f"\ufeff{text}", "b.yaml": f"\ufeff{lines({'TimeoutConfig': 5} | TEMPLATE)}"})
    place = where(text, '"InProgressTimeoutInMinutes"')
    assert [place for place, _, _ in seen(report("."))] == [f"a.json:{place}", "b.yaml:1:1"]


ENVIRONMENT = """\
name: test
account: "123456789012"
region: eu-west-1
fleet: {things: 1000}
tags: {team: fleet}
templates:
  reboot:
    timeout: {in_progress_timeout_in_minutes: 0}
"""
FAMILY = """\
description: Reboot a board
document: reboot.json
timeout:
  in_progress_timeout_in_minutes: 10
rollout: {maximum_per_minute: 0}
"""
APPLICATION: Files = {
    "stacks/environments/test.yaml": ENVIRONMENT,
    "stacks/templates/reboot.yaml": FAMILY,
    "job_documents/reboot.json": '{\n "operation": "a.sh",\n "args": [5]\n}',
}
OVERLAID = ("stacks/environments/test.yaml:8:15", "JT410", "templates.reboot.timeout.in_progress_timeout_in_minutes")
IN_FAMILY = ("stacks/templates/reboot.yaml:5:11", "JT201", "rollout.maximum_per_minute")
IN_DOCUMENT = ("job_documents/reboot.json:3:11", "JT756", "args[0]")


@pytest.mark.parametrize(
    "names",
    [
        ["."],
        ["stacks"],
        ["stacks/environments/test.yaml"],
        ["stacks/templates/reboot.yaml"],
        ["job_documents"],
        ["job_documents/reboot.json"],
        ["stacks", "job_documents/reboot.json", "."],
        ["../here/stacks", "./"],
    ],
    ids=" ".join,
)
def test_application(names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any file of an application brings the whole of it, once; each finding stands where its value was written."""
    write(tmp_path / "here", APPLICATION)
    monkeypatch.chdir(tmp_path / "here")
    found = report(*names)
    assert seen(found) == [IN_DOCUMENT, OVERLAID, IN_FAMILY]
    assert (found.checked, skipped(found)) == (1, [])


def test_files_in_the_wrong_folder_of_an_application(here: Path) -> None:
    """YAML in stacks/ that is read as neither family nor environment is said to be passed over."""
    wrong = ["stacks/enviroments/prod.yaml", "stacks/templates/old/reboot.yml"]
    write(here, APPLICATION | dict.fromkeys(wrong, ENVIRONMENT) | {"stacks/schemas/family.schema.json": {}})
    reason = "neither in stacks/templates nor in stacks/environments"
    assert skipped(report("stacks")) == [(name, reason) for name in wrong]


def test_an_application_from_elsewhere(here: Path) -> None:
    """A folder above applications is searched, and each of them read as such, beside all other files."""
    write(here, {f"{name}/{path}": text for name in ("a", "b") for path, text in APPLICATION.items()})
    write(here, {"c/template.json": stack(R=TEMPLATE), "a/tests/template.json": stack(R=BOTH)})
    found = report(".")
    assert [place.partition(":")[0] for place, _, _ in seen(found)] == [
        *(f"a/{name}" for name in sorted(APPLICATION)),
        "a/tests/template.json",
        *(f"b/{name}" for name in sorted(APPLICATION)),
    ]
    assert found.checked == 4


def test_a_family_in_two_environments(here: Path) -> None:
    """A mistake of a family is found once, those of overlays one by one, and each environment has its template."""
    second = ENVIRONMENT.replace("test", "prod").replace("minutes: 0", "minutes: -1")
    write(here, APPLICATION | {"stacks/environments/prod.yaml": second})
    found = report(".")
    third = ("stacks/environments/prod.yaml:8:15", "JT410", OVERLAID[2])
    assert seen(found) == [IN_DOCUMENT, third, OVERLAID, IN_FAMILY]
    assert found.checked == 2


def test_a_family_that_no_environment_has(here: Path) -> None:
    """A family that no environment has is checked all the same."""
    write(here, APPLICATION | {"stacks/templates/other.yaml": FAMILY.replace("reboot.json", "none.json")})
    found = report("stacks")
    assert [one for one in seen(found) if "other" in one[0]] == [
        ("stacks/templates/other.yaml:2:1", "JT706", "document"),
        ("stacks/templates/other.yaml:5:11", "JT201", "rollout.maximum_per_minute"),
    ]
    assert found.checked == 2


DOCUMENTS_ALONE = [
    ("advice", {"operation": "a.sh", "args": [5]}, [("job_documents/other.json:1:32", "JT756", "args[0]")]),
    pytest.param(
        "an error",
        {"a": "${aws:iot:"},
        [("job_documents/other.json:1:2", "JT510", "a")],
    ),
]


@pytest.mark.parametrize(("what", "content", "expected"), DOCUMENTS_ALONE)
def test_a_document_that_no_family_names(what: str, content: Any, expected: Seen, here: Path) -> None:
    """A document that no family names is checked on its own; schemas beside it are not documents."""
    write(here, APPLICATION | {"job_documents/other.json": content, "job_documents/other.schema.json": {"a": "${aws:"}})
    assert [one for one in seen(report(".")) if "other" in one[0]] == expected


@pytest.mark.parametrize(
    "names",
    [["t.json", "t.json"], [".", "t.json"], ["t.json", "."], ["t.json", "link.json"], ["t.json", "./t.json"]],
    ids=" ".join,
)
def test_no_finding_twice(names: list[str], here: Path) -> None:
    """A file that is named twice, by whatever way, is read once."""
    write(here, {"t.json": stack(R=BOTH)})
    (here / "link.json").symlink_to("t.json")
    found = report(*names)
    assert [one[1:] for one in seen(found)] == [("JT410", f"Resources.R.Properties.{TIMEOUT}")]
    assert found.checked == 1


MANIFEST = {"version": "36.0.0", "artifacts": {}}
CDK_OUT: Files = {
    "manifest.json": MANIFEST,
    "cdk.out": '{"version": "36.0.0"}',
    "tree.json": {"tree": {}},
    "Stack.assets.json": {"files": {}},
    "Stack.template.json": stack(R=BOTH, Good=TEMPLATE | {"JobTemplateId": "good"}),
    "StackNested1234.nested.template.json": stack(R=BOTH),
    "assembly-Prod/manifest.json": MANIFEST,
    "assembly-Prod/cdk.out": "{}",
    "assembly-Prod/ProdStack.template.json": stack(R=BOTH),
    "asset.0123/reboot.json": {"operation": "a.sh", "args": [5]},
    "Broken.template.json": "{",
    "Other.template.json": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}},
}


def test_cdk_out(here: Path) -> None:
    """Of a synthesized folder all templates are checked, stages and nested stacks too, and nothing else is read."""
    write(here / "out", CDK_OUT)
    found = report("out")
    place = where(json.dumps(stack(R=BOTH)), '"InProgressTimeoutInMinutes"')
    assert seen(found) == [
        (f"out/{name}:{place}", "JT410", f"Resources.R.Properties.{TIMEOUT}")
        for name in (
            "Stack.template.json",
            "StackNested1234.nested.template.json",
            "assembly-Prod/ProdStack.template.json",
        )
    ]
    assert found.checked == 4
    assert skipped(found) == [
        ("out/Broken.template.json", UNREADABLE),
        ("out/Other.template.json", NO_JOBS),
    ]


def test_cdk_out_that_was_not_named(here: Path) -> None:
    """What was synthesized is left to the check that names it, and that is said."""
    write(here / "cdk.out", CDK_OUT)
    write(here, {"t.json": stack(R=TEMPLATE)})
    found = report(".")
    assert (seen(found), found.checked) == ([], 1)
    assert skipped(found) == [("cdk.out", "synthesized output; name it to check it")]


def test_cdk_out_without_templates(here: Path) -> None:
    """A synthesized folder without templates is said to be one."""
    write(here, {"manifest.json": MANIFEST, "cdk.out": "{}"})
    assert skipped(report(".")) == [(".", "a cdk.out folder without templates")]


# What is found in a folder and what is named: codes, how many are checked, reasons for skipping.
Outcome = tuple[list[str], int, list[str]]
MANAGED = {
    "templateName": "AWS-Reboot", "templateArn": "arn:aws:iot:eu-west-1::jobtemplate/AWS-Reboot:1.0",
    "templateVersion": "1.0", "document": '{"a": "${aws:iot:parameter:a}"}',
}  # fmt: skip
NAMED: list[tuple[str, str, Any, Outcome, Outcome]] = [
    ("a package.json", "package.json", {"name": "a", "version": "1"}, ([], 0, [UNKNOWN]), ([], 1, [])),
    ("some YAML", "a.yaml", "name: a\n", ([], 0, [UNKNOWN]), ([], 0, [UNKNOWN])),
    ("a job document of a known agent", "a.json", {"operation": "a.sh", "args": [5]}, (["JT756"], 1, []),
     (["JT756"], 1, [])),
    ("a job document of no known agent", "a.json", {"a": "${aws:iot:"}, ([], 0, [UNKNOWN]), (["JT510"], 1, [])),
    ("a list", "a.json", [1], ([], 0, ["not a mapping"]), (["JT005"], 0, [])),
    ("a number", "a.yaml", "5", ([], 0, ["not a mapping"]), (["JT005"], 0, [])),
    ("an empty file", "a.yaml", "", ([], 0, ["not a mapping"]), (["JT005"], 0, [])),
    ("a template without jobs", "a.yaml", "Resources: {A: {Type: 'AWS::S3::Bucket'}}", ([], 0, [NO_JOBS]),
     ([], 0, [NO_JOBS])),
    ("resources of no kind", "a.yaml", "Resources: {A: 5, B: {Type: [a]}, C: {}}", ([], 0, [NO_JOBS]),
     ([], 0, [NO_JOBS])),
    ("a loop", "a.yaml", "Resources: {'Fn::ForEach::A': [a, [b], {}]}",
     ([], 0, ["Fn::ForEach::A: expanded by CloudFormation", NO_JOBS]),
     ([], 0, ["Fn::ForEach::A: expanded by CloudFormation", NO_JOBS])),
    ("broken JSON", "a.json", "{", ([], 0, [UNREADABLE]), (["JT701"], 0, [])),
    ("broken JSON that speaks of us", "a.json", '{"Type": "AWS::IoT::JobTemplate"', (["JT701"], 0, []),
     (["JT701"], 0, [])),
    ("broken YAML that speaks of us", "a.yaml", "jobTemplateId: [", (["JT002"], 0, []), (["JT002"], 0, [])),
    ("no text", "a.yaml", b"\xff\xfe\x00", ([], 0, [UNREADABLE]), (["JT001"], 0, [])),
    ("no properties", "a.yaml", "Resources: {A: {Type: 'AWS::IoT::Job', Properties: }}", (["JT005"], 0, []),
     (["JT005"], 0, [])),
    ("one resource of another kind", "a.yaml", "{Type: 'AWS::S3::Bucket', Properties: {Tags: []}}", ([], 0, [UNKNOWN]),
     ([], 0, [UNKNOWN])),
    ("a resource without properties", "a.yaml", "Type: AWS::IoT::JobTemplate", ([], 0, [UNKNOWN]), ([], 0, [UNKNOWN])),
    ("a template's id alone", "a.yaml", "JobTemplateId: a", (["JT004", "JT105"], 1, []), (["JT004", "JT105"], 1, [])),
    ("a description alone", "a.yaml", "Description: a", ([], 0, [UNKNOWN]), (["JT004", "JT105"], 1, [])),
    ("a timeout alone", "a.json", '{"TimeoutConfig": {"InProgressTimeoutInMinutes": 0}}', ([], 0, [UNKNOWN]),
     (["JT004", "JT004", "JT105", "JT410"], 1, [])),
    ("names that are nearly right", "a.json", '{"jobTemplateID": "a", "descripton": "b", "documnt": "{}"}',
     ([], 0, [UNKNOWN]), (["JT003"] * 3, 1, [])),
    ("resources under another name", "a.json", json.dumps({"Resource": {"T": {"Type": "AWS::IoT::JobTemplate"}}}),
     (["JT004"], 0, []), (["JT004"], 0, [])),
    ("a resource at the top", "a.json", json.dumps({"T": {"Type": "AWS::IoT::Job"}}), (["JT004"], 0, []),
     (["JT004"], 0, [])),
    ("half of the keys known", "a.yaml", "{Description: a, JobArn: b, c: c, d: d}",
     (["JT003", "JT003", "JT004", "JT103"], 1, []), (["JT003", "JT003", "JT004", "JT103"], 1, [])),
    ("fewer keys known", "a.yaml", "{Description: a, JobArn: b, c: c, d: d, e: e}", ([], 0, [UNKNOWN]),
     ([], 0, [UNKNOWN])),
    ("an environment without an application", "a.yaml", ENVIRONMENT, ([], 0, [ELSEWHERE.format("an environment")]),
     ([], 0, [NOT_NAMED])),
    ("an environment's region", "a.yaml", "{templates: {}, region: a}", ([], 0, [ELSEWHERE.format("an environment")]),
     (["JT004", "JT004", "JT004", "JT903"], 0, [])),
    ("an environment's fleet", "a.yaml", "{templates: {}, fleet: {}}", ([], 0, [ELSEWHERE.format("an environment")]),
     (["JT004"] * 4, 0, [])),
    ("what describes something else", "a.yaml", "{name: a, description: b, tags: [c], version: 1}", ([], 0, [UNKNOWN]),
     (["JT003", "JT003", "JT004", "JT105", "JT005"], 1, [])),
    ("templates of something else", "a.yaml", "{templates: {}, name: a}", ([], 0, [UNKNOWN]), ([], 0, [UNKNOWN])),
    ("a family without an application", "a.yaml", FAMILY, ([], 0, [ELSEWHERE.format("a template family")]),
     (["JT201"], 1, ["document reboot.json: no such file beside it"])),
    ("a family that lacks everything", "a.yaml", "timeout: {in_progress_timeout_in_minutes: 0}", ([], 0, [UNKNOWN]),
     (["JT004", "JT105", "JT410"], 1, [])),
    ("a short family", "a.yaml", "description: a\ndocument: a.json\n",
     ([], 0, [ELSEWHERE.format("a template family")]),
     ([], 1, ["document a.json: no such file beside it"])),
    ("a document as it is answered", "a.json", {"document": '{"a": "${aws:"}'}, ([], 0, [UNKNOWN]), (["JT510"], 1, [])),
    ("one property as the API spells it", "a.json", {"timeoutConfig": {"inProgressTimeoutInMinutes": 0}},
     ([], 0, [UNKNOWN]), (["JT004", "JT004", "JT105", "JT410"], 1, [])),
    ("a list of templates", "a.json", {"jobTemplates": [{"jobTemplateId": "a"}]}, ([], 0, [A_LIST]), ([], 0, [A_LIST])),
    ("a list of jobs", "a.json", {"jobs": [{"jobId": "a"}], "nextToken": "b"}, ([], 0, [A_LIST]), ([], 0, [A_LIST])),
    ("a managed template", "a.json", MANAGED, ([], 0, ["a template that AWS manages"]),
     ([], 0, ["a template that AWS manages"])),
    ("YAML named .json", "a.json", "a: 5", ([], 0, [UNREADABLE]), (["JT701"], 0, [])),
]  # fmt: skip


def outcome(one: Report) -> Outcome:
    return [finding.code for finding in one.findings], one.checked, [skip.reason for skip in one.skipped]


@pytest.mark.parametrize(
    ("name", "content", "found", "named"), [row[1:] for row in NAMED], ids=[row[0] for row in NAMED]
)
def test_named_and_found(name: str, content: Any, found: Outcome, named: Outcome, here: Path) -> None:
    """A file that is found is skipped with a reason unless it is ours; one that is named is taken at its word."""
    write(here, {f"folder/{name}": content})
    assert outcome(report("folder")) == found
    assert outcome(report(f"folder/{name}")) == named


def test_files_of_an_application_without_one(here: Path) -> None:
    """Named together, an environment, its families and their documents are judged as they would be in an application."""
    loose = {f"x/{Path(name).name}": content for name, content in APPLICATION.items()}
    write(here, APPLICATION | loose)
    expected = [(place.rsplit("/", 1)[-1], code, path) for place, code, path in seen(report("stacks"))]
    found = report(*(name for name in loose if name.endswith(".yaml")))
    assert sorted((place.rsplit("/", 1)[-1], code, path) for place, code, path in seen(found)) == sorted(expected)
    assert (expected != [], skipped(found)) == (True, [])
    alone = [(place.split(":")[0], path) for place, _, path in seen(report("x/reboot.yaml"))]
    assert alone == [("x/reboot.json", "args[0]"), ("x/reboot.yaml", "rollout.maximum_per_minute")]


def test_a_request_that_names_no_file(here: Path) -> None:
    """A description and a document that is JSON are a request, not a family."""
    write(here, {"a.json": {"description": "a", "document": DOCUMENT}})
    assert outcome(report("a.json")) == (["JT004"], 1, [])


IGNORED = "holds .iot-jobs-ignore; name it to check it"


def test_folders_that_are_kept_out_of_a_search(here: Path) -> None:
    """A folder with .iot-jobs-ignore in it is not searched, and that is said; named, it is."""
    write(here, {"a/.iot-jobs-ignore": "", "a/b/t.json": stack(R=BOTH), "t.json": stack(R=TEMPLATE)})
    assert (outcome(report(".")), skipped(report("."))) == (([], 1, [IGNORED]), [("a", IGNORED)])
    for name in ("a", "a/b", "a/b/t.json"):
        assert outcome(report(name)) == (["JT410"], 1, [])


def test_a_type_that_is_a_list(here: Path) -> None:
    """A file whose `Type` is a list or mapping is skipped like any other that is not ours."""
    write(here, {"a.yaml": "Type: [a]\n", "b.yaml": "Type: {a: b}\n"})
    assert outcome(report(".")) == ([], 0, [UNKNOWN, UNKNOWN])


def test_folders_that_are_not_entered(here: Path) -> None:
    """Hidden folders, node_modules and caches are not searched; other files than JSON and YAML are not looked at."""
    write(here, {f"{name}/t.json": stack(R=BOTH) for name in (".venv", "node_modules", "__pycache__")})
    write(here, {"README.md": "AWS::IoT::JobTemplate"})
    found = report(".")
    assert (outcome(found), skipped(found)) == (([], 0, ["no JSON or YAML in it"]), [(".", "no JSON or YAML in it")])


def test_a_link_that_leads_nowhere(here: Path) -> None:
    """What can't be opened is skipped where it was found."""
    (here / "a.json").symlink_to("nowhere.json")
    assert outcome(report(".")) == ([], 0, [UNREADABLE])


def test_another_manifest(here: Path) -> None:
    """A manifest.json without cdk.out beside it is that of something else, and the folder is searched."""
    write(here, {"manifest.json": {"name": "an extension"}, "t.json": stack(R=BOTH)})
    assert outcome(report(".")) == (["JT410"], 1, [UNKNOWN])


def test_empty_folder(here: Path) -> None:
    """An empty folder is skipped, and that is said."""
    (here / "empty").mkdir()
    assert skipped(report("empty")) == [("empty", "no JSON or YAML in it")]


def test_mixed(here: Path) -> None:
    """Files and folders of all kinds go into one report, in the order of their names."""
    write(here, {"z.json": stack(R=BOTH), "folder/a.json": camel(BOTH), "folder/b.txt": "x"})
    write(here / "application", APPLICATION)
    found = report("z.json", "folder", "application")
    assert [place.partition(":")[0] for place, _, _ in seen(found)] == [
        "application/job_documents/reboot.json",
        "application/stacks/environments/test.yaml",
        "application/stacks/templates/reboot.yaml",
        "folder/a.json",
        "z.json",
    ]
    assert found.checked == 3


def test_a_tag_of_the_environment(here: Path) -> None:
    """A tag that an environment puts on all of its templates is found where it is written, once."""
    environment = (
        'name: dev\naccount: "123456789012"\nregion: eu-west-1\nfleet: {things: 5}\n'
        "tags:\n  commit: 0a1b2c3\ntemplates:\n  a: {}\n  b: {}\n"
    )
    family = "description: Reboot\ndocument: a.json\n"
    write(here, {
        "stacks/environments/dev.yaml": environment, "stacks/templates/a.yaml": family,
        "stacks/templates/b.yaml": family, "job_documents/a.json": '{"operation": "reboot.sh"}',
    })  # fmt: skip
    (found,) = report(".").findings
    place = found.place
    assert place is not None
    assert (found.code, place.file, place.line, place.path) == (
        "JT151", "stacks/environments/dev.yaml", 6, "tags.commit",
    )  # fmt: skip
    assert found.fix.startswith("remove it")
