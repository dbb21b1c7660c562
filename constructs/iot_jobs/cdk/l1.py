"""The L1 in a `JobTemplate`: it emits given properties exactly, and records later overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from aws_cdk.aws_iot import CfnJobTemplate
from constructs import Construct

from iot_jobs import JobTemplateSpec
from iot_jobs.cloudformation import properties
from iot_jobs.unresolved import is_intrinsic, known

_KEEPING = (cdk.RemovalPolicy.RETAIN, cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
_TYPED = ("JobExecutionsRetryConfig", "MaintenanceWindows", "Tags")
_CAPITAL = re.compile(r"(?<!^)[A-Z]")
_PERIOD = re.compile(r"(?<!\\)\.")


def emitted_properties(stack: cdk.Stack, spec: JobTemplateSpec) -> dict[str, Any]:
    """Return the properties; id and tags are known only at synthesis."""
    emitted = properties(spec)
    document = known(spec.document)
    if document is not None and document.holds_token and document.readable:
        # Quotes in a token's value must be escaped once it is known.
        emitted["Document"] = stack.to_json_string(_sorted(document.value))
    return emitted


def _sorted(value: Any) -> Any:
    """Return a document's value with its keys in canonical order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


class JobTemplateResource(CfnJobTemplate):
    """A `CfnJobTemplate` made from properties as CloudFormation spells them.

    The L1 wants the keys of four blocks capitalized, and emits them unchanged. It wants those of two blocks and of the
    tags in lower case, and capitalizes them. A block in the wrong case comes out empty or in the wrong case
    (aws/aws-cdk#32459).

    Overrides and assignments that come later, from an aspect or through `node.default_child`, are part of what is
    emitted, and so of the id.
    """

    keeps = False
    """Whether templates stay behind, when they are replaced and when they are removed from the stack."""

    def __init__(
        self, scope: Construct, id: str, properties: Mapping[str, Any], *, role: iam.CfnRole | None = None
    ) -> None:
        """Create it from all properties.

        A property that holds a function or a token object becomes an override, because the L1 takes only plain values.
        `role` was made for the template, and is kept with it.
        """
        self.given = properties
        self._role = role
        self._overrides: list[tuple[str, Any]] = []
        over = {key: value for key, value in properties.items() if not _is_plain(value)}
        arguments: dict[str, Any] = {"description": "-", "job_template_id": "-"}  # the L1 requires them
        for key, value in properties.items():
            if key not in over:
                arguments[_snake(key)] = _small(value) if key in _TYPED else value
        super().__init__(scope, id, **arguments)
        for key, value in over.items():
            self.add_override(f"Properties.{key}", value)

    def add_override(self, path: str, value: Any) -> None:
        """Override part of what is emitted. All other methods that override call this one."""
        self._overrides.append((path, value))
        super().add_override(path, value)

    def apply_removal_policy(
        self,
        policy: cdk.RemovalPolicy | None = None,
        *,
        apply_to_update_replace_policy: bool | None = None,
        default: cdk.RemovalPolicy | None = None,
    ) -> None:
        """Delete templates or keep them: all but the one of a failed first deployment, whose id would stay taken."""
        policy = policy or default or cdk.RemovalPolicy.RETAIN
        self.keeps = policy in _KEEPING
        super().apply_removal_policy(
            cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if self.keeps else policy,
            apply_to_update_replace_policy=apply_to_update_replace_policy,
        )
        if self.keeps and self._role is not None:
            self._role.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)

    def content(self) -> dict[str, Any]:
        """Return the properties as they are now, with tags and without the id. They may hold tokens."""
        now = {_capital(key): value for key, value in self._cfn_properties.items() if value is not None}
        current = {key: self._as_emitted(value) if key in _TYPED else value for key, value in now.items()}
        emptied = {key for key in _TYPED if current.get(key) == {}}
        for path, value in self._overrides:
            first, *rest = (part.replace("\\.", ".") for part in _PERIOD.split(path))
            if first == "Properties":
                current = _laid_over(current, rest, value)
        # The CDK drops what an override empties, but not what the L1 empties.
        return {
            key: value
            for key, value in current.items()
            if key != "JobTemplateId" and (value not in ({}, None) or (value == {} and key in emptied))
        }

    def _as_emitted(self, value: Any) -> Any:
        """Return what the L1 emits for a value in its own spelling: it drops keys in CloudFormation's spelling."""
        if not _is_plain(value):
            value = cdk.Stack.of(self).resolve(value)
        return value if is_intrinsic(value) else _capitalized(value)


class PublishedArn(ssm.CfnParameter):
    """The parameter with a template's current ARN.

    It is never kept: the next stack that publishes the template couldn't create it.
    """

    def apply_removal_policy(
        self,
        policy: cdk.RemovalPolicy | None = None,
        *,
        apply_to_update_replace_policy: bool | None = None,
        default: cdk.RemovalPolicy | None = None,
    ) -> None:
        """Leave it as it is."""


def _laid_over(below: Any, path: Sequence[str], value: Any) -> Any:
    """Return a value overridden by another as in the CDK: mappings merge, None removes, numbers index lists."""
    if path:
        first, rest = path[0], path[1:]
        if isinstance(below, list) and first.isdecimal() and int(first) < len(below):
            return [_laid_over(one, rest, value) if index == int(first) else one for index, one in enumerate(below)]
        below = below if isinstance(below, Mapping) and not is_intrinsic(below) else {}
        merged = {**below, first: _laid_over(below.get(first), rest, value)}
    elif isinstance(value, Mapping) and isinstance(below, Mapping) and not (is_intrinsic(value) or is_intrinsic(below)):
        merged = {**below, **{key: _laid_over(below.get(key), (), item) for key, item in value.items()}}
    else:
        return value
    return {key: item for key, item in merged.items() if item is not None}


def _is_plain(value: Any) -> bool:
    """Return whether a value holds neither an intrinsic function nor a token that is an object."""
    if isinstance(value, dict):
        return not is_intrinsic(value) and all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, str | int | float)


def _small(value: Any) -> Any:
    """Return a value with the first letter of each key in lower case."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _small(item) for key, item in value.items()}
    return [_small(item) for item in value] if isinstance(value, list | tuple) else value


def _capitalized(value: Any) -> Any:
    """Return a value with the first letter of each key capitalized, without the keys that already begin with one."""
    if isinstance(value, dict):
        return {_capital(key): _capitalized(item) for key, item in value.items() if not key[:1].isupper()}
    return [_capitalized(item) for item in value] if isinstance(value, list | tuple) else value


def _snake(key: str) -> str:
    return _CAPITAL.sub(r"_\g<0>", key).lower()


def _capital(key: str) -> str:
    return key[0].upper() + key[1:]
