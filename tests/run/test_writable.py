"""Whether what a build makes will find a place: looked at before anything is performed, where there is work to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personaforge.errors import StoreError
from personaforge.run.writable import _require_folder, require_writable
from tests.plan.lab import Lab, lab, undone


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("writable"), "all") as opened:
        yield opened


def test_a_folder_that_is_not_there_yet_goes_into_the_nearest_one_above_it(built: Lab) -> None:
    root = built.studio.root
    before = {path.name for path in root.iterdir()}
    _require_folder(root / "new/and/deeper", "what is built", root)
    assert {path.name for path in root.iterdir()} == before, "what it tried is removed again"


def test_a_file_in_the_place_of_a_folder_is_named(built: Lab) -> None:
    root = built.studio.root
    with undone(root):
        (root / "build/ana/clips").write_text("a file")
        with pytest.raises(StoreError, match="is no folder, and what is built goes there") as error:
            _require_folder(root / "build/ana/clips/deeper", "what is built", root)
        assert error.value.where == str(root / "build/ana/clips") and error.value.hint == "move it away"


def test_a_lock_that_is_a_folder_stops_a_build_with_work_and_no_other(built: Lab) -> None:
    root = built.studio.root
    work = built.planned(forced=frozenset({"ana/image/02"}))
    stands = built.planned()
    with undone(root):
        built.studio.lock.unlink()
        built.studio.lock.mkdir()
        with pytest.raises(StoreError, match="is a folder, expected the lock"):
            require_writable(built.space.store, work)
        require_writable(built.space.store, stands)


def test_a_folder_of_what_was_built_that_became_a_file_stops_it_too(built: Lab) -> None:
    root = built.studio.root
    work = built.planned(forced=frozenset({"ana/image/02"}))
    with undone(root):
        images = root / "build/ana/images"
        images.rename(root / "build/ana/away")
        images.write_text("a file")
        with pytest.raises(StoreError, match="is no folder"):
            require_writable(built.space.store, work)
