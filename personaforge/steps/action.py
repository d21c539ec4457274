"""Actions and what they result in. What a procedure returns, the outcome of a node, is `personaforge.store.outcome`.

A procedure is a generator: it yields an `Action`, is sent its `Result`, and returns an `Outcome`. It has no effects of
its own. What drives it looks results up (the planner) or has them made (the runner).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from personaforge.digest import digest_json
from personaforge.store.artifact import Artifact
from personaforge.store.outcome import Outcome as Outcome
from personaforge.store.outcome import Output as Output
from personaforge.store.outcome import Status as Status


class Price(NamedTuple):
    """What a call is expected to cost."""

    paid: bool
    usd: float | None
    """US dollars; None for a paid call whose price nobody has declared."""
    tariff: Mapping[str, Any] = {}
    """The declared prices that the call is settled by; see `personaforge.steps.prices`."""


FREE = Price(False, 0.0)


@dataclass(frozen=True)
class Action:
    """One cached call. Who performs it sees `request` and `inputs` and nothing else, and the key covers all of both."""

    kind: str
    """complete, draw, film, speak, measure, measure_clip, finish, repair, write or sheet; on record also score_photo,
    and anchor and acknowledge: somebody's decision."""
    provider: str
    """Who performs it, with the version of the code that shapes the bytes: `embedded@1`."""
    request: Mapping[str, Any]
    """JSON values by name."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Digests of the artifacts it reads, by name."""
    take: int = 0
    attempt: int = 0
    deterministic: bool = True
    """Whether performing it again gives the same bytes."""
    price: Price = FREE
    sources: Mapping[str, Any] = field(default_factory=dict)
    """Where the request came from, for `explain` and `drift --blame`; not in the key: `settings` by path, digests of
    `templates` by name, and of the texts that `needs` resulted in."""
    account: str = ""
    """Name of the environment variable that holds the provider's key, empty for its usual one; not in the key."""
    content: bytes | None = None
    """For kind `write`: the bytes to keep. Their digest is in the request."""

    @cached_property
    def parts(self) -> dict[str, Any]:
        """What the key covers, by name."""
        return {
            "kind": self.kind,
            "provider": self.provider,
            "request": dict(self.request),
            "inputs": dict(self.inputs),
            "take": self.take,
            "attempt": self.attempt,
        }

    @cached_property
    def key(self) -> str:
        """The action key."""
        return digest_json("action/1", self.parts)


class Result(NamedTuple):
    """What an action resulted in."""

    action: Action
    outputs: Mapping[str, Artifact]
    value: Mapping[str, Any]
    """Small JSON kept in the record itself, such as a measurement."""
    details: Mapping[str, Any] = {}
    """What else the provider said: the model that answered, usage."""
    passed_over: tuple[str, ...] = ()
    """Models that were asked before it and definitely gave nothing, with the reason in a word: `img-1 (refused)`."""

    @property
    def key(self) -> str:
        """The action's key."""
        return self.action.key

    @property
    def blocked(self) -> str:
        """Why a content filter or the model itself gave no artifact; empty when there is one."""
        return str(self.value.get("blocked", ""))


class NotSettled(Exception):
    """A procedure asked for a need that isn't settled yet. It is no fault of the procedure's."""


Procedure = Generator[Action, Result, Outcome]
