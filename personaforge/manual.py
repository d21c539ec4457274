"""The pages of documentation that come with forge: which there are, and their text. Nothing here asks the network.

They are the Markdown files of `docs/`, which the wheel has inside the package. A topic is a page's path without its
ending; a page in a folder is known by its name alone, too, unless another has that name.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from personaforge.errors import Problem, SpecError
from personaforge.spec.project import packaged

_FIRST = ("index", "tutorial", "cookbook", "troubleshooting")
_SHORT = "reference/"


class Topic(NamedTuple):
    """A page."""

    name: str
    """As it is typed: cookbook, settings, design/drift."""
    title: str
    """The page's first heading."""
    path: Path


def topics() -> list[Topic]:
    """Return all pages: those to begin with, the others by name, the reasons for forge's design last."""
    folder = packaged("docs")
    found = []
    for path in folder.rglob("*.md"):
        name = path.relative_to(folder).with_suffix("").as_posix().removeprefix(_SHORT)
        found.append(Topic(name, _title(path), path))
    return sorted(
        found, key=lambda one: (_FIRST.index(one.name) if one.name in _FIRST else 9, "/" in one.name, one.name)
    )


def page(name: str) -> str:
    """Return the text of a topic's page. Raises SpecError with the nearest name where there is none."""
    pages = topics()
    known = {one.name: one for one in pages}
    for one in pages:  # calibration is design/calibration, as there is no other page of that name
        known.setdefault(one.name.rpartition("/")[2], one)
    wanted = name.lower().removeprefix("docs/").removesuffix(".md").removeprefix(_SHORT)
    if wanted not in known:
        close = get_close_matches(wanted, known, 1) or [one for one in known if wanted and wanted in one][:1]
        hint = f"did you mean {close[0]}?" if close else f"there is: {', '.join(one.name for one in pages)}"
        raise SpecError(Problem("docs", "", f"there is no page {name!r}", hint))
    return known[wanted].path.read_text(encoding="utf-8")


def _title(path: Path) -> str:
    with open(path, encoding="utf-8") as file:
        return next((line.removeprefix("# ").strip() for line in file if line.startswith("# ")), path.stem)
