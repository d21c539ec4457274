"""A project that the embedded providers build in well under a second: text only, or with a few pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.testing import write_project

FILES = {
    "conf/pipeline/words.yaml": """\
defaults: [parts/layers@_here_, _self_]
name: words
steps:
  bio: {kind: render, template: bio.j2, file: bio.txt, needs: [profile], tags: [text]}
""",
    "templates/bio.j2": "{{ sections.surface.name }} wants {{ sections.soul.desire }}\n",
    "conf/matrix/two.yaml": """\
anchor: "01"
scenes: {plain: {text: a plain wall, colors: ["#eeeeee", "#cccccc"]}}
positions:
  "01": &p {tier: identity, name: anchor, distance: headshot, yaw: 0, pitch: 0, expression: neutral,
            gaze: into the camera, pose: still, scene: plain, light: even soft light, wardrobe: 1}
  "02": {<<: *p, name: smiling, expression: smile}
utility: {}
""",
    "conf/pipeline/pictures.yaml": """\
name: pictures
steps:
  identity: {kind: draft, section: surface, template: text/surface.j2, schema: surface, provider: "${text.provider}",
             model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  visual_dna: {kind: draft, section: dna, needs: [identity], template: text/dna.j2, schema: dna,
               provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  profile: {kind: profile, needs: [identity, visual_dna]}
  matrix: {kind: matrix, needs: [profile]}
  candidate: {kind: candidate, needs: [profile, matrix], template: image/heia.j2, provider: "${image.provider}",
              model: "${image.model}"}
  anchor: {kind: anchor, needs: [candidate], tags: [identity]}
  image: {kind: image, positions: matrix.positions, needs: [profile, matrix, anchor], template: image/heia.j2,
          provider: "${image.provider}", model: "${image.model}", tags: [media]}
  document: {kind: document, needs: [profile, matrix, candidate, anchor, image]}
""",
}
WORDS = "id: ana\nbrief: A calm Portuguese gardener.\npipeline: words\n"
PICTURES = """\
id: ben
brief: A cheerful Irish baker.
pipeline: pictures
matrix: two
image: {width: 256, height: 320}
defaults: [{override /identity: insightface}]
identity: {require_measurement: false, anchor: {candidates: 2}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two personas: `ana`, who is only text, and `ben`, who has two pictures."""
    return write_project(tmp_path / "project", {"ana": WORDS, "ben": PICTURES}, FILES)
