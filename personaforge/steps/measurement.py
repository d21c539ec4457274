"""The action that measures an artifact: keyed by the artifact, the analyzer and how a clip is sampled, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.steps.action import Action

MEASURE_VERSION = "2"
"""Raised when our own part of measuring (decoding, cropping, ratios) would give other numbers."""


def measure_action(
    kind: str, identity: Mapping[str, str], digest: str, request: Mapping[str, Any] | None = None
) -> Action:
    """Return the action that measures an artifact with an analyzer."""
    return Action(
        kind=kind,
        provider=f"{identity['backend']}@{MEASURE_VERSION}",
        request={"analyzer": dict(identity), **(request or {})},
        inputs={"artifact": digest},
    )
