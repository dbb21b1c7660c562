"""Conditions and parameters of CloudFormation templates: the cases of a resource, and what findings say about them."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_jobs.cloudformation import Declarations
from iot_jobs.cloudformation.conditions import MOST_CASES
from tests.cases import TEMPLATE, report
from tests.oracles.evaluation import Evaluation, text

PARAMETERS: dict[str, Any] = {
    "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
    "Size": {"Type": "Number", "AllowedValues": [1, 2, 3], "Default": 2},
    "One": {"Type": "String", "AllowedValues": ["dev"]},
}
CHOICES = [dict(zip(PARAMETERS, values, strict=True)) for values in product(["dev", "prod"], "123", ["dev"])]
equals = st.tuples(st.sampled_from(list(PARAMETERS)), st.sampled_from(["dev", "prod", 1, "2", "x"])).map(
    lambda pair: {"Fn::Equals": [{"Ref": pair[0]}, pair[1]]}
)
truths = st.recursive(
    equals | st.just({"Condition": "Base"}),
    lambda inner: (
        st.builds(lambda one: {"Fn::Not": [one]}, inner)
        | st.builds(
            lambda name, parts: {name: parts},
            st.sampled_from(["Fn::And", "Fn::Or"]),
            st.lists(inner, min_size=2, max_size=3),
        )
    ),
    max_leaves=5,
)


@given(equals, st.lists(truths, min_size=1, max_size=3))
def test_cases(base: dict[str, Any], expressions: list[dict[str, Any]]) -> None:
    """The cases are exactly those truths and values that some choice of all parameters has."""
    conditions = {"Base": base} | {f"C{number}": one for number, one in enumerate(expressions)}
    template = {"Parameters": PARAMETERS, "Conditions": conditions}
    names = [f"C{number}" for number in range(len(expressions))]
    resource = {"Condition": names[0], "Properties": [{"Fn::If": [name, 1, 2]} for name in names]}
    found = {tuple(case.truths[name] for name in names) for case in Declarations(template).cases(resource)}
    every = [Evaluation(template, choice) for choice in CHOICES]
    expected = {tuple(one.condition(name) for name in names) for one in every}
    assert found == {one for one in expected if one[0]}


def test_values_that_conditions_allow() -> None:
    """Where a condition says what a parameter is, no case has another value."""
    conditions = {"Is": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    resource = {"Properties": [{"Fn::If": ["Is", 1, 2]}, {"Ref": "Stage"}]}
    cases = Declarations({"Parameters": PARAMETERS, "Conditions": conditions}).cases(resource)
    assert {(case.truths["Is"], case.values["Stage"]) for case in cases} == {(True, "prod"), (False, "dev")}


def test_number_of_cases() -> None:
    """A template has a number of cases up to which its resources are judged in each of them."""
    names = [f"C{index}" for index in range(6)]
    declarations = Declarations(
        {"Conditions": {name: {"Fn::Equals": [{"Ref": name}, "a"]} for name in names}, "Parameters": {}}
    )
    resource = {"Properties": [{"Fn::If": [name, 1, 2]} for name in names]}
    found = [len(declarations.cases(resource)) for _ in range(MOST_CASES // 64 + 1)]
    assert found == [64] * (MOST_CASES // 64) + [0]


def test_combinations_that_are_too_many() -> None:
    """Of more combinations than are judged, those are that differ from the first in one value."""
    names = [f"C{index}" for index in range(7)]
    conditions = {name: {"Fn::Equals": [{"Ref": name}, "a"]} for name in names}
    resource = {"Properties": [{"Fn::If": [name, 1, 2]} for name in names]}
    cases = Declarations({"Conditions": conditions}).cases(resource)
    assert [sum(not truth for truth in case.truths.values()) for case in cases] == [0] + [1] * 7


EQUALITIES: list[tuple[str, list[Any], list[bool]]] = [
    ("texts that are equal", ["a", "a"], [True]),
    ("texts that differ", ["a", "b"], [False]),
    ("two unknown values", [{"Ref": "A"}, {"Ref": "B"}], [True, False]),
    ("a list", [["a"], "a"], [True, False]),
    ("an attribute", [{"Fn::GetAtt": ["A", "B"]}, "a"], [True, False]),
]


@pytest.mark.parametrize(("pair", "truths"), [row[1:] for row in EQUALITIES], ids=[row[0] for row in EQUALITIES])
def test_equalities(pair: list[Any], truths: list[bool]) -> None:
    """A condition has the truths that its values allow."""
    declarations = Declarations({"Conditions": {"C": {"Fn::Equals": pair}}})
    cases = declarations.cases({"Properties": {"Fn::If": ["C", 1, 2]}})
    assert [case.truths["C"] for case in cases] == truths


def test_circles() -> None:
    """Conditions that refer to each other, to nothing or are malformed may be true or false, and stop nothing."""
    conditions = {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}, "C": {"Fn::And": []}, "D": 5}
    resource = {"Properties": [{"Fn::If": [name, 1, 2]} for name in ("A", "C", "D", "Nowhere")]}
    cases = Declarations({"Conditions": conditions}).cases(resource)
    assert {case.truths["Nowhere"] for case in cases} == {True, False}


IS_PROD: dict[str, Any] = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
STAGE: dict[str, Any] = {"Stage": {"Type": "String"}}
WHEN: list[tuple[str, dict[str, Any], dict[str, Any], Any, list[tuple[str, Any, str | None]]]] = [
    ("a branch", STAGE, IS_PROD, {"Fn::If": ["IsProd", 0, 5]}, [("error", 0, "IsProd is true")]),
    ("both branches", STAGE, IS_PROD, {"Fn::If": ["IsProd", 0, 99999]},
     [("error", 0, "IsProd is true"), ("error", 99999, "IsProd is false")]),
    ("a default", {"M": {"Type": "Number", "Default": 0}}, {}, {"Ref": "M"}, [("warning", "0", 'M is "0" by default')]),
    ("one allowed value", {"M": {"Type": "Number", "AllowedValues": [0, 5]}}, {}, {"Ref": "M"},
     [("warning", "0", 'M is "0"')]),
    ("all allowed values", {"M": {"Type": "Number", "AllowedValues": [0, -1]}}, {}, {"Ref": "M"}, [("error", "0", None)]),
    ("a right default among wrong values", {"M": {"Type": "Number", "AllowedValues": [0, 5], "Default": 5}}, {},
     {"Ref": "M"}, [("warning", "0", 'M is "0"')]),
    ("no value", {"M": {"Type": "Number"}}, {}, {"Ref": "M"}, []),
    ("a default in a branch", {**STAGE, "M": {"Type": "Number", "Default": 0}}, IS_PROD,
     {"Fn::If": ["IsProd", {"Ref": "M"}, 5]}, [("warning", "0", 'IsProd is true and M is "0" by default')]),
    ("a value that the condition excludes", {"Stage": {"Type": "String", "AllowedValues": ["5", "0"]}},
     {"Is": {"Fn::Equals": [{"Ref": "Stage"}, "5"]}}, {"Fn::If": ["Is", {"Ref": "Stage"}, 5]}, []),
    ("a branch that is never taken", {"Stage": {"Type": "String", "AllowedValues": ["dev"]}}, IS_PROD,
     {"Fn::If": ["IsProd", 0, 5]}, []),
    ("a negation", STAGE, {**IS_PROD, "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]}}, {"Fn::If": ["IsDev", 0, 5]},
     [("error", 0, "IsDev is true")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "conditions", "value", "expected"), [row[1:] for row in WHEN], ids=[row[0] for row in WHEN]
)
def test_when(
    parameters: dict[str, Any], conditions: dict[str, Any], value: Any, expected: list[Any], here: Path
) -> None:
    """A finding says when it holds; it is a warning if another value of a parameter may be given."""
    properties = TEMPLATE | {"TimeoutConfig": {"InProgressTimeoutInMinutes": value}}
    resources = {"T": {"Type": "AWS::IoT::JobTemplate", "Properties": properties}}
    Path("t.json").write_text(json.dumps({"Parameters": parameters, "Conditions": conditions, "Resources": resources}))
    found = [(one.severity, one.given, one.when) for one in report("t.json").findings if one.code == "JT410"]
    assert found == expected


HEAD = """\
Parameters: {Stage: {Type: String}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsOther: !Not [!Condition IsProd]
Resources:
  T:
    Type: AWS::IoT::JobTemplate
"""
PROPERTIES = "    Properties:\n      JobTemplateId: t-1\n      Description: d\n      Document: '{}'\n"


def test_condition_as_a_short_tag(here: Path) -> None:
    """`!Condition` in a condition names another one, as `Condition:` does."""
    other = "    Condition: IsProd\n" + PROPERTIES
    timeout = "      TimeoutConfig: {InProgressTimeoutInMinutes: !If [IsOther, 0, 5]}\n"
    Path("t.yaml").write_text(HEAD + other + timeout)
    assert report("t.yaml").findings == ()


TAGS: list[tuple[str, list[tuple[str, str]]]] = [
    ("[{Key: !Sub '${Stage}:a', Value: b}]", []),
    ("[{Key: '{{resolve:ssm:/a}}', Value: b}]", []),
    ("[{Key: !Sub '${Stage}:a', Value: b}, {Key: 'c*', Value: d}]", [("JT110", "Resources.T.Properties.Tags[1 c*]")]),
    (f"[!Ref Stage, {{Key: a, Value: !Sub '{'x' * 250}${{Stage}}'}}]", []),
]


@pytest.mark.parametrize(("tags", "expected"), TAGS, ids=range(len(TAGS)))
def test_tags_that_are_partly_known(tags: str, expected: list[tuple[str, str]], here: Path) -> None:
    """The unknown part of a tag's key or value is neither measured nor taken for its characters."""
    Path("t.yaml").write_text(f"{HEAD}{PROPERTIES}      Tags: {tags}\n")
    assert [(one.code, one.path) for one in report("t.yaml").findings] == expected


def test_text() -> None:
    """The evaluator compares numbers and truths as the text that CloudFormation makes of them."""
    assert [text(value) for value in (1, 1.5, True, "a")] == ["1", "1.5", "true", "a"]
