"""The catalogue: every rule that there is, by its code."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from functools import cache

import iot_jobs
from iot_jobs.finding import Rule

# What would start Node or load what one command needs alone; no rule is declared there.
_WITHOUT_RULES = tuple(f"iot_jobs.{name}" for name in ("cdk", "jobs", "cli", "render", "review", "forecast"))


@cache
def rules() -> dict[str, Rule]:
    """Every rule of this package by code, in the order of the codes. Two rules under one code raise `ValueError`."""
    found: dict[str, Rule] = {}
    for module in _modules(iot_jobs.__path__, "iot_jobs."):
        for value in vars(importlib.import_module(module)).values():
            if isinstance(value, Rule) and found.setdefault(value.code, value) is not value:
                raise ValueError(f"two rules have the code {value.code}")
    return dict(sorted(found.items()))


def _modules(path: Iterable[str], prefix: str) -> Iterator[str]:
    """Every module that may declare rules. pkgutil's own walk would import each package, and with it start Node."""
    import pkgutil  # slow to load, and few checks ask for every rule

    for module in pkgutil.iter_modules(path, prefix):
        if module.name in _WITHOUT_RULES:
            continue
        yield module.name
        if module.ispkg:
            yield from _modules(importlib.import_module(module.name).__path__, f"{module.name}.")
