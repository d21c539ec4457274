"""Networks that turn a face into an embedding, each with its own alignment and scaling, behind one call.

    arcface   ArcFace's form, by onnxruntime: 112 x 112 RGB, (x - 127.5) / 127.5, the face laid on InsightFace's five
              points. AuraFace (glintr100) and InsightFace's w600k_* are of it.
    sface     what OpenCV's FaceRecognizerSF runs, with its own alignment: RGB from 0 to 255. SFace is of it, and
              InsightFace's older MobileFaceNet, which scales inside its graph.

Pixels are uint8 (H, W, 3) BGR; the five points (5, 2) as (x, y) in pixels, image-left eye first. Embeddings are float64
(n,), as the network gives them: not normalised. Raises BackendError for a file that is no such network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from personaforge.errors import BackendError
from personaforge.faces.opencv import opencv
from personaforge.faces.runtime import onnxruntime

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_SIDE: Final = 112
_TEMPLATE: Final = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
"""Where the five points lie in the crop of 112 x 112: insightface's `arcface_dst`."""
_LEAST: Final = 64
"""Values of an embedding: a network that gives fewer is of another kind."""

_ALIKE: Final = 0.9
"""Cosine from which on a network tells nothing apart. Of black, a gradient and noise w600k_mbf gives at most 0.54, and
MobileFaceNet y1, which scales inside its graph, at least 0.99 when its input is scaled before, too."""

Net = TypeVar("Net")


class Recogniser(Protocol):
    """Safe to share between threads."""

    def embed(self, pixels: NDArray[np.uint8], points: NDArray[Any]) -> NDArray[np.float64]:
        """Return the embedding of the face with these five points."""
        ...


class Borrowed(Generic[Net]):
    """Nets that one thread at a time may use: as many are made as are used at one time."""

    def __init__(self, make: Callable[[], Net]) -> None:
        self._make = make
        self._idle: list[Net] = [make()]  # one at once, so that a wrong file shows here

    def use(self, work: Callable[[Net], Any]) -> Any:
        """Return what work gives with a net that nobody else uses."""
        try:
            net = self._idle.pop()  # one step under the interpreter's lock: no two threads get the same
        except IndexError:
            net = self._make()
        done = work(net)
        self._idle.append(net)  # not after an exception: the state of the net is unknown then
        return done


class ArcFace:
    """A recogniser of ArcFace's form."""

    def __init__(self, path: Path) -> None:
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            (given,), (found,) = self._session.get_inputs(), self._session.get_outputs()
        except Exception as error:  # protobuf and onnxruntime each raise their own kinds; two inputs a ValueError
            raise BackendError(f"the recogniser {path} can't be loaded: {error}") from error
        if tuple(given.shape[1:]) != (3, _SIDE, _SIDE) or given.type != "tensor(float)":
            takes = f"{given.type} of {tuple(given.shape)}, expected floats of (1, 3, {_SIDE}, {_SIDE})"
            raise BackendError(f"the recogniser {path} takes {takes}")
        self._names = given.name, found.name
        import numpy as np

        shape = np.shape(self._run(np.zeros((_SIDE, _SIDE, 3), dtype=np.uint8)))
        if len(shape) != 1 or shape[0] < _LEAST:
            raise BackendError(f"the recogniser {path} gives values of shape {shape}, expected one embedding")
        if self._least_alike() > _ALIKE:
            raise BackendError(
                f"the recogniser {path} gives nearly the same embedding for black, a gradient and noise; if it scales "
                "its input itself, its part has to say `runs: sface`, which gives it values of 0 to 255"
            )

    def _least_alike(self) -> float:
        """Return the lowest cosine between the embeddings of pictures that have nothing in common."""
        import numpy as np

        gradient = np.tile(np.linspace(0, 255, _SIDE, dtype=np.uint8)[:, None, None], (1, _SIDE, 3))
        noise = np.random.default_rng(0).integers(0, 256, gradient.shape, dtype=np.uint8)
        found = [self._run(picture) for picture in (np.zeros_like(gradient), gradient, noise)]
        lengths = [float(np.linalg.norm(one)) for one in found]
        return min(
            float(found[one] @ found[other]) / max(lengths[one] * lengths[other], 1e-12)
            for one, other in ((0, 1), (0, 2), (1, 2))
        )

    def embed(self, pixels: NDArray[np.uint8], points: NDArray[Any]) -> NDArray[np.float64]:
        """See `Recogniser`."""
        matrix = similarity(points)
        return self._run(opencv().warpAffine(pixels, matrix, (_SIDE, _SIDE), borderValue=0.0))

    def _run(self, crop: NDArray[np.uint8]) -> NDArray[np.float64]:
        import numpy as np

        data = (crop[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) - 127.5) / np.float32(127.5)
        given, found = self._names
        seen = self._session.run([found], {given: np.ascontiguousarray(data)})[0]
        return np.asarray(seen[0], dtype=np.float64)


class SFace:
    """A recogniser that OpenCV runs."""

    def __init__(self, path: Path) -> None:
        cv2 = opencv()
        import numpy as np

        def made() -> Any:
            net = cv2.FaceRecognizerSF.create(str(path), "")
            return net, net.feature(np.zeros((_SIDE, _SIDE, 3), dtype=np.uint8)).shape

        try:
            self._nets: Borrowed[Any] = Borrowed(made)
        except cv2.error as error:
            raise BackendError(f"the recogniser {path} can't be loaded: {error}") from error
        shape = self._nets.use(lambda net: net[1])
        if len(shape) != 2 or shape[0] != 1 or shape[1] < _LEAST:
            raise BackendError(f"the recogniser {path} gives values of shape {tuple(shape)}, expected one embedding")

    def embed(self, pixels: NDArray[np.uint8], points: NDArray[Any]) -> NDArray[np.float64]:
        """See `Recogniser`."""
        return self._nets.use(lambda net: sface_embedding(net[0], pixels, points))  # type: ignore[no-any-return]


def sface_embedding(net: Any, pixels: NDArray[np.uint8], points: NDArray[Any]) -> NDArray[np.float64]:
    """Return what a FaceRecognizerSF gives for the face with these five points."""
    import numpy as np

    row = np.zeros((1, 15), dtype=np.float32)  # as the detector gives it: x, y, w, h, five points, score
    row[0, 4:14] = points.ravel()
    crop = net.alignCrop(pixels, row)
    return np.array(net.feature(crop), dtype=np.float64).ravel()  # a copy: the net keeps the buffer


def similarity(points: NDArray[Any]) -> NDArray[np.float64]:
    """Return the matrix (2, 3) that lays five points on ArcFace's, by least squares: turned, scaled and shifted.

    Umeyama, Least-squares estimation of transformation parameters between two point patterns (PAMI 1991), which
    insightface's alignment is, too.
    """
    import numpy as np

    source, target = np.asarray(points, dtype=np.float64), np.array(_TEMPLATE)
    from_middle, to_middle = source.mean(axis=0), target.mean(axis=0)
    one, other = source - from_middle, target - to_middle
    left, values, right = np.linalg.svd(other.T @ one / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    turn = left @ np.diag(signs) @ right
    scale = float(values @ signs) / max(float(one.var(axis=0).sum()), 1e-12)
    return np.column_stack([scale * turn, to_middle - scale * turn @ from_middle])
