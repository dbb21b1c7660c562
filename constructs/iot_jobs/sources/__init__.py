"""Files as models: YAML and JSON with positions, and the application that they make up."""

from iot_jobs.sources.application import Application, root_of
from iot_jobs.sources.kinds.cloudformation import resources
from iot_jobs.sources.reading import read_application, read_paths, read_paths_as
from iot_jobs.sources.schemas import json_schema
from iot_jobs.sources.source import Source, read
from iot_jobs.sources.subject import Document, Reading, Skipped, Subject, Unknown

__all__ = [
    "Application",
    "Document",
    "Reading",
    "Skipped",
    "Source",
    "Subject",
    "Unknown",
    "json_schema",
    "read",
    "read_application",
    "read_paths",
    "read_paths_as",
    "resources",
    "root_of",
]
