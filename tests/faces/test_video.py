"""Sampling frames: exact numbers, and clips that are none."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.faces import video
from personaforge.faces.video import UnreadableClip, read_clip, sample

Film = Callable[..., bytes]


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """Write a clip whose frame i is grey of value 8 i, so that a frame tells its number."""

    def filmed(count: int = 25, ending: str = "mp4", codec: str = "mp4v", fps: float = 10) -> bytes:
        path = tmp_path / f"clip.{ending}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (96, 64))
        assert writer.isOpened(), f"this OpenCV can't write {codec}"
        for number in range(count):
            writer.write(np.full((64, 96, 3), 8 * number, dtype=np.uint8))
        writer.release()
        return path.read_bytes()

    return filmed


@pytest.mark.parametrize(("ending", "codec"), [("mp4", "mp4v"), ("webm", "VP80"), ("avi", "MJPG")])
def test_the_sampled_frames_are_the_numbered_ones(film: Film, ending: str, codec: str) -> None:
    clip = read_clip(film(25, ending, codec), frames=5)
    assert (clip.width, clip.height, clip.frame_count) == (96, 64, 25)
    assert clip.fps == pytest.approx(10) and clip.seconds == pytest.approx(2.5)
    assert [frame.number for frame in clip.frames] == [0, 6, 12, 18, 24]
    assert [frame.second for frame in clip.frames] == pytest.approx([0, 0.6, 1.2, 1.8, 2.4])
    assert [round(frame.pixels.mean() / 8) for frame in clip.frames] == [0, 6, 12, 18, 24]
    assert clip.frames[0].pixels.shape == (64, 96, 3) and clip.frames[0].pixels.dtype == np.uint8


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
from personaforge.faces.video import UnreadableClip, read_clip
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
    with pytest.raises(UnreadableClip, match="more than 4 frames"):
        read_clip(data, frames=2)
    monkeypatch.setattr(video, "MAX_FRAME_PIXELS", 96 * 64 - 1)
    with pytest.raises(UnreadableClip, match="6,144 pixels") as caught:
        read_clip(data, frames=2)
    assert caught.value.reason_code == "too_large"


def test_nothing_is_left_behind(film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, here = film(5), tmp_path / "temporary"
    here.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(here))
    read_clip(data, frames=2)
    with pytest.raises(UnreadableClip):
        read_clip(data[:100], frames=2)
    assert list(here.iterdir()) == []
