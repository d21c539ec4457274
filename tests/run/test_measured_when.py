"""When something was measured and how long that took, as `forge query` tells it, whichever command measured."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personaforge.measuring.anchors import set_anchor
from personaforge.measuring.calibration import calibrate
from personaforge.measuring.evaluation import evaluate
from personaforge.measuring.photos import score_photos
from personaforge.testing import ColorAnalyzers, png
from personaforge.warehouse.projection import opened
from personaforge.workspace.workspace import Workspace
from tests.run.conftest import SKIN, Studio

LOOK = 0.02
"""Seconds that the slow measurer takes for a picture."""


class SlowMeasurers(ColorAnalyzers):
    def read(self, pixels: Any) -> tuple[Any, ...]:
        time.sleep(LOOK)
        return super().read(pixels)


def picture(path: Path, color: tuple[int, int, int]) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(png(color, width=120, height=120, note=path.name))
    return str(path)


def by_eval(space: Workspace, folder: Path) -> None:
    files = [picture(folder / f"{number}.png", SKIN) for number in range(3)]
    evaluate(space, files[1:], persona="ana", anchor=files[0], record=True)


def by_photos(space: Workspace, folder: Path) -> None:
    score_photos(space, [picture(space.project.root / folder.name / "me.png", SKIN)])


def by_calibrate(space: Workspace, folder: Path) -> None:
    red = [picture(folder / f"red-{number}.png", (200 - number, 30, 30 + number)) for number in range(6)]
    blue = [picture(folder / f"blue-{number}.png", (30, 30 + number, 200 - number)) for number in range(6)]
    rows = [(a, b, "yes") for side in (red, blue) for a in side for b in side if a < b]
    rows += [(a, b, "no") for a in red for b in blue]
    pairs = folder / "pairs.csv"
    pairs.write_text("path_a,path_b,same\n" + "".join(f"{a},{b},{same}\n" for a, b, same in rows))
    calibrate(space, str(pairs))


def by_anchor(space: Workspace, folder: Path) -> None:
    set_anchor(space, "ana", picture(folder / "own.png", SKIN), by="Ana <ana@example.org>", reason="a good picture")


def told(space: Workspace) -> list[tuple[Any, ...]]:
    """Return (kind, seconds since 1970, seconds it took, when the measurement is dated) of all pictures that were
    measured; what is measured beside the face are records of their own."""
    query = """
        select kind, epoch(started), seconds, epoch(measured)
        from actions join (
            select record, measured from measurements union all select record, measured from photos
        ) using (record)
    """
    with opened(space.store) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("measures", [by_eval, by_photos, by_calibrate, by_anchor])
def test_what_a_command_measures_is_dated_now(
    studio: Studio, tmp_path: Path, measures: Callable[[Workspace, Path], None]
) -> None:
    studio.analyzers = SlowMeasurers()
    before = time.time()
    with studio.open() as space:
        measures(space, tmp_path / "pictures")
        found = told(space)
    assert len(found) == studio.analyzers.measured > 0
    for kind, started, seconds, measured in found:
        assert before - 0.001 <= started <= time.time(), kind
        assert measured == started and LOOK <= seconds <= time.time() - before + 0.001, kind


def test_what_was_dated_1970_is_found_and_its_date_is_unknown(studio: Studio, tmp_path: Path) -> None:
    """Records by an older forge: their keys are the ones of now, so nothing is measured again."""
    with studio.open() as space:
        by_eval(space, tmp_path / "pictures")
        before = studio.analyzers.measured
        for _, name in space.store.records.all("actions"):
            path = Path(name)
            path.write_text(json.dumps({**json.loads(path.read_bytes()), "started": 0.0, "seconds": 0.0}))
        by_eval(space, tmp_path / "pictures")
        assert studio.analyzers.measured == before == 3
        assert told(space) == [("measure", None, None, None)] * 3
