"""The matching of one side's templates with the other's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Literal

from iot_jobs.environment import stack_name
from iot_jobs.review.side import Deployment, Template

Fate = Literal["added", "removed", "changed", "renamed"]


class Unmatched(ValueError):  # noqa: N818  # it reads well without a suffix
    """Two sides whose stacks can't be matched."""


def pairs(base: Deployment, head: Deployment) -> Iterator[tuple[Fate, Template | None, Template | None]]:
    """Yield pairs of templates of two `aligned` sides by stack and name, in the order of head, removed ones last.

    A removed template and an added one in the same stack with the same content count as renamed.
    """
    old = {(template.stack, template.name): template for template in base.templates}
    new = {(template.stack, template.name): template for template in head.templates}
    gone = [template for key, template in old.items() if key not in new]
    for key, template in new.items():
        if key in old:
            yield "changed", old[key], template
            continue
        same = (other for other in gone if other.stack == template.stack and other.content == template.content)
        before = next(same, None)
        if before is None:
            yield "added", None, template
        else:
            gone.remove(before)
            yield "renamed", before, template
    for template in gone:
        yield "removed", template, None


def aligned(base: Deployment, head: Deployment) -> tuple[Deployment, Deployment]:
    """Return both sides with the same names for their stacks. Raises `Unmatched`."""
    return _same_kind(*_same_stack(base, head))


def _same_kind(base: Deployment, head: Deployment) -> tuple[Deployment, Deployment]:
    """If one side is synthesized and one is files, reduce both to one stack for each environment, as files have."""
    kinds = {template.synthesized for side in (base, head) for template in side.templates}
    return (_by_environment(base), _by_environment(head)) if len(kinds) == 2 else (base, head)


def _by_environment(side: Deployment) -> Deployment:
    """Return the first of each environment's stacks, under the environment's name. Of the settings, keep the fleet."""
    templates: dict[tuple[str, str], Template] = {}
    for template in side.templates:
        stack = template.stack if template.environment is None else stack_name(template.environment)
        fleet = {path: value for path, value in template.settings.items() if path.startswith("environment.fleet.")}
        templates.setdefault((stack, template.name), dataclasses.replace(template, stack=stack, settings=fleet))
    stacks = frozenset(stack for stack, _ in templates)
    return dataclasses.replace(side, templates=tuple(templates.values()), stacks=stacks)


def _same_stack(base: Deployment, head: Deployment) -> tuple[Deployment, Deployment]:
    """Put a single template file, which doesn't name its stack, into the stack of the other side."""
    if not (base.lone or head.lone):
        return base, head
    stacks = [sorted({template.stack for template in side.templates}) for side in (base, head)]
    if base.lone and head.lone:
        name = stacks[1][0] if stacks[1] else stacks[0][0] if stacks[0] else ""
        return _in_stack(base, name), _in_stack(head, name)
    lone, other = (base, head) if base.lone else (head, base)
    names = sorted({template.stack for template in other.templates})
    mine = next((template.stack for template in lone.templates), None)
    if mine in names or mine is None:
        name = str(mine)
    elif len(names) == 1:
        name = names[0]
    else:
        raise Unmatched(f"{lone.name} is one template, but {other.name} has several stacks: {', '.join(names)}")
    templates = tuple(template for template in other.templates if template.stack == name)
    alone = dataclasses.replace(other, templates=templates)
    lone = _in_stack(lone, name)
    return (lone, alone) if base.lone else (alone, lone)


def _in_stack(side: Deployment, name: str) -> Deployment:
    templates = tuple(dataclasses.replace(template, stack=name) for template in side.templates)
    return dataclasses.replace(side, templates=templates)
