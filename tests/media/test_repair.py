"""Repaired clips: as many frames as before at the same rate, sharper, labelled; and clips that can't be repaired."""

from __future__ import annotations

import json
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.digest import digest_bytes
from personaforge.errors import BackendError, SpecError
from personaforge.faces.capture import UnreadableClip
from personaforge.faces.container import has_sound
from personaforge.faces.video import read_clip
from personaforge.media import frames as reading
from personaforge.media import repair
from personaforge.media.containers import clip_label
from personaforge.media.repair import LABEL, repair_clip, repaired
from personaforge.media.webm import encode_webm
from personaforge.providers.embedded_clips import EmbeddedVideos
from tests.embedded.painter.subjects import film_request, subject

UNSHARP = {"radius": 1.5, "amount": 1.0, "threshold": 0}
LANCZOS = {"upscaler": "lanczos", "factor": 2}
SIZE = (96, 64)


def soft_frames(count: int, width: int = SIZE[0], height: int = SIZE[1]) -> Iterator[np.ndarray]:
    """A blurred texture that moves a pixel a frame."""
    noise = np.random.default_rng(8).integers(0, 256, (height, width + count, 3), dtype=np.uint8)
    wide = cv2.GaussianBlur(noise, (0, 0), 2)
    wide = cv2.normalize(wide, None, 40, 215, cv2.NORM_MINMAX)
    for number in range(count):
        yield wide[:, number : number + width]


@pytest.fixture(scope="module")
def soft() -> bytes:
    return encode_webm(soft_frames(20), *SIZE, 12)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., bytes]:
    """Write soft frames with OpenCV alone, in any container."""

    def write(ending: str, codec: str, count: int = 8, size: tuple[int, int] = SIZE) -> bytes:
        path = tmp_path / f"clip.{ending}"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 10, size)
        assert writer.isOpened()
        for frame in soft_frames(count, *size):
            writer.write(np.ascontiguousarray(frame))
        writer.release()
        return path.read_bytes()

    return write


def sharpness(data: bytes) -> float:
    clip = read_clip(data, frames=5)
    grey = [cv2.cvtColor(frame.pixels, cv2.COLOR_BGR2GRAY) for frame in clip.frames]
    return float(np.mean([cv2.Laplacian(frame, cv2.CV_64F).var() for frame in grey]))


@pytest.mark.parametrize(
    ("unsharp", "super_resolution", "factor"), [(UNSHARP, None, 1), (None, LANCZOS, 2), (UNSHARP, LANCZOS, 2)]
)
def test_a_repaired_clip_has_its_frames_its_rate_and_its_size_times_the_factor(
    soft: bytes, unsharp: Any, super_resolution: Any, factor: int
) -> None:
    made = repair_clip(soft, unsharp=unsharp, super_resolution=super_resolution)
    before, after = read_clip(soft, frames=20), read_clip(made, frames=20)
    assert after.frame_count == before.frame_count == 20 and after.fps == pytest.approx(12)
    assert (after.width, after.height) == (96 * factor, 64 * factor)
    for old, new in zip(before.frames, after.frames, strict=True):
        small = cv2.resize(new.pixels, SIZE, interpolation=cv2.INTER_AREA)
        assert np.corrcoef(small.ravel(), old.pixels.ravel())[0, 1] > 0.95, "frame by frame, in order"


def test_a_repaired_clip_is_sharper(soft: bytes) -> None:
    before = sharpness(soft)
    assert sharpness(repair_clip(soft, unsharp=UNSHARP, super_resolution=None)) > 1.5 * before
    # An enlargement spreads the same edges over more pixels: it is held against plain resampling at its own size.
    plain = encode_webm(
        (cv2.resize(frame, (192, 128), interpolation=cv2.INTER_LINEAR) for frame in soft_frames(20)), 192, 128, 12
    )
    assert sharpness(repair_clip(soft, unsharp=None, super_resolution=LANCZOS)) > 1.2 * sharpness(plain)


def test_equal_clips_and_settings_give_equal_bytes(soft: bytes) -> None:
    first = repair_clip(soft, unsharp=UNSHARP, super_resolution=LANCZOS)
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        assert repair_clip(soft, unsharp=UNSHARP, super_resolution=LANCZOS) == first
    finally:
        cv2.setNumThreads(before)
    assert repair_clip(soft, unsharp={**UNSHARP, "amount": 0.9}, super_resolution=LANCZOS) != first


@pytest.mark.parametrize(("ending", "codec"), [("mp4", "mp4v"), ("webm", "VP80"), ("avi", "MJPG")])
def test_any_container_becomes_webm(written: Callable[..., bytes], ending: str, codec: str) -> None:
    made = repair_clip(written(ending, codec), unsharp=UNSHARP, super_resolution=None)
    clip = read_clip(made, frames=2)
    assert made.startswith(b"\x1a\x45\xdf\xa3") and b"V_VP8" in made
    assert (clip.frame_count, clip.width, clip.height) == (8, *SIZE) and clip.fps == pytest.approx(10)


def test_nothing_to_do_gives_the_same_bytes() -> None:
    for nothing in (None, {**UNSHARP, "amount": 0}, {**UNSHARP, "radius": 0}):
        data = b"whatever"
        assert repair_clip(data, unsharp=nothing, super_resolution=None) is data


# --- what the file says -----------------------------------------------------------------------------------------------


def comment(data: bytes) -> Any:
    at = data.index(b"\x44\x87", data.index(b"COMMENT"))
    (size,) = struct.unpack_from(">Q", data, at + 2)
    return json.loads(data[at + 10 : at + 10 + (size ^ 1 << 56)])


def test_a_drawn_clip_still_says_that_it_is_one() -> None:
    blob = EmbeddedVideos().submit(film_request(subject(), seconds=0.3)).blob
    assert blob is not None and clip_label(blob.data) == "PersonaForge embedded"
    made = repair_clip(blob.data, unsharp=UNSHARP, super_resolution=LANCZOS)
    assert clip_label(made) == f"PersonaForge embedded; {LABEL}"
    assert comment(made) == {
        "repair": "1",
        "source": digest_bytes(blob.data),
        "super_resolution": ["lanczos", "1", 2],
        "unsharp": UNSHARP,
    }
    assert clip_label(repair_clip(made, unsharp=UNSHARP, super_resolution=None)) == clip_label(made)


@pytest.mark.parametrize("count", [1, 150])
def test_a_file_with_a_comment_still_points_at_its_key_frames(count: int) -> None:
    data = encode_webm(soft_frames(count), *SIZE, 10, notes={"about": "x" * 300})
    segment = data.index(b"\x18\x53\x80\x67") + 12
    at = data.index(b"\xf1\x01\x00\x00\x00\x00\x00\x00\x08", data.index(b"\x1c\x53\xbb\x6b"))
    cluster = segment + int.from_bytes(data[at + 9 : at + 17], "big")
    assert data[cluster : cluster + 4] == b"\x1f\x43\xb6\x75"
    assert comment(data) == {"about": "x" * 300} and read_clip(data, frames=1).frame_count == count


# --- memory -----------------------------------------------------------------------------------------------------------


def test_frames_are_taken_one_at_a_time() -> None:
    taken = []

    def frames() -> Iterator[np.ndarray]:
        for number, frame in enumerate(soft_frames(6)):
            taken.append(number)
            yield frame

    for number, _ in enumerate(repaired(frames(), UNSHARP, None)):
        assert taken == list(range(number + 1))


def test_memory_does_not_grow_with_the_clip(written: Callable[..., bytes]) -> None:
    peaks = []
    for count in (6, 36):
        data = written("avi", "MJPG", count, (320, 240))
        tracemalloc.start()
        repair_clip(data, unsharp=UNSHARP, super_resolution=None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    frame = 320 * 240 * 3
    assert peaks[1] < peaks[0] + 10 * frame, "30 frames more would be 30 frames"


# --- clips that can't be repaired -------------------------------------------------------------------------------------


def code_of(data: bytes, **settings: Any) -> str:
    with pytest.raises(UnreadableClip) as caught:
        repair_clip(data, **{"unsharp": UNSHARP, "super_resolution": None, **settings})
    assert caught.value.message
    return caught.value.reason_code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"a letter", "not_a_clip"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "not_a_clip"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_a_clip"),
        (b"\0\0\0\x20ftypisom" + b"\0" * 500, "broken"),
        (b"\x1a\x45\xdf\xa3" + b"\xff" * 500, "broken"),
        (b"RIFF\0\0\0\0AVI " + b"\0" * 500, "broken"),
    ],
)
def test_what_is_no_clip_has_a_name(data: bytes, code: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert code_of(data) == code
    assert capfd.readouterr().out == ""


def test_limits_have_names(soft: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_FRAMES", 19)
    assert code_of(soft) == "too_large"
    monkeypatch.setattr(reading, "MAX_FRAMES", 20)
    monkeypatch.setattr(reading, "MAX_CLIP_PIXELS", 20 * 96 * 64 - 1)
    assert code_of(soft) == "too_large"
    monkeypatch.setattr(reading, "MAX_CLIP_PIXELS", 20 * 96 * 64)
    monkeypatch.setattr(reading, "MAX_FRAME_PIXELS", 96 * 64 - 1)
    assert code_of(soft) == "too_large"
    monkeypatch.setattr(reading, "MAX_FRAME_PIXELS", 96 * 64)
    monkeypatch.setattr(repair, "MAX_FRAME_PIXELS", 4 * 96 * 64 - 1)
    assert code_of(soft, super_resolution=LANCZOS) == "too_large"
    assert repair_clip(soft, unsharp=UNSHARP, super_resolution=None)


def test_odd_sides_are_refused_unless_they_become_even(written: Callable[..., bytes]) -> None:
    frames = [np.ascontiguousarray(frame) for frame in soft_frames(2, 97, 63)]
    data = odd_avi(frames)
    assert read_clip(data, frames=1).width == 97
    assert code_of(data) == "odd_sides"
    clip = read_clip(repair_clip(data, unsharp=None, super_resolution=LANCZOS), frames=1)
    assert (clip.width, clip.height) == (194, 126)
    assert code_of(odd_avi([frame[:2] for frame in frames])) == "odd_sides"
    assert code_of(odd_avi([frame[:2, :64] for frame in frames])) == "too_small"


def test_a_rate_that_can_t_be_is_none() -> None:
    frames = [np.ascontiguousarray(frame) for frame in soft_frames(3)]
    assert read_clip(repair_clip(odd_avi(frames, 240), unsharp=UNSHARP, super_resolution=None), frames=1).fps == 240
    assert code_of(odd_avi(frames, 1000)) == "no_rate"


def odd_avi(frames: list[np.ndarray], rate: int = 10) -> bytes:
    """An AVI of JPEG pictures (RIFF: size after name, little-endian), as OpenCV makes none with odd sides."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    height, width = frames[0].shape[:2]
    pictures = [chunk(b"00dc", cv2.imencode(".jpg", frame)[1].tobytes()) for frame in frames]
    head = struct.pack("<14I", 100_000, 0, 0, 0x10, len(frames), 0, 1, 0, width, height, 0, 0, 0, 0)
    stream = b"vidsMJPG" + struct.pack("<10I", 0, 0, 0, 1, rate, 0, len(frames), 0, 0, 0) + bytes(8)
    bitmap = struct.pack("<IIIHH4sIIIII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0)
    one = chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", bitmap))
    body = chunk(b"LIST", b"hdrl" + chunk(b"avih", head) + one) + chunk(b"LIST", b"movi" + b"".join(pictures))
    return chunk(b"RIFF", b"AVI " + body)


def test_a_clip_with_sound_is_not_silenced(written: Callable[..., bytes], soft: bytes) -> None:
    silent = written("mp4", "mp4v")
    assert not has_sound(silent) and not has_sound(written("avi", "MJPG")) and not has_sound(soft)
    handler = b"hdlr" + bytes(8) + b"soun" + bytes(12) + b"\0"
    assert code_of(silent + struct.pack(">I", 4 + len(handler)) + handler) == "has_sound"
    assert has_sound(b"RIFF\0\0\0\0AVI LIST\0\0\0\0strh\x38\0\0\0auds")
    kind = b"\x83\x01\0\0\0\0\0\0\x01"  # TrackType, with its size in 8 bytes
    assert has_sound(soft.replace(kind + b"\x01", kind + b"\x02", 1))


def test_a_frame_of_another_size_is_an_error_and_not_left_out() -> None:
    frames = [*soft_frames(2), np.zeros((64, 98, 3), np.uint8)]
    with pytest.raises(ValueError, match=r"frame 2 has the shape \(64, 98, 3\)"):
        encode_webm(frames, *SIZE, 12)


def test_wrong_settings_come_before_the_clip_is_looked_at() -> None:
    with pytest.raises(SpecError, match="did you mean radius"):
        repair_clip(b"", unsharp={"radios": 1, "amount": 1, "threshold": 0}, super_resolution=None)
    with pytest.raises(SpecError, match="did you mean lanczos"):
        repair_clip(b"", unsharp=None, super_resolution={"upscaler": "lanzos", "factor": 2})


def test_a_wrong_model_fails_the_repair(soft: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no model")
    settings = {"upscaler": "onnx", "factor": 2, "model": "x.onnx", "tile": 64, "overlap": 8}
    with pytest.raises(BackendError, match=r"x\.onnx can't be loaded"):
        repair_clip(soft, unsharp=None, super_resolution=settings, folders=[tmp_path])


def test_nothing_is_left_behind(soft: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    repair_clip(soft, unsharp=UNSHARP, super_resolution=None)
    code_of(soft[:100])
    assert list(tmp_path.iterdir()) == []


@given(head=st.sampled_from([b"", b"\x1a\x45\xdf\xa3", b"RIFF", b"\0\0\0\x20ftyp"]), body=st.binary(max_size=200))
def test_reading_a_container_never_fails(head: bytes, body: bytes) -> None:
    assert isinstance(clip_label(head + body), str) and isinstance(has_sound(head + body), bool)


def test_a_container_cut_anywhere_is_read_without_failing(soft: bytes) -> None:
    assert clip_label(soft) == "PersonaForge"
    for end in range(min(len(soft), 700)):
        assert clip_label(soft[:end]) in ("", "PersonaForge"[: len(clip_label(soft[:end]))])
