"""Ids at synth: taken over what is emitted, after tags and aspects, for all templates of a stack together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aws_cdk as cdk
import jsii
from constructs import Construct

from iot_jobs.cdk.resource import JobTemplateResource
from iot_jobs.identity import METADATA, content_digest, emitted_digest, job_template_id
from iot_jobs.unresolved import holds_token

_ATTRIBUTE = "_iot_jobs_ids"
_NOT_YET = "(set at synth)"


@dataclass(frozen=True)
class Template:
    """A template of a stack. `arn` is a token; `generation` is part of the id, None where the id is the user's own."""

    name: str
    emitted: Mapping[str, Any]
    resource: JobTemplateResource
    arn: str
    metadata: Mapping[str, Any]
    generation: int | None
    resources: int
    """How many resources were made with it and for it."""
    uploaded: str | None = None
    """The document that is uploaded with the app, whose URL differs from account to account."""

    def digest(self, content: Mapping[str, Any]) -> str:
        """The digest of what it emits as content, the same in every environment."""
        return content_digest(content if self.uploaded is None else {**content, "DocumentSource": self.uploaded})


@dataclass(eq=False)
class StackIds:
    """The job templates of one stack.

    Round trips to Node cost more than all else, so that one hook sets all ids: the first template's id is a token, and
    the CDK asks for its value before it synthesizes, each time that it does. It asks while it looks for references
    between stacks, when all tags and aspects are in place, and throws the answer away; by the time that it synthesizes,
    every id is a plain text.
    """

    stack: cdk.Stack
    templates: list[Template] = field(default_factory=list)
    name: str = ""
    """The stack's name, or that of its construct where a parent stack makes one up."""
    contents: list[dict[str, Any]] | None = None
    """What each template emits less its id, once that is known."""
    published: set[str] = field(default_factory=set)
    """The names of the parameters with the current ARNs."""
    _parameters: Construct | None = None
    _hooked: JobTemplateResource | None = None
    _hooked_id: str | None = None

    @classmethod
    def of(cls, stack: cdk.Stack) -> StackIds:
        """The one of a stack."""
        found: StackIds | None = getattr(stack, _ATTRIBUTE, None)
        if found is None:
            known = stack.stack_name
            found = cls(stack, name=stack.node.id if cdk.Token.is_unresolved(known) else known)
            setattr(stack, _ATTRIBUTE, found)
        return found

    def parameters(self) -> Construct:
        """Where the parameters stand: not with their templates, for one that moves in the tree must not ask twice."""
        if self._parameters is None:
            self._parameters = Construct(self.stack, "Published")
        return self._parameters

    def next_id(self) -> str:
        """The id for the next template to be made with: the hook for the first, and none yet for the others."""
        return cdk.Lazy.uncached_string(_Hook(self)) if self._hooked is None else _NOT_YET

    def add(self, template: Template) -> None:
        """Set this template's id at synth, if it isn't the user's own."""
        self.templates.append(template)
        if self._hooked is None and template.generation is not None:
            self._hooked = template.resource

    def resolve(self) -> list[tuple[str, dict[str, Any]]]:
        """Of each template the logical id, and what it emits less its id, with nothing left to resolve."""
        contents = [one.resource.content() for one in self.templates]
        # What is known already doesn't take the way to Node and back.
        unknown = [{key: value for key, value in one.items() if _holds_token(value)} for one in contents]
        resolved = self.stack.resolve([[one.arn for one in self.templates], unknown])
        arns, late = resolved
        self.contents = [known | more for known, more in zip(contents, late, strict=True)]
        return [(arn["Fn::GetAtt"][0], one) for arn, one in zip(arns, self.contents, strict=True)]

    def set_all(self) -> None:
        """Digest what is emitted, and set the ids of all templates."""
        known = self.stack.stack_name
        # A nested stack's name is not known, but its path tells it from its siblings.
        stack_name = self.stack.node.path if cdk.Token.is_unresolved(known) else known
        for one, (logical_id, content) in zip(self.templates, self.resolve(), strict=True):
            one.resource.add_metadata(METADATA, {**one.metadata, "content": one.digest(content)})
            if one.generation is None:
                continue
            digest = emitted_digest(content)
            salt = f"{stack_name}#{one.generation}" if one.generation else stack_name
            new = job_template_id(one.name, digest, stack_name=salt, logical_id=logical_id)
            if one.resource is self._hooked:
                self._hooked_id = new
            else:
                one.resource.job_template_id = new

    def hooked_id(self, *, preparing: bool) -> str:
        """The first template's id; before synthesis it also sets those of the others."""
        if preparing:
            self.set_all()
        if self._hooked_id is None:
            raise RuntimeError("job template ids are asked for before the CDK has prepared the app; synthesize first")
        return self._hooked_id


@jsii.implements(cdk.IStringProducer)
class _Hook:
    def __init__(self, ids: StackIds) -> None:
        self._ids = ids

    def produce(self, context: cdk.IResolveContext) -> str:
        """The first template's id."""
        return self._ids.hooked_id(preparing=context.preparing)


def _holds_token(value: Any) -> bool:
    """Whether a token is anywhere in a value."""
    if isinstance(value, Mapping):
        return any(map(_holds_token, value.values()))
    if isinstance(value, list | tuple):
        return holds_token(value) or any(map(_holds_token, value))
    return holds_token(value)
