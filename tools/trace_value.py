"""The path of one value: `python -m tools.trace_value` lists the functions of this package that get or return it.

The value is an `increment_factor` in a small application. A function counts if an argument or its result is the value
or holds it at any depth. There are three paths: from an environment's YAML to a finding, to the properties, and to the
synthesized template. For each, the calls that turn the value from one form into another are counted in their order.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

BIN = Path(sys.executable).parent
PACKAGE = Path(__file__).resolve().parent.parent / "constructs" / "iot_jobs"
GOOD, BAD = 1.7, 7.7
TURNS = {
    "sources.yamltext.parse": "text to data",
    "template.part.Model.judge": "data to a model",
    "cloudformation.properties.properties": "a model to properties",
    "cloudformation.properties.values": "properties to data",
}
FILES = {
    "job_documents/reboot.json": '{"operation": "reboot.sh"}',
    "stacks/templates/reboot.yaml": "description: Reboot a device\ndocument: reboot.json\n",
    "stacks/environments/prod.yaml": """\
name: prod
account: "123456789012"
region: eu-west-1
fleet: {things: 1000}
templates:
  reboot:
    rollout:
      maximum_per_minute: 500
      exponential_rate:
        base_rate_per_minute: 20
        increment_factor: FACTOR
        rate_increase_criteria: {number_of_succeeded_things: 100}
""",
}


def main() -> None:
    """Print each path: the number of functions, and their names in the order of their first call or return."""
    # jsii finds the Node of this environment, not the machine's.
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    for title, value, run in (
        ("prod.yaml to a finding", BAD, check),
        ("prod.yaml to the properties", GOOD, emit),
        ("prod.yaml to the synthesized template", GOOD, synthesize),
    ):
        names, turns = trace(value, run)
        print(f"{title}: {len(names)} functions; {', '.join(turns)}")
        for name in names:
            print(f"  {name}")


def trace(value: float, run: Callable[[Path], object]) -> tuple[list[str], list[str]]:
    """Return the functions that get or return a value while `run` works on an application that holds it.

    The second list has each turn of the value into another form.
    """
    names: dict[str, None] = {}
    turns: list[str] = []

    def note(frame: FrameType, event: str, result: object) -> None:
        path = frame.f_code.co_filename
        if event not in ("call", "return") or not path.startswith(str(PACKAGE)):
            return
        values = list(frame.f_locals.values()) if event == "call" else [result]
        if any(holds(item, value, set()) for item in values):
            module = ".".join(Path(path).relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
            name = f"{module}.{frame.f_code.co_qualname}"
            names[name] = None
            if event == "call" and name in TURNS:
                turns.append(TURNS[name])

    with tempfile.TemporaryDirectory(prefix="trace-") as name:
        folder = Path(name)
        for path, text in FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text.replace("FACTOR", str(value)))
        run(folder)  # first without tracing, so that imports and caches don't count
        sys.setprofile(note)
        try:
            run(folder)
        finally:
            sys.setprofile(None)
    return [name for name in names if "<" not in name.rpartition(".")[2]], turns


def holds(item: object, value: float, seen: set[int]) -> bool:
    """Return whether an item is the value, or holds it at any depth."""
    if isinstance(item, str):
        return f"increment_factor: {value}" in item or f'"IncrementFactor": {value}' in item
    if isinstance(item, float):
        return item == value
    if item is None or isinstance(item, int | bytes | type | Callable) or id(item) in seen:
        return False
    seen.add(id(item))
    return any(holds(part, value, seen) for part in _parts(item))


def _parts(item: object) -> Iterator[Any]:
    if isinstance(item, Mapping):
        yield from item.values()
    elif isinstance(item, list | tuple | set | frozenset):
        yield from item
    elif type(item).__module__.startswith("iot_jobs"):
        yield from getattr(item, "__dict__", {}).values()
        yield from (getattr(item, name, None) for name in getattr(type(item), "__slots__", ()))


def check(folder: Path) -> None:
    """Check the application and format the report."""
    from iot_jobs.check import check as check_reading
    from iot_jobs.render import findings
    from iot_jobs.sources import read_paths

    findings.text(check_reading(read_paths([folder]), now=datetime.now(UTC)))


def emit(folder: Path) -> None:
    """Load the application and make the properties of its template."""
    from iot_jobs.check import load_application
    from iot_jobs.cloudformation import properties

    (environment,) = load_application(folder).environments
    properties(environment.templates[0])


def synthesize(folder: Path) -> None:
    """Synthesize the application."""
    import aws_cdk as cdk

    from iot_jobs.cdk import JobTemplate
    from iot_jobs.check import load_application

    app = cdk.App(outdir=str(folder / "cdk.out"), context={"@aws-cdk/core:validateAgainstDefaultRules": False})
    (environment,) = load_application(folder).environments
    stack = cdk.Stack(app, "Jobs")
    JobTemplate.from_spec(stack, "reboot", environment.templates[0])
    app.synth()


if __name__ == "__main__":
    main()
