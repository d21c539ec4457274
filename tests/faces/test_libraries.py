"""OpenCV and onnxruntime that are missing, half there, or there twice: one clear hint, whoever asks."""

from __future__ import annotations

import ast
import ctypes
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import personaforge
from personaforge.doctor import machine
from personaforge.errors import MissingExtra
from personaforge.faces import opencv as guard
from personaforge.faces import runtime
from personaforge.faces.opencv import opencv

_ROOT = Path(personaforge.__file__).parent
_GUARDS = {"cv2": "faces/opencv.py", "onnxruntime": "faces/runtime.py", "insightface": "faces/insight.py"}


def test_opencv_onnxruntime_and_insightface_are_imported_in_one_place_each() -> None:
    for path in sorted(_ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                place = _GUARDS.get(name.partition(".")[0])
                assert place in (None, str(path.relative_to(_ROOT))), f"{path}:{node.lineno} imports {name} itself"


class Broken:
    """Makes the import of a module fail."""

    def __init__(self, name: str, error: Exception) -> None:
        self.name, self.error = name, error

    def find_spec(self, name: str, *_: object) -> None:
        if name == self.name:
            raise self.error


def _without(monkeypatch: pytest.MonkeyPatch, name: str, found: Exception | types.ModuleType, *there: str) -> None:
    """Let the import of a module fail, or give what is left of it, while some distributions are installed."""
    monkeypatch.setattr(guard, "_whole", None)
    monkeypatch.delitem(sys.modules, name, raising=False)
    if isinstance(found, Exception):
        monkeypatch.setattr(sys, "meta_path", [Broken(name, found), *sys.meta_path])
    else:
        monkeypatch.setitem(sys.modules, name, found)
    versions = dict.fromkeys(there, "4.12.0.88")
    monkeypatch.setattr(guard, "installed_version", versions.get)
    monkeypatch.setattr(runtime, "installed_version", versions.get)


def _error() -> MissingExtra:
    with pytest.raises(MissingExtra) as caught:
        opencv()
    return caught.value


def test_every_system_library_that_opencv_lacks_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "libGL.so.1: cannot open shared object file: No such file or directory"
    _without(monkeypatch, "cv2", ImportError(text), "opencv-python")
    here = ctypes.CDLL

    def gone(name: str, *rest: Any) -> Any:
        if name in ("libGL.so.1", "libgthread-2.0.so.0", "libglib-2.0.so.0"):
            raise OSError(name)
        return here(None)

    monkeypatch.setattr(ctypes, "CDLL", gone)
    error = _error()
    assert "libGL.so.1, libglib-2.0.so.0, libgthread-2.0.so.0" in error.message
    assert "opencv-python 4.12.0.88 is installed" in error.message
    assert error.hint == (
        "apt-get install -y libgl1 libglib2.0-0 (or pip uninstall -y opencv-python && pip install --force-reinstall "
        "--no-deps 'opencv-python-headless>=4.11', which needs no libraries of a desktop)"
    )


def test_no_opencv_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "cv2", ImportError("No module named 'cv2'"))
    error = _error()
    assert error.message == "OpenCV is not installed: No module named 'cv2'"
    assert error.hint == "pip install 'opencv-python>=4.11'"


def test_a_husk_of_opencv_is_no_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "cv2", types.ModuleType("cv2"), "opencv-python")
    error = _error()
    assert error.message == (
        "OpenCV is only half installed: its module `cv2` has no __version__, GaussianBlur, LUT ... "
        "(opencv-python 4.12.0.88 is installed)"
    )
    assert (
        error.hint == "pip uninstall -y opencv-python && pip install --force-reinstall --no-deps 'opencv-python>=4.11'"
    )
    # The doctor says the same and goes on.
    found = machine._opencv()
    assert (found.level, found.hint) == ("problem", error.hint)


@pytest.mark.parametrize("failure", [AttributeError("partially initialized module"), SystemError("bad call")])
def test_opencv_that_fails_in_its_own_way(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    _without(monkeypatch, "cv2", failure, "opencv-python", "opencv-python-headless")
    error = _error()
    assert "opencv-python 4.12.0.88 and opencv-python-headless 4.12.0.88 are both installed" in error.message
    assert error.hint.startswith("pip uninstall -y opencv-python opencv-python-headless && pip install")


def test_two_distributions_of_one_module_are_a_problem() -> None:
    fine = {library.name: library.exact or library.least for library in machine.LIBRARIES}
    fine["opencv-python-headless"] = "4.12.0.88"
    found = [one for one in machine.libraries(fine.get) if one.level == "problem"]
    (twice,) = found
    assert twice.text == (
        "opencv-python 4.11 and opencv-python-headless 4.12.0.88 are both installed, "
        "and each overwrites the other's files"
    )
    assert twice.hint == (
        "pip uninstall -y opencv-python opencv-python-headless && "
        "pip install --force-reinstall --no-deps 'opencv-python>=4.11'"
    )


@pytest.mark.parametrize("found", [types.ModuleType("onnxruntime"), ImportError("libcudart.so.12: cannot open")])
def test_onnxruntime_that_is_half_there(monkeypatch: pytest.MonkeyPatch, found: Exception | types.ModuleType) -> None:
    _without(monkeypatch, "onnxruntime", found, "onnxruntime-gpu")
    with pytest.raises(MissingExtra, match=r"onnxruntime-gpu 4\.12\.0\.88 is installed") as caught:
        runtime.onnxruntime()
    assert caught.value.hint.startswith("pip uninstall -y onnxruntime onnxruntime-gpu && pip install")
