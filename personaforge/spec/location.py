"""Where a mistake is to be corrected: the user's file and line, or the command line.

A value that is wrong often stands in a file of forge's own that the user has chosen, or doesn't fit a choice of the
user's: then what is named is the choice. A packaged file is never named, since nobody is to edit it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from personaforge.errors import Problem
from personaforge.spec.project import Project
from personaforge.spec.settings import GROUPS
from personaforge.spec.source import read_bounded
from personaforge.spec.stand_in import compared_with, fits

if TYPE_CHECKING:
    from personaforge.spec.compose import Origin
    from personaforge.spec.overlay import PersonaSources

COMMAND_LINE = "command line"
_PACKAGED = "packaged "


def choosers(project: Project, sources: PersonaSources, overrides: Sequence[str]) -> dict[str, str]:
    """Return by group where the user has chosen its option: the project's conf, a persona's files, or the command line,
    of which the later wins."""
    found: dict[str, str] = {}
    for name in ("config.yaml", "project/settings.yaml"):
        path = project.root / "conf" / name
        if path.is_file() and project.root / "conf" in project.conf_folders:
            shown = project.relative(path)
            found |= _chosen_in(read_bounded(path, shown, root=project.root).decode("utf-8", "replace"), shown)
    for source in sources.files:
        if source.path != Path():
            found |= _chosen_in(source.text, source.shown)
            found |= {name: source.where((name,)) for name in GROUPS if source.sets((name,))}
    found |= {key: COMMAND_LINE for text in overrides if (key := text.partition("=")[0].lstrip("+~")) in GROUPS}
    return found


def _chosen_in(text: str, shown: str) -> dict[str, str]:
    """Return the groups of which a file's `defaults:` choose an option."""
    return {
        hit.group(1): f"{shown}:{number}"
        for number, line in enumerate(text.splitlines(), 1)
        if (hit := _CHOICE.search(line)) is not None and hit.group(1) in GROUPS
    }


_CHOICE = re.compile(r"^[^#]*?[-\[{,]\s*[\"']?(?:override\s+)?/?(\w+)[\"']?\s*:")


def located(problem: Problem, main: str, origins: Mapping[str, Origin], chosen: Mapping[str, str]) -> Problem:
    """Name the conf file, the override or the choice that a mistake comes from, where the persona's own files, of which
    `main` is one, don't set it. `chosen` is what `choosers` returns."""
    if not problem.path or problem.path in ("id", "brief"):
        return problem
    keys = problem.path.split(".")
    own: list[str] = []
    for parent in (".".join(keys[:length]) for length in range(len(keys), 0, -1)):
        setters = [at.where for path, at in origins.items() if path == parent or path.startswith(parent + ".")]
        own = [where for where in setters if not where.startswith(_PACKAGED)]
        if setters:
            break
    if not own and problem.where in (main, ""):
        compared = [pattern.split(".") for pattern in compared_with(keys)]
        own = [
            at.where
            for path, at in origins.items()
            if not at.where.startswith(_PACKAGED) and any(fits(one, path.split(".")) for one in compared)
        ]
        groups = dict.fromkeys((keys[0], *(one[0] for one in compared)))
        own += [chosen[name] for name in groups if name in chosen]
        own.sort(key=lambda where: where.startswith("conf/"))  # a persona's own choice is nearer to the mistake
    if COMMAND_LINE in own:
        return problem._replace(where=COMMAND_LINE)
    return problem._replace(where=(own or [main])[0]) if problem.where in (main, "") else problem
