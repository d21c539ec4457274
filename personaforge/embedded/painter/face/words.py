"""What the words of a DNA mean to the painter: a declared table from each word to offsets on the face parameters.

A face parameter is a number z in [-1, 1]; `LAYOUT` says which length or slope it changes. Lengths are in face units
of 75 mm: x to the viewer's right, y down, z to the viewer, origin between the eyes. Means and half ranges are measured
by us on drawings of 30 to 40 people: in these ranges a face recogniser trained on photographs can distinguish the
drawings, and no face becomes a caricature. `LAYOUT` is in the order in which such a recogniser notices the values: from
one end to the other the first rows change a cosine by 0.3, those after `brow_length` by less than 0.07.

The table has words for shapes only. Origin and ethnicity have no entry on purpose: the DNA describes a person's looks,
and drawing a face from the name of a people would be a stereotype.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Span(NamedTuple):
    """A parameter's length at z = 0 and how far z = 1 moves it, in face units or slopes."""

    mean: float
    half: float


LAYOUT: Final[dict[str, Span]] = {
    "eye_tilt": Span(0.025, 0.045),
    "eye_x": Span(0.415, 0.055),
    "nose_length": Span(0.62, 0.1),
    "eye_width": Span(0.222, 0.03),
    "mouth_y": Span(1.0, 0.075),
    "brow_y": Span(-0.3, 0.06),
    "brow_gap": Span(0.17, 0.07),
    "eye_y": Span(0.0, 0.05),
    "bridge_width": Span(0.115, 0.04),
    "face_width": Span(0.92, 0.1),
    "mouth_width": Span(0.335, 0.065),
    "chin_y": Span(1.56, 0.14),
    "brow_arch": Span(0.055, 0.05),
    "nose_width": Span(0.245, 0.055),
    "jaw": Span(0.76, 0.12),
    "brow_length": Span(0.285, 0.05),
    "brow_ridge": Span(0.05, 0.06),
    "brow_tilt": Span(0.0, 0.055),
    "eye_open": Span(0.09, 0.02),
    "brow_thickness": Span(0.062, 0.028),
    "cheekbone": Span(0.06, 0.06),
    "cranium": Span(0.98, 0.06),
    "lid": Span(0.075, 0.03),
    "bridge": Span(0.1, 0.055),
    "upper_lip": Span(0.075, 0.032),
    "lid_peak": Span(0.0, 0.32),
    "lower_lip": Span(0.108, 0.036),
    "socket": Span(0.1, 0.045),
    "forehead": Span(-1.38, -0.12),
    "chin_width": Span(0.34, 0.11),
    "tip": Span(0.0, 0.06),
    "nose_depth": Span(0.27, 0.07),
    "cupid": Span(0.5, 0.5),
    "iris": Span(0.1, 0.008),
    "hump": Span(0.01, 0.035),
    "skin_shift": Span(0.0, 0.05),
    "philtrum": Span(0.5, 0.5),
}
"""Every face parameter, by name; the most noticeable first. `tip` lifts the nose tip, `lid_peak` moves the upper
lid's highest point outwards, `skin_shift` lightens the skin."""

WORDS: Final[dict[tuple[str, str], dict[str, dict[str, float]]]] = {
    ("face", "shape"): {
        "oval": {"chin_width": -0.1},
        "round": {"face_width": 0.7, "jaw": 0.4, "chin_y": -0.6, "chin_width": 0.3},
        "square": {"jaw": 0.7, "chin_width": 0.5, "face_width": 0.2},
        "heart": {"cranium": 0.5, "jaw": -0.5, "chin_width": -0.6},
        "diamond": {"cheekbone": 0.5, "jaw": -0.4, "cranium": -0.5, "chin_width": -0.3},
        "oblong": {"chin_y": 0.7, "face_width": -0.6, "forehead": 0.4},
    },
    ("face", "forehead"): {"low": {"forehead": -0.6}, "medium": {}, "high": {"forehead": 0.6}},
    ("face", "cheekbones"): {"soft": {"cheekbone": -0.6}, "medium": {}, "high": {"cheekbone": 0.7}},
    ("face", "jawline"): {
        "soft": {"jaw": -0.3},
        "rounded": {"chin_width": 0.2},
        "defined": {"jaw": 0.2},
        "angular": {"jaw": 0.5, "chin_width": 0.1},
    },
    ("face", "chin"): {
        "rounded": {},
        "pointed": {"chin_width": -0.5, "chin_y": 0.2},
        "square": {"chin_width": 0.6},
        "cleft": {"chin_width": 0.2},
    },
    ("eyes", "shape"): {
        "almond": {"eye_tilt": 0.1, "eye_width": 0.3},
        "round": {"eye_open": 0.7, "eye_width": -0.4},
        "hooded": {"lid": -0.5, "eye_open": -0.2, "brow_y": 0.2},
        "monolid": {"lid": -1.0, "eye_open": -0.4, "eye_tilt": 0.3, "socket": -0.7},
        "upturned": {"eye_tilt": 0.7},
        "downturned": {"eye_tilt": -0.7},
    },
    ("eyes", "spacing"): {"close": {"eye_x": -0.7}, "average": {}, "wide": {"eye_x": 0.7}},
    ("eyebrows", "shape"): {
        "straight": {"brow_arch": -0.9},
        "soft arch": {"brow_arch": 0.1},
        "high arch": {"brow_arch": 0.8, "brow_y": -0.2},
        "rounded": {"brow_arch": 0.4, "brow_tilt": -0.3},
    },
    ("eyebrows", "thickness"): {
        "thin": {"brow_thickness": -0.8},
        "medium": {},
        "full": {"brow_thickness": 0.8},
    },
    ("nose", "bridge"): {
        "straight": {"bridge": 0.2, "hump": -0.3},
        "slightly curved": {"hump": 0.3},
        "aquiline": {"hump": 0.9, "bridge": 0.4, "nose_length": 0.3},
        "low": {"bridge": -0.8, "hump": -0.4},
    },
    ("nose", "width"): {
        "narrow": {"nose_width": -0.7, "bridge_width": -0.4},
        "medium": {},
        "wide": {"nose_width": 0.7, "bridge_width": 0.4},
    },
    ("nose", "tip"): {
        "rounded": {"tip": 0.0, "nose_depth": -0.1},
        "pointed": {"nose_depth": 0.5, "tip": -0.3},
        "upturned": {"tip": 0.8, "nose_length": -0.3},
        "soft": {"nose_depth": -0.3},
    },
    ("lips", "fullness"): {
        "thin": {"upper_lip": -0.8, "lower_lip": -0.7},
        "medium": {},
        "full": {"upper_lip": 0.8, "lower_lip": 0.7},
    },
    ("lips", "shape"): {
        "even": {"cupid": -0.6, "upper_lip": 0.2},
        "defined bow": {"cupid": 0.9},
        "soft bow": {"cupid": 0.2},
        "wide": {"mouth_width": 0.7},
    },
}
"""(section, key) -> word -> offsets in z. Offsets of different words add up."""

SKIN: Final[dict[str, tuple[int, int, int]]] = {
    "porcelain": (244, 220, 206),
    "fair": (238, 207, 187),
    "light": (228, 189, 163),
    "medium": (214, 172, 143),
    "olive": (197, 157, 124),
    "tan": (183, 137, 106),
    "brown": (151, 107, 82),
    "dark brown": (116, 81, 63),
    "deep": (90, 63, 51),
}
"""Skin tones as sRGB. Lips, blush, lids and brows are tints of the tone, so that they suit every skin."""

UNDERTONE: Final[dict[str, tuple[int, int, int]]] = {"cool": (0, -2, 6), "neutral": (0, 0, 0), "warm": (3, 0, -8)}
"""Added to the skin tone, sRGB, in full on a tone of 200 and less on a darker one."""

HAIR: Final[dict[str, tuple[int, int, int]]] = {
    "black": (40, 35, 35),
    "dark brown": (66, 47, 37),
    "brown": (92, 64, 46),
    "light brown": (134, 100, 70),
    "auburn": (122, 58, 36),
    "red": (166, 82, 42),
    "blond": (206, 172, 118),
    "gray": (146, 144, 142),
    "white": (222, 220, 214),
}
"""Hair colours as sRGB of the lit strands."""

IRIS: Final[dict[str, tuple[int, int, int]]] = {
    "dark brown": (62, 38, 24),
    "brown": (98, 62, 36),
    "light brown": (138, 94, 54),
    "hazel": (132, 112, 62),
    "amber": (176, 122, 44),
    "green": (92, 132, 88),
    "blue": (84, 132, 178),
    "gray": (134, 146, 154),
}
"""Iris colours as sRGB."""

DYED: Final[dict[str, tuple[int, int, int]]] = {
    "pink": (214, 118, 152),
    "purple": (112, 70, 142),
    "blue": (62, 96, 168),
    "green": (72, 132, 84),
    "turquoise": (58, 158, 162),
    "orange": (216, 118, 44),
    "yellow": (222, 194, 82),
    "silver": (178, 180, 186),
}
"""Further colours of hair as sRGB: nobody is born with them, so they are drawn only where they are stated."""

LENSES: Final[dict[str, tuple[int, int, int]]] = {
    "black": (30, 26, 26),
    "red": (156, 50, 44),
    "white": (214, 218, 220),
    "yellow": (198, 168, 62),
    "orange": (196, 112, 42),
    "pink": (198, 122, 146),
    "purple": (114, 84, 156),
    "turquoise": (66, 152, 156),
}
"""Further colours of irises as sRGB."""

_AND: Final = " and "


def hair_colors(said: str) -> list[str]:
    """Return the colours of hair that a DNA's word names, one or two; empty where the painter lacks one."""
    names = said.split(_AND)
    return names if all(name in HAIR or name in DYED for name in names) and len(names) <= 2 else []


def eye_colors(said: str) -> list[str]:
    """Return the colours of eyes that a DNA's word names, one or two; empty where the painter lacks one."""
    names = said.split(_AND)
    return names if all(name in IRIS or name in LENSES for name in names) and len(names) <= 2 else []


def is_dyed(said: str) -> bool:
    """Return whether hair is drawn in a colour that nobody is born with: brows and lashes aren't."""
    return said.split(_AND)[0] in DYED


def hair_tint(said: str) -> tuple[int, int, int]:
    """Return the colour that hair is drawn in, sRGB: the first that is named."""
    name = said.split(_AND)[0]
    return HAIR[name] if name in HAIR else DYED[name]


def iris_tint(said: str, side: int = -1) -> tuple[int, int, int]:
    """Return the colour of an iris, sRGB. Of two colours, the first is the eye on the viewer's left (`side` < 0)."""
    names = said.split(_AND)
    name = names[0] if side < 0 else names[-1]
    return IRIS[name] if name in IRIS else LENSES[name]


FACIAL_HAIR: Final[tuple[str, ...]] = ("none", "stubble", "moustache", "short beard", "full beard")
TEXTURES: Final[tuple[str, ...]] = ("straight", "wavy", "curly", "coily")
LENGTHS: Final[tuple[str, ...]] = ("shaved", "short", "chin", "shoulder", "long")
BUILDS: Final[dict[str, tuple[float, float, float]]] = {
    "slim": (-0.14, -0.20, 0.92),
    "slender": (-0.08, -0.12, 0.95),
    "athletic": (0.10, -0.06, 1.04),
    "average": (0.0, 0.0, 1.0),
    "curvy": (0.02, 0.04, 1.03),
    "stocky": (0.16, 0.22, 1.12),
    "large": (0.22, 0.36, 1.20),
}
"""Build -> added to the half width of the shoulders and of the waist (face units, times 2), and a factor on limbs."""
SHOULDERS: Final[dict[str, float]] = {"narrow": -0.16, "average": 0.0, "broad": 0.18}
POSTURES: Final[dict[str, float]] = {"relaxed": 0.10, "upright": 0.0, "poised": -0.08}
"""How far the shoulders drop, in face units."""
MASCULINITY: Final[dict[str, float]] = {"woman": 0.0, "nonbinary": 0.5, "man": 1.0}
"""Where a gender is on the scale that sets neck, shoulders, lashes and lips; each persona differs a little."""
STYLE_WORDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("open", ("half-up", "half up", "half tied", "curtain")),
    ("ponytail", ("ponytail", "plait", "gathered")),
    ("tied", ("bun", "updo", "chignon", "tied", "topknot", "pulled back", "pinned up")),
    ("braids", ("braids", "locs", "twists", "cornrows")),
    ("fringe", ("fringe", "bangs")),
    ("swept", ("back", "slick", "quiff")),
)
"""How hair is worn -> words in the free text of a style that say so; the first row that fits is used, otherwise
open."""
PARTING_WORDS: Final[dict[str, float]] = {
    "centre": 0.0, "center": 0.0, "middle part": 0.0, "side part": 0.85, "side-part": 0.85, "side-swept": 0.9,
    "one side": 0.7,
}  # fmt: skip
"""Words that place the parting -> how far from the middle; the side is the person's own."""
