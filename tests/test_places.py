"""The places of findings: in YAML and JSON, in what can't be read, beside keys that are there twice."""

import json
from pathlib import Path
from typing import Any

import pytest

from iot_jobs.sources import read
from iot_jobs.sources.source import MAX_BYTES
from tests.cases import BOTH, GROUP, TEMPLATE, TIMEOUT, lines, report, seen, where, write

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
    ("a tag by its key", 'Tags: [{Key: a, Value: "1"}, {Key: b, Value: ""}]', [("8:45", "Properties.Tags[1 b].Value")]),
    ("a tag's value on its own line", "Tags:\n        - Key: a\n          Value: ''",
     [("10:11", "Properties.Tags[0 a].Value")]),
    ("a tag's key that is wrong", 'Tags: [{Key: "aws:a", Value: "1"}]', [("8:14", "Properties.Tags[0 aws:a]")]),
    ("after text beyond ASCII", 'Tags: [{Key: "é😀", Value: é}, {Key: b, Value: ""}]',
     [("8:14", "Properties.Tags[0 é😀]"), ("8:46", "Properties.Tags[1 b].Value")]),
    ("a key with a dot", "Time.out: 1", [("8:7", "Properties.Time.out")]),
    ("a key on two lines", "TimeoutConfig:\n        InProgressTimeoutInMinutes:\n          0",
     [("9:9", f"Properties.{TIMEOUT}")]),
    ("after a comment", "# comment\n      TimeoutConfig: 5", [("9:7", "Properties.TimeoutConfig")]),
    ("through an alias", "Tags: [{Key: a, Value: &x ''}, {Key: b, Value: *x}]",
     [("8:23", "Properties.Tags[0 a].Value"), ("8:47", "Properties.Tags[1 b].Value")]),
]  # fmt: skip


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in PATHS], ids=[row[0] for row in PATHS])
def test_places_in_yaml(text: str, expected: list[tuple[str, str]], line_end: str, here: Path) -> None:
    """A finding points at the key of its value, or at what should hold a value that is missing."""
    above = f"Resources:\n  R:\n    Type: AWS::IoT::JobTemplate\n    Properties:\n{lines(TEMPLATE, ' ' * 6)}"
    write(here, {"t.yaml": f"{above}      {text}\n".replace("\n", line_end)})
    assert [(place, path) for place, code, path in seen(report("t.yaml")) if code != "JT051"] == [
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
    """An error inside a document's text is placed at the property, and its path continues into the document."""
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
    ("levels without end in JSON", "a.json", "[" * 1001 + "]" * 1001, ("a.json:1:1001", "JT704", ("[0]" * 1000)[:499] + "…")),
    ("a deep template", "a.json", '{"Resources": ' + "[" * 200 + "]" * 200 + "}",
     ("a.json:1:115", "JT704", "Resources" + "[0]" * 100)),
    ("an alias of itself", "a.yaml", "a: &b {c: *b}\n", ("a.yaml:1:4", "JT007", "a.c")),
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
    """A finding about a file that can't be read has line and column, if they are known."""
    write(here, {name: content})
    assert (seen(report(name)), report(name).checked) == ([expected], 0)


DOUBLED = [
    ("a.json", '{"Resources": {"T": {"Type": "AWS::IoT::JobTemplate", "Properties": {"Description": "d",\n'
     '"JobTemplateId": "a",\n"JobTemplateId": "a b",\n"Document": "{\\"c\\": 1, \\"c\\": 2}"}}}}',
     [("a.json:3:1", "JT101", "JobTemplateId"), ("a.json:3:1", "JT703", "JobTemplateId"),
      ("a.json:4:1", "JT763", "Document.c")]),
    ("a.yaml", "Resources:\n  T:\n    Type: AWS::IoT::JobTemplate\n    Properties:\n      JobTemplateId: a b\n"
     "      JobTemplateId: a\n      Description: d\n      Document: '[1'\n",
     [("a.yaml:5:7", "JT101", "JobTemplateId"), ("a.yaml:6:7", "JT703", "JobTemplateId"),
      ("a.yaml:8:7", "JT701", "Document")]),
]  # fmt: skip


def test_a_document_with_a_double_key(here: Path) -> None:
    """In a job document that is a file of its own it is a warning, in any other file an error."""
    write(here, {"a.json": '{"a": {"b": 1,\n "b": 2}}', "b.json": '{"jobTemplateId": "a",\n"jobTemplateId": "a"}'})
    assert (seen(report("a.json")), report("a.json").checked) == ([("a.json:2:2", "JT763", "a.b")], 1)
    assert ("b.json:2:1", "JT703", "jobTemplateId") in seen(report("b.json"))


@pytest.mark.parametrize(("name", "content", "expected"), DOUBLED, ids=["JSON", "YAML"])
def test_beside_a_double_key(name: str, content: str, expected: list[tuple[str, str, str]], here: Path) -> None:
    """A duplicate key hides no other finding; JSON's last value is checked, and YAML's first."""
    write(here, {name: content})
    found = [(place, code, path.removeprefix("Resources.T.Properties.")) for place, code, path in seen(report(name))]
    assert (found, report(name).checked) == (expected, 1)


def test_errors_hide_no_advice(here: Path) -> None:
    """Beside a broken document and two rules between values, all advice about the template is there."""
    properties = {
        "JobTemplateId": "t1",
        "Description": "Build 2026-01-05",
        "Document": '{"a": "http://example.com/x", "b": "${aws:"}',
        "DocumentSource": "https://bucket.s3.eu-west-1.amazonaws.com/a",
        "PresignedUrlConfig": {"RoleArn": "arn:aws:iam::123456789012:role/r", "ExpiresInSec": 60},
        "JobExecutionsRetryConfig": {
            "RetryCriteriaList": [
                {"FailureType": "FAILED", "NumberOfRetries": 6},
                {"FailureType": "TIMED_OUT", "NumberOfRetries": 5},
            ]
        },
    }
    resource = {"Type": "AWS::IoT::JobTemplate", "Properties": properties}
    write(here, {"a.json": json.dumps({"Resources": {"T": resource}})})
    assert sorted(code for _, code, _ in seen(report("a.json"))) == ["JT151", "JT404", "JT510", "JT553", "JT762"]
    properties["Document"] = "{}"
    write(here, {"a.json": json.dumps({"Resources": {"T": resource}})})
    assert sorted(code for _, code, _ in seen(report("a.json"))) == ["JT105", "JT151", "JT404", "JT553", "JT554"]


def test_double_keys_of_others(here: Path) -> None:
    """In a file that nobody named and that is not ours, double keys are nobody's business."""
    write(here, {"other.json": '{"a": 1, "a": 2}'})
    assert (seen(report(".")), [one.file for one in report(".").skipped]) == ([], ["other.json"])


def test_an_anchor_that_stands_twice(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An anchor may be defined again, and the YAML reader prints nothing about it on stderr."""
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
