"""`iot-jobs jobs`: a module for each command, or for two that differ in a word."""

from __future__ import annotations

import click

from iot_jobs.cli.jobs.cancel import cancel, stop
from iot_jobs.cli.jobs.delete import delete
from iot_jobs.cli.jobs.document import document
from iot_jobs.cli.jobs.executions import execution, executions
from iot_jobs.cli.jobs.list import list_jobs
from iot_jobs.cli.jobs.one_execution import cancel_execution, delete_execution
from iot_jobs.cli.jobs.show import show
from iot_jobs.cli.jobs.start import start
from iot_jobs.cli.jobs.update import slow, update
from iot_jobs.cli.jobs.watch import watch


@click.group(short_help="Start, watch and stop jobs.")
def jobs() -> None:
    """Start, watch and stop jobs, and show what is in AWS.

    A command that changes something first says what it will do, and asks; without a terminal, it needs --yes.
    """


for command in (
    start,
    watch,
    list_jobs,
    show,
    document,
    executions,
    execution,
    update,
    slow,
    stop,
    cancel,
    delete,
    cancel_execution,
    delete_execution,
):
    jobs.add_command(command)
