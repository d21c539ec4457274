"""A pipeline laid out into nodes: which there are, in which order, and which edges run between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personaforge.errors import PlanError
from personaforge.plan import graph
from personaforge.plan.graph import Shape, Shapes, lay_out, node_name
from tests.plan.lab import Lab, lab
from tests.run.conftest import PERSONA

PIPELINE = """\
name: graph
steps:
  sheet: {kind: sheet, needs: [anchor, image]}
  finish: {kind: finish, source: image, needs: [anchor, image]}
  image: {kind: image, positions: matrix.positions, needs: [anchor, surface], template: image.j2, tags: [media],
          provider: "${image.provider}", model: "${image.model}"}
  anchor: {kind: anchor, needs: [candidate], tags: [identity]}
  candidate: {kind: candidate, needs: [surface], template: image.j2, provider: "${image.provider}",
              model: "${image.model}"}
  surface: {kind: draft, section: surface, template: surface.j2, system: system.j2, schema: surface,
            retries: 1, provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  video: {kind: video, needs: [anchor], template: clip.j2, tags: [media], provider: "${video.provider}",
          model: "${video.model}"}
"""


@pytest.fixture(scope="module")
def lab_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    files = {
        "conf/pipeline/graph.yaml": PIPELINE,
        "conf/motion/one.yaml": """\
types:
  wave: {description: she waves, seconds: 1, aspect: "9:16", distance: bust, scene: plain, wardrobe: 1, tags: [short],
         keys: [{at: 0, yaw: 0, pitch: 0, expression: neutral}, {at: 1, yaw: 0, pitch: 0, expression: smile}]}
""",
    }
    with lab(tmp_path_factory.mktemp("graph"), files=files) as opened:
        yield opened


GRAPH = PERSONA.replace("pipeline: small", "pipeline: graph") + ("realism: phone\n")


@pytest.fixture
def shape(lab_: Lab) -> Shape:
    return lay_out(lab_.load(GRAPH).settings)


def test_needs_come_first_and_the_rest_as_declared(shape: Shape) -> None:
    assert [node.name for node in shape.nodes] == [
        "surface",
        "candidate/1",
        "candidate/2",
        "anchor",
        "image/02",
        "image/03",
        "image/04",
        "sheet",
        "finish/02",
        "finish/03",
        "finish/04",
        "video/wave",
    ]  # the anchor's own position 01 is nobody's to draw


def test_the_edges(shape: Shape) -> None:
    """A node needs all nodes of a needed step, but of the step that it finishes only its own slot."""
    images = ("image/02", "image/03", "image/04")
    assert {node.name: node.needs for node in shape.nodes} == {
        "surface": (),
        "candidate/1": ("surface",),
        "candidate/2": ("surface",),
        "anchor": ("candidate/1", "candidate/2"),
        "image/02": ("anchor", "surface"),
        "image/03": ("anchor", "surface"),
        "image/04": ("anchor", "surface"),
        "sheet": ("anchor", *images),
        "finish/02": ("anchor", "image/02"),
        "finish/03": ("anchor", "image/03"),
        "finish/04": ("anchor", "image/04"),
        "video/wave": ("anchor",),
    }
    assert list(shape.by_name) == [node.name for node in shape.nodes]
    assert all(shape.by_name[node.name] is node for node in shape.nodes)


def test_tags_of_the_step_and_of_its_position_or_motion(shape: Shape) -> None:
    tags = {node.name: node.tags for node in shape.nodes}
    assert tags["image/02"] == ("media", "frontal") and tags["video/wave"] == ("media", "short")
    assert tags["anchor"] == ("identity",) and tags["surface"] == () == tags["sheet"]


def test_what_a_node_may_read_and_render(shape: Shape) -> None:
    image = shape.by_name["image/03"]
    assert image.reads == (
        "seed", "image", "identity", "delivered", "pipeline.steps.image", "matrix.anchor", "matrix.scenes",
        "matrix.positions.03", "matrix.positions.01",
    )  # fmt: skip
    assert image.templates == ("image.j2",)
    assert shape.by_name["candidate/1"].reads[-1] == "matrix.positions"
    assert shape.by_name["sheet"].templates == ()
    assert (image.step, image.slot, image.kind.name) == ("image", "03", "image")


def test_a_node_of_a_persona_keeps_its_oldest_id(shape: Shape) -> None:
    one = shape.by_name["image/02"]
    assert one.node("ana").id == "ana/image/02" and one.node("ana").origin == "ana"
    assert one.node("ana", "eva").origin == "eva" and one.node("ana", "eva").id == "ana/image/02"


def test_names() -> None:
    assert node_name("anchor", "") == "anchor" and node_name("image", "07") == "image/07"


def test_personas_with_the_same_groups_share_one_shape(lab_: Lab) -> None:
    shapes = Shapes()
    one = shapes.of(lab_.load(GRAPH).settings)
    assert shapes.of(lab_.load(GRAPH.replace("seed: 3", "seed: 4")).settings) is one
    other = shapes.of(lab_.load(GRAPH.replace("candidates: 2", "candidates: 3")).settings)
    assert "candidate/3" in other.by_name and "candidate/3" not in one.by_name
    plain = shapes.of(lab_.load(GRAPH.replace("realism: phone\n", "")).settings)
    assert not any(node.step == "finish" for node in plain.nodes), "nothing to finish"


def test_a_graph_may_be_so_large_and_no_larger(lab_: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = lab_.load(GRAPH).settings
    monkeypatch.setattr(graph, "MAX_NODES", 12)
    assert len(lay_out(settings).nodes) == 12
    monkeypatch.setattr(graph, "MAX_NODES", 11)
    with pytest.raises(PlanError, match="ana would have more than 11 nodes"):
        lay_out(settings)
