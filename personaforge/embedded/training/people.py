"""Random people and shots to train on, all from seeds. Held-out people have seeds of their own (`first`).

Half of the people are drawn as the embedded text provider draws them: hair, skin and eyes vary together. The others
have shapes from the whole range, and every third person is a variant of another one, drifted part of the way to a
stranger: near neighbours of known distance.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from personaforge.embedded.painter.expression import EXPRESSIONS, Expression, between
from personaforge.embedded.painter.face.params import Face, subject_face
from personaforge.embedded.painter.face.words import LAYOUT
from personaforge.embedded.painter.figure.body import Body, body_of_dna
from personaforge.embedded.painter.subject import Pose, Scenery, read_scenery
from personaforge.spec.clothing import clothing_of

_SIZES: Final = {"headshot": (288, 384), "bust": (384, 512), "half": (480, 640), "full": (576, 768)}
"""Working size in pixels: faces of 100 pixels and less, which is what the models look at."""
_SHARES: Final = {"headshot": 0.42, "bust": 0.3, "half": 0.16, "full": 0.12}

_COVERINGS: Final = ("hijab", "headscarf", "turban", "gele", "head wrap", "kippah", "flat cap", "beanie")
"""A share of all people, `_COVERED`, cover their hair: the face must be found all the same."""
_COVERED: Final = 0.05
_HAIRDOS: Final = {
    "coily": ("afro", "locs", "box braids", "cornrows", "twists", "bantu knots", "high puff", "fade"),
    "curly": ("afro", "twists", "box braids", "ponytail", "fringe", "high bun", "undercut", "receding"),
    "": ("one long plait", "two plaits", "high bun", "ponytail", "fringe", "curtain fringe", "half up", "undercut",
         "receding", "bald", "pixie", "bob", "brushed back", "over one shoulder"),
}  # fmt: skip
"""Hairdos by texture that a further share, `_DRESSED`, wears: briefs name more than a draft draws by itself."""
_DRESSED: Final = 0.25
_MARKS: Final[tuple[tuple[str, ...], ...]] = (
    (), (), (), (), (), ("a mole",), ("freckles",), ("freckles",), ("moles",), ("vitiligo",), ("dimples",),
    ("birthmark on the left cheek",), ("scar on the right cheek",), ("scar through the left eyebrow",),
    ("port-wine stain on the cheek",), ("laughter lines",), ("red lipstick", "eyeliner"), ("natural make-up",),
)  # fmt: skip


class Person(NamedTuple):
    """Somebody to draw."""

    face: Face
    body: Body
    dna: Mapping[str, Any]
    gender: str


class Shot(NamedTuple):
    """The surroundings of a few poses of a person."""

    scenery: Scenery
    width: int
    height: int
    seed: int
    poses: tuple[Pose, ...]


@cache
def conf() -> dict[str, Any]:
    """Return the tables and groups that people are drawn from."""
    package = Path(str(files("personaforge")))
    conf = package / "conf" if (package / "conf").is_dir() else package.parent / "conf"
    read = {
        "dna": package / "embedded/writer/data/dna.yaml",
        "schema": conf / "schema/dna.yaml",
        "matrix": conf / "matrix/heia_20.yaml",
        "fashion": conf / "fashion/contexts.yaml",
    }
    return {name: yaml.safe_load(path.read_text()) for name, path in read.items()}


def person(index: int) -> Person:
    """Return a person; the same index is the same person on every machine."""
    rng = random.Random(f"training person {index}")
    if index % 3 == 2:
        near = person(index - 1)
        return near._replace(face=near.face.drifted(rng.uniform(0.15, 0.9)))
    told = describe(rng)
    face = subject_face(told)
    if index % 2:
        face = replace(face, z={name: round(rng.uniform(-1, 1), 4) for name in LAYOUT})
    return Person(face, body_of_dna(told["dna"], face.masculinity, face.age), told["dna"], told["surface"]["gender"])


def describe(rng: random.Random) -> dict[str, Any]:
    """Return the `dna` and `surface` of a random person."""
    tables = conf()["dna"]
    gender = rng.choices(("woman", "man", "nonbinary"), (0.48, 0.48, 0.04))[0]
    age = rng.choice((rng.randint(19, 35), rng.randint(25, 50), rng.randint(45, 82)))
    palette = tables["palettes"][rng.choice(sorted(tables["palettes"]))]
    look = rng.choices(palette["looks"], [entry["share"] for entry in palette["looks"]])[0]

    def draw(weights: Mapping[str, float] | list[str]) -> str:
        if isinstance(weights, list):
            return rng.choice(weights)
        return rng.choices(list(weights), list(weights.values()))[0]

    schema = conf()["schema"]["properties"]
    dna: dict[str, Any] = {
        part: {key: draw(list(value["enum"])) for key, value in entry["properties"].items() if "enum" in value}
        for part, entry in schema.items()
    }
    # What differs between genders, or varies together in a look, replaces the even draw above.
    for part in ("jawline", "chin", "facial_hair"):
        dna["face"][part] = draw(tables["face"][part][gender])
    for part in ("shape", "thickness"):
        dna["eyebrows"][part] = draw(tables["eyebrows"][part][gender])
    dna["eyes"].update(shape=draw(palette["eye_shape"]), color=draw(look["eyes"]))
    dna["nose"].update(bridge=draw(palette["bridge"]), width=draw(palette["width"]))
    dna["lips"]["fullness"] = draw(palette["lips"])
    marks = list(rng.choice(_MARKS))
    dna["skin"].update(tone=draw(look["tone"]), undertone=draw(look["undertone"]), marks=marks)
    color = draw(look["hair"])
    if age > 52:
        color = rng.choice([color, "gray", "gray" if age < 66 else "white"])
    length = draw(tables["hair"]["length"][gender])
    dna["hair"].update(color=color, texture=draw(palette["texture"]), length=length)
    styles = tables["hair"]["styles"].get(length, {})
    found = styles.get(dna["hair"]["texture"], styles) if isinstance(styles, dict) else styles
    flat = list(itertools.chain(*found.values())) if isinstance(found, dict) and found else list(found or ["natural"])
    dna["hair"]["style"] = str(rng.choice(flat))
    if (chance := rng.random()) < _COVERED:
        dna["hair"]["style"] = rng.choice(_COVERINGS)
    elif chance < _COVERED + _DRESSED:
        dna["hair"]["style"] = rng.choice(_HAIRDOS.get(dna["hair"]["texture"], _HAIRDOS[""]))
    dna["body"].update(
        height_cm=int(rng.gauss(177 if gender == "man" else 165, 6)),
        waist_hip_ratio=round(rng.uniform(0.7, 0.8) if gender == "woman" else rng.uniform(0.82, 0.95), 2),
        shoulders=draw(tables["body"]["shoulders"][gender]),
    )
    return {"dna": dna, "surface": {"age": age, "gender": gender}}


def shots(who: Person, index: int, count: int, poses: int) -> list[Shot]:
    """Return shots of a person: scenes, clothes and light, with a few poses in each."""
    rng = random.Random(f"training shots {index}")
    return [_shot(who, rng, poses) for _ in range(count)]


def _shot(who: Person, rng: random.Random, poses: int) -> Shot:
    matrix, contexts = conf()["matrix"], conf()["fashion"]["contexts"]
    position = dict(matrix["positions"][rng.choice(sorted(matrix["positions"]))])
    distance = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    context = rng.choice(sorted(contexts))
    scenery = read_scenery(described(who, context, position["scene"]), {**position, "distance": distance}, "position")
    width, height = _SIZES[distance]
    lens = rng.uniform(0.85, 1.25)
    size = (round(width * lens * rng.uniform(0.9, 1.2)), round(height * lens))
    return Shot(scenery, *size, rng.randrange(2**31), tuple(_pose(rng) for _ in range(poses)))


def described(who: Person, context: str, scene: str) -> dict[str, Any]:
    """Return a request's subject: a person in the clothes of a fashion context, in a scene of the matrix."""
    place = conf()["matrix"]["scenes"][scene]
    return {
        "dna": who.dna,
        "surface": {"age": who.face.age, "gender": who.gender},
        "clothing": clothing_of({"surface": {"gender": who.gender}}, conf()["fashion"]["contexts"][context]),
        "scene": {"colors": place["colors"], "name": scene},
    }


def _pose(rng: random.Random) -> Pose:
    yaw = rng.gauss(0, 16) if rng.random() < 0.6 else rng.uniform(-68, 68)
    pitch = rng.gauss(0, 7)
    first, second = (EXPRESSIONS[rng.choice(sorted(EXPRESSIONS))] for _ in range(2))
    act: Expression = between(first, second, rng.choice((0.0, 0.0, rng.random()))).scaled(rng.uniform(0.5, 1.0))
    if rng.random() < 0.05:
        act = act._replace(shut=rng.random())
    return Pose(max(-68.0, min(68.0, yaw)), max(-22.0, min(22.0, pitch)), act, rng.random() < 0.7)
