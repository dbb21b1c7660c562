"""The catalogue: every rule that there is, by its code."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import iot_jobs
from iot_jobs.finding import Rule

# What would start Node or load what one command needs alone; no rule is declared there.
_WITHOUT_RULES = ("iot_jobs.cdk", "iot_jobs.jobs", "iot_jobs.cli", "iot_jobs.render")


@cache
def rules() -> dict[str, Rule]:
    """Every rule of this package by code, in the order of the codes. Two rules under one code raise `ValueError`."""
    found: dict[str, Rule] = {}
    for module in pkgutil.walk_packages(iot_jobs.__path__, "iot_jobs.", onerror=None):
        if module.name.startswith(_WITHOUT_RULES):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Rule) and found.setdefault(value.code, value) != value:
                raise ValueError(f"two rules have the code {value.code}")
    return dict(sorted(found.items()))
