"""The state of personas: built, pending, failed, last built."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from personaforge.plan.issued import Neighbour
from personaforge.plan.plan import PersonaPlan, Plan
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo, style
from personaforge.results.results import Results
from personaforge.store.store import Store


def status_rows(store: Store, plan: Plan, near: Mapping[str, Neighbour]) -> list[dict[str, Any]]:
    """Return a row for every persona of a plan; `near` gives for a persona the one that looks most like it."""
    rows = []
    for persona in plan.personas:
        states: dict[str, int] = {}
        ends: dict[str, int] = {}
        for node in persona.nodes.values():
            states[node.state] = states.get(node.state, 0) + 1
            if node.row is not None:
                ends[node.row.status] = ends.get(node.row.status, 0) + 1
        history = store.index.node_history(persona.id)
        stands = Results(store, persona.loaded.settings).described(persona.document is not None)
        built = sum(node.row is not None for node in persona.nodes.values())
        standing = "built" if built == len(persona.nodes) else "partly built" if built else "not built"
        rows.append(
            {
                "persona": persona.id,
                "status": stands.status or standing,
                "labels": stands.labels,
                "nodes": len(persona.nodes),
                "built": built,
                "states": states,
                "results": ends,
                "failures": failures_of(store, persona),
                "nearest": near[persona.id].as_json() if persona.id in near else None,
                "last_built": max((row[4] for row in history), default=None),
            }
        )
    return rows


def failures_of(store: Store, plan: PersonaPlan) -> dict[str, str]:
    """Return what each node of a persona last failed with, by its id; without those that the settings have no more."""
    known = {node.id for node in plan.nodes.values()}
    return {node: error for node, (error, _) in store.index.failures(plan.id).items() if node in known}


def print_status(rows: Sequence[dict[str, Any]], notices: Sequence[str], broken: Sequence[str] = ()) -> None:
    """Print the rows as a table, with a line for each broken persona, and what failed below it."""
    shown = []
    for row in rows:
        states = row["states"]
        pending = ", ".join(
            f"{states[name]} {name}" for name in ("run", "maybe", "restore", "blocked", "missing") if states.get(name)
        )
        marks = ", ".join(
            f"{row['results'][name]} {name}"
            for name in ("unmeasured", "flagged", "rejected")
            if row["results"].get(name)
        )
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["last_built"])) if row["last_built"] else ""
        shown.append(
            (row["persona"], row["status"], f"{row['built']}/{row['nodes']}", pending or "up to date", marks, when)
        )
    shown += [(name, "broken", "", "nothing", "", "") for name in broken]
    print_table(("persona", "status", "built", "a build would", "marks", "last built"), shown)
    for row in rows:
        for node, error in row["failures"].items():
            echo(f"{style('failed', fg='red')}: {node}: {error}")
    for notice in notices:
        echo(f"{style('note', fg='yellow')}: {notice}")
