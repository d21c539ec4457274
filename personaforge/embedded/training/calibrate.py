"""Calibrates the pack's cosines on separate drawn people, who are used neither in the training nor in the benchmark.

Every person's position 01 is the anchor; the other positions are compared with it, and with the anchors of strangers,
as in a build. The results are the calibration and the numbers that the thresholds in `conf/identity/embedded.yaml` are
chosen by.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from personaforge.digest import digest_bytes, digest_json
from personaforge.embedded.training.positions import SLOTS, held_out, positions
from personaforge.faces.analyzer import AnalyzerIdentity, Face
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.landmarks import ratios_106
from personaforge.faces.measure import embedding, encode_embedding
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.faces.parts import embedding_version
from personaforge.faces.pose import pose_106
from personaforge.identity.calibration import LIBRARIES, Pair, fit
from personaforge.identity.evidence import evidence_of
from personaforge.identity.score import ratio_error, turn

_ANCHOR: Final = "01"
FIRST: Final = 800_000
PEOPLE: Final = 240
_POSITIONS: Final = 7
"""Positions besides the first that each person is drawn in, in turn, so that each is drawn 88 times or more."""
_STRANGERS: Final = 12
"""Anchors of other people that each picture is compared with."""


def calibrate(folder: Path, detector_size: str) -> dict[str, Any]:
    """Measure, fit, write `calibration.json` into the pack's folder and return it. Raises ValueError without a pack."""
    pack = find_pack(folder.name, [folder.parent])
    if isinstance(pack, PackMissing):
        raise ValueError(f"{pack.reason}: {pack.hint}")
    analyzer = InsightAnalyzer(pack, detector_size)
    shots: list[tuple[int, str, dict[str, Any]]] = []
    missed = 0
    for index, who in enumerate(held_out(FIRST, PEOPLE)):
        for drawn in positions(who, index, slots_of(index)):
            faces = analyzer.read(drawn.pixels)
            if faces:
                shots.append((index, drawn.slot, measurement(faces[0])))
            else:
                missed += 1
    anchors = {index: measured for index, slot, measured in shots if slot == _ANCHOR}
    pairs: list[Pair] = []
    for index, slot, measured in shots:
        if slot == _ANCHOR or index not in anchors:
            continue
        others = [(index + 1 + step * 4) % PEOPLE for step in range(_STRANGERS)]
        for other in (index, *others):
            if other in anchors:
                one = anchors[other]
                error = ratio_error(one["ratios"], measured["ratios"])
                evidence = evidence_of(one, measured, error=error, turn=turn(one, measured))
                pairs.append(Pair(evidence.cosine, other == index, (other, index), evidence))
    recipe = {"people": PEOPLE, "first": FIRST, "positions": _POSITIONS, "strangers": _STRANGERS}
    identity: AnalyzerIdentity = analyzer.identity
    vectors = (embedding(measured) for _, _, measured in shots)
    found = fit(
        pairs,
        # It holds for all versions of the libraries; see `personaforge.identity.calibration.mismatch`.
        analyzer={name: value for name, value in identity.as_json().items() if name != LIBRARIES},
        measuring=embedding_version(),
        pairs_digest=digest_json("training-pairs/1", recipe),
        pictures_digest=digest_bytes(b"".join(np.round(vector, 4).tobytes() for vector in vectors)),
        unmeasured={"no_face": missed} if missed else {},
    ).as_json()
    (folder / "calibration.json").write_bytes(
        orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    )
    return found


def slots_of(index: int) -> tuple[str, ...]:
    """Return the positions that a person is drawn in: the first, and the next of all others in turn."""
    others = [slot for slot in SLOTS if slot != _ANCHOR]
    return (_ANCHOR, *(others[(index * _POSITIONS + step) % len(others)] for step in range(_POSITIONS)))


def measurement(face: Face) -> dict[str, Any]:
    """Return of a face's measurement what evidence is made of."""
    assert face.landmarks106 is not None, "the pack has a model of 106 points"
    points = list(face.landmarks106)
    return {
        "status": "measured",
        "embedding": encode_embedding(face.embedding),
        "embedding_norm": face.embedding_norm,
        "box": [float(value) for value in face.box],
        "ratios": ratios_106(points),
        "pose": pose_106(points)._asdict(),
    }
