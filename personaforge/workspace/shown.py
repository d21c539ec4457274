"""A persona's document for people who look at it: also of one that is partly built."""

from __future__ import annotations

from typing import Any

from personaforge.errors import PlanError
from personaforge.results.partial import partial_document
from personaforge.results.results import DOCUMENT, Results
from personaforge.spec.kinds import kind_named
from personaforge.spec.load import Loaded
from personaforge.workspace.workspace import Workspace

_DECIDED = ("probability", "probability_low", "probability_high", "no_probability")
"""Of a score, what a document leaves out."""


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


def with_decisions(space: Workspace, loaded: Loaded, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose artifacts say what was decided about them by which number: P(same) with its interval and
    the bound of then, or why it was the composite. What is shown of results that are not the document's is left out."""
    results, artifacts = Results(space.store, loaded.settings), dict(document["artifacts"])
    for name, entry in artifacts.items():
        found = results.get(name)
        if found is None or entry.get("sha256") not in {one.artifact.digest for one in found.outcome.outputs.values()}:
            continue
        facts, under = found.outcome.facts, found.outcome.under
        more = {key: facts[key] for key in _DECIDED if key in facts}
        if "probability" in facts and under.get("calibration"):
            more.update(accepted_from=under.get("accept"), calibration=under["calibration"])
        artifacts[name] = {**entry, **more}
    return {**document, "artifacts": artifacts}
