"""Words of clothes are drawn: every row of the table, every fashion context, in the colour that is named."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from personaforge.embedded.painter.figure.accessories import WORN
from personaforge.embedded.painter.figure.carried import CARRIED
from personaforge.embedded.painter.figure.covering import COVERINGS
from personaforge.embedded.painter.figure.headwear import SHAPES
from personaforge.embedded.painter.figure.legs import LEGS, SKIRTS
from personaforge.embedded.painter.figure.over import INNER, LAYERS
from personaforge.embedded.painter.figure.shoes import SHOES
from personaforge.embedded.painter.outfit import Outfit, Piece, read_outfit
from personaforge.embedded.writer.tables import table
from personaforge.errors import BackendError
from personaforge.providers.embedded_images import EmbeddedImages
from personaforge.spec.clothing import clothing_of

from .subjects import draw_request, pixels, subject

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
