"""The catalogue of rules, docs/rules.md, made from the rules and their examples.

`python -m tools.rules_doc` writes it; with `--check` it only says whether it is current. What stands there above the
first group is written by hand and kept.
"""

import contextlib
import runpy
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from iot_jobs.check import check, load_application, rules
from iot_jobs.finding import Finding, FindingsError, Rule
from iot_jobs.sources import read_paths

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "examples" / "rules"
APPLICATION = EXAMPLES / "application"
DOCUMENT = ROOT / "docs" / "rules.md"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""The time that the start of jobs in the examples is compared with."""

# By the first digit of the code.
GROUPS = (
    *("Files", "Identity", "Rollout", "Abort", "Retry and timeout", "Presigned URLs and placeholders"),
    *("Maintenance windows", "Job documents", "Jobs", "Environments"),
)
WITH_EXAMPLES = tuple(code for code in rules() if code not in ("JT013", "JT014"))
"""All rules but two, whose examples would have a thousand findings, or show a mistake of this tool."""
LANGUAGES = {".yaml": "yaml", ".json": "json", ".py": "python", ".sh": "sh"}
SHOWN_LINES, SHOWN_CHARACTERS = 14, 160


def examples(code: str) -> tuple[Path, Path]:
    """Return the bad and the good example of a rule, each a file or a folder. Raises `ValueError` if one is missing."""
    (bad,), (good,) = ((EXAMPLES / code).glob(f"{kind}*") for kind in ("bad", "good"))
    return bad, good


@cache
def findings(example: Path) -> tuple[Finding, ...]:
    """Return the findings of an example, in an empty folder. Raises `ValueError` if it isn't checked."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        try:
            if example.suffix == ".py":
                runpy.run_path(str(example))
                return ()
            if example.suffix == ".sh":
                load_application(APPLICATION, environment=example.read_text().strip().rpartition("=")[2])
                return ()
        except FindingsError as error:
            return error.findings
        path = name = name_of(example)
        if example.is_dir() or len(name.parts) > 1:
            path = shutil.copytree(APPLICATION if example.is_file() else example, Path(), dirs_exist_ok=True)
        if example.is_file():
            shutil.copy(example, name)
        report = check(read_paths([path]), now=NOW)
        if report.skipped:
            raise ValueError(f"{example}: {report.skipped[0].reason}")
        return report.findings


def name_of(example: Path) -> Path:
    """Return the path that an example of one file is run at, by its content."""
    text = example.read_text(errors="replace") if example.is_file() else ""
    if example.suffix != ".yaml" or text.startswith("Resources:"):
        return Path({".yaml": "template", ".json": "document"}.get(example.suffix, "example") + example.suffix)
    environment = "\ntemplates:" in text
    return Path("stacks", *(("environments", "test.yaml") if environment else ("templates", "reboot.yaml")))


def markdown(introduction: str) -> str:
    """Return the whole page."""
    blocks = [introduction]
    for number, title in enumerate(GROUPS):
        group = [rule for rule in rules().values() if rule.code.startswith(f"JT{number}")]
        rows = [
            f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.evidence} | {rule.title} |\n"
            for rule in group
        ]
        blocks.append(
            f"## {title}\n\n| code | severity | evidence | what |\n| --- | --- | --- | --- |\n{''.join(rows)}"
        )
        blocks += [block for rule in group for block in _entry(rule)]
    return "\n".join(blocks)


def _entry(rule: Rule) -> Iterator[str]:
    """Yield a rule with its examples."""
    source = f"<{rule.source}>" if rule.source.startswith("https://") else rule.source
    basis = f"This tool's own rule ({source})" if rule.evidence == "own" else f"{rule.evidence.capitalize()}: {source}"
    yield f"### {rule.code}\n\n**{rule.severity}: {rule.title}**\n\n{rule.why} {basis}\n"
    if rule.code not in WITH_EXAMPLES:
        return
    bad, good = examples(rule.code)
    yield from _shown(bad, good, "Bad")
    yield _fence("text", "\n".join(map(str, findings(bad))))
    yield from _shown(good, bad, "Good")


def _shown(example: Path, other: Path, word: str) -> Iterator[str]:
    """Yield an example; of a folder, the files that differ from the other example."""
    if example.is_file():
        name = "" if example.suffix in (".py", ".sh") else f", `{name_of(example).as_posix()}`"
        yield f"{word}{name}:\n\n{_fence(LANGUAGES[example.suffix], example.read_text(errors='replace'))}"
        return
    for path in sorted({path.relative_to(root) for root in (example, other) for path in root.rglob("*.*")}):
        text, beside = ((root / path).read_text() if (root / path).is_file() else None for root in (example, other))
        if text is None:
            yield f"{word}: no `{path.as_posix()}`.\n"
        elif text != beside:
            yield f"{word}, `{path.as_posix()}`:\n\n{_fence(LANGUAGES[path.suffix], text)}"


def _fence(language: str, text: str) -> str:
    """Return a block of code, with only the beginning of a long example; findings are complete."""
    lines = text.splitlines()
    if language != "text":
        lines = [line if len(line) <= SHOWN_CHARACTERS else f"{line[:100]}…" for line in lines]
        if len(lines) > SHOWN_LINES + 2:
            lines[SHOWN_LINES:] = [f"… {len(lines) - SHOWN_LINES} more lines"]
    return "\n".join([f"```{language}", *lines, "```", ""])


def main() -> int:
    """Write the page, or with `--check` compare it. Exit code 1 means that it is not current."""
    written = DOCUMENT.read_text()
    text = markdown(written.partition(f"\n## {GROUPS[0]}")[0])
    if "--check" in sys.argv[1:]:
        return int(text != written)
    DOCUMENT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
