"""Files as models: YAML and JSON with positions, and the application that they make up."""

from iot_jobs.files.application import Application, load_application, root_of

__all__ = ["Application", "load_application", "root_of"]
