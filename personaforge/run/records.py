"""The one writer of action records: what is made, measured or decided is kept through it, in builds and beside them.

So a measurement that `forge eval` made is found by a build, and says when it was made and how long that took.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.steps.action import Action
from personaforge.store.artifact import Artifact
from personaforge.store.store import Store


def keep_record(
    store: Store,
    action: Action,
    value: Mapping[str, Any],
    *,
    started: float,
    seconds: float,
    persona: str = "",
    node: str = "",
    outputs: Mapping[str, Artifact] = {},
    details: Mapping[str, Any] = {},
    cost_usd: float | None = 0.0,
    build: str = "",
) -> None:
    """Keep the record of a finished action, whose artifacts are in the store already. Raises StoreError.

    `started` is in seconds since 1970, `cost_usd` None where it isn't known. `persona` and `node` are empty for what
    is about no persona or no node, and `build` for what was done outside of builds.
    """
    record: dict[str, Any] = {
        "persona": persona,
        "node": node,
        "parts": action.parts,
        "sources": dict(action.sources),
        "outputs": {name: artifact.as_json() for name, artifact in outputs.items()},
        "value": dict(value),
        "details": dict(details),
        "paid": action.price.paid,
        "cost_usd": cost_usd,
        "started": round(started, 3),
        "seconds": round(seconds, 4),
    }
    if build:
        record["build"] = build
    if action.price.paid:
        record["reserved_usd"] = action.price.usd
    store.commit(action.key, record)
