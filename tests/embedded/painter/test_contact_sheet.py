"""The contact sheet shows what there is, says what is missing and never fails on a caption."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from personaforge.media.contact_sheet import STATUS_COLORS, Cell, draw_sheet, folded
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import draw_request, subject


@pytest.fixture(scope="module")
def picture() -> bytes:
    blob = EmbeddedImages().submit(draw_request(subject())).blob
    assert blob is not None
    return blob.data


def opened(sheet: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(sheet))
    assert image.format == "JPEG"
    return image


def test_a_full_sheet_is_small_and_the_same_every_time(picture: bytes) -> None:
    cells = [Cell(picture, f"{index:02} a caption that is much too long to fit", "accepted") for index in range(24)]
    first = draw_sheet(cells, title="Ana", footer="embedded")
    assert first == draw_sheet(cells, title="Ana", footer="embedded")
    assert len(first) < 1_500_000
    assert opened(first).size[0] == 5 * 212 + 12


def test_missing_and_broken_pictures_keep_their_place(picture: bytes) -> None:
    whole = opened(draw_sheet([Cell(picture, "a", "accepted")] * 3, title="t")).size
    cells = [Cell(None, "a", "missing"), Cell(b"no picture", "b", "flagged"), Cell(picture[:300], "c", "rejected")]
    assert opened(draw_sheet(cells, title="t")).size == whole


def test_the_edge_has_the_colour_of_the_status() -> None:
    for status, color in STATUS_COLORS.items():
        sheet = np.asarray(opened(draw_sheet([Cell(None, "x", status)], title="t", cell_width=200)).convert("RGB"))
        found = sheet[len(sheet) // 2, 13].astype(int)
        expected = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        assert np.abs(found - expected).max() < 24, status


def test_captions_are_folded_to_letters_that_can_be_drawn() -> None:
    assert folded("Zoë Łukasz — naïve  café\n“ß”") == 'Zoe Lukasz - naive cafe "ss"'
    assert folded("日本 Ana") == "Ana"
    first = draw_sheet([Cell(None, "Zoë", "missing")], title="é")
    assert first == draw_sheet([Cell(None, "Zoe", "missing")], title="e")


def test_an_empty_sheet_and_bad_input() -> None:
    assert opened(draw_sheet([], title="nothing yet")).size[0] > 100
    with pytest.raises(ValueError, match="status 'lost' is not one of accepted"):
        draw_sheet([Cell(None, "x", "lost")], title="t")
    with pytest.raises(ValueError, match="at least 1 column"):
        draw_sheet([], title="t", columns=0)
    with pytest.raises(ValueError, match="too large"):
        draw_sheet([Cell(None, "x", "missing")] * 500, title="t", columns=1)
