"""What a DNA states is seen in the picture, where it belongs, or is named as not drawn: never silently missing.

A person with it is drawn beside the same person without, with one face for both, as the words of a DNA seed its shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

from personaforge.embedded.painter.face.hairstyles import read_style
from personaforge.embedded.painter.face.marks import read_marks
from personaforge.embedded.painter.face.params import subject_face
from personaforge.embedded.painter.figure.body import body_of_dna
from personaforge.embedded.painter.outfit import read_outfit
from personaforge.embedded.painter.painter import Stage, layout
from personaforge.embedded.painter.subject import read_pose, read_scenery
from personaforge.embedded.painter.undrawn import undrawn, undrawn_words
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import DNA, changed, draw_request, pixels, subject

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in face units from between the eyes; the person's left is right of it."""
COILS = {"texture": "coily", "length": "long", "color": "black"}


class Stated(NamedTuple):
    dna: dict[str, Any]
    box: Box
    without: Mapping[str, Any] = MappingProxyType({})
    """What the other picture states, too."""
    position: Mapping[str, Any] = MappingProxyType({})


def mark(text: str, box: Box, **position: Any) -> Stated:
    return Stated({"skin": {"marks": [text]}}, box, position=position)


def style(text: str, box: Box, **hair: str) -> Stated:
    return Stated({"hair": {**hair, "style": text}}, box, {"hair": hair})


CROWN: Box = (-1.2, -2.0, 1.2, -0.9)
DRAWN = {
    "braids": style("box braids", (-2.2, 0.2, 2.2, 2.6), **COILS),
    "cornrows": style("cornrows", CROWN, **COILS),
    "locs": style("shoulder-length locs", (-2.2, 0.2, 2.2, 2.6), **COILS),
    "twists": style("two-strand twists", (-2.2, 0.2, 2.2, 2.6), **COILS),
    "plait": style("one long braid", (-2.2, 0.5, 2.2, 2.9), length="long"),
    "scar": mark("scar on the left cheek", (0.3, 0.2, 0.9, 1.0)),
    "dimples": mark("dimples", (-0.9, 0.3, 0.9, 1.3), expression="soft smile"),
    "birthmark": mark("birthmark on the right cheek", (-0.9, 0.1, -0.2, 1.0)),
    "port-wine stain": mark("port-wine stain on the left cheek", (0.2, -0.1, 0.95, 1.1)),
    "vitiligo": Stated(
        {"skin": {"tone": "brown", "marks": ["vitiligo"]}}, (-1.0, -0.9, 1.0, 1.5), {"skin": {"tone": "brown"}}
    ),
    "hearing aid": mark("hearing aid in the left ear", (0.8, -0.4, 1.4, 0.7)),
    "tooth gap": mark("gap between the front teeth", (-0.2, 0.7, 0.2, 1.2), expression="laugh"),
    "heterochromia": Stated({"eyes": {"color": "brown and blue"}}, (0.2, -0.2, 0.7, 0.2)),
    "hijab": style("hijab", CROWN),
    "turban": style("turban", CROWN),
    "gele": style("gele", CROWN),
    "kippah": Stated({"hair": {"style": "kippah"}}, CROWN, position={"pitch": -15}),
}
NAMED = {
    "tattoo": "tattoo of a swallow on the neck",
    "prosthesis": "prosthesis below the left knee",
    "piercing": "a nose ring",
    "heterochromia": "heterochromia",
}


def drawn(dna: Mapping[str, Any], **position: Any) -> Any:
    """Return the picture, RGB in floats (384, 288, 3), with the face of the plain DNA."""
    who = subject(dict(dna), **position)
    own = subject_face(subject())
    face = replace(subject_face(who), z=own.z, strands=own.strands, parting=own.parting, masculinity=own.masculinity)
    pose, _ = read_pose(who["position"], "position", "into the camera")
    scenery = read_scenery(who, who["position"], "position")
    body = body_of_dna(DNA, own.masculinity, own.age, seated=scenery.seated)
    return Stage(face, body, scenery, 288, 384, pose.yaw, 1).frame(pose, grain=3).astype(float)


def changed_inside(one: Any, other: Any, box: Box) -> tuple[float, float]:
    """Return the largest change in a box of a headshot, 0 to 255, and the share of all change that lies in it."""
    frames = layout(288, 384, "headshot", 0.0, 10.0)
    left, right = (round(frames.axis_x + x * frames.scale) for x in box[::2])
    top, bottom = (round(frames.eyes_y + y * frames.scale) for y in box[1::2])
    change = np.abs(one - other).max(axis=2)
    inside = change[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    seen = change > 12  # grain and the soft edges of shadows apart
    return float(inside.max()), float((inside > 12).sum() / max(seen.sum(), 1))


@pytest.mark.parametrize("what", DRAWN)
def test_what_a_dna_states_is_drawn_where_it_belongs(what: str) -> None:
    stated = DRAWN[what]
    whole = changed(dict(stated.without), stated.dna)
    plain, shown = (drawn(dna, **stated.position) for dna in (stated.without, whole))
    most, share = changed_inside(plain, shown, stated.box)
    assert most > 25
    if "skin" in stated.dna or what == "heterochromia":
        assert share > 0.9, "and nowhere else"
    assert undrawn(changed(DNA, whole)) == []


def test_two_colours_of_eyes_are_one_each() -> None:
    frames = layout(288, 384, "headshot", 0.0, 10.0)
    blue, brown, both = (drawn({"eyes": {"color": color}}) for color in ("blue", "brown", "brown and blue"))
    middle = round(frames.axis_x)
    rows = slice(round(frames.eyes_y - 0.2 * frames.scale), round(frames.eyes_y + 0.2 * frames.scale))
    assert np.abs(both - brown)[rows, :middle].max() < 6, "the person's right eye"
    assert np.abs(both - blue)[rows, middle:].max() < 6


@pytest.mark.parametrize("what", NAMED)
def test_what_is_not_drawn_is_named(what: str) -> None:
    dna = changed(DNA, {"skin": {"marks": [NAMED[what]]}})
    assert any(what in name for name in undrawn(dna)), undrawn(dna)
    reply = EmbeddedImages().submit(draw_request(subject({"skin": {"marks": [NAMED[what]]}})))
    assert any(what in name for name in reply.details["drawn"]["not_drawn"])


def test_a_wheelchair_is_drawn_and_not_named_as_missing() -> None:
    where = {"distance": "full", "pose": "standing, weight on one leg"}
    standing, seated = drawn({}, **where), drawn({}, **where, uses="wheelchair")
    below = np.abs(standing - seated).max(axis=2)[200:]
    assert (below > 25).mean() > 0.1
    assert undrawn(changed(DNA, {"skin": {"marks": ["uses a wheelchair"]}}), "wheelchair") == []


def test_make_up_of_a_look_is_on_that_picture_and_in_no_face() -> None:
    plain, painted = subject(), subject()
    painted["clothing"]["accessories"] = ["dark red lipstick", "winged liner and blue eye shadow"]
    bare, worn = (EmbeddedImages().submit(draw_request(who)) for who in (plain, painted))
    assert bare.blob is not None and worn.blob is not None
    most, share = changed_inside(pixels(bare.blob.data), pixels(worn.blob.data), (-0.9, -0.6, 0.9, 1.3))
    assert most > 40 and share > 0.95
    assert worn.details["drawn"]["not_drawn"] == []
    assert set(painted["clothing"]["accessories"]) <= set(worn.details["drawn"]["wear"])
    after = EmbeddedImages().submit(draw_request(plain, worn.blob.data))
    again = EmbeddedImages().submit(draw_request(plain, bare.blob.data))
    assert after.blob == again.blob, "a picture in make-up hands on the bare face"
    lips = subject({"skin": {"marks": ["pink lipstick"]}})
    both = {**lips, "clothing": {**lips["clothing"], "accessories": ["dark red lipstick"]}}
    one, two = (pixels(EmbeddedImages().submit(draw_request(who)).blob.data) for who in (lips, both))  # type: ignore[union-attr]
    assert (two - one)[..., 1].min() < -15, "the look's colour covers the person's usual one"


@pytest.mark.parametrize(
    ("style", "worn"),
    [("no hijab, open hair", "open"), ("loose, no braid", "open"), ("never in a ponytail", "open"),
     ("no braids or locs", "open"), ("one long plait, no fringe", "plait")],
)  # fmt: skip
def test_what_a_style_denies_is_not_worn(style: str, worn: str) -> None:
    assert read_style(style, "straight", "long") == (worn, "loose", "even")
    assert read_outfit({}, [(0, 0, 0)], "bust", style, "clothing").covering is None
    assert undrawn_words([style], (worn,)) == []


def test_marks_that_are_denied_are_not_drawn_and_nothing_is_missed() -> None:
    assert read_marks(["no scar on the face", "without freckles or moles"]) == ((), [])
    marks, lacking = read_marks(["a scar on the chin, no freckles"])
    assert [mark.kind for mark in marks] == ["scar"] and marks[0].place == "chin" and not lacking
