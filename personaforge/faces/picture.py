"""Bytes of an image file to pixels. The bytes may come from anywhere, so every failure is one named exception.

Pixels are uint8, (H, W, 3), BGR (the order of OpenCV and insightface), C-contiguous, orientation tags applied.
Transparency is composited on white, 16-bit greyscale is scaled to 8 bits, an animation gives its first frame. Colour
profiles are ignored: face models are trained on untagged pixels.

Pillow decodes rather than OpenCV, because it tells the size before it decodes and reports a truncated file as an error;
`cv2.imdecode` returns such a picture half grey, and half a face measures as somebody else. Both decode by libjpeg-turbo
and zlib and gave the same pixels on our photographs. Pillow was slower only because of copying the pixels out of it:
reversing the channels in numpy took as long as decoding (3.6 of 7.6 ms for a JPEG of 1280 x 886, now 1).
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personaforge.digest import digest_bytes
from personaforge.faces.faults import AVIF, STARTS, Fault, fault_of
from personaforge.faces.jpeg import jpeg_with_end
from personaforge.faces.opencv import opencv
from personaforge.faces.room import PIXELS, Share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""The formats that are tried. Pillow knows 40 more, and one of them (EPS) starts another program on the file."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif")
"""Endings of the names of files that are taken for pictures in a folder, in lower case."""

_OTHERS = {
    "HEIC": (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypheim", b"ftypmif1", b"ftypmsf1"),
    "JPEG 2000": (b"jP  \r\n\x87\n",),
    "JPEG XL": (b"JXL \r\n\x87\n",),
}
"""Kinds of pictures that can't be read, by their bytes from byte 4."""

_MAX_SCANS = 100
"""Of a JPEG; encoders write about 10. A scan of a few bytes covers all the pixels, so 10 KB of scans take minutes."""

_BAND_PIXELS = 1 << 16
"""Pixels that are converted at a time; it bounds the memory of a conversion besides the picture. Blocks of four times
the size are returned to the system after each use, and allocating them again made decoding a JPEG 60 % slower."""

_EXIF_ORIENTATION = 0x0112

MAX_PIXELS = 60_000_000
"""Of a picture that is decoded."""

NO_END = "the JPEG lacks its end marker"

_TRUNCATED = ("truncated", "not processed", "broken data stream", "unexpected end", "decompression failed", "eof")
"""Pillow's messages about a file that ends too early, in all of its formats."""


class UnreadablePicture(Exception):
    """The bytes are no picture that can be measured: an expected outcome, which the measuring code turns into a
    value."""

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code
        """`empty`, `not_an_image`, `truncated`, `too_large`, `unsupported` or `broken`."""
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture."""

    pixels: NDArray[np.uint8]
    """(height, width, 3), BGR, C-contiguous."""
    width: int
    """Pixels, after EXIF orientation."""
    height: int
    """Pixels, after EXIF orientation."""
    damage: str = ""
    """What the file lacks that changes no pixel, a sentence part; empty for a whole one."""


@contextmanager
def picture_in_room(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Iterator[Picture]:
    """Decode an image file once there is room for its pixels, which are the caller's until the end; see `room`.

    For whoever decodes in several threads. Raises UnreadablePicture.
    """
    with PIXELS.share() as share:
        yield read_picture(data, max_pixels=max_pixels, share=share)


def read_picture(data: bytes, *, max_pixels: int = MAX_PIXELS, share: Share | None = None) -> Picture:
    """Decode an image file. Raises UnreadablePicture.

    `max_pixels` bounds memory: 7 bytes per pixel are held for a moment, 11 for a WebP. A picture above it is not
    decoded, and takes no memory. `share` is held for as many bytes as are in use.
    """
    if not data:
        raise UnreadablePicture("empty", "the file is empty")
    _silence_pillow()
    damage = ""
    try:
        pixels, orientation = _decoded(data, max_pixels, share)
    except UnreadablePicture as error:
        ended = jpeg_with_end(data) if error.reason_code == "truncated" else None
        if ended is None:
            raise
        (pixels, orientation), damage = _same_whatever_follows(ended, max_pixels, share, error), NO_END
    pixels = _upright(pixels, orientation)
    height, width = pixels.shape[:2]
    if share is not None:
        share.hold(3 * width * height)
    return Picture(pixels, int(width), int(height), damage)


def _same_whatever_follows(
    ended: Sequence[bytes], max_pixels: int, share: Share | None, cut: UnreadablePicture
) -> tuple[NDArray[np.uint8], object]:
    """Decode a JPEG with each of several ends: as long as pixels are missing, they come from the end. Raises `cut`
    where they do."""
    digests = set()
    for data in ended:
        pixels, orientation = _decoded(data, max_pixels, share)
        digests.add(digest_bytes(pixels))  # type: ignore[arg-type]  # whatever has a buffer
        if len(digests) > 1:
            raise cut
    return pixels, orientation


def _decoded(data: bytes, max_pixels: int, share: Share | None) -> tuple[NDArray[np.uint8], object]:
    """Return the pixels as stored and the EXIF orientation. On return Pillow's copy of the pixels is freed."""
    from PIL import Image

    if data.startswith(b"\xff\xd8") and (scans := data.count(b"\xff\xda")) > _MAX_SCANS:
        raise UnreadablePicture("too_large", f"a JPEG of {scans:,} scans, more than {_MAX_SCANS}")
    try:
        image = Image.open(io.BytesIO(data), formats=_formats())
    except Image.DecompressionBombError as error:
        raise UnreadablePicture("too_large", str(error)) from error
    except Exception as error:
        raise _unopened(data, error) from error
    with image:
        width, height = image.size
        if width * height > max_pixels:
            raise UnreadablePicture("too_large", f"{width} x {height} pixels, more than {max_pixels:,} in all")
        if share is not None:
            share.hold((11 if image.format == "WEBP" else 7) * width * height)
        try:
            image.load()
            return _bgr(image), _orientation(image)
        except UnreadablePicture:
            raise
        except MemoryError:
            raise
        except Exception as error:  # Pillow's plug-ins may raise any exception on hostile bytes, SyntaxError included
            found = fault_of(data)
            if found is not None:
                raise UnreadablePicture(*found) from error
            code = "truncated" if _says_truncated(error) else "broken"
            raise UnreadablePicture(code, f"the {image.format} picture can't be decoded: {error}") from error


def _formats() -> tuple[str, ...]:
    """Return the formats that this Pillow can read: since 11.3 its wheels read AVIF, and those of a distribution may
    not."""
    from PIL import features

    return _FORMATS if features.check("avif") else _FORMATS[:-1]


def _silence_pillow() -> None:
    """Keep Pillow's warnings of odd files off the terminal, where they would land in the progress display.

    A filter for the process, because warnings.catch_warnings is not safe between threads.
    """
    if ("ignore", None, Warning, re.compile(r"PIL\."), 0) not in warnings.filters:
        warnings.filterwarnings("ignore", module=r"PIL\.")


def shrunk(pixels: NDArray[np.uint8], longer: float) -> NDArray[np.uint8]:
    """Return pixels whose longer side is at most `longer`; small ones unchanged, since enlarging adds no detail."""
    from personaforge.faces.opencv import opencv

    cv2 = opencv()
    height, width = pixels.shape[:2]
    scale = longer / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller: NDArray[np.uint8] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return smaller


def _unopened(data: bytes, error: Exception) -> UnreadablePicture:
    """Return the error for a file that Pillow didn't open: cut off inside its header, of a kind that isn't read, or no
    picture at all."""
    for name, marks in _OTHERS.items():
        if data[4:12].startswith(marks):
            return UnreadablePicture("unsupported", f"{name} pictures can't be read; save it as PNG or JPEG")
    avif = data[4:12] in AVIF
    if avif and "AVIF" not in _formats():
        return UnreadablePicture(
            "unsupported", "this Pillow can't read AVIF: pip install 'pillow>=11.3', or save as PNG"
        )
    names = ", ".join(_FORMATS)
    found = Fault("broken", f"the AVIF can't be read: {_said(error)}") if avif else fault_of(data)
    if found is None and not data.startswith(STARTS):
        found = Fault("not_an_image", f"found no picture in the {len(data)} bytes")
    if found is None:
        code = "truncated" if _says_truncated(error) else "broken"
        return UnreadablePicture(code, f"the file begins like a picture and can't be read: {_said(error)}")
    expected = f", expected one of {names}" if found.code == "not_an_image" else ""
    return UnreadablePicture(found.code, f"{found.message}{expected}")


def _said(error: Exception) -> str:
    """Return a reader's message. Pillow's of a file that no reader takes only names an object in memory."""
    from PIL import UnidentifiedImageError

    return "its header is damaged or cut off" if isinstance(error, UnidentifiedImageError) else str(error)


def _says_truncated(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, EOFError) or any(phrase in text for phrase in _TRUNCATED)


def _orientation(image: Image.Image) -> object:
    """Return the orientation tag, which may hold anything. (For TIFF Pillow applies it, and says 1.)"""
    try:
        return image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # a broken EXIF block says nothing about the pixels: viewers show the picture as it is
        return 1


def _upright(pixels: NDArray[np.uint8], orientation: object) -> NDArray[np.uint8]:
    """Return the picture as a viewer shows it, by the EXIF orientation (1 to 8); anything else changes nothing."""
    cv2 = opencv()
    if orientation == 2:
        pixels = cv2.flip(pixels, 1)
    elif orientation == 3:
        pixels = cv2.rotate(pixels, cv2.ROTATE_180)
    elif orientation == 4:
        pixels = cv2.flip(pixels, 0)
    elif orientation == 5:
        pixels = cv2.transpose(pixels)
    elif orientation == 6:
        pixels = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
    elif orientation == 7:
        pixels = cv2.flip(cv2.transpose(pixels), -1)
    elif orientation == 8:
        pixels = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return pixels


def _bgr(image: Image.Image) -> NDArray[np.uint8]:
    """Return a picture of any of Pillow's modes as BGR, converted band by band."""
    import numpy as np

    if image.mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr") and image.mode[0] != "I":
        raise UnreadablePicture("unsupported", f"pixels of mode {image.mode} have no agreed white and black")
    width, height = image.size
    convert = _grey_band if image.mode[0] == "I" else _transparent_band if image.has_transparency_data else _band
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        pixels[top:bottom] = convert(image.crop((0, top, width, bottom)))
    return pixels


def _band(image: Image.Image) -> NDArray[np.uint8]:
    import numpy as np

    rgb = image if image.mode == "RGB" else image.convert("RGB")
    return np.frombuffer(rgb.tobytes("raw", "BGR"), dtype=np.uint8).reshape(image.height, image.width, 3)


def _transparent_band(image: Image.Image) -> NDArray[np.uint8]:
    from PIL import Image as Images

    white = Images.new("RGBA", image.size, (255, 255, 255, 255))
    return _band(Images.alpha_composite(white, image.convert("RGBA")))


def _grey_band(image: Image.Image) -> NDArray[np.uint8]:
    """Return 16-bit greyscale scaled to 8 bits; Pillow's own convert("L") clips it at 255."""
    import numpy as np

    wide = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    grey: NDArray[np.uint8] = ((wide + 128) // 257).astype(np.uint8)
    return grey[:, :, None]
