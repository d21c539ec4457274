"""The one import of onnxruntime, with errors that say what is missing and what to type. Runs no model.

`onnxruntime` and `onnxruntime-gpu` hold the same module; when one of two is removed, an empty module is left that can
be imported and does nothing, as with OpenCV (see `opencv`).
"""

from __future__ import annotations

from typing import Any

from personaforge.errors import MissingExtra
from personaforge.versions import ONNXRUNTIME, installed_version


def onnxruntime() -> Any:
    """Return the `onnxruntime` module. Raises MissingExtra when it or a part of it is missing."""
    found = [f"{name} {version}" for name in ONNXRUNTIME if (version := installed_version(name))]
    there = " and ".join(found) or "no distribution of it"
    again = f"pip uninstall -y {' '.join(ONNXRUNTIME)} && pip install 'onnxruntime>=1.20'"
    try:
        import onnxruntime as module
    except Exception as error:  # its native part may raise any exception
        text = " ".join(str(error).split()) or type(error).__name__
        hint = again if found else "pip install 'onnxruntime>=1.20'"
        raise MissingExtra(f"onnxruntime can't be loaded ({there} is installed): {text}", hint=hint) from error
    if not hasattr(module, "InferenceSession") or not hasattr(module, "SessionOptions"):
        text = "onnxruntime is only half installed: its module has no InferenceSession"
        raise MissingExtra(f"{text} ({there} is installed)", hint=again)
    return module
