"""Every command as a user types it: output, JSON, exit codes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from personaforge.cli.main import COMMANDS
from tests.conftest import Forge

pytestmark = pytest.mark.usefixtures("no_pack")


@pytest.fixture
def built(project: Path, forge: Forge) -> Path:
    forge("build", cwd=project, check=0)
    return project


def test_help_names_every_command(forge: Forge, tmp_path: Path) -> None:
    text = forge("--help", cwd=tmp_path, check=0).stdout
    for name, (_, line) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", text, re.MULTILINE), name
    for name in COMMANDS:
        assert forge(name, "--help", cwd=tmp_path, check=0).stdout.startswith("Usage: forge " + name)


def test_help_lines_agree_with_the_commands(tmp_path: Path) -> None:
    from importlib import import_module

    for name, (module, line) in COMMANDS.items():
        command = getattr(import_module(f"personaforge.cli.{module}"), f"{name}_command")
        assert command.short_help == line and command.name == name


def test_build_then_nothing_to_do(project: Path, forge: Forge) -> None:
    first = forge("build", "ana", cwd=project, check=0)
    assert "ana" in first.stdout and "drafts/soul.json" in first.stdout and "bio.txt" in first.stdout
    assert re.search(r"\d+ actions performed", first.stdout)
    second = forge("build", "ana", cwd=project, check=0)
    assert second.stdout == "Nothing to do: 10 nodes are up to date in build/ana\n"
    assert (project / "build/ana/bio.txt").read_text().count("wants") == 1


def test_personas_as_file_id_and_glob(project: Path, forge: Forge) -> None:
    for arguments in (["personas/ana.yaml"], ["ana"], ["a*"], ["personas/a*.yaml"]):
        plan = json.loads(forge("plan", *arguments, "--json", cwd=project, check=0).stdout)
        assert [persona["id"] for persona in plan["personas"]] == ["ana"], arguments
    both = json.loads(forge("plan", "--json", cwd=project, check=0).stdout)
    assert [persona["id"] for persona in both["personas"]] == ["ana", "ben"]
    missing = forge("plan", "anna", cwd=project, check=2)
    assert "did you mean ana?" in missing.stderr


def test_build_from_another_folder_with_project(project: Path, forge: Forge, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    forge("--project", str(project), "build", "ana", cwd=elsewhere, check=0)
    assert (project / "build/ana/bio.txt").exists() and not list(elsewhere.iterdir())


def test_plan_says_why(built: Path, forge: Forge) -> None:
    assert forge("plan", cwd=built, check=0).stdout.endswith("Nothing to do.\n")
    (built / "templates/bio.j2").write_text("{{ sections.surface.name }}!\n")
    text = forge("plan", cwd=built, check=0).stdout
    assert "1 to run" in text and "bio.j2 changed" in text
    forge("plan", "--detailed-exitcode", cwd=built, check=2)
    verbose = forge("plan", "-v", cwd=built, check=0).stdout
    assert "ana/bio" in verbose and "ana/soul" in verbose
    forge("build", cwd=built, check=0)
    forge("plan", "--detailed-exitcode", cwd=built, check=0)


def test_plan_json_has_a_schema_version(built: Path, forge: Forge) -> None:
    plan = json.loads(forge("plan", "ana", "--json", cwd=built, check=0).stdout)
    assert plan["schema"] == 1 and plan["summary"]["changes"] is False
    node = plan["personas"][0]["nodes"][0]
    assert set(node) == {"id", "step", "slot", "kind", "tags", "state", "reasons", "estimate"}


def test_a_saved_plan_is_built_exactly_or_refused(project: Path, forge: Forge) -> None:
    forge("plan", "ana", "-o", "plan.json", cwd=project, check=0)
    forge("build", "--plan", "plan.json", cwd=project, check=0)
    stale = forge("build", "--plan", "plan.json", cwd=project, check=2)
    assert "the saved plan is stale: ana/audit was run, is cached" in stale.stderr
    forge("plan", "ana", "-s", "bio", "-o", "plan.json", cwd=project, check=0)
    (project / "templates/bio.j2").write_text("changed")
    assert "stale" in forge("build", "--plan", "plan.json", cwd=project, check=2).stderr
    assert "takes no personas" in forge("build", "ana", "--plan", "plan.json", cwd=project, check=2).stderr
    (project / "other.json").write_text("[]")
    assert "is not a saved plan" in forge("build", "--plan", "other.json", cwd=project, check=2).stderr


def test_dry_run_builds_nothing(project: Path, forge: Forge) -> None:
    text = forge("build", "--dry-run", cwd=project, check=0).stdout
    assert "to run" in text and not (project / "build").exists()
    assert not (project / "personas/ana.lock.yaml").exists()


def test_explain_shows_inputs_changes_and_artifacts(built: Path, forge: Forge) -> None:
    text = forge("explain", "ana/bio", cwd=built, check=0).stdout
    assert "ana/bio  cached" in text and "build/ana/bio.txt" in text and "needs profile" in text
    forge("explain", "bio", cwd=built, check=0)
    assert "is a node of 2 personas" in forge("explain", "profile", cwd=built, check=2).stderr
    assert "did you mean" in forge("explain", "ana/bioo", cwd=built, check=2).stderr
    changed = forge("explain", "ben/image/02", "image.width=300", cwd=built, check=0).stdout
    assert "~ image.width" in changed and "256 -> 300" in changed and "request.width: 256 -> 300" in changed
    data = json.loads(forge("explain", "ben/image/02", "image.width=300", "--json", cwd=built, check=0).stdout)
    assert (
        data["state"] == "run"
        and {"name": "request.width", "before": 256, "now": 300} in data["action"]["changed_parts"]
    )


def test_explain_shows_how_a_prompt_changed(built: Path, forge: Forge) -> None:
    (built / "templates/text").mkdir()
    (built / "templates/text/soul.j2").write_text("Only the soul of: {{ brief }}")
    text = forge("explain", "ana/soul", cwd=built, check=0).stdout
    assert "text/soul.j2 changed" in text and "+Only the soul of: A calm Portuguese gardener." in text


def test_overrides_are_hydras(project: Path, forge: Forge) -> None:
    forge("build", "ben", "image.width=128", "image.height=160", cwd=project, check=0)
    from PIL import Image

    with Image.open(project / "build/ben/images/02-smiling.png") as picture:
        assert picture.size == (128, 160)
    bad = forge("build", "ben", "image.widht=128", cwd=project, check=2)
    assert "image.widht" in bad.stderr
    assert "may not call a resolver" in forge("build", "ben", "brief=${oc.env:HOME}", cwd=project, check=2).stderr


def test_select_and_exclude(project: Path, forge: Forge) -> None:
    forge("build", "ana", "-s", "+soul", cwd=project, check=0)
    assert sorted(path.name for path in (project / "build/ana/drafts").iterdir()) == ["intent.json", "soul.json"]
    error = forge("build", "ana", "-s", "bio", cwd=project, check=2)
    assert "ana/bio needs ana/profile, which has not been built" in error.stderr and "--select +bio" in error.stderr
    assert "did you mean soul?" in forge("plan", "ana", "-s", "sole", cwd=project, check=2).stderr
    text = forge("plan", "ana", "--exclude", "bio", cwd=project, check=0).stdout
    assert "1 not selected" in text


def test_a_prompt_can_be_read_before_and_after_it_was_asked(built: Path, forge: Forge) -> None:
    asked = forge("explain", "ben/image/02", "--prompt", cwd=built, check=0).stdout
    assert asked.startswith("ben/image/02: draw by ") and "as it was asked" in asked
    head, _, prompt = asked.partition(" characters\n")
    assert "width" in head and "256" in head and prompt.strip()
    changed = forge("explain", "ben/image/02", "image.width=300", "--prompt", cwd=built, check=0).stdout
    assert "as a build would ask now" in changed and "300" in changed.partition(" characters\n")[0]
    assert forge("explain", "ana/profile", "--prompt", cwd=built, check=0).stdout == (
        "ana/profile has no prompt: it asks nobody\n"
    )


def test_a_prompt_can_be_read_before_what_it_needs_is_there_and_for_another_provider(
    project: Path, forge: Forge
) -> None:
    def told(*arguments: str, code: int = 0) -> str:
        done = forge("explain", *arguments, cwd=project, check=code)
        return done.stderr if code else done.stdout

    first = told("ben/image/02", "--prompt")
    assert first.startswith("ben/image/02: draw by embedded@") and "as a build would ask now" in first
    assert "Not there yet with these settings: profile, " in first and "a value of" in first
    hosted = told("ben/image/02", "--prompt", "--provider", "gemini")
    assert hosted.startswith("ben/image/02: draw by gemini@") and "gemini-3.1-flash-image" in hosted
    action = json.loads(told("ben/image/02", "--prompt", "--provider", "gemini", "--json"))["would_ask"]
    assert action["provider"].startswith("gemini@") and "profile" in action["stand_ins"]
    assert action["parts"]["request"]["prompt"] in hosted
    assert "ben/anchor has no prompt: it asks nobody" in told("ben/anchor", "--prompt")
    assert "no image provider 'gemnii'" in (wrong := told("ben/image/02", "--prompt", "--provider", "gemnii", code=2))
    assert "did you mean gemini?" in wrong
    assert "profile asks no provider" in told("ben/profile", "--prompt", "--provider", "fal", code=2)
    assert "--provider goes along with --prompt" in told("ben/image/02", "--provider", "fal", code=2)
    assert not (project / "build/ben").exists()
    forge("build", "ben", "--select", "+image/02", cwd=project, check=0)
    hosted = told("ben/image/02", "--prompt", "--provider", "fal")
    assert "draw by fal@" in hosted and "Not there yet" not in hosted and "a value of" not in hosted


def test_ls_lists_nodes_and_what_settings_name(project: Path, forge: Forge) -> None:
    rows = forge("ls", "ben", "--select", "image/*", cwd=project, check=0).stdout.splitlines()
    assert rows and all(row.startswith("ben/image/") for row in rows)
    assert len(rows) < len(forge("ls", "nodes", "ben", "-n", cwd=project, check=0).stdout.split())
    pins = json.loads(forge("ls", "pins", "ana", "--json", cwd=project, check=0).stdout)
    assert {
        "name": "pinned.dna.eyes.color",
        "about": "dark brown, brown, light brown, hazel, amber, green, blue, gray",
    } in (pins["entries"])
    assert {"name": "pinned.surface.age", "about": "a whole number, 18 to 95"} in pins["entries"]
    assert "lifestyle" in forge("ls", "motions", "ana", "-n", cwd=project, check=0).stdout.split()
    contexts = forge("ls", "contexts", "ana", cwd=project, check=0).stdout.splitlines()
    assert contexts[0].split(maxsplit=1) == ["classic_minimalist", "clean lines and a neutral palette"]
    assert "name one persona" in forge("ls", "positions", cwd=project, check=2).stderr
    assert "are about nodes" in forge("ls", "pins", "ana", "--select", "bio", cwd=project, check=2).stderr
    assert "did you mean" in forge("ls", "--select", "tag:idntity", cwd=project, check=2).stderr
    assert "did you mean positions?" in forge("ls", "positons", "ana", cwd=project, check=2).stderr
    assert "nodes are named by --select image/07" in forge("ls", "image/07", cwd=project, check=2).stderr
    assert "did you mean" not in forge("ls", "zzz", cwd=project, check=2).stderr


def test_validate_lists_every_problem(project: Path, forge: Forge) -> None:
    said = forge("validate", cwd=project, check=0).stdout
    assert (
        said.startswith("Valid: ana, ben\n")
        and "Pictures that forge draws are judged by what pack is here (auto)" in said
    )
    (project / "personas/bad.yaml").write_text(
        "id: Bad\nbrief: x\npipeline: words\nimgae: embedded\npinned: {dna: {eyes: {color: bleu}}}\nseed: tomorrow\n"
    )
    done = forge("validate", cwd=project, check=2)
    for piece in (
        "personas/bad.yaml:1 id",
        "personas/bad.yaml:2 brief",
        "imgae",
        "did you mean image?",
        "seed",
        "bleu",
        "blue?",
    ):
        assert piece in done.stderr, piece
    data = json.loads(forge("validate", "--json", cwd=project, check=2).stdout)
    assert data["valid"] is False and data["personas"] == ["ana", "ben"] and len(data["problems"]) == 5


def test_validate_writes_what_ci_reads(project: Path, forge: Forge, tmp_path: Path) -> None:
    (project / "personas/bad.yaml").write_text("id: bad\nbrief: a quiet, careful gardener\nseed: tomorrow\n")
    said = forge("validate", "--format", "github", cwd=project, check=2).stdout
    assert "::error file=personas/bad.yaml,line=3,title=personas/bad.yaml seed::found 'tomorrow'" in said
    out = tmp_path / "validate.xml"
    done = forge("validate", "--format", "junit", "--out", str(out), cwd=project, check=2)
    assert "personas/bad.yaml:3 seed" in done.stderr and "Valid: ana, ben" in done.stdout
    suites = ElementTree.parse(out).getroot()
    assert (suites.get("tests"), suites.get("errors")) == ("3", "1")
    assert suites.find(".//testcase[@name='seed']/error") is not None
    assert json.loads(forge("validate", "--format", "json", cwd=project, check=2).stdout)["valid"] is False


def test_validate_finds_an_id_that_two_files_have(project: Path, forge: Forge) -> None:
    (project / "personas/twin.yaml").write_text((project / "personas/ana.yaml").read_text())
    done = forge("validate", cwd=project, check=2)
    assert "personas/twin.yaml id: 'ana' is also the id of personas/ana.yaml" in done.stderr
    assert "1 problem." in done.stderr


def test_validate_finds_a_missing_template_and_provider(project: Path, forge: Forge) -> None:
    (project / "conf/pipeline/words.yaml").write_text(
        (project / "conf/pipeline/words.yaml").read_text().replace("bio.j2", "boi.j2")
    )
    done = forge("validate", "ana", cwd=project, check=2)
    assert "boi.j2" in done.stderr and "did you mean bio.j2?" in done.stderr


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("text.provider=embeded", "text.provider: no text provider 'embeded'"),
        ("image.provider=embeded", "image.provider: no image provider 'embeded'"),
        ("pipeline.steps.avatar.provider=embeded", "pipeline.steps.avatar.provider: no image provider 'embeded'"),
        (
            "+pipeline.steps.avatar.fallbacks=[{provider: embeded, model: x}]",
            "pipeline.steps.avatar.fallbacks: no image provider 'embeded'",
        ),
        ("+image.fallbacks=[{provider: embeded, model: x}]", "image.fallbacks: no image provider 'embeded'"),
    ],
)
def test_a_mistyped_provider_is_reported_once_where_it_is_written(
    tmp_path: Path, forge: Forge, override: str, said: str
) -> None:
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas/ana.yaml").write_text("id: ana\nbrief: A calm gardener.\n")
    done = forge("validate", "ana", override, cwd=tmp_path, check=2)
    assert done.stderr.splitlines()[:-1] == [f"error: command line {said}", "  did you mean embedded?"]


def test_config_names_origins(project: Path, forge: Forge) -> None:
    text = forge("config", "ben", "image.height=99", cwd=project, check=0).stdout
    assert re.search(r"^image\.width: 256 +# personas/ben\.yaml:5$", text, re.MULTILINE)
    assert re.search(r"^image\.height: 99 +# command line$", text, re.MULTILINE)
    assert re.search(r"^text\.provider: embedded +# packaged conf/text/embedded\.yaml:\d+$", text, re.MULTILINE)
    rows = json.loads(forge("config", "ben", "--path", "identity.anchor", "--json", cwd=project, check=0).stdout)
    assert rows["settings"][0] == {"path": "identity.anchor.candidates", "value": 2, "where": "personas/ben.yaml:7"}
    assert "there is no setting" in forge("config", "ben", "--path", "nope", cwd=project, check=2).stderr
    near = forge("config", "ben", "--path", "identity.geometri", cwd=project, check=2).stderr
    assert "did you mean identity.geometric?" in near
    assert "Did you mean build?" in forge("retry", cwd=project, check=2).stderr


def test_status_show_and_graph(built: Path, forge: Forge) -> None:
    text = forge("status", cwd=built, check=0).stdout
    assert "ana" in text and "up to date" in text and "unmeasured" in text
    data = json.loads(forge("status", "--json", cwd=built, check=0).stdout)
    assert data["personas"][1]["status"] == "unmeasured" and data["personas"][1]["labels"] == ["embedded"]
    card = forge("show", "ben", cwd=built, check=0).stdout
    assert "A cheerful Irish baker." in card and "embedded" in card and "image/02" in card
    document = json.loads(forge("show", "ben", "--json", cwd=built, check=0).stdout)
    assert document["id"] == "ben" and document["artifacts"]["image/02"]["file"] == "images/02-smiling.png"
    assert "ana has no document" in forge("show", "ana", cwd=built, check=2).stderr, "her pipeline writes none"
    mermaid = forge("graph", "ana", cwd=built, check=0).stdout
    assert mermaid.startswith("flowchart LR") and "ana_soul --> ana_self" in mermaid
    assert forge("graph", "ben", "--format", "dot", "--all", cwd=built, check=0).stdout.startswith("digraph")
    graph = json.loads(forge("graph", "ben", "--format", "json", cwd=built, check=0).stdout)
    assert {"id": "ben/candidate", "persona": "ben", "step": "candidate", "kind": "candidate", "nodes": 2,
            "states": {"pinned": 2}} in graph["nodes"]  # fmt: skip


def test_query_speaks_sql(built: Path, forge: Forge) -> None:
    rows = json.loads(
        forge(
            "query", "select kind, count(*) n from actions group by 1 order by 1", "--json", cwd=built, check=0
        ).stdout
    )
    assert {"kind": "draw", "n": 3} in rows
    assert forge("query", "select 1 as one, 'a,b' as two", "--csv", cwd=built, check=0).stdout == 'one,two\n1,"a,b"\n'
    assert "one" in forge("query", "select 1 as one", cwd=built, check=0).stdout
    error = forge("query", "select nope", cwd=built, check=2)
    assert "nope" in error.stderr and "Traceback" not in error.stderr


def test_warehouse_rebuild_says_the_same(built: Path, forge: Forge) -> None:
    sql = "select * exclude (evaluated) from evaluations order by evaluation"
    before = forge("query", sql, "--json", cwd=built, check=0).stdout
    assert "Rebuilt from" in forge("warehouse", "rebuild", cwd=built, check=0).stdout
    assert forge("query", sql, "--json", cwd=built, check=0).stdout == before


def test_cache_verify_stats_and_gc(built: Path, forge: Forge) -> None:
    assert forge("cache", "verify", cwd=built, check=0).stdout.endswith("Sound.\n")
    stats = json.loads(forge("cache", "stats", "--json", cwd=built, check=0).stdout)
    assert stats["records"]["actions"] > 5 and stats["by_type"]["image/png"]["artifacts"] >= 3
    assert "Would remove 0" in forge("cache", "gc", cwd=built, check=0).stdout
    blob = next(path for path in (built / ".forge/blobs").rglob("*") if path.is_file())
    blob.chmod(0o644)
    blob.write_bytes(b"damaged")
    stray = blob.with_name("thesis.docx")
    stray.write_bytes(b"thesis")
    found = forge("cache", "verify", cwd=built, check=1).stdout
    assert "damaged: artifact is not what its name says" in found and f"is left alone: {stray}" in found
    forge("cache", "verify", "--repair", cwd=built, check=0)
    assert forge("cache", "verify", cwd=built, check=0).stdout.endswith("Sound.\n") and stray.read_bytes() == b"thesis"
    forge("build", cwd=built, check=0)


def test_a_fresh_clone_pulls_what_is_pinned(built: Path, forge: Forge, tmp_path: Path) -> None:
    import shutil

    pictures = {path.name: path.read_bytes() for path in (built / "build/ben/images").iterdir()}
    assert "pushed" in forge("cache", "push", "ben", "--remote", str(tmp_path / "share"), cwd=built, check=0).stdout
    clone = tmp_path / "clone"
    shutil.copytree(built, clone, ignore=shutil.ignore_patterns(".forge", "build"))
    pulled = forge("cache", "pull", "ben", "--remote", str(tmp_path / "share"), cwd=clone, check=0)
    assert "pulled" in pulled.stdout
    done = json.loads(forge("build", "ben", "--json", cwd=clone, check=0).stdout)
    assert {path.name: path.read_bytes() for path in (clone / "build/ben/images").iterdir()} == pictures
    assert done["cost_usd"] == 0 and not done["failed"]
    outside = forge("cache", "push", "ben", "store.remote=x", cwd=clone, check=2)
    assert outside.returncode == 2
    assert "no folder to share through is named" in forge("cache", "pull", "ben", cwd=clone, check=2).stderr


def test_a_push_goes_to_a_folder_or_says_that_it_went_nowhere(project: Path, forge: Forge, tmp_path: Path) -> None:
    forge("build", "ana", cwd=project, check=0)
    refused = forge("cache", "push", "ana", "--remote", "s3://bucket/x", cwd=project, check=2)
    assert refused.stdout == "" and "--remote: 's3://bucket/x' is no folder" in refused.stderr
    assert not [path.name for path in project.iterdir() if ":" in path.name]
    share = tmp_path / "share"
    environment = {**os.environ, "FORGE_REMOTE": str(share)}
    first = forge("cache", "push", "ana", cwd=project, check=0, env=environment).stdout
    assert first.startswith("ana: pushed ") and first.endswith(f" records to {share}\n")
    again = forge("cache", "push", "ana", cwd=project, check=0, env=environment).stdout
    assert again.startswith("ana: nothing pushed: its ") and again.endswith(f" artifacts are in {share} already\n")
    missing = forge("cache", "pull", "ana", "--remote", str(tmp_path / "none"), cwd=project, check=2)
    assert "there is no such folder" in missing.stderr and "FORGE_REMOTE=DIR" in missing.stderr


def test_validate_says_of_a_remote_that_it_is_no_folder(project: Path, forge: Forge) -> None:
    file = project / "personas/ana.yaml"
    text = file.read_text()
    for remote, said in (("s3://bucket/x", "s3:// isn't spoken"), ("/mnt/share", "leads out of the project")):
        file.write_text(f"{text}store: {{remote: '{remote}'}}\n")
        found = forge("validate", "ana", cwd=project, check=2).stderr
        assert "ana.yaml:4 store.remote" in found and said in found and "FORGE_REMOTE=DIR" in found
    file.write_text(f"{text}store: {{remote: shared}}\n")
    forge("validate", "ana", cwd=project, check=0)


def test_a_remote_from_a_config_file_stays_in_the_project(built: Path, forge: Forge) -> None:
    (built / "personas/ben.yaml").write_text(
        (built / "personas/ben.yaml").read_text() + "store: {remote: ../../elsewhere}\n"
    )
    assert "leads out of the project" in forge("cache", "push", "ben", cwd=built, check=2).stderr


def test_events_are_json_lines(project: Path, forge: Forge) -> None:
    done = forge("build", "ben", "--events", "-", cwd=project, check=0)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["type"] == "build_started" and events[-1]["type"] == "build_finished"
    assert len({event["jobId"] for event in events}) == 1
    assert {"persona_spec_started", "persona_image_complete", "node_finished", "action_finished"} <= {
        e["type"] for e in events
    }
    forge("build", "ana", "--events", "events.jsonl", cwd=project, check=0)
    assert (project / "events.jsonl").read_text().count("\n") > 10


def test_nothing_is_shown_on_a_pipe_and_lines_in_ci(project: Path, forge: Forge) -> None:
    quiet = forge("build", "ana", cwd=project, check=0)
    assert quiet.stderr == ""
    (project / "templates/bio.j2").write_text("again")
    loud = forge("build", "ana", cwd=project, check=0, env={**os.environ, "CI": "true"})
    assert re.search(r"^\[1/1 +\d+\.\ds\] ana/bio done$", loud.stderr, re.MULTILINE)


def test_schema_for_editors(project: Path, forge: Forge) -> None:
    schema = json.loads(forge("schema", cwd=project, check=0).stdout)
    assert "words" in schema["properties"]["pipeline"]["anyOf"][0]["enum"], "the project's own options are offered"
    forge("schema", "-o", "out", cwd=project, check=0)
    assert len(list((project / "out").glob("*.schema.json"))) == 21
    assert "is no group" in forge("schema", "nope", cwd=project, check=2).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, forge: Forge, tmp_path: Path) -> None:
    assert "_FORGE_COMPLETE" in forge("completion", shell, cwd=tmp_path, check=0).stdout


def complete(forge: Forge, cwd: Path, *words: str) -> list[str]:
    env = {**os.environ, "_FORGE_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(("forge", *words)),
           "COMP_CWORD": str(len(words))}  # fmt: skip
    done = forge(cwd=cwd, env=env)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_completion_knows_commands_personas_and_nodes(built: Path, forge: Forge) -> None:
    assert complete(forge, built, "bu") == ["build"]
    assert complete(forge, built, "build", "a") == ["ana"]
    assert "personas/ben.yaml" in complete(forge, built, "plan", "p")
    assert complete(forge, built, "explain", "ben/im") == ["ben/image/02"]


def test_wrong_commands_and_options_exit_with_2(project: Path, forge: Forge) -> None:
    assert "Did you mean build?" in forge("bulid", cwd=project, check=2).stderr
    forge("build", "--nope", cwd=project, check=2)
    forge("eval", "x.png", cwd=project, check=2)
    forge("jobs", "resolve", "abc", cwd=project, check=2)


def test_jobs_list_is_empty_without_paid_calls(built: Path, forge: Forge) -> None:
    assert forge("jobs", "list", cwd=built, check=0).stdout == "No paid call is in flight.\n"
    assert json.loads(forge("jobs", "list", "--json", cwd=built, check=0).stdout) == {"schema": 1, "jobs": []}
    for arguments in (("resolve", "abc", "--resubmit"), ("cancel", "abc")):
        said = forge("jobs", *arguments, cwd=built, check=2).stderr
        assert "no open call has a key that starts with 'abc'" in said and "no paid call is in flight" in said
    said = forge("jobs", "resume", "abc", cwd=built, check=2).stderr
    assert "no call in flight has a key that starts with 'abc'" in said and "no paid call is in flight" in said
    assert forge("jobs", "resume", cwd=built, check=0).stdout == "No paid call is in flight.\n"


def test_a_failed_gate_exits_with_1(project: Path, forge: Forge) -> None:
    (project / "personas/ben.yaml").write_text(
        (project / "personas/ben.yaml").read_text().replace("require_measurement: false, ", "")
    )
    done = forge("build", "ben", cwd=project, check=1)
    assert "rejected" in done.stderr and "not made, since it could not be judged" in done.stderr
    assert "Faces are not measured here" in done.stderr
    again = forge("build", "ben", cwd=project, check=1)
    assert "--force 'result:rejected'" in again.stderr
    forge("plan", "ben", cwd=project, check=0)


def test_our_own_bug_exits_with_3_and_a_log(project: Path, forge: Forge) -> None:
    code = (
        "import sys, personaforge.workspace.workspace as w\n"
        "def broken(*a, **k): raise ZeroDivisionError('oops')\n"
        "w.Workspace.plan = broken\n"
        "from personaforge.cli.main import run\n"
        "sys.exit(run(['plan']))\n"
    )
    import subprocess
    import sys

    (project / ".forge").mkdir(exist_ok=True)
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True)
    assert done.returncode == 3 and "bug: ZeroDivisionError: oops" in done.stderr
    path = Path(done.stderr.rpartition("Details: ")[2].strip())
    assert "ZeroDivisionError" in path.read_text() and path.is_relative_to(project / ".forge/log")


def test_an_interrupt_exits_with_130(project: Path) -> None:
    import signal
    import subprocess
    import sys
    import time

    (project / "personas/ben.yaml").write_text(
        (project / "personas/ben.yaml").read_text().replace("width: 256", "width: 1024")
    )
    command = [sys.executable, "-m", "personaforge.cli.main", "build", "ben", "--events", "events", "-j1"]
    build = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and "draw" not in _text(project / "events"):
        time.sleep(0.01)
    build.send_signal(signal.SIGINT)
    _, err = build.communicate(timeout=60)
    assert build.returncode == 130 and "The next build goes on from here" in err


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_closed_pipe_is_no_bug(built: Path) -> None:
    import subprocess
    import sys

    command = f"{sys.executable} -m personaforge.cli.main config ben | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=built, capture_output=True, text=True)
    assert done.returncode == 0 and "Traceback" not in done.stderr and "bug" not in done.stderr
