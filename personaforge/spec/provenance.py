"""Where each composed value came from, as rows: path, value, file and line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personaforge.leaves import leaves
from personaforge.spec.bodies import read_persona
from personaforge.spec.compose import Composer
from personaforge.spec.load import Loaded
from personaforge.spec.project import Project


def config_rows(project: Project, loaded: Loaded, overrides: Sequence[str]) -> list[dict[str, Any]]:
    """Return every composed value of a persona with its origin, in the order of the groups."""
    origins = Composer(project).origins(read_persona(project, loaded.file), overrides)
    rows = []
    for path, value in leaves(loaded.settings.as_dict()).items():
        origin = origins.get(path)
        if origin is None:  # a list or mapping that a file gives as a whole, or a model's own default
            parents = [".".join(path.split(".")[:length]) for length in range(path.count("."), 0, -1)]
            origin = next((origins[parent] for parent in parents if parent in origins), None)
        rows.append({"path": path, "value": value, "where": origin.where if origin is not None else "default"})
    return rows
