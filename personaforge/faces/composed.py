"""A pack that is composed of parts: a detector, a recogniser and perhaps landmarks, each a file of its own.

Parts come from different publishers under different licences, so each has its own file, digest and folder; what a pack
is made of is declared in the catalog of packs. The digests of the parts are the pack's digest, together with how each
is run: the same file run otherwise would give other numbers. A part that comes with forge lies in this package.

    detector      yunet: see `yunet`
    recognizer    arcface or sface: see `recognisers`
    landmarks     mesh: see `mesh`; without landmarks ratios come from the detector's five points

Pixels are uint8 (H, W, 3) BGR. Raises MissingExtra without the libraries, and BackendError when a model can't be loaded
or gives no embedding.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from personaforge.digest import digest_file, digest_strings
from personaforge.errors import BackendError, MissingExtra, Problem, SpecError
from personaforge.faces import yunet
from personaforge.faces.analyzer import AnalyzerIdentity, Face, by_area
from personaforge.faces.mesh import FaceMesh
from personaforge.faces.opencv import opencv
from personaforge.faces.packs import BACKEND_OF_PARTS, SHIPPED, PackMissing, file_fault, pack_folders, way_back
from personaforge.faces.recognisers import ArcFace, Borrowed, Recogniser, SFace
from personaforge.versions import ONNXRUNTIME, OPENCV, installed_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Role = Literal["detector", "recognizer", "landmarks"]
ROLES: Final[tuple[Role, ...]] = ("detector", "recognizer", "landmarks")
RUNS: Final[Mapping[Role, tuple[str, ...]]] = {
    "detector": ("yunet",),
    "recognizer": ("arcface", "sface"),
    "landmarks": ("mesh",),
}
"""Role -> the ways in which a file of it can be run."""

_LIBRARIES = {"opencv": OPENCV, "onnxruntime": ONNXRUNTIME, "pillow": ("pillow",)}
"""What decodes, scales, aligns and infers, and under which names it may be installed."""
_ANALYZER: Final = "1"
"""The version of what lies between these files: crops, alignment, the order of the looks. It rises when our own code
for it would give other numbers."""


class WantedPart(NamedTuple):
    """A part as it is declared."""

    role: Role
    name: str
    """Such as `auraface`."""
    runs: str
    """One of `RUNS`."""
    folder: str
    """The name of the folder that holds the file: a pack's, such as `opencv_yunet`."""
    file: str
    ours: bool = False
    """Whether it comes with forge."""


class Part(NamedTuple):
    """A part on disk."""

    role: Role
    name: str
    runs: str
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class ComposedPack:
    """The parts of a pack, all of them found."""

    name: str
    parts: tuple[Part, ...]
    """By role, in the order of `ROLES`."""
    digest: str
    """One digest over role, way of running and file digest of every part. The names of parts and files aren't in it."""


def find_composed(
    name: str,
    wanted: Sequence[WantedPart],
    folders: Sequence[Path] | None = None,
    *,
    digest_of: Callable[[Path], str] = digest_file,
) -> ComposedPack | PackMissing:
    """Return a composed pack, or what of it is missing and what to type. The first folder found decides, as for packs.

    `digest_of` may be a cache.
    """
    searched = pack_folders() if folders is None else list(folders)
    parts = []
    for one in sorted(wanted, key=lambda part: ROLES.index(part.role)):
        places = [SHIPPED] if one.ours else searched
        folder = next((parent / one.folder for parent in places if (parent / one.folder).is_dir()), None)
        if folder is None:
            looked = ", ".join(str(parent) for parent in places) or "no folder at all"
            reason = f"the pack {name} has no {one.role} here: no folder {one.folder} in {looked}"
            return PackMissing(reason, _way(name, one))
        path = folder / one.file
        try:
            fault = file_fault(path)
            if fault:
                return PackMissing(f"{path}, the {one.role} of the pack {name}, {fault}", _way(name, one))
            parts.append(Part(one.role, one.name, one.runs, path, digest_of(path)))
        except FileNotFoundError:
            return PackMissing(f"the pack {name} has no {one.role} here: {path} is not there", _way(name, one))
        except OSError as error:
            return PackMissing(f"{path} can't be read: {error.strerror or error}", way_back(one.folder, folder))
    digest = digest_strings("parts/1", [word for part in parts for word in (part.role, part.runs, part.sha256)])
    return ComposedPack(name, tuple(parts), digest)


def _way(name: str, part: WantedPart) -> str:
    if part.ours:
        return "install personaforge again: it holds this part"
    return f"forge models pull {name}, or set FORGE_MODELS to the folder that holds {part.folder}"


def composed_identity(pack: ComposedPack, detector_size: str = "auto") -> AnalyzerIdentity:
    """Return the analyzer's identity without importing a library. Raises MissingExtra, and SpecError for a size: these
    detectors look at each face at sizes of their own."""
    if str(detector_size) != "auto":
        found = f"found {detector_size!r}, expected auto: the detector of {pack.name} chooses its sizes itself"
        raise SpecError(Problem("", "identity.detector_size", found, "auto"))
    versions = []
    for library, names in _LIBRARIES.items():
        version = next((found for found in map(installed_version, names) if found), None)
        if version is None:
            raise MissingExtra(f"{library} is not installed", hint=f"pip install {names[0]}")
        versions.append(f"{library} {version}")
    return AnalyzerIdentity(BACKEND_OF_PARTS, ", ".join([_ANALYZER, *versions]), pack.name, pack.digest, "auto")


class _Models(NamedTuple):
    detectors: Borrowed[Any]
    recogniser: Recogniser
    mesh: FaceMesh | None


class ComposedAnalyzer:
    """Faces by the parts of a pack. Loads nothing until the first `read`; safe to share between threads."""

    def __init__(self, pack: ComposedPack, detector_size: str = "auto") -> None:
        self.identity = composed_identity(pack, detector_size)
        self._pack = pack
        self._lock = threading.Lock()
        self._models: _Models | None = None

    def read(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the faces by box area, largest first."""
        models = self._loaded()
        seen = models.detectors.use(lambda detector: yunet.sightings(detector, pixels))
        return by_area([self._face(models, pixels, one) for one in seen])

    def glance(self, pixels: NDArray[np.uint8], most: int) -> tuple[Face, ...]:
        """Return the largest faces that the detector finds in the picture as it is, at most so many, without
        landmarks: for looking through clips only."""
        models = self._loaded()
        seen = models.detectors.use(lambda detector: yunet.glimpses(detector, pixels, most))
        return by_area([self._face(models, pixels, one, thrifty=True) for one in seen])

    def shows_face(self, pixels: NDArray[np.uint8]) -> bool:
        """Return whether the detector finds a face in the picture as it is: for choosing frames only."""
        return bool(self._loaded().detectors.use(lambda detector: yunet.glimpses(detector, pixels, 1)))

    def _face(self, models: _Models, pixels: NDArray[np.uint8], seen: yunet.Sighting, *, thrifty: bool = False) -> Face:
        import numpy as np

        vector = models.recogniser.embed(pixels, seen.points)
        norm = float(np.linalg.norm(vector))
        if not math.isfinite(norm) or norm == 0:
            raise BackendError(
                f"the recogniser of pack {self._pack.name} gave {vector.size} values of norm {norm}",
                hint=f"forge models verify {self._pack.name}",
            )
        mesh = None
        if models.mesh is not None and not thrifty:
            mesh = models.mesh.points(pixels, seen.box, seen.points[:2])
        return Face(
            box=seen.box.astype(np.float32),
            score=min(1.0, seen.score),
            embedding=(vector / norm).astype(np.float32),
            landmarks5=seen.points.astype(np.float32),
            mesh=mesh,
            embedding_norm=norm,
        )

    def _loaded(self) -> _Models:
        if self._models is None:
            with self._lock:
                if self._models is None:  # looked at again: another thread may have loaded them while we waited
                    self._models = _load(self._pack)
        return self._models


def _load(pack: ComposedPack) -> _Models:
    cv2 = opencv()
    cv2.setNumThreads(1)  # as for `insight`: its pool gains nothing where pictures are measured side by side
    by_role = {part.role: part for part in pack.parts}
    again = f"forge models verify {pack.name}"
    try:
        detectors = Borrowed(lambda: yunet.load(by_role["detector"].path))
    except cv2.error as error:
        raise BackendError(f"the detector {by_role['detector'].path} can't be loaded: {error}", hint=again) from error
    try:
        recogniser = by_role["recognizer"]
        made: Recogniser = ArcFace(recogniser.path) if recogniser.runs == "arcface" else SFace(recogniser.path)
        landmarks = by_role.get("landmarks")
        return _Models(detectors, made, None if landmarks is None else FaceMesh(landmarks.path))
    except BackendError as error:
        raise BackendError(error.message, hint=again) from error
