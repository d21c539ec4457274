"""`import personaforge as pf`: what it names, that docs/api.md and docs/examples run as written, and how it fails."""

from __future__ import annotations

import ast
import errno
import re
import runpy
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import personaforge as pf
from personaforge.providers import table
from personaforge.repository.starter import start
from personaforge.testing import ColorAnalyzers, png, write_project
from tests.cli.test_start_up import HEAVY
from tests.conftest import ROOT
from tests.test_docs import SMALL

PAGE = (ROOT / "docs/api.md").read_text()
EXAMPLES = ROOT / "docs/examples"
PERSONA = "mira-halvorsen"


def test_every_name_is_typed_documented_and_there() -> None:
    body = ast.parse(Path(pf.__file__).read_text()).body
    [typed] = [node for node in body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    named = {one.asname for node in typed.body if isinstance(node, ast.ImportFrom) for one in node.names}
    named |= {ast.unparse(node.targets[0]) for node in typed.body if isinstance(node, ast.Assign)}
    public = set(pf.__all__) - {"__version__"}
    assert {name for name in named if name and not name.startswith("_")} == public
    assert {"plan", "drift", "ProviderEntry", "PersonaForgeError"} <= public <= set(dir(pf))
    for name in public - {"Procedure"}:  # a generator's type
        assert getattr(pf, name).__doc__, f"{name} has no docstring"
        assert re.search(rf"\b{name}\b", PAGE), f"docs/api.md doesn't name {name}"
    assert not hasattr(pf, "nothing")


def fresh(code: str, folder: Path) -> list[str]:
    """Return the lines that code prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_importing_it_loads_nothing_and_its_functions_no_heavy_library(tmp_path: Path) -> None:
    heavy = f"print(*(name for name in sys.modules if name in {HEAVY!r} or name == 'personaforge.errors'))\n"
    code = f"import sys, personaforge as pf\n{heavy}[getattr(pf, name) for name in ('open', 'plan', 'Plan', 'Score')]\n"
    before, after = fresh(code + heavy, tmp_path)
    assert before == "" and set(after.split()) == {"sqlite3", "personaforge.errors"}


def test_plan_and_drift_stay_functions_beside_the_packages_of_their_names(tmp_path: Path) -> None:
    code = (
        "import personaforge as pf, personaforge.plan.plan, personaforge.drift.timelines, personaforge.report\n"
        "from personaforge import plan, drift\n"
        "print(plan.__module__, pf.plan is plan, drift.__module__, pf.drift is drift, pf.report.__name__)\n"
    )
    said = "personaforge.api True personaforge.api True personaforge.report"
    assert fresh(code, tmp_path) == [said]


def snippets() -> dict[str, str]:
    """Return the page's Python, all of a heading's as one."""
    parts = (part.partition("\n") for part in re.split(r"(?m)^## ", PAGE)[1:])
    found = {heading: "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)) for heading, _, text in parts}
    return {heading: code for heading, code in found.items() if code}


def test_the_programs_and_the_pages_snippets_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one test, so that all share one persona: building it takes longer than all else."""
    start(tmp_path, "personaforge")
    settings = tmp_path / "conf/project/settings.yaml"
    settings.write_text(settings.read_text() + SMALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(table, "_TABLE", dict(table._TABLE))

    def said(name: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, str(tmp_path)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    images, videos = tmp_path / f"build/{PERSONA}/images", tmp_path / f"build/{PERSONA}/videos"
    first = said("whole_persona.py")
    assert "soul: desire" in first and first.count("persona_image_progress") == 19
    assert "persona_video_complete {'motionType': 'smile_reveal'" in first
    assert len(list(images.glob("[0-9]*.png"))) == 20 and (images / "avatar.png").exists()
    assert [file.name for file in videos.iterdir()] == ["smile_reveal.webm"]
    again = said("whole_persona.py")
    assert again.count(": 0 actions, $0.00") == 5 and "at most $0.00" in again

    scored = said("score_pictures.py")
    assert scored.count("usual: ACCEPT") == 2 and scored.count("strict: RETRY") == 2, scored
    with monkeypatch.context() as patched:  # what the build has measured is found again
        patched.setattr("personaforge.faces.measure.measure_clip", None)
        clip = said("evaluate_clip.py")
    assert "smile_reveal.webm: ACCEPT" in clip and "8 of 8 frames show a face" in clip
    summary = said("drift_summary.py")
    assert "face composite of images: mean 0.9" in summary and "insufficient over 21 records" in summary
    assert "image\t19\t19" in summary.splitlines()
    worn = said("fashion_contexts.py")
    assert worn.count(": ") >= 15 and "did you mean dark_academia?" in worn
    own = said("own_evaluator.py")
    assert "06-soft-smile.png: ACCEPT" in own and "02-signature-portrait.png: REJECT" in own
    assert re.search(r"greeting\.wav: \d{5} bytes", said("own_provider.py"))
    ran = said("own_runner.py")
    assert "9 nodes, " in ran and "9 actions, 0 failed" in ran and "nils-aho/soul: done" in ran
    assert {file.name for file in EXAMPLES.iterdir() if file.suffix == ".py"} == set(re.findall(r"/(\w+\.py)\)", PAGE))

    with pf.open(tmp_path) as space:
        [found] = pf.evaluate_clips(space, persona=PERSONA)
        built = pf.query(space, "select cosine, score, cosine_min from evaluations where modality = 'video'").rows
        assert isinstance(found.score, pf.ClipScore), "judged here as in the build"
        assert built == ((found.score.score.cosine, found.score.score.composite, found.score.cosine_min),)
        pf.build(space, pf.plan(space, "nils-aho", pf.PlanRequest(select=("+anchor",))))
    mira = sorted(images.glob("[0-9]*.png"))[:11]
    rows = [f"{one},{other},1" for one, other in pairwise(mira)]
    rows += [f"{one},{tmp_path}/build/nils-aho/images/01-anchor.png,0" for one in mira]
    (tmp_path / "pairs.csv").write_text("\n".join(["path_a,path_b,same", *rows]) + "\n")
    for heading, code in snippets().items():
        exec(compile(code, f"docs/api.md, {heading}", "exec"), {})
    printed = capsys.readouterr().out
    assert "found 'dark" not in printed and "mira-halvorsenn" in printed and f"{PERSONA} 192" in printed


BRIEF = "id: ana\nbrief: A calm gardener.\ndefaults: [{override /identity: insightface}]\n"


@pytest.fixture
def space(tmp_path: Path) -> pf.Workspace:
    """A project with a persona and three pictures, measured by their colours."""
    write_project(tmp_path, {"ana": BRIEF})
    for name, color in (("a", (200, 120, 90)), ("b", (199, 121, 90)), ("black", (0, 0, 0))):
        (tmp_path / f"{name}.png").write_bytes(png(color, width=64, height=64))
    return pf.open(tmp_path, analyzer=ColorAnalyzers())  # type: ignore[arg-type]


def test_one_analyzer_measures_whatever_the_settings_name(space: pf.Workspace, tmp_path: Path) -> None:
    with space:
        [a, b, black] = pf.measure(space, [tmp_path / "a.png", str(tmp_path / "b.png"), tmp_path / "black.png"])
        assert pf.measure(space, tmp_path / "a.png") == (a,), "one path is one file"
        policy = pf.policy(space)
    assert a.analyzer["backend"] == "scripted" and a.value["status"] == "measured"
    score = pf.compare(a, b, policy)
    assert isinstance(score, pf.Score) and score.cosine > 0.999 and score.error == 0
    assert pf.compare(a.value, b.value, policy) == pf.compare(a, b.value, policy) == score
    assert pf.judge(score, policy).decision is pf.Decision.ACCEPT
    assert pf.judge(score, replace(policy, accept_threshold=1.1)).decision is pf.Decision.RETRY
    nobody = pf.compare(a, black, policy)
    assert isinstance(nobody, pf.Unmeasured) and nobody.code is pf.Cause.NO_FACE


def test_measurements_by_unlike_analyzers_are_not_compared(space: pf.Workspace, tmp_path: Path) -> None:
    with space:
        [a] = pf.measure(space, tmp_path / "a.png")
        other = a._replace(analyzer={**a.analyzer, "pack": "others"})
        policy = pf.policy(space)
    found = pf.compare(a, other, policy)
    assert isinstance(found, pf.Unmeasured) and found.code is pf.Cause.ANALYZERS
    assert not pf.judge(found, policy, require_measurement=False).measured


def test_pictures_are_evaluated_against_a_file(space: pf.Workspace, tmp_path: Path) -> None:
    with space:
        found = pf.evaluate(space, [tmp_path / "b.png", tmp_path / "black.png"], anchor=tmp_path / "a.png")
    assert [one.judged.decision for one in found.pictures] == ["ACCEPT", "RETRY"]


def test_what_is_wrong_is_an_error_of_the_family_that_names_it(space: pf.Workspace, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    with space:
        with pytest.raises(pf.SpecError, match=r"'cottagecor', which is no fashion context \(did you mean cottagecore"):
            pf.context(space, "cottagecor")
        for evaluate in (pf.evaluate, pf.evaluate_clips):
            with pytest.raises(pf.PersonaForgeError, match="nothing is named to measure against"):
                evaluate(space, picture)
        with pytest.raises(pf.PersonaForgeError, match="an evaluation is kept as a persona's"):
            pf.evaluate(space, picture, anchor=picture, record=True)
        with pytest.raises(pf.PersonaForgeError, match="there is no picture to measure"):
            pf.evaluate(space, anchor=picture)
        with pytest.raises(pf.PersonaForgeError, match="there is no clip to measure"):
            pf.evaluate_clips(space, anchor=picture)
        with pytest.raises(pf.PersonaForgeError, match=r"gone\.png can't be read: No such file"):
            pf.measure(space, tmp_path / "gone.png")
        with pytest.raises(pf.PlanError, match="ana has no anchor yet"):
            pf.evaluate(space, picture, persona="ana")
        with pytest.raises(pf.PlanError, match="nothing has been measured of ana"):
            pf.drift(space, "ana")
        with pytest.raises(pf.QueryError, match="found DROP, expected SELECT"):
            pf.query(space, "drop table actions")
        with pytest.raises(pf.SpecError, match="nobody"):
            pf.plan(space, "nobody")
    with pytest.raises(pf.SpecError, match="is not a folder"):
        pf.open(tmp_path / "nowhere")


def test_a_clip_that_is_none_is_unmeasured_and_not_a_stranger(space: pf.Workspace, tmp_path: Path) -> None:
    with space:
        [clip] = pf.evaluate_clips(space, tmp_path / "b.png", anchor=tmp_path / "a.png")
    assert isinstance(clip.score, pf.Unmeasured) and clip.score.code is pf.Cause.UNREADABLE
    assert clip.judged.decision is pf.Decision.REJECT and not clip.judged.measured


def test_what_the_machine_refuses_is_said_as_that(space: pf.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pf.Workspace, "plan", full)
    with space, pytest.raises(pf.MachineError, match="No space left on device"):
        pf.plan(space, "ana")

    def broken(*_: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(pf.Workspace, "plan", broken)
    with space, pytest.raises(KeyError):
        pf.plan(space, "ana")


def test_a_question_is_answered_as_a_whole(space: pf.Workspace) -> None:
    with space:
        answer = pf.query(space, "select 1 as one, 'x' as one union all select 2, null order by 1")
        assert answer == (("one", "one"), ((1, "x"), (2, None)))
        with pytest.raises(pf.OutOfBounds, match=r"after 0\.2 s"):
            pf.query(
                space, "select count(*) from range(9000000) a, range(9000000) b where a.range < b.range", seconds=0.2
            )


def test_one_persona_is_one_however_it_is_named(space: pf.Workspace, tmp_path: Path) -> None:
    file = tmp_path / "personas/ana.yaml"
    with space:
        [loaded] = space.load("ana")
        for name in ("ana", file, "personas/ana.yaml", "personas", loaded, [loaded], (file,)):
            assert [one.settings.id for one in space.load(name)] == ["ana"], name
            assert space.validate(name) == ([], ["ana"]) and [one.id for one in pf.plan(space, name).personas] == [
                "ana"
            ]
        with pytest.raises(pf.PlanError, match="ana has not been built"):
            space.document("ana")
        with pytest.raises(pf.PlanError, match="nothing has been measured of ana"):
            pf.drift(space, loaded)
        assert pf.policy(space, loaded) == pf.policy(space, "ana") == pf.policy(space, str(file))
        for nobody in ("", [""]):
            with pytest.raises(pf.SpecError, match=r"'': names no persona \(leave it out for all"):
                pf.plan(space, nobody)
        for wrong in (5, [None]):
            with pytest.raises(
                pf.PersonaForgeError, match=r"found (5|None), expected a name, a path or a loaded persona"
            ):
                pf.plan(space, wrong)  # type: ignore[arg-type]


def test_one_text_is_one_override_or_selection_and_not_its_letters(space: pf.Workspace) -> None:
    assert pf.PlanRequest(select="image/02", overrides=["a=b"]) == pf.PlanRequest(  # type: ignore[arg-type]
        select=("image/02",), overrides=("a=b",)
    )
    with pytest.raises(pf.PersonaForgeError, match=r"force is \(1,\), expected texts"):
        pf.PlanRequest(force=(1,))  # type: ignore[arg-type]
    with space:
        assert space.load("ana", "image.width=72")[0].settings.value("image.width") == 72


def test_a_modality_that_is_none_is_refused_by_name(space: pf.Workspace) -> None:
    with space:
        with pytest.raises(pf.PersonaForgeError, match="modality is 'fase', which has no timelines") as caught:
            pf.drift(space, "ana", modality="fase")
        assert caught.value.hint == "did you mean face?"
        for last in (0, -3, "5"):
            with pytest.raises(pf.PersonaForgeError, match=f"last is {last!r}, expected a whole number from 1"):
                pf.drift(space, "ana", last=last)  # type: ignore[arg-type]


def test_a_file_that_is_not_found_says_from_where_its_path_counts(space: pf.Workspace, tmp_path: Path) -> None:
    anchor = str(tmp_path / "a.png")
    with space:
        for look in (
            lambda: pf.measure(space, "gone.png"),
            lambda: pf.evaluate(space, "gone.png", anchor=anchor),
            lambda: pf.evaluate_clips(space, anchor, anchor="gone.png"),
        ):
            with pytest.raises(pf.PersonaForgeError, match=r"gone\.png") as caught:
                look()
            assert f"relative paths count from the current folder, {Path.cwd()}" in caught.value.hint


def test_a_stop_ends_the_build_that_it_was_set_for_and_no_later_one(space: pf.Workspace) -> None:
    with space:
        plan = pf.plan(space, "ana", pf.PlanRequest(select=("+soul",)))
        stopped = pf.build(space, plan, listeners=[lambda event: space.stop.set()])
        assert stopped.interrupted and not space.stop.is_set()
        space.stop.set()
        assert pf.build(space, plan).performed == 0, "set before, it ends the next one: nothing is bought against it"
        again = pf.build(space, pf.plan(space, "ana", pf.PlanRequest(select=("+soul",))))
        assert not again.interrupted and again.performed + stopped.performed >= 1 and not again.failed


@pytest.mark.parametrize("name", ["score_pictures", "evaluate_clip", "drift_summary", "own_evaluator"])
def test_a_program_that_shows_a_built_persona_says_that_there_is_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, {"ana": BRIEF})
    monkeypatch.setattr(sys, "argv", [name, str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert "whole_persona.py" in str(caught.value)


def test_what_is_no_analyzer_and_a_closed_workspace_are_refused(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": "id: ana\nbrief: A calm gardener.\n"})
    with pytest.raises(pf.PersonaForgeError, match="analyzer is a int, expected a FaceAnalyzer"):
        pf.open(root, analyzer=5)  # type: ignore[arg-type]
    with pf.open(root) as space:
        plan = pf.plan(space)
    for use in (lambda: pf.plan(space), lambda: pf.build(space, plan), lambda: pf.query(space, "metrics")):
        with pytest.raises(pf.PersonaForgeError, match="this workspace is closed"):
            use()
