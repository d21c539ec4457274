"""How near hosted builds come to their lower bound, and what two hundred jobs in flight take in memory.

    python -m tests.benchmarks.providers [makespan] [memory] [--personas 10] [--latency 2] [--in-flight 8]

makespan   personas of 20 pictures by fal against the server in tests/server, which answers each after `--latency`
           seconds and at most `--in-flight` at a time. The lower bound is the larger of calls * latency / in flight and
           the critical path (a candidate, then a picture, then a clip, one latency each).
memory     200 jobs in flight at once, each with a reference picture of 1 MB; peak memory of the whole build process.

The server runs in a process of its own, so that neither its memory nor its work counts here beyond sharing the machine.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from personaforge.testing import files
from personaforge.testing.server import serving
from tests.memory import peak_kib
from tests.run.conftest import FILES, MATRIX, PERSONA, PIPELINE
from tests.server import fal

KEY = "benchmark-key"


def project(root: Path, personas: int, pictures: int, in_flight: int, reference_kb: int) -> Path:
    """Write a project whose personas have so many pictures each, beside the anchor."""
    from personaforge.testing import write_project

    extra = "".join(
        f'  "{number:02}": {{<<: *p, name: picture {number}, yaw: {number % 40}}}\n'
        for number in range(5, pictures + 1)
    )
    head, rest = MATRIX.split("references:")
    image = (
        "{provider: fal, model: fal-ai/nano-banana/edit, width: 64, height: 64, "
        f"limits: {{in_flight: {in_flight}}}, prices: {{fal-ai/nano-banana/edit: 0.039}}}}"
    )
    texts = {**FILES, "conf/matrix/few.yaml": f"{head}{extra}references:{rest}", "conf/image/hosted.yaml": image}
    lines = PIPELINE.splitlines(keepends=True)
    texts["conf/pipeline/small.yaml"] = "".join(
        line.replace(", video, ", ", ").replace(", finish, repair", "") for line in without_clips(lines)
    )
    body = PERSONA.replace("image: scripted", "image: hosted")
    body = body.replace("candidates: 2", "candidates: 4")
    return write_project(root, {f"p{n}": body.replace("id: ana", f"id: persona-{n}") for n in range(personas)}, texts)


def without_clips(lines: list[str]) -> list[str]:
    """Leave out the video step, its repair, and their further lines."""
    kept, leaving = [], False
    for line in lines:
        if line.startswith("  ") and not line.startswith("   "):
            leaving = line.strip().startswith(("video:", "repair:", "finish:"))
        if not leaving:
            kept.append(line)
    return kept


def build(root: Path, jobs: int) -> dict[str, float]:
    """Build everything in this process and return what it took."""
    from personaforge.testing import ColorAnalyzers, scripted_text
    from personaforge.workspace.workspace import BuildOptions, Workspace
    from tests.run.conftest import answer

    scripted_text(answer).register()
    most = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            most[0] = max(most[0], threading.active_count())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    with Workspace.open((), str(root)) as space:
        space.analyzers = ColorAnalyzers()
        plan = space.plan(())
        started = time.monotonic()
        report = space.build(plan, BuildOptions(jobs=jobs, keep_going=True))
        seconds = time.monotonic() - started
    done.set()
    ends = {node.end for node in report.nodes.values()}
    assert ends == {"done"}, [(node.id, node.end, node.error) for node in report.nodes.values() if node.end != "done"][
        :3
    ]
    return {"seconds": seconds, "threads": float(most[0])}


def serve(latency: float, picture_kb: int) -> None:
    """Run the server until standard input ends; print its address first, and its ledger last."""
    from personaforge.testing import png

    with serving(*files.ROUTES, *fal.ROUTES) as server:
        server.latency = latency
        padding = "x" * (picture_kb * 1000)
        server.state["picture"] = lambda body, number: (png((200, 120, 90), note=f"{number}{padding}"), "image/png")
        print(server.url, flush=True)
        sys.stdin.read()
        print(len(server.ledger), server.busiest, flush=True)


def measured(personas: int, pictures: int, in_flight: int, latency: float, picture_kb: int) -> None:
    """Run one build against one server, each in a process of its own, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        root = project(Path(folder), personas, pictures, in_flight, picture_kb)
        command = [sys.executable, "-m", "tests.benchmarks.providers"]
        server = subprocess.Popen(
            [*command, "serve", "--latency", str(latency), "--picture-kb", str(picture_kb)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None and server.stdin is not None
        environment = {**os.environ, "FORGE_FAL_URL": server.stdout.readline().strip(), "FAL_KEY": KEY}
        done = subprocess.run([*command, "build", str(root)], env=environment, capture_output=True, text=True)
        server.stdin.close()
        accepted, busiest = server.stdout.readline().split()
        server.wait()
        print(done.stderr[-3000:], end="")
        seconds, threads, megabytes = (float(part) for part in done.stdout.split())
        calls = int(accepted)
        bound = max(math.ceil(calls / in_flight) * latency, 2 * latency)
        print(f"{personas} personas, {calls} calls of {latency:g} s, {in_flight} in flight (busiest {busiest})")
        print(f"  {seconds:.1f} s, lower bound {bound:.1f} s: {100 * (seconds / bound - 1):.1f} % above")
        print(f"  peak memory {megabytes:.0f} MB, {threads:.0f} threads")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["makespan", "memory"])
    parser.add_argument("--personas", type=int, default=10)
    parser.add_argument("--latency", type=float, default=2.0)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--picture-kb", type=int, default=20)
    asked = parser.parse_args()
    if asked.what[0] == "serve":
        serve(asked.latency, asked.picture_kb)
    elif asked.what[0] == "build":
        took = build(Path(asked.what[1]), jobs=max(os.cpu_count() or 1, 2))
        print(took["seconds"], took["threads"], peak_kib() / 1024)
    else:
        if "makespan" in asked.what:
            measured(asked.personas, 20, asked.in_flight, asked.latency, asked.picture_kb)
        if "memory" in asked.what:
            measured(12, 20, 200, 15.0, 1000)


if __name__ == "__main__":
    main()
