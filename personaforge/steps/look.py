"""What the pinned anchor shows of a persona: the fields of the document that can be seen in it, as it was made for.

An anchor stays until the user asks for a new face. A field that is changed after it was made (another eye colour) can't
reach its picture, nor any other, since all of them are made from it. So while the anchor is pinned its own values are
used, in prompts and in the document, and what the file says instead is called *overruled*.

Which fields can be seen: everything of the face and the hair, and the age, gender and ethnicity that the prompt names.
Body, height and posture are not among them: an anchor is a head shot, and other pictures can follow such an edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from personaforge.leaves import leaves
from personaforge.listing import listed
from personaforge.store.pin_fields import MOST_FIELDS, is_look

VISIBLE = (
    "dna.face",
    "dna.eyes",
    "dna.eyebrows",
    "dna.nose",
    "dna.lips",
    "dna.skin",
    "dna.hair",
    "surface.age",
    "surface.gender",
    "surface.ethnicity",
)
"""Paths of what can be seen in an anchor, each with all below it."""

Look = Mapping[str, Any]
"""Values by the paths of their leaves: `{"dna.eyes.color": "brown", "surface.age": 34}`."""


class Overruled(NamedTuple):
    """A field that the file, or a layer that follows from it, gives another value than the pictures show."""

    path: str
    says: Any
    shown: Any

    def as_json(self) -> dict[str, Any]:
        """Return it as the document lists it."""
        return self._asdict()

    @property
    def text(self) -> str:
        """For people: `dna.eyes.color is now green, and the pictures show brown`."""
        return f"{self.path} is now {_in_words(self.says)}, and the pictures show {_in_words(self.shown)}"


def is_visible(path: str) -> bool:
    """Tell whether a leaf of the document can be seen in an anchor."""
    return any(path == one or path.startswith(f"{one}.") for one in VISIBLE)


def look_of(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be seen of a document, or of a part of one such as `pinned`; empty where that is nothing.

    What a lock can't hold, such as a text of a page in a schema of your own, is left out.
    """
    parts = {name: sections[name] for name in ("dna", "surface") if isinstance(sections.get(name), Mapping)}
    seen = ((path, value) for path, value in leaves(parts).items() if is_visible(path) and is_look(path, value))
    return dict(islice(seen, MOST_FIELDS))


def overruled(sections: Mapping[str, Any], look: Look) -> tuple[Overruled, ...]:
    """Return the fields of a document that an anchor overrules. A field that either lacks isn't compared."""
    says = look_of(sections)
    return tuple(
        Overruled(path, says[path], look[path]) for path in sorted(says) if path in look and says[path] != look[path]
    )


def as_shown(sections: Mapping[str, Any], fields: Sequence[Overruled]) -> dict[str, Any]:
    """Return a document in which the overruled fields have the values that the pictures show."""
    found = dict(sections)
    for field in fields:
        *parents, last = field.path.split(".")
        inner = found
        for name in parents:
            inner[name] = dict(inner[name])
            inner = inner[name]
        inner[last] = field.shown
    return found


def as_document(
    sections: Mapping[str, Any], pinned: Mapping[str, Any], shown: Look
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return sections as the document has them while an anchor is pinned that shows this, and the pins without those
    that the anchor overrules."""
    found = dict(pinned)
    for one in overruled(pinned, shown):
        found = _without(found, one.path.split("."))
    return as_shown(sections, overruled(sections, shown)), found


def _without(tree: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    rest = {name: value for name, value in tree.items() if name != keys[0]}
    return rest | {keys[0]: _without(tree[keys[0]], keys[1:])} if len(keys) > 1 else rest


def overruled_from(value: Any) -> tuple[Overruled, ...]:
    """Return overruled fields from a document or from facts; empty where there are none that can be read."""
    if not isinstance(value, (list, tuple)):
        return ()
    names = set(Overruled._fields)
    return tuple(Overruled(**one) for one in value if isinstance(one, Mapping) and one.keys() == names)


def in_words(fields: Sequence[Overruled], most: int = 3) -> str:
    """Return overruled fields in one line, for people: the first few of many."""
    return listed([field.text for field in fields], most, between="; ")


def overruled_text(persona: str, anchor_step: str, fields: Sequence[Overruled]) -> str:
    """Return for people what a persona's anchor overrules, and what to do about it; empty where that is nothing."""
    if not fields:
        return ""
    ways = f"for a new face, forge build {persona} --repin {anchor_step}; to keep this one, take the edit back"
    return (
        f"{persona}'s anchor is pinned, and was made before: {in_words(fields)}. Until you decide, pictures and "
        f"document keep what the anchor shows ({ways})"
    )


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return str(value)
