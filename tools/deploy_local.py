"""The whole way from environment files to job templates, on this machine: `make deploy-local`.

Check, synthesize every environment, start a local AWS, bootstrap it, deploy one environment with the real CDK CLI, read
the job templates back through the AWS API and print them. ENVIRONMENT names the environment; by default it is the first
that a change is deployed to. Of several accounts and regions it is deployed to one. Nothing is left behind: the server
stops and the synthesized templates go, also when a step fails.
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

from iot_jobs.check import load_application
from tools.deploy_assembly import AssemblyError, stacks_of
from tools.local_aws import environ_without_aws, local_aws
from tools.workflows import promotion_order

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
CDK = ROOT / "node_modules" / ".bin" / "cdk"
STEP_LIMIT_SECONDS = 120


class StepError(Exception):
    """A step did not succeed; the message is what it printed."""


@dataclass(frozen=True)
class Target:
    """A stack of the environment, and the account and region that it is deployed to."""

    stack: str
    account: str
    region: str


def main(environ: Mapping[str, str]) -> int:
    """Run every step and return the exit code: 0, or 1 after the step that failed."""
    # The environment's own tools come first, so that cdk and jsii find its node and not the machine's.
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        with tempfile.TemporaryDirectory(prefix="deploy-local-") as folder:
            print(f"\n{deploy(Path(folder), environ.get('ENVIRONMENT', ''))}", end="")
    except (StepError, AssemblyError, RuntimeError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def deploy(folder: Path, environment: str) -> str:
    """Run the steps in order, with the synthesized templates in a folder; gives the table of what was deployed.

    Without the name of an environment it is the first that a change is deployed to.
    """
    offline = environ_without_aws(folder)
    assembly = folder / "cdk.out"
    run("check", BIN / "iot-jobs", "check", "stacks", environ=offline)
    run("synthesize", CDK, "synth", "--quiet", "--output", assembly, environ=offline)
    environments = promotion_order(load_application(ROOT).environments)
    environment = environment or environments[0].name
    target = read_target(environment, assembly)

    began = time.monotonic()
    with local_aws(account=target.account, region=target.region) as aws:
        say("start local AWS", began)
        # From the temporary folder: no cdk.json there makes the CLI synthesize again.
        where = f"aws://{target.account}/{target.region}"
        run("bootstrap", CDK, "bootstrap", where, environ=aws.environ, folder=folder)
        options = ("--app", assembly, "--require-approval", "never")
        run(f"deploy {environment}", CDK, "deploy", *options, target.stack, environ=aws.environ, folder=folder)
        table = run("read back", BIN / "iot-jobs", "templates", "list", environ=aws.environ)
        began = time.monotonic()
    say("stop local AWS", began)
    names = ", ".join(known.name for known in environments)
    place = f"account {target.account}, {target.region}"
    return f"{table}\nThis is {environment} in {place}. Another: make deploy-local ENVIRONMENT=..., of {names}\n"


def read_target(environment: str, assembly: Path) -> Target:
    """Find the first of the environment's stacks in the synthesized assembly."""
    stack, *_ = stacks_of(environment, assembly)
    artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    account, region = artifacts[stack]["environment"].removeprefix("aws://").split("/")
    return Target(stack, account, region)


def run(step: str, *command: str | Path, environ: Mapping[str, str], folder: Path = ROOT) -> str:
    """Run one step, print how long it took, and return its stdout. Raises StepError with all output."""
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
    sys.exit(main(os.environ))
