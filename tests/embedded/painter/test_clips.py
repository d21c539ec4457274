"""Clips decode, last as long as was asked, move, and are the same bytes every time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from personaforge.embedded.painter.subject import read_keys
from personaforge.errors import BackendError
from personaforge.media.webm import Ivf, read_ivf, webm_of_frames
from personaforge.providers.embedded_clips import EmbeddedVideos, pose_at
from personaforge.providers.embedded_images import EmbeddedImages
from personaforge.providers.protocols import Request

from .subjects import OTHERS, draw_request, film_request, subject


def filmed(request: Request) -> bytes:
    blob = EmbeddedVideos().submit(request).blob
    assert blob is not None
    assert blob.media_type == "video/webm"
    return blob.data


def decoded(data: bytes, folder: Path) -> tuple[list[NDArray[np.uint8]], float]:
    path = folder / "clip.webm"
    path.write_bytes(data)
    video = cv2.VideoCapture(str(path))
    frames: list[NDArray[np.uint8]] = []
    while True:
        more, frame = video.read()
        if not more:
            return frames, float(video.get(cv2.CAP_PROP_FPS))
        frames.append(np.asarray(frame, np.uint8))


@pytest.mark.parametrize(("size", "fps", "seconds"), [((144, 256), 12, 1.5), ((256, 144), 24, 1), ((98, 130), 10, 0.3)])
def test_a_clip_decodes_with_its_size_rate_and_length(
    size: tuple[int, int], fps: int, seconds: float, tmp_path: Path
) -> None:
    request = film_request(subject(), width=size[0], height=size[1], fps=fps, seconds=seconds)
    frames, rate = decoded(filmed(request), tmp_path)
    assert len(frames) == round(fps * seconds)
    assert frames[0].shape == (size[1], size[0], 3)
    assert rate == pytest.approx(fps, rel=0.01)


def test_a_clip_moves_from_its_first_pose_to_its_last(tmp_path: Path) -> None:
    frames, _ = decoded(filmed(film_request(subject())), tmp_path)
    steps = [float(np.abs(a.astype(float) - b).mean()) for a, b in pairwise(frames)]
    whole = float(np.abs(frames[0].astype(float) - frames[-1]).mean())
    assert whole > 2
    assert max(steps) < whole, "no jump"


def test_the_same_request_gives_the_same_bytes() -> None:
    request = film_request(subject())
    with ThreadPoolExecutor(3) as pool:
        found = set(pool.map(filmed, [request] * 3))
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        found.add(filmed(request))
    finally:
        cv2.setNumThreads(before)
    assert len(found) == 1


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    filmed(film_request(subject(), seconds=0.2))
    assert capfd.readouterr() == ("", "")


def test_the_reference_hands_its_face_on() -> None:
    anchor = EmbeddedImages().submit(draw_request(subject()))
    assert anchor.blob is not None
    dna, age, gender = OTHERS[0]
    request = film_request(subject(dna, age, gender), anchor.blob.data, seconds=0.2)
    details = EmbeddedVideos().submit(request).details
    assert details["face"] == anchor.details["face"]
    assert details["face_from"] == "reference"


def test_a_still_motion_of_one_key_is_a_clip_too(tmp_path: Path) -> None:
    who = film_request(subject()).fields["subject"]
    who["motion"]["keys"] = who["motion"]["keys"][:1]
    frames, _ = decoded(filmed(film_request(who)), tmp_path)
    assert len(frames) == 12


@pytest.mark.parametrize(
    ("motion", "fields", "message"),
    [
        ({"keys": []}, {}, "subject.motion.keys: a list of 1 to 64 poses"),
        ({"keys": ["x"]}, {}, "subject.motion.keys[0]: 'x' is not a mapping"),
        ({"keys": [{"at": 2, "yaw": 0, "pitch": 0, "expression": "smile"}]}, {}, "subject.motion.keys[0].at: 2"),
        ({"distance": "far"}, {}, "subject.motion.distance: 'far'"),
        ({}, {"fps": 0}, "fps: 0 is not between"),
        ({}, {"seconds": 600}, "seconds: 600 is not between"),
        ({}, {"width": 101}, "width: 101 is odd"),
    ],
)
def test_a_message_names_the_key_that_is_wrong(motion: dict[str, Any], fields: dict[str, Any], message: str) -> None:
    request = film_request(subject(), **fields)
    request.fields["subject"]["motion"].update(motion)
    with pytest.raises(BackendError) as error:
        filmed(request)
    assert str(error.value).startswith(message)


def test_poses_are_eased_between_keys() -> None:
    keys = read_keys(film_request(subject()).fields["subject"]["motion"])
    yaws = [pose_at(keys, at).yaw for at in np.linspace(0, 1, 11)]
    steps = np.diff(yaws)
    assert (yaws[0], yaws[-1]) == (-8, 6)
    assert min(steps) > 0
    assert steps[0] < steps[5] > steps[-1]


def frame(*, key: bool, size: int = 10) -> bytes:
    return bytes([0 if key else 1]) * size


def test_a_long_clip_is_cut_into_clusters_and_seeks_to_its_key_frames() -> None:
    frames = [frame(key=index in (0, 30)) for index in range(150)]
    data = webm_of_frames(Ivf(64, 48, frames), 10)
    assert data.startswith(b"\x1a\x45\xdf\xa3")
    assert data.count(b"\x1f\x43\xb6\x75") == 4, "0 s, 3 s (a key frame), 8 s and 13 s"
    segment = data.index(b"\x18\x53\x80\x67") + 12
    cues = data.index(b"\x1c\x53\xbb\x6b")
    at = data.index(b"\xf1\x01\x00\x00\x00\x00\x00\x00\x08", cues)
    second = data.index(b"\xf1\x01\x00\x00\x00\x00\x00\x00\x08", at + 1)
    for place in (at, second):
        cluster = segment + int.from_bytes(data[place + 9 : place + 17], "big")
        assert data[cluster : cluster + 4] == b"\x1f\x43\xb6\x75"


def test_a_broken_container_is_refused() -> None:
    with pytest.raises(ValueError, match="not an IVF"):
        read_ivf(b"RIFF" + bytes(60))
    header = b"DKIF\0\0\x20\0VP80" + bytes(20)
    with pytest.raises(ValueError, match="cut short"):
        read_ivf(header + b"\xff\0\0\0" + bytes(8) + b"abc")
    with pytest.raises(ValueError, match="key frame"):
        webm_of_frames(Ivf(64, 48, [frame(key=False)]), 10)
    with pytest.raises(ValueError, match="key frame"):
        webm_of_frames(read_ivf(header), 10)
