"""The whole way from environment files to job templates, on this machine: `make deploy-local`.

Check, synthesize every environment, start a local AWS, bootstrap it, deploy one environment with the real CDK CLI, read
the job templates back through the AWS API and print them. Nothing is left behind: the server stops and the synthesized
templates go, also when a step fails.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.local_aws import environ_without_aws, local_aws

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
CDK = ROOT / "node_modules" / ".bin" / "cdk"
ENVIRONMENT = "dev"
STEP_LIMIT_SECONDS = 120


class StepError(Exception):
    """A step did not succeed; the message is what it printed."""


@dataclass(frozen=True)
class Target:
    """What to deploy: the stacks of one environment, and the one account and region that they go to."""

    stacks: tuple[str, ...]
    account: str
    region: str


def main() -> int:
    """Run every step and return the exit code: 0, or 1 after the step that failed."""
    # The environment's own tools come first, so that cdk and jsii find its node and not the machine's.
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        with tempfile.TemporaryDirectory(prefix="deploy-local-") as folder:
            print(f"\n{deploy(Path(folder))}", end="")
    except (StepError, RuntimeError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def deploy(folder: Path) -> str:
    """Run the steps in order, with the synthesized templates in a folder; gives the table of what was deployed."""
    offline = environ_without_aws(folder)
    assembly = folder / "cdk.out"
    run("check", BIN / "iot-jobs", "check", "stacks", environ=offline)
    run("synthesize", CDK, "synth", "--quiet", "--output", assembly, environ=offline)
    target = read_target(assembly)

    began = time.monotonic()
    with local_aws(account=target.account, region=target.region) as aws:
        say("start local AWS", began)
        # From the temporary folder: no cdk.json there makes the CLI synthesize again.
        where = f"aws://{target.account}/{target.region}"
        run("bootstrap", CDK, "bootstrap", where, environ=aws.environ, folder=folder)
        options = ("--app", assembly, "--require-approval", "never")
        run(f"deploy {ENVIRONMENT}", CDK, "deploy", *options, *target.stacks, environ=aws.environ, folder=folder)
        table = run("read back", BIN / "iot-jobs", "list", environ=aws.environ)
        began = time.monotonic()
    say("stop local AWS", began)
    return table


def read_target(assembly: Path) -> Target:
    """Find the stacks of the environment in the synthesized assembly."""
    name = f"iot-jobs-{ENVIRONMENT}"
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    found = {
        stack: artifact["environment"].removeprefix("aws://")
        for stack, artifact in artifacts.items()
        if artifact["type"] == "aws:cloudformation:stack" and (stack == name or stack.startswith(f"{name}-"))
    }
    places = set(found.values())
    if len(places) != 1:
        raise StepError(f"{name} must be in one account and region to deploy it here, and it is in {sorted(places)}")
    account, region = places.pop().split("/")
    return Target(tuple(found), account, region)


def run(step: str, *command: str | Path, environ: Mapping[str, str], folder: Path = ROOT) -> str:
    """Run one step, say how long it took, and give what it printed on stdout; StepError holds the rest."""
    began = time.monotonic()
    try:
        done = subprocess.run(
            command,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise StepError(f"{step} took longer than {late.timeout:.0f} s") from late
    if done.returncode != 0:
        raise StepError(f"{step} failed with exit code {done.returncode}\n{done.stdout}{done.stderr}")
    say(step, began)
    return done.stdout


def say(step: str, began: float) -> None:
    """Print one line for a step that is done, with its time in seconds."""
    print(f"{step:<18}{time.monotonic() - began:5.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
