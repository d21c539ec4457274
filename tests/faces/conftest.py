"""Photographs that come with dependencies, the real face pack where there is one, and an analyzer that needs none."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from personaforge.faces.analyzer import AnalyzerIdentity, Face
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import Pack, PackMissing, find_pack

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "models"
_NAMED = os.environ.get("FORGE_MODELS", "")
MODELS = [Path(part) for part in (_NAMED or str(_BESIDE)).split(os.pathsep)]


@pytest.fixture(scope="session")
def pack() -> Pack:
    found = find_pack("auto", MODELS)
    if isinstance(found, PackMissing):
        pytest.skip(f"no face pack: {found.reason}; {found.hint}")
    return found


@pytest.fixture(scope="session")
def analyzer(pack: Pack) -> InsightAnalyzer:
    return InsightAnalyzer(pack)


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """One person, 512 x 512, PNG."""
    skimage = pytest.importorskip("skimage")
    return (Path(skimage.__file__).parent / "data" / "astronaut.png").read_bytes()


@pytest.fixture(scope="session")
def six_people() -> bytes:
    """1280 x 886, JPEG."""
    return _insightface("t1.jpg")


@pytest.fixture(scope="session")
def tom_hanks() -> bytes:
    """One person, aligned 112 x 112 crop, PNG."""
    return _insightface("Tom_Hanks_54745.png")


def _insightface(name: str) -> bytes:
    import importlib.util

    spec = importlib.util.find_spec("insightface")
    assert spec is not None and spec.origin is not None
    return (Path(spec.origin).parent / "data" / "images" / name).read_bytes()


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Encode an RGB array or a Pillow image as a file's bytes."""

    def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
        picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        return buffer.getvalue()

    return encoded


SCRIPTED = AnalyzerIdentity("scripted", "1", "none", "0" * 64, "auto")


@dataclass
class ScriptedAnalyzer:
    """Returns the given faces for every picture, and remembers the pictures."""

    faces: tuple[Face, ...]
    seen: list[np.ndarray] = field(default_factory=list)
    identity: AnalyzerIdentity = SCRIPTED

    def read(self, pixels: np.ndarray) -> tuple[Face, ...]:
        self.seen.append(pixels)
        return self.faces


@pytest.fixture
def scripted() -> Callable[..., ScriptedAnalyzer]:
    return lambda *faces: ScriptedAnalyzer(tuple(faces))


@pytest.fixture
def a_face() -> Callable[..., Face]:
    """Build a face whose eyes are 40 px apart, with whatever else is given."""

    def built(**changes: object) -> Face:
        values: dict[str, object] = {
            "box": np.array([10, 20, 90, 120], dtype=np.float32),
            "score": 0.75,
            "embedding": np.eye(1, 512, dtype=np.float32)[0],
            "landmarks5": np.array([[30, 50], [70, 50], [50, 70], [40, 90], [60, 90]], dtype=np.float32),
        }
        return Face(**{**values, **changes})  # type: ignore[arg-type]

    return built


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., bytes]:
    """Write a clip whose frame i is grey of value 8 i, so that a frame tells its number."""

    def filmed(count: int = 25, ending: str = "mp4", codec: str = "mp4v", fps: float = 10) -> bytes:
        path = tmp_path / f"clip.{ending}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (96, 64))
        assert writer.isOpened(), f"this OpenCV can't write {codec}"
        for number in range(count):
            writer.write(np.full((64, 96, 3), 8 * number, dtype=np.uint8))
        writer.release()
        return path.read_bytes()

    return filmed
