"""How a second reader marks a finding that is only worth a look. It changes no mark, and no revision is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LOOK = "Worth a look: "
"""How the problem of such a finding begins. Readers that are models don't use it."""


def is_look(finding: Mapping[str, Any]) -> bool:
    """Tell whether a finding is only worth a look."""
    return str(finding.get("problem", "")).startswith(LOOK)
