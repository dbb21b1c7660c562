"""Optional parts of the distribution: the libraries that each of its extras brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

EXTRAS = {
    "aws": ("boto3", "botocore", "rich"),
    "cloudformation": ("cloudformation_validate",),
    "cdk": ("aws_cdk", "constructs", "jsii"),
    "forecast": ("numpy", "rich"),
    "plot": ("matplotlib",),
}
"""The packages that are imported of each extra in `pyproject.toml`."""


class MissingExtraError(ImportError):
    """A library of an extra is not installed; the text says what to install."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports that need the extra `name`: raises `MissingExtraError` where one of its libraries is missing.

    Any other module that is missing is a defect, and its error is raised as it is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = str(error.name).partition(".")[0]
        if library not in EXTRAS[name]:
            raise
        text = (
            f"{library} is not installed; install iot-jobs with its extra [{name}]: pip install '.[{name}]' in a "
            f"checkout, or pip install '<wheel>[{name}]'"
        )
        raise MissingExtraError(text, name=error.name) from None
