"""Actions, what they come to, and the outcome of a node.

A procedure is a generator: it yields an `Action`, is sent its `Result`, and returns an `Outcome`. It has no effects of
its own. Whoever drives it looks results up (the planner) or has them made (the runner).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from personaforge.digest import digest_json
from personaforge.store.artifact import Artifact

Status = Literal["accepted", "flagged", "unmeasured", "rejected"]
"""accepted: passed its gate, or has none. flagged: ships, with a mark. unmeasured: its gate could not measure and was
opted out of by name. rejected: failed its gate; the best attempt is kept and named."""


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
    and anchor: somebody's decision."""
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
    `templates` by name, and of the texts that `needs` came to."""
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
    """What the provider said besides: the model that answered, usage."""
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


class Output(NamedTuple):
    """An artifact of a node, and where it stands in the persona's build folder."""

    artifact: Artifact
    path: str


@dataclass(frozen=True)
class Outcome:
    """What a node came to."""

    status: Status
    outputs: Mapping[str, Output] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """JSON that later nodes and reports read: decision, scores, model, label, reason."""
    key: str = ""
    """Action key of the first attempt: what the lock compares to tell whether anything has changed since the pin."""
    take: int = 0
    attempt: int = 0
    evaluations: tuple[Mapping[str, Any], ...] = ()
    """What was judged on the way, an entry for each attempt."""
    under: Mapping[str, Any] = field(default_factory=dict)
    """What it was accepted under; this and the next three are for the lock, and no later node depends on them."""
    also: str = ""
    """Key that the same wish has now, where forge's own part of it has changed since `key`."""
    face: str = ""
    """A drawn candidate's face; see `personaforge.steps.remake`."""
    replaced: Mapping[str, str] = field(default_factory=dict)
    """Digests, by name, of pinned artifacts that were remade here with other bytes."""
    stays: str = ""
    """What the present rules would decide, where they would not accept what is pinned; for people."""

    @property
    def passed(self) -> bool:
        """Whether the node's gate lets it through."""
        return self.status != "rejected"

    @cached_property
    def digest(self) -> str:
        """What later nodes depend on. Where a file stands and which attempt made it are no part of it."""
        outputs = {name: output.artifact.digest for name, output in self.outputs.items()}
        return digest_json("outcome/1", {"status": self.status, "outputs": outputs, "facts": dict(self.facts)})

    def as_json(self) -> dict[str, Any]:
        """Return the outcome for the index."""
        return {
            "status": self.status,
            "outputs": {name: {**out.artifact.as_json(), "path": out.path} for name, out in self.outputs.items()},
            "facts": dict(self.facts),
            "key": self.key,
            "take": self.take,
            "attempt": self.attempt,
            "under": dict(self.under),
            "also": self.also,
            "face": self.face,
            "replaced": dict(self.replaced),
        }


def outcome_from_json(fields: Mapping[str, Any]) -> Outcome:
    """Return an outcome that `Outcome.as_json` wrote."""
    outputs = {
        name: Output(Artifact(item["digest"], item["media_type"], item["size"]), item["path"])
        for name, item in fields["outputs"].items()
    }
    return Outcome(
        fields["status"],
        outputs,
        fields["facts"],
        fields["key"],
        fields["take"],
        fields["attempt"],
        under=fields.get("under", {}),
        also=fields.get("also", ""),
        face=fields.get("face", ""),
        replaced=fields.get("replaced", {}),
    )


Procedure = Generator[Action, Result, Outcome]
