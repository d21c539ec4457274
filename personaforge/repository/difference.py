"""`forge diff`: what changed between two revisions, what building it takes, and the results where both were built.

A result belongs to a side where that side's own plan finds it, by its keys, its lock, and results in the store. So a
revision shows its own results, even if the build folder holds later ones, and nothing is made for a comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from personaforge.errors import PersonaForgeError, SpecError
from personaforge.leaves import text_diff
from personaforge.plan.plan import Estimate, PersonaPlan, Selection, total
from personaforge.plan.resolver import NodeResolver
from personaforge.repository.changes import PersonaChange, persona_changes
from personaforge.repository.sides import Side, require_personas, sides
from personaforge.spec.load import Broken
from personaforge.steps.action import Outcome
from personaforge.workspace.workspace import Workspace

SCHEMA = 1
"""Version of the JSON form."""
_UNSHOWN = ("candidate", "sheet", "profile", "document")
"""Step kinds whose results only prepare, or repeat, those of others."""


class SideResult(NamedTuple):
    """A node's result on one side."""

    digest: str
    """SHA-256 of its picture or clip; empty for a text."""
    media_type: str
    status: str
    """accepted, flagged, unmeasured or rejected."""
    score: float | None
    """A picture's or clip's composite in [0, 1], or an audit's mean in [1, 5]; None where there is none."""
    cosine: float | None
    unmeasured: str
    """Why there is no score; empty where there is one, and where none is wanted, as for the anchor."""

    def as_json(self) -> dict[str, Any]:
        """Return what was made as JSON."""
        return self._asdict()


@dataclass(frozen=True)
class Pair:
    """A node's results side by side."""

    node: str
    before: SideResult | None
    """None where that side has not been built, or has no such node."""
    after: SideResult | None

    @property
    def same(self) -> bool:
        """Whether both sides have the same picture with the same score."""
        return self.before is not None and self.before == self.after

    @property
    def moved(self) -> float | None:
        """By how much the score rose; None without two scores."""
        scores = [made.score if made is not None else None for made in (self.before, self.after)]
        return None if scores[0] is None or scores[1] is None else round(scores[1] - scores[0], 6)

    def as_json(self) -> dict[str, Any]:
        """Return the pair as JSON."""
        shown = {
            name: made.as_json() if made else None for name, made in (("before", self.before), ("after", self.after))
        }
        return {"node": self.node, **shown, "same": self.same, "moved": self.moved}


@dataclass(frozen=True)
class PersonaDifference:
    """One touched persona."""

    change: PersonaChange
    counts: Mapping[str, int]
    """How many nodes are in each state of a plan of the later side; empty where the persona no longer exists."""
    estimate: Estimate
    pairs: tuple[Pair, ...]
    """The results of pictures, clips and audits, in the order of the graph."""
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The persona."""
        return self.change.id

    def as_json(self) -> dict[str, Any]:
        """Return the difference as JSON."""
        return {
            "id": self.id,
            "kind": self.change.kind,
            "problem": self.change.problem,
            "was": self.change.was or None,
            "nodes": [node.as_json() for node in self.change.nodes],
            "plan": dict(self.counts),
            "estimate": self.estimate.as_json(),
            "results": [pair.as_json() for pair in self.pairs],
            "notes": list(self.notes),
        }


class TemplateDiff(NamedTuple):
    """A template that differs."""

    name: str
    lines: tuple[str, ...]
    """A unified diff, without its two heading lines."""


@dataclass(frozen=True)
class Difference:
    """Everything that differs between two sides."""

    before: str
    after: str
    personas: tuple[PersonaDifference, ...]
    untouched: int
    templates: tuple[TemplateDiff, ...]
    broken: Mapping[str, str]
    """Why personas of the later side can't be composed."""

    @property
    def counts(self) -> dict[str, int]:
        """How many nodes are in each state of a plan of the later side."""
        found: dict[str, int] = {}
        for one in self.personas:
            for state, number in one.counts.items():
                found[state] = found.get(state, 0) + number
        return found

    @property
    def estimate(self) -> Estimate:
        """What building the later side may buy."""
        return total(one.estimate for one in self.personas)

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "schema": SCHEMA,
            "before": self.before,
            "after": self.after,
            "personas": [one.as_json() for one in self.personas],
            "untouched": self.untouched,
            "templates": [{"name": one.name, "diff": list(one.lines)} for one in self.templates],
            "broken": dict(self.broken),
            "estimate": self.estimate.as_json(),
        }


def difference(
    space: Workspace,
    before: str,
    after: str | None = None,
    *,
    personas: Iterable[str] = (),
    overrides: Sequence[str] = (),
    broken: list[Broken] | None = None,
) -> Difference:
    """Compare a revision with another one, or with the working tree. Reads only; nothing is built or measured.

    Personas of the working tree that can't be composed go into `broken`, if that is given. Raises PlanError for a
    revision that isn't there, and SpecError for a working tree that can't be composed otherwise.
    """
    with sides(space, list(personas), before, after, overrides, broken) as (old, new):
        require_personas(old, new)
        changes = list(persona_changes(old, new))
        found = _differences(old, new, changes)
        templates = tuple(_template_diffs(old, new, changes))
        untouched = len(new.loaded) - sum(change.kind != "gone" for change in changes)
        return Difference(old.shown, new.shown, tuple(found), untouched, templates, new.broken)


def _differences(before: Side, after: Side, changes: Sequence[PersonaChange]) -> Iterator[PersonaDifference]:
    plans = {one.id: one for one in after.plan([one.id for one in changes if one.kind != "gone"]).personas}
    for change in changes:
        plan = plans.get(change.id)
        if plan is None:
            yield PersonaDifference(change, {}, Estimate(), ())
            continue
        counts: dict[str, int] = {}
        for node in plan.nodes.values():
            counts[node.state] = counts.get(node.state, 0) + 1
        estimate = total(node.estimate for node in plan.nodes.values())
        now = _made(after, plan)
        was: dict[str, SideResult] = {}
        notes: tuple[str, ...] = ()
        if change.kind == "changed":
            try:
                was = _made(before, before.plan([change.was or change.id]).personas[0])
            except PersonaForgeError as error:
                notes = (f"the results of {before.shown} can't be told: {error}",)
        names = {node.name: node.was or node.name for node in change.nodes}
        shown = [name for name in [*now, *(other for other in names if other not in now)] if name in names]
        every = (Pair(name, was.get(names[name]), now.get(name)) for name in shown)
        pairs = tuple(pair for pair in every if pair.before is not None or pair.after is not None)
        yield PersonaDifference(change, counts, estimate, pairs, notes)


def _made(side: Side, plan: PersonaPlan) -> dict[str, SideResult]:
    """Return the known results of a side's pictures, clips and audits, by node."""
    resolver = NodeResolver(side.plan_context, plan, Selection())
    found: dict[str, SideResult] = {}
    for node in plan.nodes.values():
        if node.state in ("cached", "pinned", "restore", "blocked") and node.outcome_digest:
            made = _made_of(resolver.outcome(node.shape.name)) if node.shape.kind.role not in _UNSHOWN else None
            if made is not None:
                found[node.shape.name] = made
    return found


def _made_of(outcome: Outcome) -> SideResult | None:
    facts = outcome.facts
    media = [
        out.artifact for out in outcome.outputs.values() if out.artifact.media_type.startswith(("image/", "video/"))
    ]
    score = next(
        (facts[name] for name in ("composite", "audit_mean") if isinstance(facts.get(name), (int, float))), None
    )
    if not media and score is None:
        return None
    why = str(facts.get("unmeasured") or (facts.get("reason", "") if outcome.status == "unmeasured" else ""))
    cosine = facts.get("cosine")
    return SideResult(
        media[0].digest if media else "",
        media[0].media_type if media else "",
        outcome.status,
        None if score is None else float(score),
        float(cosine) if isinstance(cosine, (int, float)) else None,
        why if score is None else "",
    )


def _template_diffs(before: Side, after: Side, changes: Iterable[PersonaChange]) -> Iterator[TemplateDiff]:
    for name in sorted({name for change in changes for node in change.nodes for name in node.templates}):
        texts = [_source(side, name) for side in (before, after)]
        yield TemplateDiff(name, tuple(text_diff(texts[0], texts[1], "", "", around=3)[2:]))


def _source(side: Side, name: str) -> str:
    try:
        return side.plan_context.templates.source(name)
    except SpecError:
        return ""  # it is not there on this side
