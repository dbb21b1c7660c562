"""What device agents make of a job document: its family by its content, its schema, and what they ignore silently."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from iot_jobs.documents import FAMILIES, content_problems, family_of, problems, schema_of, unfilled
from iot_jobs.documents.quick_schema import surely_fits
from iot_jobs.documents.secrets import masked
from iot_jobs.finding import Finding, Location, dotted
from tests.commands import EXAMPLE
from tests.oracles.device_client import Client, split
from tests.strategies import json_values

PLACEHOLDER = "${aws:iot:parameter:p}"
TOKEN = "${Token[TOKEN.12]}"
DEVICE_CLIENT = "https://github.com/awslabs/aws-iot-device-client/blob/main/source/jobs/JobDocument.cpp"
JOBS_AGENT = "https://github.com/aws/aws-iot-device-sdk-js/blob/master/examples/jobs-agent.js"
ECHO = {"name": "echo", "type": "runCommand", "input": {"command": "echo,hello"}}
REBOOT = {"name": "reboot", "type": "runHandler", "input": {"handler": "reboot.sh", "args": ["now"], "path": "default"}}

Told = tuple[str, str, Any, str, str]


def steps(*actions: object, **members: object) -> dict[str, Any]:
    """A document for the Device Client with these actions."""
    return {"version": "1.0", "steps": [{"action": action} for action in actions]} | members


def told(findings: Iterator[Finding]) -> list[Told]:
    return [(one.code, one.path, one.given, one.allowed, one.fix) for one in findings]


def codes(findings: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in findings]


# Families -------------------------------------------------------------------------------------------------------------

LOOKS: list[tuple[str, dict[str, Any], str | None]] = [
    ("nothing", {}, None),
    ("free form", {"firmware": "4.2"}, None),
    ("a version alone", {"version": "1.0", "url": "https://x"}, None),
    ("steps of another kind", {"version": "2", "steps": [{"run": "x"}, "y"]}, None),
    ("steps", steps(ECHO), "device-client"),
    ("no steps in the list", steps(), None),
    ("steps of another kind, and the version", {"version": "1.0", "steps": [{"action": {"type": "run"}}]}, None),
    ("another version", steps(REBOOT, version="7"), "device-client"),
    ("no version", {"steps": [{"action": REBOOT}]}, "device-client"),
    ("no action around the members", {"steps": [ECHO]}, "device-client"),
    ("parameters", steps(ECHO | {"runAsUser": PLACEHOLDER}), "managed-template"),
    ("other placeholders", steps(ECHO | {"runAsUser": "${aws:iot:package::version::attributes:u}"}), "device-client"),
    ("an operation", {"operation": "reboot.sh", "args": []}, "device-client-old"),
    ("an operation with anything", {"operation": "reboot", "when": "now"}, "device-client-old"),
    ("an operation with a version", {"operation": "ota", "version": "2.0.1"}, "device-client-old"),
    ("an operation that is no text", {"operation": 5}, None),
    ("an empty operation", {"operation": ""}, None),
    ("a word of the jobs agent", {"operation": "reboot"}, "jobs-agent"),
    ("the same with a delay", {"operation": "shutdown", "delay": 5}, "jobs-agent"),
    ("a package", {"operation": "start", "packageName": "p", "x": 1}, "jobs-agent"),
    ("files", {"operation": "install", "files": []}, "jobs-agent"),
    ("files of another kind", {"operation": "install", "files": {}}, "device-client-old"),
    ("a package for another agent", {"operation": "upgrade", "packageName": "p"}, "device-client-old"),
    ("an update of FreeRTOS", {"afr_ota": {}}, "freertos-ota"),
]


@pytest.mark.parametrize(("value", "family"), [row[1:] for row in LOOKS], ids=[row[0] for row in LOOKS])
def test_family_of(value: dict[str, Any], family: str | None) -> None:
    """A document's family shows in its members; what looks like none may hold anything."""
    assert family_of(value) == family


@pytest.mark.parametrize("family", FAMILIES)
def test_schemas_stand_alone(family: str) -> None:
    """Each shipped schema is valid, named, explained, and refers to nothing outside; a caller may change its copy."""
    schema = schema_of(family)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:iot-jobs:document:{family}"
    assert schema["title"]
    assert schema["description"]
    assert not Draft202012Validator(schema).is_valid({})
    schema.clear()
    assert schema_of(family)


def test_unknown_family() -> None:
    """A name that is no family is a wrong schema, and no key to look up."""
    allowed = ", ".join(FAMILIES) + " or a JSON Schema"
    assert told(problems({}, "device-klient")) == [
        ("JT711", "", "device-klient", allowed, "correct the schema, or use a built-in one such as device-client")
    ]
    with pytest.raises(ValueError, match="or a JSON Schema"):
        schema_of("device-klient")


# The Device Client ----------------------------------------------------------------------------------------------------

NOTHING_TO_REPORT: list[tuple[str, dict[str, Any]]] = [
    ("a command", steps(ECHO)),
    ("a handler", steps(REBOOT)),
    ("a handler found in PATH", steps(REBOOT | {"input": {"handler": "reboot.sh"}})),
    ("everything", steps(
        REBOOT | {"runAsUser": "root", "allowStdErr": 8, "ignoreStepFailure": "true"}, ECHO,
        includeStdOut="false", finalStep={"action": ECHO},
    )),
    ("null is absent", steps(
        REBOOT | {"runAsUser": None, "allowStdErr": None, "ignoreStepFailure": None, "args": None},
        includeStdOut=None, finalStep=None, conditions=None, timeout=None,
    )),
    ("a whole number with a point", steps(ECHO | {"allowStdErr": 8.0})),
    ("no conditions in the list", steps(ECHO, conditions=[])),
    ("members of no meaning", steps(ECHO | {"note": 1}, _comment="x", jobId=7)),
    ("any version", steps(ECHO, version="2026-11")),
    ("blanks in a later word", steps(ECHO | {"input": {"command": "echo,Hello World"}})),
    ("blanks around the first word", steps(ECHO | {"input": {"command": " \n echo \t, x"}})),
    ("a comma within a word", steps(ECHO | {"input": {"command": "echo,a\\, b"}})),
    ("one word", steps(ECHO | {"input": {"command": "reboot"}})),
    ("placeholders", steps(
        {"name": PLACEHOLDER, "type": PLACEHOLDER, "input": PLACEHOLDER, "allowStdErr": PLACEHOLDER},
        REBOOT | {"input": {"handler": PLACEHOLDER, "args": PLACEHOLDER}, "ignoreStepFailure": PLACEHOLDER},
        ECHO | {"input": {"command": f"{PLACEHOLDER} x"}},
        includeStdOut=PLACEHOLDER, conditions=PLACEHOLDER, finalStep=PLACEHOLDER,
    )),
    ("a step to be filled in", {"version": "1.0", "steps": [PLACEHOLDER, {"action": PLACEHOLDER}]}),
    ("a token", steps(ECHO | {"type": TOKEN, "allowStdErr": TOKEN})),
    ("an operation", {"operation": "reboot.sh", "args": ["now"], "path": "/opt", "allowStdErr": 0}),
    ("an operation alone", {"operation": "ROTATE_CERTIFICATE"}),
    ("an operation and more", {"operation": "reboot", "timestamp": "2024-12-31", "files": {}, "timeout": 5}),
    ("a version that is no text", {"operation": "reboot.sh", "version": 1.0}),
    ("an empty version", {"operation": "reboot.sh", "version": ""}),
]  # fmt: skip


@pytest.mark.parametrize("value", [row[1] for row in NOTHING_TO_REPORT], ids=[row[0] for row in NOTHING_TO_REPORT])
def test_nothing_to_report(value: dict[str, Any]) -> None:
    """What the Device Client takes and heeds as it is written, by the look and by name."""
    family = "device-client" if "steps" in value else "device-client-old"
    assert told(problems(value)) == []
    assert told(problems(value, family)) == []


def guessed(expected: list[Told], family: str = "device-client") -> list[Told]:
    """What is told of a document that only looks like a family's: the first finding, and that this is a guess."""
    more = f" to see {len(expected) - 1} more" if len(expected) > 1 else ""
    guess = f"; choose document_schema {family}{more}, or your own if another agent reads the document"
    return [(*row[:4], row[4] + guess) for row in expected[:1]]


A_COMMAND = "a program and its arguments with commas between them, and no space in the program's name"
NO_VERSION = "no version: any text makes the client look for steps instead of an operation"
WHAT_IS_ALLOWED = "remove it, or write what is allowed"
TYPES = '"runHandler" or "runCommand"'
A_STEP = "at least one item that is a step with an action"
ACTION = "steps[0].action"

# Under which code a document is warned of by its look, if it has one; chosen, each of these is the error JT710.
REJECTED: list[tuple[str, str, dict[str, Any], list[Told]]] = [
    ("no version", "device-client", {"steps": [{"action": ECHO}]}, [
        ("JT750", "version", None, "text", "add version"),
    ]),
    ("a number as version", "device-client", steps(ECHO, version=1.0), [
        ("JT750", "version", 1.0, "text", 'write it like "1.0"'),
    ]),
    ("no steps", "device-client", steps(), [("JT750", "steps", 0, A_STEP, "add one")]),
    ("steps that are no list", "device-client", steps(steps={}), [("JT750", "steps", {}, "a list", "write a list")]),
    ("every action missing", "device-client", steps(None), [("JT750", "steps", 1, A_STEP, "add one")]),
    ("an action that is no object", "device-client", steps("x"), [
        ("JT750", ACTION, "x", "an object or null", "write an object or null"),
    ]),
    ("an empty action", "device-client", steps({}), [
        ("JT750", f"{ACTION}.input", None, "an object", "add input"),
        ("JT750", f"{ACTION}.name", None, "text", "add name"),
        ("JT750", f"{ACTION}.type", None, TYPES, "add type"),
    ]),
    ("no name, a wrong type", "device-client", steps({"name": "", "type": "runhandler", "input": {}}), [
        ("JT750", f"{ACTION}.name", "", "1 or more characters", "write more"),
        ("JT750", f"{ACTION}.type", "runhandler", TYPES, 'write "runHandler"'),
    ]),
    ("a name that is no text", "device-client", steps(ECHO | {"name": 5}), [
        ("JT750", f"{ACTION}.name", 5, "text", "write text"),
    ]),
    ("no handler", "device-client", steps(REBOOT | {"input": {}}), [
        ("JT750", f"{ACTION}.input.handler", None, "text", "add handler"),
    ]),
    ("an empty handler", "device-client", steps(REBOOT | {"input": {"handler": ""}}), [
        ("JT750", f"{ACTION}.input.handler", "", "1 or more characters", 'write it like "download-file.sh"'),
    ]),
    ("no command", "device-client", steps(ECHO | {"input": {}}), [
        ("JT750", f"{ACTION}.input.command", None, "text", "add command"),
    ]),
    ("a list as command", "device-client", steps(ECHO | {"input": {"command": ["ls", "-l"]}}), [
        ("JT750", f"{ACTION}.input.command", ["ls", "-l"], "text", 'write it like "ls,-l,/tmp"'),
    ]),
    ("blanks for commas", "device-client", steps(ECHO | {"input": {"command": "ls -l"}}), [
        ("JT759", f"{ACTION}.input.command", "ls -l", A_COMMAND, 'write it like "ls,-l,/tmp"'),
    ]),
    ("nothing but commas", "device-client", steps(ECHO | {"input": {"command": ",,"}}), [
        ("JT759", f"{ACTION}.input.command", ",,", A_COMMAND, 'write it like "ls,-l,/tmp"'),
    ]),
    ("a wrong final step", "device-client", steps(ECHO, finalStep={"action": ECHO | {"type": "x"}}), [
        ("JT750", "finalStep.action.type", "x", TYPES, "choose one of these"),
    ]),
    ("incomplete conditions", "device-client", steps(ECHO, conditions=["x", {"key": "", "value": []}]), [
        ("JT750", "conditions[0]", "x", "an object", "write an object"),
        ("JT750", "conditions[1].key", "", "1 or more characters", "write more"),
        ("JT750", "conditions[1].value", 0, "1 or more items", "add items"),
    ]),
    ("a version beside the operation", "device-client-old", {"operation": "ota", "version": "2.0.1"}, [
        ("JT750", "version", "2.0.1", NO_VERSION, WHAT_IS_ALLOWED),
    ]),
    ("a placeholder as such", "device-client-old", {"operation": "ota", "version": PLACEHOLDER}, [
        ("JT750", "version", PLACEHOLDER, NO_VERSION, WHAT_IS_ALLOWED),
    ]),
]  # fmt: skip
SILENT = {"JT752", "JT757"}


@pytest.mark.parametrize(
    ("family", "value", "expected"), [row[1:] for row in REJECTED], ids=[row[0] for row in REJECTED]
)
def test_rejected(family: str, value: dict[str, Any], expected: list[Told]) -> None:
    """What the Device Client rejects is an error where its family was chosen, and one warning where it is a guess."""
    by_its_look = list(problems(value))
    looks_like = family_of(value) == "device-client"
    assert [row[:4] for row in told(iter(by_its_look))] == [row[:4] for row in expected[:looks_like]]
    assert {one.severity for one in by_its_look} <= {"warning"}
    assert {one.rule.source for one in by_its_look} <= {DEVICE_CLIENT}
    chosen = [one for one in problems(value, family) if one.code not in SILENT]
    assert told(iter(chosen)) == [("JT710", *row[1:]) for row in expected]
    assert {one.severity for one in chosen} == {"error"}
    assert {one.rule.source for one in chosen} == {DEVICE_CLIENT}


FLAG = '"true" or "false", as text'
LOST: list[tuple[str, dict[str, Any], list[Told]]] = [
    ("flags that are no text", steps(ECHO | {"ignoreStepFailure": True}, includeStdOut=False), [
        ("JT751", "includeStdOut", False, FLAG, 'write "false"'),
        ("JT751", f"{ACTION}.ignoreStepFailure", True, FLAG, 'write "true"'),
    ]),
    ("flags in other words", steps(ECHO | {"ignoreStepFailure": "TRUE"}, includeStdOut="yes"), [
        ("JT751", "includeStdOut", "yes", FLAG, 'write "true" or "false"'),
        ("JT751", f"{ACTION}.ignoreStepFailure", "TRUE", FLAG, 'write "true"'),
    ]),
    ("a flag beside an operation", {"operation": "x.sh", "includeStdOut": True}, [
        ("JT751", "includeStdOut", True, FLAG, 'write "true"'),
    ]),
    ("steps without an action", {"version": "1.0", "steps": [{"action": ECHO}, {"name": "x"}, "y", {"action": None}]}, [
        ("JT752", "steps[1]", {"name": "x"}, "an object with an action", "add the action"),
        ("JT752", "steps[2]", "y", "an object with an action", "add the action"),
        ("JT752", "steps[3]", {"action": None}, "an object with an action", "add the action"),
    ]),
    ("a list of final steps", steps(ECHO, finalStep=[{"action": ECHO}]), [
        ("JT753", "finalStep", [{"action": ECHO}], "one object with an action",
         "keep one step, without a list around it"),
    ]),
    ("a final step without an action", steps(ECHO, finalStep={"name": "x"}), [
        ("JT753", "finalStep", {"name": "x"}, "one object with an action", "add the action"),
    ]),
    ("wrong types in a step", steps(
        REBOOT | {"runAsUser": 0, "allowStdErr": "8", "input": {"handler": "x.sh", "args": "now", "path": ["/opt"]}},
        ECHO | {"allowStdErr": 2.5}, ECHO | {"allowStdErr": True},
    ), [
        ("JT755", f"{ACTION}.runAsUser", 0, "text", "write text"),
        ("JT755", f"{ACTION}.allowStdErr", "8", "a whole number", "write a whole number"),
        ("JT755", f"{ACTION}.input.args", "now", "a list of strings", "write a list of strings"),
        ("JT755", f"{ACTION}.input.path", ["/opt"], "text", "write text"),
        ("JT755", "steps[1].action.allowStdErr", 2.5, "a whole number", "write a whole number"),
        ("JT755", "steps[2].action.allowStdErr", True, "a whole number", "write a whole number"),
    ]),
    ("wrong types beside an operation", {"operation": "x.sh", "args": {}, "path": 1, "allowStdErr": "0"}, [
        ("JT755", "args", {}, "a list of strings", "write a list of strings"),
        ("JT755", "path", 1, "text", "write text"),
        ("JT755", "allowStdErr", "0", "a whole number", "write a whole number"),
    ]),
    ("conditions that are no list", steps(ECHO, conditions={"key": "os"}), [
        ("JT755", "conditions", {"key": "os"}, "a list", "write a list"),
    ]),
    ("arguments that are no text", steps(REBOOT | {"input": {"handler": "x.sh", "args": ["a", 1, None, ["b"]]}}), [
        ("JT756", f"{ACTION}.input.args[1]", 1, "text", "put it in quotation marks"),
        ("JT756", f"{ACTION}.input.args[2]", None, "text", "put it in quotation marks"),
        ("JT756", f"{ACTION}.input.args[3]", ["b"], "text", "put it in quotation marks"),
    ]),
    ("an argument of an operation", {"operation": "x.sh", "args": [1]}, [
        ("JT756", "args[0]", 1, "text", "put it in quotation marks"),
    ]),
    ("conditions", steps(ECHO, conditions=[{"key": "os", "value": ["x"], "type": 1}]), [
        ("JT757", "conditions", [{"key": "os", "value": ["x"], "type": 1}], "no conditions",
         "remove them; choose the devices by the job's targets, such as a dynamic thing group"),
        ("JT755", "conditions[0].type", 1, "text", "write text"),
    ]),
    ("members beside a command", steps(ECHO | {"input": {"command": "x", "args": ["y"], "timeout": 5, "path": "/"}}), [
        ("JT758", f"{ACTION}.input.args", ["y"], "no args next to a command",
         "write them into the command, separated by commas"),
        ("JT758", f"{ACTION}.input.timeout", 5, "no timeout, because a step may take any time",
         "remove it, and set the job's timeout"),
        ("JT758", f"{ACTION}.input.path", "/", "path in the input of a runHandler", "move it there, or remove it"),
    ]),
    ("members in other places", {
        "version": "1.0", "args": ["x"], "steps": [
            {"action": REBOOT | {"command": "x", "input": {"handler": "x.sh", "runAsUser": "root"}}, "allowStdErr": 1},
        ],
    }, [
        ("JT758", "args", ["x"], "args in the input of a runHandler", "move it there, or remove it"),
        ("JT758", "steps[0].allowStdErr", 1, "allowStdErr in an action", "move it there, or remove it"),
        ("JT758", f"{ACTION}.command", "x", "command in the input of a runCommand", "move it there, or remove it"),
        ("JT758", f"{ACTION}.input.runAsUser", "root", "runAsUser in an action", "move it there, or remove it"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in LOST], ids=[row[0] for row in LOST])
def test_lost(value: dict[str, Any], expected: list[Told]) -> None:
    """What the Device Client ignores or drops is a warning; by the look of a document, only the first is told."""
    family = "device-client" if "steps" in value else "device-client-old"
    assert told(problems(value)) == (guessed(expected) if family == "device-client" else [])
    findings = list(problems(value, family))
    assert told(iter(findings)) == expected
    assert {one.severity for one in findings} == {"warning"}
    assert {one.rule.source for one in findings} == {DEVICE_CLIENT}


def test_managed_templates_are_for_the_device_client() -> None:
    """The document of a managed template has version 1.0, and is otherwise read by the Device Client."""
    value = steps(ECHO | {"input": {"command": PLACEHOLDER}, "runAsUser": PLACEHOLDER, "ignoreStepFailure": True})
    lost = ("JT751", f"{ACTION}.ignoreStepFailure", True, FLAG, 'write "true"')
    assert told(problems(value)) == guessed([lost], "managed-template")
    assert told(problems(value | {"version": "2"}, "managed-template")) == [
        ("JT710", "version", "2", '"1.0"', 'write "1.0"'),
        lost,
    ]


# The Device Client, against its own reading --------------------------------------------------------------------------

COMMANDS = st.text("ab ,\\\t\n\x0b", max_size=8) | st.sampled_from(["echo,x", "ls -l", " ls , x y"])
JUNK: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | COMMANDS
    | st.builds(list)
    | st.builds(dict)
)
NAMES = (
    "version", "includeStdOut", "conditions", "steps", "finalStep", "operation", "args", "path", "allowStdErr", "key",
    "value", "type", "name", "input", "runAsUser", "ignoreStepFailure", "handler", "command", "action", "timeout",
)  # fmt: skip
FLAGS = st.sampled_from(["true", "false"])
HANDLERS = st.fixed_dictionaries(
    {"handler": st.just("x.sh")}, optional={"args": st.just(["a", "b"]), "path": st.sampled_from(["", "default"])}
)
ACTIONS = st.sampled_from(
    [("runHandler", HANDLERS), ("runCommand", st.fixed_dictionaries({"command": COMMANDS}))]
).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"name": st.just("n"), "type": st.just(kind[0]), "input": kind[1]},
        optional={"runAsUser": st.just("root"), "allowStdErr": st.just(1), "ignoreStepFailure": FLAGS},
    )
)
STEPS = st.fixed_dictionaries({"action": ACTIONS})
NEW = st.fixed_dictionaries(
    {"version": st.sampled_from(["1.0", "2"]), "steps": st.lists(STEPS, min_size=1, max_size=2)},
    optional={
        "includeStdOut": FLAGS,
        "finalStep": STEPS,
        "conditions": st.just([{"key": "k", "value": ["v"], "type": "stringEqual"}]),
    },
)
OLD = st.fixed_dictionaries(
    {"operation": st.just("x.sh")},
    optional={"args": st.just(["a"]), "path": st.just("/"), "allowStdErr": st.just(0), "includeStdOut": FLAGS},
)


def places(value: object, loc: Location = ()) -> Iterator[Location]:
    """Every place in a value, itself included."""
    yield loc
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, item in inner:
        yield from places(item, (*loc, part))


def put(value: Any, loc: Location, item: object) -> None:
    """Replace the value at a place; an ellipsis removes it."""
    for part in loc[:-1]:
        value = value[part]
    if item is ...:
        del value[loc[-1]]
    else:
        value[loc[-1]] = item


def at(value: Any, loc: Location) -> Any:
    for part in loc:
        value = value[part]
    return value


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Documents for the Device Client with up to three mistakes: something removed, replaced, added or wrapped."""
    value: dict[str, Any] = copy.deepcopy(draw(NEW | NEW | OLD))
    for _ in range(draw(st.integers(0, 3))):
        loc = draw(st.sampled_from(list(places(value))))
        here = at(value, loc)
        change = draw(st.sampled_from(["remove", "replace", "wrap", "add", "add"]))
        if change == "add" and isinstance(here, dict):
            here[draw(st.sampled_from(NAMES))] = draw(JUNK | FLAGS)
        elif change == "add" and isinstance(here, list):
            here.append(draw(JUNK))
        elif loc and change != "add":
            put(value, loc, {"remove": ..., "replace": draw(JUNK), "wrap": [here]}[change])
    return value


def located(value: dict[str, Any], family: str, *, severity: str) -> list[Location]:
    return [one.loc for one in problems(value, family) if one.severity == severity]


@given(documents())
@example({"version": "", "operation": "x.sh", "steps": 5})
@example(steps(ECHO | {"input": {"command": " "}}))
@example(steps(ECHO | {"input": {"command": "a\\"}}))
@example(steps(ECHO | {"input": {"command": "a\\,b c"}}))
def test_accepted_and_heeded_as_by_the_device_client(value: dict[str, Any]) -> None:
    """We accept what the client accepts, and warn of exactly the places whose content it loses."""
    client = Client(value)
    own, other = ("device-client", "device-client-old")[:: 1 if client.has_steps else -1]
    assert (located(value, own, severity="error") == []) == (client.reason is None), client.reason
    assert located(value, other, severity="error")
    lost = located(value, own, severity="warning")
    assert len(lost) == len(set(lost))
    assert set(lost) == client.lost


@given(documents(), st.sampled_from(FAMILIES))
def test_the_schema_alone_says_the_same(value: dict[str, Any], family: str) -> None:
    """A shipped schema gives the same answer by any validator, and by the first look that spares us jsonschema."""
    fits = Draft202012Validator(schema_of(family)).is_valid(value)
    assert surely_fits(value, family) == fits
    assert (located(value, family, severity="error") == []) == fits


@given(NEW | OLD, st.data(), st.sampled_from([PLACEHOLDER, f"a {PLACEHOLDER} b", TOKEN]))
def test_placeholders_pass(value: dict[str, Any], data: st.DataObject, text: str) -> None:
    """Whatever is filled in later is never reported, nor does it make another place wrong."""
    value = copy.deepcopy(value)
    family = "device-client" if "steps" in value else "device-client-old"
    before = codes(problems(value, family))
    loc = data.draw(st.sampled_from([loc for loc in places(value) if loc]))
    put(value, loc, text)
    after = codes(problems(value, family))
    assert set(after) <= set(before)
    assert surely_fits(value, family) == all(code != "JT710" for code, _ in after)


@pytest.mark.parametrize(
    ("command", "words"),
    [("a,b", ["a", "b"]), (",a,, b ", ["a", "b"]), ("a\\,b", ["a,b"]), (" ", [""]), ("", []), ("a\\", ["a\\"])],
)
def test_the_oracle_splits_commands(command: str, words: list[str]) -> None:
    """Commas part the words of a command; after a backslash they are part of one."""
    assert list(split(command)) == words


# Other agents --------------------------------------------------------------------------------------------------------

FILE = {"fileName": "a.js", "fileSource": {"url": "https://x/a.js"}}
LOWER_CASE = "hexadecimal digits in lower case, which is how the agent writes its own"
MINUTES = "minutes, as a whole number; it becomes part of a command line as it stands"
OTHER: list[tuple[str, str, dict[str, Any], list[Told]]] = [
    ("status", "jobs-agent", {"operation": "systemStatus"}, []),
    ("reboot at once", "jobs-agent", {"operation": "reboot"}, []),
    ("reboot later", "jobs-agent", {"operation": "reboot", "delay": "5"}, []),
    ("shutdown later", "jobs-agent", {"operation": "shutdown", "delay": PLACEHOLDER}, []),
    ("a delay in words", "jobs-agent", {"operation": "reboot", "delay": "5; date"}, [
        ("JT710", "delay", "5; date", MINUTES, "write it like 5"),
    ]),
    ("a negative delay", "jobs-agent", {"operation": "reboot", "delay": -1}, [
        ("JT710", "delay", -1, "0 or more", "write it like 5"),
    ]),
    ("start", "jobs-agent", {"operation": "start", "packageName": "p"}, []),
    ("start nothing", "jobs-agent", {"operation": "start"}, [
        ("JT710", "packageName", None, "a package's name", "add packageName"),
    ]),
    ("install", "jobs-agent", {"operation": "install", "packageName": "p", "files": [FILE], "autoStart": "true"}, []),
    ("install with a checksum", "jobs-agent", {"operation": "install", "packageName": "p", "files": [
        FILE | {"checksum": {"hashAlgorithm": "SHA256", "inline": {"value": "0a"}}},
        FILE | {"checksum": {"inline": {"value": 5}}},
    ]}, []),
    ("install nothing", "jobs-agent", {"operation": "install", "packageName": "p", "files": []}, [
        ("JT710", "files", 0, "1 or more items", "add items"),
    ]),
    ("install wrong files", "jobs-agent", {"operation": "install", "packageName": None, "files": [
        {"fileName": 5, "fileSource": {}}, FILE | {"checksum": {"hashAlgorithm": "SHA256", "inline": {"value": "0A"}}},
    ]}, [
        ("JT710", "files[0].fileName", 5, "text", "write text"),
        ("JT710", "files[0].fileSource.url", None, "text", "add url"),
        ("JT710", "files[1].checksum.inline.value", "0A", LOWER_CASE, "change it"),
        ("JT710", "packageName", None, "a package's name", "remove it, or write what is allowed"),
    ]),
    ("another operation", "jobs-agent", {"operation": "Install"}, [
        ("JT710", "operation", "Install",
         '"install", "start", "stop", "restart", "reboot", "shutdown" or "systemStatus"', 'write "install"'),
    ]),
    ("no operation", "jobs-agent", {}, [
        ("JT710", "operation", None,
         '"install", "start", "stop", "restart", "reboot", "shutdown" or "systemStatus"', "add operation"),
    ]),
    ("an update", "freertos-ota", {"afr_ota": {"protocols": ["MQTT"], "streamname": "s", "files": [
        {"filepath": None, "filesize": 9, "fileid": 0, "certfile": "/c", "sig-sha256-ecdsa": "MEQ=", "fileType": "1"},
    ]}}, []),
    ("an update of nothing", "freertos-ota", {"afr_ota": {"protocols": ["FTP"], "files": [
        {"filesize": 0, "fileid": None}, {"filesize": "x"},
    ]}}, [
        ("JT710", "afr_ota.files[0].fileid", None, "a whole number or text", "write a whole number or text"),
        ("JT710", "afr_ota.files[0].filesize", 0, "1 or more", "raise it"),
        ("JT710", "afr_ota.files[1].fileid", None, "a whole number, also as text", "add fileid"),
        ("JT710", "afr_ota.files[1].filesize", "x", "a whole number, also as text", "change it"),
        ("JT710", "afr_ota.protocols", 1, "at least one item that is MQTT or HTTP", "add one"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("family", "value", "expected"), [row[1:] for row in OTHER], ids=[row[0] for row in OTHER])
def test_other_agents(family: str, value: dict[str, Any], expected: list[Told]) -> None:
    """The schemas of the jobs agent and of FreeRTOS say what their code refuses, at the place it is about."""
    assert told(problems(value, family)) == expected
    assert surely_fits(value, family) == (not expected)


def test_the_source_is_the_agents_own() -> None:
    """A finding names the code of the agent that it is about."""
    (guessed,) = problems({"operation": "start", "packageName": None})
    (chosen,) = problems({"operation": "start"}, "jobs-agent")
    assert (guessed.code, guessed.rule.source) == ("JT750", JOBS_AGENT)
    assert (chosen.code, chosen.rule.source) == ("JT710", JOBS_AGENT)


# One's own schema ----------------------------------------------------------------------------------------------------

OWN = {
    "type": "object",
    "required": ["action", "image"],
    "additionalProperties": False,
    "properties": {
        "action": {"enum": ["update", "restore"]},
        "image": {"type": "string", "pattern": "^v[0-9]+$", "minLength": 3, "description": "The Image, by version."},
        "retries": {"type": "integer", "minimum": 0, "maximum": 3, "multipleOf": 1},
        "slots": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True, "items": {"type": "string"}},
        "source": {
            "oneOf": [
                {"type": "object", "required": ["kind", "url"], "properties": {"kind": {"const": "s3"}}},
                {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "local"}}},
            ]
        },
        "who": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "either": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        "never": False,
        "other": {"not": {"type": "null"}, "dependentRequired": {"a": ["b"]}},
    },
}
BASE = {"action": "update", "image": "v12"}
USERS: list[tuple[str, dict[str, Any], list[tuple[str, Any, str, str]]]] = [
    ("what fits", BASE | {"retries": 3, "slots": ["a"], "source": {"kind": "local"}, "who": ["x"], "either": 5}, []),
    ("what is missing", {}, [
        ("action", None, '"update" or "restore"', "add action"), ("image", None, "text", "add image"),
    ]),
    ("what is unknown", BASE | {"retrys": 1, "x": 2}, [
        ("retrys", 1, "the names action, either, image, never, other, retries, slots, source, who",
         "write retries, or remove it"),
        ("x", 2, "the names action, either, image, never, other, retries, slots, source, who", "remove it"),
    ]),
    ("two demands on one place", BASE | {"image": "12"}, [
        ("image", "12", "3 or more characters and the Image, by version", "write more"),
    ]),
    ("the type before all else", BASE | {"image": 12}, [("image", 12, "text", "write text")]),
    ("numbers", BASE | {"retries": 7}, [("retries", 7, "3 or less", "lower it")]),
    ("lists", BASE | {"slots": ["a", 5, "a"]}, [
        ("slots", 3, "2 or fewer items and a list without duplicates", "shorten it"),
        ("slots[1]", 5, "text", "write text"),
    ]),
    ("the nearest of two kinds", BASE | {"source": {"kind": "s3"}}, [("source.url", None, "a value", "add url")]),
    ("no kind", BASE | {"source": {"url": "x"}}, [
        ("source", {"url": "x"}, "an object with kind, url or an object with kind", "change it"),
    ]),
    ("neither type", BASE | {"who": 5}, [("who", 5, "text or a list", "change it")]),
    ("the nearer type", BASE | {"who": ["x", 5]}, [("who[1]", 5, "text", "write text")]),
    ("one of two names", BASE | {"either": {}}, [("either", {}, "an object with a or an object with b", "change it")]),
    ("what may not be", BASE | {"never": 1, "other": None}, [
        ("never", 1, "nothing", "remove it, or write what is allowed"),
        ("other", None, 'a value that is valid under "not" in the schema', "remove it, or write what is allowed"),
    ]),
    ("what comes with another", BASE | {"other": {"a": 1}}, [
        ("other", {"a": 1}, 'a value that is valid under "dependentRequired" in the schema', "change it"),
    ]),
    ("placeholders", {
        "action": PLACEHOLDER, "image": PLACEHOLDER, "retries": PLACEHOLDER, "slots": PLACEHOLDER, "who": [PLACEHOLDER],
        "source": {"kind": PLACEHOLDER, "url": PLACEHOLDER}, "either": PLACEHOLDER,
    }, []),
    ("a secret in a wrong place", BASE | {"retries": "AKIAIOSFODNN7EXAMPLE"}, [
        ("retries", "***", "a whole number", "write a whole number"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in USERS], ids=[row[0] for row in USERS])
def test_ones_own_schema(value: dict[str, Any], expected: list[tuple[str, Any, str, str]]) -> None:
    """With a schema of one's own each violation is an error at its place, in words, and nothing else is checked."""
    findings = list(problems(value, OWN))
    assert told(iter(findings)) == [("JT710", *row) for row in expected]
    assert {one.severity for one in findings} <= {"error"}


def test_ones_own_schema_may_build_on_ours() -> None:
    """A reference to a shipped schema needs no file, and placeholders pass there, too."""
    schema = {"$ref": "urn:iot-jobs:document:managed-template", "required": ["ticket"]}
    assert told(problems(steps(ECHO | {"type": PLACEHOLDER}), schema)) == [
        ("JT710", "ticket", None, "a value", "add ticket")
    ]


def test_placeholders_decide_nothing() -> None:
    """Where `if`, `not` or `oneOf` depend on what is filled in, either answer passes."""
    is_text, is_x = {"type": "string"}, {"const": "x"}
    schema = {"properties": {
        "a": {"if": is_x, "then": False, "else": False},
        "b": {"not": is_x},
        "c": {"oneOf": [is_x, {"const": "y"}]},
        "d": {"not": is_text},
        "e": {"if": is_text, "then": False},
    }}  # fmt: skip
    value = dict.fromkeys("abcde", PLACEHOLDER)
    assert codes(problems(value, schema)) == [("JT710", "d"), ("JT710", "e")]
    assert codes(problems(dict.fromkeys("abcde", "x"), schema)) == [("JT710", place) for place in "abde"]


A_TYPE = '"array", "boolean", "integer", "null", "number", "object" or "string"'
NOWHERE = "a reference within the schema; nothing is fetched"
ENDLESS = "a non-recursive schema, or a document of fewer levels"
RECURSIVE: dict[str, Any] = {"properties": {}}
RECURSIVE["properties"]["a"] = RECURSIVE
NESTED: dict[str, Any] = {}
for _ in range(600):
    NESTED = {"not": NESTED}
BROKEN: list[tuple[str, Any, list[tuple[Any, str]]]] = [
    ("a wrong keyword", {"properties": {"a": {"type": "txt"}}}, [
        ("txt", f"{A_TYPE}, at properties.a.type of the schema"),
    ]),
    ("two of them", {"minLength": "5", "required": "a"}, [
        ("5", "a whole number, at minLength of the schema"), ("a", "a list, at required of the schema"),
    ]),
    ("a wrong pattern", {"pattern": "("}, [("(", "text of the format regex, at pattern of the schema")]),
    ("no schema", [], [([], "an object or true or false, at the top of the schema")]),
    ("addresses", {"$ref": "https://example.com/a.json", "properties": {"a": {"$ref": "common.json#/a"}}}, [
        ("https://example.com/a.json", NOWHERE), ("common.json#/a", NOWHERE),
    ]),
    ("nothing there", {"$ref": "#/$defs/a"}, [("#/$defs/a", NOWHERE)]),
    ("no such family", {"$ref": "urn:iot-jobs:document:x"}, [("urn:iot-jobs:document:x", NOWHERE)]),
    ("a reference to itself", {"$ref": "#"}, [(None, ENDLESS)]),
    ("a schema within itself", RECURSIVE, [(None, ENDLESS)]),
    ("a schema of many levels", NESTED, [(None, ENDLESS)]),
    ("no JSON", {"const": {1, 2}}, [(None, "a schema that can be read; JSON has no set")]),
    ("no address", {"$ref": "http://[x"}, [("http://[x", NOWHERE)]),
    ("nothing there, when it is run", {"$dynamicRef": "#a"}, [("#a", NOWHERE)]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_schemas_that_can_not_be_run(schema: Any, expected: list[tuple[Any, str]]) -> None:
    """A broken schema is an error where it is broken, once for each fault, and no address is fetched."""

    def path_in(allowed: str) -> str:
        path = re.search(r", at (?!the top)(\S+) of the schema$", allowed)
        return path[1] if path else ""

    assert told(problems({"a": 1}, schema)) == [
        ("JT711", path_in(allowed), given, allowed, "correct the schema, or use a built-in one such as device-client")
        for given, allowed in expected
    ]


def test_a_number_that_a_schema_can_not_divide() -> None:
    """A number beyond all floats is a finding about the schema, where the validator has no answer."""
    (finding,) = problems({"a": 10**400}, {"properties": {"a": {"multipleOf": 0.5}}})
    assert (finding.code, finding.allowed) == (
        "JT711",
        "a schema that can be run; int too large to convert to float",
    )


SCHEMA_WORDS = st.fixed_dictionaries({}, optional={
    "type": st.sampled_from(["object", "string", "integer", ["array", "null"]]),
    "enum": st.lists(st.sampled_from(["a", 1, None]), min_size=1, unique=True),
    "const": st.sampled_from(["a", 1]),
    "minLength": st.integers(0, 2),
    "pattern": st.sampled_from(["a", "^$"]),
    "minimum": st.integers(-1, 1),
    "minItems": st.integers(0, 2),
    "uniqueItems": st.booleans(),
    "required": st.lists(st.sampled_from("ab"), unique=True),
    "$ref": st.sampled_from(["#/$defs/a", "#/$defs/b"]),
})  # fmt: skip
SUB_SCHEMAS = st.recursive(
    SCHEMA_WORDS | st.booleans(),
    lambda inner: st.builds(
        lambda plain, more: plain | more,
        SCHEMA_WORDS,
        st.fixed_dictionaries({}, optional={
            "properties": st.dictionaries(st.sampled_from("ab"), inner),
            "additionalProperties": inner,
            "items": inner,
            "contains": inner,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
        }),
    ),
    max_leaves=6,
)  # fmt: skip
DEFS = {"a": {"type": "string"}, "b": {"minItems": 1}}
VALUES = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.sampled_from(["", "a", "aa", 0, 1, 1.5, True, None]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
        max_leaves=4,
    ),
)


@given(VALUES, SUB_SCHEMAS.filter(lambda schema: isinstance(schema, dict)))
def test_as_any_validator(value: dict[str, Any], schema: dict[str, Any]) -> None:
    """Without placeholders a schema means what it means everywhere; no place is reported twice."""
    schema = schema | {"$defs": DEFS}
    findings = codes(problems(value, schema))
    assert (findings == []) == Draft202012Validator(schema).is_valid(value)
    assert len(findings) == len(set(findings))


@given(json_values, st.none() | json_values | SUB_SCHEMAS | st.sampled_from(FAMILIES))
def test_never_raises(value: Any, schema: Any) -> None:
    """Any JSON object, checked against any JSON as its schema, gives findings that can be printed."""
    document = value if isinstance(value, dict) else {"value": value}
    for finding in (*problems(document, schema), *content_problems(document)):
        assert str(finding)


def test_deep_documents() -> None:
    """Every value of a document is checked, however deep; a schema that can't be applied so deep is a finding."""
    levels = 3000
    nested: Any = "AKIAIOSFODNN7EXAMPLE"
    for _ in range(levels):
        nested = {"a": nested}
    value = steps(ECHO | {"runAsUser": nested})
    assert family_of(value) == "device-client"
    assert told(problems(value, "device-client")) == [("JT755", f"{ACTION}.runAsUser", "***", "text", "write text")]
    assert codes(content_problems(value)) == [("JT760", f"{ACTION}.runAsUser{'.a' * levels}"[:499] + "…")]
    assert told(problems(nested, {"additionalProperties": {"$ref": "#"}})) == [
        ("JT711", "", None, ENDLESS, "correct the schema, or use a built-in one such as device-client")
    ]


# Content -------------------------------------------------------------------------------------------------------------

KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEY"
PEM = "-----BEGIN {}PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END {}PRIVATE KEY-----"
SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
A_PEM, AN_ID, A_KEY = "a private key", "an AWS access key id", "an AWS secret access key"

SECRETS: list[tuple[str, Any, list[tuple[str, str, str]]]] = [
    ("a private key", {"key": PEM.format("", "")}, [("key", "***", A_PEM)]),
    ("kinds of them", ["x " + PEM.format("RSA ", "RSA "), PEM.format("EC ", "EC ") + " y"], [
        ("[0]", "x ***", A_PEM), ("[1]", "*** y", A_PEM),
    ]),
    ("one without an end", {"k": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGH"}, [("k", "***", A_PEM)]),
    ("a key id", {"id": KEY_ID}, [("id", "***", AN_ID)]),
    ("a temporary one", {"id": KEY_ID.replace("AKIA", "ASIA")}, [("id", "***", AN_ID)]),
    ("the signer of a URL", {"v4": f"?X-Amz-Credential={KEY_ID}%2F2026", "v2": f"?AWSAccessKeyId={KEY_ID}"}, []),
    ("a key id in a URL", {"u": f"https://x/?id={KEY_ID}"}, [("u", "https://x/?id=***", AN_ID)]),
    ("a secret key under its name", {"aws_secret_access_key": SECRET_KEY}, [("aws_secret_access_key", "***", A_KEY)]),
    ("in other spellings", {"secretAccessKey": SECRET_KEY, "SECRET-KEY": [SECRET_KEY]}, [
        ("secretAccessKey", "***", A_KEY), ("SECRET-KEY[0]", "***", A_KEY),
    ]),
    ("after its name", ["aws_secret_access_key", SECRET_KEY], [("[1]", "***", A_KEY)]),
    ("in a command", {"command": f"env,AWS_SECRET_ACCESS_KEY={SECRET_KEY},aws,s3,ls"}, [
        ("command", "env,AWS_SECRET_ACCESS_KEY=***,aws,s3,ls", A_KEY),
    ]),
    ("several in one text", {"c": f"{KEY_ID} {PEM.format('', '')} {KEY_ID}"}, [
        ("c", "*** *** ***", f"{A_PEM} and {AN_ID}"),
    ]),
    ("in a key", {"a": {f"x {KEY_ID}": 1}}, [("a", "x ***", AN_ID)]),
    ("none", {"a": None, "b": [1, True, "text"]}, []),
    ("names without a value", {"aws_secret_access_key": PLACEHOLDER, "access_key": "default"}, []),
    ("a certificate", {"c": "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----"}, []),
    ("a public key", {"c": "-----BEGIN PUBLIC KEY-----\nMIID\n-----END PUBLIC KEY-----"}, []),
    ("a checksum", {"secret_key": SHA1, "access_key": SHA1.upper()}, []),
    ("a secret key without a name", {"token": SECRET_KEY}, []),
    ("longer or shorter", {"a": KEY_ID[:-1], "b": KEY_ID + "A", "secret_key": SECRET_KEY + "A"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in SECRETS], ids=[row[0] for row in SECRETS])
def test_secrets(value: Any, expected: list[tuple[str, str, str]]) -> None:
    """A secret is reported at its place, and never printed."""
    fix = "remove it and revoke the key; let the device fetch what it needs with its own certificate"
    assert told(content_problems(value)) == [
        ("JT760", path, given, f"a document without {kinds}", fix) for path, given, kinds in expected
    ]


def test_masked() -> None:
    """A value is shown without the secrets in it, whatever holds them."""
    value = {"secret_key": [SECRET_KEY, 5], KEY_ID: {"x": PEM.format("", "")}, "args": ["--secret-key", SECRET_KEY]}
    assert masked(value) == {"secret_key": ["***", 5], "***": {"x": "***"}, "args": ["--secret-key", "***"]}


def test_no_finding_repeats_a_secret() -> None:
    """Rules of all kinds show the value without its secrets."""
    value = steps(ECHO | {"ignoreStepFailure": [KEY_ID], "runAsUser": {"x": KEY_ID}}, finalStep=[{"action": KEY_ID}])
    shown = "\n".join(map(str, (*problems(value, "device-client"), *problems(value, {"additionalProperties": False}))))
    assert "***" in shown
    assert KEY_ID not in shown


SIGNED: list[tuple[str, str, str | None]] = [
    ("version 4", "https://x/a?X-Amz-Date=20260101T000000Z&X-Amz-Signature=cd2f", "https://x/a"),
    ("a path alone", "/a?X-Amz-Signature=cd2f", "/a"),
    ("version 2", "https://x/a?AWSAccessKeyId=x&Expires=1767225600&Signature=ab%3D", "https://x/a"),
    ("version 2 in another order", "curl,https://x/a?Signature=ab%3D&Expires=1767225600", "curl,https://x/a"),
    ("a signature alone", "https://x/a?Signature=ab%3D", None),
    ("an expiry alone", "https://x/a?Expires=1767225600", None),
    ("an expiry that is no time", "https://x/a?Expires=never&Signature=ab", None),
    ("not signed", "https://x/a?X-Amz-Expires=604800", None),
    ("in words", "Signature=ab, Expires=1767225600", None),
]


@pytest.mark.parametrize(("text", "given_"), [row[1:] for row in SIGNED], ids=[row[0] for row in SIGNED])
def test_signed_urls(text: str, given_: str | None) -> None:
    """A URL that was signed beforehand is reported without its signature."""
    allowed = "a URL that is signed when the device requests the document"
    fix = "use a presigned placeholder, and a presigned_url with a role"
    assert told(content_problems({"u": text})) == ([("JT761", "u", given_, allowed, fix)] if given_ else [])


ADDRESSES: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("an address", {"url": "http://example.com/a?b"}, [("url", "http://example.com")]),
    ("within a text", ["curl,-o,x,HTTP://example.com:80/a"], [("[0]", "http://example.com")]),
    ("without its password", {"u": "http://me:secret@example.com/"}, [("u", "http://example.com")]),
    ("the first of two", {"u": "http://localhost http://a.example http://b.example"}, [("u", "http://a.example")]),
    ("an IPv6 address", {"u": "http://[2001:db8::1]/"}, [("u", "http://[2001:db8::1]")]),
    ("a host to be filled in", {"u": "http://${HOST}/x"}, [("u", "http://${HOST}")]),
    ("encrypted", {"u": "https://example.com", "v": "s3://b/k", "w": "xhttp://y"}, []),
    ("on the device", ["http://localhost:8080/", "http://127.0.0.1", "http://[::1]:1/", "http://169.254.169.254/"], []),
    ("no address", {"u": "http:// is not encrypted", "v": "http"}, []),
    ("names of schemas", {"$schema": "http://json-schema.org/schema#", "_comment": "see http://x.example"}, []),
    ("in a placeholder", {"u": "${aws:iot:s3-presigned-url:http://s3.amazonaws.com/b/k}"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES])
def test_addresses(value: Any, expected: list[tuple[str, str]]) -> None:
    """An address without encryption is reported by its host, unless it is the device itself."""
    allowed, fix = "https; http only to the device itself", "use https, or a presigned placeholder for an object in S3"
    assert told(content_problems(value)) == [("JT762", path, given, allowed, fix) for path, given in expected]


# The whole -----------------------------------------------------------------------------------------------------------

DOCUMENTS = sorted((EXAMPLE / "job_documents").glob("*.json"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.stem))
def test_our_own_documents(path: Path) -> None:
    """The documents of the example are for the Device Client, and there is nothing to say about them."""
    value = json.loads(path.read_text())
    assert family_of(value) == "device-client"
    assert told(problems(value)) == told(problems(value, "device-client")) == told(content_problems(value)) == []


def test_jsonschema_is_loaded_when_it_is_needed() -> None:
    """jsonschema takes 0.1 s to load, which a document that fits its family's schema doesn't cost."""
    code = f"""
import sys
from iot_jobs.documents import content_problems, problems
assert not [*problems({steps(ECHO, REBOOT)!r}, "device-client"), *content_problems({{"a": 1}})]
assert "jsonschema" not in sys.modules
assert [*problems({steps()!r}, "device-client")]
assert "jsonschema" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


FILLED_IN: list[Any] = [
    *("a b", "$1", "$?", "$$", "$(date)", "costs 5$", "$HOME/app", "$aws/things/a/jobs", "$share/g/t", "$default", "$.a.b", "^a$"),
    *("pa$word", r"\$name", "$6$salt$hash", "$y$j9T$hash", "${aws:iot:package:a:version:b:attributes:c}", "${Token[TOKEN.1]}"),
    *("${aws:iot:s3-presigned-url-upload:https://s3.amazonaws.com/b/${thingName}/${jobId}}", "${!Name}", "{{name}}", "%NAME%"),
    *("a < b and c > d", "a<b and c>d", "x <y and z> 3", "List<String>", "(?P<name>a)", "(?<name>a)", "<b>bold</b>", "a <br> b"),
    *("<config><port>1</port></config>", "Ann <ann@example.com>", "<https://example.com>", "<none>", "1 <2>", "->", "<>", "<1>"),
    {"$schema": "a", "$ref": "b"},
    # What a shell expands, in the same text or beside it.
    *("echo $NAME", "#!/bin/sh\ncp ${FROM} <in >out", "a && b $NAME", "sh -c $NAME", "sh,-c,cp $A"),
    {"command": "cp a $NAME", "env": {"A": "${B}"}},
    {"steps": [{"run": "/bin/sh"}, {"args": ["$NAME", "<in>"]}]},
]  # fmt: skip
LEFT: list[Any] = [
    ("https://${Bucket}.s3.amazonaws.com/a", "", "${Bucket}"),
    ({"a": ["b", "${deviceId}", "<c>"]}, "a[1]", "${deviceId}"),
    ("${AWS::Region}", "", "${AWS::Region}"),
    ("echo ${NAME} ${AWS::Region}", "", "${AWS::Region}"),
    ("echo ${Bucket.Arn}", "", "${Bucket.Arn}"),
    ("https://$host/a", "", "$host"),
    ({"version": "$VERSION"}, "version", "$VERSION"),
    ("s3://<bucket>/a", "", "<bucket>"),
    ("aws s3 cp s3://<bucket>/a . && reboot", "", "<bucket>"),
    ("<your account id>", "", "<your account id>"),
    ("arn:aws:iot:<region>:<account-id>:thing/a", "", "<region>"),
    ({"a": {"<key>": 1}}, "a", "<key>"),
    ("${aws:iot:s3-presigned-url:https://s3.amazonaws.com/b/k} ${thingName}", "", "${thingName}"),
]


@pytest.mark.parametrize("value", FILLED_IN, ids=str)
def test_nothing_left_to_fill_in(value: Any) -> None:
    """What AWS, a shell or nobody fills in is no text that was forgotten."""
    assert list(unfilled(value)) == []


@pytest.mark.parametrize(("value", "path", "given"), LEFT, ids=[row[2] for row in LEFT])
def test_left_to_fill_in(value: Any, path: str, given: str) -> None:
    """A name in braces or angle brackets, or behind a dollar sign, was to be filled in; the first one is reported."""
    assert [(one.code, dotted(one.loc), one.given) for one in unfilled(value)] == [("JT153", path, given)]


def test_how_to_fill_in() -> None:
    """The fix names Fn::Sub for what it can fill in."""
    fixes = [one.fix for text in ("${A}", "<name>") for one in unfilled(text)]
    assert fixes == ["write its value, or use Fn::Sub in CloudFormation", "write its value"]
