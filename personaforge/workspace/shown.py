"""A persona's document for people who look at it: also of one that is partly built."""

from __future__ import annotations

from typing import Any

from personaforge.errors import PlanError
from personaforge.results.partial import partial_document
from personaforge.results.results import DOCUMENT
from personaforge.spec.kinds import kind_named
from personaforge.spec.load import Loaded
from personaforge.workspace.workspace import Workspace


def built_document(space: Workspace, loaded: Loaded) -> dict[str, Any]:
    """Return the document of a persona as it was last built, or what is there of one that is partly built, whose status
    says so. Raises PlanError where there is nothing, or the pipeline writes no document, and StoreError."""
    try:
        return space.document(loaded)
    except PlanError:
        steps = loaded.settings.value("pipeline.steps").values()
        writes = any(kind_named(step["kind"]).role == DOCUMENT for step in steps)
        found = partial_document(space.store, loaded.settings) if writes else None
        if found is None:
            raise
        return found
