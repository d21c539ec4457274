"""What a DNA pins can be seen in the picture, in the right place and in the right direction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from personaforge.embedded.painter.face.params import Face, subject_face
from personaforge.embedded.painter.figure.body import body_of_dna
from personaforge.embedded.painter.painter import layout
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import draw_request, pixels, subject


class Portrait:
    """A front view and where things are in it."""

    def __init__(self, dna: dict[str, Any] | None = None, **position: Any) -> None:
        who = subject(dna, **position)
        reply = EmbeddedImages().submit(draw_request(who, b"", width=384, height=512))
        assert reply.blob is not None
        self.rgb: NDArray[np.float32] = pixels(reply.blob.data)
        self.face: Face = subject_face(who)
        body = body_of_dna(who["dna"], self.face.masculinity, self.face.age)
        drawn = reply.details["drawn"]
        self.place = layout(384, 512, who["position"]["distance"], drawn["yaw"], body.soles)
        self.at = self.face.lengths()

    def mean(self, x: float, y: float, half: float = 0.06) -> NDArray[np.float32]:
        """Return the mean colour of a square around a point in face units."""
        scale = self.place.scale
        column, row, size = self.place.axis_x + x * scale, self.place.eyes_y + y * scale, max(1.0, half * scale)
        part = self.rgb[int(row - size) : int(row + size) + 1, int(column - size) : int(column + size) + 1]
        return np.asarray(part.mean(axis=(0, 1)), np.float32)

    def iris(self) -> NDArray[np.float32]:
        return self.mean(self.at["eye_x"], self.at["eye_y"], 0.075)

    def light(self, x: float, y: float) -> float:
        return float(self.mean(x, y).mean())


def test_eyes_have_their_colour() -> None:
    blue, brown, green = (Portrait({"eyes": {"color": color}}).iris() for color in ("blue", "dark brown", "green"))
    assert blue[2] - blue[0] > brown[2] - brown[0] + 25
    assert green[1] - (green[0] + green[2]) / 2 > brown[1] - (brown[0] + brown[2]) / 2 + 5
    assert brown.mean() < min(blue.mean(), green.mean())


def test_skin_has_its_tone_from_light_to_deep() -> None:
    tones = ["porcelain", "fair", "light", "medium", "olive", "tan", "brown", "dark brown", "deep"]
    lights = [Portrait({"skin": {"tone": tone}}).light(0, -0.6) for tone in tones]
    assert lights == sorted(lights, reverse=True)
    assert lights[0] - lights[-1] > 100


def test_hair_has_its_colour() -> None:
    lights = {color: Portrait({"hair": {"color": color}}) for color in ("black", "blond", "white", "red")}
    top = {color: found.mean(0, found.at["forehead"] + 0.05) for color, found in lights.items()}
    assert top["black"].mean() < 60 < top["red"].mean() < top["blond"].mean() < top["white"].mean()
    assert top["red"][0] > 1.6 * top["red"][2]


def test_hair_has_its_length() -> None:
    lowest = []
    for length in ("shaved", "short", "chin", "shoulder", "long"):
        portrait = Portrait({"hair": {"length": length, "color": "black"}}, distance="bust")
        beside = [0.01 * x for x in range(80, 150, 7)]
        rows = [y for y in (-0.6, 0.1, 1.2, 2.1, 3.3) if min(portrait.light(x, y) for x in beside) < 60]
        lowest.append(max(rows, default=-9))
    assert lowest[0] < lowest[1] < 1.0 < lowest[2] < lowest[3] < lowest[4], lowest


def test_hair_has_its_texture() -> None:
    pictures = [
        Portrait({"hair": {"texture": word, "length": "chin"}}).rgb for word in ("straight", "wavy", "curly", "coily")
    ]
    for index, first in enumerate(pictures):
        for second in pictures[index + 1 :]:
            assert np.abs(first - second).mean() > 2


@pytest.mark.parametrize("kind", ["stubble", "short beard", "full beard"])
def test_a_beard_darkens_the_chin_and_not_the_forehead(kind: str) -> None:
    changes = {"hair": {"color": "black"}, "face": {"facial_hair": "none"}}
    bare = Portrait(changes)
    bearded = Portrait({**changes, "face": {"facial_hair": kind}})
    chin = bearded.at["chin_y"] - 0.12
    assert bearded.light(0, chin) < bare.light(0, bare.at["chin_y"] - 0.12) - 10
    assert abs(bearded.light(0, -0.6) - bare.light(0, -0.6)) < 20  # another DNA has a skin of its own


def test_a_moustache_sits_under_the_nose() -> None:
    changes = {"hair": {"color": "black"}, "face": {"facial_hair": "none"}}
    bare, worn = Portrait(changes), Portrait({**changes, "face": {"facial_hair": "moustache"}})

    def lip(found: Portrait) -> float:
        return float(found.mean(0.12, found.at["mouth_y"] - found.at["upper_lip"] - 0.05, 0.02).mean())

    assert lip(worn) < lip(bare) - 30
    assert abs(worn.light(0, worn.at["chin_y"] - 0.12) - bare.light(0, bare.at["chin_y"] - 0.12)) < 12


def test_a_build_shows_in_the_width_of_the_body() -> None:
    widths = []
    for build in ("slim", "average", "stocky", "large"):
        portrait = Portrait({"body": {"build": build}}, distance="full")
        row = portrait.rgb[int(portrait.place.eyes_y + 6.0 * portrait.place.scale)]
        widths.append(int((np.abs(row - row[:8].mean(axis=0)).max(axis=1) > 30).sum()))
    assert widths == sorted(widths)
    assert widths[-1] > 1.2 * widths[0]


def test_a_tall_person_is_shown_whole() -> None:
    for height in (150, 205):
        portrait = Portrait({"body": {"height_cm": height}}, distance="full")
        below = portrait.rgb[-8:]
        assert np.abs(below - below[:, :8].mean(axis=1, keepdims=True)).max() < 40, "the shoes end above the edge"
