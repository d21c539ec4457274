"""What a pair of pictures and a clip cost beside personalab's calls (commit e32b998), on one thread each.

    python -m tests.benchmarks.peer [--runs N]

Restated are its calls of insightface, not its code: for a pair of pictures five times `FaceAnalysis.get`, for a frame
of a clip three times; each time of a file that is read again, with sessions of one thread. Spared it is the anchor of a
clip, what it does besides, and the two further models of a published pack (1k3d68, genderage), which `get` would run,
too. Ours are `measure_image` twice; `measure_clip` of 8 frames; and that with `look_through`, the look through the
whole clip, which the peer has none of. Both take turns in one process; CPU time, medians of the runs, and the median of
each run's ratio. The pack is found as forge finds it (FORGE_MODELS). Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2

from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.looks import look_through
from personaforge.faces.measure import measure_clip, measure_image
from personaforge.faces.packs import PackMissing, find_pack
from tests.benchmarks.measuring import FRAMES, write_files

PAIR, FRAME = 5, 3
"""Calls of `get` for a pair, and for a frame."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="counted runs, after one that isn't")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")  # insightface's, of scikit-image
    pack = find_pack("auto")
    if isinstance(pack, PackMissing):
        raise SystemExit(f"{pack.reason}; {pack.hint}")
    app, analyzer = _app(pack), InsightAnalyzer(pack)
    with tempfile.TemporaryDirectory(prefix="forge-bench-") as name:
        folder = Path(name)
        write_files(folder)
        one, other, clip = (folder / file for file in ("one.png", "many-000.jpg", "clip.mp4"))
        frames = _frames(clip, folder)

        def pair() -> None:
            for path in (one, other, one, other, one)[:PAIR]:
                assert app.get(cv2.imread(str(path)))

        def film() -> None:
            for path in frames:
                for _ in range(FRAME):
                    assert app.get(cv2.imread(str(path)))

        def ours(*paths: Path) -> None:
            for path in paths:
                assert measure_image(path.read_bytes(), analyzer)["status"] == "measured"

        def sampled() -> None:
            assert measure_clip(clip.read_bytes(), analyzer, frames=FRAMES)["status"] == "measured"

        def whole() -> None:
            sampled()
            assert look_through(clip.read_bytes(), analyzer)["status"] == "measured"

        print(f"pack {pack.name}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {options.runs} runs\n")
        print(f"{'ms of CPU time':44}{'peer':>9}{'ours':>9}{'ratio':>8}")
        _compare("pair: PNG 512 x 512, JPEG of a side of 640 up", pair, lambda: ours(one, other), options.runs)
        _compare(f"clip: {FRAMES} frames of 720 x 720", film, sampled, options.runs)
        _compare("clip, looked through from end to end besides", film, whole, options.runs)


def _app(pack: Any) -> Any:
    import onnxruntime
    from insightface.app import FaceAnalysis

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    app = FaceAnalysis(name=str(pack.folder), providers=["CPUExecutionProvider"], sess_options=settings)
    app.prepare(ctx_id=0)
    return app


def _frames(clip: Path, folder: Path) -> list[Path]:
    """Write the sampled frames to files, as the peer does; that isn't counted."""
    capture, found = cv2.VideoCapture(str(clip)), []
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    for index in range(FRAMES):
        capture.set(cv2.CAP_PROP_POS_FRAMES, index * (count - 1) // (FRAMES - 1))
        done, pixels = capture.read()
        assert done
        found.append(folder / f"frame-{index}.jpg")
        cv2.imwrite(str(found[-1]), pixels)
    return found


def _compare(name: str, peer: Callable[[], None], ours: Callable[[], None], runs: int) -> None:
    taken = [(_spent(peer), _spent(ours)) for _ in range(runs + 1)][1:]
    his, mine = (statistics.median(one[at] for one in taken) for at in (0, 1))
    print(f"{name:44}{his:9.0f}{mine:9.0f}{statistics.median(one / other for one, other in taken):7.2f}x", flush=True)


def _spent(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1e3


if __name__ == "__main__":
    main()
