"""Where a setting is declared: the persona's file and line, or the project's conf. For what points at a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from personaforge.spec.load import Loaded
from personaforge.spec.project import Project

if TYPE_CHECKING:
    from personaforge.spec.compose import Composer, Origin
    from personaforge.spec.overlay import PersonaSources


class Places:
    """Finds declarations. What a conf file declares is known only by composing again, once for each persona that needs
    it."""

    def __init__(self, project: Project, overrides: Sequence[str] = ()) -> None:
        self._project = project
        self._overrides = overrides
        self._sources: dict[str, PersonaSources] = {}
        self._origins: dict[str, Mapping[str, Origin]] = {}
        self._composer: Composer | None = None

    def of(self, loaded: Loaded, path: str) -> tuple[str, int | None]:
        """Return (file, line) of a dotted path. Where it is not written down in the project, the persona's file without
        a line. Files are relative to the project."""
        from personaforge.spec.bodies import read_persona

        persona = loaded.settings.id
        if persona not in self._sources:
            self._sources[persona] = read_persona(self._project, loaded.file, [])
        sources = self._sources[persona]
        keys = tuple(path.split("."))
        for source in reversed(sources.files):
            if source.sets(keys):
                return source.shown, source.lines.get(keys)
        if len(self._project.conf_folders) > 1:
            origins = self._origins_of(persona, sources)
            for name, origin in origins.items():
                own = not origin.where.startswith(("packaged ", "command line"))
                if own and (name == path or name.startswith(path + ".")):
                    file, _, line = origin.where.rpartition(":")
                    return (file, int(line)) if file and line.isdigit() else (origin.where, None)
        return sources.main.shown, None

    def where(self, loaded: Loaded, path: str) -> str:
        """Return the file and line in which a mistake at a path is to be corrected: what sets it, or chose what does;
        else the persona's file. Never a packaged one."""
        from personaforge.errors import Problem
        from personaforge.spec.location import choosers, located

        file, line = self.of(loaded, path)
        if line is not None:
            return f"{file}:{line}"
        sources = self._sources[loaded.settings.id]
        main, chosen = sources.main.shown, choosers(self._project, sources, self._overrides)
        return located(Problem(main, path, ""), main, self._origins_of(loaded.settings.id, sources), chosen).where

    def _origins_of(self, persona: str, sources: PersonaSources) -> Mapping[str, Origin]:
        from personaforge.spec.compose import Composer

        if self._composer is None:
            self._composer = Composer(self._project)
        if persona not in self._origins:
            self._origins[persona] = self._composer.origins(sources, self._overrides)
        return self._origins[persona]
