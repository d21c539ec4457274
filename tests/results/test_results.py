"""What a persona's nodes last resulted in: by kind of step, whatever a step is called; and damaged results."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest

from personaforge.report.pages.nodes import box_of
from personaforge.results.facts import Scored, chosen, described, finished, maker, scored
from personaforge.results.results import Results
from personaforge.workspace.shown import built_document
from tests.notices import noticed
from tests.run.conftest import Studio, make_studio, studio

__all__ = ["make_studio", "studio"]


def results(studio: Studio) -> Results:
    with studio.open() as space:
        found = Results(space.store, space.load(["ana"])[0].settings)
        list(found)
        return found


def damage(studio: Studio, node: str, text: str = "{") -> None:
    connection = sqlite3.connect(studio.root / ".forge/index.db")
    with connection:
        assert connection.execute("update nodes set body = ? where node = ?", (text, node)).rowcount == 1
    connection.close()


def test_a_node_is_found_by_its_kind_whatever_its_step_is_called(studio: Studio) -> None:
    studio.build()
    before = results(studio)
    anchor, document = before.anchor(), before.document()
    assert anchor is not None and document is not None
    assert (anchor.name, document.name) == ("anchor", "document")
    assert [one.name for one in before.by_kind("candidate")] == ["candidate/1", "candidate/2"]
    studio.edit(
        "conf/pipeline/small.yaml",
        ("  anchor: {kind: anchor", "  canon: {kind: anchor"),
        ("matrix, anchor", "matrix, canon"),
        ("[anchor, reference", "[canon, reference"),
        ("candidate, anchor", "candidate, canon"),
        ("  document: {kind", "  dossier: {kind"),
    )
    renamed = results(studio)
    assert renamed.anchor() == anchor, "found under the name of its time"
    assert renamed.document() == document
    studio.build()
    built = results(studio)
    assert built.anchor_digest == before.anchor_digest
    assert [one.name for one in built.by_kind("anchor")] == ["canon"]
    assert built.document() is not None and built.document().name == "dossier"  # type: ignore[union-attr]


def test_a_result_that_is_damaged_counts_as_none_to_who_only_looks(studio: Studio) -> None:
    studio.build()
    whole = results(studio)
    damage(studio, "ana/document")
    damage(studio, "ana/image/02", '{"outcome": {}}')
    found = results(studio)
    assert found.document() is None and found.described().status == ""
    assert found.get("image/02") is None
    assert {one.name for one in whole} - {one.name for one in found} == {"document", "image/02"}


def test_a_result_that_is_cut_off_is_planned_and_made_from_the_records_for_nothing(studio: Studio) -> None:
    studio.build()
    whole = {one.name for one in results(studio)}
    damage(studio, "ana/image/02", '{"outcome": {"ou')
    damage(studio, "ana/anchor", "")
    studio.forget()
    assert {one.name for one in results(studio)} == whole - {"image/02", "anchor"}
    report = studio.build()
    assert not report.failed and studio.calls() == 0
    assert {one.name for one in results(studio)} == whole, "a plan that takes them for built leaves them lost"


@pytest.mark.parametrize(
    ("field", "value"),
    [("facts", None), ("outputs", [None, 5]), ("status", "good"), ("take", "zz"), ("under", 5), ("key", None)],
)
def test_a_result_with_a_field_of_another_type_is_said_and_made_from_the_records(
    studio: Studio, field: str, value: object
) -> None:
    studio.build()
    whole = {one.name for one in results(studio)}
    with studio.open() as space:
        body = json.loads(space.store.index.result("ana/surface").text())  # type: ignore[union-attr]
    body["outcome"][field] = value
    damage(studio, "ana/surface", json.dumps(body))
    studio.edit("templates/dna.j2", ("Eyes of", "The eyes of"))  # so that dna is replayed, and reads surface
    notice = "What ana/surface last resulted in can't be read, and counts as no result"
    assert noticed(studio.plan()) == (f"{notice}: a build takes it from the records again",)
    studio.forget()
    report = studio.build()
    assert not report.failed
    assert [request.fields["section"] for request in studio.text.calls] == ["dna"], "the records know all the others"
    assert {one.name for one in results(studio)} == whole and not noticed(studio.plan())


@pytest.mark.parametrize("files", ["zz", "null", "{}", '["zz"]', '[["a", "b", 1, 2, 3, 4]]', '[["a", null]]'])
def test_a_row_whose_files_are_no_list_of_files_counts_as_none(studio: Studio, files: str) -> None:
    studio.build()
    with studio.open() as space:
        digests = space.store.index.result("ana/image/02").digests  # type: ignore[union-attr]
    connection = sqlite3.connect(studio.root / ".forge/index.db")
    with connection:
        connection.execute("update nodes set files = ? where node = 'ana/image/02'", (files,))
    connection.close()
    with studio.open() as space:
        rows = space.store.index.nodes("ana")
        assert space.store.index.unread("ana", rows) == {"ana/image/02"}
        assert digests <= space.store.index.digests("ana"), "garbage collection must not take what it names"


def test_a_pinned_picture_of_which_nothing_is_known_is_not_called_new(studio: Studio) -> None:
    studio.build()
    studio.forget()
    for name in (".forge/index.db", ".forge/records"):
        path = studio.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    told = {name: node.reasons for name, node in studio.plan().personas[0].nodes.items()}
    assert [reason.text for reason in told["image/02"]] == [
        "is pinned, and the record of its measure action is not here"
    ]
    assert not any(reason.text == "never built" for reasons in told.values() for reason in reasons)


@pytest.mark.parametrize("code", [None, "hologram@7"])
def test_a_result_of_an_unknown_kind_is_shown_by_the_kind_of_its_step(studio: Studio, code: str | None) -> None:
    studio.build()
    with studio.open() as space:
        body = json.loads(space.store.index.result("ana/image/02").text())  # type: ignore[union-attr]
    body.pop("code")
    damage(studio, "ana/image/02", json.dumps(body if code is None else {**body, "code": code}))
    assert "image/02" in [one.name for one in results(studio).by_role("picture")]


@pytest.mark.parametrize("box", [None, 5, "zz", [1, 2, 3], [None, 2, 3, 4]])
def test_a_measurement_whose_box_is_none_shows_no_box(box: object) -> None:
    assert box_of({"box": box}) is None and box_of({"box": [1, 2.5, 3, 4]}) == (1.0, 2.5, 3.0, 4.0)


def test_facts_are_typed_and_what_is_something_else_counts_as_absent() -> None:
    nothing = Scored("", "", None, None, None, None, None, None, None, "", "", False)
    assert scored({}) == nothing
    assert scored({"composite": "high", "faces": 1.5, "measured": "yes", "turn": True}) == nothing
    assert scored({"composite": 1, "decision": "ACCEPT", "faces": 2, "measured": False}) == nothing._replace(
        composite=1.0, decision="ACCEPT", faces=2, measured=False
    )
    assert maker({"provider": "fal", "seed": 7, "label": None}) == ("fal", "", "", 7)
    assert chosen({"candidate": "2", "means": {"1": None, "2": 0.5}, "reason": "why"}) == (
        "2",
        {"1": None, "2": 0.5},
        "why",
    )
    assert finished({"kept": "finished", "composite_before": 0.9, "composite": 0.8}) == (True, 0.9, 0.8, "")
    assert not finished({"kept": "original"}).kept
    assert chosen({"means": {"1": "high"}}).means == {"1": None} and described({"labels": 5}).labels == []
    assert described({"persona_status": "flagged", "labels": ["made by fal"]}) == ("flagged", ["made by fal"])


def test_what_is_partly_built_is_shown_as_far_as_it_is_there(studio: Studio) -> None:
    studio.build("+anchor")
    with studio.open() as space:
        [loaded] = space.load([])
        document = built_document(space, loaded)
        assert document["status"] == "partly built" and document["name"] == "Ana"
        assert document["sections"]["dna"] == {"eyes": "brown"} and document["audit_mean"] == 4.0
        assert list(document["artifacts"]) == ["anchor", "candidate/1", "candidate/2"]
    studio.build()
    with studio.open() as space:
        document = built_document(space, loaded)
    assert document["status"] == "complete"
