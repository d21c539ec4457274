"""How fast the spine is: start-up, no-ops of 1,000 and 10,000 nodes, a cold build, composing 250 personas.

    make bench          or          python -m tests.benchmarks.spine [--runs N]

Graphs of trivial nodes shaped like ours: a chain of drafts, an anchor, images that need it, a document that needs them,
40 nodes a persona, each of them a `render` step with content of its own. Every command is a process of its own. GNU
make does the same graphs in the same run where it is installed, so that a figure can be read on a slow or busy machine.
Medians are printed; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODES_A_PERSONA = 40


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each command, after one that isn't")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="forge-bench-") as name:
        folder = Path(name)
        _print_head()
        bare = _row("python -c pass", [sys.executable, "-c", "pass"], folder, runs)
        start = _row("forge --version", _forge("--version"), folder, runs)
        _row("forge --help", _forge("--help"), folder, runs)
        for personas in (25, 250):
            _no_op(folder / str(personas), personas, start, runs)
        _cold(folder / "cold", runs)
        _compose(folder / "compose")
        print(f"\nstart-up over bare Python: {start - bare:.3f} s")


def write_graph(root: Path, personas: int) -> None:
    """Write a project with this many personas of 40 trivial nodes each."""
    steps = ["name: trivial", "steps:"]
    for number in range(8):
        needs = f"[draft_{number - 1}]" if number else "[]"
        steps.append(f"  draft_{number}: {{kind: render, template: node.j2, file: draft_{number}.txt, needs: {needs}}}")
    steps.append("  anchor: {kind: render, template: node.j2, file: anchor.txt, needs: [draft_7]}")
    images = [f"image_{number}" for number in range(NODES_A_PERSONA - 10)]
    steps += [f"  {name}: {{kind: render, template: node.j2, file: {name}.txt, needs: [anchor]}}" for name in images]
    steps.append(f"  document: {{kind: render, template: node.j2, file: document.txt, needs: [{', '.join(images)}]}}")
    files = {
        "conf/pipeline/trivial.yaml": "\n".join(steps) + "\n",
        "templates/node.j2": "{{ brief }}\n{{ persona_id }} {{ step }} {{ seed }}\n",
    }
    for number in range(personas):
        files[f"personas/p{number:03}.yaml"] = (
            f"id: persona-{number:03}\nbrief: Number {number} of many.\nseed: {number}\npipeline: trivial\n"
        )
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def write_makefile(root: Path, personas: int) -> None:
    """Write a Makefile with the same graph."""
    root.mkdir(parents=True, exist_ok=True)
    lines = [".PHONY: all"]
    targets = []
    for number in range(personas):
        before = ""
        for draft in range(8):
            lines.append(f"{number}/d{draft}: {before}\n\t@mkdir -p {number} && echo {number}-{draft} > $@")
            before = f"{number}/d{draft}"
        lines.append(f"{number}/anchor: {before}\n\t@echo {number} > $@")
        images = [f"{number}/i{image}" for image in range(NODES_A_PERSONA - 10)]
        lines += [f"{image}: {number}/anchor\n\t@echo {image} > $@" for image in images]
        lines.append(f"{number}/document: {' '.join(images)}\n\t@echo {number} > $@")
        targets.append(f"{number}/document")
    (root / "Makefile").write_text("\n".join([*lines[:1], f"all: {' '.join(targets)}", *lines[1:]]) + "\n")


def _no_op(root: Path, personas: int, start: float, runs: int) -> None:
    write_graph(root, personas)
    _run(_forge("build"), root)
    nodes = personas * NODES_A_PERSONA
    for command in ("plan", "build"):
        found = _row(f"forge {command}, no-op of {nodes:,} nodes", _forge(command), root, runs)
        print(f"{'':44}{found - start:9.3f} s over start-up")
    if shutil.which("make"):
        write_makefile(root / "make", personas)
        _run(["make", "-s", "-j2"], root / "make")
        _row(f"make, no-op of {nodes:,} nodes", ["make", "-s"], root / "make", runs)


def _cold(root: Path, runs: int) -> None:
    write_graph(root, 25)

    def forget() -> None:
        shutil.rmtree(root / ".forge", ignore_errors=True)
        shutil.rmtree(root / "build", ignore_errors=True)

    _row("forge build, cold, 1,000 nodes, fsync on", _forge("build"), root, max(runs // 2, 3), before=forget)
    if shutil.which("make"):
        write_makefile(root / "make", 25)

        def forget_made() -> None:
            for path in (root / "make").iterdir():
                if path.is_dir():
                    shutil.rmtree(path)

        _row("make -j2, cold, 1,000 nodes", ["make", "-s", "-j2"], root / "make", max(runs // 2, 3), before=forget_made)


def _compose(root: Path) -> None:
    """Compose 250 personas: by Hydra in full, by the shared route, and from the cache."""
    write_graph(root, 250)
    code = """
import sys, time
from pathlib import Path
from personaforge.spec.bodies import read_persona
from personaforge.spec.compose import Composer
from personaforge.spec.load import Loader
from personaforge.spec.project import Project
from personaforge.providers.table import KNOWN
from personaforge.store.index import Index
project = Project(Path(sys.argv[1]).resolve())
files = project.persona_files()
sources = [read_persona(project, file) for file in files]
composer = Composer(project)
composer.compose(sources[0], [])
start = time.perf_counter()
for one in sources[:25]:
    composer.compose(one, [], full=True)
full = (time.perf_counter() - start) * 10
start = time.perf_counter()
for one in sources:
    composer.compose(one, [])
shared = time.perf_counter() - start
index = Index(project.state / "index.db")
start = time.perf_counter(); Loader(project, index, domains=KNOWN).load_all(files); cold = time.perf_counter() - start
start = time.perf_counter(); Loader(project, index, domains=KNOWN).load_all(files); warm = time.perf_counter() - start
print(f"{full} {shared} {cold} {warm}")
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True, env=_env()
    )
    full, shared, cold, warm = map(float, done.stdout.split())
    print("\n250 personas")
    print(f"  composed by Hydra, each in full (from 25)   {full:9.3f} s")
    print(f"  composed by the shared route                {shared:9.3f} s   {full / shared:6.1f} times less")
    print(f"  loaded cold: read, composed and checked     {cold:9.3f} s")
    print(f"  loaded from the cache                       {warm:9.3f} s   {cold / warm:6.1f} times less")


def _print_head() -> None:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    processor = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "unknown")
    print(f"{os.cpu_count()} processors, {processor}; load {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}")
    print(f"{'':44}{'median':>11}{'min':>9}{'max':>9}{'peak MB':>9}")


def _row(
    label: str, command: Sequence[str], folder: Path, runs: int, before: Callable[[], None] | None = None
) -> float:
    """Time a command, print its row and return the median of its wall seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    seconds: list[float] = []
    peak = 0.0
    for number in range(runs + 1):
        if before is not None:
            before()
        taken, memory = _run(command, folder)
        if number:
            seconds.append(taken)
            peak = max(peak, memory)
    median = statistics.median(seconds)
    print(f"{label:44}{median:9.3f} s{min(seconds):9.3f}{max(seconds):9.3f}{peak:9.0f}", flush=True)
    return median


def _run(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Return wall seconds and peak resident memory in MB of a command, which has to succeed."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_env())
    assert process.stderr is not None
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {error.decode()}")
    return taken, usage.ru_maxrss / 1024


def _forge(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "personaforge.cli.main", *arguments]


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "FORGE_MODELS": ""}


if __name__ == "__main__":
    main()
