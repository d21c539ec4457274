"""Face packs: which are here, under which licence, and whether those that the personas need are among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from personaforge.doctor.finding import Finding, faulty
from personaforge.errors import PersonaForgeError
from personaforge.faces.packs import Pack
from personaforge.listing import listed
from personaforge.spec.load import Loaded
from personaforge.spec.project import Project
from personaforge.workspace.analyzers import Analyzers

PART: Final = "packs"


def packs(project: Project, loaded: Iterable[Loaded], analyzers: Analyzers) -> list[Finding]:
    """Examine the packs that are found, by sizes, and those that personas need."""
    from personaforge.packs.catalog import read_catalog
    from personaforge.packs.verification import list_packs

    try:
        rows, chosen = list_packs(read_catalog(project))
    except PersonaForgeError as error:
        return faulty(PART, error)
    found = []
    for row in rows:
        for state in row.states[:1]:  # the first one found is what is used
            about = row.built_in.licence if row.built_in is not None else row.known.licence.name if row.known else ""
            licence = f"licence: {about}" if about else "licence: not known to the catalog"
            auto = ", what `auto` is" if isinstance(chosen, Pack) and chosen.folder == state.folder else ""
            facts = {"pack": row.name, "folder": str(state.folder), "licence": about or None}
            if state.sound:
                found.append(Finding(PART, "ok", f"{row.name} in {state.folder}{auto}; {licence}", facts=facts))
            else:
                text = f"{row.name} in {state.folder} is {state.verdict}; {licence}"
                found.append(Finding(PART, "warning", text, state.hint, facts))
    return found + _needed(loaded, analyzers)


def _needed(loaded: Iterable[Loaded], analyzers: Analyzers) -> list[Finding]:
    """Examine which pack measures each persona."""
    lacking: dict[tuple[str, str, str, bool], list[str]] = {}
    for one in loaded:
        settings = one.settings
        name, required = str(settings.value("identity.pack")), bool(settings.value("identity.require_measurement"))
        try:
            analyzer_ref = analyzers.of(settings)
        except PersonaForgeError as error:
            lacking.setdefault((name, error.message, error.hint, required), []).append(settings.id)
            continue
        if analyzer_ref.identity is None:
            lacking.setdefault((name, analyzer_ref.reason, analyzer_ref.hint, required), []).append(settings.id)
        elif analyzer_ref.check_missing:
            check = str(settings.value("identity.check.pack"))
            lacking.setdefault((check, analyzer_ref.check_missing, "", False), []).append(settings.id)
    found = []
    for (name, reason, hint, required), personas in lacking.items():
        who = f"{listed(personas, 4)} {'is' if len(personas) == 1 else 'are'} to be measured with {name}"
        facts = {"pack": name, "personas": personas}
        found.append(Finding(PART, "problem" if required else "warning", f"{who}: {reason}", hint, facts))
    return found
