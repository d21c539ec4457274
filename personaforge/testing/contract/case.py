"""What a provider's author writes for the contract: what is asked of the provider, and how it can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from personaforge.digest import digest_json
from personaforge.providers import table
from personaforge.providers.capability import Capability
from personaforge.providers.table import Entry
from personaforge.steps.action import FREE, Action, Price
from personaforge.steps.prices import price_of
from personaforge.testing import png
from personaforge.testing.server import Becomes, Call, Fault, Route

KINDS: Final = {"text": "complete", "image": "draw", "video": "film", "speech": "speak"}
"""Modality -> kind of action."""
REFERENCE: Final = png((10, 20, 30), note="the reference")
"""The reference picture that goes along with every request that has one."""
CANARY: Final = "canary-0f3b9c-do-not-keep"
"""The key that every test gives, and that nothing may hold afterwards."""


@dataclass(frozen=True)
class Case:
    """A hosted provider of pictures, clips or sounds, and one of its models.

    Its routes (`personaforge.testing.server`) write a line in the ledger, `server.accept`, for every request that would
    cost money. What they hand out is `server.state["picture"](body, number)`, `["clip"](body, number)` or
    `["sound"](format, number)`, each (bytes, media type); `personaforge.testing.files.put` lays it at an address. Where
    results are in the answer (`file=""`) they know the words `magic` and `cut` of `Becomes`; where there are jobs, none
    is finished before `server.latency` seconds.
    """

    name: str
    """Of the provider, as in YAML."""
    modality: str
    model: str
    fields: Mapping[str, Any]
    """Of the request."""
    routes: list[Route]
    submit: str
    """Name of the route that accepts requests that cost money."""
    wire: Callable[[Call], None]
    """Asserts what has to be in the first request to that route."""
    url: str
    """The variable that sets the provider's address."""
    key: str
    """The variable that holds the key."""
    price: Any = 0.05
    """As the YAML declares it."""
    usd: float = 0.05
    """What the call then costs."""
    references: bool = True
    """Whether a reference picture goes along."""
    poll: str = ""
    """Name of the route that tells about jobs; empty for an immediate provider."""
    file: str = "files.get"
    """Name of the route that serves results; empty where they are in the answer."""
    keyed_file: bool = False
    """Whether that route is the provider's own, and asks for the key."""
    blocked: tuple[str, Fault] = ("", Becomes("blocked"))
    """(route, fault) of a content filter."""
    failed: tuple[str, Fault] | None = None
    """(route, fault) of a job that was accepted and failed."""
    in_200: tuple[str, Fault] | None = None
    """(route, fault) of an error inside a good answer to what costs money."""
    besides: Mapping[str, str] = field(default_factory=dict)
    """Other variables that the provider needs."""
    no_credit: Fault | None = None
    """An answer of the submit route for an account without credit."""

    entry: Entry | None = None
    """What the entry point names, where the provider is a plug-in's."""

    def __post_init__(self) -> None:
        """Raise ValueError for a provider that is neither forge's own nor the one in `entry`."""
        if self.entry is None and self.name not in table.names(self.modality):
            raise ValueError(f"forge ships no {self.modality} provider {self.name!r}: say entry=ENTRY of your own")
        if self.entry is not None and self.entry.capability[:2] != (self.name, self.modality):
            there = self.entry.capability
            raise ValueError(
                f"the case is of {self.name!r} ({self.modality}), and its entry of {there.name!r} ({there.modality})"
            )

    @property
    def id(self) -> str:
        """Name for pytest, with the modality: a provider may have several."""
        return f"{self.name}-{self.modality}"

    @property
    def capability(self) -> Capability:
        """What is fixed about the provider."""
        return table.capability(self.modality, self.name) if self.entry is None else self.entry.capability

    def action(self, take: int = 0) -> Action:
        """Return the action that the case asks for."""
        reads = self.capability.reads
        price = price_of(True, self.price, KINDS[self.modality], {k: v for k, v in self.fields.items() if k in reads})
        return _action(self.capability, self.model, self.fields, self.references, price, take)


@dataclass(frozen=True)
class LocalCase:
    """A provider that works on this machine, for nothing: `paid=False`, and no address."""

    entry: Entry
    """What the entry point names."""
    fields: Mapping[str, Any]
    """Of a request as steps send it: a value for each field that the provider reads."""
    model: str = "default"
    references: bool = False
    """Whether a reference picture goes along."""
    refused: Sequence[Mapping[str, Any]] = ()
    """Fields, in place of those above, with each of which the provider refuses the request."""

    @property
    def id(self) -> str:
        """Name for pytest."""
        return f"{self.capability.name}-{self.capability.modality}"

    @property
    def capability(self) -> Capability:
        """What is fixed about the provider."""
        return self.entry.capability

    def action(self, **other: Any) -> Action:
        """Return the action that the case asks for, with other fields."""
        return _action(self.capability, self.model, {**self.fields, **other}, self.references)


def _action(
    fixed: Capability,
    model: str,
    fields: Mapping[str, Any],
    references: bool,
    price: Price = FREE,
    take: int = 0,
) -> Action:
    return Action(
        KINDS[fixed.modality],
        f"{fixed.name}@{fixed.version}",
        {**{name: value for name, value in fields.items() if name in fixed.reads}, "model": model},
        {"reference": digest_json("reference", 1)} if references else {},
        take=take,
        deterministic=fixed.deterministic,
        price=price,
    )


@contextmanager
def registered(entry: Entry | None) -> Iterator[None]:
    """Have a plug-in's provider known for as long as the `with` lasts. None, and one of forge's own, change nothing."""
    if entry is None or entry.capability.name in table.names(entry.capability.modality):
        yield
        return
    table.register(entry)
    try:
        yield
    finally:
        table.withdraw(entry.capability.modality, entry.capability.name)
