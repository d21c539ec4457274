"""What would become of a brief before anything is drafted from it, where the writer is free and repeats itself: the
embedded one. It is asked here, in memory, and what it drafts is compared with the brief; a build drafts anew, with
seeds of its own, so that a fact which is kept by chance alone may differ.

A build that would keep less of a brief than `text.min_coverage` is refused: the embedded writer reads words by lists,
and of what they don't have it makes somebody else. What was drafted before stays, whatever it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from personaforge.brief.fate import LOST, UNREAD, Account, account, listed_words
from personaforge.brief.told import told_facts
from personaforge.errors import PersonaForgeError
from personaforge.plan.plan import PersonaPlan, Plan
from personaforge.providers.protocols import Reply, Request
from personaforge.providers.table import Options, capability, provider
from personaforge.spec.kinds import kind_named
from personaforge.spec.settings import Settings

MIN_COVERAGE = "text.min_coverage"
ALLOWED = f"++{MIN_COVERAGE}=0"
"""The override by which `--allow-unread` builds whatever is kept."""


WAY_OUT = "--allow-unread builds it all the same, text=litellm has a model read it, forge brief lists the parts"


class TooLittleRead(PersonaForgeError):
    """Less of a brief would be kept than the settings ask for."""

    exit_code = 1


def forecast(settings: Settings) -> Account | None:
    """Return what would become of a brief; None where a step's writer is paid or never answers the same twice, or can't
    draft its section."""
    steps: Mapping[str, Mapping[str, Any]] = settings.value("pipeline.steps")
    brief, pinned = str(settings.value("brief")), settings.value("pinned")
    sections: dict[str, Any] = {}
    for name, step in steps.items():
        if kind_named(step["kind"]).role != "section":
            continue
        entry = capability("text", step["provider"])
        if entry.paid or not entry.deterministic or not entry.immediate or "facts" not in entry.reads:
            return None
        fields = {
            "section": step["section"],
            "schema": settings.value(f"schema.{step['schema']}"),
            "seed": 0,
            "facts": told_facts(brief),
            "context": {
                "brief": brief,
                "pinned": pinned.get(step["section"], {}),
                "sections": {steps[one]["section"]: sections[steps[one]["section"]] for one in _before(steps, name)},
                "findings": [],
                "fashion": {"contexts": settings.value("fashion.contexts")},
            },
        }
        try:
            reply = provider("text", step["provider"], Options()).submit(Request("complete", step["model"], fields))
        except PersonaForgeError:  # the build says what is wrong, where it belongs
            return None
        sections[step["section"]] = orjson.loads(reply.text) if isinstance(reply, Reply) else {}
    # A section "audit" says that all is drafted: what belongs to a section that no step drafts is lost.
    return account(brief, pinned, {**sections, "audit": {}}) if sections else None


def _before(steps: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    return [one for one in steps[name].get("needs", ()) if kind_named(steps[one]["kind"]).role == "section"]


def drafts_anew(one: PersonaPlan) -> bool:
    """Return whether a build would draft a section that it doesn't only make again as it was."""
    return any(
        node.state == "run" and node.shape.kind.role == "section" and not node.returns for node in one.nodes.values()
    )


def shortfall(settings: Settings, found: Account | None) -> str:
    """Return in one line that less of a brief would be kept than the settings ask for; empty where it isn't so."""
    least = settings.value(MIN_COVERAGE)
    if least is None or found is None or found.coverage is None or found.coverage >= least:
        return ""
    kept = round(found.coverage * len(found.rows))
    words = listed_words(row.words for row in found.rows if row.fate in (LOST, UNREAD))
    return (
        f"{settings.id}: the embedded writer would keep {kept} of the {len(found.rows)} parts of its brief "
        f"(coverage {found.coverage:.2f}; {MIN_COVERAGE} is {least:g}); not kept: {words}"
    )


def shortfalls(plan: Plan) -> Iterator[tuple[PersonaPlan, str]]:
    """Yield the personas of a plan of whose briefs a build would keep too little, with a line that says so."""
    for one in plan.personas:
        if one.loaded.settings.value(MIN_COVERAGE) and drafts_anew(one):
            said = shortfall(one.loaded.settings, forecast(one.loaded.settings))
            if said:
                yield one, said


def require_read(plan: Plan) -> None:
    """Raise TooLittleRead where a build would keep too little of a brief."""
    lines = [said for _, said in shortfalls(plan)]
    if lines:
        raise TooLittleRead.of_lines(lines, hint=f"nothing was built; {WAY_OUT}")


def without_unread(plan: Plan) -> tuple[Plan, list[str]]:
    """Return a plan without the personas of whose briefs a build would keep too little, and a line for each of them."""
    found = {one.id: said for one, said in shortfalls(plan)}
    return replace(plan, personas=[one for one in plan.personas if one.id not in found]), list(found.values())
