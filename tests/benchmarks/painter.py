"""What the drawings are worth and what they cost: detection, identity, placement, drift, milliseconds, and sheets.

    python -m tests.benchmarks.painter [--people N] [--placed N] [--sheets FOLDER] [--no-pack]

Needs the development face pack (FORGE_MODELS) but for `--no-pack`. The people are drawn at random from the embedded
text provider's own tables, one ethnic palette after the other, so that hair, skin and eyes vary together as they do in
a build. Times are processor time of this process, in milliseconds; medians. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
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

_ROOT = Path(__file__).resolve().parents[2]
_TABLES = yaml.safe_load((_ROOT / "personaforge/embedded/writer/data/dna.yaml").read_text())
_MATRIX = yaml.safe_load((_ROOT / "conf/matrix/heia_20.yaml").read_text())
_CONTEXTS = yaml.safe_load((_ROOT / "conf/fashion/contexts.yaml").read_text())["contexts"]
_DRAWS = yaml.safe_load((_ROOT / "conf/image/embedded.yaml").read_text())["placement"]["draws"]
_STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
Person = dict[str, Any]


def main() -> None:
    """Print the tables and write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--drifting", type=int, default=6, help="how many of them drift")
    parser.add_argument("--placed", type=int, default=40, help="how many people are issued one after another")
    parser.add_argument("--sheets", type=Path, help="folder for contact sheets")
    parser.add_argument("--no-pack", action="store_true", help="only times and sheets")
    told = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}; OpenCV {cv2.__version__}\n")
    people = [person(index) for index in range(told.people)]
    if told.sheets:
        told.sheets.mkdir(parents=True, exist_ok=True)
        write_sheets(people, told.sheets)
    _times(people[:6])
    if not told.no_pack:
        pack = find_pack("auto")
        if isinstance(pack, PackMissing):
            sys.exit(f"{pack.reason}; {pack.hint}")
        analyzer = InsightAnalyzer(pack)
        _recognised(people, analyzer)
        _placed([person(index) for index in range(told.placed)], analyzer)
        _drifted(people[: told.drifting], analyzer)


def person(index: int) -> Person:
    """Return a random person: `dna`, `age`, `gender`, `palette`. The same index is the same person."""
    rng = random.Random(f"painter {index}")
    gender = (
        ("woman", "man", "woman", "man", "nonbinary")[index % 5] if index % 10 == 4 else ("woman", "man")[index % 2]
    )
    age = (24, 31, 38, 46, 57, 68, 76, 28)[index * 3 % 8] + rng.randint(-3, 3)
    name = sorted(_TABLES["palettes"])[index * 5 % len(_TABLES["palettes"])]
    palette = _TABLES["palettes"][name]
    look = rng.choices(palette["looks"], [entry["share"] for entry in palette["looks"]])[0]

    def draw(weights: Mapping[str, float] | list[str]) -> str:
        if isinstance(weights, list):
            return rng.choice(weights)
        return rng.choices(list(weights), list(weights.values()))[0]

    schema = yaml.safe_load((_ROOT / "conf/schema/dna.yaml").read_text())["properties"]
    dna: dict[str, Any] = {
        part: {key: draw(list(value["enum"])) for key, value in entry["properties"].items() if "enum" in value}
        for part, entry in schema.items()
    }
    faces, hair = _TABLES["face"], _TABLES["hair"]
    for part in ("jawline", "chin", "facial_hair"):
        dna["face"][part] = draw(faces[part][gender])
    for part in ("shape", "thickness"):
        dna["eyebrows"][part] = draw(_TABLES["eyebrows"][part][gender])
    dna["eyes"].update(shape=draw(palette["eye_shape"]), color=draw(look["eyes"]))
    dna["nose"].update(bridge=draw(palette["bridge"]), width=draw(palette["width"]))
    dna["lips"]["fullness"] = draw(palette["lips"])
    dna["skin"].update(
        tone=draw(look["tone"]), undertone=draw(look["undertone"]), marks=rng.choice([[], [], ["a mole"]])
    )
    color = draw(look["hair"])
    if age > 52:
        color = rng.choice([color, "gray", "gray" if age < 66 else "white"])
    length = draw(hair["length"][gender])
    dna["hair"].update(color=color, texture=draw(palette["texture"]), length=length)
    styles = hair["styles"].get(length, {})
    found = styles.get(dna["hair"]["texture"], styles) if isinstance(styles, dict) else styles
    flat = list(itertools.chain(*found.values())) if isinstance(found, dict) and found else list(found or ["natural"])
    dna["hair"]["style"] = str(rng.choice(flat))
    dna["body"].update(
        height_cm=int(rng.gauss(177 if gender == "man" else 165, 6)),
        waist_hip_ratio=round(rng.uniform(0.7, 0.8) if gender == "woman" else rng.uniform(0.82, 0.95), 2),
        shoulders=draw(_TABLES["body"]["shoulders"][gender]),
    )
    return {"dna": dna, "age": age, "gender": gender, "palette": name}


def subject(who: Person, slot: str, context: int = 0) -> dict[str, Any]:
    """Return the subject of a position of the matrix."""
    position = dict(_MATRIX["positions"].get(slot) or _MATRIX["utility"].get(slot))
    scene = _MATRIX["scenes"][position["scene"]]
    name = sorted(_CONTEXTS)[(context + position["wardrobe"] * 4) % len(_CONTEXTS)]
    return {
        "dna": who["dna"],
        "surface": {"age": who["age"], "gender": who["gender"]},
        "position": position,
        "clothing": clothing(who, name),
        "scene": {"colors": scene["colors"], "name": position["scene"]},
    }


def clothing(who: Person, context: str) -> dict[str, Any]:
    """Return what a person wears in a fashion context."""
    return clothing_of({"surface": {"gender": who["gender"]}}, _CONTEXTS[context])


def draw(
    who: Person, slot: str, reference: bytes | None = None, *, context: int = 0, seed: int = 1, **fields: Any
) -> bytes:
    """Return a PNG of a position."""
    asked = {"prompt": "", "subject": subject(who, slot, context), "width": 768, "height": 1024, "seed": seed,
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


def _recognised(people: list[Person], analyzer: InsightAnalyzer) -> None:
    """Print how many faces of positions 1 to 11 are found and how well people are told apart."""
    vectors: list[Any] = []
    owners: list[int] = []
    missed: dict[str, int] = {}
    count = 0
    for index, who in enumerate(people):
        anchor = draw(who, "01", context=index)
        for number in range(1, 12):
            slot = f"{number:02}"
            count += 1
            png = anchor if number == 1 else draw(who, slot, anchor, context=index, seed=number)
            faces = analyzer.read(read_picture(png).pixels)
            if len(faces) != 1:
                missed[slot] = missed.get(slot, 0) + 1
            if faces:
                vectors.append(faces[0].embedding)
                owners.append(index)
    matrix = np.stack(vectors)
    matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    cosines, owner = matrix @ matrix.T, np.asarray(owners)
    upper = np.triu_indices(len(owner), 1)
    same = (owner[:, None] == owner[None])[upper]
    own, other = cosines[upper][same], cosines[upper][~same]
    print(f"{len(people)} people, positions 1-11")
    print(f"  detected {len(owners)}/{count} = {len(owners) / count:.3f}; not exactly one face: {missed or 'none'}")
    print(f"  same person   mean {own.mean():.3f}  p1 {np.percentile(own, 1):.3f}  p5 {np.percentile(own, 5):.3f}")
    p95, p99 = np.percentile(other, (95, 99))
    print(f"  other person  mean {other.mean():.3f}  p95 {p95:.3f}  p99 {p99:.3f}")
    area, error, threshold = _separation(own, other)
    print(f"  AUC {area:.4f}  EER {100 * error:.2f} % at {threshold:.3f}\n", flush=True)


def _separation(own: Any, other: Any) -> tuple[float, float, float]:
    """Return the area under the curve, the equal error rate and its threshold."""
    ordered = np.sort(other)
    area = float(np.mean(np.searchsorted(ordered, own) / len(ordered)))
    marks = np.linspace(-0.2, 1, 1201)
    refused = np.searchsorted(np.sort(own), marks) / len(own)
    passed = 1 - np.searchsorted(ordered, marks) / len(ordered)
    at = int(np.argmin(np.abs(refused - passed)))
    return area, float((refused[at] + passed[at]) / 2), float(marks[at])


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
