"""Whole plans with known answers: each node's state, reasons and bill, worked out by hand from the project's YAML.

The project is the small studio's (tests/run/conftest.py) with paid providers. What a call costs at most, in US dollars:

    soul      deep-1, 500 tokens of output at $50 a million, input at $10: 1,500 tokens are assumed without a prompt
    audit     deep-1, 300 tokens: 1,500 * 10 + 300 * 50 = 30,000 a million, 0.03
    others    small-1, 300 tokens at $5, input at $1: 1,500 * 1 + 300 * 5 = 3,000 a million, 0.003
    pictures  0.04;  clips  0.1 a second, of one second

Every answer may be handed back once to be mended: soul 3 tries, 6 calls; surface and dna 2 tries, 4 calls. The audit
reads (2 calls), and for 2 rounds drafts all of them again and reads: 2 + 2 * (6 + 4 + 4 + 2) = 34 calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from personaforge.errors import PlanError
from personaforge.plan.plan import Plan, PlannedNode, Reason, described
from personaforge.plan.planner import Planner
from tests.notices import noticed
from tests.plan.lab import Lab, lab, undone
from tests.run.conftest import PERSONA

SOUL = (1_500 * 10 + 500 * 50) / 1e6
SOUL_ASKED = (15 * 10 + 500 * 50) / 1e6
"""Its prompt is known: 62 characters with the system's, at 4 a token."""
LIGHT, AUDIT, DRAW, FILM = 0.003, 0.03, 0.04, 0.1
FACE = ("candidate/1", "candidate/2", "anchor")
IMAGES = ("image/02", "image/03", "image/04")
ALL = ("soul", "surface", "dna", "audit", "profile", "matrix", *FACE, *IMAGES, "video/wave", "document", "sheet")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("empty")) as opened:
        yield opened


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("built"), "all") as opened:
        yield opened


def written(*edits: tuple[str, str], more: str = "") -> str:
    """The persona's file after somebody has edited it."""
    text = PERSONA
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text + more


DEFAULTS = ("{override /identity: insightface}", "{override /identity: insightface}, {override /matrix: few}")


def bill(node: PlannedNode) -> tuple[int, int, float, float]:
    one = node.estimate
    assert one.usd_min is not None and one.usd_max is not None
    return one.calls_min, one.calls_max, round(one.usd_min, 9), round(one.usd_max, 9)


def told(node: PlannedNode) -> list[str]:
    return [f"{reason.code}: {reason.text}" for reason in node.reasons]


def by_name(plan: Plan) -> dict[str, PlannedNode]:
    return plan.personas[0].nodes


def states(plan: Plan) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in plan.nodes():
        found.setdefault(node.state, set()).add(node.shape.name)
    return found


def test_a_persona_that_was_never_built(empty: Lab) -> None:
    plan = empty.planned()
    nodes = by_name(plan)
    assert tuple(nodes) == ALL and states(plan) == {"run": set(ALL)}
    new = "new: never built"
    assert told(nodes["soul"]) == [new], "it needs nothing"
    assert told(nodes["surface"]) == [new, "needs: waits for soul"]
    assert told(nodes["audit"]) == [new, "needs: waits for soul, surface, dna"]
    assert told(nodes["document"]) == [new, "needs: waits for profile, candidate/1, candidate/2 and 5 more"]
    assert {name: bill(node) for name, node in nodes.items() if node.estimate.calls_max} == {
        "soul": (1, 6, SOUL_ASKED, round(6 * SOUL_ASKED, 9)),
        "surface": (1, 4, LIGHT, 4 * LIGHT),
        "dna": (1, 4, LIGHT, 4 * LIGHT),
        "audit": (1, 34, AUDIT, 34 * AUDIT),
        "candidate/1": (1, 1, DRAW, DRAW),
        "candidate/2": (1, 1, DRAW, DRAW),
        **dict.fromkeys(IMAGES, (1, 3, DRAW, 3 * DRAW)),
        "video/wave": (1, 3, FILM, round(3 * FILM, 9)),
    }
    whole = plan.estimate
    assert (whole.calls_min, whole.calls_max) == (10, 62)
    assert whole.usd_min == pytest.approx(SOUL_ASKED + 2 * LIGHT + AUDIT + 5 * DRAW + FILM)
    assert whole.usd_max == pytest.approx(6 * SOUL_ASKED + 8 * LIGHT + 34 * AUDIT + 11 * DRAW + 3 * FILM)
    assert plan.has_changes and not plan.stands
    assert plan.personas[0].document is nodes["document"]
    assert nodes["soul"].missing is not None and nodes["soul"].missing.kind == "complete"
    assert nodes["surface"].missing is None and nodes["surface"].signature == "", "its needs aren't settled"
    assert described(plan, {"run": "to run", "restore": "to restore"}) == "15 to run"


def test_a_price_that_nobody_declares_is_unknown_and_not_zero(empty: Lab) -> None:
    """Counted apart, so that a sum in dollars never says less than it costs."""
    plan = empty.planned(
        written(
            ("image: scripted\n", "image: {model: img-9}\n"),
            ("{override /identity: insightface}", "{override /identity: insightface}, {override /image: scripted}"),
        )
    )
    one = by_name(plan)["image/02"].estimate
    assert (one.calls_min, one.calls_max, one.unpriced_min, one.unpriced_max) == (1, 3, 1, 3)
    assert (one.priced_usd_min, one.priced_usd_max, one.usd_min, one.usd_max) == (0, 0, None, None)
    whole = plan.estimate
    assert (whole.calls_min, whole.calls_max, whole.unpriced_min, whole.unpriced_max) == (10, 62, 5, 11)
    assert whole.usd_min is None is whole.usd_max
    assert whole.priced_usd_min == pytest.approx(SOUL_ASKED + 2 * LIGHT + AUDIT + FILM)


def test_planning_asks_nobody_and_writes_nothing(empty: Lab) -> None:
    before = {path: path.stat().st_mtime_ns for path in empty.studio.root.rglob("*") if "index.db" not in path.name}
    plan = Planner(empty.space.plan_context).plan([empty.loader.load(empty.file)])
    assert empty.studio.calls() == 0 and plan.has_changes
    assert {p: p.stat().st_mtime_ns for p in empty.studio.root.rglob("*") if "index.db" not in p.name} == before


def test_what_was_built_stands(built: Lab) -> None:
    plan = built.planned()
    assert states(plan) == {"pinned": set(FACE), "cached": set(ALL) - set(FACE)}
    assert plan.estimate.calls_max == 0 and not plan.has_changes and plan.stands
    assert all(not node.reasons and not node.note for node in plan.nodes())
    assert all(node.outcome is None for node in plan.nodes()), "nothing was replayed"


@pytest.mark.parametrize(
    "edit",
    [
        ("max_attempts: 3", "max_attempts: 5"),
        ("candidates: 2", "candidates: 3"),
    ],
    ids=["more attempts", "more candidates"],
)
def test_what_shapes_nothing_that_was_accepted_runs_nothing_that_was(built: Lab, edit: tuple[str, str]) -> None:
    """Nodes are replayed and found to be known; a candidate that is new to a face that is pinned is not drawn."""
    plan = built.planned(written(edit))
    assert not plan.has_changes and plan.estimate.calls_max == 0
    assert not any(node.note for node in plan.nodes()), "nothing stays in spite of anything"


def test_a_changed_brief(built: Lab) -> None:
    """Every draft reads it. What needs a draft runs only if that comes out different; the face stays."""
    plan = built.planned(written(("calm", "loud")))
    nodes = by_name(plan)
    assert states(plan) == {
        "run": {"soul", "surface", "dna", "audit", "document"},
        "maybe": {"profile", "matrix", *IMAGES, "video/wave", "sheet"},
        "pinned": set(FACE),
    }
    changed = (
        'setting: brief "A calm gardener who talks to her roses." is now "A loud gardener who talks to her roses."'
    )
    assert told(nodes["soul"]) == [changed]
    assert told(nodes["dna"]) == [changed, "needs: waits for soul, surface"]
    assert told(nodes["profile"]) == ["needs: only if it changes: audit"]
    assert told(nodes["image/02"]) == ["needs: only if it changes: profile, matrix"], "its anchor is settled"
    assert told(nodes["sheet"]) == ["needs: only if it changes: image/02, image/03, image/04"]


def test_what_only_may_run_buys_nothing_for_sure(built: Lab) -> None:
    """The lower bound of the bill is of what will run: a `maybe` node costs nothing at least, and all at most."""
    plan = built.planned(written(("calm", "loud")))
    nodes = by_name(plan)
    assert {name: bill(nodes[name]) for name in (*IMAGES, "video/wave")} == {
        **dict.fromkeys(IMAGES, (0, 3, 0.0, 3 * DRAW)),
        "video/wave": (0, 3, 0.0, round(3 * FILM, 9)),
    }
    assert {name: bill(nodes[name]) for name in ("soul", "surface", "dna", "audit")} == {
        "soul": (1, 6, SOUL_ASKED, round(6 * SOUL_ASKED, 9)),
        "surface": (1, 4, LIGHT, 4 * LIGHT),
        "dna": (1, 4, LIGHT, 4 * LIGHT),
        "audit": (1, 34, AUDIT, 34 * AUDIT),
    }
    whole = plan.estimate
    assert (whole.calls_min, whole.calls_max) == (4, 60)
    assert whole.usd_min == pytest.approx(SOUL_ASKED + 2 * LIGHT + AUDIT)
    assert whole.usd_max == pytest.approx(6 * SOUL_ASKED + 8 * LIGHT + 34 * AUDIT + 9 * DRAW + 3 * FILM)


def test_a_changed_seed_shapes_every_call_and_no_face(built: Lab) -> None:
    plan = built.planned(written(("seed: 3", "seed: 4")))
    nodes = by_name(plan)
    assert states(plan) == {
        "run": {"soul", "surface", "dna", "audit", *IMAGES, "video/wave", "document"},
        "maybe": {"profile", "matrix", "sheet"},
        "pinned": set(FACE),
    }
    assert told(nodes["image/02"]) == ["setting: seed 3 is now 4", "needs: waits for profile, matrix"]
    assert bill(nodes["image/02"]) == (1, 3, DRAW, 3 * DRAW), "it will run, whatever its needs give"
    assert nodes["candidate/1"].note == "stays, although seed 3 is now 4"
    assert nodes["anchor"].note == "" and bill(nodes["candidate/1"]) == (0, 0, 0, 0)


def test_another_take_of_one_picture(built: Lab) -> None:
    plan = built.planned(forced=frozenset({"ana/image/02"}))
    nodes = by_name(plan)
    assert states(plan) == {
        "run": {"image/02"}, "maybe": {"document", "sheet"}, "pinned": set(FACE),
        "cached": set(ALL) - {"image/02", "document", "sheet", *FACE},
    }  # fmt: skip
    assert told(nodes["image/02"]) == ["forced: another take was asked for"]
    missing = nodes["image/02"].missing
    assert missing is not None and (missing.kind, missing.take, missing.attempt) == ("draw", 1, 0)
    assert bill(nodes["image/02"]) == (1, 3, DRAW, 3 * DRAW)


def test_another_take_of_a_draft_is_another_input_of_all_behind_it_perhaps(built: Lab) -> None:
    plan = built.planned(forced=frozenset({"ana/soul"}))
    assert states(plan)["run"] == {"soul"} and states(plan)["pinned"] == set(FACE)
    assert states(plan)["maybe"] == set(ALL) - {"soul", *FACE}
    assert (plan.estimate.calls_min, plan.estimate.usd_min) == (1, pytest.approx(SOUL_ASKED))


def test_a_stricter_threshold_buys_the_attempts_that_are_left(built: Lab) -> None:
    """The clip's one attempt is measured already and now falls short: two of three are left. Pictures pass."""
    strict = "max_attempts: 3, accept_threshold: 0.999999, retry_threshold: 0.2"
    plan = built.planned(written(("max_attempts: 3", strict)))
    node = by_name(plan)["video/wave"]
    assert states(plan)["run"] == {"video/wave"} and states(plan)["maybe"] == {"document"}
    assert told(node) == [
        "setting: identity.accept_threshold 0.55 is now 0.999999",
        "setting: identity.retry_threshold 0.35 is now 0.2",
    ]
    assert node.missing is not None and (node.missing.kind, node.missing.attempt) == ("film", 1)
    assert bill(node) == (1, 2, FILM, 2 * FILM)


def test_a_frozen_lock_lets_nothing_be_made(built: Lab) -> None:
    plan = built.planned(written(("seed: 3", "seed: 4")), frozen=True)
    nodes = by_name(plan)
    assert plan.estimate.calls_max == 0 and "run" not in states(plan)
    assert told(nodes["soul"]) == [
        "pin: ana/soul is asked for otherwise than the lock has it, and the lock is frozen; "
        "forge build ana; commit the lock"
    ]
    assert told(nodes["surface"]) == ["needs: needs soul, which is pinned and missing"]
    assert told(nodes["document"]) == [
        "needs: needs image/02, image/03, image/04 and 1 more, which is pinned and missing"
    ]


def test_what_is_not_selected_is_left_as_it_is(built: Lab) -> None:
    """And what is selected is made from what its needs were: nothing has to be waited for."""
    plan = built.planned(written(("seed: 3", "seed: 4")), selected=frozenset({"ana/image/02"}))
    assert states(plan) == {"run": {"image/02"}, "left": set(ALL) - {"image/02"}}
    assert told(by_name(plan)["image/02"]) == ["setting: seed 3 is now 4"]
    assert bill(by_name(plan)["image/02"]) == (1, 3, DRAW, 3 * DRAW)


def test_what_forge_computes_comes_along_with_what_is_selected(built: Lab) -> None:
    """A matrix of before would dress a picture of now. A draft that isn't selected stays: it would be bought."""
    quiet = written(("matrix: few\n", "matrix: {positions: {'04': {wardrobe: 2}}}\n"), DEFAULTS)
    plan = built.planned(quiet, selected=frozenset({"ana/image/02"}))
    nodes = by_name(plan)
    assert nodes["matrix"].state == "run" and nodes["soul"].state == "left" == nodes["image/04"].state
    assert told(nodes["matrix"]) == ["setting: matrix.positions.04.wardrobe 1 is now 2"]
    assert nodes["image/02"].state == "cached", "what the matrix now is, is known, and dresses this picture as before"


def test_what_is_selected_needs_what_is_neither_built_nor_selected(empty: Lab) -> None:
    with pytest.raises(PlanError, match="ana/surface needs ana/soul, which has not been built") as error:
        empty.planned(selected=frozenset({"ana/surface"}))
    assert error.value.hint == "select it as well: --select +surface"


def test_a_file_that_is_gone_or_edited_is_put_back(built: Lab) -> None:
    root = built.studio.root
    with undone(root):
        (root / "build/ana/images/03-turned.png").unlink()
        (root / "build/ana/drafts/soul.json").write_text("{}")
        plan = built.planned()
        assert states(plan)["restore"] == {"image/03", "soul"} and "run" not in states(plan)
        nodes = by_name(plan)
        assert nodes["image/03"].reasons == (Reason("output", "images/03-turned.png is missing"),)
        assert nodes["soul"].reasons == (Reason("output", "drafts/soul.json was edited"),)
        assert plan.estimate.calls_max == 0 and plan.has_changes and not plan.stands


def test_a_line_that_is_gone_from_the_lock_is_written_again(built: Lab) -> None:
    lock = built.studio.lock
    with undone(built.studio.root):
        kept = [line for line in lock.read_text().splitlines(keepends=True) if "  image/02:" not in line]
        lock.write_text("".join(kept))
        plan = built.planned()
        assert states(plan)["restore"] == {"image/02"} and "run" not in states(plan)
        assert by_name(plan)["image/02"].reasons == (
            Reason("pin", "its line is missing from the lock, and is written again"),
        )
        frozen = by_name(built.planned(frozen=True))["image/02"]
        assert frozen.state == "missing"
        assert frozen.reasons == (Reason("pin", "ana/image/02 has no line in the lock, and the lock is frozen"),)


def lost(built: Lab, name: str) -> str:
    """Remove the artifact of a node from the store and the build folder, and return how its pin is shown."""
    root, pin = built.studio.root, built.planned().personas[0].lock.pin(name)
    assert pin is not None
    (digest,) = pin.outputs.values()
    for file in [*(root / ".forge/blobs").rglob("*"), *(root / "build").rglob("*")]:
        if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest:
            file.unlink()
    return digest[:12]


def test_a_bought_picture_that_is_nowhere_is_missing_and_not_bought_again(built: Lab) -> None:
    with undone(built.studio.root):
        digest = lost(built, "image/02")
        plan = built.planned()
        nodes = by_name(plan)
        assert states(plan)["missing"] == {"image/02"} and plan.estimate.calls_max == 0
        assert told(nodes["image/02"])[-1] == (
            f"pin: ana/image/02 is pinned to {digest}, which is in neither the store nor the build folder; get it with "
            "`forge cache pull ana`, or accept a new one with `forge build ana --repin image/02`"
        )
        assert nodes["document"].state == "cached", "it isn't lost, and nothing is made from what is missing"


def test_a_face_that_is_nowhere_stops_what_shows_it(built: Lab) -> None:
    with undone(built.studio.root):
        digest = lost(built, "anchor")
        plan = built.planned(written(("max_attempts: 3", "max_attempts: 4")))
        nodes = by_name(plan)
        assert states(plan)["missing"] == {"candidate/1", "anchor"} and plan.estimate.calls_max == 0
        assert told(nodes["anchor"])[-1] == (
            f"pin: the anchor of ana is pinned to {digest}, and that picture is in neither the store nor the build "
            "folder; get it with `forge cache pull ana`, or choose a new face: `forge build ana --repin anchor`"
        )
        assert {nodes[name].state for name in (*IMAGES, "video/wave")} == {"cached"}


def test_a_need_whose_artifact_is_nowhere_is_said_where_it_is_not_selected(built: Lab) -> None:
    with undone(built.studio.root):
        lost(built, "image/02")
        with pytest.raises(PlanError, match="ana/document needs ana/image/02, whose artifact is in no store") as error:
            built.planned(selected=frozenset({"ana/document"}))
        assert error.value.hint == ("get it with `forge cache pull ana`, or select it as well: --select +document")


def test_a_plan_as_json(built: Lab) -> None:
    plan = built.planned(forced=frozenset({"ana/image/02"}))
    told_as = plan.as_json()
    assert told_as["summary"]["nodes"] == {"cached": 9, "pinned": 3, "run": 1, "maybe": 2} == plan.counts()
    assert told_as["summary"]["changes"] is True and told_as["summary"]["estimate"]["calls_min"] == 1
    assert (told_as["schema"], told_as["overrides"], told_as["notices"]) == (1, [], list(plan.notices))
    (persona,) = told_as["personas"]
    assert persona["id"] == "ana" and persona["file"].endswith("personas/ana.yaml")
    node = next(one for one in persona["nodes"] if one["id"] == "ana/image/02")
    assert node["step"] == "image" and node["slot"] == "02" and node["kind"] == "image" and node["state"] == "run"
    assert node["reasons"] == [{"code": "forced", "text": "another take was asked for"}]
    assert node["next_action"]["kind"] == "draw" and "note" not in node
    assert told_as["digest"] == plan.digest and plan.digest == built.planned(forced=frozenset({"ana/image/02"})).digest
    assert plan.digest != built.planned().digest
    assert described(plan, {"run": "to run", "maybe": "that may run", "restore": "to restore"}) == (
        "1 to run, 2 that may run"
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """As `built`, and its pictures are finished as a telephone would."""
    with lab(tmp_path_factory.mktemp("finished"), "all", files={"personas/ana.yaml": FINISHED}) as opened:
        yield opened


FINISHED = PERSONA + "realism: phone\n"


def test_what_the_lock_pins_does_not_come_along_unasked(finished: Lab) -> None:
    """A finish is computed, but it is pinned: it is made anew when it is selected, and not by selecting a document."""
    grown = FINISHED.replace("realism: phone\n", "realism: {jpeg: {quality: 60}}\n").replace(
        "defaults: [", "defaults: [{override /realism: phone}, "
    )
    whole = by_name(finished.planned(grown))
    assert whole["finish/02"].state == "run", told(whole["finish/02"])
    part = by_name(finished.planned(grown, selected=frozenset({"ana/document"})))
    assert part["finish/02"].state == "left" and part["document"].state == "cached"


def test_who_had_a_face_that_no_lock_names_any_more_is_about_to_get_another_and_is_told(built: Lab) -> None:
    kept = built.planned()
    pin = kept.personas[0].lock.pin("anchor")
    assert pin is not None and noticed(kept) == ()
    with undone(built.studio.root):
        built.studio.lock.unlink()
        assert by_name(built.planned())["anchor"].state == "restore", (
            "as long as nothing else has changed it is the same"
        )
        plan = built.planned(written(("candidates: 2", "candidates: 3")))
        assert by_name(plan)["anchor"].state == "maybe"
        (notice,) = noticed(plan)
        assert notice.startswith(
            f"ana had an anchor, {pin.outputs['anchor'][:12]}, and its lock names none: a build chooses a new face. "
            "To keep the old one, bring the lock back ("
        )


@pytest.mark.parametrize(
    ("edits", "more", "state"),
    [
        ((("candidates: 2", "candidates: 3"),), "", "maybe"),
        ((DEFAULTS, ("matrix: few\n", "")), "matrix: {anchor: '02'}\n", "run"),
    ],
)
def test_the_lock_need_not_be_gone_as_a_whole_for_that(
    built: Lab, edits: tuple[tuple[str, str], ...], more: str, state: str
) -> None:
    with undone(built.studio.root):
        lines = built.studio.lock.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("  ") or line.startswith("  soul: ")]
        built.studio.lock.write_text("".join(kept))
        plan = built.planned(written(*edits, more=more))
    assert by_name(plan)["anchor"].state == state
    assert len(noticed(plan)) == 1 and noticed(plan)[0].startswith("ana had an anchor, ")


def test_nobody_is_told_of_a_lost_face_who_never_had_one(empty: Lab) -> None:
    assert noticed(empty.planned()) == ()


def test_a_face_that_the_user_wants_anew_is_not_lost(built: Lab) -> None:
    wished = frozenset({"ana/anchor", "ana/candidate/1", "ana/candidate/2"})
    plan = built.planned(written(("seed: 3", "seed: 4")), repinned=wished)
    assert by_name(plan)["candidate/1"].state == "run" and by_name(plan)["anchor"].state == "maybe"
    assert noticed(plan) == ()
