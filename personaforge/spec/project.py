"""Where things are: the project's folders, its persona files, and the conf and templates packaged with forge.

A project is the nearest folder upwards that holds `.forge`, `personas` or `.git`. Persona files lie in `personas/` and
in folders below it; `persona_files` finds those that an argument names. Nothing here reads a spec.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from personaforge.errors import Problem, SpecError
from personaforge.spec.source import open_file

ID_PATTERN = r"^[a-z][a-z0-9-]{1,62}$"
"""A persona's slug: it names folders and nodes, so it can hold neither dots, slashes nor upper case."""

_MARKERS = (".forge", "personas", ".git")
_ID_LINE = re.compile(rb"^id:[ \t]*[\"']?([A-Za-z0-9_.-]+)", re.MULTILINE)


class Project(NamedTuple):
    """The folders of one project. All are absolute and real paths."""

    root: Path

    @property
    def declared(self) -> bool:
        """Whether a marker folder says that this is a project, rather than just the current folder."""
        return any((self.root / marker).exists() for marker in _MARKERS)

    @property
    def repository(self) -> Path:
        """The outermost folder around the project that holds a `.git`, else the project itself: what a pull request can
        change. One that holds the user's home folder too, such as dotfiles under version control, doesn't count."""
        home = os.path.realpath(os.path.expanduser("~"))
        tops = [one for one in (self.root, *self.root.parents) if (one / ".git").exists() and not inside(home, one)]
        return tops[-1] if tops else self.root

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
        """Hydra search path: the project's own conf first, so that it overrides the packaged one by name. Raises
        SpecError when that is a link out of the project."""
        return _own_then_packaged(self.root, "conf")

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Template search path, the project's own first. Raises SpecError when that is a link out of the project."""
        return _own_then_packaged(self.root, "templates")

    def relative(self, path: Path | str) -> str:
        """Return a path relative to the project's root, or the path itself when it is outside."""
        text = os.path.realpath(path)
        prefix = str(self.root) + os.sep
        return text[len(prefix) :] if text.startswith(prefix) else str(path)

    @property
    def personas(self) -> Path:
        """Where persona files lie with their locks, in folders as deep as the user likes."""
        return self.root / "personas"

    def persona_files(self) -> list[Path]:
        """Return the persona files in and below `personas/`, sorted, without lock files, hidden ones and those that
        start with `_`. What only has the name of one is among them (a pipe, links in a circle, a folder without such
        files), and so is a link to a folder outside, in place of its files: reading it raises the error.

        Raises SpecError when `personas/` itself is such a link.
        """
        _stays_inside(self.root, "personas")
        return persona_files_in(self.personas, self.root)

    def lock_files(self) -> list[Path]:
        """Return the lock files in and below `personas/`, sorted."""
        return _files_below(self.personas, self.root, is_lock)


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


def same_id(project: Project, persona: str, paths: Iterable[Path]) -> Problem:
    """Return the problems where several files declare one id: the same problem for each of them."""
    first, *others = sorted(project.relative(path) for path in paths)
    message = f"{persona!r} is also the id of {', '.join([first, *others[:-1]])}"
    return Problem(others[-1], "id", message, "ids are unique in a project")


def persona_id(path: Path) -> str:
    """Return the id a persona file declares, read without parsing YAML; the file's stem when there is none."""
    try:
        with open_file(path, follow=True) as file:
            match = _ID_LINE.search(file.read(64 * 1024))
    except OSError:
        return path.stem
    return match.group(1).decode("ascii") if match else path.stem


def lock_path(persona_file: Path, persona: str) -> Path:
    """Return the lock file of a persona: beside its file, named by its id."""
    return persona_file.parent / f"{persona}.lock.yaml"


def persona_files_in(folder: Path, root: Path) -> list[Path]:
    """Return the persona files in and below a folder, sorted by folder and name."""
    return _files_below(folder, root, is_persona_file, misplaced=True)


def _files_below(folder: Path, root: Path, wanted: Callable[[str], bool], *, misplaced: bool = False) -> list[Path]:
    """Return the files in and below a folder whose name is wanted, sorted by folder and name. Hidden folders and those
    that start with `_` hold none. Links to folders inside the project are followed, each folder once. What is
    `misplaced` is returned itself, if asked for: a link that leads out, and a folder that has a wanted name and holds
    no such file."""
    found: list[Path] = []
    seen: set[str] = set()

    def look(folder: Path) -> None:
        real = os.path.realpath(folder)
        if real in seen:
            return
        seen.add(real)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            path = folder / entry.name
            if not _is_folder(entry):
                if wanted(entry.name):
                    found.append(path)
            elif entry.name[0] in "._":
                continue
            elif not entry.is_symlink() or inside(os.path.realpath(path), root):
                before = len(found)
                look(path)
                if misplaced and len(found) == before and wanted(entry.name):
                    found.append(path)
            elif misplaced:
                found.append(path)

    look(folder)
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links in a circle: whoever reads it says so
        return False


def inside(path: str, root: Path) -> bool:
    """Return whether a real path is a folder or lies in it."""
    return path == str(root) or path.startswith(os.path.join(root, ""))


def leads_through(path: Path | str, root: Path) -> bool:
    """Return whether a folder or a link on the way to where a path ends, or that place itself, lies in a folder, given
    by its real path: whoever can change what is in the folder can then change where the path ends."""
    path = Path(os.path.abspath(path))
    here, ahead = path.anchor, list(path.parts[:0:-1])
    for _ in range(4096):  # links may go in a circle
        if not ahead:
            return False
        name = ahead.pop()
        if name == "..":
            here = os.path.dirname(here)
            continue
        place = os.path.join(here, name)
        if inside(place, root):
            return True
        if os.path.islink(place):
            target = Path(os.readlink(place))
            here = target.anchor or here
            ahead += target.parts[: 0 if target.anchor else None : -1]
        else:
            here = place
    return True


def is_lock(name: str) -> bool:
    """Return whether a file is a lock by its name."""
    return os.path.basename(name).endswith((".lock.yaml", ".lock.yml"))


def is_persona_file(name: str) -> bool:
    """Return whether a file may be a persona by its name."""
    base = os.path.basename(name)
    return base.endswith((".yaml", ".yml")) and not is_lock(base) and base[0] not in "._#"


def _own_then_packaged(root: Path, name: str) -> tuple[Path, ...]:
    own, ours = root / name, packaged(name)
    if not own.is_dir() or os.path.realpath(own) == str(ours):
        return (ours,)
    _stays_inside(root, name)
    return (own, ours)


def _stays_inside(root: Path, name: str) -> None:
    real = os.path.realpath(root / name)
    if not real.startswith(str(root).rstrip(os.sep) + os.sep):
        raise SpecError(Problem(name, "", f"leads out of the project to {real}", "remove the symbolic link"))
