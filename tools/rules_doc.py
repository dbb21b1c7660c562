"""The catalogue of rules, docs/rules.md, made from the rules and from the examples that are kept of each.

`python -m tools.rules_doc` writes it; with `--check` it only says whether it is current.
"""

import contextlib
import runpy
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from iot_jobs.check import check, rules
from iot_jobs.files import load_application, read_paths
from iot_jobs.finding import Finding, FindingsError, Rule

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "examples" / "rules"
APPLICATION = EXAMPLES / "application"
DOCUMENT = ROOT / "docs" / "rules.md"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
"""What the start of jobs in the examples is held against."""

GROUPS = (
    "Files",
    "Identity",
    "Rollout",
    "Abort",
    "Retry and timeout",
    "Presigned URLs and placeholders",
    "Maintenance windows",
    "Job documents",
    "Jobs",
    "Environments",
)
LANGUAGES = {".yaml": "yaml", ".json": "json", ".py": "python", ".sh": "sh"}
SHOWN_LINES, SHOWN_CHARACTERS = 14, 160

TOP = """\
# Rules

What `iot-jobs check` finds, and the same inside a synth: {errors} errors and {warnings} warnings. This page is made from
the rules and their examples by `python -m tools.rules_doc`, and each example is run by the tests.

- An **error** is what AWS refuses, or what can't be read. It can't be acknowledged.
- A **warning** is advice: AWS takes it, and a fleet may not.

Exit codes: 0 means no error, 1 at least one, and 2 that the check could not run. Warnings alone exit 0; with `--strict`
they count as errors do.

A warning that is meant is acknowledged with a reason, in the family or in what an environment lays over it. It is then
listed as acknowledged, and counts no more:

```yaml
acknowledge:
  JT352: a reboot does no harm, and support watches it
```

In the CDK it is acknowledged on a construct, for all that is below it:

```python
Validations.of(template).acknowledge(Acknowledgment(id="iot-jobs::JT352", reason="support watches it"))
```

An example that is only a family or an environment stands in an application that is otherwise good. The date in the
examples is {now:%Y-%m-%d}.
"""


def examples(code: str) -> tuple[Path, Path]:
    """The bad and the good example of a rule, each a file or a folder. Raises `ValueError` if one isn't there."""
    (bad,), (good,) = ((EXAMPLES / code).glob(f"{kind}*") for kind in ("bad", "good"))
    return bad, good


def findings(example: Path) -> tuple[Finding, ...]:
    """All that is found in an example, which is run in an empty folder of its own."""
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
        name = name_of(example)
        if example.is_dir() or len(name.parts) > 1:
            shutil.copytree(APPLICATION if example.is_file() else example, ".", dirs_exist_ok=True)
        if example.is_file():
            shutil.copy(example, name)
        return check(read_paths([Path() if Path("stacks").is_dir() else name]), now=NOW).findings


def name_of(example: Path) -> Path:
    """Where an example of one file stands when it is run: its content says what it is."""
    text = example.read_text(errors="replace") if example.is_file() else ""
    if example.suffix != ".yaml" or text.startswith("Resources:"):
        return Path({".yaml": "template", ".json": "document"}.get(example.suffix, "example") + example.suffix)
    environment = "\ntemplates:" in text
    return Path("stacks", *(("environments", "test.yaml") if environment else ("templates", "reboot.yaml")))


def markdown() -> str:
    """The whole page."""
    found = rules().values()
    errors = sum(rule.severity == "error" for rule in found)
    blocks = [TOP.format(errors=errors, warnings=len(found) - errors, now=NOW)]
    for number, title in enumerate(GROUPS):
        group = [rule for rule in found if rule.code.startswith(f"JT{number}")]
        rows = [f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} |\n" for rule in group]
        blocks.append(f"## {title}\n\n| code | severity | what |\n| --- | --- | --- |\n{''.join(rows)}")
        blocks += [block for rule in group for block in _entry(rule)]
    return "\n".join(blocks)


def _entry(rule: Rule) -> Iterator[str]:
    """A rule with its examples."""
    bad, good = examples(rule.code)
    source = f"<{rule.source}>" if rule.source.startswith("https://") else rule.source
    yield f"### {rule.code}\n\n**{rule.severity}: {rule.title}**\n\n{rule.why} Source: {source}\n"
    yield from _shown(bad, good, "Bad")
    yield _fence("text", "\n".join(map(str, findings(bad))))
    yield from _shown(good, bad, "Good")


def _shown(example: Path, other: Path, word: str) -> Iterator[str]:
    """An example; of a folder the files that differ from the other one."""
    if example.is_file():
        name = "" if example.suffix in (".py", ".sh") else f", `{name_of(example).as_posix()}`"
        yield f"{word}{name}:\n\n{_fence(LANGUAGES[example.suffix], example.read_text(errors='replace'))}"
        return
    for path in sorted(path.relative_to(example) for path in example.rglob("*.*")):
        text, beside = (example / path).read_text(), other / path
        if not beside.is_file() or beside.read_text() != text:
            yield f"{word}, `{path.as_posix()}`:\n\n{_fence(LANGUAGES[path.suffix], text)}"
    for path in sorted(path.relative_to(other) for path in other.rglob("*.*")):
        if not (example / path).is_file():
            yield f"{word}: no `{path.as_posix()}`.\n"


def _fence(language: str, text: str) -> str:
    lines = text.splitlines()
    kept = lines if len(lines) <= SHOWN_LINES + 2 or language == "text" else lines[:SHOWN_LINES]
    more = [f"… {len(lines) - len(kept)} more lines"] if len(kept) < len(lines) else []
    cut = [one if len(one) <= SHOWN_CHARACTERS or language == "text" else f"{one[:100]}…" for one in kept]
    return "\n".join([f"```{language}", *cut, *more, "```", ""])


def main() -> int:
    """Write the page, or with `--check` compare it. Exit code 1 means that it is not current."""
    text = markdown()
    if "--check" in sys.argv[1:]:
        return int(not DOCUMENT.is_file() or DOCUMENT.read_text() != text)
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
