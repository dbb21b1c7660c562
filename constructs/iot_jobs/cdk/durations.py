"""The CDK's durations as numbers in a unit."""

from __future__ import annotations

from typing import Any, Literal

import aws_cdk as cdk

from iot_jobs.finding import FindingsError, Location
from iot_jobs.limits import Range


def amount(duration: cdk.Duration, unit: Literal["minutes", "seconds"], limit: Range, loc: Location = ()) -> Any:
    """Return a duration in a unit, for the limit to check. It may be a fraction, or a token.

    Raises `FindingsError` if it is a token in another unit, which can't be converted.
    """
    try:
        return duration.to_minutes(integral=False) if unit == "minutes" else duration.to_seconds(integral=False)
    except RuntimeError:
        allowed, fix = f"{limit.allowed}; a token only in {unit}", f"write Duration.{unit}(...)"
        raise FindingsError(
            [limit.finding(loc=loc, given=f"a token in {duration.unit_label()}", allowed=allowed, fix=fix)]
        ) from None
