"""The review as action.yml runs it: JSON, markdown and a page in FOLDER, annotations in the log, the verdict as output.

It sees no token. It ends with 0 whatever the verdict, and also where the review could not run: then the markdown says
so, so that the comment of an earlier review doesn't stay as if it was still true. `iot_jobs.action.comment` decides.
"""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iot_jobs.render.review_markdown import MARKER

FAILED = "failed"
"""The verdict where there is none."""
_LIMIT_SECONDS = 300
_MOST_TOLD = 5_000


class ReviewFailedError(Exception):
    """The review could not run; the text says why."""


def main(environ: Mapping[str, str]) -> int:
    """Review BASE and HEAD into FOLDER, and hand on the verdict."""
    folder = Path(environ["FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    base = environ.get("BASE") or base_of(event(environ), merged=environ.get("GITHUB_SHA", ""))
    things = ["--things", environ["THINGS"]] if environ.get("THINGS") else []
    try:
        if not base:
            raise ReviewFailedError("this is no pull request: name a base")
        found = _write_review(folder, [*things, "--", base, environ.get("HEAD") or "."])
    except ReviewFailedError as failed:
        print(failed, file=sys.stderr)
        found = json.dumps({"verdict": FAILED, "templates": []}) + "\n"
        (folder / "review.md").write_text(_told(str(failed)), encoding="utf-8")
    (folder / "review.json").write_text(found, encoding="utf-8")
    output(environ, verdict=json.loads(found)["verdict"])
    return 0


def _write_review(folder: Path, sides: list[str]) -> str:
    """Write markdown and page, print the annotations, and give the JSON."""
    done = _iot_jobs("review", "--format", "json", "--html", str(folder / "review.html"), *sides)
    if done.returncode != 0:
        raise ReviewFailedError(f"{done.stdout}{done.stderr}".strip())
    told, noted = (_iot_jobs("review", "--format", form, *sides) for form in ("markdown", "github"))
    for other in (told, noted):
        if other.returncode != 0:
            raise ReviewFailedError(f"{other.stdout}{other.stderr}".strip())
    (folder / "review.md").write_text(told.stdout, encoding="utf-8")
    print(noted.stdout, end="")
    return done.stdout


def event(environ: Mapping[str, str]) -> dict[str, Any]:
    """What started the workflow, as GitHub tells it; empty where nothing did."""
    path = environ.get("GITHUB_EVENT_PATH")
    found = json.loads(Path(path).read_text(encoding="utf-8")) if path and Path(path).is_file() else {}
    return found if isinstance(found, dict) else {}


def base_of(started_by: Mapping[str, Any], *, merged: str) -> str:
    """What the pull request is to be merged into; no text where it isn't one.

    GitHub checks out the merge of both, whose first parent is the base as it is now; the base that the event names is
    as old as the last push, and what others have merged since would look like part of the pull request.
    """
    pull_request = started_by.get("pull_request")
    if not isinstance(pull_request, Mapping):
        return ""
    head, *parents = _git("rev-list", "--parents", "--max-count=1", "HEAD").split() or [""]
    if head == merged and len(parents) == 2:
        return parents[0]
    return str(pull_request["base"]["sha"])


def output(environ: Mapping[str, str], **values: str) -> None:
    """Hand values to the steps that follow; without GitHub, print them."""
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    if environ.get("GITHUB_OUTPUT"):
        with Path(environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
            file.write(lines)
    else:
        print(lines, end="")


def _told(said: str) -> str:
    """What kept the review from running, as a comment; nothing in it is markdown or HTML."""
    cut = said if len(said) <= _MOST_TOLD else f"{said[:_MOST_TOLD]}\n…"
    return f"{MARKER}\n**The review could not run**\n\n<pre>{html.escape(cut or 'it said nothing')}</pre>\n"


def _iot_jobs(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, without what the working directory holds among its modules (-P)."""
    command = [sys.executable, "-P", "-m", "iot_jobs", *arguments]
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ReviewFailedError(f"it took more than {_LIMIT_SECONDS} seconds") from None


def _git(*arguments: str) -> str:
    """What git says, or nothing."""
    command = ["git", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(os.environ))
