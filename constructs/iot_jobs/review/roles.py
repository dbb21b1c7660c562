"""What a presign role may do, and what of it was gained or lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from iot_jobs.jsontext import canonical
from iot_jobs.presign import all_access
from iot_jobs.review.change import Change
from iot_jobs.review.deployment import Grant
from iot_jobs.review.directions import Movement, judge
from iot_jobs.spec import JobTemplateSpec
from iot_jobs.unresolved import is_intrinsic, known

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
    trust = {"PolicyDocument": properties.get("AssumeRolePolicyDocument")}
    return frozenset([*found, *_grants(trust)])


def _named(role_arn: Any) -> str | None:
    """The logical id that `Fn::GetAtt` refers to, in either of its forms."""
    target = role_arn.get("Fn::GetAtt") if isinstance(role_arn, Mapping) else None
    if isinstance(target, str):
        target = target.split(".")
    return target[0] if isinstance(target, list) and target[1:] == ["Arn"] and isinstance(target[0], str) else None


def _grants(policy: Mapping[str, Any]) -> Iterator[Grant]:
    for statement in map(_mapping, _list(_mapping(policy.get("PolicyDocument")).get("Statement"))):
        condition = statement.get("Condition")
        suffix = f" if {canonical(_flattened(condition))}" if condition else ""
        where = [flat(one) for one in _list(statement.get("Resource"))]
        where += [f"all but {flat(one)}" for one in _list(statement.get("NotResource"))]
        for key in ("Principal", "NotPrincipal"):
            where += [f"for {canonical(_flattened(statement[key]))}"] if key in statement else []
        actions = [flat(one) for one in _list(statement.get("Action"))]
        actions += [f"all but {flat(one)}" for one in _list(statement.get("NotAction"))]
        for action in actions:
            for resource in where:
                yield Grant(action, resource + suffix, denies=statement.get("Effect") == "Deny")


def grant_changes(before: Iterable[Grant], after: Iterable[Grant]) -> Iterator[Change]:
    """One change for each action that was allowed or denied otherwise."""
    old, new = _by_action(before), _by_action(after)
    for key in sorted({*old, *new}):
        had, has = old.get(key, frozenset()), new.get(key, frozenset())
        if had == has:
            continue
        action, denies = key
        effect = "deny" if denies else "allow"
        direction, reason = judge(f"presign_role.{effect}", _movement(had, has))
        yield Change(f"presign_role.{effect}[{action}]", sorted(had) or None, sorted(has) or None, direction, reason)


def _by_action(grants: Iterable[Grant]) -> dict[tuple[str, bool], frozenset[str]]:
    found: dict[tuple[str, bool], set[str]] = {}
    for grant in grants:
        found.setdefault((grant.action, grant.denies), set()).add(grant.resource)
    return {key: frozenset(resources) for key, resources in found.items()}


def _movement(had: frozenset[str], has: frozenset[str]) -> Movement:
    """Wider or narrower; where it isn't plain which, neither.

    Resources that took the place of others are wider where more of them match any key, or hold without a condition.
    """
    if had < has:
        return Movement.ADDED
    if has < had:
        return Movement.REMOVED
    before, after = _width(had), _width(has)
    if before == after:
        return Movement.CHANGED
    if all(new >= old for old, new in zip(before, after, strict=True)):
        return Movement.ADDED
    if all(new <= old for old, new in zip(before, after, strict=True)):
        return Movement.REMOVED
    return Movement.CHANGED


def _width(resources: frozenset[str]) -> tuple[int, int]:
    wild = sum("*" in one.replace("${*}", "") for one in resources)
    return wild, sum(" if {" not in one for one in resources)


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
