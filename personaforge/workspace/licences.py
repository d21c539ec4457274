"""Whether the licences of the models that measure cover what the project says that its pictures are for.

Where it says `commercial`, a model that only research may use stops a build before anything is made; a model whose
licence nobody knows is named and stops nothing: forge knows the bytes of published packs, not those of a studio's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from personaforge.errors import PersonaForgeError
from personaforge.listing import and_more, listed
from personaforge.packs.terms import Terms, by_use, terms_of
from personaforge.plan.plan import WORKING, PersonaPlan, Plan
from personaforge.spec.licence_use import NAME, licence_use
from personaforge.spec.project import Project
from personaforge.spec.settings import Settings
from personaforge.workspace.analyzers import Analyzers, AnalyzerSource

HINT = "forge models pull permissive, then `defaults: [override /identity: permissive]` in conf/project/settings.yaml"
_SHOWN = 4


class NotLicensed(PersonaForgeError):
    """The project's pictures are for commercial use, and a model in force is not."""


def terms_in_force(analyzers: AnalyzerSource, settings: Settings) -> tuple[Terms, ...]:
    """Return the terms of the models that measure for these settings; none where nothing measures, or where an analyzer
    was handed over in Python."""
    if not isinstance(analyzers, Analyzers):
        return ()
    return terms_of(lambda: analyzers.catalog, analyzers.models(settings))


def licence_notices(analyzers: AnalyzerSource, plans: Iterable[PersonaPlan]) -> Iterator[str]:
    """Yield what the plan of a project for commercial use says of licences that don't cover it, or aren't known."""
    measured: dict[Terms, list[str]] = {}
    for one in plans:
        if _measures(one):
            for terms in terms_in_force(analyzers, one.loaded.settings):
                measured.setdefault(terms, []).append(one.id)
    yield from _said(measured, "would be measured")


def licence_remarks(project: Project, analyzers: AnalyzerSource, settings: Settings) -> tuple[str, ...]:
    """Return the same of files that a command has measured by these settings: `forge eval`, `forge calibrate`. Empty
    where the project doesn't say `commercial`."""
    if licence_use(project) != "commercial":
        return ()
    return tuple(_said({one: ["these files"] for one in terms_in_force(analyzers, settings)}, "were measured"))


def _said(measured: Mapping[Terms, Sequence[str]], how: str) -> Iterator[str]:
    """Yield what the licences of models don't cover, or isn't known of them; `measured` says whom each measures."""
    for use, found in by_use(measured).items():
        if use == "commercial":
            continue
        who = listed(list(dict.fromkeys(name for terms in found for name in measured[terms])), _SHOWN)
        what = "; ".join(map(str, found[:_SHOWN])) + and_more(len(found) - _SHOWN)
        if use == "research":
            yield f"{NAME} is commercial, and {who} {how} by models for research only: {what}; {HINT}"
        else:
            yield f"{NAME} is commercial, and {who} {how} by models whose licence isn't known: {what}"


def require_licensed(analyzers: AnalyzerSource, plan: Plan) -> None:
    """Raise NotLicensed where a build of a project for commercial use would measure by a model that only research may
    use. A build that has nothing to measure is not refused."""
    for one in plan.personas:
        if not any(node.state in WORKING and node.shape.kind.measures for node in one.nodes.values()):
            continue
        barred = by_use(terms_in_force(analyzers, one.loaded.settings)).get("research", ())
        if barred:
            what = "; ".join(map(str, barred[:_SHOWN]))
            raise NotLicensed(
                f"nothing was built: {NAME} is commercial, and {one.id} would be measured by models for research only: "
                f"{what}",
                hint=HINT,
            )


def _measures(plan: PersonaPlan) -> bool:
    return any(node.shape.kind.measures for node in plan.nodes.values())
