"""What a persona's brief, pins and document say of a look that its image provider is known not to draw: said by plan,
build, show and page, so that nobody looks for it in the pictures. Hosted providers say nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.errors import SpecError
from personaforge.plan.plan import WORKING, Plan
from personaforge.providers.table import capability, undrawn
from personaforge.spec.load import Loaded
from personaforge.spec.material import material_of
from personaforge.spec.settings import Settings
from personaforge.store.store import Store
from personaforge.workspace.briefs import drafted

_SAID = ("thing", "mark")
"""Facts of a brief that may be drawn."""


def not_drawn(store: Store, settings: Settings, ahead: Mapping[str, Any] | None = None) -> list[str]:
    """Return what isn't drawn, in plain English, each once; empty for a provider that says nothing of it. `ahead` are
    the sections that a build would draft; without them those are looked at that were drafted last."""
    try:
        lacks = undrawn(settings.value("image.provider"))
    except (SpecError, KeyError):  # validate says what is wrong
        return []
    if lacks is None:
        return []
    from personaforge.brief.reading import read_brief  # most plans draw nothing

    dna = (ahead or drafted(store, settings)).get("dna") or settings.value("pinned").get("dna") or {}
    texts = [str(settings.value("brief")), *(one.text for one in material_of(settings))]
    facts = [str(fact.value) for text in texts for fact in read_brief(text).facts if fact.kind in _SAID]
    return list(dict.fromkeys(lacks(dna if isinstance(dna, Mapping) else {}, *facts)))


def undrawn_text(store: Store, settings: Settings, ahead: Mapping[str, Any] | None = None) -> str:
    """Return in one line what isn't drawn; empty where nothing is known of it."""
    found = not_drawn(store, settings, ahead)
    label = capability("image", settings.value("image.provider")).label if found else ""
    return f"{settings.id}: not drawn by the {label} painter: {', '.join(found)}" if found else ""


def undrawn_notices(store: Store, plan: Plan) -> Iterator[str]:
    """Yield what a plan says of pictures that are to be drawn."""
    for one in plan.personas:
        if any(node.state in WORKING and node.shape.kind.modality == "image" for node in one.nodes.values()):
            from personaforge.workspace.forecast import forecast_in

            ahead = forecast_in(store, plan, one)
            yield from filter(None, (undrawn_text(store, one.loaded.settings, ahead.sections if ahead else None),))


def undrawn_outcomes(store: Store, loaded: Sequence[Loaded]) -> Iterator[str]:
    """Yield what a build says of the pictures that it drew."""
    yield from filter(None, (undrawn_text(store, one.settings) for one in loaded))
