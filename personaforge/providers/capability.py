"""What is fixed about a provider and known without importing it. Not configurable: a spec can't claim it."""

from __future__ import annotations

from typing import NamedTuple


class Capability(NamedTuple):
    """A provider of one modality."""

    name: str
    modality: str
    """`text`, `image` or `video`."""
    reads: frozenset[str]
    """Names of the request fields and inputs that reach the provider, and so enter the action key."""
    paid: bool = True
    """Whether a call costs money. A paid call is journalled before it is sent."""
    deterministic: bool = False
    """Whether the same request gives the same bytes, so that a lost pinned artifact may be remade and compared."""
    version: str = "1"
    """Raised when the same request would give other bytes; part of the action key."""
    label: str = ""
    """Shown wherever the provider's output shows, such as `embedded`."""
