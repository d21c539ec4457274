"""What a fall is attributed to, in a project whose builds changed one thing at a time, and of records made by hand."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import orjson
import pytest

from personaforge.drift.attribution.causes import PossibleCause
from personaforge.drift.attribution.inputs import changes_of
from personaforge.drift.timelines import Timeline, drift
from personaforge.providers.protocols import Request
from personaforge.report.drift.console import print_drift
from personaforge.run.builds import author_date, git_commit
from tests.conftest import Forge
from tests.run.conftest import FILES, PERSONA, Studio, make_studio

__all__ = ["make_studio"]

Make = Callable[..., Studio]
PINNED = "2026-03-0{}T09:30:00+01:00"
COLD = "in cold light"


def noisy(request: Request) -> tuple[int, int, int]:
    """A colour that scatters, and is off where the prompt asks for cold light."""
    rng = random.Random(repr(sorted(request.fields.items())))
    off = 34 if COLD in str(request.fields["prompt"]) else 0
    return 200 - off, 120 + rng.randint(-9, 9), 90 + off + rng.randint(-9, 9)


def git(root: Path, *arguments: str, **environment: str) -> str:
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **environment}
    named = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    done = subprocess.run(
        ["git", "-C", str(root), *named, *arguments], check=True, capture_output=True, text=True, env=os.environ | quiet
    )
    return done.stdout.strip()


def committed(root: Path, day: int) -> str:
    git(root, "add", "conf", "templates", "personas/ana.yaml")
    git(root, "commit", "-q", "-m", f"day {day}", GIT_AUTHOR_DATE=PINNED.format(day))
    return git(root, "rev-parse", "HEAD")


def face(root: Studio) -> Timeline:
    with root.open() as space:
        return next(line for line in drift(space, "ana").timelines if line.modality == "face")


@pytest.fixture
def changed(make_studio: Make) -> tuple[Studio, list[str]]:
    """Seven builds at four commits: on day 2 another model, on day 3 a template and on day 4 another width."""
    persona = PERSONA.replace("max_attempts: 3", "max_attempts: 1, accept_threshold: 0.1, retry_threshold: 0.05")
    studio = make_studio(persona, color=noisy)
    git(studio.root, "init", "-q")
    edits = {
        2: lambda: studio.edit("conf/image/scripted.yaml", ("model: img-1", "model: img-2"), ("{img-1:", "{img-2:")),
        3: lambda: studio.edit("templates/image.j2", ("yaw {{", f"{COLD}, yaw {{{{")),
        4: lambda: studio.edit("conf/image/scripted.yaml", ("width: 64", "width: 72")),
    }
    commits = []
    for day, builds in ((1, 3), (2, 2), (3, 2), (4, 2)):
        edits.get(day, lambda: None)()
        commits.append(committed(studio.root, day))
        for number in range(builds):
            studio.build(force=("image/*",) if number or day > 1 else ())
    return studio, commits


def test_the_change_that_caused_it_comes_first_with_its_commit_and_diff(
    changed: tuple[Studio, list[str]], forge: Forge, capsys: pytest.CaptureFixture[str]
) -> None:
    studio, commits = changed
    line = face(studio)
    assert line.finding.verdict == "degrading" and line.attribution is not None
    first = line.causes[0]
    assert first.name == "template image.j2" and first.probability > 0.9 > line.attribution.unrecorded
    assert first.commit is not None and first.commit.name == commits[2]
    assert first.commit.authored is not None and first.commit.authored.isoformat() == PINNED.format(3)
    assert first.size is not None and first.size < 0 and first.nodes == first.of_nodes == 3
    assert first.carry == 12 and line.entries[first.first].node.startswith("image/")
    diff = "\n".join(first.parts[0].diff)
    assert (
        f"+{{{{ profile.surface.name }}}}, eyes {{{{ profile.dna.eyes }}}}, {{{{ position.expression }}}}, {COLD}"
        in diff
    )
    assert {one.name for one in line.causes} >= {"model", "image.width"}, "the decoys are possible causes, too"
    with studio.open() as space:
        print_drift(drift(space, "ana"), causes=True)
    said = capsys.readouterr().out
    assert (
        "1. " in said and "template image.j2" in said and commits[2][:12] in said and "2026-03-03 09:30 +0100" in said
    )
    assert "+{{ profile.surface.name }}" in said and "nothing that a record names" in said
    assert max(map(len, said.splitlines())) <= 80
    for form in ("github", "markdown", "csv", "junit"):
        written = forge("drift", "ana", "--format", form, cwd=studio.root, check=0).stdout
        assert form == "csv" or "template image.j2" in written
    told = forge("drift", "ana", "--blame", cwd=studio.root, check=0).stdout
    assert commits[2][:12] in told
    short = forge("drift", "ana", cwd=studio.root, check=0).stdout
    assert "likely cause: template image.j2" in " ".join(short.split()) and commits[2][:12] not in short
    json = orjson.loads(forge("drift", "ana", "--format", "json", cwd=studio.root, check=0).stdout)
    (told_face,) = [one for one in json["timelines"] if one["modality"] == "face"]
    assert told_face["causes"][0]["git_authored"] == PINNED.format(3)
    assert told_face["causes"][0]["parts"][0]["diff"]


def test_builds_of_before_this_still_tell_what_they_can(changed: tuple[Studio, list[str]]) -> None:
    """Earlier builds kept neither author dates nor templates, and earlier actions not what they were told."""
    studio, _ = changed
    for kind, names in (("builds", ("git_authored", "templates")), ("actions", ())):
        for file in (studio.root / ".forge/records" / kind).rglob("*.json"):
            record = orjson.loads(file.read_bytes())
            for name in names:
                del record[name]
            if kind == "actions":
                record["sources"].pop("needs", None)
            file.chmod(0o644)
            file.write_bytes(orjson.dumps(record))
    for text in studio.root.glob(".forge/blobs/*/*"):
        if b"profile.surface" in text.read_bytes():
            text.unlink()
    first = face(studio).causes[0]
    assert first.name == "template image.j2" and first.commit is not None and first.commit.authored is not None
    (part,) = first.parts
    assert "not kept" in part.note and "prompt" in part.note
    assert any(text.startswith("+") and COLD in text for text in part.diff), "the prompts themselves are on record"


def test_outside_a_checkout_it_says_so(make_studio: Make) -> None:
    studio = make_studio(
        PERSONA.replace("max_attempts: 3", "max_attempts: 1, accept_threshold: 0.1, retry_threshold: 0.05"), color=noisy
    )
    for number in range(6):
        if number == 4:
            studio.edit("templates/image.j2", ("yaw {{", f"{COLD}, yaw {{{{"))
        studio.build(force=("image/*",) if number else ())
    line = face(studio)
    assert line.causes[0].name == "template image.j2" and line.causes[0].commit is None
    assert line.attribution is not None and "outside a checkout" in line.attribution.notes[0]


def test_a_new_text_behind_the_pictures_is_named_with_its_diff(make_studio: Make) -> None:
    """Nothing that the picture's own call reads has changed but what it was told of the persona."""
    persona = PERSONA.replace("max_attempts: 3", "max_attempts: 1, accept_threshold: 0.1, retry_threshold: 0.05")
    template = FILES["templates/image.j2"] + f"{{{{ '{COLD}' if profile.surface.name == 'Bea' }}}}"
    studio = make_studio(persona, color=noisy, files={"templates/image.j2": template})
    for number in range(6):
        if number == 4:
            studio.edit("personas/ana.yaml", ("seed: 3", "seed: 3\npinned: {surface: {name: Bea}}"))
        studio.build(force=("image/*",) if number else ())
    first = face(studio).causes[0]
    told = {part.name: part for part in first.parts}
    assert "input profile" in told, first
    diff = told["input profile"].diff
    assert diff[0].startswith("--- input profile before"), "of the text itself, not of the prompts that it led to"
    assert any("Bea" in text and text.startswith("+") for text in diff)


def test_an_authors_date_comes_from_git_and_from_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/a").write_text("a")
    git(tmp_path, "add", "conf")
    git(tmp_path, "commit", "-q", "-m", "a\n\nauthor Eve <e@e> 1 +0000", GIT_AUTHOR_DATE="2026-03-01T23:59:59-0330")
    commit = git_commit(tmp_path)
    assert commit == git(tmp_path, "rev-parse", "HEAD") == git_commit(tmp_path / "conf")
    assert author_date(tmp_path, commit or "") == "2026-03-01T23:59:59-03:30"
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert author_date(tmp_path, commit or "") == "2026-03-01T23:59:59-03:30", "a hook's own repository is another"
    assert author_date(tmp_path, "0" * 40) is None and author_date(tmp_path, "--help") is None


def parts(**values: str) -> Mapping[str, str]:
    return values


def test_changes_are_found_by_node_and_ranked_by_first_appearance() -> None:
    nodes = ["a", "b"] * 4
    facts = [
        parts(width="1" if node == "a" else "9", model=model) for node, model in zip(nodes, "xxyyxxzz", strict=True)
    ]
    found = {(one.before, one.after): one for one in changes_of(nodes, facts)}
    assert {one.name for one in found.values()} == {"model"}, "that slots differ is no change"
    assert found["x", "y"].dose == (0, 0, 1, 1, 0, 0, 1, 1) and found["x", "y"].nodes == {"a", "b"}
    assert found["x", "z"].dose == (0, 0, 0, 0, 0, 0, 1, 1)


def test_a_number_that_grows_is_one_change_by_degrees() -> None:
    found = changes_of(["a"] * 5, [parts(drift=value) for value in ("0", "0", "0.25", "0.5", "1")])
    (graded,) = [one for one in found if one.graded]
    assert graded.dose == (0, 0, 0.25, 0.5, 1) and (graded.before, graded.after) == ("0", "1")
    assert len([one for one in found if not one.graded]) == 3


def test_a_part_that_some_calls_lack_is_absent() -> None:
    (one,) = changes_of(["a", "a"], [parts(), parts(strength="2")])
    assert (one.before, one.after, one.dose) == ("absent", "2", (0, 1))


def test_a_possible_cause_without_parts_is_called_by_its_commit() -> None:
    one = PossibleCause((), None, ("1", "2"), 0.5, -0.1, -1.0, 3, 4, 5, (1, 0), 1, 1)
    assert one.name == "forge" and one.as_json()["git_commit"] is None
