"""`forge test` on a small studio: what passes, what doesn't, and that nothing unmeasured ever does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from personaforge.checks.results import CheckReport, CheckResult
from personaforge.checks.run import run_checks
from personaforge.errors import PlanError, SpecError
from personaforge.providers.protocols import Request
from personaforge.testing import ColorAnalyzers
from personaforge.warehouse.bounds import Bounds
from personaforge.warehouse.scores import BrokenQuery, ask, sealed
from personaforge.workspace.workspace import BuildOptions
from tests.conftest import ROOT, Forge
from tests.run.conftest import PERSONA, SKIN, Studio
from tests.run.test_attempts import BLACK, FAR, NEAR, by_attempt

Make = Callable[..., Studio]
ONLY = PERSONA.replace("defaults: [", "defaults: [{override /checks: none}, ")
ALLOWING = ONLY.replace("identity: {", "identity: {require_measurement: false, ")


def checked(studio: Studio, *select: str, checks: Mapping[str, Any] | None = None, **asked: Any) -> CheckReport:
    """Run checks that are added to the persona file as YAML, which JSON is."""
    if checks is not None:
        path = studio.root / "personas/ana.yaml"
        path.write_text(path.read_text().partition("checks:\n")[0] + f"checks:\n  {json.dumps(checks)}\n")
    with studio.open() as space:
        return run_checks(space, [], select=select, **asked)


def one(studio: Studio, check: str | dict[str, Any]) -> CheckResult:
    (found,) = checked(studio, "a", checks={"a": check}).checks
    return found


def turned(color: tuple[int, int, int]) -> Callable[[Request], tuple[int, int, int]]:
    """Everything is SKIN, but the picture of the turned head."""
    return lambda request: color if "yaw 20" in request.fields["prompt"] else SKIN


def test_a_built_persona_passes_its_default_checks(studio: Studio) -> None:
    studio.build()
    tested = checked(studio)
    assert {check.name: str(check.result) for check in tested.checks} == {
        "images": "pass", "clips": "pass", "texts": "pass", "acceptance": "pass", "drift_face": "skip",
        "drift_video": "skip",
    }  # fmt: skip
    assert tested.exit_code == 0
    found = {check.name: check.judged.found for check in tested.checks}
    assert found["texts"] == "4" and found["drift_face"] == "insufficient"
    assert found["acceptance"] == "1 (5 of 5)", "three images, a clip and a text"


def test_nothing_passes_before_it_is_built(studio: Studio) -> None:
    tested = checked(studio)
    results = {check.name: (str(check.result), str(check.judged.cause)) for check in tested.checks}
    assert results["images"] == ("fail", "unbuilt") and results["clips"] == ("fail", "unbuilt")
    assert results["texts"] == ("warn", "unbuilt")
    assert results["drift_face"] == ("skip", "nothing") and results["acceptance"] == ("skip", "nothing")
    images = tested.checks[0].judged
    assert [row.node for row in images.rows] == ["image/02", "image/03", "image/04"]
    assert images.rows[0].hint == "forge build ana --select image/02" and images.hint == "forge build ana"
    assert tested.exit_code == 1


def test_a_part_that_is_not_built_fails_the_whole(studio: Studio) -> None:
    studio.build("+image/02", "+image/03")
    found = one(studio, "min(composite) >= 0.5 over images").judged
    assert found.found == "1, 1 of 3 not built" and [row.node for row in found.rows] == ["image/04"]
    assert "allow: [unbuilt]" in found.reason
    allowed = one(studio, {"assert": "min(composite) >= 0.5 over images", "allow": ["unbuilt"]})
    assert (allowed.result, allowed.judged.found) == ("pass", "1")


def test_a_low_picture_is_shown_with_its_file_and_what_to_type(make_studio: Make) -> None:
    studio = make_studio(ONLY, color=turned(NEAR))
    studio.build()
    found = one(studio, "min(composite) >= 0.96 over images")
    (row,) = found.judged.rows
    assert (found.result, found.judged.cause, row.node, row.slot) == ("fail", "value", "image/03", "03")
    assert row.value == pytest.approx(0.94, abs=0.01) and found.judged.number == row.value
    assert row.hint == "forge build ana --force image/03" and (studio.root / "build/ana" / row.path).is_file()
    with studio.open() as space:
        assert space.store.blobs.get(row.artifact) == (studio.root / "build/ana" / row.path).read_bytes()
    assert one(studio, "min(composite) >= 0.96 over images where slot != 03").result == "pass"
    assert one(studio, "max(composite) < 0.96 over images where slot in (03)").result == "pass"
    assert one(studio, "min(composite) >= 0.9 over image").result == "pass", "a step by its name"


@pytest.mark.parametrize(
    ("check", "result", "found"),
    [
        ("mean(composite) >= 0.97 over images", "pass", "0.979"),
        ("median(composite) == 1 over images", "pass", "1"),
        ("std(composite) < 0.01 over images", "fail", "0.03"),
        ("count(composite) >= 3 over images", "pass", "3"),
        ("count(composite) > 3 over images", "fail", "3"),
        ("p50(composite) >= 1 over images", "pass", "1"),
        ("max(attempt) <= 1 over all images", "pass", "1"),
        ("max(faces) <= 1 over images", "pass", "1"),
        ("measured_rate == 100%", "pass", "1 (5 of 5)"),
        ("passing_rate == 1 over images", "pass", "1 (3 of 3)"),
        ("passing_rate < 1 over clips", "fail", "1"),
        ("max(turn) <= 5", "pass", "0"),
        ("min(composite) >= 0.5 over images where tag = frontal", "pass", "0.93"),
        ("min(composite) >= 0.99 over images where distance = full", "pass", "1"),
        ("min(composite) >= 0.5 over images where tier = context", "fail", "nothing"),
        ("min(composite) >= 0.5 over finished", "fail", "nothing"),
        ("min(composite) >= 0.5 over images where model = img-1 and provider = scripted", "pass", "0.93"),
        ("max(cosine_std) < 0.1", "pass", "2e-06"),
        ("min(cosine_min) >= 0.5 over clips", "pass", "0.9999"),
        ("min(score) >= 4.5", "fail", "4"),
        ("acceptance_rate >= 1 over images", "pass", "1 (3 of 3)"),
        ("drift.face == stable", "fail", "insufficient"),
        ("drift.face in (stable, insufficient)", "pass", "insufficient"),
        ("drift.face != insufficient", "fail", "insufficient"),
        ("drift.video.flicker != degrading", None, ""),
    ],
)
def test_figures(make_studio: Make, check: str, result: str | None, found: str) -> None:
    studio = figures_studio(make_studio)
    if result is None:
        with pytest.raises(Exception, match="expected a timeline"):
            one(studio, check)
        return
    got = one(studio, check)
    assert got.result == result and got.judged.found.startswith(found), got.judged


def figures_studio(make_studio: Make) -> Studio:
    studio = make_studio(ONLY, color=turned(NEAR))
    studio.build()
    return studio


def test_every_attempt_counts_for_the_rate(make_studio: Make) -> None:
    persona = ONLY.replace("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.95, retry_threshold: 0.5")
    studio = make_studio(persona, color=by_attempt(FAR, NEAR, SKIN))
    studio.build()
    found = one(studio, "acceptance_rate >= 0.9 over images")
    assert (found.result, found.judged.found) == ("fail", "0.6 (3 of 5)")
    assert sorted(row.value or 0 for row in found.judged.rows) == pytest.approx([0.55, 0.94], abs=0.01)
    assert one(studio, "acceptance_rate >= 0.6 over images").result == "pass"
    assert one(studio, "min(composite) > 0.99 over images").result == "pass", "what stands now is the third"
    assert one(studio, "min(composite) > 0.99 over all images").result == "fail"
    assert one(studio, "max(attempt) <= 2 over images").judged.rows[0].node == "image/02"


# --- what isn't measured ----------------------------------------------------------------------------------------------


def test_an_unmeasured_picture_never_passes_unless_allowed(make_studio: Make) -> None:
    studio = make_studio(ALLOWING, color=turned(BLACK))
    studio.build()
    check = "min(composite) >= 0.5 over images"
    found = one(studio, check)
    assert (found.result, found.judged.cause) == ("fail", "unmeasured") and "1 of 3 not measured" in found.judged.found
    (row,) = found.judged.rows
    assert row.node == "image/03" and row.value is None and "face" in row.why
    assert row.hint == "forge explain ana/image/03"
    passing = one(studio, "passing_rate == 1 over images")
    assert (passing.result, passing.judged.cause, passing.judged.hint) == ("fail", "unmeasured", row.hint)
    for other in ("max(composite) <= 1 over images", "count(composite) <= 3 over images", "measured_rate == 1"):
        assert one(studio, other).result == "fail", other
    assert (
        one(studio, {"assert": check, "allow": ["nothing", "unbuilt", "out_of_domain", "insufficient"]}).result
        == "fail"
    )
    allowed = one(studio, {"assert": check, "allow": ["unmeasured"]})
    assert (allowed.result, allowed.judged.found) == ("pass", "1")
    assert one(studio, {"assert": check, "severity": "warn"}).result == "warn"
    # All that is left out leaves nothing, and nothing is no pass either.
    alone = {"assert": f"{check} where slot = 03", "allow": ["unmeasured"]}
    assert one(studio, alone).judged.cause == "nothing" and one(studio, alone).result == "fail"
    assert one(studio, {**alone, "allow": ["unmeasured", "nothing"]}).result == "skip"


def test_an_unmeasured_attempt_is_no_acceptance(make_studio: Make) -> None:
    studio = make_studio(ALLOWING, color=turned(BLACK))
    studio.build()
    found = one(studio, "acceptance_rate >= 1 over images")
    assert found.result == "fail"
    # Where a low rate is wished for, what nobody measured must not help.
    assert one(studio, "acceptance_rate < 1 over images").judged.cause == "unmeasured"


def test_scores_out_of_domain_count_as_unmeasured_unless_told_otherwise(make_studio: Make) -> None:
    studio = make_studio(ONLY.replace("identity: {", "identity: {out_of_domain: allow, "))
    studio.analyzers = ColorAnalyzers("embedded")
    studio.build()
    check = "min(composite) >= 0.5 over images"
    found = one(studio, check)
    assert (found.result, found.judged.cause) == ("fail", "out_of_domain")
    assert "was not made for" in found.judged.rows[0].why
    assert one(studio, {"assert": check, "allow": ["unmeasured"]}).judged.cause == "nothing"
    assert one(studio, {"assert": check, "allow": ["out_of_domain"]}).result == "pass"
    assert one(studio, "measured_rate >= 0.5 over images").judged.number == 0
    assert one(studio, "acceptance_rate >= 0.5 over images").judged.number == 0


def test_pictures_that_several_packs_measured_are_not_mixed(studio: Studio) -> None:
    studio.build()
    studio.analyzers = ColorAnalyzers("others")
    studio.build("image/02")
    found = one(studio, "min(composite) >= 0.5 over images").judged
    assert found.cause == "unmeasured" and [row.node for row in found.rows] == ["image/02"], found
    assert "others" in found.rows[0].why and "don't compare" in found.rows[0].why


def test_a_repinned_anchor_leaves_no_old_score_standing(studio: Studio) -> None:
    studio.build()
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 4"))
    studio.build("anchor", repin=("anchor",))
    found = one(studio, "min(composite) >= 0.5 over images").judged
    assert found.cause == "unmeasured" and "anchor of now" in found.rows[0].why
    studio.build()
    assert one(studio, "min(composite) >= 0.5 over images").result == "pass"


def test_a_position_that_was_removed_counts_no_more(make_studio: Make) -> None:
    studio = make_studio(ONLY, color=turned(NEAR))
    studio.build()
    studio.edit("conf/matrix/few.yaml", ('  "03": {<<: *p, name: turned, yaw: 20}\n', ""))
    assert one(studio, "min(composite) >= 0.99 over images").result == "pass"


# --- SQL --------------------------------------------------------------------------------------------------------------


def test_sql_must_return_no_rows_and_its_rows_are_shown(studio: Studio) -> None:
    studio.build()
    sql = "select node, score from latest_scores where persona = $persona and score < {} order by node"
    assert one(studio, {"sql": sql.format(0.5)}).result == "pass"
    found = one(studio, {"sql": sql.format(2) + " limit 2"})
    assert (found.result, found.judged.found, found.expected) == ("fail", "2 rows", "no rows")
    assert found.judged.names == ("node", "score") and found.judged.table[0] == ("image/02", 1.0)
    assert found.as_json()["rows"][0] == {"node": "image/02", "score": 1.0}
    many = one(studio, {"sql": "select * from range(100)"})
    assert many.judged.found == "more than 20 rows" and len(many.judged.table) == 20


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selec 1", "syntax error"),
        ("select 1; select 2", "found SELECT, SELECT, expected one SELECT"),
        ("delete from evaluations", "found DELETE, expected one SELECT"),
        ("copy (select 1) to 'x.csv'", "found COPY"),
        ("attach 'x.db'", "found ATTACH"),
        ("set memory_limit = '9GB'", "found SET"),
        ("select * from read_text('personas/ana.yaml')", "disabled by configuration"),
        ("select * from 'personas/ana.yaml'", "does not exist"),
        ("select * from glob('*')", "disabled by configuration"),
        ("select * from nowhere", "nowhere"),
        ("select $other", "no parameter but $persona"),
        ("select 1 / ", "syntax error"),
    ],
)
def test_sql_can_only_read_the_warehouse(studio: Studio, sql: str, message: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in sorted(studio.root.rglob("*")) if ".forge" not in path.parts}
    tested = checked(studio, checks={"bad": {"sql": sql}, "good": {"sql": "select 1 where false"}})
    bad = next(check for check in tested.checks if check.name == "bad")
    assert bad.result == "error" and message in bad.judged.reason, bad.judged.reason
    assert tested.exit_code == 2
    assert next(check for check in tested.checks if check.name == "good").result == "pass", "one doesn't hide another"
    after = {path: path.stat().st_mtime_ns for path in sorted(studio.root.rglob("*")) if ".forge" not in path.parts}
    assert {path for path in after if after[path] != before.get(path)} <= {studio.root / "personas/ana.yaml"}


def test_sql_without_end_is_stopped(studio: Studio) -> None:
    sql, bounds = "select count(*) from range(10000000000) a, range(100000) b", Bounds(1, 1, 0.2)
    stopped = pytest.raises(BrokenQuery, match=r"was stopped after 0\.2 s")
    with studio.open() as space, sealed(space.store, bounds) as connection, stopped:
        ask(connection, sql, "ana", 1, bounds)


# --- selection, places, drift -----------------------------------------------------------------------------------------


def test_a_selection_takes_globs_and_says_what_there_is(studio: Studio) -> None:
    studio.build()
    assert [check.name for check in checked(studio, "drift_*", "ana/images").checks] == [
        "images", "drift_face", "drift_video",
    ]  # fmt: skip
    with pytest.raises(PlanError, match="--select imags names no check") as error:
        checked(studio, "imags")
    assert error.value.hint == "did you mean images?"


def test_a_check_says_where_it_is_declared(make_studio: Make) -> None:
    files = {
        "conf/checks/default.yaml": "ours: min(composite) >= 0.1 over images\nother: {assert: measured_rate == 1}\n"
    }
    studio = make_studio(files=files)
    found = {
        check.name: (check.file, check.line)
        for check in checked(studio, checks={"mine": "drift.face == stable", "other": {"severity": "warn"}}).checks
    }
    last = len((studio.root / "personas/ana.yaml").read_text().splitlines())
    assert found == {
        "mine": ("personas/ana.yaml", last),
        "other": ("personas/ana.yaml", last),
        "ours": ("conf/checks/default.yaml", 1),
    }
    packaged = make_studio(name="packaged")
    assert {(check.file, check.line) for check in checked(packaged).checks} == {("personas/ana.yaml", None)}


def test_a_fall_fails_the_drift_check_with_its_beginning(tmp_path: Path) -> None:
    from personaforge.testing import write_project
    from personaforge.workspace.workspace import Workspace
    from tests.drift.test_drift import ANA, series

    with Workspace.open(["ana"], str(write_project(tmp_path / "p", {"ana": ANA}))) as space:
        series(space, 60, start=40, size=-0.03)
        tested = run_checks(space, [], select=["drift_*"])
    face, video = tested.checks
    assert (face.result, face.judged.found, face.judged.cause) == ("fail", "degrading", "value")
    (row,) = face.judged.rows
    assert (
        row.node.startswith("image/")
        and "since 2023-11-14" in row.why
        and face.judged.hint.startswith("forge drift ana")
    )
    assert video.result == "skip" and video.judged.cause == "nothing"


def test_running_checks_changes_nothing_but_the_warehouse(studio: Studio) -> None:
    studio.build(options=BuildOptions(jobs=1))
    calls = studio.calls()

    def state() -> dict[str, bytes]:
        paths = [path for path in studio.root.rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in paths if "index.db" not in path.name}

    checked(studio)
    before = state()
    checked(studio)
    assert state() == before and studio.calls() == calls


# --- what the documents say -------------------------------------------------------------------------------------------


def test_the_documents_example_is_valid_and_its_tables_are_complete(tmp_path: Path, forge: Forge) -> None:
    from personaforge.spec import measures
    from personaforge.testing import write_project

    text = (ROOT / "docs/checks.md").read_text()
    example = text.partition("```yaml\n")[2].partition("```")[0]
    root = write_project(tmp_path / "p", {"ana": f"id: ana\nbrief: A calm gardener.\n{example}"})
    forge("validate", cwd=root, check=0)
    assert "fail    21 of 21 not built" in forge("test", "-s", "images", cwd=root, check=1).stdout
    for names in (
        measures.FUNCTIONS, measures.MEASURES, measures.RATES, measures.SCOPES, measures.FIELDS, measures.TIMELINES,
        measures.VERDICTS, measures.ALLOWANCES,
    ):  # fmt: skip
        assert [name for name in names if f"`{name}`" not in text] == []


def test_a_project_can_lock_a_check(make_studio: Make) -> None:
    settings = "# @package _global_\nlocked: [checks.images]\nchecks: {images: min(composite) >= 0.9 over images}\n"
    studio = make_studio(files={"conf/project/settings.yaml": settings})
    assert next(check for check in checked(studio).checks if check.name == "images").line == 3
    with pytest.raises(SpecError, match="the project locks it to"):
        checked(studio, checks={"images": "min(composite) >= 0.1 over images"})
