"""The record of a build that performed anything: who built what from which commit, and how every node ended.

Templates are kept with it, as artifacts: a later `forge drift --blame` shows what was changed in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from personaforge import __version__
from personaforge.git import GitFailed, git
from personaforge.plan.plan import Plan
from personaforge.run.build_report import BuildReport
from personaforge.store.store import Store


def keep_build(
    store: Store, plan: Plan, report: BuildReport, started: float, templates: Mapping[str, bytes] | None = None
) -> None:
    """Keep the record of a build. `templates` are the texts that it read, by name."""
    commit = git_commit(store.project.root)
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
        "git_commit": commit,
        "git_authored": author_date(store.project.root, commit) if commit else None,
        "templates": {name: store.blobs.put(text) for name, text in sorted((templates or {}).items())},
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
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    git = top / ".git"
    try:
        if git.is_file():  # a worktree
            git = (top / git.read_text().removeprefix("gitdir:").strip()).resolve()
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


def author_date(root: Path, commit: str) -> str | None:
    """Return when a commit was written, ISO 8601 with the author's offset from UTC; None where git can't say."""
    if not _COMMIT.fullmatch(commit):
        return None
    try:
        done = git(root, "cat-file", "commit", commit, seconds=10)
    except GitFailed:
        return None
    found = None if done.code else _AUTHOR.search(done.out.partition(b"\n\n")[0])
    if found is None:
        return None
    seconds, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == b"-" else 1)
    try:
        return datetime.fromtimestamp(int(seconds), timezone(offset)).isoformat()
    except (ValueError, OverflowError, OSError):  # a commit may claim any number
        return None


_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_AUTHOR = re.compile(rb"^author .*> (\d+) ([+-])(\d\d)(\d\d)$", re.MULTILINE)
