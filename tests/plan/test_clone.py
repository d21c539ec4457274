"""A clone without a store: what can be made again as the lock has it, what can't, and what that is called."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

import pytest

from personaforge.store.lockfile import read_lock
from personaforge.testing import scripted_text
from tests.run.conftest import PERSONA, Studio, answer, make_studio

__all__ = ["make_studio"]

REMADE = "the pinned artifact is remade, and has to come out the same"


@pytest.fixture
def clone(make_studio: Callable[..., Studio]) -> Studio:
    """Texts come from a provider that gives the same again, pictures don't; only what is committed was cloned."""
    studio = make_studio()
    scripted_text(answer, deterministic=True).register()
    studio.build()
    for name in (".forge", "build"):
        shutil.rmtree(studio.root / name)
    return studio


UNKNOWN = "is pinned, and its bytes and the record of its complete action are not here"


def told(studio: Studio, name: str) -> list[tuple[str, str]]:
    return [(reason.code, reason.text) for reason in studio.node(name).reasons]


def test_texts_come_back_and_pictures_are_missing(clone: Studio) -> None:
    states = clone.states()
    assert {states[name] for name in ("soul", "surface", "dna", "audit")} == {"run"}
    assert {name for name, state in states.items() if state == "missing"} >= {"anchor", "image/02", "video/wave"}
    assert told(clone, "soul") == [("pin", UNKNOWN), ("pin", REMADE)]
    assert clone.node("soul").returns and told(clone, "surface") == [("needs", "waits for soul"), ("pin", REMADE)]
    assert told(clone, "image/02") == [("needs", "needs anchor, which is pinned and missing")]
    assert clone.plan().estimate.calls_max == 0


def test_a_gate_that_was_changed_meanwhile_is_told_with_what_comes_back(clone: Studio) -> None:
    """Then a text that is remade may fail it, and further attempts may follow."""
    clone.edit(
        "personas/ana.yaml", ("seed: 3", "seed: 3\npipeline: {steps: {soul: {retries: 4}}}"), ("pipeline: small\n", "")
    )
    clone.edit("personas/ana.yaml", ("defaults: [", "defaults: [{override /pipeline: small}, "))
    assert told(clone, "soul") == [
        ("pin", UNKNOWN),
        ("pin", REMADE),
        ("gate", "is judged by other gates than it was accepted behind, and may take further attempts"),
    ]
    assert not any(code == "gate" for code, _ in told(clone, "surface")), "its own gates are what they were"


def test_a_text_that_was_bought_is_missing_though_all_that_it_was_made_from_comes_back(
    make_studio: Callable[..., Studio],
) -> None:
    other = PERSONA.replace("pipeline: small\n", "pipeline: {steps: {dna: {provider: bought}}}\n").replace(
        "defaults: [", "defaults: [{override /pipeline: small}, "
    )
    studio = make_studio(other)
    scripted_text(answer, deterministic=True).register()
    scripted_text(answer).register("bought")
    studio.build("+dna")
    digest = next(iter(pin.outputs.values())) if (pin := read_lock(studio.lock, "ana").pin("dna")) else ""
    for name in (".forge", "build"):
        shutil.rmtree(studio.root / name)
    node = studio.node("dna")
    assert (node.state, node.returns) == ("missing", False)
    assert [(reason.code, reason.text) for reason in node.reasons] == [
        (
            "pin",
            f"ana/dna is pinned to {digest[:12]}, which is in neither the store nor the build folder; get it with "
            "`forge cache pull ana`, or accept a new one with `forge build ana --repin dna`",
        )
    ]
    assert studio.states("+dna")["soul"] == "run"


def test_what_another_forge_remakes_is_told_node_by_node(clone: Studio) -> None:
    """After an upgrade the same request may be drawn otherwise; a frozen build fails at each node where it is."""
    lock = clone.root / "personas/ana.lock.yaml"
    lines = lock.read_text().splitlines(keepends=True)
    older = [re.sub(r'"forge":"[^"]*"', '"forge":"0.0.9+00000000"', one) if "  soul:" in one else one for one in lines]
    assert older != lines
    lock.write_text("".join(older))
    another = (
        "the pinned artifact is remade by another forge than accepted it: where it comes out different, it stops there"
    )
    assert another in [text for _, text in told(clone, "soul")]
    assert REMADE in [text for _, text in told(clone, "dna")]
