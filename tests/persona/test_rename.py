"""A persona gets another id: nothing is made again, its face stays, and what it had goes on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from personaforge.cli.cost import totals
from personaforge.cli.main import run
from personaforge.errors import PersonaForgeError, PlanError, SpecError, StoreError
from personaforge.persona.rename import rename
from personaforge.providers.protocols import Job
from personaforge.repository.changes import touched
from personaforge.repository.difference import difference
from personaforge.run.setup import spent_before
from personaforge.store.lockfile import read_lock
from personaforge.store.presence import at_work
from personaforge.testing.server import Server
from personaforge.warehouse.projection import opened
from personaforge.workspace.workspace import BuildOptions, Workspace
from tests.persona.conftest import build, digests, plan, states
from tests.repository.conftest import Git, git
from tests.run.conftest import PERSONA, Death, Studio
from tests.run.test_hosted_build import CONFIGURED, PRESETS, server

__all__ = ["git", "server"]

NAMED = {"bio", "document", "sheet"}
"""Nodes that name the persona, and are free."""


def mv(root: Path, old: str, new: str) -> None:
    with Workspace.open((), str(root)) as space:
        rename(space.store, old, new)


def by_hand(root: Path, *, formerly: bool, move_lock: bool = False) -> None:
    file = root / "personas/bo.yaml"
    text = file.read_text().replace("id: bo ", "id: bob ")
    file.unlink()
    (root / "personas/bob.yaml").write_text(text + ("formerly: [bo]\n" if formerly else ""))
    if move_lock:
        (root / "personas/bo.lock.yaml").rename(root / "personas/bob.lock.yaml")


def unnamed(folder: Path) -> dict[str, str]:
    left_out = ("persona.json", "bio.txt", "contact_sheet.jpg", "contact_sheet.png")
    return {path: digest for path, digest in digests(folder).items() if path not in left_out}


def test_nothing_is_made_again_and_the_lock_pins_the_same(root: Path) -> None:
    before, was = unnamed(root / "build/bo"), read_lock(root / "personas/bo.lock.yaml", "bo")
    assert sum(path.endswith((".png", ".webm", ".jpg")) for path in before) >= 4
    mv(root, "bo", "bob")
    assert sorted(os.listdir(root / "personas")) == ["bob.lock.yaml", "bob.yaml"]
    text = (root / "personas/bob.yaml").read_text()
    assert text.startswith("# who she is\nid: bob   # an id, and nothing else\nformerly: [bo]\nbrief: ")
    assert os.listdir(root / "build") == ["bob"]
    found = plan(root)
    assert {node.shape.name for node in found.nodes() if node.state not in ("cached", "pinned")} == NAMED
    assert {reason.text for node in found.nodes() for reason in node.reasons} == {"the persona's id is now bob"}
    report = build(root)
    assert set(report.nodes) == {f"bob/{name}" for name in NAMED} and report.performed == 3
    assert unnamed(root / "build/bob") == before
    assert (root / "build/bob/bio.txt").read_text() == "bob wants peace.\n"
    assert orjson.loads((root / "build/bob/persona.json").read_bytes())["id"] == "bob"
    now = read_lock(root / "personas/bob.lock.yaml", "bob")
    assert {name: now.line(name) for name in now.names()} == {name: was.line(name) for name in was.names()}
    assert set(states(root).values()) == {"cached", "pinned"}


def test_every_key_is_the_same_for_each_of_its_ids(root: Path) -> None:
    """Without its lock and its index everything is asked for again, by keys alone."""
    before = read_lock(root / "personas/bo.lock.yaml", "bo")
    for old, new in (("bo", "bob"), ("bob", "robert"), ("robert", "bob"), ("bob", "bea")):
        mv(root, old, new)
    for path in (*(root / ".forge").glob("index.db*"), root / "personas/bea.lock.yaml"):
        path.unlink()
    report = build(root)
    assert report.performed == len(NAMED)
    now = read_lock(root / "personas/bea.lock.yaml", "bea")
    assert {"anchor", "image/02", "video/nod", "identity"} <= set(now.names())
    assert {name: now.line(name) for name in now.names()} == {name: before.line(name) for name in now.names()}
    text = (root / "personas/bea.yaml").read_text()
    assert "id: bea   #" in text and "formerly: [bo, bob, robert]\n" in text


def test_a_chain_and_the_way_back_keep_the_oldest_id_first(root: Path) -> None:
    mv(root, "bo", "bob")
    mv(root, "bob", "bo")
    assert "formerly: [bo, bob]\n" in (root / "personas/bo.yaml").read_text()
    assert {name for name, state in states(root).items() if state not in ("cached", "pinned")} == set()
    build(root)
    with Workspace.open((), str(root)) as space:
        assert space.store.names.origin("bo") == "bo" and space.store.names.present("bob") == "bo"


@pytest.mark.parametrize("move_lock", [False, True])
def test_a_rename_by_hand_that_says_formerly_is_no_new_persona(root: Path, move_lock: bool) -> None:
    before = unnamed(root / "build/bo")
    by_hand(root, formerly=True, move_lock=move_lock)
    files = digests(root / "personas")
    found = plan(root)
    assert {node.shape.name for node in found.nodes() if node.state not in ("cached", "pinned")} == NAMED
    assert [node.state for node in found.nodes() if node.shape.name == "anchor"] == ["pinned"]
    (notice,) = [text for text in found.notices if "bob was bo" in text]
    assert "the next build moves" in notice
    assert digests(root / "personas") == files, "a plan writes nothing"
    build(root)
    assert sorted(os.listdir(root / "personas")) == ["bob.lock.yaml", "bob.yaml"]
    assert b"\npersona: bob\n" in (root / "personas/bob.lock.yaml").read_bytes()
    assert os.listdir(root / "build") == ["bob"] and unnamed(root / "build/bob") == before
    assert not any("was bo" in text for text in plan(root).notices)


def test_a_rename_by_hand_without_formerly_is_noticed(root: Path) -> None:
    by_hand(root, formerly=False)
    found = plan(root)
    assert {node.state for node in found.nodes()} == {"run"}
    (notice,) = [text for text in found.notices if "bo" in text and "never built" in text]
    assert "has the brief of bo" in notice and "forge mv bo bob" in notice and "forge rm bo" in notice
    shutil.rmtree(root / ".forge")  # a fresh clone: nobody knows the brief
    (notice,) = [text for text in plan(root).notices if "never built" in text]
    assert "bo.lock.yaml is left without a persona" in notice
    assert "forge mv bo bob" in notice and "`formerly: [bo]`" in notice and "forge rm bo" in notice


@pytest.mark.parametrize("move_lock", [False, True])
def test_mv_takes_up_a_rename_by_hand(root: Path, move_lock: bool) -> None:
    by_hand(root, formerly=False, move_lock=move_lock)
    if move_lock:
        with pytest.raises(StoreError) as error:
            plan(root)
        assert "the lock is of 'bo', expected 'bob'" in str(error.value)
        assert "forge mv bo bob" in error.value.hint and "`formerly: [bo]`" in error.value.hint
    mv(root, "bo", "bob")
    assert {name for name, state in states(root).items() if state not in ("cached", "pinned")} == NAMED


def test_records_timelines_and_pages_are_the_new_ids(root: Path) -> None:
    assert run(["--project", str(root), "report"]) == 0
    with Workspace.open((), str(root)) as space, opened(space.store) as connection:
        counts = connection.execute("select persona, count(*) from evaluations group by all").fetchall()
        series = connection.execute("select distinct series from scores").fetchall()
    assert [row[0] for row in counts] == ["bo"]
    mv(root, "bo", "bob")
    with Workspace.open((), str(root)) as space, opened(space.store) as connection:
        assert connection.execute("select persona, count(*) from evaluations group by all").fetchall() == [
            ("bob", counts[0][1])
        ]
        for table in ("actions", "scores", "timeline", "latest_scores", "events"):
            names = connection.execute(f"select distinct persona from {table} where persona <> ''").fetchall()
            assert names == [("bob",)], table
        nodes = connection.execute("select distinct split_part(node, '/', 1) from actions").fetchall()
        assert nodes == connection.execute("select distinct split_part(node, '/', 1) from build_nodes").fetchall()
        assert nodes == [("bob",)]
        assert connection.execute("select distinct personas from builds").fetchall() == [(["bob"],)]
        assert len(connection.execute("select distinct series from scores").fetchall()) == len(series)
    assert sorted(os.listdir(root / "reports")) == ["bob.html", "files", "index.html"]
    records = [orjson.loads(path.read_bytes()) for path in (root / ".forge/records/evaluations").rglob("*.json")]
    assert {record["persona"] for record in records} == {"bo"}, "records stay as they were written"


def test_a_renamed_or_orphaned_lock_keeps_no_face_away_from_itself(root: Path) -> None:
    from personaforge.plan.issued import Issued

    by_hand(root, formerly=True)
    (root / "personas/ann.yaml").write_text((root / "personas/bob.yaml").read_text().replace("id: bob", "id: ann")
                                            .replace("formerly: [bo]\n", ""))  # fmt: skip
    with Workspace.open((), str(root)) as space:
        issued = Issued(space.project)
        assert list(issued.all()) == ["bob"]
        assert issued.besides(root / "personas/bob.lock.yaml", "bob") == {}
    shutil.copy(root / "personas/bo.lock.yaml", root / "personas/bob.lock.yaml")
    with Workspace.open((), str(root)) as space:
        assert list(Issued(space.project).all()) == ["bob"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bo", "Bob", "expected an id"),
        ("bo", "../x", "expected an id"),
        ("bo", "bo", "is called bo already"),
        ("bo", "ann", "there is a persona ann already"),
        ("boo", "bob", "there is no persona boo"),
        ("bo", "cleo", "personas/cleo.lock.yaml is left of a persona cleo that is gone"),
        ("bo", "dora", "build/dora is in the way"),
    ],
)
def test_what_mv_refuses_changes_nothing(root: Path, old: str, new: str, message: str) -> None:
    (root / "personas/ann.yaml").write_text("id: ann\nbrief: A calm gardener.\n")
    shutil.copy(root / "personas/bo.lock.yaml", root / "personas/cleo.lock.yaml")
    text = (root / "personas/cleo.lock.yaml").read_text().replace("persona: bo", "persona: cleo")
    (root / "personas/cleo.lock.yaml").write_text(text)
    (root / "build/dora").mkdir()
    before = digests(root / "personas")
    with pytest.raises(PersonaForgeError, match=re.escape(message)):
        mv(root, old, new)
    assert digests(root / "personas") == before


def test_mv_says_that_a_persona_cant_be_built(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "personas/bo.yaml"
    file.write_text(file.read_text() + "pinned: {surface: {age: 17}}\n")
    assert run(["--project", str(root), "mv", "bo", "bob"]) == 0
    out = capsys.readouterr().out
    assert "Commit personas/bob.yaml and its lock together. It can't be built as it is: " in out
    assert "17" in out and "(forge validate bob)" in out and "forge build" not in out
    assert run(["--project", str(root), "validate", "bob"]) == 2
    (root / "personas/bob.yaml").write_text((root / "personas/bob.yaml").read_text().replace("age: 17", "age: 41"))
    assert run(["--project", str(root), "mv", "bob", "rob"]) == 0
    assert "forge build rob writes the document and the sheet anew" in capsys.readouterr().out


def test_a_former_id_is_nobody_elses(root: Path) -> None:
    mv(root, "bo", "bob")
    (root / "personas/ann.yaml").write_text("id: ann\nbrief: A calm gardener.\n")
    with pytest.raises(PersonaForgeError, match="bo is a former id of bob"):
        mv(root, "ann", "bo")
    with pytest.raises(SpecError, match="bo is called bob now"):
        plan(root, "bo")


def test_mv_waits_for_no_build_and_a_build_sees_a_rename(root: Path) -> None:
    with Workspace.open((), str(root)) as space:
        busy = pytest.raises(StoreError, match="a build is running here")
        with at_work(space.store.folder), at_work(space.store.folder), busy:
            rename(space.store, "bo", "bob")
        planned = space.plan(["bo"])
        mv(root, "bo", "bob")
        with pytest.raises(PlanError, match="bo is called bob by now"):
            space.build(planned)
        assert not (root / ".forge/leases/ids").exists()
    assert sorted(os.listdir(root / "personas")) == ["bob.lock.yaml", "bob.yaml"]


KILLED = """
import os, signal, sys
from personaforge.persona.rename import steps
from personaforge.workspace.workspace import Workspace
for number, step in enumerate(steps(Workspace.open((), sys.argv[1]).store, "bo", "bob")):
    if number == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    step.act()
"""


@pytest.mark.parametrize("after", [2, 3])
def test_it_may_be_killed_between_any_two_steps(root: Path, after: int) -> None:
    """Nothing is made anew but what is named, and the same command or a build does the rest; all steps: tests.soak."""
    (root / ".forge/edited/bo").mkdir(parents=True)
    (root / "reports").mkdir()
    (root / "reports/bo.html").write_text('<meta name="generator" content="PersonaForge 1">')
    before = unnamed(root / "build/bo")
    done = subprocess.run([sys.executable, "-c", KILLED, str(root), str(after)], capture_output=True)
    assert done.returncode == -9, done.stderr
    assert {name for name, state in states(root).items() if state not in ("cached", "pinned")} == NAMED
    if after == 3:
        mv(root, "bo", "bob")
    build(root)
    assert (root / "personas/bob.lock.yaml").is_file() and not (root / "personas/bo.lock.yaml").exists()
    assert os.listdir(root / "build") == ["bob"] and unnamed(root / "build/bob") == before
    assert os.listdir(root / "reports") == ["bob.html"] and os.listdir(root / ".forge/edited") == ["bob"]
    assert set(states(root).values()) == {"cached", "pinned"}


def test_a_file_of_another_name_keeps_it_and_so_does_a_base(root: Path) -> None:
    personas = root / "personas"
    (personas / "bo.yaml").rename(personas / "baker.yml")
    mv(root, "bo", "bob")
    assert sorted(os.listdir(personas)) == ["baker.yml", "bob.lock.yaml"]
    (personas / "baker.yml").rename(personas / "bob.yaml")
    (personas / "eve.yaml").write_text("id: eve\ndefaults: [bob]\nbrief: Her sister.\n")
    mv(root, "bob", "bea")
    assert sorted(os.listdir(personas)) == ["bea.lock.yaml", "bob.yaml", "eve.yaml"]
    assert "id: bea " in (personas / "bob.yaml").read_text()


def test_a_saved_word_elsewhere_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "conf/checks").mkdir()
    (root / "conf/checks/mine.yaml").write_text("checks:\n  seen: {sql: select 1 from scores where persona = 'bo'}\n")
    assert run(["--project", str(root), "mv", "bo", "bob"]) == 0
    printed = capsys.readouterr().out
    assert "note: conf/checks/mine.yaml:2 names bo\n" in printed
    assert "personas/bo.lock.yaml is bob.lock.yaml now\n" in printed


def test_a_comparison_across_it_shows_one_persona_that_is_called_otherwise(root: Path, git: Git) -> None:
    git(root, "init", "-q")
    git(root, "add", "personas", "conf", "templates")
    git(root, "commit", "-qm", "bo")
    mv(root, "bo", "bob")
    with Workspace.open((), str(root)) as space:
        assert touched(space, (), "HEAD") == (["bob"], []) == touched(space, ("bob",), "HEAD")
        (one,) = difference(space, "HEAD").personas
    assert (one.id, one.change.was, one.change.kind) == ("bob", "bo", "changed")
    assert {node.name for node in one.change.nodes} == NAMED
    assert {reason.text for node in one.change.nodes for reason in node.reasons} == {"the persona's id bo is now bob"}
    git(root, "add", "-A", "personas")
    git(root, "commit", "-qm", "bob")
    with Workspace.open((), str(root)) as space:
        (back,) = difference(space, "HEAD", "HEAD~1").personas
    assert (back.id, back.change.was) == ("bo", "bob")


# --- money ------------------------------------------------------------------------------------------------------------


def test_paid_providers_are_not_called_after_it(make_studio: Callable[..., Studio], server: Server) -> None:
    """Texts by a scripted provider, pictures and clips over real HTTP; the provider's own ledger is what counts."""
    studio = make_studio(CONFIGURED, files=PRESETS, paid=True, cost_usd=0.01)
    studio.edit("templates/soul.j2", ("{{ brief }}", "{{ persona_id }}: {{ brief }}"))
    studio.build()
    bought = len(server.ledger), len(studio.text.calls)
    assert bought == (6, 4)
    anchor = studio.node("anchor").row
    with studio.open() as space:
        spent = spent_before(space.store).personas["ana"]
    mv(studio.root, "ana", "nova")
    assert studio.plan().estimate.calls_max == 0
    report = studio.build()
    assert report.cost_usd == 0
    now = studio.node("anchor").row
    assert anchor is not None and now is not None and now.outcome == anchor.outcome
    for path in (studio.root / ".forge").glob("index.db*"):
        path.unlink()
    studio.lock.with_name("nova.lock.yaml").unlink()
    studio.build()
    assert (len(server.ledger), len(studio.text.calls)) == bought
    with studio.open() as space:
        assert spent_before(space.store).personas == {"nova": pytest.approx(spent)}
        by_new, by_old = (totals(space, ["persona"], (name,)) for name in ("nova", "ana"))
        assert by_new == by_old and by_new[0]["persona"] == "nova" and by_new[0]["calls"] == 10


def test_money_spent_under_the_old_id_counts_in_the_budget(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PERSONA + "run: {budget: {persona_usd: 0.22}}\n", paid=True, cost_usd=0.01)
    studio.edit("conf/image/scripted.yaml", ("img-1: 0.04", "img-1: 0.001"))
    studio.build()
    mv(studio.root, "ana", "nova")
    studio.edit("conf/text/scripted.yaml", ("input: 10, output: 50", "input: 0, output: 0"))
    report = studio.build("soul", force=("soul",))
    before = studio.calls()
    studio.edit("personas/nova.yaml", ("persona_usd: 0.22", "persona_usd: 0.05"))
    report = studio.build("soul", force=("soul",))
    failed = report.nodes["nova/soul"]
    assert failed.end == "failed" and "$0.0000 of $0.0500 is left" in failed.error
    assert studio.calls() == before


def test_a_job_in_flight_is_taken_up_under_the_new_id(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True, polls=2)
    plain_poll = type(studio.clips).poll

    def dying(job: Job) -> object:
        raise Death("the process dies while it polls")

    studio.clips.poll = dying  # type: ignore[method-assign, assignment]
    with pytest.raises(Death):
        studio.build(options=BuildOptions(jobs=1))
    mv(studio.root, "ana", "nova")
    studio.clips.poll = lambda job: plain_poll(studio.clips, job)  # type: ignore[method-assign]
    assert studio.build().nodes["nova/video/wave"].end == "done"
    assert len(studio.clips.calls) == 1 and studio.clips.polled[0] == "job-1"
    with studio.open() as space:
        assert space.store.journal.open_entries() == []
