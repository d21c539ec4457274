"""What people read, word for word: help, plans, explanations, problems and errors. See tests/golden/README.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import PICTURES, WORDS
from tests.conftest import Forge

pytestmark = pytest.mark.usefixtures("no_pack")

Golden = Callable[[str, str], None]
_CHANGING = (
    (re.compile(r"\b[0-9a-f]{16,64}\b"), "<digest>"),
    (re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?"), "<time>"),
    (re.compile(r"in \d+\.\d s"), "in <seconds> s"),
    (re.compile(r"no face pack \(.*"), "<no face pack and where to put one>"),
)
BROKEN = """\
id: Cay
brief: A calm gardener.
imag: {width: 3}
image: {width: wide, hieght: 300}
video: 3
pipeline: five
identity: {accept_threshold: 1.5}
"""


@pytest.fixture
def said(forge: Forge, golden: Golden) -> Callable[..., None]:
    """Run a command and compare all that it says."""

    def run(name: str, *arguments: str, cwd: Path, check: int = 0) -> None:
        done = forge(*arguments, cwd=cwd, check=check)
        text = f"$ forge {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        for pattern, word in _CHANGING:
            text = pattern.sub(word, text)
        golden(f"{name}.txt", text.replace(str(cwd), "<project>"))

    return run


def test_help(said: Callable[..., None], tmp_path: Path) -> None:
    said("help", "--help", cwd=tmp_path)
    for command in ("build", "plan", "eval", "test", "doctor", "init", "diff"):
        said(f"help_{command}", command, "--help", cwd=tmp_path)


def test_a_first_plan_and_build(said: Callable[..., None], project: Path) -> None:
    said("plan_first", "plan", cwd=project)
    said("build_first", "build", "--jobs", "1", cwd=project)
    said("build_again", "build", cwd=project)
    said("status", "status", cwd=project)


def test_many_personas_have_a_line_each(said: Callable[..., None], project: Path) -> None:
    (project / "personas/ben.yaml").unlink()
    for name in ("bea", "cay", "dan"):
        (project / f"personas/{name}.yaml").write_text(WORDS.replace("id: ana", f"id: {name}"))
    said("build_many", "build", "--jobs", "1", cwd=project)


def test_plans_and_explanations_after_a_change(said: Callable[..., None], forge: Forge, project: Path) -> None:
    forge("build", cwd=project, check=0)
    (project / "personas/ben.yaml").write_text(PICTURES.replace("Irish", "Welsh"))
    (project / "templates/bio.j2").write_text("{{ sections.surface.name }}!\n")
    said("plan_changed", "plan", cwd=project)
    said("plan_changed_verbose", "plan", "-v", cwd=project)
    said("explain_template", "explain", "ana/bio", cwd=project)
    said("explain_setting", "explain", "ben/image/02", "identity.geometric.max_error=0.1", cwd=project)
    said("build_changed", "build", "--jobs", "1", cwd=project)


def test_problems(said: Callable[..., None], project: Path) -> None:
    (project / "personas/cay.yaml").write_text(BROKEN)
    said("validate", "validate", cwd=project, check=2)


def test_a_missing_anchor(said: Callable[..., None], forge: Forge, project: Path) -> None:
    import shutil

    lock = project / "personas/ben.lock.yaml"
    forge("build", "ben", cwd=project, check=0)
    # As on a machine whose libraries draw other bytes than those that the lock names.
    shutil.rmtree(project / ".forge")
    shutil.rmtree(project / "build")
    text = lock.read_text()
    anchor = re.search(r'"outputs":\{"anchor":"([0-9a-f]{64})"', text)
    assert anchor is not None
    lock.write_text(text.replace(anchor.group(1), "0" * 64))
    said("missing_anchor", "build", "ben", cwd=project, check=1)
