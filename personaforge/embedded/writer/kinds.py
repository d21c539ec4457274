"""Which kinds of faults the rules of the audit see, as measured, and which axes they may mark therefore: kinds.yaml.

Plain counts. A kind is seen where rules found at least the declared share of it in documents that nobody who writes
rules had read; one that was never measured isn't.
"""

from __future__ import annotations

from typing import NamedTuple

from personaforge.embedded.once import once
from personaforge.embedded.writer.tables import table


class Kind(NamedTuple):
    """A kind of fault."""

    kind: str
    axis: str
    """The axis whose mark it lowers."""
    seen: int
    of: int
    """Faults that were looked for; 0 where nobody measured."""
    sees: str
    """What the rules look at."""

    @property
    def is_seen(self) -> bool:
        """Whether rules see enough of it to say that there is none."""
        return self.of > 0 and self.seen >= float(table("kinds")["least"]) * self.of

    @property
    def said(self) -> str:
        """The kind and the share that was seen. In percent: "they see 13 of 25" has an age in it, for the guard."""
        return f"{self.kind} ({100 * self.seen / self.of:.0f} % seen)" if self.of else f"{self.kind} (not measured)"


@once
def kinds() -> tuple[Kind, ...]:
    """Return all kinds."""
    return tuple(Kind(**entry) for entry in table("kinds")["kinds"])


@once
def unseen(axis: str) -> tuple[Kind, ...]:
    """Return the kinds of an axis that rules don't see; none for an axis that they may mark."""
    return tuple(kind for kind in kinds() if kind.axis == axis and not kind.is_seen)


@once
def reason(axis: str) -> str:
    """Return why rules that found nothing clear give an axis no mark; empty where they do."""
    lacking = unseen(axis)
    said = ", ".join(kind.said for kind in lacking)
    return (
        f"Not judged by rules: they see too little of {said}, and found nothing clear. A model judge can."
        if lacking
        else ""
    )
