"""What is taken away with a persona, what stays, and what one that is gone has left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from personaforge.cli.main import run
from personaforge.doctor.examine import examine
from personaforge.errors import PersonaForgeError
from personaforge.persona.orphans import Orphan, orphans_of
from personaforge.persona.removal import belongings, remove
from personaforge.spec.project import Project
from personaforge.store.upkeep import verify
from personaforge.workspace.workspace import Workspace
from tests.persona.conftest import BRIEF, build, digests, plan
from tests.repository.conftest import Git, git
from tests.run.conftest import PERSONA, Studio

__all__ = ["git"]


def left(root: Path) -> list[Orphan]:
    with Workspace.open((), str(root)) as space:
        return orphans_of(space.store)


def test_rm_shows_first_and_then_takes_everything_away(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "build/bo/mine.txt").write_text("my notes")
    before = digests(root)
    assert run(["--project", str(root), "rm", "bo"]) == 0
    shown = capsys.readouterr().out
    assert "Would remove personas/bo.yaml.\nWould remove personas/bo.lock.yaml.\nWould remove build/bo/, " in shown
    assert "Would keep build/bo/mine.txt, which forge didn't write or somebody edited." in shown
    assert shown.endswith("Nothing was removed; forge rm bo --file --yes does it.\n")
    changed = {path for path, digest in digests(root).items() if before.get(path) != digest}
    assert not {path for path in changed if not path.startswith(".forge/index.db")}
    assert run(["--project", str(root), "rm", "bo", "--yes"]) == 2
    assert "a new face" in capsys.readouterr().err and (root / "personas/bo.lock.yaml").exists()
    assert run(["--project", str(root), "rm", "bo", "--file", "--yes"]) == 0
    assert os.listdir(root / "personas") == [] and digests(root / "build").keys() == {"bo/mine.txt"}
    with Workspace.open((), str(root)) as space:
        found = verify(space.store)
        assert (found.blobs, found.records, found.problems) == (0, 0, [])
        assert space.store.index.count() == 0 and not space.store.index.node_history()
        with pytest.raises(PersonaForgeError, match="nothing is left of one"):
            belongings(space.store, "bo")


def test_what_another_persona_or_a_revision_names_stays(root: Path, git: Git) -> None:
    twin = (root / "personas/bo.yaml").read_text().replace("id: bo ", "id: twin ")
    (root / "personas/twin.yaml").write_text(twin)
    text = (root / "personas/bo.lock.yaml").read_text().replace("persona: bo", "persona: twin")
    pins = [line for line in text.splitlines() if line.startswith(("  image/02", "  anchor"))]
    (root / "personas/twin.lock.yaml").write_text("version: 1\npersona: twin\nnodes:\n" + "\n".join(pins) + "\n")
    with Workspace.open((), str(root)) as space:
        found = remove(space.store, "bo", with_file=True)
        kept = {digest for digest, _ in space.store.blobs.all()}
        assert found.shared == len(kept) == 2 and len(found.blobs) > 8
    assert [node.state for node in plan(root, "twin").nodes() if node.shape.name == "anchor"] == ["restore"]


def test_a_lock_in_a_git_revision_keeps_its_artifacts(root: Path, git: Git) -> None:
    git(root, "init", "-q")
    git(root, "add", "personas")
    git(root, "commit", "-qm", "bo")
    with Workspace.open((), str(root)) as space:
        pinned = belongings(space.store, "bo").shared
        found = remove(space.store, "bo", with_file=True)
        assert found.shared == pinned == len(list(space.store.blobs.all())) > 5
    git(root, "checkout", "-q", "--", "personas")
    assert "missing" not in {node.state for node in plan(root).nodes()}


def test_money_stays_counted(make_studio: Callable[..., Studio]) -> None:
    from personaforge.store.spending import counted, spending

    studio = make_studio(PERSONA, paid=True, cost_usd=0.01)
    studio.build()
    with studio.open() as space:
        before = sorted(spending(space.store))
        found = remove(space.store, "ana", with_file=True)
        assert found.spent_usd == pytest.approx(0.10) and found.records
        after = sorted(spending(space.store))
        assert after == before and len(after) == 10 and sum(map(counted, after)) == pytest.approx(0.10)
        assert not list(space.store.records.all("actions"))


def test_orphans_are_named_everywhere(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bo = (root / "personas/bo.yaml").read_text()
    (root / "personas/ann.yaml").write_text(bo.replace("id: bo ", "id: ann ").replace(BRIEF, "A calm gardener."))
    assert left(root) == []
    (root / "personas/bo.yaml").unlink()
    (one,) = left(root)
    assert one.lock == root / "personas/bo.lock.yaml" and one.build == root / "build/bo" and one.rows > 8
    said = (
        f"bo has no persona file any more, and left personas/bo.lock.yaml, build/bo, {one.rows} results in the index: "
        "forge rm bo removes it; if it was renamed: forge mv bo NEW"
    )
    for command in (["status"], ["cache", "gc"]):
        capsys.readouterr()
        assert run(["--project", str(root), *command]) == 0
        assert said in capsys.readouterr().out, command
        assert run(["--project", str(root), *command, "--json"]) == 0
        (found,) = orjson.loads(capsys.readouterr().out)["orphans"]
        assert found["id"] == "bo" and found["lock"] == "personas/bo.lock.yaml"
    warnings = [finding for finding in examine(Project(root)) if finding.text.startswith("bo has no persona file")]
    assert [finding.hint for finding in warnings] == ["forge rm bo"]
    notices = [text for text in plan(root).notices if "bo.lock.yaml" in text]
    assert len(notices) == 1 and "forge mv bo ann" in notices[0] and "has the brief" not in notices[0]
    assert run(["--project", str(root), "rm", "bo", "--yes"]) == 0
    assert left(root) == [] and not (root / "build/bo").exists()


def test_a_folder_of_the_users_is_no_orphan(root: Path) -> None:
    (root / "build/site").mkdir()
    (root / "build/site/index.html").write_text("<html>")
    (root / "reports").mkdir()
    (root / "reports/site.html").write_text("<html>")
    assert left(root) == []


def test_what_a_former_id_left_beside_the_present_ones_own_is_removed_alone(root: Path) -> None:
    (root / "personas/bo.yaml").rename(root / "personas/bob.yaml")
    text = (root / "personas/bob.yaml").read_text().replace("id: bo ", "formerly: [bo]\nid: bob ")
    (root / "personas/bob.yaml").write_text(text)
    assert left(root) == [], "until the next build they are bob's"
    shutil.copy(root / "personas/bo.lock.yaml", root / "personas/bob.lock.yaml")
    shutil.copytree(root / "build/bo", root / "build/bob")
    build(root)
    (one,) = left(root)
    assert one.present == "bob" and one.lock == root / "personas/bo.lock.yaml" and one.build == root / "build/bo"
    with Workspace.open((), str(root)) as space:
        records = space.store.index.count()
        assert remove(space.store, "bo").former_of == "bob"
        assert space.store.index.count() == records
    assert left(root) == [] and os.listdir(root / "build") == ["bob"]
    assert {node.state for node in plan(root).nodes()} == {"cached", "pinned"}


def test_a_lock_left_behind_by_its_moved_file_is_named(root: Path) -> None:
    (root / "personas/team").mkdir()
    with Workspace.open((), str(root)) as space:
        names = space.store.names
        names._files["bo"] = root / "personas/team/bo.yaml"
        (one,) = orphans_of(space.store)
    assert one.note.endswith("whose file lies elsewhere: mv personas/bo.lock.yaml personas/team/bo.lock.yaml")
