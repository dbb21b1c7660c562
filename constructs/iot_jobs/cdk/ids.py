"""Ids at synthesis: each is derived from what its template emits, and from what is known about the references in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import aws_cdk as cdk
import jsii
from constructs import Construct, IConstruct

from iot_jobs import JobTemplateSpec
from iot_jobs.cdk.l1 import JobTemplateResource
from iot_jobs.cdk.references import References
from iot_jobs.cdk.tokens import within
from iot_jobs.identity import METADATA, content_digest, emitted_digest, job_template_id

_CONSTRUCT_ID = "@iot-jobs"


@dataclass(eq=False)
class Template:
    """A template of a stack."""

    name: str
    spec: JobTemplateSpec
    """The spec as the construct checked it."""
    generation: int
    """Part of the id."""
    resources: int
    """The number of resources that are created with it and for it."""
    published: str | None
    """The name of the parameter that holds its ARN."""
    uploaded: str | None
    """The document that is uploaded with the app, whose URL differs from account to account."""
    metadata: Mapping[str, Any] | None
    """The resource's Metadata without the digest of the content. None: the user set the id, and there is no digest."""
    resource: JobTemplateResource = field(init=False)
    arn: str = field(init=False)
    """A token."""


@dataclass(frozen=True)
class Emitted:
    """What a template emits."""

    properties: Mapping[str, Any]
    """Without the id, and with all tokens resolved."""
    known_later: tuple[str, ...]
    """Names of the values in it that only CloudFormation will know."""
    job_template_id: str


@jsii.implements(cdk.IAspect)
class StackTemplates(Construct):
    """The job templates of one stack, as a child of that stack.

    The CDK asks for each id whenever it looks at the template: first for the references in it, which it then turns into
    imports, parameters and outputs, and last to render it
    (https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-app). Only then is the template final, and
    the id is computed. Round trips to Node cost more than anything else, so the first template to be rendered reads all
    of its stack, and the CDK is asked for its phase only if that isn't clear. It prepares a synthesis before rendering,
    and validates in between, but nested stacks are rendered before validation, and validation can be skipped.
    """

    def __init__(self, stack: cdk.Stack) -> None:
        """Add it to the stack."""
        super().__init__(stack, _CONSTRUCT_ID)
        self.stack = stack
        self.location = (stack.account, stack.region)
        self.templates: list[Template] = []
        parent = stack.nested_stack_parent
        self.top: StackTemplates = self if parent is None else StackTemplates.of(parent).top
        """The templates of the top-level stack around a nested stack; otherwise itself."""
        name = self.top.stack.stack_name
        self.name = self.top.stack.node.id if cdk.Token.is_unresolved(name) else name
        """The stack's name; for a nested stack the names on its path, because CloudFormation generates its name."""
        if self.top is not self:
            self.name += stack.node.path.removeprefix(self.top.stack.node.path).replace("/", "-")
        self.published: set[str] = set()
        """The names of the parameters of a top-level stack."""
        self.parameters = _child(_child(self.top.stack, "Default"), "Published")
        """The scope of the parameters with the current ARNs. It is not the template's own scope.

        If a template moves in its stack or into a nested one, its parameter must keep its logical id, or CloudFormation
        would create a second one of the same name. "Published" has always been part of these logical ids. The CDK
        leaves "Default" out of them, so that a stack can have another child "Published"
        (https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.Stack.html, `allocateLogicalId`).
        """
        self.validated = False
        """Whether the CDK has prepared the synthesis, and so only renders from now on."""
        self._begun = False
        self._prepared: set[Template] = set()
        self._emitted: dict[Template, Emitted] = {}
        cdk.Aspects.of(self).add(self)

    @classmethod
    def of(cls, stack: cdk.Stack) -> StackTemplates:
        """Return the templates of a stack."""
        templates = _OF_STACK.get(stack)
        if templates is None:
            # For a stack that was not created in Python, jsii returns another object each time; the tree is the same.
            child = stack.node.try_find_child(_CONSTRUCT_ID)
            templates = _OF_STACK[stack] = child if isinstance(child, cls) else cls(stack)
        return templates

    def visit(self, node: IConstruct) -> None:  # noqa: ARG002  # it is this construct
        """Begin a synthesis. Called by the CDK, as an aspect."""
        self._begun, self._prepared, self._emitted, self.validated = True, set(), {}, False

    def job_template_id(self, template: Template, context: cdk.IResolveContext) -> str:
        """Return the id of a template, or any text while the CDK only looks for references."""
        is_first = self._begun and template not in self._prepared
        self._prepared.add(template)
        if self.validated or not (is_first or context.preparing):
            return self.emitted(template).job_template_id
        self._emitted = {}
        return template.name

    def present(self) -> list[Template]:
        """Return the templates that are in the tree, once the CDK has prepared a synthesis."""
        return [one for one in self.templates if one in self._prepared or _is_in_tree(one.resource)]

    def emitted(self, template: Template) -> Emitted:
        """Return what a template emits now, or emitted when the CDK rendered the first template of the stack."""
        if template not in self._emitted:
            self._read()
        return self._emitted[template]

    def _read(self) -> None:
        """Resolve what all templates emit, derive their ids, and write digests into the Metadata."""
        contents = {one: one.resource.content() for one in self.templates}
        # Only values that hold a token make the round trip to Node.
        late = [{key: value for key, value in one.items() if within(value)} for one in contents.values()]
        arns, resolved = self.stack.resolve([[one.arn for one in contents], late])
        properties = {one: contents[one] | more for one, more in zip(contents, resolved, strict=True)}
        logical_ids = {one: arn["Fn::GetAtt"][0] for one, arn in zip(contents, arns, strict=True)}
        known = self.stack.stack_name
        # A nested stack's name is not known, but its path distinguishes it from its siblings.
        stack_name = self.stack.node.path if cdk.Token.is_unresolved(known) else known

        def take(template: Template) -> str:
            """Return an id, which covers the ids of the templates that this one refers to."""
            if template not in self._emitted:
                mine = properties[template]
                self._emitted[template] = Emitted(mine, (), "")  # ends a cycle, which CloudFormation refuses
                behind, known_later = references.behind(mine)
                new = job_template_id(
                    template.name,
                    emitted_digest(mine, behind),
                    stack_name=f"{stack_name}#{template.generation}" if template.generation else stack_name,
                    logical_id=logical_ids[template],
                )
                self._emitted[template] = Emitted(mine, known_later, new)
            return self._emitted[template].job_template_id

        ours = {one.resource: one for one in self.templates if one.metadata is not None}
        references = References(self.stack, lambda resource: take(ours[resource]) if resource in ours else None)
        for template in self.templates:
            take(template)
            if template.metadata is not None:
                everywhere = {} if template.uploaded is None else {"DocumentSource": template.uploaded}
                digest = content_digest(properties[template] | everywhere)
                template.resource.add_metadata(METADATA, {**template.metadata, "content": digest})


_OF_STACK: WeakKeyDictionary[cdk.Stack, StackTemplates] = WeakKeyDictionary()
"""Saves two round trips a template."""


def _child(scope: Construct, id: str) -> Construct:
    """Return the child of a scope, and create it if it is missing."""
    child = scope.node.try_find_child(id)
    return child if isinstance(child, Construct) else Construct(scope, id)


def _is_in_tree(construct: IConstruct) -> bool:
    """Return whether neither a construct nor any of its scopes was removed."""
    scopes = construct.node.scopes
    return all(above.node.try_find_child(one.node.id) for above, one in pairwise(scopes))
