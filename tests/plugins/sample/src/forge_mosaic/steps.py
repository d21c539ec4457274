"""A step that writes down which picture the anchor is."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field

from personaforge.plugins.contributions import KindEntry
from personaforge.spec.kinds import Kind
from personaforge.spec.pipeline import StepBase
from personaforge.steps.action import Procedure
from personaforge.steps.context import Context
from personaforge.steps.outputs import write
from personaforge.steps.table import StepKind


class PaletteStep(StepBase):
    """Writes `palette.json` beside the pictures."""

    kind: Literal["palette"]
    colors: Annotated[int, Field(ge=1, le=16)] = 4
    """How many colours it has."""


def palette(context: Context) -> Procedure:
    """Write the anchor's digest, and as many colours as are asked for."""
    anchor = context.of_kind("anchor").outputs["anchor"].artifact
    count = context.settings[f"pipeline.steps.{context.node.step}.colors"]
    text = json.dumps({"anchor": anchor.digest, "colors": [anchor.digest[2 * n : 2 * n + 6] for n in range(count)]})
    return (yield from write(context, "palette", "palette.json", text.encode(), "application/json"))


PALETTE = KindEntry(StepKind("palette", 1, palette, ("{own}",)), Kind("palette", outputs=("palette",)), PaletteStep)
