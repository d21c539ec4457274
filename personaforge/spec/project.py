"""Where things are: the project's folders, its persona files, and the conf and templates packaged with forge.

A project is the nearest folder upwards that holds `.forge`, `personas` or `.git`. Nothing here reads a spec.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from personaforge.errors import Problem, SpecError

ID_PATTERN = r"^[a-z][a-z0-9-]{1,62}$"
"""A persona's slug: it names folders and nodes, so it can hold neither dots, slashes nor upper case."""

_MARKERS = (".forge", "personas", ".git")
_ID_LINE = re.compile(rb"^id:[ \t]*[\"']?([A-Za-z0-9_.-]+)", re.MULTILINE)


class Project(NamedTuple):
    """The folders of one project. All are absolute and real paths."""

    root: Path

    @property
    def declared(self) -> bool:
        """Whether something says that this is a project, rather than just the current folder."""
        return any((self.root / marker).exists() for marker in _MARKERS)

    @property
    def state(self) -> Path:
        """What forge keeps for itself; in .gitignore."""
        return self.root / ".forge"

    @property
    def build(self) -> Path:
        """Where built personas go, a folder each."""
        return self.root / "build"

    @property
    def conf_folders(self) -> tuple[Path, ...]:
        """Hydra search path: the project's own conf first, so that it overrides the packaged one by name."""
        return _own_then_packaged(self.root, "conf")

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Template search path, the project's own first. Raises SpecError when that is a link out of the project."""
        folders = _own_then_packaged(self.root, "templates")
        real = os.path.realpath(folders[0])
        if len(folders) > 1 and not real.startswith(str(self.root) + os.sep):
            raise SpecError(Problem("templates", "", f"leads out of the project to {real}"))
        return folders

    def relative(self, path: Path | str) -> str:
        """Return a path as a person would write it from the project's root, or the path itself when outside."""
        text = os.path.realpath(path)
        prefix = str(self.root) + os.sep
        return text[len(prefix) :] if text.startswith(prefix) else str(path)

    def persona_files(self) -> list[Path]:
        """Return the persona files in `personas/`, sorted, without lock files and files that start with `_`."""
        return _persona_files(self.root / "personas")


def packaged(name: str) -> Path:
    """Return the folder of packaged conf or templates: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def find_project(start: Path | str = ".") -> Project | None:
    """Return the project that a file or folder lies in, or None."""
    folder = Path(os.path.realpath(start))
    if not folder.is_dir():
        folder = folder.parent
    for candidate in (folder, *folder.parents):
        if any((candidate / marker).exists() for marker in _MARKERS):
            return Project(candidate)
    return None


def project_of(personas: Iterable[str], folder: str | None = None) -> Project:
    """Return the project to work in: the given folder, else the one around the current folder, else around the first
    persona file, else the current folder itself."""
    if folder is not None:
        if not os.path.isdir(folder):
            raise SpecError(Problem(folder, "", "is not a folder", "--project DIR"))
        return Project(Path(os.path.realpath(folder)))
    here = find_project()
    if here is not None:
        return here
    for argument in personas:
        if os.path.isfile(argument):
            return find_project(argument) or Project(Path(os.path.realpath(argument)).parent)
    return Project(Path(os.path.realpath(".")))


def resolve_personas(project: Project, arguments: Iterable[str]) -> list[Path]:
    """Return the persona files that arguments name: files, ids or globs over either; all of the project's when empty.

    Raises SpecError that lists every argument which names nothing, with the nearest id.
    """
    arguments = list(arguments)
    if not arguments:
        files = project.persona_files()
        if not files:
            message = f"no persona file in {project.relative(project.root / 'personas')}/"
            raise SpecError(Problem(str(project.root), "", message, "name a file: forge build path/to/persona.yaml"))
        return files
    found: dict[Path, None] = {}
    problems: list[Problem] = []
    by_id: dict[str, Path] | None = None
    for argument in arguments:
        if os.path.isfile(argument):
            real = os.path.realpath(argument)
            inside = str(project.root) + os.sep
            if os.path.abspath(argument).startswith(inside) and not real.startswith(inside):
                problems.append(Problem(argument, "", f"leads out of the project to {real}"))
            found[Path(real)] = None
            continue
        if by_id is None:
            by_id = {persona_id(path): path for path in project.persona_files()}
        matches = _matching(argument, by_id)
        if not matches:
            problems.append(_not_found(project, argument, by_id))
        found.update(dict.fromkeys(matches))
    if problems:
        raise SpecError(problems)
    return list(found)


def persona_id(path: Path) -> str:
    """Return the id a persona file declares, read without parsing YAML; the file's stem when there is none."""
    try:
        with open(path, "rb") as file:
            match = _ID_LINE.search(file.read(64 * 1024))
    except OSError:
        return path.stem
    return match.group(1).decode("ascii") if match else path.stem


def lock_path(persona_file: Path, persona: str) -> Path:
    """Return the lock file of a persona: beside its file, named by its id."""
    return persona_file.parent / f"{persona}.lock.yaml"


def _matching(argument: str, by_id: dict[str, Path]) -> list[Path]:
    if argument in by_id:
        return [by_id[argument]]
    if not any(char in argument for char in "*?["):
        return []
    from fnmatch import fnmatchcase

    files = [Path(os.path.realpath(name)) for name in sorted(glob.glob(argument)) if _is_persona_file(name)]
    return files or [path for name, path in by_id.items() if fnmatchcase(name, argument)]


def _not_found(project: Project, argument: str, by_id: dict[str, Path]) -> Problem:
    from difflib import get_close_matches

    from personaforge.spec.names import read_names

    now = read_names(project).former.get(argument)
    if now is not None:
        return Problem(argument, "", f"is a former id, {argument} is called {now} now", f"type {now}")
    close = get_close_matches(argument, [*by_id, *(path.name for path in by_id.values())], 1)
    known = ", ".join(sorted(by_id)[:8]) or "none here"
    hint = f"did you mean {close[0]}?" if close else f"personas: {known}"
    return Problem(argument, "", "is neither a persona file nor a persona id", hint)


def _persona_files(folder: Path) -> list[Path]:
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in names if _is_persona_file(name)]


def _is_persona_file(name: str) -> bool:
    base = os.path.basename(name)
    return base.endswith((".yaml", ".yml")) and not base.endswith((".lock.yaml", ".lock.yml")) and base[0] not in "._"


def _own_then_packaged(root: Path, name: str) -> tuple[Path, ...]:
    own, ours = root / name, packaged(name)
    if not own.is_dir() or os.path.realpath(own) == str(ours):
        return (ours,)
    return (own, ours)
