"""A store in a project of its own, closed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from personaforge.store.store import Store
from tests.patience import patience

from .given import project


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    with patience():
        yield


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(project(tmp_path / "project"))
    yield opened
    opened.close()
