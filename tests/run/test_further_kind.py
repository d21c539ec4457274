"""A further kind of step, declared in YAML: it is built, pinned, shown, checked and followed by the part that it plays,
and nobody but its own declarations knows its name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Literal

import pytest
from pydantic import Field

from personaforge.checks.run import run_checks
from personaforge.drift.timelines import drift
from personaforge.errors import SpecError
from personaforge.report.build.console import built_summary
from personaforge.report.pages.gather import gather
from personaforge.report.status import status_rows
from personaforge.results.results import Results
from personaforge.spec import models, pipeline
from personaforge.spec.kinds import KINDS, Kind
from personaforge.steps import table
from personaforge.steps.action import Procedure
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop, call
from personaforge.steps.context import Context
from personaforge.steps.images import draw, reference_set
from personaforge.steps.measuring import judge_image
from personaforge.steps.outputs import made_by
from tests.run.conftest import PERSONA, Studio

STEP = """\
  drawing: {kind: sketch, positions: matrix.positions, needs: [profile, matrix, anchor, reference], template: image.j2,
            provider: "${image.provider}", model: "${image.model}", tags: [media]}
"""
CHECKS = {
    "all": "count(composite) == 6 over images",
    "sketches": "min(composite) >= 0.9 over drawing where tier = identity",
}


class SketchStep(pipeline.Pictured):
    """Draws each position of a table as a sketch."""

    kind: Literal["sketch"]
    positions: pipeline.Line


def sketch(context: Context) -> Procedure:
    """Draw one position until it shows the anchor's person."""
    slot = context.node.slot
    position = context.settings[f"matrix.positions.{slot}"]
    anchor = context.of_kind("anchor").outputs["anchor"].artifact

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        return made_by(context, (yield from call(draw(context, position, slot, anchor, number))), "sketch", "image")

    def examine(made: Made) -> Examining:
        return (yield from judge_image(context, made.outputs["sketch"], reference_set(context)))

    first = draw(context, position, slot, anchor, 0)[0]
    paths = {"sketch": f"sketches/{slot}.png"}
    return (yield from attempt_loop(context, first=first, make=make, examine=examine, limit=2, paths=lambda _: paths))


@pytest.fixture
def sketches(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A studio whose pipeline has a step of the further kind. What is registered here is all that a kind takes."""
    studio.edit(
        "conf/pipeline/small.yaml",
        ("  document:", f"{STEP}  document:"),
        ("reference, image, video, finish", "reference, image, drawing, video, finish"),
        ("needs: [anchor, reference, image]}\n", "needs: [anchor, reference, image, drawing]}\n"),
    )
    steps = pipeline.Pipeline.model_fields["steps"]
    monkeypatch.setattr(table, "_BY_NAME", dict(table._BY_NAME))
    monkeypatch.delitem(KINDS, "sketch", raising=False)

    def declared(annotation: object) -> None:
        steps.annotation = dict[pipeline.Name, annotation]  # type: ignore[valid-type,assignment]
        pipeline.Pipeline.model_rebuild(force=True)
        models.Persona.model_rebuild(force=True)

    def register() -> None:
        declared(Annotated[pipeline.Step | SketchStep, Field(discriminator="kind")])
        kind = replace(table.step_kind("image"), name="sketch", procedure=sketch)
        table.register(kind, Kind("sketch", "picture", ("sketch",), "images"))

    studio.register = register  # type: ignore[attr-defined]
    yield studio
    KINDS.pop("sketch", None)
    declared(pipeline.Step)


def test_a_kind_that_nobody_has_declared_is_no_kind(sketches: Studio) -> None:
    with pytest.raises(SpecError, match="found 'sketch', which is no kind of step"):
        sketches.plan()


def test_a_further_kind_flows_through_by_the_part_that_it_plays(sketches: Studio) -> None:
    sketches.register()  # type: ignore[attr-defined]
    (sketches.root / "personas/ana.yaml").write_text(
        f"{PERSONA.replace('defaults: [', 'defaults: [{override /checks: none}, ')}checks: {json.dumps(CHECKS)}\n"
    )
    with sketches.open() as space:
        plan = space.plan([])
        report = space.build(plan, listeners=[sketches.events.append])
        assert {node.end for node in report.nodes.values()} == {"done"}

        # Built and pinned: the second plan has nothing to do.
        summary = built_summary(space, plan, report)
        step = next(one for one in summary["personas"][0]["steps"] if one["step"] == "drawing")
        assert step["composites"] == [1.0] * 3 and step["files"] == [f"sketches/0{slot}.png" for slot in (2, 3, 4)]
        again = space.plan([])
        assert not again.has_changes
        assert {"drawing/02", "drawing/03", "drawing/04"} <= set(again.personas[0].lock.names())

        # Told while it is built: it counts among the images, of which the anchor is one.
        told = [event for event in sketches.events if event.type.startswith("persona_image_")]
        percent = [event.progress for event in told if event.type == "persona_image_progress"]
        assert len(percent) == 6 and told[-1].type == "persona_image_complete"

        # Found by its part, and shown with it.
        settings = space.load(["ana"])[0].settings
        found = [one.name for one in Results(space.store, settings).by_role("picture")]
        assert found == ["image/02", "image/03", "image/04", "drawing/02", "drawing/03", "drawing/04"]
        (row,) = status_rows(space.store, again, {})
        assert (row["status"], row["built"]) == ("complete", row["nodes"])
        facts = gather(space, again.personas[0])
        shown = {one.node: one for _, group in facts.groups for one in group}
        drawn = shown["drawing/03"]
        assert (drawn.title, drawn.group, drawn.standing) == ("03 turned", "identity", "accepted")
        assert drawn.now is not None and drawn.now.composite == 1.0 and len(drawn.attempts) == 1
        assert facts.summary.counts["accepted"] == 7, "with the clip"
        document = space.document(space.load(["ana"])[0])
        assert document["artifacts"]["drawing/02"]["file"] == "sketches/02.png"

        # Checked and followed: in the scope of its part, and by the name of its step.
        checks = run_checks(space, [])
        assert {check.name: str(check.result) for check in checks.checks} == {"all": "pass", "sketches": "pass"}
        (timeline,) = drift(space, "ana", modality="face").timelines
        nodes = {entry.node for entry in timeline.entries}
        assert {"drawing/02", "drawing/03", "drawing/04", "image/02", "image/03", "image/04"} <= nodes


def test_a_check_may_name_a_step_of_a_further_kind_and_no_other(sketches: Studio) -> None:
    sketches.register()  # type: ignore[attr-defined]
    checks = json.dumps({"a": "min(cosine_std) >= 0 over drawing"})
    (sketches.root / "personas/ana.yaml").write_text(f"{PERSONA}checks: {checks}\n")
    with pytest.raises(SpecError, match="cosine_std is not measured of the step drawing"):
        sketches.plan()
