"""What the embedded face pack is trained on: drawings whose truth is kept with them. Nothing here needs PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaforge.embedded.training.augment import ALIGNED, chained, jolted, moved, similarity, weathered
from personaforge.embedded.training.drawings import CROP, IDENTITY, SCENE, draw, identity, load
from personaforge.embedded.training.people import person, shots


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    folder = tmp_path_factory.mktemp("drawings")
    return load(draw(folder, 2, 1, 1, lambda line: None, scenes=1, poses=2))


def test_every_crop_shows_its_face_whole(data: dict[str, np.ndarray]) -> None:
    assert data["crops"].shape == (4, CROP, CROP, 3)
    assert data["crops"].dtype == np.uint8
    sides = data["box"][:, 2:] - data["box"][:, :2]
    assert (CROP / sides.max(axis=1)) == pytest.approx(1.8, abs=0.01)
    inside = (data["points106"] >= data["box"][:, None, :2] - 0.5) & (
        data["points106"] <= data["box"][:, None, 2:] + 0.5
    )
    assert inside.all()
    assert data["person"].tolist() == [1, 1, 2, 2]


def test_whole_pictures_say_where_the_face_is(data: dict[str, np.ndarray]) -> None:
    assert data["scenes"].shape == (2, SCENE, SCENE, 3)
    low, high = data["scene_box"][:, :2], data["scene_box"][:, 2:]
    assert (high > low).all()
    middle = data["scene_points5"].mean(axis=1)
    assert ((middle > low) & (middle < high)).all()


def test_a_part_that_is_there_is_not_drawn_again(tmp_path: Path) -> None:
    said: list[str] = []
    parts = draw(tmp_path, 1, 5, 1, said.append, scenes=1, poses=1)
    before = parts[0].stat().st_mtime_ns
    assert draw(tmp_path, 1, 5, 1, said.append, scenes=1, poses=1) == parts
    assert parts[0].stat().st_mtime_ns == before
    assert said == ["drawn 1 of 1 parts"]


def test_the_same_index_is_the_same_person_with_the_same_shots() -> None:
    assert person(7) == person(7)
    assert person(7).face != person(6).face
    assert shots(person(7), 7, 2, 2) == shots(person(7), 7, 2, 2)


def test_every_third_person_is_a_neighbour_of_the_one_before() -> None:
    near = np.linalg.norm(identity(person(5).face) - identity(person(4).face))
    far = np.linalg.norm(identity(person(4).face) - identity(person(3).face))
    assert near > 0
    assert person(5).face.strands == person(4).face.strands
    assert person(4).face.strands != person(3).face.strands
    assert far > 0.5


def test_identity_is_what_a_face_is_drawn_from() -> None:
    found = identity(person(0).face)
    assert found.shape == (len(IDENTITY),)
    assert np.abs(found).max() < 4
    assert identity(person(0).face.drifted(0.5)) != pytest.approx(found, abs=0.05)


def test_a_similarity_is_found_again() -> None:
    rng = np.random.default_rng(1)
    place = jolted(rng, 112, 30, (0.5, 2.0), 0.2)
    found = similarity(ALIGNED, moved(ALIGNED, place))
    assert found == pytest.approx(place, abs=1e-3)
    back = similarity(moved(ALIGNED, place), ALIGNED)
    assert chained(place, back) == pytest.approx(np.array([[1, 0, 0], [0, 1, 0]]), abs=1e-3)


def test_weather_keeps_the_picture_a_picture() -> None:
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for _ in range(20):
        seen = weathered(picture, rng, 0.2)
        assert seen.shape == picture.shape and seen.dtype == np.uint8
