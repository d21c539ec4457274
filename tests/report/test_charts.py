"""Charts and what they are drawn from: pure functions with known answers."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.report.drift.chart import frames_chart, ticks, timeline_chart, value_range
from personaforge.report.drift.page import Baseline, Change, Point, Series, slots_of
from personaforge.report.pages.album import face_square
from personaforge.report.pages.clips import key_frames

scores = st.floats(0, 1, allow_nan=False)


def series(
    values: list[float],
    names: list[str] | None = None,
    changes: tuple[Change, ...] = (),
    band: Baseline | None = None,
) -> Series:
    named = names or ["image/02"] * len(values)
    points = tuple(Point(name, value, band) for name, value in zip(named, values, strict=True))
    return Series("face", "pack 1234", "1.0", points, slots_of(named, values), "stable", changes)


def drawn(chart: str, kind: str) -> list[dict[str, Any]]:
    """Return the attributes of every shape of a class; fails where the chart is no XML."""
    return [dict(one.attrib) for one in ElementTree.fromstring(chart).iter() if kind in one.get("class", "").split()]


def test_slots_in_numbers() -> None:
    names = ["image/02", "image/05", "image/02", "image/05", "image/02"]
    one, other = slots_of(names, [0.8, 0.5, 0.9, 0.6, 1.0])
    assert (one.name, one.n, other.name, other.n) == ("image/02", 3, "image/05", 2)
    assert one.mean == pytest.approx(0.9) and one.std == pytest.approx(math.sqrt(0.02 / 3))
    assert other.std == pytest.approx(0.05) and other.last == 0.6


def test_one_record_scatters_around_nothing() -> None:
    [slot] = slots_of(["image/02"], [0.7])
    assert slot.std is None


def test_a_chart_has_a_dot_for_each_record_and_a_band_where_there_is_one() -> None:
    chart = timeline_chart(series([0.9] * 8 + [0.6], band=Baseline(0.9, 0.8, 1.0)), accept=0.55)
    assert len(drawn(chart, "point")) == 9 and len(drawn(chart, "band")) == 9 and len(drawn(chart, "accept")) == 1
    assert [one["cx"] for one in drawn(chart, "out")] == [drawn(chart, "point")[-1]["cx"]]
    ys = [float(one["cy"]) for one in drawn(chart, "point")]
    assert ys[-1] > ys[0], "a lower score stands lower"


def test_a_change_is_marked_between_two_records_with_its_interval() -> None:
    chart = timeline_chart(series([0.9] * 5 + [0.7] * 5, changes=(Change(5, 4, 6, "prompt <new>"),)), accept=0.55)
    [line], [area], dots = drawn(chart, "change"), drawn(chart, "change-area"), drawn(chart, "point")
    assert float(dots[4]["cx"]) < float(line["x1"]) < float(dots[5]["cx"])
    left, right = float(area["x"]), float(area["x"]) + float(area["width"])
    assert float(dots[3]["cx"]) < left < float(dots[4]["cx"]) and float(dots[6]["cx"]) < right < float(dots[7]["cx"])
    assert "prompt &lt;new&gt;" in chart


def test_only_the_newest_records_of_a_long_series_are_drawn_and_they_keep_their_numbers() -> None:
    chart = timeline_chart(series([0.8] * 1000, changes=(Change(10, 9, 11, "long ago"),)), accept=0.55)
    assert len(drawn(chart, "point")) == 400 and "record 1000:" in chart and "record 600:" not in chart
    assert "long ago" not in chart


def test_a_slots_name_is_escaped() -> None:
    chart = timeline_chart(series([0.8, 0.9], ["<script>", '"><b>']), accept=None)
    assert "<script" not in chart and "&lt;script&gt;" in chart
    ElementTree.fromstring(chart)


@given(st.lists(scores, min_size=1, max_size=30), st.one_of(st.none(), scores))
def test_everything_drawn_lies_inside_the_chart(values: list[float], accept: float | None) -> None:
    one = series(values)
    low, high, unit = value_range(one, accept)
    lines = ticks(low, high, unit)
    assert lines[0] == pytest.approx(low) and lines[-1] == pytest.approx(high) and 2 <= len(lines) <= 12
    assert all(low - 1e-6 <= value <= high + 1e-6 for value in values)
    chart = timeline_chart(one, accept=accept)
    root = ElementTree.fromstring(chart)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for dot in drawn(chart, "point"):
        assert 0 <= float(dot["cx"]) <= width and 0 <= float(dot["cy"]) <= height


def test_a_frame_without_a_score_leaves_a_gap() -> None:
    chart = frames_chart([(0.0, 0.9, False), (1.0, 0.8, True), (2.0, None, False), (3.0, 0.9, False)], accept=0.55)
    assert len(drawn(chart, "point")) == 4 and len(drawn(chart, "none")) == 1 and len(drawn(chart, "out")) == 1
    assert len(drawn(chart, "line")) == 1, "one frame alone is no line"
    assert "2.00 s: no score" in chart
    assert "none measured" in frames_chart([(0.0, None, False)], accept=0.55)


def test_key_frames_are_spread_and_hold_the_worst() -> None:
    numbers = [0, 8, 17, 25, 34, 42, 51, 59]
    assert key_frames(numbers, None) == (0, 17, 42, 59)
    assert key_frames(numbers, 25) == (0, 25, 42, 59) and key_frames(numbers, 34) == (0, 17, 34, 59)
    assert key_frames(numbers, 59) == (0, 17, 42, 59) and key_frames([0, 3], 3) == (0, 3) and key_frames([], None) == ()


@given(
    st.tuples(*[st.floats(-200, 1200, allow_nan=False)] * 4),
    st.tuples(st.integers(2, 1000), st.integers(2, 1000)),
)
def test_a_face_is_cut_out_as_a_square_inside_the_picture(
    box: tuple[float, float, float, float], size: tuple[int, int]
) -> None:
    box = (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
    left, top, right, bottom = face_square(box, size)
    assert right - left == bottom - top >= 2
    assert 0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]


def test_a_faces_box_lies_within_its_square() -> None:
    assert face_square((40, 40, 60, 70), (100, 200)) == (28, 32, 73, 77)


def test_ratios_stand_on_a_logarithmic_axis() -> None:
    one = replace(series([0.001, 0.01, 0.1, 0.0], band=Baseline(0.01, 0.005, 0.02)), scale="ratio", resolution=1e-4)
    chart = timeline_chart(one, accept=None)
    ys = [float(dot["cy"]) for dot in drawn(chart, "point")]
    assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2], abs=0.2), "equal factors are equal distances"
    assert ys[3] > ys[0], "nothing is less than the resolution"
    assert len(drawn(chart, "band")) == 4 and "record 2: image/02 0.01, usual 0.005 to 0.02" in chart
    texts = [text.text for text in ElementTree.fromstring(chart).iter() if text.get("text-anchor") == "end"]
    assert {"0.0001", "0.001", "0.01", "0.1"} <= set(texts)
