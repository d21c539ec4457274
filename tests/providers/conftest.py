"""What the tests of adapters share. Each of their modules has a `server` of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from personaforge.testing.contract import Shop
from personaforge.testing.server import Server


@pytest.fixture
def shop(tmp_path: Path, server: Server) -> Iterator[Shop]:
    """Whoever buys: a store and an engine in a folder of their own."""
    found = Shop(tmp_path / "project")
    yield found
    found.close()
