"""A small studio: one persona with every kind of step, scripted providers, and faces measured by colour."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from personaforge.plan.plan import Plan, PlannedNode, PlanRequest
from personaforge.providers import table
from personaforge.providers.protocols import Blob, Reply, Request
from personaforge.run.build_report import BuildReport
from personaforge.run.events import Event
from personaforge.testing import ColorAnalyzers, Scripted, scripted_images, scripted_text, write_project
from personaforge.testing.media import clip
from personaforge.workspace.workspace import BuildOptions, Workspace


class Death(BaseException):
    """The end of a process, as a test plays it: nothing turns it into an error."""


PERSONA = """\
id: ana
brief: A calm gardener who talks to her roses.
seed: 3
pipeline: small
matrix: few
motion: one
text: scripted
image: scripted
video: scripted
defaults: [{override /identity: insightface}]
identity: {anchor: {candidates: 2}, max_attempts: 3}
"""

PIPELINE = """\
name: small
steps:
  soul: {kind: draft, section: soul, template: soul.j2, system: system.j2, schema: soul, tags: [text], retries: 2,
         provider: "${text.provider}", model: "${text.models.deep}", temperature: 1.0, max_tokens: 500}
  surface: {kind: draft, section: surface, needs: [soul], template: surface.j2, system: system.j2, schema: surface,
            retries: 1, tags: [text], provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5,
            max_tokens: 300}
  dna: {kind: draft, section: dna, needs: [soul, surface], template: dna.j2, system: system.j2, schema: dna,
        tags: [text], retries: 1, provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5,
        max_tokens: 300}
  audit: {kind: review, section: audit, needs: [soul, surface, dna], template: audit.j2, system: system.j2,
          schema: audit,
          provider: "${text.provider}", model: "${text.models.deep}", temperature: 0.1, max_tokens: 300,
          threshold: 3.5, rounds: 2}
  profile: {kind: profile, needs: [audit]}
  matrix: {kind: matrix, needs: [profile]}
  candidate: {kind: candidate, needs: [profile, matrix], template: image.j2, provider: "${image.provider}",
              model: "${image.model}"}
  anchor: {kind: anchor, needs: [candidate], tags: [identity]}
  reference: {kind: reference, needs: [profile, matrix, anchor], template: image.j2, provider: "${image.provider}",
              model: "${image.model}"}
  image: {kind: image, positions: matrix.positions, needs: [profile, matrix, anchor, reference], template: image.j2,
          provider: "${image.provider}", model: "${image.model}", tags: [media]}
  video: {kind: video, needs: [profile, matrix, anchor, reference], template: clip.j2, provider: "${video.provider}",
          model: "${video.model}"}
  finish: {kind: finish, source: image, needs: [anchor, reference, image]}
  repair: {kind: repair, source: video, needs: [anchor, reference, video]}
  document: {kind: document, needs: [profile, candidate, anchor, reference, image, video, finish, repair]}
  sheet: {kind: sheet, needs: [anchor, reference, image]}
"""

MATRIX = """\
anchor: "01"
scenes: {plain: {text: a plain wall, colors: ["#eeeeee", "#cccccc"]}}
positions:
  "01": &p {tier: identity, name: anchor, distance: headshot, yaw: 0, pitch: 0, expression: neutral, gaze: camera,
            pose: still, scene: plain, light: soft, wardrobe: 1, tags: [frontal]}
  "02": {<<: *p, name: smiling, expression: smile}
  "03": {<<: *p, name: turned, yaw: 20}
  "04": {<<: *p, name: full, distance: full}
references:
  grin: {name: grinning, distance: headshot, yaw: 0, pitch: 0, expression: grin, gaze: camera, pose: still,
         scene: plain, light: soft, wardrobe: 1}
utility: {}
"""

FILES = {
    "conf/pipeline/small.yaml": PIPELINE,
    "conf/matrix/few.yaml": MATRIX,
    "conf/motion/one.yaml": """\
types:
  wave: {description: she waves, seconds: 1, aspect: "9:16", distance: bust, scene: plain, wardrobe: 1,
         keys: [{at: 0, yaw: 0, pitch: 0, expression: neutral}, {at: 1, yaw: 0, pitch: 0, expression: smile}]}
""",
    "conf/text/scripted.yaml": """\
provider: scripted
models: {light: small-1, standard: small-1, deep: deep-1}
timeout_seconds: 5
prices: {deep-1: {input: 10, output: 50}, small-1: {input: 1, output: 5}}
""",
    "conf/image/scripted.yaml": "{provider: scripted, model: img-1, width: 64, height: 64, prices: {img-1: 0.04}}",
    "conf/video/scripted.yaml": """\
{provider: scripted, model: vid-1, fps: 4, sizes: {"9:16": {width: 36, height: 64}}, prices: {vid-1: 0.1}}
""",
    "conf/schema/soul.yaml": """\
type: object
additionalProperties: false
required: [desire]
properties: {desire: {type: string}, fear: {type: string}}
""",
    "conf/schema/surface.yaml": """\
type: object
additionalProperties: false
required: [name, age]
properties: {name: {type: string}, age: {type: integer}}
""",
    "conf/schema/dna.yaml": """\
type: object
additionalProperties: false
required: [eyes]
properties: {eyes: {enum: [brown, green]}}
""",
    "templates/system.j2": "You draft personas.",
    "templates/soul.j2": "{{ brief }}\n{% for p in problems %}Mend: {{ p }}\n{% endfor %}"
    "{% for f in findings %}{{ f.advice }}\n{% endfor %}",
    "templates/surface.j2": "Who wants {{ sections.soul.desire }}? Keep {{ pinned }}.",
    "templates/dna.j2": "Eyes of {{ sections.surface.name }}.",
    "templates/audit.j2": "Read {{ sections }}.",
    "templates/image.j2": "{{ profile.surface.name }}, eyes {{ profile.dna.eyes }}, {{ position.expression }}, "
    "yaw {{ position.yaw }}, "
    "{{ wardrobe.context }}, {{ scene.text }}{% if attempt %}, SAME FACE ({{ attempt }}){% endif %}",
    "templates/clip.j2": "{{ profile.surface.name }} {{ motion.description }}",
}

SKIN = (200, 120, 90)


def answer(request: Request) -> str:
    """The scripted text model's answers."""
    return json.dumps(
        {
            "soul": {"desire": "to be left in peace with her roses"},
            "surface": {"name": "Ana", "age": 44, **request.fields["context"]["pinned"]},
            "dna": {"eyes": "brown", **request.fields["context"]["pinned"]},
            "audit": {"scores": dict.fromkeys(
                ("coherence", "depth", "cultural_fidelity", "voice_distinctiveness", "realism"), 4.0), "findings": []},
        }[request.fields["section"]]
    )  # fmt: skip


@dataclass
class Studio:
    """The project, its providers, and shorthands."""

    root: Path
    text: Scripted
    images: Scripted
    clips: Scripted
    analyzers: Any = field(default_factory=ColorAnalyzers)
    events: list[Event] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def open(self) -> Workspace:
        space = Workspace.open((), str(self.root))
        space.analyzers = self.analyzers
        space.stop = self.stop
        return space

    def plan(self, *select: str, personas: Sequence[str] = (), **asked: Any) -> Plan:
        with self.open() as space:
            return space.plan(personas, PlanRequest(select=select, **asked))

    def build(
        self,
        *select: str,
        personas: Sequence[str] = (),
        options: BuildOptions | None = None,
        **asked: Any,
    ) -> BuildReport:
        with self.open() as space:
            plan = space.plan(personas, PlanRequest(select=select, **asked))
            report = space.build(plan, options or BuildOptions(jobs=2), listeners=[self.events.append])
        crashed = [node.crash for node in report.nodes.values() if node.crash is not None]
        if crashed:
            raise crashed[0]
        return report

    def states(self, *select: str, **asked: Any) -> dict[str, str]:
        return {node.shape.name: node.state for node in self.plan(*select, **asked).nodes()}

    def node(self, name: str, **asked: Any) -> PlannedNode:
        return next(node for node in self.plan(**asked).nodes() if node.shape.name == name)

    def running(self, **asked: Any) -> set[str]:
        """Names of nodes that would do something."""
        return {name for name, state in self.states(**asked).items() if state in ("run", "maybe", "restore")}

    def edit(self, path: str, *pairs: tuple[str, str]) -> None:
        file = self.root / path
        text = file.read_text()
        for old, new in pairs:
            assert old in text, (old, text)
            text = text.replace(old, new)
        file.write_text(text)

    def calls(self) -> int:
        return len(self.text.calls) + len(self.images.calls) + len(self.clips.calls)

    def forget(self) -> None:
        for provider in (self.text, self.images, self.clips):
            provider.calls.clear()

    @property
    def lock(self) -> Path:
        return self.root / "personas/ana.lock.yaml"


@pytest.fixture
def make_studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Studio]:
    monkeypatch.setattr(table, "_TABLE", dict(table._TABLE))

    def make(
        persona: str = PERSONA,
        *,
        files: dict[str, str] | None = None,
        color: Callable[[Request], tuple[int, int, int]] = lambda request: SKIN,
        name: str = "project",
        **options: Any,
    ) -> Studio:
        root = write_project(tmp_path / name, {"ana": persona}, {**FILES, **(files or {})})
        text = scripted_text(answer, **options).register()
        images = scripted_images(color, **options).register()
        clips = Scripted(
            lambda request: Reply(blob=Blob(clip(color(request), request.fields["prompt"]), "video/webm")),
            "video",
            frozenset({"prompt", "seed", "attempt", "reference"}),
            **options,
        ).register()
        return Studio(root, text, images, clips)

    return make


@pytest.fixture
def studio(make_studio: Callable[..., Studio]) -> Iterator[Studio]:
    """A studio with free, stochastic providers."""
    yield make_studio()
