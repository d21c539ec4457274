"""What a page says before anything else: what made the pictures, what measured them, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from personaforge.domains import DRAWINGS
from personaforge.faces.packs import declared_of
from personaforge.listing import and_more
from personaforge.packs.terms import by_use
from personaforge.providers.table import labels
from personaforge.report.pages.facts import Judged, PersonaFacts, Position


class Mark(NamedTuple):
    """One statement."""

    tone: Literal["note", "warn", "bad"]
    head: str
    text: str


def marks(facts: PersonaFacts) -> Iterator[Mark]:
    """Yield the statements, those about origin first."""
    places = _places(facts)
    shown = [one.now for one in places if one.now is not None]
    by_painters = labels(lambda fixed: fixed.domain == DRAWINGS.name)
    drawn = [one.label for one in shown if one.label in by_painters]
    written = labels(lambda fixed: fixed.modality == "text" and not fixed.mends) & set(facts.summary.labels)
    packs = sorted({str(one["pack"]) for one in facts.analyzers})
    ours = [pack for pack in packs if declared_of(pack).domain == DRAWINGS.name]
    if drawn:
        yield Mark(
            "note",
            f"Made by {_listed(drawn)} means",
            f"{len(drawn)} of {len(shown)} pictures and clips were drawn by forge's own painter: no camera, no person "
            "and no hosted model made them.",
        )
    elif written:
        head = f"Texts by {_listed(written)} means"
        yield Mark("note", head, "Forge's own rules wrote texts of this persona; no model did.")
    for pack in ours:
        yield Mark(
            "note",
            f"Measured by {pack} means",
            f"The face pack `{pack}` was trained on forge's own drawings. Its scores say nothing about photographs.",
        )
    others = [pack for pack in packs if pack not in ours]
    if drawn and others:
        yield Mark(
            "warn",
            "Drawings, measured by a pack for photographs",
            f"{', '.join(others)} was trained on photographs. Drawn strangers resemble each other far more than "
            "photographed ones, so a high score says little about drawings.",
        )
    yield from _licences(facts)
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
        yield _notice(text, facts.overruled)


def _notice(text: str, overruled: str) -> Mark:
    """Return a notice as a statement, under what it is about."""
    if text == overruled:
        return Mark("bad", "Overruled by the pinned anchor", text)
    return Mark("warn", "Not the present spec" if text.startswith("The spec") else "Unfinished", text)


def _licences(facts: PersonaFacts) -> Iterator[Mark]:
    """Yield what the licences of the models in force don't cover, and what nobody knows of them."""
    commercial = facts.licence_use == "commercial"
    for use, group in by_use(facts.terms).items():
        which = "; ".join(map(str, group))
        if use == "research" and commercial:
            text = f"The project's pictures are for commercial use, and these models are not: {which}."
            yield Mark("bad", "Measured by models for research only", text)
        elif use == "research":
            yield Mark("note", "Measured by models for research only", f"{which}.")
        elif use == "unknown" and commercial:
            yield Mark("warn", "Measured by models whose licence is not known", f"{which}.")


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
        more = f",{and_more(len(reasons) - 2, 'reasons')}" if len(reasons) > 2 else ""
        yield Mark(
            "warn",
            f"{len(without)} unmeasured",
            f"Nobody has checked that these {len(without)} of {len(shown)} show one person: "
            f"{'; '.join(reasons[:2])}{more}.",
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))


def _places(facts: PersonaFacts) -> list[Position]:
    anchor = [facts.anchor] if facts.anchor is not None else []
    sheet = [place for _, places in facts.groups for place in places]
    return [*anchor, *sheet, *(clip.position for clip in facts.clips)]
