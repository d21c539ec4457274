"""What a second build does: nothing, or exactly what a change reaches."""

from __future__ import annotations

import pytest

from personaforge.spec.settings import UndeclaredRead, View
from tests.run.conftest import Studio


def test_first_build_makes_everything_and_the_second_does_nothing(studio: Studio) -> None:
    first = studio.build()
    assert {node.end for node in first.nodes.values()} == {"done"}
    assert first.performed >= 20
    made = studio.calls()
    plan = studio.plan()
    assert not plan.has_changes
    second = studio.build()
    assert second.performed == 0 and second.nodes == {}
    assert studio.calls() == made


def test_one_edited_leaf_runs_exactly_that_leaf(studio: Studio) -> None:
    studio.build()
    studio.forget()
    studio.edit("conf/matrix/few.yaml", ("name: turned, yaw: 20", "name: turned, yaw: 25"))
    # What reports on the leaf may follow it; no other artifact is looked at.
    assert studio.states()["image/03"] == "run"
    assert studio.running() == {"image/03", "document", "sheet"}
    studio.build()
    assert [request.fields["prompt"] for request in studio.images.calls] == [
        "Ana, eyes brown, neutral, yaw 25.0, classic_minimalist, a plain wall\n"
    ]
    assert not studio.text.calls and not studio.clips.calls


def test_formatting_and_comments_change_nothing(studio: Studio) -> None:
    studio.build()
    studio.edit("personas/ana.yaml", ("id: ana\n", "# hello\n\nid:   'ana'\n"), ("seed: 3", "seed:     3  # three"))
    studio.edit("conf/matrix/few.yaml", ("yaw: 20", "yaw:   20.0"))
    assert not studio.plan().has_changes


def test_description_owner_and_tags_are_in_no_key(studio: Studio) -> None:
    studio.build()
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 3\ndescription: the gardener\nowner: studio-1\ntags: [roses]"))
    assert not studio.plan().has_changes


def test_prices_are_in_no_key(studio: Studio) -> None:
    studio.build()
    studio.edit("conf/image/scripted.yaml", ("img-1: 0.04", "img-1: 0.05"))
    assert not studio.plan().has_changes


def test_early_cut_off_when_upstream_comes_out_the_same(studio: Studio) -> None:
    studio.build()
    studio.forget()
    studio.edit("templates/soul.j2", ("{{ brief }}", "Brief: {{ brief }}"))
    states = studio.states()
    assert states["soul"] == "run"
    assert states["surface"] == "maybe" and states["image/02"] == "maybe" and states["anchor"] == "pinned"
    report = studio.build()
    assert len(studio.text.calls) == 1, "only the soul is asked for again, and it answers the same"
    assert not studio.images.calls
    assert report.nodes["ana/surface"].end == "unchanged" and report.nodes["ana/image/02"].end == "unchanged"


def test_a_template_edit_reaches_only_what_its_output_reaches(studio: Studio) -> None:
    studio.build()
    studio.forget()
    studio.edit("templates/clip.j2", ("{{ motion.description }}", "slowly: {{ motion.description }}"))
    assert studio.running() == {"video/wave", "document"}
    studio.build()
    assert len(studio.clips.calls) == 1 and not studio.images.calls and not studio.text.calls


def test_an_included_partial_counts_as_the_template(studio: Studio) -> None:
    studio.edit("templates/clip.j2", ("{{ motion", "{% include 'tail.j2' %}{{ motion"))
    (studio.root / "templates/tail.j2").write_text("softly ")
    studio.build()
    (studio.root / "templates/tail.j2").write_text("loudly ")
    assert studio.running() == {"video/wave", "document"}
    assert "tail.j2 changed" in studio.node("video/wave").reasons[0].text


def test_a_change_in_the_spec_reaches_what_it_changes(studio: Studio) -> None:
    studio.build()
    studio.forget()
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 3\npinned: {dna: {eyes: green}}"))
    assert studio.states()["dna"] == "run" and studio.states()["soul"] == "cached"
    studio.build()
    # The anchor stays, although the eyes changed, and so does every picture that is made from it: test_overruled.py.
    assert {call.fields["section"] for call in studio.text.calls} == {"dna", "audit"}
    assert len(studio.images.calls) == 0
    studio.edit("personas/ana.yaml", ("pinned: {dna: {eyes: green}}", "pinned: {surface: {name: Bea}}"))
    studio.build()
    # A name is no part of the face: every other picture follows.
    assert len(studio.images.calls) == 3


def test_thresholds_judge_again_and_never_generate_what_passes(studio: Studio) -> None:
    studio.build()
    studio.forget()
    measured = studio.analyzers.measured
    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.9"))
    assert not studio.plan().has_changes
    assert studio.node("image/03").outcome is not None, "what is known is judged anew"
    studio.build()
    assert studio.calls() == 0 and studio.analyzers.measured == measured
    assert studio.node("image/03").outcome is None, "which the build has noted, so that the next plan need not"


def test_going_back_restores_what_is_known(studio: Studio) -> None:
    studio.build()
    before = {path: path.read_bytes() for path in (studio.root / "build").rglob("*") if path.is_file()}
    studio.edit("conf/matrix/few.yaml", ("name: turned, yaw: 20", "name: turned, yaw: 25"))
    studio.build()
    studio.forget()
    studio.edit("conf/matrix/few.yaml", ("name: turned, yaw: 25", "name: turned, yaw: 20"))
    assert studio.states()["image/03"] == "restore"
    reasons = [reason.text for reason in studio.node("image/03").reasons]
    assert reasons == ["images/03-turned.png isn't this result"], "a file is there: that of the other result"
    studio.build()
    assert studio.calls() == 0
    assert {path: path.read_bytes() for path in before} == before


def test_a_deleted_and_an_edited_output_are_put_back(studio: Studio) -> None:
    studio.build()
    folder = studio.root / "build/ana"
    whole = (folder / "images/02-smiling.png").read_bytes()
    (folder / "images/02-smiling.png").unlink()
    (folder / "persona.json").write_text("mine")
    states = studio.states()
    assert states["image/02"] == "restore" and states["document"] == "restore" and states["image/03"] == "cached"
    assert studio.node("document").reasons[0].text == "persona.json was edited"
    report = studio.build()
    assert report.performed == 0
    assert (folder / "images/02-smiling.png").read_bytes() == whole
    assert (folder / "persona.json").read_text().startswith("{")
    assert [path.read_text() for path in (studio.root / ".forge/edited").rglob("persona.json")] == ["mine"]
    assert not studio.plan().has_changes


def test_a_touched_output_is_no_change(studio: Studio) -> None:
    studio.build()
    path = studio.root / "build/ana/persona.json"
    path.write_bytes(path.read_bytes())
    assert not studio.plan().has_changes


def test_a_result_whose_blob_is_gone_comes_back_from_the_build_folder(studio: Studio) -> None:
    studio.build()
    studio.forget()
    for blob in (studio.root / ".forge/blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    studio.edit("conf/matrix/few.yaml", ("name: turned, yaw: 20", "name: turned, yaw: 25"))
    studio.build()
    assert len(studio.images.calls) == 1


def test_losing_the_index_loses_nothing(studio: Studio) -> None:
    studio.build()
    studio.forget()
    for path in (studio.root / ".forge").glob("index.db*"):
        path.unlink()
    plan = studio.plan()
    assert not plan.has_changes, [(node.id, node.state, node.reasons) for node in plan.nodes() if node.state == "run"]
    assert studio.build().performed == 0
    assert studio.calls() == 0


def test_reading_an_undeclared_setting_fails(studio: Studio) -> None:
    with studio.open() as space:
        settings = space.load(["ana"])[0].settings
    view = View(settings, ("image", "pipeline.steps.soul"), "ana/test")
    assert view["image.width"] == 64
    with pytest.raises(UndeclaredRead, match=r"reads the setting identity\.accept_threshold"):
        view["identity.accept_threshold"]


def test_an_undeclared_read_in_a_step_is_our_bug_and_stops_the_build(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from personaforge.steps import table

    kind = table.step_kind("matrix")
    monkeypatch.setitem(table._BY_NAME, "matrix", replace(kind, reads=("matrix",)))
    with pytest.raises(UndeclaredRead, match=r"fashion\.contexts"):
        studio.build()


def test_a_step_kinds_version_reruns_its_nodes(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from personaforge.steps import table

    studio.build()
    kind = table.step_kind("matrix")
    monkeypatch.setitem(table._BY_NAME, "matrix", replace(kind, version=2))
    plan = studio.plan()
    assert next(node for node in plan.nodes() if node.shape.name == "matrix").state == "cached", "same bytes again"
    assert not plan.has_changes


def test_a_providers_version_is_in_the_key_and_what_is_pinned_stays(studio: Studio) -> None:
    studio.build()
    key = studio.node("image/02", force=("image/02",)).keys[0]
    studio.images.version = "2"
    studio.images.register()
    assert studio.node("image/02", force=("image/02",)).keys[0] != key
    node = studio.node("image/02")
    assert node.state == "pinned" and node.note == "stays, although provider scripted@1 is now scripted@2"
    assert studio.states()["anchor"] == "pinned"


def test_the_analyzer_is_part_of_a_measurement(studio: Studio) -> None:
    from personaforge.testing import ColorAnalyzers

    studio.build()
    studio.forget()
    studio.analyzers = ColorAnalyzers("other-pack")
    assert studio.states()["image/02"] == "run"
    report = studio.build()
    assert studio.calls() == 0, "pictures are measured again, none is drawn again"
    assert report.performed > 0 and not studio.plan().has_changes


def test_jobs_one_gives_the_same_bytes(make_studio: object) -> None:
    from personaforge.workspace.workspace import BuildOptions

    one = make_studio(name="one", deterministic=True)  # type: ignore[operator]
    one.build(options=BuildOptions(jobs=1))
    many = make_studio(name="many", deterministic=True)  # type: ignore[operator]
    many.build(options=BuildOptions(jobs=8))

    def files(root: object) -> dict[str, bytes]:
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted((root / "build").rglob("*.*"))}  # type: ignore[operator]

    assert files(one.root) == files(many.root) and len(files(one.root)) > 10
    assert one.lock.read_bytes() == many.lock.read_bytes()
