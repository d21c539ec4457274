"""Where things are: the project's folders, its persona files, and the conf and templates packaged with forge.

A project is the nearest folder upwards that holds `.forge`, `personas` or `.git`. Persona files lie in `personas/` and
in folders below it; what a command is given names them by id, file, folder or glob. Nothing here reads a spec.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator
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
        """Hydra search path: the project's own conf first, so that it overrides the packaged one by name. Raises
        SpecError when that is a link out of the project."""
        return _own_then_packaged(self.root, "conf")

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Template search path, the project's own first. Raises SpecError when that is a link out of the project."""
        return _own_then_packaged(self.root, "templates")

    def relative(self, path: Path | str) -> str:
        """Return a path as a person would write it from the project's root, or the path itself when outside."""
        text = os.path.realpath(path)
        prefix = str(self.root) + os.sep
        return text[len(prefix) :] if text.startswith(prefix) else str(path)

    @property
    def personas(self) -> Path:
        """Where persona files lie with their locks, in folders as deep as the user likes."""
        return self.root / "personas"

    def persona_files(self) -> list[Path]:
        """Return the persona files in and below `personas/`, sorted, without lock files, hidden ones and those that
        start with `_`. A folder below that is a link out of the project stands for its files: reading it says so.

        Raises SpecError when `personas/` itself is such a link.
        """
        _stays_inside(self.root, "personas")
        return _persona_files(self.personas, self.root)

    def lock_files(self) -> list[Path]:
        """Return the lock files in and below `personas/`, sorted."""
        return _files_below(self.personas, self.root, _is_lock)


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
    """Return the persona files that arguments name: files, folders, ids or globs over any of them; all of the project's
    when empty.

    Raises SpecError that lists every argument which names nothing, with the nearest id, and every id that two files
    have, with both.
    """
    arguments = list(arguments)
    if not arguments:
        files = project.persona_files()
        if not files:
            message = f"no persona file in {project.relative(project.personas)}/"
            hint = "name a file: forge build path/to/persona.yaml"
            if not project.declared:
                message, hint = "no project here", "forge init makes one, and --project DIR names one elsewhere"
            raise SpecError(Problem(str(project.root), "", message, hint))
        return files
    found: dict[Path, None] = {}
    problems: list[Problem] = []
    known: Known | None = None
    for argument in arguments:
        if os.path.isfile(argument):
            if _is_lock(argument) and len(arguments) > 1:
                continue  # from a shell's `personas/*`
            real = os.path.realpath(argument)
            if os.path.abspath(argument).startswith(str(project.root) + os.sep) and not _inside(real, project.root):
                problems.append(Problem(argument, "", f"leads out of the project to {real}"))
            found[Path(real)] = None
            continue
        known = known or Known(project)
        matches = known.matching(argument)
        if not matches:
            problems.append(known.not_found(argument))
        found.update(dict.fromkeys(matches))
    if not problems:
        problems = list(twice(project, found, known))
    if problems:
        raise SpecError(problems)
    return list(found)


class Known:
    """The persona files of a project, by what an argument may say."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.by_id: dict[str, list[Path]] = {}
        """Every file that declares an id; one, where all is well."""
        for path in project.persona_files():
            self.by_id.setdefault(persona_id(path), []).append(path)

    @property
    def files(self) -> list[Path]:
        """All files, sorted."""
        return sorted(path for paths in self.by_id.values() for path in paths)

    def matching(self, argument: str) -> list[Path]:
        """Return the files that an id, a folder or a glob names. Folders and globs count from here, or else from
        `personas/`, where `team/*` is everybody in and below `team`. Raises SpecError for a folder outside."""
        from fnmatch import fnmatchcase

        if argument in self.by_id:
            return self.by_id[argument]
        if not any(char in argument for char in "*?["):
            for folder in (Path(argument), self._project.personas / argument):
                if folder.is_dir():
                    return self._in_folder(argument, Path(os.path.realpath(folder)))
            return []
        named = sorted(glob.glob(argument, recursive=True))
        files = [Path(os.path.realpath(name)) for name in named if _is_persona_file(name) and os.path.isfile(name)]
        for name in named:
            real = os.path.realpath(name)
            if os.path.isdir(name) and real.startswith(str(self._project.personas) + os.sep):
                files += self._in_folder(argument, Path(real))
        if files:
            return list(dict.fromkeys(files))
        ids = [path for name, paths in self.by_id.items() for path in paths if fnmatchcase(name, argument)]
        below = [path for path in self.files if any(fnmatchcase(name, argument) for name in self._names(path))]
        return list(dict.fromkeys([*ids, *below]))

    def not_found(self, argument: str) -> Problem:
        """Return what is wrong with an argument that names nothing, with the nearest name."""
        from difflib import get_close_matches

        from personaforge.spec.names import read_names

        now = read_names(self._project).former.get(argument)
        if now is not None:
            return Problem(argument, "", f"is a former id, {argument} is called {now} now", f"type {now}")
        names = [*self.by_id, *(path.name for path in self.files)]
        close = get_close_matches(argument, names, 1)
        known = ", ".join(sorted(self.by_id)[:8]) or "none here"
        hint = f"did you mean {close[0]}?" if close else f"personas: {known}"
        if not self._project.declared:
            hint = "no project here: forge init makes one, and --project DIR names one elsewhere"
        if os.path.isdir(argument) or (self._project.personas / argument).is_dir():
            return Problem(argument, "", "is a folder without a persona file", hint)
        return Problem(argument, "", "is neither a persona file nor a persona id", hint)

    def _in_folder(self, argument: str, folder: Path) -> list[Path]:
        personas = os.path.realpath(self._project.personas)
        if not _inside(str(folder), self._project.root):
            raise SpecError(Problem(argument, "", f"leads out of the project to {folder}"))
        if _inside(personas, folder):  # such as `.`
            return self.files
        return _persona_files(folder, self._project.root)

    def _names(self, path: Path) -> tuple[str, ...]:
        """Return how a glob may name a file: from `personas/` and from the project's root, with its ending or not."""
        shown = str(path.relative_to(self._project.root))
        inner = str(path.relative_to(self._project.personas))
        return shown, inner, os.path.splitext(shown)[0], os.path.splitext(inner)[0]


def twice(project: Project, chosen: Iterable[Path], known: Known | None = None) -> Iterator[Problem]:
    """Yield the ids of chosen persona files which another file of the project has, too: they would share what is built,
    pinned and recorded."""
    wanted = {os.path.realpath(path) for path in chosen}
    for name, paths in (known or Known(project)).by_id.items():
        if len(paths) > 1 and any(os.path.realpath(path) in wanted for path in paths):
            yield same_id(project, name, paths)


def same_id(project: Project, persona: str, paths: Iterable[Path]) -> Problem:
    """Return what is wrong where several files declare one id: the same of each of them."""
    first, *others = sorted(project.relative(path) for path in paths)
    message = f"{persona!r} is also the id of {', '.join([first, *others[:-1]])}"
    return Problem(others[-1], "id", message, "ids are unique in a project")


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


def _persona_files(folder: Path, root: Path) -> list[Path]:
    return _files_below(folder, root, _is_persona_file, links_out=True)


def _files_below(folder: Path, root: Path, wanted: Callable[[str], bool], *, links_out: bool = False) -> list[Path]:
    """Return the files in and below a folder whose name is wanted, sorted by folder and name. Hidden folders and those
    that start with `_` hold none. Links to folders inside the project are followed, each folder once; those that lead
    out are named themselves, if asked for."""
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
            if not entry.is_dir():
                if wanted(entry.name):
                    found.append(path)
            elif entry.name[0] in "._":
                continue
            elif not entry.is_symlink() or _inside(os.path.realpath(path), root):
                look(path)
            elif links_out:
                found.append(path)

    look(folder)
    return found


def _inside(path: str, root: Path) -> bool:
    return path == str(root) or path.startswith(str(root) + os.sep)


def _is_lock(name: str) -> bool:
    return os.path.basename(name).endswith((".lock.yaml", ".lock.yml"))


def _is_persona_file(name: str) -> bool:
    base = os.path.basename(name)
    return base.endswith((".yaml", ".yml")) and not _is_lock(base) and base[0] not in "._#"


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
