"""A file in the application's format that is in no application: an environment, or a template family."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from iot_jobs.cloudformation import TEMPLATE
from iot_jobs.sources.application import FAMILY_KEYS
from iot_jobs.sources.kinds.kind import File, Kind
from iot_jobs.sources.subject import Reading

FAMILY, ENVIRONMENT = "a template family", "an environment"
# Names that nothing else has: `description`, `timeout` and the like are other tools' too.
_OF_FAMILIES = {key for key in FAMILY_KEYS if "_" in key}
_BLOCKS = {key: TEMPLATE.names.parts(key).keys() for key in ("rollout", "abort", "retry", "timeout")}


def _kind(file: File) -> str | None:
    """Return the kind that a file shows, None for neither. Both are YAML in an application."""
    data = file.data
    if file.path.suffix not in (".yaml", ".yml"):
        return None
    if isinstance(data.get("templates"), Mapping) and not data.keys().isdisjoint(("region", "fleet")):
        return ENVIRONMENT
    document = data.get("document")
    shown = (
        ("description" in data and isinstance(document, str) and document.endswith(".json"))
        or not data.keys().isdisjoint(_OF_FAMILIES)
        or any(isinstance(data.get(key), Mapping) and data[key].keys() & names for key, names in _BLOCKS.items())
    )
    return FAMILY if shown else None


def _matches(file: File) -> bool:
    return _kind(file) is not None


def reader(kind: str) -> Callable[[File, Reading], None]:
    """Return the reader of named files of this kind: they are checked with those beside them, when all are known."""
    return lambda file, reading: reading.beside.setdefault(file.path.parent, []).append((file.path, kind))


def _read(file: File, reading: Reading) -> None:
    kind = str(_kind(file))
    if file.named:
        reader(kind)(file, reading)
    else:
        reading.skip(file.path, f"looks like {kind}, but is in no application (stacks/, job_documents/)")


KIND = Kind(_matches, _read)
