"""Digests of what is drawn and finished here, so that code paths, machines and versions can be held against each other.

    python -m tests.embedded.painter.digests [--all] [--threads N]

Prints a JSON object, name -> digest. `PATHS` are environments in which OpenCV, numpy and the C library take other ways
through their code, as they do on other processors.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy._core import _multiarray_umath as core  # type: ignore[attr-defined, unused-ignore]

from personaforge.digest import digest_bytes
from personaforge.faces.opencv import opencv
from personaforge.faces.picture import read_picture
from personaforge.media import pixels
from personaforge.media.contact_sheet import Cell, draw_sheet
from personaforge.media.realism import finish_picture
from personaforge.media.repair import repair_clip
from personaforge.media.upscale import Lanczos
from personaforge.providers.embedded_clips import EmbeddedVideos
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import OTHERS, draw_request, film_request, subject

_ROOT = Path(__file__).resolve().parents[3]
CLIPS = ("clip", "repaired clip")
"""What goes through OpenCV's video encoder, whose version is in the key."""
_HAIR = (
    ("curly", "long", "natural"), ("coily", "short", "natural"), ("wavy", "shoulder", "ponytail"),
    ("straight", "long", "bun"), ("coily", "long", "braids"), ("wavy", "short", "curtain fringe"),
    ("straight", "shaved", "natural"),
)  # fmt: skip
_WORN = (
    ("floral", "dress", "home"), ("sequins", "gown", "vacation"), ("metallic", "jacket", "street"),
    ("dots", "blouse", "work"), ("stripes", "hoodie", "leisure"), ("plaid", "shirt", "studio"),
    ("pinstripes", "blazer", "anywhere"),
)  # fmt: skip


def paths() -> dict[str, dict[str, str]]:
    """Return environments by name; in the last one everything that can be switched off is."""
    opencv_features = [word.strip("*?") for word in opencv().getCPUFeaturesLine().split() if word[0] in "*?"]
    numpy_features = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
    no_opencv = {"OPENCV_CPU_DISABLE": ",".join(opencv_features)}
    no_numpy = {"NPY_DISABLE_CPU_FEATURES": " ".join(numpy_features)}
    no_ipp = {"OPENCV_IPP": "disabled"}
    return {
        "no IPP": no_ipp,
        "IPP of an older processor": {"OPENCV_IPP": "sse42"},
        "no vector units in OpenCV": no_opencv,
        "no vector units in numpy": {**no_numpy, "OPENBLAS_CORETYPE": "Prescott"},
        "nothing": {
            **no_ipp,
            **no_opencv,
            **no_numpy,
            "OPENBLAS_CORETYPE": "Prescott",
            "OPENBLAS_NUM_THREADS": "1",
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2_Usable,-FMA_Usable,-AVX2,-FMA,-AVX512F",
            "JSIMD_FORCENONE": "1",
        },
    }


def start(environment: Mapping[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start this module in an environment."""
    command = [sys.executable, "-m", __name__, *arguments]
    return subprocess.Popen(
        command, cwd=_ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def answer(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return what such a process has printed."""
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    found: dict[str, str] = json.loads(out)
    return found


def few() -> Iterator[tuple[str, bytes]]:
    """Yield a handful of works, each small: people, hair, cloth, scenes, sizes, a finish and a clip."""
    yield "anchor", (anchor := _drawn(subject(), width=144, height=192))
    who, age, gender = OTHERS[0]
    smiling = subject(who, age, gender, distance="half", yaw=18, pitch=-6, expression="smile")
    yield "half", _drawn(_dressed(smiling, "floral", "dress", "home"), anchor, width=160, height=200)
    who, age, gender = OTHERS[1]
    yield "full", _drawn(subject(who, age, gender, distance="full", yaw=-30), width=128, height=192)
    yield "curls", _drawn(subject({"hair": {"texture": "curly", "length": "long"}}, yaw=9), width=160, height=176)
    yield "smaller than it is drawn", _drawn(subject(), width=64, height=80)
    yield "phone", finish_picture(anchor, phone(), 3)
    yield "clip", _filmed(subject(who, age, gender), width=96, height=128, seconds=0.25)


def many() -> Iterator[tuple[str, bytes]]:
    """Yield more of each kind, and each operation by itself."""
    yield from few()
    anchor = _drawn(subject())
    for index, other in enumerate(OTHERS):
        yield f"person {index}", _drawn(subject(*other), anchor)
        full = subject(*other, distance="full", yaw=30, pitch=5, expression="smile")
        yield f"person {index}, whole", _drawn(full, width=120, height=200)
    for texture, length, style in _HAIR:
        hair = {"texture": texture, "length": length, "style": style}
        who = subject({"hair": hair}, yaw=-25, pitch=-10, distance="bust")
        yield f"hair {texture} {length} {style}", _drawn(who, width=200, height=300)
    for index, worn in enumerate(_WORN):
        who = subject(distance=("half", "full", "bust")[index % 3], yaw=15 * (-1) ** index, expression="laugh")
        yield f"worn {' '.join(worn)}", _drawn(_dressed(who, *worn), width=240, height=320, seed=index)
    yield "banner", _drawn(subject(), width=640, height=200)
    yield "larger than it is drawn", _drawn(subject(), width=1700, height=1200)
    clip = _filmed(subject(*OTHERS[1]), seconds=0.5)
    yield "long clip", clip
    yield (
        "repaired clip",
        repair_clip(clip, unsharp={"radius": 1.0, "amount": 0.6, "threshold": 0}, super_resolution=None),
    )
    bgr = read_picture(anchor).pixels
    yield "white balance", pixels.white_balance(bgr, 12, 3).tobytes()
    yield "highlights", pixels.clip_highlights(bgr, 0.3, 0.8).tobytes()
    yield "unsharp", pixels.unsharp(bgr, 1.2, 0.5, 1).tobytes()
    yield "aberration", pixels.chromatic_aberration(bgr, 1.3).tobytes()
    yield "noise", pixels.sensor_noise(bgr, 400, 5).tobytes()
    yield "lanczos", next(iter(Lanczos(2).upscale([bgr]))).tobytes()
    yield "sheet", draw_sheet([Cell(anchor, "Ana 1", "accepted")] * 3, title="Ana")


def phone() -> dict[str, Any]:
    """Return the packaged phone's settings."""
    settings = yaml.safe_load((_ROOT / "conf/realism/phone.yaml").read_text(encoding="utf-8"))
    return {name: value for name, value in settings.items() if not name.startswith("_")}


def _dressed(who: dict[str, Any], pattern: str, garment: str, place: str) -> dict[str, Any]:
    who["clothing"].update(pattern=pattern, garment=garment)
    who["scene"]["name"] = place
    return who


def _drawn(who: dict[str, Any], reference: bytes | None = None, **fields: Any) -> bytes:
    blob = EmbeddedImages().submit(draw_request(who, reference, **fields)).blob
    assert blob is not None
    return blob.data


def _filmed(who: dict[str, Any], **fields: Any) -> bytes:
    blob = EmbeddedVideos().submit(film_request(who, **fields)).blob
    assert blob is not None
    return blob.data


def main() -> None:
    """Print the digests."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    told = parser.parse_args()
    opencv().setNumThreads(told.threads)
    np.seterr(all="raise", under="ignore")
    print(json.dumps({name: digest_bytes(data) for name, data in (many() if told.all else few())}))


if __name__ == "__main__":
    main()
