"""An instance of a JSON Schema that stands in for an answer nobody has given yet: every property that it declares.

It is for rendering templates, not for validating: it has the names and types, and texts that say what they stand for.
An object that allows more than it declares answers to any name: nobody can say that a template's name is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 12
"""Levels: a schema that names itself ends there."""


class Open(dict[str, Any]):
    """An object that may have any further property."""

    def __missing__(self, name: str) -> Any:
        return f"a value of {name}" if isinstance(name, str) else None


def instance(schema: Any, pinned: Any = None, name: str = "") -> Any:
    """Return an instance of a schema, with the pinned values in their places."""
    return _merged(_made(schema, schema, name, 0), pinned)


def _made(schema: Any, root: Any, name: str, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return f"a value of {name}" if name else "a value"
    schema = _whole(schema, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if "default" in schema:
        return schema["default"]
    kind = schema.get("type")
    kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
    if kind == "object" or (kind is None and "properties" in schema):
        properties = schema.get("properties") or {}
        found = {str(key): _made(one, root, str(key), depth + 1) for key, one in properties.items()}
        return found if schema.get("additionalProperties") is False else Open(found)
    if kind == "array":
        count = max(1, min(int(schema.get("minItems") or 1), 20))
        firsts = list(schema.get("prefixItems") or ())
        rest = [schema.get("items", {})] * max(0, count - len(firsts))
        return [_made(one, root, name, depth + 1) for one in (*firsts, *rest)]
    if kind in ("number", "integer"):
        number = schema.get("minimum", schema.get("exclusiveMinimum", schema.get("maximum", 1)))
        return int(number) if kind == "integer" else number
    return {"boolean": True, "null": None}.get(str(kind), f"a value of {name}" if name else "a value")


def _whole(schema: Mapping[str, Any], root: Any) -> Mapping[str, Any]:
    """Return a schema with what it refers to, and with the first of its alternatives."""
    found = dict(schema)
    for _ in range(_DEEPEST):
        reference = found.pop("$ref", None)
        others = [found.pop(key)[0] for key in ("anyOf", "oneOf") if found.get(key)]
        others += found.pop("allOf", None) or []
        if isinstance(reference, str):
            others.append(_target(root, reference))
        if not others:
            break
        for other in (one for one in others if isinstance(one, Mapping)):
            properties = {**(other.get("properties") or {}), **(found.get("properties") or {})}
            found = {**other, **found, **({"properties": properties} if properties else {})}
    return found


def _target(root: Any, reference: str) -> Any:
    for part in reference.removeprefix("#").split("/")[1:]:
        root = root.get(part) if isinstance(root, Mapping) else None
    return root or {}


def _merged(value: Any, pinned: Any) -> Any:
    if isinstance(value, dict) and isinstance(pinned, Mapping):
        for name, one in pinned.items():
            value[name] = _merged(value.get(name), one)
        return value
    return value if pinned is None else pinned
