"""Artifacts to small pictures inside a page: data URIs, decoded once, encoded as small as the page's budget asks.

The bytes come from the store or, where that has lost them, from the build folder, and count only if they have their
digest. They are decoded by the readers that measure, with their limits, so that a measured face's box fits the pixels.
What can't be shown says why: a report is read when something went wrong. WebP, because it is a third smaller than JPEG
at these sizes; equal pixels give equal bytes with the same Pillow.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from personaforge.errors import PersonaForgeError
from personaforge.plan.contents import Contents
from personaforge.report.pages.beside import Beside
from personaforge.report.pages.facts import ClipFacts, Judged
from personaforge.store.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

Box = tuple[float, float, float, float]


class Rung(NamedTuple):
    """How large pictures are, in pixels of their width, and their WebP quality."""

    whole: int
    frame: int
    small: int
    face: int
    quality: int


RUNGS = (
    Rung(320, 240, 120, 128, 78),
    Rung(288, 208, 96, 112, 66),
    Rung(240, 176, 80, 96, 52),
    Rung(176, 128, 64, 80, 40),
)
"""From the best down: a page takes the first with which it stays under its budget."""
_TALLEST = 1.5
"""A picture is at most so many times as high as its rung's width."""
_ROOM = 1.5
"""A face is cut out with its box's longer side times this."""


class Shown(NamedTuple):
    """A picture to put into a page."""

    src: str
    """Data URI; empty when it can't be shown."""
    width: int
    height: int
    missing: str = ""
    """Why it can't be shown."""


class Album:
    """The pictures of one persona."""

    def __init__(self, store: Store, persona: str, folder: Path | None = None) -> None:
        """With the folder of the pages, the files beside them are written there when a page asks for them."""
        self.store = store
        self.beside = Beside(store, persona, folder)
        self._contents = Contents(store, store.build_folder(persona))
        self._decoded: dict[tuple[str, str, int], Image.Image | str] = {}
        self._encoded: dict[tuple[str, str, int, int], Shown] = {}
        self.rung = RUNGS[0]
        """What the pictures asked for next look like."""

    def whole(self, one: Judged) -> Shown:
        """Return a whole picture."""
        return self._shown("whole", one.digest, 0, self.rung.whole, lambda: self._picture(one))

    def small(self, one: Judged) -> Shown:
        """Return a whole picture, small."""
        return self._shown("small", one.digest, 0, self.rung.small, lambda: self._picture(one))

    def face(self, one: Judged) -> Shown | None:
        """Return the measured face of a picture; None where none was measured, or where the picture is lost."""
        if one.box is None or isinstance(self._picture(one), str):
            return None
        return self._shown("face", one.digest, 0, self.rung.face, lambda: self._decoded["face", one.digest, 0])

    def frame(self, clip: ClipFacts, number: int) -> Shown:
        """Return a frame of a clip."""
        now = clip.position.now
        assert now is not None
        if ("frame", now.digest, number) not in self._decoded:
            self._decode_frames(now.digest, clip.key_frames)
        return self._shown(
            "frame", now.digest, number, self.rung.frame, lambda: self._decoded["frame", now.digest, number]
        )

    def _shown(
        self, kind: str, digest: str, number: int, width: int, decoded: Callable[[], Image.Image | str]
    ) -> Shown:
        key = (kind, digest, number, width)
        if key not in self._encoded:
            picture = decoded()
            self._encoded[key] = (
                Shown("", 3, 4, picture) if isinstance(picture, str) else encoded(picture, width, self.rung.quality)
            )
        return self._encoded[key]

    def _picture(self, one: Judged) -> Image.Image | str:
        """Return a picture at the first rung's size, or why there is none; its face is cut out on the way."""
        from personaforge.faces.picture import UnreadablePicture, read_picture

        key = ("whole", one.digest, 0)
        if key in self._decoded and (one.box is None or ("face", one.digest, 0) in self._decoded):
            return self._decoded[key]
        try:
            pixels = read_picture(self._contents.read(one.digest)).pixels
        except (PersonaForgeError, UnreadablePicture) as error:
            self._decoded[key] = self._decoded["face", one.digest, 0] = _reason(error)
            return self._decoded[key]
        picture = _image(pixels)
        if one.box is not None:
            self._decoded["face", one.digest, 0] = _smaller(
                picture.crop(face_square(one.box, picture.size)), RUNGS[0].face
            )
        self._decoded[key] = _smaller(picture, RUNGS[0].whole)
        return self._decoded[key]

    def _decode_frames(self, digest: str, numbers: Sequence[int]) -> None:
        from personaforge.faces.capture import UnreadableClip
        from personaforge.media.frames import open_clip

        found: Mapping[int, Image.Image] = {}
        why = "the clip has no such frame"
        try:
            with open_clip(self._contents.read(digest)) as stream:
                found = {
                    number: _smaller(_image(pixels), RUNGS[0].frame)
                    for number, pixels in enumerate(stream.frames)
                    if number in numbers
                }
        except (PersonaForgeError, UnreadableClip) as error:
            why = _reason(error)
        for number in numbers:
            self._decoded["frame", digest, number] = found.get(number, why)


def encoded(picture: Image.Image, width: int, quality: int) -> Shown:
    """Return a picture as a WebP data URI, at most so many pixels wide; quality is libwebp's, 1 to 100."""
    picture = _smaller(picture, width)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=4)
    return Shown("data:image/webp;base64," + base64.b64encode(out.getvalue()).decode(), *picture.size)


def face_square(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the square around a face's box (x1, y1, x2, y2 in pixels), as large as the picture lets it be and moved
    inside of it."""
    x1, y1, x2, y2 = box
    side = max(2, min(round(max(x2 - x1, y2 - y1) * _ROOM), *size))
    left = min(max(0, round((x1 + x2 - side) / 2)), size[0] - side)
    top = min(max(0, round((y1 + y2 - side) / 2)), size[1] - side)
    return left, top, left + side, top + side


def _image(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return BGR pixels as an RGB picture."""
    from PIL import Image

    return Image.fromarray(pixels[..., ::-1])


def _smaller(picture: Image.Image, width: int) -> Image.Image:
    from PIL import Image

    limit = (min(width, picture.width), min(round(width * _TALLEST), picture.height))
    scale = min(limit[0] / picture.width, limit[1] / picture.height, 1.0)
    if scale == 1.0:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _reason(error: Exception) -> str:
    """Return an error without the path that it is about: a page names no folder of the machine that wrote it."""
    return str(getattr(error, "message", "") or "can't be read")
