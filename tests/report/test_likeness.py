"""What a page says beside the face."""

from __future__ import annotations

import pytest

from personaforge.identity.checklist import CHECKLIST
from personaforge.identity.reading import counted
from personaforge.report.card import print_card
from personaforge.report.pages.likeness import as_read, beside_the_face
from personaforge.results.readings import Reading


def test_distances_readings_and_what_is_missing_are_words() -> None:
    reading = {"name": "hair", "asked": "blond", "seen": "black", "agrees": False, "unmeasured": ""}
    likeness = {
        "skin_change": 1.234, "clothes_change": 0.5, "glasses_change": 1.0, "copying": 0.75,
        "unmeasured": {"eyes_change": "of the picture: the eyes are closed"},
        "readings": [
            reading,
            {**reading, "name": "skin", "seen": "fair", "agrees": True},
            {**reading, "name": "eyes", "seen": "", "agrees": None, "unmeasured": "the eyes are closed"},
        ],
    }  # fmt: skip
    assert beside_the_face({"likeness": likeness}) == (
        ("from the anchor", "skin 1.23, clothes 0.50, glasses put on or taken off"),
        ("seen (advice)", "hair black where the DNA says blond; as the DNA says: skin"),
        ("not compared", "of the picture: the eyes are closed"),
        ("turn", "+0.75 (1 as in the anchor, -1 as asked)"),
    )
    assert beside_the_face({"likeness": {"skin_change": 0.0}}) == (("from the anchor", "skin 0.00"),)
    assert beside_the_face({}) == () and beside_the_face({"likeness": {"unmeasured": {}, "readings": []}}) == ()


def read(*votes: dict[str, str], asked: int = 3) -> Reading:
    """Return what usable votes come to, each of which says of some items what was compared, and `same` of the rest."""
    given = [{item.name: {"seen": "x", "compared": one.get(item.name, "same")} for item in CHECKLIST} for one in votes]
    unusable = [f"vote {number}: no JSON" for number in range(len(votes) + 1, asked + 1)]
    content = {
        "picture": "d", "model": "eyes", "votes": asked, "unusable": unusable,
        "attributes": counted(given, asked, {}),
    }  # fmt: skip
    return Reading("reader/02", "d", content)


BLIND = {item.name: "cannot see" for item in CHECKLIST}
CHANGED = {item.name: "changed" for item in CHECKLIST}


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (read({}, {}, {}), "nothing changed of what could be compared, 8 of 8 (eyes, 3 votes)"),
        (
            read({**BLIND, "hat": "same"}, {**BLIND, "hat": "same"}, BLIND),
            "nothing changed of what could be compared, 1 of 8 (eyes, 3 votes)",
        ),
        (
            read({**BLIND, "hat": "changed"}, {**BLIND, "hat": "changed"}, {}),
            "changed: hat or head covering (x); 1 of 8 could be compared (eyes, 3 votes)",
        ),
        (read(), "not read: no vote can be used (eyes, 3 votes, 3 of them can't be used)"),
        (read({}), "nothing could be compared (eyes, 3 votes, 2 of them can't be used)"),
        (read({}, CHANGED, BLIND), "nothing could be compared (eyes, 3 votes)"),
    ],
)
def test_a_reader_that_compared_nothing_does_not_say_that_nothing_changed(
    reading: Reading, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert as_read(reading) == (("second reader (advice)", said),)
    document = {
        "id": "ana", "name": "Ana", "brief": "A gardener.", "status": "complete", "labels": [], "sections": {},
        "artifacts": {}, "reading": {"pictures": {"reader/02": dict(reading.content)}, "agreement": []},
    }  # fmt: skip
    print_card(document)
    assert f"reader/02: {said}" in " ".join(capsys.readouterr().out.split())


def test_a_picture_that_nobody_read_has_no_line() -> None:
    assert as_read(None) == ()
