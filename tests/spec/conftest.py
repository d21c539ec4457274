"""A project that many tests share: composing the packaged conf once takes as long as forty personas after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from personaforge.providers.table import KNOWN
from personaforge.spec.load import Loader
from personaforge.spec.settings import Settings
from tests.patience import patience

from .given import project

Load = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    with patience():
        yield


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Load a persona from its text, in a project without a conf of its own: `load("id: ana...", "seed=3")`.

    Its file is called `personas/ana.yaml` in messages.
    """
    where = project(tmp_path_factory.mktemp("shared"))
    loader = Loader(where, domains=KNOWN)
    numbers = count()

    def loaded(text: str, *overrides: str) -> Settings:
        folder = where.root / f"{next(numbers)}" / "personas"
        folder.mkdir(parents=True)
        path: Path = folder / "ana.yaml"
        path.write_text(text, encoding="utf-8")
        return loader.load(path, overrides).settings

    return loaded
