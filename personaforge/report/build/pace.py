"""How long what is left of a build may take: weighed by kind of step, by what such nodes have taken in this project.

A clip takes many times as long as a text, so nodes aren't counted but weighed: by the seconds that the actions behind
the personas' last results took, and for a kind without any, by what its nodes take in this build. Where neither tells,
nothing is said. What a node is weighed by says nothing of how many run at once, nor how fast this machine is: both are
in the pace of this build so far.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping

from personaforge.errors import StoreError
from personaforge.plan.plan import WORKING, Plan
from personaforge.results.results import Results
from personaforge.store.store import Store

_PERSONAS = 5
"""Personas whose results are read: more would delay the build for figures that hardly differ."""
_LEAST_DONE = 3
"""Nodes that have to have ended before anything is said."""


def seconds_by_kind(store: Store, plan: Plan) -> dict[str, float]:
    """Return the median seconds that the actions of a node took, by kind of step, for the first personas of a plan that
    have results. What can't be read is left out."""
    found: dict[str, list[float]] = {}
    for persona in plan.personas[:_PERSONAS]:
        results = Results(store, persona.loaded.settings)
        for result in results:
            spent = 0.0
            for key in result.actions:
                try:
                    record = store.records.get("actions", key) or {}
                except StoreError:
                    continue
                seconds = record.get("seconds")
                spent += float(seconds) if isinstance(seconds, (int, float)) else 0.0
            if spent:
                found.setdefault(results.kind_of(result), []).append(spent)
    return {kind: statistics.median(values) for kind, values in found.items()}


class TimeLeft:
    """The time left of one build. `known` are seconds by kind of step."""

    def __init__(self, plan: Plan, known: Mapping[str, float]) -> None:
        working = [node for node in plan.nodes() if node.state in WORKING]
        self._kinds = {node.id: node.shape.kind.name for node in working}
        # What forge computes itself, such as the profile, takes next to nothing, and often no action at all.
        computed = {node.shape.kind.name: 0.0 for node in working if not node.shape.kind.modality}
        self._known = {**computed, **known}
        self._taken: dict[str, list[float]] = {}
        self._done = 0
        self._weight = 0.0

    def ended(self, node: str, seconds: float, worked: bool) -> None:
        """Note that a node has ended after some seconds; `worked` where it performed anything."""
        kind = self._kinds.pop(node, "")
        self._done += 1
        if worked and kind:
            self._taken.setdefault(kind, []).append(seconds)
            self._weight += self._weight_of(kind) or seconds

    def left(self, elapsed: float) -> float | None:
        """Return the seconds left after so many; None while that would only be a guess."""
        weights = [self._weight_of(kind) for kind in self._kinds.values()]
        if self._done < _LEAST_DONE or not self._weight or not weights or any(one is None for one in weights):
            return None
        return elapsed * sum(one for one in weights if one is not None) / self._weight

    def _weight_of(self, kind: str) -> float | None:
        if kind in self._known:
            return self._known[kind]
        taken = self._taken.get(kind)
        return statistics.median(taken) if taken else None
