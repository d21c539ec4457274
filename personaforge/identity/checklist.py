"""The fixed checklist of the second reader: what a vision model is asked about each picture, and what it may answer.

Words of skin, hair, eyes and facial hair are those of a DNA, which are also the words that `identity.appearance` reads
from measured colours, so that both can be compared. Holds names and words; it asks nobody and judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from personaforge.identity.appearance import EYES, FACIAL_HAIR, HAIR, LENGTHS, SKIN

CANNOT_SEE: Final = "cannot see"
OTHER: Final = "other"
SAME: Final = "same"
CHANGED: Final = "changed"
LONGEST_SEEN: Final = 200
"""Characters of a free description; ten words are asked for."""


class Item(NamedTuple):
    """One line of the checklist."""

    name: str
    """Its key in an answer."""
    label: str
    """What it is called, for people and for the model."""
    words: tuple[str, ...]
    """What `seen` may say besides `other` and `cannot see`; none where the model has words of its own."""
    measured: str
    """The reading of `identity.appearance` that is of the same; empty where nothing measures that."""


CHECKLIST: Final = (
    Item("skin_tone", "skin tone", tuple(SKIN), "skin"),
    Item("hair_color", "hair colour", tuple(HAIR), "hair"),
    Item("hair_length", "hair length", tuple(word for words in LENGTHS for word in words), "hair length"),
    Item("eye_color", "eye colour", tuple(EYES), "eyes"),
    Item("facial_hair", "facial hair", FACIAL_HAIR, "facial hair"),
    Item("glasses", "glasses", ("none", "glasses", "sunglasses"), ""),
    Item("hat", "hat or head covering", ("none", "hat", "cap", "scarf", "hood"), ""),
    Item("clothing", "clothing", (), ""),
)
_ALIKE: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "hair_length": LENGTHS,
    "facial_hair": (("none", "stubble"), ("moustache",), ("short beard", "full beard")),
}
"""Words that measuring can't tell apart; all others are classes of their own."""


def answer_schema() -> dict[str, Any]:
    """Return the JSON Schema of an answer. It keeps to what strict modes of hosted models take: every property is
    required, no others are allowed, and texts have no bound (`LONGEST_SEEN` is examined afterwards)."""
    return _closed({item.name: _closed({"seen": _seen(item), "compared": _compared()}) for item in CHECKLIST})


def _seen(item: Item) -> dict[str, Any]:
    return {"type": "string", "enum": [*item.words, OTHER, CANNOT_SEE]} if item.words else {"type": "string"}


def _compared() -> dict[str, Any]:
    return {"type": "string", "enum": [SAME, CHANGED, CANNOT_SEE]}


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": dict(properties),
    }


def class_of(name: str, word: str) -> str:
    """Return the class of a word of an item: the words that measuring can't tell apart, as `none or stubble`."""
    words = next((words for words in _ALIKE.get(name, ()) if word in words), (word,))
    return " or ".join(words)


def too_long(answer: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return which descriptions of an answer that fits the schema are longer than they may be, a sentence each."""
    return [
        f"{name}.seen: found {len(one['seen'])} characters, expected at most {LONGEST_SEEN}"
        for name, one in answer.items()
        if len(one["seen"]) > LONGEST_SEEN
    ]
