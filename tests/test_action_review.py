"""The action's review in GitHub: its files, its output, and what it says if it could not run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iot_jobs.action.review import FAILED, base_of, main
from iot_jobs.render.review_markdown import MARKER
from tests.cases import TEMPLATE, stack, write
from tests.commands import git


def test_review(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder has the review in each format, the log has the annotations, and the verdict is an output."""
    sides = [TEMPLATE | {"JobExecutionsRolloutConfig": {"MaximumPerMinute": rate}} for rate in (10, 20)]
    write(here, {"base.json": stack(T=sides[0]), "head.json": stack(T=sides[1])})
    assert main({"FOLDER": "new/folder", "BASE": "base.json", "HEAD": "head.json", "THINGS": "100",
                 "GITHUB_OUTPUT": "output"}) == 0  # fmt: skip
    assert sorted(path.name for path in Path("new/folder").iterdir()) == ["review.html", "review.json", "review.md"]
    report = json.loads(Path("new/folder/review.json").read_text())
    assert [change["before"] for change in report["templates"][0]["changes"]] == [10]
    assert Path("new/folder/review.md").read_text().startswith(f"{MARKER}\n**Riskier: 1 changed, 1 blocked**\n")
    assert Path("new/folder/review.html").read_text().startswith("<!doctype html>")
    assert capsys.readouterr().out.startswith("::error title=head T%3A changed%2C riskier::blocked: ")
    assert Path("output").read_text() == "verdict=riskier\n"


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, "this is not a pull request: name a base"),
        (
            {"BASE": "<a>.json", "HEAD": "b.json"},
            "Error: <a>.json is neither a cdk.out folder nor a file, and there is no application here whose git "
            "revision could be read",
        ),
    ],
)
def test_could_not_run(here: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str], reason: str) -> None:
    """The exit code is 0; the reason is in the log, and the comment has it without markup."""
    assert main({"FOLDER": "folder", **environ}) == 0
    log = capsys.readouterr()
    assert (log.out, log.err.strip()) == (f"verdict={FAILED}\n", reason)
    assert json.loads(Path("folder/review.json").read_text()) == {"verdict": FAILED, "templates": []}
    shown = reason.replace("<", "&lt;").replace(">", "&gt;")
    assert Path("folder/review.md").read_text() == f"{MARKER}\n**The review could not run**\n\n<pre>{shown}</pre>\n"


def test_base(here: Path) -> None:
    """The base is the first parent of GitHub's merge commit; at any other commit it is that of the event."""
    event = {"pull_request": {"base": {"sha": "of the event"}}}
    assert base_of({}, merged="") == ""
    assert base_of(event, merged="") == "of the event"
    git(here, "init")
    git(here, "commit", "--allow-empty", "-m", "main")
    git(here, "checkout", "-b", "change")
    git(here, "commit", "--allow-empty", "-m", "change")
    head = git(here, "rev-parse", "HEAD")
    assert base_of(event, merged=head) == "of the event"
    git(here, "checkout", "main")
    base = git(here, "rev-parse", "HEAD")
    git(here, "merge", "--no-ff", "--no-edit", "change")
    assert base_of(event, merged=git(here, "rev-parse", "HEAD")) == base
    assert base_of(event, merged=head) == "of the event"
