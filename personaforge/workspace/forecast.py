"""What would become of a brief before anything is drafted from it, where the writer is free and repeats itself: the
embedded one. What a build drafts and revises is drafted here in memory, and compared with the brief. Where somebody
else has a say (a hosted second reader, sections that stay), it is only said what may be lost.

A build that would keep less of a brief than `text.min_coverage` is refused: the embedded writer reads words by lists,
and of what they don't have it makes somebody else. What was drafted before stays, whatever it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from personaforge.brief.fate import LOST, MAY_BE, UNREAD, WOULD_BE, Account, account, listed_words
from personaforge.errors import PersonaForgeError
from personaforge.plan.look import shown_now
from personaforge.plan.plan import PersonaPlan, Plan
from personaforge.spec.material import material_of
from personaforge.spec.settings import Settings
from personaforge.steps.look import Look, as_document
from personaforge.store.lockfile import LockFile
from personaforge.store.store import Store
from personaforge.workspace.drafting import drafted_ahead

MIN_COVERAGE = "text.min_coverage"
ALLOWED = f"++{MIN_COVERAGE}=0"
"""The override by which `--allow-unread` builds whatever is kept."""


WAY_OUT = "--allow-unread builds it all the same, text=litellm has a model read it, forge brief lists the parts"


class TooLittleRead(PersonaForgeError):
    """Less of a brief would be kept than the settings ask for."""

    exit_code = 1


class Forecast(NamedTuple):
    """What would become of a brief."""

    account: Account
    sections: Mapping[str, Any]
    """As the document would have them."""
    sure: bool
    """Whether a build ends with just these sections; otherwise somebody else may change them."""

    @property
    def verb(self) -> str:
        """What is said of what is lost here: that it would be, or only that it may be."""
        return WOULD_BE if self.sure else MAY_BE


def forecast(settings: Settings, lock: LockFile, shown: Look | None = None, *, anew: bool = True) -> Forecast | None:
    """Return what would become of a brief; None where a drafter is paid or never answers the same twice, or can't draft
    its section. `shown` is what the pinned anchor shows, `anew` whether a build drafts every section. Raises StoreError
    for a lock that can't be read."""
    drafted = drafted_ahead(settings, lock)
    if drafted is None:
        return None
    sections, pinned = as_document(drafted.sections, settings.value("pinned"), shown or {})
    # A section "audit" says that all is drafted: what belongs to a section that no step drafts is lost.
    found = account(
        str(settings.value("brief")), pinned, {**sections, "audit": {}}, material_of(settings), drafted.summary
    )
    return Forecast(found, sections, drafted.whole and anew)


def forecast_of(one: PersonaPlan, shown: Look | None = None) -> Forecast | None:
    """Return what a plan would make of a brief. It is sure only where the plan drafts all, and no further take."""
    texts = [node for node in one.nodes.values() if node.shape.kind.role in ("summary", "section", "review")]
    forced = any(reason.code == "forced" for node in texts for reason in node.reasons)
    anew = all(node.state in ("run", "maybe") and not node.returns for node in texts) and not forced
    return forecast(one.loaded.settings, one.lock, shown, anew=anew)


def forecast_in(store: Store, plan: Plan, one: PersonaPlan) -> Forecast | None:
    """Return the same by what the pinned anchor shows, unless the plan makes a new face; None where the plan doesn't
    draft anew."""
    if not drafts_anew(one):
        return None
    stays = not any(node.id in plan.selection.repinned for node in one.nodes.values())
    return forecast_of(one, shown_now(store, one.loaded.settings, one.lock) if stays else {})


def drafts_anew(one: PersonaPlan) -> bool:
    """Return whether a build would draft a section that it doesn't only make again as it was."""
    return any(
        node.state == "run" and node.shape.kind.role == "section" and not node.returns for node in one.nodes.values()
    )


def shortfall(settings: Settings, ahead: Forecast | None) -> str:
    """Return in one line that less of a brief would be kept than the settings ask for; empty where it isn't so."""
    least = settings.value(MIN_COVERAGE)
    found = ahead.account if ahead is not None else None
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
            said = shortfall(one.loaded.settings, forecast_of(one))
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
