"""The comparison of two specs, field by field: differences, their directions and reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from iot_jobs.cloudformation import shown_unknown
from iot_jobs.documents.job_document import JobDocument
from iot_jobs.limits import DEFAULT_MAXIMUM_PER_MINUTE
from iot_jobs.review.change import Change, same
from iot_jobs.review.compare_document import document_changes
from iot_jobs.review.directions import AT_DEPLOYMENT, BROKEN, COPIED, TABLE, Judgement, Movement, judge, not_compared
from iot_jobs.template import JobTemplateSpec
from iot_jobs.template.part import Model
from iot_jobs.unresolved import Unresolved, is_at_deployment, known

_COPIED = ("rollout", "abort", "retry", "timeout", "presigned_url", "maintenance_windows", "document_source",
           "destination_package_versions", "document")  # fmt: skip


def spec_changes(before: JobTemplateSpec, after: JobTemplateSpec) -> tuple[Change, ...]:
    """Return every difference between two specs, once. Template names, from which ids are made, are left out."""
    return tuple(map(_readable, _all(before, after)))


def _readable(change: Change) -> Change:
    """Return a change with the unknown parts of its texts as a template names them: `${AWS::Region}`."""
    return replace(change, before=_named(change.before), after=_named(change.after))


def _named(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _named(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_named(item) for item in value]
    return shown_unknown(value) if isinstance(value, str) else value


def _all(before: JobTemplateSpec, after: JobTemplateSpec) -> Iterator[Change]:
    for name, compare in _FIELDS.items():
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        for change in compare(old, new):
            copies = (change.before is None and before.copies()) or (change.after is None and after.copies())
            yield _judged(change, not_compared(name, COPIED)) if copies and name in _COPIED else change


def _judged(change: Change, judgement: Judgement) -> Change:
    return Change(change.path, change.before, change.after, *judgement)


def _leaf(path: str, kind: str, before: Any, after: Any) -> Iterator[Change]:
    """Yield the change of a plain value. It isn't compared if only CloudFormation knows it, or if it breaks a rule."""
    if before == after or (not _unresolved(before, after) and same(before, after)):
        return
    if _unresolved(before, after):
        yield _not_compared(path, before, after, kind)
    else:
        yield Change(path, before, after, *judge(kind, _movement(before, after)))


def _unresolved(*values: Any) -> bool:
    return any(isinstance(value, Unresolved) for value in values)


def _not_compared(path: str, before: Any, after: Any, kind: str | None = None) -> Change:
    """Return the change of a value that can't be compared. `kind` is the path without names of list items."""
    unknown = [value for value in _parts(before, after) if isinstance(value, Unresolved)]
    reason = AT_DEPLOYMENT if unknown and all(map(is_at_deployment, unknown)) else BROKEN
    return Change(path, plain(before), plain(after), *not_compared(kind or path, reason))


def _parts(*values: Any) -> Iterator[Any]:
    """Yield values, the items of those that are lists, and the fields of these."""
    for value in values:
        yield value
        if isinstance(value, list | tuple):
            yield from _parts(*value)
        elif isinstance(value, Model):
            yield from (item for _, item in value)


def _movement(before: Any, after: Any) -> Movement:
    if before is None:
        return Movement.ADDED
    if after is None:
        return Movement.REMOVED
    if isinstance(before, int | float) and isinstance(after, int | float):
        return Movement.RAISED if after > before else Movement.LOWERED
    return Movement.CHANGED


def plain(value: Any) -> Any:
    """Return a part of a spec as data for JSON, without absent parts."""
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
    return document.value if document.readable else document.text


def setting_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Yield changes of settings outside the template, such as its account, if both sides know them."""
    kinds = {kind for kind, _ in TABLE}
    for path in before:
        if path in after:
            kind = path if path in kinds else path.rpartition(".")[0]
            yield from _leaf(path, kind, before[path], after[path])


def _block(path: str, names: Sequence[str]) -> Callable[[Any, Any], Iterator[Change]]:
    """Return a comparison of blocks of plain values, value by value. A block may be absent."""

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
        # Without a rollout, AWS's default rate applies.
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
    counted = [None if isinstance(criteria, Unresolved) else _counted(criteria) for criteria in (before, after)]
    if None in counted:
        yield _not_compared(path, before, after)
    elif counted[0] == counted[1]:
        here = f"{path}.{counted[0]}"
        yield from _leaf(here, here, getattr(before, str(counted[0])), getattr(after, str(counted[0])))
    else:
        movement = Movement.RAISED if counted[1] == "number_of_notified_things" else Movement.LOWERED
        yield Change(path, plain(before), plain(after), *judge(path, movement))


def _counted(criteria: Any) -> str | None:
    names = [name for name, value in criteria if value is not None]
    return names[0] if len(names) == 1 else None


@dataclass(frozen=True)
class _List:
    """A comparison of lists whose items are matched by a field that names them. Their other fields are compared."""

    path: str
    naming: str
    names: Sequence[str]
    block: str | None = None

    def __call__(self, before: Any, after: Any) -> Iterator[Change]:
        if self.block:
            before, after = (side if _unresolved(side) else _of(side, self.block or "") for side in (before, after))
        old, new = self._named(before), self._named(after)
        if old is None or new is None:
            yield _not_compared(self.path, before, after)
            return
        for name in [*new, *(name for name in old if name not in new)]:
            path, had, has = f"{self.path}[{name}]", old.get(name), new.get(name)
            if had is None or has is None:
                yield Change(path, plain(had), plain(has), *judge(self._kind(old, new), _movement(had, has)))
                continue
            for field in self.names:
                yield from _leaf(f"{path}.{field}", f"{self.path}.{field}", getattr(had, field), getattr(has, field))

    def _kind(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        """Return the kind of change. The first window limits when devices are disturbed; further ones loosen that."""
        return f"{self.path}.further" if self.naming == "start_time" and old and new else self.path

    def _named(self, items: Any) -> dict[str, Any] | None:
        """Return the items by name, None if a name is unknown or appears twice."""
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
    """Compare package versions by package, which is the ARN without the version."""
    path = "destination_package_versions"
    if _unresolved(before, after) or _unresolved(*before, *after):
        yield _not_compared(path, before, after)
        return
    old, new = _by_package(before), _by_package(after)
    for package in [*new, *(package for package in old if package not in new)]:
        yield from _leaf(f"{path}[{package}]", path, old.get(package), new.get(package))


def _by_package(versions: Sequence[str]) -> dict[str, Any]:
    """Return the version of each package, or a list if a package appears more than once."""
    packages: dict[str, list[str]] = {}
    for arn in versions:
        package, _, version = arn.partition("/version/")
        packages.setdefault(package, []).append(version)
    return {package: listed[0] if len(listed) == 1 else sorted(listed) for package, listed in packages.items()}


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
