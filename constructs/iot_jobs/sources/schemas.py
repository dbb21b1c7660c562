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
from iot_jobs.environment import Environment, Expectations
from iot_jobs.template import JobTemplateSpec
from iot_jobs.template.part import Model

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Items of lists are always complete: lists do not merge.
_ITEMS = {"AbortCriterion", "RetryCriterion", "MaintenanceWindow"}


def json_schema(kind: str, name: str | None = None) -> str:
    """Return the schema of an `environment`, a `family`, or a `document` of the agent `name`, as JSON text.

    Raises `KeyError` for an unknown name, with the known ones.
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
    properties["document"] = _text("A file in job_documents/: the job document that devices receive.")
    properties["document_schema"] = _text(
        "Schema of the document: the name of a built-in one, or a JSON Schema in job_documents/."
    ) | {"examples": list(documents.FAMILIES)}
    properties["presigned_url"]["description"] = (
        "Role and lifetime of presigned URLs. Without a role, the construct makes one for the objects in the document."
    )
    schema["$defs"]["PresignedUrlConfig"].pop("required", None)
    properties["acknowledge"] = {
        "type": "object",
        "description": "Codes of intended warnings and of assumed errors, each with a reason.",
        "propertyNames": {"pattern": "^JT[0-9]{3}$"},
        "additionalProperties": {"type": "string", "minLength": 1},
    }
    expect = _schema(Expectations)
    properties["expect"] = {key: expect[key] for key in ("type", "properties", "additionalProperties")}
    properties["expect"]["description"] = "Rates and times of this template, in place of those of the fleet."
    schema["required"] = ["description"]
    return _frame(schema, "A template family", "A job template, before the overrides of an environment.")


def _environment() -> dict[str, Any]:
    schema = _schema(Environment)
    del schema["properties"]["acknowledged"], schema["properties"]["expected"]  # written with each template
    overlay = _nullable(_family())
    definitions = overlay.pop("$defs")
    for key in ("$schema", "title", "description", "required"):
        overlay.pop(key, None)
    schema["$defs"] = {
        name: one for name, one in schema.get("$defs", {}).items() if name in ("Fleet", "Quotas")
    } | definitions
    schema["properties"]["templates"] = {
        "type": "object",
        "description": "Families by name, each with its overrides here: {} for none; null removes a value.",
        "additionalProperties": overlay,
    }
    return _frame(schema, "An environment", "Job templates, where they are deployed, and the fleet.")


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an overlay: the same mappings, with nothing required and null allowed."""
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
    """Return a model's schema with the docstrings of its fields; pydantic would read those at every start."""
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
    """Return the docstring of each field of the model and its bases."""
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
