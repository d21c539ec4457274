"""What is said of one node: what it was made from, what it answered, where it lies, and what a build would ask next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import PlanError
from personaforge.plan.explanation import _dependencies, _ended, explain
from personaforge.steps.action import Action
from personaforge.steps.mending import NO_OBJECT
from personaforge.testing import ColorAnalyzers
from tests.plan.lab import Lab, lab, undone
from tests.run.conftest import PERSONA


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("explained"), "all") as opened:
        yield opened


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("unbuilt")) as opened:
        yield opened


def told(built: Lab, name: str, persona: str = PERSONA) -> dict[str, Any]:
    return explain(built.space.plan_context, [built.load(persona)], name, ())


def rows(found: dict[str, Any]) -> dict[str, tuple[Any, Any, bool]]:
    return {row["name"]: (row["before"], row["now"], row["changed"]) for row in found["dependencies"]}


def test_a_node_that_stands(built: Lab) -> None:
    found = told(built, "image/02")
    assert (found["schema"], found["node"], found["kind"], found["state"]) == (1, "ana/image/02", "image", "cached")
    assert found["tags"] == ["media", "frontal"] and found["reasons"] == [] and found["note"] == ""
    assert found["built"] is not None and found["facts"]["decision"] == "ACCEPT" and found["answers"] == []
    (artifact,) = found["artifacts"]
    assert artifact["path"] == "build/ana/images/02-smiling.png" and artifact["condition"] == ""
    pin = built.planned().personas[0].lock.pin("image/02")
    assert pin is not None and artifact["digest"] == pin.outputs["image"]
    assert found["pinned"] is not None and pin.key in found["pinned"]
    assert not any(changed for _, _, changed in rows(found).values())


def test_its_last_action_is_the_one_that_made_something(built: Lab) -> None:
    """The picture was measured after it was drawn; a measurement makes no artifact."""
    action = told(built, "image/02")["action"]
    assert (action["kind"], action["provider"], action["known"]) == ("draw", "scripted@1", True)
    assert action["changed_parts"] == [] and action["parts"]["request"]["model"] == "img-1"


def test_every_dependency_then_and_now(built: Lab) -> None:
    found = rows(told(built, "image/02", PERSONA.replace("seed: 3", "seed: 4")))
    assert found["seed"] == (3, 4, True)
    assert {name for name, (_, _, changed) in found.items() if changed} == {"seed"}
    assert found["code"] == ("image@1", "image@1", False) and found["provider"] == ("scripted@1", "scripted@1", False)
    assert {"template image.j2", "analyzer pack", "matrix.positions.02.expression"} <= set(found)
    assert found["matrix.positions.02.expression"] == ("smile", "smile", False)


def test_what_the_needs_gave_is_told_once_they_are_settled(built: Lab) -> None:
    stands = rows(told(built, "image/02"))
    assert {"needs profile", "needs matrix", "needs anchor"} <= set(stands)
    waits = rows(told(built, "image/02", PERSONA.replace("seed: 3", "seed: 4")))
    assert not any(name.startswith("needs") for name in waits)


def test_the_next_action_is_compared_with_the_same_one_of_the_last_build(built: Lab) -> None:
    found = told(built, "soul", PERSONA.replace("calm", "loud"))
    action = found["action"]
    assert (action["kind"], action["known"], found["state"]) == ("complete", False, "run")
    changed = {part["name"]: (part["before"], part["now"]) for part in action["changed_parts"]}
    assert changed["request.prompt"] == (
        "A calm gardener who talks to her roses.\n", "A loud gardener who talks to her roses.\n",
    )  # fmt: skip
    assert not any(name.startswith("request.schema") or name == "take" for name in changed)


def test_what_a_text_model_answered(built: Lab) -> None:
    (one,) = told(built, "soul")["answers"]
    assert (one["attempt"], one["repair"], one["model"]) == (0, False, "deep-1")
    assert (one["ended"], one["problems"], one["cost_usd"]) == ("fits", [], 0.0)
    assert one["path"].startswith(".forge/blobs/") and one["digest"][2:] in one["path"]


def test_an_answer_that_no_longer_fits_is_measured_by_the_schema_it_was_asked_with(built: Lab) -> None:
    pinned = PERSONA + "pinned: {soul: {desire: a house by the sea}}\n"
    (one,) = told(built, "soul", pinned)["answers"]
    assert one["ended"] == "malformed" and "a house by the sea" in " ".join(one["problems"])


def test_an_artifact_that_is_nowhere_and_one_whose_file_was_edited(built: Lab) -> None:
    root = built.studio.root
    with undone(root):
        (root / "build/ana/drafts/soul.json").write_text("{}")
        (artifact,) = told(built, "soul")["artifacts"]
        assert artifact["condition"] == "its file isn't this result"
        digest = artifact["digest"]
        for file in root.glob(".forge/blobs/**/*"):
            if file.is_file() and digest[2:] in str(file).replace("/", ""):
                file.unlink()
        found = told(built, "soul")
        assert found["artifacts"][0]["condition"] == "its file isn't this result"
        assert found["answers"] == [], "the record of an answer that is gone is none"
        (root / "build/ana/drafts/soul.json").unlink()
        assert told(built, "soul")["artifacts"][0]["condition"] == "its file is missing"


def test_a_node_that_was_never_built(empty: Lab) -> None:
    found = told(empty, "soul")
    assert found["built"] is None is found["pinned"] and found["artifacts"] == [] == found["answers"]
    assert found["action"]["kind"] == "complete" and found["action"]["changed_parts"] == []
    assert all(before is None and not changed for before, _, changed in rows(found).values())
    assert told(empty, "profile")["action"] is None


def test_a_name_that_nobody_has_and_one_that_two_have(empty: Lab) -> None:
    with pytest.raises(PlanError, match="there is no node 'image/2'") as error:
        told(empty, "image/2")
    assert error.value.hint == "did you mean image/02?"
    with pytest.raises(PlanError) as error:
        told(empty, "image/4")
    assert error.value.hint == "did you mean image/04?"
    with pytest.raises(PlanError) as error:
        told(empty, "xyz")
    assert error.value.hint == "forge graph --all"
    one = empty.load()
    with pytest.raises(PlanError, match="soul is a node of 2 personas") as error:
        explain(empty.space.plan_context, [one, one], "soul", ())
    assert error.value.hint == "name one: ana/soul"


def test_a_large_setting_that_is_the_same_stays_one_line() -> None:
    large = {str(number): number for number in range(31)}
    other = {**large, "7": 0}
    same = _dependencies({"settings": {"motion": large}}, {"settings": {"motion": large}})
    assert [row["name"] for row in same] == ["motion"]
    changed = _dependencies({"settings": {"motion": large}}, {"settings": {"motion": other}})
    assert [row["name"] for row in changed if row["changed"]] == ["motion.7"] and len(changed) == 31
    small = {str(number): number for number in range(30)}
    assert len(_dependencies({"settings": {"motion": small}}, {"settings": {"motion": small}})) == 30


def test_a_dependency_that_is_gone_is_told_and_a_group_that_is_not_known_now_is_not() -> None:
    found = _dependencies({"templates": {"a": "1"}, "needs": {"soul": "1"}}, {"templates": {"b": "2"}, "code": "x@1"})
    assert [(row["name"], row["before"], row["now"], row["changed"]) for row in found] == [
        ("code", None, "x@1", True),
        ("template a", "1", None, True),
        ("template b", None, "2", True),
    ]


@pytest.mark.parametrize(
    ("value", "reply", "expected"),
    [
        ({"blocked": "refusal: I can't do that"}, None, ("refused", ["I can't do that"])),
        ({"blocked": "input: unsafe"}, None, ("blocked", ["unsafe"])),
        ({"blocked": "input"}, None, ("blocked", [])),
        ({"truncated": True}, ("text/plain", b"{"), ("truncated", [])),
        ({}, ("text/plain", b"Sure, here you go"), ("malformed", [NO_OBJECT])),
        ({}, ("application/json", b'{"desire": "roses"}'), ("fits", [])),
        ({}, ("application/json", b'{"fear": "frost"}'), ("malformed", None)),
    ],
)
def test_how_an_answer_ended(
    built: Lab, value: dict[str, Any], reply: tuple[str, bytes] | None, expected: tuple[str, list[str] | None]
) -> None:
    resolver = built.resolver()
    planned = resolver.plan.nodes["soul"]
    outputs = {}
    if reply is not None:
        digest = digest_bytes(reply[1])
        resolver.contents.computed(Action("write", "forge@1", {"digest": digest, "media_type": ""}, content=reply[1]))
        outputs = {"reply": {"digest": digest, "media_type": reply[0], "size": len(reply[1])}}
    schema = resolver.settings.get("schema.soul")
    record = {"value": value, "outputs": outputs, "parts": {"request": {"schema": schema}}}
    ended, problems = _ended(resolver, planned, record)
    assert ended == expected[0]
    assert problems == expected[1] if expected[1] is not None else "desire" in " ".join(problems)
    if reply is not None and reply[0] == "application/json":
        record["parts"] = {"request": {}}
        assert _ended(resolver, planned, record) == ("fits", []), "there is nothing to measure it by"


def test_an_answer_is_not_measured_by_pins_that_its_own_schema_did_not_know(built: Lab) -> None:
    """Pins of now say nothing about an answer to another schema."""
    resolver = built.resolver(PERSONA + "pinned: {soul: {desire: a house by the sea}}\n")
    text = b'{"desire": "roses"}'
    digest = digest_bytes(text)
    resolver.contents.computed(Action("write", "forge@1", {"digest": digest, "media_type": ""}, content=text))
    outputs = {"reply": {"digest": digest, "media_type": "application/json", "size": len(text)}}
    own = resolver.settings.get("schema.soul")
    for schema, ended in ((own, "malformed"), ({"type": "object"}, "fits")):
        record = {"value": {}, "outputs": outputs, "parts": {"request": {"schema": schema}}}
        assert _ended(resolver, resolver.plan.nodes["soul"], record)[0] == ended


def test_a_measurement_is_compared_with_the_measurement_and_not_with_the_drawing(built: Lab) -> None:
    """Another pack measures: of the same attempt's two actions it is the second that is asked for anew."""
    usual = built.space.analyzers
    try:
        built.space.analyzers = ColorAnalyzers("other")
        action = told(built, "image/02")["action"]
    finally:
        built.space.analyzers = usual
    assert (action["kind"], action["known"]) == ("measure", False)
    changed = [part["name"] for part in action["changed_parts"]]
    assert changed == ["request.analyzer.pack", "request.analyzer.pack_digest"]
