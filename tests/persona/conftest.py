"""A persona with pictures and a clip by the embedded providers, built once; and the studio of tests/run."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from personaforge.plan.plan import Plan
from personaforge.run.runner import BuildReport
from personaforge.testing import write_project
from personaforge.workspace.workspace import BuildOptions, Workspace
from tests.cli.conftest import FILES as SMALL
from tests.run.conftest import make_studio, studio

__all__ = ["make_studio", "studio"]

BRIEF = "Italian baker in her forties who films her oven at dawn."
BO = f"""\
# who she is
id: bo   # an id, and nothing else
brief: {BRIEF}
pipeline: filmed
matrix: two
motion: brief
image: {{width: 96, height: 128}}
video: {{fps: 4, sizes: {{"9:16": {{width: 54, height: 96}}}}}}
identity: {{require_measurement: false, anchor: {{candidates: 2}}}}
"""
PIPELINE = SMALL["conf/pipeline/pictures.yaml"]
FILMED = (
    PIPELINE[: PIPELINE.index("  document:")]
    .replace("name: pictures", "name: filmed")
    .replace(
        "  candidate: {kind: candidate, needs: [profile, matrix],",
        "  placement: {kind: placement, needs: [profile], provider: '${image.provider}'}\n"
        "  candidate: {kind: candidate, needs: [profile, matrix, placement],",
    )
    + """\
  video: {kind: video, needs: [profile, matrix, anchor], template: video/motion.j2, provider: "${video.provider}",
          model: "${video.model}"}
  bio: {kind: render, template: bio.j2, file: bio.txt, needs: [profile]}
  document: {kind: document, needs: [profile, matrix, candidate, anchor, image, video]}
  sheet: {kind: sheet, needs: [anchor, image]}
"""
)
FILES = {
    "conf/matrix/two.yaml": SMALL["conf/matrix/two.yaml"],
    "conf/pipeline/filmed.yaml": FILMED,
    "templates/bio.j2": "{{ persona_id }} wants peace.\n",
    "conf/motion/brief.yaml": """\
types:
  nod: {description: she nods, seconds: 0.5, aspect: "9:16", distance: headshot, scene: plain, wardrobe: 1,
        keys: [{at: 0, yaw: 0, pitch: 0, expression: neutral}, {at: 0.5, yaw: 3, pitch: 2, expression: smile}]}
""",
}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with `bo`, built. Not to be changed."""
    root = write_project(tmp_path_factory.mktemp("built") / "project", {"bo": BO}, FILES)
    report = build(root)
    assert {node.end for node in report.nodes.values()} == {"done"}
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(built, tmp_path / "project"))


def plan(root: Path, *personas: str) -> Plan:
    with Workspace.open((), str(root)) as space:
        return space.plan(personas)


def build(root: Path, *personas: str) -> BuildReport:
    with Workspace.open((), str(root)) as space:
        report: BuildReport = space.build(space.plan(personas), BuildOptions(jobs=1))
    return report


def states(root: Path, *personas: str) -> dict[str, str]:
    return {node.shape.name: node.state for node in plan(root, *personas).nodes()}


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file below a folder, by path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
