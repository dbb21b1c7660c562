"""What AWS's own validator says about a CloudFormation template: references, sections, attributes, other resources.

It runs without a network and without credentials (https://github.com/aws-cloudformation/cloudformation-validate).
"""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from iot_jobs.extras import extra
from iot_jobs.finding import Finding, Location, Place, Rule, one_line

if TYPE_CHECKING:
    from cloudformation_validate import CompositeEngine, Diagnostic

    from iot_jobs.sources import Source

_SOURCE = "cloudformation-validate"
_ACCEPTED = ("E1029",)
"""Errors of the validator about what CloudFormation accepts: `${Name}` outside `Fn::Sub` is deployed as it is."""
_UNKNOWN_ATTRIBUTE = "E3001"


def frame(source: Source, ours: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the validator's errors about a template, without those that `ours`, the findings in its file, name already.

    Raises `MissingExtraError` where it is not installed.
    """
    engine = _engine()
    from cloudformation_validate import DetailLevel, Severity, TemplateContent, ValidateConfig, ValidationError

    config = ValidateConfig(severity_level=Severity.ERROR, detail_level=DetailLevel.DETAILED)
    try:
        diagnostics = engine.validate_template(TemplateContent(source.text, source.name), config).diagnostics
    except ValidationError as error:
        allowed = "a template that cloudformation-validate can read"
        yield (
            _rule("F0000").finding(given=str(error), allowed=allowed, fix="correct it")._replace(place=source.place(()))
        )
        return
    for diagnostic in diagnostics:
        loc = _location(diagnostic)
        if not any(_says_the_same(one, diagnostic, loc) for one in ours):
            allowed = one_line(diagnostic.rule_description or "what CloudFormation accepts")
            fix = one_line(diagnostic.suggested_fix or "correct it")
            finding = _rule(diagnostic.rule_id).finding(
                given=diagnostic.message, allowed=allowed, fix=fix[:1].lower() + fix[1:]
            )
            place = source.place(loc)
            yield finding._replace(place=place._replace(line=diagnostic.start_line, column=diagnostic.start_column))


@cache
def _engine() -> CompositeEngine:
    with extra("cloudformation"):
        from cloudformation_validate import CompositeEngine
    atexit.register(_engine.cache_clear)  # it can't be freed any more when modules are gone
    return CompositeEngine()


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
    entity, path = diagnostic.entity, diagnostic.property_path or ""
    named = [part for part in re.split("[/.]", path) if part not in ("", "{}")]  # {} is an item of a list in a branch
    parts = [int(part) if re.fullmatch("[0-9]{1,9}", part) else part for part in named]
    if entity is None or "/" in path:
        return tuple(parts)
    kind = entity.entity_type.name.capitalize()
    return (f"{kind}s", entity.logical_id, *parts)


def _says_the_same(ours: Finding, diagnostic: Diagnostic, loc: Location) -> bool:
    """Return whether one of our findings is about the same value. About a whole block, they have to name one member."""
    if diagnostic.rule_id == _UNKNOWN_ATTRIBUTE and ours.place is not None and ours.place.loc[:-1] == loc:
        return f"'{ours.place.loc[-1]}'" in diagnostic.message
    if not any(_same(diagnostic, loc, place) for place in (ours.place, *ours.related) if place is not None):
        return False
    members = (*ours.fix.split(), *map(str, ours.place.loc[-1:] if ours.place else ()))
    return loc[-1:] != ("Properties",) or any(f"'{member}'" in diagnostic.message for member in members)


def _same(diagnostic: Diagnostic, loc: Location, place: Place) -> bool:
    """Return whether a place of ours is that of a diagnostic, or inside it, or around it."""
    if len(loc) < 2:  # the whole template
        return len(place.loc) < 2 and (place.line, place.column) == (diagnostic.start_line, diagnostic.start_column)
    theirs, known = loc, _without_functions(place.loc)
    if known != place.loc:  # items may be absent, and loops make resources
        theirs, known = _names(loc), _names(known)
        if any(str(part).startswith("Fn::ForEach::") for part in place.loc):
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
