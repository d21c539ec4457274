"""A demand: one thing that was asked of a picture or clip beside its person, and what came. Values and words only.

A demand's action says what it decides where it isn't met: `retry` is a gate, `flag` lets the result through with a mark
and buys nothing, `advice` is only shown. A demand that nothing could measure decides nothing: no further picture is
bought for what isn't known, and the record says why it isn't.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Use(StrEnum):
    """What a demand that isn't met decides."""

    RETRY = "retry"
    """It doesn't pass: another attempt is told what was wrong, and after the last one it is rejected."""
    FLAG = "flag"
    """It ships, flagged."""
    ADVICE = "advice"
    """It is shown beside what was asked."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand on one picture or clip."""

    name: str
    """size, aspect, ..."""
    asked: str
    """What was asked, for people: `832x1216`."""
    measured: str
    """What came, in the same words; empty where it was not measured."""
    bound: str
    """From where on it is not met, for people: `0.95 to 1.05 times as large`."""
    action: Use
    met: bool | None
    """None where it was not measured; `unmeasured` says why."""
    unmeasured: str = ""
    words: str = ""
    """What a generator is told for its next attempt if it is not met, a sentence."""
    lasting: bool = False
    """Whether another attempt that comes out the same shows that no further one will be better, as with a size: the
    same request has the same answer. Then no third attempt is bought."""

    @property
    def fault(self) -> str:
        """What is wrong, a sentence part; empty where nothing is, as far as it was measured."""
        return f"{self.name}: {self.measured}, and {self.asked} was asked for" if self.met is False else ""

    def as_json(self) -> dict[str, Any]:
        """Return what records keep; `met` is null where it was not measured."""
        value: dict[str, Any] = {"name": self.name, "asked": self.asked, "measured": self.measured}
        value.update(bound=self.bound, action=str(self.action), met=self.met)
        return {**value, "unmeasured": self.unmeasured} if self.unmeasured else value


def unmet(demands: Iterable[Demand], *actions: Use) -> tuple[Demand, ...]:
    """Return the demands that are not met, with one of the actions if some are named."""
    return tuple(one for one in demands if one.met is False and (not actions or one.action in actions))
