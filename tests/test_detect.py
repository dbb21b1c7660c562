"""Files recognised by their content, named and found."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cases import (
    A_LIST,
    API_TIMEOUT,
    APPLICATION,
    BOTH,
    DESCRIBE,
    DESCRIBED_JOB,
    DESCRIBED_TEMPLATE,
    DOCUMENT,
    ELSEWHERE,
    ENVIRONMENT,
    FAMILY,
    GROUP,
    JOB,
    NO_JOBS,
    NOT_NAMED,
    SAM,
    TIMEOUT,
    UNKNOWN,
    UNKNOWN_LOOP,
    UNREADABLE,
    WRONG,
    YAML_STACK,
    Outcome,
    camel,
    lines,
    outcome,
    report,
    seen,
    skipped,
    stack,
    where,
    write,
)

BOTH_STACK = json.dumps(stack(Reboot=BOTH), indent=1)
OF_REBOOT = f"Resources.Reboot.Properties.{TIMEOUT}"
# Each file has one mistake. The place and path of its finding show which kind the file was read as.
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
    """A file's content decides its kind, and a finding uses the file's own names, line and column."""
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


TIMES = {"JobArn": "a", "CreatedAt": 1767225600.0}
ANSWERS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("a request", JOB | {"SchedulingConfig": {"StartTime": "2025-06-01T02:00"}}, ["JT815"]),
    ("an answer", JOB | {"SchedulingConfig": {"StartTime": "2025-06-01T02:00"}, "Status": "COMPLETED"} | TIMES, []),
    ("a request in a namespace", JOB | {"JobExecutionsRolloutConfig": {}, "NamespaceId": "a"}, ["JT205"]),
    ("a request with what only an answer has", JOB | {"Comment": "a", "Status": "COMPLETED", "JobArn": "a"},
     ["JT003"] * 3),
    ("a request without a document", {key: JOB[key] for key in ("JobId", "Targets")}, ["JT105"]),
    ("an answer without a document", {"JobId": "a", "Targets": [GROUP]} | TIMES, []),
    ("a request without a rate", JOB | {"JobExecutionsRolloutConfig": {}}, ["JT205"]),
    ("an answer without a rate", JOB | {"JobExecutionsRolloutConfig": {}} | TIMES, []),
    ("an answer with a rate that is none", JOB | {"JobExecutionsRolloutConfig": {"MaximumPerMinute": 0}} | TIMES,
     ["JT201"]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "codes"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_requests_and_answers(given: dict[str, Any], codes: list[str], here: Path) -> None:
    """An answer has an ARN and a time. What is absent or past is wrong in a request only; a refused value in both."""
    write(here, {"t.json": camel(given)})
    assert [code for _, code, _ in seen(report("t.json"))] == codes


CREATED = f"the id of a new job or job template without its content: {DESCRIBE}"
MANAGED = {
    "templateName": "AWS-Reboot", "templateArn": "arn:aws:iot:eu-west-1::jobtemplate/AWS-Reboot:1.0",
    "templateVersion": "1.0", "document": '{"a": "${aws:iot:parameter:a}"}',
}  # fmt: skip
STEP = {"action": {"name": "a", "type": "runHandler", "input": {"handler": "a.sh", "args": [5]}}}
NAMED: list[tuple[str, str, Any, Outcome, Outcome]] = [
    ("a package.json", "package.json", {"name": "a", "version": "1"}, ([], 0, [UNKNOWN]), ([], 1, [])),
    ("some YAML", "a.yaml", "name: a\n", ([], 0, [UNKNOWN]), ([], 0, [UNKNOWN])),
    ("steps of the Device Client", "a.json", {"version": "1.0", "steps": [STEP], "tags": [5], "description": "a"},
     (["JT756"], 1, []), (["JT756"], 1, [])),
    ("an operation", "a.json", {"operation": "a.sh", "args": [5]}, ([], 0, [UNKNOWN]), ([], 1, [])),
    ("an operation with names of ours", "a.json",
     {"operation": "a.sh", "args": [5], "description": "a", "jobId": "a", "status": "a", "timeout": 5, "tags": {}},
     ([], 0, [UNKNOWN]), ([], 1, [])),
    ("a job document with names of ours", "a.json",
     {"description": "a", "jobId": "a", "document": "a.json", "tags": [], "jobs": [5], "templates": {}, "region": "a"},
     ([], 0, [UNKNOWN]), ([], 1, [])),
    ("an address in an operation", "a.json", {"operation": "a.sh", "args": ["http://a"]}, ([], 0, [UNKNOWN]),
     (["JT762"], 1, [])),
    ("a job document of no known agent", "a.json", {"a": "${aws:iot:"}, ([], 0, [UNKNOWN]), (["JT510"], 1, [])),
    ("a list", "a.json", [1], ([], 0, ["not a mapping"]), ([], 1, [])),
    ("a list in YAML", "a.yaml", "[1]", ([], 0, ["not a mapping"]), (["JT005"], 0, [])),
    ("a deep list", "a.json", "[" * 1000 + "]" * 1000, ([], 0, [UNREADABLE]), (["JT764"], 1, [])),
    ("a deep document", "a.json", '{"a": ' + "[" * 999 + "]" * 999 + "}", ([], 0, [UNREADABLE]), (["JT764"], 1, [])),
    ("a number", "a.yaml", "5", ([], 0, ["not a mapping"]), (["JT005"], 0, [])),
    ("an empty file", "a.yaml", "", ([], 0, ["not a mapping"]), (["JT005"], 0, [])),
    ("a template without jobs", "a.yaml", "Resources: {A: {Type: 'AWS::S3::Bucket'}}", ([], 0, [NO_JOBS]),
     ([], 0, [NO_JOBS])),
    ("resources of no kind", "a.yaml", "Resources: {A: 5, B: {Type: [a]}, C: {}}", ([], 0, [NO_JOBS]),
     ([], 0, [NO_JOBS])),
    ("a loop", "a.yaml", "Resources: {'Fn::ForEach::A': [a, [b], {}]}", ([], 0, [NO_JOBS]), ([], 0, [NO_JOBS])),
    ("a loop over what is unknown", "a.yaml", "Resources: {'Fn::ForEach::A': [a, !Ref B, {}]}",
     ([], 0, [f"Fn::ForEach::A: {UNKNOWN_LOOP}", NO_JOBS]), ([], 0, [f"Fn::ForEach::A: {UNKNOWN_LOOP}", NO_JOBS])),
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
    ("a description alone", "a.yaml", "Description: a", ([], 0, [UNKNOWN]), ([], 0, [UNKNOWN])),
    ("a description alone in JSON", "a.json", {"Description": "a"}, ([], 0, [UNKNOWN]), ([], 1, [])),
    ("a timeout alone", "a.json", '{"TimeoutConfig": {"InProgressTimeoutInMinutes": 0}}',
     (["JT004", "JT004", "JT105", "JT410"], 1, []), (["JT004", "JT004", "JT105", "JT410"], 1, [])),
    ("an address alone", "a.yaml", "documentSource: s3://bucket-a/a.json", (["JT004", "JT004"], 1, []),
     (["JT004", "JT004"], 1, [])),
    ("names that are nearly right", "a.json", '{"jobTemplateID": "a", "descripton": "b", "documnt": "{}"}',
     ([], 0, [UNKNOWN]), (["JT003"] * 3, 1, [])),
    ("resources under another name", "a.json", json.dumps({"Resource": {"T": {"Type": "AWS::IoT::JobTemplate"}}}),
     (["JT004"], 0, []), (["JT004"], 0, [])),
    ("a resource at the top", "a.json", json.dumps({"T": {"Type": "AWS::IoT::Job"}}), (["JT004"], 0, []),
     (["JT004"], 0, [])),
    ("names that others have too", "a.yaml", "{Description: a, JobArn: b, Tags: []}", ([], 0, [UNKNOWN]),
     ([], 0, [UNKNOWN])),
    ("an environment without an application", "a.yaml", ENVIRONMENT, ([], 0, [ELSEWHERE.format("an environment")]),
     ([], 0, [NOT_NAMED])),
    ("an environment's region", "a.yaml", "{templates: {}, region: a}", ([], 0, [ELSEWHERE.format("an environment")]),
     (["JT004", "JT004", "JT004", "JT903"], 0, [])),
    ("an environment's fleet", "a.yaml", "{templates: {}, fleet: {}}", ([], 0, [ELSEWHERE.format("an environment")]),
     (["JT004"] * 4, 0, [])),
    ("what describes something else", "a.yaml", "{name: a, description: b, tags: [c], version: 1}", ([], 0, [UNKNOWN]),
     ([], 0, [UNKNOWN])),
    ("templates of something else", "a.yaml", "{templates: {}, name: a}", ([], 0, [UNKNOWN]), ([], 0, [UNKNOWN])),
    ("a family without an application", "a.yaml", FAMILY, ([], 0, [ELSEWHERE.format("a template family")]),
     (["JT201"], 1, ["document reboot.json: no such file beside it"])),
    ("a family that lacks everything", "a.yaml", "timeout: {in_progress_timeout_in_minutes: 0}",
     ([], 0, [ELSEWHERE.format("a template family")]), (["JT004", "JT105", "JT410"], 1, [])),
    ("a short family", "a.yaml", "description: a\ndocument: a.json\n",
     ([], 0, [ELSEWHERE.format("a template family")]),
     ([], 1, ["document a.json: no such file beside it"])),
    ("a document as it is answered", "a.json", {"document": '{"a": "${aws:"}'}, ([], 0, [UNKNOWN]), (["JT510"], 1, [])),
    ("one property as the API spells it", "a.json", {"timeoutConfig": {"inProgressTimeoutInMinutes": 0}},
     (["JT004", "JT004", "JT105", "JT410"], 1, []), (["JT004", "JT004", "JT105", "JT410"], 1, [])),
    ("a list of templates", "a.json", {"jobTemplates": [{"jobTemplateArn": "a"}]}, ([], 0, [A_LIST]), ([], 0, [A_LIST])),
    ("a list of jobs", "a.json", {"jobs": [{"jobArn": "a"}], "nextToken": "b"}, ([], 0, [A_LIST]), ([], 0, [A_LIST])),
    ("an answer to a creation", "a.json", {"jobArn": "a", "jobId": "a", "description": "a"}, ([], 0, [CREATED]),
     ([], 0, [CREATED])),
    ("a managed template", "a.json", MANAGED, ([], 0, ["a template that AWS manages"]),
     ([], 0, ["a template that AWS manages"])),
    ("YAML named .json", "a.json", "a: 5", ([], 0, [UNREADABLE]), (["JT701"], 0, [])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "found", "named"), [row[1:] for row in NAMED], ids=[row[0] for row in NAMED]
)
def test_named_and_found(name: str, content: Any, found: Outcome, named: Outcome, here: Path) -> None:
    """A file that is found is skipped with a reason unless it is ours; one that is named is always read."""
    write(here, {f"folder/{name}": content})
    assert outcome(report("folder")) == found
    assert outcome(report(f"folder/{name}")) == named


def test_a_request_that_names_no_file(here: Path) -> None:
    """A description and a document that is JSON are a request, not a family."""
    write(here, {"a.json": {"description": "a", "document": DOCUMENT}})
    assert outcome(report("a.json")) == (["JT004"], 1, [])


def test_a_type_that_is_a_list(here: Path) -> None:
    """A file whose `Type` is a list or mapping is skipped like any other that is not ours."""
    write(here, {"a.yaml": "Type: [a]\n", "b.yaml": "Type: {a: b}\n"})
    assert outcome(report(".")) == ([], 0, [UNKNOWN, UNKNOWN])


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
