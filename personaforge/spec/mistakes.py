"""What is wrong with a composed persona by its models, in plain words: where it is, what was found, what was expected.

Pydantic finds the mistakes. Here they get the file and line that set the value, the nearest valid name, and words of
ours; what only follows from another mistake is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, RootModel

from personaforge.errors import Problem
from personaforge.listing import meant
from personaforge.spec import wording
from personaforge.spec.consent import SYNTHETIC, subject_hint
from personaforge.spec.declared import nearest
from personaforge.spec.grammar import Unreadable, parse_assertion
from personaforge.spec.machine_names import UNDEFINED
from personaforge.spec.models import Persona
from personaforge.spec.overlay import PersonaSources
from personaforge.spec.pipeline import any_step
from personaforge.spec.plugins import hint_unasked
from personaforge.spec.project import ID_PATTERN

_MOST_MISSING = 2
"""Of one entry; where it lacks more, it is an entry of its own that was begun, and one line names them all."""


def problems_of(
    sources: PersonaSources, errors: Sequence[Any], composed: Mapping[str, Any] | None = None
) -> list[Problem]:
    """Word pydantic's errors of `composed`, without those that only follow from others."""
    causes = root_causes(errors)
    lacks: dict[tuple[Any, ...], list[str]] = {}
    for error in causes:
        if error["type"] == "missing":
            lacks.setdefault(error["loc"][:-1], []).append(str(error["loc"][-1]))
    found: dict[Problem, None] = {}
    for error in causes:
        names = lacks.get(error["loc"][:-1], []) if error["type"] == "missing" else []
        if len(names) > _MOST_MISSING and len(error["loc"]) > 1:
            whole = {"type": "value_error", "loc": error["loc"][:-1], "ctx": {"error": f"lacks {', '.join(names)}"}}
            found[problem(sources, whole)._replace(hint=_padded(error["loc"][:-1], composed))] = None
        else:
            found[problem(sources, error)] = None
    return list(found)


def _padded(location: Sequence[Any], composed: Mapping[str, Any] | None) -> str:
    """Return `did you mean "07"?` for an entry `7` beside one of that name."""
    *above, name = (str(part) for part in location)
    table: Any = composed
    for part in above:
        table = table.get(part) if isinstance(table, Mapping) else None
    padded = name.zfill(2)
    return f'did you mean "{padded}"?' if isinstance(table, Mapping) and padded != name and padded in table else ""


def problem(sources: PersonaSources, error: Any) -> Problem:
    """Word one of pydantic's errors: found, expected, and the nearest valid name for an unknown key."""
    location = [str(part) for part in error["loc"]]
    kinds = _discriminator(location)
    location = [part for index, part in enumerate(location) if index not in kinds and not _is_tag(part)]
    json_values = location[0] == "pinned" or location[1:2] == ["options"]
    if json_values and error["type"] == "finite_number":
        del location[-1]  # the member of the JSON union
    found = error.get("input")
    message, hint = "", ""
    if error["loc"][-1] == "[key]":
        location = [part for part in location if part != "[key]"]
        message = f"is not a name that fits {error.get('ctx', {}).get('pattern', 'here')}"
    elif error["type"] == "extra_forbidden":
        message = "is not a setting"
        hint = nearest(location[-1], _known_keys(error["loc"]))
    elif error["type"] == "missing":
        message = "is missing"
    elif error["type"] == "value_error":  # a rule of ours, which says what was found and expected
        message = str(error["ctx"]["error"])
    elif error["type"] in ("assertion", UNDEFINED):
        message, hint = error["ctx"]["message"], error["ctx"]["hint"]
    elif error["type"] in ("union_tag_not_found", "union_tag_invalid"):
        given = found.get("kind") if isinstance(found, dict) else None
        location.append("kind")
        message = "is missing" if given is None else f"found {shown(given)}, which is no kind of step"
        hint = hint_unasked(nearest(given or "", _step_kinds()))
    else:
        message = f"found {shown(found)}, expected {wording.expected(error)}"
        if location == ["subject"]:
            expected = f"{SYNTHETIC}, or the id of a real person, {wording.PATTERNS[ID_PATTERN]}"
            message, hint = f"found {shown(found)}, expected {expected}", subject_hint(found)
        elif location in (["brief"], ["brief", "text"]) and error["type"] == "string_too_long":
            message = f"found {len(found)} characters, expected {wording.expected(error)}"
            hint = "put the rest into a file beside the persona's: brief: {text: ..., files: [notes.md]}"
        elif location == ["brief"] and error["type"] == "string_type" and not isinstance(found, bool):
            message = f"found {shown(found)}, expected a text, or text and files"
            hint = "brief: {text: ..., files: [notes.md]}"
        elif error["type"] == "literal_error" and isinstance(found, str):
            known = re.findall("'([^']*)'", str(error["ctx"]["expected"]))
            hint = _language(found, known) or meant(found, known)
        elif error["type"] == "literal_error" and isinstance(found, bool):
            hint = "quote it: YAML reads yes, no, on and off as true and false"
        elif location[-1] == "wardrobe" and isinstance(found, str):
            hint = "it is a rank among the persona's fashion contexts: 1 is the one that it likes best"
        elif isinstance(found, bool) and error["type"].startswith("string"):
            hint = "quote it: YAML reads yes, no, on and off as true and false"
    return problem_at(sources, location, message, hint)


def without_consequences(sources: PersonaSources, errors: Sequence[Any]) -> Sequence[Any]:
    """Leave out problems of a preset's checks that follow from another wrong value: they take their bounds from other
    settings. One whose assertion is wrong with any bound stays."""
    if all(error["loc"][0] == "checks" for error in errors):
        return errors

    def written(error: Any) -> bool:
        path = tuple(str(part) for part in error["loc"][:2])
        if path[0] != "checks" or any(source.sets(path) for source in sources.files):
            return True
        text = error.get("ctx", {}).get("text")
        return bool(text) and _is_unreadable(_BOUND.sub(r"\1 0.5", text))

    return [error for error in errors if written(error)]


_LANGUAGES = (
    "en english|es spanish español|pt portuguese português|fr french français|de german deutsch|it italian italiano|"
    "nl dutch nederlands|pl polish polski|tr turkish türkçe|ru russian русский|ar arabic|he hebrew|hi hindi|"
    "ja japanese|ko korean|zh chinese"
)
"""Codes of languages with what people call them."""


def _language(name: str, codes: Sequence[str]) -> str:
    """Return `did you mean es?` for Spanish, where that is one of the values; empty where it is none."""
    for code, *names in (entry.split() for entry in _LANGUAGES.split("|")):
        if code in codes and name.strip().lower() in names:
            return f"did you mean {code}?"
    return ""


_BOUND = re.compile(r"([<>]=?|[!=]=)\s*\S+")


def _is_unreadable(assertion: str) -> bool:
    try:
        parse_assertion(assertion)
    except Unreadable:
        return True
    return False


def root_causes(errors: Sequence[Any]) -> list[Any]:
    """Leave out problems that only follow from others. An entry with a misspelt name is new, so all its values are
    missing; so is, beside a misspelt setting, the one that was meant, with all others that its file may have had to
    repeat. A list whose items are wrong is counted without them."""
    names = [error["loc"][:-1] for error in errors if error["loc"][-1:] == ("[key]",)]
    missing = {error["loc"] for error in errors if error["type"] == "missing"}
    unknown = (error["loc"] for error in errors if error["type"] == "extra_forbidden")
    misspelt = {at[:-1] for at in unknown if any((*at[:-1], name) in missing for name in meant_keys(at))}
    return [
        error
        for error in errors
        if error["loc"][-1:] == ("[key]",)
        or not (
            any(error["loc"][: len(name)] == name for name in names)
            or (error["type"] == "missing" and error["loc"][:-1] in misspelt)
            or (error["type"] in ("too_short", "too_long") and _has_wrong_items(error, errors))
        )
    ]


def _has_wrong_items(error: Any, errors: Sequence[Any]) -> bool:
    at = error["loc"]
    return any(len(other["loc"]) > len(at) and other["loc"][: len(at)] == at for other in errors)


def meant_keys(location: tuple[Any, ...]) -> list[str]:
    """Return the setting that an unknown one may stand for, if one is near."""
    return get_close_matches(str(location[-1]), _known_keys(location), 1)


def shown(value: Any) -> str:
    """Return a value that was found, as Python writes it, shortened; `nothing` for null."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def problem_at(
    sources: PersonaSources, keys: Sequence[str], message: str, hint: str, *, because: Sequence[str] = ()
) -> Problem:
    """Name the file and line that set a value: the last persona file that has it, else the group it belongs to. Where
    none has, the same of another value, `because` of which it is wrong."""
    for source in reversed(sources.files):
        for length in range(len(keys), 1 if keys and keys[0] in ("pipeline", "matrix", "motion") else 0, -1):
            if source.sets(tuple(keys[:length])):
                return Problem(source.where(tuple(keys)), ".".join(keys), message, hint)
    if because:
        return problem_at(sources, because, message, hint)._replace(path=".".join(keys))
    return Problem(sources.main.shown, ".".join(keys), message, hint)


def at_source(sources: PersonaSources, problem: Problem) -> Problem:
    """Name the file and line that set what a problem is about."""
    return problem_at(sources, problem.path.split("."), problem.message, problem.hint)


def _is_tag(part: str) -> bool:
    """Return whether a part of a location only says which form of a value was tried; see `spec.values`."""
    return part.startswith("<") and part.endswith(">")


def _discriminator(location: list[str]) -> set[int]:
    """Pydantic puts a step's kind into the location: pipeline.steps.soul.draft.model."""
    return {3} if location[:2] == ["pipeline", "steps"] and len(location) > 3 else set()


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    """Return the keys that the models at the parent of a location know."""
    models: list[type[BaseModel]] = [Persona]
    for part in location[:-1]:
        fields = [model.model_fields[part] for model in models if part in model.model_fields]
        if fields:
            models = [inner for field in fields for inner in _models_in(field.annotation)]
        else:
            models = [model for model in models if part in _kinds(model)] or models
    return sorted({info.alias or name for model in models for name, info in model.model_fields.items()})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return _models_in(annotation.model_fields["root"].annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _kinds(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("kind")
    return get_args(field.annotation) if field is not None else ()


def _step_kinds() -> tuple[str, ...]:
    return tuple(kind for model in _models_in(any_step()) for kind in _kinds(model))
