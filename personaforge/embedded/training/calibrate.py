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
from personaforge.embedded.training.positions import held_out, positions
from personaforge.faces.analyzer import AnalyzerIdentity
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.faces.parts import embedding_version
from personaforge.identity.calibration import Pair, fit, raw_cosine

FIRST: Final = 800_000
PEOPLE: Final = 60
_STRANGERS: Final = 12
"""Anchors of other people that each picture is compared with."""


def calibrate(folder: Path, detector_size: str) -> dict[str, Any]:
    """Measure, fit, write `calibration.json` into the pack's folder and return it. Raises ValueError without a pack."""
    pack = find_pack(folder.name, [folder.parent])
    if isinstance(pack, PackMissing):
        raise ValueError(f"{pack.reason}: {pack.hint}")
    analyzer = InsightAnalyzer(pack, detector_size)
    shots: list[tuple[int, str, Any]] = []
    missed = 0
    for index, who in enumerate(held_out(FIRST, PEOPLE)):
        for drawn in positions(who, index):
            faces = analyzer.read(drawn.pixels)
            if faces:
                shots.append((index, drawn.slot, faces[0].embedding))
            else:
                missed += 1
    anchors = {index: vector for index, slot, vector in shots if slot == "01"}
    pairs: list[Pair] = []
    for index, slot, vector in shots:
        if slot == "01" or index not in anchors:
            continue
        others = [(index + 1 + step * 4) % PEOPLE for step in range(_STRANGERS)]
        pairs += [
            Pair(raw_cosine(anchors[other], vector), other == index, (other, index))
            for other in (index, *others)
            if other in anchors
        ]
    recipe = {"people": PEOPLE, "first": FIRST, "strangers": _STRANGERS}
    identity: AnalyzerIdentity = analyzer.identity
    found = fit(
        pairs,
        analyzer=identity.as_json(),
        measuring=embedding_version(),
        pairs_digest=digest_json("training-pairs/1", recipe),
        pictures_digest=digest_bytes(b"".join(np.round(vector, 4).tobytes() for _, _, vector in shots)),
        unmeasured={"no_face": missed} if missed else {},
    ).as_json()
    (folder / "calibration.json").write_bytes(
        orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    )
    return found
