"""The verdict of a review in GitHub: one comment on the pull request, the job summary, and the exit code.

The comment is found by the review's marker and by its author, so that a marker in another author's comment is ignored.
Where the token may not write, as on a fork, only the summary has the review.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iot_jobs.action.github import ApiError, PullRequest, ReadOnlyError
from iot_jobs.action.review import FAILED, event
from iot_jobs.render.findings import command_data
from iot_jobs.render.review_markdown import MARKER, MOST_CHARACTERS


def main(environ: Mapping[str, str]) -> int:
    """Post the review in FOLDER and return the exit code: 1 if it blocks the merge, or could not be posted."""
    folder = Path(environ["FOLDER"])
    body = (folder / "review.md").read_text(encoding="utf-8")
    started_by = event(environ)
    label = environ["ACKNOWLEDGED_LABEL"]
    error, note = judgement(
        json.loads((folder / "review.json").read_text(encoding="utf-8")), label=label, labels=labels_of(started_by)
    )
    text = f"{body}\n{note}\n" if note else body
    if len(text) > MOST_CHARACTERS:
        text = body
    if environ.get("GITHUB_STEP_SUMMARY"):
        with Path(environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
            file.write(text)
    failed = error is not None
    try:
        _comment(started_by, text, environ)
    except ReadOnlyError as refused:
        print(f"::notice::{command_data(f'{refused}: the review is only in the job summary')}")
    except ApiError as lost:
        print(f"::error::{command_data(f'the review could not be posted: {lost}')}")
        failed = True
    if error is not None:
        print(f"::error::{command_data(error)}")
    return int(failed)


def judgement(review: Mapping[str, Any], *, label: str, labels: frozenset[str]) -> tuple[str | None, str | None]:
    """Return the reason not to merge the pull request, and a note for the comment; None for neither.

    The label, if one is named, acknowledges riskier changes, and unknown ones. It never acknowledges a blocked change:
    its deployment would fail, or its tag replace the template with every build, all the same.
    """
    if review["verdict"] == FAILED:
        if label and label in labels:  # such as when the base is broken and this fixes it
            return None, f"Acknowledged by the label `{label}`."
        return "the review could not run; the log of its step says why", None
    blocked = [
        f"{template['stack']} {template['name']}"
        for template in review["templates"]
        if template["deploy"]["blocked"] is not None
    ]
    if blocked:
        return f"blocked, as the review says: {', '.join(blocked)}", None
    verdict = review["verdict"]
    if verdict not in ("riskier", "unknown"):  # what can't be compared might be riskier
        return None, None
    if not label:
        return verdict, None
    if label in labels:
        return None, f"Acknowledged by the label `{label}`."
    return f"{verdict}; the label {label} acknowledges it", f"The label `{label}` acknowledges riskier changes."


def labels_of(started_by: Mapping[str, Any]) -> frozenset[str]:
    """Return the labels that the pull request had when the workflow started."""
    pull_request = started_by.get("pull_request")
    labels = pull_request["labels"] if isinstance(pull_request, Mapping) else ()
    return frozenset(label["name"] for label in labels)


def from_fork(pull_request: Mapping[str, Any]) -> bool:
    """Return whether the commits are in another repository, or in one that was deleted."""
    head, base = pull_request["head"]["repo"], pull_request["base"]["repo"]
    return head is None or head["full_name"] != base["full_name"]


def _comment(started_by: Mapping[str, Any], text: str, environ: Mapping[str, str]) -> None:
    """Post the comment, or update the existing one. Raises `ReadOnlyError` and `ApiError`."""
    pull_request = started_by.get("pull_request")
    if not isinstance(pull_request, Mapping):
        raise ReadOnlyError("this is not a pull request")
    if from_fork(pull_request):
        raise ReadOnlyError("a pull request from a fork has a token that can't write")
    place = PullRequest(
        api_url=environ["GITHUB_API_URL"],
        repository=environ["GITHUB_REPOSITORY"],
        number=int(pull_request["number"]),
        token=environ["GITHUB_TOKEN"],
    )
    place.put_comment(text, marker=MARKER)


if __name__ == "__main__":
    sys.exit(main(os.environ))
