"""An edit that the pinned anchor overrules is said everywhere, shown nowhere, and bought by nobody."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personaforge.checks.results import Result
from personaforge.checks.run import run_checks
from personaforge.measuring.anchors import choose_anchor, list_anchors
from personaforge.plan import standing
from personaforge.plan.look import overruled_now
from personaforge.report.build.console import built_summary
from personaforge.report.pages.gather import gather
from personaforge.report.pages.marks import marks
from personaforge.steps import text as text_steps
from personaforge.steps.look import Overruled
from tests.run.conftest import Studio

GREEN = ("seed: 3", "seed: 3\npinned: {dna: {eyes: green}}")
EYES = Overruled("dna.eyes", "green", "brown")


@pytest.fixture
def edited(studio: Studio) -> Studio:
    """A built studio whose persona's eyes are to be green since, and nothing bought since it was built."""
    studio.build()
    studio.forget()
    studio.edit("personas/ana.yaml", GREEN)
    return studio


def document(studio: Studio) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((studio.root / "build/ana/persona.json").read_bytes())
    return found


def line(studio: Studio, name: str = "anchor") -> dict[str, Any]:
    head = f"  {name}: "
    text = next(one for one in studio.lock.read_text().splitlines() if one.startswith(head))
    found: dict[str, Any] = json.loads(text.removeprefix(head))
    return found


def change_lines(studio: Studio, change: Callable[[dict[str, Any]], None]) -> None:
    """Write every line of the lock anew, changed."""
    lines = []
    for text in studio.lock.read_text().splitlines():
        name, colon, value = text.partition(": {")
        if colon and name.startswith("  "):
            fields = json.loads(f"{{{value}")
            change(fields)
            text = f"{name}: {json.dumps(fields, separators=(',', ':'), sort_keys=True)}"
        lines.append(text)
    studio.lock.write_text("\n".join(lines) + "\n")


def without_look(studio: Studio) -> None:
    """Make the lock one of the forge before, which didn't note what an anchor was made for."""
    change_lines(studio, lambda fields: fields.pop("look", None))


def failed_checks(studio: Studio, *select: str) -> dict[str, Result]:
    with studio.open() as space:
        return {one.name: one.result for one in run_checks(space, [], select=select).checks}


def test_the_anchors_line_says_what_it_was_made_for(studio: Studio) -> None:
    studio.build()
    assert line(studio)["look"] == {"dna.eyes": "brown", "surface.age": 44}, "its name can't be seen"
    assert not any("look" in line(studio, name) for name in ("candidate/1", "image/02", "dna"))


def test_the_plan_says_it_before_anything_is_made(edited: Studio) -> None:
    plan = edited.plan()
    assert plan.personas[0].overruled == (EYES,)
    assert plan.as_json()["personas"][0]["overruled"] == [{"path": "dna.eyes", "says": "green", "shown": "brown"}]
    note = edited.node("anchor").note
    assert "dna.eyes is now green, and the pictures show brown" in note
    assert not edited.plan(repin=("anchor",)).personas[0].overruled, "a new face follows the file"


def test_pictures_and_document_keep_what_the_anchor_shows_and_none_is_bought(edited: Studio) -> None:
    edited.build()
    assert {call.fields["section"] for call in edited.text.calls} == {"dna", "audit"}, "texts follow the file"
    assert not edited.images.calls and not edited.clips.calls
    built = document(edited)
    assert built["sections"]["dna"]["eyes"] == "brown" and built["status"] == "flagged"
    assert built["overruled"] == [EYES.as_json()]
    for folder, eyes in (("drafts", "green"), ("layers", "brown")):
        assert json.loads((edited.root / "build/ana" / folder / "dna.json").read_bytes())["eyes"] == eyes
    plan = edited.plan()
    assert not plan.has_changes and plan.personas[0].overruled == (EYES,)
    # What is asked for meanwhile is asked for as the anchor shows it.
    edited.build(force=("image/02", "video/wave"))
    assert [call.fields["prompt"].split(", ")[1] for call in edited.images.calls] == ["eyes brown"]


def test_checks_pages_and_the_end_of_a_build_say_it(edited: Studio) -> None:
    assert failed_checks(edited)["overruled"] is Result.FAIL, "before it is built, too"
    report = edited.build()
    assert failed_checks(edited)["overruled"] is Result.FAIL
    with edited.open() as space:
        assert overruled_now(space.store, space.load([])[0]) == (EYES,)
        plan = space.plan([])
        assert built_summary(space, plan, report)["personas"][0]["overruled"] == [EYES.as_json()]
        said = [one for one in marks(gather(space, plan.personas[0])) if one.tone == "bad"]
        assert [one.head for one in said] == ["Overruled by the pinned anchor"]
        assert "--repin anchor" in said[0].text and "take the edit back" in said[0].text


def test_no_check_is_there_where_nothing_is_overruled(studio: Studio) -> None:
    studio.build()
    assert "overruled" not in failed_checks(studio)
    assert failed_checks(studio, "overruled") == {"overruled": Result.PASS}


def test_a_new_face_follows_the_file(edited: Studio) -> None:
    edited.build()
    edited.forget()
    edited.build(repin=("anchor",))
    assert {call.fields["prompt"].split(", ")[1] for call in edited.images.calls} == {"eyes green"}
    assert document(edited)["sections"]["dna"]["eyes"] == "green" and "overruled" not in document(edited)
    assert line(edited)["look"]["dna.eyes"] == "green"
    assert "overruled" not in failed_checks(edited) and edited.plan().stands


def test_an_edit_that_is_taken_back_leaves_all_as_it_was(edited: Studio) -> None:
    before = {path.name: path.read_bytes() for path in (edited.root / "build/ana/images").iterdir()}
    edited.build()
    edited.forget()
    edited.edit("personas/ana.yaml", (GREEN[1], GREEN[0]))
    edited.build()
    assert edited.calls() == 0 and "overruled" not in failed_checks(edited)
    assert document(edited)["status"] == "complete" and "overruled" not in document(edited)
    assert {path.name: path.read_bytes() for path in (edited.root / "build/ana/images").iterdir()} == before


def test_a_lock_of_the_forge_before_is_read_by_the_record_of_the_call(edited: Studio) -> None:
    without_look(edited)
    assert edited.plan().personas[0].overruled == (EYES,)
    edited.build()
    assert not edited.images.calls and document(edited)["overruled"] == [EYES.as_json()]


def test_the_look_is_noted_once_an_older_lock_is_written(studio: Studio) -> None:
    studio.build()
    without_look(studio)
    studio.edit("personas/ana.yaml", ("candidates: 2", "candidates: 2, strategy: first"))
    studio.build()
    assert line(studio)["look"] == {"dna.eyes": "brown", "surface.age": 44} and "look" not in line(studio, "image/02")


def test_what_nobody_knows_is_said_to_be_unknown(edited: Studio) -> None:
    without_look(edited)
    shutil.rmtree(edited.root / ".forge/records")
    plan = edited.plan()
    assert plan.personas[0].overruled == ()
    assert any("ana's anchor was made for is not known" in notice for notice in plan.notices)


def test_another_candidate_shows_what_it_was_drawn_for(edited: Studio) -> None:
    with edited.open() as space:
        other = next(one for one in list_anchors(space, "ana") if one.standing == "candidate")
        choose_anchor(space, "ana", other.name, by="Bo", reason="the smile", repin=True)
    assert "look" not in line(edited)
    assert edited.plan().personas[0].overruled == (EYES,)


def test_an_upgrade_over_pictures_that_an_overruled_edit_had_made_buys_none(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(text_steps, "overruled", lambda sections, look: ())
        before.setattr(standing, "_packaged_files", lambda: "before")
        studio.build()
        studio.edit("personas/ana.yaml", GREEN)
        studio.build()
        without_look(studio)
        assert document(studio)["sections"]["dna"]["eyes"] == "green"
    images = sorted(path.read_bytes() for path in (studio.root / "build/ana/images").iterdir())
    studio.forget()
    studio.build()
    assert studio.calls() == 0
    assert document(studio)["sections"]["dna"]["eyes"] == "brown" and document(studio)["overruled"] == [EYES.as_json()]
    assert sorted(path.read_bytes() for path in (studio.root / "build/ana/images").iterdir()) == images


def test_a_lock_with_a_look_that_forge_never_wrote_is_refused(studio: Studio, tmp_path: Path) -> None:
    studio.build()
    change_lines(studio, lambda fields: fields.update(look={"dna.eyes": {"color": "x"}}) if "look" in fields else None)
    with pytest.raises(Exception, match=r"look\.dna\.eyes"):
        studio.plan()
