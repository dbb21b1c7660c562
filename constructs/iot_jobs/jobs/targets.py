"""Targets as an operator types them: things and thing groups."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from iot_jobs.finding import FindingsError
from iot_jobs.limits import TARGET

Kind = Literal["thing", "thinggroup"]
_KINDS: dict[str, Kind] = {"thing": "thing", "group": "thinggroup", "thinggroup": "thinggroup"}
_NAME = r"[a-zA-Z0-9:_-]{1,128}"


class Target(NamedTuple):
    """A thing or a thing group. `kind` is None for a plain name, which may be either."""

    name: str
    kind: Kind | None = None
    arn: str | None = None

    def __str__(self) -> str:
        return f"{'group' if self.kind == 'thinggroup' else 'thing'} {self.name}" if self.kind else self.name


def parse_target(text: str) -> Target:
    """Return the target in `NAME`, `thing/NAME`, `group/NAME` or an ARN. Raises `FindingsError` for anything else."""
    if TARGET.accepts(text):
        return of_arn(text)
    kind, slash, name = text.rpartition("/")
    if not re.fullmatch(_NAME, name) or (slash and kind not in _KINDS):
        allowed = "the name of a thing or thing group, thing/<name>, group/<name>, or an ARN"
        raise FindingsError([TARGET.finding(loc=("to",), given=text, allowed=allowed, fix=TARGET.fix)])
    return Target(name, _KINDS.get(kind))


def of_arn(arn: str) -> Target:
    """Return the target with this ARN, which must be one."""
    resource, _, name = arn.split(":", 5)[5].partition("/")
    return Target(name, _KINDS[resource], arn)
