"""Scene kits: places as lists of drawable parts in YAML (`scene/kits/*.yaml`), and what paints them.

A kit is `name: {parts: [{part: {its arguments}}, ...]}`, back to front. A part with `x` stands at one place,
with `xs` at
several; in a picture wider than a portrait all that stands somewhere is repeated,
each `_PERIOD`. `countries` names those
in whose cities a kit is the street; `season` fixes the season. A kit may be mirrored,
by the person's seed. Words that no
kit knows are errors when the kits are read, so that a slip isn't found in a picture.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import numpy as np
import yaml

from personaforge.embedded.painter.scene import (
    furniture_parts,
    land_parts,
    landmark_parts,
    room_parts,
    trade_parts,
)
from personaforge.embedded.painter.scene.setting import LEAVES, Setting
from personaforge.embedded.painter.strokes import Canvas, Pixels

PARTS: Final[dict[str, Callable[..., None]]] = {
    **room_parts.PARTS,
    **furniture_parts.PARTS,
    **trade_parts.PARTS,
    **land_parts.PARTS,
    **landmark_parts.PARTS,
}
"""Everything that a kit may be made of."""
_PERIOD: Final = 1.3
"""How far apart what stands somewhere is repeated beside a portrait's width, in heights of the picture."""
_STREETS: Final = "city_street"
"""The street of a country that no kit names."""


class Part(NamedTuple):
    """One part of a kit."""

    name: str
    xs: tuple[float, ...]
    """Where it stands; empty for what reaches over the whole width."""
    arguments: Mapping[str, Any]


class Kit(NamedTuple):
    """One place."""

    parts: tuple[Part, ...]
    countries: tuple[str, ...] = ()
    season: str = ""


@cache
def kits() -> Mapping[str, Kit]:
    """Return all kits by name. Raises ValueError that names the kit and the part where a word isn't known."""
    found: dict[str, Kit] = {}
    folder = files("personaforge.embedded.painter.scene") / "kits"
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        if item.name.endswith(".yaml"):
            for name, said in yaml.load(item.read_text(encoding="utf-8"), yaml.CSafeLoader).items():
                if name in found:
                    raise ValueError(f"scene kit {name}: declared twice")
                found[name] = _kit(name, said)
    return found


def _kit(name: str, said: Mapping[str, Any]) -> Kit:
    unknown = set(said) - {"parts", "countries", "season"}
    if unknown or said.get("season", "summer") not in LEAVES:
        raise ValueError(f"scene kit {name}: {', '.join(sorted(unknown)) or said['season']} is not known")
    return Kit(
        tuple(_part(name, *one) for entry in said["parts"] for one in entry.items()),
        tuple(said.get("countries", ())),
        said.get("season", ""),
    )


def _part(kit: str, name: str, said: Mapping[str, Any]) -> Part:
    arguments = dict(said)
    xs = tuple(map(float, arguments.pop("xs", ())))
    if name not in PARTS:
        raise ValueError(f"scene kit {kit}: {name!r} is no part")
    takes = list(inspect.signature(PARTS[name]).parameters)[1:]
    wrong = set(arguments) - set(takes)
    if wrong:
        raise ValueError(f"scene kit {kit}, {name}: {', '.join(sorted(wrong))} is not known")
    if "x" in arguments:
        xs = (float(arguments.pop("x")),)
    return Part(name, xs, arguments)


def street_of(country: str) -> str:
    """Return the kit of a street in a country's cities."""
    return next((name for name, kit in kits().items() if country in kit.countries), _STREETS)


def paint_kit(
    canvas: Canvas, name: str, colors: tuple[Pixels, Pixels], seed: int, floor: float, half: float, season: str
) -> None:
    """Paint a kit. `floor` is where a standing person's soles are; without a `season` it is one by the seed."""
    kit = kits()[name]
    mirrored = -1.0 if seed % 2 else 1.0
    season = kit.season or season or ("spring", "summer", "summer")[seed // 2 % 3]
    ground = min(floor - 0.10, 0.90)
    for number, part in enumerate(kit.parts):
        paint = PARTS[part.name]
        for place, x in enumerate(part.xs):
            for turn in _turns(mirrored * x, half):
                chance = np.random.default_rng((seed, number, place, turn + 8))
                setting = Setting(canvas, colors, chance, ground, half, season)
                paint(setting, x=mirrored * x + turn * _PERIOD, **part.arguments)
        if not part.xs:
            chance = np.random.default_rng((seed, number))
            paint(Setting(canvas, colors, chance, ground, half, season), **part.arguments)


def _turns(x: float, half: float) -> list[int]:
    """Return how often a thing at `x` is repeated to both sides: 0 is itself."""
    return [turn for turn in range(-3, 4) if turn == 0 or abs(x + turn * _PERIOD) < half + 0.35]
