"""What a file says of who drew it."""

from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin

from personaforge.media.provenance import domain_of_file, with_domain
from personaforge.media.realism import finish_picture
from personaforge.media.repair import repair_clip
from personaforge.providers.embedded_clips import EmbeddedVideos
from personaforge.providers.embedded_images import EmbeddedImages
from personaforge.testing import png
from tests.embedded.painter.subjects import draw_request, film_request, subject

REALISM = {"profile": "p", "jpeg": {"quality": 90, "subsampling": "4:2:0"}}


@pytest.fixture(scope="module")
def drawing() -> bytes:
    blob = EmbeddedImages().submit(draw_request(subject(), width=96, height=128)).blob
    assert blob is not None
    return blob.data


def is_drawn(data: bytes) -> bool:
    return domain_of_file(data) == "drawings"


def test_a_file_says_that_it_was_drawn_here_and_so_does_what_is_made_of_it(drawing: bytes) -> None:
    finished = finish_picture(drawing, REALISM, 1)
    assert finished.startswith(b"\xff\xd8\xff")
    blob = EmbeddedVideos().submit(film_request(subject(), width=96, height=128, fps=2, seconds=1)).blob
    assert blob is not None
    unsharp = {"radius": 1, "amount": 1, "threshold": 0}
    for data in (drawing, finished, blob.data, repair_clip(blob.data, unsharp=unsharp, super_resolution=None)):
        assert is_drawn(data)
    other = finish_picture(png((9, 9, 9), width=32, height=32), REALISM, 1)
    for data in (png((9, 9, 9)), other, b"", b"words", drawing[:50], blob.data[:30]):
        assert not is_drawn(data)
    for name, text, drawn in (("forge-face", "{}", True), ("Software", "PersonaForge embedded", True),
                              ("Software", "Not PersonaForge embedded", False)):  # fmt: skip
        info, out = PngImagePlugin.PngInfo(), io.BytesIO()
        info.add_text(name, text)
        Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=info)
        assert is_drawn(out.getvalue()) is drawn


def test_only_measurements_by_this_pack_have_a_domain(drawing: bytes) -> None:
    value, photo = {"status": "measured"}, png((9, 9, 9))
    assert with_domain(value, photo, {"pack": "buffalo_l"}) == value
    assert with_domain(value, photo, {"pack": "embedded"}) == {**value, "in_domain": False}
    assert with_domain(value, drawing, {"pack": "embedded"}) == {**value, "in_domain": True}
    assert with_domain({"status": "unreadable"}, b"", {"pack": "embedded"}) == {"status": "unreadable"}
