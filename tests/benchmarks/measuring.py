"""How fast faces are measured: ours, the library used straightforwardly, and the bare models, side by side in one run.

    make bench          or          python -m tests.benchmarks.measuring [--runs N]

- ours: `measure_image` and `measure_clip` with one InsightAnalyzer: bytes in, measurement out. A clip's anchor is
  measured once.
- library: insightface's FaceAnalysis over the pack's folder with its default threads, and `get` called once for each
  quantity (embedding, landmarks, sharpness). A clip's frames are written to temporary JPEG files and read back, and its
  anchor is measured anew with each frame. This side is spared something: a published pack holds two more models
  (1k3d68 and genderage), which FaceAnalysis would run on each face; here only what lies in the folder is loaded.
- models: the sessions alone, one thread each, on the very inputs that our side gives them.
- decoding: our bytes to pixels, alone. It is part of `ours`.

Each side is a process of its own, so that no thread pool spins while another side is timed; they take turns. CPU time
counts all threads of a process. Medians are printed; nothing here passes or fails. The face pack is found as `forge`
finds it (FORGE_MODELS); the photographs come with scikit-image and insightface.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SIDES = ("ours", "library", "models", "decoding")
FRAMES = 8


@dataclass(frozen=True)
class Load:
    """What is measured in one go."""

    name: str
    files: tuple[Path, ...]
    images: int
    """Images, or a clip's sampled frames."""
    rounds: int = 1
    """How often it is repeated within one timing."""


def main() -> None:
    """Print the table, or serve as one of its sides."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each side, after one that isn't")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        serve(options.side, options.folder)
        return
    with tempfile.TemporaryDirectory(prefix="forge-bench-") as name:
        folder = Path(name)
        write_files(folder)
        compare(folder, options.runs)


def loads(folder: Path) -> list[Load]:
    """Return what is measured; the files are those of `write_files`."""
    return [
        Load("1 face, PNG 512 x 512", (folder / "one.png",), 1, 8),
        Load("6 faces, JPEG 1280 x 886", (folder / "six.jpg",), 1, 3),
        Load("100 images, JPEG, 1 face", tuple(sorted(folder.glob("many-*.jpg"))), 100),
        Load(f"clip, 5 s of 720 x 720, {FRAMES} frames", (folder / "clip.mp4", folder / "one.png"), FRAMES),
    ]


def write_files(folder: Path) -> None:
    """Write the photographs, a hundred variations of one, and a clip that wanders over it."""
    import cv2
    import numpy as np
    import skimage
    from PIL import Image, ImageEnhance

    one = (Path(skimage.__file__).parent / "data" / "astronaut.png").read_bytes()
    spec = importlib.util.find_spec("insightface")
    assert spec is not None and spec.origin is not None
    six = (Path(spec.origin).parent / "data" / "images" / "t1.jpg").read_bytes()
    (folder / "one.png").write_bytes(one)
    (folder / "six.jpg").write_bytes(six)
    portrait = Image.open(io.BytesIO(one)).convert("RGB")
    dice = np.random.default_rng(0)
    for number in range(100):
        side = int(dice.integers(640, 1280))
        picture = portrait.rotate(float(dice.uniform(-8, 8)), Image.Resampling.BICUBIC, fillcolor=(120, 120, 120))
        picture = picture.resize((side, side), Image.Resampling.BICUBIC)
        picture = ImageEnhance.Brightness(picture).enhance(float(dice.uniform(0.8, 1.2)))
        picture.save(folder / f"many-{number:03}.jpg", quality=90)
    large = cv2.resize(cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR), (960, 960))
    writer = cv2.VideoWriter(str(folder / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 24, (720, 720))
    for number in range(120):
        writer.write(np.ascontiguousarray(large[number // 2 : number // 2 + 720, number : number + 720]))
    writer.release()


def compare(folder: Path, runs: int) -> None:
    """Let the sides take turns over every load, and print medians."""
    sides = {side: _start(side, folder) for side in SIDES}
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; medians of up to {runs} runs, a line for an image\n")
    print(f"{'':40}{'wall':>10}{'CPU':>10}{'images per':>14}{'times the':>12}")
    print(f"{'':40}{'ms':>10}{'ms':>10}{'CPU second':>14}{'library':>12}")
    peaks: dict[str, float] = {}
    for index, load in enumerate(loads(folder)):
        counted = max(3, runs // 2) if load.images >= 100 else runs
        taken: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
        for run in range(counted + 1):
            for side, process in sides.items():
                answer = _ask(process, index)
                peaks[side] = answer["peak"]
                if run:
                    count = load.images * load.rounds
                    taken[side].append((answer["wall"] / count, answer["cpu"] / count))
        _print_load(load, taken)
    for process in sides.values():
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
    print("\npeak resident memory, MB: " + ", ".join(f"{side} {peaks[side]:.0f}" for side in ("ours", "library")))


def _print_load(load: Load, taken: dict[str, list[tuple[float, float]]]) -> None:
    wall = {side: statistics.median(one for one, _ in pairs) for side, pairs in taken.items()}
    cpu = {side: statistics.median(other for _, other in pairs) for side, pairs in taken.items()}
    print(load.name)
    for side in SIDES:
        ratio = f"{cpu['library'] / cpu[side]:11.1f}x" if side == "ours" else ""
        print(f"  {side:38}{wall[side] * 1e3:10.1f}{cpu[side] * 1e3:10.1f}{1 / cpu[side]:14.1f}{ratio}")
    over, without = (cpu["ours"] - less for less in (cpu["models"], cpu["models"] + cpu["decoding"]))
    share = f"{over / cpu['models']:.0%} over the models alone, {without / cpu['models']:.0%} without decoding"
    print(f"  {'ours':38}{share}\n")


def _start(side: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.benchmarks.measuring", "--side", side, "--folder", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def _ask(process: subprocess.Popen[str], index: int) -> dict[str, float]:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{index}\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"a side ended with {process.wait()}")
    answer: dict[str, float] = json.loads(line)
    return answer


# --- the sides --------------------------------------------------------------------------------------------------------

Measure = Callable[[Load], float | None]
"""Does a load's work once. Returns CPU seconds where only a part of the work counts."""


def serve(side: str, folder: Path) -> None:
    """Answer each index on stdin with the seconds and the peak memory of doing that load."""
    warnings.filterwarnings("ignore")  # insightface's, of scikit-image
    work = {"ours": _ours, "library": _library, "models": _models, "decoding": _decoding}[side](_pack())
    known = loads(folder)
    for line in sys.stdin:
        load = known[int(line)]
        wall, cpu, part = time.perf_counter(), time.process_time(), None
        for _ in range(load.rounds):
            counted = work(load)
            part = part if counted is None else counted + (part or 0.0)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"wall": part or wall, "cpu": part or cpu, "peak": peak}), flush=True)


def _pack() -> Any:
    from personaforge.faces.packs import PackMissing, find_pack

    found = find_pack("auto")
    if isinstance(found, PackMissing):
        raise SystemExit(f"{found.reason}; {found.hint}")
    return found


def _ours(pack: Any) -> Measure:
    from personaforge.faces.insight import InsightAnalyzer
    from personaforge.faces.measure import measure_clip, measure_image

    analyzer = InsightAnalyzer(pack)

    def work(load: Load) -> None:
        if load.files[0].suffix == ".mp4":
            clip, anchor = load.files
            assert measure_image(anchor.read_bytes(), analyzer)["status"] == "measured"
            frames = measure_clip(clip.read_bytes(), analyzer, frames=FRAMES)["frames"]
            assert [frame["status"] for frame in frames] == ["measured"] * FRAMES
            return
        for file in load.files:
            assert measure_image(file.read_bytes(), analyzer)["status"] == "measured"

    return work


def _decoding(pack: Any) -> Measure:
    from personaforge.faces.picture import read_picture
    from personaforge.faces.video import read_clip

    def work(load: Load) -> None:
        for file in load.files:
            data = file.read_bytes()
            read_clip(data, frames=FRAMES) if file.suffix == ".mp4" else read_picture(data)

    return work


def _models(pack: Any) -> Measure:
    """Let our side run, note what goes into each session, and time the sessions alone on that."""
    import onnxruntime

    ours, noted, run = _ours(pack), [], onnxruntime.InferenceSession.run

    def noting(session: Any, names: Any, feed: dict[str, Any], *others: Any) -> Any:
        noted.append((session, names, {name: value.copy() for name, value in feed.items()}))
        return run(session, names, feed, *others)

    def work(load: Load) -> float:
        taken = 0.0
        for part in _parts(load):
            noted.clear()
            onnxruntime.InferenceSession.run = noting
            ours(part)
            onnxruntime.InferenceSession.run = run
            start = time.process_time()
            for session, names, feed in noted:
                run(session, names, feed)
            taken += time.process_time() - start
        return taken

    return work


def _parts(load: Load) -> Iterator[Load]:
    """Return one load for each image, so that the inputs of one are all that is held."""
    if load.files[0].suffix == ".mp4":
        yield load
    else:
        yield from (Load(load.name, (file,), 1) for file in load.files)


def _library(pack: Any) -> Measure:
    import cv2
    from insightface.app import FaceAnalysis

    app = FaceAnalysis(name=str(pack.folder))
    app.prepare(ctx_id=0)

    def measured(pixels: Any) -> tuple[Any, Any, float]:
        return embedding(pixels), landmarks(pixels), quality(pixels)

    def largest(pixels: Any) -> Any:
        return max(app.get(pixels), key=lambda face: (face.bbox[2] - face.bbox[0]) * (face.bbox[3] - face.bbox[1]))

    def embedding(pixels: Any) -> Any:
        return largest(pixels).normed_embedding

    def landmarks(pixels: Any) -> Any:
        return largest(pixels).landmark_2d_106

    def quality(pixels: Any) -> float:
        x1, y1, x2, y2 = (max(0, int(value)) for value in largest(pixels).bbox)
        grey = cv2.cvtColor(pixels[y1:y2, x1:x2], cv2.COLOR_BGR2GRAY)
        return float(cv2.Laplacian(grey, cv2.CV_64F).var())

    def clip(path: Path, anchor: Path) -> None:
        capture = cv2.VideoCapture(str(path))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        with tempfile.TemporaryDirectory() as folder:
            for index in range(FRAMES):
                capture.set(cv2.CAP_PROP_POS_FRAMES, index * (count - 1) // (FRAMES - 1))
                _, pixels = capture.read()
                name = os.path.join(folder, f"{index}.jpg")
                cv2.imwrite(name, pixels)
                measured(cv2.imread(str(anchor)))
                measured(cv2.imread(name))

    def work(load: Load) -> None:
        if load.files[0].suffix == ".mp4":
            clip(*load.files)
        else:
            for file in load.files:
                measured(cv2.imread(str(file)))

    return work


if __name__ == "__main__":
    main()
