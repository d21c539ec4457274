"""Words of clothes are drawn: every row of the table, every fashion context, in the colour that is named."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from personaforge.embedded.painter.figure.accessories import WORN
from personaforge.embedded.painter.figure.body import body_of_dna
from personaforge.embedded.painter.figure.carried import CARRIED
from personaforge.embedded.painter.figure.clothes import CUTS, cloth
from personaforge.embedded.painter.figure.covering import COVERINGS
from personaforge.embedded.painter.figure.headwear import SHAPES
from personaforge.embedded.painter.figure.legs import LEGS, SKIRTS
from personaforge.embedded.painter.figure.over import INNER, LAYERS
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.figure.shoes import SHOES
from personaforge.embedded.painter.figure.torso import _finished, paint_body
from personaforge.embedded.painter.outfit import Outfit, Piece, read_outfit
from personaforge.embedded.painter.scene.light import light_of
from personaforge.embedded.painter.strokes import Canvas
from personaforge.embedded.painter.subject import read_scenery
from personaforge.embedded.writer.tables import table
from personaforge.errors import BackendError
from personaforge.providers.embedded_images import EmbeddedImages
from personaforge.spec.clothing import clothing_of

from .subjects import DNA, draw_request, pixels, subject

CONTEXTS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[3] / "conf/fashion/contexts.yaml").read_text()
)["contexts"]
PALETTE = ((107, 127, 153), (233, 237, 242), (143, 111, 78))
KNOWN = {
    "lower": {*LEGS, *SKIRTS},
    "over": {*LAYERS},
    "inner": {*INNER},
    "shoes": {*SHOES},
    "accessories": {*WORN, *CARRIED, *SHAPES},
    "coverings": {*COVERINGS},
    "cuts": {*CUTS},
    "prints": {"wax", "kente", "batik", "plaid", "plain"},
}


def outfit(distance: str = "full", style: str = "natural", **clothing: list[str]) -> Outfit:
    return read_outfit(clothing, PALETTE, distance, style, "subject.clothing")


def clothed(context: str, gender: str) -> dict[str, Any]:
    return clothing_of({"surface": {"gender": gender}}, CONTEXTS[context])


def shown(clothing: dict[str, Any], gender: str = "woman", style: str = "natural", **position: Any) -> Any:
    who = subject({"hair": {"style": style}}, gender=gender, **position)
    who["clothing"].update(clothing)
    blob = EmbeddedImages().submit(draw_request(who, b"", width=192, height=256)).blob
    assert blob is not None
    return pixels(blob.data)


@pytest.mark.parametrize("part", KNOWN)
def test_every_shape_of_the_table_is_one_the_painter_has(part: str) -> None:
    named = {row["draw"] for row in table("wear")[part] if "draw" in row}
    assert named
    assert named <= KNOWN[part]


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("gender", ["woman", "man"])
def test_every_context_is_drawn_in_full(context: str, gender: str) -> None:
    clothing = clothed(context, gender)
    found = outfit(garments=clothing["garments"], accessories=clothing["accessories"])
    assert found.unknown == ()
    assert found.accessories
    dressed = clothing["garment"] in ("dress", "robe", "gown", "saree", "kurta")
    assert dressed or found.lower is not None, "somebody wears no trousers"


@pytest.mark.parametrize("gender", ["woman", "man"])
@pytest.mark.parametrize("distance", ["bust", "half", "full"])
def test_any_two_contexts_look_different(distance: str, gender: str) -> None:
    pictures = {name: shown(clothed(name, gender), gender, distance=distance) for name in CONTEXTS}
    for first, second in combinations(CONTEXTS, 2):
        apart = np.abs(pictures[first] - pictures[second]).max(axis=2) > 24
        assert apart.mean() > (0.04 if distance != "full" else 0.02), (first, second)


def test_a_man_wears_what_the_context_declares_for_men() -> None:
    assert clothed("romantic_feminine", "man")["garment"] == "shirt"
    assert clothed("romantic_feminine", "woman")["garment"] == "dress"
    assert clothed("romantic_feminine", "nonbinary")["accessories"] == ["pearl earrings", "pearl necklace"]
    assert clothed("romantic_feminine", "man")["accessories"] == ["silk neck scarf"]
    bare = {**CONTEXTS["preppy_classic"], "accessories_man": []}
    assert clothing_of({"surface": {"gender": "man"}}, bare)["accessories"] == []
    dress = clothing_of({"surface": {"gender": "man"}}, {**bare, "garment": "dress"})
    assert dress["garment"] == "dress", "what a context says is drawn, for anybody"


def test_a_named_colour_is_the_colour_drawn() -> None:
    assert outfit(garments=["wide olive cargo trousers"]).lower == Piece("cargo", (0x6B, 0x6A, 0x48))
    assert outfit(garments=["coated jeans"]).lower == Piece("slim", (0x26, 0x26, 0x2B))
    assert outfit(accessories=["scarf"]).accessories == (Piece("scarf", PALETTE[2]),)
    legs = [shown({"garments": [f"{color} trousers"]}, distance="full")[190:225].mean(axis=(0, 1))
            for color in ("ivory", "black")]  # fmt: skip
    assert (legs[0] - legs[1]).min() > 3


def test_words_are_matched_whole_and_what_no_row_knows_is_reported() -> None:
    found = outfit(accessories=["earrings of a king", "glasses case", "Round Glasses", "a monocle"])
    assert [piece.shape for piece in found.accessories] == ["glasses"]
    assert found.unknown == ("earrings of a king", "a monocle")
    assert outfit(garments=["pullover"]).lower is None, "no pull-over is an over"
    blob_details = EmbeddedImages().submit(draw_request(dressed_with(["scarf", "a monocle"]))).details["drawn"]
    assert blob_details["wear"] == ["scarf"]
    assert blob_details["not_drawn"] == ["a monocle"]


def dressed_with(accessories: list[str]) -> dict[str, Any]:
    who = subject()
    who["clothing"]["accessories"] = accessories
    return who


@pytest.mark.parametrize(
    "words", sorted({row["words"][0] for row in table("wear")["accessories"] if "draw" in row} - {"headband"})
)
def test_every_accessory_shows_and_leaves_eyes_and_brows_alone(words: str) -> None:
    """The eyes' rows differ for glasses alone. What hangs below a half figure is looked for on a whole one."""
    low = words in ("basket", "rings", "signet ring")
    bare, worn = (shown(worn, distance="full" if low else "half") for worn in ({}, {"accessories": [words]}))
    assert np.abs(bare - worn).max() > 8
    if not low:
        eyes = (slice(55, 66), slice(84, 108))
        assert (np.abs(bare[eyes] - worn[eyes]).max() > 3) == (words == "glasses")


@pytest.mark.parametrize("words", [row["words"][0] for row in table("wear")["coverings"]])
def test_a_head_is_covered_where_the_hair_style_says_so_and_nowhere_else(words: str) -> None:
    said = outfit(style=f"Under a {words}").covering
    assert said is not None
    assert said.shape in COVERINGS
    assert outfit(garments=[words], accessories=[words]).covering is None
    bare, covered = (shown({}, style=style, distance="bust", yaw=20) for style in ("natural", f"under a {words}"))
    # The DNA's words seed the face, so only what is far above it tells of cloth.
    assert np.abs(bare - covered)[20:70].max() > 20


def test_no_origin_and_no_faith_covers_a_head() -> None:
    who = subject()
    plain = EmbeddedImages().submit(draw_request(who)).blob
    who["surface"].update(ethnicity="Punjabi Sikh", religion="Muslim", occupation="rabbi")
    assert EmbeddedImages().submit(draw_request(who)).blob == plain


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("accessories", "a watch", "subject.clothing.accessories: a list of at most 16 texts"),
        ("garments", ["x"] * 17, "subject.clothing.garments: a list of at most 16 texts"),
        ("garments", ["tee", 3], r"subject.clothing.garments\[1\]: 3 is not text"),
    ],
)
def test_a_message_names_the_text_that_is_wrong(key: str, value: Any, message: str) -> None:
    who = subject()
    who["clothing"][key] = value
    with pytest.raises(BackendError, match=message):
        EmbeddedImages().submit(draw_request(who))


def test_a_garment_that_its_wearer_names_is_drawn_as_that_and_nobody_else_has_one() -> None:
    said = {
        "silk sari": "saree", "indigo kimono": "kimono", "áo dài": "ao dai", "qipao": "qipao", "hanbok": "hanbok",
        "white thobe": "kaftan", "agbada in wax print": "kaftan", "embroidered huipil": "huipil", "dashiki": "dashiki",
        "cotton kurta": "kurta", "linen guayabera": "shirt",
    }  # fmt: skip
    assert {words: outfit(garments=[words]).cut for words in said} == said
    assert outfit(garments=["agbada in wax print"]).print == "wax"
    declared = [text for context in CONTEXTS.values() for text in context["garments"] + context.get("garments_man", [])]
    assert not [text for text in declared if outfit(garments=[text]).cut], "no context puts one on anybody"
    pictures = [shown({"garments": [words], "garment": "dress"}, distance="half") for words in said]
    for first, second in combinations(pictures[:-2], 2):
        assert np.abs(first - second).mean() > 0.15


def test_a_garment_that_cannot_be_drawn_is_named() -> None:
    worn = outfit(garments=["pleated kilt", "wool jacket"])
    assert worn.unknown == ("pleated kilt",) and worn.cut == ""
    assert "kimono" in outfit(garments=["kimono"]).drawn()


def test_a_kimono_closes_left_over_right() -> None:
    """The band that is uppermost runs from the wearer's left shoulder, the viewer's right, down to the other side."""
    plain = {"garments": ["kimono"], "palette": ["#3a4a7a", "#c9a15a", "#b23a48"]}
    picture = shown(plain, distance="bust", pose="facing the camera, shoulders level")
    edge = np.abs(np.diff(picture.mean(axis=2), axis=0)).max(axis=0)
    assert edge.max() > 8
    light = (picture.min(axis=2) > 165)[150:215, 70:122]  # the under collar beside each band
    rows, columns = np.nonzero(light)
    assert len(rows) > 4
    upper = columns[rows < np.median(rows)]
    assert np.ptp(upper) > 4, "the under collar shows on both sides near the neck"


def test_sequins_glint_here_and_there_and_do_not_scream() -> None:
    x, y = np.arange(0, 4, 0.02, dtype=np.float32)[None], np.arange(0, 4, 0.02, dtype=np.float32)[:, None]
    found = cloth("sequins", ((194, 55, 141), (242, 193, 78), (77, 58, 168)), x, y, 5)
    away = np.abs(found - np.array((194, 55, 141), np.float32)[:, None, None]).max(axis=0)
    assert 0.01 < float((away > 60).mean()) < 0.12, "a few of them catch the light"
    assert float(np.abs(found.mean(axis=(1, 2)) - np.array((194, 55, 141)) * 0.85).max()) < 25, (
        "the cloth keeps its colour"
    )


def test_a_cropped_jacket_begins_on_the_shoulder_and_ends_where_its_hem_does() -> None:
    whole, crop = CUTS["jacket"], _finished(CUTS["jacket"], ("crop",))
    assert crop.neck[0] == whole.neck[0], "no corner stands up beside the neck"
    heights = [y for _, y in crop.neck]
    assert heights == sorted(heights) and heights[-1] == pytest.approx(8.0) and crop.hem == 8.3


@pytest.mark.parametrize("masculinity", [0.0, 0.5, 1.0])
def test_the_band_of_a_robe_lies_beside_the_neck(masculinity: float) -> None:
    """Nothing of it stands up over the shoulders as a corner."""
    who = subject(distance="bust")
    who["clothing"] |= {"garment": "knit", "garments": ["cashmere lounge set", "cream silk robe"]}
    scenery = read_scenery(who, who["position"], "position")
    painter = BodyPainter(Canvas(-5.0, -1.0, 5.0, 6.0, 40, (200, 200, 200)), body_of_dna(DNA, masculinity, 30),
                          (150, 110, 90), scenery, light_of("", 0.0), 0.0)  # fmt: skip
    paint_body(painter)
    for x in (0.9, 1.1, 1.3):
        column = painter.cover[:, round((x + 5.0) * 40)] > 0.5
        top = int(np.argmax(column)) / 40 - 1.0
        assert top > 1.75 - 0.13, x
