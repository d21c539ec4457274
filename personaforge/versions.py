"""Versions of installed distributions, without importing them. Not for dependency resolution.

`importlib.metadata` takes 34 ms to import (email and zipfile come with it), which the planner would need at each start
to put four versions into a key. A wheel's version is in the name of its `<name>-<version>.dist-info` folder, so listing
the folders on sys.path is enough; `importlib.metadata` is used only for distributions that were not found that way.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable

_SUFFIX = ".dist-info"
OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")
"""The distributions that hold the module `cv2`. Two of them beside each other overwrite each other's files."""
ONNXRUNTIME = ("onnxruntime", "onnxruntime-gpu")
"""The distributions that hold the module `onnxruntime`."""
LITELLM = "1.106.2"
"""The one version of litellm that forge works with, as pyproject.toml pins it."""


def installed_version(name: str) -> str | None:
    """Return the installed version of a distribution such as `opencv-python`, or None when it is not installed."""
    wanted = _normalised(name)
    for folder in sys.path:
        try:
            entries = os.listdir(folder or os.curdir)
        except OSError:  # sys.path names zip files and folders that don't exist, too
            continue
        # Sorted, so that the answer doesn't depend on the file system where an upgrade left two folders behind.
        for entry in sorted(entries, reverse=True):
            if entry.endswith(_SUFFIX):
                found, _, version = entry[: -len(_SUFFIX)].partition("-")
                if version and _normalised(found) == wanted:
                    return version
    return _from_metadata(name)


def library_versions(names: Iterable[str]) -> list[str]:
    """Return libraries with their versions, such as `opencv 5.0.0.93`, for a key: whichever distribution holds them."""
    found = []
    for name in names:
        holders = {"opencv": OPENCV, "onnxruntime": ONNXRUNTIME}.get(name, (name,))
        version = next((known for known in map(installed_version, holders) if known), "missing")
        found.append(f"{name} {version}")
    return found


def _normalised(name: str) -> str:
    """Names as users type them and names of wheels' folders differ in case and in `-`, `_` and `.`."""
    return re.sub(r"[-_.]+", "_", name).lower()


def _from_metadata(name: str) -> str | None:
    """Return the version of a distribution in a zip file or in the old egg form."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None
