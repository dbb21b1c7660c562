"""`StableTags`: an aspect that removes tags that change with each build from job templates and stacks."""

from __future__ import annotations

from collections.abc import Collection

import aws_cdk as cdk
import jsii
from aws_cdk.aws_iot import CfnJobTemplate
from constructs import IConstruct

from iot_jobs.volatile_tags import volatile_tag

_PRIORITY = 2**31 - 1
"""Above the priority of any tag, so that removed ones stay removed."""


@jsii.implements(cdk.IAspect)
class StableTags:
    """An aspect that removes volatile tags (a commit, a build number, a timestamp) from job templates and stacks.

    Every property of a job template is create-only, including tags: such a tag on the whole app would replace every
    template with every build. CloudFormation also adds a stack's tags to its resources. Other resources keep theirs.
    """

    def __init__(self, *, only: Collection[str] | None = None) -> None:
        """Keep only tags with the keys in `only`, volatile or not. None: remove only volatile tags."""
        self._only = None if only is None else frozenset(only)

    @classmethod
    def add_to(cls, stack: cdk.Stack, *, only: Collection[str] | None = None) -> None:
        """Remove volatile tags in a stack, after all other aspects have added theirs."""
        cdk.Aspects.of(stack).add(cls(only=only), priority=cdk.AspectPriority.READONLY)

    def visit(self, node: IConstruct) -> None:
        """Remove the volatile tags of one construct."""
        if not isinstance(node, cdk.Stack | CfnJobTemplate):
            return
        for key, value in node.tags.tag_values().items():
            if volatile_tag(key, value) if self._only is None else key not in self._only:
                node.tags.remove_tag(key, _PRIORITY)
