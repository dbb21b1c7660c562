"""What CloudFormation's functions become, as far as a template tells."""

from typing import Any

import pytest

from iot_jobs.cloudformation import Declarations, Resolved
from iot_jobs.cloudformation.intrinsics import LONGEST, MOST_PARTS, shown_unknown

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Minutes": {"Type": "Number", "Default": 5},
        "Names": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"},
        "Open": {"Type": "String"},
    },
    "Mappings": {"Map": {"dev": {"minutes": 5, "names": ["a", "b"]}, "prod": {"minutes": "60"}}},
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
}
REGION: dict[str, Any] = {"Ref": "AWS::Region"}
RESOLVED = [
    ("a parameter", {"Ref": "Stage"}, "dev"),
    ("a number, which is text", {"Ref": "Minutes"}, "5"),
    ("a list", {"Ref": "Names"}, ["a", "b"]),
    ("Sub", {"Fn::Sub": "${Stage}-${Minutes}"}, "dev-5"),
    ("Sub of a literal", {"Fn::Sub": "${!Stage} $ {} ${!aws:iot:parameter:a}"}, "${Stage} $ {} ${aws:iot:parameter:a}"),
    ("Sub with variables", {"Fn::Sub": ["${a}${Stage}", {"a": {"Fn::Join": ["+", [1, True]]}}]}, "1+truedev"),
    ("a variable that hides a parameter", {"Fn::Sub": ["${Stage}", {"Stage": "x"}]}, "x"),
    ("what a variable holds isn't read again", {"Fn::Sub": ["${a}", {"a": "${Stage}"}]}, "${Stage}"),
    ("Join", {"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1]]}, "a-dev-1"),
    ("Join of a list", {"Fn::Join": ["", {"Ref": "Names"}]}, "ab"),
    ("Join of nothing", {"Fn::Join": ["-", []]}, ""),
    ("Select", {"Fn::Select": [1, {"Ref": "Names"}]}, "b"),
    ("Select by text", {"Fn::Select": ["0", ["a", "b"]]}, "a"),
    ("Split", {"Fn::Split": ["-", "a-b-"]}, ["a", "b", ""]),
    ("Select of Split", {"Fn::Select": [1, {"Fn::Split": [",", {"Fn::Sub": "x,${Stage}"}]}]}, "dev"),
    ("FindInMap", {"Fn::FindInMap": ["Map", {"Ref": "Stage"}, "minutes"]}, 5),
    ("a list in a mapping", {"Fn::FindInMap": ["Map", "dev", "names"]}, ["a", "b"]),
    ("a default", {"Fn::FindInMap": ["Map", "test", "minutes", {"DefaultValue": {"Ref": "Minutes"}}]}, "5"),
    ("a default that isn't needed", {"Fn::FindInMap": ["Map", "prod", "minutes", {"DefaultValue": 1}]}, "60"),
    ("Length", {"Fn::Length": {"Fn::Split": [",", "a,b,c"]}}, 3),
    ("Length of nothing", {"Fn::Length": []}, 0),
    ("Base64", {"Fn::Base64": {"Fn::Sub": "${Stage}é"}}, "ZGV2w6k="),
    ("ToJsonString", {"Fn::ToJsonString": {"b": [1, 2.5, None, True], "a": {"Ref": "Stage"}}},
     '{"a":"dev","b":[1,2.5,null,true]}'),
    ("no value in a list", [1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
    ("no value in a mapping", {"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
    ("a loop", {"Fn::ForEach::L": ["X", ["a", "b"], {"K${X}": {"Fn::Sub": "${X}${Stage}"}}]}, {"Ka": "adev", "Kb": "bdev"}),
    ("a loop over a parameter", {"Fn::ForEach::L": ["X", {"Ref": "Names"}, {"${X}": {"Ref": "X"}}], "z": 1},
     {"a": "a", "b": "b", "z": 1}),
    ("a loop in a loop",
     {"Fn::ForEach::L": ["X", ["a"], {"Fn::ForEach::M": ["Y", ["1", "2"], {"${X}${Y}": {"Fn::Sub": "${Y}${X}"}}]}]},
     {"a1": "1a", "a2": "2a"}),
    ("a key without what ids can't have", {"Fn::ForEach::L": ["X", ["a-1"], {"&{X}": "${X}"}]}, {"a1": "a-1"}),
]  # fmt: skip
LEFT: list[tuple[str, Any]] = [
    ("a parameter without a value", {"Ref": "Open"}),
    ("a value in Systems Manager", {"Ref": "Image"}),
    ("a pseudo parameter", REGION),
    ("an attribute", {"Fn::GetAtt": ["Bucket", "Arn"]}),
    ("a function of its own", {"Fn::GetAZs": ""}),
    ("a branch", {"Fn::If": ["IsProd", 1, 2]}),
    ("If of two", {"Fn::If": ["IsProd", 1]}),
    ("two functions", {"Fn::Sub": "a", "Fn::Transform": {}}),
    ("Ref of a list", {"Ref": ["Stage"]}),
    ("Sub of a number", {"Fn::Sub": 1}),
    ("Sub of three", {"Fn::Sub": ["a", {}, {}]}),
    ("Sub of one unknown value", {"Fn::Sub": "${Open}"}),
    ("Join of text", {"Fn::Join": ["", "ab"]}),
    ("Join of lists", {"Fn::Join": ["", [["a"]]]}),
    ("Join by a number", {"Fn::Join": [1, ["a"]]}),
    ("Select of too many", {"Fn::Select": [2, ["a", "b"]]}),
    ("Select of a negative number", {"Fn::Select": [-1, ["a", "b"]]}),
    ("Select of text", {"Fn::Select": [0, "ab"]}),
    ("Split by nothing", {"Fn::Split": ["", "ab"]}),
    ("Split of what isn't all known", {"Fn::Split": [",", {"Fn::Sub": "a,${Open}"}]}),
    ("a mapping that isn't there", {"Fn::FindInMap": ["Other", "dev", "minutes"]}),
    ("a key that isn't there", {"Fn::FindInMap": ["Map", "dev", "hours"]}),
    ("a key that is unknown", {"Fn::FindInMap": ["Map", REGION, "minutes"]}),
    ("FindInMap of two", {"Fn::FindInMap": ["Map", "dev"]}),
    ("Length of text", {"Fn::Length": "abc"}),
    ("Base64 of what isn't all known", {"Fn::Base64": {"Fn::Sub": "a${Open}"}}),
    ("a loop over what is unknown", {"Fn::ForEach::L": ["X", {"Ref": "Open"}, {"${X}": 1}]}),
    ("a loop of two", {"Fn::ForEach::L": ["X", ["a"]]}),
    ("a loop that is too long", {"Fn::ForEach::L": ["X", ["a"] * 1001, {"${X}": 1}]}),
]  # fmt: skip
PARTLY = [
    ("Sub", {"Fn::Sub": "a ${Open} b ${Bucket.Arn}"}, "a ${Open} b ${Bucket.Arn}"),
    ("Join", {"Fn::Join": ["-", ["a", REGION]]}, "a-${AWS::Region}"),
    ("a variable in a placeholder of AWS IoT",
     {"Fn::Sub": "${!aws:iot:s3-presigned-url:https://s3.${AWS::Region}.amazonaws.com/a/${Stage}}"},
     "${aws:iot:s3-presigned-url:https://s3.${AWS::Region}.amazonaws.com/a/dev}"),
    ("a placeholder that Sub takes", {"Fn::Sub": "${aws:iot:parameter:a} ${Stage}"}, "${aws:iot:parameter:a} dev"),
    ("JSON", {"Fn::ToJsonString": {"a": {"Ref": "Open"}, "b": {"Fn::Sub": "x${Open}"}}}, '{"a":${Open},"b":"x${Open}"}'),
    ("a dynamic reference", "a{{resolve:ssm:/a}}", "a${resolve}"),
]  # fmt: skip


def resolved(given: Any) -> Resolved:
    return Resolved(given, Declarations(TEMPLATE).with_defaults())


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in RESOLVED], ids=[row[0] for row in RESOLVED])
def test_resolved(given: Any, expected: Any) -> None:
    """A function of what the template tells becomes its result."""
    assert resolved(given).value == expected
    assert resolved(given).unknown == {}


@pytest.mark.parametrize("given", [row[1] for row in LEFT], ids=[row[0] for row in LEFT])
def test_left(given: Any) -> None:
    """A function that is malformed, or of what only deployment tells, is left as it is, and counted as unknown."""
    assert resolved({"a": given}).value == {"a": given}
    assert len(resolved(given).unknown) == 1


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in PARTLY], ids=[row[0] for row in PARTLY])
def test_partly_known(given: Any, expected: str) -> None:
    """A text with unknown parts has its known parts, and names the others."""
    assert shown_unknown(resolved(given).value) == expected


MALFORMED: list[tuple[str, Any]] = [
    ("a loop over what is partly known", {"Fn::ForEach::L": ["X", [{"Fn::Sub": "a${Open}"}], {"${X}": 1}]}),
    ("a loop in a loop over what isn't known",
     {"Fn::ForEach::L": ["X", ["a"], {"Fn::ForEach::M": ["Y", {"Ref": "Open"}, {"${Y}": 1}]}]}),
    ("a Select of too few arguments", {"Fn::Select": [1]}),
    ("values that JSON hasn't", {"Fn::ToJsonString": {"a": float("nan")}}),
]  # fmt: skip


@pytest.mark.parametrize("given", [row[1] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_malformed(given: Any) -> None:
    """What can't be resolved is left as it is."""
    assert resolved(given).value == given


LARGE: list[tuple[str, Any, bool]] = [
    ("variables", {"Fn::Sub": "${Stage}" * MOST_PARTS}, True),
    ("too many variables", {"Fn::Sub": "${Stage}" * (MOST_PARTS + 1)}, False),
    ("parts", {"Fn::Join": ["", ["a"] * MOST_PARTS]}, True),
    ("too many parts", {"Fn::Join": ["", ["a"] * (MOST_PARTS + 1)]}, False),
    ("a long text", {"Fn::Join": ["", ["a" * LONGEST]]}, True),
    ("a text without variables", {"Fn::Sub": "a" * (LONGEST + 1)}, True),
    ("too long a text", {"Fn::Join": ["", ["a" * LONGEST, "a"]]}, False),
    ("too long a separator", {"Fn::Join": ["a" * LONGEST, ["a", "b"]]}, False),
]


@pytest.mark.parametrize(("given", "is_resolved"), [row[1:] for row in LARGE], ids=[row[0] for row in LARGE])
def test_large_texts(given: Any, is_resolved: bool) -> None:
    """Texts are put together up to a limit, so that a small template can't make a large one."""
    assert (Resolved(given, Declarations(TEMPLATE).with_defaults()).value != given) == is_resolved


def test_the_same_unknown_part() -> None:
    """Unknown parts are equal exactly if the template says so."""
    one, same, other = (resolved({"Fn::Sub": f"a-${{{name}}}"}).value for name in ("Open", "Open", "Image"))
    assert one == same != other
    of_lists = [resolved({"Fn::Join": ["", ["a", {"Fn::GetAZs": region}]]}).value for region in ("", "", "x")]
    assert of_lists[0] == of_lists[1] != of_lists[2]


def test_where_values_are_written() -> None:
    """The place of a resolved value is where the template has it: in a branch, in a loop, behind what is absent."""
    scope = Declarations(TEMPLATE).with_defaults()._replace(truths={"IsProd": True})
    given = {
        "Fn::ForEach::L": ["X", ["a"], {"${X}": {"Fn::If": ["IsProd", {"b": 1}, 2]}}],
        "c": [{"Ref": "AWS::NoValue"}, {"d": 1}],
    }
    one = Resolved(given, scope)
    assert one.value == {"a": {"b": 1}, "c": [{"d": 1}]}
    assert one.written_at(("a", "b")) == ("Fn::ForEach::L", 2, "${X}", "Fn::If", 1, "b")
    assert one.written_at(("c", 0, "d")) == ("c", 1, "d")
