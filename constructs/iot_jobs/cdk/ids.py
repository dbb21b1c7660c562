"""Ids at synth: each is taken over what its template emits, after tags and aspects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import aws_cdk as cdk
import jsii
from constructs import Construct, IConstruct

from iot_jobs.cdk.l1 import JobTemplateResource
from iot_jobs.identity import METADATA, content_digest, emitted_digest, job_template_id
from iot_jobs.unresolved import holds_token

_CONSTRUCT_ID = "@iot-jobs"


@dataclass(eq=False)
class Template:
    """A template of a stack."""

    producer: cdk.IStableStringProducer
    """What the CDK asks for the id: its construct, because another object would take one more round trip."""
    name: str
    generation: int
    """Part of the id."""
    resources: int
    """The number of resources that are created with it and for it."""
    uploaded: str | None
    """The document that is uploaded with the app, whose URL differs from account to account."""
    metadata: Mapping[str, Any] | None
    """The resource's Metadata less the digest of the content. None: the id is the user's own, without a digest."""
    token: str | None = None
    """The resource's id until it is known."""
    resource: JobTemplateResource = field(init=False)
    arn: str = field(init=False)
    """A token."""


@dataclass(frozen=True)
class _AtSynth:
    unresolved: Mapping[str, Any]
    """The properties that a template emits, without the id; they may hold tokens."""
    properties: Mapping[str, Any]
    """The same with all tokens resolved."""
    job_template_id: str


@jsii.implements(cdk.IAspect)
class StackTemplates(Construct):
    """The job templates of one stack, as a child of that stack.

    Each id is a token of its own, which the CDK resolves once: in the preparation of a synth, when all aspects have
    been invoked and all tags are in place. Round trips to Node cost more than all else, so that the first token to be
    resolved reads all templates of the stack together, and the others find their ids here.

    What is read holds until the next synth: the preparation is the last round of changes, and after it the CDK only
    validates and renders (https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app). As its own
    aspect, this construct is visited in each synth of the app, and replaces the tokens that an earlier one resolved.
    """

    def __init__(self, stack: cdk.Stack) -> None:
        """Add it to the stack."""
        super().__init__(stack, _CONSTRUCT_ID)
        stack_name = stack.stack_name
        self.stack = stack
        self.name = stack.node.id if cdk.Token.is_unresolved(stack_name) else stack_name
        """The stack's name, or that of its construct where a parent stack makes one up."""
        self.location = (stack.account, stack.region)
        self.templates: list[Template] = []
        self.published: set[str] = set()
        """The names of the parameters with the current ARNs."""
        self._parameters: Construct | None = None
        self._visited = False
        self._read: dict[Template, _AtSynth] = {}
        self._resolved: set[Template] = set()
        """The templates whose tokens the CDK has resolved."""
        cdk.Aspects.of(self).add(self)

    @classmethod
    def of(cls, stack: cdk.Stack) -> StackTemplates:
        """Return that of a stack."""
        templates = _OF_STACK.get(stack)
        if templates is None:
            # For a stack that was not created in Python, jsii gives another object each time; the tree is the same.
            child = stack.node.try_find_child(_CONSTRUCT_ID)
            templates = _OF_STACK[stack] = child if isinstance(child, cls) else cls(stack)
        return templates

    def parameters(self) -> Construct:
        """Return the scope of the parameters.

        It is not their template: if that moves in the tree, its parameter must keep its logical id, or CloudFormation
        would create a second one of the same name. "Published" has always been part of these logical ids. The CDK
        leaves "Default" out of them, so that a stack may have a child "Published" of its own
        (https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.Stack.html, `allocateLogicalId`).
        """
        if self._parameters is None:
            self._parameters = _child(_child(self.stack, "Default"), "Published")
        return self._parameters

    def new_token(self, template: Template) -> str:
        """Return a new token for the id of a template."""
        template.token = cdk.Lazy.string(template.producer)
        return template.token

    def visit(self, node: IConstruct) -> None:  # noqa: ARG002  # it is this construct
        """Begin a synth. Called by the CDK."""
        if not self._visited:
            self._read.clear()  # by a token that was resolved before any synth
            self._visited = True
        resolved, self._resolved = self._resolved, set()
        for template in self.templates:
            if template in resolved and template.resource.job_template_id == template.token:  # else the user's own
                template.resource.job_template_id = self.new_token(template)

    def job_template_id(self, template: Template) -> str:
        """Return the id of a template, which the CDK keeps until the next synth."""
        self._prepare([template])
        self._resolved.add(template)
        return self._read[template].job_template_id

    def emitted(self) -> list[tuple[Template, Mapping[str, Any]]]:
        """Return each template with the properties that it emits, once the CDK has prepared the app."""
        self._prepare(self.templates)
        return [(template, self._read[template].properties) for template in self.templates]

    def _prepare(self, needed: Iterable[Template]) -> None:
        """Read all templates, if that wasn't done in this synth, or those that were added since."""
        if self._resolved:
            self._read_changed([template for template in needed if template not in self._read])
        else:
            self._read_changed(self.templates)

    def _read_changed(self, templates: Iterable[Template]) -> None:
        """Read templates, and resolve those that emit something else than before.

        The others keep their ids, for a reference to another stack is resolved once to what its author wrote, and
        later to an import, a parameter or an output.
        """
        contents = {template: template.resource.content() for template in templates}
        changed = {
            template: content
            for template, content in contents.items()
            if template not in self._read or self._read[template].unresolved != content
        }
        if changed:
            self._read |= self._at_synth(changed)

    def _at_synth(self, contents: Mapping[Template, dict[str, Any]]) -> dict[Template, _AtSynth]:
        """Resolve what templates emit, derive their ids, and write digests into the Metadata."""
        known = self.stack.stack_name
        # A nested stack's name is not known, but its path tells it from its siblings.
        stack_name = self.stack.node.path if cdk.Token.is_unresolved(known) else known
        # Only what holds a token takes the way to Node and back.
        unknown = [{key: value for key, value in one.items() if _holds_token(value)} for one in contents.values()]
        arns, late = self.stack.resolve([[template.arn for template in contents], unknown])
        read = {}
        for (template, content), arn, more in zip(contents.items(), arns, late, strict=True):
            properties = content | more
            new = job_template_id(
                template.name,
                emitted_digest(properties),
                stack_name=f"{stack_name}#{template.generation}" if template.generation else stack_name,
                logical_id=arn["Fn::GetAtt"][0],
            )
            read[template] = _AtSynth(content, properties, new)
            if template.metadata is not None:
                everywhere = {} if template.uploaded is None else {"DocumentSource": template.uploaded}
                digest = content_digest(properties | everywhere)
                template.resource.add_metadata(METADATA, {**template.metadata, "content": digest})
        return read


_OF_STACK: WeakKeyDictionary[cdk.Stack, StackTemplates] = WeakKeyDictionary()
"""Saves two round trips a template."""


def _child(scope: Construct, id: str) -> Construct:
    """Return the child of a scope, created where it isn't there yet."""
    child = scope.node.try_find_child(id)
    return child if isinstance(child, Construct) else Construct(scope, id)


def _holds_token(value: Any) -> bool:
    """Return whether a token is anywhere in a value."""
    if isinstance(value, dict):
        return any(map(_holds_token, value.values()))
    if isinstance(value, list | tuple):
        return holds_token(value) or any(map(_holds_token, value))
    return holds_token(value)
