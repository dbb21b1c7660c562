"""One environment of an assembly that is synthesized already: `make diff-assembly` and `make deploy-assembly`.

The environment is named by ENVIRONMENT. Its stacks are those of the assembly that have its stack name, one for each
account and region, so that prod is not also prod-canary. The difference goes to the job summary as well.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from iot_jobs.environment import stack_name

ROOT = Path(__file__).resolve().parent.parent
CDK = ROOT / "node_modules" / ".bin" / "cdk"
ASSEMBLY = ROOT / "cdk.out"
MOST_BYTES = 1_000_000
"""Of what a step writes into the job summary; GitHub takes 1 MiB and nothing at all beyond it."""
# The template method reads what is deployed, with the bootstrap's lookup role; a change set would need the deploy role.
COMMANDS = {
    "diff": ("diff", "--method", "template", "--no-color"),
    "deploy": ("deploy", "--require-approval", "never", "--progress", "events", "--concurrency", "10"),
}


class AssemblyError(Exception):
    """The command can't run; the text says why."""


def main(command: str, environ: Mapping[str, str], *, assembly: Path = ASSEMBLY) -> int:
    """Run the CDK CLI on the environment's stacks and return its exit code."""
    environment = environ.get("ENVIRONMENT", "")
    try:
        stacks = stacks_of(environment, assembly)
    except AssemblyError as error:
        print(error, file=sys.stderr)
        return 1
    done = subprocess.run(
        [CDK, *COMMANDS[command], "--app", assembly, *stacks],
        cwd=assembly.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if command == "diff" else None,
        stderr=subprocess.STDOUT if command == "diff" else None,
        text=True,
        check=False,
    )
    if command == "diff":
        print(done.stdout, end="")
        if environ.get("GITHUB_STEP_SUMMARY"):
            with Path(environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
                file.write(summary(environment, done.stdout))
    return done.returncode


def stacks_of(environment: str, assembly: Path) -> tuple[str, ...]:
    """Return the ids of an environment's stacks, as the CDK CLI takes them."""
    try:
        artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
        names = {
            stack: artifact["properties"].get("stackName", stack)
            for stack, artifact in artifacts.items()
            if artifact["type"] == "aws:cloudformation:stack"
        }
    except OSError as error:
        raise AssemblyError(f"{assembly} is no assembly ({error.strerror}); make synth writes it") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise AssemblyError(f"{assembly / 'manifest.json'} can't be read; make synth writes it anew") from None
    found = tuple(stack for stack, name in names.items() if name == stack_name(environment))
    if not found:
        known = ", ".join(sorted({name.removeprefix(stack_name("")) for name in names.values()}))
        raise AssemblyError(f"ENVIRONMENT is {environment or 'not set'}; the assembly has {known}")
    return found


def summary(environment: str, difference: str) -> str:
    """Return the difference as a code block that its text can't close, cut to the size of a summary."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", difference)), default=0))
    cut = difference.encode()[:MOST_BYTES].decode(errors="ignore")
    note = "" if cut == difference else "\nCut here; all of it is in the log.\n"
    return f"### {environment}: difference to what is deployed\n\n{fence}\n{cut.rstrip()}\n{fence}\n{note}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.environ))
