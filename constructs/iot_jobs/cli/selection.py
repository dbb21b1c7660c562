"""The templates in a file to forecast, and the fleet to forecast them for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from iot_jobs.cli.errors import CannotRun
from iot_jobs.finding import FindingsError, one_line
from iot_jobs.forecast import Assumptions, ForecastError
from iot_jobs.identity import template_name_of
from iot_jobs.sources import Subject, read, read_paths

T = TypeVar("T")


def selected(path: Path, template: str | None = None) -> Sequence[Subject]:
    """Return the templates in a file, or the one of this name.

    The file is an environment, a CloudFormation template, or properties alone. Raises `FindingsError` with the errors
    in it, and `ForecastError` if there is no such template.
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
        raise ForecastError(
            f"there is no template to forecast in {path}; name an environment, a CloudFormation template or properties"
        )
    # The digest at the end of an id changes with each edit.
    named = [subject for subject in subjects if template in (None, subject.name, template_name_of(subject.name))]
    if not named:
        raise ForecastError(f"there is no template {template} in {path}, only {', '.join(_names(subjects))}")
    return named


def assumptions(subject: Subject, stated: Mapping[str, Any]) -> Assumptions:
    """Return the stated values, and those of the environment's fleet for the rest.

    Raises `FindingsError`, and `ForecastError` if the number of things is stated nowhere.
    """
    fleet = subject.environment.fleet.expecting(subject.expected) if subject.environment else None
    if fleet is None and stated.get("things") is None:
        raise ForecastError("a file without an environment doesn't say how many things there are: add --things")
    return Assumptions.of(fleet, **stated)


def of_file(path: Path, template: str | None) -> Sequence[Subject]:
    """Return what `selected` does. Errors in the file end the command with exit code 1, a missing template with 2."""
    try:
        return selected(path, template)
    except FindingsError as error:
        click.echo(error)
        sys.exit(1)
    except ForecastError as error:
        raise CannotRun(str(error)) from None


def forecast_each(
    subjects: Sequence[Subject], stated: Mapping[str, Any], make: Callable[[Subject, Assumptions], T]
) -> list[T]:
    """Return what is made of each template and its assumptions. One that can't be forecast is skipped, with the reason.

    Assumptions that break a rule end the command with exit code 2.
    """
    made = []
    for subject in subjects:
        try:
            made.append(make(subject, assumptions(subject, stated)))
        except FindingsError as error:
            raise CannotRun(str(error)) from None
        except ForecastError as error:
            click.echo(f"skipped {one_line(subject.name)}: {error}", err=True)
    return made


def _names(subjects: Sequence[Subject]) -> list[str]:
    return sorted({subject.name for subject in subjects})
