"""The build graph as data, mermaid or dot: steps with counts, or every node."""

from __future__ import annotations

import re
from typing import Any

from personaforge.plan.plan import Plan

_COLORS = {
    "run": "#cfe8cf",
    "maybe": "#fdf0c4",
    "restore": "#cfe6ee",
    "blocked": "#f7dcc4",
    "missing": "#f3c6c6",
    "pinned": "#d5dbf5",
    "cached": "#ececec",
}
_ORDER = ("missing", "blocked", "run", "maybe", "restore", "pinned", "cached")


def graph_data(plan: Plan, *, every: bool) -> dict[str, Any]:
    """Return nodes and edges: one for each step of a persona with its states, or one for each node."""
    nodes: dict[str, dict[str, Any]] = {}
    edges: set[tuple[str, str]] = set()
    for persona in plan.personas:
        for node in persona.nodes.values():
            if node.state == "left":
                continue
            name = node.id if every else f"{persona.id}/{node.shape.step}"
            entry = nodes.setdefault(
                name, {"id": name, "persona": persona.id, "step": node.shape.step, "kind": node.shape.kind.name,
                       "nodes": 0, "states": {}}
            )  # fmt: skip
            entry["nodes"] += 1
            entry["states"][node.state] = entry["states"].get(node.state, 0) + 1
            for need in node.shape.needs:
                source = f"{persona.id}/{need}" if every else f"{persona.id}/{need.partition('/')[0]}"
                edges.add((source, name))
    drawn = [list(edge) for edge in sorted(edges) if set(edge) <= nodes.keys()]
    return {"schema": 1, "nodes": list(nodes.values()), "edges": drawn}


def graph_text(data: dict[str, Any], form: str) -> str:
    """Return the graph in mermaid or dot."""
    return _mermaid(data) if form == "mermaid" else _dot(data)


def _mermaid(data: dict[str, Any]) -> str:
    lines = ["flowchart LR"]
    for persona in sorted({node["persona"] for node in data["nodes"]}):
        lines.append(f"  subgraph {_safe(persona)} [{persona}]")
        lines += [f'    {_safe(node["id"])}["{_label(node)}"]' for node in data["nodes"] if node["persona"] == persona]
        lines.append("  end")
    lines += [f"  {_safe(source)} --> {_safe(target)}" for source, target in data["edges"]]
    for state, color in _COLORS.items():
        names = [_safe(node["id"]) for node in data["nodes"] if _state(node) == state]
        if names:
            lines += [f"  classDef {state} fill:{color},stroke:#888", f"  class {','.join(names)} {state}"]
    return "\n".join(lines)


def _dot(data: dict[str, Any]) -> str:
    lines = ["digraph forge {", "  rankdir=LR;", '  node [shape=box, style=filled, fontname="sans-serif"];']
    for node in data["nodes"]:
        label = _label(node).replace("<br/>", "\\n")
        lines.append(f'  "{node["id"]}" [label="{label}", fillcolor="{_COLORS[_state(node)]}"];')
    lines += [f'  "{source}" -> "{target}";' for source, target in data["edges"]]
    return "\n".join([*lines, "}"])


def _label(node: dict[str, Any]) -> str:
    name = node["id"].partition("/")[2]
    count = f" x {node['nodes']}" if node["nodes"] > 1 else ""
    states = ", ".join(f"{node['states'][s]} {s}" if node["nodes"] > 1 else s for s in _ORDER if s in node["states"])
    return f"{name}{count}<br/>{states}"


def _state(node: dict[str, Any]) -> str:
    return next(state for state in _ORDER if state in node["states"])


def _safe(name: str) -> str:
    """Mermaid ids take letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
