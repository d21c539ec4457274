"""What every test has: no network, no home, no keys, and the development face pack where there is one."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.command import as_process, in_process

ROOT = Path(__file__).resolve().parent.parent
GUARD = Path(__file__).parent / "guard"

# Before anything loads numpy: threads of BLAS wait for each other by spinning, and tests already run on every core.
# Processes that a test starts inherit it.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

DEVELOPMENT_PACKS = ROOT.parent / "shared" / "models"

# The same examples every time, so that a run can be repeated; `pytest --hypothesis-profile explore` looks for new ones.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")

if "FORGE_MODELS" not in os.environ and DEVELOPMENT_PACKS.is_dir():
    os.environ["FORGE_MODELS"] = str(DEVELOPMENT_PACKS)

_spec = importlib.util.spec_from_file_location("network_guard", GUARD / "sitecustomize.py")
assert _spec is not None and _spec.loader is not None
_spec.loader.exec_module(importlib.util.module_from_spec(_spec))


def has_pack() -> bool:
    """Tell whether the development pack is there."""
    return any((Path(part) / "buffalo_s_dev").is_dir() for part in os.environ.get("FORGE_MODELS", "").split(os.pathsep))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that writes what commands print as what they should print, and the one for the long proofs."""
    parser.addoption("--rewrite-golden", action="store_true", help="write tests/golden anew instead of comparing")
    parser.addoption("--soak", action="store_true", help="repeat the proofs by chance as often as they were meant")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that measure real faces skip, saying why, where no pack is."""
    if not has_pack():
        skip = pytest.mark.skip(reason="no face pack: set FORGE_MODELS to the folder that holds buffalo_s_dev")
        for item in items:
            if "pack" in item.keywords:
                item.add_marker(skip)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that skips for a reason that tests/skips.txt doesn't name fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("FORGE_NO_SKIPS") or reporter is None:
        return
    lines = (Path(__file__).parent / "skips.txt").read_text().splitlines()
    allowed = [re.compile(line) for line in lines if line and not line.startswith("#")]
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(pattern.search(reason) for pattern in allowed):
            reporter.write_line(f"may not skip here: {report.nodeid}: {reason}", red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


MACHINES = ("FORGE_MACHINE", "FORGE_PLUGINS", "FORGE_REMOTE", "XDG_CONFIG_HOME")
"""What says of the machine that runs the tests what only a user's may."""


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take away keys, the home folder and what else would make a test depend on who runs it."""
    for name in list(os.environ):
        keys = (
            "_API_KEY",
            "_API_TOKEN",
            "_API_BASE",
            "_BASE_URL",
            "_API_SECRET",
            "_ACCESS_KEY",
            "_SECRET_KEY",
            "_PROXY",
        )
        ours = name.startswith("FORGE_") and name.endswith("_URL")
        if name.upper().endswith(keys) or ours or name in (*MACHINES, "CI", "FAL_KEY", "NO_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(GUARD), str(ROOT))))
    monkeypatch.setenv("COLUMNS", "120")
    yield
    close_litellm_clients()


def close_litellm_clients() -> None:
    """Close the connections that litellm keeps, one client for each address and so for each test's server.

    It keeps 200 of them and drops older ones without closing them, which shows up as a warning in some later test.
    """
    kept = getattr(sys.modules.get("litellm"), "in_memory_llm_clients_cache", None)
    for client in list(getattr(kept, "cache_dict", {}).values()):
        close = getattr(client, "close", None)
        if close is not None and not inspect.iscoroutinefunction(close):
            close()
    if kept is not None:
        kept.flush_cache()


@pytest.fixture
def no_pack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without a face pack."""
    monkeypatch.setenv("FORGE_MODELS", str(tmp_path / "no-models"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name in tests/golden."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if request.config.getoption("--rewrite-golden"):
            path.write_text(text)
        assert text == path.read_text(), f"{path} says otherwise; if the new text is right, run with --rewrite-golden"

    return compare


Times = Callable[[int, int], int]


@pytest.fixture(scope="session")
def times(request: pytest.FixtureRequest) -> Times:
    """How often a proof by chance is repeated: `times(5, 20)` is 5 in the suite and 20 in `make soak`.

    Its test bears the mark `proof`.
    """
    return lambda sample, all_of_them: all_of_them if request.config.getoption("--soak") else sample


Forge = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def forge() -> Forge:
    """Run the command line: `forge("build", "ana", cwd=project)`. Returns its exit code and what it printed.

    It runs in the test's own process, isolated as `tests.command` says: starting Python, click and DuckDB takes longer
    than most commands. `check` is the exit code that it must have; `env` takes the place of the environment.

    `process=True` starts a process of its own, for what only a process shows: what it has imported, what it has learnt
    from its environment at the start, real streams, a provider that the test replaced, a lease that is held here.
    """

    def run(
        *arguments: str, cwd: Path, check: int | None = None, process: bool = False, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        done = (as_process if process else in_process)(arguments, cwd=cwd, **options)
        if check is not None:
            assert done.returncode == check, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
