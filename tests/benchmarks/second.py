"""What the second recogniser costs beside the first, and what it takes to read from several threads.

    python -m tests.benchmarks.second [--runs N]

Needs the development face pack and the check pack `mobilefacenet_y1` (FORGE_MODELS), and photographs that come with
dependencies. Wall time and processor time per picture, in milliseconds; medians. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from personaforge.faces.analyzer import FaceAnalyzer
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.opencv import opencv
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.faces.picture import read_picture
from personaforge.faces.second import OpenCvAnalyzer
from personaforge.faces.second_packs import SecondPack, find_second


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="counted reads of each picture, after one that isn't")
    runs = parser.parse_args().runs
    pack, check = find_pack("auto"), find_second("mobilefacenet_y1")
    for found in (pack, check):
        if isinstance(found, PackMissing):
            sys.exit(f"{found.reason}; {found.hint}")
    assert not isinstance(pack, PackMissing) and isinstance(check, SecondPack)
    cv2 = opencv()
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}; OpenCV {cv2.__version__}, ", end="")
    print(f"{cv2.getNumThreads()} threads of its own; {pack.name} at auto, {check.name}\n")
    first, second = InsightAnalyzer(pack), OpenCvAnalyzer(check)
    print(f"{'ms a picture':34}{'first':>9}{'(cpu)':>9}{'second':>9}{'(cpu)':>9}{'ratio':>8}{'faces':>8}")
    pictures = _pictures()
    for label, pixels in pictures.items():
        one, other = _read(first, pixels, runs), _read(second, pixels, runs)
        faces = f"{len(first.read(pixels))}/{len(second.read(pixels))}"
        print(f"{label:34}{one[0]:9.1f}{one[1]:9.1f}{other[0]:9.1f}{other[1]:9.1f}{other[0] / one[0]:8.2f}{faces:>8}")
    _threads(check, list(pictures.values())[:2], runs)


def _pictures() -> dict[str, Any]:
    """Return pixels by label; the last has no face and takes every look."""
    import insightface
    import numpy as np
    import skimage

    people = Path(insightface.__file__).parent / "data/images"
    files = {
        "portrait, 512 x 512": Path(skimage.__file__).parent / "data/astronaut.png",
        "six people, 1280 x 886": people / "t1.jpg",
        "tight crop, 112 x 112": people / "Tom_Hanks_54745.png",
    }
    found = {label: read_picture(path.read_bytes()).pixels for label, path in files.items()}
    noise = np.random.default_rng(0).integers(0, 256, (1536, 1024, 3), dtype=np.uint8)
    return {**found, "nobody, 1024 x 1536": noise}


def _read(analyzer: FaceAnalyzer, pixels: Any, runs: int) -> tuple[float, float]:
    return _timed(lambda: analyzer.read(pixels), runs)


def _timed(what: Callable[[], object], runs: int) -> tuple[float, float]:
    """Return the medians of wall and processor time in ms, after one run that isn't counted."""
    what()
    walls, busy = [], []
    for _ in range(runs):
        wall, processor = time.perf_counter(), time.process_time()
        what()
        walls.append((time.perf_counter() - wall) * 1e3)
        busy.append((time.process_time() - processor) * 1e3)
    return statistics.median(walls), statistics.median(busy)


def _threads(check: SecondPack, pictures: list[Any], runs: int) -> None:
    """Compare one pair of nets per reading thread, as the analyzer has it, with one pair behind a lock."""
    import threading

    print(f"\n{'second, several threads':34}{'ms':>9}{'(cpu)':>9}{'peak MB':>9}")
    work = pictures * runs
    for threads in (1, 2, 4):
        shared, lock = OpenCvAnalyzer(check), threading.Lock()

        def locked(pixels: Any, shared: OpenCvAnalyzer = shared, lock: threading.Lock = lock) -> None:
            with lock:
                shared.read(pixels)

        for label, read in (
            (f"{threads} behind a lock", locked),
            (f"{threads}, nets for each", OpenCvAnalyzer(check).read),
        ):
            with ThreadPoolExecutor(threads) as pool:
                wall, processor = _timed(partial(_all, pool, read, work), 1)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{label:34}{wall / len(work):9.1f}{processor / len(work):9.1f}{peak:9.0f}", flush=True)


def _all(pool: ThreadPoolExecutor, read: Callable[[Any], object], work: list[Any]) -> None:
    for _ in pool.map(read, work):
        pass


if __name__ == "__main__":
    main()
