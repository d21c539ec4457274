"""A pin on disk wins, always: against a second build, `git pull` and an editor, whatever happens in between."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personaforge.errors import StoreError
from personaforge.providers.protocols import Request
from personaforge.report.build.console import built_summary, has_failures
from personaforge.run.build_report import BuildReport
from personaforge.run.lock import LockKeeper
from personaforge.store.lockfile import Pin, read_lock
from personaforge.workspace.workspace import BuildOptions
from tests.run.conftest import PERSONA, SKIN, Studio
from tests.run.test_attempts import NEAR, STRICT_PERSONA, by_attempt
from tests.soak.pins import Broken, Told, interleave
from tests.soak.pins import at_once as processes_at_once

SEEDS = range(1, 121)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's edit is in the middle of being written here, so none is waited for."""
    monkeypatch.setattr("personaforge.run.lock._SETTLING_SECONDS", 0.0)


@pytest.mark.usefixtures("at_once")
def test_no_interleaving_of_builds_and_edits_changes_a_pin_that_nobody_may_change(tmp_path: Path) -> None:
    told = Told()
    for seed in SEEDS:
        interleave(tmp_path, seed, told)
    print(f"seeds {SEEDS.start} to {SEEDS.stop - 1}: {told}")
    assert told.ended > 40 and told.refused > 60 and told.killed > 5 and len(told.edits) >= 7


@pytest.mark.parametrize("seed", [1, 2])
def test_nor_do_processes_that_build_and_edit_at_the_same_time(tmp_path: Path, seed: int) -> None:
    said = processes_at_once(tmp_path / "project", seed, 2)
    print(f"seed {seed}: {'; '.join(said)}")
    assert len(said) == 2 and all("ended" in one for one in said)


@pytest.mark.usefixtures("at_once")
def test_that_proof_sees_a_keeper_whose_own_pins_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LockKeeper, "_changed", lambda self, name: False)
    with pytest.raises(Broken):
        for seed in SEEDS:
            interleave(tmp_path, seed, Told())


# --- builds -----------------------------------------------------------------------------------------------------------


def pins(studio: Studio) -> dict[str, Pin]:
    return pins_in(studio.lock)


def pins_in(path: Path) -> dict[str, Pin]:
    lock = read_lock(path, "ana")
    return {name: pin for name in lock.names() if (pin := lock.pin(name)) is not None}


def short(pin: Pin) -> str:
    [digest] = pin.outputs.values()
    return digest[:12]


_THEIRS: list[bytes] = []


@pytest.fixture
def theirs(make_studio: Callable[..., Studio], tmp_path: Path) -> Path:
    """The lock of a colleague's clone, built with another face; made once."""
    if not _THEIRS:
        other = make_studio(PERSONA.replace("seed: 3", "seed: 4"), name="theirs")
        other.build()
        _THEIRS.append(other.lock.read_bytes())
    path = tmp_path / "theirs.yaml"
    path.write_bytes(_THEIRS[0])
    return path


def during(studio: Studio, kind: str, what: Callable[[], object], number: int = 1) -> None:
    """Do something while a build waits for the given call of a kind (`draw`, `complete` or `film`)."""
    provider = {"draw": studio.images, "complete": studio.text, "film": studio.clips}[kind]
    answer, count = provider.answer, [0]
    guard = threading.Lock()

    def answered(request: Request) -> Any:
        with guard:
            count[0] += 1
            if count[0] == number:
                what()
        return answer(request)

    provider.answer = answered


def failures(report: BuildReport) -> dict[str, str]:
    return {node.id.partition("/")[2]: f"{node.error} | {node.hint}" for node in report.nodes.values() if node.conflict}


def test_a_lock_that_arrives_while_candidates_are_drawn_keeps_its_anchor(
    make_studio: Callable[..., Studio], theirs: Path
) -> None:
    studio = make_studio()
    during(studio, "draw", lambda: shutil.copy(theirs, studio.lock))
    report = studio.build(options=BuildOptions(jobs=1))
    wanted = pins_in(theirs)
    assert pins(studio) == wanted
    [(node, error)] = failures(report).items()
    assert node == "candidate/1" and short(wanted["candidate/1"]) in error and "forge build ana" in error
    assert report.nodes["ana/candidate/1"].end == "failed" and report.nodes["ana/image/02"].end == "skipped"
    assert len(studio.images.calls) == 1, "the second candidate was not bought"
    assert not (studio.root / "build/ana/candidates/1.png").exists()


def test_no_further_candidate_is_bought_once_an_anchor_alone_has_arrived(
    make_studio: Callable[..., Studio], theirs: Path
) -> None:
    studio = make_studio()
    line = read_lock(theirs, "ana").line("anchor")
    during(studio, "draw", lambda: read_lock(studio.lock, "ana").with_lines({"anchor": line}).write())
    report = studio.build(options=BuildOptions(jobs=1))
    assert len(studio.images.calls) == 1 and list(failures(report)) == ["candidate/2"]
    assert pins(studio)["anchor"] == pins_in(theirs)["anchor"]


def test_two_anchors_are_named_by_both_digests(make_studio: Callable[..., Studio], theirs: Path) -> None:
    studio = make_studio()
    line = read_lock(theirs, "ana").line("anchor")
    during(studio, "draw", lambda: read_lock(studio.lock, "ana").with_lines({"anchor": line}).write(), number=2)
    report = studio.build(options=BuildOptions(jobs=1))
    [(node, error)] = failures(report).items()
    assert node == "anchor" and short(pins_in(theirs)["anchor"]) in error and len(studio.images.calls) == 2
    assert any(short(pins(studio)[f"candidate/{number}"]) in error for number in (1, 2)), "what this build has chosen"
    assert read_lock(studio.lock, "ana").line("anchor") == line


@pytest.mark.parametrize("kind", ["draw", "film"])
def test_an_anchor_that_changes_while_pictures_are_drawn_ends_that_persona_alone(
    make_studio: Callable[..., Studio], theirs: Path, kind: str
) -> None:
    studio = make_studio()
    (studio.root / "personas/eva.yaml").write_text(PERSONA.replace("id: ana", "id: eva"))
    studio.build("+anchor")
    mine = pins(studio)
    studio.forget()
    during(studio, kind, lambda: shutil.copy(theirs, studio.lock))
    report = studio.build(options=BuildOptions(jobs=1))
    assert pins(studio) == pins_in(theirs)
    [(_, error)] = failures(report).items()
    assert short(mine["anchor"]) in error and short(pins_in(theirs)["anchor"]) in error
    eva = {node.end for name, node in report.nodes.items() if name.startswith("eva/")}
    assert eva == {"done"}, "without --keep-going, too: eva has nothing to do with it"
    ana = [call for call in studio.images.calls if call.fields["seed"] in _seeds(studio, "ana")]
    assert len(ana) <= 4


def test_a_further_attempt_is_not_bought_once_another_anchor_has_arrived(
    make_studio: Callable[..., Studio], theirs: Path
) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(NEAR, SKIN))
    studio.build("+anchor")
    answer = studio.images.answer

    def answered(request: Request) -> Any:
        if "smile" in request.fields["prompt"]:
            shutil.copy(theirs, studio.lock)
        return answer(request)

    studio.images.answer = answered
    report = studio.build(options=BuildOptions(jobs=1))
    assert [call.fields["attempt"] for call in studio.images.calls if "smile" in call.fields["prompt"]] == [0]
    assert list(failures(report)) == ["image/02"] and pins(studio) == pins_in(theirs)


def _seeds(studio: Studio, persona: str) -> set[int]:
    from personaforge.digest import derive_seed

    names = ["reference/grin", *(f"image/{number:02}" for number in range(1, 5))]
    return {derive_seed(persona, name, 0, attempt, 3) for name in names for attempt in range(3)}


def test_what_arrives_after_the_last_picture_is_found_at_the_end(
    make_studio: Callable[..., Studio], theirs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from personaforge.run import runner

    studio = make_studio()
    wait = runner.ThreadPoolExecutor.shutdown

    def shutdown(pool: Any, **options: Any) -> None:
        wait(pool, **options)
        shutil.copy(theirs, studio.lock)

    monkeypatch.setattr(runner.ThreadPoolExecutor, "shutdown", shutdown)
    with studio.open() as space:
        plan = space.plan(())
        report = space.build(plan)
        summary = built_summary(space, plan, report)
        failed = {node.partition("/")[2]: error for node, (error, _) in space.store.index.failures("ana").items()}
    assert pins(studio) == pins_in(theirs) and len(failures(report)) == 1
    assert failed.keys() == failures(report).keys(), "kept, so that forge status says it, too"
    assert has_failures(summary), "exit code 1"
    assert [one["status"] for one in summary["personas"]] == ["stopped"], "though every node was built"


def test_two_builds_with_the_same_settings_come_to_one_face_and_both_end_well(studio: Studio) -> None:
    reports: list[BuildReport] = []
    threads = [threading.Thread(target=lambda: reports.append(studio.build())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [failures(report) for report in reports] == [{}, {}] and not any(report.failed for report in reports)
    assert not studio.plan().has_changes


def test_a_change_of_other_lines_stays_and_is_said(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    studio.build()
    before = pins(studio)
    studio.edit("conf/image/scripted.yaml", ("width: 64", "width: 72"))
    line = read_lock(studio.lock, "ana")
    foreign = before["image/02"]._replace(facts={"by": "a colleague"})
    during(studio, "draw", lambda: line.with_pins({"image/02": foreign}).write())
    report = studio.build()
    assert failures(report) == {} and not report.failed
    after = pins(studio)
    assert after["image/02"] == foreign, "somebody else's line is not written over"
    assert after["image/03"].outputs != before["image/03"].outputs, "and all others are"
    notices = [event.message for event in studio.events if event.type == "notice" and "image/02" in event.message]
    assert len(notices) == 1 and "stay as they are" in notices[0]


def test_a_pin_that_was_taken_out_meanwhile_is_not_written_again(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    during(studio, "film", studio.lock.unlink)
    report = studio.build()
    assert not studio.lock.exists()
    [error] = set(failures(report).values())
    assert "its line was taken out while this build ran" in error
    assert f"git -C {studio.root}/personas checkout -- ana.lock.yaml" in error


def test_repin_replaces_the_pin_that_it_has_read_and_no_other(make_studio: Callable[..., Studio], theirs: Path) -> None:
    studio = make_studio()
    studio.build()
    before = pins(studio)["anchor"].outputs
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 6"))
    during(studio, "draw", lambda: shutil.copy(theirs, studio.lock))
    report = studio.build(repin=("anchor",), options=BuildOptions(jobs=1))
    assert pins(studio) == pins_in(theirs) and len(failures(report)) == 1
    assert not failures(studio.build(repin=("anchor",)))
    assert pins(studio)["anchor"].outputs not in (before, pins_in(theirs)["anchor"].outputs)


def test_a_build_does_not_replace_a_face_that_another_one_is_working_on(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    studio.build()
    wanted = pins(studio)
    studio.forget()
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 6"))
    with studio.open() as space, space.store.leases.take("face-ana"):
        report = studio.build(repin=("anchor",), options=BuildOptions(jobs=1))
    [error] = set(failures(report).values())
    assert "another build is working with that" in error and not studio.images.calls
    assert pins(studio) == wanted


def test_a_lock_that_cannot_be_read_any_more_is_left_alone(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    during(studio, "film", lambda: studio.lock.write_text("<<<<<<< ours\n"))
    report = studio.build()
    assert studio.lock.read_text() == "<<<<<<< ours\n"
    [error] = set(failures(report).values())
    assert "holds a merge conflict; it was changed while this build ran" in error


# --- lost lines -------------------------------------------------------------------------------------------------------


def test_every_lost_line_is_written_again_as_it_was_and_the_plan_says_so(studio: Studio) -> None:
    studio.build()
    studio.build(force=("image/02", "soul"))
    whole = studio.lock.read_bytes()
    lines = whole.splitlines(keepends=True)
    studio.forget()
    for number in range(4, len(lines)):
        name = lines[number].strip().partition(b": ")[0].decode()
        studio.lock.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
        found = {node.shape.name: node for node in studio.plan().nodes() if node.state != "cached"}
        assert found[name].state == "restore", name
        assert found[name].reasons[-1].text == "its line is missing from the lock, and is written again"
        assert {node.state for other, node in found.items() if other != name} <= {"pinned"}
        assert studio.build().performed == 0
        assert studio.lock.read_bytes() == whole, name
        assert not studio.plan().has_changes
    studio.lock.unlink()
    studio.build()
    assert studio.lock.read_bytes() == whole and not studio.calls() and not studio.plan().has_changes


# --- what a pin names -------------------------------------------------------------------------------------------------


def test_a_pin_that_names_something_of_another_kind_is_refused_before_anything_is_bought(studio: Studio) -> None:
    studio.build()
    known, whole = pins(studio), studio.lock.read_text()
    studio.forget()
    for node, other, found in (
        ("anchor", "soul", "a text"),
        ("image/02", "soul", "a text"),
        ("soul", "anchor", "image/png"),
        ("video/wave", "anchor", "image/png"),
        ("anchor", "video/wave", "video/webm"),
    ):
        [(name, digest)] = known[node].outputs.items()
        [wrong] = known[other].outputs.values()
        lines = [line.replace(digest, wrong) if line.startswith(f"  {node}:") else line for line in whole.splitlines()]
        studio.lock.write_text("\n".join(lines) + "\n")
        planned = studio.node(node)
        assert planned.state == "missing", node
        text = planned.reasons[0].text
        assert f"ana/{node} is pinned to {wrong[:12]} as {known[node].media[name]}, and that is {found}" in text
        assert f"--repin {node}" in text and f"git -C {studio.root}/personas checkout -- ana.lock.yaml" in text
    with studio.open() as space:
        path = Path(space.store.blobs.path(known["anchor"].outputs["anchor"]))
    studio.lock.write_text(whole.replace('"take":0', '"take": 0'))
    path.chmod(0o644)
    path.write_bytes(b"")
    assert "and that is an empty file" in studio.node("anchor").reasons[0].text
    assert not studio.calls()


# --- what can't be written --------------------------------------------------------------------------------------------


def _read_only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make a folder one of a read-only file system, also for root."""
    real = os.open

    def opened(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and str(path).startswith(f"{folder}/"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", opened)


def test_what_cannot_be_written_is_found_before_anything_is_bought(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.build()
    studio.edit("conf/image/scripted.yaml", ("width: 64", "width: 72"))
    studio.forget()
    for where in ("personas", ".forge/blobs", ".forge/records", "build/ana", "build/ana/images"):
        with monkeypatch.context() as patch:
            _read_only(patch, studio.root / where)
            with pytest.raises(StoreError, match="can't be written to: Read-only file system") as caught:
                studio.build()
        error = caught.value
        assert error.where == str(studio.root / where) and error.exit_code == 2 and "chmod" in error.hint
    assert not studio.calls()


@pytest.mark.parametrize("where", ["build", "build/ana", ".forge/records"])
def test_a_file_where_a_folder_belongs_is_found_before_anything_is_bought(studio: Studio, where: str) -> None:
    path = studio.root / where
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(StoreError, match="is no folder") as caught:
        studio.build()
    assert caught.value.where == str(path) and path.read_text() == "mine" and not studio.calls()


def test_a_build_without_work_writes_nothing_and_needs_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.build()
    _read_only(monkeypatch, studio.root / "personas")
    assert studio.build().performed == 0
