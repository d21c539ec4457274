"""Random people to draw, from the embedded text provider's own tables: hair, skin and eyes vary together as in a build.

`person` goes through the palettes one after the other; `balanced` through eight groups of origin, three age bands and
the genders, so that no group's figure is another's in disguise.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

_ROOT = Path(__file__).resolve().parents[2]
_TABLES = yaml.safe_load((_ROOT / "personaforge/embedded/writer/data/dna.yaml").read_text())
_SCHEMA = yaml.safe_load((_ROOT / "conf/schema/dna.yaml").read_text())["properties"]
Person = dict[str, Any]
"""`dna`, `age`, `gender`, `palette`; of the balanced `group` and `band`, too."""

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Europe": ("north_europe", "west_europe", "east_europe"),
    "Mediterranean": ("south_europe", "north_africa", "middle_east"),
    "Latin America": ("latin_america", "andes"),
    "West and South Africa": ("west_africa", "south_africa", "afro_america", "afro_latin"),
    "East Africa": ("east_africa",),
    "South Asia": ("south_asia",),
    "East Asia": ("east_asia",),
    "South-East Asia and Oceania": ("southeast_asia", "oceania"),
}
"""Palettes by group of origin: people of different groups should not look like kin."""
BANDS: Final = {"18-35": (18, 35), "36-58": (36, 58), "59-90": (59, 90)}
"""Ages in years, first and last."""
GENDERS: Final = ("woman", "man", "woman", "man", "nonbinary")
"""Two of five are women, two men."""


def person(index: int) -> Person:
    """Return a random person. The same index is the same person."""
    rng = random.Random(f"painter {index}")
    gender = GENDERS[index % 5] if index % 10 == 4 else ("woman", "man")[index % 2]
    age = (24, 31, 38, 46, 57, 68, 76, 28)[index * 3 % 8] + rng.randint(-3, 3)
    return _described(rng, sorted(_TABLES["palettes"])[index * 5 % len(_TABLES["palettes"])], age, gender)


def balanced(index: int) -> Person:
    """Return a random person of the group, age band and gender that are this index's turn: 120 have each mix once."""
    rng = random.Random(f"balanced {index}")
    group = sorted(GROUPS)[index % 8]
    band = list(BANDS)[index // 8 % 3]
    gender = GENDERS[(index + index // 8) % 5]
    return {**_described(rng, rng.choice(GROUPS[group]), rng.randint(*BANDS[band]), gender),
            "group": group, "band": band}  # fmt: skip


def _described(rng: random.Random, name: str, age: int, gender: str) -> Person:
    palette = _TABLES["palettes"][name]
    look = rng.choices(palette["looks"], [entry["share"] for entry in palette["looks"]])[0]

    def draw(weights: Mapping[str, float] | list[str]) -> str:
        if isinstance(weights, list):
            return rng.choice(weights)
        return rng.choices(list(weights), list(weights.values()))[0]

    dna: dict[str, Any] = {
        part: {key: draw(list(value["enum"])) for key, value in entry["properties"].items() if "enum" in value}
        for part, entry in _SCHEMA.items()
    }
    faces, hair = _TABLES["face"], _TABLES["hair"]
    for part in ("jawline", "chin", "facial_hair"):
        dna["face"][part] = draw(faces[part][gender])
    for part in ("shape", "thickness"):
        dna["eyebrows"][part] = draw(_TABLES["eyebrows"][part][gender])
    dna["eyes"].update(shape=draw(palette["eye_shape"]), color=draw(look["eyes"]))
    dna["nose"].update(bridge=draw(palette["bridge"]), width=draw(palette["width"]))
    dna["lips"]["fullness"] = draw(palette["lips"])
    dna["skin"].update(
        tone=draw(look["tone"]), undertone=draw(look["undertone"]), marks=rng.choice([[], [], ["a mole"]])
    )
    color = draw(look["hair"])
    if age > 52:
        color = rng.choice([color, "gray", "gray" if age < 66 else "white"])
    length = draw(hair["length"][gender])
    dna["hair"].update(color=color, texture=draw(palette["texture"]), length=length)
    styles = hair["styles"].get(length, {})
    found = styles.get(dna["hair"]["texture"], styles) if isinstance(styles, dict) else styles
    flat = list(itertools.chain(*found.values())) if isinstance(found, dict) and found else list(found or ["natural"])
    dna["hair"]["style"] = str(rng.choice(flat))
    dna["body"].update(
        height_cm=int(rng.gauss(177 if gender == "man" else 165, 6)),
        waist_hip_ratio=round(rng.uniform(0.7, 0.8) if gender == "woman" else rng.uniform(0.82, 0.95), 2),
        shoulders=draw(_TABLES["body"]["shoulders"][gender]),
    )
    return {"dna": dna, "age": age, "gender": gender, "palette": name}
