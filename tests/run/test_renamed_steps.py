"""A step's name is no content: renamed in the pipeline, it keeps its pins and seeds, and everybody still finds it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import orjson
import pytest

from personaforge.checks.run import run_checks
from personaforge.drift.timelines import drift
from personaforge.measuring.evaluation import evaluate
from personaforge.plan.plan import Plan
from personaforge.report.pages.gather import gather
from personaforge.report.status import status_rows
from personaforge.repository.difference import difference
from tests.run.conftest import PERSONA, Studio
from tests.run.conftest import PIPELINE as SMALL

CHECKED = PERSONA + 'checks: {faces: "count(composite) >= 3 over images", kept: "count(composite) >= 1 over clips"}\n'
PIPELINE = SMALL.replace(
    "  candidate: {kind: candidate, needs: [profile, matrix]",
    "  placement: {kind: placement, needs: [profile], provider: embedded}\n"
    "  candidate: {kind: candidate, needs: [profile, matrix, placement]",
)
NAMES = {
    "soul": "core",
    "audit": "reader",
    "placement": "seat",
    "candidate": "draft_face",
    "anchor": "canon",
    "image": "portrait",
    "video": "film",
    "document": "card",
}


def renamed(pipeline: str, *names: str) -> str:
    """Return the pipeline with other names for some steps, and for these where they are needed."""
    lines = []
    for line in pipeline.splitlines():
        for name in names or NAMES:
            line = line.replace(f"  {name}: {{kind", f"  {NAMES[name]}: {{kind")
            line = line.replace(f"source: {name},", f"source: {NAMES[name]},")
            head, needs, rest = line.partition("needs: [")
            inner, end, tail = rest.partition("]")
            inner = ", ".join(NAMES[name] if one == name else one for one in inner.split(", "))
            line = head + needs + inner + end + tail
        lines.append(line)
    return "\n".join(lines)


@pytest.fixture
def built(make_studio: Callable[..., Studio]) -> Studio:
    """A persona that is built, with checks, whose calls so far are forgotten."""
    studio = make_studio(CHECKED, files={"conf/pipeline/small.yaml": PIPELINE})
    studio.build()
    studio.forget()
    return studio


def rename(studio: Studio, *names: str) -> None:
    (studio.root / "conf/pipeline/small.yaml").write_text(renamed(PIPELINE, *names))


def states(plan: Plan) -> set[str]:
    return {node.state for node in plan.nodes() if node.shape.kind.modality or node.shape.kind.sticky}


def test_every_step_renamed_at_once_buys_nothing_and_everything_is_found(built: Studio) -> None:
    lock = built.lock.read_bytes()
    rename(built)
    plan = built.plan()
    assert states(plan) == {"cached", "pinned"} and {node.shape.step for node in plan.nodes()} > set(NAMES.values())
    report = built.build()
    assert built.calls() == 0 and not report.failed
    assert built.lock.read_bytes() == lock, "the lock keeps the names of its time"
    assert {node.state for node in built.plan().nodes()} == {"cached", "pinned"}
    with built.open() as space:
        loaded = space.load([])[0]
        assert space.document(loaded)["artifacts"]["canon"]["status"] == "accepted"
        found = evaluate(space, (), persona="ana", anchor=None, record=False)
        assert found.anchor.startswith("ana/canon ") and len(found.pictures) == 3
        lines = drift(space, "ana").timelines
        places = {entry.node for line in lines for entry in line.entries}
        assert {"portrait/02", "film/wave", "reader"} <= places and not places & {"image/02", "video/wave", "audit"}
        results = {check.name: str(check.result) for check in run_checks(space, []).checks}
        assert (results["faces"], results["kept"]) == ("pass", "pass")
        facts = gather(space, space.plan(["ana"]).personas[0])
        assert (
            facts.anchor is not None
            and facts.anchor.now is not None
            and [c.chosen for c in facts.candidates].count(True) == 1
        )
        attempts = {one.node: len(one.attempts) for _, group in facts.groups for one in group}
        assert attempts == {"portrait/02": 1, "portrait/03": 1, "portrait/04": 1}
        for node in ("ana/portrait/02", "ana/second/07"):
            space.store.index.put_failure(node, persona="ana", build="b", error="no key", failed=1.0)
        row = status_rows(space.store, space.plan([]), {})[0]
        assert row["failures"] == {"ana/portrait/02": "no key"}, "the settings have no other node any more"
        assert (row["status"], row["built"]) == ("complete", row["nodes"])


def test_a_difference_pairs_what_was_renamed(built: Studio) -> None:
    for arguments in (["init", "-q"], ["add", "-A", "personas", "conf", "templates"], ["commit", "-qm", "one"]):
        who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
        subprocess.run(["git", "-C", str(built.root), *who, *arguments], check=True)
    rename(built, "anchor", "image")
    with built.open() as space:
        [one] = difference(space, "HEAD").personas
    changes = {node.name: node for node in one.change.nodes}
    assert not [node for node in one.change.nodes if node.kind in ("new", "gone")]
    assert (changes["canon"].was, changes["portrait/02"].was) == ("anchor", "image/02")
    assert one.estimate.calls_max == 0 and all(pair.same for pair in one.pairs)
    assert {pair.node for pair in one.pairs} >= {"canon", "portrait/02"}


@pytest.mark.parametrize("name", ["anchor", "image"])
def test_one_step_renamed(built: Studio, name: str) -> None:
    anchor = json.loads(built.lock.read_text().partition("anchor: ")[2].splitlines()[0])["outputs"]
    rename(built, name)
    with built.open() as space:  # before anything is built or planned again
        evaluated = evaluate(space, (), persona="ana", anchor=None, record=False)
        assert evaluated.anchor.endswith(anchor["anchor"][:12]) and len(evaluated.pictures) == 3
        assert space.document(space.load([])[0])["status"] == "complete"
    built.build()
    assert built.calls() == 0
    assert {node.state for node in built.plan().nodes()} == {"cached", "pinned"}


def test_a_renamed_step_goes_on_where_it_was(built: Studio) -> None:
    rename(built, "image")
    built.build(force=("portrait/03",))
    assert len(built.images.calls) == 1
    lines = [line.split(":")[0].strip() for line in built.lock.read_text().splitlines() if line.startswith("  ")]
    assert "image/03" in lines and "portrait/03" not in lines
    (built.root / "conf/pipeline/small.yaml").write_text(PIPELINE)
    built.forget()
    built.build()
    assert built.calls() == 0, "the old name finds what the new one made"


def test_a_renamed_anchor_is_repinned_by_its_new_name(built: Studio) -> None:
    before = orjson.loads(built.lock.read_text().partition("anchor: ")[2].splitlines()[0])["outputs"]
    rename(built, "anchor")
    built.edit("personas/ana.yaml", ("seed: 3", "seed: 4"))
    built.build(repin=("canon",))
    after = orjson.loads(built.lock.read_text().partition("anchor: ")[2].splitlines()[0])["outputs"]
    assert after != before and "  canon:" not in built.lock.read_text()


def test_a_step_that_left_lends_its_pins_to_nobody_of_another_kind(built: Studio) -> None:
    """`video` goes and a second image step comes: nothing of the clip counts for it."""
    text = PIPELINE.replace("  repair: {kind: repair, source: video, needs: [anchor, reference, video]}\n", "")
    lines = [line for line in text.splitlines() if "kind: video" not in line and "${video.model}" not in line]
    again = """  poster: {kind: image, position: matrix.positions.03, needs: [profile, matrix, anchor],
           template: image.j2, provider: "${image.provider}", model: "${image.model}"}"""
    text = "\n".join([*lines, again]).replace("video, finish, repair", "finish, poster")
    (built.root / "conf/pipeline/small.yaml").write_text(text)
    plan = built.plan()
    assert {node.shape.name: node.state for node in plan.nodes() if node.shape.step == "poster"} == {"poster": "run"}
    built.build()
    assert len(built.images.calls) == 1 and "  poster:" in built.lock.read_text()
