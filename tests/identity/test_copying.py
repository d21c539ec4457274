"""Copying: a turn or an expression that was asked for and not made, by a face that is too alike."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.identity.copying import Copying, copying_demand, copying_of
from personaforge.identity.demand import Use

FRONT: dict[str, Any] = {"yaw": 0, "pitch": 0, "expression": "neutral"}


def measured(yaw: float = 0.0, pitch: float = 0.0) -> dict[str, Any]:
    return {"pose": {"yaw": yaw, "pitch": pitch, "roll": 0.0}}


def copied(
    delivered: dict[str, Any], asked: dict[str, Any], cosine: float = 0.95, error: float = 0.01, bound: Any = 0.9
) -> Copying:
    return copying_of(
        measured(2.0, -8.0), delivered, asked_reference=FRONT, asked={**FRONT, **asked}, cosine=cosine, error=error,
        bound=bound,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("yaw", "number", "found"),
    [(2.0, 1.0, True), (32.0, -1.0, False), (17.0, 0.0, False), (9.0, 0.533333, True), (-28.0, 0.333333, False)],
)
def test_a_turn_that_was_asked_for(yaw: float, number: float, found: bool) -> None:
    """The anchor's own pose is no error of the picture: 30 degrees more than its 2 were asked for."""
    result = copied(measured(yaw, -8.0), {"yaw": 30})
    assert (result.copying, result.copied) == (number, found)


def test_a_face_that_is_no_more_alike_than_honest_ones_is_not_copied() -> None:
    assert copied(measured(2.0, -8.0), {"yaw": 30}, cosine=0.89) == Copying(1.0, False, "")


def test_an_expression_that_was_asked_for() -> None:
    smile = {"expression": "laugh"}
    assert copied(measured(2.0, -8.0), smile).copied is True
    assert copied(measured(2.0, -8.0), smile, error=0.05).copied is False, "the face has another shape"
    assert copied(measured(12.0, -8.0), smile).copied is False, "the head is turned otherwise"
    assert copied({}, smile).copied is False, "where the turn isn't known nothing is said"


def test_what_cannot_be_told() -> None:
    same = copied(measured(2.0, -8.0), {"yaw": 9})
    assert (same.copying, same.copied) == (None, None) and "own turn and expression" in same.why
    unknown = copied(measured(2.0, -8.0), {"pitch": 16}, bound=None)
    assert (unknown.copying, unknown.copied) == (1.0, None) and "nobody has measured" in unknown.why


def test_a_demand_says_what_to_draw_instead() -> None:
    asked = {**FRONT, "yaw": -35, "expression": "laugh"}
    result = copied(measured(2.0, -8.0), asked)
    demand = copying_demand(result, asked, 0.9, Use.RETRY)
    assert (demand.met, demand.action) == (False, "retry")
    assert demand.fault == "copied: the anchor's turn, and yaw -35, pitch 0, laugh was asked for"
    assert demand.words.startswith("The last picture repeated the reference: show the same person anew, with the head ")
    assert "turned 35 degrees to the viewer's left, expression laugh" in demand.words
    fine = copying_demand(copied(measured(-33.0, -8.0), asked), asked, 0.9, Use.RETRY)
    assert (fine.met, fine.words, fine.fault) == (True, "", "")
