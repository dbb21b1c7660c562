"""What a deployment does with a template, and the traps in which it ends."""

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
    """What CloudFormation does. Jobs that are running have a copy of everything, and go on as they began.

    `id_changes` is whether devices' jobs will be created from another template; `new_id` is None where that isn't known
    before synthesis, or there is none. `old` is what becomes of the template there was, None where there was none.
    `blocked` is the trap, None where there is none.
    """

    id_changes: bool
    old_id: Any
    new_id: Any
    old: OldFate | None
    parameter: str | None
    parameter_is: ParameterFate | None
    blocked: str | None = None


def deploy(fate: Fate, before: Template | None, after: Template | None, *, stack_gone: bool = False) -> Deploy:
    """What becomes of one template. A stack that is gone from the application isn't deployed, and stays as it is."""
    if before is not None and after is None and stack_gone:
        left: ParameterFate | None = "untouched" if before.parameter else None
        return Deploy(False, before.id, None, "untouched", before.parameter, left)
    moves = _moves(before, after)
    parameter = (after and after.parameter) or (before and before.parameter) or None
    return Deploy(
        id_changes=moves,
        old_id=before and before.id,
        new_id=after and after.id,
        old=_old(before, after, moves=moves),
        parameter=parameter,
        parameter_is=_parameter(before, after, moves=moves) if parameter else None,
        blocked=_blocked(fate, before, after),
    )


def _moves(before: Template | None, after: Template | None) -> bool:
    """Whether the id is another. Where nothing is synthesized, it moves with the content."""
    if before is None or after is None:
        return True
    if before.synthesized and after.synthesized:
        return bool(before.id != after.id)
    return (before.name, before.content) != (after.name, after.content)


def _old(before: Template | None, after: Template | None, *, moves: bool) -> OldFate | None:
    """Assumed: whether a replaced template stays is read from the new CloudFormation template."""
    if before is None:
        return None
    if after is None:
        return "kept" if before.kept_when_removed else "removed"
    if not moves:
        return "untouched"
    return "kept" if after.kept_when_replaced else "removed"


def _parameter(before: Template | None, after: Template | None, *, moves: bool) -> ParameterFate:
    if before is None or before.parameter is None:
        return "created"
    if after is None or after.parameter is None:
        return "removed"
    return "updated" if moves or before.parameter != after.parameter else "untouched"


def _blocked(fate: Fate, before: Template | None, after: Template | None) -> str | None:
    if after is None:
        return None
    if after.broken and (before is None or before.broken != after.broken or before.content != after.content):
        return f"it breaks {', '.join(after.broken)}, so that nothing of its stack is deployed; iot-jobs check says how"
    same_id = before is not None and fate == "changed" and after.id is not None and before.id == after.id
    if before is not None and same_id and before.content != after.content:  # the layout of a document is content too
        return (
            f"the content changes under the same id {_shown(after.id)}: CloudFormation creates the new template "
            "before it deletes the old one, and fails because the id is taken; change the id with it"
        )
    return _volatile(before, after)


def _volatile(before: Template | None, after: Template) -> str | None:
    """Tags that came with this change, and that will change with the next commit."""
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
