"""What the sections of the machine file hold; `machine_file` reads them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
"""Hosts to which http without TLS may go."""


class Endpoint(NamedTuple):
    """Where a provider is."""

    url: str = ""
    """For all that it makes, but for modalities that have an address of their own."""
    text: str = ""
    image: str = ""
    video: str = ""
    speech: str = ""

    def of(self, modality: str) -> str:
        """Return the address for a modality; empty where none is said."""
        return str(getattr(self, modality) or self.url)


class Command(NamedTuple):
    """A program of this machine."""

    run: tuple[str, ...]
    """The program, by its absolute path or as PATH finds it, and its first arguments. No shell reads them."""
    timeout_seconds: float = 600.0


class KeySource(NamedTuple):
    """Where a key comes from: one of the two."""

    variable: str = ""
    """An environment variable."""
    command: str = ""
    """A name among the commands; what it prints is the key."""


class Webhook(NamedTuple):
    """An address that is told of what happened."""

    url: str


def normalised(distribution: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def is_distribution(name: str) -> bool:
    """Return whether a text can be the name of a distribution (PEP 508), without a version."""
    return (
        0 < len(name) <= 100
        and name.isascii()
        and name[0].isalnum()
        and name[-1].isalnum()
        and all(char.isalnum() or char in "-_." for char in name)
    )
