"""A plan as a sheet: nodes for programs, and for a pull request's comment a row for each persona."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click import unstyle

from personaforge.plan.plan import PersonaPlan, Plan, PlannedNode, total
from personaforge.report.formats.sheet import Line, Section, Sheet, State
from personaforge.report.money import estimate_text
from personaforge.report.plan.console import WORDS, stays, step_rows


def plan_sheet(plan: Plan, prefix: str = "", root: Path | None = None) -> Sheet:
    """Return a plan: a line for each node, and in Markdown a row for each persona. Only what is missing fails."""
    counts = plan.counts()
    said = ", ".join(f"{counts[state]} {words}" for state, words in WORDS.items() if counts.get(state))
    paid = f"; paid calls: {estimate_text(plan.estimate)}" if plan.estimate.calls_max else ""
    title = f"{said or 'nothing selected'}{paid}" if plan.has_changes else "nothing to do"
    changing = [persona for persona in plan.personas if any(node.state in _TOUCHED for node in persona.nodes.values())]
    return Sheet(
        "forge plan",
        title,
        (
            "persona", "node", "step", "slot", "kind", "state", "reasons", "calls_min", "calls_max", "usd_min",
            "usd_max", "note",
        ),
        tuple(_node_line(persona, node, root) for persona in plan.personas for node in persona.nodes.values()),
        plan.as_json,
        summary=Section("", ("persona", *_TOUCHED.values(), "paid calls"), tuple(map(_persona_row, changing)))
        if changing
        else Section("", (), ()),
        sections=tuple(_persona_section(persona) for persona in changing),
        notes=(*(unstyle(line) for line in stays(plan)), *_plugins(plan), *plan.notices),
        prefix=prefix,
    )  # fmt: skip


_TOUCHED = {"run": "to run", "maybe": "maybe", "restore": "to put back", "blocked": "blocked", "missing": "missing"}
_STATES: Mapping[str, State] = {
    "missing": "fail",
    "blocked": "warn",
    "cached": "pass",
    "pinned": "pass",
    "left": "skip",
}


def _plugins(plan: Plan) -> tuple[str, ...]:
    return (f"Plug-ins: {', '.join(plan.plugins)}",) if plan.plugins else ()


def _persona_row(persona: PersonaPlan) -> tuple[Any, ...]:
    nodes = list(persona.nodes.values())
    estimate = total(node.estimate for node in nodes)
    counts = (sum(node.state == state for node in nodes) for state in _TOUCHED)
    return (persona.id, *counts, estimate_text(estimate) if estimate.calls_max else "none")


def _persona_section(persona: PersonaPlan) -> Section:
    return Section(persona.id, ("state", "step", "nodes", "why"), tuple(step_rows(persona.nodes.values())))


def _node_line(persona: PersonaPlan, node: PlannedNode, root: Path | None) -> Line:
    why = "; ".join(reason.text for reason in node.reasons)
    estimate = node.estimate
    cells = (
        persona.id, node.shape.name, node.shape.step, node.shape.slot, node.shape.kind.name, node.state, why,
        estimate.calls_min, estimate.calls_max, estimate.usd_min, estimate.usd_max, node.note,
    )  # fmt: skip
    state = _STATES.get(node.state, "note")
    message = "" if state == "pass" else f"{node.state}: {why or node.note}".rstrip(": ")
    file = persona.loaded.file
    shown = file.relative_to(root).as_posix() if root is not None and file.is_relative_to(root) else ""
    return Line(persona.id, node.shape.name, state, cells, message, "", shown)
