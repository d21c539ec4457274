"""Looking through a clip: who is to be seen when, also where frames are shown for unequal times."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import pytest

from personaforge.digest import canonical
from personaforge.faces import readers
from personaforge.faces.capture import UnreadableClip
from personaforge.faces.looks import look_through, unpacked
from personaforge.faces.video import read_clip
from personaforge.testing import ColorAnalyzers
from tests.faces.corpus_clips import avi

RED, BLUE, BLACK = (40, 40, 220), (220, 40, 40), (0, 0, 0)


def frame(color: tuple[int, int, int] | None) -> bytes:
    """Return a JPEG of one colour, BGR; no bytes, which shows the frame before again, for None."""
    if color is None:
        return b""
    done, data = cv2.imencode(".jpg", np.full((64, 48, 3), color, dtype=np.uint8))
    assert done
    return bytes(data)


def clip(*parts: tuple[tuple[int, int, int] | None, int]) -> bytes:
    """Return a clip, 24 frames a second, of so many frames of each colour."""
    return avi([frame(color) for color, count in parts for _ in range(count)], (48, 64))


def shown(value: dict[str, Any]) -> list[tuple[str, float]]:
    """Return what the looks show and until when, as one line for each change."""
    found: list[tuple[str, float]] = []
    for look in value["looks"]:
        vector = unpacked(look["faces"][0]) if look["faces"] else None
        what = "black" if look["black"] else "nobody" if vector is None else "blue" if vector[0] > vector[2] else "red"
        if found and found[-1][0] == what:
            found.pop()
        found.append((what, look["until"]))
    return [*found[:-1], (found[-1][0], value["end"])]


def test_every_stretch_of_half_a_second_is_dated_to_a_frame() -> None:
    value = look_through(clip((RED, 29), (BLUE, 12), (RED, 24), (BLACK, 13), (BLUE, 30)), ColorAnalyzers())
    assert shown(value) == [
        ("red", pytest.approx(29 / 24, abs=0.001)),
        ("blue", pytest.approx(41 / 24, abs=0.001)),
        ("red", pytest.approx(65 / 24, abs=0.001)),
        ("black", pytest.approx(78 / 24, abs=0.001)),
        ("blue", pytest.approx(108 / 24, abs=0.001)),
    ]
    seconds = [one["second"] for one in value["looks"]]
    assert max(np.diff(seconds)) <= 0.2501 and seconds[0] == 0
    assert value["undecoded"] == {"lost": 0, "listed": 108, "near": []}
    assert json.loads(canonical(value)) == value


def test_a_clip_that_changes_nothing_is_decoded_once_and_looked_at_four_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened, analyzer = [], ColorAnalyzers()
    plain = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda *arguments: opened.append(1) or plain(*arguments))
    value = look_through(clip((RED, 48)), analyzer)
    assert len(opened) == 1 and len(value["looks"]) == analyzer.measured == 8
    look_through(clip((RED, 24), (BLUE, 24)), analyzer)
    assert len(opened) == 3


def test_a_frame_that_is_shown_for_seconds_is_looked_at() -> None:
    """Sampled by number, a variable frame rate hides it: one of 26 frames is 4 of 5 seconds."""
    data = clip((RED, 1), (BLUE, 1), (None, 94), (RED, 24))
    assert [one.number for one in read_clip(data, frames=8).frames] == [0, 4, 7, 11, 14, 18, 21, 25]
    value = look_through(data, ColorAnalyzers())
    assert shown(value) == [("red", 0.042), ("blue", 4.0), ("red", 5.0)]
    assert value["undecoded"]["lost"] == 0, "shown again is not lost"


def test_what_can_not_be_decoded_is_counted_and_placed() -> None:
    frames = [frame(RED)] * 30
    frames[12:15] = [b"\0" * 50] * 3
    value = look_through(avi(frames, (48, 64)), ColorAnalyzers())
    assert value["undecoded"] == {"lost": 3, "listed": 30, "near": [0.458]}


def test_looks_go_by_the_frame_rate_where_there_are_no_time_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "CAP_PROP_POS_MSEC", 9_999)  # a property that no capture has is 0
    value = look_through(clip((RED, 24), (BLUE, 24)), ColorAnalyzers())
    assert [until for _, until in shown(value)] == pytest.approx([1.0, 2.0], abs=0.002)
    monkeypatch.setattr(readers, "sensible", lambda rate: None)
    untimed = look_through(clip((RED, 24)), ColorAnalyzers())
    assert (untimed["status"], untimed["code"]) == ("unreadable", "untimed")


def test_bytes_that_are_no_clip_are_an_outcome() -> None:
    assert look_through(b"a letter", ColorAnalyzers())["code"] == "not_a_clip"


class Glancing(ColorAnalyzers):
    """Glances at one face, and sees two when it reads."""

    def __init__(self, more: int) -> None:
        super().__init__()
        self.more, self.glances = more, 0

    def glance(self, pixels: Any, most: int) -> Sequence[Any]:
        self.glances += 1
        return super().read(pixels)[:most]

    def read(self, pixels: Any) -> tuple[Any, ...]:
        return super().read(pixels) * (1 + self.more)


@pytest.mark.parametrize(("more", "faces", "glances"), [(0, {1}, 12), (1, {2}, 1 + 2)])
def test_a_glance_is_enough_unless_a_thorough_look_finds_more(more: int, faces: set[int], glances: int) -> None:
    """Thorough are the first look and every eighth; once one found more, all are, and each eighth is compared again."""
    analyzer = Glancing(more)
    value = look_through(clip((RED, 72)), analyzer)
    assert {len(look["faces"]) for look in value["looks"]} == faces and len(value["looks"]) == 12
    assert analyzer.glances == glances - more


@pytest.mark.parametrize(("ending", "codec", "named"), [("webm", "V_VP8", "V_ZZ8"), ("avi", "MJPG", "ZZZZ")])
def test_a_codec_that_is_not_there_is_named_and_not_called_broken(
    ending: str, codec: str, named: str, film: Callable[..., bytes]
) -> None:
    data = film(5, ending, "VP80" if ending == "webm" else codec).replace(codec.encode(), named.encode())
    with pytest.raises(UnreadableClip, match=f"codec is {named}, of which this OpenCV decodes not one frame") as caught:
        read_clip(data, frames=2)
    assert caught.value.reason_code == "unsupported"
    with pytest.raises(UnreadableClip) as caught:
        read_clip(data[:60], frames=2)
    assert caught.value.reason_code == "broken"
