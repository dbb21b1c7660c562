"""CloudFormation templates whose job templates and jobs hold functions, nested in each other, around right and wrong values."""

import base64
import json
import string
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.oracles import registry, values
from tests.oracles.evaluation import text

Path = tuple[str | int, ...]
Json = dict[str, Any]


@dataclass(frozen=True)
class Slot:
    """A property, with values that CloudFormation's schema takes and others that it doesn't."""

    resource_type: str
    path: Path
    right: tuple[Any, ...]
    wrong: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The path as the validator writes it."""
        return ".".join(map(str, self.path))


def _package(name: str) -> str:
    return f"{values.PACKAGE}{name}"


_CRITERION = ("AbortConfig", "CriteriaList", 0)
_RETRY = ("JobExecutionsRetryConfig", "RetryCriteriaList", 0)
SLOTS = (
    Slot(registry.TEMPLATE, ("TimeoutConfig", "InProgressTimeoutInMinutes"), (1, 60, 10080), (0, 10081, "x", 1.5)),
    Slot(registry.TEMPLATE, ("PresignedUrlConfig", "ExpiresInSec"), (60, 3600), (59, 3601, "1h")),
    Slot(registry.TEMPLATE, ("PresignedUrlConfig", "RoleArn"), (values.ROLE,), ("role", "arn:aws:iam::1:user/a")),
    Slot(registry.TEMPLATE, ("JobExecutionsRolloutConfig", "MaximumPerMinute"), (1, 1000), (0, -1, "fast")),
    Slot(registry.TEMPLATE, (*_CRITERION, "ThresholdPercentage"), (5, 100, 0.5), (101, 100.5, "5%")),
    Slot(registry.TEMPLATE, (*_CRITERION, "MinNumberOfExecutedThings"), (1, 10), (0, "ten")),
    Slot(registry.TEMPLATE, (*_CRITERION, "FailureType"), ("FAILED", "ALL"), ("failed", "ANY")),
    Slot(registry.TEMPLATE, (*_RETRY, "NumberOfRetries"), (0, 3, 10), (11, -1)),
    Slot(registry.TEMPLATE, (*_RETRY, "FailureType"), ("FAILED", "TIMED_OUT"), ("REJECTED", "timed_out")),
    Slot(registry.TEMPLATE, ("MaintenanceWindows", 0, "DurationInMinutes"), (1, 1430), (0, 1431)),
    Slot(registry.TEMPLATE, ("JobTemplateId",), ("a", "a" * 64, "A_b-1"), ("a" * 65,)),
    Slot(registry.TEMPLATE, ("Description",), ("d", "é-1", "x" * 2028), ("x" * 2029, "y" * 3000)),
    Slot(registry.TEMPLATE, ("Document",), ("{}", '{"a":1}', '{"a":["b",2]}'), (values.sized(32769),)),
    Slot(registry.TEMPLATE, ("Tags", 0, "Key"), ("k", "a:b", "x" * 128), ("a*", "x" * 129)),
    Slot(registry.TEMPLATE, ("Tags", 0, "Value"), ("v", "x" * 256), ("x" * 257,)),
    Slot(registry.TEMPLATE, ("DestinationPackageVersions", 0), (_package("1"), _package("2.0")), ("1.0", "package 1")),
    Slot(registry.JOB, ("JobId",), ("j", "a" * 64), ("a.b", "a" * 65)),
    Slot(registry.JOB, ("TargetSelection",), ("SNAPSHOT", "CONTINUOUS"), ("snapshot", "ALL")),
    Slot(registry.JOB, ("TimeoutConfig", "InProgressTimeoutInMinutes"), (1, 10080), ("x", "1.5")),
    Slot(registry.JOB, ("JobExecutionsRetryConfig", "CriteriaList", 0, "NumberOfRetries"), (0, 10), (11, -1)),
)
BASES: dict[str, Json] = {
    registry.TEMPLATE: {
        "JobTemplateId": "t",
        "Description": "d",
        "Document": "{}",
        "AbortConfig": {"CriteriaList": [
            {"FailureType": "ALL", "Action": "CANCEL", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 9}
        ]},
        "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": 1}]},
        "MaintenanceWindows": [{"StartTime": "cron(0 2 ? * MON *)", "DurationInMinutes": 60}],
        "PresignedUrlConfig": {"RoleArn": values.ROLE},
    },
    registry.JOB: {
        "JobId": "j",
        "Targets": [values.THING],
        "Document": "{}",
        "JobExecutionsRetryConfig": {"CriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": 1}]},
    },
}  # fmt: skip


@dataclass
class Case:
    """A template, the type of its resource, and the properties that hold functions."""

    resource_type: str
    slots: list[Slot]
    template: Json
    as_yaml: bool

    @property
    def text(self) -> str:
        """The template as it is written, and so the name that it needs."""
        if not self.as_yaml:
            return json.dumps(self.template)
        return "".join(f"{section}: {yaml(part)}\n" for section, part in self.template.items())

    @property
    def name(self) -> str:
        """A file name for the text."""
        return "t.yaml" if self.as_yaml else "t.json"

    @property
    def resource(self) -> Json:
        """The resource, in which the variable `Copy` stands if a loop makes it."""
        ((_, resource),) = self.template["Resources"].items()
        found: Json = next(iter(resource[2].values())) if isinstance(resource, list) else resource
        return found

    @property
    def copies(self) -> list[Json]:
        """The variables of the loop around the resource: those of each copy."""
        ((_, resource),) = self.template["Resources"].items()
        return [{resource[0]: each} for each in resource[1]] if isinstance(resource, list) else [{}]


@st.composite
def cases(draw: DrawFn, depth: int = 2) -> Case:
    """A template with one or two properties that hold functions up to this depth, in JSON or in YAML's short tags."""
    resource_type = draw(st.sampled_from([registry.TEMPLATE, registry.TEMPLATE, registry.JOB]))
    known = [slot for slot in SLOTS if slot.resource_type == resource_type]
    slots = draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique_by=lambda slot: slot.path[0]))
    ids = {"JobTemplateId", "JobId"}
    writer = _Writer(draw, may_repeat=not any(slot.path[0] in ids for slot in slots))
    properties = json.loads(json.dumps(BASES[resource_type]))
    for slot in slots:
        put(properties, slot.path, writer.expression(draw(st.sampled_from(slot.right + slot.wrong)), slot, depth))
        if draw(st.integers(0, 9)) == 0 and isinstance(slot.path[-1], str):
            writer.loop_around(properties, slot)
        elif draw(st.integers(0, 9)) == 0 and slot.path[0] not in ("JobId", "JobTemplateId", "Document"):
            properties[slot.path[0]] = writer.branches(properties[slot.path[0]], {"Ref": "AWS::NoValue"})
    resource = {"Type": resource_type, "Properties": properties}
    if draw(st.integers(0, 9)) == 0:
        resource["Condition"] = writer.condition()
    resources: Json = {"T": resource}
    if writer.copies is not None:
        for name in ids & properties.keys():
            properties[name] = {"Fn::Sub": "t${Copy}"}
        resources = {"Fn::ForEach::Copies": ["Copy", writer.copies, {"T&{Copy}": resource}]}
    sections = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": writer.parameters,
        "Conditions": writer.conditions,
        "Mappings": writer.mappings,
        "Resources": resources,
    }
    return Case(resource_type, slots, {key: part for key, part in sections.items() if part}, draw(st.booleans()))


def template(slot: Slot, value: Any, *, condition: str | None = None, **sections: Json) -> Case:
    """A template in which one property has this value."""
    properties = json.loads(json.dumps(BASES[slot.resource_type]))
    put(properties, slot.path, value)
    resource = {"Type": slot.resource_type, "Properties": properties} | ({"Condition": condition} if condition else {})
    whole = {"Transform": "AWS::LanguageExtensions", **sections, "Resources": {"T": resource}}
    return Case(slot.resource_type, [slot], whole, as_yaml=False)


def without_functions(path: Sequence[str | int]) -> list[str | int]:
    """A path in a template without functions and the numbers of their arguments, which are numbers or text."""
    kept: list[str | int] = []
    skip = False
    for part in path:
        if str(part).startswith("Fn::") or part == "Ref":
            skip = True
        elif not (skip and str(part).isdecimal()):
            skip = False
            kept.append(part)
    return kept


def uses(value: Any, *functions: str) -> bool:
    """Whether a value holds one of these functions."""
    if isinstance(value, list):
        return any(uses(item, *functions) for item in value)
    return isinstance(value, dict) and any(key in functions or uses(item, *functions) for key, item in value.items())


def put(properties: Json, path: Path, value: Any) -> None:
    """Set what is at a path; items and blocks are added."""
    inner: Any = properties
    for part, following in pairwise(path):
        if isinstance(inner, list):
            inner.extend([{}] * (1 - len(inner)))
            inner = inner[int(part)]
        else:
            inner = inner.setdefault(part, [] if isinstance(following, int) else {})
    if isinstance(inner, list):
        inner[:] = [value]
    else:
        inner[path[-1]] = value
    if path[0] == "Tags":
        properties["Tags"][0] = {"Key": "k", "Value": "v"} | properties["Tags"][0]


class _Writer:
    """Writes values as functions, and the sections that these need."""

    def __init__(self, draw: DrawFn, *, may_repeat: bool) -> None:
        self._draw = draw
        self._may_repeat = may_repeat
        self.parameters: Json = {}
        self.conditions: Json = {}
        self.mappings: Json = {}
        self.copies: list[str] | None = None

    def expression(self, value: Any, slot: Slot, depth: int) -> Any:
        """Functions of which at least one outcome is the value."""
        ways = [self._literal, self._parameter]
        if depth:
            ways += [self._if, self._map, self._join, self._sub, self._select, self._split, self._loop, self._other]
        return self._draw(st.sampled_from(ways))(value, slot, depth - 1)

    def branches(self, one: Any, other: Any) -> Json:
        """A choice between two, in any order."""
        pair = [one, other] if self._draw(st.booleans()) else [other, one]
        return {"Fn::If": [self.condition(), *pair]}

    def loop_around(self, properties: Json, slot: Slot) -> None:
        """Write a property's key by a loop over one name."""
        inner: Any = properties
        for part in slot.path[:-1]:
            inner = inner[part]
        if isinstance(inner, dict) and slot.path[-1] in inner and "Fn::ForEach::Keys" not in inner:
            inner["Fn::ForEach::Keys"] = ["Name", [slot.path[-1]], {"${Name}": inner.pop(slot.path[-1])}]

    def _another(self, slot: Slot) -> Any:
        return self._draw(st.sampled_from(slot.right + slot.wrong))

    def _literal(self, value: Any, slot: Slot, depth: int) -> Any:
        return text(value) if self._draw(st.integers(0, 3)) == 0 else value

    def _parameter(self, value: Any, slot: Slot, depth: int) -> Json:
        numbers = not isinstance(value, str)
        allowed = [value]
        if self._draw(st.booleans()):
            allowed += [
                other for other in (self._another(slot),) if isinstance(other, str) != numbers and other != value
            ]
        body: Json = {"Type": "Number" if numbers and self._draw(st.booleans()) else "String"}
        how = self._draw(st.sampled_from(["default", "allowed", "both", "open"]))
        if how in ("allowed", "both"):
            body["AllowedValues"] = allowed
        if how in ("default", "both"):
            body["Default"] = value
        return {"Ref": self._declare(body)}

    def _declare(self, body: Json) -> str:
        name = f"P{len(self.parameters)}"
        self.parameters[name] = body
        return name

    def _if(self, value: Any, slot: Slot, depth: int) -> Json:
        other = self._another(slot)
        return self.branches(self.expression(value, slot, depth), self.expression(other, slot, depth))

    def condition(self, depth: int = 2) -> str:
        """The name of a condition, which is declared."""
        if self.conditions and self._draw(st.integers(0, 2)) == 0:
            return self._draw(st.sampled_from(sorted(self.conditions)))
        truth = self._truth(depth)
        name = f"C{len(self.conditions)}"
        self.conditions[name] = truth
        return name

    def _truth(self, depth: int) -> Json:
        ways = ["equals"] * 3 + (["and", "or", "not", "condition"] if depth else [])
        way = self._draw(st.sampled_from(ways))
        if way == "equals":
            return {"Fn::Equals": [{"Ref": self._switch()}, self._draw(st.sampled_from(["a", "b", "1"]))]}
        if way == "condition":
            return {"Condition": self.condition(depth - 1)}
        if way == "not":
            return {"Fn::Not": [self._truth(depth - 1)]}
        return {f"Fn::{way.capitalize()}": [self._truth(depth - 1) for _ in range(2)]}

    def _switch(self) -> str:
        """A parameter for a condition: one that there is, if it isn't a list, or a new one."""
        there = [name for name, body in self.parameters.items() if body["Type"] != "CommaDelimitedList"]
        if self._draw(st.booleans()) and there:
            return self._draw(st.sampled_from(there))
        bodies: list[Json] = [
            {},
            {"Default": "a"},
            {"AllowedValues": ["a", "b"]},
            {"AllowedValues": ["a"], "Default": "a"},
        ]
        return self._declare({"Type": "String"} | self._draw(st.sampled_from(bodies)))

    def _map(self, value: Any, slot: Slot, depth: int) -> Json:
        name = f"M{len(self.mappings)}"
        way = self._draw(st.sampled_from(["plain", "default", "parameter"]))
        self.mappings[name] = {"one": {"key": value}, "other": {"key": self._another(slot)}}
        if way == "plain":
            return {"Fn::FindInMap": [name, "one", "key"]}
        if way == "default":
            default = {"DefaultValue": self.expression(value, slot, depth)}
            return {"Fn::FindInMap": [name, self._draw(st.sampled_from(["one", "neither"])), "key", default]}
        bodies = [{"Default": "one"}, {"AllowedValues": ["one", "other"]}, {"AllowedValues": ["one"]}]
        key = self._declare({"Type": "String"} | self._draw(st.sampled_from(bodies)))
        return {"Fn::FindInMap": [name, {"Ref": key}, "key"]}

    def _parts(self, value: Any) -> tuple[str, str]:
        whole = text(value)
        cut = self._draw(st.integers(0, min(len(whole), 8)))
        return whole[:cut], whole[cut:]

    def _piece(self, piece: str, slot: Slot, depth: int) -> Any:
        """A part of a text, as functions."""
        wrong = "x" * 65 if slot.path == ("JobTemplateId",) else "%"  # whose pattern isn't anchored in the schema
        return self.expression(piece, Slot("", slot.path, (piece, "1"), (wrong,)), depth)

    def _join(self, value: Any, slot: Slot, depth: int) -> Json:
        first, second = self._parts(value)
        if "," in first + second and self._draw(st.booleans()):
            return {"Fn::Join": [",", text(value).split(",")]}
        return {"Fn::Join": ["", [self._piece(first, slot, depth), second]]}

    def _sub(self, value: Any, slot: Slot, depth: int) -> Json:
        first, second = self._parts(value)
        second = second.replace("${", "${!")
        way = self._draw(st.sampled_from(["plain", "parameter", "variable"]))
        if way == "plain" or "${" in first:
            return {"Fn::Sub": (first.replace("${", "${!")) + second}
        if way == "parameter":
            return {"Fn::Sub": f"${{{self._declare({'Type': 'String', 'Default': first})}}}{second}"}
        return {"Fn::Sub": [f"${{Part}}{second}", {"Part": self._piece(first, slot, depth)}]}

    def _select(self, value: Any, slot: Slot, depth: int) -> Json:
        items = [self.expression(value, slot, depth), self._another(slot)]
        index = self._draw(st.integers(0, 1))
        return {"Fn::Select": [index if self._draw(st.booleans()) else str(index), items[::-1] if index else items]}

    def _split(self, value: Any, slot: Slot, depth: int) -> Any:
        if "|" in text(value):
            return value
        joined = f"{text(value)}|{text(self._another(slot))}"
        given = self._draw(st.sampled_from([joined, {"Fn::Sub": joined.replace("${", "${!")}]))
        if "," not in joined and self._draw(st.integers(0, 3)) == 0:
            name = self._declare({"Type": "CommaDelimitedList", "Default": joined.replace("|", ",")})
            return {"Fn::Select": [0, {"Ref": name}]}
        return {"Fn::Select": [0, {"Fn::Split": ["|", given]}]}

    def _loop(self, value: Any, slot: Slot, depth: int) -> Any:
        """The variable of a loop around the resource, which is made twice."""
        written = [text(value), text(self._another(slot))]
        fits = all(one.isascii() and one.isalnum() and len(one) < 60 for one in written)
        if not self._may_repeat or self.copies is not None or not fits:
            return value
        self.copies = list(dict.fromkeys(written))
        return {"Ref": "Copy"} if self._draw(st.booleans()) else {"Fn::Sub": "${Copy}"}

    def _other(self, value: Any, slot: Slot, depth: int) -> Any:
        """Functions that make only some values: lengths, JSON, Base64."""
        if slot.path == ("Document",) and slot.resource_type:
            inner = {"a": self.expression("b", Slot("", (), ("b",), ("c",)), depth), "n": [1, 2.5, True, "é"]}
            return {"Fn::ToJsonString": inner}
        if isinstance(value, int) and 0 <= value <= 11:
            return {"Fn::Length": ["x"] * value}
        if isinstance(value, str) and len(value) > 1000 and set(value) <= set(string.ascii_letters):
            return {"Fn::Base64": base64.b64decode(value[: len(value) // 4 * 4]).decode("latin-1")}
        return value


# YAML -----------------------------------------------------------------------------------------------------------------

_LONG_ONLY = {"Fn::Length", "Fn::ToJsonString"}
"""Functions without a short tag."""


def yaml(value: Any) -> str:
    """YAML in one line, its functions as short tags where these may stand."""
    if isinstance(value, list):
        return f"[{', '.join(map(yaml, value))}]"
    if not isinstance(value, dict):
        return json.dumps(value)
    if len(value) == 1:
        ((name, given),) = value.items()
        short = name in ("Ref", "Condition") or (name.startswith("Fn::") and "ForEach" not in name)
        # A tag can't follow a tag.
        if short and name not in _LONG_ONLY and not (isinstance(given, dict) and yaml(given).startswith("!")):
            return f"!{name.removeprefix('Fn::')} {yaml(given)}"
    return "{" + ", ".join(f"{json.dumps(key)}: {yaml(item)}" for key, item in value.items()) + "}"
