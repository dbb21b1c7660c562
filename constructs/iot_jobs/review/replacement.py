"""The effect of a deployment on a template, and what blocks the deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from iot_jobs.review.match import Fate
from iot_jobs.review.side import Template
from iot_jobs.unresolved import known
from iot_jobs.volatile_tags import VOLATILE, volatile_tag

OldFate = Literal["removed", "kept", "untouched"]
ParameterFate = Literal["created", "updated", "removed", "untouched"]


@dataclass(frozen=True)
class Deploy:
    """The effect of a deployment. Jobs in progress have a copy of everything, and continue unchanged.

    `id_changes` says whether devices' jobs will be created from another template. `new_id` is None if there is none, or
    if it isn't known before synthesis. `old` is what happens to the old template, None if there was none. `blocked`
    says why the deployment is blocked, None if it isn't.
    """

    id_changes: bool
    old_id: Any
    new_id: Any
    old: OldFate | None
    parameter: str | None
    parameter_is: ParameterFate | None
    blocked: str | None = None
    after_stack: str | None = None
    """The stack that must be deployed or deleted before, because it publishes the same parameter today."""


def deploy(
    fate: Fate,
    before: Template | None,
    after: Template | None,
    *,
    stack_gone: bool = False,
    after_stack: str | None = None,
) -> Deploy:
    """Return the effect on one template. A stack that is gone from the application stays as it is, not deployed."""
    if before is not None and after is None and stack_gone:
        left: ParameterFate | None = "untouched" if before.parameter else None
        return Deploy(False, before.id, None, "untouched", before.parameter, left)
    id_changes = _id_changes(before, after)
    parameter = (after and after.parameter) or (before and before.parameter) or None
    return Deploy(
        id_changes=id_changes,
        old_id=before and before.id,
        new_id=after and after.id,
        old=_old(before, after, id_changes=id_changes),
        parameter=parameter,
        parameter_is=_parameter(before, after, id_changes=id_changes) if parameter else None,
        blocked=_blocked(fate, before, after),
        after_stack=after_stack,
    )


def _id_changes(before: Template | None, after: Template | None) -> bool:
    """Return whether the id changes. Without synthesis, it changes with the content."""
    if before is None or after is None:
        return True
    if before.synthesized and after.synthesized:
        return bool(before.id != after.id)
    return (before.name, before.content) != (after.name, after.content)


def _old(before: Template | None, after: Template | None, *, id_changes: bool) -> OldFate | None:
    """Return what happens to the old template. Assumed: the new template decides whether a replaced one is kept."""
    if before is None:
        return None
    if after is None:
        return "kept" if before.kept_when_removed else "removed"
    if not id_changes:
        return "untouched"
    return "kept" if after.kept_when_replaced else "removed"


def _parameter(before: Template | None, after: Template | None, *, id_changes: bool) -> ParameterFate:
    if before is None or before.parameter is None:
        return "created"
    if after is None or after.parameter is None:
        return "removed"
    return "updated" if id_changes or before.parameter != after.parameter else "untouched"


def _blocked(fate: Fate, before: Template | None, after: Template | None) -> str | None:
    if after is None:
        return None
    if after.broken and (before is None or before.broken != after.broken or before.content != after.content):
        return f"it breaks {', '.join(after.broken)}, so its stack can't be deployed; run iot-jobs check"
    same_id = before is not None and fate == "changed" and after.id is not None and before.id == after.id
    if before is not None and same_id and before.content != after.content:  # the layout of a document is content too
        return (
            f"the content changes under the same id {_shown(after.id)}: CloudFormation creates the new template "
            "before it deletes the old one, and fails because the id is taken; change the id too"
        )
    return _volatile(before, after)


def _volatile(before: Template | None, after: Template) -> str | None:
    """Return what is wrong with a tag that came with this change and will change with the next commit."""
    if VOLATILE.code in after.acknowledged:
        return None
    old = known(before.spec.tags) if before is not None else {}
    for key, value in (known(after.spec.tags) or {}).items():
        if (old or {}).get(key) != value and volatile_tag(key, known(value)):
            return (
                f"the tag {key} changes with each build, and replaces the template on every deployment; "
                "keep it off job templates"
            )
    return None


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "(a CloudFormation function)"
