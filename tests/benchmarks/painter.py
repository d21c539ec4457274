"""What the drawings are worth and what they cost: detection, identity, placement, drift, milliseconds, and sheets.

    python -m tests.benchmarks.painter [--people N] [--builds N] [--placed N] [--sheets FOLDER] [--no-pack]
    python -m tests.benchmarks.painter --proof [--people N] [--builds N]
    python -m tests.benchmarks.painter --expressions [--people N]

Needs the development face pack (FORGE_MODELS) but for `--no-pack`. The people are drawn at random from the embedded
text provider's own tables (`painter_people`): balanced by origin, age and gender for the proof and the expressions, one
palette after the other for the rest. Times are processor time of this process, in milliseconds; medians. Nothing here
passes or fails.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from personaforge.embedded.painter.face.placement import nearest_of, place_face, read_shapes
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.faces.picture import read_picture
from personaforge.media.contact_sheet import Cell, draw_sheet
from personaforge.providers.embedded_images import EmbeddedImages
from personaforge.providers.protocols import Blob, Request
from personaforge.spec.clothing import clothing_of
from personaforge.steps.staging import worn_in
from tests.benchmarks.painter_expressions import print_expressions
from tests.benchmarks.painter_people import Person, balanced, person
from tests.benchmarks.painter_proof import print_proof

_ROOT = Path(__file__).resolve().parents[2]
_MATRIX = yaml.safe_load((_ROOT / "conf/matrix/heia_20.yaml").read_text())
_CONTEXTS = yaml.safe_load((_ROOT / "conf/fashion/contexts.yaml").read_text())["contexts"]
_RULES = yaml.safe_load((_ROOT / "conf/fashion/parts/worn.yaml").read_text())["rules"]
_DRAWS = yaml.safe_load((_ROOT / "conf/image/embedded.yaml").read_text())["placement"]["draws"]
_STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def main() -> None:
    """Print the tables and write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--builds", type=int, default=3, help="how often the demo is built; 0: not at all")
    parser.add_argument("--drifting", type=int, default=6, help="how many of them drift")
    parser.add_argument("--placed", type=int, default=40, help="how many people are issued one after another")
    parser.add_argument("--sheets", type=Path, help="folder for contact sheets")
    parser.add_argument("--no-pack", action="store_true", help="only times and sheets")
    parser.add_argument("--proof", action="store_true", help="only the proof")
    parser.add_argument("--expressions", action="store_true", help="only how well expressions are told apart")
    told = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}; OpenCV {cv2.__version__}\n")
    crowd = [balanced(index) for index in range(told.people)]
    if told.expressions:
        print_expressions(crowd, _analyzer(), draw)
        return
    if not told.no_pack:
        print_proof(crowd, _analyzer(), draw, told.builds)
    if told.proof:
        return
    people = [person(index) for index in range(30)]
    if told.sheets:
        told.sheets.mkdir(parents=True, exist_ok=True)
        write_sheets(people, told.sheets)
    _times(people[:6])
    if not told.no_pack:
        analyzer = _analyzer()
        _placed([person(index) for index in range(told.placed)], analyzer)
        _drifted(people[: told.drifting], analyzer)


def _analyzer() -> InsightAnalyzer:
    pack = find_pack("auto")
    if isinstance(pack, PackMissing):
        sys.exit(f"{pack.reason}; {pack.hint}")
    return InsightAnalyzer(pack)


def subject(who: Person, slot: str, context: int = 0, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the subject of a position of the matrix, with changes to the position."""
    position = {**(_MATRIX["positions"].get(slot) or _MATRIX["utility"].get(slot)), **(changes or {})}
    scene = _MATRIX["scenes"][position["scene"]]
    name = sorted(_CONTEXTS)[(context + position["wardrobe"] * 4) % len(_CONTEXTS)]
    return {
        "dna": who["dna"],
        "surface": {"age": who["age"], "gender": who["gender"]},
        "position": position,
        "clothing": worn_by_anybody(clothing(who, name), position),
        "scene": {"colors": scene["colors"], "name": position["scene"]},
    }


def worn_by_anybody(clothes: dict[str, Any], position: Mapping[str, Any]) -> dict[str, Any]:
    """Return clothes without what the wardrobe gives to nobody who isn't known to wear it, nor to anybody indoors."""
    own = [word for words in _RULES["own"].values() for word in words]
    own += [] if position["scene"] in ("street", "leisure", "vacation") else _RULES["outdoors"]
    kept = [] if position.get("bare") else [one for one in clothes["accessories"] if not worn_in(own, one)]
    return {**clothes, "accessories": kept}


def clothing(who: Person, context: str) -> dict[str, Any]:
    """Return what a person wears in a fashion context."""
    return clothing_of({"surface": {"gender": who["gender"]}}, _CONTEXTS[context])


def draw(
    who: Person,
    slot: str,
    reference: bytes | None = None,
    *,
    context: int = 0,
    seed: int = 1,
    changes: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bytes:
    """Return a PNG of a position, with changes to it."""
    asked = {"prompt": "", "subject": subject(who, slot, context, changes), "width": 768, "height": 1024, "seed": seed,
             "attempt": 0, **fields}  # fmt: skip
    inputs = {"reference": Blob(reference, "image/png")} if reference is not None else {}
    blob = EmbeddedImages().submit(Request("draw", "embedded", asked, inputs)).blob
    assert blob is not None
    return blob.data


def write_sheets(people: list[Person], folder: Path) -> None:
    """Write sheets of people and of one person's positions, as JPEG."""
    for name, slot in (("people", "02"), ("figures", "05")):
        cells = [
            Cell(draw(who, slot, context=index), f"{who['palette']} {who['gender']} {who['age']}", "accepted")
            for index, who in enumerate(people[:24])
        ]
        (folder / f"{name}.jpg").write_bytes(draw_sheet(cells, title=name, columns=6, cell_width=250))
    for index in (0, 1):
        who = people[index]
        anchor = draw(who, "01", context=index)
        slots = [*sorted(_MATRIX["positions"])]
        cells = [
            Cell(draw(who, slot, anchor, context=index), f"{slot} {_MATRIX['positions'][slot]['name']}", "accepted")
            for slot in slots
        ]
        sheet = draw_sheet(cells, title=f"positions {index}", columns=5, cell_width=280)
        (folder / f"positions-{index}.jpg").write_bytes(sheet)


def _times(people: list[Person]) -> None:
    """Print the time of a picture: of a stranger, of a person's next position, and of one position once more.

    `cold` draws a person never seen; `next` draws positions 2 to 20 in a row, each once, as a build does; `again` draws
    a position a second time with another seed, which turns the head a little and lights and grains it anew.
    """
    spent: dict[str, dict[str, list[float]]] = {"cold": {}, "next": {}, "again": {}}
    for number, who in enumerate(people):
        anchor = draw(who, "01")
        for slot in sorted(_MATRIX["positions"])[1:]:
            distance = _MATRIX["positions"][slot]["distance"]
            first = _spent(lambda who=who, slot=slot, anchor=anchor: draw(who, slot, anchor, seed=int(slot)))
            spent["next"].setdefault(distance, []).append(first)
        for place, slot in enumerate(("01", "03", "04", "05")):
            distance = _MATRIX["positions"][slot]["distance"]
            stranger = person(1000 + 4 * number + place)
            cold = _spent(lambda stranger=stranger, slot=slot: draw(stranger, slot))
            spent["cold"].setdefault(distance, []).append(cold)
            draw(who, slot, anchor, seed=11)
            again = _spent(lambda who=who, slot=slot, anchor=anchor: draw(who, slot, anchor, seed=12))
            spent["again"].setdefault(distance, []).append(again)
    print(f"{'ms a picture, 768 x 1024':26}{''.join(f'{name:>8}' for name in spent)}")
    for distance in spent["cold"]:
        print(f"{distance:26}{''.join(f'{statistics.median(found[distance]):8.0f}' for found in spent.values())}")
    every = [list(itertools.chain(*found.values())) for found in spent.values()]
    print(f"{'all':26}{''.join(f'{statistics.median(values):8.0f}' for values in every)}\n", flush=True)


def _spent(what: Callable[[], object]) -> float:
    start = time.process_time()
    what()
    return (time.process_time() - start) * 1e3


def _placed(people: list[Person], analyzer: InsightAnalyzer) -> None:
    """Print how much the anchors of people issued one after another resemble their nearest, with and without choosing
    among the faces that a DNA allows, and the time of the last choice."""
    print(f"{len(people)} people issued one after another: cosine of anchors")
    print(f"{'draws':>7}{'nearest: mean':>15}{'max':>8}{'all: mean':>12}{'p99':>8}{'predicted':>12}{'ms':>8}")
    upper = np.triu_indices(len(people), 1)
    for draws in (1, 20, _DRAWS):
        issued: dict[str, str] = {}
        vectors: list[Any] = []
        spent = 0.0
        for index, who in enumerate(people):
            start = time.process_time()
            placed = place_face(subject(who, "01", index), issued, draws)
            spent = (time.process_time() - start) * 1e3
            issued[f"{index:03}"] = placed.shape
            faces = analyzer.read(read_picture(draw(who, "01", context=index, placement=placed.number)).pixels)
            vectors.append(faces[0].embedding / np.linalg.norm(faces[0].embedding))
        cosines = np.stack(vectors) @ np.stack(vectors).T
        nearest = (cosines - 2 * np.eye(len(people))).max(axis=1)
        shapes = read_shapes(issued)
        predicted = statistics.mean(1 - found[1] for name in issued if (found := nearest_of(name, shapes)))
        print(f"{draws:7}{nearest.mean():15.3f}{nearest.max():8.3f}{cosines[upper].mean():12.3f}"
              f"{np.percentile(cosines[upper], 99):8.3f}{predicted:12.3f}{spent:8.1f}", flush=True)  # fmt: skip
    print()


def _drifted(people: list[Person], analyzer: InsightAnalyzer) -> None:
    """Print the mean cosine to the anchor over three positions as drift grows."""
    table = np.full((len(people), len(_STEPS)), np.nan)
    for row, who in enumerate(people):
        anchor = draw(who, "01", context=row)
        mine = analyzer.read(read_picture(anchor).pixels)[0].embedding
        for column, drift in enumerate(_STEPS):
            found = []
            for slot in ("02", "06", "11"):
                shown = draw(who, slot, anchor, context=row, seed=int(slot), drift=drift)
                faces = analyzer.read(read_picture(shown).pixels)
                if faces:
                    other = faces[0].embedding
                    found.append(float(mine @ other / np.linalg.norm(mine) / np.linalg.norm(other)))
            table[row, column] = np.mean(found) if found else np.nan
    falling = int((np.diff(table, axis=1) < 0).all(axis=1).sum())
    print(f"drift      {''.join(f'{step:8.1f}' for step in _STEPS)}")
    print(f"mean cosine{''.join(f'{value:8.3f}' for value in np.nanmean(table, axis=0))}")
    print(f"falls at every step for {falling} of {len(people)} people", flush=True)


if __name__ == "__main__":
    main()
