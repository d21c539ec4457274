"""Where the pages of `forge report` are: folder and names. Renaming and removing a persona use them, too.

Pictures, clips and sounds at their full size lie in one folder beside the pages. Their names hold the digest, so one
that is there need not be written again, a renamed persona's page still finds its own, and what no page names can go.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

FOLDER = "reports"
"""Relative to the project, unless the user names another folder."""
PROJECT_PAGE = "index.html"
FILES = "files"
"""In the folder of the pages."""
_OURS = re.compile(r"[a-z0-9-]+-[0-9a-f]{16}\.[a-z0-9]{2,4}")


def page_name(persona: str) -> str:
    """Return the file name of a persona's page. No id contains `_`, so none can have the name of the project's page."""
    return "index_.html" if f"{persona}.html" == PROJECT_PAGE else f"{persona}.html"


def file_name(persona: str, node: str, digest: str, suffix: str) -> str:
    """Return the name of a file beside the pages, such as `sofia-reyes-image-07-0e0e9a6864dc8eb9.png`."""
    return f"{persona}-{re.sub('[^a-z0-9]+', '-', node)}-{digest[:16]}{suffix}"


def sweep(folder: Path) -> list[Path]:
    """Remove the files beside the pages that no page in the folder names, and return them. Files that forge didn't name
    stay, and so do all while a page can't be read."""
    beside = folder / FILES
    if not beside.is_dir() or beside.is_symlink():
        return []
    ours = {name for name in os.listdir(beside) if _OURS.fullmatch(name) and (beside / name).is_file()}
    for page in folder.glob("*.html") if ours else ():
        try:
            ours -= set(_OURS.findall(page.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            return []
    for name in sorted(ours):
        (beside / name).unlink(missing_ok=True)
    return [beside / name for name in sorted(ours)]
