"""The permissions of a presign role, and their changes."""

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
# IAM's own escapes of wildcards, the wildcards, and the text between them.
_WILD = re.compile(r"\$\{[*?$]\}|[*?]|[^*?$]+|\$")
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


def grants_of_spec(spec: JobTemplateSpec) -> frozenset[Grant]:
    """Return the permissions of the role that is made for a template. The partition is known at deployment."""
    document = known(spec.document)
    access = all_access(document.placeholders) if document is not None else ()
    arn = "arn:${AWS::Partition}:s3:::"
    return frozenset(Grant(item.action, f"{arn}{item.bucket}/{item.key}") for item in access)


def grants_in(resources: Mapping[str, Any], role_arn: Any) -> frozenset[Grant] | None:
    """Return the permissions of a role in the same CloudFormation template, None if it isn't in this template."""
    name = _named(role_arn)
    role = resources.get(name) if name is not None else None
    if not isinstance(role, Mapping) or role.get("Type") != "AWS::IAM::Role":
        return None
    properties = _mapping(role.get("Properties"))
    grants = [grant for policy in _list(properties.get("Policies")) for grant in _grants(_mapping(policy))]
    grants += [Grant("as managed policy", flat(arn)) for arn in _list(properties.get("ManagedPolicyArns"))]
    for resource in resources.values():
        if isinstance(resource, Mapping) and resource.get("Type") in _POLICIES:
            policy = _mapping(resource.get("Properties"))
            if {"Ref": name} in [*_list(policy.get("Roles")), policy.get("RoleName")]:
                grants += _grants(policy)
    if boundary := properties.get("PermissionsBoundary"):
        grants.append(Grant("all but permissions boundary", flat(boundary), denies=True))
    trust = {"PolicyDocument": properties.get("AssumeRolePolicyDocument")}
    return frozenset([*grants, *(dataclasses.replace(grant, trusts=True) for grant in _grants(trust))])


def _named(role_arn: Any) -> str | None:
    """Return the logical id in `Fn::GetAtt`, in either of its forms, or in an equivalent `Fn::Sub`."""
    function = _mapping(role_arn)
    substituted = function.get("Fn::Sub")
    target = function.get("Fn::GetAtt")
    if isinstance(substituted, str) and (match := re.fullmatch(r"\$\{([A-Za-z0-9]+\.Arn)\}", substituted)):
        target = match[1]
    if isinstance(target, str):
        target = target.split(".")
    return target[0] if isinstance(target, list) and target[1:] == ["Arn"] and isinstance(target[0], str) else None


def _grants(policy: Mapping[str, Any]) -> Iterator[Grant]:
    for statement in map(_mapping, _list(_mapping(policy.get("PolicyDocument")).get("Statement"))):
        condition = statement.get("Condition")
        suffix = f" if {canonical(_flattened(condition))}" if condition else ""
        resources = [flat(resource) for resource in _list(statement.get("Resource"))]
        resources += _all_but(statement.get("NotResource"))
        for key in ("Principal", "NotPrincipal"):
            resources += [f"for {canonical(_flattened(statement[key]))}"] if key in statement else []
        actions = [flat(action) for action in _list(statement.get("Action"))]
        actions += _all_but(statement.get("NotAction"))
        for action in actions:
            for resource in resources:
                yield Grant(action, resource + suffix, denies=statement.get("Effect") == "Deny")


def _all_but(excluded: Any) -> list[str]:
    """Return what a `Not...` element covers: everything except its items."""
    return [_ALL_BUT + ", ".join(sorted(map(flat, _list(excluded))))] if excluded else []


def grant_changes(before: Iterable[Grant], after: Iterable[Grant]) -> Iterator[Change]:
    """Yield a change for each action that is allowed, denied or trusted differently."""
    old, new = _by_action(before), _by_action(after)
    for key in sorted({*old, *new}):
        had, has = old.get(key, frozenset()), new.get(key, frozenset())
        if had == has:
            continue
        action, effect = key
        direction, reason = judge(f"presign_role.{effect}", _movement(had, has))
        yield Change(f"presign_role.{effect}[{action}]", sorted(had) or None, sorted(has) or None, direction, reason)


def _by_action(grants: Iterable[Grant]) -> dict[tuple[str, str], frozenset[str]]:
    by_action: dict[tuple[str, str], set[str]] = {}
    for grant in grants:
        effect = "deny" if grant.denies else "trust" if grant.trusts else "allow"
        by_action.setdefault((grant.action, effect), set()).add(grant.resource)
    return {key: frozenset(resources) for key, resources in by_action.items()}


def _movement(had: frozenset[str], has: frozenset[str]) -> Movement:
    """Return whether the resources got wider (added) or narrower (removed), or changed if neither is certain.

    New resources are wider if they match all the old ones and more. Otherwise they are wider if they have more
    wildcards, or if more of them have no condition.
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
    wildcards = sum(resource.replace("${*}", "").count("*") for resource in resources)
    return wildcards, sum(_IF not in resource for resource in resources)


def _match_all(patterns: frozenset[str], resources: frozenset[str]) -> bool:
    """Return whether each resource, which may have wildcards itself, is matched by one of the patterns."""
    return all(any(_matches(pattern, resource) for pattern in patterns) for resource in resources)


def _matches(pattern: str, resource: str) -> bool:
    (wide, _, condition), (narrow, _, other) = pattern.partition(_IF), resource.partition(_IF)
    if condition not in ("", other):
        return False
    if wide.startswith(_ALL_BUT) and narrow.startswith(_ALL_BUT):
        return set(wide.removeprefix(_ALL_BUT).split(", ")) <= set(narrow.removeprefix(_ALL_BUT).split(", "))
    return re.fullmatch(_WILD.sub(_as_regex, wide), narrow, re.DOTALL) is not None


def _as_regex(match: re.Match[str]) -> str:
    return {"*": ".*", "?": "."}.get(match[0]) or re.escape(match[0])


def flat(value: Any) -> str:
    """Return a text with CloudFormation functions as plain text. Values known at deployment are in `${...}`."""
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
