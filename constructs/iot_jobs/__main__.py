"""The process of the command, with a quick start and a quick end; `python -m iot_jobs` does what `iot-jobs` does."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

import click

from iot_jobs import cli


def run() -> None:
    """Start the program as a process of its own, which is short. What it does to be quick, it does to no other."""
    gc.disable()  # cycles don't matter in so short a process
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # which would be looked for in every package
    for name, functions in _NOT_USED.items():
        if name not in sys.modules:
            _Later.stand_in(name, functions)
    try:
        cli.main(prog_name="iot-jobs", obj=_import_pydantic)
    except SystemExit as end:
        # What is left in memory needs no tidying up, once the output is written; matplotlib tidies up a folder.
        if isinstance(end.code, int) and "matplotlib" not in sys.modules and _flushed():
            os._exit(end.code)
        raise
    except OSError as error:  # such as a disk that is full, or a working directory that is gone
        with suppress(OSError):
            click.echo(f"Error: {error.strerror or error}{(error.filename and f': {error.filename}') or ''}", err=True)
        os._exit(2)


def _flushed() -> bool:
    """Whether all that was printed is written. A stream that was closed before the start is None."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:
        return False
    return True


# pydantic imports these, and no command of ours has it use them: metadata of packages with a parser of mail, and
# random numbers with all of OpenSSL. Beside them are the functions that it imports by name.
_NOT_USED = {"importlib.metadata": ("entry_points",), "secrets": ()}


class _Later(ModuleType):
    """Stands in for a module until something of it is used."""

    @classmethod
    def stand_in(cls, name: str, functions: tuple[str, ...]) -> None:
        module = sys.modules[name] = cls(name)
        package, _, attribute = name.rpartition(".")
        if package:
            setattr(sys.modules[package], attribute, module)
        for function in functions:
            setattr(module, function, lambda *given, _name=function, **named: module._real(_name)(*given, **named))

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
def _instead(module: ModuleType, name: str, value: object) -> Iterator[None]:
    kept = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, kept)


def _import_pydantic() -> None:
    """Import pydantic without compiling what nothing runs: 600 annotations, and most methods of fifty dataclasses."""
    import dataclasses
    import typing

    import typing_extensions

    with _instead(typing, "TypedDict", _Keys), _instead(typing_extensions, "TypedDict", _Keys):
        import pydantic_core.core_schema  # noqa: F401
    create = getattr(dataclasses, "_create_fn", None)  # in Python 3.11 and 3.12; later ones compile a class at once
    if create:
        with _instead(dataclasses, "_create_fn", _compiled_later(create)):
            import pydantic._internal._generate_schema
            import pydantic.fields
            import pydantic.types  # noqa: F401


if __name__ == "__main__":
    run()
