"""A program that runs AWS's validator: it reads templates from stdin, a line for each, and writes a line for each.

It is a process of its own because only a process can be stopped: the validator tries all combinations of values, so a
template of two kilobytes can take it hours and gigabytes. It imports nothing of this package, so that it starts fast.
"""

from __future__ import annotations

import json
import signal
import sys
from time import process_time

_MOST_MEMORY = 450_000_000
"""Bytes that the process may allocate; the validator itself has 240,000,000."""


def main() -> None:
    """Write the errors of each template, as lists of the values of `frame.Diagnostic`.

    A line of the input has the template's text, its name, and the seconds that it may take. The argument is how many
    all may take. The process ends at the first that takes longer; it ends too if it runs out of memory.
    """
    _limit_memory()
    from cloudformation_validate import CompositeEngine, DetailLevel, Severity, TemplateContent, ValidateConfig

    engine = CompositeEngine()
    config = ValidateConfig(severity_level=Severity.ERROR, detail_level=DetailLevel.DETAILED)
    end = process_time() + float(sys.argv[1])
    for line in sys.stdin:
        text, name, seconds = json.loads(line)
        _limit_time(min(seconds, end - process_time()))
        rows = [
            (
                one.rule_id,
                one.message,
                one.rule_description,
                one.suggested_fix,
                one.property_path,
                one.entity and one.entity.entity_type.name,
                one.entity and one.entity.logical_id,
                one.start_line,
                one.start_column,
            )
            for one in engine.validate_template(TemplateContent(text, name), config).diagnostics
        ]
        print(json.dumps(rows), flush=True)


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))  # macOS doesn't keep to it
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float) -> None:
    """End the process when it has worked for so many seconds, whatever else the machine does."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, max(seconds, 0.001))


if __name__ == "__main__":
    main()
