"""An upgrade buys nothing: where only forge's own part has changed, what was accepted stays, and the plan says so."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personaforge.faces.packs import CALIBRATION, SHIPPED
from personaforge.plan import standing
from personaforge.plan.plan import PlanRequest
from personaforge.steps import table as kinds
from personaforge.workspace.workspace import Workspace
from tests.run.conftest import FILES, PERSONA, Studio
from tests.run.test_attempts import NEAR, by_attempt
from tests.run.test_pins import pins

OURS = ("templates/image.j2", "templates/soul.j2", "conf/schema/dna.yaml")
"""Of the studio's files, those that stand for packaged ones here."""


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str, str], None]:
    """A packaged file of the next forge: returns what replaces a text in one of `OURS` and calls it packaged."""
    version = iter(range(1, 100))

    def change(studio: Studio, path: str, old: str, new: str) -> None:
        studio.edit(path, (old, new))
        number = next(version)
        monkeypatch.setattr(standing, "_packaged_files", lambda: f"packaged {number}")

    from personaforge.spec import written
    from personaforge.templating import Templates

    is_own = Templates.is_own
    monkeypatch.setattr(Templates, "is_own", lambda self, name: f"templates/{name}" not in OURS and is_own(self, name))
    monkeypatch.setattr(written, "schema_leaves", lambda project: {})
    monkeypatch.setattr(standing, "_packaged_files", lambda: "packaged 0")
    return change


def test_a_packaged_template_that_changes_buys_nothing(studio: Studio, packaged: Callable[..., None]) -> None:
    studio.build()
    before = pins(studio)
    studio.forget()
    packaged(studio, "templates/image.j2", ", eyes", " has eyes")
    packaged(studio, "templates/soul.j2", "{{ brief }}", "The brief: {{ brief }}")
    plan = studio.plan()
    states = {node.shape.name: (node.state, node.note) for node in plan.nodes()}
    assert states["image/02"] == ("pinned", "stays, although image.j2 changed")
    assert states["soul"] == ("pinned", "stays, although soul.j2 changed")
    assert states["candidate/1"][0] == states["anchor"][0] == "pinned"
    assert plan.estimate.calls_max == 0 and not plan.has_changes
    studio.build()
    assert studio.calls() == 0
    after = pins(studio)
    assert {name: pin["outputs"] for name, pin in after.items()} == {
        name: pin["outputs"] for name, pin in before.items()
    }
    assert after["image/02"]["key"] == before["image/02"]["key"] != after["image/02"]["also"]
    seen = after["image/02"]["under"].pop("seen")  # type: ignore[attr-defined]
    assert after["image/02"]["under"] == before["image/02"]["under"], "accepted by the forge that accepted it"
    assert seen != after["image/02"]["under"]["forge"], "and its key noted by this one"  # type: ignore[index]
    assert not studio.node("image/02").note, "said until a build has noted it"


@pytest.mark.parametrize(
    ("path", "pair", "made"),
    [
        ("conf/image/scripted.yaml", ("width: 64", "width: 72"), {"image/02", "image/03", "image/04"}),
        ("conf/matrix/few.yaml", ("name: turned, yaw: 20", "name: turned, yaw: 30"), {"image/03"}),
        ("conf/matrix/few.yaml", ("a plain wall", "a white wall"), {"image/02", "image/03", "image/04"}),
        ("conf/image/scripted.yaml", ("img-1: 0.04", "img-1: 0.05"), set()),
        ("personas/ana.yaml", ("A calm gardener", "A calm smith"), {"soul", "surface", "dna", "audit"}),
    ],
)  # fmt: skip
def test_what_the_user_writes_after_an_upgrade_is_made(
    studio: Studio, packaged: Callable[..., None], path: str, pair: tuple[str, str], made: set[str]
) -> None:
    studio.build()
    for noted in (False, True):
        shutil.copytree(studio.root, studio.root.with_name(f"kept-{noted}"))
        packaged(studio, "templates/image.j2", ", eyes", " has eyes")
        packaged(studio, "templates/soul.j2", "{% for f", "{# #}{% for f")
        if noted:
            studio.build()  # the upgrade by itself, as a pull request of its own
        studio.edit(path, pair)
        running = {
            node.shape.name for node in studio.plan().nodes() if node.state == "run" and node.shape.kind.modality
        }
        assert running == made, f"noted={noted}"
        shutil.rmtree(studio.root)
        shutil.copytree(studio.root.with_name(f"kept-{noted}"), studio.root)


@pytest.mark.parametrize("first", [True, False], ids=["built with it", "built without"])
def test_allow_unread_of_an_earlier_forge_buys_nothing(
    studio: Studio, packaged: Callable[..., None], monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    """A lock as the forge before wrote it, which counted `text.min_coverage` in the request of the audit."""
    file = studio.root / "personas/ana.yaml"
    plain = file.read_text().replace("text: scripted\n", "")
    plain = plain.replace("insightface}]", "insightface}, {override /text: scripted}]")
    allowed = plain + "text: {min_coverage: 0}\n"
    file.write_text(allowed if first else plain)
    with monkeypatch.context() as before:
        before.setattr(standing, "_SHAPES_NOTHING", standing._SHAPED_NOTHING)
        studio.build()
    studio.forget()
    file.write_text(plain if first else allowed)
    packaged(studio, "templates/soul.j2", "{{ brief }}", "The brief: {{ brief }}")
    plan = studio.plan()
    assert not plan.has_changes and plan.estimate.calls_max == 0
    studio.build()
    assert studio.calls() == 0


def test_in_a_fresh_clone_with_a_pulled_store_it_buys_nothing_either(
    studio: Studio, packaged: Callable[..., None]
) -> None:
    studio.build()
    studio.forget()
    packaged(studio, "templates/image.j2", ", eyes", " has eyes")
    for name in ("index.db", "index.db-wal", "index.db-shm"):
        (studio.root / ".forge" / name).unlink(missing_ok=True)
    shutil.rmtree(studio.root / "build")
    node = studio.node("image/02")
    assert "was accepted by forge 0." in node.note
    studio.build()
    assert studio.calls() == 0 and not studio.plan().has_changes


def test_a_pin_of_before_anything_was_noted_is_compared_with_what_the_index_knows(
    studio: Studio, packaged: Callable[..., None]
) -> None:
    studio.build()
    studio.forget()
    lines = []
    for line in studio.lock.read_text().splitlines():
        name, _, value = line.partition(": ")
        if line.startswith("  "):
            pin = json.loads(value)
            line = f"{name}: {json.dumps({k: v for k, v in pin.items() if k != 'under'}, separators=(',', ':'))}"
        lines.append(line)
    studio.lock.write_text("\n".join(lines) + "\n")
    packaged(studio, "templates/image.j2", ", eyes", " has eyes")
    assert studio.node("image/02").note == "stays, although image.j2 changed"
    studio.build()
    assert studio.calls() == 0 and pins(studio)["image/02"]["under"]
    studio.edit("conf/image/scripted.yaml", ("width: 64", "width: 72"))
    assert studio.states()["image/02"] == "run"


def test_a_new_version_of_a_step_kinds_code_buys_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    studio.build()
    studio.forget()
    monkeypatch.setattr(kinds, "_BY_NAME", dict(kinds._BY_NAME))
    for name in ("draft", "image", "video"):
        kinds.register(replace(kinds.step_kind(name), version=2))
    assert studio.node("image/02").state == "cached", "the key is the same, and so is what comes of it"
    studio.build()
    assert studio.calls() == 0 and not studio.plan().has_changes


def test_a_default_gate_that_changes_decides_about_nothing_that_was_accepted(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    from personaforge.checks.results import Result
    from personaforge.checks.run import run_checks
    from personaforge.spec import written

    own = written.own_leaves
    monkeypatch.setattr(
        written, "own_leaves", lambda source, package: {} if "packaged.yaml" in source.shown else own(source, package)
    )
    persona = PERSONA.replace("override /identity: insightface", "override /identity: packaged")
    files = {"conf/identity/packaged.yaml": "defaults: [insightface, _self_]\naccept_threshold: 0.55\n"}
    studio = make_studio(persona, files=files, color=by_attempt(NEAR))
    studio.build()
    studio.forget()
    with studio.open() as space:
        tested = {one.name: one for one in run_checks(space, ()).checks}
        assert tested["images"].result is Result.PASS
    studio.edit("conf/identity/packaged.yaml", ("0.55", "0.99"))
    node = studio.node("image/02")
    assert node.state == "pinned" and "the rules say RETRY now: composite 0.939579 is below 0.99" in node.note
    assert node.estimate.calls_max == 0
    studio.build()
    assert studio.calls() == 0 and pins(studio)["image/02"]["under"]["accept"] == 0.55  # type: ignore[index]
    assert not studio.plan().has_changes
    with studio.open() as space:
        tested = {one.name: one for one in run_checks(space, ()).checks}
        assert tested["images"].result is Result.FAIL, "what the new rules would decide"
        (row,) = tested["images"].judged.rows
        said = "RETRY by the policy composite: composite 0.939579 is below 0.99, from 0.35 up; it was accepted before, "
        assert (row.node, row.value, row.why) == ("image/02", 0.939579, f"{said}and stays")
    report = studio.build(force=("image/02",))
    assert report.nodes["ana/image/02"].end == "rejected", "another take is judged by the new rules"


def test_what_failed_its_gate_under_another_prompt_of_ours_is_given_up_still(
    make_studio: Callable[..., Studio], packaged: Callable[..., None]
) -> None:
    strict = PERSONA.replace("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.99, retry_threshold: 0.5")
    studio = make_studio(strict, color=by_attempt(NEAR, NEAR, NEAR))
    first = studio.build()
    assert first.nodes["ana/image/02"].end == "rejected"
    judged = first.nodes["ana/image/02"].outcome.judged  # type: ignore[union-attr]
    studio.forget()
    packaged(studio, "templates/image.j2", ", eyes", " has eyes")
    plan = studio.plan()
    assert plan.estimate.calls_max == 0 and not plan.has_changes
    again = studio.build()
    assert studio.calls() == 0 and not studio.plan().has_changes
    outcome = again.nodes["ana/image/02"].outcome if "ana/image/02" in again.nodes else None
    assert outcome is None or (outcome.status, outcome.judged) == ("rejected", judged)
    studio.edit("personas/ana.yaml", ("accept_threshold: 0.99", "accept_threshold: 0.98"))
    assert studio.states()["image/02"] == "run", "a gate that the user changes is the user's wish"
    studio.edit("personas/ana.yaml", ("accept_threshold: 0.98", "accept_threshold: 0.99"))
    assert not studio.plan().has_changes
    forced = studio.build(force=("image/02",))
    assert studio.calls() > 0 and forced.nodes["ana/image/02"].end == "rejected", "and so is another take"


def test_the_lock_says_what_a_result_was_accepted_under(studio: Studio) -> None:
    studio.build()
    under = pins(studio)["image/02"]["under"]
    assert {name: under[name] for name in ("policy", "accept", "retry")} == {  # type: ignore[index]
        "policy": "composite", "accept": 0.55, "retry": 0.35
    }  # fmt: skip
    assert under["forge"].startswith("0.") and len(under["request"]) == 33 and len(under["gates"]) == 16  # type: ignore[index]


assert set(OURS) <= set(FILES)


# --- a project and a store that the forge before this one has left ---------------------------------------------------

BEFORE = Path(__file__).parent / "projects" / "before-standing.tar.gz"
"""Made by the last forge that noted nothing of what a result was accepted under: `hosted` is the studio of
tests/run/conftest.py with paid providers, `drawn` a persona with a picture, a clip and a finish by embedded@5."""


@pytest.fixture
def left(tmp_path: Path) -> Path:
    with tarfile.open(BEFORE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.mark.parametrize("lost", [None, "index.db", "build"])
def test_a_project_and_a_store_of_the_last_forge_buy_nothing(
    make_studio: Callable[..., Studio], left: Path, lost: str | None
) -> None:
    studio = make_studio(paid=True, cost_usd=0.01)
    shutil.rmtree(studio.root)
    shutil.copytree(left / "hosted", studio.root)
    if lost == "index.db":
        (studio.root / ".forge/index.db").unlink()
    elif lost == "build":
        shutil.rmtree(studio.root / "build")
    before = pins(studio)
    plan = studio.plan()
    assert plan.estimate.calls_max == 0 and {node.state for node in plan.nodes()} <= {"cached", "pinned", "restore"}
    studio.build()
    assert studio.calls() == 0 and not studio.plan().has_changes
    after = pins(studio)
    assert {name: (pin["key"], pin["outputs"], pin["facts"]) for name, pin in after.items()} == {
        name: (pin["key"], pin["outputs"], pin["facts"]) for name, pin in before.items()
    }
    assert all(pin["under"] for name, pin in after.items() if name.startswith(("image/", "video/", "soul")))


def test_drawings_clips_and_finishes_of_the_last_painter_stay_as_they_are(tmp_path: Path) -> None:
    """`before-painter-2` was made by the last forge with painter-1 and its pack. Another pack measures what is pinned
    anew, and nothing is drawn."""
    with tarfile.open(AUDITED / "before-painter-2.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    root = tmp_path / "drawn"
    names = [path for path in (root / "build").rglob("*.*") if path.is_file() and path.name != "wardrobes.json"]
    before = {path: path.read_bytes() for path in names}
    assert {path.suffix for path in names} >= {".png", ".jpg", ".webm", ".json"}
    asked = PlanRequest(select=("+image/02", "+video/smile_reveal", "+finish/02"))
    lock = (root / "personas/ana-rossi.lock.yaml").read_text("utf-8")
    with Workspace.open((), str(root)) as space:
        plan = space.plan((), asked)
        nodes = {node.shape.name: node for node in plan.nodes() if node.state != "left"}
        assert nodes["anchor"].state == "pinned" and plan.estimate.calls_max == 0
        for name, changed in (
            ("image/02", "model painter-1 is now painter-2"),
            ("video/smile_reveal", "provider embedded@6, opencv "),
        ):
            assert any(changed in reason.text for reason in nodes[name].reasons), name
        assert not [one for one in plan.notices if "has another style" in one], "nothing is to be drawn"
        report = space.build(plan)
        assert report.performed > 0 and not report.failed
        assert not space.plan((), asked).has_changes
    for path, content in before.items():
        now = path.read_bytes()
        assert json.loads(now) == json.loads(content) if path.suffix == ".json" else now == content, path
    pins = [
        {name: json.loads(line)["outputs"] for name, _, line in (row.strip().partition(": ") for row in text.split("\n")
         if row.startswith("  ")) if name.startswith(("anchor", "candidate", "image", "video", "finish"))}
        for text in (lock, (root / "personas/ana-rossi.lock.yaml").read_text("utf-8"))
    ]  # fmt: skip
    assert pins[0] == pins[1] and len(pins[0]) >= 5
    after = (root / "personas/ana-rossi.lock.yaml").read_text("utf-8")
    for name in ("image/02", "video/smile_reveal"):  # the new pack's scores stand beside the rules that they passed
        former, later = pin_of(lock, name), pin_of(after, name)
        assert later["facts"]["measured_by"] != former["facts"]["measured_by"], name
        assert later["under"]["forge"] == former["under"]["forge"], "accepted by the forge that accepted it"
    ours = json.loads((SHIPPED / "embedded" / CALIBRATION).read_bytes())["analyzer"]["pack_digest"]
    assert pin_of(after, "image/02")["facts"]["measured_by"] == f"embedded {ours[:12]}"
    assert pin_of(after, "image/02")["under"]["calibration"] != pin_of(lock, "image/02")["under"]["calibration"]


def pin_of(text: str, name: str) -> dict[str, Any]:
    """Return a node's line of a lock."""
    line = next(line for line in text.splitlines() if line.startswith(f"  {name}: "))
    found: dict[str, Any] = json.loads(line.removeprefix(f"  {name}: "))
    return found


def test_a_line_that_calls_the_policy_by_its_former_name_stays_and_says_the_same(
    make_studio: Callable[..., Studio],
) -> None:
    from personaforge.plan.gates import other_gates
    from personaforge.steps.standing import Standing
    from personaforge.store.lockfile import Pin

    studio = make_studio(PERSONA.replace("max_attempts: 3", "max_attempts: 3, policy: composite"))
    studio.build()
    studio.lock.write_text(studio.lock.read_text().replace('"policy":"composite"', '"policy":"composite_only"'))
    before = studio.lock.read_bytes()
    assert b'"policy":"composite_only"' in before
    studio.forget()
    studio.build()
    studio.edit("personas/ana.yaml", ("policy: composite", "policy: composite_only"))
    studio.build()
    assert studio.lock.read_bytes() == before and studio.calls() == 0
    pin = Pin("k", {}, {}, under={"gates": "a", "policy": "composite_only", "accept": 0.5})
    (reason,) = other_gates(pin, Standing("f", "r", "b", {"policy": "composite", "accept": 0.6}))
    assert "(accept 0.5 is now 0.6)" in reason.text, "the policy is the same"


# --- projects and stores from before versions 4 and 5 of the embedded audit -----------------------------------------

AUDITED = Path(__file__).parent / "projects"
"""`before-audit-4` and `before-audit-5`: texts of three personas, made by the last forge whose embedded audit had
version 3, and 4. The pipeline of `bo` and `cay` has no mask: in version 3 `bo` was accepted by marks that rules don't
give any more, and in version 4 nobody could judge either. `cay` shipped flagged after the last round."""


@pytest.mark.parametrize(
    ("version", "statuses", "marks"),
    [(3, ("accepted", "accepted", "flagged"), 3), (4, ("accepted", "flagged", "flagged"), 0)],
)
@pytest.mark.parametrize("lost", [None, "index.db"])
def test_what_another_version_of_the_audit_accepted_stays_and_no_text_is_drafted_anew(
    tmp_path: Path, lost: str | None, version: int, statuses: tuple[str, ...], marks: int
) -> None:
    with tarfile.open(AUDITED / f"before-audit-{version + 1}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    root = tmp_path / "texts"
    if lost:
        (root / ".forge" / lost).unlink()
    names = [path for path in (root / "build").rglob("*.json") if path.is_file()]
    before = {path: path.read_bytes() for path in names}
    was = {name: audit_pin(root, name) for name in ("ana", "bo", "cay")}
    assert {name: pin["status"] for name, pin in was.items()} == dict(zip(("ana", "bo", "cay"), statuses, strict=True))
    assert len(was["bo"]["facts"]["scores"]) == marks, (
        "without a voice; version 3 gave marks that rules don't give any more"
    )
    with Workspace.open((), str(root)) as space:
        plan = space.plan(())
        nodes = {node.id: node for node in plan.nodes()}
        for name in was:
            node = nodes[f"{name}/audit"]
            why = "it was accepted by forge 0.1.0+" if lost else f"audit {version} is now embedded@3, audit 5"
            assert node.state == "pinned" and node.note.startswith("stays, although ") and why in node.note
        assert {node.state for node in plan.nodes()} <= {"cached", "pinned", "restore"}
        assert plan.estimate.calls_max == 0
        report = space.build(plan)
        assert report.performed == 0 and not space.plan(()).has_changes
    assert {path: path.read_bytes() for path in names} == before
    for name, pin in was.items():
        now = audit_pin(root, name)
        assert [now[key] for key in ("key", "outputs", "status")] == [pin[key] for key in ("key", "outputs", "status")]
        # Briefs are read with every forge anew: "Izmir-born" is no longer taken for where somebody lives.
        read = ("brief_lost", "coverage", "audit_marks")
        facts, former = ({k: v for k, v in one["facts"].items() if k not in read} for one in (now, pin))
        assert facts == former
        assert now["under"]["forge"] == pin["under"]["forge"], "accepted by the forge that accepted it"


def audit_pin(root: Path, name: str) -> dict[str, Any]:
    """Return the audit's line of a lock."""
    return pin_of((root / f"personas/{name}.lock.yaml").read_text("utf-8"), "audit")
