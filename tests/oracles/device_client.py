"""What the AWS IoT Device Client makes of a job document: read step by step, as its own loader and validation do.

Written from the behaviour of JobDocument.cpp (https://github.com/awslabs/aws-iot-device-client), in another way than
the schemas and rules that are held against it: members are taken one by one, and what nobody took is lost.
"""

from collections.abc import Callable, Iterator
from typing import Any

Loc = tuple[str | int, ...]
BLANKS = " \t\n\v\f\r"
# Members that mean something somewhere. The client has no timeout, but authors write one beside commands.
MEANINGFUL = (
    "includeStdOut", "runAsUser", "allowStdErr", "ignoreStepFailure", "handler", "args", "path", "command", "timeout",
)  # fmt: skip


def is_text(value: object) -> bool:
    return isinstance(value, str)


def is_list(value: object) -> bool:
    return isinstance(value, list)


def is_flag(value: object) -> bool:
    return value in ("true", "false")


def is_whole(value: object) -> bool:
    return type(value) is int or (isinstance(value, float) and value.is_integer())


class RejectedError(Exception):
    """Why the client answers REJECTED."""


class Client:
    """One reading of one document. `lost` are the places of what the author wrote and the client does not heed."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.lost: set[Loc] = set()
        self.taken: dict[Loc, tuple[dict[str, Any], set[str]]] = {}
        version = self.take(document, "version", is_text, ())
        self.has_steps = bool(version)
        self.optional(document, "includeStdOut", is_flag, ())
        steps, final, conditions = self.new_form() if self.has_steps else (self.old_form(), None, [])
        for loc, (holder, names) in self.taken.items() if self.has_steps else ():
            self.lost |= {
                (*loc, name) for name in holder if name in MEANINGFUL and name not in names and holder[name] is not None
            }
        self.reason = self.why(steps, final, conditions)

    def take(self, holder: object, name: str, fits: Callable[[object], bool], loc: Loc) -> Any:
        """A member if it is there and of the right type; null is not there."""
        if not isinstance(holder, dict):
            return None
        self.taken.setdefault(loc, (holder, set()))[1].add(name)
        value = holder.get(name)
        return value if value is not None and fits(value) else None

    def optional(self, holder: object, name: str, fits: Callable[[object], bool], loc: Loc) -> Any:
        """The same for a member whose absence nobody misses."""
        value = self.take(holder, name, fits, loc)
        if value is None and isinstance(holder, dict) and holder.get(name) is not None:
            self.lost.add((*loc, name))
        return value

    def old_form(self) -> list[dict[str, Any]]:
        operation = self.take(self.document, "operation", is_text, ())
        args = self.optional(self.document, "args", is_list, ())
        self.texts(args, ("args",))
        self.optional(self.document, "allowStdErr", is_whole, ())
        self.optional(self.document, "path", is_text, ())
        return [] if operation is None else [{"name": operation, "type": "runHandler", "handler": operation}]

    def new_form(self) -> tuple[list[Any], Any, list[Any]]:
        conditions = self.optional(self.document, "conditions", is_list, ()) or []
        if conditions:
            self.lost.add(("conditions",))  # read, validated, and never evaluated
        for index, condition in enumerate(conditions):
            self.optional(condition, "type", is_text, ("conditions", index))
        steps = []
        for index, step in enumerate(self.take(self.document, "steps", is_list, ()) or []):
            action = step.get("action") if isinstance(step, dict) else None
            if action is None:
                self.lost.add(("steps", index))
            else:
                self.take(step, "action", bool, ("steps", index))
                steps.append(self.action(action, ("steps", index, "action")))
        final = self.document.get("finalStep")
        if final is None:
            return steps, None, conditions
        if not isinstance(final, dict) or final.get("action") is None:
            self.lost.add(("finalStep",))
            return steps, None, conditions
        self.take(final, "action", bool, ("finalStep",))
        return steps, self.action(final["action"], ("finalStep", "action")), conditions

    def action(self, given: Any, loc: Loc) -> dict[str, Any]:
        read = {name: self.take(given, name, is_text, loc) for name in ("name", "type")}
        self.optional(given, "runAsUser", is_text, loc)
        self.optional(given, "allowStdErr", is_whole, loc)
        self.optional(given, "ignoreStepFailure", is_flag, loc)
        inner = given.get("input") if isinstance(given, dict) else None
        loc = (*loc, "input")
        if read["type"] == "runHandler":
            read["handler"] = self.take(inner, "handler", is_text, loc)
            self.texts(self.optional(inner, "args", is_list, loc), (*loc, "args"))
            self.optional(inner, "path", is_text, loc)
        elif read["type"] == "runCommand":
            read["command"] = self.take(inner, "command", is_text, loc)
        return read

    def texts(self, args: Any, loc: Loc) -> None:
        self.lost |= {(*loc, index) for index, arg in enumerate(args or []) if not is_text(arg)}

    def why(self, steps: list[Any], final: Any, conditions: list[Any]) -> str | None:
        """The reason of a rejection: the first check that fails."""
        try:
            for condition in conditions:
                key = condition.get("key") if isinstance(condition, dict) else None
                value = condition.get("value") if isinstance(condition, dict) else None
                self.need(is_text(key) and key, "condition key")
                self.need(is_list(value) and value, "condition value")
            self.need(steps, "steps")
            for action in [*steps, final] if final else steps:
                self.need(action["name"], "action name")
                self.need(action["type"] in ("runHandler", "runCommand"), "action type")
                if action["type"] == "runHandler":
                    self.need(action["handler"], "handler")
                else:
                    pieces = list(split(action["command"] or ""))
                    self.need(pieces, "command")
                    self.need(not set(BLANKS) & set(pieces[0]), "first word of the command")
        except RejectedError as rejected:
            return str(rejected)
        return None

    @staticmethod
    def need(condition: object, what: str) -> None:
        if not condition:
            raise RejectedError(what)


def split(command: str) -> Iterator[str]:
    """The words of a command: parted by commas, a comma after a backslash kept, none of them empty before the trim."""
    word, previous = "", ""
    for character in (*command, None):
        if character is None or (character == "," and previous != "\\"):
            if word:
                yield word.replace("\\,", ",").strip(BLANKS)
            word = ""
        else:
            word += character
        previous = character or ""
