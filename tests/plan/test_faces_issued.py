"""What a plan says of new faces: from whom they keep away, how near they lie, and which place is still to be pinned."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.plan.issued import Neighbour, _shapes, alike_notes, issued_reason, placed_reason, to_be_pinned
from personaforge.plan.plan import Reason
from personaforge.spec.names import Names
from personaforge.steps.action import Outcome, Output
from personaforge.steps.context import SHAPE
from personaforge.store.artifact import Artifact
from personaforge.store.lockfile import Pin, read_lock

PLACE = Outcome("accepted", {"placement": Output(Artifact("a" * 64, "application/json", 2), "")}, key="k")
PIN = Pin("k", {"placement": "a" * 64}, {"placement": "application/json"})


@pytest.mark.parametrize(
    ("outcome", "pin", "expected"),
    [
        (PLACE, None, True),
        (PLACE, PIN, False),
        (PLACE, PIN._replace(key="other"), True),
        (PLACE, PIN._replace(outputs={"placement": "b" * 64}), True),
        (None, None, False),
        (Outcome("rejected"), None, False),
    ],
)
def test_a_known_place_is_work_until_the_lock_says_it(outcome: Outcome | None, pin: Pin | None, expected: bool) -> None:
    assert to_be_pinned(outcome, pin) is expected


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (("bob",), "will keep away from bob"),
        (("bob", "cat", "dan"), "will keep away from bob, cat, dan"),
        (("bob", "cat", "dan", "eva"), "will keep away from bob, cat, dan and 1 more"),
    ],
)
def test_from_whom_a_new_face_will_keep_away(names: tuple[str, ...], text: str) -> None:
    assert issued_reason(dict.fromkeys(names, "shape")) == (Reason("issued", text),)
    assert issued_reason({}) == ()


def test_where_a_face_will_lie() -> None:
    def placed(issued: int) -> Outcome:
        return Outcome("accepted", facts={"nearest": "bob", "distance": 0.456, "issued": issued})

    assert placed_reason(placed(1)) == (Reason("issued", "will lie 0.46 from bob, the only face issued"),)
    assert placed_reason(placed(2)) == (Reason("issued", "will lie 0.46 from bob, the nearest of 2 faces issued"),)
    assert placed_reason(Outcome("accepted", facts={"issued": 0})) == ()


def test_two_who_look_alike_are_told_once() -> None:
    near, far = Neighbour("bob", 0.2, 0.3), Neighbour("ana", 0.3, 0.3, "canon")
    assert near.as_json() == {"persona": "bob", "distance": 0.2, "alike": True} and not far.as_json()["alike"]
    (note,) = alike_notes({"ana": near, "bob": far._replace(distance=0.2)})
    assert note == (
        "ana looks like bob: their faces are 0.20 apart, less than 0.3; pin other features in its dna, and choose a "
        "new face: forge build ana --repin anchor"
    )
    assert alike_notes({"bob": far}) == [], "as far as is asked for is far enough"
    assert "forge build bob --repin canon" in alike_notes({"bob": far._replace(distance=0.29)})[0]


def test_a_face_counts_once_under_the_present_id_whose_lock_comes_first(tmp_path: Path) -> None:
    """A merge may bring a lock back that a former id left behind."""

    def lock(persona: str, shape: str) -> Path:
        path = tmp_path / f"{persona}.lock.yaml"
        placed = Pin("k" * 64, {"placement": "a" * 64}, {"placement": "application/json"}, facts={SHAPE: shape})
        read_lock(path, persona).with_pins({"placement": placed}).write()
        return path

    locks = [lock("ana", "old"), lock("bea", "new"), lock("eva", "other")]
    names = Names([(tmp_path / "bea.yaml", "bea", ("ana",)), (tmp_path / "eva.yaml", "eva", ())])
    assert _shapes(locks, names, False) == {"bea": "new", "eva": "other"}
    assert _shapes(locks[:1], names, False) == {"bea": "old"}
