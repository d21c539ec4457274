"""Filling any JSON schema with plausible values: for sections that have no rules, and for what a rule left out.

`walk` writes a value for a schema; `conform` mends a draft until it validates, so that a project may add a property to
a known section, or narrow one, without the embedded provider falling short of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.phrases import Phrases
from personaforge.embedded.writer.words import has, within

_DEEPEST = 12
"""A schema that refers to itself is cut off here."""
_ROUNDS = 40


class Filler:
    """Writes values for the schemas inside one section's schema."""

    def __init__(self, a: Assignment) -> None:
        self._a = a
        self._phrases = Phrases(a)

    def walk(self, schema: Any, path: tuple[str, ...], depth: int = 0) -> Any:
        """Return a value for a schema. `path` names the place, which is what texts are about."""
        schema = self._resolved(schema)
        rng = self._a.rng("/".join(path))
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._member(schema["enum"], path)
        for keyword in ("anyOf", "oneOf"):
            if schema.get(keyword):
                options = [self._resolved(option) for option in schema[keyword]]
                solid = [option for option in options if option.get("type") != "null"] or options
                rest = {key: value for key, value in schema.items() if key != keyword}
                return self.walk(_merged(rest, rng.choice(solid) if depth < _DEEPEST else solid[0]), path, depth + 1)
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, path, depth)
        if kind == "array":
            return self._array(schema, path, depth)
        if kind in ("number", "integer"):
            return self._number(schema, path, kind)
        if kind == "boolean":
            return rng.random() < 0.5
        return None if kind == "null" else self._phrases.text(schema, path)

    def _resolved(self, schema: Any) -> dict[str, Any]:
        """Return a schema without `$ref` and `allOf`."""
        if not isinstance(schema, Mapping):
            return {}
        merged = dict(schema)
        for _ in range(_DEEPEST):
            reference = merged.pop("$ref", None)
            if isinstance(reference, str):
                merged = _merged(_target(self._a.schema, reference), merged)
            parts = merged.pop("allOf", None)
            for part in parts or ():
                merged = _merged(merged, self._resolved(part))
            if "$ref" not in merged and "allOf" not in merged:
                break
        return merged

    def _member(self, members: list[Any], path: tuple[str, ...]) -> Any:
        named = [word for word in members if isinstance(word, str) and has([word], self._a.brief.lower())]
        offered = [member for member in members if not (isinstance(member, str) and self._a.barred(member))]
        return self._a.rng("/".join(path)).choice(named or offered or members)

    def _object(self, schema: dict[str, Any], path: tuple[str, ...], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = schema.get("required") or []
        # Below a certain depth only what must be there is written, which ends schemas that refer to themselves.
        names = [name for name in properties if depth < _DEEPEST // 3 or name in required]
        filled = {name: self.walk(properties[name], (*path, name), depth + 1) for name in names}
        more = schema.get("additionalProperties", True)
        for name in required:
            if name not in filled:
                filled[name] = self.walk(more if isinstance(more, Mapping) else {}, (*path, name), depth + 1)
        missing = int(schema.get("minProperties", 0)) - len(filled)
        if isinstance(more, Mapping) and not properties:
            missing = max(missing, 2)
        if missing > 0 and more is not False:
            for key in self._phrases.keys(missing, path):
                filled[key] = self.walk(more if isinstance(more, Mapping) else {}, (*path, key), depth + 1)
        return filled

    def _array(self, schema: dict[str, Any], path: tuple[str, ...], depth: int) -> list[Any]:
        first = schema.get("prefixItems") or []
        items = [self.walk(item, (*path, str(place)), depth + 1) for place, item in enumerate(first)]
        least = int(schema.get("minItems", 0))
        most = int(schema.get("maxItems", max(least, 4)))
        if depth < _DEEPEST // 3:
            least = max(least, min(most, 2))
        wanted = self._a.rng("/".join(path)).randint(least, max(least, min(most, least + 1)))
        if schema.get("items") is False:
            return items
        for place in range(len(items), wanted + 8):
            if len(items) >= wanted:
                break
            item = self.walk(schema.get("items") or {}, (*path, str(place)), depth + 1)
            if item not in items or (place >= wanted + 6 and not schema.get("uniqueItems")):
                items.append(item)
        while len(items) < least and not schema.get("uniqueItems"):
            items.append(self.walk(schema.get("items") or {}, (*path, str(len(items))), depth + 1))
        return items

    def _number(self, schema: dict[str, Any], path: tuple[str, ...], kind: str) -> int | float:
        rng, name = self._a.rng("/".join(path)), path[-1] if path else ""
        low: Any = schema.get("minimum", schema.get("exclusiveMinimum"))
        high: Any = schema.get("maximum", schema.get("exclusiveMaximum"))
        usual = {"age": (24, 60), "year": (1975, 2015), "percent": (10, 90), "count": (2, 12)}
        span = next(
            (limits for word, limits in usual.items() if word in name.split("_")),
            (1, 10) if kind == "integer" else (0, 1),
        )
        if low is None and high is None:
            low, high = span
        elif low is None:
            low = high - (span[1] - span[0])
        elif high is None:
            high = low + (span[1] - span[0]) * max(1, kind == "integer")
        age = self._a.known("surface.age")
        if name == "age" and isinstance(age, int):
            return int(within(age, low, high))
        low, high = self._a.advised(".".join(path), low, high)
        step = schema.get("multipleOf") or (1 if kind == "integer" else None)
        # From the middle of the range: the ends are for the few.
        value = low + (high - low) * (0.5 + 0.42 * (rng.random() + rng.random() - 1))
        if step:
            exact = round(value / step) * step
            exact += step * (exact < low or exact == schema.get("exclusiveMinimum"))
            exact -= step * (exact > high or exact == schema.get("exclusiveMaximum"))
            return int(exact) if kind == "integer" else round(exact, 9)
        rounded = round(value, 2)
        return rounded if low < rounded < high else float(value)


def conform(draft: Any, a: Assignment) -> Any:
    """Return a draft that validates against the assignment's schema, with only what doesn't fit written anew."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(dict(a.schema))
    filler = Filler(a)
    for _ in range(_ROUNDS):
        error = next(iter(sorted(validator.iter_errors(draft), key=lambda error: len(error.absolute_path))), None)
        if error is None:
            break
        path = list(error.absolute_path)
        value = _mended(error.instance, error.validator, error.schema, filler, (a.section, *map(str, path)))
        draft = _placed(draft, path, value)
    return draft


def _mended(value: Any, keyword: str, schema: Any, filler: Filler, path: tuple[str, ...]) -> Any:
    if keyword == "required" and isinstance(value, dict):
        properties = schema.get("properties") or {}
        missing = [name for name in schema["required"] if name not in value]
        return value | {name: filler.walk(properties.get(name, {}), (*path, name)) for name in missing}
    if keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(value, dict):
        known = {name: value[name] for name in value if name in (schema.get("properties") or {})}
        if known != value:
            return known
    if keyword == "maxLength" and isinstance(value, str):
        cut = value[: schema["maxLength"]].rsplit(" ", 1)[0].rstrip(" ,;")
        if len(cut) >= schema.get("minLength", 1):
            return cut
    if keyword == "maxItems" and isinstance(value, list):
        return value[: schema["maxItems"]]
    if keyword in ("minimum", "maximum") and isinstance(value, (int, float)):
        return schema[keyword]
    return filler.walk(schema, path)


def _placed(draft: Any, path: list[Any], value: Any) -> Any:
    """Return a draft with the value at a path replaced."""
    if not path:
        return value
    key, *rest = path
    if isinstance(draft, list):
        return [_placed(item, rest, value) if place == key else item for place, item in enumerate(draft)]
    return {name: _placed(item, rest, value) if name == key else item for name, item in draft.items()}


def _kind(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type")
    if isinstance(kinds, list):
        kinds = next((kind for kind in kinds if kind != "null"), "null")
    if isinstance(kinds, str):
        return kinds
    for kind, keywords in (
        ("object", ("properties", "required", "additionalProperties")),
        ("array", ("items", "prefixItems", "minItems")),
        ("number", ("minimum", "maximum", "multipleOf")),
    ):
        if any(keyword in schema for keyword in keywords):
            return kind
    return "string"


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return both schemas as one; what both say about properties and requirements adds up."""
    merged = {**first, **second}
    if "properties" in first and "properties" in second:
        merged["properties"] = {**first["properties"], **second["properties"]}
    if "required" in first and "required" in second:
        merged["required"] = list(dict.fromkeys([*first["required"], *second["required"]]))
    return merged


def _target(root: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """Return what a reference inside the schema points at; an empty schema for any other."""
    if not reference.startswith("#"):
        return {}
    value: Any = root
    for key in reference.removeprefix("#").strip("/").split("/"):
        name = key.replace("~1", "/").replace("~0", "~")
        if not name:
            continue
        value = value.get(name, {}) if isinstance(value, Mapping) else {}
    return dict(value) if isinstance(value, Mapping) else {}
