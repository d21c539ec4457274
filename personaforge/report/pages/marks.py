"""What a page says before anything else: by which means things were made, who measured, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from personaforge.report.pages.facts import Judged, PersonaFacts, Position

EMBEDDED = "embedded"
"""The label of what forge's own rules and painter made, and the name of the face pack trained on such drawings."""


class Mark(NamedTuple):
    """One statement."""

    tone: Literal["note", "warn", "bad"]
    head: str
    text: str


def marks(facts: PersonaFacts) -> Iterator[Mark]:
    """Yield the statements, those about origin first."""
    places = _places(facts)
    shown = [one.now for one in places if one.now is not None]
    embedded = sum(one.label == EMBEDDED for one in shown)
    packs = sorted({str(one["pack"]) for one in facts.analyzers})
    if embedded:
        yield Mark(
            "note",
            "Made by embedded means",
            f"{embedded} of {len(shown)} pictures and clips were drawn by forge's own painter: no camera, no person "
            "and no hosted model made them.",
        )
    elif EMBEDDED in facts.summary.labels:
        yield Mark("note", "Texts by embedded means", "Forge's own rules wrote texts of this persona; no model did.")
    if EMBEDDED in packs:
        yield Mark(
            "note",
            "Measured by embedded means",
            "The face pack `embedded` was trained on forge's own drawings. Its scores say nothing about photographs.",
        )
    others = [pack for pack in packs if pack != EMBEDDED]
    if embedded and others:
        yield Mark(
            "warn",
            "Drawings, measured by a pack for photographs",
            f"{', '.join(others)} was trained on photographs. Drawn strangers resemble each other far more than "
            "photographed ones, so a high score says little about drawings.",
        )
    yield from _unknown(facts, shown)
    if len(facts.analyzers) > 1:
        yield Mark(
            "warn",
            f"Measured in {len(facts.analyzers)} ways",
            "Scores by different packs, detector sizes or library versions don't compare. "
            "Each picture says who measured it.",
        )
    for standing, text in (
        ("rejected", "failed their gate: the best attempt is shown, and does not ship."),
        ("flagged", "ship with a mark: a person should look at them."),
        ("missing", "are not there."),
    ):
        count = facts.summary.counts[standing]
        if count:
            tone: Literal["warn", "bad"] = "warn" if standing == "flagged" else "bad"
            yield Mark(tone, f"{count} {standing}", f"{count} of {facts.summary.total} pictures and clips {text}")
    for text in facts.notices:
        yield Mark("warn", "Not the present spec" if text.startswith("The spec") else "Unfinished", text)


def _unknown(facts: PersonaFacts, shown: list[Judged]) -> Iterator[Mark]:
    outside = [one for one in shown if one.out_of_domain]
    if outside:
        scored = sum(one.composite is not None for one in outside)
        yield Mark(
            "bad",
            "Out of domain",
            f"{len(outside)} of {len(shown)} pictures and clips are of a kind that the face pack was not made for"
            + (
                f"; {scored} were scored all the same, as the persona asks for."
                if scored
                else ", so they have no score."
            ),
        )
    without = [one for one in shown if one.unmeasured and not one.out_of_domain]
    if without:
        reasons = sorted({one.unmeasured.rstrip(".") for one in without})
        more = f", and {len(reasons) - 2} more reasons" if len(reasons) > 2 else ""
        yield Mark(
            "warn",
            f"{len(without)} unmeasured",
            f"Nobody has checked that these {len(without)} of {len(shown)} show one person: "
            f"{'; '.join(reasons[:2])}{more}.",
        )


def _places(facts: PersonaFacts) -> list[Position]:
    anchor = [facts.anchor] if facts.anchor is not None else []
    sheet = [place for _, places in facts.groups for place in places]
    return [*anchor, *sheet, *(clip.position for clip in facts.clips)]
