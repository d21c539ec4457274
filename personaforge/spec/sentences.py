"""The sentence under each field of a model, as people read it: in JSON Schemas, and in the reference of settings.

Every field carries its sentence and unit as a string directly under it. Python drops such strings when it compiles, so
they are read from the source of the module, when a schema is asked for and never before. Where there is no source there
are no sentences.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue


def sentences(model: type[BaseModel]) -> dict[str, str]:
    """Return the sentence under each field of a model and of the models that it extends, by the field's name."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        found.update(_by_class(one.__module__).get(one.__qualname__, {}))
    return {name: text for name, text in found.items() if name in model.model_fields}


@cache
def _by_class(module: str) -> Mapping[str, Mapping[str, str]]:
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError, KeyError):
        return {}
    return {part.name: _of_fields(part.body) for part in tree.body if isinstance(part, ast.ClassDef)}


def _of_fields(body: list[ast.stmt]) -> dict[str, str]:
    found = {}
    for field, below in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[field.target.id] = " ".join(below.value.value.split())
    return found


def described(model: type[BaseModel]) -> dict[str, str]:
    """Return what each field is for: its sentence; else that of the model that it holds; for a word that tells models
    apart (`kind: draft`), its own model's. Fields without any are left out."""
    found = {}
    for name, field in model.model_fields.items():
        of_type = [one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)]
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            of_type.append(model)
        texts = [sentences(model).get(name, ""), *(inspect.getdoc(one) or "" for one in of_type)]
        text = next((text for text in texts if text), "")
        if text:
            found[name] = " ".join(text.split())
    return found


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


class Described(GenerateJsonSchema):
    """JSON Schemas in which every property says what it is for."""

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """Add to each property what it is for."""
        made = super().model_schema(schema)
        model = schema["cls"]
        for name, text in described(model).items():
            known = made.get("properties", {}).get(model.model_fields[name].alias or name)
            if known is not None:
                known["description"] = text
        return made
