"""Words of settings that only some can read: an expression that a painter can't draw, clothes that nothing is called.

A hosted provider reads any words. The embedded painter draws what it has a name for, and says so before it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from personaforge.errors import Problem, SpecError
from personaforge.listing import meant
from personaforge.plan.graph import Shape, ShapeNode
from personaforge.providers.table import drawable
from personaforge.spec.kinds import VISUAL
from personaforge.spec.settings import Settings
from personaforge.steps.staging import worn_in

_LIKE = 0.8
"""How alike two words are, by difflib's ratio, for one to be a slip of the other: a letter wrong or missing in a word
of five or more. Chosen by us: free words are allowed here, so a less certain guess would be noise."""


def undrawable(settings: Settings, shape: Shape) -> Iterator[Problem]:
    """Yield the expressions that the painter which is to draw them has no name for; a build would fail at them."""
    asked: dict[tuple[str, str], tuple[str, str]] = {}
    for node in shape.nodes:
        if node.kind.role in VISUAL:
            for path, expression in _expressions(settings, node):
                asked[path, str(node.declaration["provider"])] = (str(node.kind.modality), expression)
    for (path, provider), (modality, expression) in asked.items():
        names = _names(modality, provider, _EXPRESSION)
        if names and expression not in names:
            hint = meant(expression, names) or f"there is: {', '.join(names)}"
            message = f"found {expression!r}, which the {provider} {modality} provider has no drawing of"
            yield Problem("", path, message, hint)


def _expressions(settings: Settings, node: ShapeNode) -> Iterator[tuple[str, str]]:
    """Yield where the expressions of a picture or clip are declared, and what they are."""
    if node.kind.role == "candidate":
        path = f"matrix.positions.{settings.value('matrix.anchor')}"
    else:
        path = node.kind.what.framed(node.declaration, node.slot)
    framing = settings.get(path) or {}
    for number, key in enumerate(framing.get("keys", ())):
        yield f"{path}.keys.{number}.{_EXPRESSION}", str(key[_EXPRESSION])
    if _EXPRESSION in framing:
        yield f"{path}.{_EXPRESSION}", str(framing[_EXPRESSION])


_EXPRESSION = "expression"


def place_remarks(settings: Settings) -> list[str]:
    """Return which backgrounds and things in hands, as the user has written them of places, aren't drawn."""
    provider = str(settings.value("image.provider"))
    found = []
    for path, value in settings.written.items():
        setting = path.rpartition(".")[2]
        if path.startswith("matrix.places.") and setting in ("drawn", "held") and isinstance(value, str):
            names = _names("image", provider, setting)
            if names and value not in names:
                hint = meant(value, names) or f"there is: {', '.join(names)}"
                message = f"{value!r} has no drawing by {provider}, which draws its usual one"
                found.append(f"{settings.id}: {path}: {message}; {hint}")
    return found


def _names(modality: str, provider: str, setting: str) -> Sequence[str]:
    try:
        return drawable(modality, provider, setting)
    except SpecError:
        return ()  # nobody knows it, which is said elsewhere


def clothing_remarks(settings: Settings) -> list[str]:
    """Return what the user has written of clothes that means nothing here, a line each."""
    fashion: Mapping[str, Any] = settings.value("fashion")
    outfits = {**fashion["contexts"], **fashion["dress"]}
    rules = fashion["rules"]
    pieces = [
        piece
        for outfit in outfits.values()
        for name in ("garments", "garments_man", "accessories", "accessories_man")
        for piece in outfit.get(name) or ()
    ]
    pieces += [rules["layer"]] if rules.get("layer") else []
    named = [*outfits, *(name.replace("_", " ") for name in outfits)]
    own = [*rules["own"], *(word for words in rules["own"].values() for word in words)]
    words = sorted({word.strip("*") for piece in pieces for word in piece.split()} | {*own, *outfits, *pieces})
    found = []
    for word in fashion["never"]:
        if not any(worn_in((word,), text) for text in (*named, *pieces, *own)):
            said = "is no part of an outfit's name, a garment or an accessory: it rules nothing out"
            found.append(_line(settings, "never", word, said, words))
    free = [word for word in fashion["wears"] if not any(worn_in((word,), text) for text in (*pieces, *own))]
    found += [_line(settings, "wears", word, "is taken as it is written", words) for word in free if _near(word, words)]
    for name in fashion["suits"]:
        written = any(path.startswith(f"fashion.suits.{name}") for path in settings.written)
        if written and name not in fashion["contexts"]:
            said = "is no entry of fashion.contexts, so it dresses nobody"
            found.append(_line(settings, "suits", name, said, list(fashion["contexts"])))
    return found


def _line(settings: Settings, key: str, word: str, said: str, known: Sequence[str]) -> str:
    near = _near(word, known)
    return f"{settings.id}: fashion.{key}: {word!r} {said}{f'; did you mean {near}?' if near else ''}"


def _near(word: str, known: Sequence[str]) -> str:
    return next(iter(get_close_matches(word.casefold(), known, 1, _LIKE)), "")
