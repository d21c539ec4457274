"""Files that are no clips, or clips cut off, damaged, endless and odd; see `corpus`. Codecs by OpenCV, boxes by us."""

import os
import random
import struct
import tempfile
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.faces.corpus import FINE, Case, data_of_length, encoded, noise


def film(ending: str, codec: str, count: int = 12, size: tuple[int, int] = (96, 64), fps: float = 10) -> bytes:
    """Return a clip by OpenCV, whose frame i is grey of value 8 i."""
    import cv2

    handle, path = tempfile.mkstemp(suffix=f".{ending}")
    os.close(handle)
    try:
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*codec), fps, size)
        assert writer.isOpened(), f"this OpenCV can't write {codec}"
        for number in range(count):
            writer.write(np.full((size[1], size[0], 3), 8 * number % 256, dtype=np.uint8))
        writer.release()
        with open(path, "rb") as file:
            return file.read()
    finally:
        os.unlink(path)


def riff(kind: bytes, data: bytes) -> bytes:
    """Return a RIFF chunk, padded to an even length."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def avi(
    frames: list[bytes], size: tuple[int, int] = (32, 32), *, said: int | None = None, stream: bytes = b"vids"
) -> bytes:
    """Return an AVI of JPEG frames, or of sound, at 24 frames a second, whose header says how many frames it has."""
    count = len(frames) if said is None else said
    width, height = size
    head = struct.pack("<14I", 41_667, 0, 0, 0x10, count, 0, 1, 0, width, height, 0, 0, 0, 0)
    handler = b"MJPG" if stream == b"vids" else bytes(4)
    strh = stream + handler + struct.pack("<10I4H", 0, 0, 0, 1, 24, 0, count, 4096, 2**32 - 1, 0, 0, 0, 0, 0)
    if stream == b"vids":
        strf = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3 % 2**32, 0, 0, 0, 0)
    else:
        strf = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    streams = riff(b"LIST", b"strl" + riff(b"strh", strh) + riff(b"strf", strf))
    lists = riff(b"LIST", b"hdrl" + riff(b"avih", head) + streams)
    name = b"00dc" if stream == b"vids" else b"00wb"
    at, body, index = 4, [], []
    for frame in frames:
        body.append(riff(name, frame))
        index.append(name + struct.pack("<III", 0x10, at, len(frame)))
        at += len(body[-1])
    movi = riff(b"LIST", b"movi" + b"".join(body))
    return riff(b"RIFF", b"AVI " + lists + movi + riff(b"idx1", b"".join(index)))


def box(kind: bytes, *content: bytes) -> bytes:
    """Return an MP4 box."""
    data = b"".join(content)
    return struct.pack(">I", 8 + len(data)) + kind + data


def clips() -> Iterator[Case]:
    """Yield the cases for `measure_clip`."""
    for name, data, codes in (*_no_clips(), *_cut_clips(), *_odd_mp4s(), *_odd_webms(), *_odd_avis()):
        yield Case(f"clip: {name}", data, codes, clip=True)


Clips = Iterator[tuple[str, bytes, tuple[str, ...]]]


def _no_clips() -> Clips:
    other = ("not_a_clip",)
    yield "nothing", b"", ("empty",)
    yield "one byte", b"\0", other
    yield "a letter, named film.mp4", b"Dear Sofia,\n" * 50, other
    yield "a picture", encoded(noise(), "PNG"), other
    yield "an animated GIF", encoded(noise(), "GIF"), other
    yield "m3u8 playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", other
    yield "m3u8 playlist of a web address", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/segment.ts\n", other
    yield "ffconcat list", b"ffconcat version 1.0\nfile /etc/passwd\n", other
    yield "DASH manifest", b"<?xml version='1.0'?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>", other
    yield "IVF", b"DKIF\0\0\x20\0VP80" + struct.pack("<HHIIII", 96, 64, 10, 1, 1, 0) + bytes(100), other
    yield "WAV", riff(b"RIFF", b"WAVE" + riff(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8))), other
    yield "Ogg", b"OggS" + bytes(200), other


def _cut_clips() -> Clips:
    whole = {"MP4": film("mp4", "mp4v"), "WebM": film("webm", "VP80"), "AVI": avi(_jpegs(12))}
    dice = random.Random(2)
    for kind, data in whole.items():
        yield f"{kind}, whole", data, FINE
        for percent in (2, 30, 60, 95):
            # WebM and AVI are read up to the cut, as players do. An MP4's index comes last, with a comment behind it.
            codes = ("broken",) if kind == "MP4" and percent < 90 else ("broken", *FINE)
            yield f"{kind}, cut at {percent} %", data[: len(data) * percent // 100], codes
        yield f"{kind}'s first 16 bytes, then random ones", data[:16] + dice.randbytes(3000), ("broken",)
        middle = len(data) // 2
        noisy = data[:middle] + dice.randbytes(200) + data[middle + 200 :]
        yield f"{kind} with 200 random bytes in the middle", noisy, ("broken", *FINE)
        scattered = bytearray(data)
        for _ in range(60):
            scattered[dice.randrange(40, len(data))] = dice.randrange(256)
        yield f"{kind} with 60 random bytes", bytes(scattered), ("broken", "too_large", *FINE)


def _odd_mp4s() -> Clips:
    ftyp = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
    yield "MP4 of a header alone", ftyp, ("broken",)
    yield "MP4 without tracks", ftyp + box(b"moov", box(b"mvhd", bytes(100))), ("broken",)
    yield "MP4 with a box of no size", ftyp + struct.pack(">I", 0) + b"moov", ("broken",)
    yield "MP4 with a box of 2^63", ftyp + struct.pack(">I", 1) + b"moov" + struct.pack(">Q", 2**63), ("broken",)
    yield "MP4 with a box of 7 bytes", ftyp + struct.pack(">I", 7) + b"moov" + bytes(50), ("broken",)
    nested = b""
    for _ in range(3000):
        nested = box(b"moov", nested)
    yield "MP4 of 3,000 nested boxes", ftyp + nested, ("broken",)
    data = film("mp4", "mp4v")
    yield (
        "MP4 whose index has 4 billion samples",
        _patched(data, b"stsz", 8, struct.pack(">II", 0, 2**32 - 1)),
        (
            "broken",
            "too_large",
            *FINE,
        ),
    )
    yield "MP4 whose chunks lie outside", _patched(data, b"stco", 8, struct.pack(">I", 2**31)), ("broken",)
    yield "MP4 without a time scale", _patched(data, b"mdhd", 12, bytes(4)), ("broken", *FINE)
    yield "MP4 of 0 x 0", _patched(data, b"mp4v", 24, bytes(4)), ("broken", *FINE)
    yield "MP4 of 65,535 x 65,535", _patched(data, b"mp4v", 24, b"\xff" * 4), ("broken", "too_large", *FINE)
    yield "MP4 of sound", data.replace(b"vide", b"soun"), ("broken",)
    yield "MP4 of 10 minutes", film("mp4", "mp4v", 14_400, (32, 32), 24), ("too_large",)


def _patched(data: bytes, kind: bytes, offset: int, value: bytes) -> bytes:
    """Return the MP4 with a value at that offset in a box's content, counted from its version and flags."""
    place = data.rindex(kind) + 4 + offset
    return data[:place] + value + data[place + len(value) :]


def _odd_webms() -> Clips:
    data = film("webm", "VP80")
    head = b"\x1a\x45\xdf\xa3"
    yield "WebM of a header alone", data[:40], ("broken",)
    yield "WebM of an endless header", head + b"\x01" + b"\xff" * 7 + bytes(100), ("broken",)
    yield "WebM magic before a playlist", head + b"\n#EXTM3U\nfile:///etc/passwd\n", ("broken",)
    manifest = b'<MPD profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><BaseURL>file:///etc/passwd</BaseURL></MPD>'
    yield "WebM magic before a DASH manifest", head + manifest, ("broken",)
    key = data.index(b"\x9d\x01\x2a") + 3
    for side in (0, 12_000, 16_383):
        grown = data[:key] + struct.pack("<HH", side, side) + data[key + 4 :]
        yield f"WebM whose first frame is {side} x {side}", grown, ("broken", "too_large", *FINE)
    duration = data.index(b"\x44\x89\x88") + 3
    for value in (float("nan"), float("inf"), 1e300, -9.0):
        lasting = data[:duration] + struct.pack(">d", value) + data[duration + 8 :]
        yield f"WebM whose duration is {value}", lasting, FINE


def _odd_avis() -> Clips:
    frames = _jpegs(12)
    yield "AVI that says it has no frames", avi(frames, said=0), FINE
    yield "AVI that says it has 4 billion frames", avi(frames, said=2**32 - 1), FINE
    yield "AVI that says it has 3 frames", avi(frames, said=3), FINE
    yield "AVI without frames", avi([]), ("broken",)
    yield "AVI of empty frames", avi([b""] * 12), ("broken",)
    yield "AVI of sound", avi([bytes(1000)] * 12, stream=b"auds"), ("broken",)
    yield "AVI of noise", avi([random.Random(3).randbytes(400)] * 12), ("broken",)
    yield "AVI with a hole", avi([*frames[:5], b"", random.Random(4).randbytes(90), *frames[7:]]), FINE
    yield "AVI of 0 x 0", avi(frames, (0, 0)), ("broken", *FINE)
    yield "AVI that says 60,000 x 60,000", avi(frames, (60_000, 60_000)), ("broken", "too_large", *FINE)
    large = encoded(Image.new("L", (9_000, 6_000)), "JPEG")
    yield "AVI whose frames have 54 million pixels", avi([large] * 4), ("broken", "too_large")
    yield "AVI whose frames change size", avi([*frames[:6], *_jpegs(6, (64, 48))]), ("broken", *FINE)
    yield "AVI of 10 minutes", avi(_jpegs(1) * 14_400), ("too_large",)
    yield "AVI that claims another length", data_of_length(avi(frames), 2**32 - 1), FINE


def _jpegs(count: int, size: tuple[int, int] = (32, 32)) -> list[bytes]:
    return [encoded(Image.new("RGB", size, (8 * number % 256,) * 3), "JPEG") for number in range(count)]
