"""General code asks for domains and placers, never for a name: another painter and another pack work like forge's."""

from __future__ import annotations

import ast
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from personaforge.domains import DRAWINGS
from personaforge.faces import packs
from personaforge.faces.packs import Declared, declare
from personaforge.measuring.measurements import drawn_here
from personaforge.media.provenance import domain_of_file
from personaforge.plan.issued import neighbours
from personaforge.plan.plan import PlanRequest
from personaforge.providers.protocols import Blob, Placed, Reply, Request
from personaforge.testing import ColorAnalyzers, Scripted, png, scripted_images
from tests.conftest import ROOT
from tests.run.conftest import PERSONA, PIPELINE, SKIN, Studio

SKETCHED = PERSONA.replace("defaults: [{override /identity: insightface}]\n", "").replace(
    "identity: {", "identity: {pack: sketches, "
)
PLACED = {
    "conf/pipeline/small.yaml": PIPELINE.replace(
        "  candidate: {kind: candidate, needs: [profile, matrix],",
        '  spot: {kind: placement, needs: [profile], provider: "${image.provider}"}\n'
        "  candidate: {kind: candidate, needs: [profile, matrix, spot],",
    )
}


def sketch(request: Request, label: str = DRAWINGS.label) -> Reply:
    """A picture whose file says that it is a drawing, and how it was asked for."""
    info, out = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_text("Software", label)
    info.add_text("Comment", repr(sorted(request.fields.items())))
    Image.new("RGB", (request.fields["width"], request.fields["height"]), SKIN).save(out, "PNG", pnginfo=info)
    return Reply(blob=Blob(out.getvalue(), "image/png"))


class Street:
    """A placer: a face is a house number, the free one that is farthest from the others."""

    def place(self, subject: Mapping[str, Any], issued: Mapping[str, str], draws: int) -> Placed:
        taken = {name: int(shape.removeprefix("house ")) for name, shape in issued.items()}
        number = max(range(draws), key=lambda one: min((abs(one - other) for other in taken.values()), default=-one))
        near = min(taken, key=lambda name: abs(taken[name] - number), default="")
        return Placed(number, self.shape(subject, number), near, float(abs(taken[near] - number)) if near else 9.0)

    def shape(self, subject: Mapping[str, Any], number: int) -> str:
        return f"house {number}"

    def nearest(self, personas: Iterable[str], issued: Mapping[str, str]) -> dict[str, tuple[str, float]]:
        streets = {name: int(shape.removeprefix("house ")) for name, shape in issued.items() if "house" in shape}
        return {
            one: min(((name, float(abs(at - streets[one]))) for name, at in streets.items() if name != one),
                     key=lambda pair: pair[1])
            for one in personas if one in streets and len(streets) > 1
        }  # fmt: skip


READS = frozenset({"prompt", "subject", "seed", "attempt", "reference", "width", "height", "placement"})


@pytest.fixture
def sketching(make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Studio]]:
    """A studio whose pictures a second painter draws, and a second pack for drawings measures."""
    monkeypatch.setattr(packs, "_others", {})
    declare("sketches", Declared(domain=DRAWINGS.name))

    def make(persona: str = SKETCHED, reply: Callable[[Request], Reply] = sketch, **options: Any) -> Studio:
        studio = make_studio(persona, **options)
        studio.images = Scripted(reply, "image", READS, deterministic=True, label="sketched").register(
            placer=Street, domain=DRAWINGS.name, own_references=True
        )
        studio.clips.register(domain=DRAWINGS.name)
        studio.analyzers = ColorAnalyzers("sketches")
        return studio

    yield make


def test_pictures_of_a_packs_domain_are_scored_and_others_are_not(sketching: Callable[..., Studio]) -> None:
    report = sketching(name="drawn").build("+image")
    assert not report.failed and report.nodes["ana/image/02"].outcome is not None
    other = sketching(name="other", reply=lambda request: sketch(request, label="Something else"))
    nodes = other.build("+anchor").nodes
    anchor, candidate = nodes["ana/anchor"].outcome, nodes["ana/candidate/1"].outcome
    assert anchor is not None and anchor.facts["reason"] == (
        "a candidate is no drawing by forge, as far as its file says, and the pack sketches knows nothing else"
    )
    with other.open() as space:  # the store knows what the files don't say
        assert candidate is not None
        assert candidate.outputs["image"].artifact.digest in drawn_here(space.store)


def test_who_draws_and_who_measures_have_to_fit_whatever_they_are_called(sketching: Callable[..., Studio]) -> None:
    studio = sketching()
    with studio.open() as space:
        assert space.validate([]) == ([], ["ana"])
    scripted_images().register()
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 4"))
    with studio.open() as space:
        [problem], valid = space.validate([])
    assert not valid and "found sketches, which knows drawings by forge only" in str(problem)
    assert problem.where.startswith("personas/ana.yaml") and "made by scripted" in problem.message


def test_drawings_under_a_pack_for_photographs_are_remarked(sketching: Callable[..., Studio]) -> None:
    with sketching(PERSONA).open() as space:
        assert any("judged by what pack is here (auto)" in remark for remark in space.remarks([]))


def test_an_anchor_that_its_painter_cannot_follow_is_said(sketching: Callable[..., Studio]) -> None:
    from personaforge.measuring.anchors import set_anchor

    studio = sketching(SKETCHED.replace("identity: {", "identity: {out_of_domain: allow, "))
    (studio.root / "own.png").write_bytes(png((200, 120, 90), width=128, height=128))
    with studio.open() as space:
        set_anchor(space, "ana", str(studio.root / "own.png"), by="Bo", reason="ours", repin=False)
        [said] = [remark for remark in space.remarks([]) if "anchor is a picture" in remark]
    assert "was not drawn by forge" in said and "reference, image by scripted" in said


def test_a_plan_says_what_is_drawn_from_an_anchor_of_an_earlier_painter(sketching: Callable[..., Studio]) -> None:
    studio = sketching()
    studio.build("+image")
    studio.edit("conf/image/scripted.yaml", ("model: img-1", "model: img-2"), ("img-1: 0.04", "img-2: 0.04"))
    with studio.open() as space:
        [said] = [one for one in space.plan([]).notices if "has another style" in one]
        repinned = space.plan([], PlanRequest(repin=("anchor",))).notices
    assert said.startswith(
        "ana's anchor was drawn by img-1, which img-2 has replaced: what is drawn from now on (image/0"
    )
    assert said.endswith("What is pinned stays. To have all of ana drawn anew: forge build ana --repin anchor")
    assert not [one for one in repinned if "has another style" in one], "a new anchor is drawn as the others are"
    studio.edit("conf/image/scripted.yaml", ("model: img-2", "model: img-1"), ("img-2: 0.04", "img-1: 0.04"))
    with studio.open() as space:
        assert not [one for one in space.plan([]).notices if "has another style" in one]


def test_faces_are_placed_by_their_painters_own_placer(sketching: Callable[..., Studio]) -> None:
    bea = SKETCHED.replace("id: ana", "id: bea")
    studio = sketching(files={**PLACED, "personas/bea.yaml": bea})
    report = studio.build("+anchor")
    assert not report.failed
    ana, bea_spot = (report.nodes[f"{who}/spot"].outcome for who in ("ana", "bea"))
    assert ana is not None and bea_spot is not None
    assert ana.facts["shape"] == "house 0" and bea_spot.facts["nearest"] == "ana"
    assert {request.fields.get("placement", 0) for request in studio.images.calls} == {0, bea_spot.facts["placement"]}
    with studio.open() as space:
        found = neighbours(space.project, space.load([]))
    assert found["ana"].persona == "bea" and found["ana"].distance == bea_spot.facts["distance"]
    assert domain_of_file(b"") == "photographs"


OWN = ("personaforge/embedded/", "personaforge/providers/embedded_", "personaforge/providers/table.py")


def test_nothing_else_asks_for_the_name() -> None:
    """Only who is called embedded says the word: as a text of its own, or as part of a name in code."""
    found = []
    for path in sorted((ROOT / "personaforge").rglob("*.py")):
        shown = path.relative_to(ROOT).as_posix()
        if not shown.startswith(OWN):
            found += [f"{shown}:{line}" for line in asking(path)]
    assert not found


def asking(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = node.value if isinstance(node, ast.Constant) else getattr(node, "id", getattr(node, "attr", None))
        imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        imported += [one.name for one in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        asked = text == "embedded" or (not isinstance(node, ast.Constant) and "embedded" in str(text).lower())
        if asked or any("embedded" in name.lower() for name in imported):
            yield int(getattr(node, "lineno", 0))


def test_the_search_for_the_name_finds_it(tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_text(
        '"""The embedded painter."""\nfrom personaforge.embedded import x\nif a.pack == "embedded":\n    EMBEDDED\n'
    )
    assert sorted(asking(file)) == [2, 3, 4]
