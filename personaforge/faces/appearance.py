"""What a picture shows of a person beside the face's shape: colours of skin, hair, eyes and clothes, hair's reach,
facial hair and glasses. Numbers only; `identity.appearance` compares them, and nothing here decides.

Pixels are uint8 (H, W, 3) BGR; colours CIELAB (D65, L in [0, 100]) as OpenCV converts sRGB. Regions follow from the 106
landmarks (`landmarks`). Except for the eyes they are taken from the picture turned upright and brought to 48 pixels a
*unit*: the larger of the distance between the pupils and 0.53 times that from between them to the chin, which is the
same length in a drawn head that looks ahead; a head that turns away keeps the second. x is to the right, y down the
face, origin between the pupils.

What can't be measured is None, with the reason under `why`: a face that is too small (`small`), turned too far
(`turned`), eyes that are closed (`closed`), a region beyond the picture's edge (`outside`), hair that isn't seen
(`covered`), hair before a background of its colour (`background`), landmarks that the pack doesn't give (`points`).
All bounds are ours, found on drawings; `tests.benchmarks.verdicts_appearance` prints the errors on others. On
photographs nobody has measured them.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from personaforge.faces.opencv import opencv

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.faces.analyzer import Face

COLOURS = ("skin", "hair", "eyes")
"""Numbers that are a colour: [L, a, b]."""
SHARES = ("reach", "beard", "moustache", "glasses")
"""Numbers that are one number each."""
UNIT: Final = 48
_LEFT, _TOP, _WIDTH, _HEIGHT = -3.0, -2.75, 6.0, 7.75
"""The upright canvas, in units."""
LEAST_UNIT: Final = 20.0
"""Pixels of a unit in the picture from which on regions are measured."""
LEAST_IRIS: Final = 5.0
"""Pixels of an iris's radius from which on its colour is."""
MOST_YAW: Final = 40.0
"""Degrees up to which colours are measured; beyond 25 no hair's reach, no beard and no glasses."""
_FRONTAL: Final = 25.0
_LEAST_PIXELS: Final = 40
_LEAST_IRIS_PIXELS: Final = 12
BINS: Final = (5, 5, 5)
"""Of the clothes' histogram over L, a and b."""
_SPANS: Final = ((0.0, 100.0), (-40.0, 40.0), (-40.0, 40.0))
_LEFT_EYE, _RIGHT_EYE = (35, 41, 40, 42, 39, 37, 33, 36), (89, 95, 94, 96, 93, 91, 87, 90)
_PUPILS: Final = (38, 88)
_CHIN, _NOSE_BASE, _LIP, _LOWER_LIP, _MOUTH = 0, 80, 71, 53, (52, 61)
_IRIS: Final = 0.12
"""Radius over the unit: 11.7 mm across, over 62 mm between pupils, are 0.094; the drawn ones have 0.12."""


def measure_appearance(pixels: NDArray[np.uint8], face: Face, yaw: float) -> dict[str, Any]:
    """Return the numbers of a face's picture, rounded, and `why` others are missing. `yaw` is the head's in degrees."""
    import numpy as np

    names = (*COLOURS, *SHARES, "clothes")
    points = face.landmarks106
    if points is None:
        return _missing(names, "points")
    at = points.astype(np.float64)
    middle = (at[_PUPILS[0]] + at[_PUPILS[1]]) / 2
    across, down = at[_PUPILS[1]] - at[_PUPILS[0]], at[_CHIN] - middle
    unit = max(float(np.hypot(*across)), 0.53 * float(np.hypot(*down)))
    if not math.isfinite(unit) or unit < LEAST_UNIT:
        return _missing(names, "small")
    if abs(yaw) > MOST_YAW:
        return _missing(names, "turned")
    lab, seen, place = _upright(pixels, middle, across, unit)
    moved = at @ place[:, :2].T + place[:, 2]
    found: dict[str, Any] = {}
    why: dict[str, str] = {}

    def keep(name: str, value: Any, reason: str = "") -> None:
        found[name] = value
        if value is None:
            why[name] = reason

    skin = _skin(lab, seen, moved)
    keep("skin", skin, "outside")
    iris, reason = _eyes(pixels, at, unit)
    keep("eyes", iris, reason)
    hair, reason = _hair(lab, seen, skin)
    keep("hair", hair, reason)
    frontal = abs(yaw) <= _FRONTAL
    reach, reason = (None, reason) if hair is None else _reach(lab, seen, hair, skin)
    keep("reach", reach if frontal else None, reason if frontal else "turned")
    for name, value in zip(SHARES[1:], _on_face(lab, seen, moved, skin), strict=True):
        keep(name, value if frontal else None, "outside" if frontal else "turned")
    keep("clothes", _clothes(lab, seen, moved, skin), "outside")
    return {**{name: _rounded(found[name]) for name in names}, "why": why}


def _missing(names: tuple[str, ...], reason: str) -> dict[str, Any]:
    return {**dict.fromkeys(names), "why": dict.fromkeys(names, reason)}


def _upright(pixels: Any, middle: Any, across: Any, unit: float) -> tuple[Any, Any, Any]:
    """Return the canvas in Lab, float32 (h, w, 3), which of its pixels the picture has, and the map onto it, (2, 3)."""
    import numpy as np

    cv2 = opencv()
    scale, angle = UNIT / unit, -math.atan2(across[1], across[0])
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    place = np.column_stack([turn, (-_LEFT * UNIT, -_TOP * UNIT) - turn @ middle])
    size = (round(_WIDTH * UNIT), round(_HEIGHT * UNIT))
    source, used = pixels, place
    if scale < 0.6:  # bilinear sampling would skip pixels
        height, width = pixels.shape[:2]
        smaller = (max(1, round(width * scale)), max(1, round(height * scale)))
        source = cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA)
        used = np.column_stack([place[:, 0] * width / smaller[0], place[:, 1] * height / smaller[1], place[:, 2]])
    canvas = cv2.warpAffine(source, used, size, flags=cv2.INTER_LINEAR)
    ones = np.full(source.shape[:2], 255, np.uint8)
    seen = cv2.warpAffine(ones, used, size, flags=cv2.INTER_NEAREST) > 0
    return _lab(canvas), seen, place


def _lab(bgr: Any) -> Any:
    import numpy as np

    cv2 = opencv()
    return cv2.cvtColor(bgr.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)


def _box(lab: Any, left: float, top: float, right: float, bottom: float) -> Any:
    """Return the mask of a rectangle given in units."""
    import numpy as np

    mask = np.zeros(lab.shape[:2], bool)
    rows = slice(max(0, round((top - _TOP) * UNIT)), max(0, round((bottom - _TOP) * UNIT)))
    mask[rows, max(0, round((left - _LEFT) * UNIT)) : max(0, round((right - _LEFT) * UNIT))] = True
    return mask


def _polygon(shape: Any, corners: Any) -> Any:
    import numpy as np

    cv2 = opencv()
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(np.asarray(corners)).astype(np.int32)], 1)
    return mask > 0


def _median(lab: Any, mask: Any) -> Any:
    import numpy as np

    chosen = lab[mask]
    return None if len(chosen) < _LEAST_PIXELS else np.median(chosen, axis=0)


def _skin(lab: Any, seen: Any, at: Any) -> Any:
    """Return the cheeks' colour: the median of their lighter half: one side of a face lies in its own
    shadow. Light is not removed: of 142 drawings whose eyes are measured 95 % came out within 1.8 of the anchor as they
    are, and within 7.7 where the white of the eyes was made equal."""
    import numpy as np

    cv2 = opencv()
    hull = cv2.convexHull(at[:33].astype(np.float32)).reshape(-1, 2)
    inside = _polygon(lab.shape, (hull - hull.mean(axis=0)) * 0.86 + hull.mean(axis=0))
    top = (at[_PUPILS[0], 1] + at[_PUPILS[1], 1]) / 2 + 0.28 * UNIT
    bottom = max(at[_NOSE_BASE, 1], top + 0.2 * UNIT)
    rows = np.arange(lab.shape[0])[:, None]
    cheeks = inside & seen & (rows >= top) & (rows <= bottom)
    chosen = lab[cheeks]
    if len(chosen) < _LEAST_PIXELS:
        return None
    lighter = chosen[chosen[:, 0] >= np.median(chosen[:, 0])]
    return np.median(lighter, axis=0)


def _eyes(pixels: Any, at: Any, unit: float) -> tuple[Any, str]:
    """Return the iris's colour from the picture's own pixels, or why there is none."""
    import numpy as np

    radius = _IRIS * unit
    if radius < LEAST_IRIS:
        return None, "small"
    irises, is_open = [], False
    height, width = pixels.shape[:2]
    for pupil, lids in zip(_PUPILS, (_LEFT_EYE, _RIGHT_EYE), strict=True):
        eye, (across, down) = at[list(lids)], at[pupil]
        if float(eye[:, 1].max() - eye[:, 1].min()) < 1.1 * radius:
            continue
        is_open = True
        left, top = np.floor(eye.min(axis=0) - 2).astype(int)
        right, bottom = np.ceil(eye.max(axis=0) + 3).astype(int)
        if left < 0 or top < 0 or right > width or bottom > height:
            continue
        part = _lab(pixels[top:bottom, left:right])
        inside = _polygon(part.shape, eye - (left, top))
        y, x = np.mgrid[top:bottom, left:right]
        # Landmarks of pupils lag behind the gaze, so the iris is where a disc of its size is darkest, near them.
        first, last = eye[:, 0].min() + 1.1 * radius, eye[:, 0].max() - 1.1 * radius
        middles = np.clip(across + radius * np.linspace(-0.8, 0.8, 9), first, max(first, last))
        lower = inside & (y >= down - 0.2 * radius)  # the upper lid's lashes are as dark as an iris
        levels = []
        for middle in middles:
            disc = part[lower & (np.hypot(x - middle, y - down) <= 0.8 * radius)][:, 0]
            level = float(disc.mean()) if len(disc) else 100.0
            levels.append(level + 4 * abs(middle - across) / radius)
        away = np.hypot(x - middles[int(np.argmin(levels))], y - down)
        ring = inside & (away >= 0.45 * radius) & (away <= 0.85 * radius) & (y >= down - 0.35 * radius)
        irises.append(part[ring])
    found = np.concatenate(irises) if irises else np.zeros((0, 3))
    if len(found) < _LEAST_IRIS_PIXELS:
        return None, "small" if irises else "outside" if is_open else "closed"
    return np.median(found, axis=0), ""


def _apart(lab: Any, colour: Any) -> Any:
    """Return each pixel's distance to a colour; lightness counts half, since light and shadow change it most."""
    import numpy as np

    off = lab - np.asarray(colour, np.float32)
    return np.sqrt((0.5 * off[..., 0]) ** 2 + off[..., 1] ** 2 + off[..., 2] ** 2)


def _hair(lab: Any, seen: Any, skin: Any) -> tuple[Any, str]:
    """Return the colour of what is above the forehead, unless something else is there than beside the temples: a hat,
    or sunglasses that were pushed up. What covers both is taken for hair."""
    if skin is None:
        return None, "outside"
    crown = _box(lab, -0.55, -1.62, 0.55, -1.22)
    if (crown & seen).sum() < 0.7 * crown.sum():
        return None, "outside"
    hair = crown & seen & (_apart(lab, skin) > 9)
    if hair.sum() < 0.35 * crown.sum():
        return None, "covered"
    found = _median(lab, hair)
    if (_apart(lab[hair], found) > 14).mean() > 0.25:
        return None, "covered"
    sides = seen & (_box(lab, -1.2, -0.85, -0.9, -0.45) | _box(lab, 0.9, -0.85, 1.2, -0.45))
    if sides.any() and (_apart(lab[sides], found) < 14).mean() < 0.12:
        return None, "covered"
    return found, ""


_SIDES: Final = ((-1.65, -0.95), (0.95, 1.65))


def _reach(lab: Any, seen: Any, hair: Any, skin: Any) -> tuple[Any, str]:
    """Return how far below the eyes hair hangs beside the face, in units, from -1 to 4.25, or why it isn't known.

    A pixel is hair where hair's colour is nearer than those of the skin and of the cloth on the shoulders. Where cloth
    has hair's own colour, nothing is known of hair that comes down to it.
    """
    import numpy as np

    around = seen & (_box(lab, -2.9, -1.5, -2.2, -0.5) | _box(lab, 2.2, -1.5, 2.9, -0.5))
    if around.any() and (_apart(lab[around], hair) < 14).mean() > 0.5:
        return None, "background"
    near = seen & (_apart(lab, hair) < 11) & (_apart(lab, hair) < _apart(lab, skin))
    cloth = _shoulders(lab, seen, hair)
    alike = cloth is not None and float(np.linalg.norm(cloth - hair)) < _ALIKE
    if cloth is not None and not alike:
        near &= np.linalg.norm(lab - hair, axis=2) < np.linalg.norm(lab - cloth, axis=2)
    ends = []
    for left, right in _SIDES:
        end = -1.0
        for step in range(-4, 17):
            band = _box(lab, left, 0.25 * step, right, 0.25 * (step + 1))
            visible = band & seen
            if visible.sum() < 0.6 * band.sum() or near[visible].mean() < 0.22:
                break
            end = 0.25 * (step + 1)
        ends.append(end)
    found = float(np.max(ends))
    return (None, "background") if alike and found > _SHOULDER else (found, "")


_ALIKE: Final = 5.0
"""CIELAB below which cloth and hair are one colour."""
_SHOULDER: Final = 2.25
"""Units below the eyes from which on shoulders lie beside the neck."""


def _shoulders(lab: Any, seen: Any, hair: Any) -> Any:
    """Return the colour far out on the shoulders; None where nothing is seen there but hair that hangs so wide."""
    outer = seen & (_box(lab, -2.9, 3.25, -1.85, 4.25) | _box(lab, 1.85, 3.25, 2.9, 4.25))
    beside = seen & (_box(lab, -2.6, 0.0, -2.2, 0.8) | _box(lab, 2.2, 0.0, 2.6, 0.8))
    if beside.any() and (_apart(lab[beside], hair) < 14).mean() > 0.5:
        return None
    return _median(lab, outer)


def _on_face(lab: Any, seen: Any, at: Any, skin: Any) -> tuple[Any, Any, Any]:
    """Return how far the colours of chin and upper lip are from the cheeks', and what `_glasses` finds. It is a
    distance, and no darkness: a white beard on dark skin is lighter."""
    import numpy as np

    if skin is None:
        return None, None, None
    x0, x1 = sorted((at[_MOUTH[0], 0], at[_MOUTH[1], 0]))
    middle, half = (x0 + x1) / 2, (x1 - x0) / 2
    rows, columns = np.mgrid[0 : lab.shape[0], 0 : lab.shape[1]]
    lip_low, chin_low = at[_LOWER_LIP, 1], at[_CHIN, 1]
    chin_top, chin_end = (lip_low + share * (chin_low - lip_low) for share in (0.3, 0.75))
    chin = seen & (abs(columns - middle) <= 0.8 * half) & (rows >= chin_top) & (rows <= chin_end)
    lip_top, lip_end = at[_NOSE_BASE, 1] + 0.07 * UNIT, at[_LIP, 1] - 0.03 * UNIT
    lip = seen & (abs(columns - middle) <= 0.75 * half) & (rows >= lip_top) & (rows <= lip_end)

    def off(mask: Any) -> Any:
        found = _median(lab, mask)
        return None if found is None else float(np.linalg.norm(found - skin))

    return off(chin), off(lip), _glasses(lab[..., 0], at)


def _glasses(light: Any, at: Any) -> Any:
    """Return how much darker a thin line is than the skin above and below it, where the frames of glasses have one: the
    least of that over the nose and those below both eyes. None beyond the canvas."""
    import numpy as np

    dips = []
    for x, y, above, below in (
        (at[72, 0], (at[_PUPILS[0], 1] + at[_PUPILS[1], 1]) / 2, 0.22, 0.3),
        *((at[pupil, 0], at[pupil, 1], -0.18, 0.6) for pupil in _PUPILS),
    ):
        left, right = round(x - 0.05 * UNIT), round(x + 0.05 * UNIT) + 1
        first, last = round(y - above * UNIT), round(y + below * UNIT)
        gap = round(0.11 * UNIT)
        if left < 0 or first < gap or right > light.shape[1] or last + gap > light.shape[0]:
            return None
        line = light[first - gap : last + gap, left:right].mean(axis=1)
        beside = np.minimum(line[: -2 * gap], line[2 * gap :])
        dips.append(float((beside - line[gap:-gap]).max()))
    return min(dips)


def _clothes(lab: Any, seen: Any, at: Any, skin: Any) -> Any:
    """Return the colours below the chin as a histogram, flat, sums to 1, without what is skin."""
    import numpy as np

    if skin is None:
        return None
    top = (at[_CHIN, 1] / UNIT + _TOP) + 0.75
    region = _box(lab, -1.0, top, 1.0, top + 1.5)
    chosen = region & seen & (_apart(lab, skin) > 10)
    if chosen.sum() < 0.15 * region.sum():
        return None
    places = np.empty((int(chosen.sum()), 3))
    for channel, ((low, high), count) in enumerate(zip(_SPANS, BINS, strict=True)):
        places[:, channel] = np.clip((lab[chosen][:, channel] - low) / (high - low), 0, 1) * (count - 1)
    lower = np.minimum(places.astype(int), np.array(BINS) - 2)
    above = places - lower
    weights = np.zeros(BINS)
    for corner in product(
        (0, 1), repeat=3
    ):  # a pixel counts in the bins around it, so that a little light moves little
        share = np.prod(np.where(corner, above, 1 - above), axis=1)
        np.add.at(weights, tuple((lower + corner).T), share)
    return (weights / weights.sum()).ravel()


def _rounded(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, float):
        return round(value, 3)
    return [round(float(one), 3) for one in value]
