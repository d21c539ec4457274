"""Whether a text that the index has forgotten would be asked for as its record says, but for forge's own part.

The index says what a node depended on. Where it was lost, the record of the pinned action still says which settings,
templates and texts were read. Pure: it compares a record that was read with what is there now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from personaforge.plan.standing import only_judges
from personaforge.spec.settings import Settings
from personaforge.templating import Templates


def recorded_alike(
    record: Mapping[str, Any], settings: Settings, templates: Templates, roots: Iterable[str], needs: Iterable[str]
) -> bool:
    """Return whether an action's record read what is there now: the settings, but for those that only judge, the
    project's own templates below `roots`, and texts that are among the digests `needs`. False where it says nothing."""
    read = record["sources"]
    if any(settings.get(path) != was for path, was in read["settings"].items() if not only_judges(path)):
        return False
    now = {name: digest for root in roots for name, digest in templates.closure(root).items()}
    if any(templates.is_own(name) and now.get(name) != was for name, was in read["templates"].items()):
        return False
    return bool(read["settings"]) and set(read["needs"].values()) <= set(needs)


def is_packaged_schema(path: str, settings: Settings) -> bool:
    """Return whether a setting is of an output schema that the project has no file of its own for."""
    parts = path.partition(" ")[0].split(".")
    return parts[0] == "schema" and ".".join(parts[:2]) not in settings.written
