"""Sounds and clips that are short and whole: a tone as WAV, silence as MP3 and Ogg, one colour as WebM."""

from __future__ import annotations

import functools
import io
import math
import struct
import wave

TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg"}


def sound(form: str, note: str = "") -> tuple[bytes, str]:
    """Return a sound and its media type; `note` makes it differ."""
    return {"mp3": mp3, "wav": tone, "ogg": ogg}[form](note), TYPES[form]


def tone(note: str = "") -> bytes:
    """A tenth of a second, 8 kHz, mono; how high it is depends on the note."""
    pitch = 200 + sum(note.encode()) % 400
    samples = (round(8000 * math.sin(math.tau * pitch * n / 8000)) for n in range(800))
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return target.getvalue()


def mp3(note: str = "") -> bytes:
    """Four silent frames, MPEG 1 layer III, 128 kbit/s at 44.1 kHz: 417 bytes each."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    return frame * 3 + frame[: -len(note.encode())] + note.encode() if note else frame * 4


def ogg(note: str = "") -> bytes:
    """One page (RFC 3533, 6) that begins and ends a stream, its checksum left out."""
    content = note.encode().ljust(200, b"\0")
    return b"OggS\0\x06" + bytes(8) + struct.pack("<IIIB", 1, 0, 0, 1) + bytes([len(content)]) + content


@functools.cache
def clip(color: tuple[int, int, int], note: str = "") -> bytes:
    """Return a WebM clip of three frames at 4 a second, 64 pixels wide and high, in one colour (sRGB)."""
    import numpy as np

    from personaforge.media.webm import encode_webm

    frames = [np.full((64, 64, 3), color[::-1], dtype=np.uint8) for _ in range(3)]
    for index, frame in enumerate(frames):
        frame[:2, : 2 + index + len(note) % 5] = 255
    return encode_webm(frames, 64, 64, 4, notes={"note": note.ljust(600)})
