"""New faces keep away from those issued in the project, and no face issued once is touched by a later one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from personaforge.embedded.painter.face.params import face_of_reference, subject_face
from personaforge.embedded.painter.face.placement import nearest_of, place_face, read_shapes, shape_of, shape_text
from personaforge.embedded.painter.png import read_texts
from personaforge.errors import StoreError
from personaforge.plan.explanation import explain
from personaforge.plan.issued import alike_notes, neighbours
from personaforge.plan.plan import Plan, PlannedNode, PlanRequest
from personaforge.providers.embedded_placing import EmbeddedPlacer
from personaforge.testing import ColorAnalyzers, scripted_images, write_project
from personaforge.workspace.workspace import BuildOptions, Workspace

PERSONA = """\
id: {id}
brief: A calm Portuguese gardener.
pinned: {{surface: {{gender: woman, age: 34}}, dna: {{eyes: {{color: green, spacing: wide}}}}}}
pipeline: faces
matrix: one
image: {{width: 96, height: 128}}
identity: {{anchor: {{candidates: 2}}}}
"""
FILES = {
    "conf/pipeline/faces.yaml": """\
name: faces
steps:
  identity: {kind: draft, section: surface, template: text/surface.j2, schema: surface, provider: "${text.provider}",
             model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  visual_dna: {kind: draft, section: dna, needs: [identity], template: text/dna.j2, schema: dna,
               provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  profile: {kind: profile, needs: [identity, visual_dna]}
  matrix: {kind: matrix, needs: [profile]}
  placement: {kind: placement, needs: [profile], provider: "${image.provider}"}
  candidate: {kind: candidate, needs: [profile, matrix, placement], template: image/heia.j2,
              provider: "${image.provider}", model: "${image.model}"}
  anchor: {kind: anchor, needs: [candidate]}
""",
    "conf/matrix/one.yaml": """\
anchor: "01"
scenes: {plain: {text: a plain wall, colors: ["#eeeeee", "#cccccc"]}}
positions:
  "01": {tier: identity, name: anchor, distance: headshot, yaw: 0, pitch: 0, expression: neutral,
         gaze: into the camera, pose: still, scene: plain, light: even soft light, wardrobe: 1}
utility: {}
""",
}


@dataclass
class Town:
    """A project of people drawn by the embedded painter."""

    root: Path

    def open(self) -> Workspace:
        space = Workspace.open((), str(self.root))
        space.analyzers = ColorAnalyzers()
        return space

    def settle(self, *names: str, more: str = "") -> None:
        write_project(self.root, {name: PERSONA.format(id=name) + more for name in names})

    def plan(self, *names: str, **asked: Any) -> Plan:
        with self.open() as space:
            return space.plan(names, PlanRequest(**asked))

    def node(self, name: str, **asked: Any) -> PlannedNode:
        persona, _, node = name.partition("/")
        return self.plan(persona, **asked).personas[0].nodes[node]

    def build(self, *names: str, jobs: int = 2, **asked: Any) -> list[str]:
        """Build people, and return the nodes that came to something new."""
        with self.open() as space:
            report = space.build(space.plan(names, PlanRequest(**asked)), BuildOptions(jobs=jobs))
        ends = {node.id: (node.end, node.error) for node in report.nodes.values()}
        assert {end for end, _ in ends.values()} <= {"done", "unchanged", "restored"}, ends
        return [name for name, (end, _) in ends.items() if end == "done"]

    def lock(self, name: str) -> Path:
        return self.root / f"personas/{name}.lock.yaml"

    def pin(self, name: str, node: str = "placement") -> dict[str, Any]:
        lines = (line.strip().partition(": ") for line in self.lock(name).read_text().splitlines())
        return next(json.loads(value) for found, _, value in lines if found == node)

    def facts(self, name: str) -> dict[str, Any]:
        return dict(self.pin(name)["facts"])

    def subject(self, name: str) -> dict[str, Any]:
        """What the painter was told of a person's face."""
        with self.open() as space:
            action = space.store.find(self.pin(name, "candidate/1")["key"])
        assert action is not None
        return dict(action["parts"]["request"])

    def locks(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.root / "personas").glob("*.lock.yaml"))}

    def clone(self, name: str) -> Town:
        """What git would hand to somebody else: specs, settings and locks."""
        copy = Town(self.root.parent / name)
        shutil.copytree(self.root, copy.root, ignore=shutil.ignore_patterns(".forge", "build"))
        return copy


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(write_project(tmp_path / "town", {}, FILES))


def test_a_new_face_is_the_farthest_from_the_issued_ones_that_its_dna_allows(town: Town) -> None:
    town.settle("ana", "ben", "cara")
    for name in ("ana", "ben", "cara"):
        town.build(name)
    assert town.facts("ana")["placement"] == 0 and town.facts("ana")["issued"] == 0
    cara, request = town.facts("cara"), town.subject("cara")
    issued = {name: str(town.facts(name)["shape"]) for name in ("ana", "ben")}
    by_number = [
        nearest_of("cara", read_shapes({**issued, "cara": shape_text(shape_of(subject_face(request["subject"], n)))}))
        for n in range(40)
    ]
    assert by_number[cara["placement"]] == (cara["nearest"], cara["distance"])
    assert cara["distance"] == max(near[1] for near in by_number if near is not None)
    assert by_number[0] is not None and cara["distance"] > by_number[0][1], "chance alone would have put it nearer"
    assert request["placement"] == cara["placement"] > 0 and "placement" not in town.subject("ana")


def test_the_anchor_shows_the_face_whose_shape_is_pinned(town: Town) -> None:
    town.settle("ana", "ben")
    town.build()
    picture = (town.root / "build/ben/images/01-anchor.png").read_bytes()
    request = town.subject("ben")
    wanted = subject_face(request["subject"], request["placement"])
    drawn, found = face_of_reference(read_texts(picture).get("forge-face"), subject_face(request["subject"]))
    assert found and max(abs(drawn.z[name] - wanted.z[name]) for name in wanted.z) <= 0.0801
    assert shape_text(shape_of(wanted)) == town.facts("ben")["shape"]
    assert request["subject"]["dna"]["eyes"]["color"] == drawn.eye_color == "green", "what is pinned stays"
    assert drawn.z["eye_x"] > -0.15, "wide-set, less what chance may take and a candidate's jitter"


def test_a_later_persona_changes_nothing_of_an_earlier_one(town: Town) -> None:
    town.settle("ana")
    town.build()
    plan = town.plan("ana")
    assert plan.stands
    before = plan.as_json()
    lock = town.lock("ana").read_bytes()
    town.settle("ben", "aaron")  # by id before and after
    assert all(name.startswith(("ben/", "aaron/")) for name in town.build())
    assert town.lock("ana").read_bytes() == lock
    assert town.plan("ana").as_json() == before and town.plan("ana").stands
    assert town.node("ana/placement").state == "pinned" and not town.node("ana/placement").note
    town.lock("ben").unlink()
    assert town.plan("ana").stands


def test_a_fresh_clone_comes_to_the_same_faces(town: Town) -> None:
    town.settle("ana", "ben")
    town.build()
    clone = town.clone("clone")
    built = {path.relative_to(town.root): path.read_bytes() for path in (town.root / "build").rglob("*.png")}
    assert len(built) == 6
    for one in (town, clone):
        one.settle("cara")
        one.build("cara")
    assert clone.locks() == town.locks() and clone.facts("cara")["issued"] == 2
    clone.build()
    assert {path: (clone.root / path).read_bytes() for path in built} == built
    assert clone.locks() == town.locks() and not clone.plan().has_changes


def test_people_of_one_cold_build_come_apart_the_same_whatever_the_order_and_the_jobs(town: Town) -> None:
    names = ("ana", "ben", "cara")
    town.settle(*names)
    towns = [town.clone(name) for name in ("many", "backwards", "turns")]
    town.build(jobs=1)
    towns[0].build(jobs=4)
    towns[1].build(*reversed(names))
    for name in names:
        towns[2].build(name)
    assert [town.facts(name)["issued"] for name in names] == [0, 1, 2]
    for other in towns:
        assert other.locks() == town.locks()
    first = place_face(town.subject("cara")["subject"], {}, 40).shape
    assert first != town.facts("cara")["shape"]


def test_two_builds_at_once_see_each_others_faces(town: Town) -> None:
    town.settle("ana", "ben")
    code = (
        "import sys; from pathlib import Path; from tests.run.test_placement import Town;"
        "town = Town(Path(sys.argv[1])); print('ready', flush=True); input(); town.build(sys.argv[2])"
    )
    root = Path(__file__).resolve().parents[2]
    builds = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(town.root), name], cwd=root, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for name in ("ana", "ben")
    ]  # fmt: skip
    for build in builds:
        assert build.stdout is not None and build.stdout.readline() == "ready\n"
    for build in builds:
        assert build.stdin is not None
        build.stdin.write("\n")
        build.stdin.flush()
    for build in builds:
        said, complaint = build.communicate(timeout=60)
        assert build.returncode == 0, said + complaint
    ana, ben = town.facts("ana"), town.facts("ben")
    assert sorted((ana["issued"], ben["issued"])) == [0, 1]
    later, earlier = (ana, "ben") if ana["issued"] else (ben, "ana")
    assert later["nearest"] == earlier and later["placement"] > 0
    assert not town.plan().has_changes and list((town.root / ".forge/leases").iterdir()) == []


def test_locks_that_lead_to_the_same_choice_leave_the_keys_alone(town: Town) -> None:
    town.settle("ana", "ben")
    town.build("ana")
    town.build("ben", select=("profile", "matrix", "visual_dna", "identity"))

    def asked() -> PlannedNode:
        plan = town.plan("ben")
        assert plan.personas[0].nodes["placement"].state == "run"
        return plan.personas[0].nodes["candidate/1"]

    first = asked()
    assert first.missing is not None and first.missing.request["placement"] > 0
    town.lock("zoe").write_text(town.lock("ana").read_text().replace("persona: ana", "persona: zoe"))
    assert asked().missing.key == first.missing.key, "a twin of an issued face moves nothing"  # type: ignore[union-attr]
    town.lock("ana").unlink()
    town.lock("zoe").unlink()
    alone = asked()
    assert alone.missing is not None and "placement" not in alone.missing.request
    assert alone.missing.key != first.missing.key


def test_a_face_that_another_painter_placed_is_said_to_be_not_compared(town: Town) -> None:
    town.settle("ana", "ben", "cara")
    town.build("ana")
    shape = town.facts("ana")["shape"]
    town.lock("ana").write_text(town.lock("ana").read_text().replace(shape, "1." + shape[2:]))
    said = "is not compared with ana, whose anchors another painter drew"
    assert [reason.text for reason in town.node("ben/placement").reasons][-1] == said
    town.build("ben", select=("+placement",))
    assert (town.facts("ben")["issued"], town.facts("ben")["not_compared"]) == (0, ["ana"])
    texts = [reason.text for reason in town.node("cara/placement").reasons]
    assert texts[-2:] == ["will keep away from ben", said]


def test_a_plan_says_on_whom_a_new_face_depends_and_writes_nothing(town: Town) -> None:
    town.settle("ana", "ben", "cara")
    town.build("ana")
    plan = town.plan("cara", "ben")
    ben, cara = (plan.personas[index].nodes["placement"] for index in (1, 0))
    assert [reason.text for reason in ben.reasons] == [
        "never built", "waits for profile", "will keep away from ana",
    ]  # fmt: skip
    assert [reason.text for reason in cara.reasons] == [
        "never built", "is placed after ben", "will keep away from ana",
    ]  # fmt: skip
    assert cara.after == "ben/placement" and not ben.after
    assert not town.lock("ben").exists()
    town.build("ben", select=("profile", "matrix", "visual_dna", "identity"))
    node = town.node("ben/placement")
    assert node.reasons[-1].code == "issued" and node.outcome is not None
    assert node.reasons[-1].text == (
        f"will lie {node.outcome.facts['distance']:.2f} from ana, the only face issued"
    )  # fmt: skip
    with town.open() as space:
        rows = explain(space.plan_context, space.load(["ben"]), "placement", ())["dependencies"]
    assert {"name": "issued ana", "before": None, "now": town.facts("ana")["shape"], "changed": False} in rows
    town.build("ben")
    assert town.facts("ben") == node.outcome.facts, "the build does what the plan said"


def test_a_place_is_kept_from_the_moment_it_is_pinned(town: Town) -> None:
    town.settle("ana", "ben")
    town.build("ana", select=("+placement",))
    place = town.pin("ana")
    town.build("ben")
    assert town.facts("ben")["nearest"] == "ana", "a place counts before the anchor is chosen"
    town.build("ana")
    assert town.pin("ana") == place
    assert not town.plan().has_changes


def test_another_dna_is_placed_anew_until_the_anchor_is_pinned(town: Town) -> None:
    town.settle("ana", "ben")
    town.build("ana")
    town.build("ben", select=("+placement",))
    place = town.pin("ben")
    town.settle("ben", more="seed: 5\n")
    town.build("ben")
    moved = town.pin("ben")
    assert moved["key"] != place["key"] and moved["facts"]["shape"] != place["facts"]["shape"]
    town.settle("ben", more="seed: 6\n")
    assert town.node("ben/placement").state == "pinned"
    town.build("ben")
    assert town.pin("ben") == moved, "with the anchor it stays whatever the DNA says"


def test_repin_places_the_face_anew_and_not_away_from_itself(town: Town) -> None:
    town.settle("ana", "ben")
    town.build()
    before = town.locks()
    assert town.node("ana/placement", repin=("anchor",)).state == "run"
    town.build("ben", repin=("anchor",))
    assert town.locks() == before, "nothing has changed for ben, whose own face doesn't count"
    town.build("ana", repin=("anchor",))
    assert town.facts("ana")["nearest"] == "ben" and town.facts("ana")["issued"] == 1
    assert town.locks()["ben.lock.yaml"] == before["ben.lock.yaml"]
    assert not town.plan().has_changes


def test_an_anchor_from_before_places_stays_as_it_was_drawn(town: Town) -> None:
    town.settle("ana", "ben")
    town.build("ana")
    text, anchor = town.lock("ana").read_text(), town.pin("ana", "anchor")
    town.lock("ana").write_text("".join(line for line in text.splitlines(True) if "placement" not in line))
    shutil.rmtree(town.root / ".forge")
    shutil.rmtree(town.root / "build")
    town.build("ben")
    assert town.facts("ben")["issued"] == 0, "a face that no lock describes can't be kept away from"
    town.build("ana")
    assert town.pin("ana", "anchor") == anchor
    assert not town.plan().has_changes


def test_a_broken_lock_stops_only_whom_it_could_move(town: Town) -> None:
    town.settle("ana", "ben", "cara")
    town.build("ana", "ben")
    town.lock("ben").write_text("<<<<<<< ours\n")
    assert not town.plan("ana").has_changes
    with pytest.raises(StoreError, match="merge conflict") as caught:
        town.plan("cara")
    assert caught.value.where.endswith("ben.lock.yaml")


def test_a_lock_that_is_just_being_written_is_no_lock(town: Town) -> None:
    town.settle("ana", "ben")
    town.build("ana")
    shutil.copy(town.lock("ana"), town.root / "personas/.tmp-1-2-ana.lock.yaml")
    town.build("ben")
    assert town.facts("ben")["issued"] == 1


@pytest.mark.parametrize("reads", [(), ("placement",)])
def test_a_provider_that_does_not_read_placements_gets_nothing_of_them(
    town: Town, reads: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from personaforge.providers import table

    monkeypatch.setattr(table, "_TABLE", dict(table._TABLE))
    images = scripted_images()
    images.reads |= frozenset(reads)
    images.register(placer=EmbeddedPlacer if reads else None)
    town.settle("ana")
    town.build("ana")
    hosted = PERSONA.format(id="ben").replace("image: {", "image: {provider: scripted, ")
    write_project(town.root, {"ben": hosted.replace("identity: {", "identity: {out_of_domain: allow, ")})
    nodes = town.plan("ben").personas[0].nodes
    assert ("placement" in nodes) == bool(reads)
    town.build("ben")
    assert [("placement" in call.fields) for call in images.calls] == [bool(reads)] * 2
    keys = [town.pin("ben", f"candidate/{n}")["key"] for n in (1, 2)]
    alone = town.clone("alone")
    for name in ("ana", "ben"):
        alone.lock(name).unlink()
    alone.build("ben")
    assert ([alone.pin("ben", f"candidate/{n}")["key"] for n in (1, 2)] == keys) == (not reads)


def test_people_who_look_alike_are_named(town: Town) -> None:
    town.settle("ana", "ben", "zoe")
    town.build()
    with town.open() as space:
        found = neighbours(space.project, space.load([]))
    assert set(found) == {"ana", "ben", "zoe"} and alike_notes(found) == []
    ana, zoe = town.facts("ana")["shape"], town.facts("zoe")["shape"]
    town.lock("zoe").write_text(town.lock("zoe").read_text().replace(zoe, ana))  # as a merge of two branches may
    with town.open() as space:
        found = neighbours(space.project, space.load([]))
    assert found["ana"][:2] == ("zoe", 0.0) and found["zoe"].as_json()["alike"] is True
    [note] = alike_notes(found)
    assert note.startswith("ana looks like zoe: their faces are 0.00 apart, less than 0.3")


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_placement_whose_line_is_lost_is_written_again_and_others_keep_away_from_it(town: Town, index: str) -> None:
    town.settle("ana", "ben")
    town.build()
    place, whole = town.pin("ben"), town.lock("ben").read_bytes()
    assert place["facts"]["placement"] > 0
    lines = whole.splitlines(keepends=True)
    town.lock("ben").write_bytes(b"".join(line for line in lines if not line.startswith(b"  placement:")))
    if index == "lost":
        for path in (town.root / ".forge").glob("index.db*"):
            path.unlink()
    node = town.node("ben/placement")
    assert node.state in ("restore", "run") and town.plan().has_changes
    town.build("ben")
    again = town.pin("ben")
    assert again["facts"]["shape"] == place["facts"]["shape"] and again["key"] == place["key"]
    assert town.lock("ben").read_bytes() == whole or index == "lost", "to the byte, where the index knows"
    assert not town.plan().has_changes
    town.settle("cara")
    town.build("cara")
    assert town.facts("cara")["issued"] == 2
