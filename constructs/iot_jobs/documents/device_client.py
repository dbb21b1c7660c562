"""The parts of a job document that the AWS IoT Device Client silently ignores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from iot_jobs.documents.families import is_filled_in
from iot_jobs.finding import Edit, Finding, Location, Rule

SOURCE = "https://github.com/awslabs/aws-iot-device-client/blob/main/source/jobs/JobDocument.cpp"

FLAG = Rule(
    code="JT751",
    title='includeStdOut and ignoreStepFailure are "true" or "false", as text',
    why="The Device Client reads no other value: the boolean true counts as absent, and any other text as false.",
    source=SOURCE,
    evidence="documented",
    severity="warning",
)
STEP_WITHOUT_ACTION = Rule(
    code="JT752",
    title="every step has an action",
    why="The Device Client drops a step without one, and runs the rest.",
    source=SOURCE,
    evidence="documented",
    severity="warning",
)
FINAL_STEP = Rule(
    code="JT753",
    title="the final step is one step with an action, not a list",
    why="The Device Client ignores any other value, and the job succeeds without it.",
    source=SOURCE,
    evidence="documented",
    severity="warning",
)
WRONG_TYPE = Rule(
    code="JT755",
    title="args, path, runAsUser, allowStdErr, conditions and a condition's type have the expected type",
    why="With any other type the Device Client treats them as absent: no arguments, a search in PATH, its own user, no "
    "limit, no conditions.",
    source=SOURCE,
    evidence="documented",
    severity="warning",
)
ARGUMENT = Rule(
    code="JT756",
    title="each argument is text",
    why="For a number, a boolean or anything else the handler receives an empty string.",
    source=SOURCE,
    evidence="documented",
    severity="warning",
)
CONDITIONS = Rule(
    code="JT757",
    title="a document has no conditions",
    why="The Device Client reads them and never evaluates them: the steps run on every device.",
    source=SOURCE,
    evidence="documented",
    severity="warning",
)
MISPLACED = Rule(
    code="JT758",
    title="each member is where the Device Client reads it",
    why="The Device Client ignores a member in any other place, such as args or timeout next to a command.",
    source=SOURCE,
    evidence="documented",
    severity="warning",
)
COMMAND = Rule(
    code="JT759",
    title="a command's words are separated by commas, not by spaces",
    why="The Device Client starts no shell: it splits at commas, and rejects a job whose program name has a space.",
    source=SOURCE,
    evidence="documented",
    severity="warning",
)


def _is_whole(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1


# The place where the Device Client reads each member. Only these members are reported in other places.
_HOMES = {
    "includeStdOut": "the document itself",
    "runAsUser": "an action",
    "allowStdErr": "an action",
    "ignoreStepFailure": "an action",
    "handler": "the input of a runHandler",
    "args": "the input of a runHandler",
    "path": "the input of a runHandler",
    "command": "the input of a runCommand",
}
_IN_ACTION = ("runAsUser", "allowStdErr", "ignoreStepFailure")
_IN_INPUT = {"runHandler": ("handler", "args", "path"), "runCommand": ("command",)}
_TYPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "args": (lambda value: isinstance(value, list), "a list of strings"),
    "path": (lambda value: isinstance(value, str), "text"),
    "runAsUser": (lambda value: isinstance(value, str), "text"),
    "allowStdErr": (_is_whole, "a whole number"),
    "conditions": (lambda value: isinstance(value, list), "a list"),
    "type": (lambda value: isinstance(value, str), "text"),
}


def left_out(value: Mapping[str, Any], *, steps: bool) -> Iterator[Finding]:
    """Yield findings for what the client ignores, in a document with steps, or else in one with an operation.

    An absent member is never reported, nor is null, which the client treats as absent.
    """
    yield from _flag(value, "includeStdOut", ())
    if not steps:
        yield from _typed(value, ("args", "path", "allowStdErr"), ())
        yield from _arguments(value, ())
        return
    yield from _conditions(value)
    yield from _misplaced(value, ("includeStdOut",), ())
    given = value.get("steps")
    for index, step in enumerate(given if isinstance(given, list) else []):
        if is_filled_in(step):
            continue
        if isinstance(step, Mapping) and step.get("action") is not None:
            yield from _step(step, ("steps", index))
        else:
            yield STEP_WITHOUT_ACTION.finding(
                loc=("steps", index), given=step, allowed="an object with an action", fix="add the action"
            )
    final = value.get("finalStep")
    if isinstance(final, Mapping) and final.get("action") is not None:
        yield from _step(final, ("finalStep",))
    elif final is not None and not is_filled_in(final):
        yield FINAL_STEP.finding(
            loc=("finalStep",),
            given=final,
            allowed="one object with an action",
            fix="keep one step, without a list around it" if isinstance(final, list) else "add the action",
        )


def _step(step: Mapping[str, Any], loc: Location) -> Iterator[Finding]:
    yield from _misplaced(step, (), loc)
    action, loc = step["action"], (*loc, "action")
    if not isinstance(action, Mapping):
        return
    yield from _typed(action, ("runAsUser", "allowStdErr"), loc)
    yield from _flag(action, "ignoreStepFailure", loc)
    yield from _misplaced(action, _IN_ACTION, loc)
    kind, given, loc = action.get("type"), action.get("input"), (*loc, "input")
    if not isinstance(kind, str) or kind not in _IN_INPUT or not isinstance(given, Mapping):
        return
    yield from _misplaced(given, _IN_INPUT[kind], loc)
    if kind == "runHandler":
        yield from _typed(given, ("args", "path"), loc)
        yield from _arguments(given, loc)


def _conditions(value: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _typed(value, ("conditions",), ())
    given = value.get("conditions")
    if isinstance(given, list) and given:
        yield CONDITIONS.finding(
            loc=("conditions",),
            given=given,
            allowed="no conditions",
            fix="remove them; choose the devices by the job's targets, such as a dynamic thing group",
        )
        for index, condition in enumerate(given):
            if isinstance(condition, Mapping):
                yield from _typed(condition, ("type",), ("conditions", index))
                yield from _misplaced(condition, (), ("conditions", index))


def _flag(holder: Mapping[str, Any], name: str, loc: Location) -> Iterator[Finding]:
    value = holder.get(name)
    if value is None or value in ("true", "false") or is_filled_in(value):
        return
    text = str(value).lower()
    fix, edit = 'write "true" or "false"', None
    if text in ("true", "false"):
        fix, edit = f'write "{text}"', Edit("value", text)
    yield FLAG.finding(loc=(*loc, name), given=value, allowed='"true" or "false", as text', fix=fix, edit=edit)


def _typed(holder: Mapping[str, Any], names: tuple[str, ...], loc: Location) -> Iterator[Finding]:
    for name in names:
        value = holder.get(name)
        is_read, allowed = _TYPES[name]
        if value is not None and not is_filled_in(value) and not is_read(value):
            yield WRONG_TYPE.finding(loc=(*loc, name), given=value, allowed=allowed, fix=f"write {allowed}")


def _arguments(holder: Mapping[str, Any], loc: Location) -> Iterator[Finding]:
    args = holder.get("args")
    for index, value in enumerate(args if isinstance(args, list) else []):
        if not isinstance(value, str):
            yield ARGUMENT.finding(
                loc=(*loc, "args", index), given=value, allowed="text", fix="put it in quotation marks"
            )


def _misplaced(holder: Mapping[str, Any], read: tuple[str, ...], loc: Location) -> Iterator[Finding]:
    for name, value in holder.items():
        if name in read or value is None:
            continue
        if name == "timeout":
            allowed, fix = "no timeout, because a step may take any time", "remove it, and set the job's timeout"
        elif name == "args" and "command" in read:
            allowed, fix = "no args next to a command", "write them into the command, separated by commas"
        elif name in _HOMES:
            allowed, fix = f"{name} in {_HOMES[name]}", "move it there, or remove it"
        else:
            continue
        yield MISPLACED.finding(loc=(*loc, name), given=value, allowed=allowed, fix=fix)
