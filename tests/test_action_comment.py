"""The action's comment and verdict, against GitHub's API on a loopback port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iot_jobs.action.comment import from_fork, judgement, labels_of, main
from iot_jobs.render.review_markdown import MARKER, MOST_CHARACTERS
from tests.oracles.github import OURS, REPOSITORY, STRANGER, TOKEN, GitHub, github

REVIEW = f"{MARKER}\n**Riskier: 1 changed**\n"
LABEL = "riskier-acknowledged"
NOTE = f"\nThe label `{LABEL}` acknowledges riskier changes.\n"
RISKIER = f"::error::riskier; the label {LABEL} acknowledges it\n"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A GitHub of one repository with the pull request 7."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with github() as held:
        yield held


def environ(folder: Path, api_url: str, *, verdict: str = "riskier", blocked: str | None = None, body: str = REVIEW,
            labels: tuple[str, ...] = (), **event: Any) -> dict[str, str]:  # fmt: skip
    """What the step sees, with a review in its folder; `event` replaces members of the pull request."""
    templates = [{"stack": "iot-jobs-prod", "name": "reboot", "deploy": {"blocked": blocked}}]
    (folder / "review.json").write_text(json.dumps({"verdict": verdict, "templates": templates}))
    (folder / "review.md").write_text(body)
    here = {"repo": {"full_name": REPOSITORY}}
    pull_request = {"number": 7, "labels": [{"name": one} for one in labels], "head": here, "base": here, **event}
    (folder / "event.json").write_text(json.dumps({"pull_request": pull_request}))
    return {
        "ACKNOWLEDGED_LABEL": LABEL,
        "FOLDER": str(folder),
        "GITHUB_API_URL": api_url,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_TOKEN": TOKEN,
    }


@pytest.mark.parametrize(
    ("verdict", "blocked", "labels", "error", "note"),
    [
        ("none", None, (), None, None),
        ("neutral", None, (), None, None),
        ("safer", None, (), None, None),
        ("safer", None, (LABEL,), None, None),
        (
            "riskier",
            None,
            (),
            f"riskier; the label {LABEL} acknowledges it",
            f"The label `{LABEL}` acknowledges riskier changes.",
        ),
        (
            "riskier",
            None,
            ("Riskier-acknowledged",),
            f"riskier; the label {LABEL} acknowledges it",
            f"The label `{LABEL}` acknowledges riskier changes.",
        ),
        ("riskier", None, ("bug", LABEL), None, f"Acknowledged by the label `{LABEL}`."),
        (
            "unknown",
            None,
            (),
            f"unknown; the label {LABEL} acknowledges it",
            f"The label `{LABEL}` acknowledges riskier changes.",
        ),
        ("unknown", None, (LABEL,), None, f"Acknowledged by the label `{LABEL}`."),
        ("riskier", "the id is taken", (LABEL,), "blocked, as the review says: iot-jobs-prod reboot", None),
        ("neutral", "the id is taken", (LABEL,), "blocked, as the review says: iot-jobs-prod reboot", None),
        ("failed", None, ("other",), "the review could not run; the log of its step says why", None),
        ("failed", None, (LABEL,), None, f"Acknowledged by the label `{LABEL}`."),
    ],
)
def test_judgement(
    verdict: str, blocked: str | None, labels: tuple[str, ...], error: str | None, note: str | None
) -> None:
    """The label acknowledges what is riskier, and a review that could not run, but no trap."""
    review = {
        "verdict": verdict,
        "templates": [{"stack": "iot-jobs-prod", "name": "reboot", "deploy": {"blocked": blocked}}],
    }
    assert judgement(review, label=LABEL, labels=frozenset(labels)) == (error, note)


def test_no_label() -> None:
    """Where no label is named nothing acknowledges what is riskier, not even a label without a name."""
    assert judgement({"verdict": "riskier", "templates": []}, label="", labels=frozenset({""})) == ("riskier", None)


def test_labels_of() -> None:
    """The labels are those of the pull request; a push has none."""
    assert labels_of({"pull_request": {"labels": [{"name": "a"}, {"name": "b"}]}}) == {"a", "b"}
    assert labels_of({}) == frozenset()


@pytest.mark.parametrize(
    ("head", "expected"), [({"full_name": "a/b"}, False), ({"full_name": "c/b"}, True), (None, True)]
)
def test_from_fork(head: Any, expected: bool) -> None:
    """Another repository's commits are a fork's, and so are those of one that is gone."""
    assert from_fork({"head": {"repo": head}, "base": {"repo": {"full_name": "a/b"}}}) is expected


def test_posted_then_updated(api: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first review is a new comment, the next replaces its text, and the same once more asks for nothing."""
    assert main(environ(tmp_path, api.url)) == 1
    assert [one["body"] for one in api.comments] == [REVIEW + NOTE]
    assert main(environ(tmp_path, api.url, verdict="safer", body=f"{MARKER}\nsafer\n")) == 0
    assert main(environ(tmp_path, api.url, verdict="safer", body=f"{MARKER}\nsafer\n")) == 0
    assert [one["body"] for one in api.comments] == [f"{MARKER}\nsafer\n"]
    listing = f"GET /repos/{REPOSITORY}/issues/7/comments?per_page=100&page=1"
    assert api.asked == [
        listing,
        f"POST /repos/{REPOSITORY}/issues/7/comments",
        listing,
        f"PATCH /repos/{REPOSITORY}/issues/comments/1001",
        listing,
    ]
    assert (tmp_path / "summary.md").read_text() == REVIEW + NOTE + f"{MARKER}\nsafer\n" * 2
    assert capsys.readouterr().out == RISKIER


def test_acknowledged(api: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the label the same review passes, and the comment says by what."""
    assert main(environ(tmp_path, api.url, labels=(LABEL,))) == 0
    assert api.comments[0]["body"] == f"{REVIEW}\nAcknowledged by the label `{LABEL}`.\n"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("before", "pages"), [(99, 1), (100, 2), (101, 2), (250, 3)])
def test_pages(api: GitHub, tmp_path: Path, before: int, pages: int) -> None:
    """The comment is found behind any number of others, and they stay as they are."""
    for number in range(before):
        api.add(f"looks good {number}", STRANGER)
    api.add(f"{MARKER}\nold\n")
    main(environ(tmp_path, api.url))
    assert [one["body"] for one in api.comments[-2:]] == [f"looks good {before - 1}", REVIEW + NOTE]
    assert len(api.comments) == before + 1
    assert len(api.asked) == pages + 1


@pytest.mark.parametrize(
    ("user", "body"),
    [
        (STRANGER, f"{MARKER}\nall is safe\n"),
        ({"login": "github-actions[bot]", "type": "User"}, f"{MARKER}\nall is safe\n"),
        ({"login": "other[bot]", "type": "Bot"}, f"{MARKER}\nall is safe\n"),
        (OURS, f"another workflow quotes {MARKER}\n"),
    ],
)
def test_what_is_not_ours(api: GitHub, tmp_path: Path, user: dict[str, str], body: str) -> None:
    """The marker in somebody else's comment, or within another of the bot's, is left alone."""
    api.add(body, user)
    main(environ(tmp_path, api.url))
    assert [one["body"] for one in api.comments] == [body, REVIEW + NOTE]


def test_author_that_is_gone(api: GitHub, tmp_path: Path) -> None:
    """A comment of a deleted account has no user."""
    api.add(f"{MARKER}\n")["user"] = None
    main(environ(tmp_path, api.url))
    assert len(api.comments) == 2


@pytest.mark.parametrize("verdict", ["riskier", "neutral"])
@pytest.mark.parametrize("head", [{"repo": {"full_name": "stranger/templates"}}, {"repo": None}])
def test_fork(
    api: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str], head: dict[str, Any], verdict: str
) -> None:
    """A fork's review is in the job summary, GitHub gets no request, and the verdict still counts."""
    assert main(environ(tmp_path, api.url, head=head, verdict=verdict)) == int(verdict == "riskier")
    assert api.asked == []
    assert (tmp_path / "summary.md").read_text() == REVIEW + (NOTE if verdict == "riskier" else "")
    notice = "a pull request from a fork has a token that can't write: the review is only in the job summary"
    assert capsys.readouterr().out == f"::notice::{notice}\n" + (RISKIER if verdict == "riskier" else "")


def test_no_pull_request(api: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Started by a push there is nothing to comment on."""
    given = environ(tmp_path, api.url, verdict="neutral")
    (tmp_path / "event.json").write_text("{}")
    assert main(given) == 0
    assert capsys.readouterr().out == "::notice::this is not a pull request: the review is only in the job summary\n"


REFUSALS = [
    (401, {}, "401, the token is not valid"),
    (404, {}, "404, the token does not reach this repository's pull requests"),
    (422, {}, "422, GitHub did not accept the comment"),
    (429, {}, "429, too many requests; run the job again later"),
    (429, {"Retry-After": "60"}, "429, too many requests; run the job again later"),
    (403, {"X-RateLimit-Remaining": "0"}, "403, too many requests; run the job again later"),
    (403, {"Retry-After": "60"}, "403, too many requests; run the job again later"),
    (500, {}, "500, GitHub failed; run the job again"),
    (503, {}, "503, GitHub failed; run the job again"),
    (307, {"Location": "http://127.0.0.1:9/"}, "307, unexpected answer"),
    (200, {}, "the answer is not JSON"),
]


@pytest.mark.parametrize(("status", "headers", "said"), REFUSALS)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_refusals(
    api: GitHub,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    status: int,
    headers: dict[str, str],
    said: str,
    method: str,
) -> None:
    """A refusal by GitHub is one line without the token and exit code 1; the summary still has the review."""
    if method == "PATCH":
        api.add(f"{MARKER}\nold\n")
    api.instead, api.only_for = (status, headers, b"<html>" + TOKEN.encode()), method
    assert main(environ(tmp_path, api.url, verdict="neutral")) == 1
    path = "/issues/comments/1001" if method == "PATCH" else "/issues/7/comments"
    told = capsys.readouterr()
    assert told.out == f"::error::the review could not be posted: {method} /repos/{REPOSITORY}{path}: {said}\n"
    assert told.err == ""
    assert (tmp_path / "summary.md").read_text() == REVIEW


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("verdict", ["riskier", "neutral"])
def test_read_only_token(
    api: GitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str, verdict: str
) -> None:
    """A token that may not write, such as Dependabot's, leaves the summary, and the verdict decides."""
    api.instead, api.only_for = (403, {}, b'{"message": "Resource not accessible by integration"}'), method
    assert main(environ(tmp_path, api.url, verdict=verdict)) == int(verdict == "riskier")
    notice = "::notice::the token may not write comments (403): the review is only in the job summary\n"
    assert capsys.readouterr().out == notice + (RISKIER if verdict == "riskier" else "")


def test_server_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an answer there is one line, and exit code 1."""
    with github() as held:
        url = held.url
    assert main(environ(tmp_path, url, verdict="neutral")) == 1
    (line,) = capsys.readouterr().out.splitlines()
    place = f"GET /repos/{REPOSITORY}/issues/7/comments"
    assert line.startswith(f"::error::the review could not be posted: {place}: no answer (")
    assert TOKEN not in line


@pytest.mark.parametrize(
    ("length", "has_note"),
    [
        (MOST_CHARACTERS - len(NOTE) - 1, True),
        (MOST_CHARACTERS - len(NOTE), True),
        (MOST_CHARACTERS - len(NOTE) + 1, False),
        (MOST_CHARACTERS, False),
    ],
)
def test_longest_comment(api: GitHub, tmp_path: Path, length: int, has_note: bool) -> None:
    """The note about the label gives way where a comment would become longer than GitHub takes."""
    body = (REVIEW + "🛠" * MOST_CHARACTERS)[:length]
    main(environ(tmp_path, api.url, body=body))
    assert api.comments[0]["body"] == body + (NOTE if has_note else "")
    assert (tmp_path / "summary.md").stat().st_size < 1024**2
