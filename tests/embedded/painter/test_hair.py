"""Hair as the DNA says it: styles read from words, how far it reaches, how its outline differs, where none grows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from personaforge.embedded.painter.face.hairstyles import CUTS, FORMS, WORN, Style, read_style
from personaforge.embedded.painter.face.params import Face, face_of_reference, subject_face
from personaforge.embedded.painter.figure.covering import COVERINGS
from personaforge.embedded.painter.figure.head import Head
from personaforge.embedded.painter.figure.layers import Layer, Window
from personaforge.embedded.painter.figure.scalp import Points3, Scalp, hairline, root_line
from personaforge.embedded.painter.scene.light import light_of
from personaforge.embedded.painter.subject import Pose, read_pose
from personaforge.embedded.writer.tables import table
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import draw_request, pixels, subject

WINDOW = Window(-1.9, -2.4, 230, 420, 60.0)
FRONT: Pose = read_pose({"expression": "neutral", "yaw": 0, "pitch": 0}, "", "camera")[0]


def hair(style: str, texture: str = "straight", length: str = "long", color: str = "black", **who: Any) -> Face:
    return subject_face(
        subject({"hair": {"color": color, "texture": texture, "length": length, "style": style}}, **who)
    )


def layers(face: Face, pose: Pose = FRONT) -> tuple[Layer, Layer]:
    """Return the hair in front of the head and the hair behind it, at 60 pixels a face unit."""
    head = Head(face, WINDOW.scale, light_of("even soft light", 0.0))
    return head.front(pose, WINDOW)[-1], head.behind(pose, WINDOW)


def whole(layer: Layer) -> Any:
    found = np.zeros((WINDOW.height, WINDOW.width), np.float32)
    rows, columns = layer.cover.shape
    found[layer.y : layer.y + rows, layer.x : layer.x + columns] = layer.cover
    return found


def covered(face: Face) -> Any:
    front, behind = layers(face)
    return np.maximum(whole(front), whole(behind))


def at(y: float) -> int:
    return round((y - WINDOW.top) * WINDOW.scale)


def reach(mask: Any) -> tuple[float, float, float]:
    """Return the top, the lower end and the greatest half width of what is covered, in face units."""
    rows, columns = np.nonzero(mask > 0.5)
    middle = -WINDOW.left * WINDOW.scale
    return (
        WINDOW.top + rows.min() / WINDOW.scale,
        WINDOW.top + rows.max() / WINDOW.scale,
        float(np.abs(columns + 0.5 - middle).max()) / WINDOW.scale,
    )


@pytest.mark.parametrize(
    ("text", "texture", "length", "said"),
    [
        ("soft waves with a side part", "wavy", "shoulder", Style("open", "loose", "even")),
        ("straight to the middle of the back", "straight", "long", Style("open", "loose", "even")),
        ("layered with curtain fringe", "straight", "shoulder", Style("curtain", "loose", "even")),
        ("blunt bob with bangs", "straight", "chin", Style("fringe", "loose", "bob")),
        ("bob tucked behind one ear", "straight", "chin", Style("tucked", "loose", "bob")),
        ("low ponytail", "straight", "long", Style("ponytail", "loose", "even")),
        ("loose bun", "wavy", "long", Style("tied", "loose", "even")),
        ("half-up curls", "curly", "shoulder", Style("half up", "loose", "even")),
        ("long side plait", "wavy", "long", Style("plait", "loose", "even")),
        ("two long braids", "straight", "long", Style("plaits", "loose", "even")),
        ("long braids", "coily", "long", Style("open", "braids", "even")),
        ("long box braids", "coily", "long", Style("open", "braids", "even")),
        ("locs in a high bun", "coily", "long", Style("topknot", "locs", "even")),
        ("two-strand twists to the chin", "coily", "chin", Style("open", "twists", "even")),
        ("defined twist-out", "coily", "shoulder", Style("open", "loose", "even")),
        ("loose waves brushed back", "wavy", "short", Style("swept", "loose", "even")),
        ("360 waves", "coily", "shaved", Style("open", "loose", "waves")),
        ("loose waves", "wavy", "short", Style("open", "loose", "even")),
        ("tapered coils with a clean edge", "coily", "short", Style("open", "loose", "fade")),
        ("receding, brushed back", "straight", "short", Style("swept", "loose", "receding")),
        ("shaved smooth", "straight", "shaved", Style("open", "loose", "bald")),
    ],
)
def test_a_style_is_read_from_its_words(text: str, texture: str, length: str, said: Style) -> None:
    assert read_style(text, texture, length) == said
    face = hair(text, texture, length)
    assert (face.hair_style, face.hair_form, face.hair_cut) == said
    assert face_of_reference(face.to_json(), hair("natural", "wavy", "short")) == (face, True)


def test_the_table_has_only_words_that_can_be_drawn() -> None:
    known = {"worn": WORN, "forms": FORMS, "cuts": CUTS}
    for part, rows in table("hairdos").items():
        assert {row["says"] for row in rows} <= set(known[part])


def test_longer_hair_reaches_further_down() -> None:
    for texture in ("straight", "wavy", "curly"):
        ends = [reach(covered(hair("natural", texture, length)))[1] for length in ("short", "chin", "shoulder", "long")]
        assert ends == sorted(ends)
        assert ends[0] < 1.2 and 1.3 < ends[1] < 1.9 and 2.2 < ends[2] < 2.9 and ends[3] > 3.3


def test_an_afro_grows_to_all_sides_and_straight_hair_down() -> None:
    sizes = [reach(covered(hair("natural coils", "coily", length))) for length in ("short", "chin", "shoulder")]
    tops, _, widths = zip(*sizes, strict=True)
    assert tops[0] > tops[1] > tops[2] and widths[0] < widths[1] < widths[2]
    straight = reach(covered(hair("natural", "straight", "shoulder")))
    assert straight[2] < widths[2] - 0.2 and straight[1] > sizes[2][1] + 0.8


def test_an_outline_belongs_to_its_texture() -> None:
    """The edge of coils, from row to row, is rougher than that of waves, and that of straight hair is the smoothest."""

    def rough(face: Face) -> float:
        mask = whole(layers(face)[0])[at(-0.3) : at(1.2)] > 0.5
        left = mask.argmax(axis=1).astype(float)
        return float(np.abs(np.diff(left, 2)).mean())

    straight, curly = rough(hair("natural", "straight", "long")), rough(hair("natural", "curly", "long"))
    afro = rough(hair("natural coils", "coily", "shoulder"))
    assert straight <= 0.5 * curly and straight < 0.5 * afro


@pytest.mark.parametrize("style", ["long box braids", "long twists", "locs", "cornrows"])
def test_cords_are_lobes_with_dark_between_them(style: str) -> None:
    """Down the middle of hair that hangs, light and dark change faster than in loose hair of the same colour."""

    def change(face: Face) -> float:
        front, behind = layers(face)
        layer = behind if style == "cornrows" else front
        rows = slice(at(0.6) - layer.y, at(1.6) - layer.y)
        shown, cover = layer.rgb.mean(axis=0)[rows], layer.cover[rows] > 0.9
        down = np.abs(np.diff(shown, axis=0))[cover[1:] & cover[:-1]]
        return float(down.mean() / shown[cover].mean())

    assert change(hair(style, "coily")) > 1.6 * change(hair("natural", "straight"))


def test_a_tail_or_plait_comes_over_one_shoulder_and_two_over_both() -> None:
    for style, both in (("low ponytail", False), ("long single plait", False), ("two long braids", True)):
        front = whole(layers(hair(style))[0])[at(2.2) : at(3.0)]
        middle = round(-WINDOW.left * WINDOW.scale)
        left, right = front[:, :middle].sum(), front[:, middle:].sum()
        assert (min(left, right) > 0.5 * max(left, right)) == both
        assert max(left, right) > 100


def test_a_bun_stands_over_the_crown() -> None:
    crown = reach(covered(hair("low ponytail")))[0]
    assert reach(covered(hair("high bun")))[0] < crown - 0.2


def test_a_hairline_recedes_and_a_bald_head_keeps_its_sides() -> None:
    full, receding = (hair(style, length="short", gender="man", age=50) for style in ("side-parted crop", "receding"))
    lengths = full.lengths()
    assert root_line(receding, lengths) < root_line(full, lengths) - 0.1
    assert float(hairline(receding, lengths, 42)) < float(hairline(full, lengths, 42)) - 0.15
    bald = whole(layers(hair("bald on top", length="short", color="white", gender="man", age=70))[0])
    middle = round(-WINDOW.left * WINDOW.scale)
    assert bald[at(-1.4) : at(-0.7), middle - 20 : middle + 20].max() == 0
    assert bald[at(-0.6) : at(-0.1), : middle - 45].max() > 0.9
    assert whole(layers(hair("shaved smooth", length="shaved", gender="man"))[0]).max() < 0.2


def test_a_fade_and_an_undercut_let_the_skin_of_the_sides_through() -> None:
    def side(style: str) -> float:
        mask = whole(layers(hair(style, "coily", "short", gender="man"))[0])
        return float(mask[at(-0.35) : at(-0.15), : round((-0.9 - WINDOW.left) * WINDOW.scale)].sum())

    even = side("short natural coils")
    assert side("low fade") < 0.5 * even and side("undercut with coils") < even


def test_of_two_colours_long_hair_has_the_second_at_its_ends() -> None:
    front = layers(hair("natural", color="black and blue"))[0]
    cover = front.cover > 0.9
    blue = front.rgb[2] - front.rgb[0]
    top, ends = (
        blue[rows][cover[rows]].mean() for rows in (slice(0, at(0.0) - front.y), slice(at(3.0) - front.y, None))
    )
    assert ends > top + 25


def test_gray_is_between_the_other_strands() -> None:
    black, mixed = (layers(hair("natural", length="short", color=color))[0] for color in ("black", "black and gray"))
    spread = [float(layer.rgb.mean(axis=0)[layer.cover > 0.9].std()) for layer in (black, mixed)]
    assert spread[1] > 1.5 * spread[0]


def test_no_hair_lies_on_eyes_mouth_and_brows() -> None:
    for texture in ("straight", "wavy", "curly", "coily"):
        for style in ("natural", "with a fringe", "curtain fringe", "over one shoulder", "two long braids", "locs"):
            face = hair(style, texture, "shoulder")
            mask = whole(layers(face)[0])
            place = face.lengths()
            half = round(0.55 * WINDOW.scale)
            middle = round(-WINDOW.left * WINDOW.scale)
            low, high = at(place["mouth_y"] + 0.15), at(place["brow_y"] + 0.02)
            assert mask[high:low, middle - half : middle + half].max() < 0.5, (texture, style)


def test_points_are_laid_onto_the_scalp_from_both_sides() -> None:
    face = hair("natural")
    scalp = Scalp(face.lengths())
    on = scalp.placed(np.linspace(-170, 170, 35), -0.9)
    for size in (0.7, 1.4):
        away = Points3(on.x * size, -0.42 + (on.y + 0.42) * size, on.z * size)
        found = scalp.laid(away, 0.0)
        assert max(float(np.abs(a - b).max()) for a, b in zip(found, on, strict=True)) < 1e-6
    inner = scalp.pushed(Points3(0.7 * on.x, on.y, 0.7 * on.z), 0.0)
    assert float(np.sqrt(inner.x**2 + inner.z**2).min()) > float(np.sqrt((0.7 * on.x) ** 2 + (0.7 * on.z) ** 2).min())
    normals = scalp.normals(on)
    assert np.abs(sum(axis * axis for axis in normals) - 1).max() < 1e-9


@pytest.mark.parametrize("words", ["hijab", "turban", "gele", "head wrap", "kippah", "kufi", "flat cap"])
def test_a_covering_covers_and_leaves_the_brows_free(words: str) -> None:
    where = {"distance": "headshot", "yaw": 0, "pitch": -15 if words == "kippah" else 0}
    who = subject({"hair": {"style": f"under a green {words}", "length": "short"}}, **where)
    worn = EmbeddedImages().submit(draw_request(who)).blob
    assert worn is not None
    shown = pixels(worn.data)
    cloth = shown[..., 1] - shown[..., 0] > 20
    assert cloth[:130].sum() > (30 if words == "kippah" else 2500)
    assert not cloth[145:230, 115:175].any()


def test_a_scarf_hides_hair_and_ears() -> None:
    assert COVERINGS["headscarf"].hides_hair and COVERINGS["headscarf"].soft
    face = hair("natural", length="short")
    light = light_of("even soft light", 0.0)
    with_ears, without = (len(Head(face, 60.0, light, ears=ears).front(FRONT, WINDOW)) for ears in (True, False))
    assert with_ears == without + 2


@pytest.mark.parametrize("words", ["centre part", "with a side part", "blunt bob"])
def test_parted_hair_keeps_to_one_arc_over_the_skull(words: str) -> None:
    """The outline rises to one crown and falls from it: no notch at the parting, no second hump, no square temple."""
    face = hair(words, "straight", "chin" if "bob" in words else "long")
    mask, lengths = covered(face) > 0.5, face.lengths()
    half = round(0.7 * lengths["cranium"] * WINDOW.scale)
    middle = round(-WINDOW.left * WINDOW.scale)
    top = np.argmax(mask[:, middle - half : middle + half + 1], axis=0) / WINDOW.scale + WINDOW.top
    crown = int(np.argmin(top))
    falls = np.concatenate([np.diff(top[: crown + 1]), -np.diff(top[crown:])])
    assert falls.max() < 0.04  # a strand's width at the most
    # 3 to 10 % of the head's height above the skull.
    above = (lengths["forehead"] - top.min()) / (lengths["chin_y"] - lengths["forehead"])
    assert 0.03 < above < 0.10
    # An ellipse: at 70 % of its width an arc has fallen by 29 % of the dome's height.
    fallen = (np.array([top[0], top[-1]]) - top.min()) / (-0.42 - top.min())
    assert (fallen < 0.34).all() and (fallen > 0.12).all()
