"""The matrix step: dresses every position, utility image and motion from the persona's taste. No model call.

Each asks for a rank; the persona's fashion contexts are ranked by `lifestyle.fashion_sense`, best liked first, equals
in declared order. The result is what prompts say and the embedded painter draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.steps.action import Procedure
from personaforge.steps.context import Context, pretty_json
from personaforge.steps.outputs import write
from personaforge.steps.text import sections_of

WARDROBES = "wardrobes"
"""Name of the output: {slot: {context, style, garments, accessories, garment, pattern, palette}}."""


def matrix(context: Context) -> Procedure:
    """Dress every slot."""
    settings = context.settings
    contexts: Mapping[str, Any] = settings["fashion.contexts"]
    lifestyle = sections_of(context).get("lifestyle", {})
    ranked = ranked_contexts(contexts, lifestyle.get("fashion_sense", {}))
    slots: dict[str, int] = {}
    for path in ("matrix.positions", "matrix.references", "matrix.utility", "motion.types"):
        slots.update({slot: entry["wardrobe"] for slot, entry in settings[path].items()})
    wardrobes = {
        slot: {"context": ranked[rank - 1], **contexts[ranked[rank - 1]]} for slot, rank in sorted(slots.items())
    }
    return (yield from write(context, WARDROBES, "layers/wardrobes.json", pretty_json(wardrobes), "application/json"))


def ranked_contexts(contexts: Mapping[str, Any], liking: Mapping[str, float]) -> list[str]:
    """Return the names of fashion contexts, best liked first; unknown likings count as 0, equals stay in order."""
    return sorted(contexts, key=lambda name: -float(liking.get(name, 0.0)))
