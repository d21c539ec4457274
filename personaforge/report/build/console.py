"""The result of a build: a summary for programs, and the table that people see at the end."""

from __future__ import annotations

import os
from typing import Any

from personaforge.listing import listed, of_nodes, told_once
from personaforge.plan.look import overruled_now
from personaforge.plan.plan import PersonaPlan, Plan
from personaforge.report.money import calls
from personaforge.report.terminal import echo, style
from personaforge.results.facts import scored
from personaforge.results.results import Results
from personaforge.steps.context import ANCHOR
from personaforge.steps.look import overruled_from, overruled_text
from personaforge.workspace.briefs import brief_outcomes
from personaforge.workspace.undrawn import undrawn_outcomes
from personaforge.workspace.workspace import Workspace

SCHEMA = 1
CONFLICT = "stopped"
"""Status of a persona whose face somebody else has pinned meanwhile: its document may be complete for another face."""
_LARGEST_IN_FULL = 3
_FAILED_IN_FULL = 12
"""Nodes that failed alike, named in one line; --json has all of them."""
"""Up to so many personas are shown step by step; more have a line each, as nobody reads ten tables."""


def built_summary(space: Workspace, plan: Plan, report: Any) -> dict[str, Any]:
    """Return the result of a build: every persona's steps with counts, scores, decisions, cost and place."""
    personas = [_persona(space, persona, report) for persona in plan.personas]
    ends: dict[str, int] = {}
    for node in report.nodes.values():
        ends[node.end] = ends.get(node.end, 0) + 1
    failed = [
        {"node": node.id, "end": node.end, "error": node.error, "hint": node.hint}
        for node in report.nodes.values()
        if node.end in ("failed", "rejected", "skipped")
    ]
    return {
        "schema": SCHEMA,
        "build": report.id,
        "performed": report.performed,
        "ends": ends,
        "cost_usd": round(report.cost_usd, 6),
        "unknown_calls": report.unknown_calls,
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "in_flight": report.in_flight,
        "failed": failed,
        "alike": _alike(space, plan, report),
        "remade": list(report.notes),
        "locks": [space.project.relative(path) for path in report.locks],
        "briefs": _of_briefs(space, plan) if plan.has_changes else [],
        "personas": personas,
    }


def _of_briefs(space: Workspace, plan: Plan) -> list[str]:
    """Return what became of the briefs, and what of them isn't drawn."""
    loaded = [one.loaded for one in plan.personas]
    return [*brief_outcomes(space.store, loaded), *undrawn_outcomes(space.store, loaded)]


def has_failures(summary: dict[str, Any]) -> bool:
    """Tell whether anything failed its gate or its provider, now or when it was built."""
    return bool(summary["failed"]) or any(step["rejected"] for one in summary["personas"] for step in one["steps"])


def print_summary(summary: dict[str, Any], plan: Plan, report: Any) -> None:
    """Print the end of a build: what went wrong, then what was built and where."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for node in summary["failed"]:
        if node["end"] != "skipped":
            same = (node["end"], *(of_nodes(text, node["node"]) for text in (node["error"], node["hint"])))
            groups.setdefault(same, []).append(node)
    for (end, *_), nodes in groups.items():
        error, hint, names = nodes[0]["error"], nodes[0]["hint"], [node["node"] for node in nodes]
        said = error if error.startswith(f"{names[0]} ") else f"{listed(names, _FAILED_IN_FULL)}: {error}"
        if said == error and len(names) > 1:
            said += f"; the same holds for {listed(names[1:], _FAILED_IN_FULL)}"
        first = f"--repin {names[0].partition('/')[2]}"
        if hint.endswith(f"{first}`") and len({name.partition("/")[0] for name in names}) == 1:
            wishes = [f"--repin {name.partition('/')[2]}" for name in names]
            hint = hint.replace(f"{first}`", f"{' '.join(wishes)}`")
        echo(f"{style(end, fg='red', bold=True)}: {said}", err=True)
        if hint:
            echo(f"  {hint}", err=True)
    skipped = sum(node["end"] == "skipped" for node in summary["failed"])
    if skipped:
        echo(f"{skipped} nodes were skipped, since what they need is not there.", err=True)
    for persona, one in zip(plan.personas, summary["personas"], strict=True):
        step = persona.loaded.settings.step_of(ANCHOR)
        if text := overruled_text(persona.id, step, overruled_from(one["overruled"])):
            echo(f"{style('overruled', fg='red')}: {text}", err=True)
    if not plan.has_changes:
        count = sum(number for state, number in plan.counts().items() if state != "left")
        known = [one for one in summary["personas"] if one["status"]]
        where = known[0]["folder"] if len(known) == 1 else "build/"
        which = "selected nodes" if plan.selection.selected is not None else "nodes"
        echo(f"Nothing to do: {count} {which} are up to date in {where}")
        _print_written(summary)
        _print_rejected(summary)
        return
    _print_table(summary)
    notes = (*summary["alike"], *summary["remade"], *summary["briefs"])
    for note in told_once(notes, [persona.id for persona in plan.personas]):
        echo(f"{style('note', fg='yellow')}: {note}")
    _print_written(summary)
    echo(_closing(summary))


def _print_written(summary: dict[str, Any]) -> None:
    """Say which locks have changed, so that they are committed."""
    names = summary["locks"]
    if names:
        echo(f"Pinned in {listed(names, _LARGEST_IN_FULL)}: commit it")


def _alike(space: Workspace, plan: Plan, report: Any) -> list[str]:
    """Return what to say of the personas that this build has placed near another."""
    placed = {node.persona for node in plan.nodes() if node.shape.kind.places and node.id in report.nodes}
    if not placed:
        return []
    from personaforge.plan.issued import alike_notes, neighbours

    return alike_notes(neighbours(space.project, [one.loaded for one in plan.personas if one.id in placed]))


def _persona(space: Workspace, persona: PersonaPlan, report: Any) -> dict[str, Any]:
    rows, results = space.store.index.nodes(persona.id), Results(space.store, persona.loaded.settings)
    steps: dict[str, dict[str, Any]] = {}
    for node in persona.nodes.values():
        row = rows.get(node.id)
        step = steps.setdefault(
            node.shape.step,
            {
                **dict.fromkeys(("nodes", "built", "performed", "unmeasured", "flagged", "rejected"), 0),
                "step": node.shape.step,
                "cost_usd": 0.0,
                "composites": [],
                "files": [],
            },
        )
        step["nodes"] += 1
        done = report.nodes.get(node.id)
        if done is not None:
            step["performed"] += done.tally.performed
            step["cost_usd"] += done.tally.cost_usd
        if row is None:
            continue
        step["built"] += 1
        if row.status in ("unmeasured", "flagged", "rejected"):
            step[row.status] += 1
        step["files"] += [file.path for file in row.placed if file.path]
        composite = _composite(results, node, done)
        if composite is not None:
            step["composites"].append(composite)
    conflict = any(done.conflict for name, done in report.nodes.items() if name.startswith(f"{persona.id}/"))
    folder = os.path.relpath(space.store.build_folder(persona.id).folder)
    stands = results.described(persona.document is not None)
    status = CONFLICT if conflict else stands.status
    over = [one.as_json() for one in overruled_now(space.store, persona.loaded)]
    about = {"status": status, "labels": stands.labels, "overruled": over, "steps": list(steps.values())}
    return {"id": persona.id, "folder": folder + "/", **about}


def _composite(results: Results, node: Any, done: Any) -> float | None:
    if not (node.shape.kind.measures and node.shape.kind.scope):
        return None
    if done is not None and done.outcome is not None:
        return scored(done.outcome.facts).composite
    result = results.get(node.shape.name)
    return scored(result.outcome.facts).composite if result is not None else None


def _print_table(summary: dict[str, Any]) -> None:
    from personaforge.report.tables import print_table

    personas = summary["personas"]
    if len(personas) > _LARGEST_IN_FULL:
        lines = [(one["id"], _standing(one), *_figures(one["steps"]), one["folder"]) for one in personas]
        print_table(("persona", "status", "built", "actions", "score", "remarks", "where"), lines)
        return
    for one in personas:
        echo(f"{style(one['id'], bold=True)}  {_standing(one)}, in {one['folder']}")
        rows = [(step["step"], *_figures([step]), _place(step["files"])) for step in one["steps"]]
        print_table(("step", "built", "actions", "score", "remarks", "where"), rows)
        echo()


def _standing(persona: dict[str, Any]) -> str:
    """Return a persona's state in words. A pipeline without a document has no status of its own."""
    if persona["status"] == CONFLICT:
        return CONFLICT
    complete = all(step["built"] == step["nodes"] for step in persona["steps"])
    standing = (persona["status"] or "built") if complete else "partly built"
    return standing + (f" ({', '.join(persona['labels'])})" if persona["labels"] else "")


def _figures(steps: list[dict[str, Any]]) -> tuple[str, int | None, str, str]:
    """Return what some steps built, the actions they performed, the range of their scores and what else to say."""
    scores = [score for step in steps for score in step["composites"]]
    score = f"{min(scores):.2f} to {max(scores):.2f}" if len(scores) > 1 else f"{scores[0]:.2f}" if scores else ""
    counts = {name: sum(step[name] for step in steps) for name in ("unmeasured", "flagged", "rejected")}
    remarks = [f"{count} {name}" for name, count in counts.items() if count]
    cost = sum(step["cost_usd"] for step in steps)
    if cost:
        remarks.append(f"${cost:.4f}")
    built = f"{sum(step['built'] for step in steps)}/{sum(step['nodes'] for step in steps)}"
    return built, sum(step["performed"] for step in steps) or None, score, ", ".join(remarks)


def _print_rejected(summary: dict[str, Any]) -> None:
    for persona in summary["personas"]:
        rejected = [step["step"] for step in persona["steps"] if step["rejected"]]
        if rejected:
            hint = f"forge build {persona['id']} --force 'result:rejected' buys another take"
            echo(f"{style('rejected', fg='red')}: {persona['id']}: {', '.join(rejected)} ({hint})", err=True)


def _closing(summary: dict[str, Any]) -> str:
    count = summary["performed"]
    parts = [f"{count} action{'' if count == 1 else 's'} performed in {summary['seconds']:.1f} s"]
    if summary["cost_usd"]:
        parts.append(f"{'about ' if summary['unknown_calls'] else ''}${summary['cost_usd']:.4f}")
    if summary["unknown_calls"]:
        parts.append(f"{calls(summary['unknown_calls'], 'paid call')} of unknown cost")
    if summary["interrupted"]:
        parts.append("interrupted: the next build goes on from here")
    if summary["in_flight"]:
        count = summary["in_flight"]
        working = f"{calls(count, 'paid call')} {'is' if count == 1 else 'are'} still being worked on by providers"
        parts.append(f"{working}: `forge jobs resume` or the next build takes them up")
    return ", ".join(parts) + "."


def _place(files: list[str]) -> str:
    """Return the file that a step wrote, or the folder that all of its files are in."""
    if len(files) < 2:
        return files[0] if files else ""
    common = os.path.commonpath(files)
    return f"{common}/" if common else ""
