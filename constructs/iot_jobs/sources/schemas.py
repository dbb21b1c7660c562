"""JSON Schemas of the files that people write, for editors; made from the models that check them."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise
from typing import Any

from iot_jobs import documents
from iot_jobs.environment import Environment
from iot_jobs.template import JobTemplateSpec
from iot_jobs.template.part import Model

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Written whole wherever they stand: lists do not merge.
_ITEMS = {"AbortCriterion", "RetryCriterion", "MaintenanceWindow"}


def json_schema(kind: str, name: str | None = None) -> str:
    """The schema of an `environment`, a `family`, or a `document` of the agent `name`, as JSON text.

    Raises `KeyError` for a name that isn't known, with the known ones.
    """
    if kind == "document":
        if name not in documents.FAMILIES:
            raise KeyError(f"a document's schema is one of {', '.join(documents.FAMILIES)}")
        schema = documents.schema_of(name)
    else:
        schema = {"environment": _environment, "family": _family}[kind]()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _family() -> dict[str, Any]:
    schema = _schema(JobTemplateSpec)
    properties = schema["properties"]
    del properties["template_name"]
    properties["document"] = _text("A file in job_documents/: what the device is told to do.")
    properties["document_schema"] = _text(
        "What the document is held against: a family of documents by name, or a JSON Schema in job_documents/."
    ) | {"examples": list(documents.FAMILIES)}
    properties["presigned_url"]["description"] = (
        "How presigned URLs are signed. Where no role is named, the construct makes one for what the document names."
    )
    schema["$defs"]["PresignedUrlConfig"].pop("required", None)
    properties["acknowledge"] = {
        "type": "object",
        "description": "Codes of warnings that are meant, each with a reason.",
        "propertyNames": {"pattern": "^JT[0-9]{3}$"},
        "additionalProperties": {"type": "string", "minLength": 1},
    }
    schema["required"] = ["description"]
    return _frame(
        schema, "A template family", "What a job template is, before an environment's values are laid over it."
    )


def _environment() -> dict[str, Any]:
    schema = _schema(Environment)
    del schema["properties"]["acknowledged"]  # written with each template
    overlay = _nullable(_family())
    definitions = overlay.pop("$defs")
    for key in ("$schema", "title", "description", "required"):
        overlay.pop(key, None)
    schema["$defs"] = {name: one for name, one in schema.get("$defs", {}).items() if name == "Fleet"} | definitions
    schema["properties"]["templates"] = {
        "type": "object",
        "description": "Families by name, each with what differs from it here: {} for nothing; null removes a value.",
        "additionalProperties": overlay,
    }
    return _frame(schema, "An environment", "Where job templates are deployed, for which fleet, and which ones.")


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The same mappings with nothing required and null allowed, as in an overlay."""
    changed = deepcopy(schema)
    for part in (changed, *changed.get("$defs", {}).values()):
        part.pop("required", None)
        part["properties"] = {
            name: {"anyOf": [one, {"type": "null"}]} for name, one in part.get("properties", {}).items()
        }
    for name in _ITEMS & changed.get("$defs", {}).keys():
        changed["$defs"][name] = schema["$defs"][name]
    return changed


def _schema(model: type[Model]) -> dict[str, Any]:
    """A model's schema with the docstrings of its fields; pydantic would read them at every start of the program."""
    schema = model.model_json_schema()
    parts = {one.__name__: one for one in _parts(Model)}
    for name, part in ((model.__name__, schema), *schema.get("$defs", {}).items()):
        for field, text in _docstrings(parts[name]).items():
            if field in part["properties"]:
                part["properties"][field]["description"] = text
    return schema


def _parts(model: type[Model]) -> Iterator[type[Model]]:
    for part in model.__subclasses__():
        yield part
        yield from _parts(part)


def _docstrings(model: type[Model]) -> dict[str, str]:
    """The text below each field, in the model and those that it extends."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not issubclass(one, Model):
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        for field, text in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(field.target, ast.Name):
                found[field.target.id] = inspect.cleandoc(ast.literal_eval(text.value)).replace("\n", " ")
    return found


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "description": description}


def _frame(schema: dict[str, Any], title: str, description: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **schema, "title": title, "description": description}
