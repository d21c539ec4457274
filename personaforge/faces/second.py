"""A second recogniser, for a second opinion: YuNet and FaceRecognizerSF, both run by OpenCV, behind the same seam.

It shares no model, no runtime and no detection or alignment code with `insight`: an error in one stack shows as a
disagreement (`identity.agreement`). The two have only the decoder (`picture`) and OpenCV's scaling in common.

Pixels are uint8 (H, W, 3) BGR; how faces are found is in `yunet`. The recogniser gets RGB from 0 to 255;
mobilefacenet_y1 scales it inside its graph.

OpenCV's nets are not re-entrant: two threads in one net of 5.0 fail an assertion. So each `read` borrows a pair of
nets, and there are as many pairs as the most reads at one time, of about 50 MB each. On two processors that is up to an
eighth faster than one pair behind a lock, and no faster where other work keeps them busy. Results are bitwise equal in
fresh and in used nets, and with 1 to 8 of OpenCV's own threads.

Raises MissingExtra without OpenCV or Pillow, and BackendError when the models can't be loaded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personaforge.errors import BackendError, MissingExtra
from personaforge.faces.analyzer import AnalyzerIdentity, Face, by_area
from personaforge.faces.opencv import opencv
from personaforge.faces.recognisers import sface_embedding
from personaforge.faces.second_packs import SecondPack
from personaforge.faces.yunet import LONGER_SIDE, Sighting, load, sightings
from personaforge.versions import OPENCV, installed_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LIBRARIES = {
    "opencv": OPENCV,
    "pillow": ("pillow",),
}
"""What decodes, scales and infers, and under which names it may be installed."""


def opencv_identity(pack: SecondPack) -> AnalyzerIdentity:
    """Return the analyzer's identity without importing OpenCV. Raises MissingExtra."""
    versions = []
    for library, names in _LIBRARIES.items():
        version = next((found for found in map(installed_version, names) if found), None)
        if version is None:
            raise MissingExtra(f"{library} is not installed", hint=f"pip install {names[0]}")
        versions.append(f"{library} {version}")
    return AnalyzerIdentity("opencv", ", ".join(versions), pack.name, pack.digest, str(LONGER_SIDE))


@dataclass(frozen=True, slots=True, eq=False)
class _Nets:
    detector: Any
    recogniser: Any


class OpenCvAnalyzer:
    """Faces by OpenCV alone. Loads nothing until the first `read`; safe to share between threads."""

    def __init__(self, pack: SecondPack) -> None:
        self.identity = opencv_identity(pack)
        self._pack = pack
        self._idle: list[_Nets] = []

    def read(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the faces by box area, largest first; the embedding has as many values as the recogniser gives."""
        try:
            nets = self._idle.pop()  # one step under the interpreter's lock: no two threads get the same pair
        except IndexError:
            nets = _load(self._pack)
        faces = [self._face(nets, pixels, sighting) for sighting in sightings(nets.detector, pixels)]
        self._idle.append(nets)  # not after an exception: the state of the nets is unknown then
        return by_area(faces)

    def _face(self, nets: _Nets, pixels: NDArray[np.uint8], sighting: Sighting) -> Face:
        import numpy as np

        vector = sface_embedding(nets.recogniser, pixels, sighting.points)
        norm = float(np.linalg.norm(vector))
        if not math.isfinite(norm) or norm == 0:
            raise BackendError(
                f"the recogniser {self._pack.recogniser} gave {vector.size} values of norm {norm}",
                hint=_again(self._pack),
            )
        return Face(
            box=sighting.box.astype(np.float32),
            score=min(1.0, sighting.score),
            embedding=(vector / norm).astype(np.float32),
            landmarks5=sighting.points.astype(np.float32),
            embedding_norm=norm,
        )


def _load(pack: SecondPack) -> _Nets:
    """Return a pair of nets that have been used once: a model of the wrong kind can be loaded, and fails only in
    use."""
    cv2 = opencv()
    import numpy as np

    try:
        detector = load(pack.detector)
        recogniser = cv2.FaceRecognizerSF.create(str(pack.recogniser), "")
        shape = recogniser.feature(np.zeros((112, 112, 3), dtype=np.uint8)).shape
    except cv2.error as error:
        raise BackendError(
            f"the check pack {pack.name} ({pack.recogniser} and {pack.detector}) can't be loaded: {error}",
            hint=_again(pack),
        ) from error
    if len(shape) != 2 or shape[0] != 1 or shape[1] < 64:
        found = f"the recogniser {pack.recogniser} gives {tuple(shape)} values, expected one row of an embedding"
        raise BackendError(found, hint=_again(pack))
    return _Nets(detector, recogniser)


def _again(pack: SecondPack) -> str:
    return f"put {pack.recogniser.name} and {pack.detector.name} there again"
