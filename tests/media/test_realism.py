"""The declared step over whole pictures: its settings, order and seed, what the file says, and who is still in it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from personaforge.digest import digest_bytes
from personaforge.errors import SpecError
from personaforge.faces.picture import UnreadablePicture, read_picture
from personaforge.media import pixels
from personaforge.media.realism import LABEL, OPERATIONS, active, finish_picture
from personaforge.media.stills import labelled, picture_label
from personaforge.providers.embedded_images import EmbeddedImages
from tests.embedded.painter.subjects import draw_request, subject

ROOT = Path(__file__).resolve().parents[2]


def conf(name: str) -> dict[str, Any]:
    settings = yaml.safe_load((ROOT / f"conf/realism/{name}.yaml").read_text())
    assert isinstance(settings, dict)
    return settings


JPEG = {"quality": 90, "subsampling": "4:2:0"}


def png(picture: np.ndarray, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def drawn() -> bytes:
    """A picture by the embedded provider, which says so."""
    blob = EmbeddedImages().submit(draw_request(subject())).blob
    assert blob is not None
    return blob.data


def texture() -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_the_profiles_that_ship() -> None:
    assert active(conf("none")) == ()
    assert active(conf("phone")) == tuple(OPERATIONS) == tuple(conf("phone"))[1:], "the file lists them in their order"


def test_no_operation_gives_the_same_bytes_whatever_they_are(drawn: bytes) -> None:
    nothing = {
        "profile": "nothing",
        "white_balance": {"temperature": 0, "tint": 0},
        "highlights": {"exposure": 0.0, "knee": 1},
        "unsharp": {"radius": 2, "amount": 0, "threshold": 0},
        "chromatic_aberration": {"pixels_at_edge": 0},
        "noise": {"iso": 0},
        "jpeg": None,
    }
    for data in (drawn, b"no picture"):
        assert finish_picture(data, nothing, 1) is data
        assert finish_picture(data, conf("none"), 1) is data


def test_everything_wrong_is_told_at_once_with_the_nearest_name() -> None:
    given = {
        "profile": 3,
        "nois": {"iso": 100},
        "unsharp": {"radius": 1, "ammount": 0.5, "threshold": True},
        "highlights": [1],
        "white_balance": {"temperature": float("nan"), "tint": "warm"},
        "jpeg": {"quality": 90.5, "subsampling": "4:1:1"},
        "noise": {"iso": 99_999},
    }
    with pytest.raises(SpecError) as caught:
        finish_picture(b"", given, 1)
    told = [str(problem) for problem in caught.value.problems]
    for start, part in (
        ("realism: found 'nois'", "did you mean noise?"),
        ("realism.profile: found 3", "name"),
        ("realism.unsharp: found 'ammount'", "did you mean amount?"),
        ("realism.unsharp.amount: is missing", "from 0 to 5"),
        ("realism.unsharp.threshold: found True", "a number"),
        ("realism.highlights: found [1]", "mapping of exposure, knee"),
        ("realism.white_balance.temperature: found nan", "from -80 to 80"),
        ("realism.white_balance.tint: found 'warm'", "a number"),
        ("realism.jpeg.quality: found 90.5", "an integer"),
        ("realism.jpeg.subsampling: found '4:1:1'", "4:2:0"),
        ("realism.noise.iso: found 99999", "12800"),
    ):
        assert any(line.startswith(start) and part in line for line in told), (start, told)
    assert len(told) == 11


def test_a_finished_picture_has_to_be_a_jpeg() -> None:
    with pytest.raises(SpecError, match=r"realism\.jpeg: is left out, and noise can't be without it"):
        finish_picture(b"", {"profile": "x", "noise": {"iso": 100}}, 1)


# --- pixels -----------------------------------------------------------------------------------------------------------


def test_the_order_is_the_declared_one_and_not_that_of_the_settings(drawn: bytes) -> None:
    phone = conf("phone")
    backwards = dict(reversed(phone.items()))
    assert finish_picture(drawn, backwards, 4) == finish_picture(drawn, phone, 4)


def test_an_operation_is_what_its_function_does() -> None:
    given = texture()
    best = {"quality": 95, "subsampling": "4:4:4"}
    made = finish_picture(png(given), {"profile": "x", "highlights": {"exposure": 0.5, "knee": 0.7}, "jpeg": best}, 1)
    expected = pixels.clip_highlights(given[..., ::-1], 0.5, 0.7)
    assert np.abs(read_picture(made).pixels.astype(int) - expected).mean() < 2
    assert np.abs(read_picture(made).pixels.astype(int) - given[..., ::-1]).mean() > 10


def test_picture_settings_and_seed_settle_the_bytes(drawn: bytes) -> None:
    phone = conf("phone")
    made = finish_picture(drawn, phone, 4)
    assert made == finish_picture(drawn, phone, 4) != finish_picture(drawn, phone, 5)
    assert made != finish_picture(drawn, {**phone, "noise": {"iso": 126}}, 4)
    shape = read_picture(drawn).pixels.shape
    assert made.startswith(b"\xff\xd8\xff") and read_picture(made).pixels.shape == shape


def test_two_pictures_of_one_seed_have_their_own_noise() -> None:
    settings = {"profile": "x", "noise": {"iso": 3200}, "jpeg": {"quality": 95, "subsampling": "4:4:4"}}
    flat = np.full((64, 64, 3), 128, np.uint8)
    one, other = (
        read_picture(finish_picture(data, settings, 1)).pixels.astype(float)
        for data in (png(flat), png(flat, compress_level=1))
    )
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05


# --- what the file says -----------------------------------------------------------------------------------------------


def test_a_drawing_still_says_that_it_is_one(drawn: bytes) -> None:
    phone = conf("phone")
    made = finish_picture(drawn, phone, 4)
    with Image.open(io.BytesIO(made)) as image:
        assert dict(image.getexif()) == {0x0131: f"PersonaForge embedded; {LABEL}"}, "no camera and no time"
        told = json.loads(image.info["comment"])
        assert not {"icc_profile", "xmp", "photoshop"} & set(image.info)
    assert told == {"profile": "phone", "seed": 4, "source": digest_bytes(drawn), "settings": told["settings"]}
    assert len(told["settings"]) == 64 and b"forge-face" not in made
    again = finish_picture(made, phone, 4)
    assert picture_label(again) == picture_label(made), "a label doesn't grow"


def test_a_stranger_s_label_is_kept_as_plain_text_and_nothing_else_is() -> None:
    exif = Image.Exif()
    exif[0x0131], exif[0x010F], exif[0x0132] = "Paint\n\tbox \x1b" + "x" * 9000, "A camera", "2024:01:01 00:00:00"
    out = io.BytesIO()
    Image.fromarray(texture()).save(out, "JPEG", exif=exif, comment=b"secret", icc_profile=b"profile")
    made = finish_picture(out.getvalue(), {"profile": "x", "jpeg": JPEG}, 1)
    label = picture_label(made)
    assert label.startswith("Paint box xxx") and label.endswith(f"; {LABEL}") and len(label) == 200
    with Image.open(io.BytesIO(made)) as image:
        assert set(image.getexif()) == {0x0131}
        assert b"secret" not in made and "icc_profile" not in image.info


@pytest.mark.parametrize("data", [b"", b"x", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1\x00\x10Exif\0\0garbage"])
def test_what_says_nothing_has_no_label(data: bytes) -> None:
    assert picture_label(data) == ""
    assert labelled("", LABEL) == LABEL


# --- hostile input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"a letter", "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not_an_image"),
        (png(texture())[:2000], "truncated"),
        (png(np.zeros((4097, 4096), np.uint8)), "too_large"),
        (png(np.zeros((1, 70_000), np.uint8)), "too_large"),
    ],
)
def test_what_can_t_be_finished_has_a_name(data: bytes, code: str) -> None:
    with pytest.raises(UnreadablePicture) as caught:
        finish_picture(data, conf("phone"), 1)
    assert caught.value.reason_code == code


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3, 4)])
def test_odd_pictures_are_finished(shape: tuple[int, ...]) -> None:
    made = read_picture(finish_picture(png(np.full(shape, 90, np.uint8)), conf("phone"), 1))
    assert made.pixels.shape == (shape[0], shape[1], 3)


# --- identity ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def embedding() -> Callable[[bytes], np.ndarray]:
    from personaforge.faces.insight import InsightAnalyzer
    from personaforge.faces.packs import Pack, find_pack

    pack = find_pack("buffalo_s_dev")
    assert isinstance(pack, Pack)
    analyzer = InsightAnalyzer(pack)

    def embedded(data: bytes) -> np.ndarray:
        (face, *_) = analyzer.read(read_picture(data).pixels)
        return face.embedding

    return embedded


@pytest.mark.pack
def test_the_phone_leaves_the_person_who_she_is(embedding: Callable[[bytes], np.ndarray]) -> None:
    skimage = pytest.importorskip("skimage")
    photo = (Path(skimage.__file__).parent / "data/astronaut.png").read_bytes()
    made = finish_picture(photo, conf("phone"), 1)
    assert made != photo and float(embedding(photo) @ embedding(made)) > 0.9
