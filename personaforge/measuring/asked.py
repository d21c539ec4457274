"""What was asked of pictures and clips that `forge eval` measures: of a persona's built ones by their positions, and of
any others what the caller says.

A command changes no decision by it: what was asked is compared, shown, and kept with the evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from personaforge.errors import PersonaForgeError
from personaforge.identity.expression import Seen, wanted_of
from personaforge.identity.people import Judged
from personaforge.identity.shape import Told
from personaforge.providers.table import capability
from personaforge.results.results import Results
from personaforge.spec.kinds import framing_of
from personaforge.spec.settings import Settings
from personaforge.steps.delivered import (
    NOTHING_ASKED,
    Asked,
    Asking,
    Delivered,
    asked_for_clip,
    asked_for_picture,
    compared,
)
from personaforge.steps.expression import seen_in, untold
from personaforge.store.store import Store

MOST_PIXELS = 65_536
"""Of a side: more than any picture has that forge reads."""


class Wanted(NamedTuple):
    """What the caller says was asked of every picture and clip."""

    size: tuple[int, int] | None = None
    """Width and height in pixels."""
    expression: str = ""
    """In the words of `delivered.expression.asks`; of pictures alone."""

    def of(self, known: Asked | None, *, is_clip: bool) -> Asked | None:
        """Return what was asked, where `known` is what the persona's settings say of it."""
        if self.size is None and not (self.expression and not is_clip):
            return known
        found = known or Asked(None, of_clip=is_clip)
        if self.size is not None:
            found = replace(found, told=Told(*self.size, True))
        return replace(found, expression=self.expression) if self.expression and not is_clip else found


def wanted(settings: Settings, size: tuple[int, int] | None, expression: str | None) -> Wanted:
    """Return what the caller says was asked. Raises PersonaForgeError for a side outside 1 to 65,536 pixels, and for
    words that `delivered.expression.asks` doesn't have."""
    if size is not None and not all(1 <= side <= MOST_PIXELS for side in size):
        found = "x".join(map(str, size))
        raise PersonaForgeError(f"the size that was asked for is {found}, expected sides of 1 to {MOST_PIXELS} pixels")
    bounds = settings.value("delivered")["expression"]
    if expression is not None and not wanted_of(expression, bounds):
        known = ", ".join(sorted(bounds["asks"]))
        raise PersonaForgeError(
            f"{expression!r} is no expression that asks for anything, expected one of: {known}",
            hint=_one_alone(expression, bounds["asks"])
            or "delivered.expression.asks says what words ask for; add yours there",
        )
    return Wanted(size, expression or "")


def _one_alone(words: str, asks: Iterable[str]) -> str:
    """Say that one expression is taken at a time, where several were given; else empty."""
    parts = [" ".join(part.split()).casefold() for part in words.split(",")]
    if len(parts) > 1 and set(parts) <= {one.casefold() for one in asks}:
        return (
            f"one at a time: --expression '{parts[0]}'; what asks for several things is an entry of its own in "
            "delivered.expression.asks"
        )
    return ""


def asked_of_built(store: Store, settings: Settings) -> dict[str, Asked]:
    """Return what was asked of a persona's built pictures and clips, by digest, as the settings say now."""
    found: dict[str, Asked] = {}
    results, steps = Results(store, settings), settings.value("pipeline.steps")
    for result in (*results.by_role("picture"), *results.by_role("clip")):
        step, _, slot = result.name.partition("/")
        framing = framing_of(settings, steps.get(step, {}), slot)
        if not framing:
            continue
        asking = Asking(settings.get, capability, step, str(steps[step]["kind"]))
        make = asked_for_picture if "expression" in framing else asked_for_clip
        for output in result.outcome.outputs.values():
            found.setdefault(output.artifact.digest, make(asking, framing, result.outcome.facts))
    return found


def delivered(
    asked: Asked | None,
    whole: Mapping[str, Any],
    face: Judged | None,
    anchor: Mapping[str, Any],
    settings: Settings,
    analyzer: Mapping[str, str],
    expressions: Callable[[], Mapping[str, Any]],
) -> Delivered:
    """Compare a measured picture or clip with what was asked of it; `face` is a picture's judged one.

    `whole` is its measurement, `expressions` returns the record of those of its faces.
    """
    if asked is None:
        return NOTHING_ASKED
    bounds = settings.value("delivered")
    measured: Mapping[str, Any] = whole
    seen: Seen | None = None
    if face is not None:
        size = {name: one for name, one in whole.items() if name in ("width", "height", "faces")}
        measured = {**face.measurement, **size}
        if measured["status"] == "measured" and wanted_of(asked.expression, bounds["expression"]):
            why = untold(analyzer, face.measurement)
            seen = seen_in(expressions(), face.index) if why is None else Seen(None, why)
    return compared(asked, measured, anchor, seen, bounds, analyzer)
