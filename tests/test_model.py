"""How models report: strictly, everything at once, and past what only CloudFormation will know."""

from collections import UserList, deque
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Strict, ValidationError

from iot_jobs import FindingsError
from iot_jobs.finding import Finding, Location, Rule
from iot_jobs.limits import Count, Range, Text
from iot_jobs.template.part import Items, Maybe, Model, unknown_key
from iot_jobs.unresolved import Unresolved, known

TOKEN = "${Token[TOKEN.7]}"  # a CDK token, nothing secret
SPEED = Range(code="JT991", title="t", why="w.", source="speeds", evidence="own", fix="lower it", minimum=1, maximum=5)
COLOUR = Text(code="JT992", title="t", why="w.", source="colours", evidence="own", fix="name one", minimum=1, maximum=5)
WHEELS = Count(
    code="JT993",
    title="t",
    why="w.",
    source="wheels",
    evidence="own",
    fix="add one",
    minimum=1,
    maximum=2,
    items="wheels",
)
TOO_FAST = Rule(code="JT994", title="t", why="w.", source="brakes", evidence="own")


class Wheel(Model):
    speed: Maybe[Annotated[int, SPEED]]
    colour: Maybe[Annotated[str, COLOUR]] = "black"


class Car(Model):
    speed: Maybe[Annotated[int, SPEED]]
    limit: Maybe[Annotated[int, SPEED]] | None = None
    wheels: Maybe[Annotated[Sequence[Maybe[Wheel]], Items(WHEELS)]] = (Wheel(speed=1),)
    spare: Maybe[Wheel] | None = None

    def problems(self) -> Iterator[Finding]:
        speed, limit = known(self.speed), known(self.limit)
        if speed is not None and limit is not None and speed > limit:
            yield TOO_FAST.finding(loc=("speed",), given=speed, allowed=str(limit), fix="brake", related=(("limit",),))


class Strictly(Model):
    """A model whose values are never unresolved, such as an environment."""

    speed: Annotated[int, SPEED]
    on: Annotated[bool, Strict()] = False
    wheel: Wheel | None = None
    colour: Annotated[str, COLOUR]


def check(model: type[Model], values: Mapping[str, Any]) -> list[tuple[str, Location, Any]]:
    """What is found, the same by `check` and by calling the class."""
    made, found = model.check(values)
    try:
        called = model(**values)
    except FindingsError as error:
        assert made is None
        assert [str(one) for one in error.findings] == [str(one) for one in found]
    else:
        assert called == made
        assert found == ()
    return [(one.code, one.loc, one.given) for one in found]


CASES: list[tuple[str, dict[str, Any], list[tuple[str, Location, Any]]]] = [
    ("nothing to report", {"speed": 1}, []),
    ("parts as mappings", {"speed": 1, "wheels": [{"speed": 2}], "spare": MappingProxyType({"speed": 1})}, []),
    ("one value", {"speed": 6}, [("JT991", ("speed",), 6)]),
    ("missing", {}, [("JT004", ("speed",), None)]),
    ("None where a value is required", {"speed": None}, [("JT004", ("speed",), None)]),
    ("None where it may be absent", {"speed": 1, "limit": None, "spare": None}, []),
    ("an unknown key", {"speed": 1, "limits": 5}, [("JT003", ("limits",), "limits")]),
    ("between values", {"speed": 3, "limit": 2}, [("JT994", ("speed",), 3)]),
    ("a broken value is unknown to the rule between values", {"speed": 6, "limit": 2}, [("JT991", ("speed",), 6)]),
    (
        "the rule between values sees the rest",
        {"speed": 3, "limit": 2, "spare": {"speed": 0}, "horn": 1},
        [("JT991", ("spare", "speed"), 0), ("JT003", ("horn",), "horn"), ("JT994", ("speed",), 3)],
    ),
    (
        "a key that is half a character",
        {"speed": 1, "\ud83d\ude00": 5, "spare": {"speed": 1, "\ud800": 5}},
        [("JT003", ("spare", "\ud800"), "\ud800"), ("JT003", ("\ud83d\ude00",), "\ud83d\ude00")],
    ),
    ("a key that is no text", {"speed": 1, "spare": {"speed": 1, 5: 5}}, [("JT003", ("spare", "5"), "5")]),
    (
        "a value that is half a character",
        {"speed": 1, "spare": {"speed": "\ud800"}},
        [("JT991", ("spare", "speed"), "\ud800")],
    ),
    ("a part of another kind", {"speed": 1, "spare": 5}, [("JT005", ("spare",), 5)]),
    ("a list of another kind", {"speed": 1, "wheels": {"speed": 1}}, [("JT005", ("wheels",), {"speed": 1})]),
    ("text for a list", {"speed": 1, "wheels": "ab"}, [("JT005", ("wheels",), "ab")]),
    ("an item of another kind", {"speed": 1, "wheels": [5]}, [("JT005", ("wheels", 0), 5)]),
    ("None as an item", {"speed": 1, "wheels": [None]}, [("JT005", ("wheels", 0), None)]),
    ("too few items", {"speed": 1, "wheels": []}, [("JT993", ("wheels",), 0)]),
    (
        "too many items, and all that is wrong in them",
        {"speed": 1, "wheels": [{"speed": 0}, {}, {"speed": 1, "colour": "", "color": 1}]},
        [
            ("JT993", ("wheels",), 3),
            ("JT991", ("wheels", 0, "speed"), 0),
            ("JT004", ("wheels", 1, "speed"), None),
            ("JT992", ("wheels", 2, "colour"), ""),
            ("JT003", ("wheels", 2, "color"), "color"),
        ],
    ),
]


@pytest.mark.parametrize(("values", "expected"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_findings(values: dict[str, Any], expected: list[tuple[str, Location, Any]]) -> None:
    """Everything that is wrong is listed at once, each at its place, by `check` and by the class alike."""
    assert check(Car, values) == expected


STRICT_CASES: list[tuple[str, dict[str, Any], list[tuple[str, Location, Any]]]] = [
    ("nothing to report", {"speed": 1, "colour": "red", "on": True}, []),
    ("one value", {"speed": 6, "colour": "red"}, [("JT991", ("speed",), 6)]),
    (
        "all values",
        {"speed": 6, "colour": "", "on": "yes", "wheel": {"speed": 9}, "horn": 1},
        [
            ("JT991", ("speed",), 6),
            ("JT005", ("on",), "yes"),
            ("JT991", ("wheel", "speed"), 9),
            ("JT992", ("colour",), ""),
            ("JT003", ("horn",), "horn"),
        ],
    ),
    ("one missing, one wrong", {"speed": 6}, [("JT991", ("speed",), 6), ("JT004", ("colour",), None)]),
    ("1 for True", {"speed": 1, "colour": "red", "on": 1}, [("JT005", ("on",), 1)]),
]


@pytest.mark.parametrize(
    ("values", "expected"), [row[1:] for row in STRICT_CASES], ids=[row[0] for row in STRICT_CASES]
)
def test_findings_where_nothing_is_unresolved(
    values: dict[str, Any], expected: list[tuple[str, Location, Any]]
) -> None:
    """A model whose values can't be unresolved lists all errors at once too, each value as it was written."""
    assert check(Strictly, values) == expected


def test_text() -> None:
    """The text of the error is that of all its findings, with paths from the outermost model."""
    with pytest.raises(FindingsError) as raised:
        Car(speed=3, limit=2, wheels=[Wheel(speed=1)], spare={"speed": 1, "color": "red"})  # type: ignore[arg-type]
    assert (
        str(raised.value)
        == """\
error JT003 spare.color
  every key is known
  given    "color"
  allowed  colour, speed
  source   https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-jobtemplate.html
  fix      write colour
error JT994 speed
  t
  given    3
  allowed  2
  see      limit
  source   brakes
  fix      brake"""
    )


UNRESOLVED = [
    ({"speed": TOKEN}, {"speed": TOKEN}),
    ({"speed": Unresolved({"Ref": "Speed"})}, {"speed": {"Ref": "Speed"}}),
    ({"speed": 3, "limit": TOKEN}, {"limit": TOKEN}),
    ({"speed": 1, "wheels": ["#{Token[TOKEN.8]}"]}, {"wheels": ["#{Token[TOKEN.8]}"]}),
    ({"speed": 1, "wheels": Unresolved({"Fn::If": []})}, {"wheels": {"Fn::If": []}}),
    ({"speed": 1, "spare": Unresolved({"Ref": "Spare"})}, {"spare": {"Ref": "Spare"}}),
]


@pytest.mark.parametrize(("values", "expected"), UNRESOLVED)
def test_unresolved_values(values: dict[str, Any], expected: dict[str, Any]) -> None:
    """A token or an intrinsic function passes in place of any value, and is kept to be emitted."""
    made, found = Car.check(values)
    assert found == ()
    assert {name: getattr(made, name) for name in expected} == {
        name: Unresolved(value) for name, value in expected.items()
    }


def test_an_unresolved_item_is_not_judged_and_its_neighbour_is() -> None:
    """Values next to an unresolved one are still checked."""
    assert check(Car, {"speed": 1, "wheels": [Unresolved({"Ref": "Wheel"}), {"speed": 9}]}) == [
        ("JT991", ("wheels", 1, "speed"), 9)
    ]


SEQUENCES = [
    [Wheel(speed=2)],
    (Wheel(speed=2),),
    UserList([Wheel(speed=2)]),
    deque([Wheel(speed=2)]),
]


@pytest.mark.parametrize("wheels", SEQUENCES, ids=lambda wheels: type(wheels).__name__)
def test_any_sequence(wheels: Sequence[Wheel]) -> None:
    """Any sequence is accepted as a list, and kept as a tuple."""
    assert Car(speed=1, wheels=wheels).wheels == (Wheel(speed=2),)


NOT_SEQUENCES = [{Wheel(speed=2)}, iter([Wheel(speed=2)]), b"ab", 5, True]


@pytest.mark.parametrize("wheels", NOT_SEQUENCES, ids=lambda wheels: type(wheels).__name__)
def test_what_is_no_sequence(wheels: Any) -> None:
    """A set, an iterator or a scalar is no list."""
    with pytest.raises(FindingsError) as raised:
        Car(speed=1, wheels=wheels)
    assert [(one.code, one.loc) for one in raised.value.findings] == [("JT005", ("wheels",))]


NOT_MAPPINGS = [None, 5, "speed", ["speed"], [("speed", 1)], Wheel(speed=1)]


@pytest.mark.parametrize("values", NOT_MAPPINGS, ids=repr)
def test_what_is_no_mapping(values: Any) -> None:
    """A model is made from a mapping and from nothing else."""
    made, found = Car.check(values)
    assert made is None
    assert [(one.code, one.loc, one.allowed) for one in found] == [
        ("JT005", (), "a mapping of speed, limit, wheels, spare")
    ]


def test_models_are_values() -> None:
    """Models are equal by value, can't be changed, and don't change with the list that they were made from."""
    wheels = [Wheel(speed=2)]
    car = Car(speed=1, wheels=wheels)
    wheels.append(Wheel(speed=3))
    assert car == Car(speed=1, wheels=(Wheel(speed=2),))
    assert car != Car(speed=2, wheels=(Wheel(speed=2),))
    with pytest.raises(ValueError, match="frozen"):
        car.speed = 2


def test_a_subclass_of_a_part_is_kept() -> None:
    """A part that is already a model is kept, not made again."""
    wheel = Wheel(speed=2)
    assert Car(speed=1, spare=wheel).spare is wheel


NEAREST = [
    ("colr", "write colour"),
    ("COLOUR", "write colour"),
    ("colour ", "write colour"),
    ("Speed", "write speed"),
    ("wheel", "write wheels"),
    ("horn", "remove it"),
    ("", "remove it"),
    ("x" * 10_000, "remove it"),
]


@pytest.mark.parametrize(("key", "fix"), NEAREST, ids=[fix for _, fix in NEAREST])
def test_nearest_key(key: str, fix: str) -> None:
    """An unknown key is answered with the nearest known one, or with its removal where none is near."""
    finding = unknown_key(key, ("wheels", "speed", "colour"), ("car",))
    assert (finding.loc, finding.given, finding.fix) == (("car", key), key, fix)
    assert finding.allowed == "colour, speed, wheels"


def test_inside_models_of_others() -> None:
    """A model of pydantic's own that holds one of ours fails with all findings, as text and as data."""

    class Garage(BaseModel):
        car: Car

    with pytest.raises(ValidationError) as raised:
        Garage.model_validate({"car": {"wheels": [], "colour": 5, "horn": 1}})
    (error,) = raised.value.errors()
    _, found = Car.check({"wheels": [], "colour": 5, "horn": 1})
    assert error["loc"] == ("car",)
    assert error["ctx"]["error"].findings == found
    assert (error["msg"], len(found)) == (f"Value error, {FindingsError(found)}", 4)


def test_json_schema() -> None:
    """An editor sees bounds, list lengths, required values and that there are no others."""
    schema = Car.model_json_schema()
    assert schema["required"] == ["speed"]
    assert schema["additionalProperties"] is False
    wheels = schema["properties"]["wheels"]
    assert (wheels["type"], wheels["minItems"], wheels["maxItems"]) == ("array", 1, 2)
    assert schema["$defs"]["Wheel"]["properties"]["speed"]["maximum"] == 5
