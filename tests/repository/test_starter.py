"""`forge init`: what it writes, that it writes over nothing, and that its workflow and hooks do what they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from personaforge import __version__
from personaforge.errors import StoreError
from personaforge.repository import starter
from tests.conftest import Forge
from tests.repository.conftest import Git
from tests.repository.workflow import EXPRESSION, Ran, evaluated, read_workflow, run_workflow

WORKFLOW = ".github/workflows/personas.yml"
HERE = f"personaforge=={__version__}"
FAKE_GH = """\
#!/bin/sh
printf '%s\\n' "$@" > "$GH_SAID"
eval "file=\\${$#}"
cat "$file" >> "$GH_SAID"
"""


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Path:
    """A repository as `forge init` makes it, with its first commit."""
    folder = tmp_path / "studio"
    starter.start(folder, HERE)
    git(folder, "init", "--initial-branch=main")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "Start")
    return folder


def test_it_makes_a_repository_that_validates(forge: Forge, tmp_path: Path, git: Git) -> None:
    done = forge("init", "studio", "--forge", HERE, cwd=tmp_path, check=0)
    assert "studio/personas/mira.yaml" in done.stdout and "cd studio && git init" in done.stdout
    folder = tmp_path / "studio"
    assert "Valid: mira-halvorsen" in forge("validate", cwd=folder, check=0).stdout
    assert (folder / "README.md").read_text().startswith("# studio\n")
    assert HERE in (folder / "requirements.txt").read_text()


def test_the_store_is_ignored_and_locks_are_not(repository: Path, git: Git) -> None:
    for name in (".forge/index.db", "build/mira-halvorsen/persona.json", "reports/index.html", "plan.md"):
        assert git(repository, "check-ignore", name) == name
    assert git(repository, "check-ignore", "personas/mira-halvorsen.lock.yaml", check=False).startswith("1")


def test_it_writes_over_nothing_and_names_all_that_is_there(forge: Forge, tmp_path: Path) -> None:
    folder = tmp_path / "studio"
    (folder / "personas").mkdir(parents=True)
    (folder / "README.md").write_text("mine")
    (folder / "conf").symlink_to(tmp_path)
    (folder / ".github").write_text("no folder")
    before = sorted(path.name for path in folder.rglob("*"))
    done = forge("init", "studio", cwd=tmp_path, check=2)
    for name in ("README.md", "conf (", ".github ("):
        assert name in done.stderr
    assert "mira.yaml" not in done.stderr
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert (folder / "README.md").read_text() == "mine"
    assert not (tmp_path / "project").exists()


def test_a_folder_with_other_files_keeps_them(forge: Forge, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = forge("init", ".", "--forge", HERE, cwd=tmp_path, check=0)
    assert "Next: git init" in done.stdout
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_can_not_be_finished_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "deep/studio"
    last = list({**starter.FILES, starter.REQUIREMENTS: ""})[-2]

    def full(path: Path, mode: int) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(starter, "EXECUTABLE", (last,))
    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(StoreError, match="nothing was left behind"):
        starter.start(folder, HERE)
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize(
    ("origin", "line", "noted"),
    [
        (None, HERE, False),  # from an index
        (
            {"url": "https://example.invalid/forge.git", "vcs_info": {"vcs": "git", "commit_id": "a" * 40}},
            f"personaforge @ git+https://example.invalid/forge.git@{'a' * 40}",
            False,
        ),
        (
            {"url": "https://example.invalid/forge-1-py3-none-any.whl", "archive_info": {}},
            "personaforge @ https://example.invalid/forge-1-py3-none-any.whl",
            False,
        ),
        # Another's package may have the name in an index, so what came from a folder is not asked for there.
        ({"url": "file:///src/forge", "dir_info": {"editable": True}}, "./vendor/personaforge-", True),
        ({"url": "file:///src/forge.whl", "archive_info": {}}, "./vendor/personaforge-", True),
        ("[1, 2]", "./vendor/personaforge-", True),
    ],
)
def test_ci_installs_forge_from_where_it_was_installed_here(
    origin: object, line: str, noted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return origin if origin is None or isinstance(origin, str) else json.dumps(origin)

    monkeypatch.setattr(metadata, "distribution", lambda name: Installed())
    found, note = starter.forge_requirement()
    assert found.startswith(line) and bool(note) == noted


def test_it_says_that_github_reads_workflows_of_the_top_only(forge: Forge, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init")
    done = forge("init", "inner", "--forge", HERE, cwd=tmp_path, check=0)
    assert f"inside the repository {tmp_path}" in done.stderr


def test_the_workflow_is_one_and_asks_for_little(repository: Path) -> None:
    workflow = read_workflow(repository / WORKFLOW)
    assert set(workflow) <= {"name", "on", "permissions", "concurrency", "defaults", "env", "jobs"}
    assert set(workflow["on"]) == {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"] and workflow["defaults"]["run"]["shell"] == "bash"
    text = (repository / WORKFLOW).read_text()
    assert "pull_request_target" not in text
    for name, job in workflow["jobs"].items():
        assert set(job) <= {"needs", "if", "runs-on", "timeout-minutes", "permissions", "env", "steps"}, name
        assert {"runs-on", "timeout-minutes", "steps"} <= set(job)
        for need in [job["needs"]] if "needs" in job else []:
            assert need in workflow["jobs"]
        ids = [step["name"] for step in job["steps"] if "run" in step]
        assert len(ids) == len(set(ids))
        for step in job["steps"]:
            assert set(step) <= {"name", "uses", "with", "run", "env", "if", "id"}
            assert ("uses" in step) != ("run" in step)
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+(/(restore|save))?@v\d+", step["uses"])
            # What an expression brings goes through the environment, where a shell doesn't read it as commands.
            assert not EXPRESSION.search(step.get("run", ""))
    writers = {name for name, job in workflow["jobs"].items() if "write" in str(job.get("permissions", ""))}
    assert writers == {"comment"}
    comment = workflow["jobs"]["comment"]
    assert not any("forge" in step.get("run", "") or "checkout" in step.get("uses", "") for step in comment["steps"])
    assert "head.repo.full_name == github.repository" in comment["if"]


def test_secrets_reach_the_build_and_nothing_else(repository: Path) -> None:
    workflow = read_workflow(repository / WORKFLOW)
    steps = [step for job in workflow["jobs"].values() for step in job["steps"] if "secrets." in str(step)]
    assert [step["name"] for step in steps] == ["Build"]
    assert all(
        key == value[len("${{ secrets.") : -len(" }}")] for key, value in steps[0]["env"].items() if "secrets" in value
    )


WITHOUT_PIP = """\
#!/bin/sh
[ "$1 $2" = "-m pip" ] || exec {python} "$@"
"""


def run_as_github(
    repository: Path, tmp_path: Path, commands: Path, base: str = "", *, pip: bool = False
) -> tuple[list[Ran], str, str]:
    """Run the workflow as GitHub would; return its steps, the job summary and what `gh` was told.

    That the requirements are met here is seen once, with `pip`: it takes seconds for each job.
    """
    if not pip:
        (commands / "python").write_text(WITHOUT_PIP.format(python=sys.executable))
    (commands / "gh").write_text(FAKE_GH)
    (commands / "gh").chmod(0o755)
    context = {
        "github.token": "token",
        "github.repository": "ana/studio",
        "github.event.pull_request.number": "7",
        "github.event.pull_request.base.sha": base,
        "secrets.ANTHROPIC_API_KEY": "",
        "secrets.OPENAI_API_KEY": "",
        "secrets.FAL_KEY": "",
    }
    summary, said = tmp_path / "summary.md", tmp_path / "gh.txt"
    environment = {
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "GH_SAID": str(said),
        # The requirements are met, or the step fails: nothing is fetched and nothing installed.
        "PIP_NO_INDEX": "1",
        "PIP_DRY_RUN": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    ran = run_workflow(read_workflow(repository / WORKFLOW), repository, context, environment)
    return ran, summary.read_text() if summary.exists() else "", said.read_text() if said.exists() else ""


@pytest.mark.slow
def test_the_workflows_own_commands_pass(repository: Path, tmp_path: Path, commands: Path, git: Git) -> None:
    persona = repository / "personas/mira.yaml"
    # A third of the frames: drawing and encoding them would take most of the time.
    persona.write_text(persona.read_text() + "video: {fps: 4}\n")
    git(repository, "commit", "-a", "-m", "Fewer frames")
    ran, summary, said = run_as_github(repository, tmp_path, commands, pip=True)
    assert [step for step in ran if step.code] == []
    names = [step.name for step in ran]
    for name in ("Install forge", "Validate", "Plan", "Build", "Eval", "Drift", "Test", "Report"):
        assert name in names
    assert "mira-halvorsen" in summary
    assert said.startswith("pr\ncomment\n7\n") and "never built" in said and "is new, 43 nodes" in said
    assert (repository / "reports/mira-halvorsen.html").stat().st_size > 10_000
    assert "mira-halvorsen" in (repository / "reports/diff.html").read_text()
    # All that the run leaves in the working tree, and all that is to be committed, is the lock.
    assert git(repository, "status", "--porcelain") == "?? personas/mira-halvorsen.lock.yaml"


def test_a_pull_request_that_touches_no_persona_builds_none(
    repository: Path, tmp_path: Path, commands: Path, git: Git
) -> None:
    base = git(repository, "rev-parse", "HEAD")
    (repository / "README.md").write_text("Read me.\n")
    (repository / "personas/mira.yaml").write_text("# A note.\n" + (repository / "personas/mira.yaml").read_text())
    git(repository, "commit", "-a", "-m", "Words")
    ran, _, said = run_as_github(repository, tmp_path, commands, base)
    assert [step for step in ran if step.code] == [] and ran[-1].name == "Report"
    assert "No persona's keys differ" in said and "no persona's keys have changed since" in said
    assert [one.name for one in (repository / "build").iterdir()] == ["schema"], "for editors, by forge init"


def test_a_broken_persona_stops_the_workflow(repository: Path, tmp_path: Path, commands: Path) -> None:
    (repository / "personas/mira.yaml").write_text("id: mira\nimag: 3\n")
    ran, _, said = run_as_github(repository, tmp_path, commands)
    assert (ran[-1].job, ran[-1].name, ran[-1].code) == ("plan", "Validate", 2)
    assert "file=personas/mira.yaml,line=2," in ran[-1].output and not said


def test_expressions_that_nobody_knows_fail() -> None:
    assert evaluated("a ${{ x.y || 'z' }}", {}) == "a z"
    with pytest.raises(KeyError):
        evaluated("${{ github.actor }}", {})


def test_the_git_hook_refuses_a_broken_persona(repository: Path, git: Git, commands: Path) -> None:
    git(repository, "config", "core.hooksPath", ".githooks")
    persona = repository / "personas/mira.yaml"
    good = persona.read_text()
    persona.write_text(good + "imag: 3\n")
    refused = git(repository, "commit", "-a", "-m", "Break", check=False)
    assert refused.startswith("1") and "imag" in refused
    assert git(repository, "rev-list", "--count", "HEAD") == "1"
    persona.write_text(good.replace("seed: 3", "seed: 4"))
    git(repository, "commit", "-a", "-m", "Another seed")
    assert git(repository, "rev-list", "--count", "HEAD") == "2"


def test_pre_commits_hook_runs_the_same(repository: Path, commands: Path) -> None:
    declared = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())
    [hook] = [hook for repo in declared["repos"] if repo["repo"] == "local" for hook in repo["hooks"]]
    assert {"id", "name", "entry", "language", "files"} <= set(hook) and hook["language"] == "system"
    for name in ("personas/mira.yaml", "conf/image/fal.yaml", "templates/bio.j2"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "README.md")
    assert subprocess.run(hook["entry"].split(), cwd=repository, capture_output=True, timeout=60).returncode == 0


def test_the_schema_is_where_the_personas_first_line_says(repository: Path) -> None:
    persona = repository / "personas/mira.yaml"
    line = persona.read_text().splitlines()[0]
    schema = json.loads((persona.parent / line.partition("$schema=")[2]).read_text())
    assert list(Draft202012Validator(schema).iter_errors(yaml.safe_load(persona.read_text()))) == []
