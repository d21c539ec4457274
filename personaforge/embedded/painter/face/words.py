"""What the words of a DNA mean to the painter: a declared table from each word to offsets on the face parameters.

A face parameter is a number z in [-1, 1]; `LAYOUT` says which length or slope it changes. Lengths are in face units
of 75 mm: x to the viewer's right, y down, z to the viewer, origin between the eyes. Half ranges are set against
anthropometry: two to three standard deviations of adults' measures, less where a recogniser notices little and a viewer
much (jaw, chin, arch of the brows). So a face recogniser trained on photographs can distinguish the drawings, and no
face becomes a caricature. `LAYOUT` is about in the order in which such a recogniser notices the values, measured on
drawings: from one end to the other `nose_length` changes a cosine by a third, the last ten by less than 0.03.

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
    "eye_tilt": Span(0.014, 0.038),
    "eye_x": Span(0.404, 0.062),
    "nose_length": Span(0.475, 0.128),
    "eye_width": Span(0.203, 0.028),
    "mouth_y": Span(0.86, 0.122),
    "brow_y": Span(-0.255, 0.048),
    "brow_gap": Span(0.15, 0.064),
    "eye_y": Span(0.0, 0.055),
    "bridge_width": Span(0.095, 0.036),
    "face_width": Span(0.895, 0.092),
    "mouth_width": Span(0.337, 0.072),
    "chin_y": Span(1.4, 0.125),
    "brow_arch": Span(0.048, 0.036),
    "nose_width": Span(0.236, 0.078),
    "jaw": Span(0.715, 0.085),
    "brow_length": Span(0.282, 0.054),
    "brow_ridge": Span(0.05, 0.06),
    "brow_tilt": Span(0.004, 0.024),
    "eye_open": Span(0.095, 0.021),
    "brow_thickness": Span(0.076, 0.037),
    "cheekbone": Span(0.06, 0.058),
    "cranium": Span(0.94, 0.042),
    "lid": Span(0.066, 0.04),
    "bridge": Span(0.105, 0.075),
    "upper_lip": Span(0.084, 0.045),
    "lid_peak": Span(0.0, 0.2),
    "lower_lip": Span(0.118, 0.05),
    "socket": Span(0.085, 0.055),
    "forehead": Span(-1.34, -0.07),
    "chin_width": Span(0.34, 0.11),
    "tip": Span(0.0, 0.08),
    "nose_depth": Span(0.26, 0.08),
    "cupid": Span(0.5, 0.5),
    "iris": Span(0.094, 0.006),
    "hump": Span(0.008, 0.034),
    "skin_shift": Span(0.0, 0.05),
    "philtrum": Span(0.5, 0.5),
    "hood": Span(0.1, 0.9),
    "epicanthus": Span(-0.3, 1.3),
    "flare": Span(0.0, 1.0),
    "cheek": Span(0.0, 1.0),
    "corner": Span(0.006, 0.008),
}
"""Every face parameter, by name; the most noticeable first. `tip` lifts the nose tip, `lid_peak` moves the upper
lid's highest point outwards, `skin_shift` lightens the skin, `hood` is how far the skin above an eye hangs over it,
`epicanthus` the fold over its inner corner (neither below 0), `flare` widens and opens the nostrils, `cheek` fills the
cheeks, `corner` lifts the mouth's corners."""

WORDS: Final[dict[tuple[str, str], dict[str, dict[str, float]]]] = {
    ("face", "shape"): {
        "oval": {"chin_width": -0.1},
        "round": {"face_width": 0.7, "jaw": 0.4, "chin_y": -0.7, "chin_width": 0.3, "cheek": 0.6},
        "square": {"jaw": 0.7, "chin_width": 0.5, "face_width": 0.2},
        "heart": {"cranium": 0.5, "jaw": -0.5, "chin_width": -0.6},
        "diamond": {"cheekbone": 0.5, "jaw": -0.4, "cranium": -0.5, "chin_width": -0.3},
        "oblong": {"chin_y": 0.7, "face_width": -0.7, "forehead": 0.4, "cheek": -0.3},
    },
    ("face", "forehead"): {"low": {"forehead": -0.6}, "medium": {}, "high": {"forehead": 0.6}},
    ("face", "cheekbones"): {
        "soft": {"cheekbone": -0.7, "cheek": 0.4},
        "medium": {},
        "high": {"cheekbone": 0.8, "cheek": -0.4},
    },
    ("face", "jawline"): {
        "soft": {"jaw": -0.4, "cheek": 0.2},
        "rounded": {"chin_width": 0.3},
        "defined": {"jaw": 0.2},
        "angular": {"jaw": 0.6, "chin_width": 0.1, "cheek": -0.4},
    },
    ("face", "chin"): {
        "rounded": {},
        "pointed": {"chin_width": -0.5, "chin_y": 0.2},
        "square": {"chin_width": 0.6},
        "cleft": {"chin_width": 0.2},
    },
    ("eyes", "shape"): {
        "almond": {"eye_tilt": 0.2, "eye_width": 0.5, "eye_open": -0.1, "hood": -0.6, "epicanthus": -0.7},
        "round": {"eye_open": 0.9, "eye_width": -0.5, "hood": -0.8, "epicanthus": -0.8, "lid": 0.3},
        "hooded": {"lid": -0.3, "eye_open": -0.4, "brow_y": 0.3, "hood": 0.9, "epicanthus": -0.6, "brow_ridge": 0.3},
        "monolid": {
            "lid": -1.0,
            "eye_open": -0.5,
            "eye_tilt": 0.0,
            "socket": -0.9,
            "hood": -0.7,
            "epicanthus": 0.9,
            "bridge": -0.3,
            "eye_width": 0.1,
        },
        "upturned": {"eye_tilt": 0.9, "hood": -0.4, "epicanthus": -0.2},
        "downturned": {"eye_tilt": -0.9, "hood": 0.1, "epicanthus": -0.8},
    },
    ("eyes", "spacing"): {
        "close": {"eye_x": -0.9, "brow_gap": -0.4},
        "average": {},
        "wide": {"eye_x": 0.9, "brow_gap": 0.4},
    },
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
        "straight": {"bridge": 0.3, "hump": -0.4},
        "slightly curved": {"hump": 0.4, "bridge": 0.2, "nose_length": 0.2},
        "aquiline": {"hump": 1.0, "bridge": 0.6, "nose_length": 0.7, "nose_depth": 0.4},
        "low": {"bridge": -0.9, "hump": -0.5, "nose_length": -0.6, "bridge_width": 0.5, "nose_depth": -0.5},
    },
    ("nose", "width"): {
        "narrow": {"nose_width": -0.9, "bridge_width": -0.5, "flare": -0.6},
        "medium": {},
        "wide": {"nose_width": 0.9, "bridge_width": 0.5, "flare": 0.6},
    },
    ("nose", "tip"): {
        "rounded": {"tip": 0.0, "nose_depth": -0.1, "flare": 0.1},
        "pointed": {"nose_depth": 0.6, "tip": -0.4, "flare": -0.3, "nose_length": 0.2},
        "upturned": {"tip": 0.9, "nose_length": -0.5},
        "soft": {"nose_depth": -0.5},
    },
    ("lips", "fullness"): {
        "thin": {"upper_lip": -0.9, "lower_lip": -0.8},
        "medium": {},
        "full": {"upper_lip": 0.9, "lower_lip": 0.9},
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

UNDERTONE: Final[dict[str, tuple[int, int, int]]] = {"cool": (3, -3, 2), "neutral": (0, 0, 0), "warm": (4, 1, -10)}
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
    "hazel": (122, 102, 62),
    "amber": (150, 106, 52),
    "green": (96, 122, 84),
    "blue": (88, 124, 158),
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


def hair_tints(said: str) -> list[tuple[int, int, int]]:
    """Return every colour that hair is drawn in, sRGB: one or two."""
    return [HAIR[name] if name in HAIR else DYED[name] for name in said.split(_AND)]


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
PARTING_WORDS: Final[dict[str, float]] = {
    "centre": 0.0, "center": 0.0, "middle part": 0.0, "side part": 0.85, "side-part": 0.85, "side-swept": 0.9,
    "one side": 0.7,
}  # fmt: skip
"""Words that place the parting -> how far from the middle; the side is the person's own."""
