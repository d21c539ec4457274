"""Face packs: which are here, under which licence, and whether those that the personas need are among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from personaforge.doctor.finding import Finding, Level, faulty
from personaforge.errors import PersonaForgeError
from personaforge.faces.packs import Pack
from personaforge.listing import listed
from personaforge.packs.terms import Terms, by_use
from personaforge.spec.licence_use import licence_use
from personaforge.spec.load import Loaded
from personaforge.spec.project import Project
from personaforge.workspace.analyzers import Analyzers

if TYPE_CHECKING:
    from personaforge.packs.verification import Listed

PART: Final = "packs"
_USES: Final = {"commercial": "; any use", "research": "; research only"}


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
            about, use = _licence(row)
            licence = f"licence: {about}{_USES.get(use or '', '')}" if about else "licence: not known to the catalog"
            licence += "".join(f"; {terms}" for terms in row.terms)
            auto = ", what `auto` is" if isinstance(chosen, Pack) and chosen.folder == state.folder else ""
            facts = {"pack": row.name, "folder": str(state.folder), "licence": about or None, "use": use}
            if state.sound:
                found.append(Finding(PART, "ok", f"{row.name} in {state.folder}{auto}; {licence}", facts=facts))
            else:
                text = f"{row.name} in {state.folder} is {state.verdict}; {licence}"
                found.append(Finding(PART, "warning", text, state.hint, facts))
    people = list(loaded)
    return found + _needed(people, analyzers) + _licensed(project, people, analyzers)


def _licence(row: Listed) -> tuple[str, str | None]:
    """Return a pack's licence and whom it binds, as far as anybody says."""
    if row.built_in is not None:
        return row.built_in.licence, "commercial" if row.built_in.commercial else None
    return (row.known.licence.name, row.known.licence.use) if row.known is not None else ("", None)


def _licensed(project: Project, loaded: Iterable[Loaded], analyzers: Analyzers) -> list[Finding]:
    """Examine whether the licences of the models that measure cover what the project's pictures are for."""
    from personaforge.workspace.licences import HINT, terms_in_force

    try:
        wanted = licence_use(project)
    except PersonaForgeError as error:
        return faulty(PART, error)
    measured: dict[Terms, list[str]] = {}
    for one in loaded:
        try:
            found = terms_in_force(analyzers, one.settings)
        except PersonaForgeError:
            continue  # `_needed` tells why nothing measures
        for terms in found:
            measured.setdefault(terms, []).append(one.settings.id)
    findings = []
    for use, group in by_use(measured).items():
        personas = list(dict.fromkeys(name for terms in group for name in measured[terms]))
        facts = {"use": use, "licence_use": wanted, "personas": personas, "models": [one.as_json() for one in group]}
        who, what = listed(personas, 4), "; ".join(map(str, group))
        if use == "commercial":
            findings.append(Finding(PART, "ok", f"what measures {who} may be used commercially", facts=facts))
        elif use == "unknown":
            level: Level = "warning" if wanted == "commercial" else "ok"
            text = f"it isn't known under which licence these measure {who}: {what}"
            findings.append(Finding(PART, level, text, facts=facts))
        elif wanted == "commercial":
            text = f"licence_use is commercial, and {who} would be measured by models for research only: {what}"
            findings.append(Finding(PART, "problem", text, HINT, facts))
        else:
            said = "" if wanted else "; conf/project/settings.yaml doesn't say what the pictures are for"
            hint = "" if wanted else "licence_use: commercial, or research"
            text = f"{who} may be measured for research only: {what}{said}"
            findings.append(Finding(PART, "ok", text, hint, facts))
    return findings


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
