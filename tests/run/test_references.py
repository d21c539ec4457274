"""The reference set: further pictures that stand for the person beside the anchor."""

from __future__ import annotations

import json
from collections.abc import Callable

from personaforge.providers.protocols import Request
from tests.run.conftest import PERSONA, SKIN, Studio

NEAR = (100, 150, 60)
"""Composite 0.94 against SKIN."""
BLACK = (0, 0, 0)
GRIN = PERSONA.replace("identity: {", "identity: {references: {slots: [grin]}, ")


def grinning(color: tuple[int, int, int]) -> Callable[[Request], tuple[int, int, int]]:
    """The reference that grins and the image that smiles have a colour of their own."""

    def answer(request: Request) -> tuple[int, int, int]:
        prompt = request.fields["prompt"]
        return color if "grin" in prompt else NEAR if "smile" in prompt else SKIN

    return answer


def test_nothing_is_drawn_that_nobody_asked_for(studio: Studio) -> None:
    studio.build()
    assert not [name for name in studio.states() if name.startswith("reference")]


def test_an_image_is_held_against_the_reference_that_is_most_alike(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(GRIN, color=grinning(NEAR))
    report = studio.build()
    assert report.nodes["ana/reference/grin"].outcome.status == "accepted"  # type: ignore[union-attr]
    facts = {name: report.nodes[f"ana/{name}"].outcome.facts for name in ("image/02", "image/03", "video/wave")}  # type: ignore[union-attr]
    assert facts["image/02"]["reference"] == "grin" and facts["image/02"]["composite"] > 0.999
    assert facts["image/03"]["reference"] == "anchor" and facts["image/03"]["composite"] > 0.999
    assert len(facts["video/wave"]["references"]) == 1
    assert (studio.root / "build/ana/references/grin.png").exists()
    assert '"reference/grin"' in (studio.root / "build/ana/persona.json").read_text()
    assert "reference/grin" in studio.lock.read_text(), "it is pinned as every accepted artifact"
    studio.forget()
    assert not studio.plan().has_changes and studio.calls() == 0


def test_how_the_set_is_combined_judges_again_and_draws_nothing(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(GRIN, color=grinning(NEAR))
    studio.build()
    studio.forget()
    studio.edit("personas/ana.yaml", ("{slots: [grin]}", "{slots: [grin], combine: mean}"))
    studio.build()
    assert studio.calls() == 0
    mean = json.loads((studio.root / "build/ana/persona.json").read_text())["artifacts"]["image/02"]
    assert mean["reference"] == "mean of 2" and 0.95 < mean["composite"] < 0.99


def test_a_reference_without_a_face_is_flagged_and_not_in_the_set(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(GRIN, color=grinning(BLACK))
    report = studio.build()
    node = report.nodes["ana/reference/grin"]
    assert node.outcome is not None and node.outcome.status == "flagged" and "no face" in node.outcome.facts["reason"]
    assert report.nodes["ana/image/02"].end == "done"
    assert "references" not in report.nodes["ana/image/02"].outcome.facts  # type: ignore[union-attr]


def test_validate_knows_the_slots(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(GRIN.replace("[grin]", "[gran]"))
    with studio.open() as space:
        problems, _ = space.validate([])
    [problem] = problems
    assert problem.path == "identity.references.slots" and "no entry of matrix.references" in problem.message
    assert "grin" in problem.hint


def test_evaluations_name_what_they_were_held_against(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(GRIN, color=grinning(NEAR))
    report = studio.build()
    [evaluation] = report.nodes["ana/image/02"].outcome.evaluations  # type: ignore[union-attr]
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    grin = document["artifacts"]["reference/grin"]["sha256"]
    assert evaluation["references"] == [grin]
    assert evaluation["anchor"] == document["artifacts"]["anchor"]["sha256"]
