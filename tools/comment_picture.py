"""The picture in the README of what `iot-jobs review --format markdown` makes: a comment as GitHub shows it.

`python -m tools.comment_picture` draws it in headless Chromium. The markdown that it was made from stands in the
picture, so that a test can tell when it is not what the command prints any more.
"""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tools.chromium import MISSING, chromium

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "tests" / "application"
PICTURE = ROOT / "docs" / "review-comment.png"
KEY = "markdown"
"""Under which the picture holds what it was made from."""

PROD = "stacks/environments/prod.yaml"
EDITS = (
    (
        "maximum_per_minute: 250\n      exponential_rate:\n        base_rate_per_minute: 20\n",
        "maximum_per_minute: 500\n      exponential_rate:\n        base_rate_per_minute: 100\n",
    ),
    ("{failure_type: ALL, threshold_percentage: 2.25,", "{failure_type: ALL, threshold_percentage: 4,"),
    ("maximum_per_minute: 800\n", "maximum_per_minute: 600\n"),
)
"""The reviewed change: reboots faster and longer, configuration updates slower. Each text occurs once."""

_COLORS = 96
_STYLE = """
body { margin: 0; padding: 24px; width: 952px; background: #fff; color: #1f2328;
  font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, "DejaVu Sans", sans-serif; }
article { border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }
header { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; color: #59636e; }
header b { color: #1f2328; }
main { padding: 16px; }
main > :first-child { margin-top: 0; }
main > :last-child { margin-bottom: 0; }
p, table, pre, ul, details { margin: 0 0 16px; }
h3 { margin: 24px 0 16px; font-size: 17.5px; font-weight: 600; line-height: 1.25; }
code { padding: .2em .4em; border-radius: 6px; background: #818b981f;
  font: 85% ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
table { border-collapse: collapse; }
th, td { padding: 6px 10px; border: 1px solid #d1d9e0; }
tr:nth-child(2n) td { background: #f6f8fa; }
pre { padding: 16px; border-radius: 6px; background: #f6f8fa; line-height: 1.45; overflow: hidden; }
pre code { padding: 0; background: none; font-size: 12px; }
ul { padding-left: 2em; }
details details, details:last-child { margin-bottom: 0; }
summary { cursor: pointer; margin-bottom: 8px; }
"""


def markdown() -> str:
    """Return what the command prints for the edits, in a copy of the tests' application."""
    with tempfile.TemporaryDirectory() as folder:
        for side in ("base", "head"):
            shutil.copytree(EXAMPLE, Path(folder) / side)
        path = Path(folder) / "head" / PROD
        text = path.read_text(encoding="utf-8")
        for old, new in EDITS:
            if text.count(old) != 1:
                raise ValueError(f"this occurs {text.count(old)} times in {PROD}: {old}")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "iot_jobs", "review", "base", "head"]
        done = subprocess.run(
            [*command, "--format", "markdown"],
            cwd=folder,
            env=os.environ | {"PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
        )
    return done.stdout.decode()


def written() -> str:
    """Return the markdown that the picture was made from."""
    with Image.open(PICTURE) as picture:
        return str(picture.info[KEY])


def page(comment: str) -> str:
    """Return the comment as a page, with its first fold open."""
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(comment)
    body = body.replace("<details>", "<details open>", 1)
    header = "<header><b>github-actions</b> commented on this pull request</header>"
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Review</title>'
        f"<style>{_STYLE}</style><body><article>{header}<main>{body}</main></article></body></html>\n"
    )


def main() -> int:
    """Draw the picture. Exit code 2 means that there is no browser."""
    browser = chromium()
    if browser is None:
        print(MISSING, file=sys.stderr)
        return 2
    comment = markdown()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.png")
        source.write_text(page(comment), encoding="utf-8")
        node = Path(sys.executable).with_name("node")
        script = ROOT / "tools" / "screenshot.mjs"
        subprocess.run([str(node), str(script), browser, str(source), str(target)], check=True, timeout=120)
        with Image.open(target) as drawn:
            picture = drawn.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    info, held = PngInfo(), io.BytesIO()
    info.add_itxt(KEY, comment, zip=True)
    picture.save(held, "PNG", optimize=True, pnginfo=info)
    PICTURE.write_bytes(held.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
