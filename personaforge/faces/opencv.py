"""The one import of OpenCV, with errors that say what to install. Holds no image code."""

from __future__ import annotations

import os
from typing import Any

from personaforge.errors import MissingExtra


def opencv() -> Any:
    """Return the `cv2` module. Raises MissingExtra when it or a system library that it links to is not there."""
    # OpenCV and FFmpeg write to file descriptor 2 about every broken clip, over the progress display. The reason goes
    # into the measurement instead. Both variables are read once, the second when the first clip is opened.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        import cv2
    except ImportError as error:
        if ".so" in str(error):  # libGL.so.1 or libgthread: the wheel is installed, the system library is not
            raise MissingExtra(
                f"OpenCV can't be loaded: {error}",
                hint="apt-get install -y libgl1 (or pip install opencv-python-headless)",
            ) from error
        raise MissingExtra(f"OpenCV is not installed: {error}", hint="pip install opencv-python") from error
    return cv2
