"""`forge calibrate` beside what other packs reached on the same pairs: only what was measured is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from personaforge.identity.calibration import Calibration
from personaforge.measuring.calibration import calibrate
from personaforge.measuring.peers import Peer, Peers, on_photographs, peers_of
from personaforge.report.peers import print_peers
from personaforge.testing import write_project
from personaforge.workspace.calibrations import OURS
from personaforge.workspace.workspace import Workspace
from tests.measuring.test_calibrate import colored_pairs
from tests.measuring.test_evaluate import ColorAnalyzers

COMPOSED = ("permissive", "permissive_small")


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    root = write_project(tmp_path / "project", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    with Workspace.open((), str(root)) as opened:
        opened.analyzers = ColorAnalyzers()
        yield opened


def keep(space: Workspace, name: str, calibration: Calibration, **changes: object) -> None:
    changed = replace(calibration, **changes)  # type: ignore[arg-type]
    folder = space.project.root / "calibration"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(changed.as_json()))


def test_packs_on_the_same_pairs_stand_side_by_side(space: Workspace, tmp_path: Path) -> None:
    found = calibrate(space, colored_pairs(tmp_path / "pictures")).calibration
    alone = peers_of(space.project, found, COMPOSED)
    assert [(one.pack, one.source) for one in alone.on_these] == [(found.analyzer["pack"], "this one")]
    assert alone.not_measured == ("buffalo_l", "buffalo_s", "buffalo_sc", *COMPOSED)
    other = {**found.analyzer, "pack": "permissive", "pack_digest": "p" * 64}
    worse = replace(found.equal_error, rate=0.02, low=0.01, high=0.04)
    keep(space, "permissive.json", found, analyzer=other, equal_error=worse)
    keep(
        space, "elsewhere.json", found, analyzer={**other, "pack": "buffalo_l", "pack_digest": "l" * 64}, pairs="f" * 64
    )
    (space.project.root / "calibration/broken.json").write_text("{")
    both = peers_of(space.project, found, COMPOSED)
    assert [(one.pack, one.rate, one.source) for one in both.on_these] == [
        (found.analyzer["pack"], 0, "this one"),
        ("permissive", 0.02, "calibration/permissive.json"),
    ]
    assert both.not_measured == ("buffalo_l", "buffalo_s", "buffalo_sc", "permissive_small"), "other pairs don't count"
    keep(space, "permissive.json", found, analyzer=other, equal_error=worse, pictures="e" * 64)
    assert peers_of(space.project, found, COMPOSED).on_these[1].source.endswith(", not all the same pictures")


def test_a_pack_for_drawings_has_no_peers_on_photographs(space: Workspace, tmp_path: Path) -> None:
    found = calibrate(space, colored_pairs(tmp_path / "pictures")).calibration
    drawn = replace(found, analyzer={**found.analyzer, "pack": "embedded", "backend": "insightface"})
    told = peers_of(space.project, drawn, COMPOSED)
    assert told.not_measured == () == told.elsewhere


def test_nobody_is_given_a_figure_that_was_not_measured() -> None:
    """There is one interval for one EER: that of the calibration which decides."""
    [known] = on_photographs()
    shipped = orjson.loads((OURS / "buffalo_s_dev.json").read_bytes())["equal_error"]
    assert (known.pack, known.same, known.different, known.people) == ("buffalo_s_dev", 1182, 20000, 260)
    assert (known.rate, known.low, known.high) == (shipped["rate"], shipped["low"], shipped["high"])
    assert (known.low, known.high) == (0.000799, 0.012797)


def test_the_table_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    mine = Peer("mine", "auto", 0.0123, 0.01, 0.02, 30, 36, 2, "this one")
    print_peers(Peers((mine,), ("permissive",), ()), "my pairs.csv")
    said = capsys.readouterr().out
    assert "mine at auto" in said and "1.23 %" in said and "1.00 % to 2.00 %" in said and "this one" in said
    assert said.endswith("Not measured on them: permissive. forge calibrate 'my pairs.csv' --pack NAME measures one.\n")


def test_what_is_told_of_photographs_is_what_the_calibration_that_comes_with_forge_says() -> None:
    (ours,) = on_photographs()
    found = Calibration.from_json(json.loads((OURS / f"{ours.pack}.json").read_bytes()))
    error = found.equal_error
    assert (ours.rate, ours.low, ours.high) == (error.rate, error.low, error.high)
    assert (ours.same, ours.different, ours.people) == (found.same.n, found.different.n, found.people)
    assert ours.detector_size == found.analyzer["detector_size"]
