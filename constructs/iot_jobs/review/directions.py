"""The closed table: for each kind of change, whether it is riskier, safer or neither, and why.

Riskier is what lets a bad release reach more things before somebody or something stops it, or lets somebody do more.
"""

from __future__ import annotations

from enum import StrEnum

from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE


class Direction(StrEnum):
    """Which way a change goes."""

    RISKIER = "riskier"
    SAFER = "safer"
    NEUTRAL = "neutral"

    @property
    def mirrored(self) -> Direction:
        """The direction of the change back."""
        return _MIRROR.get(self, self)


_MIRROR = {Direction.RISKIER: Direction.SAFER, Direction.SAFER: Direction.RISKIER}


class Movement(StrEnum):
    """What happened to a value; `raised` and `lowered` are of numbers and sizes."""

    ADDED = "added"
    REMOVED = "removed"
    RAISED = "raised"
    LOWERED = "lowered"
    CHANGED = "changed"


Judgement = tuple[Direction, str]


def judge(kind: str, movement: Movement) -> Judgement:
    """Direction and reason. `kind` is a path without the names of list items; a document's are `document` alone."""
    return TABLE[kind, movement]


UNKNOWN: Judgement = (Direction.NEUTRAL, "not compared: only known at deployment")
BROKEN: Judgement = (Direction.NEUTRAL, "not compared: breaks a rule, iot-jobs check says which")
COPIED: Judgement = (Direction.NEUTRAL, "not compared: without it the value is copied from job_arn, and not known here")

TABLE: dict[tuple[str, Movement], Judgement] = {}


def _opposed(kind: str, up: Movement, why_up: str, why_down: str) -> None:
    """One way is riskier, and the way back safer."""
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
    "a higher rate: more things have the release before the first failures are counted",
    "a lower rate: fewer things have the release when the first failures are counted",
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
    "no slow start: the rollout begins at its highest rate",
    "a slow start: few things have the release when the first failures are counted",
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
    "the rate rises only where the release succeeds",
)
_opposed(
    "abort.criteria",
    Movement.REMOVED,
    "one criterion fewer stops a bad release",
    "one criterion more stops a bad release",
)
_opposed(
    "abort.criteria.threshold_percentage",
    Movement.RAISED,
    "more failures are needed to stop a bad release",
    "fewer failures are needed to stop a bad release",
)
_opposed(
    "abort.criteria.min_number_of_executed_things",
    Movement.RAISED,
    "later: more executions end before anything stops a bad release",
    "earlier: fewer executions end before a bad release can be stopped",
)
_neutral("abort.criteria.action", "AWS knows one action only", Movement.CHANGED)
_neutral("retry.criteria", "how often devices try again; each retry is an execution", Movement.ADDED, Movement.REMOVED)
_neutral(
    "retry.criteria.number_of_retries",
    "how often devices try again; each retry is an execution",
    Movement.RAISED,
    Movement.LOWERED,
)
_opposed(
    "timeout.in_progress_timeout_in_minutes",
    Movement.RAISED,
    "what hangs is noticed, and counted towards the abort, later",
    "what hangs is noticed, and counted towards the abort, earlier; slow devices may be cut off",
)
TABLE["timeout.in_progress_timeout_in_minutes", Movement.REMOVED] = (
    Direction.RISKIER,
    "what hangs is never noticed, and counts towards no abort",
)
TABLE["timeout.in_progress_timeout_in_minutes", Movement.ADDED] = (
    Direction.SAFER,
    "what hangs is noticed, and counts towards the abort",
)
_opposed(
    "presigned_url.expires_in_sec",
    Movement.RAISED,
    "a URL that leaks can be used for longer",
    "a URL that leaks can be used for less long; slow downloads may be cut off",
)
_neutral("presigned_url.expires_in_sec", "it comes with the role", Movement.ADDED, Movement.REMOVED)
_neutral("presigned_url.role_arn", "another role signs URLs; see what it may do", *_SETS)
_opposed(
    "maintenance_windows",
    Movement.REMOVED,
    "devices may be disturbed at any time",
    "devices may be disturbed in windows only",
)
_opposed(
    "maintenance_windows.further",
    Movement.ADDED,
    "devices may be disturbed at more times, and the rollout gets on faster",
    "devices may be disturbed at fewer times, and the rollout gets on more slowly",
)
_opposed(
    "maintenance_windows.duration_in_minutes",
    Movement.RAISED,
    "devices may be disturbed for longer",
    "devices may be disturbed for less long",
)
_neutral("document", "what devices do: only a test on a device tells", *_SETS)
_opposed(
    "document.ignoreStepFailure",
    Movement.ADDED,
    "a step that fails no longer fails the job",
    "a step that fails fails the job",
)
_opposed(
    "document.conditions",
    Movement.REMOVED,
    "a condition fewer keeps it off devices",
    "a condition more keeps it off devices",
)
_opposed("document.allowStdErr", Movement.RAISED, "more errors are overlooked", "fewer errors are overlooked")
_opposed("document.root", Movement.ADDED, "it runs as root", "it no longer runs as root")
_opposed(
    "document.user",
    Movement.ADDED,
    "it runs as the client's own user, which often is root",
    "it no longer runs as the client's own user, which often is root",
)
_neutral("document_source", "what devices do: compare the objects in S3", *_SETS)
_neutral("description", "it is shown to people only", Movement.CHANGED)
_neutral("job_arn", "what is absent here is copied from a job", *_SETS)
_neutral("template_name", "the same content under another name", Movement.CHANGED)
_neutral("job_template_id", "an id that is written by hand", Movement.CHANGED)
_neutral("destination_package_versions", "what AWS notes as installed where the job succeeds", *_SETS)
_neutral("tags", "tags do nothing on devices", *_SETS)
_opposed("presign_role.allow", Movement.ADDED, "the presign role may do more", "the presign role may do less")
_opposed("presign_role.deny", Movement.REMOVED, "the presign role is denied less", "the presign role is denied more")
_opposed(
    "presign_role.trust",
    Movement.ADDED,
    "more may act as the presign role",
    "fewer may act as the presign role",
)
_neutral("presign_role.trust", "others may act as the presign role", Movement.CHANGED)
for _effect in ("allow", "deny"):
    _neutral(f"presign_role.{_effect}", "the same action on other resources", Movement.CHANGED)
for _where in ("account", "region"):
    _neutral(
        f"environment.{_where}",
        "it goes to other stacks; a stack that is no longer named stays as it is until it is deleted",
        Movement.CHANGED,
    )
for _protected in ("environment.production", "stack.termination_protection"):
    _opposed(
        _protected,
        Movement.LOWERED,
        "the stack is no longer protected from deletion",
        "the stack is protected from deletion",
    )
_neutral("environment.fleet.things", "the forecast is for the new number on both sides", *_ALL)
_neutral("environment.fleet", "what the forecast assumes of the fleet, or what it may cost", *_ALL)
_neutral("resource", "whether the template stays when it is replaced or removed, or is there at all", *_SETS)
