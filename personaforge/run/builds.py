"""The record of a build that performed anything: who built what from which commit, and what became of every node."""

from __future__ import annotations

from pathlib import Path

from personaforge import __version__
from personaforge.plan.plan import Plan
from personaforge.run.runner import BuildReport
from personaforge.store.store import Store


def keep_build(store: Store, plan: Plan, report: BuildReport, started: float) -> None:
    """Keep the record of a build."""
    nodes = {
        name: {
            "end": node.end,
            "status": node.outcome.status if node.outcome is not None else None,
            "outputs": {name: output.artifact.digest for name, output in node.outcome.outputs.items()}
            if node.outcome is not None
            else {},
            "error": node.error or None,
            "performed": node.tally.performed,
            "found": node.tally.found,
            "cost_usd": round(node.tally.cost_usd, 6),
            "seconds": round(node.tally.seconds, 4),
        }
        for name, node in sorted(report.nodes.items())
    }
    record = {
        "build": report.id,
        "forge": __version__,
        "git_commit": git_commit(store.project.root),
        "personas": [persona.id for persona in plan.personas],
        "overrides": list(plan.overrides),
        "started": round(started, 3),
        "seconds": round(report.seconds, 3),
        "performed": report.performed,
        "cost_usd": round(report.cost_usd, 6),
        "unknown_calls": report.unknown_calls,
        "interrupted": report.interrupted,
        "nodes": nodes,
    }
    store.keep("builds", report.id, record)


def git_commit(root: Path) -> str | None:
    """Return the commit that is checked out, read from `.git` without starting git; None outside a checkout."""
    git = root / ".git"
    try:
        if git.is_file():  # a worktree
            git = (root / git.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        common = git / "commondir"
        shared = (git / common.read_text().strip()).resolve() if common.is_file() else git
        for folder in (git, shared):
            if (folder / name).is_file():
                return (folder / name).read_text().strip()
        for line in (shared / "packed-refs").read_text().splitlines():
            digest, _, ref = line.partition(" ")
            if ref == name:
                return digest
    except OSError:
        pass
    return None
