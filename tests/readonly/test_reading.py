"""Commands that only read: they work in a checkout that can't be written, and leave one that can as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Forge
from tests.readonly.driver import AGAIN, COLD, COMMANDS

_ASKS = {"report": "--out FOLDER", "doctor": ""}
"""Commands that say something else where nothing can be written."""


def _works(*command: str) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True).returncode == 0


def closing() -> tuple[str, list[str]]:
    """Return how a checkout is closed here, and what the process has to be started by. Permissions don't bind root."""
    if os.getuid():
        return "permissions", []
    if _works("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"):
        return "mount", ["unshare", "-m"]
    bare = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if _works(*bare, "true"):
        return "permissions", bare
    pytest.skip("root can't be kept from writing here")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    how, prefix = closing()
    root = tmp_path_factory.mktemp("checkouts")
    command = [*prefix, sys.executable, "-m", "tests.readonly.driver", str(root), how]
    environment = {**os.environ, "FORGE_MODELS": str(root / "none"), "HOME": str(root), "COLUMNS": "120"}
    environment["PYTHONPATH"] = os.pathsep.join((str(ROOT / "tests/guard"), str(ROOT)))
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr
    checkouts: dict[str, Any] = json.loads(done.stdout)
    return checkouts


@pytest.mark.parametrize(
    ("closed", "like", "name"),
    [("closed", "built", name) for name in COMMANDS] + [("closed-clone", "clone", name) for name in COLD],
)
def test_it_says_what_it_says_elsewhere(found: dict[str, Any], closed: str, like: str, name: str) -> None:
    assert not differences(found, closed, like, name)


def differences(found: dict[str, Any], closed: str, like: str, *names: str) -> list[str]:
    """Return what commands say of a closed checkout that they don't say of the same one when it can be written."""
    wrong = []
    for name in names or found[closed]["commands"]:
        code, out, err = found[closed]["commands"][name]
        expected, text, errors = found[like]["commands"][name]
        about = f"{closed}: {name}: {code}, expected {expected}: {err}{out[:500]}"
        if "mistake in forge" in err or expected not in (0, 1, 2):
            wrong.append(about)
        elif name in _ASKS and like == "built":
            wrong += [about] if code == 0 or _ASKS[name] not in err else []
        elif name != "doctor":  # it says what can't be written
            said = err.replace("Measured, and not kept: .forge can't be written here.\n", "")
            wrong += [about] if (code, out, said) != (expected, text, errors) else []
    return wrong


@pytest.mark.parametrize("checkout", ["closed", "killed", "lost", "closed-clone"])
def test_nothing_is_written(found: dict[str, Any], checkout: str) -> None:
    assert found[checkout]["before"] == found[checkout]["after"]


def test_a_clone_without_a_store_gets_none(found: dict[str, Any]) -> None:
    assert found["clone"]["before"] == found["clone"]["after"]


def test_what_is_measured_where_it_can_not_be_kept_is_said(found: dict[str, Any]) -> None:
    assert "not kept" in found["closed"]["commands"]["eval -p ben"][2]
    assert "not kept" not in found["built"]["commands"]["eval -p ben"][2]


@pytest.mark.parametrize("name", AGAIN)
@pytest.mark.parametrize("checkout", ["killed", "lost"])
def test_what_an_index_has_not_merged_or_lost_is_found(found: dict[str, Any], checkout: str, name: str) -> None:
    assert found[checkout]["commands"][name][:2] == found["built"]["commands"][name][:2]


@pytest.mark.parametrize(
    "words", ["doctor", "query latest_scores", "cost", "jobs list", "cache stats", "warehouse info", "status", "schema"]
)
def test_a_folder_without_a_project_stays_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    from personaforge.cli.main import run

    monkeypatch.chdir(tmp_path)
    assert run(words.split()) == (2 if words == "status" else 0) and not list(tmp_path.iterdir())


def test_the_first_build_keeps_what_was_composed_before(tmp_path: Path, forge: Forge) -> None:
    from personaforge.spec.project import Project
    from personaforge.store.index import NodeRow
    from personaforge.store.outcome import Outcome
    from personaforge.store.result import NodeResult
    from personaforge.store.store import Store

    (tmp_path / "personas").mkdir()
    store = Store(Project(tmp_path))
    store.index.put_spec("key", b"composed", {"group": b"values"})
    assert store.index.get_spec("key") == b"composed" and not (tmp_path / ".forge").exists()
    row = NodeRow("ana/soul", "s", "o", "accepted", "[]")
    store.index.put_node(row, NodeResult(row.node, Outcome("accepted")), persona="ana", build="b", finished=1.0)
    store.close()
    again = Store(Project(tmp_path))
    assert again.index.get_spec("key") == b"composed" and again.index.get_group("group") == b"values"
    assert again.index.nodes("ana") == {"ana/soul": row}
    again.close()
