"""Commands and files that several tests need: git, and make with its set-up done."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from importlib.metadata import Distribution
from pathlib import Path

MAKE = ("make", "--no-print-directory", "-o", ".venv/.ready", "-o", "node_modules/.ready")
"""A test never sets up anew what it runs in."""
EXAMPLE = Path(__file__).resolve().parent / "application"
"""The application of the library's tests. That of the repository, in `stacks/` and `job_documents/`, is its owner's."""


def git(folder: Path, *arguments: str) -> str:
    """Run git, as nobody in particular."""
    who = ["user.name=n", "user.email=e@example.com", "commit.gpgsign=false", "init.defaultBranch=main"]
    command = ["git", *(part for one in who for part in ("-c", one)), *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def link(installed: Distribution, folder: Path) -> None:
    """Link what is installed here into another folder of packages: this needs no network."""
    for top in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
        if not (folder / top).exists():
            (folder / top).symlink_to(Path(str(installed.locate_file(top))))


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Answer in a thread of its own, which is over when the block ends, also by an error."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
