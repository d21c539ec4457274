"""Start-up: what a command may load. Seconds are measured by the benchmark, not here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import personaforge

HEAVY = (
    "hydra", "omegaconf", "pydantic", "yaml", "jinja2", "rich", "numpy", "cv2", "PIL", "duckdb", "onnxruntime",
    "insightface", "scipy", "litellm", "jsonschema", "sqlite3", "importlib.metadata", "asyncio", "concurrent.futures",
)  # fmt: skip


def loaded(cwd: Path, *arguments: str) -> set[str]:
    """Return which heavy modules a command has loaded by its end."""
    code = (
        "import sys; from personaforge.cli.main import run; code = run(sys.argv[1:]);"
        f"print('LOADED', code, *[m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60)
    line = next(line for line in done.stderr.splitlines() if line.startswith("LOADED"))
    assert line.split()[1] == "0", done.stderr
    return set(line.split()[2:])


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("-h",)])
def test_help_and_version_load_click_and_nothing_else(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert loaded(tmp_path, *arguments) == set()


COMMANDS = (
    "build", "plan", "query", "eval", "cache", "drift", "show", "photos", "calibrate", "models", "report", "doctor",
    "jobs", "test", "audit",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_loads_no_heavy_library(tmp_path: Path, command: str) -> None:
    assert loaded(tmp_path, command, "--help") - {"sqlite3"} == set()


def test_a_no_op_composes_renders_and_draws_nothing(project: Path, no_pack: None) -> None:
    loaded(project, "build", "ana")
    assert loaded(project, "plan", "ana") == {"sqlite3"}
    assert loaded(project, "build", "ana") == {"sqlite3"}
    # Locks are YAML: status says who looks like whom.
    assert loaded(project, "status", "ana") <= {"sqlite3", "rich", "yaml"}


def test_importing_the_package_reaches_no_network_and_reads_no_environment_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FORGE_CANARY=1\n")
    code = "import os, personaforge.workspace.workspace, personaforge.cli.build; print('FORGE_CANARY' in os.environ)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_module_in_the_current_folder_is_not_imported(tmp_path: Path) -> None:
    """`python -m` looks there first, and the folder may be a stranger's."""
    for name in ("yaml", "hashlib", "click", "difflib", "pydantic"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('it ran')")
    command = [sys.executable, "-m", "personaforge.cli.main"]
    root = str(Path(personaforge.__file__).parent.parent)
    for words, code in ((["--version"], 0), (["validate"], 2), (["biuld"], 2)):
        done = subprocess.run(
            [*command, *words], cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True
        )
        assert done.returncode == code and "it ran" not in done.stdout + done.stderr
