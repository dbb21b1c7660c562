"""CloudFormation's functions against other readings of them: AWS's own validator, cfn-lint, and a choice of all parameters.

Each is asked how bad a property is that holds functions: not, a warning (with some values of the parameters) or an error.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from iot_jobs.check import check, rules
from iot_jobs.cloudformation import Declarations, Resolved
from iot_jobs.finding import Location
from iot_jobs.jsontext import NOT_JSON
from iot_jobs.sources import read_paths
from iot_jobs.unresolved import holds_token
from tests.cases import NOW
from tests.oracles import linter, registry, validator
from tests.oracles.disagreements import CHOICES, LINTER, TABLE, VALIDATOR, Judged, Row
from tests.oracles.evaluation import Choice, Evaluation, UnknownError, sampled, stated, text
from tests.oracles.functions import BASES, Case, Slot, cases, without_functions
from tests.oracles.validator import ERROR, NOTHING, WARNING, Verdicts

FEW = settings(
    max_examples=80, derandomize=True, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
MANY = settings(FEW, max_examples=1000)


def ours(case: Case, folder: Path) -> Verdicts:
    """What `iot-jobs check --only-jobs` finds at each of the properties, if CloudFormation's schema could find it too."""
    file = folder / case.name
    file.write_text(case.text)
    found = dict.fromkeys((slot.name for slot in case.slots), NOTHING)
    for finding in check(read_paths([file]), now=NOW, only_jobs=True).findings:
        rule = rules()[finding.code]
        if rule.severity == "error" and rule is not NOT_JSON and finding.place is not None:
            for slot in case.slots:
                if _is_at(finding.place.loc, case, slot):
                    found[slot.name] = max(found[slot.name], ERROR if finding.severity == "error" else WARNING)
    return found


def _is_at(loc: Location, case: Case, slot: Slot) -> bool:
    """Whether a place is that of a property."""
    path = loc[loc.index("Properties") + 1 :] if "Properties" in loc else ()
    names = [part for part in without_functions(path) if isinstance(part, str)]
    if slot.path[0] == "Tags":  # a tag's key is reported at the tag
        return names[:1] == ["Tags"]
    if names[:1] == ["${Name}"]:
        names[0] = case.resource["Properties"]["Fn::ForEach::Keys"][1][0]
    expected = [part for part in slot.path if isinstance(part, str)]
    return [slot.path[-1] if part == "${Name}" else part for part in names][: len(expected)] == expected


# A choice of all parameters -------------------------------------------------------------------------------------------


def chosen(case: Case, slot: Slot, choices: Iterator[Choice]) -> int:
    """How bad a property is by brute force.

    It is an error if CloudFormation refuses it for some truth of the conditions whatever the parameters are, and a
    warning if it refuses it for some of them.
    """
    names = used_conditions(case)
    refused: dict[tuple[bool, ...], list[bool]] = defaultdict(list)
    for choice in choices:
        for copy in case.copies:
            evaluation = Evaluation(case.template, choice).within(**copy)
            condition = case.resource.get("Condition")
            try:
                truths = tuple(evaluation.condition(name) for name in names)
                if condition is None or evaluation.condition(condition):
                    answer = _is_refused(case, slot, evaluation)
                    refused[*truths, *copy.values()].append(answer)
            except UnknownError:
                continue
    if any(map(all, refused.values())):
        return ERROR
    return WARNING if any(map(any, refused.values())) else NOTHING


def _is_refused(case: Case, slot: Slot, evaluation: Evaluation) -> bool:
    evaluated = evaluation.value(BASES[case.resource_type] | written(case, slot))
    return not registry.accepts(case.resource_type, registry.sent(case.resource_type, evaluated))


def written(case: Case, slot: Slot) -> dict[str, Any]:
    """The property of the resource that a slot is in, under its name or in a loop."""
    name = str(slot.path[0])
    properties = case.resource["Properties"]
    loop = properties.get("Fn::ForEach::Keys", [None, []])
    found = "Fn::ForEach::Keys" if name in loop[1] else name
    # What is absent without functions is absent.
    absent: dict[str, Any] = {name: {"Ref": "AWS::NoValue"}}
    return absent | ({found: properties[found]} if found in properties else {})


def used_conditions(case: Case) -> list[str]:
    """The conditions that the resource depends on, through others too."""
    conditions = case.template.get("Conditions", {})
    names: set[str] = set()
    waiting = _names(case.resource, "Fn::If") | (
        {case.resource["Condition"]} if "Condition" in case.resource else set()
    )
    while waiting:
        name = waiting.pop()
        names.add(name)
        waiting |= _names(conditions[name], "Condition") - names
    return sorted(names)


def _names(value: Any, function: str) -> set[str]:
    """The names that a function has as its argument, or as its first one."""
    found: set[str] = set()
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key == function:
            found.add(item if isinstance(item, str) else item[0])
        found |= _names(item, function)
    return found


def used_parameters(value: Any) -> set[str]:
    """The parameters that a value names in Ref and Fn::Sub."""
    return _names(value, "Ref") | set(re.findall(r"\$\{(P\d+)\}", json.dumps(value)))


def is_closed(case: Case, slot: Slot) -> bool:
    """Whether the template lists all values of the parameters that are in a property."""
    parameters = case.template.get("Parameters", {})
    used = used_parameters(written(case, slot))
    return all("AllowedValues" in parameters[name] for name in used & parameters.keys())


# The comparisons ------------------------------------------------------------------------------------------------------


def at(verdicts: Verdicts, slot: Slot) -> int:
    """The worst that is said about a property, or about what it is in."""
    return max((level for path, level in verdicts.items() if f"{slot.name}.".startswith(f"{path}.")), default=NOTHING)


def unexplained(oracle: str, case: Case, mine: Verdicts, theirs: Mapping[str, int]) -> Iterator[str]:
    """The disagreements about a case that no row of the table explains."""
    for slot in case.slots:
        one = judged(case, slot, mine, theirs)
        if one.ours != one.theirs and not explanations(oracle, one):
            yield f"{slot.name}: {one.ours}, but {oracle} says {one.theirs} and all choices {one.chosen}"


def judged(case: Case, slot: Slot, mine: Verdicts, theirs: Mapping[str, int]) -> Judged:
    levels = (chosen(case, slot, choices(case.template)) for choices in (sampled, stated))
    return Judged(case, slot, written(case, slot), mine[slot.name], theirs[slot.name], *levels)


def explanations(oracle: str, one: Judged) -> list[Row]:
    return [row for row in TABLE if row.oracle == oracle and row.holds(one)]


def by_choices(case: Case, mine: Verdicts) -> Verdicts:
    """How bad each property is by all choices of its parameters.

    If the template leaves some open, all choices can't be tried: then the library may say less than the choices that
    were tried, unless the template itself states a wrong value.
    """
    levels = {}
    for slot in case.slots:
        worst = chosen(case, slot, sampled(case.template))
        least = worst if is_closed(case, slot) else min(WARNING, chosen(case, slot, stated(case.template)))
        levels[slot.name] = min(max(mine[slot.name], least), worst)
    return levels


def by_validator(case: Case) -> Verdicts:
    verdicts = validator.verdicts(case.text, case.name)
    return {slot.name: at(verdicts, slot) for slot in case.slots}


def by_linter(every: Sequence[Case]) -> list[Verdicts]:
    found = zip(every, linter.verdicts(every), strict=True)
    return [{slot.name: at(verdicts, slot) for slot in case.slots} for case, verdicts in found]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("functions")


def assert_agreement(case: Case, folder: Path) -> None:
    mine = ours(case, folder)
    found = list(unexplained(CHOICES, case, mine, by_choices(case, mine)))
    found += unexplained(VALIDATOR, case, mine, by_validator(case))
    assert found == [], case.text


@FEW
@given(case=cases())
def test_templates(case: Case, folder: Path) -> None:
    """The library says about each property what all choices of parameters and AWS's validator do, but for known reasons."""
    assert_agreement(case, folder)


@pytest.mark.slow
@MANY
@given(case=cases(depth=3))
def test_many_templates(case: Case, folder: Path) -> None:
    """The same for many more, nested deeper."""
    assert_agreement(case, folder)


# Values ---------------------------------------------------------------------------------------------------------------


def as_texts(value: Any) -> Any:
    """A value with its scalars as text, as CloudFormation passes them on."""
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items()}
    return [as_texts(item) for item in value] if isinstance(value, list) else text(value)


@FEW
@given(case=cases())
def test_values(case: Case, compared: Counter[bool]) -> None:
    """What the library resolves a property to is what AWS's validator does, where both know it."""
    if case.copies == [{}]:
        theirs = validator.resolved(case.text, case.name, "T")
        mine = Resolved(case.resource["Properties"], Declarations(case.template).with_defaults()).value
        known = {name: value for name, value in theirs.items() if name in mine and not holds_function(mine[name])}
        assert as_texts({name: mine[name] for name in known}) == as_texts(known)
        compared.update(value != case.resource["Properties"].get(name) for name, value in known.items())


def holds_function(value: Any) -> bool:
    return '{"Ref": ' in json.dumps(value) or '{"Fn::' in json.dumps(value) or holds_token(json.dumps(value))


@pytest.fixture(scope="module")
def compared() -> Iterator[Counter[bool]]:
    """How many values were compared, by whether functions made them."""
    counter: Counter[bool] = Counter()
    yield counter
    assert counter[True] > 20


# cfn-lint -------------------------------------------------------------------------------------------------------------


def assert_linted(every: Sequence[Case], folder: Path) -> None:
    found: list[tuple[str, str]] = []
    for case, theirs in zip(every, by_linter(every), strict=True):
        found += [(one, case.text) for one in unexplained(LINTER, case, ours(case, folder), theirs)]
    assert found == []


def some(number: int) -> list[Case]:
    """That many generated templates."""
    found: dict[str, Case] = {}

    @settings(FEW, max_examples=number)
    @given(case=cases())
    def collect(case: Case) -> None:
        found[case.text] = case

    collect()
    return list(found.values())


def test_cfn_lint(folder: Path) -> None:
    """cfn-lint says about functions what the library does, but for known reasons."""
    assert_linted(some(40), folder)


@pytest.mark.slow
def test_cfn_lint_at_length(folder: Path) -> None:
    """The same for many more."""
    every = some(1000)
    for start in range(0, len(every), 50):
        assert_linted(every[start : start + 50], folder)


# The reasons ----------------------------------------------------------------------------------------------------------

ROWS = pytest.mark.parametrize("row", TABLE, ids=[f"{row.oracle}-{number}" for number, row in enumerate(TABLE)])


@ROWS
def test_reason(row: Row, folder: Path) -> None:
    """Each row's example is a disagreement that it explains."""
    case, (slot,) = row.example, row.example.slots
    mine = ours(case, folder)
    if row.oracle == CHOICES:
        theirs = by_choices(case, mine)
    else:
        theirs = by_validator(case) if row.oracle == VALIDATOR else by_linter([case])[0]
    one = judged(case, slot, mine, theirs)
    assert one.ours != one.theirs
    assert row in explanations(row.oracle, one)
