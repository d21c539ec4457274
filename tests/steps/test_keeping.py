"""What a revision must keep: what the brief says word for word of who somebody is, in any script."""

from __future__ import annotations

import pytest

from personaforge.steps.keeping import losses, stated

BOTANIST = {
    "surface": {"name": "Ai Mori", "age": 70, "occupation": "Botanist", "location": {"city": "Kyoto"}},
    "lifestyle": {"vacation_style": {"kind": "beach"}},
    "self": {"big_five": {"openness": 0.7}},
}


def test_what_the_brief_states_is_found_as_whole_words() -> None:
    found = stated(BOTANIST, "A retired botanist, 70, from  KYOTO; no beach, 0.7")
    assert found == {"surface.age": 70, "surface.occupation": "Botanist", "surface.location.city": "Kyoto"}
    assert stated(BOTANIST, "Two botanists of 170 in Kyotographia") == {}


def test_scripts_without_spaces_are_searched_as_they_stand() -> None:
    assert stated({"surface": {"city": "大阪"}}, "大阪でラーメン屋を営む男性") == {"surface.city": "大阪"}


@pytest.mark.parametrize(
    ("revised", "lost"),
    [
        ({"age": 70, "occupation": "retired botanist"}, []),
        ({"age": 70, "occupation": "teacher"}, ["occupation: found 'teacher', expected 'Botanist'"]),
        ({"age": 71, "occupation": "botanist"}, ["age: found 71, expected 70, which the brief says"]),
        ({"occupation": "botanist"}, ["age: found None, expected 70, which the brief says"]),
        ("nonsense", ["occupation: found None", "age: found None"]),
    ],
)
def test_a_revision_loses_what_it_no_longer_has(revised: object, lost: list[str]) -> None:
    kept = {"surface.occupation": "Botanist", "surface.age": 70, "soul.name": "of another section"}
    found = losses(kept, "surface", revised)
    assert len(found) == len(lost) and all(one.startswith(said) for one, said in zip(found, lost, strict=True))
