"""How records become a timeline: which are compared with which, against which anchor, and under which weights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from personaforge.drift.timelines import (
    Entry,
    MeasuredBy,
    _against_one_anchor,
    _followed,
    _framing,
    _group,
    _Row,
    _values,
)
from personaforge.metrics import CHARTED
from personaforge.spec.settings import Settings
from tests.plan.lab import Lab, lab
from tests.run.conftest import PERSONA

FACE, VIDEO = CHARTED[0], CHARTED[1]
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
ONE, OTHER = MeasuredBy("buffalo_s", "1", "auto", "1"), MeasuredBy("buffalo_l", "2", "auto", "1")


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("rows")) as opened:
        yield opened


@pytest.fixture(scope="module")
def settings(open_lab: Lab) -> Settings:
    return open_lab.load(PERSONA).settings


def row(value: float = 0.9, *, day: int = 0, step: str = "image", slot: str = "02", **fields: object) -> _Row:
    entry = Entry(BEGAN + timedelta(days=day), f"{step}/{slot}", slot, "b", "a" * 64)
    return _Row(FACE, ONE, "anchor", (), value, None, None, step, entry)._replace(**fields)  # type: ignore[arg-type]


def test_composites_of_other_weights_are_made_again_under_the_present_ones(settings: Settings) -> None:
    """0.7 of the cosine and 0.3 of one minus the error, which is clamped to [0, 1]."""
    assert settings.value("identity.weights") == {"embedding": 0.7, "geometric": 0.3}
    now = [row(0.86, cosine=0.8, error=0.0), row(0.7 * 0.8 + 0.3 * 0.9, cosine=0.8, error=0.1)]
    assert _values(now, settings) == ((0.86, 0.83), ())
    mixed = [*now, row(0.8, cosine=0.8, error=0.5), row(0.9, cosine=0.5, error=1.5)]
    again, notes = _values(mixed, settings)
    assert again == pytest.approx((0.86, 0.83, 0.71, 0.35))
    assert notes == ("identity.weights changed: composites were made again under the present ones",)
    near = [row(0.86 + 1.5e-6, cosine=0.8, error=0.0)]
    assert _values(near, settings) == ((0.86 + 1.5e-6,), ()), "as near as rounding"


def test_a_clips_composite_may_be_larger_than_its_means_make_it_and_a_pictures_may_not(settings: Settings) -> None:
    """A clip's errors are clamped frame by frame."""
    larger, smaller = row(0.88, cosine=0.8, error=0.0), row(0.84, cosine=0.8, error=0.0)
    assert _values([larger._replace(metric=VIDEO)], settings) == ((0.88,), ())
    assert _values([larger], settings)[0] == (0.86,)
    assert _values([smaller._replace(metric=VIDEO)], settings)[0] == (0.86,)


def test_what_lacks_a_part_or_has_none_stays_as_it_is(settings: Settings) -> None:
    for lacking in (row(0.5, cosine=0.8), row(0.5, error=0.1)):
        assert _values([row(0.9, cosine=0.8, error=0.5), lacking], settings) == ((0.9, 0.5), ())
    other = next(metric for metric in CHARTED if metric.name == "cosine_std")
    assert _values([row(0.5, cosine=0.8, error=0.5, metric=other)], settings) == ((0.5,), ())


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        ("slot", ("image/03", "headshot")),
        ("pose", ("headshot turned", "headshot")),
        ("framing", ("headshot", "headshot")),
        ("none", ("", "")),
    ],
)
def test_with_what_a_record_is_compared(settings: Settings, baseline: str, expected: tuple[str, str]) -> None:
    """Whose mean, and whose spread: with no baseline all records are alike."""
    assert _group(row(slot="03"), settings, baseline) == expected


@pytest.mark.parametrize(
    ("step", "slot", "expected"),
    [
        ("image", "02", ("headshot", "frontal")),
        ("image", "03", ("headshot", "turned")),
        ("image", "04", ("full", "frontal")),
        ("reference", "grin", ("headshot", "frontal")),
        ("video", "wave", ("bust", "")),
        ("image", "99", ("", "")),
        ("gone", "02", ("", "")),
    ],
)
def test_how_a_slot_is_framed(settings: Settings, step: str, slot: str, expected: tuple[str, str]) -> None:
    assert _framing(row(step=step, slot=slot), settings) == expected


def test_records_are_held_against_the_pinned_anchor_or_else_the_newest_rows() -> None:
    rows = [row(1, anchor="old"), row(2, anchor="new"), row(3, anchor="old", references=("r",)), row(4, anchor="new")]
    assert [one.value for one in _against_one_anchor(rows, "old")] == [3], "and of those the newest reference set's"
    assert [one.value for one in _against_one_anchor(rows, "new")] == [2, 4]
    assert [one.value for one in _against_one_anchor(rows, "never measured")] == [2, 4]


def test_who_measured_before_is_the_last_of_those_that_had_begun_before() -> None:
    third = MeasuredBy("antelope", "3", "auto", "1")
    rows = [row(day=5, measured_by=third), row(day=9, measured_by=third)]
    before = {
        (FACE, ONE): [row(day=1), row(day=6)],
        (FACE, OTHER): [row(day=2, measured_by=OTHER), row(day=4, measured_by=OTHER)],
        (FACE, third): rows,
    }
    assert _followed(before, FACE, rows) == ONE, "it measured last, though it began first"
    assert _followed({(FACE, third): rows}, FACE, rows) is None
    late = {(FACE, ONE): [row(day=5), row(day=6)], (FACE, third): rows}
    assert _followed(late, FACE, rows) is None, "they began together"
    assert _followed(before, VIDEO, rows) is None
