"""The lock: what is accepted is pinned, the anchor for good, and nothing pinned is silently made anew."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable

import pytest

from personaforge.errors import PlanError
from personaforge.providers.protocols import Blob, Reply
from personaforge.testing import drawn
from tests.notices import noticed
from tests.run.conftest import SKIN, Studio, clip
from tests.run.test_attempts import NEAR, STRICT_PERSONA, by_attempt


def pins(studio: Studio) -> dict[str, dict[str, object]]:
    lines = studio.lock.read_text().splitlines()
    found = dict(line.strip().split(": ", 1) for line in lines if line.startswith("  "))
    return {name: json.loads(value) for name, value in found.items()}


def lose_everything_but_the_lock(studio: Studio) -> None:
    """What a fresh clone is: spec and lock, no store, no build folder."""
    shutil.rmtree(studio.root / ".forge")
    shutil.rmtree(studio.root / "build")


def test_the_name_of_a_persona_alone_gives_up_no_pin(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True)
    studio.build()
    before = studio.lock.read_text()
    studio.edit("personas/ana.yaml", ("A calm", "A loud"))
    studio.forget()
    for name in ("ana", "persona:ana"):
        for act in (studio.plan, studio.build):
            with pytest.raises(PlanError) as caught:
                act(repin=(name,))
            assert f"--repin {name} gives up all that is pinned of ana, the face too" in caught.value.message
            assert re.search(r"up to \d+ paid calls, \d+\.\d\d US dollars at most\)", caught.value.message)
            assert "forge build ana --repin anchor" in caught.value.hint and "--repin 'ana/*'" in caught.value.hint
    assert studio.calls() == 0 and studio.lock.read_text() == before
    assert studio.states(repin=("ana/*",))["anchor"] == "maybe" == studio.states(repin=("*",))["anchor"]


def test_every_accepted_artifact_is_pinned_one_sorted_line_each(studio: Studio) -> None:
    studio.build()
    found = pins(studio)
    assert sorted(found) == list(found) == [
        "anchor", "audit", "candidate/1", "candidate/2", "dna", "image/02", "image/03", "image/04", "soul", "surface",
        "video/wave",
    ]  # fmt: skip
    assert all(len(digest) == 64 for pin in found.values() for digest in pin["outputs"].values())  # type: ignore[attr-defined]
    assert found["image/02"]["facts"]["composite"] == 1.0  # type: ignore[index]
    text = studio.lock.read_bytes()
    studio.build(force=("image/03",))
    made = studio.node("image/03")
    assert made.row is not None and made.row.signature == made.signature, "the wish is fulfilled: nothing is replayed"
    changed = [a for a, b in zip(text.splitlines(), studio.lock.read_bytes().splitlines(), strict=True) if a != b]
    assert len(changed) == 1 and changed[0].startswith(b"  image/03: ")


def test_the_anchor_stays_whatever_the_settings_say(studio: Studio) -> None:
    studio.build()
    anchor = pins(studio)["anchor"]
    studio.forget()
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 4"))
    plan = studio.plan()
    node = next(node for node in plan.nodes() if node.shape.name == "anchor")
    assert node.state == "pinned"
    studio.build()
    assert pins(studio)["anchor"]["outputs"] == anchor["outputs"]
    assert not any(not call.inputs for call in studio.images.calls), "no candidate was drawn"
    note = next(node.note for node in studio.plan().nodes() if node.shape.name == "candidate/1")
    assert note == "stays, although seed 3 is now 4"


def test_a_lock_that_is_gone_together_with_an_edit_is_said_to_cost_the_face(studio: Studio) -> None:
    studio.build()
    chosen = pins(studio)["anchor"]["outputs"]["anchor"]  # type: ignore[index]
    assert noticed(studio.plan()) == ()
    studio.lock.unlink()
    assert noticed(studio.plan()) == (), "with the same settings the same one is chosen"
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 4"))
    [notice] = noticed(studio.plan())
    assert f"ana had an anchor, {chosen[:12]}, and its lock names none" in notice
    assert f"git -C {studio.root}/personas checkout -- ana.lock.yaml" in notice


def test_repin_chooses_a_new_anchor_and_the_rest_follows(studio: Studio) -> None:
    studio.build()
    before = pins(studio)
    studio.forget()
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 4"))
    assert studio.states(repin=("anchor",))["candidate/1"] == "run"
    studio.build(repin=("anchor",))
    after = pins(studio)
    assert after["anchor"]["outputs"] != before["anchor"]["outputs"]
    assert after["image/02"]["outputs"] != before["image/02"]["outputs"]
    assert not studio.plan().has_changes


def test_more_candidates_are_not_drawn_for_a_pinned_anchor(studio: Studio) -> None:
    studio.build()
    studio.forget()
    studio.edit("personas/ana.yaml", ("candidates: 2", "candidates: 4"))
    studio.build()
    assert not studio.images.calls


def test_on_a_fresh_clone_a_missing_anchor_is_an_error_with_the_way_out(studio: Studio) -> None:
    studio.build()
    lock = studio.lock.read_bytes()
    lose_everything_but_the_lock(studio)
    studio.forget()
    plan = studio.plan()
    anchor = next(node for node in plan.nodes() if node.shape.name == "anchor")
    assert anchor.state == "missing"
    assert "forge cache pull ana" in anchor.reasons[0].text and "--repin anchor" in anchor.reasons[0].text
    report = studio.build()
    assert not studio.calls(), "nothing is bought, and no new face made"
    assert report.nodes["ana/anchor"].end == "failed"
    assert studio.lock.read_bytes() == lock


def test_a_deterministic_provider_may_remake_it_when_the_bytes_come_out_equal(
    make_studio: Callable[..., Studio],
) -> None:
    studio = make_studio(deterministic=True)
    studio.build()
    lock = studio.lock.read_bytes()
    built = {path: path.read_bytes() for path in (studio.root / "build").rglob("*.*")}
    lose_everything_but_the_lock(studio)
    report = studio.build()
    assert {node.end for node in report.nodes.values()} == {"done"}
    assert studio.lock.read_bytes() == lock
    assert {path: path.read_bytes() for path in built} == built
    assert not studio.plan().has_changes


def drawn_otherwise(studio: Studio, color: tuple[int, int, int] = SKIN) -> None:
    """Another machine, whose drawings have other bytes: of the same face, or of another."""
    studio.images.answer = lambda request: Reply(
        blob=Blob(drawn(color, request.fields, f"otherwise {sorted(request.fields.items())!r}"), "image/png")
    )


def test_a_remade_drawing_with_other_bytes_takes_the_pins_place_where_it_is_the_same_face(
    make_studio: Callable[..., Studio],
) -> None:
    studio = make_studio(deterministic=True)
    studio.build()
    before = pins(studio)
    lose_everything_but_the_lock(studio)
    drawn_otherwise(studio)
    report = studio.build()
    assert {node.end for node in report.nodes.values()} == {"done"}
    after = pins(studio)
    chosen = before["anchor"]["outputs"]["anchor"]  # type: ignore[index]
    assert after["anchor"]["outputs"] != before["anchor"]["outputs"]
    assert after["anchor"]["replaced"] == {"anchor": chosen}, "the lock's line names both digests"
    said = [event.message for event in studio.events if event.type == "notice" and event.node == "ana/anchor"]
    now = after["anchor"]["outputs"]["anchor"]  # type: ignore[index]
    text = f"was remade here with other bytes, and measures as the same face: {chosen[:12]} is now {now[:12]}"
    assert said == [text] and report.notes[-1] == f"ana/anchor {text}"
    assert sorted(note.split()[0] for note in report.notes[:-1]) == ["ana/candidate/1", "ana/candidate/2"]
    assert not studio.plan().has_changes


def test_the_face_of_a_candidate_that_an_earlier_forge_pinned_is_noted_by_the_next_build(
    make_studio: Callable[..., Studio],
) -> None:
    studio = make_studio(deterministic=True)
    studio.build()
    before = pins(studio)
    assert before["candidate/1"]["face"] and before["candidate/2"]["face"]
    studio.lock.write_text(re.sub(r'"face":"[^"]*",', "", studio.lock.read_text()))
    assert not pins(studio)["candidate/1"].get("face")
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 4"))
    studio.build()
    assert {name: pins(studio)[name]["face"] for name in ("candidate/1", "candidate/2")} == {
        name: before[name]["face"] for name in ("candidate/1", "candidate/2")
    }


@pytest.mark.parametrize("why", ["frozen", "another face", "hosted", "set"])
def test_a_remake_that_comes_out_different_is_refused(make_studio: Callable[..., Studio], why: str) -> None:
    studio = make_studio(deterministic=True)
    studio.build()
    lock = studio.lock.read_bytes()
    lose_everything_but_the_lock(studio)
    drawn_otherwise(studio, (90, 120, 200) if why == "another face" else SKIN)
    studio.forget()
    if why == "set":  # the anchor is a picture that somebody has set, of whoever it shows
        lock = re.sub(rb'(  anchor: .*"facts":\{)', rb'\1"drawn":false,', lock)
        studio.lock.write_bytes(lock)
    if why == "hosted":  # something that was bought hangs on the drawing
        studio.clips.deterministic = False
        studio.clips.register()
    report = studio.build(frozen=why == "frozen")
    failed = next(node for node in report.nodes.values() if node.end == "failed")
    assert failed.id.startswith("ana/candidate/") and "came out different" in failed.error and "--repin" in failed.hint
    assert {
        "frozen": "frozen",
        "another face": "another face",
        "hosted": "may depend on it",
        "set": "may depend on it",
    }[why] in failed.error
    assert studio.lock.read_bytes() == lock and not studio.clips.calls


def test_the_build_folder_is_as_good_a_source_as_the_store(studio: Studio) -> None:
    studio.build()
    studio.forget()
    shutil.rmtree(studio.root / ".forge")
    report = studio.build()
    assert not studio.images.calls and not studio.clips.calls, "pictures come back from build/"
    assert not studio.text.calls
    assert {node.end for node in report.nodes.values()} <= {"done", "unchanged", "restored"}
    assert not studio.plan().has_changes


def test_another_take_is_bought_pinned_and_kept(studio: Studio) -> None:
    studio.build()
    first = pins(studio)["image/02"]
    studio.forget()
    assert studio.states(force=("image/02",))["image/02"] == "run"
    studio.build(force=("image/02",))
    second = pins(studio)["image/02"]
    assert len(studio.images.calls) == 1 and second["take"] == 1 and second["outputs"] != first["outputs"]
    assert not studio.plan().has_changes
    studio.build(force=("image/02",))
    assert pins(studio)["image/02"]["take"] == 2
    studio.forget()
    shutil.copy(studio.lock, studio.root / "kept")
    studio.edit("personas/ana.lock.yaml", ('"take":2', '"take":1'))  # as a git checkout of an older lock would
    studio.lock.write_text(
        "".join(
            f"  image/02: {json.dumps(second, separators=(',', ':'), sort_keys=True)}\n"
            if line.startswith("  image/02: ")
            else line
            for line in studio.lock.read_text().splitlines(keepends=True)
        )
    )
    studio.build()
    assert studio.calls() == 0 and pins(studio)["image/02"]["outputs"] == second["outputs"], "the lock decides the take"


def test_forcing_the_anchor_points_to_repin(studio: Studio) -> None:
    studio.build()
    with pytest.raises(PlanError) as caught:
        studio.plan(force=("anchor",))
    assert caught.value.hint == "a new face takes --repin anchor"


def test_videos_before_an_anchor_are_a_plan_error_that_names_it(studio: Studio) -> None:
    with pytest.raises(PlanError, match=r"ana/video/wave needs ana/\w+, which has not been built") as caught:
        studio.plan("video/*")
    assert caught.value.hint == "select it as well: --select +video/wave"
    studio.build("+anchor")
    studio.forget()
    studio.build("video/*")
    assert len(studio.clips.calls) == 1 and not studio.images.calls


def test_a_frozen_lock_is_built_from_and_never_written(studio: Studio) -> None:
    studio.build()
    lock = studio.lock.read_bytes()
    studio.forget()
    shutil.rmtree(studio.root / "build")
    report = studio.build(frozen=True)
    assert {node.end for node in report.nodes.values()} <= {"restored", "unchanged"} and studio.calls() == 0
    studio.edit("conf/image/scripted.yaml", ("width: 64", "width: 72"))
    node = studio.node("image/02", frozen=True)
    assert node.state == "missing" and "is asked for otherwise than the lock has it, and the lock is frozen" in str(
        node.reasons
    )
    report = studio.build(frozen=True)
    assert report.nodes["ana/image/02"].end == "failed" and studio.calls() == 0
    assert studio.lock.read_bytes() == lock


@pytest.mark.parametrize("name", ["image/02", "anchor", "soul"])
def test_a_frozen_lock_that_lacks_a_line_is_refused(studio: Studio, name: str) -> None:
    studio.build()
    kept = [line for line in studio.lock.read_text().splitlines() if not line.startswith(f"  {name}: ")]
    studio.lock.write_text("\n".join(kept) + "\n")
    lock = studio.lock.read_bytes()
    node = studio.node(name, frozen=True)
    assert node.state == "missing" and "the lock is frozen" in node.reasons[0].text
    studio.forget()
    studio.build(frozen=True)
    assert studio.calls() == 0 and studio.lock.read_bytes() == lock


def test_a_frozen_lock_of_a_persona_that_was_never_built_buys_nothing(studio: Studio) -> None:
    plan = studio.plan(frozen=True)
    first = next(node for node in plan.nodes() if node.shape.name == "soul")
    assert first.state == "missing" and "ana/soul is not in the lock, and the lock is frozen" in first.reasons[0].text
    studio.build(frozen=True)
    assert studio.calls() == 0 and not studio.lock.exists()


def test_a_later_attempt_is_remade_by_the_way_on_which_it_was_made(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(NEAR, SKIN), deterministic=True)
    studio.build()
    lock = studio.lock.read_bytes()
    assert pins(studio)["image/02"]["attempt"] == 1
    lose_everything_but_the_lock(studio)
    report = studio.build()
    assert {node.end for node in report.nodes.values()} == {"done"}
    assert studio.lock.read_bytes() == lock and not studio.plan().has_changes


def test_a_lost_clip_that_other_libraries_encode_otherwise_takes_its_pins_place(
    make_studio: Callable[..., Studio],
) -> None:
    studio = make_studio(deterministic=True)
    studio.build()
    before = pins(studio)
    lose_everything_but_the_lock(studio)
    studio.clips.version = "1, opencv of another machine"
    studio.clips.answer = lambda request: Reply(blob=Blob(clip(SKIN, request.fields["prompt"] + "12"), "video/webm"))
    studio.clips.register()
    report = studio.build()
    assert {node.end for node in report.nodes.values()} == {"done"}
    after = pins(studio)
    assert after["video/wave"]["replaced"] == {"clip": before["video/wave"]["outputs"]["clip"]}  # type: ignore[index]
    assert after["video/wave"]["outputs"] != before["video/wave"]["outputs"]
    assert {name: pin["outputs"] for name, pin in after.items() if name != "video/wave"} == {
        name: pin["outputs"] for name, pin in before.items() if name != "video/wave"
    }
