"""JSON Schemas for editors: one for each group, one for a persona file, in which every value may be left out, one
for a consent record, and one for the machine file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personaforge.spec.consent_models import consent_schema
from personaforge.spec.machine_models import MachineModel
from personaforge.spec.models import Persona
from personaforge.spec.pins import editor_schema
from personaforge.spec.project import Project
from personaforge.spec.sentences import Described
from personaforge.spec.settings import GROUPS, OF_THE_PROJECT

DIALECT = "https://json-schema.org/draft/2020-12/schema"


_DEFAULTS = {
    "type": "array",
    "description": "Hydra's defaults list: `override /pipeline: five_stage`, files that this one builds on.",
}
_INTERPOLATION = {"type": "string", "pattern": r"^\$\{.*\}$"}


def group_schemas(project: Project) -> dict[str, dict[str, Any]]:
    """Return the schema of every group, of a persona file, a consent record and the machine file, by name."""
    whole = _opened(Persona.model_json_schema(by_alias=True, schema_generator=Described))
    definitions = {**whole["$defs"], **{f"partial_{name}": _partial(schema) for name, schema in whole["$defs"].items()}}
    found: dict[str, dict[str, Any]] = {}
    for name in GROUPS:
        model = whole["properties"][name]["$ref"].rpartition("/")[2]
        found[name] = {
            "$schema": DIALECT,
            "title": f"conf/{name}/*.yaml",
            "description": whole["$defs"][model].get("description", ""),
            "if": {"required": ["defaults"]},
            "then": _with_defaults(definitions[f"partial_{model}"]),
            "else": {"$ref": f"#/$defs/{model}"},
            "$defs": definitions,
        }
    found["persona"] = _persona_schema(project, whole, definitions)
    machine = MachineModel.model_json_schema(by_alias=True, schema_generator=Described)
    found["consent"] = consent_schema()
    found["machine"] = {"$schema": DIALECT, **machine, "title": "The machine file"}
    return found


def _persona_schema(project: Project, whole: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A persona file: groups may be given by an option's name, or in part; only `id` and `brief` must be there."""
    properties: dict[str, Any] = {"defaults": _DEFAULTS}
    for name, schema in whole["properties"].items():
        if name in OF_THE_PROJECT:
            continue
        if name in GROUPS:
            options = sorted({path.stem for folder in project.conf_folders for path in (folder / name).glob("*.yaml")})
            properties[name] = {
                "description": schema.get("description", ""),
                "anyOf": [{"enum": options}, _partial(schema)],
            }
        elif name == "pinned":
            properties[name] = editor_schema(project, _INTERPOLATION)
        else:
            properties[name] = schema
    return {
        "$schema": DIALECT,
        "title": "A persona",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": ["id", "brief"],
        "$defs": definitions,
    }


def _with_defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "properties": {"defaults": _DEFAULTS, **schema.get("properties", {})}}


def _opened(schema: Any) -> Any:
    """Return a schema that also accepts an interpolation for any single value."""
    if isinstance(schema, list):
        return [_opened(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    if schema.get("type") in ("string", "integer", "number", "boolean") and "const" not in schema:
        about = {key: schema[key] for key in ("title", "description", "default") if key in schema}
        return {**about, "anyOf": [{key: value for key, value in schema.items() if key not in about}, _INTERPOLATION]}
    return {
        key: _opened(value) if key not in ("enum", "default", "required") else value for key, value in schema.items()
    }


def _partial(schema: Any) -> Any:
    """Return a schema that asks for nothing: what a file leaves out comes from the groups below it."""
    if isinstance(schema, Mapping):
        kept = {key: _partial(value) for key, value in schema.items() if key not in ("required", "discriminator")}
        if isinstance(kept.get("oneOf"), list):
            kept["anyOf"] = kept.pop("oneOf")  # without required keys several kinds of step may fit
        if isinstance(kept.get("$ref"), str):
            kept["$ref"] = kept["$ref"].replace("#/$defs/", "#/$defs/partial_")
        return kept
    if isinstance(schema, list):
        return [_partial(item) for item in schema]
    return schema


def write_schemas(project: Project, folder: Path) -> list[Path]:
    """Write every schema to `<folder>/<name>.schema.json` and return the paths."""
    import json

    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    for name, schema in group_schemas(project).items():
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
