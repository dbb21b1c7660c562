"""The environments in the workflows: `make workflows` writes the jobs of deploy.yml and the choice of rollback.yml.

GitHub reads its jobs, and which environment each waits for, from the file. So what is in stacks/environments is written
into it, in the order of promotion.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from iot_jobs import Environment, FindingsError
from iot_jobs.check import load_application

ROOT = Path(__file__).resolve().parent.parent
DEPLOY, ROLLBACK = ".github/workflows/deploy.yml", ".github/workflows/rollback.yml"
MARK = "  # The environments, one after the other: all that follows is written by make workflows.\n"
CHOICE = re.compile(r"(?m)^( +options: ).* # written by make workflows$")
JOB = """
  deploy-{name}:
    name: Deploy {name}
    needs: {needs}
    permissions:
      contents: read # to check out
      id-token: write # for AWS credentials
    uses: ./.github/workflows/deploy-environment.yml
    with:
      environment: "{name}"
"""


class WorkflowError(Exception):
    """The workflows can't be written; the text says why."""


def promotion_order(environments: Iterable[Environment]) -> tuple[Environment, ...]:
    """Return the environments in the order in which a change reaches them.

    Production comes last. Where two are alike in that, the one with more things comes later, so that a mistake is seen
    where it reaches the fewest.
    """

    def rank(environment: Environment) -> tuple[bool, int, str]:
        return environment.production, environment.fleet.things, environment.name

    return tuple(sorted(environments, key=rank))


def with_jobs(workflow: str, names: Sequence[str]) -> str:
    """Return deploy.yml with a job for each environment, which waits for the one before it."""
    before, mark, _ = workflow.partition(MARK)
    if not mark:
        raise WorkflowError(f"{DEPLOY} lacks the line after which the jobs are written:\n{MARK}")
    waited_for = ("synth", *(f"deploy-{name}" for name in names))
    jobs = (JOB.format(name=name, needs=needs) for name, needs in zip(names, waited_for, strict=False))
    return before + mark + "".join(jobs).removeprefix("\n")


def with_choice(workflow: str, names: Sequence[str]) -> str:
    """Return rollback.yml with these environments to choose from."""
    options = ", ".join(f'"{name}"' for name in names)
    written, count = CHOICE.subn(rf"\g<1>[{options}] # written by make workflows", workflow)
    if count != 1:
        raise WorkflowError(
            f"{ROLLBACK} lacks the line with the choice of environments:\noptions: [] # written by make workflows"
        )
    return written


def current(root: Path = ROOT) -> dict[str, str]:
    """Return the workflows as they should be, by path. Raises `FindingsError` where the application has errors."""
    names = [environment.name for environment in promotion_order(load_application(root).environments)]
    for name in names:
        if f"{name}-diff" in names:
            raise WorkflowError(
                f"{name}-diff can't be an environment beside {name}: the difference of {name} is shown in the GitHub "
                f"environment {name}-diff, which asks for no approval"
            )
    read = {path: (root / path).read_text(encoding="utf-8") for path in (DEPLOY, ROLLBACK)}
    return {DEPLOY: with_jobs(read[DEPLOY], names), ROLLBACK: with_choice(read[ROLLBACK], names)}


def update(root: Path = ROOT) -> list[str]:
    """Write the workflows that aren't current, and return their paths."""
    changed = {path: text for path, text in current(root).items() if (root / path).read_text(encoding="utf-8") != text}
    for path, text in changed.items():
        (root / path).write_text(text, encoding="utf-8")
    return list(changed)


def main() -> int:
    """Bring the workflows up to date and print which were not. Exit code 1 means that they can't be written."""
    try:
        changed = update()
    except (FindingsError, WorkflowError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(f"updated {path}" for path in changed) or "the workflows are up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
