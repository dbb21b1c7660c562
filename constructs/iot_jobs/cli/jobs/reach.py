"""The targets of a job, found in AWS, and the things behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from iot_jobs.cli.errors import CannotRun
from iot_jobs.cli.runtime import counted
from iot_jobs.jobs import Target, parse_target

if TYPE_CHECKING:
    from iot_jobs.aws import Aws


def found_targets(aws: Aws, names: Sequence[str]) -> list[Target]:
    """Return the targets of these names, each with its ARN. Raises `CannotRun` for one that isn't there, or is both."""
    return [_found(aws, target) for target in map(parse_target, names)]


def count_things(aws: Aws, targets: Sequence[Target]) -> int:
    """Return how many different things the targets have, groups with those below them."""
    things = {target.name for target in targets if target.kind == "thing"}
    for target in targets:
        if target.kind == "thinggroup":
            things.update(counted(aws.things_in(target), f"things in {target.name}"))
    return len(things)


def _found(aws: Aws, target: Target) -> Target:
    """Return the target with its ARN, after looking it up: AWS refuses a target that doesn't exist."""
    thing = aws.thing_arn(target.name) if target.kind in ("thing", None) else None
    group = aws.group_arn(target.name) if target.kind in ("thinggroup", None) else None
    if thing is not None and group is not None:
        name = target.name
        raise CannotRun(f"{name} is both a thing and a thing group: write thing/{name} or group/{name}")
    arn = thing or group
    if arn is None:
        raise CannotRun(
            f"there is no {target if target.kind else f'thing or thing group {target.name}'} in {aws.region}"
        )
    if target.arn is not None and target.arn != arn:
        raise CannotRun(f"{target.arn} is in another account or region; here it is {arn}")
    return Target(target.name, "thing" if thing else "thinggroup", arn)
