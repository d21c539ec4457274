"""Stances, places, ages, hair styles and a clip's small movements can be told apart in the drawing."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from personaforge.digest import digest_bytes
from personaforge.embedded.painter.cache import Memory
from personaforge.embedded.painter.clip_life import STYLES, Life
from personaforge.embedded.painter.face.params import STYLES as HAIR_STYLES
from personaforge.embedded.painter.face.params import subject_face
from personaforge.embedded.painter.figure.held import HELD
from personaforge.embedded.painter.figure.stances import STANCES, stance_of
from personaforge.embedded.painter.scene.scene import PLACES
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import draw_request, pixels, subject

CONF = Path(__file__).resolve().parents[3] / "conf"


def shown(who: dict[str, Any], **fields: Any) -> Any:
    blob = EmbeddedImages().submit(draw_request(who, b"", width=192, height=256, **fields)).blob
    assert blob is not None
    return pixels(blob.data)


def apart(pictures: list[Any], least: float) -> None:
    for first, second in combinations(pictures, 2):
        assert np.abs(first - second).mean() > least


def test_the_words_of_the_matrix_are_stances() -> None:
    said = {
        "facing the camera, shoulders level": "rest",
        "standing, one hand at the hip": "hip",
        "hand near the chin": "chin",
        "chin level, still": "rest",
        "arms folded loosely": "folded",
        "walking": "walk",
        "busy, looking up": "hold",
        "at ease": "pocket",
    }
    assert {words: stance_of(words) for words in said} == said


def test_every_stance_is_another_picture() -> None:
    words = ["standing", *(said for said, _ in STANCES if said not in ("in the middle", "weight on one leg"))]
    apart([shown(subject(distance="full", pose=said)) for said in words], 0.3)


def test_what_busy_hands_hold_is_another_picture_and_empty_hands_are_at_the_hip() -> None:
    pictures = [shown(subject(distance="half", pose="busy, looking up", held=name)) for name in HELD]
    apart(pictures, 0.15)
    notebook, unknown = (shown(subject(distance="half", pose="busy", held=name)) for name in ("book", "anvil"))
    assert np.array_equal(notebook, unknown) and np.array_equal(notebook, shown(subject(distance="half", pose="busy")))
    assert (stance_of("busy", "none"), stance_of("busy", "cup"), stance_of("walking", "none")) == (
        "hip",
        "hold",
        "walk",
    )


def test_places_that_are_declared_are_drawn() -> None:
    places = yaml.safe_load((CONF / "matrix/parts/places.yaml").read_text())["places"]
    rows = [row for table in places.values() for row in table.values()]
    assert {row["drawn"] for row in rows if "drawn" in row} <= set(PLACES)
    assert {row["held"] for row in rows if "held" in row} <= {*HELD, "none"}


def test_a_silhouette_is_dark_on_a_light_background_without_a_face() -> None:
    who = subject(distance="full")
    whole, outline = (shown({**who, "position": {**who["position"], **more}}) for more in ({}, {"form": "silhouette"}))
    dark = outline.max(axis=2) < 60
    assert 0.05 < dark.mean() < 0.5
    rows, columns = np.nonzero(dark)
    assert (rows.max() - rows.min()) / len(outline) > 0.75, "from head to feet"
    assert np.ptp(outline[dark].astype(int), axis=0).max() < 60, "no feature of face or clothes shows"
    middle = slice(columns.min(), columns.max())
    assert np.ptp(whole[:, middle].astype(int)[dark[:, middle]], axis=0).max() > 100, "as they do in a picture"
    beside = ~dark & (np.abs(outline.astype(int) - whole).max(axis=2) < 40)
    assert beside.mean() > 0.4, "the background stays"


def test_every_place_is_another_background() -> None:
    pictures = []
    for place in PLACES:
        who = subject(distance="half")
        who["scene"]["name"] = place
        pictures.append(shown(who)[:, :40])
    apart(pictures, 3.0)


def test_a_place_belongs_to_a_person_and_not_to_a_picture() -> None:
    who = subject(distance="half")
    who["scene"]["name"] = "home"
    first, second = (shown(who, seed=seed)[:, :30] for seed in (1, 2))
    assert np.abs(first - second).mean() < 2.5, "grain alone"
    other = subject({"nose": {"width": "wide"}}, distance="half")
    other["scene"]["name"] = "home"
    assert np.abs(first - shown(other)[:, :30]).mean() > 2.5


def test_years_roughen_the_skin() -> None:
    """The forehead and the eyes' corners of an old face hold more contrast than a young one's."""
    rough = []
    for age in (20, 55, 70, 90):
        face = pixels_of_face(age)
        rough.append(float(np.abs(np.diff(face.mean(axis=2), axis=0)).mean()))
    assert rough == sorted(rough)
    assert rough[-1] > 1.25 * rough[0]


def pixels_of_face(age: int) -> Any:
    blob = EmbeddedImages().submit(draw_request(subject(age=age), b"", width=384, height=512)).blob
    assert blob is not None
    return pixels(blob.data)[150:185, 150:235]


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("soft waves with a side part", "open"),
        ("layered with curtain fringe", "open"),
        ("blunt bob with bangs", "fringe"),
        ("low ponytail", "ponytail"),
        ("loose bun", "tied"),
        ("half-up curls", "open"),
        ("long box braids", "braids"),
        ("brushed back", "swept"),
    ],
)
def test_a_style_is_read_from_its_words(text: str, style: str) -> None:
    face = subject_face(subject({"hair": {"style": text}}))
    assert face.hair_style == style
    assert style in HAIR_STYLES


def test_a_parting_is_where_the_words_put_it() -> None:
    middle, side = (
        subject_face(subject({"hair": {"style": words}})).parting for words in ("centre part", "with a side part")
    )
    assert middle == 0
    assert abs(side) == pytest.approx(0.85)


def test_eyes_blink_now_and_then_and_open_again() -> None:
    for motion in (*STYLES, "another"):
        life = Life(motion, 8.0, 3)
        shut = [life.shut(index / 24) for index in range(8 * 24)]
        starts = sum(1 for a, b in pairwise(shut) if a == 0 < b)
        assert 1 <= starts <= 4
        assert max(shut) == 1.0
        assert shut[0] == shut[-1] == 0.0
        assert float(np.mean(np.asarray(shut) > 0.5)) < 0.12


def test_a_clip_starts_and_ends_on_its_own_pose() -> None:
    life = Life("lifestyle", 4.0, 5)
    assert life.head(0.0) == life.head(4.0) == (0.0, 0.0)
    assert max(abs(life.head(index / 12)[0]) for index in range(48)) > 0.5


def test_a_walk_steps_through_its_scene_and_a_smile_stays() -> None:
    walk, smile = Life("lifestyle", 4.0, 5), Life("smile_reveal", 4.0, 5)
    assert walk.move(0.0).scene_size - walk.move(4.0).scene_size > 0.3
    assert smile.move(0.0).scene_size == smile.move(4.0).scene_size == 1
    heights = [walk.move(index / 48).y for index in range(192)]
    turns = sum(1 for a, b, c in zip(heights, heights[1:], heights[2:], strict=False) if a < b > c)
    assert 6 <= turns <= 8, "seven steps in four seconds"


def test_a_memory_keeps_the_last_and_forgets_the_oldest() -> None:
    memory, made = Memory(2), []

    def make(name: str) -> str:
        made.append(name)
        return name

    for name in ("a", "b", "a", "c", "a", "b"):
        assert memory.get(name, lambda name=name: make(name)) == name
    assert made == ["a", "b", "c", "b"]


def drawn_in(order: list[int]) -> dict[int, str]:
    """Return the digests of a few pictures, two of which share a body, a face or a scene, drawn in this order."""
    poses: list[dict[str, Any]] = [
        {"yaw": 9}, {"yaw": 9, "expression": "laugh"}, {"yaw": -30, "distance": "half"}, {"distance": "full"}
    ]  # fmt: skip
    found = {}
    for index in order:
        who, seed = subject(**poses[index // 2]), 3 + index % 2
        blob = EmbeddedImages().submit(draw_request(who, b"", width=192, height=256, seed=seed)).blob
        assert blob is not None
        found[index] = digest_bytes(blob.data)
    return found


def test_what_was_drawn_before_changes_no_bytes() -> None:
    """Orders, a process that remembers nothing, and threads that fill the same memories agree to the byte."""
    order = list(range(8))
    first = drawn_in(order)
    assert len(set(first.values())) == 8
    assert drawn_in(order[::-1]) == first
    cold = "from tests.embedded.painter.test_figure import drawn_in; print(sorted(drawn_in([5, 2, 7, 0]).items()))"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    run = subprocess.run([sys.executable, "-c", cold], capture_output=True, text=True, check=True, env=env)
    assert run.stdout.strip() == repr(sorted((index, first[index]) for index in (5, 2, 7, 0)))
    with ThreadPoolExecutor(4) as pool:
        assert all(found == first for found in pool.map(drawn_in, [order, order[::-1], order, order[3:] + order[:3]]))
