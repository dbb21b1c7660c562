"""Where another reading of CloudFormation's functions says otherwise than the library: each with its reason and an example.

A row holds only where its predicate does, and its example is a template in which it does.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.oracles import registry
from tests.oracles.functions import SLOTS, Case, Slot, template, uses
from tests.oracles.validator import ERROR, NOTHING, WARNING

VALIDATOR, LINTER, CHOICES = "CloudFormation Validate", "cfn-lint", "a choice of all parameters"


class Judged(NamedTuple):
    """A property as it is written, and how bad it is: by the library, by the other reading, by a choice of parameters.

    `stated` is by choices of the values that the template states.
    """

    case: Case
    slot: Slot
    written: Any
    ours: int
    theirs: int
    chosen: int
    stated: int


@dataclass(frozen=True)
class Row:
    """One known disagreement."""

    oracle: str
    reason: str
    holds: Callable[[Judged], bool]
    example: Case


def _timeout(value: Any, **sections: Any) -> Case:
    return template(_slot("InProgressTimeoutInMinutes"), value, **sections)


def _slot(name: str, resource_type: str = registry.TEMPLATE) -> Slot:
    return next(slot for slot in SLOTS if slot.path[-1] == name and slot.resource_type == resource_type)


def _silent_about(*functions: str) -> Callable[[Judged], bool]:
    return lambda one: one.theirs == NOTHING < one.ours and uses(one.written, *functions)


_MAKING = ("Fn::Join", "Fn::Sub", "Fn::Select", "Fn::Split", "Fn::FindInMap", "Fn::Base64", "Fn::Length")


def _plain(one: Judged) -> bool:
    """Whether no function but Ref, Fn::If and loops is in it."""
    return not uses(one.written, *_MAKING)


def _excluded(one: Judged) -> bool:
    """Whether conditions exclude what they complain about."""
    return one.theirs > one.ours == one.stated == NOTHING and "Conditions" in one.case.template


def _is_timeout_of_job(one: Judged) -> bool:
    return one.slot.resource_type == registry.JOB and one.slot.path[0] == "TimeoutConfig"


_P: Any = {"Ref": "P0"}
_ONE_IS_A: Any = {"Conditions": {"C0": {"Fn::Equals": [_P, "a"]}}}
_OPEN: Any = {"Parameters": {"P0": {"Type": "String"}}, **_ONE_IS_A}


def _parameter(**body: Any) -> dict[str, Any]:
    return {"Parameters": {"P0": {"Type": "String", **body}}}


def _mapping(wrong: Any, right: Any) -> dict[str, Any]:
    return {"Mappings": {"M0": {"one": {"key": wrong}, "other": {"key": right}}}}


# fmt: off
TABLE = (
    Row(VALIDATOR, "one of the allowed values must be given, so that it is an error if all are wrong; the validator warns",
        lambda one: (one.ours, one.theirs, one.chosen) == (ERROR, WARNING, ERROR),
        _timeout(_P, **_parameter(AllowedValues=[0, -1]))),
    Row(VALIDATOR, "a branch isn't taken under the resource's condition, or never; the validator doesn't combine the two",
        _excluded, _timeout({"Fn::If": ["C0", 5, 0]}, condition="C0", **_OPEN)),
    Row(VALIDATOR, "it doesn't judge a parameter's or loop's value by its kind, pattern or words",
        lambda one: _silent_about("Ref")(one) and _plain(one), _timeout(_P, **_parameter(Default="x"))),
    Row(VALIDATOR, "it judges text that Fn::Join makes by its range alone, and no parameters in it",
        _silent_about("Fn::Join"), _timeout({"Fn::Join": ["", ["x", "y"]]})),
    Row(VALIDATOR, "it judges text that Fn::Sub makes of variables by its range alone, and no parameters in it",
        _silent_about("Fn::Sub"), _timeout({"Fn::Sub": ["${Part}x", {"Part": "x"}]})),
    Row(VALIDATOR, "it judges what Fn::Select finds by its range alone, and only by a number that is no text",
        _silent_about("Fn::Select"), _timeout({"Fn::Select": ["0", [0, 1]]})),
    Row(VALIDATOR, "it judges what a mapping holds by its range alone",
        _silent_about("Fn::FindInMap"), _timeout({"Fn::FindInMap": ["M0", "one", "key"]}, **_mapping("x", 1))),
    Row(VALIDATOR, "it doesn't judge what Fn::Base64 makes",
        _silent_about("Fn::Base64"), template(_slot("Description"), {"Fn::Base64": "x" * 1600})),

    Row(LINTER, "a branch isn't taken under the resource's condition, or never; cfn-lint doesn't combine the two",
        _excluded, _timeout({"Fn::If": ["C0", 5, 0]}, condition="C0", **_OPEN)),
    Row(LINTER, "what parameters and functions make is wrong for certain; cfn-lint warns",
        lambda one: (one.ours, one.theirs) == (ERROR, WARNING) and uses(one.written, "Ref", *_MAKING),
        _timeout({"Fn::Join": ["", ["0", "0"]]})),
    Row(LINTER, "it doesn't conclude from a condition what a parameter is",
        lambda one: _silent_about("Ref")(one) and _plain(one) and "Conditions" in one.case.template,
        template(_slot("FailureType"), {"Fn::If": ["C0", _P, "ALL"]}, **_OPEN)),
    Row(LINTER, "it doesn't judge what Fn::Join makes of other functions",
        _silent_about("Fn::Join"), _timeout({"Fn::Join": ["", [{"Fn::Join": ["", ["0", ""]]}, ""]]})),
    Row(LINTER, "it doesn't judge what Fn::Sub makes of other functions",
        _silent_about("Fn::Sub"), _timeout({"Fn::Sub": ["${Part}", {"Part": {"Fn::Join": ["", ["0", ""]]}}]})),
    Row(LINTER, "it doesn't judge what Fn::Select finds in a branch",
        _silent_about("Fn::Select"), _timeout({"Fn::Select": ["1", ["5", {"Fn::If": ["C0", "0", "5"]}]]}, **_OPEN)),
    Row(LINTER, "it doesn't judge the number that Fn::Length makes",
        _silent_about("Fn::Length"), _timeout({"Fn::Length": []})),
    Row(LINTER, "it doesn't judge what Fn::Base64 makes",
        _silent_about("Fn::Base64"), template(_slot("Description"), {"Fn::Base64": "x" * 1600})),
    Row(LINTER, "it takes any value in a mapping, or none, if a parameter is the key",
        lambda one: uses(one.written, "Fn::FindInMap") and uses(one.written, "Ref"),
        _timeout({"Fn::FindInMap": ["M0", _P, "key"]}, **_parameter(Default="one"), **_mapping(0, 1))),
    Row(LINTER, "it takes a number with a fraction for a whole one where a function or a loop makes it",
        lambda one: one.theirs == NOTHING < one.ours and "1.5" in json.dumps([one.written, one.case.template]),
        _timeout({"Fn::FindInMap": ["M0", "one", "key"]}, **_mapping(1.5, 1))),
    Row(LINTER, "it doesn't judge a job's timeout, which has no bounds in the schema, by its kind",
        lambda one: one.theirs == NOTHING < one.ours and _is_timeout_of_job(one),
        template(_slot("InProgressTimeoutInMinutes", registry.JOB), {"Fn::Select": [0, {"Fn::Split": ["|", "x|1"]}]})),
)
# fmt: on
