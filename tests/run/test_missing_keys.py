"""A key that is missing is said by the plan, where a paid call needs it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.plan.plan import PlanRequest
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace

NOVA = """\
id: nova
brief: A calm gardener who talks to her roses.
text: litellm
image: fal
defaults: [{override /identity: permissive}]
"""


def notices(root: Path, *overrides: str) -> list[str]:
    with Workspace.open((), str(root)) as space:
        return [one for one in space.plan([], PlanRequest(overrides)).notices if "is not set" in one]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path, {"nova": NOVA})


def test_each_key_is_named_once_with_its_steps(root: Path) -> None:
    found = notices(root)
    [fal] = [one for one in found if one.startswith("FAL_KEY is not set, which fal needs for ")]
    assert "candidate, image, avatar, banner" in fal and "export FAL_KEY=" in fal
    [text] = [one for one in found if one.startswith("ANTHROPIC_API_KEY ")]
    assert "soul" in text and "image" not in text


def test_a_key_that_is_set_is_not_missing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "a-key-of-a-test")
    assert not [one for one in notices(root) if "FAL_KEY" in one]
    assert [one for one in notices(root, "+image.key=FAL_KEY_STUDIO") if "FAL_KEY_STUDIO" in one]


def test_what_works_without_a_key_names_none(tmp_path: Path) -> None:
    assert notices(write_project(tmp_path, {"nova": NOVA.partition("text:")[0]})) == []
