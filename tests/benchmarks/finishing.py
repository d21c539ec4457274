"""How fast pictures are finished and clips repaired, and how much smaller a finished picture is than its PNG.

    python -m tests.benchmarks.finishing [--runs N]

Pictures are embedded portraits of 768 x 1024 under `conf/realism/phone.yaml`; each operation is timed by itself and all
of them with decoding and encoding. Clips are embedded ones of 540 x 960 with 12 frames. Medians are printed; nothing
here passes or fails.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Print the table."""
    from personaforge.faces.picture import read_picture
    from personaforge.media import pixels
    from personaforge.media.realism import finish_picture
    from personaforge.media.repair import repair_clip
    from personaforge.providers.embedded_clips import EmbeddedVideos
    from personaforge.providers.embedded_images import EmbeddedImages
    from tests.embedded.painter.subjects import draw_request, film_request, subject

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="counted runs of each line, after one that isn't")
    runs = parser.parse_args().runs
    phone: dict[str, Any] = yaml.safe_load((ROOT / "conf/realism/phone.yaml").read_text())
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}")
    print(f"{'':44}{'median':>12}{'min':>9}{'max':>9}")
    sources = []
    for seed in range(3):
        blob = EmbeddedImages().submit(draw_request(subject(), width=768, height=1024, seed=seed)).blob
        assert blob is not None
        sources.append(blob.data)
    picture = read_picture(sources[0]).pixels
    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: read_picture(sources[0]),
        "white balance": lambda: pixels.white_balance(picture, **phone["white_balance"]),
        "highlights": lambda: pixels.clip_highlights(picture, **phone["highlights"]),
        "unsharp": lambda: pixels.unsharp(picture, **phone["unsharp"]),
        "chromatic aberration": lambda: pixels.chromatic_aberration(picture, **phone["chromatic_aberration"]),
        "noise": lambda: pixels.sensor_noise(picture, seed=1, **phone["noise"]),
    }
    for name, step in steps.items():
        _row(f"768 x 1024, {name}", step, runs)
    _row("768 x 1024, phone profile, file to file", lambda: finish_picture(sources[0], phone, 1), runs)
    made = [len(finish_picture(data, phone, 1)) for data in sources]
    # The embedded provider packs for speed, so its files are also held against the same pixels packed for size.
    for name, sizes in (("as drawn", list(map(len, sources))), ("packed by Pillow", list(map(_packed, sources)))):
        smaller = statistics.median(1 - jpeg / png for jpeg, png in zip(made, sizes, strict=True))
        print(f"{f'bytes less than the PNG {name}':44}{smaller:9.0%}    of {statistics.median(sizes) / 1e6:.2f} MB")

    clip = EmbeddedVideos().submit(film_request(subject(), width=540, height=960, fps=12, seconds=1)).blob
    assert clip is not None
    sharpen, double = {"radius": 1.0, "amount": 0.8, "threshold": 2}, {"upscaler": "lanczos", "factor": 2}
    repairs: dict[str, Callable[[], object]] = {
        "unsharp": lambda: repair_clip(clip.data, unsharp=sharpen, super_resolution=None),
        "unsharp and lanczos x2": lambda: repair_clip(clip.data, unsharp=sharpen, super_resolution=double),
    }
    for name, step in repairs.items():
        _row(f"540 x 960, 12 frames, {name}", step, max(runs // 3, 3))


def _packed(data: bytes) -> int:
    """Return the size of a picture's pixels as Pillow's smallest PNG."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("RGB").save(out, "PNG", optimize=True)
    return len(out.getvalue())


def _row(label: str, step: Callable[[], object], runs: int) -> None:
    """Time a call and print its row, in milliseconds."""
    taken = []
    for number in range(runs + 1):
        start = time.perf_counter()
        step()
        if number:
            taken.append(1000 * (time.perf_counter() - start))
    print(f"{label:44}{statistics.median(taken):9.1f} ms{min(taken):9.1f}{max(taken):9.1f}", flush=True)


if __name__ == "__main__":
    main()
