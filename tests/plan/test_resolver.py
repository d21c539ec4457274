"""What a node's signature covers and what it doesn't, which take is next, and what a node depends on by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from personaforge.errors import PlanError
from personaforge.plan import resolver as resolver_module
from personaforge.plan.plan import Reason
from personaforge.plan.replay import Replay
from personaforge.plan.resolver import NodeResolver
from personaforge.steps.action import NotSettled
from personaforge.store.lockfile import Pin
from personaforge.testing import ColorAnalyzers, scripted_images
from tests.plan.lab import Lab, lab, undone
from tests.run.conftest import PERSONA

NODES = ("soul", "profile", "matrix", "candidate/1", "anchor", "image/02", "image/03", "video/wave", "document")
PICTURES = {"candidate/1", "image/02", "image/03"}
FACES = {*PICTURES, "anchor", "video/wave"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("resolver"), "all") as opened:
        yield opened


def signatures(resolver: NodeResolver) -> dict[str, str]:
    """Each node's signature over needs that are the same in every test."""
    shapes = resolver.plan.shape.by_name
    return {name: resolver.signature(shapes[name], dict.fromkeys(shapes[name].needs, "same")) for name in NODES}


def changed(built: Lab, resolver: NodeResolver) -> set[str]:
    before, now = signatures(built.resolver()), signatures(resolver)
    return {name for name in NODES if before[name] != now[name]}


def edited(old: str, new: str) -> str:
    assert old in PERSONA
    return PERSONA.replace(old, new)


@pytest.mark.parametrize(
    ("persona", "expected"),
    [
        (PERSONA, set()),
        (edited("brief: A calm", "brief: A loud"), {"soul", "document"}),
        (edited("seed: 3", "seed: 4"), {"soul", "document", *PICTURES, "video/wave"}),
        (edited("max_attempts: 3", "max_attempts: 4"), FACES),
        (PERSONA + "pinned: {surface: {age: 45}}\n", {"soul"}),
        (PERSONA + "description: for the summer\nowner: studio\n", set()),
    ],
    ids=["nothing", "brief", "seed", "identity", "pinned", "for people"],
)
def test_a_setting_is_in_the_signatures_of_the_nodes_that_may_read_it(
    built: Lab, persona: str, expected: set[str]
) -> None:
    assert changed(built, built.resolver(persona)) == expected


def test_signatures_differ_between_nodes_that_read_the_same(built: Lab) -> None:
    """Two positions with equal settings are two pictures."""
    found = signatures(built.resolver())
    assert len(set(found.values())) == len(NODES)


def test_what_the_needs_gave_is_in_it_in_their_order(built: Lab) -> None:
    resolver = built.resolver()
    shape = resolver.plan.shape.by_name["image/02"]
    needs = {name: str(number) for number, name in enumerate(shape.needs)}
    plain = resolver.signature(shape, needs)
    assert resolver.signature(shape, {**needs, "profile": "9"}) != plain
    assert resolver.signature(shape, dict(reversed(needs.items()))) != plain
    assert resolver.signature(shape, needs) == plain


def test_the_kinds_version_is_in_it(built: Lab) -> None:
    resolver = built.resolver()
    shape = resolver.plan.shape.by_name["image/02"]
    newer = shape._replace(kind=replace(shape.kind, version=shape.kind.version + 1))
    assert resolver.signature(newer, {}) != resolver.signature(shape, {})


def test_a_template_is_in_the_signatures_of_those_that_render_it(built: Lab) -> None:
    before = signatures(built.resolver())
    with undone(built.studio.root):
        built.studio.edit("templates/image.j2", ("yaw", "turned"))
        with built.studio.open() as space:
            plan_context = space.plan_context
            resolver = built.resolver()
            now = signatures(NodeResolver(plan_context, resolver.plan, resolver._selection, resolver._issued))
    assert {name for name in NODES if before[name] != now[name]} == PICTURES


def test_the_version_of_who_draws_is_in_it_and_its_price_is_not(built: Lab) -> None:
    before = signatures(built.resolver())
    try:
        scripted_images(paid=False).register()
        assert signatures(built.resolver()) == before
        scripted_images(paid=True, version="2").register()
        now = signatures(built.resolver())
    finally:
        built.studio.images.register()
    assert {name for name in NODES if before[name] != now[name]} == PICTURES


def test_who_measures_is_in_the_signatures_of_those_that_are_measured(built: Lab) -> None:
    before = signatures(built.resolver())
    usual = built.space.analyzers
    try:
        built.space.analyzers = ColorAnalyzers("other")
        now = signatures(built.resolver())
    finally:
        built.space.analyzers = usual
    assert {name for name in NODES if before[name] != now[name]} == FACES


def test_a_line_of_the_lock_is_in_the_signature_of_what_is_pinned(built: Lab) -> None:
    before = signatures(built.resolver())
    with undone(built.studio.root):
        text = built.studio.lock.read_text()
        built.studio.lock.write_text(text.replace('"take":0', '"take":1'))
        now = signatures(built.resolver())
    assert {name for name in NODES if before[name] != now[name]} == {"soul", *PICTURES, "anchor", "video/wave"}


@pytest.mark.parametrize("wish", ["forced", "repinned"])
def test_a_wish_is_in_it_until_it_is_fulfilled(built: Lab, wish: str) -> None:
    plain, wished = built.resolver(), built.resolver(**{wish: frozenset({"ana/image/02"})})
    one, other = (resolver.plan.shape.by_name["image/02"] for resolver in (plain, wished))
    assert plain.signature(one, {}) != wished.signature(other, {})
    assert plain.signature(one, {}, built=True) == wished.signature(other, {}, built=True) == plain.signature(one, {})
    assert wished.wished(other) and not plain.wished(one)
    assert not wished.wished(wished.plan.shape.by_name["image/03"])


def test_a_new_id_is_in_the_signature_of_what_names_the_persona_and_of_nothing_else(built: Lab) -> None:
    """Its oldest id stands in all others, so a new name makes nothing paid anew."""
    before = signatures(built.resolver())
    persona = PERSONA.replace("id: ana\n", "id: eva\nformerly: [ana]\n")
    resolver = built.resolver()
    plan = replace(resolver.plan, loaded=built.load(persona))
    now = signatures(NodeResolver(built.space.plan_context, plan, resolver._selection, resolver._issued))
    assert {name for name in NODES if before[name] != now[name]} == {"document"}


def test_the_take_is_the_pinned_one_and_when_forced_the_first_that_takes_a_call(built: Lab) -> None:
    resolver = built.resolver()
    shape = resolver.plan.shape.by_name["image/02"]
    assert resolver.take(shape) == 0
    wished = built.resolver(forced=frozenset({"ana/image/02"}))
    assert wished.take(shape) == 1
    missing = wished.replayed(shape, wished.context(shape, 1)).missing
    assert missing is not None and missing.kind == "draw" and missing.take == 1
    pin = resolver.pin(shape)
    assert pin is not None
    store = built.space.store
    with undone(built.studio.root):
        # The second take was drawn and measured before, say on another branch: its picture and its measurement are on
        # record, and the third one is next.
        record = store.find(pin.key)
        assert record is not None
        store.records.put("actions", store.records.free_name("actions", missing.key), {**record, "key": missing.key})
        assert wished.take(shape) == 2


def test_there_is_an_end_to_takes_that_were_not_accepted(built: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    wished = built.resolver(forced=frozenset({"ana/image/02"}))
    shape = wished.plan.shape.by_name["image/02"]
    monkeypatch.setattr(resolver_module, "_MAX_TAKES", 1)
    assert wished.take(shape) == 1
    monkeypatch.setattr(wished, "replayed", lambda shape, context: Replay(None, None, ()))
    with pytest.raises(PlanError, match="ana/image/02 has 1 takes that were not accepted"):
        wished.take(shape)


def test_only_forges_part_has_changed_where_a_computed_need_is_other_than_before(built: Lab) -> None:
    """And not where a need is other that was bought or decided."""
    for need, only in (("matrix", True), ("anchor", False)):
        resolver = built.resolver()
        shape = resolver.plan.shape.by_name["image/02"]
        assert resolver._only_forge(shape)
        resolver.settle(need, replace(resolver.outcome(need), facts={"other": True}))
        assert resolver._only_forge(shape) is only


def test_what_is_pinned_can_be_read_or_not(built: Lab) -> None:
    resolver = built.resolver()
    assert resolver.has_pinned(resolver.plan.nodes["image/02"])
    assert not resolver.has_pinned(resolver.plan.nodes["profile"]), "nothing is pinned of it"
    with undone(built.studio.root):
        built.studio.lock.write_text(
            re.sub(r'("image":)"[0-9a-f]{64}"', r'\1"' + "b" * 64 + '"', built.studio.lock.read_text())
        )
        resolver = built.resolver()
        assert not resolver.has_pinned(resolver.plan.nodes["image/02"])


def test_a_drawing_may_be_remade_where_every_picture_is_drawn_here(built: Lab) -> None:
    def may() -> bool:
        resolver = built.resolver()
        return resolver.context(resolver.plan.shape.by_name["image/02"], 0).may_remake

    try:
        scripted_images(paid=True, deterministic=True).register()
        assert may() is False, "clips are not"
        built.studio.clips.deterministic = True
        built.studio.clips.register()
        assert may() is True
    finally:
        built.studio.clips.deterministic = False
        built.studio.clips.register()
        built.studio.images.register()


def test_what_a_node_depends_on_by_name(built: Lab) -> None:
    resolver = built.resolver()
    shapes = resolver.plan.shape.by_name
    anchor = resolver.facts(shapes["anchor"])
    assert set(anchor) == {"code", "settings", "templates", "analyzer", "calibration"} and anchor["code"] == "anchor@1"
    assert set(anchor["settings"]) == {"identity", "matrix.anchor"} and anchor["templates"] == {}
    assert anchor["analyzer"]["pack"] == "colors"
    soul = resolver.facts(shapes["soul"])
    assert set(soul) == {"code", "settings", "templates", "provider"} and soul["provider"] == "scripted@1"
    assert {"soul.j2", "system.j2"} <= set(soul["templates"])
    assert resolver.facts(shapes["soul"], {"seed": 3})["settings"] == {"seed": 3}, "what was read, where that is known"
    profile = resolver.facts(shapes["profile"])
    assert profile == {"code": "profile@2", "settings": {}, "templates": {}}


def test_reasons_are_the_changes_since_the_last_outcome(built: Lab) -> None:
    resolver = built.resolver(edited("seed: 3", "seed: 4"))
    node = resolver.plan.nodes["image/02"]
    with pytest.raises(NotSettled):
        resolver.reasons(node, resolver.context(node.shape, 0))
    soul = resolver.plan.nodes["soul"]
    assert resolver.reasons(soul, resolver.context(soul.shape, 0)) == (Reason("setting", "seed 3 is now 4"),)


def test_a_pin_is_found_by_its_steps_kind(built: Lab) -> None:
    resolver = built.resolver()
    anchor = resolver.pin_of_kind("anchor")
    assert isinstance(anchor, Pin) and anchor is resolver.pin(resolver.plan.shape.by_name["anchor"])
    assert resolver.pin_of_kind("placement") is None and resolver.pin_of_kind("profile") is None
    assert resolver.anchored(resolver.plan.shape.by_name["candidate/1"])
    again = built.resolver(repinned=frozenset({"ana/candidate/1"}))
    assert not again.anchored(again.plan.shape.by_name["candidate/1"])
    assert again.anchored(again.plan.shape.by_name["candidate/2"])


def test_needs_are_read_when_they_are_asked_for(built: Lab) -> None:
    resolver = built.resolver()
    needs = resolver.context(resolver.plan.shape.by_name["image/02"], 0).needs
    assert list(needs) == ["profile", "matrix", "anchor"] and len(needs) == 3
    assert "anchor" in needs["anchor"].outputs
    with pytest.raises(KeyError):
        needs["soul"]


def test_what_can_be_made_again_without_a_purchase(built: Lab) -> None:
    resolver = built.resolver()
    shapes = resolver.plan.shape.by_name
    assert resolver.remakeable(shapes["anchor"]) and resolver.remakeable(shapes["document"])
    assert not resolver.remakeable(shapes["image/02"]), "its provider doesn't give the same bytes again"
    try:
        scripted_images(paid=True, deterministic=True).register()
        assert resolver.remakeable(shapes["image/02"])
    finally:
        built.studio.images.register()
