"""Bytes of an image file to pixels. The bytes may come from anywhere, so every failure is one named exception.

Pixels are uint8, (H, W, 3), BGR (the order of OpenCV and insightface), C-contiguous, EXIF orientation applied.
Transparency is composited on white, 16-bit greyscale is scaled to 8 bits, an animation gives its first frame. Colour
profiles are ignored: face models are trained on untagged pixels.

Pillow decodes rather than OpenCV, because it tells the size before it decodes and reports a truncated file as an error;
`cv2.imdecode` returns such a picture half grey, and half a face measures as somebody else.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""What is tried. Pillow knows 40 more, and one of them (EPS) starts another program on the file."""

_EXIF_ORIENTATION = 0x0112

_TRUNCATED = ("truncated", "not processed", "broken data stream", "unexpected end", "decompression failed", "eof")
"""What Pillow's messages say of a file that ends too early, over its formats."""


class UnreadablePicture(Exception):
    """The bytes are no picture that can be measured: an expected outcome, which the measuring code makes a value."""

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


def read_picture(data: bytes, *, max_pixels: int = 60_000_000) -> Picture:
    """Decode an image file. Raises UnreadablePicture.

    `max_pixels` bounds memory: about 8 bytes per pixel are held for a moment. Pillow itself stops at 179 million.
    """
    import numpy as np
    from PIL import Image

    if not data:
        raise UnreadablePicture("empty", "the file is empty")
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadablePicture("too_large", str(error)) from error
    except Exception as error:
        raise _unopened(data, error) from error
    with image:
        width, height = image.size
        if width * height > max_pixels:
            raise UnreadablePicture("too_large", f"{width} x {height} pixels, more than {max_pixels:,} in all")
        try:
            image.load()
            pixels = _bgr(_upright(image))
        except UnreadablePicture:
            raise
        except MemoryError:
            raise
        except Exception as error:  # Pillow's plug-ins raise nearly anything on hostile bytes, SyntaxError included
            code = "truncated" if _says_truncated(error) else "broken"
            raise UnreadablePicture(code, f"the {image.format} picture can't be decoded: {error}") from error
    height, width = pixels.shape[:2]
    return Picture(np.ascontiguousarray(pixels), int(width), int(height))


def _unopened(data: bytes, error: Exception) -> UnreadablePicture:
    """Tell a picture cut off inside its header from something that never was one."""
    from PIL import UnidentifiedImageError

    starts = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\0", b"MM\0*", b"BM")
    begins_like_one = data.startswith(starts) or any(start.startswith(data) for start in starts)
    if begins_like_one and (_says_truncated(error) or isinstance(error, UnidentifiedImageError | OSError)):
        return UnreadablePicture("truncated", "the file begins like a picture and ends inside its header")
    names = ", ".join(_FORMATS)
    return UnreadablePicture("not_an_image", f"found no picture in the {len(data)} bytes, expected one of {names}")


def _says_truncated(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, EOFError) or any(phrase in text for phrase in _TRUNCATED)


def _upright(image: Image.Image) -> Image.Image:
    """Return the picture as a viewer shows it, by the EXIF orientation (1 to 8)."""
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    try:
        turn = turns.get(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # a broken EXIF block says nothing about the pixels: viewers show the picture as it is
        return image
    return image if turn is None else image.transpose(turn)


def _bgr(image: Image.Image) -> NDArray[np.uint8]:
    """Return any mode of Pillow's as BGR."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith("I"):  # 16-bit greyscale; Pillow's own convert("L") clips it at 255
        wide = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        grey = ((wide + 128) // 257).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode not in ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"):
        raise UnreadablePicture("unsupported", f"pixels of mode {image.mode} have no agreed white and black")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    rgb = np.asarray(image.convert("RGB"))
    return rgb[:, :, ::-1]
