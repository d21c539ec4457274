"""Super-resolution by a model in a file, such as Real-ESRGAN exported to ONNX. Downloads nothing; ships no model.

The model has one input and one output, both float32 (N, 3, H, W), RGB, 0 to 1; the output has `factor` times H and W.
It gets square tiles of one size, so memory doesn't grow with the picture, and a model exported for a fixed size can be
used. Of each tile only the middle is used: `overlap` pixels on each side are context, mirrored at the picture's edge.

onnxruntime runs with one thread, as for the face models: the result doesn't depend on the machine's cores, and
parallelism is the caller's. A file is read once, and its digest is that of the bytes which are run. A model with its
weights in a second file is refused, because its digest would not cover them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from personaforge.digest import digest_bytes
from personaforge.errors import BackendError, Problem, SpecError
from personaforge.faces.opencv import opencv
from personaforge.faces.runtime import onnxruntime
from personaforge.versions import installed_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

VERSION: Final = "1"
"""To be increased when the same model and settings would result in other pixels."""
MAX_BYTES: Final = 1_000_000_000
"""Published super-resolution models have 1 to 70 MB; a protobuf file ends at 2 GB."""
_PATH: Final = "super_resolution.model"
_ELSEWHERE: Final = b"\x0a\x08location\x12"
"""The first bytes of the entry of ONNX's protobuf that names a second file: field 1, 8 bytes, `location`, then field
2."""


class OnnxUpscaler:
    """A model from a file. Loads no library before the first frame."""

    name = "onnx"

    def __init__(self, model: bytes, path: Path, *, factor: int, tile: int, overlap: int) -> None:
        self._model = model
        self._path = path
        self._tile = tile
        self._overlap = overlap
        self._session: Any = None
        self._lock = threading.Lock()
        self.factor = factor
        self.digest = digest_bytes(model)
        """SHA-256 of the model's file."""
        runtime = next((found for found in map(installed_version, ("onnxruntime", "onnxruntime-gpu")) if found), None)
        self.version = f"{VERSION}, onnxruntime {runtime}, sha256 {self.digest}"

    def upscale(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield each frame enlarged. Raises BackendError when the model isn't one of those described above."""
        session = self._loaded()
        for frame in frames:
            yield self._enlarged(session, frame)

    def _enlarged(self, session: Any, frame: Frame) -> Frame:
        import numpy as np

        cv2 = opencv()
        height, width = frame.shape[:2]
        step = self._tile - 2 * self._overlap
        rows, columns = -(-height // step) * step, -(-width // step) * step
        padded = cv2.copyMakeBorder(
            frame,
            self._overlap,
            self._overlap + rows - height,
            self._overlap,
            self._overlap + columns - width,
            cv2.BORDER_REFLECT_101,
        )
        factor, result = self.factor, np.empty((height * self.factor, width * self.factor, 3), np.uint8)
        for top in range(0, rows, step):
            for left in range(0, columns, step):
                tile = self._run(session, padded[top : top + self._tile, left : left + self._tile])
                inner = slice(self._overlap * factor, (self._overlap + step) * factor)
                place = result[top * factor : (top + step) * factor, left * factor : (left + step) * factor]
                place[...] = tile[inner, inner][: place.shape[0], : place.shape[1]]
        return result

    def _run(self, session: Any, tile: Frame) -> Frame:
        """Return one tile enlarged, (tile * factor, tile * factor, 3)."""
        import numpy as np

        given = np.ascontiguousarray(tile[..., ::-1].transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255)
        try:
            (found,) = session.run(None, {session.get_inputs()[0].name: given})
        except Exception as error:  # onnxruntime has a separate exception for each of its status codes
            raise self._wrong(f"fails on a tile of {self._tile} pixels: {_line(error)}") from error
        side = self._tile * self.factor
        if found.shape != (1, 3, side, side):
            raise self._wrong(f"makes {found.shape} of {given.shape}, expected {(1, 3, side, side)}", "set factor")
        if not np.isfinite(found).all():
            raise self._wrong("gives values that are no numbers")
        rgb = np.rint(np.clip(found[0], 0, 1) * np.float32(255))
        return np.asarray(rgb.transpose(1, 2, 0)[..., ::-1], dtype=np.uint8)

    def _loaded(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = self._load()
            return self._session

    def _load(self) -> Any:
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal only: others go to file descriptor 2, and failures are raised
        try:
            session = runtime.InferenceSession(self._model, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise self._wrong(f"can't be loaded: {_line(error)}") from error
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise self._wrong(f"has {len(inputs)} inputs and {len(outputs)} outputs, expected one of each")
        for what, end in (("input", inputs[0]), ("output", outputs[0])):
            if end.type != "tensor(float)" or len(end.shape) != 4:
                raise self._wrong(f"has an {what} {end.type} {end.shape}, expected tensor(float) (N, 3, H, W)")
        batch, channels, *sides = inputs[0].shape
        if batch not in (1, None) and isinstance(batch, int):
            raise self._wrong(f"takes {batch} pictures at once, expected 1")
        if isinstance(channels, int) and channels != 3:
            raise self._wrong(f"takes {channels} channels, expected 3 (R, G, B)")
        if any(isinstance(side, int) and side != self._tile for side in sides):
            found = " x ".join(str(side) for side in sides)
            raise self._wrong(f"takes pictures of {found} only, and tile is {self._tile}", f"set tile: {sides[0]}")
        return session

    def _wrong(
        self, what: str, hint: str = "export a model with float32 input and output (N, 3, H, W)"
    ) -> BackendError:
        return BackendError(f"the super-resolution model {self._path.name} {what}", hint=hint, where=str(self._path))


def find_model(
    name: str, *, factor: int, tile: int, overlap: int, sha256: str | None, folders: Sequence[Path]
) -> OnnxUpscaler:
    """Return the upscaler of a model's file, `name` being its path inside one of the folders; the first one found is
    used.

    Raises SpecError for a name that leads out of the folders, no such file, an overlap that leaves nothing of a tile,
    or another digest than `sha256`; BackendError for a file that can't be read or is no model.
    """
    problems = []
    if not _inside(name):
        problems.append(Problem("", _PATH, f"found {name!r}, expected a path like x4.onnx inside a folder of models"))
    if 2 * overlap >= tile:
        found = f"found {overlap}, expected less than half of tile, {tile}"
        problems.append(Problem("", "super_resolution.overlap", found, f"overlap: {tile // 8}"))
    if problems:
        raise SpecError(problems)
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        places = ", ".join(str(folder) for folder in folders) or "no folder at all"
        hint = "set FORGE_MODELS to the folder that holds it"
        raise SpecError(Problem("", _PATH, f"found no {name} in {places}", hint))
    model = _read(path)
    upscaler = OnnxUpscaler(model, path, factor=factor, tile=tile, overlap=overlap)
    if sha256 is not None and sha256.lower() != upscaler.digest:
        message = f"{path} has the SHA-256 {upscaler.digest}, expected {sha256}"
        raise SpecError(Problem("", "super_resolution.sha256", message, "use the file that was meant"))
    return upscaler


def _inside(name: str) -> bool:
    """Return whether a name is a plain relative path to a model that can't lead out of the folder that is searched."""
    parts = PurePosixPath(name).parts
    odd = "\\" in name or "\0" in name or os.path.isabs(name) or name != "/".join(parts)
    return name.endswith(".onnx") and not odd and ".." not in parts


def _read(path: Path) -> bytes:
    where = str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BackendError(f"{path.name} has {size:,} bytes, at most {MAX_BYTES:,} are read", where=where)
        model = path.read_bytes()
    except OSError as error:
        raise BackendError(f"{path.name} can't be read: {error.strerror or error}", where=where) from error
    if model.startswith(b"version https://git-lfs"):
        hint = "git lfs pull"
        raise BackendError(f"{path.name} is a Git LFS pointer and not the model", hint=hint, where=where)
    if _ELSEWHERE in model:
        hint = "save it as one file: onnx.save(model, path, save_as_external_data=False)"
        raise BackendError(f"{path.name} keeps its weights in another file", hint=hint, where=where)
    return model


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
