"""InsightFace behind the analyzer seam. The only module that imports insightface.

Detection (SCRFD), alignment, recognition (ArcFace, 512 values) and 106 landmarks, on the CPU, on pixels uint8 (H, W, 3)
BGR. Written for insightface 2.1, of which this module has to know:

- FaceAnalysis loads every *.onnx of its folder, globs the folder's name, prints and downloads when the folder is
  missing (and prints nowhere else), and takes another path when a manifest.json of version 2 lies in it. So it only
  ever gets a new folder that holds links to the files we hashed, or those files with quicker nodes (`prelu`).
- A missing recogniser is no error there; faces then have no embedding. So the loaded tasks are verified.
- The detector builds one session per input size at its first use, from the file. So each size is used once before the
folder is removed.
- After that, `detect` and `get` write nothing that threads share, and sessions may be run from several threads. So
reading needs no lock (tested: bitwise equal from four threads).
- Each session has its own thread pool, which waits actively. One thread each takes under half the CPU time and is no
slower on a busy machine; parallelism comes from the caller's threads.

Raises MissingExtra without the libraries and BackendError when the models can't be loaded.
"""

from __future__ import annotations

import os
import threading
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personaforge.errors import BackendError, MissingExtra, Problem, SpecError
from personaforge.faces.analyzer import AnalyzerIdentity, Face, by_area
from personaforge.faces.detection import detect, glance, quick_forward, shows_face
from personaforge.faces.landmarks import five_of_106
from personaforge.faces.opencv import opencv
from personaforge.faces.packs import AGE_MODEL, Pack, role_of, shipped, way_back
from personaforge.faces.prelu import quick_model
from personaforge.faces.runtime import onnxruntime
from personaforge.versions import ONNXRUNTIME, OPENCV, installed_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LIBRARIES = {
    "insightface": ("insightface",),
    "onnxruntime": ONNXRUNTIME,
    "opencv": OPENCV,
    "pillow": ("pillow",),
}
"""What decodes, scales, aligns and infers, and under which names it may be installed."""

_TASKS = {"detection": "detection", "recognition": "recognition", "landmarks": "landmark_2d_106"}
"""Our role of a file -> insightface's name of the task."""


def insight_identity(pack: Pack, detector_size: str = "auto") -> AnalyzerIdentity:
    """Return the analyzer's identity without importing insightface. Raises MissingExtra and SpecError.

    A pack with its own size for `auto` is identified with that size, since both measure in the same way.
    """
    size = pack.detector_size(str(detector_size))
    _det_size(size)
    versions = []
    for library, names in _LIBRARIES.items():
        version = next((found for found in map(installed_version, names) if found), None)
        if version is None:
            raise MissingExtra(f"{library} is not installed", hint=f"pip install {names[0]}")
        versions.append(version if library == "insightface" else f"{library} {version}")
    return AnalyzerIdentity("insightface", ", ".join(versions), pack.name, pack.digest, size)


class InsightAnalyzer:
    """Faces by InsightFace. Loads nothing until the first `read`; safe to share between threads."""

    def __init__(self, pack: Pack, detector_size: str = "auto") -> None:
        self.identity = insight_identity(pack, detector_size)
        self._pack = pack
        self._det_size = _det_size(self.identity.detector_size)
        self._lock = threading.Lock()
        self._models: dict[str, Any] = {}
        self._age: Any = None

    def read(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the faces by box area, largest first.

        Where a plain pass over the picture finds none, enlarged and bordered passes follow; see `faces.detection`.
        """
        models = self._loaded()
        boxes, points = detect(models["detection"], pixels)
        # One face at a time: a batch of 16 takes 218 ms and 16 single ones take 216 on one core, with the same bits.
        faces = [self._face(pixels, box, five) for box, five in zip(boxes, points, strict=True) if _usable(box, five)]
        return by_area(faces)

    def glance(self, pixels: NDArray[np.uint8], most: int) -> tuple[Face, ...]:
        """Return the largest faces that a plain pass of the detector finds, at most so many, without landmarks that
        alignment doesn't need: for looking through clips only."""
        models = self._loaded()
        boxes, points = glance(models["detection"], pixels)
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        largest = sorted(range(len(boxes)), key=lambda index: -float(area[index]))[:most]
        usable = [index for index in largest if _usable(boxes[index], points[index])]
        thrifty = not self._pack.aligns_by_landmarks
        return by_area([self._face(pixels, boxes[index], points[index], thrifty=thrifty) for index in usable])

    def shows_face(self, pixels: NDArray[np.uint8]) -> bool:
        """Return whether a plain pass of the detector finds a face, in 1 to 16 ms: for choosing frames only."""
        return shows_face(self._loaded()["detection"], pixels)

    def apparent_age(self, pixels: NDArray[np.uint8], box: NDArray[np.float32], model: str) -> float:
        """Return the age in years that a face looks, read from the pack's age model, whose SHA-256 is `model`.

        The crop is insightface's (`model_zoo/attribute.py`): around the middle of the box, 1.5 times its longer side,
        not rotated. The output's third number times 100 are years; the first two are about gender, and are not read.
        Raises BackendError where the model is another one, or gives no finite number.
        """
        import numpy as np
        from insightface.utils import face_align

        cv2, age = opencv(), self._age_model(model)
        side, scale = age.input_size[0], age.input_size[0] / (max(box[2] - box[0], box[3] - box[1]) * 1.5)
        crop, _ = face_align.transform(pixels, ((box[2] + box[0]) / 2, (box[3] + box[1]) / 2), side, scale, 0)
        mean = (age.input_mean,) * 3
        blob = cv2.dnn.blobFromImage(crop, 1.0 / age.input_std, crop.shape[1::-1], mean, swapRB=True)
        found = np.asarray(age.session.run(age.output_names, {age.input_name: blob})[0], dtype=np.float64).ravel()
        if found.shape != (3,) or not np.isfinite(found[2]):
            raise BackendError(f"{AGE_MODEL} of pack {self._pack.name} gave {found.tolist()}, expected 3 numbers")
        return float(found[2]) * 100

    def _age_model(self, model: str) -> Any:
        with self._lock:
            if self._age is None:
                if not model or self._pack.age_model != model:
                    what = f"{AGE_MODEL} of pack {self._pack.name} has changed since the plan was made"
                    raise BackendError(what, hint="build again")
                self._age = _load_age(self._pack)
        return self._age

    def _face(
        self, pixels: NDArray[np.uint8], box: NDArray[np.float32], points: NDArray[np.float32], *, thrifty: bool = False
    ) -> Face:
        import numpy as np
        from insightface.app.common import Face as Slots

        slots = Slots(bbox=box[:4], kps=points, det_score=box[4])
        model = None if thrifty else self._models.get("landmark_2d_106")
        landmarks = None if model is None else np.asarray(model.get(pixels, slots), dtype=np.float32)
        if landmarks is not None and self._pack.aligns_by_landmarks:
            slots.kps = points = five_of_106(landmarks)
        vector = np.asarray(self._models["recognition"].get(pixels, slots), dtype=np.float64)
        norm = float(np.linalg.norm(vector))
        if vector.shape != (512,) or not np.isfinite(norm) or norm == 0:
            raise BackendError(
                f"the recogniser of pack {self._pack.name} gave {vector.shape} values of norm {norm}, expected 512",
                hint=_again(self._pack),
            )
        return Face(
            box=np.asarray(box[:4], dtype=np.float32),
            score=float(box[4]),
            embedding=(vector / norm).astype(np.float32),
            landmarks5=np.asarray(points, dtype=np.float32),
            landmarks106=landmarks,
            embedding_norm=norm,
        )

    def _loaded(self) -> dict[str, Any]:
        if not self._models:
            with self._lock:
                if not self._models:  # looked at again: another thread may have loaded them while we waited
                    self._models = _load(self._pack, self._det_size)
        return self._models


def _det_size(detector_size: str) -> tuple[int, int] | None:
    """Return insightface's det_size; None means two passes, 128 and 640. Raises SpecError."""
    text = str(detector_size)
    if text == "auto":
        return None
    # The detector's coarsest stride is 32; a size in between would shift its anchors.
    if not text.isascii() or not text.isdigit() or int(text) % 32 or not 64 <= int(text) <= 2048:
        found = f"found {text!r}, expected auto or a multiple of 32 from 64 to 2048"
        raise SpecError(Problem("", "identity.detector_size", found, "auto"))
    return int(text), int(text)


def _load(pack: Pack, det_size: tuple[int, int] | None) -> dict[str, Any]:
    """Return insightface's models by task, warmed up."""
    cv2 = opencv()  # first, because its failure is the common one and the user can solve it
    runtime = onnxruntime()
    try:
        from insightface.app import FaceAnalysis
    except Exception as error:  # it imports half of scikit-image and scipy, whose native parts may raise any exception
        hint = "pip install --upgrade insightface scikit-image scipy"
        raise MissingExtra(f"insightface can't be loaded: {error}", hint=hint) from error
    import tempfile  # here and not above: it takes 9 ms, and the planner imports this module

    import numpy as np

    # OpenCV's thread pool, for the whole process: it gives half of each small resize to another core and waits there
    # for more work. That is 4 % of the CPU time, and gains nothing once another image is measured on that core.
    cv2.setNumThreads(1)
    # insightface 2.1 calls a deprecated name of scikit-image for each face. Set once for the process and not around the
    # call, because warnings.catch_warnings is not safe between threads.
    warnings.filterwarnings("ignore", message=".*estimate.*", category=FutureWarning)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only; its warnings go to file descriptor 2
    expected = {_TASKS[role] for role in map(role_of, pack.files) if role is not None}
    try:
        with tempfile.TemporaryDirectory(prefix="forge-pack-") as folder:
            for name in pack.files:
                _place(pack.folder / name, os.path.join(folder, name))
            app = FaceAnalysis(
                name=folder,
                allowed_modules=sorted(expected),
                providers=["CPUExecutionProvider"],
                sess_options=options,
            )
            app.prepare(ctx_id=0, det_size=det_size)  # -1 would rebuild the sessions only to set the CPU again
            app.det_model.detect(np.zeros((64, 64, 3), dtype=np.uint8))
    except Exception as error:  # protobuf, onnxruntime and insightface (a bare assert) each raise their own kinds
        reason = str(error) or type(error).__name__
        raise BackendError(
            f"the face pack {pack.name} in {pack.folder} can't be loaded: {reason}",
            hint=_again(pack),
        ) from error
    if set(app.models) != expected or not app.det_model.use_kps:
        raise BackendError(
            f"the face pack {pack.name} in {pack.folder} has the tasks {sorted(app.models)}, "
            f"expected {sorted(expected)} and a detector that gives five points",
            hint=_again(pack),
        )
    app.det_model.forward = quick_forward(app.det_model)
    models: dict[str, Any] = app.models
    return models


def _load_age(pack: Pack) -> Any:
    """Return insightface's `Attribute` of the pack's age model. Raises BackendError and MissingExtra."""
    opencv()
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    path = str(pack.folder / AGE_MODEL)
    try:
        from insightface.model_zoo.attribute import Attribute

        session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        found = Attribute(model_file=path, session=session)
    except Exception as error:  # as for the pack's other models
        reason = str(error) or type(error).__name__
        raise BackendError(f"{path} can't be loaded: {reason}", hint=_again(pack)) from error
    if found.taskname != "genderage":
        raise BackendError(f"{path} is no age model: it is for {found.taskname}", hint=_again(pack))
    return found


def _place(file: Path, place: str) -> None:
    """Put a model where insightface finds it: written anew where it is quicker with the same bits, else as a link."""
    quick = None
    if role_of(file.name) in ("recognition", "landmarks"):
        # What can't be rewritten is loaded as it is; insightface says what is wrong with it.
        with suppress(Exception):
            quick = quick_model(file)
    if quick is None:
        os.symlink(os.path.realpath(file), place)
    else:
        with open(place, "wb") as out:
            out.write(quick)


def _again(pack: Pack) -> str:
    if pack.name in shipped():
        return way_back(pack.name, pack.folder)
    return f"remove {pack.folder} and unpack {pack.name} there again"


def _usable(box: NDArray[np.float32], points: NDArray[np.float32]) -> bool:
    """Return whether a detection can be aligned: not with a box without area, or with points that are not numbers."""
    import numpy as np

    finite = bool(np.isfinite(box).all() and np.isfinite(points).all())
    return finite and bool(box[2] - box[0] >= 1 and box[3] - box[1] >= 1)
