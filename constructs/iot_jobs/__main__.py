"""The process of the command, with a quick start and a quick end; `python -m iot_jobs` does what `iot-jobs` does."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress


def run() -> None:
    """Run the program, and end the process."""
    try:
        _run()
    except KeyboardInterrupt:  # while its modules are loaded; `cli` sees it later
        print("interrupted", file=sys.stderr)
        os._exit(130)


def _run() -> None:
    gc.set_threshold(100_000)  # looking for garbage takes a seventh of the time, and matters for large folders only
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # they would be looked for in every package
    import click  # only now, when that is set

    from iot_jobs import cli

    try:
        cli.main(prog_name="iot-jobs")
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
    """Return whether all output is written. A stream that was closed before the start is None."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    run()
