"""The chart of a share: known answers, what it must find, and what it must not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.detector import Finding
from personaforge.drift.detector.linear import Trend
from personaforge.drift.detector.rate import BELIEVED, rate_chart, threshold_for
from personaforge.drift.detector.rate_finding import find_rate
from personaforge.metrics import CHARTED
from tests.drift.detector.test_drift import POLICY

(FAILED,) = [metric for metric in CHARTED if metric.name == "failed"]


def builds(*failed: int, of: int = 20, first: int = 0) -> list[Record]:
    """Return builds that go through all slots; so many of each fail, spread over the slots by turns."""
    found = []
    for number, count in enumerate(failed, first):
        for slot in range(of):
            value = float((slot + 7 * number) % of < count)
            found.append(Record(value, f"image/{slot:02}", ("head", "bust")[slot % 2], str(number)))
    return found


def judged(records: list[Record], **changed: object) -> Finding:
    return find_rate(records, FAILED, replace(POLICY, **changed))  # type: ignore[arg-type]


def test_the_evidence_is_the_binomial_tail_of_counts_that_are_divided_by_what_units_scatter() -> None:
    """One slot, 2 of 10 before and 5 of 10 since: of seven, five or more lie in a half of the records."""
    records = [Record(float(at % 5 == 0 if at < 10 else at % 2), "a", "s", str(at // 10)) for at in range(20)]
    last = rate_chart(records, threshold=9.0).points[-1]
    k, o = 7 / BELIEVED, 5 / BELIEVED  # two units say nothing of how units scatter
    assert last.up == pytest.approx(-math.log(special.betainc(o, k - o + 1, 0.5)))
    assert last.down == pytest.approx(-math.log(1 - special.betainc(o + 1, k - o, 0.5)))
    assert special.betainc(5, 3, 0.5) == pytest.approx(stats.binom.sf(4, 7, 0.5)), "what the incomplete beta stands for"
    assert last.expected == pytest.approx((6 + 5 * (6.5 / 20)) / 24), "drawn to the share of all before it"


def test_a_rise_is_found_where_it_began_and_kept_while_it_lasts() -> None:
    found = judged(builds(1, 0, 1, 2, 1, 6, 7, 6, 5, 6, 7))
    assert found.verdict is Trend.DEGRADING and found.change is not None and found.size is not None
    assert found.change.low <= 100 <= found.change.high and 80 <= found.change.best <= 110
    assert found.size == pytest.approx(0.25, abs=0.07)
    assert found.reason.startswith("35% of the last 20, more than before: evidence passed ")
    assert not found.points[-1].learned and found.points[99].learned


def test_it_is_over_when_pictures_are_well_again() -> None:
    found = judged(builds(1, 0, 1, 2, 1, 8, 8, 0, 1, 1, 0, 1))
    (alarm,) = found.alarms
    assert found.verdict is Trend.STABLE and alarm.closed is not None and 140 < alarm.closed < 200


def test_few_that_fail_by_chance_are_no_rise_and_one_build_of_many_that_scatter_is_none() -> None:
    assert judged(builds(1, 0, 2, 1, 0, 3, 1, 0, 2)).verdict is Trend.STABLE
    scattered = builds(0, 7, 0, 0, 8, 0, 6, 0, 0, 9, 0, 0, 8)
    assert judged(scattered).alarms == (), "builds fail together here, so another such build is nothing new"
    assert judged([*builds(0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0), *builds(8, first=12)]).verdict is Trend.DEGRADING


def test_slots_that_fail_by_nature_tell_nothing_by_being_built_more_often() -> None:
    rng = np.random.default_rng(5)
    records = []
    for build in range(16):
        hard = 0.2 if build < 8 else 0.8
        for _ in range(20):
            slot = int(rng.integers(4)) if rng.random() < hard else int(rng.integers(4, 20))
            value = float(rng.random() < (0.4 if slot < 4 else 0.01))
            records.append(Record(value, f"image/{slot:02}", "head", str(build)))
    shares = [np.mean([one.value for one in records[:160]]), np.mean([one.value for one in records[160:]])]
    assert shares[1] > shares[0] + 0.12, "the share of all has risen"
    assert judged(records).alarms == ()
    alike = [one._replace(group="image") for one in records]
    assert judged(alike).verdict is Trend.DEGRADING, "and without slots it is a rise"


def test_new_names_for_all_slots_hide_no_rise() -> None:
    after = [one._replace(group=one.group.replace("image", "portrait")) for one in builds(7, 8, 7, first=6)]
    assert judged([*builds(1, 0, 1, 1, 0, 1), *after]).verdict is Trend.DEGRADING


def test_a_slot_that_always_fails_is_named_alone_until_it_is_well() -> None:
    broken = builds(*[0] * 12)
    broken = [one._replace(value=float(one.group == "image/07" and at >= 120)) for at, one in enumerate(broken)]
    found = judged(broken)
    assert found.verdict is Trend.DEGRADING and found.alarms == ()
    assert found.reason.startswith("image/07 alone is off since record 128, the other groups are not (")
    well = [one._replace(value=0.0) for one in builds(*[0] * 8, first=12)]
    assert judged([*broken, *well]).verdict is Trend.STABLE
    never = [one._replace(value=float(one.group == "image/07")) for one in broken]
    assert judged(never).verdict is Trend.STABLE, "one that never did otherwise has not broken"


def test_a_share_that_falls_is_an_improvement_unless_only_the_worse_is_asked_for() -> None:
    records = builds(8, 7, 9, 8, 7, 0, 1, 0, 0)
    assert judged(records).verdict is Trend.IMPROVING
    assert judged(records, sides="worse").verdict is Trend.STABLE


def test_what_is_no_number_counts_nowhere_and_leaves_nothing_known_of_the_newest() -> None:
    records = builds(1, 0, 1, 2, 1)
    found = judged([*records, records[0]._replace(value=math.nan)])
    assert found.verdict is Trend.INSUFFICIENT and "expected a finite number" in found.reason
    assert found.notes[0] == "1 of 101 records are no finite numbers and count nowhere"
    with pytest.raises(ValueError, match="no number among 1 records"):
        judged([records[0]._replace(value=math.nan)])


def test_few_records_say_nothing_and_the_linear_rule_stays_what_it_is() -> None:
    assert judged(builds(1, of=5)).verdict is Trend.INSUFFICIENT
    line = judged(builds(0, 0, 9, 20), method="linear")
    assert line.verdict is Trend.STABLE and "the linear rule" in line.reason, "the last 20 all failed"


def test_the_band_holds_as_many_shares_as_it_says() -> None:
    point = judged(builds(1, 2, 1, 3, 2, 1)).points[-1]
    assert point.expected is not None and point.low is not None and point.high is not None
    law = stats.binom(20, point.expected)
    assert (point.low * 20, point.high * 20) == (law.ppf(0.025), law.ppf(0.975))


def test_rarer_alarms_need_more() -> None:
    assert threshold_for(2_000) - threshold_for(1_000) == pytest.approx(math.log(2))
    assert threshold_for(1_000) - threshold_for(1_000, two_sided=False) == pytest.approx(math.log(2))
