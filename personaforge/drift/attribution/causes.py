"""Which change a timeline's fall is attributed to: every key part that changed, ranked by how well it explains it.

What changed is found by node: a part whose value differs from the one before in the same slot. Parts that changed in
the very same records can't be distinguished and are one possible cause, with the git commit if that was new there, too.
`drift.attribution.likelihood` says which explains the fall best, over all records of the timeline. A possible cause is
no proof: something that no record names may have changed at the same time, and gets a probability of its own.
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
)
from personaforge.drift.attribution.likelihood import Change, weigh
from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.detector import Finding, evidence
from personaforge.leaves import text_diff
from personaforge.metrics import Metric

PLAIN, BARE = 1.0, 0.02
"""Prior weights of a change of a key part, and of a new commit or forge that brought none. Ours: every key part of a
call is on record, so no way is known in which a commit without one could have an effect."""
DIFFED = 5
"""How many of the possible causes have their texts compared."""
_ORDER = ("model", "provider", TEMPLATE, INPUT)


class Place(Protocol):
    """Where a record belongs."""

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
    """The commit that was new in the first record, whether these parts changed with it or not."""
    forge: tuple[str, str] | None
    """Versions of forge, where that changed in the same records."""
    probability: float
    """The probability that this is the cause, among the possible causes and what no record names."""
    size: float | None
    """How far the records that carry it are from those of their own slots that don't: a difference for scores, a factor
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
        """Return the possible cause as JSON. Texts are named by their digests."""
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
    """What a change is attributed to."""

    causes: tuple[PossibleCause, ...] = ()
    """The most probable first."""
    unrecorded: float = 1.0
    """Probability that nothing on record is the cause."""
    notes: tuple[str, ...] = ()
    """What the records lack."""


def attribute(
    parts: InputHistory, places: Sequence[Place], records: Sequence[Record], metric: Metric, finding: Finding
) -> Attribution | None:
    """Return what the open alarm's change is attributed to; None without one. Values are in the metric's units."""
    change, alarm = finding.change, finding.alarms[-1] if finding.alarms else None
    if change is None or alarm is None:
        return None
    charted = [one._replace(value=metric.charted(one.value)) for one in records]
    used, earliest = evidence(charted, finding.alarms, finding.spreads)
    # Of what no build made nothing is known: such records are left out, and counted in the notes.
    facts = parts.of((places[index].artifact, places[index].build) for index in used)
    known = [(index, about) for index, about in zip(used, facts, strict=True) if about is not None]
    notes = _lacking(len(used) - len(known), [about for _, about in known])
    if not known:
        return Attribution(notes=notes)
    indices = [index for index, _ in known]
    steps = changes_of([places[index].node for index in indices], [about for _, about in known])
    # What changed in the very same records can't be distinguished by their values: such changes are weighed as one.
    joined: dict[tuple[float, ...], list[Step]] = {}
    for step in steps:
        joined.setdefault(step.dose, []).append(step)
    groups = list(joined.values())
    spreads = [finding.spreads[charted[index].scale] for index in indices]
    # A commit or a new forge without any other change can hardly have an effect, so its prior weight is smaller.
    weighed, unrecorded = weigh(
        [charted[index] for index in indices],
        indices,
        spreads,
        [
            Change(group[0].dose, BARE if {step.name for step in group} <= {COMMIT, FORGE} else PLAIN, group[0].graded)
            for group in groups
        ],
        earliest=max(earliest, indices[0]),
        latest=alarm.raised,
        rising=alarm.rising,
    )
    found = []
    for group, one in zip(groups, weighed, strict=True):
        carried = [index for index, dose in zip(indices, group[0].dose, strict=True) if dose]
        # A change whose records moved the other way can't have caused this alarm.
        if one.size is None or (one.size > 0) != alarm.rising:
            continue
        rest = set(indices) - set(carried)
        spread = sum(spreads) / len(spreads)
        most = max(group[0].dose)
        inside = range(change.low, change.high + 1)
        nodes = frozenset().union(*(step.nodes for step in group))
        found.append(
            PossibleCause(
                parts=tuple(
                    sorted((Part(s.name, s.before, s.after) for s in group if s.name not in (COMMIT, FORGE)), key=_rank)
                ),
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
    # Of equally probable ones, those that changed nearest to the most probable record come first.
    found = _gathered(found, {step.name for step in steps if step.graded})
    found.sort(key=lambda one: (-one.probability, abs(one.first - change.best), one.name))
    shown = [_with_diffs(one, parts, places, indices) for one in found[:DIFFED]]
    return Attribution((*shown, *found[DIFFED:]), round(unrecorded, 6), notes)


def _gathered(found: Sequence[PossibleCause], graded: Set[str]) -> list[PossibleCause]:
    """Return the possible causes with only one for each number that was changed by degrees: the most probable change,
    with the probability of all of them together."""
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
    """Return a possible cause with what changed in its texts. Where a text is not kept, the prompts of the first node
    that carries the change are compared instead."""
    before = [index for index in indices if index < one.first and places[index].node == places[one.first].node]
    found = []
    for part in one.parts:
        if part.is_text:
            old, new = parts.text(part.before), parts.text(part.after)
            if old is not None and new is not None:
                part = part._replace(diff=_diff(old, new, part.name))
            else:
                gone = " and ".join(word for word, text in (("old", old), ("new", new)) if text is None)
                prompts = [parts.prompt(places[index].artifact) for index in (*before[-1:], one.first)]
                part = part._replace(note=f"its {gone} text is not kept, as builds of before this did")
                if len(prompts) == 2 and prompts[0] and prompts[1]:
                    node = places[one.first].node
                    part = part._replace(diff=_diff(prompts[0], prompts[1], f"prompt of {node}"))
                    part = part._replace(note=f"{part.note}; the prompts of {node} before and after")
        found.append(part)
    return replace(one, parts=tuple(found))


def _diff(old: str, new: str, name: str) -> tuple[str, ...]:
    return tuple(text_diff(old, new, f"{name} before", f"{name} after"))


def _rank(part: Part) -> tuple[int, str]:
    return next((at for at, name in enumerate(_ORDER) if part.name.startswith(name)), len(_ORDER)), part.name


def _commit(parts: InputHistory, places: Sequence[Place], indices: Sequence[int], first: int) -> Commit | None:
    """Return the first record's commit if the record before it has another one; None if it is not new there."""
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
        notes.append(
            f"{outside} records name no git commit: they were built outside a checkout, or before its first commit"
        )
    return tuple(notes)
