"""The story of a persona that is told to whoever watches a build: which event comes when, and each of them once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from personaforge.plan.plan import PersonaPlan
from personaforge.run.events import Event
from personaforge.run.progress import PersonaProgress
from personaforge.steps.action import Outcome, Output
from personaforge.store.artifact import Artifact
from tests.plan.lab import Lab, lab
from tests.run.conftest import PERSONA

SPEC = ("soul", "surface", "dna", "audit", "profile")


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("progress")) as opened:
        yield opened


@pytest.fixture
def story(open_lab: Lab) -> Any:
    """The plan of a persona that was never built, its progress, and what has been told."""
    plan = open_lab.planned(PERSONA).personas[0]
    told: list[Event] = []
    return plan, PersonaProgress(plan, told.append), told


def outcome(path: str) -> Outcome:
    return Outcome("accepted", {"image": Output(Artifact("a" * 64, "image/png", 1), path)})


def ended(plan: PersonaPlan, progress: PersonaProgress, *names: str, end: str = "done", error: str = "") -> None:
    for name in names:
        progress.ended(plan.nodes[name], end, outcome(f"{name}.png"), error)


def kinds(told: list[Event]) -> list[str]:
    return [event.type for event in told]


def test_the_spec_is_complete_with_its_last_node_and_not_before(story: Any) -> None:
    plan, progress, told = story
    for name in SPEC:
        progress.started(plan.nodes[name])
    ended(plan, progress, *SPEC[:-1])
    assert kinds(told) == ["persona_spec_started"], "once, and not complete yet"
    ended(plan, progress, SPEC[-1], end="unchanged")
    assert kinds(told) == ["persona_spec_started", "persona_spec_complete"]
    assert told[-1].result == {"personaId": "ana"}


def test_a_draft_that_failed_ends_the_story_once(story: Any) -> None:
    plan, progress, told = story
    ended(plan, progress, "soul", end="failed", error="no key")
    ended(plan, progress, *SPEC[1:], end="skipped", error="needs soul")
    assert kinds(told) == ["persona_failed"] and told[0].error == "Spec generation failed: no key"


def test_pictures_count_up_to_a_hundred(story: Any) -> None:
    """Four of them: the anchor, which stands first, and three positions. Candidates only begin the story."""
    plan, progress, told = story
    for name in ("candidate/1", "candidate/2", "anchor", "image/02"):
        progress.started(plan.nodes[name])
    assert kinds(told) == ["persona_image_started"]
    ended(plan, progress, "candidate/1", "anchor", "image/03", "image/02", "image/04")
    assert [(event.type, event.progress) for event in told[1:]] == [
        ("persona_image_progress", 25),
        ("persona_image_progress", 50),
        ("persona_image_progress", 75),
        ("persona_image_complete", 100),
    ]
    assert [event.result for event in told[1:4]] == [
        {"position": 1, "url": "anchor.png"},
        {"position": 3, "url": "image/03.png"},
        {"position": 2, "url": "image/02.png"},
    ]
    ended(plan, progress, "image/04")
    assert len(told) == 5, "what ends twice is told once"


@pytest.mark.parametrize("name", ["candidate/1", "anchor", "image/02"])
def test_whatever_picture_starts_first_begins_the_story(story: Any, name: str) -> None:
    plan, progress, told = story
    progress.started(plan.nodes[name])
    assert [(event.type, event.result) for event in told] == [("persona_image_started", {"position": 1})]


def test_a_picture_that_failed_is_no_progress_and_an_anchor_that_failed_is_the_end(story: Any) -> None:
    plan, progress, told = story
    ended(plan, progress, "image/02", end="rejected")
    assert told == []
    ended(plan, progress, "anchor", end="failed", error="no face")
    assert kinds(told) == ["persona_failed"] and told[0].error == "Anchor selection failed: no face"


def test_each_clip_has_a_story_of_its_own(story: Any) -> None:
    plan, progress, told = story
    progress.started(plan.nodes["video/wave"])
    ended(plan, progress, "video/wave")
    ended(plan, progress, "video/wave", end="failed", error="busy")
    assert kinds(told) == ["persona_video_started", "persona_video_complete", "persona_video_failed"]
    assert told[1].result == {"motionType": "wave", "url": "video/wave.png"}
    assert (told[2].result, told[2].error) == ({"motionType": "wave"}, "wave video failed: busy")


def test_what_stands_is_not_waited_for(open_lab: Lab) -> None:
    plan = open_lab.planned(PERSONA).personas[0]
    for name in ("soul", "surface", "dna", "audit", "image/02", "image/03", "image/04"):
        plan.nodes[name].state = "cached"
    told: list[Event] = []
    progress = PersonaProgress(plan, told.append)
    ended(plan, progress, "profile", "anchor", end="restored")
    assert kinds(told) == ["persona_spec_complete", "persona_image_complete"]


def test_a_picture_that_is_no_position_counts_for_nothing(open_lab: Lab) -> None:
    """An avatar is an image step's only node and has no slot: it is none of the pictures that are counted."""
    plan = open_lab.planned(PERSONA).personas[0]
    avatar = plan.nodes["image/04"]
    avatar.shape = avatar.shape._replace(slot="")
    told: list[Event] = []
    progress = PersonaProgress(plan, told.append)
    ended(plan, progress, "image/04", "anchor")
    assert [event.progress for event in told] == [33]
