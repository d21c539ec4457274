"""What is there of a persona before its document is written: for people who look at one that is partly built."""

from __future__ import annotations

from typing import Any

import orjson

from personaforge.errors import StoreError
from personaforge.results.results import Results
from personaforge.spec.kinds import Role
from personaforge.spec.settings import Settings
from personaforge.steps.result import entry
from personaforge.steps.text import SECTION, SECTIONS
from personaforge.store.store import Store

PARTLY = "partly built"
_MEDIA: tuple[Role, ...] = ("candidate", "anchor", "picture", "clip", "sound", "finish")


def partial_document(store: Store, settings: Settings) -> dict[str, Any] | None:
    """Return what a document would say as far as it is known: sections, and artifacts as they last resulted; None where
    nothing has been built. An artifact of a text that can't be read is left out."""
    results = Results(store, settings)
    if not list(results):
        return None
    sections: dict[str, Any] = {}
    for result in (*results.by_role("section"), *results.by_role("profile")):
        for name, output in result.outcome.outputs.items():
            try:
                content = orjson.loads(store.blobs.get(output.artifact.digest))
            except (StoreError, orjson.JSONDecodeError):
                continue
            if name == SECTIONS:
                sections.update(content)
            elif name == SECTION:
                sections[str(result.outcome.facts.get("section", result.name))] = content
    shown = sorted((one for role in _MEDIA for one in results.by_role(role)), key=lambda one: one.name)
    facts = [one.outcome.facts for one in results]
    return {
        "id": settings.id,
        "name": sections.get("surface", {}).get("name", settings.id),
        "brief": settings.value("brief"),
        **({"brief_files": settings.value("material.files")} if settings.get("material") else {}),
        "status": PARTLY,
        "labels": sorted({str(one["label"]) for one in facts if "label" in one}),
        "audit_mean": next((one["audit_mean"] for one in facts if "audit_mean" in one), None),
        **{
            name: next(one[name] for one in facts if name in one)
            for name in ("not_judged", "audit_marks", "worth_a_look")
            if any(name in one for one in facts)
        },
        "sections": sections,
        "artifacts": {one.name: entry(one.outcome) for one in shown},
    }
