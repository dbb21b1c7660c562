"""The templates of a file to forecast, and the fleet to forecast them for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from iot_jobs.finding import FindingsError
from iot_jobs.forecast import Assumptions, ForecastError
from iot_jobs.identity import template_name_of
from iot_jobs.sources import Subject, read, read_paths


def selected(path: Path, template: str | None = None) -> Sequence[Subject]:
    """The templates of an environment's file, a CloudFormation template or properties on their own, or one of them.

    Raises `FindingsError` with what is an error in them, and `ForecastError` where there is nothing.
    """
    reading = read_paths([path])
    if errors := [finding for finding in reading.findings if finding.severity == "error"]:
        raise FindingsError(errors)
    subjects: Sequence[Subject] = reading.subjects
    if any(one.environment for one in subjects):
        data = {} if path.is_dir() else read(path).data
        name = data.get("name") if isinstance(data, Mapping) else None
        subjects = [one for one in subjects if one.environment and one.environment.name == name]
    if not subjects:
        raise ForecastError(f"there is no template of an environment in {path}; name an environment's file")
    # The end of an id moves with each edit.
    found = [one for one in subjects if template in (None, one.name, template_name_of(one.name))]
    if not found:
        raise ForecastError(f"there is no template {template} in {path}; there are {', '.join(_names(subjects))}")
    return found


def assumptions(subject: Subject, stated: Mapping[str, Any]) -> Assumptions:
    """What is stated, before what the environment's fleet states.

    Raises `FindingsError`, and `ForecastError` where nobody says how many things there are.
    """
    fleet = subject.environment.fleet if subject.environment else None
    if fleet is None and stated.get("things") is None:
        raise ForecastError("a file without an environment doesn't say how many things there are: add --things")
    return Assumptions.of(fleet, **stated)


def minutes(text: str | None) -> float | str | None:
    """A time as it was typed: a number where it is one, else text such as `5:2`."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _names(subjects: Sequence[Subject]) -> list[str]:
    return sorted({one.name for one in subjects})
