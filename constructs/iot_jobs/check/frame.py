"""What AWS's own validator says about a CloudFormation template: references, sections, attributes, other resources.

It runs without a network and without credentials (https://github.com/aws-cloudformation/cloudformation-validate).
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from iot_jobs.finding import Finding, Location, Place, Rule, one_line
from iot_jobs.sources import Source
from iot_jobs.unresolved import FOR_EACH

_SOURCE = "cloudformation-validate"
_ACCEPTED = ("E1029",)
"""Errors of the validator about what CloudFormation accepts: `${Name}` outside `Fn::Sub` is deployed as it is."""
_UNKNOWN_ATTRIBUTE = "E3001"
_PROGRAM = Path(__file__).with_name("validator.py")


class Diagnostic(NamedTuple):
    """An error of the validator. `section` and `name` are of what it is in, None for the template itself."""

    code: str
    message: str
    allowed: str | None
    fix: str | None
    path: str | None
    section: str | None
    name: str | None
    line: int | None
    column: int | None


def is_installed() -> bool:
    """Return whether the validator is there."""
    return find_spec("cloudformation_validate") is not None


def diagnosed(sources: Iterable[Source]) -> Iterator[tuple[Source, list[Diagnostic] | None]]:
    """Yield the validator's errors about each template; None if it failed, or took too long or too much memory."""
    left = list(sources)
    seconds = 2 * _seconds(sum(len(source.text) for source in left))
    while left:
        began = _worked()
        answers = _run(left, seconds) if seconds > 0 else []
        yield from zip(left, answers, strict=False)
        left = left[len(answers) :]
        if left:
            yield left.pop(0), None
        seconds -= _worked() - began


def _seconds(characters: int) -> float:
    """Return how long the validator may work on a template; one with 500 job templates takes it half a second."""
    return 1 + characters / 1_000_000


def _worked() -> float:
    """Return the seconds for which processes that this one started have worked; on Windows, those that have passed."""
    times = os.times()
    return times.elapsed if sys.platform == "win32" else times.children_user + times.children_system


def _run(sources: Sequence[Source], seconds: float) -> list[list[Diagnostic]]:
    """Return the errors about the first templates: about all, unless the validator had to be stopped."""
    import subprocess  # slow to load, and only needed here

    lines = (json.dumps([source.text, source.name, _seconds(len(source.text))]) + "\n" for source in sources)
    try:
        output: bytes = subprocess.run(
            [sys.executable, "-P", str(_PROGRAM), str(seconds)],
            input="".join(lines).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30 + 10 * seconds,  # it limits itself, except on Windows
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
    return [[Diagnostic(*row) for row in json.loads(line)] for line in output.split(b"\n")[:-1]]


def frame(source: Source, diagnostics: Iterable[Diagnostic], ours: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the validator's errors about a template, without those that `ours`, the findings in its file, name too."""
    near = _by_member(ours)
    for diagnostic in diagnostics:
        loc = _location(diagnostic)
        if not any(_says_the_same(one, diagnostic, loc) for one in chain(near[loc[:2]], near[()])):
            allowed = one_line(diagnostic.allowed or "what CloudFormation accepts")
            fix = one_line(diagnostic.fix or "correct it")
            finding = _rule(diagnostic.code).finding(
                given=diagnostic.message, allowed=allowed, fix=fix[:1].lower() + fix[1:]
            )
            place = source.place(loc)
            yield finding._replace(place=place._replace(line=diagnostic.line, column=diagnostic.column))


def _by_member(findings: Iterable[Finding]) -> defaultdict[Location, list[Finding]]:
    """Return the findings by the member of a section that they are about, those that may be about any under ()."""
    members = defaultdict[Location, list[Finding]](list)
    for finding in findings:
        for place in (finding.place, *finding.related):
            if place is not None:
                is_in_one = len(place.loc) > 1 and not _is_in_loop(place.loc)
                members[place.loc[:2] if is_in_one else ()].append(finding)
    return members


def _is_in_loop(loc: Location) -> bool:
    return any(str(part).startswith(FOR_EACH) for part in loc)


@cache
def _rule(code: str) -> Rule:
    return Rule(
        code=code,
        title="CloudFormation accepts the template",
        why="CloudFormation refuses the whole template otherwise.",
        source=_SOURCE,
        evidence="documented",
        severity="warning" if code in _ACCEPTED else "error",
    )


def _location(diagnostic: Diagnostic) -> Location:
    """Return where a diagnostic is: its path is below a resource, or has the names of sections."""
    path = diagnostic.path or ""
    named = [part for part in re.split("[/.]", path) if part not in ("", "{}")]  # {} is an item of a list in a branch
    parts = [int(part) if re.fullmatch("[0-9]{1,9}", part) else part for part in named]
    if diagnostic.section is None or diagnostic.name is None or "/" in path:
        return tuple(parts)
    return (f"{diagnostic.section.capitalize()}s", diagnostic.name, *parts)


def _says_the_same(ours: Finding, diagnostic: Diagnostic, loc: Location) -> bool:
    """Return whether one of our findings is about the same value. About a whole block, they have to name one member."""
    if diagnostic.code == _UNKNOWN_ATTRIBUTE and ours.place is not None and ours.place.loc[:-1] == loc:
        return f"'{ours.place.loc[-1]}'" in diagnostic.message
    if not any(_same(diagnostic, loc, place) for place in (ours.place, *ours.related) if place is not None):
        return False
    members = (*ours.fix.split(), *map(str, ours.place.loc[-1:] if ours.place else ()))
    return loc[-1:] != ("Properties",) or any(f"'{member}'" in diagnostic.message for member in members)


def _same(diagnostic: Diagnostic, loc: Location, place: Place) -> bool:
    """Return whether a place of ours is that of a diagnostic, or inside it, or around it."""
    if len(loc) < 2:  # the whole template
        return len(place.loc) < 2 and (place.line, place.column) == (diagnostic.line, diagnostic.column)
    theirs, known = loc, _without_functions(place.loc)
    if known != place.loc:  # items may be absent, and loops make resources
        theirs, known = _names(loc), _names(known)
        if _is_in_loop(place.loc):
            theirs, known = ("Resources", *theirs[2:]), ("Resources", *known[2:])
    shorter = min(len(theirs), len(known))
    # A loop's variable may be any name.
    alike = all(one == written or "${" in str(written) for one, written in zip(theirs, known, strict=False))
    return alike and (len(theirs) == len(known) or "Properties" in theirs[:shorter])


def _without_functions(loc: Location) -> Location:
    """Return a location without functions and their arguments, and with a loop's body at its place."""
    kept: list[str | int] = []
    skip = False
    for part in loc:
        if isinstance(part, str) and part.startswith("Fn::"):
            skip = True
        elif skip and isinstance(part, int):
            skip = False
        else:
            kept.append(part)
    return tuple(kept)


def _names(loc: Location) -> Location:
    return tuple(part for part in loc if isinstance(part, str))
