"""A brief of which the embedded writer would keep too little is refused, until somebody says that it may be drafted."""

from __future__ import annotations

from pathlib import Path

import pytest

import personaforge as pf
from personaforge.brief.fate import KEPT, LOST, account, listed_words, summary
from personaforge.steps.look import as_document
from personaforge.store.lockfile import read_lock
from personaforge.testing import write_project
from personaforge.workspace.briefs import brief_account, drafted, other_language
from personaforge.workspace.forecast import TooLittleRead, forecast
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge

UNREAD = (
    "id: eva\nbrief: Česká zpěvačka z Brna, čtyřicet let, růžové vlasy, hraje na housle v kavárně.\npipeline: words\n"
)
READ = "id: ana\nbrief: A Norwegian ceramicist of 33 from Bergen, with freckles.\npipeline: words\n"
SAID = "eva: the embedded writer would keep 0 of the 4 parts of its brief (coverage 0.00; text.min_coverage is 0.3)"
WORDS = """name: words
steps:
  intent: {kind: draft, section: intent, template: text/intent.j2, schema: intent, provider: "${text.provider}",
    model: "${text.models.light}", temperature: 0.2, max_tokens: 800, tags: [text]}
  surface: {kind: draft, section: surface, needs: [intent], template: text/surface.j2, schema: surface,
    provider: "${text.provider}", model: "${text.models.standard}", temperature: 0.8, max_tokens: 900, tags: [text]}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = write_project(tmp_path, {"eva": UNREAD, "ana": READ})
    (found / "conf/pipeline").mkdir(parents=True, exist_ok=True)
    (found / "conf/pipeline/words.yaml").write_text(WORDS, "utf-8")
    return found


def drafts(root: Path, name: str) -> bool:
    return (root / f"build/{name}/drafts/surface.json").exists() or (
        root / f"build/{name}/layers/surface.json"
    ).exists()


def test_a_build_refuses_it_and_plan_and_validate_say_so(forge: Forge, root: Path) -> None:
    done = forge("build", cwd=root, check=1)
    assert SAID in done.stderr and '"Česká zpěvačka z Brna"' in done.stderr and "--allow-unread" in done.stderr
    assert not drafts(root, "eva") and not drafts(root, "ana")
    for command in ("plan", "validate"):
        told = forge(command, cwd=root)
        assert f"{SAID}; not kept:" in told.stdout + told.stderr
        assert "ana: the embedded writer" not in told.stdout + told.stderr


def test_all_others_are_built_with_keep_going(forge: Forge, root: Path) -> None:
    done = forge("build", "-k", cwd=root, check=1)
    assert f"refused: {SAID}" in done.stderr and drafts(root, "ana") and not drafts(root, "eva")
    again = forge("build", "-k", cwd=root, check=1)
    assert "Nothing to do" in again.stderr + again.stdout


def test_what_was_allowed_stays_without_being_allowed_again(forge: Forge, root: Path) -> None:
    forge("build", "--allow-unread", cwd=root)
    assert drafts(root, "eva")
    done = forge("build", cwd=root)
    assert "Nothing to do" in done.stderr + done.stdout
    file = root / "personas/eva.yaml"
    file.write_text(UNREAD.replace("Brna", "Olomouce"), "utf-8")
    assert "eva: the embedded writer would keep 1 of the 5" in forge("build", cwd=root, check=1).stderr


def test_a_saved_plan_holds_what_was_allowed(forge: Forge, root: Path) -> None:
    forge("plan", "--allow-unread", "-o", "p.json", cwd=root)
    forge("build", "--plan", "p.json", cwd=root)
    assert drafts(root, "eva")


def test_a_saved_plan_is_let_pass_as_its_refusal_says(forge: Forge, root: Path) -> None:
    forge("plan", "-o", "p.json", cwd=root)
    refused = forge("build", "--plan", "p.json", cwd=root, check=1)
    assert SAID in refused.stderr and "--allow-unread builds it all the same" in refused.stderr
    assert not drafts(root, "eva")
    more = forge("build", "--plan", "p.json", "--allow-unread", "eva", cwd=root, check=2)
    assert "takes no personas, overrides or selections" in more.stderr
    forge("build", "--plan", "p.json", "--allow-unread", cwd=root, check=0)
    assert drafts(root, "eva") and drafts(root, "ana")


def test_a_persona_or_a_project_declares_its_own_share(root: Path) -> None:
    (root / "personas/eva.yaml").write_text(UNREAD + "text: {min_coverage: 0}\n", "utf-8")
    (root / "personas/ana.yaml").write_text(
        READ.replace("with freckles", "mends nets") + "text: {min_coverage: 0.9}\n", "utf-8"
    )
    with Workspace.open((), str(root)) as space:
        with pytest.raises(TooLittleRead, match="ana: the embedded writer would keep 4 of the 5"):
            pf.build(space)
        pf.build(space, "eva")
    assert drafts(root, "eva") and not drafts(root, "ana")


def test_what_a_build_keeps_is_what_was_forecast(root: Path) -> None:
    with Workspace.open((), str(root)) as space:
        (one,) = space.load(["ana"])
        ahead = forecast(one.settings, read_lock(one.lock, "ana"))
        pf.build(space, "ana")
        built = brief_account(space.store, one)
    assert ahead is not None and [row.words for row in ahead.account.of(LOST)] == ["freckles"]  # no step drafts a dna
    assert ahead.account.count(KEPT) == len(ahead.account.rows) - 1
    assert [row.fate for row in ahead.account.rows if row.path.startswith("surface")] == [
        row.fate for row in built.rows if row.path.startswith("surface")
    ]


def test_what_the_second_reader_revises_is_in_the_forecast(tmp_path: Path) -> None:
    brief = (
        "A 5 ft 7 German baker in his late forties with a tattoo, who was born in Lyon and speaks German and Polish."
    )
    root = write_project(tmp_path, {"bo": f"id: bo\nbrief: {brief}\nseed: 7\n"})
    with Workspace.open((), str(root)) as space:
        (one,) = space.load(["bo"])
        ahead = forecast(one.settings, read_lock(one.lock, "bo"))
        plan = space.plan(["bo"])
        pf.build(space, space.plan(["bo"], pf.PlanRequest(select=("+audit",))))
        assert ahead is not None and ahead.sure and ahead.sections == drafted(space.store, one.settings)
        lost = [row.words for row in ahead.account.of(LOST)]
        assert ahead.account == brief_account(space.store, one)
        told = [line for line in plan.notices if f"bo: would be lost of its brief: {listed_words(lost)}" in line]
        assert bool(told) == bool(lost)
        assert [line for line in plan.notices if line.startswith("bo: not drawn") and "tattoo" in line]
        part = forecast(one.settings, read_lock(one.lock, "bo"), anew=False)
        assert part is not None and summary("bo", part.account, ahead=part.verb).startswith("bo: may be lost")


def test_what_a_pinned_anchor_overrules_is_not_kept() -> None:
    drafts = {"dna": {"eyes": {"color": "green"}, "skin": {"marks": ["freckles across the nose"]}}}
    pinned = {"dna": {"eyes": {"color": "green"}}}
    shown = {"dna.eyes.color": "brown", "dna.skin.marks": ["a beauty spot"]}
    sections, pins = as_document(drafts, pinned, shown)
    found = account("A nurse with freckles and green eyes", pins, sections)
    fates = {row.words: (row.fate, row.found) for row in found.rows if row.path.startswith("dna")}
    assert fates == {"freckles": (LOST, "a beauty spot"), "green": (LOST, "brown")}
    assert as_document(drafts, pinned, {}) == (drafts, pinned)


def test_a_paid_writer_is_asked_nothing_and_refused_nothing(root: Path) -> None:
    with Workspace.open((), str(root)) as space:
        (one,) = space.load(["eva"], ("text=litellm",))
        assert (
            forecast(one.settings, read_lock(one.lock, "eva")) is None
            and one.settings.value("text.min_coverage") is None
        )
        assert space.plan(["eva"], pf.PlanRequest(overrides=("text=litellm",))).personas
    assert account("A ceramicist", {}, {}).coverage is None


def test_it_is_said_that_texts_are_not_in_the_personas_language(forge: Forge, root: Path) -> None:
    said = "signature phrases and all other texts are in English, and its"
    (root / "personas/eva.yaml").write_text(
        "id: eva\nbrief: Enfermera de Sevilla, 41 años.\npipeline: words\n", "utf-8"
    )
    partly = "signature phrases are in Spanish, all other texts in English, and its brief reads as Spanish"
    for command in ("validate", "plan", "build"):
        done = forge(command, cwd=root)
        assert f"eva: {partly}" in done.stdout + done.stderr, command
        assert f"ana: {said}" not in done.stdout + done.stderr
    with Workspace.open((), str(root)) as space:
        loaded = {one.settings.id: one.settings for one in space.load([])}
        hosted = space.load(["eva"], ("text=litellm",))[0].settings
    assert (
        other_language(loaded["ana"], {"surface": {"languages": ["Norwegian", "English"]}})
        == f"{said} document says Norwegian; the embedded writer has signature phrases in 16 languages (text.phrases), "
        "all else in English"
    )
    assert other_language(loaded["ana"], {"surface": {"languages": ["English"]}}) == ""
    assert other_language(hosted, {}) == ""
