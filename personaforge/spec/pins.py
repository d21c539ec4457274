"""What a persona file may pin: the fields of the sections that pipelines draft, with what each takes.

Read from the output schemas in `conf/schema`, for `forge ls pins`, the reference in docs/ and the schema for editors.
What is pinned is checked by `sections.pin_problems`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.spec.kinds import KINDS

if TYPE_CHECKING:
    from personaforge.spec.project import Project


class Field(NamedTuple):
    """A field that can be pinned."""

    path: str
    """As in a persona file: pinned.dna.eyes.color."""
    takes: str
    """Its values, or its type with its bounds, in words."""


def fields(path: str, schema: Mapping[str, Any]) -> Iterator[Field]:
    """Yield the fields of a section's output schema, below a path."""
    properties = schema.get("properties")
    if properties:
        for name, inner in properties.items():
            yield from fields(f"{path}.{name}", inner)
        return
    yield Field(path, takes(schema))


def takes(schema: Mapping[str, Any]) -> str:
    """Return what a field takes: its values, or its type with its bounds."""
    if "enum" in schema:
        values = ", ".join(str(value) for value in schema["enum"])
        more = schema.get("x-stated")
        return f"{values}; also {', '.join(map(str, more))}, or two of all these: `blue and green`" if more else values
    kind = str(schema.get("type", "anything"))
    words = {"string": "text", "integer": "a whole number", "number": "a number", "array": "a list", "object": "keys"}
    text = words.get(kind, kind)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        text += f", {low} to {high}"
    if "items" in schema:
        text += f" of {takes(schema['items'])}"
    longest = schema.get("maxLength")
    return f"{text}, at most {longest} characters" if longest is not None else text


def editor_schema(project: Project, interpolation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of `pinned:`: every section that a pipeline of the project or of forge drafts, with each
    field's values and a description. Sections and fields that only one persona's own steps have stay open."""
    found: dict[str, list[dict[str, Any]]] = {}
    for section, name in sorted(set(_sections(project))):
        schema = _output_schema(project, name)
        if schema is not None:
            found.setdefault(section, []).append(_pinnable(schema, section, interpolation))
    return {
        "type": "object",
        "description": "What is kept to the letter, by section; everything else is drafted around it.",
        "properties": {
            section: one[0] if len(one) == 1 else {"description": f"Fields of {section}.", "anyOf": one}
            for section, one in found.items()
        },
        "additionalProperties": {"type": "object"},
    }


def _sections(project: Project) -> Iterator[tuple[str, str]]:
    """Yield section and schema of every step that declares both. What can't be read is for `validate` to say."""
    for folder in project.conf_folders:
        for path in (*sorted((folder / "pipeline").rglob("*.yaml")), *sorted((folder / "project").glob("*.yaml"))):
            data = _read(path)
            for steps in (data.get("steps"), _inside(data.get("pipeline"), "steps")):
                for step in steps.values() if isinstance(steps, Mapping) else ():
                    section, name = _inside(step, "section"), _inside(step, "schema")
                    kind = KINDS.get(str(_inside(step, "kind")))
                    # One marks the others, and nobody pins its marks; one shortens files, which the user can edit.
                    reads = kind is not None and kind.role in ("review", "summary")
                    if isinstance(section, str) and isinstance(name, str) and not reads:
                        yield section, name


def _output_schema(project: Project, name: str) -> dict[str, Any] | None:
    for folder in project.conf_folders:
        path = folder / "schema" / f"{name}.yaml"
        if path.is_file():
            return _read(path)
    return None


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except (OSError, UnicodeError, yaml.YAMLError):
        return {}
    return data if isinstance(data, dict) else {}


def _inside(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _pinnable(schema: Mapping[str, Any], path: str, interpolation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that asks for nothing, lets an interpolation stand for a value, and describes every field."""
    properties = schema.get("properties")
    if properties:
        return {
            "type": "object",
            "description": schema.get("description") or f"Fields of {path}.",
            "properties": {name: _pinnable(one, f"{path}.{name}", interpolation) for name, one in properties.items()},
            "additionalProperties": schema.get("additionalProperties", True),
        }
    if "x-properties-from" in schema:
        return {
            "type": "object",
            "description": f"By entry of `{schema['x-properties-from']}`.",
            "additionalProperties": {"anyOf": [schema.get("x-property", {}), interpolation]},
        }
    about = schema.get("description")
    text = f"{path}: {takes(schema)}."
    kept = {name: value for name, value in schema.items() if name not in ("description", "required")}
    if more := kept.pop("x-stated", None):
        every = [*kept.pop("enum"), *more]
        either = "|".join(map(re.escape, every))
        kept = {"anyOf": [{"enum": every}, {"type": "string", "pattern": f"^({either}) and ({either})$"}]}
    return {"description": f"{about} {text}" if about else text, "anyOf": [kept, interpolation]}
