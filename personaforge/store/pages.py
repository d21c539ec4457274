"""Where the pages of `forge report` are: folder and names. Renaming and removing a persona use them, too.

Pictures, clips and sounds at their full size lie in one folder beside the pages. Their names hold the digest, so one
that is there need not be written again, a renamed persona's page still finds its own, and what no page names can go.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import orjson

from personaforge.store.files import write_atomic

FOLDER = "reports"
"""Relative to the project, unless the user names another folder."""
PROJECT_PAGE = "index.html"
FILES = "files"
"""In the folder of the pages."""
_LIST = ".forge.json"
"""In that folder: the names of what forge put there. Anything else there is somebody's own."""
_OURS = re.compile(r"[a-z0-9-]+-[0-9a-f]{16}\.[a-z0-9]{2,4}")


def page_name(persona: str) -> str:
    """Return the file name of a persona's page. No id contains `_`, so none can have the name of the project's page."""
    return "index_.html" if f"{persona}.html" == PROJECT_PAGE else f"{persona}.html"


def file_name(persona: str, node: str, digest: str, suffix: str) -> str:
    """Return the name of a file beside the pages, such as `sofia-reyes-image-07-0e0e9a6864dc8eb9.png`."""
    return f"{persona}-{re.sub('[^a-z0-9]+', '-', node)}-{digest[:16]}{suffix}"


def wrote(folder: Path, names: Collection[str]) -> None:
    """Note names of files that were put beside the pages, so that these may be removed again, and no others. Raises
    StoreError."""
    known = _written(folder)
    if not set(names) <= known:
        write_atomic(folder / FILES / _LIST, orjson.dumps(sorted(known | set(names))))


def sweep(folder: Path) -> list[Path]:
    """Remove the files that forge put beside the pages and that no page in the folder names, and return them. All
    others stay, and so do all while a page can't be read."""
    beside = folder / FILES
    if not beside.is_dir() or beside.is_symlink():
        return []
    unused = {name for name in _written(folder) if (beside / name).is_file() and not (beside / name).is_symlink()}
    for page in folder.glob("*.html") if unused else ():
        try:
            unused -= set(_OURS.findall(page.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            return []
    for name in sorted(unused):
        (beside / name).unlink(missing_ok=True)
    return [beside / name for name in sorted(unused)]


def _written(folder: Path) -> set[str]:
    """Return the names that the list beside the pages has; none where it can't be read."""
    try:
        found = orjson.loads((folder / FILES / _LIST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return set()
    return (
        {name for name in found if isinstance(name, str) and _OURS.fullmatch(name)}
        if isinstance(found, list)
        else set()
    )
