"""Values set on a command line, such as `rollout.maximum_per_minute=50`, merged into a job's whole members.

AWS replaces a member as a whole: a job that is created or updated with another `rollout` has nothing of the old one. So
the values are merged with the members that are there, and the result is sent whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from iot_jobs.cloudformation import API_JOB, properties
from iot_jobs.finding import Finding, FindingsError, dotted
from iot_jobs.template import JobSpec
from iot_jobs.template.part import WRONG_KIND, unknown_key

ON_CREATION = ("description", "rollout", "abort", "retry", "timeout", "presigned_url", "destination_package_versions")
"""The members that a job may have in place of its template's."""
ON_UPDATE = ("description", "rollout", "abort", "retry", "timeout", "presigned_url")
"""The members that `UpdateJob` takes. https://docs.aws.amazon.com/iot/latest/apireference/API_UpdateJob.html"""


class Setting(NamedTuple):
    """A value to set at a location of a job, in our words; None removes what is there."""

    loc: tuple[str, ...]
    value: Any


def parse_setting(text: str) -> Setting:
    """Return the setting in `path=value`. The value is JSON, or else text: `50`, `null`, `{"criteria": []}`, `fleet A`.

    An item of a list is named by its failure type, as `review` shows it: `abort.criteria[FAILED].threshold_percentage`.
    Raises `FindingsError` if there is no `=` or no path.
    """
    path, equals, written = text.partition("=")
    if not equals or not path.strip():
        finding = WRONG_KIND.finding(
            given=text,
            allowed="path=value, such as rollout.maximum_per_minute=50",
            fix="write a path, an equals sign and a value",
        )
        raise FindingsError([finding])
    try:
        value = json.loads(written)
    except ValueError:
        value = written
    return Setting(tuple(path.strip().split(".")), value)


def merged(
    members: Mapping[str, Any], settings: Iterable[Setting], *, allowed: Sequence[str] = ON_CREATION
) -> dict[str, Any]:
    """Return the members that the settings touch, each whole, with what `members` has of them.

    The values aren't checked: `JobSpec` and its parts do that. Raises `FindingsError` for an unknown path.
    """
    whole: dict[str, Any] = {}
    for setting in settings:
        member = setting.loc[0]
        if member not in allowed:
            raise FindingsError([unknown_key(member, allowed)])
        current = whole.get(member, members.get(member))
        whole[member] = _set(current, setting.loc[1:], setting, API_JOB.names.parts(member))
    return whole


def checked(members: Mapping[str, Any]) -> Sequence[Finding]:
    """Return what AWS refuses in whole members of a job, by the rules of `check`."""
    given = {name: value for name, value in members.items() if value is not None}
    return JobSpec.judge({"job_id": "job", "targets": [_ANY_TARGET], "job_template_arn": _ANY_TEMPLATE} | given)[1]


def as_request(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return whole members of a job in the API's spelling."""
    emitted = properties(JobSpec.judge(members)[0], API_JOB)
    given = {name: API_JOB.names[name] for name in members}
    keys = [name[0] if isinstance(name, tuple) else name for name in given.values()]
    return {key: emitted[key] for key in keys}


_ANY_TARGET = "arn:aws:iot:eu-west-1:123456789012:thing/any"
_ANY_TEMPLATE = "arn:aws:iot:eu-west-1:123456789012:jobtemplate/any"


def _set(current: Any, rest: tuple[str, ...], setting: Setting, names: Mapping[str, Any]) -> Any:
    """Return a copy of a value in which the location `rest` has the setting's value."""
    if not rest:
        return setting.value
    name, bracket, item = rest[0].partition("[")
    if not names:
        allowed = "a path that ends at a value, not one below it"
        raise FindingsError([WRONG_KIND.finding(given=dotted(setting.loc), allowed=allowed, fix="shorten the path")])
    if name not in names:
        raise FindingsError([unknown_key(name, names, setting.loc[: -len(rest)])])
    inner = names.get(name)
    parts = inner[1] if isinstance(inner, tuple) else {}
    copy = dict(current) if isinstance(current, Mapping) else {}
    if bracket:
        copy[name] = _set_item(copy.get(name), item.rstrip("]"), rest[1:], setting, parts)
    else:
        copy[name] = _set(copy.get(name), rest[1:], setting, parts)
        if copy[name] is None:
            del copy[name]
    return copy


def _set_item(current: Any, item: str, rest: tuple[str, ...], setting: Setting, names: Mapping[str, Any]) -> list[Any]:
    """Return a copy of a list of criteria in which the one of a failure type is set, or removed."""
    items = [dict(each) for each in current or ()]
    index = next((index for index, each in enumerate(items) if each.get("failure_type") == item), None)
    if index is None:
        raise _unknown_item(setting, *(str(each.get("failure_type")) for each in items))
    changed = _set(items[index], rest, setting, names)
    return items[:index] + ([] if changed is None else [changed]) + items[index + 1 :]


def _unknown_item(setting: Setting, *known: str) -> FindingsError:
    allowed = f"the failure type of an existing criterion: {', '.join(known) or 'there is none'}"
    return FindingsError([WRONG_KIND.finding(given=dotted(setting.loc), allowed=allowed, fix="set the whole list")])
