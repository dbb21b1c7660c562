"""The stack that a template is deployed as, as far as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from iot_jobs.limits.regions import PARTITIONS, URL_SUFFIXES

AccountRegion = tuple[str | None, str | None]
"""An account and a region; None if not known."""


class Stack(NamedTuple):
    """A stack's name, account and region, None if not known, and the values that are given for parameters, by name."""

    name: str | None = None
    account: str | None = None
    region: str | None = None
    parameters: Mapping[str, str] = MappingProxyType({})

    @property
    def location(self) -> AccountRegion:
        """Account and region."""
        return self.account, self.region

    @property
    def pseudo_parameters(self) -> dict[str, str]:
        """Return the values of the pseudo parameters that are known: those of a region's partition with the region."""
        partition = PARTITIONS.get(self.region or "", "")
        values = {
            "AWS::AccountId": self.account,
            "AWS::Partition": partition or None,
            "AWS::Region": self.region,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": URL_SUFFIXES.get(partition),
        }
        return {name: value for name, value in values.items() if value is not None}


UNKNOWN_STACK = Stack()
"""A stack about which nothing is known."""
