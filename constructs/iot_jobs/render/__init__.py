"""Reports and templates as text and data for people and tools."""

from iot_jobs.render import findings
from iot_jobs.render.deployed import deployed_table

__all__ = ["deployed_table", "findings"]
