"""Folders searched: what is entered, what is passed over."""

from pathlib import Path

from tests.cases import BOTH, TEMPLATE, UNREADABLE, outcome, report, skipped, stack, write

IGNORED = "holds .iot-jobs-ignore; pass it as a PATH to check it"


def test_folders_that_are_kept_out_of_a_search(here: Path) -> None:
    """A folder with .iot-jobs-ignore in it is skipped with a reason, unless it is named."""
    write(here, {"a/.iot-jobs-ignore": "", "a/b/t.json": stack(R=BOTH), "t.json": stack(R=TEMPLATE)})
    assert (outcome(report(".")), skipped(report("."))) == (([], 1, [IGNORED]), [("a", IGNORED)])
    for name in ("a", "a/b", "a/b/t.json"):
        assert outcome(report(name)) == (["JT410"], 1, [])


def test_folders_that_are_not_entered(here: Path) -> None:
    """Hidden folders, node_modules and caches are not searched, and only JSON and YAML files are read."""
    write(here, {f"{name}/t.json": stack(R=BOTH) for name in (".venv", "node_modules", "__pycache__")})
    write(here, {"README.md": "AWS::IoT::JobTemplate"})
    found = report(".")
    assert (outcome(found), skipped(found)) == (([], 0, ["no JSON or YAML in it"]), [(".", "no JSON or YAML in it")])


def test_a_link_that_leads_nowhere(here: Path) -> None:
    """What can't be opened is skipped where it was found."""
    (here / "a.json").symlink_to("nowhere.json")
    assert outcome(report(".")) == ([], 0, [UNREADABLE])


def test_empty_folder(here: Path) -> None:
    """An empty folder is skipped with a reason."""
    (here / "empty").mkdir()
    assert skipped(report("empty")) == [("empty", "no JSON or YAML in it")]
