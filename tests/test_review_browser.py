"""The review's page in a real browser: seen, read aloud, walked by keyboard, printed, on a phone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from iot_jobs.render.review_html import page
from tests.review_pages import PAGES
from tools.chromium import MISSING, chromium

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.e2e
# All that a page can have; the others of `PAGES` are made of the same parts.
LOOKED_AT = ("several", "blocked", "hostile", "nothing")
DARKEST_LIGHT, LIGHTEST_DARK = 230, 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pages are, and their pictures."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def seen(folder: Path) -> Any:
    """What one browser saw of all pages."""
    browser = chromium()
    if browser is None:
        pytest.skip(MISSING)
    for name in LOOKED_AT:
        (folder / f"{name}.html").write_text(page(PAGES[name]()), encoding="utf-8")
    node = Path(sys.executable).with_name("node")
    done = subprocess.run(
        [str(node), str(ROOT / "tests/browser/pages.mjs"), browser, str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", LOOKED_AT)
def test_nobody_is_shut_out(seen: Any, name: str) -> None:
    """axe-core finds nothing with all unfolded: in dark on a wide screen, in light on a phone."""
    assert seen[name]["axe"] == {"light": [], "dark": []}


@pytest.mark.parametrize("name", LOOKED_AT)
def test_it_stands_alone(seen: Any, name: str, folder: Path) -> None:
    """Nothing but the file is requested, and the console has no messages."""
    assert (set(seen[name]["requests"]), seen[name]["console"]) == ({(folder / f"{name}.html").as_uri()}, [])


@pytest.mark.parametrize("name", LOOKED_AT)
def test_no_sideways_scroll(seen: Any, name: str) -> None:
    """On a phone 360 pixels wide tables scroll by themselves, and the page doesn't."""
    assert seen[name]["overflow"] == {"phone": 0, "forced": 0}


@pytest.mark.parametrize("name", LOOKED_AT)
def test_light_and_dark(seen: Any, name: str, folder: Path) -> None:
    """The page follows the reader's choice, and something is drawn in both."""
    grounds = []
    for scheme in ("light", "dark"):
        with Image.open(folder / f"{name}-{scheme}.png") as picture:
            grey = picture.convert("L")
            grounds.append(grey.tobytes()[0])
            assert len(grey.getcolors() or ()) > 20
    assert grounds[0] > DARKEST_LIGHT
    assert grounds[1] < LIGHTEST_DARK


@pytest.mark.parametrize("name", LOOKED_AT)
def test_the_colors_of_the_system(seen: Any, name: str) -> None:
    """Where the reader's system chooses the colors, no text has that of the ground."""
    assert seen[name]["unseen"] == 0


@pytest.mark.parametrize("name", LOOKED_AT)
def test_keyboard(seen: Any, name: str) -> None:
    """Tab reaches every link, fold and table in order, with a visible focus; Enter and the space bar fold."""
    tab, fold = seen[name]["tab"], seen[name]["fold"]
    assert (tab["reached"], tab["outlined"]) == (list(range(tab["wanted"])), True)
    if name == "nothing":
        assert (tab["wanted"], fold) == (0, None)
    else:
        assert tab["wanted"] > 2
        assert fold == [fold[0], not fold[0], fold[0], not fold[0]]


@pytest.mark.parametrize("name", LOOKED_AT)
def test_links_unfold(seen: Any, name: str) -> None:
    """A link to a template that is folded unfolds it and brings it in sight."""
    found = seen[name]["follow"]
    assert found == [True] * len(found)
    assert bool(found) == (name != "nothing")


@pytest.mark.parametrize("name", LOOKED_AT)
def test_print(seen: Any, name: str) -> None:
    """On paper everything is unfolded, on white, and no table is cut."""
    found = seen[name]["print"]
    assert (found["hidden"], found["ground"], found["cut"]) == ([], "rgb(255, 255, 255)", 0)
    assert found["pdf"] > 1000
