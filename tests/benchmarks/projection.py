"""How much memory and time bringing records into the warehouse takes. Prints a table.

    python -m tests.benchmarks.projection [--records 100000 ...] [--against CHECKOUT]

Records are made when they are asked for, as a store would read them: for each picture a paid drawing with its prompt
and settings, its measurement with an embedding and ratios, and its evaluation; every sixth is a clip of eight frames.
Each size is projected in a process of its own into an empty warehouse, and again with a tenth more. The peak is that
process's largest resident size; seconds are the processor's, whoever else works, and making the records is in them.
`--against` runs the same with another checkout's package, beside it.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ANALYZER = {
    "backend": "insightface", "backend_version": "2.1, onnxruntime 1.31.1, opencv 5.0.0.93", "pack": "buffalo_l",
    "pack_digest": "3" * 64, "detector_size": "640",
}  # fmt: skip
PERSONAS, SLOTS = 200, 24
_RATIOS = ("eye_height", "eye_width", "nose_length", "nose_width", "mouth_width", "jaw_width", "face_height")
_SETTINGS = {
    "image": {f"option_{n}": n for n in range(12)},
    "identity": {f"bound_{n}": n / 7 for n in range(8)},
    "text": {"model": "m", "temperature": 0.7},
}
_PROMPT = "A calm portrait of a gardener in soft light, wearing a linen shirt. " * 20


class Names:
    """No persona was ever renamed."""

    former: Mapping[str, str] = {}

    def record(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """Return the record as it is."""
        return record


class Log:
    """The numbers 1 to `count`, as an index has them: three records of each picture."""

    def __init__(self, count: int) -> None:
        self.count = count

    def epoch(self) -> str:
        """Never started afresh."""
        return "e"

    def latest(self) -> int:
        """Return the last number."""
        return self.count

    def since(self, seq: int, most: int | None = None) -> list[tuple[int, str, str]]:
        """Return what follows a number."""
        last = self.count if most is None else min(self.count, seq + most)
        return [(n, "evaluations" if n % 3 == 0 else "actions", f"{n:064x}") for n in range(seq + 1, last + 1)]


class Made:
    """Stands for a store, as far as a projection asks it."""

    def __init__(self, count: int) -> None:
        self.index, self.records, self.names = Log(count), self, Names()
        self._vectors = np.random.default_rng(1).normal(size=(64, 512)).astype("<f4")

    def note_pending(self) -> None:
        """Nothing is pending."""

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Make a record out of its number, through JSON, as a file would be read."""
        number = int(name, 16)
        picture, part = divmod(number - 1, 3)
        record = (self._draw, self._measure, self._evaluation)[part](picture, name)
        return dict(json.loads(json.dumps(record)))

    def _about(self, picture: int) -> tuple[str, str, str, bool]:
        persona, slot = f"persona-{picture // SLOTS % PERSONAS:03}", picture % SLOTS
        is_clip = slot % 6 == 5
        return persona, f"{'video' if is_clip else 'image'}/{slot:02}", f"{picture:064x}", is_clip

    def _action(self, picture: int, name: str, kind: str, **fields: Any) -> dict[str, Any]:
        persona, node, _, _ = self._about(picture)
        return {
            "schema": 1, "key": name, "persona": persona, "node": f"{persona}/{node}", "build": f"b{picture // 5000}",
            "sources": {}, "outputs": {}, "value": {}, "details": {}, "paid": kind == "draw", "cost_usd": 0.04,
            "started": 1.7e9 + picture, "seconds": 1.5, **fields,
            "parts": {"kind": kind, "provider": "p@2", "take": 0, "attempt": 0, **fields["parts"]},
        }  # fmt: skip

    def _draw(self, picture: int, name: str) -> dict[str, Any]:
        _, _, digest, is_clip = self._about(picture)
        request = {
            "model": "painter-1",
            "prompt": f"{picture} {_PROMPT}",
            "width": 768,
            "height": 1024,
            "seed": picture,
        }
        sources = {
            "templates": {f"image/{n}.j2": f"{n:064x}" for n in range(6)}, "settings": _SETTINGS,
            "needs": {"dna": "a" * 64},
        }  # fmt: skip
        output = {"digest": digest, "media_type": "video/webm" if is_clip else "image/png", "size": 900_000}
        parts = {"request": request, "inputs": {"reference": "f" * 64}}
        return self._action(picture, name, "draw", parts=parts, sources=sources, outputs={"image": output})

    def _measure(self, picture: int, name: str) -> dict[str, Any]:
        _, _, digest, is_clip = self._about(picture)
        value: dict[str, Any] = self._face(picture)
        if is_clip:
            frames = [{"frame": 6 * n, "second": n / 4, **self._face(picture + n)} for n in range(8)]
            steps = {"bhattacharyya": [0.1] * 7, "chi_squared": [0.2] * 7, "correlation": [0.3] * 7}
            value = {"status": "measured", "code": "", "reason": "", "frames": frames, "histogram_distances": steps}
        parts = {"request": {"analyzer": ANALYZER}, "inputs": {"artifact": digest}}
        return self._action(picture, name, "measure_clip" if is_clip else "measure", parts=parts, value=value)

    def _face(self, number: int) -> dict[str, Any]:
        return {
            "status": "measured", "code": "", "reason": "", "width": 768, "height": 1024, "faces": 1,
            "box": [1.0, 2.0, 3.0, 4.0], "detection": 0.94, "ratio_set": "106", "sharpness": 60.0 + number % 50,
            "embedding": base64.b64encode(self._vectors[number % 64].tobytes()).decode(), "embedding_norm": 21.5,
            "ratios": dict.fromkeys(_RATIOS, 1.0 + number % 7 / 100),
            "pose": {"yaw": 3.0, "pitch": -2.0, "roll": 0.4},
        }  # fmt: skip

    def _evaluation(self, picture: int, name: str) -> dict[str, Any]:
        persona, node, digest, is_clip = self._about(picture)
        score = 0.8 + picture % 97 / 1000
        clip = {
            "cosine_std": 0.02, "ratio_variance_mean": 0.0004, "sharpness_ratio_mean": 0.6, "frames_measured": 8,
            "histogram_distance_max": 0.1, "cosine_min": 0.7, "frames_total": 8, "worst_frame": 12,
        }  # fmt: skip
        return {
            "schema": 1, "time": 1.7e9 + picture, "persona": persona, "node": node, "step": node[:5], "slot": node[6:],
            "modality": "video" if is_clip else "face", "decision": "ACCEPT", "measured": True, "take": 0, "attempt": 0,
            "score": {"composite": score, "cosine": score, "error": 0.04, "error_bound": 0.08, "turn": 3.5, "faces": 1},
            "anchor": persona.encode().hex().rjust(64, "0"), "references": [], "analyzer": ANALYZER,
            "artifacts": {"image": digest}, "model": "painter-1", "provider": "p", "build": f"b{picture // 5000}",
            "reason": f"composite {score:g} is at least 0.55", **({"clip": clip} if is_clip else {}),
        }  # fmt: skip


def project(count: int, folder: str) -> None:
    """Project so many records and then a tenth more; print seconds and the peak so far of both as JSON."""
    from personaforge.warehouse import projection

    connection = projection.connect(Path(folder) / "warehouse.duckdb")
    connection.execute("insert into meta values ('epoch', 'e'), ('seq', '0'), ('former', '')")
    found = []
    for upto in (count, count + count // 10):
        started = time.process_time()
        projection.synchronise(Made(upto), connection)  # type: ignore[arg-type]
        found += [time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]
    (rows,) = connection.execute("select count(*) from scores").fetchone() or (0,)
    connection.close()
    print(json.dumps([*found, rows, os.path.getsize(f"{folder}/warehouse.duckdb") / 1e6]))


def line(what: str, count: int, checkout: Path) -> None:
    """Run one size with a checkout's package in a process of its own, and print a line."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--project", str(count), "--folder", folder]
        env = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=checkout)
    first, peak, again, later, rows, size = json.loads(done.stdout)
    print(
        f"{what:<12}{count:>10,}{first:>11.1f} s{1e6 * first / count:>10.0f}{peak:>11.0f} MB{again:>11.1f} s"
        f"{later:>11.0f} MB{rows:>13,}{size:>10.0f} MB",
        flush=True,
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, nargs="*", default=[100_000])
    parser.add_argument("--against", type=Path)
    parser.add_argument("--project", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.project:
        project(options.project, options.folder)
        return
    heads = (
        ("records", 10),
        ("all", 13),
        ("us each", 10),
        ("peak", 14),
        ("10% more", 13),
        ("peak", 14),
        ("scores", 13),
    )
    print(f"{'package':<12}{''.join(f'{head:>{width}}' for head, width in heads)}{'file':>13}")
    for count in options.records:
        line("this", count, Path(__file__).parents[2])
        if options.against is not None:
            line("the other", count, options.against)


if __name__ == "__main__":
    main()
