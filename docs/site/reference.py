"""Writes the pages of docs/reference that follow from forge's own models and files.

    python docs/site/reference.py             tells which pages are stale; exits with 1 where any is
    python docs/site/reference.py --rewrite   writes them

A reader at GitHub, `forge docs` and the site have the same pages, so they are committed, and a test compares them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, JsonValue

from personaforge.spec.assertions import Check
from personaforge.spec.models import Persona
from personaforge.spec.pins import fields
from personaforge.spec.pipeline import Step
from personaforge.spec.sentences import described
from personaforge.spec.settings import GROUPS, OF_THE_PROJECT

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs/reference"
NOTE = "<!-- Written by docs/site/reference.py; change the models or files it reads. -->\n\n"

SETTINGS = """\
Every field that a persona's file, `conf/project/settings.yaml` or an option in `conf/` may have. Defaults are those of
forge's own `conf/` for a persona that chooses nothing; `forge config PERSONA` shows yours, and where each is from.
`NAME` is a name of yours. Lists are replaced as a whole, tables are merged key by key.

"""
PINS = """\
What stands below `pinned:` in a persona's file is kept to the letter: the steps receive it, and every result is checked
to keep it. These are the fields of forge's own pipelines; `forge ls pins PERSONA` lists those of yours, with the steps
that you have added. Editors complete them by the JSON Schema that `forge schema` writes.

An anchor that is pinned in the lock shows the face that was pinned when it was made: after a change of `dna`, [decide
what is to happen](../cookbook.md#change-the-colour-of-the-eyes).

"""
TEMPLATES = """\
Prompts are Jinja2 templates. A file of the same name in the project's `templates/` takes the place of forge's own. A
name that isn't defined is an error, never an empty text; a template can reach no file outside the template folders, and
no Python. Free text of a persona reaches a prompt as plain words in one line; only a brief and its files keep their
lines. `forge explain NODE --prompt` shows the rendered prompt, and `forge plan` names a template that has changed.

"""


def pages() -> dict[str, str]:
    """Return the text of every generated page by its file's name."""
    return {"settings.md": settings_page(), "pins.md": pins_page(), "templates.md": templates_page()}


# --- settings ---------------------------------------------------------------------------------------------------------


def settings_page() -> str:
    """Every setting with its type, what it is for, and its default."""
    parts = [
        "# Settings\n\n",
        NOTE,
        SETTINGS,
        "Groups: " + ", ".join(f"[{name}](#{name})" for name in GROUPS) + ".\n\n",
        "## The persona itself\n\n",
        _table([row for row in _rows(Persona, "", _defaults("config.yaml")) if row[0].partition(".")[0] not in GROUPS]),
    ]
    chosen = {
        key: value
        for one in _defaults("config.yaml")["defaults"]
        if isinstance(one, dict)
        for key, value in one.items()
    }
    for name in GROUPS:
        model = Persona.model_fields[name].annotation
        options = sorted(path.stem for path in (ROOT / "conf" / name).glob("*.yaml"))
        option = str(chosen.get(name, "default"))
        parts.append(f"## {name}\n\n{_doc(model)}\n\n")
        named = ", ".join(f"`{one}`" for one in options)
        parts.append(f"Options of forge: {named}; without a choice `{option}`, whose values are shown.\n\n")
        if name == "checks":
            parts.append(
                "By name a check: one assertion, or a table of these: [checks](../checks.md) has the grammar.\n\n"
            )
            model = Check
        if name == "pipeline":
            parts.append(_pipeline())
        else:
            parts.append(
                _table(list(_rows(model, f"{name}." if name != "checks" else "checks.NAME.", _chosen(name, option))))
            )
    return "".join(parts)


def _pipeline() -> str:
    rows = [
        ("pipeline.name", "text", "The pipeline's name, as documents and events show it.", "`four_layer`"),
        ("pipeline.steps.NAME", "a step", "What a step takes depends on its `kind`: see below.", "see the file"),
    ]
    parts = [_table(rows)]
    for model in get_args(get_args(Step)[0]):
        [kind] = get_args(model.model_fields["kind"].annotation)
        rows = [row for row in _rows(model, "", {}) if row[0] != "kind"]
        parts.append(f"### kind: {kind}\n\n{_doc(model)}\n\n")
        parts.append(_table(rows))
    return "".join(parts)


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    lines = ["| setting | type | what it is | default |", "|---|---|---|---|"]
    lines += [f"| {' | '.join([f'`{name}`', *map(_cell, rest)])} |" for name, *rest in rows]
    return "\n".join(lines) + "\n\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _rows(model: Any, path: str, defaults: Any) -> Iterator[tuple[str, str, str, str]]:
    """Yield path, type, sentence and default of every field of a model, and of the models that it holds."""
    about = described(model)
    for name, field in model.model_fields.items():
        key = field.alias or name
        here = f"{path}{key}"
        if path == "" and model is Persona and key in GROUPS:
            continue
        value = defaults.get(key, _MISSING) if isinstance(defaults, Mapping) else _MISSING
        if value is _MISSING and not field.is_required():
            value = field.get_default(call_default_factory=True)
        inner, plain = _inside(field.annotation)
        text = about.get(name, "")
        if model is Persona and key in OF_THE_PROJECT and "Set by the project" not in text:
            text += " Set by the project."
        if inner is None:
            yield here, _type(field.annotation, field.metadata), text, _default(value)
            continue
        if plain:
            yield here, f"{plain} the fields below", text, "nothing" if value is None else ""
        yield from _rows(inner, f"{here}.{'NAME.' if 'by name' in plain else ''}", {} if "by name" in plain else value)


_MISSING = object()


def _inside(annotation: Any) -> tuple[Any, str]:
    """Return the model that a field holds, and how: in a table by name, in a list, or perhaps not at all."""
    models = _models(annotation)
    if len(models) != 1:
        return None, ""
    origin = get_origin(annotation)
    if annotation is models[0]:
        return models[0], ""
    if origin is dict:
        return models[0], "by name"
    if origin is tuple:
        return models[0], "a list of"
    return (
        (models[0], "nothing, or") if origin in (Union, UnionType) and NoneType in get_args(annotation) else (None, "")
    )


def _models(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for one in get_args(annotation) for model in _models(one)]


def _type(annotation: Any, metadata: Any = ()) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is JsonValue:
        return "anything"
    if origin is Annotated:
        return _type(inner[0], inner[1:])
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inner)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_type(one) for one in inner))
    if origin is dict:
        return f"a table: by name {_type(inner[1])}"
    if origin is tuple:
        return f"a list of {_type(inner[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "a table"
    words = {str: "text", int: "a whole number", float: "a number", bool: "true or false", NoneType: "nothing"}
    return words.get(annotation, "anything") + _bounds(annotation, metadata)


def _bounds(annotation: Any, metadata: Any) -> str:
    found: dict[str, Any] = {}
    for one in metadata:
        for part in (one, *getattr(one, "metadata", ())):
            for name in ("ge", "gt", "le", "lt"):
                if getattr(part, name, None) is not None:
                    found[name] = getattr(part, name)
    low = _number(found["ge"]) if "ge" in found else f"above {_number(found['gt'])}" if "gt" in found else ""
    high = _number(found["le"]) if "le" in found else f"below {_number(found['lt'])}" if "lt" in found else ""
    if annotation is str or not (low or high):
        return ""
    return f", {low} to {high}" if low and high else f", from {low}" if low else f", to {high}"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _default(value: Any) -> str:
    if value is _MISSING or value == "???":
        return "none: it must be written"
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if value is None:
        return "`null`"
    text = (
        yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
        .strip()
        .removesuffix("...")
        .strip()
    )
    return f"`{text}`" if len(text) <= 60 else "see the file"


def _defaults(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "conf" / name).read_text())
    return found


def _chosen(group: str, option: str) -> dict[str, Any]:
    """Return an option's values over those that it builds on."""
    own = _defaults(f"{group}/{option}.yaml")
    found: dict[str, Any] = {}
    for base in own.pop("defaults", []):
        if isinstance(base, str) and base != "_self_":
            found = _over(found, _chosen(group, base.removesuffix("@_here_")))
    merged: dict[str, Any] = _over(found, own)
    return merged


def _over(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _over(old.get(key), value) for key, value in new.items()}}
    return new


def _doc(model: Any) -> str:
    return " ".join((model.__doc__ or "").split())


# --- pins -------------------------------------------------------------------------------------------------------------


def pins_page() -> str:
    """Every field that can be pinned, with what it takes."""
    parts = [
        "# What can be pinned\n\n",
        NOTE,
        PINS,
    ]
    contexts = _defaults("fashion/contexts.yaml")["contexts"]
    for path in sorted((ROOT / "conf/schema").glob("*.yaml"), key=lambda one: ORDER.index(one.stem)):
        if path.stem in UNPINNED:
            continue
        schema = yaml.safe_load(path.read_text())
        if path.stem == "lifestyle":
            sense = schema["properties"]["fashion_sense"]
            sense["properties"] = dict.fromkeys(contexts, sense["x-property"])
        parts.append(f"## {path.stem}\n\n| field | takes |\n|---|---|\n")
        parts += [f"| `{one.path}` | {_cell(one.takes)} |\n" for one in fields(f"pinned.{path.stem}", schema)]
        parts.append("\n")
    return "".join(parts)


UNPINNED = ("audit", "material")
"""Schemas of answers that nobody pins."""
ORDER = ["surface", "dna", "lifestyle", "mask", "self", "soul", "intent", *UNPINNED]


# --- templates --------------------------------------------------------------------------------------------------------

RECEIVED = {
    "text": (
        "A text step (`draft`, `review`, `summary`): `template`, `system`, and `repair`",
        {
            "brief": "the brief, as it was written, then what the summary of its files says",
            "material": "the texts of the brief's files; `summary` alone",
            "persona_id": "the persona's oldest id",
            "section": "the section that the step drafts",
            "pinned": "what is pinned of this section",
            "sections": "the sections of the needs, by name",
            "schema": "the JSON Schema that the answer must fit",
            "pins": "what the user fixed, by section; only where a second reader's document is read or revised",
            "findings": "what a second reader has found, each with `section`, `problem`, `advice`; empty at first",
            "problems": "why the last answer was refused, a sentence each; empty at first",
            "fashion": "`fashion.contexts` where the step's `uses` names it, else empty; so every setting in `uses`",
            "answer": "only in `repair`: the answer that was refused",
        },
    ),
    "image": (
        "A step with pictures (`candidate`, `image`, `reference`): `template`",
        {
            "profile": "the persona's document: its sections by name",
            "position": "the position's fields: `name`, `distance`, `yaw`, `expression`, `gaze`, `pose`, `light`, ...",
            "wardrobe": "what is worn in the position: `context`, `style`, `garments`, `accessories`, ...",
            "scene": "`name` and `text` of the background",
            "staging": "what the scene shows of this persona: `shows` (work, pastime or holiday), `about` (its own "
            "words), and `text`, `action`, `prop` of the place in `matrix.places` that fits; empty for other scenes",
            "attempt": "how often the identity patch was made stronger; 0 at first",
            "corrections": "what was wrong with the attempts before, in words for the prompt; empty at first",
            "reference": "whether a picture of the person goes along",
        },
    ),
    "video": (
        "A step with clips (`video`): `template`",
        {
            "profile": "the persona's document: its sections by name",
            "motion": "the motion type's fields: `description`, `seconds`, `aspect`, `distance`, ...",
            "wardrobe": "what is worn in the clip, as for a picture",
            "scene": "`name` and `text` of the background",
            "staging": "what the scene shows of this persona, as for a picture",
            "attempt": "how often the identity patch was made stronger; 0 at first",
            "corrections": "what was wrong with the attempts before, in words for the prompt; empty at first",
            "reference": "always true: the anchor goes along",
        },
    ),
    "speech": (
        "A step that speaks (`speech`): every template of `lines`",
        {
            "profile": "the persona's document: its sections by name",
            "persona_id": "the persona's oldest id",
        },
    ),
    "reader": (
        "A step that has pictures read (`reading`): `template` and `system`",
        {
            "checklist": "what is asked, each with `name`, `label`, `words` (what may be answered; empty for any) and "
            "`asked` (what it is compared with; empty for the anchor)",
            "schema": "the JSON schema of the answer",
        },
    ),
    "render": (
        "A step that writes a text file (`render`): `template`",
        {
            "brief": "the brief, as it was written, then what the summary of its files says",
            "persona_id": "the persona's present id",
            "seed": "the persona's seed",
            "step": "the step's name",
            "sections": "the sections of the needs, by name",
        },
    ),
}
"""Folder of templates -> which steps render them, and every variable that they receive. A test compares the names with
those that the steps hand over."""


def templates_page() -> str:
    """Every template's variables, and which templates there are."""
    parts = [
        "# Templates\n\n",
        NOTE,
        TEMPLATES,
    ]
    for title, variables in RECEIVED.values():
        parts.append(f"## {title}\n\n| variable | what it is |\n|---|---|\n")
        parts += [f"| `{name}` | {_cell(text)} |\n" for name, text in variables.items()]
        parts.append("\n")
    parts.append("## Forge's own templates\n\n| template | includes |\n|---|---|\n")
    for path in sorted((ROOT / "templates").rglob("*.j2")):
        inside = re.findall(r'{%-? *(?:include|from|import) "([^"]+)"', path.read_text())
        parts.append(
            f"| `{path.relative_to(ROOT / 'templates')}` | {', '.join(f'`{one}`' for one in dict.fromkeys(inside))} |\n"
        )
    return "".join(parts)


def main() -> int:
    """Compare the pages, or write them."""
    stale = []
    for name, text in pages().items():
        path = FOLDER / name
        text = text.rstrip("\n") + "\n"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--rewrite" in sys.argv[1:]:
            path.write_text(text)
    verb = "Wrote" if "--rewrite" in sys.argv[1:] else "Stale"
    print("\n".join(f"{verb} docs/reference/{name}" for name in stale) or "The reference is as the code has it.")
    return 1 if stale and verb == "Stale" else 0


if __name__ == "__main__":
    sys.exit(main())
