"""What a presign role may do, and what of it was gained or lost."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from iot_jobs.jsontext import canonical
from iot_jobs.presign import all_access
from iot_jobs.review.change import Change
from iot_jobs.review.directions import Movement, judge
from iot_jobs.review.side import Grant
from iot_jobs.template import JobTemplateSpec
from iot_jobs.unresolved import is_intrinsic, known

_ALL_BUT = "all but "
_IF = " if "
# IAM's own escapes of wildcards, the wildcards, and what stands between them.
_WILD = re.compile(r"\$\{[*?$]\}|[*?]|[^*?$]+|\$")
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


def grants_of_spec(spec: JobTemplateSpec) -> frozenset[Grant]:
    """What the role that is made for a template may do; the partition is known at deployment."""
    document = known(spec.document)
    access = all_access(document.placeholders) if document is not None else ()
    return frozenset(Grant(one.action, f"arn:${{AWS::Partition}}:s3:::{one.bucket}/{one.key}") for one in access)


def grants_in(resources: Mapping[str, Any], role_arn: Any) -> frozenset[Grant] | None:
    """What the role of the same CloudFormation template may do; None where it is no role of this template."""
    name = _named(role_arn)
    role = resources.get(name) if name is not None else None
    if not isinstance(role, Mapping) or role.get("Type") != "AWS::IAM::Role":
        return None
    properties = _mapping(role.get("Properties"))
    found = [grant for policy in _list(properties.get("Policies")) for grant in _grants(_mapping(policy))]
    found += [Grant("as managed policy", flat(arn)) for arn in _list(properties.get("ManagedPolicyArns"))]
    for other in resources.values():
        if isinstance(other, Mapping) and other.get("Type") in _POLICIES:
            given = _mapping(other.get("Properties"))
            roles = [*_list(given.get("Roles")), given.get("RoleName")]
            if {"Ref": name} in roles:
                found += _grants(given)
    if boundary := properties.get("PermissionsBoundary"):
        found.append(Grant("all but permissions boundary", flat(boundary), denies=True))
    trust = {"PolicyDocument": properties.get("AssumeRolePolicyDocument")}
    return frozenset([*found, *(dataclasses.replace(one, trusts=True) for one in _grants(trust))])


def _named(role_arn: Any) -> str | None:
    """The logical id that `Fn::GetAtt` refers to, in either of its forms, or `Fn::Sub` in the same way."""
    given = _mapping(role_arn)
    substituted = given.get("Fn::Sub")
    target = given.get("Fn::GetAtt")
    if isinstance(substituted, str) and (match := re.fullmatch(r"\$\{([A-Za-z0-9]+\.Arn)\}", substituted)):
        target = match[1]
    if isinstance(target, str):
        target = target.split(".")
    return target[0] if isinstance(target, list) and target[1:] == ["Arn"] and isinstance(target[0], str) else None


def _grants(policy: Mapping[str, Any]) -> Iterator[Grant]:
    for statement in map(_mapping, _list(_mapping(policy.get("PolicyDocument")).get("Statement"))):
        condition = statement.get("Condition")
        suffix = f" if {canonical(_flattened(condition))}" if condition else ""
        where = [flat(one) for one in _list(statement.get("Resource"))]
        where += _all_but(statement.get("NotResource"))
        for key in ("Principal", "NotPrincipal"):
            where += [f"for {canonical(_flattened(statement[key]))}"] if key in statement else []
        actions = [flat(one) for one in _list(statement.get("Action"))]
        actions += _all_but(statement.get("NotAction"))
        for action in actions:
            for resource in where:
                yield Grant(action, resource + suffix, denies=statement.get("Effect") == "Deny")


def _all_but(given: Any) -> list[str]:
    """What a `Not...` element leaves: everything but all of them."""
    return [_ALL_BUT + ", ".join(sorted(map(flat, _list(given))))] if given else []


def grant_changes(before: Iterable[Grant], after: Iterable[Grant]) -> Iterator[Change]:
    """One change for each action that was allowed or denied otherwise."""
    old, new = _by_action(before), _by_action(after)
    for key in sorted({*old, *new}):
        had, has = old.get(key, frozenset()), new.get(key, frozenset())
        if had == has:
            continue
        action, effect = key
        direction, reason = judge(f"presign_role.{effect}", _movement(had, has))
        yield Change(f"presign_role.{effect}[{action}]", sorted(had) or None, sorted(has) or None, direction, reason)


def _by_action(grants: Iterable[Grant]) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for grant in grants:
        effect = "deny" if grant.denies else "trust" if grant.trusts else "allow"
        found.setdefault((grant.action, effect), set()).add(grant.resource)
    return {key: frozenset(resources) for key, resources in found.items()}


def _movement(had: frozenset[str], has: frozenset[str]) -> Movement:
    """Wider or narrower; where it isn't plain which, neither.

    Resources that took the place of others are wider where they match all of those and more; failing that, where they
    have more wildcards, or more of them hold without a condition.
    """
    wider, narrower = _match_all(has, had), _match_all(had, has)
    if wider != narrower:
        return Movement.ADDED if wider else Movement.REMOVED
    before, after = _width(had), _width(has)
    if before == after:
        return Movement.CHANGED
    if all(new >= old for old, new in zip(before, after, strict=True)):
        return Movement.ADDED
    if all(new <= old for old, new in zip(before, after, strict=True)):
        return Movement.REMOVED
    return Movement.CHANGED


def _width(resources: frozenset[str]) -> tuple[int, int]:
    wild = sum(one.replace("${*}", "").count("*") for one in resources)
    return wild, sum(_IF not in one for one in resources)


def _match_all(patterns: frozenset[str], resources: frozenset[str]) -> bool:
    """Whether each of the resources, which may have wildcards themselves, is matched by one of the patterns."""
    return all(any(_matches(pattern, one) for pattern in patterns) for one in resources)


def _matches(pattern: str, resource: str) -> bool:
    (wide, _, condition), (narrow, _, other) = pattern.partition(_IF), resource.partition(_IF)
    if condition not in ("", other):
        return False
    if wide.startswith(_ALL_BUT) and narrow.startswith(_ALL_BUT):
        return set(wide.removeprefix(_ALL_BUT).split(", ")) <= set(narrow.removeprefix(_ALL_BUT).split(", "))
    return re.fullmatch(_WILD.sub(_as_regex, wide), narrow, re.DOTALL) is not None


def _as_regex(found: re.Match[str]) -> str:
    return {"*": ".*", "?": "."}.get(found[0]) or re.escape(found[0])


def flat(value: Any) -> str:
    """A text of CloudFormation's functions as one, what only it will know in `${...}`."""
    if isinstance(value, str):
        return value
    if is_intrinsic(value):
        ((function, argument),) = value.items()
        if function == "Ref":
            return f"${{{argument}}}"
        if function == "Fn::GetAtt":
            return f"${{{argument if isinstance(argument, str) else '.'.join(map(str, argument))}}}"
        if function == "Fn::Sub" and isinstance(argument, str):
            return argument
        if function == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
            glue, parts = argument
            return str(glue).join(map(flat, parts if isinstance(parts, list) else [parts]))
    return canonical(value)


def _flattened(value: Any) -> Any:
    if is_intrinsic(value):
        return flat(value)
    if isinstance(value, Mapping):
        return {str(key): _flattened(item) for key, item in value.items()}
    return [_flattened(item) for item in value] if isinstance(value, list) else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
