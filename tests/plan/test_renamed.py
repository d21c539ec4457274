"""Which line of a lock is whose, when steps were renamed: by what a pin gives, and never by a guess."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from personaforge.plan.graph import lay_out
from personaforge.plan.renamed import anchor_in, as_named_now, fits, kind_of, lock_name, renamed_steps
from personaforge.store.lockfile import LockFile, Pin
from tests.plan.lab import Lab, lab
from tests.run.conftest import PERSONA

DIGEST = "a" * 64


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("renamed")) as opened:
        yield opened


def pin(output: str, media: str = "image/png", **facts: Any) -> Pin:
    return Pin("k", {output: DIGEST}, {output: media}, facts=facts)


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (pin("anchor"), "anchor"),
        (pin("placement", "application/json"), "placement"),
        (pin("reference"), "reference"),
        (pin("clip", "video/webm"), "video"),
        (pin("speech", "audio/mpeg"), "speech"),
        (pin("section", "application/json"), "draft"),
        (pin("verdict", "application/json"), "review"),
        (pin("finished"), "finish"),
        (pin("finished", "video/webm"), "repair"),
        (pin("image"), "candidate"),
        (pin("image", anchor=DIGEST), "image"),
        (pin("text", "text/plain"), ""),
    ],
)
def test_a_pin_tells_of_which_kind_its_step_is(one: Pin, kind: str) -> None:
    assert kind_of(one) == kind
    assert fits(one, kind) or not kind
    assert not fits(one, "anchor") or kind == "anchor"
    assert fits(one, "a kind of a plug-in"), "what forge doesn't know it can't refuse"


def test_names() -> None:
    renamed = {"canon": "anchor", "photo": "image"}
    assert lock_name("canon", renamed) == "anchor" and lock_name("photo/02", renamed) == "image/02"
    assert lock_name("soul", renamed) == "soul" and lock_name("canon/x", {}) == "canon/x"


def test_rows_of_before_are_read_under_the_names_of_now() -> None:
    rows = [{"node": "image/02", "step": "image", "score": 1}, {"node": "soul"}]
    assert as_named_now(rows, {}) == rows
    assert as_named_now(rows, {"photo": "image"}) == [
        {"node": "photo/02", "step": "photo", "score": 1},
        {"node": "soul"},
    ]


def renamed(open_lab: Lab, lines: dict[str, Pin]) -> dict[str, str]:
    settings = open_lab.load(PERSONA).settings
    lock = LockFile(open_lab.studio.lock, "ana", {}).with_pins(lines)
    return renamed_steps(settings, lay_out(settings), lock)


def test_a_step_that_the_pipeline_no_longer_has_is_the_one_of_its_kind_that_the_lock_lacks(open_lab: Lab) -> None:
    assert renamed(open_lab, {"canon": pin("anchor")}) == {"anchor": "canon"}
    assert renamed(open_lab, {"anchor": pin("anchor")}) == {}
    assert renamed(open_lab, {"canon": pin("anchor"), "anchor": pin("anchor")}) == {}, "the pipeline's has a line"
    assert renamed(open_lab, {"photo/02": pin("image", anchor=DIGEST)}) == {"image": "photo"}
    assert renamed(open_lab, {"odd": pin("text", "text/plain")}) == {}


def test_drafts_are_told_apart_by_their_section(open_lab: Lab) -> None:
    one = pin("section", "application/json", section="soul")
    assert renamed(open_lab, {"heart": one}) == {"soul": "heart"}
    assert renamed(open_lab, {"heart": one._replace(facts={"section": "lifestyle"})}) == {}


def test_where_two_of_one_kind_were_renamed_nobody_guesses(open_lab: Lab) -> None:
    assert renamed(open_lab, {"canon": pin("anchor"), "norm": pin("anchor")}) == {}
    assert renamed(open_lab, {"canon": pin("anchor"), "still/02": pin("image", anchor=DIGEST)}) == {
        "anchor": "canon",
        "image": "still",
    }


def test_the_anchor_is_found_under_any_name(open_lab: Lab) -> None:
    settings = open_lab.load(PERSONA).settings
    lock = LockFile(open_lab.studio.lock, "ana", {})
    assert anchor_in(settings, lock) is None
    found = anchor_in(settings, lock.with_pins({"canon": pin("anchor"), "image/02": pin("image")}))
    assert found is not None and "anchor" in found.outputs
    behind = anchor_in(settings, lock.with_pins({"image/02": pin("image"), "portrait": pin("anchor")}))
    assert behind is not None and "anchor" in behind.outputs, "the first line is another's"
    both = lock.with_pins({"zero": pin("anchor")._replace(key="old"), "anchor": pin("anchor")._replace(key="now")})
    one = anchor_in(settings, both)
    assert one is not None and one.key == "now", "the step's own line comes first"
