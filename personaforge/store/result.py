"""What a node last resulted in, with what shaped it: the only reader and writer of the texts that the index keeps.

A text may be by an older forge, which noted less: what it lacks is empty. One that is damaged, or that no forge wrote,
counts as no result, as a damaged record counts as none: every field is examined here, and nowhere after.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from personaforge.errors import StoreError
from personaforge.store.outcome import Outcome, outcome_from_json, typed


class NodeResult(NamedTuple):
    """The last outcome of a node."""

    node: str
    """The node in the project, by the persona's present id: `sofia-reyes/image/07`."""
    outcome: Outcome
    actions: tuple[str, ...] = ()
    """Keys of the actions that led to it, in their order."""
    dependencies: Mapping[str, Any] = {}
    """JSON by name: `code` (`image@1`), `settings` by path, digests of `templates` and of the `needs`' outcomes, and
    where the kind has them `provider`, `analyzer`, `issued` and `persona`."""

    @property
    def name(self) -> str:
        """The node within its persona: `image/07`."""
        return self.node.partition("/")[2]

    @property
    def kind(self) -> str:
        """The kind of step that it was made by; empty where that is not known."""
        return str(self.dependencies.get("code", "")).partition("@")[0]

    @property
    def digests(self) -> frozenset[str]:
        """The digests of its artifacts."""
        return frozenset(output.artifact.digest for output in self.outcome.outputs.values())

    def text(self) -> str:
        """Return the result as the index keeps it."""
        kept = {**self.dependencies, "actions": self.actions, "outcome": self.outcome.as_json()}
        return orjson.dumps(kept).decode()


def read_result(node: str, text: str) -> NodeResult | None:
    """Return a result from the index; None for a damaged one."""
    try:
        body = orjson.loads(text)
        outcome, actions = outcome_from_json(body.pop("outcome")), body.pop("actions", [])
        typed(body, _DEPENDENCIES)
        if type(actions) is not list or not all(isinstance(key, str) for key in actions):
            return None
        return NodeResult(node, outcome, tuple(actions), body)
    except (AttributeError, KeyError, StoreError, TypeError, ValueError):  # JSONDecodeError is a ValueError
        return None


_DEPENDENCIES = {
    **dict.fromkeys(("code", "provider", "persona"), str),
    **dict.fromkeys(("settings", "templates", "needs", "analyzer", "issued"), dict),
}
