"""What the tests of this folder start from: a project of YAML texts, composed or loaded, and its problems."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from personaforge.errors import Problem, SpecError
from personaforge.providers.table import KNOWN
from personaforge.spec.bodies import read_persona
from personaforge.spec.compose import Composer
from personaforge.spec.load import Loader
from personaforge.spec.project import Project
from personaforge.spec.settings import Settings
from personaforge.testing import write_project

ANA = "id: ana\nbrief: A calm gardener.\n"


SMALL = {
    "conf/fashion/contexts.yaml": """
contexts:
  plain: {style: plain, garments: [tee], accessories: [], garment: tee, pattern: plain, palette: ["#ffffff"]}
""",
    "conf/matrix/heia_20.yaml": """
anchor: "01"
scenes: {plain: {text: a plain wall, colors: ["#ffffff", "#eeeeee"]}}
positions:
  "01": &p {tier: identity, name: anchor, distance: bust, yaw: 0, pitch: 0, expression: neutral, gaze: ahead,
            pose: still, scene: plain, light: soft, wardrobe: 1, tags: [identity]}
  "07": {<<: *p, yaw: 10, tags: [expression]}
utility: {}
""",
    "conf/motion/types.yaml": """
types:
  lifestyle: {description: waves, seconds: 2, aspect: "9:16", distance: bust, scene: plain, wardrobe: 1, keys: [
    {at: 0, yaw: 0, pitch: 0, expression: neutral}, {at: 1, yaw: 0, pitch: 0, expression: smile}]}
""",
    "conf/pipeline/four_layer.yaml": """
name: four_layer
steps:
  soul: {kind: draft, section: soul, template: text/soul.j2, schema: soul, provider: "${text.provider}",
         model: "${text.models.deep}", temperature: 1.0, max_tokens: 100}
  profile: {kind: profile, needs: [soul]}
  candidate: {kind: candidate, needs: [profile], template: image/heia.j2, provider: "${image.provider}",
              model: "${image.model}"}
  anchor: {kind: anchor, needs: [candidate]}
  sheet: {kind: sheet, needs: [anchor]}
""",
    "conf/pipeline/five_stage.yaml": """
name: five_stage
steps:
  identity: {kind: draft, section: surface, template: text/surface.j2, schema: surface, provider: "${text.provider}",
             model: "${text.models.standard}", temperature: 0.8, max_tokens: 100}
  profile: {kind: profile, needs: [identity]}
  sheet: {kind: sheet, needs: [profile]}
""",
}
"""A conf whose largest options are a few lines long: it composes in a third of the time, and is as valid."""


def project(root: Path, persona: str | Mapping[str, str] = ANA, files: Mapping[str, str] | None = None) -> Project:
    """Write a project with one persona, `ana.yaml`, or with several by stem."""
    personas = {"ana": persona} if isinstance(persona, str) else persona
    return Project(Path(os.path.realpath(write_project(root, personas, files))))


def small(root: Path, persona: str | Mapping[str, str] = ANA, files: Mapping[str, str] | None = None) -> Project:
    """Write a project with a small conf of its own."""
    return project(root, persona, SMALL | dict(files or {}))


def file_of(where: Project, stem: str = "ana") -> Path:
    """Return a persona's file."""
    return where.root / "personas" / f"{stem}.yaml"


def composed(where: Project, overrides: Sequence[str] = (), *, stem: str = "ana", full: bool = False) -> dict[str, Any]:
    """Compose a persona afresh, without checking it."""
    return Composer(where).compose(read_persona(where, file_of(where, stem)), overrides, full=full)


def loaded(where: Project, overrides: Sequence[str] = (), *, stem: str = "ana") -> Settings:
    """Load a persona afresh."""
    return Loader(where, domains=KNOWN).load(file_of(where, stem), overrides).settings


def problems(call: Callable[[], object]) -> list[Problem]:
    """Return the problems that a call raises."""
    with pytest.raises(SpecError) as caught:
        call()
    return caught.value.problems


def texts(call: Callable[[], object]) -> list[str]:
    """Return the problems that a call raises, as a person reads them."""
    return [str(problem) for problem in problems(call)]
