"""Output schemas of the persona document's sections, and the validation of a drafted section.

A schema is a YAML file in `conf/schema/` (JSON Schema 2020-12), so that a step can be declared without Python. Three
keywords are ours: an object with `x-properties-from: fashion.contexts` and `x-property: {...}` gets one required
property for every key of that setting; a text with an `enum` and `x-stated: [pink, ...]` may also have a word of that
list, or two words of either (`blue and green`), where the persona's brief or pins state it: nobody else's schema
changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson

from personaforge.digest import canonical
from personaforge.errors import Problem, SpecError
from personaforge.listing import meant
from personaforge.spec.adults import adult_problems, section_findings
from personaforge.spec.source import read_source
from personaforge.spec.vetting import vet
from personaforge.spec.wording import as_list

MAX_PROBLEMS = 20
MAX_MATCHED = 500
"""Characters of a text that is matched with a `pattern`; a longer one doesn't match."""


def read_schema(folders: Sequence[Path], name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read an output schema by name, the project's own first, and resolve our keywords. Raises SpecError."""
    import yaml

    for folder in folders:
        path = folder / "schema" / f"{name}.yaml"
        if path.is_file():
            shown = f"conf/schema/{name}.yaml"
            source = read_source(path, shown, root=folder.resolve())
            schema = _resolved(yaml.load(source.text, yaml.CSafeLoader) or {}, settings, shown)
            schema = _with_stated(schema, name, settings)
            problems = list(vet(schema, shown))
            if folder != folders[-1]:  # the project's own: its descriptions stand in prompts
                problems += adult_problems(section_findings(schema, name), shown)
            if problems:
                raise SpecError(problems)
            try:
                wrong = _meta_problem(canonical(schema))
            except ValueError as error:
                wrong = "", str(error)
            if wrong is not None:
                raise SpecError(Problem(shown, wrong[0], f"is not a JSON Schema: {wrong[1]}"))
            if schema.get("type") != "object":
                raise SpecError(Problem(shown, "type", f"found {schema.get('type')!r}, expected object"))
            return dict(schema)
    known = sorted({path.stem for folder in folders for path in (folder / "schema").glob("*.yaml")})
    raise SpecError(Problem("conf/schema", "", f"no schema {name!r}", _nearest(name, known)))


@lru_cache(maxsize=256)
def _meta_problem(schema: bytes) -> tuple[str, str] | None:
    """Validate a schema by JSON Schema's own schema, once: it takes 10 ms, and all personas of a project share
    theirs."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(orjson.loads(schema))
    except SchemaError as error:
        return ".".join(str(part) for part in error.absolute_path), _shortened(error.message)
    return None


def section_problems(schema: Mapping[str, Any], section: Any) -> list[str]:
    """Return why a drafted section doesn't fit its schema, a sentence each: `place: found this, expected that`."""
    found = sorted(_validator(schema).iter_errors(section), key=lambda error: list(map(str, error.path)))
    return [f"{_dotted(error.absolute_path)}: {_shortened(_sentence(error), 240)}" for error in found[:MAX_PROBLEMS]]


def _sentence(error: Any) -> str:
    """Say what was found and what was expected. Uses JSON Schema's own words where ours would say no more."""
    found, wanted = error.instance, error.validator_value
    match error.validator:
        case "required":
            missing = [name for name in wanted if name not in found]
            named = next((name for name in missing if error.message.startswith(repr(name))), missing[0])
            kind = _types(error.schema.get("properties", {}).get(named, {}).get("type")) or "a value"
            return f"found no {named}, expected {kind} of that name"
        case "additionalProperties" if wanted is False:
            known = error.schema.get("properties", {})
            unknown = ", ".join(sorted(str(name) for name in found if name not in known)[:6])
            return f"found {unknown}, expected only {', '.join(known) or 'nothing'}"
        case "type":
            return f"found {_shown(found)}, expected {_types(wanted)}"
        case "enum":
            return f"found {_shown(found)}, expected one of {', '.join(_shown(value) for value in wanted)}"
        case "const":
            return f"found {_shown(found)}, expected {_shown(wanted)}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            return f"found {_shown(found)}, expected {_BOUNDS[error.validator]} {_shown(wanted)}"
        case "minLength" | "maxLength":
            return f"found {len(found)} characters, expected {_BOUNDS[error.validator]} {wanted}"
        case "minItems" | "maxItems":
            return f"found {len(found)} items, expected {_BOUNDS[error.validator]} {wanted}"
        case "pattern":
            return f"found {_shown(found)}, expected a text that matches {wanted}"
        case "uniqueItems":
            return f"found {_shown(found)}, expected no item twice"
        case "anyOf" | "oneOf":
            count = "exactly one" if error.validator == "oneOf" else "one"
            return f"found {_shown(found)}, expected what fits {count} of {len(wanted)} forms"
    return str(error.message)


_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "minLength": "at least",
    "maxLength": "at most",
    "minItems": "at least",
    "maxItems": "at most",
}
_TYPES = {"array": "a list", "integer": "a whole number", "object": "an object", "boolean": "true or false"}


def _types(wanted: Any) -> str:
    names = [wanted] if isinstance(wanted, str) else list(wanted or ())
    return " or ".join(_TYPES.get(name, name if name == "null" else f"a {name}") for name in names)


def _shown(value: Any, limit: int = 80) -> str:
    """Return a value as JSON writes it, shortened: a message that quotes a model's answer keeps the model's own
    form."""
    return _shortened(orjson.dumps(value).decode(), limit)


def dropped_pins(pinned: Any, section: Any, path: str = "") -> list[str]:
    """Return which pinned values a drafted section doesn't keep to the letter, a sentence each."""
    if isinstance(pinned, Mapping):
        if not isinstance(section, Mapping):
            return [
                f"{path or 'the section'}: found {_shown(section)}, expected an object with what the user has fixed"
            ]
        return [
            problem
            for key, value in pinned.items()
            for problem in dropped_pins(value, section.get(key), f"{path}.{key}" if path else key)
        ]
    if pinned != section:
        found = "nothing" if section is None else _shown(section)
        return [f"{path}: found {found}, expected {_shown(pinned, 400)}, which the user has fixed"]
    return []


def pin_problems(
    schema: Mapping[str, Any],
    pinned: Mapping[str, Any],
    stated: Callable[[], Mapping[str, Sequence[str]]] = dict,
) -> Iterator[tuple[list[str], str, str]]:
    """Yield what is wrong with pinned values as (key path, message, hint): they fill a part of the schema, not all.
    `stated` returns the further words of each field, of `x-stated`; asked only where a value is none of an enum."""
    errors = list(_validator(_without_required(schema)).iter_errors(pinned))
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    for error in errors:
        if error.validator != "type" and tuple(error.absolute_path) in mistyped:
            continue  # of another type's value a bound says nothing more
        keys = [str(part) for part in error.absolute_path]
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = sorted(error.schema.get("properties", {}))
            for name in error.instance:
                if name not in known:
                    yield [*keys, name], "is not a field of this section", _nearest(name, known)
        elif error.validator == "enum":
            allowed = [str(value) for value in error.validator_value]
            more = [one for one in stated().get(".".join(keys), ()) if one not in allowed]
            also = f"; also {', '.join(more)}, or two of all these: `blue and green`" if more else ""
            yield (
                keys,
                f"found {error.instance!r}, expected one of {', '.join(allowed)}{also}",
                _nearest_of_two(error.instance, [*allowed, *more]) if more else _allowed_hint(error.instance, allowed),
            )
        elif error.validator == "type" and isinstance(error.instance, bool):
            hint = "quote it: YAML reads yes, no, on, off, y and n as true and false"
            yield keys, f"found {str(error.instance).lower()}, expected {_kind(error.validator_value)}", hint
        elif error.validator == "type":
            fields = ", ".join(error.schema.get("properties", {}))
            hint = f"write it as {keys[-1] if keys else 'it'}: {{{fields.replace(', ', ': …, ')}: …}}" if fields else ""
            if keys and keys[-1].endswith("_cm"):
                hint = _centimetres(error.instance)
            elif isinstance(error.instance, str) and error.validator_value == "array":
                hint = f"write it as {keys[-1] if keys else 'it'}: {as_list(error.instance)}"
            yield keys, f"found {_shortened(repr(error.instance), 80)}, expected {_kind(error.validator_value)}", hint
        else:
            yield keys, _shortened(error.message), ""


_MEANT = {"female": "woman", "male": "man", "f": "woman", "m": "man"}


def _allowed_hint(value: Any, allowed: Sequence[str]) -> str:
    """Return the one of the allowed values that was meant; empty where none is near: all of them are named already."""
    word = _MEANT.get(str(value).strip().lower(), "")
    return f"did you mean {word}?" if word in allowed else meant(str(value), allowed)


def _centimetres(value: Any) -> str:
    """Return a height as it is written, `write 170: centimetres`, of a length in metres or with its unit."""
    found = re.fullmatch(r"\s*(\d{1,3}(?:[.,]\d{1,2})?)\s*(m|cm)?\s*", str(value).lower())
    if found is None or isinstance(value, bool):
        return "write whole centimetres, such as 170"
    number = float(found[1].replace(",", "."))
    centimetres = round(number * 100) if number < 3 else round(number)
    return f"write {centimetres}: it is in centimetres"


_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys and values",
    "array": "a list",
    "boolean": "true or false",
    "null": "nothing",
}


def _kind(names: str | list[str]) -> str:
    """Return JSON Schema's type, or types, in words."""
    return " or ".join(_KINDS.get(name, name) for name in ([names] if isinstance(names, str) else names))


def _validator(schema: Mapping[str, Any]) -> Any:
    from referencing import Registry

    return _validator_class()(schema, registry=Registry())


@cache
def _validator_class() -> Any:
    """A validator that fetches nothing, and matches a pattern only with a text of bounded length."""
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(validator: Any, wanted: str, text: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(text, str) and (len(text) > MAX_MATCHED or not re.search(wanted, text)):
            yield ValidationError(f"{_shortened(repr(text), 80)} does not match {wanted!r}")

    return extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]


def _resolved(schema: Any, settings: Mapping[str, Any], shown: str) -> Any:
    if isinstance(schema, list):
        return [_resolved(item, settings, shown) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {str(key): _resolved(value, settings, shown) for key, value in schema.items()}
    path = schema.pop("x-properties-from", None)
    if path is not None:
        table: Any = settings
        for key in str(path).split("."):
            table = table.get(key) if isinstance(table, Mapping) else None
        if not isinstance(table, Mapping):
            raise SpecError(
                Problem(shown, "x-properties-from", f"found {path!r}, expected a setting with named entries")
            )
        schema["properties"] = {str(name): schema.get("x-property", {}) for name in table}
        schema["required"] = list(schema["properties"])
        schema.pop("x-property", None)
    return schema


def stated_words(folders: Sequence[Path], name: str) -> dict[str, list[str]]:
    """Return the words of `x-stated` in a schema's file by the path of their field: `hair.color`."""
    import yaml

    path = next((one for folder in folders if (one := folder / "schema" / f"{name}.yaml").is_file()), None)
    found = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader) if path is not None else None
    return {".".join(keys): [str(word) for word in words] for keys, words in _stated_in(found, ())}


def _stated_in(schema: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("x-stated"), list):
            yield keys, schema["x-stated"]
        properties = schema.get("properties")
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            yield from _stated_in(one, (*keys, str(name)))


def two_of(value: str, words: Sequence[str]) -> bool:
    """Return whether a value is two different words of a list, with `and` between them."""
    first, between, second = value.partition(" and ")
    return bool(between) and first != second and first in words and second in words


def _with_stated(schema: Any, path: str, settings: Mapping[str, Any]) -> Any:
    """Return a schema without `x-stated`, and with what of it the pins or the brief state; `path` is where it is."""
    if not isinstance(schema, dict):
        return schema
    if isinstance(properties := schema.get("properties"), dict):
        inner = {name: _with_stated(one, f"{path}.{name}", settings) for name, one in properties.items()}
        schema = {**schema, "properties": inner}
    if "x-stated" not in schema:
        return schema
    more = schema["x-stated"]
    schema = {name: value for name, value in schema.items() if name != "x-stated"}
    known = [*schema.get("enum", ()), *more] if isinstance(more, list) else []
    said = [one for one in _stated(path, settings) if one in known or two_of(one, known)]
    added = [one for one in dict.fromkeys(said) if one not in schema.get("enum", ())]
    return {**schema, "enum": [*schema.get("enum", ()), *added]} if added else schema


def _stated(path: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the pins, the brief and its files say of a field: `dna.hair.color`."""
    from personaforge.brief.told import stated_colors

    pin: Any = settings.get("pinned")
    for key in path.split("."):
        pin = pin.get(key) if isinstance(pin, Mapping) else None
    if isinstance(pin, str):
        yield pin
    material = settings.get("material") or {"texts": ()}
    for text in (str(settings.get("brief") or ""), *material["texts"]):
        yield from stated_colors(text).get(path, ())


def _without_required(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {
            key: _without_required(value)
            for key, value in schema.items()
            if key != "required" or isinstance(value, Mapping)  # a property of that name
        }
    if isinstance(schema, list):
        return [_without_required(item) for item in schema]
    return schema


def _dotted(path: Any) -> str:
    return ".".join(str(part) for part in path) or "the section"


def _shortened(message: str, limit: int = 200) -> str:
    return message if len(message) <= limit else message[: limit - 1] + "…"


def _nearest_of_two(value: Any, known: Sequence[str]) -> str:
    """Return a hint for a value that may be one word of a list, or two of them with `and` between."""
    from difflib import get_close_matches

    parts = [one for one in re.split(r"\s*(?:\band\b|[&,/+])\s*", str(value).lower()) if one]
    close = [next(iter(get_close_matches(one, known, 1)), "") for one in parts]
    if not all(close) or not 1 <= len(close) <= 2:
        return "write one of these words, or two of them as `blue and green`"
    return f"did you mean {' and '.join(dict.fromkeys(close))}?"


def _nearest(name: Any, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(name), known, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there is: {', '.join(known[:12])}" if known else ""
