"""What AWS's own validator says about a CloudFormation template, beside what this tool finds."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from iot_jobs.check import Report, check
from iot_jobs.sources import read_paths
from tests.cases import NOW, TEMPLATE, skipped

JOB_TEMPLATE = "AWS::IoT::JobTemplate"
OTHER_REGION: dict[str, Any] = {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}
NO_VALUE = {"Ref": "AWS::NoValue"}
LANGUAGE = "AWS::LanguageExtensions"


def stack(resource: dict[str, Any], properties: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A template with one job template, with attributes, properties and sections besides the usual ones."""
    others = sections.pop("Others", {})
    made = {"Type": JOB_TEMPLATE, "Properties": TEMPLATE | properties} | resource
    return {**sections, "Resources": {"T": made, **others}}


def topic(**attributes: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", **attributes}


def whole(path: str = "t.json", *, only_jobs: bool = False) -> Report:
    return check(read_paths([Path(path)]), now=NOW, only_jobs=only_jobs)


def errors(template: dict[str, Any], *, only_jobs: bool = False) -> list[tuple[str, str]]:
    Path("t.json").write_text(json.dumps(template))
    return [(one.code, one.path) for one in whole(only_jobs=only_jobs).findings if one.severity == "error"]


THEIRS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("nothing", stack({}, {}), []),
    ("Ref", stack({}, {"Description": {"Ref": "No"}}), [("F1020", "Resources.T.Properties.Description")]),
    ("GetAtt", stack({}, {"Description": {"Fn::GetAtt": ["No", "Arn"]}}), [("F1020", "Resources.T")]),
    ("Sub", stack({}, {"Description": {"Fn::Sub": "${No}"}}), [("F1018", "Resources.T.Properties.Description")]),
    ("Condition", stack({"Condition": "No"}, {}), [("E8002", "Resources.T")]),
    ("If", stack({}, {"Description": {"Fn::If": ["No", "a", "b"]}}),
     [("E1028", "Resources.T.Properties.Description.Fn::If[0]")]),
    ("DependsOn", stack({"DependsOn": "No"}, {}), [("E3005", "Resources.T")]),
    ("a section", stack({}, {}, Resorces={}), [("F0005", "Resorces")]),
    ("a function", stack({}, {"Description": {"Fn::No": ["a"]}}), [("F3012", "Resources.T.Properties.Description")]),
    ("a circle", stack({}, {}, Others={"A": topic(DependsOn="B"), "B": topic(DependsOn="A")}),
     [("F3004", "Resources.A"), ("F3004", "Resources.B")]),
    ("a deletion policy", stack({"DeletionPolicy": "Keep"}, {}), [("F3016", "Resources.T.DeletionPolicy")]),
    ("another resource", stack({}, {}, Others={"A": topic(Properties={"No": 1})}),
     [("F3002", "Resources.A.Properties.No")]),
    ("another type", stack({}, {}, Others={"A": {"Type": "AWS::SNS::No"}}), [("F3006", "Resources.A")]),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), [row[1:] for row in THEIRS], ids=[row[0] for row in THEIRS])
def test_errors_of_the_validator(template: dict[str, Any], expected: list[tuple[str, str]], here: Path) -> None:
    """The validator's errors have its codes and their places, and are left out with --only-jobs."""
    assert errors(template) == expected
    assert errors(template, only_jobs=True) == []


CRITERION = {"FailureType": "ALL", "Action": "CANCEL", "ThresholdPercentage": 101, "MinNumberOfExecutedThings": 1}
BOTH: list[tuple[str, dict[str, Any]]] = [
    ("a range", stack({}, {"TimeoutConfig": {"InProgressTimeoutInMinutes": 0}})),
    ("a kind", stack({}, {"TimeoutConfig": {"InProgressTimeoutInMinutes": "x"}})),
    ("a tag", stack({}, {"Tags": [{"Key": "a*", "Value": "b"}]})),
    ("an unknown property", stack({}, {"No": 1})),
    ("an unknown attribute", stack({"DependOn": []}, {})),
    ("a missing property", stack({"Properties": {"JobTemplateId": "t", "Document": "{}"}}, {})),
    ("the same in a branch", stack({}, {"Description": {"Fn::If": ["C", NO_VALUE, "d"]}}, Conditions=OTHER_REGION)),
    ("a branch", stack({}, {"TimeoutConfig": {"InProgressTimeoutInMinutes": {"Fn::If": ["C", 0, 5]}}},
                       Conditions=OTHER_REGION)),
    ("an item in a branch", stack({}, {"AbortConfig": {"Fn::If": ["C", NO_VALUE, {"CriteriaList": [CRITERION]}]}},
                                  Conditions=OTHER_REGION)),
    ("a branch that is an item", stack({}, {"Tags": [{"Fn::If": ["C", NO_VALUE, {"Key": "a*", "Value": "b"}]}]},
                                       Conditions=OTHER_REGION)),
    ("a key that a loop makes", stack({}, {"TimeoutConfig": {"Fn::ForEach::K": [
        "N", ["InProgressTimeoutInMinutes"], {"${N}": 0}]}}, Transform=LANGUAGE)),
    ("a resource that a loop makes", {"Transform": LANGUAGE, "Resources": {"Fn::ForEach::L": ["X", ["1", "2"], {
        "T${X}": {"Type": JOB_TEMPLATE, "Properties": TEMPLATE | {
            "JobTemplateId": {"Fn::Sub": "t${X}"}, "TimeoutConfig": {"InProgressTimeoutInMinutes": 0}}}}]}}),
    ("a logical id", stack({}, {}, Others={"a-b": {"Type": JOB_TEMPLATE, "Properties": TEMPLATE | {
        "JobTemplateId": "u"}}})),
    ("an id twice", stack({}, {}, Others={"U": {"Type": JOB_TEMPLATE, "Properties": TEMPLATE}})),
]  # fmt: skip


@pytest.mark.parametrize("template", [row[1] for row in BOTH], ids=[row[0] for row in BOTH])
def test_no_error_twice(template: dict[str, Any], here: Path) -> None:
    """What both find is our finding alone."""
    ours = errors(template, only_jobs=True)
    assert ours
    assert errors(template) == ours


def test_two_mistakes_in_one_place(here: Path) -> None:
    """An unknown attribute of ours doesn't hide what the validator says about another one."""
    found = errors(stack({"DependOn": [], "DependsOn": "No"}, {}))
    assert sorted(found) == [("E3005", "Resources.T"), ("JT003", "Resources.T.DependOn")]


def combinations(parameters: int) -> dict[str, Any]:
    """A template with two values for each of these parameters, all in one text: the validator tries all combinations."""
    names = [f"P{number}" for number in range(parameters)]
    declared = {name: {"Type": "String", "AllowedValues": ["a", "b"]} for name in names}
    name = {"Fn::Sub": "".join(f"${{{name}}}" for name in names)}
    return stack({"Condition": "No"}, {}, Parameters=declared, Others={"A": topic(Properties={"TopicName": name})})


def test_what_the_validator_does_not_finish(here: Path) -> None:
    """A template that takes the validator too long is listed as skipped; those before and after it are validated."""
    for name, template in {"a": combinations(3), "b": combinations(40), "c": combinations(3)}.items():
        Path(f"{name}.json").write_text(json.dumps(template))
    report = whole(".")
    found = [(one.place.file, one.code) for one in report.findings if one.place]
    assert found == [("a.json", "E8002"), ("c.json", "E8002")]
    reason = "AWS's validator, which failed or took too long; --only-jobs leaves it out"
    assert skipped(report) == [("b.json", reason)]


def test_without_the_extra(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library the check says what it leaves out, and finds what it finds of its own accord."""
    monkeypatch.setitem(sys.modules, "cloudformation_validate", None)
    Path("t.json").write_text(json.dumps(stack({"Condition": "No"}, {"No": 1})))
    report = whole()
    assert [one.code for one in report.findings] == ["JT003"]
    left_out = ("the rest of CloudFormation templates", "it needs the extra [cloudformation]")
    assert skipped(report) == [left_out]


@pytest.mark.parametrize("validated", [False, True])
def test_cdk_out(validated: bool, here: Path) -> None:
    """A template of a cdk.out folder is validated here unless the synth did so."""
    folder = Path("cdk.out")
    folder.mkdir()
    (folder / "cdk.out").write_text('{"version": "48.0.0"}')
    (folder / "a.template.json").write_text(json.dumps(stack({"Condition": "No"}, {})))
    artifact = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "a.template.json"}}
    (folder / "manifest.json").write_text(json.dumps({"version": "48.0.0", "artifacts": {"a": artifact}}))
    if validated:
        (folder / "validation-report.json").write_text("{}")
    assert [one.code for one in whole("cdk.out").findings] == ([] if validated else ["E8002"])
