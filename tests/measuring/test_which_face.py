"""`forge eval` on real photographs of several people, turned ones and poor ones, with real weights."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from personaforge.faces.measure import embedding
from personaforge.measuring.calibration import _faces
from personaforge.measuring.measurements import Measured
from tests.conftest import Forge

COMMAND = ("--anchor", "anchor.png", "--identity", "insightface")


def photograph(package: str, path: str) -> Any:
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None
    return cv2.imread(str(Path(spec.origin).parent / path))


def scaled(pixels: Any, factor: float) -> Any:
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def on_grey(width: int, height: int, *parts: tuple[Any, int, int]) -> Any:
    found = np.full((height, width, 3), 110, np.uint8)
    for part, top, left in parts:
        found[top : top + part.shape[0], left : left + part.shape[1]] = part
    return found


@pytest.mark.pack
def test_the_person_is_found_and_a_poor_picture_is_no_stranger(tmp_path: Path, forge: Forge) -> None:
    woman, man = (
        photograph("skimage", "data/astronaut.png"),
        photograph("insightface", "data/images/Tom_Hanks_54745.png"),
    )
    head = woman[0:300, 80:380]
    pictures = {
        "beside.png": on_grey(640, 420, (cv2.resize(man, (400, 400)), 10, 10), (scaled(head, 0.66), 100, 425)),
        "two_of_her.png": np.concatenate([head, cv2.flip(head, 1)], axis=1),
        "upside_down.png": cv2.rotate(woman, cv2.ROTATE_180),
        "blurred.png": cv2.GaussianBlur(woman, (0, 0), 8),
        "tiny.png": on_grey(240, 240, (scaled(woman, 0.13), 60, 60)),
        "man.png": man,
        "man_upside_down.png": cv2.rotate(man, cv2.ROTATE_180),
    }
    cv2.imwrite(str(tmp_path / "anchor.png"), woman)
    for name, pixels in pictures.items():
        cv2.imwrite(str(tmp_path / name), pixels)
    done = forge("eval", *pictures, *COMMAND, "--json", cwd=tmp_path, check=0)
    found = {one["path"]: one for one in json.loads(done.stdout)["pictures"]}
    beside = found["beside.png"]
    assert beside["decision"] == "ACCEPT" and beside["cosine"] > 0.9 and beside["faces"] == 2
    assert [one["chosen"] for one in beside["people"]] == [False, True] and beside["people"][0]["cosine"] < 0.25
    assert beside["second_face"] == "another face is larger" and "number 2 by size" in beside["chosen"]
    assert "nearly as like" in found["two_of_her.png"]["second_face"]
    upright = found["upside_down.png"]
    assert upright["turned_by"] == 180 and upright["cosine"] > 0.999 and "people" not in upright
    x1, y1, x2, y2 = upright["face_box"]  # in the pixels of the picture as it is: at its lower end
    assert 220 < x1 < x2 < 340 and 330 < y1 < y2 < 450
    for name, code in (("blurred.png", "blurred"), ("tiny.png", "too_small")):
        assert found[name]["unmeasured"]["code"] == code and found[name]["decision"] == "RETRY", found[name]
        assert found[name]["composite"] is None and found[name]["near"]["cosine"] < 0.4
    for name in ("man.png", "man_upside_down.png"):
        assert found[name]["decision"] == "REJECT" and found[name]["cosine"] < 0.2, "a clear stranger stays one"
    shown = forge("eval", "beside.png", "upside_down.png", *COMMAND, cwd=tmp_path, check=0).stdout
    assert "of 2 faces number 2 by size was judged" in " ".join(shown.split())
    assert "measured turned by 180 degrees" in " ".join(shown.split())


def test_calibrating_takes_the_face_that_is_like_the_persons_other_pictures() -> None:
    import base64

    def face(*values: float) -> dict[str, Any]:
        vector = np.array(values, dtype="<f4")
        return {"status": "measured", "embedding": base64.b64encode(vector.tobytes()).decode(), "faces": 1}

    alone, stranger, alike = face(1, 0, 0), face(0, 1, 0), face(0.8, 0.6, 0)
    several = {**stranger, "faces": 2, "people": {"faces": [stranger, alike], "left_out": 0}}
    values = {"alone": alone, "several": several, "nobody knows": several, "without": {"status": "no_face"}}
    measured = {name: Measured(name, value, {}) for name, value in values.items()}
    found = _faces(measured, {"alone": 0, "several": 0, "nobody knows": 1, "without": 2})
    assert found.keys() == {"alone", "several", "nobody knows"}
    assert embedding(found["several"]).tolist() == pytest.approx([0.8, 0.6, 0])
    assert embedding(found["nobody knows"]).tolist() == [0, 1, 0], "the largest, where nothing tells"
