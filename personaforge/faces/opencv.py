"""The one import of OpenCV, with errors that name everything that is missing and what to type. Holds no image code.

Four distributions hold the module `cv2`, and pip lets them lie in one folder, where each overwrites the other's files;
when one is removed, an empty module is left that can be imported and does nothing. So the module is examined once
before it is used. The other functions are for `forge doctor`.
"""

from __future__ import annotations

import os
import re
from typing import Any, Final

from personaforge.errors import MissingExtra
from personaforge.versions import OPENCV, installed_version

LEAST: Final = "4.11"
"""The first version that reads clips from memory (pyproject.toml says the same)."""
_USED: Final = (
    "GaussianBlur", "LUT", "VideoCapture", "VideoWriter", "copyMakeBorder", "cvtColor", "dnn", "fillPoly", "ipp",
    "merge", "remap", "resize", "split", "videoio_registry", "warpAffine",
)  # fmt: skip
"""One name of each part that forge uses."""
_SYSTEM: Final = {
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb.so.1": "libxcb1",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libstdc++.so.6": "libstdc++6",
    "libgomp.so.1": "libgomp1",
}
"""System libraries that OpenCV's wheels have been linked with, and Debian's packages for them."""
_AT_IMPORT: Final = ("libGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0", "libxcb.so.1")
"""Those that `opencv-python` needs at import. The loader names only the first one that is missing."""

_whole: Any = None


def opencv() -> Any:
    """Return the `cv2` module. Raises MissingExtra when it or a part of it or a system library is missing."""
    global _whole
    if _whole is None:
        # OpenCV and FFmpeg write to file descriptor 2 about every broken clip, over the progress display. The reason
        # goes into the measurement instead. Both variables are read once, the second when the first clip is opened.
        os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        try:
            import cv2
        # ImportError for a missing module; a half removed one may raise any exception (its bootstrap is Python).
        except Exception as error:
            raise _unloadable(error) from error
        gone = [name for name in ("__version__", *_USED) if not hasattr(cv2, name)]
        if gone:
            raise MissingExtra(
                f"OpenCV is only half installed: its module `cv2` has no {', '.join(gone[:3])}"
                f"{' ...' if len(gone) > 3 else ''} ({_there()})",
                hint=repair(),
            )
        _whole = cv2
    return _whole


def distributions() -> dict[str, str]:
    """Return the installed distributions that hold `cv2`, with their versions."""
    return {name: version for name in OPENCV if (version := installed_version(name))}


def repair(keep: str = "") -> str:
    """Return the commands after which there is exactly one OpenCV: `keep`, else the one that `pip install` would
    install."""
    found = list(distributions())
    keep = keep or next((name for name in found if "headless" not in name), "opencv-python")
    install = f"pip install --force-reinstall --no-deps '{keep}>={LEAST}'"
    return f"pip uninstall -y {' '.join(found)} && {install}" if found else f"pip install '{keep}>={LEAST}'"


def _unloadable(error: Exception) -> MissingExtra:
    text = " ".join(str(error).split()) or type(error).__name__
    if re.search(r"lib[\w+.-]+\.so", text):  # the wheel is installed, a system library is not
        missing = missing_libraries(text)
        packages = dict.fromkeys(_SYSTEM[name] for name in missing if name in _SYSTEM)
        headless = f"{repair('opencv-python-headless')}, which needs no libraries of a desktop"
        install = f"apt-get install -y {' '.join(packages)}" if packages else ""
        which = "these are" if len(missing) > 1 else "this is"
        return MissingExtra(
            f"OpenCV can't be loaded ({_there()}): {which} not on this machine: {', '.join(missing)}",
            hint=f"{install} (or {headless})" if install else headless,
        )
    if not distributions() and isinstance(error, ImportError):
        return MissingExtra(f"OpenCV is not installed: {text}", hint=repair())
    return MissingExtra(f"OpenCV can't be loaded ({_there()}): {text}", hint=repair())


def missing_libraries(text: str) -> list[str]:
    """Return the system libraries that OpenCV can't find: those that the loader's error names, and others that are
    missing."""
    import ctypes

    found = re.findall(r"lib[\w+.-]+?\.so(?:\.\d+)*", text)[:1]
    for name in _AT_IMPORT if found and found[0] in _SYSTEM else ():
        try:
            ctypes.CDLL(name)
        except OSError:
            found.append(name)
    return list(dict.fromkeys(found))


def _there() -> str:
    found = [f"{name} {version}" for name, version in distributions().items()]
    if len(found) > 1:
        return f"{' and '.join(found)} are both installed, and each overwrites the other's files"
    return f"{found[0]} is installed" if found else "no distribution of it is installed"
