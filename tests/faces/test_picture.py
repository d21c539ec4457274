"""Decoding: every kind of picture, every kind of broken bytes, and no memory spent on a lie in a header."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

import personaforge.faces.picture as picture_module
from personaforge.faces.picture import SUFFIXES, Picture, UnreadablePicture, read_picture

Encode = Callable[..., bytes]

RGB = np.array([[[250, 10, 20], [0, 255, 0]], [[3, 4, 5], [255, 255, 255]], [[9, 8, 7], [0, 0, 0]]], dtype=np.uint8)
"""3 rows of 2."""


def refused(data: bytes, **options: int) -> UnreadablePicture:
    with pytest.raises(UnreadablePicture) as caught:
        read_picture(data, **options)
    return caught.value


def noise(width: int = 64, height: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_pixels_are_bgr_and_contiguous(encode: Encode) -> None:
    picture = read_picture(encode(RGB))
    assert (picture.width, picture.height) == (2, 3)
    assert picture.pixels.dtype == np.uint8 and picture.pixels.flags.c_contiguous
    np.testing.assert_array_equal(picture.pixels, RGB[:, :, ::-1])


def test_greyscale_and_bilevel(encode: Encode) -> None:
    grey = np.array([[0, 100], [200, 255]], dtype=np.uint8)
    np.testing.assert_array_equal(read_picture(encode(grey)).pixels, np.repeat(grey[:, :, None], 3, 2))
    np.testing.assert_array_equal(read_picture(encode(grey > 150)).pixels[:, :, 0], [[0, 0], [255, 255]])


def test_sixteen_bits_are_scaled_and_not_clipped(encode: Encode) -> None:
    wide = np.array([[0, 257, 25_700], [32_896, 65_278, 65_535]], dtype=np.uint16)
    expected = np.array([[0, 1, 100], [128, 254, 255]], dtype=np.uint8)
    for kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(read_picture(encode(wide, kind)).pixels[:, :, 1], expected)


def test_transparency_is_composited_on_white(encode: Encode) -> None:
    rgba = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 128]]], dtype=np.uint8)
    np.testing.assert_array_equal(read_picture(encode(rgba)).pixels, [[[0, 0, 255], [255, 255, 255], [127, 127, 127]]])
    grey_alpha = np.array([[[0, 0], [50, 255]]], dtype=np.uint8)
    np.testing.assert_array_equal(read_picture(encode(Image.fromarray(grey_alpha, "LA"))).pixels[0, :, 0], [255, 50])


def test_palettes_with_and_without_transparency(encode: Encode) -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    np.testing.assert_array_equal(read_picture(encode(palette)).pixels, [[[30, 20, 10], [50, 100, 200]]])
    hidden = read_picture(encode(palette, transparency=0)).pixels
    np.testing.assert_array_equal(hidden, [[[255, 255, 255], [50, 100, 200]]])


def test_cmyk(encode: Encode) -> None:
    pixels = read_picture(encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")).pixels
    assert np.abs(pixels.astype(int) - [0, 0, 255]).max() <= 3  # no cyan, full magenta and yellow: red


def test_an_animation_gives_its_first_frame(encode: Encode) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for kind, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})):
        data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        np.testing.assert_array_equal(read_picture(data).pixels[4, 4], [0, 0, 255])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(encode: Encode, orientation: int) -> None:
    image = Image.fromarray(RGB)
    exif = image.getexif()
    exif[0x0112] = orientation
    expected = {
        1: RGB,
        2: RGB[:, ::-1],
        3: RGB[::-1, ::-1],
        4: RGB[::-1],
        5: RGB.transpose(1, 0, 2),
        6: np.rot90(RGB, -1),
        7: RGB[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(RGB),
    }[orientation]
    picture = read_picture(encode(image, exif=exif))
    np.testing.assert_array_equal(picture.pixels, expected[:, :, ::-1])
    assert (picture.height, picture.width) == expected.shape[:2]


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "PNG", "AVIF"])
def test_every_format_is_turned_once(encode: Encode, kind: str) -> None:
    """Pillow turns a TIFF itself, and tells of an AVIF's turn as if it were EXIF."""
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    left_red = np.zeros((32, 64, 3), dtype=np.uint8)
    left_red[:, :32, 0] = 250
    for orientation, corner in ((3, (16, 60)), (6, (4, 16)), (8, (60, 16))):
        image = Image.fromarray(left_red)
        exif = image.getexif()
        exif[0x0112] = orientation
        pixels = read_picture(encode(image, kind, exif=exif)).pixels
        assert pixels.shape == ((32, 64, 3) if orientation == 3 else (64, 32, 3))
        assert pixels[corner][2] > 200 and pixels.flags.c_contiguous, (kind, orientation)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix_that_is_taken_for_a_picture_is_read(encode: Encode, suffix: str) -> None:
    kind = Image.registered_extensions()[suffix]
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    smooth = np.full((32, 48, 3), 120, dtype=np.uint8)
    assert np.abs(read_picture(encode(smooth, kind)).pixels.astype(int) - 120).max() <= 6


def test_no_format_is_read_that_no_suffix_names() -> None:
    named = {Image.registered_extensions()[suffix] for suffix in SUFFIXES}
    assert named == {*picture_module._FORMATS}


def test_avif(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    if not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    smooth = np.tile(np.arange(0, 240, 5, dtype=np.uint8)[:, None, None], (1, 32, 3))
    data = encode(smooth, "AVIF", quality=95)
    assert np.abs(read_picture(data).pixels.astype(int) - smooth).max() <= 6
    several = encode(Image.fromarray(smooth), "AVIF", save_all=True, append_images=[Image.new("RGB", (32, 48))])
    assert read_picture(several).pixels.mean() > 90
    monkeypatch.setattr("PIL.features.check", lambda feature: False)  # as a distribution's Pillow may be
    error = refused(data)
    assert error.reason_code == "unsupported" and "pillow>=11.3" in error.message


def test_bands_are_seamless(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversion in bands of a few rows gives what one over the whole picture gives."""
    image = Image.fromarray(noise(50, 41))
    wide = Image.fromarray(np.random.default_rng(1).integers(0, 65536, (41, 50), dtype=np.uint16))
    alpha = image.convert("RGBA")
    alpha.putalpha(image.convert("L"))
    pictures = [image, wide, alpha, image.convert("P"), image.convert("CMYK")]
    kinds = ["PNG", "PNG", "PNG", "GIF", "TIFF"]
    files = [encode(picture, kind) for picture, kind in zip(pictures, kinds, strict=True)]
    whole = [read_picture(data).pixels for data in files]
    monkeypatch.setattr("personaforge.faces.picture._BAND_PIXELS", 50 * 3)
    for data, pixels in zip(files, whole, strict=True):
        np.testing.assert_array_equal(read_picture(data).pixels, pixels)


def test_pixels_are_opencv_s(encode: Encode, six_people: bytes, astronaut: bytes) -> None:
    """On whole files both decoders agree to the bit, so that other tools' measurements can be compared with ours."""
    for data in (six_people, astronaut, encode(noise(), "JPEG", quality=80), encode(noise(), "BMP")):
        np.testing.assert_array_equal(read_picture(data).pixels, cv2.imdecode(np.frombuffer(data, np.uint8), 1))


def test_a_broken_exif_block_changes_nothing(encode: Encode) -> None:
    picture = read_picture(encode(RGB, exif=b"Exif\0\0II*\0\xff\xff\xff\xff"))
    np.testing.assert_array_equal(picture.pixels, RGB[:, :, ::-1])


def test_one_pixel(encode: Encode) -> None:
    picture = read_picture(encode(RGB[:1, :1]))
    assert picture.pixels.shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"Dear Sofia, this is a letter and no picture.\n" * 9, "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not_an_image"),
        (b"\0" * 1000, "not_an_image"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"\xff\xd8\xff\xe0\0\x10JF", "truncated"),
        (b"\xff\xd8\xff" + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" * 101, "too_large"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported"),
    ],
)
def test_what_is_no_picture(data: bytes, code: str) -> None:
    assert refused(data).reason_code == code


def cut_jpegs(encode: Encode) -> dict[str, bytes]:
    image = Image.fromarray(noise())
    kinds: dict[str, dict[str, object]] = {
        "plain": {}, "progressive": {"progressive": True}, "best": {"quality": 100, "subsampling": 0},
        "restarts": {"restart_marker_rows": 1}, "own tables": {"optimize": True},
    }  # fmt: skip
    files = {name: encode(image, "JPEG", **options) for name, options in kinds.items()}
    return {**files, "grey": encode(image.convert("L"), "JPEG"), "four colours": encode(image.convert("CMYK"), "JPEG")}


def test_a_jpeg_that_lacks_only_its_end_marker_is_read_and_marked(encode: Encode) -> None:
    for name, data in cut_jpegs(encode).items():
        whole = read_picture(data)
        assert whole.damage == ""
        for cut in (1, 2):  # half the marker, and all of it
            found = read_picture(data[:-cut])
            np.testing.assert_array_equal(found.pixels, whole.pixels, err_msg=name)
            assert found.damage == "the JPEG lacks its end marker"


def test_a_jpeg_that_lacks_more_is_not_taken_for_one(encode: Encode) -> None:
    """Not one byte of the pixels' data may be missing, and of a progressive one not one of its scans."""
    for name, data in cut_jpegs(encode).items():
        for cut in (3, 4, 6, 9, 20, len(data) // 2):
            assert refused(data[:-cut]).reason_code == "truncated", (name, cut)
    data = encode(Image.fromarray(noise()), "JPEG", progressive=True)
    scans = [at for at in range(len(data)) if data.startswith(b"\xff\xda", at)]
    assert len(scans) > 5
    for scan in scans[1:]:
        between = data.rfind(b"\xff\xc4", 0, scan)  # its tables: all scans before it are whole
        assert refused(data[:between]).reason_code == refused(data[:scan]).reason_code == "truncated"


def chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum or zlib.crc32(kind + data))


def made_png(width: int = 8, height: int = 8, *, depth: int = 8, checksum: int | None = None) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0), checksum)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(200))) + chunk(b"IEND", b"")


def test_the_reason_names_the_right_fault(encode: Encode) -> None:
    """Each was said to be cut off inside its header, or to be no picture and nothing more."""
    png, jpeg, bmp = encode(noise()), encode(noise(), "JPEG"), encode(noise(), "BMP")
    gif, webp, tiff = encode(noise(), "GIF"), encode(noise(), "WEBP"), encode(noise(), "TIFF")
    data_at, frame, key = png.index(b"IDAT") + 20, jpeg.index(b"\xff\xc0"), webp.index(b"\x9d\x01\x2a")
    side = tiff.index(struct.pack("<HHI", 256, 4, 1)) + 8
    riff = b"RIFF" + struct.pack("<I", 36)
    cases = [
        (png[:data_at] + bytes([png[data_at] ^ 255]) + png[data_at + 1 :], "broken", "(CRC) of its chunk IDAT"),
        (made_png(checksum=1), "broken", "checksum (CRC) of its chunk IHDR at byte 8"),
        (made_png(width=0), "broken", "the PNG says that it is 0 pixels wide and 8 high"),
        (made_png(height=0), "broken", "8 pixels wide and 0 high"),
        (made_png(depth=3), "broken", "3 bits of colour type 2"),
        (png[: len(png) // 2], "truncated", f"of its chunk IDAT's {len(png) - 57:,} bytes are there"),
        (jpeg[: frame + 7] + bytes(2) + jpeg[frame + 9 :], "broken", "0 pixels wide and 48 high"),
        (jpeg[: frame + 1] + b"\xc3" + jpeg[frame + 2 :], "unsupported", "a lossless JPEG"),
        (jpeg[: frame + 4] + b"\x0c" + jpeg[frame + 5 :], "unsupported", "12 bits a colour"),
        (jpeg[:frame] + b"xx" + jpeg[frame + 2 :], "broken", f"no marker at byte {frame}"),
        (jpeg[: frame + 4], "truncated", "the JPEG is cut off inside its header"),
        (b"GIF88a" + gif[6:], "broken", "version b'88a'"),
        (gif[:30], "truncated", "the GIF is cut off inside its colours"),
        (bmp[:18] + bytes(4) + bmp[22:], "broken", "the BMP says that it is 0 pixels wide"),
        (bmp[:14] + b"\x29\1\0\0" + bmp[18:], "broken", "its second header has 297 bytes"),
        (b"BMW is a maker of cars, and this is a text.", "not_an_image", "begins with BM"),
        (webp[: key + 3] + bytes(2) + webp[key + 5 :], "broken", "the WebP says that it is 0 pixels wide"),
        (webp[:200], "truncated", f"200 of its {len(webp):,} bytes are there"),
        (tiff[:side] + bytes(4) + tiff[side + 4 :], "broken", "the TIFF says that it is 0 pixels wide"),
        (tiff[:50], "truncated", "the TIFF is cut off: its directory is at byte 8"),
        (riff + b"WAVEfmt " + bytes(28), "not_an_image", "found a WAV sound, expected one of PNG, JPEG"),
        (riff + b"AVI LIST" + bytes(28), "not_an_image", "found an AVI clip"),
        (b"\0\0\0\x18ftypisom" + bytes(80), "not_an_image", "found an MP4 clip"),
        (b"<!DOCTYPE html><title>403</title>", "not_an_image", "found a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not_an_image", "git lfs pull"),
    ]  # fmt: skip
    for data, code, message in cases:
        error = refused(data)
        assert error.reason_code == code and message in error.message, (code, message, error.message)


def test_floating_point_pixels_are_refused(encode: Encode) -> None:
    assert refused(encode(np.ones((4, 4), dtype=np.float32), "TIFF")).reason_code == "unsupported"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_a_truncated_file_is_an_error_wherever_it_is_cut(encode: Encode, kind: str) -> None:
    data = encode(noise(), kind)
    whole = read_picture(data).pixels
    codes = set()
    for cut in sorted({*range(1, 40), *range(40, len(data), 97), *range(len(data) - 30, len(data))}):
        try:
            cut_off = read_picture(data[:cut])
        except UnreadablePicture as error:
            codes.add(error.reason_code)
        else:  # only trailers may be missing
            np.testing.assert_array_equal(cut_off.pixels, whole, err_msg=f"cut at {cut} of {len(data)}")
    assert codes == {"truncated"}


def test_a_progressive_jpeg_cut_in_half(encode: Encode) -> None:
    data = encode(noise(), "JPEG", progressive=True)
    assert refused(data[: len(data) // 2]).reason_code == "truncated"


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP"]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.floats(0, 1),
)
def test_hostile_bytes_raise_one_exception_only(kind: str, edits: list[tuple[float, int]], cut: float) -> None:
    buffer = io.BytesIO()
    Image.fromarray(noise(16, 12)).save(buffer, kind)
    data = bytearray(buffer.getvalue())
    for place, value in edits:
        data[int(place * (len(data) - 1))] = value
    try:
        picture = read_picture(bytes(data[: max(1, int(cut * len(data)))]), max_pixels=1_000_000)
    except UnreadablePicture as error:
        assert error.reason_code and error.message
    else:
        assert isinstance(picture, Picture) and picture.pixels.shape == (picture.height, picture.width, 3)


def test_the_limit_is_on_width_times_height(encode: Encode) -> None:
    data = encode(noise(64, 48))
    assert read_picture(data, max_pixels=64 * 48).width == 64
    error = refused(data, max_pixels=64 * 48 - 1)
    assert error.reason_code == "too_large" and "64 x 48" in error.message


def test_a_decoded_picture_holds_seven_bytes_a_pixel() -> None:
    """RGBA, where the whole picture used to be composited at once; 24 million pixels in a process of its own."""
    code = """
import io, sys
from PIL import Image
from tests.memory import peak_kib
from personaforge.faces.picture import read_picture
Image.new("RGBA", (9, 9)).save(buffer := io.BytesIO(), "PNG")
read_picture(buffer.getvalue())
data = sys.stdin.buffer.read()
before = peak_kib()
assert read_picture(data).width == 6000
print((peak_kib() - before) * 1024 / 24e6)
"""
    buffer = io.BytesIO()
    Image.new("RGBA", (6000, 4000), (9, 9, 9, 128)).save(buffer, "PNG", compress_level=1)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], input=buffer.getvalue(), capture_output=True, check=True
    )
    assert float(done.stdout) < 8


def png(side: int) -> bytes:
    """Make a whole, valid one-bit PNG of that side; 20,000 takes 50 kB and would decode to 1.2 GB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    squeeze = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join([squeeze.compress(row * 100) for _ in range(side // 100)]) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_000, 10_000, 20_000])
def test_a_bomb_costs_no_memory(side: int) -> None:
    """In a process of its own, because the peak of this one may lie far above already."""
    code = """
import sys
from tests.memory import peak_kib
import numpy, PIL.Image, PIL.PngImagePlugin
from personaforge.faces.picture import UnreadablePicture, read_picture
data = sys.stdin.buffer.read()
before = peak_kib()
try:
    read_picture(data)
except UnreadablePicture as error:
    grown = peak_kib() - before
    print(error.reason_code, grown)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], input=png(side), capture_output=True, check=True
    )
    reason, grown = done.stdout.decode().split()
    assert reason == "too_large"
    assert int(grown) < 20_000, f"{grown} KiB for a refused picture"
    assert refused(png(side)).reason_code == "too_large"
