"""Which template of one side is which of the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Literal

from iot_jobs.environment import stack_name
from iot_jobs.review.side import Deployment, Template

Fate = Literal["added", "removed", "changed", "renamed"]


class Unmatched(ValueError):  # noqa: N818  # it reads as what it says
    """Two sides whose stacks can't be told to be the same."""


def pairs(base: Deployment, head: Deployment) -> Iterator[tuple[Fate, Template | None, Template | None]]:
    """Templates of two sides that are `aligned`, by stack and name, in the order of head, what was removed last.

    A template that is gone, and a new one in the same stack that emits the same, are one that was renamed.
    """
    old = {(one.stack, one.name): one for one in base.templates}
    new = {(one.stack, one.name): one for one in head.templates}
    gone = [one for key, one in old.items() if key not in new]
    for key, template in new.items():
        if key in old:
            yield "changed", old[key], template
            continue
        before = next((one for one in gone if one.stack == template.stack and one.content == template.content), None)
        if before is None:
            yield "added", None, template
        else:
            gone.remove(before)
            yield "renamed", before, template
    for template in gone:
        yield "removed", template, None


def aligned(base: Deployment, head: Deployment) -> tuple[Deployment, Deployment]:
    """Both sides with their stacks under the same names. Raises `Unmatched`."""
    return _same_kind(*_same_stack(base, head))


def _same_kind(base: Deployment, head: Deployment) -> tuple[Deployment, Deployment]:
    """What was synthesized has a stack for each account and region, where files have one for the environment."""
    kinds = {one.synthesized for side in (base, head) for one in side.templates}
    return (_by_environment(base), _by_environment(head)) if len(kinds) == 2 else (base, head)


def _by_environment(side: Deployment) -> Deployment:
    """The first of each environment's stacks, under the environment's name; what stands beside templates left out."""
    found: dict[tuple[str, str], Template] = {}
    for one in side.templates:
        stack = one.stack if one.environment is None else stack_name(one.environment)
        fleet = {path: value for path, value in one.settings.items() if path.startswith("environment.fleet.")}
        found.setdefault((stack, one.name), dataclasses.replace(one, stack=stack, settings=fleet))
    stacks = frozenset(stack for stack, _ in found)
    return dataclasses.replace(side, templates=tuple(found.values()), stacks=stacks)


def _same_stack(base: Deployment, head: Deployment) -> tuple[Deployment, Deployment]:
    """A template file on its own doesn't say which stack it is of: it is that of the other side."""
    if not (base.lone or head.lone):
        return base, head
    stacks = [sorted({one.stack for one in side.templates}) for side in (base, head)]
    if base.lone and head.lone:
        name = stacks[1][0] if stacks[1] else stacks[0][0] if stacks[0] else ""
        return _in_stack(base, name), _in_stack(head, name)
    lone, other = (base, head) if base.lone else (head, base)
    names = sorted({one.stack for one in other.templates})
    mine = next((one.stack for one in lone.templates), None)
    if mine in names or mine is None:
        name = str(mine)
    elif len(names) == 1:
        name = names[0]
    else:
        raise Unmatched(f"{lone.name} is one template, and {other.name} has several stacks: {', '.join(names)}")
    alone = dataclasses.replace(other, templates=tuple(one for one in other.templates if one.stack == name))
    lone = _in_stack(lone, name)
    return (lone, alone) if base.lone else (alone, lone)


def _in_stack(side: Deployment, name: str) -> Deployment:
    return dataclasses.replace(side, templates=tuple(dataclasses.replace(one, stack=name) for one in side.templates))
