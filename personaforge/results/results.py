"""The results of one persona, read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from personaforge.results.facts import Described, described
from personaforge.spec.kinds import KINDS, Role
from personaforge.spec.settings import Settings
from personaforge.steps.context import ANCHOR
from personaforge.store.result import NodeResult
from personaforge.store.store import Store

DOCUMENT: Final = "document"
"""The persona document's role, and the name of its output."""


class Results:
    """What the nodes of one persona last resulted in. A node that was never built, or whose result can't be read, has
    none."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    @cached_property
    def _all(self) -> Mapping[str, NodeResult]:
        return {found.name: found for found in self._store.index.results(self._settings.id)}

    def __iter__(self) -> Iterator[NodeResult]:
        return iter(self._all.values())

    def get(self, name: str) -> NodeResult | None:
        """Return the result of a node, by its name within the persona."""
        return self._all.get(name)

    def kind_of(self, result: NodeResult) -> str:
        """Return the kind of step that a result is of: where it names none that is known, the kind of its step now."""
        if result.kind in KINDS:
            return result.kind
        step = self._settings.value("pipeline.steps").get(result.name.partition("/")[0], {})
        return str(step.get("kind", result.kind))

    def by_kind(self, kind: str) -> list[NodeResult]:
        """Return the results of a kind of step: those of the steps that the pipeline has now, then those of steps that
        were renamed or left out since."""
        steps: Mapping[str, Any] = self._settings.value("pipeline.steps")
        found = [one for one in self if self.kind_of(one) == kind]
        return sorted(found, key=lambda one: one.name.partition("/")[0] not in steps)

    def by_role(self, role: Role) -> list[NodeResult]:
        """Return the results of all kinds that play a part, in the order in which people see them."""
        return [one for kind in KINDS.values() if kind.role == role for one in self.by_kind(kind.name)]

    def anchor(self) -> NodeResult | None:
        """Return the result of choosing the anchor, as far as it has a picture."""
        return next((one for one in self.by_role(ANCHOR) if ANCHOR in one.outcome.outputs), None)

    @property
    def anchor_digest(self) -> str:
        """The digest of the anchor that was built last; empty without one."""
        found = self.anchor()
        return found.outcome.outputs[ANCHOR].artifact.digest if found is not None else ""

    def document(self) -> NodeResult | None:
        """Return the result of writing the persona document, as far as it was written."""
        return next((one for one in self.by_role(DOCUMENT) if DOCUMENT in one.outcome.outputs), None)

    def described(self, declared: bool = True) -> Described:
        """Return what the document says about the persona as a whole; empty where the pipeline declares no document."""
        found = next(iter(self.by_role(DOCUMENT)), None) if declared else None
        return described(found.outcome.facts if found is not None else {})
