"""The folds, bulges and hollows of skin that a face's muscles draw together, on the flat front view of a face.

Where a movement shows first is not the line that moves but the skin beside it: the pads that a smile pushes under the
eyes, the furrows between brows that are drawn together, the dimpled chin of somebody about to cry. Young skin folds
softly, old skin sharply; what age has left for good is painted by `face.age`. `face.relief` gives the same movements
their surface.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.curves import Brow, brow, lids, lips
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.skin import DEEP_LINE, SHADOW, Tints
from personaforge.embedded.painter.strokes import Canvas, Points, smooth
from personaforge.media.exact import interp


def paint_action(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, tints: Tints) -> None:
    """Paint what a face's movements do to its skin, before its features are painted."""
    crisp = float(np.clip(0.35 + (face.age - 25) / 60, 0.35, 1.0))
    for side in (-1, 1):
        hairs = brow(at, act, side)
        _forehead(canvas, hairs, act.inner, act.outer * act.lead(side), side, crisp, tints)
        _furrow(canvas, at, hairs, act.frown * (1 - 0.7 * act.worried), side, crisp, tints)
        _cheek(canvas, at, act, side, crisp, tints)
        _corner(canvas, at, act, side, tints)
    _chin(canvas, at, act, tints)


def _fold(canvas: Canvas, line: Points, width: float, amount: float, tints: Tints, soft: float = 0.45) -> None:
    """Paint a fold that fades towards its ends, with the lit pad below it; `soft` is a share of the width."""
    if amount < 0.02:
        return
    taper = width * interp(np.linspace(0, 1, len(line)), [0, 0.35, 0.65, 1], [0.1, 1.0, 1.0, 0.1])
    canvas.crease(line, taper, SHADOW, min(amount, 0.9), soft=soft * width)
    canvas.crease(np.add(line, (0, 0.9 * width)), taper, tints.gleam, 0.6 * min(amount, 0.9), soft=soft * width)


def _forehead(canvas: Canvas, hairs: Brow, inner: float, outer: float, side: int, crisp: float, tints: Tints) -> None:
    """Lines that run along a raised brow: over all of it, or only over its inner end."""
    for row, height in enumerate((0.13, 0.215, 0.30)):
        for amount, first, last in ((min(inner, outer), 0.0, 0.75), (outer - inner, 0.3, 0.95)):
            if amount > 0.05:
                t = np.linspace(first, last, 9)
                x, y = interp(t, hairs.t, hairs.x), interp(t, hairs.t, hairs.y)
                level = float(y.mean())
                line = np.stack([side * x, level + 0.55 * (y - level) - height], 1)
                _fold(canvas, line, 0.022, amount * (0.16 + 0.34 * crisp) * (1 - 0.22 * row), tints)
        grief = inner - outer
        if grief > 0.05 and side > 0 and row < 2:
            wide, level = 0.20 - 0.03 * row, float(hairs.y[0]) - 0.05 - 0.085 * row
            bow = smooth(
                [
                    (-wide, level - 0.03),
                    (-0.5 * wide, level),
                    (0.0, level + 0.012),
                    (0.5 * wide, level),
                    (wide, level - 0.03),
                ]
            )
            _fold(canvas, bow, 0.022, grief * (0.18 + 0.36 * crisp), tints)


def _furrow(
    canvas: Canvas, at: Mapping[str, float], hairs: Brow, frown: float, side: int, crisp: float, tints: Tints
) -> None:
    """The furrow at the inner end of a brow that is drawn together, and the skin that it pushes up between both."""
    if frown < 0.1:
        return
    x, y = float(hairs.x[0]), float(hairs.y[0])
    line = smooth(
        [(side * (0.50 * x + 0.015), y - 0.12), (side * (0.42 * x + 0.012), y - 0.02), (side * 0.55 * x, y + 0.075)]
    )
    taper = interp(np.linspace(0, 1, len(line)), [0, 0.4, 1], [0.15, 1.0, 0.3])
    canvas.crease(line, 0.030 * taper, SHADOW, min(0.75 * frown, 0.8), soft=0.014)
    canvas.crease(line, 0.013 * taper, DEEP_LINE, 0.45 * frown * crisp, soft=0.007)
    canvas.glow(side * (x + 0.05), y + 0.065, 0.085, 0.035, SHADOW, 0.55 * frown)  # the brow overhangs the eye's corner
    canvas.glow(side * (0.5 * x + 0.05), y - 0.06, 0.03, 0.06, tints.gleam, 0.55 * frown)
    if side > 0:
        canvas.glow(0.0, y - 0.02, 0.022, 0.07, tints.gleam, 0.6 * frown)
    strong = max(frown - 0.55, 0.0)
    root = smooth(
        [(side * 0.03, at["eye_y"] - 0.075), (side * 0.085, at["eye_y"] - 0.045), (side * 0.125, at["eye_y"] + 0.005)]
    )
    _fold(canvas, root, 0.020, 1.1 * strong * (0.5 + 0.5 * crisp), tints)


def _cheek(canvas: Canvas, at: Mapping[str, float], act: Expression, side: int, crisp: float, tints: Tints) -> None:
    """The pad that a raised cheek makes under the eye, and what tight lids do."""
    lifted = max(act.cheeks, 0.6 * max(act.smile, 0.0) * act.lead(side) - 0.2, 0.0)
    eye = lids(at, act, side)
    under = np.stack([eye.x, eye.lower], 1)
    if lifted > 0.05:
        x, y = at["eye_x"], float(eye.lower.max())
        pad = smooth(
            [
                (side * (x + d), y + drop)
                for d, drop in ((-0.19, 0.03), (-0.10, 0.085), (0.02, 0.105), (0.13, 0.085), (0.22, 0.035))
            ]
        )
        _fold(canvas, pad, 0.034, lifted * (0.30 + 0.18 * crisp), tints)
        canvas.glow(side * (x + 0.13), at["nose_length"] - 0.20, 0.13, 0.075, tints.gleam, 0.55 * lifted)
        for index, spread in enumerate((-0.7, 0.1, 0.9)):
            root = (side * (x + at["eye_width"] + 0.045), at["eye_y"] - 0.005 + 0.03 * spread)
            stop = (root[0] + side * 0.085, root[1] + 0.032 * spread + 0.012)
            middle = (0.5 * (root[0] + stop[0]), 0.5 * (root[1] + stop[1]) + 0.006)
            amount = max(lifted - 0.25, 0.0) * (0.62 * crisp - 0.10) * (1 - 0.2 * (index == 2))
            _fold(canvas, smooth([root, middle, stop]), 0.013, amount, tints)
    if act.tight > 0.15:
        line = np.add(under[5:28], (0, 0.05))
        _fold(canvas, line, 0.022, 0.5 * act.tight, tints)


def _corner(canvas: Canvas, at: Mapping[str, float], act: Expression, side: int, tints: Tints) -> None:
    """The skin beside a corner of the mouth."""
    mouth = lips(at, act)
    end = -1 if side > 0 else 0
    x, y = float(mouth.x[end]), float(mouth.middle[end])
    pulled = max(act.smile, 0.0) * act.lead(side)
    if pulled > 0.3:
        dent = smooth([(x + side * 0.035, y - 0.055), (x + side * 0.062, y - 0.005), (x + side * 0.045, y + 0.05)])
        _fold(canvas, dent, 0.030, 0.55 * (pulled - 0.2), tints)
    if act.press > 0.1:
        canvas.glow(x + side * 0.035, y, 0.035, 0.045, SHADOW, 0.45 * act.press)
        canvas.glow(x + side * 0.085, y + 0.005, 0.035, 0.06, tints.gleam, 0.8 * act.press)
    if act.down > 0.1:
        hang = smooth([(x + side * 0.012, y - 0.01), (x + side * 0.045, y + 0.06), (x + side * 0.04, y + 0.14)])
        _fold(canvas, hang, 0.034, 0.65 * act.down, tints)


def _chin(canvas: Canvas, at: Mapping[str, float], act: Expression, tints: Tints) -> None:
    """The chin that pushes the lower lip up is flat and dimpled; pressed lips are framed by their own bulges."""
    mouth, chin = lips(at, act), at["chin_y"]
    low, high = float(mouth.lower[20]), float(mouth.upper[20])
    if act.press > 0.1:
        canvas.glow(0, high - 0.035, 0.17, 0.022, tints.gleam, 0.7 * act.press)
        canvas.glow(0, low + 0.03, 0.16, 0.022, SHADOW, 0.5 * act.press)
    if act.chin > 0.1:
        arc = smooth(
            [(-0.17, low + 0.105), (-0.09, low + 0.065), (0.0, low + 0.055), (0.09, low + 0.065), (0.17, low + 0.105)]
        )
        _fold(canvas, arc, 0.040, 0.7 * act.chin, tints)
        for x, y in ((-0.07, 0.20), (0.06, 0.19), (0.0, 0.145), (-0.03, 0.26), (0.05, 0.25)):
            canvas.glow(x, chin - y + 0.02, 0.020, 0.020, SHADOW, 0.55 * act.chin)
