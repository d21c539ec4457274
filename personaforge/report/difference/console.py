"""A difference between two revisions in words: what the terminal, a pull request and a page have in common.

A change in many nodes is named once, with the nodes that it changed, as `image (19)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from personaforge.plan.plan import Estimate
from personaforge.plan.reasons import shown_change
from personaforge.report.money import estimate_text
from personaforge.report.plan.console import WORDS
from personaforge.report.terminal import printable
from personaforge.repository.difference import Pair, PersonaDifference, SideResult

_WORK = ("run", "maybe", "restore", "blocked", "missing")


class Cause(NamedTuple):
    """One thing that changed, and the nodes in which it has an effect."""

    what: str
    """A setting's path, `template NAME`, or a reason as it is."""
    before: str
    """Empty for what is no value."""
    after: str
    nodes: str


def causes(one: PersonaDifference) -> list[Cause]:
    """Return what changed of a persona, in the order of its graph."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for node in one.change.nodes:
        for setting in node.settings:
            found.setdefault((setting.path, *shown_change(setting.before, setting.after)), []).append(node.name)
        for name in node.templates:
            found.setdefault((f"template {name}", "", ""), []).append(node.name)
        for reason in node.reasons if node.kind == "changed" else ():
            found.setdefault((reason.text, "", ""), []).append(node.name)
    for kind, word in (("new", "new nodes"), ("gone", "nodes that are gone")):
        names = [node.name for node in one.change.nodes if node.kind == kind]
        if names and one.change.kind == "changed":
            found[word, "", ""] = names
    return [Cause(visible(what), visible(was), visible(now), grouped(n)) for (what, was, now), n in found.items()]


def visible(text: str) -> str:
    """Return a text on one line, with what would steer a terminal written out: it may be a stranger's."""
    return printable(text).replace("\n", "\\n")


def same_results(one: PersonaDifference) -> str:
    """Say how many results are the same; nothing where none is."""
    count = len(one.pairs) - len(told(one))
    return f"{count} result{'s are' if count > 1 else ' is'} the same." if count else ""


def grouped(names: Iterable[str]) -> str:
    """Return nodes by step, each with how many of its slots."""
    steps: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        steps.setdefault(name.partition("/")[0], []).append(name)
    return ", ".join(each[0] if len(each) == 1 else f"{step} ({len(each)})" for step, each in steps.items())


def summary(one: PersonaDifference) -> str:
    """Return how many nodes of a persona changed."""
    change = one.change
    if change.kind == "gone":
        return "is gone; what was built of it stays in build/ and in the store"
    if change.kind == "new":
        was = f"; before, it could not be composed: {visible(change.problem)}" if change.problem else ""
        return f"is new, {len(change.nodes)} nodes{was}"
    words = {"changed": "changed", "new": "new", "gone": "gone", "follows": "only if what they need changes"}
    return ", ".join(f"{change.count(kind)} {word}" for kind, word in words.items() if change.count(kind))


def takes(counts: Mapping[str, int], estimate: Estimate) -> str:
    """Return what a build has to do, and what that may cost."""
    work = [f"{counts[state]} {WORDS[state]}" for state in _WORK if counts.get(state)]
    paid = f"; paid calls: {estimate_text(estimate)}" if estimate.calls_max else "; no paid call"
    return (", ".join(work) or "nothing to do") + paid


def result(made: SideResult | None) -> str:
    """Return a node's result: its score and status."""
    if made is None:
        return "not built"
    if made.score is None:
        return made.status if not made.unmeasured else f"unmeasured: {visible(made.unmeasured)}"
    return f"{made.score:.3f} {made.status}"


def moved(pair: Pair) -> str:
    """Return how far a score went."""
    if pair.same:
        return "same"
    if pair.moved is None or abs(pair.moved) < 0.0005:
        return "another file" if pair.before and pair.after and pair.before.digest != pair.after.digest else ""
    return f"{pair.moved:+.3f}"


def told(one: PersonaDifference) -> list[Pair]:
    """Return the results that differ and are known on one side at least."""
    return [pair for pair in one.pairs if not pair.same]
