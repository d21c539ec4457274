"""Which change a timeline's fall is blamed on: every key part that changed, ranked by how well it explains the fall.

What changed is found by node: a part whose value differs from the one before in the same slot. Parts that changed in
the very same records can't be told apart and are one suspect, with the git commit if that was new there, too. Who
explains the fall best is `identity.blame`'s to say, over all records of the timeline. A suspect is no proof: what no
record names may have come at the same time, and has a probability of its own beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from personaforge.drift.attribution.inputs import (
    ABSENT,
    COMMIT,
    FORGE,
    INPUT,
    TEMPLATE,
    Commit,
    InputHistory,
    Step,
    changes_of,
    text_diff,
)
from personaforge.drift.attribution.likelihood import Change, weigh
from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.detector import Finding, evidence
from personaforge.identity.metric import Metric

PLAIN, BARE = 1.0, 0.02
"""Prior weights of a change of a key part, and of a new commit or forge that brought none. Ours: every key part of a
call is on record, so a commit without one can have worked in no way that is known."""
DIFFED = 5
"""Suspects whose texts are compared."""
_ORDER = ("model", "provider", TEMPLATE, INPUT)


class Place(Protocol):
    """Where a record stands."""

    @property
    def node(self) -> str:
        """Its node within the persona; empty for what no build made."""

    @property
    def artifact(self) -> str:
        """Its artifact's digest."""

    @property
    def build(self) -> str:
        """The build that judged it first; may be empty."""


class Part(NamedTuple):
    """A key part that changed."""

    name: str
    """A setting's path, `template NAME`, `input STEP` for a text that the call was told, `model` or `provider`."""
    before: str
    after: str
    """Both of the most frequent change, whole."""
    diff: tuple[str, ...] = ()
    """Of two texts: a unified diff, of them or of the prompts that they were rendered to."""
    note: str = ""
    """Why there is no diff of the texts themselves."""

    @property
    def is_text(self) -> bool:
        """Whether the values are digests of texts."""
        return self.name.startswith((TEMPLATE, INPUT))


@dataclass(frozen=True)
class PossibleCause:
    """A change that may be the cause: what changed in the very same records."""

    parts: tuple[Part, ...]
    """Empty where a commit or a new forge brought no other change."""
    commit: Commit | None
    """The commit that was new in the first record, with these parts or not."""
    forge: tuple[str, str] | None
    """Versions of forge, where that changed in the same records."""
    probability: float
    """That this is the cause, among the suspects and what no record names."""
    size: float | None
    """How far the records that carry it are off those of their own slots that don't: a difference for scores, a factor
    for ratios. None where no slot has both."""
    size_std: float | None
    """The same in standard deviations."""
    first: int
    """Index of the first record that carries it."""
    carry: int
    """How many records carry it."""
    lack: int
    """How many don't."""
    inside: tuple[int, int]
    """The same two within the change-point's interval."""
    nodes: int
    """In how many nodes it changed."""
    of_nodes: int
    """How many nodes have records from the first on."""

    @property
    def name(self) -> str:
        """What to call it in short: its first part."""
        return self.parts[0].name if self.parts else COMMIT if self.commit else FORGE

    @property
    def before(self) -> str:
        """The first part's old value."""
        return self.parts[0].before if self.parts else ABSENT

    @property
    def after(self) -> str:
        """The first part's new value."""
        return self.parts[0].after if self.parts else self.commit.name if self.commit else ABSENT

    def as_json(self) -> dict[str, Any]:
        """Return the suspect as JSON. Texts are named by their digests."""
        authored = self.commit.authored if self.commit else None
        return {
            "parts": [part._asdict() for part in self.parts],
            "git_commit": self.commit.name if self.commit else None,
            "git_authored": authored.isoformat() if authored else None,
            "forge": list(self.forge) if self.forge else None,
            "probability": self.probability,
            "size": self.size,
            "size_std": self.size_std,
            "first": self.first,
            "records": {"carry": self.carry, "lack": self.lack},
            "in_interval": {"carry": self.inside[0], "lack": self.inside[1]},
            "nodes": {"changed": self.nodes, "compared": self.of_nodes},
        }


@dataclass(frozen=True)
class Attribution:
    """What a change is blamed on."""

    suspects: tuple[PossibleCause, ...] = ()
    """The most probable first."""
    unrecorded: float = 1.0
    """Probability that nothing on record is the cause."""
    notes: tuple[str, ...] = ()
    """What the records lack."""


def blame(
    parts: InputHistory, places: Sequence[Place], records: Sequence[Record], metric: Metric, finding: Finding
) -> Attribution | None:
    """Return what the open alarm's change is blamed on; None without one. Values are in the metric's units."""
    change, alarm = finding.change, finding.alarms[-1] if finding.alarms else None
    if change is None or alarm is None:
        return None
    charted = [one._replace(value=metric.charted(one.value)) for one in records]
    used, earliest = evidence(charted, finding.alarms, finding.spreads)
    facts = parts.of((places[index].artifact, places[index].build) for index in used)
    known = [(index, about) for index, about in zip(used, facts, strict=True) if about is not None]
    notes = _lacking(len(used) - len(known), [about for _, about in known])
    if not known:
        return Attribution(notes=notes)
    indices = [index for index, _ in known]
    steps = changes_of([places[index].node for index in indices], [about for _, about in known])
    joined: dict[tuple[float, ...], list[Step]] = {}
    for step in steps:
        joined.setdefault(step.dose, []).append(step)
    groups = list(joined.values())
    spreads = [finding.spreads[charted[index].scale] for index in indices]
    weighed, unrecorded = weigh(
        [charted[index] for index in indices],
        indices,
        spreads,
        [Change(group[0].dose, BARE if _bare(group) else PLAIN, group[0].graded) for group in groups],
        earliest=max(earliest, indices[0]),
        latest=alarm.raised,
        rising=alarm.rising,
    )
    found = []
    for group, one in zip(groups, weighed, strict=True):
        carried = [index for index, dose in zip(indices, group[0].dose, strict=True) if dose]
        if one.size is None or (one.size > 0) != alarm.rising:
            continue
        rest = set(indices) - set(carried)
        spread = sum(spreads) / len(spreads)
        most = max(group[0].dose)
        inside = range(change.low, change.high + 1)
        nodes = frozenset().union(*(step.nodes for step in group))
        found.append(
            PossibleCause(
                parts=tuple(sorted((_part(s) for s in group if s.name not in (COMMIT, FORGE)), key=_rank)),
                commit=_commit(parts, places, indices, carried[0]),
                forge=next(((step.before, step.after) for step in group if step.name == FORGE), None),
                probability=round(one.probability, 6),
                size=round(metric.shown(one.size * most * spread), 6),
                size_std=round(one.size * most, 3),
                first=carried[0],
                carry=len(carried),
                lack=len(rest),
                inside=(sum(i in inside for i in carried), sum(i in inside for i in rest)),
                nodes=len(nodes),
                of_nodes=len({places[index].node for index in indices if index >= carried[0]}),
            )
        )
    # Of equals, those that changed nearest to the most probable record.
    found = _gathered(found, {step.name for step in steps if step.graded})
    found.sort(key=lambda one: (-one.probability, abs(one.first - change.best), one.name))
    shown = [_with_diffs(one, parts, places, indices) for one in found[:DIFFED]]
    return Attribution((*shown, *found[DIFFED:]), round(unrecorded, 6), notes)


def _gathered(found: Sequence[PossibleCause], graded: Set[str]) -> list[PossibleCause]:
    """Return the suspects with one for each number that was changed by degrees: what the changes have together, told of
    the most probable."""
    alone: list[PossibleCause] = []
    by_name: dict[str, list[PossibleCause]] = {}
    for one in found:
        whole = len(one.parts) == 1 and one.name in graded
        (by_name.setdefault(one.name, []) if whole else alone).append(one)
    for same in by_name.values():
        best = max(same, key=lambda one: one.probability)
        alone.append(replace(best, probability=round(min(1.0, sum(one.probability for one in same)), 6)))
    return alone


def _with_diffs(
    one: PossibleCause, parts: InputHistory, places: Sequence[Place], indices: Sequence[int]
) -> PossibleCause:
    """Return a suspect with what changed in its texts. Where one is not kept, the prompts of the first node that
    carries it stand in."""
    before = [index for index in indices if index < one.first and places[index].node == places[one.first].node]
    found = []
    for part in one.parts:
        if part.is_text:
            old, new = parts.text(part.before), parts.text(part.after)
            if old is not None and new is not None:
                part = part._replace(diff=text_diff(old, new, part.name))
            else:
                gone = " and ".join(word for word, text in (("old", old), ("new", new)) if text is None)
                prompts = [parts.prompt(places[index].artifact) for index in (*before[-1:], one.first)]
                part = part._replace(note=f"its {gone} text is not kept, as builds of before this did")
                if len(prompts) == 2 and prompts[0] and prompts[1]:
                    node = places[one.first].node
                    part = part._replace(diff=text_diff(prompts[0], prompts[1], f"prompt of {node}"))
                    part = part._replace(note=f"{part.note}; the prompts of {node} before and after")
        found.append(part)
    return replace(one, parts=tuple(found))


def _bare(group: Sequence[Step]) -> bool:
    return all(step.name in (COMMIT, FORGE) for step in group)


def _part(step: Step) -> Part:
    return Part(step.name, step.before, step.after)


def _rank(part: Part) -> tuple[int, str]:
    return next((at for at, name in enumerate(_ORDER) if part.name.startswith(name)), len(_ORDER)), part.name


def _commit(parts: InputHistory, places: Sequence[Place], indices: Sequence[int], first: int) -> Commit | None:
    """Return the first record's commit where the record before it was of another; None where it is not new there."""
    now = parts.commit(places[first].build)
    earlier = [index for index in indices if index < first]
    before = parts.commit(places[earlier[-1]].build) if earlier else None
    return now if now is not None and before is not None and now.name != before.name else None


def _lacking(unknown: int, facts: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    notes = []
    if unknown:
        notes.append(f"of {unknown} records nobody knows what shaped them: no build of this store made the pictures")
    outside = sum(COMMIT not in about for about in facts)
    if outside:
        notes.append(f"{outside} records name no git commit: they were built outside a checkout")
    return tuple(notes)
