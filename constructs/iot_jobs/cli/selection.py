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
    """Return the templates of an environment's file, a CloudFormation template or bare properties, or the named one.

    Raises `FindingsError` with the errors in them, and `ForecastError` if there is no such template.
    """
    reading = read_paths([path])
    if errors := [finding for finding in reading.findings if finding.severity == "error"]:
        raise FindingsError(errors)
    subjects: Sequence[Subject] = reading.subjects
    if any(subject.environment for subject in subjects):
        data = {} if path.is_dir() else read(path).data
        name = data.get("name") if isinstance(data, Mapping) else None
        subjects = [subject for subject in subjects if subject.environment and subject.environment.name == name]
    if not subjects:
        raise ForecastError(f"there is no template of an environment in {path}; name an environment's file")
    # The template's name is enough, because the end of an id changes with each edit.
    chosen = [subject for subject in subjects if template in (None, subject.name, template_name_of(subject.name))]
    if not chosen:
        raise ForecastError(f"there is no template {template} in {path}; there are {', '.join(_names(subjects))}")
    return chosen


def assumptions(subject: Subject, stated: Mapping[str, Any]) -> Assumptions:
    """Return the stated assumptions, completed by those of the environment's fleet.

    Raises `FindingsError`, and `ForecastError` if neither has the number of things.
    """
    fleet = subject.environment.fleet if subject.environment else None
    if fleet is None and stated.get("things") is None:
        raise ForecastError("a file without an environment doesn't say how many things there are: add --things")
    return Assumptions.of(fleet, **stated)


def minutes(text: str | None) -> float | str | None:
    """Return a time as it was typed: a number if it is one, else text such as `5:2`."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _names(subjects: Sequence[Subject]) -> list[str]:
    return sorted({subject.name for subject in subjects})
