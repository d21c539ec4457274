"""A second look at a picture turned by 90, 180 and 270 degrees, for faces that lie on their side or upside down.

Alignment rights a face that leans, as long as the detector's five points are right. Of eight photographs that were
rotated step by step (tests/benchmarks/verdicts_face.py, det_500m), faces up to 60 degrees kept at least .75 of their
cosine; from 90 on the points were mostly those of a face that isn't there, and the cosine to the same photograph fell
to 0: upside down, a face measures as another person. Turned back it keeps .9 and more.

A reading calls for the look where no face was found, where its roll is ROLLED or more, or where the detector was less
sure than SURE: misread faces had at most .76, upright ones .79 and more. The look counts only where it is clearly
better: surer by BETTER, with a longer embedding where the analyzer tells its norm, or as sure with a much longer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from personaforge.domains import PHOTOGRAPHS
from personaforge.faces.measure import measure_pixels
from personaforge.faces.opencv import opencv
from personaforge.faces.packs import made_for
from personaforge.faces.picture import UnreadablePicture, picture_in_room

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.faces.analyzer import FaceAnalyzer

ROLLED = 45.0
"""Degrees of roll from which one of the turned pictures shows the face straighter."""
SURE = 0.78
"""The detector's confidence; see above. For a detector that is surer or less sure in general the look is made less or
more often, and what counts is decided by its own difference."""
BETTER = 0.05
"""How much surer the detector must be. Of the rotated photographs, the right turn was surer by .06 or more wherever
less than .6 of the cosine was kept, and no wrong turn of an upright face was surer at all."""
LONGER = 1.25
"""How many times longer the embedding must be where the detector is only as sure as before. A face at the edge of what
is detected was .02 surer the right way up, with an embedding 1.6 to 2 times as long; wrong turns gave shorter ones."""
FOUND = 0.65
"""The confidence that a turned look needs where the picture as it is shows no face: `faces.detection` asks for as much
where it looks often, since a lawn gave .55. The right turns of rotated photographs that showed none gave .67 and more
in all but one."""
TURNS = (90, 180, 270)


def calls_for_second_look(measured: Mapping[str, Any], analyzer: Mapping[str, str]) -> bool:
    """Tell whether a picture's measurement by an analyzer (its identity) leaves in doubt that its face is upright.

    How sure the detector was counts for photographs only: that of the pack for drawings gives upright ones .70 and up.
    """
    if measured["status"] == "unreadable":
        return False
    if measured["status"] != "measured":
        return True
    roll = (measured.get("pose") or {}).get("roll", 0.0)
    unsure = made_for(analyzer) == PHOTOGRAPHS.name and float(measured.get("detection", 1.0)) < SURE
    return unsure or abs(float(roll)) >= ROLLED


def second_look(data: bytes, analyzer: FaceAnalyzer) -> dict[str, Any]:
    """Measure an image file as it is and turned. Bad bytes are an outcome, not an error.

    `upright` is the measurement of the picture as it was turned, where that is clearly better, else null: with
    `turned_by`, degrees clockwise, and boxes in the pixels of the picture as it is. Its pose is the turned picture's.
    """
    try:
        with picture_in_room(data) as picture:
            found = _turned_best(picture.pixels, analyzer)
    except UnreadablePicture as error:
        return {"status": "unreadable", "code": error.reason_code, "reason": error.message}
    return {"status": "measured" if found else "no_face", "code": "", "reason": "", "upright": found}


def _turned_best(pixels: NDArray[np.uint8], analyzer: FaceAnalyzer) -> dict[str, Any] | None:
    plain = measure_pixels(pixels, analyzer, further=False)
    best: dict[str, Any] | None = None
    for degrees in TURNS:
        turned = measure_pixels(_turned(pixels, degrees), analyzer, further=False)
        if turned["status"] == "measured" and (best is None or turned["detection"] > best["detection"]):
            best = {**turned, "turned_by": degrees}
    return None if best is None or not _clearly_better(best, plain) else _turned_back(best)


def _clearly_better(turned: Mapping[str, Any], plain: Mapping[str, Any]) -> bool:
    if plain["status"] != "measured":
        return bool(turned["detection"] >= FOUND)
    surer = float(turned["detection"]) - float(plain["detection"])
    norm, before = turned["embedding_norm"], plain["embedding_norm"]
    if norm is None or before is None:
        return surer >= BETTER
    return bool(norm > before and (surer >= BETTER or (surer >= 0 and norm >= LONGER * before)))


def _turned(pixels: NDArray[np.uint8], degrees: int) -> NDArray[np.uint8]:
    """Return pixels turned clockwise."""
    cv2 = opencv()
    codes = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
    found: NDArray[np.uint8] = cv2.rotate(pixels, codes[degrees])
    return found


def _turned_back(measured: dict[str, Any]) -> dict[str, Any]:
    """Return a turned picture's measurement with its size and boxes in the pixels of the picture as it is."""
    degrees, width, height = measured["turned_by"], measured["width"], measured["height"]

    def back(box: list[float]) -> list[float]:
        x1, y1, x2, y2 = box
        if degrees == 180:
            found = [width - x2, height - y2, width - x1, height - y1]
        elif degrees == 90:  # clockwise: a column of the turned picture is a row of the picture, from the bottom up
            found = [y1, width - x2, y2, width - x1]
        else:
            found = [height - y2, x1, height - y1, x2]
        return [round(value, 2) for value in found]

    size = (width, height) if degrees == 180 else (height, width)
    found = {**measured, "width": size[0], "height": size[1], "box": back(measured["box"])}
    if "people" in measured:
        people = measured["people"]
        found["people"] = {**people, "faces": [{**one, "box": back(one["box"])} for one in people["faces"]]}
    return found
