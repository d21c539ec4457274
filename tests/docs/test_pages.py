"""The tutorial and the cookbook are followed as they are written; by one test, since both need a built persona."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Forge
from tests.docs.following import blocks, follow, missing_line, parts, together

TUTORIAL = parts((ROOT / "docs/tutorial.md").read_text())
RECIPES = parts((ROOT / "docs/cookbook.md").read_text())
SMALL = {
    "image": {"width": 192, "height": 256},
    "video": {"fps": 2, "sizes": {"9:16": {"width": 144, "height": 256}}},
    "identity": {"anchor": {"candidates": 2}},
}
POSITIONS = ("01", "02", "07")


def make_small(folder: Path) -> None:
    """Leave a project three positions, small pictures and one clip of a second."""
    matrix, motion = (
        yaml.safe_load((ROOT / "conf" / name).read_text()) for name in ("matrix/heia_20.yaml", "motion/types.yaml")
    )
    matrix["positions"] = {slot: matrix["positions"][slot] for slot in POSITIONS}
    matrix["utility"]["avatar"].update(width=160, height=160)
    matrix["utility"]["banner"].update(width=320, height=108)
    motion["types"] = {"smile_reveal": {**motion["types"]["smile_reveal"], "seconds": 1}}
    for name, values in (("matrix/heia_20.yaml", matrix), ("motion/types.yaml", motion)):
        path = folder / "conf" / name
        path.parent.mkdir()
        path.write_text(yaml.safe_dump(values, sort_keys=False))
    settings = folder / "conf/project/settings.yaml"
    settings.write_text(yaml.safe_dump(together(yaml.safe_load(settings.read_text()), SMALL)))


@pytest.mark.slow
@pytest.mark.usefixtures("no_pack")
def test_the_tutorial_and_every_recipe_do_what_they_say(tmp_path: Path, forge: Forge) -> None:
    studio = tmp_path / "studio"
    follow(TUTORIAL["A repository"], tmp_path, forge)
    make_small(studio)
    for title in list(TUTORIAL)[1:]:
        follow(TUTORIAL[title], studio, forge)
    wrong: dict[str, Any] = {}
    for number, (title, recipe) in enumerate(RECIPES.items()):
        copy = Path(shutil.copytree(studio, tmp_path / f"recipe{number}", ignore=shutil.ignore_patterns("reports")))
        try:
            follow(recipe, copy, forge)
        except AssertionError as error:
            wrong[title] = error
    assert not wrong, "\n\n".join(f"{title}: {error}" for title, error in wrong.items())


def test_every_everyday_edit_has_a_recipe() -> None:
    words = (
        "eyes",
        "threshold",
        "fashion",
        "motion",
        "position",
        "scene",
        "template",
        "anchor",
        "step",
        "Lock",
        "take",
    )
    for word in (*words, "Rename", "Delete", "wardrobe", "hosted", "CI"):
        assert any(word in title for title in RECIPES), word


def test_every_recipe_has_a_command() -> None:
    for title, recipe in RECIPES.items():
        assert any(block.language == "console" for block in blocks(recipe)), title


def test_a_page_that_shows_something_else_is_noticed() -> None:
    assert missing_line(["a", "...", "c ..."], ["a", "b", "c d"]) is None
    assert missing_line(["a ... c"], ["a b c"]) is None
    assert missing_line(["a", "c"], ["a", "b"]) is not None
    assert missing_line(["a"], ["a", "b"]) is not None
    assert missing_line(["...", "d"], ["a", "b"]) is not None
