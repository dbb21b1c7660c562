"""The check before `make release` builds: TAG, pyproject.toml and CHANGELOG.md name the same version."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def problems(tag: str, root: Path = ROOT) -> list[str]:
    """Return what differs, a line each. The tag of version 1.2.3 is v1.2.3."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    lines = []
    if tag != f"v{version}":
        lines.append(f"TAG is {tag or 'not set'}; the tag of the version in pyproject.toml is v{version}")
    heading = rf"(?m)^## {re.escape(version)}, \d{{4}}-\d{{2}}-\d{{2}}$"
    if not re.search(heading, (root / "CHANGELOG.md").read_text(encoding="utf-8")):
        lines.append(f"CHANGELOG.md has no section for the version; its heading is ## {version}, YYYY-MM-DD")
    return lines


def main() -> str | int:
    """Return what differs for the tag in TAG, 0 for nothing."""
    return "\n".join(problems(os.environ.get("TAG", ""))) or 0


if __name__ == "__main__":
    sys.exit(main())
