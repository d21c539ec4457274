"""`forge drift ack`: who accepted which change and why is on record, is shown, and the chart begins anew there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from personaforge.checks.timelines import judge_drift
from personaforge.drift.acceptance import acknowledge
from personaforge.drift.acknowledgement import keys_to_push
from personaforge.drift.timelines import drift
from personaforge.errors import PlanError, StoreError
from personaforge.spec.grammar import DriftAssertion, parse_assertion
from personaforge.store.lockfile import read_lock
from personaforge.store.remote import Remote
from personaforge.testing import write_project
from personaforge.warehouse.projection import opened, rebuild
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge
from tests.drift.test_drift import ANA, face, kept, series


@pytest.fixture
def fell(tmp_path: Path) -> Workspace:
    """A persona whose composite fell for good at its forty-first picture of sixty."""
    space = Workspace.open(["ana"], str(write_project(tmp_path / "p", {"ana": ANA})))
    series(space, 60, start=40, size=-0.05)
    return space


def test_an_acknowledged_fall_is_the_level_from_then_on_and_says_who_and_why(fell: Workspace) -> None:
    before = face(drift(fell, "ana"))
    assert before.finding.verdict == "degrading" and before.finding.change is not None
    done = acknowledge(fell, "ana", ["composite"], by="Ana Lima", reason="the new lens is meant")
    (made,) = done.made
    start = before.finding.change.best
    assert (made.artifact, made.verdict, made.group) == (before.entries[start].artifact, "degrading", "")
    after = face(drift(fell, "ana"))
    assert after.entries == before.entries[start:] and after.finding.verdict == "stable"
    assert after.acknowledged == (made,)
    (note,) = after.notes
    assert note.startswith("acknowledged by Ana Lima, ") and "the new lens is meant (40 older records" in note
    told = after.as_json()
    assert told["acknowledged"] == [made.as_json()] and note in told["notes"]
    judged = judge_drift(asserted("drift.face != degrading"), drift(fell, "ana"), "ana", ())
    assert judged.result == "pass" and "acknowledged by Ana Lima" in judged.reason


def asserted(text: str) -> DriftAssertion:
    found = parse_assertion(text)
    assert isinstance(found, DriftAssertion)
    return found


def test_a_further_fall_is_found_against_the_acknowledged_level(fell: Workspace) -> None:
    acknowledge(fell, "ana", (), by="Ana", reason="meant")
    for number in range(60, 100):
        kept(fell, number, 0.75 - 0.04 * (number % 5) + 0.002 * (number % 7 - 3) - 0.05 * (number >= 80))
    again = face(drift(fell, "ana"))
    assert again.finding.verdict == "degrading" and again.finding.change is not None
    assert again.entries[again.finding.change.best].artifact == f"{80:064x}"
    second = acknowledge(fell, "ana", (), by="Bo", reason="this, too").made
    line = face(drift(fell, "ana"))
    assert [one.by for one in line.acknowledged] == ["Ana", "Bo"] and second[0].artifact == line.entries[0].artifact
    assert len(line.entries) == 20


def test_a_broken_slot_is_acknowledged_alone(tmp_path: Path) -> None:
    space = Workspace.open(["ana"], str(write_project(tmp_path / "p", {"ana": ANA})))
    for number in range(120):
        broken = number % 5 == 3 and number >= 80
        kept(space, number, 0.8 - 0.04 * (number % 5) + 0.004 * (number * 7 % 11 - 5) - 0.3 * broken)
    (made,) = acknowledge(space, "ana", (), by="Ana", reason="a mask now").made
    assert made.group == "image/05" and made.artifact == f"{83:064x}"
    line = face(drift(space, "ana"))
    assert line.finding.verdict == "stable" and len(line.entries) == 120 - 16
    assert "image/05 alone was degrading" in line.notes[0] and "16 older records" in line.notes[0]


def test_the_record_survives_a_rebuild_and_goes_through_a_shared_folder(fell: Workspace, tmp_path: Path) -> None:
    acknowledge(fell, "ana", (), by="Ana", reason="meant")
    rebuild(fell.store)
    assert face(drift(fell, "ana")).acknowledged
    with opened(fell.store) as connection:
        rows = connection.execute("select kind, persona, paid, cost_usd from actions").fetchall()
    assert rows == [("acknowledge", "ana", False, 0.0)]
    lock = read_lock(fell.project.root / "personas/ana.lock.yaml", "ana")
    pushed = Remote(tmp_path / "shared").push(fell.store, "ana", lock, keys_to_push(fell.store, "ana"))
    assert pushed.records == 1
    other = Workspace.open(["ana"], str(write_project(tmp_path / "q", {"ana": ANA})))
    series(other, 60, start=40, size=-0.05)
    assert face(drift(other, "ana")).finding.verdict == "degrading"
    assert Remote(tmp_path / "shared").pull(other.store, "ana", lock).records == 1
    assert face(drift(other, "ana")).finding.verdict == "stable"


def test_an_acknowledgement_is_about_one_timeline(fell: Workspace) -> None:
    acknowledge(fell, "ana", ["composite"], by="Ana", reason="meant")
    analyzer = {"backend": "scripted", "backend_version": "2", "pack": "p", "pack_digest": "d" * 64}
    series(fell, 60, start=40, size=-0.05, analyzer={**analyzer, "detector_size": "auto"}, mark="f")
    newer = next(line for line in drift(fell, "ana").timelines if line.measured_by.version == "2")
    assert newer.acknowledged == () and newer.finding.verdict == "degrading"


def test_what_can_not_be_acknowledged_is_said(fell: Workspace, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="ana has no timeline 'compsite'") as found:
        acknowledge(fell, "ana", ["compsite"], by="Ana", reason="meant")
    assert found.value.hint == "did you mean composite?"
    for by, reason in ((" ", "meant"), ("Ana", ""), ("Ana", "two\nlines"), ("Ana", "x" * 2_001)):
        with pytest.raises(PlanError, match=r"^--(by|reason) "):
            acknowledge(fell, "ana", (), by=by, reason=reason)
    acknowledge(fell, "ana", (), by="Ana", reason="meant")
    again = acknowledge(fell, "ana", (), by="Ana", reason="meant")
    assert again.made == () and again.nothing == ("face composite is stable", "failures failed is stable")


def test_a_store_that_can_not_be_written_keeps_nothing(fell: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(fell.store), "keeps", lambda store: False)
    with pytest.raises(StoreError, match="nothing can be acknowledged"):
        acknowledge(fell, "ana", (), by="Ana", reason="meant")


def test_the_command_says_who_and_what_it_did(fell: Workspace, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fell.project.root
    assert "--reason" in forge("drift", "ack", "ana", cwd=root, check=2).stderr
    monkeypatch.setenv("FORGE_ACTOR", "CI of the studio")
    unknown = forge("drift", "ack", "anna", "--reason", "meant", cwd=root, check=2).stderr
    assert "did you mean ana" in unknown.lower()
    said = forge("drift", "ack", "ana", "composite", "--reason", "meant", cwd=root, check=0).stdout
    assert "ana: face composite: acknowledged by CI of the studio, " in said and "begin anew" in said
    shown = forge("drift", "ana", cwd=root, check=0).stdout
    assert "acknowledged by CI of the studio" in " ".join(shown.split())
    none = forge("drift", "ack", "ana", "--reason", "meant", "--json", cwd=root, check=0).stdout
    assert json.loads(none) == {
        "schema": 1,
        "persona": "ana",
        "acknowledged": [],
        "nothing": ["face composite is stable", "failures failed is stable"],
    }


def test_git_says_who_where_nobody_is_named(fell: Workspace, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fell.project.root
    monkeypatch.delenv("FORGE_ACTOR", raising=False)
    refused = forge("drift", "ack", "ana", "--reason", "meant", cwd=root, check=2).stderr
    assert "nobody is named" in refused and "FORGE_ACTOR" in refused
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for name, value in (("user.name", "Ana Lima"), ("user.email", "ana@example.org")):
        subprocess.run(["git", "-C", str(root), "config", name, value], check=True)
    said = forge("drift", "ack", "ana", "--reason", "meant", cwd=root, check=0).stdout
    assert "acknowledged by Ana Lima <ana@example.org>" in said
