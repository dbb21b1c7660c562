"""The closed table of directions: whether each kind of change is riskier, safer or neutral, and why.

A change is riskier if, as a rule, a bad release can reach more things before it is stopped, or if somebody can do more.
The reasons are about the setting. What it makes of a fleet is in the figures of the forecast, which know its size,
rates and windows.
"""

from __future__ import annotations

from enum import StrEnum

from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE


class Direction(StrEnum):
    """The direction of a change. `unknown` is that of a value which can't be compared."""

    RISKIER = "riskier"
    UNKNOWN = "unknown"
    SAFER = "safer"
    NEUTRAL = "neutral"

    @property
    def mirrored(self) -> Direction:
        """The direction of the opposite change."""
        return _MIRROR.get(self, self)


_MIRROR = {Direction.RISKIER: Direction.SAFER, Direction.SAFER: Direction.RISKIER}


class Movement(StrEnum):
    """The movement of a value. `raised` and `lowered` are for numbers and sizes."""

    ADDED = "added"
    REMOVED = "removed"
    RAISED = "raised"
    LOWERED = "lowered"
    CHANGED = "changed"


Judgement = tuple[Direction, str]


def judge(kind: str, movement: Movement) -> Judgement:
    """Return direction and reason. `kind` is a path without the names of list items.

    In a document it is `document`, or `document.` with one of the few keys that have a direction.
    """
    return TABLE[kind, movement]


AT_DEPLOYMENT = "not compared: only known at deployment"
BROKEN = "not compared: breaks a rule, run iot-jobs check"
COPIED = "not compared: an absent value is copied from the job that job_arn names, which is not known here"


def not_compared(kind: str, reason: str) -> Judgement:
    """Return the judgement of a value that can't be compared: neutral only if every change of the kind is."""
    directions = {
        direction for (other, _), (direction, _) in TABLE.items() if other == kind or other.startswith(f"{kind}.")
    }
    return (Direction.NEUTRAL if directions == {Direction.NEUTRAL} else Direction.UNKNOWN), reason


TABLE: dict[tuple[str, Movement], Judgement] = {}


def _opposed(kind: str, up: Movement, why_up: str, why_down: str) -> None:
    """Add a riskier change, and its opposite as safer."""
    TABLE[kind, up] = (Direction.RISKIER, why_up)
    TABLE[kind, _BACK[up]] = (Direction.SAFER, why_down)


def _neutral(kind: str, why: str, *movements: Movement) -> None:
    for movement in movements:
        TABLE[kind, movement] = (Direction.NEUTRAL, why)


_BACK = {
    Movement.ADDED: Movement.REMOVED,
    Movement.REMOVED: Movement.ADDED,
    Movement.RAISED: Movement.LOWERED,
    Movement.LOWERED: Movement.RAISED,
}
_ALL = tuple(Movement)
_SETS = (Movement.ADDED, Movement.REMOVED, Movement.CHANGED)

_RATE = "rollout.exponential_rate"
_opposed(
    "rollout.maximum_per_minute",
    Movement.RAISED,
    "more things may be notified in a minute",
    "fewer things may be notified in a minute",
)
_neutral(
    "rollout.maximum_per_minute",
    f"the default is {DEFAULT_MAXIMUM_PER_MINUTE} things per minute",
    Movement.ADDED,
    Movement.REMOVED,
)
_opposed(
    _RATE,
    Movement.REMOVED,
    "no slow start: the rollout starts at its maximum rate",
    "a slow start: the rollout starts at its base rate",
)
_opposed(f"{_RATE}.base_rate_per_minute", Movement.RAISED, "a faster start", "a slower start")
_opposed(f"{_RATE}.increment_factor", Movement.RAISED, "the rate rises more steeply", "the rate rises less steeply")
_CRITERIA = f"{_RATE}.rate_increase_criteria"
for _counted in ("number_of_notified_things", "number_of_succeeded_things"):
    _opposed(
        f"{_CRITERIA}.{_counted}",
        Movement.LOWERED,
        "the rate rises after fewer things",
        "the rate rises after more things",
    )
# Raised here: from things that succeeded to things that were notified.
_opposed(
    _CRITERIA,
    Movement.RAISED,
    "the rate rises even while the release fails",
    "the rate rises only if the release succeeds",
)
_opposed(
    "abort.criteria",
    Movement.REMOVED,
    "one fewer criterion can abort the rollout",
    "one more criterion can abort the rollout, of a healthy release too",
)
_opposed(
    "abort.criteria.threshold_percentage",
    Movement.RAISED,
    "a larger share of executions must fail before the rollout is aborted",
    "a smaller share of failures aborts the rollout, of a healthy release too",
)
_opposed(
    "abort.criteria.min_number_of_executed_things",
    Movement.RAISED,
    "more executions must complete before the rollout can be aborted",
    "fewer executions must complete before the rollout can be aborted, of a healthy release too",
)
_neutral("abort.criteria.action", "AWS has only one action", Movement.CHANGED)
_RETRIES = "the number of retries changes; each retry is an execution"
_neutral("retry.criteria", _RETRIES, Movement.ADDED, Movement.REMOVED)
_neutral("retry.criteria.number_of_retries", _RETRIES, Movement.RAISED, Movement.LOWERED)
_opposed(
    "timeout.in_progress_timeout_in_minutes",
    Movement.RAISED,
    "hanging executions time out later, and count towards the abort later",
    "hanging executions time out earlier, and count towards the abort earlier; slow devices may be cut off",
)
TABLE["timeout.in_progress_timeout_in_minutes", Movement.REMOVED] = (
    Direction.RISKIER,
    "hanging executions never time out, and never count towards the abort",
)
TABLE["timeout.in_progress_timeout_in_minutes", Movement.ADDED] = (
    Direction.SAFER,
    "hanging executions time out, and count towards the abort",
)
_opposed(
    "presigned_url.expires_in_sec",
    Movement.RAISED,
    "a leaked URL can be used for longer",
    "a leaked URL can be used for less time; slow downloads may be cut off",
)
_neutral("presigned_url.expires_in_sec", "added or removed with the role", Movement.ADDED, Movement.REMOVED)
_neutral("presigned_url.role_arn", "another role signs URLs; compare its permissions", *_SETS)
_opposed(
    "maintenance_windows",
    Movement.REMOVED,
    "devices may be disturbed at any time",
    "devices may be disturbed only in windows",
)
_opposed(
    "maintenance_windows.further",
    Movement.ADDED,
    "devices may be disturbed at more times",
    "devices may be disturbed at fewer times",
)
_opposed(
    "maintenance_windows.duration_in_minutes",
    Movement.RAISED,
    "devices may be disturbed for longer",
    "devices may be disturbed for less time",
)
_neutral("document", "the effect on devices is unknown: test it on a device", *_SETS)
_opposed(
    "document.ignoreStepFailure",
    Movement.ADDED,
    "a failed step no longer fails the job",
    "a failed step fails the job",
)
_opposed("document.allowStdErr", Movement.RAISED, "more errors are ignored", "fewer errors are ignored")
_opposed("document.root", Movement.ADDED, "it runs as root", "it no longer runs as root")
_opposed(
    "document.user",
    Movement.ADDED,
    "it runs as the client's own user, which is often root",
    "it no longer runs as the client's own user, which is often root",
)
_neutral("document_source", "the effect on devices is unknown: compare the objects in S3", *_SETS)
_neutral("description", "only people see it", Movement.CHANGED)
_neutral("job_arn", "values that are absent here are copied from a job", *_SETS)
_neutral("template_name", "the same content under another name", Movement.CHANGED)
_neutral("job_template_id", "a hand-written id", Movement.CHANGED)
_neutral("destination_package_versions", "the versions that AWS records as installed if the job succeeds", *_SETS)
_neutral("tags", "tags have no effect on devices", *_SETS)
_opposed("presign_role.allow", Movement.ADDED, "the presign role may do more", "the presign role may do less")
_opposed("presign_role.deny", Movement.REMOVED, "the presign role is denied less", "the presign role is denied more")
_opposed(
    "presign_role.trust",
    Movement.ADDED,
    "more principals may assume the presign role",
    "fewer principals may assume the presign role",
)
_neutral("presign_role.trust", "other principals may assume the presign role", Movement.CHANGED)
for _effect in ("allow", "deny"):
    _neutral(f"presign_role.{_effect}", "the same action on other resources", Movement.CHANGED)
for _where in ("account", "region"):
    _neutral(
        f"environment.{_where}",
        "it is deployed to other stacks; a stack that is no longer named stays as it is until it is deleted",
        Movement.CHANGED,
    )
for _protected in ("environment.production", "stack.termination_protection"):
    _opposed(
        _protected,
        Movement.LOWERED,
        "the stack is no longer protected from deletion",
        "the stack is protected from deletion",
    )
_neutral("environment.fleet.things", "both forecasts are for the new number", *_ALL)
_neutral("environment.fleet", "an assumption of the forecast, or a budget", *_ALL)
for _movement in Movement:
    TABLE["condition", _movement] = (Direction.UNKNOWN, "not compared: the values may apply to other stacks")
_neutral("resource", "it decides whether the template is created, and kept when it is replaced or removed", *_ALL)
