"""`--changed-since REV`: which personas a change touches; reading a revision runs nothing and leads nowhere."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from personaforge.errors import PlanError
from personaforge.repository.changes import PersonaChange, persona_changes, touched
from personaforge.repository.git import EMPTY_TREE, Repository
from personaforge.repository.revision import as_project
from personaforge.repository.sides import sides
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace
from tests.cli.conftest import FILES, PICTURES, WORDS
from tests.conftest import Forge
from tests.repository.conftest import Git

pytestmark = pytest.mark.usefixtures("no_pack")


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Path:
    """`ana`, who is only text, and `ben`, who has two pictures, committed. Nothing is built."""
    folder = write_project(tmp_path / "project", {"ana": WORDS, "ben": PICTURES}, FILES)
    (folder / ".gitignore").write_text(".forge/\nbuild/\n")
    git(folder, "init", "--initial-branch=main")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "one")
    return folder


def changed(folder: Path, since: str = "HEAD", until: str | None = None) -> dict[str, PersonaChange]:
    with Workspace.open((), str(folder)) as space, sides(space, (), since, until) as (before, after):
        return {one.id: one for one in persona_changes(before, after)}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("personas/ana.yaml", "# A note.\n" + WORDS),
        ("personas/ana.yaml", WORDS + "description: Who she is.\nowner: studio\ntags: [spring]\n"),
        (
            "personas/ana.yaml",
            WORDS.replace("brief: A calm Portuguese gardener.", 'brief: "A calm Portuguese gardener."'),
        ),
        ("personas/ana.yaml", WORDS + "drift: {records_per_alarm: 500}\nrun: {max_cost_usd: 3}\n"),
        ("README.md", "Read me.\n"),
        ("templates/unused.j2", "nobody\n"),
    ],
)
def test_what_is_in_no_key_touches_nobody(repository: Path, file: str, text: str) -> None:
    (repository / file).write_text(text)
    assert changed(repository) == {}


def test_a_setting_touches_its_persona_and_says_which(repository: Path) -> None:
    edit(repository / "personas/ben.yaml", "Irish", "Welsh")
    found = changed(repository)
    assert list(found) == ["ben"]
    nodes = {node.name: node for node in found["ben"].nodes}
    assert nodes["identity"].kind == "changed" and nodes["image/02"].kind == "follows"
    assert nodes["identity"].settings == (("brief", "A cheerful Irish baker.", "A cheerful Welsh baker."),)
    assert "anchor" in nodes["image/02"].reasons[0].text or "profile" in nodes["image/02"].reasons[0].text


def test_a_template_touches_everybody_who_uses_it(repository: Path) -> None:
    (repository / "templates/bio.j2").write_text("{{ sections.surface.name }}!\n")
    found = changed(repository)
    assert {name: [(node.name, node.templates) for node in one.nodes] for name, one in found.items()} == {
        "ana": [("bio", ("bio.j2",))]
    }
    packaged = repository / "templates/text/surface.j2"
    packaged.parent.mkdir()
    packaged.write_text("Who is this? {{ brief }}\n")
    assert set(changed(repository)) == {"ana", "ben"}


def test_a_preset_and_the_projects_settings_touch_everybody_who_uses_them(repository: Path) -> None:
    edit(repository / "conf/matrix/two.yaml", "expression: smile", "expression: laugh")
    [(name, one)] = changed(repository).items()
    assert name == "ben"
    assert ("matrix.positions.02.expression", "smile", "laugh") in {s for node in one.nodes for s in node.settings}
    (repository / "conf/project").mkdir()
    (repository / "conf/project/settings.yaml").write_text("seed: 5\n")
    assert set(changed(repository)) == {"ana", "ben"}


def test_a_base_touches_who_builds_on_it(repository: Path, git: Git) -> None:
    (repository / "personas/_house.yaml").write_text("seed: 4\n")
    (repository / "personas/ana.yaml").write_text(WORDS + "defaults: [_house]\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-m", "two")
    assert changed(repository) == {}
    (repository / "personas/_house.yaml").write_text("seed: 5\n")
    assert list(changed(repository)) == ["ana"]


def test_new_and_gone_personas_and_pins(repository: Path, git: Git, forge: Forge) -> None:
    (repository / "personas/ana.yaml").unlink()
    (repository / "personas/cay.yaml").write_text(WORDS.replace("id: ana", "id: cay"))
    found = changed(repository)
    assert {name: one.kind for name, one in found.items()} == {"ana": "gone", "cay": "new"}
    assert changed(repository, EMPTY_TREE).keys() == {"ben", "cay"}
    forge("build", "ben", cwd=repository, check=0)
    [pinned] = [one for one in changed(repository).values() if one.id == "ben"]
    assert {reason.text for node in pinned.nodes for reason in node.reasons if reason.code == "pin"} == {
        "the lock pins it now"
    }


def test_a_revision_that_was_broken_counts_as_new(repository: Path, git: Git) -> None:
    good = (repository / "personas/ana.yaml").read_text()
    (repository / "personas/ana.yaml").write_text(good + "imag: 3\n")
    git(repository, "commit", "-a", "-m", "broken")
    (repository / "personas/ana.yaml").write_text(good)
    found = changed(repository)
    assert found["ana"].kind == "new" and "imag" in found["ana"].problem and "ben" not in found
    assert changed(repository, "HEAD~1") == {}


def test_the_command_builds_only_what_is_touched(repository: Path, git: Git, forge: Forge) -> None:
    edit(repository / "personas/ana.yaml", "calm", "restless")
    plan = json.loads(forge("plan", "--changed-since", "HEAD", "--json", cwd=repository, check=0).stdout)
    assert [one["id"] for one in plan["personas"]] == ["ana"]
    forge("build", "--changed-since", "HEAD", cwd=repository, check=0)
    assert (repository / "build/ana").is_dir() and not (repository / "build/ben").exists()
    git(repository, "add", "-A")  # the lock, too: until it is committed, what it pins is a change
    git(repository, "commit", "-m", "two")
    for command in ("plan", "build"):
        done = forge(command, "--changed-since", "HEAD", cwd=repository, check=0)
        assert "no persona's keys have changed since HEAD" in done.stdout + done.stderr
        assert done.stdout.endswith("Nothing to do.\n")
    assert not (repository / "build/ben").exists()


def test_a_saved_plan_of_nobody_builds_nobody(repository: Path, forge: Forge) -> None:
    forge("plan", "--changed-since", "HEAD", "-o", "plan.json", cwd=repository, check=0)
    assert "Nothing to do" in forge("build", "--plan", "plan.json", cwd=repository, check=0).stdout
    assert not (repository / "build").exists()
    edit(repository / "personas/ana.yaml", "calm", "restless")
    forge("plan", "--changed-since", "HEAD", "-o", "plan.json", cwd=repository, check=0)
    forge("build", "--plan", "plan.json", cwd=repository, check=0)
    assert (repository / "build/ana").is_dir() and not (repository / "build/ben").exists()


def test_overrides_hold_on_both_sides(repository: Path) -> None:
    with Workspace.open((), str(repository)) as space:
        assert touched(space, ["ben"], "HEAD", ("image.width=128",)) == ([], [])


def test_a_branch_point(repository: Path, git: Git) -> None:
    git(repository, "checkout", "-q", "-b", "mine")
    edit(repository / "personas/ana.yaml", "calm", "restless")
    git(repository, "commit", "-a", "-m", "mine")
    git(repository, "checkout", "-q", "main")
    edit(repository / "personas/ben.yaml", "Irish", "Welsh")
    git(repository, "commit", "-a", "-m", "theirs")
    git(repository, "checkout", "-q", "mine")
    assert set(changed(repository, "main")) == {"ana", "ben"}
    assert set(changed(repository, "main...")) == {"ana"}
    assert set(changed(repository, "main", "mine")) == {"ana", "ben"}


def test_a_project_below_the_top_of_its_repository(repository: Path, git: Git, tmp_path: Path) -> None:
    inner = write_project(repository / "teams/one", {"ana": WORDS}, FILES)
    assert list(changed(inner)) == ["ana"], "it was not there"
    git(repository, "add", "-A")
    git(repository, "commit", "-m", "two")
    assert changed(inner) == {}
    edit(inner / "personas/ana.yaml", "calm", "restless")
    assert list(changed(inner)) == ["ana"]


def test_errors_say_what_to_type(repository: Path, forge: Forge, tmp_path: Path, git: Git) -> None:
    def said(folder: Path, revision: str, **options: object) -> str:
        return str(forge("plan", "--changed-since", revision, cwd=folder, check=2, **options).stderr)

    alone = write_project(tmp_path / "alone", {"ana": WORDS}, FILES)
    assert "is in no git repository" in said(alone, "HEAD")
    git(alone, "init")
    assert "has no commit yet" in said(alone, "HEAD")
    assert "there is no revision 'nope'" in said(repository, "nope") and "git fetch" in said(repository, "nope")
    for typed, near in (("HAED", "HEAD"), ("head~1", "HEAD~1"), ("mian", "main")):
        assert f"did you mean {near}?" in said(repository, typed)
    assert "'--all' is no revision" in said(repository, "--all")
    assert "is a range" in said(repository, "HEAD..main")
    empty = tmp_path / "bin"
    empty.mkdir()
    assert "git is not installed" in said(repository, "HEAD", env={**os.environ, "PATH": str(empty)})
    edit(repository / "personas/ana.yaml", "calm", "restless")
    git(repository, "commit", "-a", "-m", "two")
    git(tmp_path, "clone", "--depth", "1", f"file://{repository}", "shallow")
    for revision in ("HEAD~1", "HEAD~1..."):
        assert "fetch-depth: 0" in said(tmp_path / "shallow", revision)


def test_reading_a_revision_runs_nothing_of_the_repository(
    repository: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hooks, filters, diff drivers and monitors that the repository names would each leave a mark."""
    mark = tmp_path / "ran"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 >> {mark}\ncat\n")
    trap.chmod(0o755)
    hooks = repository / ".git/hooks"
    for name in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).write_text(f"#!/bin/sh\necho $0 >> {mark}\n")
        (hooks / name).chmod(0o755)
    (repository / ".gitattributes").write_text("*.yaml filter=evil diff=evil export-subst\n*.j2 filter=evil\n")
    git(repository, "-c", "core.hooksPath=/dev/null", "add", "-A")
    git(repository, "-c", "core.hooksPath=/dev/null", "commit", "-m", "two")
    for key in ("filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv"):
        git(repository, "-c", "core.hooksPath=/dev/null", "config", key, str(trap))
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "core.alternateRefsCommand"):
        git(repository, "-c", "core.hooksPath=/dev/null", "config", key, str(trap))
    mark.unlink(missing_ok=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another"))  # as a hook of another repository would have it
    assert changed(repository) == {}
    edit(repository / "personas/ana.yaml", "calm", "restless")
    assert list(changed(repository)) == ["ana"]
    assert not mark.exists(), mark.read_text()
    # The trap does work: git itself falls into it.
    monkeypatch.delenv("GIT_DIR")
    git(repository, "status", check=False)
    assert mark.exists()


def test_links_lead_nowhere_else(repository: Path, git: Git, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("id: secret\nbrief: out\n")
    for name, target in {
        "out": str(tmp_path / "secret.yaml"),
        "up": "../../secret.yaml",
        "dev": "/dev/zero",
        "loop": "loop.yaml",
        "same": "ana.yaml",
    }.items():
        (repository / f"personas/{name}.yaml").symlink_to(target)
    (repository / "conf/far").symlink_to(tmp_path)
    git(repository, "add", "-A")
    git(repository, "commit", "-m", "links")
    found = Repository(repository)
    with as_project(found, found.find("HEAD")) as project:
        names = sorted(path.name for path in (project.root / "personas").iterdir())
        assert names == ["ana.yaml", "ben.yaml", "same.yaml"]
        assert not os.path.lexists(project.root / "conf/far")
        root = project.root
    assert not root.exists()


def test_paths_that_git_would_not_check_out_are_refused(repository: Path, tmp_path: Path) -> None:
    def tree(*entries: tuple[str, str, str]) -> str:
        data = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
        command = ["git", "-C", str(repository), "hash-object", "-t", "tree", "-w", "--literally", "--stdin"]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().strip()

    blob = (
        subprocess.run(
            ["git", "-C", str(repository), "hash-object", "-w", "--stdin"],
            input=b"id: x\n",
            capture_output=True,
            check=True,
        )
        .stdout.decode()
        .strip()
    )
    inner = tree(("100644", "evil.yaml", blob))
    found = Repository(repository)
    for hostile in (
        tree(("40000", "..", inner)),
        tree(("40000", ".GIT", inner)),
        tree(("100644", "../evil.yaml", blob)),
        tree(("100644", "a.yaml", blob), ("40000", "a.yaml", inner)),
        tree(("100644", "x" * 300 + ".yaml", blob)),
    ):
        with pytest.raises(PlanError), as_project(found, found.find(hostile)):
            pass
    assert not list(tmp_path.rglob("evil.yaml"))
