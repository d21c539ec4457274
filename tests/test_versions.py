"""Versions are the same as importlib.metadata's, without importing it."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from personaforge.versions import installed_version


@pytest.mark.parametrize("name", ["insightface", "onnxruntime", "numpy", "pillow", "scikit-image", "Scikit_Image"])
def test_agrees_with_importlib_metadata(name: str) -> None:
    assert installed_version(name) == version(name)


def test_not_installed() -> None:
    assert installed_version("no-such-distribution") is None


def test_the_first_folder_on_the_path_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy-0.0.1.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", ["/nowhere", str(tmp_path), *sys.path])
    assert installed_version("numpy") == "0.0.1"
    assert installed_version("num") is None  # a prefix is not the name


def test_an_egg_is_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    egg = tmp_path / "old_thing-3.1-py3.11.egg-info"
    egg.mkdir()
    (egg / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: old-thing\nVersion: 3.1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert installed_version("old-thing") == "3.1"


def test_importing_the_package_and_planning_load_nothing_heavy() -> None:
    code = """
import sys
import personaforge.faces.measure, personaforge.faces.video
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import Pack, find_pack
from pathlib import Path
find_pack("auto", [])
InsightAnalyzer(Pack("buffalo_s", Path("/nowhere"), {}, "0" * 64))
from personaforge.identity import anchor, clip, decision, policy, score
from personaforge.drift.detector import detector
heavy = {"numpy", "scipy", "cv2", "PIL", "onnxruntime", "insightface", "importlib.metadata"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
