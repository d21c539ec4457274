"""The package's structure: sizes, documentation, cycles, and the modules that one built image goes through.

`python -m tests.benchmarks.structure [ROOT ...]` prints a column for each checkout (this one, where none is named), so
that two can be compared side by side. `--trace` also builds one image of the packaged persona with each, under a
profiler that notes in which of our modules functions run: distinct ones, and how often control goes between them.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "sofia-reyes/image/02"
DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)

_TRACE = """
import sys, threading
from collections import Counter
seen, visits, last = Counter(), Counter(), {{}}
def note(frame, event, arg):
    if event == "call" and frame.f_code.co_flags & 1:  # optimized: a function, and not the body of a module or a class
        name = frame.f_code.co_filename
        if {package!r} in name:
            name = name.rpartition({package!r})[2]
            seen[name] += 1
            key = threading.get_ident()
            if last.get(key) != name:
                visits[name] += 1
                last[key] = name
threading.setprofile(note); sys.setprofile(note)
from personaforge.cli.main import main
sys.argv = ["forge", "build", "--select", {image!r}]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code
sys.setprofile(None)
if code:  # what is refused goes through hardly any module
    sys.exit(code)
open({out!r}, "w").write(str(len(seen)) + " " + str(sum(visits.values())))
"""


def modules(root: Path) -> dict[str, Path]:
    """Return module name -> file of the package below a checkout."""
    found = {}
    for path in sorted((root / "personaforge").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, tree: ast.Module, known: dict[str, Path], *, typing: bool) -> Iterator[str]:
    """Yield the modules of ours that one imports at its top, or also (`typing`) lazily and for its types."""
    nodes = ast.walk(tree) if typing else iter(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("personaforge"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected parts of more than one (Tarjan 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(edges.get(name, ())):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            part = []
            while part[-1:] != [name]:
                part.append(stack.pop())
            if len(part) > 1:
                found.append(sorted(part))

    sys.setrecursionlimit(10_000)
    for name in sorted(edges):
        if name not in order:
            visit(name)
    return found


def room(name: str) -> str:
    """Return the package right below ours that a module is in; a module of the root is its own."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def quantile(values: list[int], share: float) -> int:
    """Return the value that a share of all is at or below."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(root: Path) -> dict[str, str]:
    """Return the rows of the table for one checkout."""
    known = modules(root)
    sizes, functions, docs, public, annotated, comments, strings = [], [], 0, 0, 0, 0, 0
    top: dict[str, set[str]] = {}
    every: dict[str, set[str]] = {}
    with_docstring = 0
    for name, path in known.items():
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        sizes.append(text.count("\n"))
        comments += sum(line.lstrip().startswith("#") for line in text.splitlines())
        with_docstring += ast.get_docstring(tree) is not None
        for node in ast.walk(tree):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
                strings += (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.append((node.end_lineno or 0) - node.lineno + 1)
                if not node.name.startswith("_"):
                    public += 1
                    docs += ast.get_docstring(node) is not None
                    annotated += node.returns is not None
        top[name] = {other for other in imports(name, tree, known, typing=False) if other != name}
        every[name] = {other for other in imports(name, tree, known, typing=True) if other != name}
    # What the package itself exports is imported when it is asked for; its modules don't depend on that.
    every["personaforge"] = set()
    rooms: dict[str, set[str]] = {}
    for name, others in every.items():
        rooms.setdefault(room(name), set()).update(room(other) for other in others if room(other) != room(name))
    tests = sum(path.read_text(encoding="utf-8").count("\n") for path in (root / "tests").rglob("*.py"))
    lines = sum(sizes)
    return {
        "files / lines": f"{len(known)} / {lines:,}",
        "file length median / p90 / max": f"{median(sizes):.0f} / {quantile(sizes, 0.9)} / {max(sizes)}",
        "function length median / p90": f"{median(functions):.0f} / {quantile(functions, 0.9)}",
        "functions over 60 lines": f"{sum(size > 60 for size in functions)} / {len(functions):,}",
        "comments, docstrings per 100 lines": f"{100 * comments / lines:.1f}, {100 * strings / lines:.1f}",
        "module docstrings": f"{with_docstring} / {len(known)}",
        "public docstrings / return annotations": f"{100 * docs / public:.0f} % / {100 * annotated / public:.0f} %",
        "tests / code": f"{tests / lines:.2f} ({tests:,} lines)",
        "modules at the root": str(len(list((root / "personaforge").glob("*.py"))) - 1),
        "folders of code without __init__.py": str(
            len({path.parent for path in known.values() if not (path.parent / "__init__.py").exists()})
        ),
        "cycles of modules, imports at the top": str(len(cycles(top))),
        "cycles of modules, all imports": str(len(cycles(every))),
        "cycles of packages, all imports": str(len(cycles(rooms))),
    }


def trace(root: Path) -> str:
    """Return the modules that building one image enters, and how often control goes from one to another."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("conf", "templates", "personas"):
            shutil.copytree(root / part, folder / part, ignore=shutil.ignore_patterns("*.lock.yaml", "kenji.yaml"))
        env = {**os.environ, "PYTHONPATH": str(root)}
        forge = [sys.executable, "-m", "personaforge.cli.main", "build", "--select"]
        subprocess.run([*forge, "+anchor"], cwd=folder, env=env, check=True, capture_output=True)
        code = _TRACE.format(package=str(root / "personaforge") + os.sep, image=IMAGE, out=str(folder / "trace"))
        subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, check=True, capture_output=True)
        distinct, visits = (folder / "trace").read_text().split()
        return f"{distinct} / {int(visits):,}"


def main() -> None:
    """Print the table."""
    roots = [Path(part).resolve() for part in sys.argv[1:] if not part.startswith("--")] or [ROOT]
    columns = [measure(root) for root in roots]
    if "--trace" in sys.argv:
        for root, column in zip(roots, columns, strict=True):
            column["modules of one built image / visits"] = trace(root)
    print("| |" + "|".join(f" {root.name} " for root in roots) + "|")
    print("|---" * (len(roots) + 1) + "|")
    for row in columns[0]:
        print(f"| {row} |" + "|".join(f" {column[row]} " for column in columns) + "|")


if __name__ == "__main__":
    main()
