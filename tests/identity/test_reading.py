"""What votes come to, and agreement: right values, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.identity.appearance import Reading
from personaforge.identity.checklist import CHECKLIST, class_of, too_long
from personaforge.identity.reading import agreement, agreements, changed_share, counted, majority, shown
from personaforge.spec.project import packaged


@pytest.mark.parametrize(
    ("votes", "asked", "result"),
    [
        (["same", "same", "changed"], 3, "same"),
        (["changed", "changed", "changed"], 3, "changed"),
        (["same", "changed", "cannot see"], 3, "cannot see"),
        (["same", "same"], 3, "same"),
        (["same"], 3, "cannot see"),
        (["same", "changed"], 3, "cannot see"),
        (["same", "same"], 5, "cannot see"),
        (["same"], 1, "same"),
        ([], 1, "cannot see"),
    ],
)
def test_a_majority_is_more_than_half_of_all_votes_asked_for(votes: list[str], asked: int, result: str) -> None:
    assert majority(votes, asked) == result


def vote(seen: str, compared: str) -> dict[str, dict[str, str]]:
    return {item.name: {"seen": seen, "compared": compared} for item in CHECKLIST}


def test_a_description_is_of_a_vote_that_agrees_with_the_majority() -> None:
    votes = [vote("a red coat", "changed"), vote("a blue coat", "same"), vote("a navy coat", "same")]
    found = counted(votes, 3, {"clothing": "a blue coat"})
    assert found["clothing"] == {
        "asked": "a blue coat", "against": "words", "seen": "a blue coat", "compared": "same",
        "votes": {"changed": 1, "same": 2},
    }  # fmt: skip
    assert found["hat"]["against"] == "anchor" and found["hat"]["seen"] == "cannot see"


def test_the_share_is_of_what_could_be_compared() -> None:
    said = ["same", "changed", "cannot see", "same", "same"]
    assert changed_share({str(n): {"compared": one} for n, one in enumerate(said)}) == 0.25
    assert changed_share({"hat": {"compared": "cannot see"}}) is None


def test_kappa_is_cohens() -> None:
    """50 grants that two readers judge: 20 yes by both, 15 no by both, 5 and 10 apart; po is 0.7 and pe is 0.5."""
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    found = agreement("grants", pairs)
    assert (found.pictures, found.agreed, found.share, found.kappa) == (50, 35, 0.7, 0.4)
    assert agreement("all apart", [("a", "b"), ("b", "a")]).kappa == -1.0
    assert agreement("perfect", [("a", "a"), ("b", "b")]).kappa == 1.0


def test_kappa_is_not_defined_where_both_say_one_thing() -> None:
    found = agreement("hair", [("brown", "brown")] * 4)
    assert found.share == 1.0 and found.kappa is None
    assert shown(found) == "hair: 4 of 4 agree, kappa not defined, both say the same of all"
    empty = agreement("hair", [])
    assert (empty.share, empty.kappa) == (None, None)
    assert shown(agreement("hat", [("a", "a"), ("b", "b")])) == "hat: 2 of 2 agree, kappa 1.00"


def test_words_that_measuring_cannot_tell_apart_are_one_class() -> None:
    assert class_of("facial_hair", "stubble") == class_of("facial_hair", "none") == "none or stubble"
    assert class_of("hair_length", "shaved") == class_of("hair_length", "short") == "shaved or short"
    assert class_of("hair_color", "red") == "red"


def said(name: str, seen: str, compared: str, asked: str = "") -> dict[str, Any]:
    against = "words" if asked else "anchor"
    return {name: {"asked": asked, "against": against, "seen": seen, "compared": compared, "votes": {}}}


def measured(name: str, asked: str, seen: str) -> dict[str, Any]:
    return Reading(name, asked, seen, asked in seen.split(" or "))._asdict()


def test_only_what_both_have_said_of_the_same_is_compared() -> None:
    pictures: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {
                "attributes": {
                    **said("hair_color", "red", "same", "red"),
                    **said("facial_hair", "none", "changed", "stubble"),  # one class with stubble, and another verdict
                    **said("eye_color", "other", "changed", "green"),
                    **said("glasses", "none", "same"),
                }
            },
            {
                "glasses_change": 1.0,
                "readings": [
                    measured("hair", "red", "brown"),
                    measured("facial hair", "stubble", "none or stubble"),
                    measured("eyes", "green", "green"),
                ],
            },
        ),
        (
            {
                "attributes": {
                    **said("hair_color", "cannot see", "cannot see", "red"),
                    **said("skin_tone", "tan", "same"),
                }
            },
            {
                "readings": [
                    measured("hair", "red", "red"),
                    measured("skin", "tan", "tan"),
                    Reading("eyes", "green", "", None, "the eyes are closed")._asdict(),
                ]
            },
        ),
    ]
    found = {one.name: (one.agreed, one.pictures) for one in agreements(pictures)}
    assert found == {
        # Hair and facial hair apart, eyes apart, glasses apart; the skin was compared with the anchor by one of them.
        "same or changed": (0, 4),
        "skin_tone": (1, 1),
        "hair_color": (0, 1),
        "facial_hair": (1, 1),
    }
    assert agreements([]) == ()


def test_the_words_of_the_checklist_are_those_of_the_dna() -> None:
    import yaml

    schema = yaml.safe_load((packaged("conf") / "schema/dna.yaml").read_text())["properties"]
    words = {item.name: item.words for item in CHECKLIST}
    for name, part, field in (
        ("skin_tone", "skin", "tone"),
        ("eye_color", "eyes", "color"),
        ("hair_length", "hair", "length"),
        ("facial_hair", "face", "facial_hair"),
    ):
        assert words[name] == tuple(schema[part]["properties"][field]["enum"]), name


def test_a_description_has_an_end() -> None:
    answer = vote("x" * 200, "same")
    assert too_long(answer) == []
    answer["clothing"]["seen"] += "x"
    assert too_long(answer) == ["clothing.seen: found 201 characters, expected at most 200"]
