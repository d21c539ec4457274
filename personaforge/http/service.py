"""What HTTP has to know of a provider: its name, where its keys are and where they may go."""

from __future__ import annotations

from typing import Protocol


class Service(Protocol):
    """A provider as `personaforge.providers.capability` declares it; see there."""

    @property
    def name(self) -> str: ...
    @property
    def modality(self) -> str: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def key_beside(self) -> str: ...
    @property
    def hosts(self) -> tuple[str, ...]: ...


class Access(Protocol):
    """How it is asked: `personaforge.providers.table.Options`."""

    @property
    def timeout_seconds(self) -> float: ...
    @property
    def key(self) -> str: ...
