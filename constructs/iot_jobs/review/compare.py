"""Two specs compared field by field: what differs, which way it goes, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iot_jobs.documents.job_document import JobDocument
from iot_jobs.jsontext import JsonError
from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE
from iot_jobs.review.change import Change, same
from iot_jobs.review.compare_document import document_changes
from iot_jobs.review.directions import BROKEN, COPIED, TABLE, UNKNOWN, Judgement, Movement, judge
from iot_jobs.template import JobTemplateSpec
from iot_jobs.template.part import Model
from iot_jobs.unresolved import Unresolved, is_intrinsic, known

_COPIED = ("rollout", "abort", "retry", "timeout", "presigned_url", "maintenance_windows", "document_source",
           "destination_package_versions", "document")  # fmt: skip


def spec_changes(before: JobTemplateSpec, after: JobTemplateSpec) -> tuple[Change, ...]:
    """Every difference in what the two say, once. The templates' names, which ids are made of, are left out."""
    return tuple(_all(before, after))


def _all(before: JobTemplateSpec, after: JobTemplateSpec) -> Iterator[Change]:
    for name, compare in _FIELDS.items():
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        for change in compare(old, new):
            copies = (change.before is None and before.copies()) or (change.after is None and after.copies())
            yield _judged(change, COPIED) if copies and name in _COPIED else change


def _judged(change: Change, judgement: Judgement) -> Change:
    return Change(change.path, change.before, change.after, *judgement)


def _leaf(path: str, kind: str, before: Any, after: Any) -> Iterator[Change]:
    """A value without parts. Values that only CloudFormation will know, or that break a rule, are told, not judged."""
    if before == after or (not _unresolved(before, after) and same(before, after)):
        return
    if _unresolved(before, after):
        yield _not_compared(path, before, after)
    else:
        yield Change(path, before, after, *judge(kind, _movement(before, after)))


def _unresolved(*values: Any) -> bool:
    return any(isinstance(value, Unresolved) for value in values)


def _not_compared(path: str, before: Any, after: Any) -> Change:
    given = [value.value for value in (before, after) if isinstance(value, Unresolved)]
    judgement = UNKNOWN if given and all(map(_at_deployment, given)) else BROKEN
    return Change(path, plain(before), plain(after), *judgement)


def _at_deployment(value: Any) -> bool:
    """Whether a value is one of CloudFormation's functions, or holds one."""
    if isinstance(value, Mapping):
        return is_intrinsic(value) or any(map(_at_deployment, value.values()))
    return isinstance(value, list | tuple) and any(map(_at_deployment, value))


def _movement(before: Any, after: Any) -> Movement:
    if before is None:
        return Movement.ADDED
    if after is None:
        return Movement.REMOVED
    if isinstance(before, int | float) and isinstance(after, int | float):
        return Movement.RAISED if after > before else Movement.LOWERED
    return Movement.CHANGED


def plain(value: Any) -> Any:
    """A part of a spec as data for JSON; absent parts left out."""
    if isinstance(value, Unresolved):
        return "unknown" if value.value is None else plain(value.value)
    if isinstance(value, JobDocument):
        return _parsed(value)
    if isinstance(value, Model):
        return {name: plain(item) for name, item in value if item is not None}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _parsed(document: JobDocument) -> Any:
    try:
        return document.value
    except JsonError:  # it is there because it breaks a rule
        return document.text


def setting_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """What differs in what stands beside a template, as far as both sides know it."""
    kinds = {kind for kind, _ in TABLE}
    for path in before:
        if path in after:
            kind = path if path in kinds else path.rpartition(".")[0]
            yield from _leaf(path, kind, before[path], after[path])


def _block(path: str, names: Sequence[str]) -> Callable[[Any, Any], Iterator[Change]]:
    """A block of plain values: each on its own, the block being there or not."""

    def compare(before: Any, after: Any) -> Iterator[Change]:
        if _unresolved(before, after):
            yield _not_compared(path, before, after)
            return
        for name in names:
            yield from _leaf(f"{path}.{name}", f"{path}.{name}", _of(before, name), _of(after, name))

    return compare


def _of(block: Any, name: str) -> Any:
    return None if block is None else getattr(block, name)


def _rollout(before: Any, after: Any) -> Iterator[Change]:
    if _unresolved(before, after):
        yield _not_compared("rollout", before, after)
        return
    path = "rollout.maximum_per_minute"
    old, new = _of(before, "maximum_per_minute"), _of(after, "maximum_per_minute")
    for change in _leaf(path, path, old, new):
        # Without a rollout there is a rate all the same.
        rates = [DEFAULT_MAXIMUM_PER_MINUTE if value is None else value for value in (old, new)]
        moved = not _unresolved(*rates) and rates[0] != rates[1]
        yield _judged(change, judge(path, _movement(*rates))) if moved else change
    yield from _exponential(_of(before, "exponential_rate"), _of(after, "exponential_rate"))


def _exponential(before: Any, after: Any) -> Iterator[Change]:
    path = "rollout.exponential_rate"
    if before == after:
        return
    if _unresolved(before, after):
        yield _not_compared(path, before, after)
    elif before is None or after is None:
        yield Change(path, plain(before), plain(after), *judge(path, _movement(before, after)))
    else:
        for name in ("base_rate_per_minute", "increment_factor"):
            yield from _leaf(f"{path}.{name}", f"{path}.{name}", getattr(before, name), getattr(after, name))
        yield from _criteria(before.rate_increase_criteria, after.rate_increase_criteria)


def _criteria(before: Any, after: Any) -> Iterator[Change]:
    path = "rollout.exponential_rate.rate_increase_criteria"
    if before == after:
        return
    counted = [None if isinstance(one, Unresolved) else _counted(one) for one in (before, after)]
    if None in counted:
        yield _not_compared(path, before, after)
    elif counted[0] == counted[1]:
        here = f"{path}.{counted[0]}"
        yield from _leaf(here, here, getattr(before, str(counted[0])), getattr(after, str(counted[0])))
    else:
        movement = Movement.RAISED if counted[1] == "number_of_notified_things" else Movement.LOWERED
        yield Change(path, plain(before), plain(after), *judge(path, movement))


def _counted(criteria: Any) -> str | None:
    given = [name for name, value in criteria if value is not None]
    return given[0] if len(given) == 1 else None


@dataclass(frozen=True)
class _List:
    """A list whose items are matched by a field that names them; the others are compared one by one."""

    path: str
    naming: str
    names: Sequence[str]
    block: str | None = None

    def __call__(self, before: Any, after: Any) -> Iterator[Change]:
        if self.block:
            before, after = (one if _unresolved(one) else _of(one, self.block or "") for one in (before, after))
        old, new = self._named(before), self._named(after)
        if old is None or new is None:
            yield _not_compared(self.path, before, after)
            return
        for name in [*new, *(name for name in old if name not in new)]:
            here, one, other = f"{self.path}[{name}]", old.get(name), new.get(name)
            if one is None or other is None:
                yield Change(here, plain(one), plain(other), *judge(self._kind(old, new), _movement(one, other)))
                continue
            for field in self.names:
                yield from _leaf(f"{here}.{field}", f"{self.path}.{field}", getattr(one, field), getattr(other, field))

    def _kind(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        """The first window limits when devices are disturbed; each further one takes some of that back."""
        return f"{self.path}.further" if self.naming == "start_time" and old and new else self.path

    def _named(self, items: Any) -> dict[str, Any] | None:
        """The items by name; None where a name isn't known."""
        if isinstance(items, Unresolved) or _unresolved(*(items or ())):
            return None
        named = {known(getattr(item, self.naming)): item for item in items or ()}
        return None if None in named or len(named) < len(items or ()) else named  # type: ignore[return-value]


def _document(before: Any, after: Any) -> Iterator[Change]:
    if _unresolved(before, after):
        yield _not_compared("document", before, after)
    elif before is None or after is None:
        yield Change("document", plain(before), plain(after), *judge("document", _movement(before, after)))
    else:
        yield from document_changes(before.value, after.value)


def _text(path: str) -> Callable[[Any, Any], Iterator[Change]]:
    return lambda before, after: _leaf(path, path, before, after)


def _tags(before: Any, after: Any) -> Iterator[Change]:
    if _unresolved(before, after):
        yield _not_compared("tags", before, after)
        return
    for key in sorted({*before, *after}):
        yield from _leaf(f"tags[{key}]" if "." in key else f"tags.{key}", "tags", before.get(key), after.get(key))


def _packages(before: Any, after: Any) -> Iterator[Change]:
    """Package versions by the package; its ARN less the version."""
    path = "destination_package_versions"
    if _unresolved(before, after) or _unresolved(*before, *after):
        yield _not_compared(path, before, after)
        return
    old, new = _by_package(before), _by_package(after)
    for package in [*new, *(one for one in old if one not in new)]:
        yield from _leaf(f"{path}[{package}]", path, old.get(package), new.get(package))


def _by_package(versions: Sequence[str]) -> dict[str, Any]:
    """The versions of each package: one, or a list where a package stands twice."""
    found: dict[str, list[str]] = {}
    for arn in versions:
        package, _, version = arn.partition("/version/")
        found.setdefault(package, []).append(version)
    return {package: given[0] if len(given) == 1 else sorted(given) for package, given in found.items()}


_FIELDS: Mapping[str, Callable[[Any, Any], Iterator[Change]]] = {
    "description": _text("description"),
    "document": _document,
    "document_source": _text("document_source"),
    "job_arn": _text("job_arn"),
    "rollout": _rollout,
    "abort": _List(
        "abort.criteria",
        "failure_type",
        ("threshold_percentage", "min_number_of_executed_things", "action"),
        block="criteria",
    ),
    "retry": _List("retry.criteria", "failure_type", ("number_of_retries",), block="criteria"),
    "timeout": _block("timeout", ("in_progress_timeout_in_minutes",)),
    "presigned_url": _block("presigned_url", ("role_arn", "expires_in_sec")),
    "maintenance_windows": _List("maintenance_windows", "start_time", ("duration_in_minutes",)),
    "destination_package_versions": _packages,
    "tags": _tags,
}
