"""The review in GitHub: JSON, markdown and a page in FOLDER, annotations in the log, the verdict as output.

It has no token. The exit code is 0 whatever the verdict, and also if the review could not run: the markdown then says
so, and replaces the comment of an earlier review. `iot_jobs.action.comment` decides whether the job fails.
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
"""The verdict of a review that could not run."""
_LIMIT_SECONDS = 300
_MOST_SHOWN = 5_000


class ReviewFailedError(Exception):
    """The review could not run; the text says why."""


def main(environ: Mapping[str, str]) -> int:
    """Review BASE and HEAD into FOLDER, and output the verdict."""
    folder = Path(environ["FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    base = environ.get("BASE") or base_of(event(environ), merged=environ.get("GITHUB_SHA", ""))
    things = ["--things", environ["THINGS"]] if environ.get("THINGS") else []
    try:
        if not base:
            raise ReviewFailedError("this is not a pull request: name a base")
        report = _write_review(folder, [*things, "--", base, environ.get("HEAD") or "."])
    except ReviewFailedError as failed:
        print(failed, file=sys.stderr)
        report = json.dumps({"verdict": FAILED, "templates": []}) + "\n"
        (folder / "review.md").write_text(_failure(str(failed)), encoding="utf-8")
    (folder / "review.json").write_text(report, encoding="utf-8")
    output(environ, verdict=json.loads(report)["verdict"])
    return 0


def _write_review(folder: Path, sides: list[str]) -> str:
    """Write the markdown and the page, print the annotations, and return the JSON."""
    done = _iot_jobs("review", "--format", "json", "--html", str(folder / "review.html"), *sides)
    if done.returncode != 0:
        raise ReviewFailedError(f"{done.stdout}{done.stderr}".strip())
    comment, annotations = (_iot_jobs("review", "--format", form, *sides) for form in ("markdown", "github"))
    for other in (comment, annotations):
        if other.returncode != 0:
            raise ReviewFailedError(f"{other.stdout}{other.stderr}".strip())
    (folder / "review.md").write_text(comment.stdout, encoding="utf-8")
    print(annotations.stdout, end="")
    return done.stdout


def event(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return GitHub's event that started the workflow; empty outside of a workflow."""
    path = environ.get("GITHUB_EVENT_PATH")
    data = json.loads(Path(path).read_text(encoding="utf-8")) if path and Path(path).is_file() else {}
    return data if isinstance(data, dict) else {}


def base_of(started_by: Mapping[str, Any], *, merged: str) -> str:
    """Return the commit that the pull request merges into; empty if the event is not one.

    GitHub checks out the merge commit, whose first parent is the current base. The base in the event is as old as the
    last push, so that later merges by others would look like part of the pull request.
    """
    pull_request = started_by.get("pull_request")
    if not isinstance(pull_request, Mapping):
        return ""
    head, *parents = _git("rev-list", "--parents", "--max-count=1", "HEAD").split() or [""]
    if head == merged and len(parents) == 2:
        return parents[0]
    return str(pull_request["base"]["sha"])


def output(environ: Mapping[str, str], **values: str) -> None:
    """Output values for later steps; outside of GitHub, print them."""
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    if environ.get("GITHUB_OUTPUT"):
        with Path(environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
            file.write(lines)
    else:
        print(lines, end="")


def _failure(reason: str) -> str:
    """Return a comment with the reason why the review could not run, escaped so that none of it is markup."""
    cut = reason if len(reason) <= _MOST_SHOWN else f"{reason[:_MOST_SHOWN]}\n…"
    return f"{MARKER}\n**The review could not run**\n\n<pre>{html.escape(cut or 'no output')}</pre>\n"


def _iot_jobs(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with -P, so that no module is imported from the working directory."""
    command = [sys.executable, "-P", "-m", "iot_jobs", *arguments]
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ReviewFailedError(f"it took more than {_LIMIT_SECONDS} seconds") from None


def _git(*arguments: str) -> str:
    """Return the output of a git command, empty if it failed."""
    command = ["git", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(os.environ))
