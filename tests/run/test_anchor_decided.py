"""An anchor that a person decides on: set from a file, or chosen among candidates; who, why and when stay with it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import PersonaForgeError
from personaforge.measuring.anchors import NeedsRepin, choose_anchor, list_anchors, set_anchor
from personaforge.measuring.evaluation import evaluate
from personaforge.plan.plan import Plan
from personaforge.store.files import write_atomic
from personaforge.store.lockfile import LockFile, read_lock
from personaforge.store.remote import Remote
from personaforge.store.upkeep import collect, verify
from personaforge.testing import png
from tests.notices import noticed
from tests.run.conftest import SKIN, Studio

WHY = {"by": "Ana <ana@example.org>", "reason": "the client's own picture"}


@pytest.fixture
def paid(make_studio: Callable[..., Studio]) -> Studio:
    """A persona that nobody has built, and providers that cost money."""
    return make_studio(paid=True, cost_usd=0.04)


def picture(studio: Studio, name: str = "own.png", color: tuple[int, int, int] = SKIN, side: int = 120) -> str:
    path = studio.root / name
    path.write_bytes(png(color, width=side, height=side, note=name))
    return str(path)


def decide(studio: Studio, file: str, **options: Any) -> Any:
    with studio.open() as space:
        return set_anchor(space, "ana", file, **{**WHY, **options})


def line(studio: Studio) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(studio.lock.read_text().partition("  anchor: ")[2].splitlines()[0])
    return found


def states(plan: Plan, kind: str) -> set[str]:
    return {node.state for node in plan.nodes() if node.shape.kind.name == kind}


def test_a_picture_of_ones_own_is_the_anchor_from_the_first_build_on(paid: Studio) -> None:
    file = picture(paid)
    data = Path(file).read_bytes()
    done = decide(paid, file)
    assert done.changed and not done.replaced and paid.calls() == 0
    pin = line(paid)
    assert pin["outputs"] == {"anchor": digest_bytes(data)} and pin["media"] == {"anchor": "image/png"}
    said = pin["facts"]["decided"]
    assert (said["by"], said["why"], said["file"], said["sha256"]) == (
        "Ana <ana@example.org>", "the client's own picture", "own.png", digest_bytes(data),
    )  # fmt: skip
    assert pin["facts"]["figures"]["faces"] == 1 and pin["facts"]["figures"]["width"] == 120
    with paid.open() as space:
        record = space.store.find(pin["key"])
        assert record is not None and record["parts"]["request"]["why"] == said["why"] and not record["paid"]
        assert (
            evaluate(space, (file,), persona="ana", anchor=None, record=False).pictures[0].judged.decision == "ACCEPT"
        )
    plan = paid.plan()
    assert states(plan, "anchor") == {"restore"} and states(plan, "candidate") == {"cached"}
    assert plan.estimate.calls_max and not [
        n for n in plan.nodes() if n.shape.kind.name == "candidate" and n.estimate.calls_max
    ]
    report = paid.build()
    assert not report.failed and all(call.inputs["reference"].data == data for call in paid.images.calls)
    assert (paid.root / "build/ana/images/01-anchor.png").read_bytes() == data
    paid.forget()
    paid.edit("personas/ana.yaml", ("candidates: 2", "candidates: 3, strategy: first"))
    paid.build()
    assert paid.calls() == 0 and line(paid) == pin, "another strategy moves no anchor that was set"


def test_a_set_anchor_goes_where_the_lock_goes(paid: Studio, tmp_path: Path) -> None:
    file = picture(paid)
    decide(paid, file)
    paid.build()
    pin = line(paid)
    os.unlink(file)
    with paid.open() as space:
        assert pin["outputs"]["anchor"] not in collect(space.store, max_bytes=0, keep_days=0, act=True).removed
        Remote(tmp_path / "shared").push(space.store, "ana", read_lock(paid.lock, "ana"))
    shutil.rmtree(paid.root / ".forge")
    shutil.rmtree(paid.root / "build")
    paid.forget()
    missing = [node.shape.name for node in paid.plan().nodes() if node.state == "missing"]
    assert "anchor" in missing
    with paid.open() as space:
        done = Remote(tmp_path / "shared").pull(space.store, "ana", read_lock(paid.lock, "ana"))
        assert not done.missing
        record = space.store.find(pin["key"])
        assert record is not None and record["parts"]["request"]["by"] == WHY["by"]
        assert not verify(space.store).problems
    paid.build()
    assert not paid.images.calls and line(paid) == pin


def test_an_anchor_is_replaced_at_the_users_word_only(paid: Studio) -> None:
    paid.build()
    before, lock = line(paid), paid.lock.read_bytes()
    paid.forget()
    file = picture(paid)
    with pytest.raises(NeedsRepin) as caught:
        decide(paid, file)
    old, new = before["outputs"]["anchor"], digest_bytes(Path(file).read_bytes())
    assert old[:12] in caught.value.message and new[:12] in caught.value.message and "--repin" in caught.value.hint
    assert paid.lock.read_bytes() == lock
    done = decide(paid, file, repin=True)
    assert done.replaced == old and line(paid)["facts"]["decided"]["replaced"] == old
    plan = paid.plan()
    assert states(plan, "image") == {"run"} and states(plan, "candidate") == {"pinned"} and paid.calls() == 0
    assert plan.estimate.usd_min is not None and plan.estimate.usd_min > 0
    assert decide(paid, file).changed is False, "the same picture again"
    paid.build()
    with paid.open() as space:
        listed = {one.digest: one for one in list_anchors(space, "ana")}
        assert listed[new].standing == "anchor" and listed[new].path == "build/ana/images/01-anchor.png"
        assert listed[old].standing == "candidate" and (listed[new].width, listed[new].height) == (120, 120)
        second = choose_anchor(
            space, "ana", "1" if listed[old].name == "2" else "2", by="Bo", reason="eyes", repin=True
        )
        assert {one.standing for one in list_anchors(space, "ana") if one.digest == new} == {"former"}
        back = choose_anchor(space, "ana", new[:10], by="Bo", reason="no", repin=True)
    assert (second.replaced, back.replaced) == (new, second.artifact.digest)


def test_another_candidate_is_chosen_without_a_purchase(paid: Studio) -> None:
    paid.build()
    paid.forget()
    with paid.open() as space:
        listed = list_anchors(space, "ana")
        assert [one.name for one in listed] == ["1", "2"] and {one.similarity for one in listed} == {1.0}
        other = next(one for one in listed if one.standing == "candidate")
        with pytest.raises(PersonaForgeError, match=r"7 is no candidate of ana"):
            choose_anchor(space, "ana", "7", by="Bo", reason="the eyes")
        with pytest.raises(NeedsRepin):
            choose_anchor(space, "ana", other.name, by="Bo", reason="the eyes")
        done = choose_anchor(space, "ana", f"candidate/{other.name}", by="Bo", reason="the eyes", repin=True)
    assert done.artifact.digest == other.digest and paid.calls() == 0
    assert line(paid)["facts"]["candidate"] == other.name and line(paid)["facts"]["model"] == "img-1"
    report = paid.build()
    assert not report.failed and not [call for call in paid.images.calls if not call.inputs]
    assert line(paid)["outputs"]["anchor"] == other.digest


@pytest.mark.parametrize(
    ("name", "data", "message", "hint"),
    [
        ("notes.txt", b"no picture at all", "can't be the anchor: ", "a PNG, JPEG or WebP file"),
        ("black.png", png((0, 0, 0), width=120, height=120), "no face was found", "one face from the front"),
        ("small.png", png(SKIN, width=60, height=60), "its face is 48 pixels large, expected 80", "a larger picture"),
    ],
)
def test_what_is_no_reference_is_refused_and_nothing_of_it_kept(
    paid: Studio, name: str, data: bytes, message: str, hint: str
) -> None:
    (paid.root / name).write_bytes(data)
    with pytest.raises(PersonaForgeError) as caught:
        decide(paid, str(paid.root / name))
    assert message in caught.value.message and hint in caught.value.hint
    assert not paid.lock.exists()
    with paid.open() as space:
        assert not list(space.store.blobs.all()) and not list(space.store.records.all("actions"))


def test_of_several_faces_the_largest_has_to_be_asked_for(paid: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    read = paid.analyzers.read
    monkeypatch.setattr(paid.analyzers, "read", lambda pixels: read(pixels) * 2)
    file = picture(paid)
    with pytest.raises(PersonaForgeError, match="it shows 2 faces, expected one"):
        decide(paid, file)
    assert decide(paid, file, largest=True).facts["figures"]["faces"] == 2


def test_what_no_provider_takes_is_converted_without_a_loss(paid: Studio) -> None:
    from PIL import Image

    original = Image.open(picture(paid, side=96 + 24))
    original.save(paid.root / "own.bmp")
    done = decide(paid, str(paid.root / "own.bmp"))
    assert "converted to a PNG" in done.notes[0] and done.artifact.media_type == "image/png"
    with paid.open() as space:
        kept = Image.open(io.BytesIO(space.store.blobs.get(done.artifact.digest)))
    assert kept.convert("RGB").tobytes() == original.convert("RGB").tobytes()
    assert line(paid)["facts"]["decided"]["sha256"] == digest_bytes((paid.root / "own.bmp").read_bytes())
    assert line(paid)["facts"]["decided"]["file"] == "own.bmp"


def test_the_lock_moved_on_meanwhile_and_wins(paid: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    paid.build()
    theirs = paid.lock.read_bytes()
    paid.lock.unlink()
    put = paid.open().store.blobs.__class__.put

    def arrives(blobs: Any, data: bytes) -> str:  # as `git pull` would bring it
        write_atomic(paid.lock, theirs)
        return put(blobs, data)

    monkeypatch.setattr("personaforge.store.blobs.Blobs.put", arrives)
    with pytest.raises(NeedsRepin):
        decide(paid, picture(paid))
    assert paid.lock.read_bytes() == theirs


def test_killed_before_the_lock_is_written_nothing_has_changed(paid: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(lock: LockFile) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LockFile, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            decide(paid, picture(paid))
    assert not paid.lock.exists()
    with paid.open() as space:
        assert not verify(space.store).problems
    assert decide(paid, picture(paid)).changed


def test_the_embedded_painter_says_that_it_cannot_follow_a_foreign_picture(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    decide(studio, picture(studio))
    said = noticed(studio.plan())
    assert not [one for one in said if "not drawn by forge" in one], "the scripted provider takes references"
    assert [one for one in said if one.startswith("What ana's anchor was made for is not known")] == list(said)
    studio.edit("personas/ana.yaml", ("image: scripted", "image: embedded"))
    with studio.open() as space:
        notices, remarks = space.plan([]).notices, space.remarks([])
    for said in (notices, remarks):
        text = next(one for one in said if "not drawn by forge" in one)
        assert text.startswith("ana's anchor is a picture that was not drawn by forge") and "image by embedded" in text


@pytest.fixture
def repository(paid: Studio) -> Iterator[Studio]:
    """The studio in a git repository of somebody."""
    for arguments in (["init", "-q"], ["config", "user.name", "Cy"], ["config", "user.email", "cy@example.org"]):
        subprocess.run(["git", "-C", str(paid.root), *arguments], check=True)
    yield paid


def test_on_the_command_line(
    repository: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from personaforge.cli.main import run
    from personaforge.workspace import workspace

    monkeypatch.setattr(workspace, "Analyzers", lambda digest_of, *others: repository.analyzers)
    monkeypatch.chdir(repository.root)
    picture(repository)
    assert run(["anchor", "set", "ana", "own.png"]) == 2
    assert "--reason WHY is missing" in capsys.readouterr().err
    assert run(["anchor", "set", "ana", "own.png", "--reason", "her own"]) == 0
    said = capsys.readouterr().out
    assert "set by Cy <cy@example.org>: her own" in said and "Nothing was drawn. A build now: " in said
    picture(repository, "other.png", (90, 120, 200))
    assert run(["anchor", "set", "ana", "other.png", "--reason", "b"]) == 2
    assert "--repin replaces it" in capsys.readouterr().err
    assert run(["anchor", "list", "ana", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["pictures"]
    assert [(one["standing"], one["reason"]) for one in listed] == [("anchor", "set by Cy <cy@example.org>: her own")]
    assert run(["anchor", "list", "ana"]) == 0 and "120 x 120" in capsys.readouterr().out
    assert run(["anchor", "set", "ana", "own.png", "--by", "a\x1b[31m", "--reason", "b"]) == 2
    assert repository.calls() == 0
