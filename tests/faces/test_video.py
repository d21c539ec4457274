"""Sampling frames: exact numbers, and clips that are none."""

import math
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from personaforge.errors import MissingExtra
from personaforge.faces import video
from personaforge.faces.capture import UnreadableClip
from personaforge.faces.video import at_instants, is_uneven, prefer, read_clip, sample
from tests.faces.corpus import encoded
from tests.faces.corpus_clips import avi

Film = Callable[..., bytes]


def jpeg(grey: int) -> bytes:
    return encoded(Image.new("L", (32, 32), grey), "JPEG")


@pytest.mark.parametrize(("ending", "codec"), [("mp4", "mp4v"), ("webm", "VP80"), ("avi", "MJPG")])
def test_the_sampled_frames_are_the_numbered_ones(film: Film, ending: str, codec: str) -> None:
    clip = read_clip(film(25, ending, codec), frames=5)
    assert (clip.width, clip.height, clip.frame_count) == (96, 64, 25)
    assert clip.fps == pytest.approx(10) and clip.seconds == pytest.approx(2.5)
    assert [frame.number for frame in clip.frames] == [0, 6, 12, 18, 24]
    assert [frame.second for frame in clip.frames] == pytest.approx([0, 0.6, 1.2, 1.8, 2.4])
    assert [round(frame.pixels.mean() / 8) for frame in clip.frames] == [0, 6, 12, 18, 24]
    assert clip.frames[0].pixels.shape == (64, 96, 3) and clip.frames[0].pixels.dtype == np.uint8


@pytest.mark.parametrize(("said", "passes"), [(12, 1), (3, 2), (40, 2), (0, 2), (2**32 - 1, 2)])
def test_one_pass_unless_the_header_lies(said: int, passes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample is the one over the frames that decode, whatever the header says."""
    data = avi([jpeg(8 * number) for number in range(12)], said=said)
    opened = []
    capture = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda *arguments: opened.append(1) or capture(*arguments))
    clip = read_clip(data, frames=4)
    assert clip.frame_count == 12 and [frame.number for frame in clip.frames] == [0, 4, 7, 11]
    assert [round(frame.pixels.mean() / 8) for frame in clip.frames] == [0, 4, 7, 11]
    assert len(opened) == passes


def test_frames_that_do_not_decode_are_not_counted() -> None:
    data = avi([jpeg(0), jpeg(16), b"", b"\0" * 50, jpeg(32), jpeg(48)])
    clip = read_clip(data, frames=8)
    assert clip.frame_count == len(clip.frames) == 4
    assert [round(frame.pixels.mean() / 16) for frame in clip.frames] == [0, 1, 2, 3]


def test_a_turned_clip_is_shown_upright(film: Film) -> None:
    """A telephone's portrait film is a landscape one with a matrix in its track header."""
    data = film(3)
    place = data.index(b"tkhd") + 44
    assert struct.unpack(">9i", data[place : place + 36])[0] == 1 << 16
    turned = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    clip = read_clip(data[:place] + turned + data[place + 36 :], frames=2)
    assert (clip.width, clip.height) == (64, 96) and clip.frames[0].pixels.shape == (96, 64, 3)


def test_no_file_is_written(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    data = film(5)
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    monkeypatch.setattr("builtins.open", None)
    assert read_clip(data, frames=2).frame_count == 5


def test_a_clip_that_is_forgotten_early(film: Film) -> None:
    """OpenCV lets go of the stream without the interpreter's lock, and would crash if it were the last to hold it."""
    data = film(25)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: read_clip(data, frames=1).frame_count, range(40)))
    assert set(counts) == {25}


def shade(pixels: np.ndarray) -> int:
    return round(float(pixels.mean()) / 8)


def test_frames_with_a_face_are_preferred(film: Film) -> None:
    """A face shows in the frames 10 to 17 of 25."""
    asked = []

    def shows_face(pixels: np.ndarray) -> bool:
        asked.append(shade(pixels))
        return 10 <= shade(pixels) <= 17

    clip = read_clip(film(25), frames=3, shows_face=shows_face)
    assert asked == sample(25, 12)  # 0 2 4 7 9 11 13 15 17 20 22 24
    assert [frame.number for frame in clip.frames] == [11, 15, 17]
    assert [shade(frame.pixels) for frame in clip.frames] == [11, 15, 17]
    assert clip.frame_count == 25 and clip.frames[0].second == pytest.approx(1.1)
    nobody = read_clip(film(25), frames=3, shows_face=lambda pixels: False)
    assert [frame.number for frame in nobody.frames] == [0, 13, 24]
    everybody = read_clip(film(25), frames=3, shows_face=lambda pixels: True)
    assert [frame.number for frame in everybody.frames] == [0, 13, 24]


def test_faces_are_looked_for_in_the_frames_that_decode() -> None:
    frames = [jpeg(8 * number) for number in range(12)]
    honest, lying = (read_clip(avi(frames, said=said), frames=2, shows_face=lambda p: shade(p) > 5) for said in (12, 5))
    assert [frame.number for frame in honest.frames] == [frame.number for frame in lying.frames] == [6, 11]


@given(faces=st.dictionaries(st.integers(0, 99), st.booleans(), min_size=1), frames=st.integers(1, 12))
def test_preferred_frames_are_with_a_face_as_far_as_there_are(faces: dict[int, bool], frames: int) -> None:
    chosen = prefer(faces, frames)
    assert chosen == sorted(set(chosen)) and set(chosen) <= set(faces)
    assert len(chosen) == min(frames, len(faces))
    assert sum(faces[number] for number in chosen) == min(frames, sum(faces.values()))


def test_a_clip_shorter_than_the_sample(film: Film) -> None:
    assert [frame.number for frame in read_clip(film(3), frames=8).frames] == [0, 1, 2]
    assert [frame.number for frame in read_clip(film(1), frames=8).frames] == [0]


@given(count=st.integers(1, 5000), frames=st.integers(2, 64))
def test_samples_are_even_and_have_both_ends(count: int, frames: int) -> None:
    numbers = sample(count, frames)
    assert numbers[0] == 0 and numbers[-1] == count - 1 and len(numbers) == min(count, frames)
    gaps = np.diff(numbers)
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


def test_one_frame_is_the_first() -> None:
    assert sample(100, 1) == [0]
    with pytest.raises(ValueError, match="at least 1"):
        read_clip(b"x", frames=0)


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"a letter", "not_a_clip"),
        (PLAYLIST, "not_a_clip"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_a_clip"),
        (b"\0\0\0\x20ftypisom" + b"\0" * 500, "broken"),
        (b"\x1a\x45\xdf\xa3" + b"\xff" * 500, "broken"),
        (b"RIFF\0\0\0\0AVI " + b"\0" * 500, "broken"),
    ],
)
def test_what_is_no_clip(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableClip) as caught:
        read_clip(data, frames=4)
    assert caught.value.reason_code == code and caught.value.message


def test_a_broken_clip_is_silent() -> None:
    """In a process of its own: OpenCV and FFmpeg read how loud to be when they are loaded."""
    code = """
from personaforge.faces.capture import UnreadableClip
from personaforge.faces.video import read_clip
for head in (b"\\0\\0\\0\\x20ftypisom", b"\\x1a\\x45\\xdf\\xa3", b"RIFF\\0\\0\\0\\0AVI "):
    try:
        read_clip(head + bytes(500), frames=2)
    except UnreadableClip:
        continue
    raise SystemExit("readable?")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_truncated_clip(film: Film) -> None:
    data = film(25)  # OpenCV writes an MP4's index at the end, so half a file can't be opened
    with pytest.raises(UnreadableClip) as caught:
        read_clip(data[: len(data) // 2], frames=4)
    assert caught.value.reason_code == "broken"


def test_limits(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    data = film(5)
    monkeypatch.setattr(video, "MAX_FRAMES", 4)
    with pytest.raises(UnreadableClip, match=r"^5 frames, more than 4"):  # an MP4 is believed, and nothing decoded
        read_clip(data, frames=2)
    with pytest.raises(UnreadableClip, match=r"^more than 4 frames"):
        read_clip(film(5, "webm", "VP80"), frames=2)
    for name, value, message in (
        ("MAX_SAMPLE_PIXELS", 2 * 96 * 64 - 1, "a sample of 2 frames of 6,144 pixels"),
        ("MAX_CLIP_PIXELS", 4 * 96 * 64, "24,576 pixels in all frames"),
        ("MAX_FRAME_PIXELS", 96 * 64 - 1, "frames of 6,144 pixels"),
    ):
        monkeypatch.undo()
        monkeypatch.setattr(video, name, value)
        with pytest.raises(UnreadableClip, match=message) as caught:
            read_clip(data, frames=2)
        assert caught.value.reason_code == "too_large"


def test_an_opencv_that_reads_files_only(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not look as if every clip were broken."""
    data = film(5)
    monkeypatch.setattr(cv2.videoio_registry, "getStreamBufferedBackends", lambda: ())
    with pytest.raises(MissingExtra, match="no clips from memory") as caught:
        read_clip(data, frames=2)
    assert "4.11" in caught.value.hint


def test_nothing_is_left_behind(film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, here = film(5), tmp_path / "temporary"
    here.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(here))
    read_clip(data, frames=2)
    with pytest.raises(UnreadableClip):
        read_clip(data[:100], frames=2)
    assert list(here.iterdir()) == []


RATED = [number / 24 for number in range(121)]
LONG = [0.0, 0.04, *(4 + number / 24 for number in range(24))]
"""The second frame is shown for nearly 4 of 5 seconds."""


def test_by_time_a_sample_has_what_is_shown_at_evenly_spread_instants() -> None:
    assert is_uneven(LONG, 8) and at_instants(LONG, 8) == [0, 1, 1, 1, 1, 1, 8, 25]
    assert is_uneven([0.0, 3.0], 1) is False and at_instants([0.0, 3.0], 1) == [0]
    assert at_instants([0.0, 1.0, 4.0], 8) == [0, 1, 1, 1, 1, 2, 2, 2]


@given(count=st.integers(1, 400), frames=st.integers(1, 24), rate=st.sampled_from([8, 12, 23.976, 24, 30, 60]))
def test_of_a_constant_rate_a_sample_by_number_misses_nothing(count: int, frames: int, rate: float) -> None:
    """Also where time stamps are whole milliseconds, as in WebM; by time are the same frames, or a neighbour's."""
    times = [round(number / rate, 3) for number in range(count)]
    assert not is_uneven(times, frames)
    by_number = [math.floor(index * (count - 1) / max(1, frames - 1) + 0.5) for index in range(frames)]
    assert max(abs(one - other) for one, other in zip(at_instants(times, frames), by_number, strict=True)) <= 1


def test_a_clip_without_times_is_not_uneven() -> None:
    assert not is_uneven([math.nan] * 9, 8)


def test_a_frame_that_is_shown_for_long_is_sampled_as_often_as_instants_show_it() -> None:
    data = avi([jpeg(0), jpeg(64), *[b""] * 94, *[jpeg(128)] * 24])
    by_number = read_clip(data, frames=8)
    assert by_number.is_uneven and [one.number for one in by_number.frames] == [0, 4, 7, 11, 14, 18, 21, 25]
    clip = read_clip(data, frames=8, by_time=True)
    assert [shade(one.pixels) for one in clip.frames] == [0, 8, 8, 8, 8, 8, 16, 16]
    assert clip.frames[0].second == 0 and clip.frames[1].second == pytest.approx(1 / 24)
    assert clip.seconds == pytest.approx(5, abs=0.01)


def test_of_a_constant_rate_both_samples_are_the_same_frames(film: Film) -> None:
    one, two = (read_clip(film(25), frames=8, by_time=by_time) for by_time in (False, True))
    assert [(frame.number, frame.second) for frame in one.frames] == [(two.number, two.second) for two in two.frames]
    assert (one.is_uneven, one.seconds) == (two.is_uneven, two.seconds) == (False, pytest.approx(2.5))
