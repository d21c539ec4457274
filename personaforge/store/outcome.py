"""The outcome of a node: what its procedure returns, what the index keeps, and what later nodes depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

from personaforge.digest import digest_json
from personaforge.store.artifact import Artifact, parse_artifact

Status = Literal["accepted", "flagged", "unmeasured", "rejected"]
"""accepted: passed its gate, or has none. flagged: ships, with a mark. unmeasured: its gate could not measure and was
opted out of by name. rejected: failed its gate; the best attempt is kept and named."""


class Output(NamedTuple):
    """An artifact of a node, and where it stands in the persona's build folder."""

    artifact: Artifact
    path: str


@dataclass(frozen=True)
class Outcome:
    """What a node resulted in."""

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
    look: Mapping[str, Any] = field(default_factory=dict)
    """Of an anchor: what it was made for; for the lock as well. See `personaforge.steps.look`."""
    judged: tuple[str, ...] = ()
    """Names of the evaluation records that were kept of it; what is judged otherwise later is kept anew."""
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
            **({"look": dict(self.look)} if self.look else {}),
            **({"judged": list(self.judged)} if self.judged else {}),
        }


def outcome_from_json(fields: Any) -> Outcome:
    """Return an outcome that `Outcome.as_json` wrote, perhaps that of an older forge, which noted less.

    Raises KeyError, StoreError, TypeError or ValueError for anything else: later nodes, the lock and reports trust it.
    """
    typed(fields, _FIELDS)
    if fields["status"] not in get_args(Status):
        raise ValueError("a status that no outcome has")
    outputs = {}
    for name, item in fields["outputs"].items():
        if not isinstance(item["path"], str):
            raise TypeError("a path that is no text")
        outputs[name] = Output(parse_artifact(item, name), item["path"])
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
        look=fields.get("look", {}),
        judged=tuple(map(str, fields.get("judged", ()))),
    )


_FIELDS = {
    **dict.fromkeys(("status", "key", "also", "face"), str),
    **dict.fromkeys(("take", "attempt"), int),
    **dict.fromkeys(("outputs", "facts", "under", "replaced", "look"), dict),
    "judged": list,
}


def typed(fields: Mapping[str, Any], types: Mapping[str, type]) -> None:
    """Require that what is there of some fields has its type, exactly: JSON's true is no number. Raises TypeError."""
    for name, value in fields.items():
        if name in types and type(value) is not types[name]:
            raise TypeError(f"{name} is a {type(value).__name__}")
