"""The persona files that a command's arguments name: by id, file, folder or glob."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from personaforge.errors import Problem, SpecError
from personaforge.spec.names import read_names
from personaforge.spec.project import Project, inside, is_lock, is_persona_file, persona_files_in, persona_id, same_id


def resolve_personas(project: Project, arguments: Iterable[str]) -> list[Path]:
    """Return the persona files that arguments name: files, folders, ids or globs over any of them; all of the project's
    when empty. Paths count from here, or else from the project's folder.

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
        if not argument:  # a shell's unset variable: it would be this folder, and so everybody
            problems.append(Problem("''", "", "names no persona", "leave it out for all personas of the project"))
            continue
        if not os.path.isfile(argument) and os.path.isfile(project.root / argument):
            argument = str(project.root / argument)
        if os.path.isfile(argument):
            if is_lock(argument) and len(arguments) > 1:
                continue  # from a shell's `personas/*`
            real = os.path.realpath(argument)
            if os.path.abspath(argument).startswith(str(project.root) + os.sep) and not inside(real, project.root):
                problems.append(Problem(argument, "", f"leads out of the project to {real}"))
            found[Path(real)] = None
            continue
        known = known or Known(project)
        matches = known.matching(argument)
        if not matches:
            problems.append(known.not_found(argument))
        found.update(dict.fromkeys(matches))
    if not problems:
        problems = list(duplicate_ids(project, found, known))
    if problems:
        raise SpecError(problems)
    return list(found)


class Known:
    """The persona files of a project, found by what an argument may name."""

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
        `personas/`, where `team/*` is everybody in and below `team`, and the project's folder. Raises SpecError for a
        folder outside."""
        from fnmatch import fnmatchcase

        if argument in self.by_id:
            return self.by_id[argument]
        # No file, or it was found before: a pipe, links in a circle, ... Reading it says what it is.
        named_so = {os.path.realpath(path.parent): path for path in self.files if path.name == Path(argument).name}
        for typed in (Path(argument), self._project.root / argument):
            if (odd := named_so.get(os.path.realpath(typed.parent))) is not None:
                return [odd]
        if not any(char in argument for char in "*?["):
            given = (Path(argument), self._project.personas / argument, self._project.root / argument)
            folders = [Path(os.path.realpath(folder)) for folder in given if folder.is_dir()]
            within = [folder for folder in folders if inside(str(folder), self._project.root)]
            for folder in within or folders:
                return self._in_folder(argument, folder)
            return []
        named = sorted(glob.glob(argument, recursive=True))
        files = [Path(os.path.realpath(name)) for name in named if is_persona_file(name) and os.path.isfile(name)]
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

        now = read_names(self._project).former.get(argument)
        if now is not None:
            return Problem(argument, "", f"is a former id, {argument} is called {now} now", f"type {now}")
        names = [*self.by_id, *(self._project.relative(path) for path in self.files)]
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
        if not inside(str(folder), self._project.root):
            raise SpecError(Problem(argument, "", f"leads out of the project to {folder}"))
        if inside(personas, folder):  # such as `.`
            return self.files
        return persona_files_in(folder, self._project.root)

    def _names(self, path: Path) -> tuple[str, ...]:
        """Return how a glob may name a file: from `personas/` and from the project's root, with its ending or not."""
        shown = str(path.relative_to(self._project.root))
        inner = str(path.relative_to(self._project.personas))
        return shown, inner, os.path.splitext(shown)[0], os.path.splitext(inner)[0]


def duplicate_ids(project: Project, chosen: Iterable[Path], known: Known | None = None) -> Iterator[Problem]:
    """Yield the ids of chosen persona files which another file of the project has, too: they would share what is built,
    pinned and recorded."""
    wanted = {os.path.realpath(path) for path in chosen}
    for name, paths in (known or Known(project)).by_id.items():
        if len(paths) > 1 and any(os.path.realpath(path) in wanted for path in paths):
            yield same_id(project, name, paths)
