"""Series to inline SVG. Pure: the same numbers give the same text, and no script is needed to read it.

Colours come from the page's style sheet by class, so that a chart follows light and dark. Every text that came from
outside is escaped. Sizes are pixels: a chart is not scaled, or its text
would be too small on a phone, but scrolls in its own box.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from personaforge.report.drift.page import Baseline, Point, Series

if TYPE_CHECKING:
    from markupsafe import Markup

MAX_POINTS = 400
"""How many of the newest records are drawn; more would lie on top of each other."""
_WIDTH, _NARROW, _HEIGHT = 1100, 520, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 22, 54
_WIDE = 66
"""Room on the left for the numbers of a logarithmic axis."""
_LABELLED = 40
"""Up to so many records have their slot's name under them."""


def timeline_chart(series: Series, *, accept: float | None) -> Markup:
    """Draw a timeline: a dot for each record, its slot's band behind it, and every marked change.

    `accept` is the threshold of the scores; where it lies outside what the chart shows, the page has to say it.
    """
    from markupsafe import Markup, escape

    series = on_axis(series)
    log = series.scale == "ratio"
    first = max(0, len(series.points) - MAX_POINTS)
    points = series.points[first:]
    low, high, unit = value_range(series, accept)
    left = _WIDE if log else _LEFT
    width = _WIDTH if len(points) > _LABELLED else min(_WIDTH, max(_NARROW, left + _RIGHT + 26 * len(points)))
    step = (width - left - _RIGHT) / max(1, len(points))

    def x(index: float) -> float:
        return left + (index - first + 0.5) * step

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts: list[str] = []
    for tick in log_ticks(low, high) if log else ticks(low, high, unit):
        line = f'<line class="grid" x1="{left}" x2="{width - _RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        shown = f"{float(f'{10**tick:.3g}') if log else tick:g}"
        parts.append(f'{line}<text x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{shown}</text>')
    for change in series.changes:
        start, stop = max(change.first, first) - 0.5, change.last + 0.5
        if stop < first:
            continue
        area = f'x="{x(start):.1f}" y="{_TOP}" width="{(stop - start) * step:.1f}" height="{_HEIGHT - _TOP - _BOTTOM}"'
        parts.append(f'<rect class="change-area" {area}/>')
        if change.at >= first:
            middle = x(change.at - 0.5)
            parts.append(
                f'<line class="change" x1="{middle:.1f}" x2="{middle:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
            )
            side = "end" if middle > width / 2 else "start"
            parts.append(f'<text class="change-label" x="{middle:.1f}" y="14" text-anchor="{side}">')
            parts.append(f"{escape(change.label)}</text>")
    for index, point in enumerate(points, first):
        if point.baseline is not None:
            top, bottom = y(min(point.baseline.high, high)), y(max(point.baseline.low, low))
            edge, tall = x(index - 0.5), max(1.0, bottom - top)
            area = f'x="{edge:.2f}" y="{top:.1f}" width="{step:.2f}" height="{tall:.1f}"'
            parts.append(f'<rect class="band" {area}/>')
            middle = y(point.baseline.mean)
            parts.append(
                f'<line class="mean" x1="{edge:.2f}" x2="{edge + step:.2f}" y1="{middle:.1f}" y2="{middle:.1f}"/>'
            )
    if accept is not None and low <= accept <= high:
        parts.append(
            f'<line class="accept" x1="{left}" x2="{width - _RIGHT}" y1="{y(accept):.1f}" y2="{y(accept):.1f}"/>'
        )
    for index, point in enumerate(points, first):
        out = point.baseline is not None and not point.baseline.low <= point.value <= point.baseline.high
        kind = "point out" if out or (accept is not None and point.value < accept) else "point"
        title = f"record {index + 1}: {point.slot} {_label(point.value, log)}"
        if point.baseline is not None:
            title += f", usual {_label(point.baseline.low, log)} to {_label(point.baseline.high, log)}"
        radius = min(4.0, max(1.5, step / 3))
        parts.append(f'<circle class="{kind}" cx="{x(index):.1f}" cy="{y(point.value):.1f}" r="{radius:.1f}">')
        parts.append(f"<title>{escape(title)}</title></circle>")
        if len(points) <= _LABELLED:
            place = f"{x(index) + 3:.1f} {_HEIGHT - _BOTTOM + 12}"
            name, how = short_slot(point.slot, 9), f'text-anchor="end" transform="translate({place}) rotate(-55)"'
            if step > 100:  # room to write along the axis
                name = short_slot(point.slot, 18)
                how = f'x="{x(index):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle"'
            parts.append(f'<text class="slot" {how}>{escape(name)}</text>')
        elif (index + 1) % _every(len(points)) == 0:
            parts.append(
                f'<text x="{x(index):.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{index + 1}</text>'
            )
    values = [point.value for point in points]
    label = (
        f"{len(points)} values from {_label(min(values), log)} to {_label(max(values), log)}, in their records' order"
        if values
        else "no scores"
    )
    size = f'width="{width}" height="{_HEIGHT}" viewBox="0 0 {width} {_HEIGHT}"'
    head = f'<svg class="chart" role="img" {size} aria-label="{escape(label)}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - numbers, our own words, and what escape() made


def frames_chart(values: Sequence[tuple[float, float | None, bool]], *, accept: float) -> Markup:
    """Draw a clip's scores: (second, composite or None, worst) of every measured frame. A frame without a score leaves
    a gap, and an open mark at the chart's foot."""
    from markupsafe import Markup

    width, height, left, right, top, bottom = 320, 92, 34, 10, 8, 18
    known = [value for _, value, _ in values if value is not None]
    low = math.floor(min([*known, accept]) * 10) / 10
    high = math.ceil(max([*known, accept]) * 10) / 10
    high = max(high, low + 0.1)
    end = max((second for second, _, _ in values), default=0.0) or 1.0

    def at(second: float, value: float) -> tuple[float, float]:
        across = left + second / end * (width - left - right)
        return across, top + (high - value) / (high - low) * (height - top - bottom)

    parts = []
    for tick in (low, high):
        line = at(0, tick)[1]
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{line:.1f}" y2="{line:.1f}"/>')
        parts.append(f'<text x="{left - 5}" y="{line + 4:.1f}" text-anchor="end">{tick:.1f}</text>')
    line = at(0, accept)[1]
    parts.append(f'<line class="accept" x1="{left}" x2="{width - right}" y1="{line:.1f}" y2="{line:.1f}"/>')
    runs: list[list[str]] = [[]]
    for second, value, _ in values:
        if value is None:
            runs.append([])
        else:
            runs[-1].append("{:.1f},{:.1f}".format(*at(second, value)))
    parts += [f'<polyline class="line" points="{" ".join(run)}"/>' for run in runs if len(run) > 1]
    for second, value, worst in values:
        across, down = at(second, low if value is None else value)
        kind = "point none" if value is None else "point out" if worst else "point"
        title = f"{second:.2f} s: " + ("no score" if value is None else f"{value:.3f}")
        parts.append(f'<circle class="{kind}" cx="{across:.1f}" cy="{down:.1f}" r="3"><title>{title}</title></circle>')
    for second, anchor in ((0.0, "start"), (end, "end")):
        parts.append(
            f'<text x="{at(second, low)[0]:.1f}" y="{height - 4}" text-anchor="{anchor}">{second:.1f} s</text>'
        )
    label = f"scores of {len(values)} frames" + (
        f", {min(known):.3f} to {max(known):.3f}" if known else ", none measured"
    )
    head = f'<svg class="chart frames" role="img" viewBox="0 0 {width} {height}" aria-label="{label}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - numbers and our own words


def on_axis(series: Series) -> Series:
    """Return a series as it lies on its axis: ratios by their decimal logarithm."""
    if series.scale != "ratio":
        return series

    def log(value: float) -> float:
        return math.log10(max(value, series.resolution))

    def band(known: Baseline | None) -> Baseline | None:
        return known and Baseline(log(known.mean), log(known.low), log(known.high))

    points = tuple(Point(one.slot, log(one.value), band(one.baseline)) for one in series.points)
    return replace(series, points=points)


def _label(value: float, log: bool) -> str:
    return f"{10**value:.3g}" if log else f"{value:.3f}"


def value_range(series: Series, accept: float | None) -> tuple[float, float, float]:
    """Return the chart's lowest and highest value and the step between lines: round numbers that include all values and
    bands, and the threshold if it is near; a far one would press the values flat."""
    values = [point.value for point in series.points]
    for point in series.points:
        if point.baseline is not None:
            values += [point.baseline.low, point.baseline.high]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if accept is not None and low - accept <= max(high - low, 0.05):
        low, high = min(low, accept), max(high, accept)
    # Scores that scatter little look alike, as they should: no chart covers a smaller range than this.
    least = 0.1 if accept is not None else 0.4 if series.scale == "ratio" else 0.5
    if high - low < least:
        low, high = (low + high - least) / 2, (low + high + least) / 2
    unit = _unit(high - low)
    low, high = math.floor(low / unit + 1e-9) * unit, math.ceil(high / unit - 1e-9) * unit
    return round(low, 6), round(max(high, low + unit), 6), unit


def ticks(low: float, high: float, unit: float) -> list[float]:
    """Return the round numbers from low to high, both of which are multiples of the unit."""
    return [round(low + index * unit, 6) for index in range(round((high - low) / unit) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return the decimal logarithms of round numbers between two others: powers of ten, or else even steps."""
    start, stop = 10**low, 10**high
    if stop > 100 * start:
        return [float(power) for power in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)]
    if stop > 8 * start:
        powers = range(math.floor(low), math.ceil(high) + 1)
        values = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    else:
        unit = _unit(stop - start)
        values = [index * unit for index in range(math.ceil(start / unit), math.floor(stop / unit) + 1)]
    return [math.log10(value) for value in values if low - 1e-9 <= math.log10(value) <= high + 1e-9]


def short_slot(name: str, longest: int) -> str:
    """Return what to write under a dot, in so many letters: `05` for `image/05`."""
    short = name.removeprefix("image/").removeprefix("video/").replace("_", " ")
    return short if len(short) <= longest else short[: longest - 1] + "…"


def _unit(span: float) -> float:
    """Return 1, 2 or 5 times a power of ten, so that a span has three to seven of it."""
    power = 10.0 ** math.floor(math.log10(span / 3))
    return next((power * step for step in (1, 2, 5) if span / (power * step) <= 7), power * 10)


def _every(count: int) -> int:
    """Return how many records lie between two labels: about ten labels in all."""
    return int(max(1, _unit(max(count / 2.5, 3))))
