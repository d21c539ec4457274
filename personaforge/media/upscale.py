"""Super-resolution as a seam: frames in, larger frames out. `UPSCALERS` has a line for each way to do it.

Frames are uint8, (H, W, 3), BGR; the results have `factor` times the height and width. Whether a result is better is
decided by measuring it again. Nothing here loads a library before the first frame.

To use another one from Python: write a class with these attributes and a function that makes it from its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from personaforge.errors import Problem, SpecError
from personaforge.faces.opencv import opencv
from personaforge.faces.packs import pack_folders
from personaforge.media.fields import Field, Number, Text, problems_in, unknown
from personaforge.media.pixels import unsharp

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

PATH: Final = "super_resolution"
"""Where the settings are declared, for messages."""
_FACTOR: Final = Number(2, 4, whole=True)


class Upscaler(Protocol):
    """A way to make frames larger. May be used by one thread at a time."""

    @property
    def name(self) -> str:
        """The key of `UPSCALERS`."""

    @property
    def version(self) -> str:
        """Everything apart from the settings that changes the result, a model's digest included; part of the action's
        key."""

    @property
    def factor(self) -> int:
        """How many times wider and higher the frames get."""

    def upscale(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield each frame enlarged, in order. Takes the next frame only when it is asked for the next result."""


@dataclass(frozen=True, slots=True)
class Lanczos:
    """Resampling by OpenCV's Lanczos window of 8 x 8 and a mild unsharp mask. Invents no detail, needs no model."""

    factor: int
    name: str = "lanczos"
    version: str = "1"

    def upscale(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield each frame enlarged."""
        cv2 = opencv()
        for frame in frames:
            size = (frame.shape[1] * self.factor, frame.shape[0] * self.factor)
            larger = cv2.resize(frame, size, interpolation=cv2.INTER_LANCZOS4)
            # The radius grows with the factor, so that it is always the same in the source's pixels. Chosen by us.
            yield unsharp(larger, 0.5 * self.factor, 0.4, 0)


Maker = Callable[[Mapping[str, Any], Sequence[Path]], Upscaler]


def _lanczos(given: Mapping[str, Any], folders: Sequence[Path]) -> Upscaler:
    return Lanczos(given["factor"])


def _onnx(given: Mapping[str, Any], folders: Sequence[Path]) -> Upscaler:
    from personaforge.media.upscale_onnx import find_model

    return find_model(
        given["model"],
        factor=given["factor"],
        tile=given["tile"],
        overlap=given["overlap"],
        sha256=given.get("sha256"),
        folders=folders,
    )


UPSCALERS: Final[Mapping[str, tuple[Mapping[str, Field], Maker]]] = {
    "lanczos": ({"factor": _FACTOR}, _lanczos),
    "onnx": (
        {
            "factor": _FACTOR,
            "model": Text(),
            "tile": Number(16, 1024, whole=True),
            "overlap": Number(0, 128, whole=True),
            "sha256": Text(optional=True),
        },
        _onnx,
    ),
}
"""The fields of each upscaler beside `upscaler`, and the function that makes it."""


def find_upscaler(settings: Mapping[str, Any], folders: Sequence[Path] | None = None) -> Upscaler:
    """Return the upscaler that settings describe; models are looked for in `folders`, else where face packs are.

    Raises SpecError for wrong settings or a missing model, BackendError for a model that can't be used.
    """
    if not isinstance(settings, Mapping):
        raise SpecError(Problem("", PATH, f"found {settings!r}, expected a mapping with `upscaler`"))
    name = settings.get("upscaler")
    if not isinstance(name, str) or name not in UPSCALERS:
        raise SpecError(unknown(name, UPSCALERS, f"{PATH}.upscaler"))
    fields, maker = UPSCALERS[name]
    problems = list(problems_in(settings, {"upscaler": Text(tuple(UPSCALERS)), **fields}, PATH))
    if problems:
        raise SpecError(problems)
    return maker(settings, pack_folders() if folders is None else folders)
