"""What the command's process leaves out to start quickly, without which each check would take two fifths longer.

None of it reaches a program that imports the library: only `__main__` calls it. What is borrowed is put back.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import ModuleType
from typing import Any

# pydantic and click import these, and no command of ours has them used: metadata of packages with a parser of mail,
# random numbers with all of OpenSSL, the scanner of Python's own source. Beside them are the functions that they import
# by name.
_NOT_USED = {"importlib.metadata": ("entry_points",), "secrets": (), "tokenize": ()}


def start() -> None:
    """Prepare a short process for the import of pydantic, which only some commands need."""
    gc.disable()  # cycles don't matter in so short a process
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # which would be looked for in every package
    for name, functions in _NOT_USED.items():
        if name not in sys.modules:
            _Later.stand_in(name, functions)
    if "platform" not in sys.modules and hasattr(os, "uname"):  # all that uuid asks of it is the system's name
        vars(_Later.stand_in("platform", ()))["system"] = lambda: os.uname().sysname


def import_pydantic() -> None:
    """Import pydantic without compiling what nothing runs: 600 annotations, and most methods of fifty dataclasses."""
    import dataclasses
    import typing

    import typing_extensions

    create = getattr(dataclasses, "_create_fn", None)  # in Python 3.11 and 3.12; later ones compile a class at once
    # Time zones are types that pydantic knows, and no model of ours has.
    with _types_alone("zoneinfo", "ZoneInfo", "ZoneInfoNotFoundError"):
        with _instead(typing, "TypedDict", _Keys), _instead(typing_extensions, "TypedDict", _Keys):
            import pydantic_core.core_schema  # noqa: F401
        with _instead(dataclasses, "_create_fn", _compiled_later(create)) if create else nullcontext():
            import pydantic.fields
            import pydantic.functional_validators
            import pydantic.json_schema
            import pydantic.main
            import pydantic.types  # noqa: F401


class _Later(ModuleType):
    """Stands in for a module until something of it is used."""

    @classmethod
    def stand_in(cls, name: str, functions: tuple[str, ...]) -> ModuleType:
        module = sys.modules[name] = cls(name)
        package, _, attribute = name.rpartition(".")
        if package:
            setattr(sys.modules[package], attribute, module)
        for function in functions:
            setattr(module, function, lambda *given, _name=function, **named: module._real(_name)(*given, **named))
        return module

    def _real(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # which the import itself asks for
            raise AttributeError(name)
        return self._real(name)


class _Keys(dict[str, Any]):
    """What a `TypedDict` is at run time, a dict, without its annotations."""

    def __init_subclass__(cls, **_: object) -> None:
        """Take what a `TypedDict` takes."""


def _compiled_later(create: Callable[..., Any]) -> Callable[..., Any]:
    """What makes a method of a dataclass from its text, and compiles it when it is called for the first time."""

    def create_later(name: str, *text: Any, **more: Any) -> Callable[..., Any]:
        made: list[Callable[..., Any]] = []

        def method(*values: Any, **named: Any) -> Any:
            if not made:
                made.append(create(name, *text, **more))
            return made[0](*values, **named)

        method.__name__ = name
        return method

    return create_later


@contextmanager
def _types_alone(name: str, *types: str) -> Iterator[None]:
    """Empty types for those that ask for them by name, in place of a module that nobody has loaded yet."""
    if name in sys.modules:
        yield
        return
    module = sys.modules[name] = ModuleType(name)
    for one in types:
        setattr(module, one, type(one, (Exception,), {}))
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def _instead(module: ModuleType, name: str, value: object) -> Iterator[None]:
    kept = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, kept)
