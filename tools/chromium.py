"""The Chromium of this machine: that in CHROMIUM, or one on the PATH."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium: install it, or name it in CHROMIUM"


def chromium() -> str | None:
    """Return its path, None if there is none."""
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, (named,) if named else NAMES)), None)
