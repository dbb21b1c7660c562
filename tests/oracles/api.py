"""The API model's verdict: botocore's model of AWS IoT, with every constraint in it enforced.

botocore's own client checks required members, types and minimums only. This reads all: maximums, enums, patterns
(matched whole, as the service does), unknown members, and the 32 and 64 bits of Smithy's integer types
(https://smithy.io/2.0/spec/simple-types.html). The length of a text counts Unicode scalar values, as Smithy's `length`
trait does. A member that is null counts as absent, and is refused in a list.
"""

from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from tests.oracles.patterns import matches_whole

TEMPLATE = "CreateJobTemplate"
JOB = "CreateJob"

Refusals = list[str]
_Check = Callable[[object, str, Refusals], None]

_BITS = {"integer": 31, "long": 63}


@cache
def model() -> ServiceModel:
    """botocore's model of the service."""
    return ServiceModel(Loader().load_service_model("iot", "service-2", "2015-05-28"), "iot")


def input_shape(operation: str) -> Any:
    """The model of an operation's request."""
    return model().operation_model(operation).input_shape


def refusals(operation: str, request: object) -> Refusals:
    """What the model has against this request, each with its place; empty where it takes it."""
    found: Refusals = []
    _check(operation)(request, "", found)
    return found


def client_refuses(operation: str, request: object) -> bool:
    """Whether botocore's own client would refuse to send this request, as the AWS CLI does."""
    refused: bool = ParamValidator().validate(request, input_shape(operation)).has_errors()
    return refused


def accepts(operation: str, request: object) -> bool:
    """Whether the model takes this request."""
    return not refusals(operation, request)


@cache
def _check(operation: str) -> _Check:
    return _of(input_shape(operation))


def _of(shape: Any) -> _Check:
    if shape.type_name == "structure":
        return _structure(shape)
    if shape.type_name == "list":
        return _list(shape)
    if shape.type_name == "map":
        return _map(shape)
    if shape.type_name == "string":
        return _string(shape)
    if shape.type_name in ("integer", "long"):
        return _number(shape, int)
    if shape.type_name == "double":
        return _number(shape, int, float)
    raise NotImplementedError(f"{shape.name} is a {shape.type_name}")


def _structure(shape: Any) -> _Check:
    members = {name: _of(member) for name, member in shape.members.items()}
    required = frozenset(shape.required_members)

    def check(value: object, place: str, found: Refusals) -> None:
        if not isinstance(value, Mapping):
            found.append(f"{place}: not a structure")
            return
        given = {name: item for name, item in value.items() if item is not None or name not in members}
        found.extend(f"{place}.{name}: required" for name in required - given.keys())
        for name, item in given.items():
            if name in members:
                members[name](item, f"{place}.{name}", found)
            else:
                found.append(f"{place}.{name}: unknown")

    return check


def _list(shape: Any) -> _Check:
    member = _of(shape.member)
    sized = _bounds(shape, "items")

    def check(value: object, place: str, found: Refusals) -> None:
        if not isinstance(value, list):
            found.append(f"{place}: not a list")
            return
        sized(len(value), place, found)
        for index, item in enumerate(value):
            member(item, f"{place}[{index}]", found)

    return check


def _map(shape: Any) -> _Check:
    key_check, value_check = _of(shape.key), _of(shape.value)
    sized = _bounds(shape, "entries")

    def check(value: object, place: str, found: Refusals) -> None:
        if not isinstance(value, Mapping):
            found.append(f"{place}: not a map")
            return
        sized(len(value), place, found)
        for key, item in value.items():
            key_check(key, f"{place}.{key}", found)
            value_check(item, f"{place}.{key}", found)

    return check


def _string(shape: Any) -> _Check:
    sized = _bounds(shape, "characters")
    pattern = shape.metadata.get("pattern")
    words = shape.metadata.get("enum")

    def check(value: object, place: str, found: Refusals) -> None:
        if not isinstance(value, str):
            found.append(f"{place}: not a string")
            return
        sized(len(value), place, found)
        if words and value not in words:
            found.append(f"{place}: not one of {words}")
        if pattern and not matches_whole(pattern, value):
            found.append(f"{place}: does not match {pattern}")

    return check


def _number(shape: Any, *types: type) -> _Check:
    bounded = _bounds(shape, "as a number")
    bits = _BITS.get(shape.type_name)

    def check(value: object, place: str, found: Refusals) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(value, types):
            found.append(f"{place}: not a {shape.type_name}")
        elif (bits and not -(2**bits) <= value < 2**bits) or not (isinstance(value, int) or isfinite(value)):
            found.append(f"{place}: beyond a {shape.type_name}")
        else:
            bounded(value, place, found)

    return check


def _bounds(shape: Any, what: str) -> Callable[[float, str, Refusals], None]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")

    def check(size: float, place: str, found: Refusals) -> None:
        if minimum is not None and size < minimum:
            found.append(f"{place}: under {minimum} {what}")
        if maximum is not None and size > maximum:
            found.append(f"{place}: over {maximum} {what}")

    return check
