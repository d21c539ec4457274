"""Builds whose pictures the face pack was not made for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from personaforge.testing import ColorAnalyzers, write_project
from personaforge.workspace.workspace import Workspace
from tests.run.conftest import PERSONA, Studio

ALLOWED = PERSONA.replace("identity: {", "identity: {out_of_domain: allow, ")


def test_a_build_takes_no_anchor_out_of_domain(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    studio.analyzers = ColorAnalyzers("embedded")
    report = studio.build()
    anchor = report.nodes["ana/anchor"].outcome
    assert anchor is not None and anchor.status == "rejected" and "no drawing by forge" in anchor.facts["reason"]


def test_a_build_that_allows_it_says_so_in_lock_document_and_records(make_studio: Callable[..., Studio]) -> None:
    from personaforge.warehouse.projection import opened

    studio = make_studio(ALLOWED)
    studio.analyzers = ColorAnalyzers("embedded")
    report = studio.build()
    assert not report.failed
    for name in ("image/02", "video/wave"):
        outcome = report.nodes[f"ana/{name}"].outcome
        assert outcome is not None and outcome.facts["out_of_domain"] is True
    assert '"out_of_domain":true' in studio.lock.read_text()
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["artifacts"]["image/02"]["out_of_domain"] is True
    with studio.open() as space, opened(space.store) as connection:
        asked = "select bool_and(out_of_domain) from evaluations where modality in ('face', 'video')"
        assert connection.execute(asked).fetchone() == (True,)


def test_validate_and_plan_say_so(make_studio: Callable[..., Studio], tmp_path: Path) -> None:
    ours = PERSONA.replace("identity: {", "identity: {pack: embedded, ")
    studio = make_studio(ours)
    with studio.open() as space:
        problems, valid = space.validate([])
        [problem] = [str(one) for one in problems]
        assert not valid and "personas/ana.yaml" in problem and "made by scripted" in problem
    drawn = write_project(tmp_path / "drawn", {"ana": "id: ana\nbrief: A calm gardener.\nidentity: {pack: auto}\n"})
    with Workspace.open((), str(drawn)) as space:
        assert space.validate([]) == ([], ["ana"])
        assert "identity: embedded measures drawings" in space.remarks([])[0]
        space.analyzers = ColorAnalyzers()
        assert any("identity: embedded measures drawings" in notice for notice in space.plan([]).notices)
