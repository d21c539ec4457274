"""How a build ended, and how each of its nodes ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from personaforge.run.actions import Tally
from personaforge.steps.action import Outcome

End = Literal["done", "unchanged", "restored", "rejected", "failed", "skipped", "stopped"]
"""done: has a new outcome. unchanged: has the same outcome as before. restored: only files were put back.
rejected: its outcome fails its gate. failed: an error. skipped: a need failed. stopped: interrupted."""


@dataclass
class NodeReport:
    """How one node ended."""

    id: str
    end: End
    outcome: Outcome | None = None
    error: str = ""
    hint: str = ""
    tally: Tally = field(default_factory=Tally)
    crash: BaseException | None = None
    """Set when the error is a bug of ours."""
    conflict: bool = False
    """Whether somebody else has pinned another face meanwhile. That ends the persona's part of the build, no other."""


@dataclass
class BuildReport:
    """How a build ended."""

    id: str
    nodes: dict[str, NodeReport]
    seconds: float
    cost_usd: float
    unknown_calls: int
    interrupted: bool
    locks: tuple[Path, ...] = ()
    """Lock files that were written: to be committed."""
    notes: tuple[str, ...] = ()
    """Sentences for people about what was remade."""
    in_flight: int = 0
    """Paid calls that their providers are still working on; `forge jobs resume`, or the next build, takes them up."""

    @property
    def performed(self) -> int:
        """Actions that were performed rather than found."""
        return sum(node.tally.performed for node in self.nodes.values())

    @property
    def failed(self) -> list[NodeReport]:
        """Nodes that failed or were rejected."""
        return [node for node in self.nodes.values() if node.end in ("failed", "rejected", "skipped")]
