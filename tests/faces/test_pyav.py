"""Clips by PyAV: of what both readers read the numbers are the same, and AV1, which OpenCV's wheels lack, is read."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest

from personaforge.errors import MissingExtra
from personaforge.faces import pyav
from personaforge.faces.capture import OPENCV, UnreadableClip
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.looks import look_through
from personaforge.faces.measure import measure_clip, measure_image
from personaforge.faces.readers import open_capture
from personaforge.faces.video import read_clip
from personaforge.identity.clip import ClipScore, compare_clip
from personaforge.identity.policy import Gate
from personaforge.identity.stretches import judge_clip
from personaforge.testing import ColorAnalyzers
from tests.benchmarks.verdicts_clips import anchor_png, embedded_pack, judging
from tests.embedded.painter.subjects import OTHERS, subject
from tests.faces.corpus_clips import avi
from tests.faces.test_looks import BLACK, BLUE, RED
from tests.faces.test_looks import frame as jpeg

av = pytest.importorskip("av")
READER = pyav.reader() or ""
UNEVEN = [0.0, 0.04, 3.9, *(4 + number / 24 for number in range(24))]
"""Times of 27 frames, of which the second is shown for nearly 4 of 5 seconds."""
RATED = [number / 24 for number in range(48)]


@contextmanager
def usual_priority() -> Iterator[None]:
    """Take back what SVT-AV1 does to the thread that opens it for root: SCHED_FIFO with priority 99, for good.

    Every thread that the tests start later inherits it, and nothing else on the machine gets to run.
    """
    policy = os.sched_getscheduler(0) if hasattr(os, "sched_getscheduler") else None
    try:
        yield
    finally:
        if policy is not None:
            os.sched_setscheduler(0, policy, os.sched_param(0))


def encoded(
    frames: Sequence[Any], times: Sequence[float], codec: str = "libx264", form: str = "mp4", *, sound: bool = False
) -> bytes:
    """Return a clip of frames (BGR) that begin at the times."""
    out = io.BytesIO()
    with usual_priority(), av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=24)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        voice = container.add_stream("aac", rate=16_000) if sound else None
        for pixels, second in zip(frames, times, strict=True):
            picture = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            picture.pts, picture.time_base = round(second * 1000), Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        if voice is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            silence.sample_rate = 16_000
            container.mux([*voice.encode(silence), *voice.encode(None)])
    return out.getvalue()


def painted(*colors: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> list[Any]:
    return [np.full((*size, 3), color, dtype=np.uint8) for color in colors]


def by_both(work: Callable[[str], Any]) -> tuple[Any, Any]:
    """Return what both readers gave, without the name of the second."""
    mine, other = work(OPENCV), work(READER)
    return mine, {name: value for name, value in other.items() if name != "reader"} if isinstance(
        other, dict
    ) else other


CLIPS = {
    "H.264, uneven times": lambda: encoded(painted(RED, BLUE, BLACK, *[RED] * 24), UNEVEN),
    "VP9, uneven times": lambda: encoded(painted(RED, BLUE, BLACK, *[RED] * 24), UNEVEN, "libvpx-vp9", "webm"),
    "MPEG-4, sides of 50 and 34": lambda: encoded(
        painted(*[RED, BLUE] * 20, size=(50, 34)), [number / 24 for number in range(40)], "mpeg4"
    ),
    "Motion JPEG, frames shown again and damaged": lambda: avi(
        [jpeg(RED)] * 20 + [b"", b"", b"\0" * 50] + [jpeg(BLUE)] * 20, (48, 64)
    ),
    "H.264, cut off at three quarters": lambda: _fragments(0.75),
}


def _fragments(share: float) -> bytes:
    """Return the first part of an MP4 whose index is spread over it, so that the part can be opened."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov"}) as container:
        stream = container.add_stream("libx264", rate=24, options={"g": "6"})
        stream.height, stream.width, stream.pix_fmt = 64, 48, "yuv420p"
        noise = np.random.default_rng(0)
        for _ in range(48):
            pixels = noise.integers(0, 255, (64, 48, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode(None))
    data = out.getvalue()
    return data[: int(len(data) * share)]


@pytest.mark.parametrize("name", CLIPS)
def test_both_readers_give_the_same_frames_times_and_numbers(name: str) -> None:
    data = CLIPS[name]()
    for sampling in ("uniform", "time", "faces"):
        mine, other = by_both(
            lambda reader, sampling=sampling: measure_clip(
                data, ColorAnalyzers(), frames=8, sampling=sampling, reader=reader
            )
        )
        assert mine["status"] == "measured" and other == mine
    mine, other = by_both(lambda reader: look_through(data, ColorAnalyzers(), reader=reader))
    assert mine["status"] == "measured" and other == mine
    one, two = (read_clip(data, frames=5, reader=reader) for reader in (OPENCV, READER))
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one.frames, two.frames, strict=True))


def test_drawn_clips_get_the_same_verdicts_from_both() -> None:
    """Half a second of another person in a clip of a drawn one, with a frame that is shown for longer."""
    analyzer = InsightAnalyzer(embedded_pack())
    policy, quality = judging()
    portraits = [anchor_png(), anchor_png(subject(*OTHERS[0]))]
    pictures = [cv2.resize(cv2.imdecode(np.frombuffer(one, np.uint8), 1), (240, 320)) for one in portraits]
    frames = [pictures[12 <= number < 18][number : number + 288, :216] for number in range(30)]
    times = [*(number / 12 for number in range(18)), *(3 + number / 12 for number in range(12))]
    anchor = measure_image(portraits[0], analyzer)

    def verdicts(codec: str, form: str, reader: str) -> list[Any]:
        data = encoded(frames, times, codec, form)
        measured = {
            **measure_clip(data, analyzer, frames=8, sampling="time", reader=reader),
            **look_through(data, analyzer, reader=reader),
        }
        score = compare_clip(anchor, measured, policy, quality)
        assert isinstance(score, ClipScore) and score.over_time is not None
        kinds = [one.kind for one in score.over_time.stretches]
        shown = score.over_time.shown
        return [
            kinds,
            *(
                judge_clip(score.score, shown, replace(policy, gate=gate), require_measurement=True).decision
                for gate in Gate
            ),
        ]

    found = verdicts("libx264", "mp4", OPENCV)
    assert verdicts("libx264", "mp4", READER) == found
    assert found[0] == ["person", "other", "person"] and found[2] != "ACCEPT"


def test_a_turned_clip_is_shown_upright() -> None:
    numbers = np.arange(48 * 64, dtype=np.uint32).reshape(48, 64) * 255 // (48 * 64)
    data = encoded([np.repeat(numbers.astype(np.uint8)[..., None], 3, axis=2)] * 3, [0, 0.1, 0.2])
    place = data.index(b"tkhd") + 44
    for matrix in ((0, 1, 0, -1, 0, 0), (-1, 0, 0, 0, -1, 0), (0, -1, 0, 1, 0, 0)):
        turned = struct.pack(">9i", *(value << 16 for value in matrix), 0, 0, 1 << 30)
        clips = [
            read_clip(data[:place] + turned + data[place + 36 :], frames=1, reader=one) for one in (OPENCV, READER)
        ]
        assert np.array_equal(clips[0].frames[0].pixels, clips[1].frames[0].pixels)
        assert (clips[1].width, clips[1].height) == (clips[0].width, clips[0].height)


@pytest.mark.parametrize("form", ["mp4", "webm"])
def test_av1_is_read_where_pyav_is_there(form: str) -> None:
    policy = os.sched_getscheduler(0)
    data = encoded(painted(*[RED] * 24, *[BLUE] * 24, size=(96, 128)), RATED, "libsvtav1", form)
    assert os.sched_getscheduler(0) == policy
    with pytest.raises(UnreadableClip, match=r"codec is (av01|V_AV1), .* pip install 'personaforge\[av\]'$") as caught:
        read_clip(data, frames=8)
    assert caught.value.reason_code == "unsupported"
    value = measure_clip(data, ColorAnalyzers(), frames=8, reader=READER)
    assert (value["status"], value["frame_count"], value["reader"]) == ("measured", 48, READER)
    assert [one["second"] for one in look_through(data, ColorAnalyzers(), reader=READER)["looks"]][-1] >= 1.75


def test_a_codec_that_neither_has_is_named(film: Callable[..., bytes]) -> None:
    data = film(5, "avi", "MJPG").replace(b"MJPG", b"ZZZZ")
    with pytest.raises(UnreadableClip, match=f"codec is ZZZZ, of which neither OpenCV nor {READER}") as caught:
        read_clip(data, frames=2, reader=READER)
    assert caught.value.reason_code == "unsupported"


@pytest.mark.parametrize("head", [b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0AVI "])
def test_what_is_no_clip_is_an_outcome(head: bytes) -> None:
    with pytest.raises(UnreadableClip) as caught:
        read_clip(head + bytes(500), frames=4, reader=READER)
    assert caught.value.reason_code == "broken"
    with pytest.raises(UnreadableClip, match="found no clip"):
        read_clip(b"#EXTM3U\nhttp://127.0.0.1/", frames=4, reader=READER)


def test_frames_that_a_stream_announces_too_large_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyav, "_MOST_PIXELS", 64 * 48 - 1)
    with pytest.raises(UnreadableClip):
        read_clip(encoded(painted(RED, BLUE), [0, 0.1]), frames=1, reader=READER)


def test_a_broken_clip_is_silent() -> None:
    code = """
from personaforge.faces.capture import UnreadableClip
from personaforge.faces.pyav import reader
from personaforge.faces.video import read_clip
for head in (b"\\0\\0\\0\\x20ftypisom", b"\\x1a\\x45\\xdf\\xa3", b"RIFF\\0\\0\\0\\0AVI "):
    try:
        read_clip(head + bytes(500), frames=2, reader=reader())
    except UnreadableClip:
        continue
    raise SystemExit("readable?")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_whether_a_clip_has_sound_is_said() -> None:
    for sound in (False, True):
        data = encoded(painted(*[RED] * 24), [number / 24 for number in range(24)], sound=sound)
        assert {look_through(data, ColorAnalyzers(), reader=one)["sound"] for one in (OPENCV, READER)} == {sound}


def test_another_version_than_the_named_one_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(painted(RED), [0])
    with pytest.raises(MissingExtra, match=r"to be read by av 1\.0, and av "), open_capture(data, "av 1.0"):
        pass
    monkeypatch.setattr(pyav, "installed_version", lambda name: None)
    with pytest.raises(MissingExtra, match="no PyAV is installed") as caught, open_capture(data, READER):
        pass
    assert pyav.reader() is None and "personaforge[av]" in caught.value.hint
