"""What positions show beside the person: scenes, where a persona's own are, ways of dressing, and when each is worn.

A *ground* is what a scene stands on as far as clothes go: an office, a kitchen, a beach. `suits` names those of a
fashion context, outside the context itself: what a context says is in the requests of texts. Nothing here draws or
chooses; `personaforge.steps.wardrobe` does.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from personaforge.spec.values import Color, Line, Model, Name

Shows = Literal["work", "pastime", "holiday"]
"""What of a persona a scene shows: its occupation, an interest of its own, or its way of spending holidays."""
Season = Literal["spring", "summer", "autumn", "winter"]
Weather = Literal["indoors", "hot", "cold", "climate"]
"""How warm it is on a ground; `climate`: as in the persona's country, at the position's season."""


class Scene(Model):
    """A background: words for a prompt, two colours (top, bottom) for the embedded painter."""

    text: Line
    """The background in words for prompts."""
    colors: Annotated[tuple[Color, ...], Field(min_length=2, max_length=2)]
    """Two colours for the embedded painter, top and bottom, sRGB as #rrggbb."""
    shows: Shows | None = None
    """What of the persona it shows, by `matrix.places`: its work, a pastime or a holiday; null for none."""
    ground: Name | None = None
    """Where it is as far as clothes go, an entry of `fashion.grounds`; null where anything may be worn."""


class Place(Model):
    """Where a scene that shows something of a persona is, what is done there, and what is worn."""

    words: tuple[Line, ...]
    """Words of an occupation, an interest or a kind of holiday that it stands for, whole, in lower case; `bak*` is any
    word that begins so. The place with the longest word that fits counts, of equal ones the place with the fewest
    words; one without words fits whatever no other place does."""
    text: Line = ""
    """The place in words for prompts; empty for none."""
    action: Line = ""
    """What is done there, as prompts have it: `kneading a loaf`. Only positions that say `acts` have it."""
    prop: Line = ""
    """What is held or used: `a ball of dough`."""
    ground: Name | None = None
    """Where it is as far as clothes go, an entry of `fashion.grounds`; null for that of the scene."""
    dress: Name | None = None
    """What is worn for this work, an entry of `fashion.dress`; null where a fashion context is worn."""
    drawn: Name | None = None
    """The background that the embedded painter draws, if another than the scene's: one of its scene kits, such as
    `harbour`."""
    held: Name | None = None
    """What the embedded painter draws in busy hands."""
    colors: Annotated[tuple[Color, ...], Field(min_length=2, max_length=2)] | None = None
    """Two colours for the embedded painter, if others than the scene's."""


class Places(Model):
    """Where scenes are that show a persona's work, a pastime or a holiday, by what they show."""

    work: dict[Name, Place] = Field(default_factory=dict)
    """By name places of work, for `surface.occupation`."""
    pastime: dict[Name, Place] = Field(default_factory=dict)
    """By name places of pastimes, for `lifestyle.interests`."""
    holiday: dict[Name, Place] = Field(default_factory=dict)
    """By name places of holidays, for `lifestyle.vacation_style.kind`."""


Garment = Literal[
    "tee", "blouse", "shirt", "blazer", "hoodie", "knit", "dress", "tank", "polo", "jacket", "robe", "tunic", "kurta",
    "gown", "saree",
]  # fmt: skip


class FashionContext(Model):
    """A named way of dressing."""

    style: Line
    """The context in a line, as prompts have it."""
    garments: Annotated[tuple[Line, ...], Field(min_length=1)]
    """What is worn, in words for prompts."""
    garments_man: tuple[Line, ...] = ()
    """What a man wears in this context, where that differs."""
    accessories: tuple[Line, ...]
    """What is worn with it; an empty list is nothing."""
    accessories_man: tuple[Line, ...] | None = None
    """What a man wears with it, where that differs; an empty list is none at all."""
    garment: Garment
    """The painter's cut of what is worn above the waist."""
    garment_man: Garment | None = None
    """The cut on a man, where that differs."""
    pattern: Literal["plain", "stripes", "pinstripes", "dots", "floral", "plaid", "metallic", "sequins"]
    """The pattern that the embedded painter draws on what is worn above the waist."""
    palette: Annotated[tuple[Color, ...], Field(min_length=1, max_length=5)]
    """Colours from the main one to the accent, sRGB as #rrggbb."""


class Rules(Model):
    """What decides about single garments and accessories. Words are whole, in lower case; their plurals count, too."""

    own: dict[Name, tuple[Line, ...]] = Field(default_factory=dict)
    """Things that only somebody wears who is known to: by what `fashion.wears` calls them, the words that mean them."""
    outdoors: tuple[Line, ...] = ()
    """Words of what is worn outdoors only, such as hats."""
    warm: tuple[Line, ...] = ()
    """Words of garments that are too warm where it is hot: a context whose first garment is one isn't worn there."""
    layers: tuple[Line, ...] = ()
    """Words of what is worn over something else, and left at home where it is hot."""
    light: tuple[Line, ...] = ()
    """Words of garments that are too light where it is cold."""
    layer: Line | None = None
    """What is worn over everything where it is cold outdoors, unless a garment is warm already; null for nothing."""
    hot: tuple[Line, ...] = ()
    """Countries, in English, where it is hot for most of the year."""
    cold: tuple[Line, ...] = ()
    """Countries, in English, where it is cold for most of the year."""


class Fashion(Model):
    """The fashion contexts, and when which of their garments are worn."""

    contexts: Annotated[dict[Name, FashionContext], Field(min_length=1, max_length=200)]
    """The ways of dressing that `lifestyle.fashion_sense` ranks."""
    dress: Annotated[dict[Name, FashionContext], Field(max_length=200)] = Field(default_factory=dict)
    """Work clothes, which places of `matrix.places` name. They are ranked by nobody."""
    suits: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)
    """By context the grounds on which it is worn; a context that isn't here is worn everywhere."""
    grounds: dict[Name, Weather] = Field(default_factory=dict)
    """Grounds, and how warm it is there."""
    rules: Rules = Rules()
    wears: tuple[Line, ...] = ()
    """What this persona always wears, the bare identity tier apart: `glasses`, or any accessory in words."""
    never: tuple[Line, ...] = ()
    """What this persona never wears: names of contexts, or words of garments and accessories."""
