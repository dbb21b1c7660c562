"""Scalars as CloudFormation passes them on: it makes each one text, so `'15'` and `15` are the same number to it.

Measured by others: CloudFormation creates resources with numbers in quotes, and tags with numbers as values
(https://github.com/aws-cloudformation/cfn-lint/issues/4577).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, get_args

from iot_jobs.jsontext import canonical
from iot_jobs.limits import Limit, Range
from iot_jobs.template.part import Model
from iot_jobs.unresolved import holds_token

_NUMBER = r"-?(?:0|[1-9][0-9]{0,18})(?P<fraction>\.[0-9]+)?"


def as_text(value: object) -> object:
    """Return a number or a truth value as the text that CloudFormation makes of it; any other value unchanged."""
    return canonical(value) if isinstance(value, int | float) and not holds_token(value) else value


def for_limit(value: object, limit: Limit) -> object:
    """Return what a scalar stands for under a limit: a number for a range, else text.

    A value that would break the limit either way is unchanged, so that its finding shows it as written. A truth value
    is no number.
    """
    read = _as_number(value) if isinstance(limit, Range) else as_text(value)
    return read if limit.accepts(read) else value


def for_model(read: dict[str, Any], model: type[Model]) -> dict[str, Any]:
    """Return the values for a model, with each scalar as what it stands for under the limit of its field."""
    return {name: _within(value, _limit(model, name)) for name, value in read.items()}


def _within(value: Any, limit: Limit | type[Model] | None) -> Any:
    if limit is None:
        return value
    if isinstance(value, list):
        return [_within(item, limit) for item in value]
    if isinstance(limit, Limit):
        return for_limit(value, limit)
    return for_model(value, limit) if isinstance(value, dict) else value


def _as_number(value: object) -> object:
    match = re.fullmatch(_NUMBER, value) if isinstance(value, str) else None
    if match is None:
        return value
    return int(match[0]) if match["fraction"] is None else float(match[0])


@cache
def _limit(model: type[Model], name: str) -> Limit | type[Model] | None:
    """Return the limit of a field's values, or the model of its parts; None if it has neither."""
    field = model.model_fields.get(name)
    return None if field is None else _named((*field.metadata, field.annotation))


def _named(hints: tuple[Any, ...]) -> Limit | type[Model] | None:
    """Return the first limit or model in type annotations, at any depth."""
    for hint in hints:
        if isinstance(hint, Limit) or (isinstance(hint, type) and issubclass(hint, Model)):
            return hint
        if inner := _named(get_args(hint)):
            return inner
    return None
