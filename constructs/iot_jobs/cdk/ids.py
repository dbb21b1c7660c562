"""Ids at synth: taken over what is emitted, after tags and aspects, for all templates of a stack together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk.aws_iot import CfnJobTemplate

from iot_jobs.identity import content_digest, job_template_id

METADATA = "iot-jobs"
"""The key of what we write into a resource's Metadata, which replaces nothing."""

_ATTRIBUTE = "_iot_jobs_ids"
_NOT_YET = "(set at synth)"


@dataclass(frozen=True)
class _Template:
    """A template whose id moves with its content, `generation` included. `logical_id` is a token."""

    name: str
    emitted: dict[str, Any]
    resource: CfnJobTemplate
    logical_id: str
    metadata: dict[str, Any]
    generation: int


@dataclass(eq=False)
class StackIds:
    """The job templates of one stack that have no id of their own.

    Round trips to Node cost more than all else, so that one hook sets all ids: the first template's id is a token, and
    the CDK asks for its value before it synthesizes, each time that it does. It asks while it looks for references
    between stacks, when all tags and aspects are in place, and throws the answer away; by the time that it synthesizes,
    every id is a plain text.
    """

    stack: cdk.Stack
    templates: list[_Template] = field(default_factory=list)
    first_id: str | None = None

    @classmethod
    def of(cls, stack: cdk.Stack) -> StackIds:
        """The one of a stack."""
        found: StackIds | None = getattr(stack, _ATTRIBUTE, None)
        if found is None:
            found = cls(stack)
            setattr(stack, _ATTRIBUTE, found)
        return found

    def next_id(self) -> str:
        """The id for the next template to be made with: the hook for the first, and none yet for the others."""
        return _NOT_YET if self.templates else cdk.Lazy.uncached_string(_Hook(self))

    def add(
        self, resource: CfnJobTemplate, *, name: str, emitted: dict[str, Any], metadata: dict[str, Any], generation: int
    ) -> None:
        """Set this template's id at synth."""
        self.templates.append(_Template(name, emitted, resource, resource.logical_id, metadata, generation))

    def set_all(self) -> None:
        """Resolve, digest and set the ids of all templates."""
        contents = [
            {"logical_id": one.logical_id, "emitted": one.emitted, "tags": one.resource.tags.render_tags()}
            for one in self.templates
        ]
        known = self.stack.stack_name
        # A nested stack's name is not known, but its path tells it from its siblings.
        stack_name = self.stack.node.path if cdk.Token.is_unresolved(known) else known
        resolved = self.stack.resolve(contents)
        for one, content in zip(self.templates, resolved, strict=True):
            # jsii spells the keys of a struct in small letters; CloudFormation gets them in capitals.
            tags = [{"Key": tag["key"], "Value": tag["value"]} for tag in content.get("tags") or ()]
            properties = content["emitted"] | ({"Tags": tags} if tags else {})
            salt = f"{stack_name}#{one.generation}" if one.generation else stack_name
            new = job_template_id(one.name, properties, stack_name=salt, logical_id=content["logical_id"])
            one.resource.add_metadata(METADATA, one.metadata | {"content": content_digest(properties)})
            if one is self.templates[0]:
                self.first_id = new
            else:
                one.resource.job_template_id = new


@jsii.implements(cdk.IStringProducer)
class _Hook:
    def __init__(self, ids: StackIds) -> None:
        self._ids = ids

    def produce(self, context: cdk.IResolveContext) -> str:
        """The first template's id; before synthesis it also sets those of the others."""
        if context.preparing:
            self._ids.set_all()
        if self._ids.first_id is None:
            raise RuntimeError("job template ids are asked for before the CDK has prepared the app; synthesize first")
        return self._ids.first_id
