"""Files that came whole, and files that were cut off somewhere."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from personaforge.media.webm import encode_webm
from personaforge.providers.whole import is_cut_off
from personaforge.testing.media import sound

KINDS = (".png", ".jpg", ".webp", ".mp4", ".webm", "stream.webm", "wav", "ogg")


def cut_off(data: bytes) -> bool:
    return is_cut_off(io.BytesIO(data))


def frames(count: int = 6) -> list[np.ndarray]:
    noise = np.random.default_rng(5)
    return [noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(count)]


def file(kind: str, folder: Path) -> bytes:
    """A real file of a kind: `stream.webm` has a segment and clusters of unknown length, as a live recording has."""
    if kind in ("wav", "ogg"):
        return sound(kind)[0]
    if kind in (".png", ".jpg", ".webp"):
        return cv2.imencode(kind, frames(1)[0])[1].tobytes()
    if kind == ".mp4":
        path = str(folder / "clip.mp4")
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"mp4v"), 8, (64, 48))
        for frame in frames():
            writer.write(frame)
        writer.release()
        return Path(path).read_bytes()
    data = encode_webm(frames(), 64, 48, 8)
    if kind == "stream.webm":
        return unknown_lengths(data)
    return data


def unknown_lengths(data: bytes) -> bytes:
    """Give the segment and its clusters the length that means unknown."""
    for name in (b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"):
        start = 0
        while (start := data.find(name, start)) >= 0:
            start += 4
            length = 9 - data[start].bit_length()
            data = data[:start] + bytes([(1 << 9 - length) - 1]) + b"\xff" * (length - 1) + data[start + length :]
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_whole(kind: str, tmp_path: Path) -> None:
    assert not cut_off(file(kind, tmp_path))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "stream.webm"])
def test_a_file_that_is_cut_anywhere_is_cut_off(kind: str, tmp_path: Path) -> None:
    data = file(kind, tmp_path)
    lengths = {40, 100, 1000, *np.linspace(33, len(data) - 1, 200).astype(int).tolist()}
    least = len(data) - 2 if kind == ".jpg" else len(data)  # without its end marker it is whole; see below
    passed = [length for length in lengths if length < least and not cut_off(data[:length])]
    if kind == "ogg":  # what ends with a page may be all there is
        passed = [length for length in passed if data[length : length + 4] != b"OggS"]
    assert not passed


def test_a_recording_without_lengths_is_known_by_its_last_frame(tmp_path: Path) -> None:
    data = file("stream.webm", tmp_path)
    assert cut_off(data[:-1]) and cut_off(data[: len(data) // 2]) and cut_off(data[:60])


def test_an_mp4_without_its_table_of_samples_can_not_be_played(tmp_path: Path) -> None:
    data = file(".mp4", tmp_path)
    size, boxes, at = len(data), [], 0
    while at < size:
        length = int.from_bytes(data[at : at + 4], "big")
        boxes.append(data[at : at + length])
        at += length
    assert cut_off(b"".join(box for box in boxes if box[4:8] != b"moov"))
    long = [struct.pack(">I", 1) + box[4:8] + struct.pack(">Q", len(box) + 8) + box[8:] for box in boxes]
    assert not cut_off(b"".join(long)) and cut_off(b"".join(long)[:-1])
    last = b"".join(boxes[:-1]) + bytes(4) + boxes[-1][4:]
    assert not cut_off(last), "a last box of length 0 goes to the end"


def test_a_stream_of_sound_that_knows_no_length_is_whole() -> None:
    data = sound("wav")[0]
    assert cut_off(data[:-1]) and not cut_off(data[:4] + b"\xff\xff\xff\xff" + data[8:-1])


@pytest.mark.parametrize("data", [b"", b"\x1aE\xdf\xa3", b"OggS", b"\0\0\0\x08ftyp", b"\x1aE\xdf\xa3" + b"\xff" * 60])
def test_a_mere_beginning_is_cut_off(data: bytes) -> None:
    assert cut_off(data) is bool(data)


def test_a_jpeg_that_lacks_only_its_end_marker_is_whole(tmp_path: Path) -> None:
    """It is paid for, and every viewer shows it; one that lacks a byte more is not."""
    data = file(".jpg", tmp_path)
    assert data.endswith(b"\xff\xd9")
    assert not cut_off(data[:-2]) and not cut_off(data[:-1])
    assert cut_off(data[:-3]) and cut_off(data[: len(data) // 2])
