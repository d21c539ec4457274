"""Stances, places, ages and a clip's small movements can be told apart in the drawing."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from personaforge.digest import digest_bytes
from personaforge.embedded.painter.cache import Memory
from personaforge.embedded.painter.clip_life import STYLES, Life
from personaforge.embedded.painter.expression import EXPRESSIONS
from personaforge.embedded.painter.face.params import subject_face
from personaforge.embedded.painter.figure.held import HELD
from personaforge.embedded.painter.figure.stances import STANCES, STRIDES, stance_of, walking_arm, walking_foot
from personaforge.embedded.painter.painter import Move, Stage, layout
from personaforge.embedded.painter.scene.scene import places as all_places
from personaforge.embedded.painter.subject import Pose
from personaforge.embedded.training.people import person, shots
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
        "at ease": "ease",
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
    assert {row["drawn"] for row in rows if "drawn" in row} <= all_places()
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
    for place in sorted(all_places() - {"leisure", "vacation", "mountain", "street"}):
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
    heights = [walk.move(index / 48).rise for index in range(192)]
    turns = sum(1 for a, b, c in zip(heights, heights[1:], heights[2:], strict=False) if a < b > c)
    assert 6 <= turns <= 8, "seven steps in four seconds"


def test_a_walk_puts_one_foot_before_the_other_and_swings_the_arms() -> None:
    phases = [index / STRIDES for index in range(STRIDES)]
    left, right = ([walking_foot(phase, side).back for phase in phases] for side in (-1, 1))
    assert left[0] < 0 and right[0] > 0.7, "one is set down while the other is behind"
    assert right == pytest.approx(left[STRIDES // 2 :] + left[: STRIDES // 2])
    assert max(left) > 1.4, "it is lifted on its way"
    reach = [(walking_arm(phase, -1).wrist, walking_arm(phase, 1).wrist) for phase in phases]
    for (a, b), (c, d) in zip(reach, reach[STRIDES // 2 :], strict=False):
        assert a == pytest.approx(d) and b == pytest.approx(c)
    assert reach[0][0][1] > reach[0][1][1] + 0.4, "the arm on the side of the foot that is ahead is behind"


def test_a_walk_is_seen_and_whoever_stands_keeps_their_feet() -> None:
    walk, stand = Life("lifestyle", 4.0, 5), Life("invitation", 4.0, 5)
    strides = [walk.move(index / 12).stride for index in range(14)]
    assert len(set(strides)) >= 12 and all(stride in range(STRIDES) for stride in strides)
    assert stand.move(1.0).stride is None
    who = person(0)
    scenery = replace(shots(who, 1, 1, 1)[0].scenery, distance="full", pose="")
    stage = Stage(who.face, who.body, scenery, 192, 256, 0.0, 1)
    pose = Pose(0.0, 0.0, EXPRESSIONS["neutral"])
    first, second, again = (stage.frame(pose, move=Move(stride=stride)) for stride in (0, STRIDES // 2, 0))
    assert np.array_equal(first, again)
    changed = np.abs(first.astype(int) - second).max(axis=2) > 24
    assert changed[170:].mean() > 0.02, "legs"
    assert changed[:60].mean() < 0.002, "head"
    still, breathing = stage.frame(pose, move=Move()), stage.frame(pose, move=Move(breath=0.5))
    risen = np.abs(still.astype(int) - breathing).max(axis=2) > 24
    assert risen[60:140].mean() > 5 * max(float(risen[180:].mean()), 1e-4), "the chest, not the feet"


def test_a_foot_that_stands_goes_back_with_the_ground_at_one_speed() -> None:
    for side in (-1, 1):
        backs = [walking_foot(index / 64 - (0.5 if side > 0 else 0.0), side).back for index in range(33)]
        assert np.diff(backs) == pytest.approx(np.full(32, (backs[-1] - backs[0]) / 32)), "no slide"
    sizes = [Life("lifestyle", 4.0, 5).move(second).scene_size for second in range(5)]
    ratios = [before / after for before, after in pairwise(sizes)]
    assert ratios == pytest.approx([ratios[0]] * 4) and ratios[0] > 1.1, "the ground goes by at one speed, too"


def test_a_step_carries_the_body_over_the_foot_that_stands() -> None:
    walk, beat = Life("lifestyle", 4.0, 5), 0.5 / 1.75
    passing, down = walk.move(beat), walk.move(2 * beat)
    assert passing.rise > 0 > down.rise, "highest where the legs pass each other, lowest when a foot is set down"
    assert passing.stride == STRIDES // 4 and passing.lean < -0.05, "the viewer's left foot stands"
    rolling = Life("lifestyle", 4.0, 5, seated=True).move(beat)
    assert (rolling.stride, rolling.rise, rolling.lean) == (None, 0, 0)
    assert rolling.scene_size > 1, "who rolls goes through the scene as well"


def test_a_walk_shows_the_whole_figure_and_its_shadow_stays_at_the_feet() -> None:
    motion = yaml.safe_load((CONF / "motion/types.yaml").read_text())["types"]["lifestyle"]
    sizes = yaml.safe_load((CONF / "video/embedded.yaml").read_text())["sizes"]
    body = person(0).body
    upright, size = sizes["9:16"], sizes[motion["aspect"]]
    whole = layout(upright["width"], upright["height"], "full", 0.0, body.soles)
    assert whole.eyes_y + body.soles * whole.scale < upright["height"], "soles are in the picture"
    packaged = layout(size["width"], size["height"], motion["distance"], 0.0, body.soles)
    for frames in (whole, packaged):
        assert 1.86 * frames.scale > 48, "pixels of a face's width: real face models tell people apart from there on"
    size, frames = upright, whole
    who = person(0)
    scenery = replace(shots(who, 1, 1, 1)[0].scenery, distance="full", pose="", place="street")
    stage = Stage(who.face, who.body, scenery, 216, 384, 0.0, 1)
    pose, beside = Pose(0.0, 0.0, EXPRESSIONS["neutral"]), layout(216, 384, "full", 0.0, who.body.soles)
    frame = stage.frame(pose, move=Move(stride=0)).astype(int)
    row = round(beside.eyes_y + (who.body.soles - 0.1) * beside.scale)
    middle, out = (frame[row, round(beside.axis_x + side * beside.scale)].sum() for side in (-1.75, -3.5))
    assert middle < 0.95 * out
    carried = stage.frame(pose, move=Move(stride=0, rise=0.5, lean=0.3)).astype(int)
    moved = np.abs(frame - carried).max(axis=2) > 24
    low = round(beside.eyes_y + (who.body.soles - 0.7) * beside.scale)
    assert moved[: low // 2].mean() > 10 * max(float(moved[low:].mean()), 1e-4), "the soles stay where they are"


def test_eyes_jump_from_point_to_point_and_rest_between() -> None:
    life = Life("invitation", 8.0, 3)
    looks = [life.look(index / 24) for index in range(8 * 24)]
    jumps = sum(1 for a, b in pairwise(looks) if a != b)
    assert 5 <= jumps <= 16
    assert looks[0] == looks[-1] == (0.0, 0.0), "a clip starts and ends on its own pose"
    assert 0.05 < max(abs(aside) for aside, _ in looks) <= 0.16
    alive = life.alive(EXPRESSIONS["thoughtful"], 4.0)
    assert alive.aside == pytest.approx(EXPRESSIONS["thoughtful"].aside + life.look(4.0)[0])


def test_a_lid_falls_faster_than_it_rises() -> None:
    life = Life("invitation", 8.0, 3)
    shut = [life.shut(index / 240) for index in range(8 * 240)]
    start = next(index for index, value in enumerate(shut) if value)
    stop = next(index for index in range(start, len(shut)) if not shut[index])
    closed = [index for index in range(start, stop) if shut[index] > 0.9]
    assert closed[0] - start < 0.6 * (stop - closed[-1])


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
