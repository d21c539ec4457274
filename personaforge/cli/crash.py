"""Writes a log for a bug report, without secrets: the traceback, versions, and the command, with keys masked."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback

from personaforge import __version__
from personaforge.spec.project import find_project


def write_log(error: BaseException) -> str:
    """Write a log of a bug of ours and return its path."""
    try:
        project = find_project()
        places = [tempfile.gettempdir()]
    except OSError:
        return "(the log could not be written)"
    if project is not None and project.state.is_dir():
        folder = str(project.state / "log")
        if os.path.realpath(folder).startswith(str(project.root) + os.sep):  # and no link out of the project
            places.insert(0, folder)
    name = f"crash-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    from personaforge.http.secrets import masked
    from personaforge.report.terminal import one_line

    text = "".join(
        (
            f"forge {__version__}, Python {sys.version.split()[0]}, {platform.platform()}\n",
            f"command: {one_line(' '.join(sys.argv[1:]))}\n\n",
            *traceback.format_exception(error),
        )
    )
    for place in places:
        try:
            os.makedirs(place, exist_ok=True)
            path = os.path.join(place, name)
            with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(masked(text))
        except OSError:
            continue
        return path
    return "(the log could not be written)"
