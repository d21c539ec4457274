"""A verdict and the probability beside it agree, on every page and in every table."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from personaforge.identity.calibration import Calibration
from personaforge.identity.decision import Decision, judge
from personaforge.identity.policy import Calibrated, Mode, Policy, calibrated
from personaforge.identity.score import Score
from personaforge.report.card import print_card
from personaforge.report.verdict import Bound, Shown, bound_of, noted_bound, share_of, shown
from personaforge.workspace.calibrations import OURS
from personaforge.workspace.shown import built_document, with_decisions
from tests.report.test_pages import page_of
from tests.run.conftest import Studio
from tests.run.test_attempts import NEAR, by_attempt
from tests.run.test_calibrated import appears

PRIORS, FARS, BANDS = (0.05, 0.5, 0.95), (0.01, 0.001), ((0.1, 0.5), (0.3, 0.9))


def policies() -> list[tuple[Policy, Calibrated]]:
    """The development pack's calibration at several priors, rates and bands, and with few people's narrow ends."""
    found = Calibration.from_json(orjson.loads((OURS / "buffalo_s_dev.json").read_bytes())).weights
    assert found is not None
    made = []
    for prior, far, band, ends in itertools.product(PRIORS, FARS, BANDS, ((found.least, found.most), (-1.0, 1.0))):
        weights = replace(found, prior=prior, least=ends[0], most=ends[1])
        bounds = calibrated(weights, {"far": far, "retry": band}, "calibration/a.json")
        if not isinstance(bounds, str):
            policy = Policy(
                Mode.CALIBRATED, 0.55, 0.35, 0.7, 0.3, 0.55, 0.08, 0.30, 0.10, 2.5, 10, 50, 6, calibrated=bounds
            )
            made.append((policy, bounds))
    return made


def scores(bounds: Calibrated) -> list[Score]:
    """Log ratios over all that there is, and to the last digit around each bound."""
    steps = [one / 4 for one in range(-60, 61)]
    ends = (bounds.accept, bounds.retry, bounds.weights.least, bounds.weights.most)
    steps += [
        round(end + off, 6) for end in ends if abs(end) < 99 for off in (-1e-3, -1e-5, -1e-6, 0, 1e-6, 1e-5, 1e-3)
    ]
    weights = bounds.weights
    return [
        Score(0.6, 0.05, 0.08, 0.7, 1, "106", log_ratio=one, probability=weights.at(one),
              probability_low=weights.at(one - 1), probability_high=weights.at(one + 1))
        for one in steps
    ]  # fmt: skip


def test_no_verdict_is_shown_beside_a_probability_that_contradicts_it() -> None:
    seen = 0
    for policy, bounds in policies():
        bound = bound_of(bounds, "a" * 64)
        for score in scores(bounds):
            judged = judge(score, policy, require_measurement=True)
            found = shown(score.as_json(), judged.decision.value, bound, bound)
            number = float(found.share.split()[0])
            assert (found.by, found.note) == ("P(same)", "")
            if judged.decision is Decision.ACCEPT:
                assert number >= bounds.accept_share, (score, judged, found)
            elif score.probability is not None and score.probability < bounds.accept_share:
                assert number < bounds.accept_share, (score, judged, found)
            else:  # the ends of few people: the log ratio is told apart, and the sentence says so
                assert "but its log ratio" in judged.reason
            said = re.fullmatch(r"P\(same\) (\S+) is below (\S+?),? ?(?:from .*)?", judged.reason)
            assert said is None or float(said[1]) < float(said[2]), judged.reason
            seen += 1
    assert seen > 1_500


@pytest.mark.parametrize("share", [0.0274, 0.3, 0.49999, 0.5, 0.578578, 0.57858, 0.9995])
@pytest.mark.parametrize("accept", [0.5, 0.578579, 0.9])
def test_an_accept_beside_a_lower_number_is_never_shown_as_decided_by_it(share: float, accept: float) -> None:
    """Also of a record that contradicts itself, and of what an earlier forge accepted under a lower bound."""
    facts = {"composite": 0.7, "probability": share, "probability_low": share, "probability_high": share}
    now = Bound(accept, "a" * 16)
    found = shown(facts, "ACCEPT", now, now)
    assert (found.by == "P(same)") is (share >= accept) and bool(found.share) is (share >= accept)
    earlier = shown(facts, "ACCEPT", Bound(0.01, "a" * 16), now)
    assert earlier.share and bool(earlier.note) is (share < accept)
    assert share >= accept or earlier.note == "accepted earlier, from 0.01 up; by the rules of now it would not be"
    assert shown(facts, "ACCEPT", Bound(0.01, "b" * 16), now).note == "by an earlier calibration, from 0.01 up"


def test_no_probability_is_shown_as_certain() -> None:
    assert share_of(0.999512, (0.99951, 0.999999), 0.5) == "0.9995 (0.9995 to 0.999999)"
    assert share_of(0.000012, (0.0, 0.0004), 0.5) == "0.00001 (0.000000 to 0.0004)"
    assert share_of(0.49996, None, 0.5) == "0.499960" and share_of(0.50004, None, 0.5) == "0.500"


def test_where_the_composite_decides_it_is_said() -> None:
    why = "a head's yaw is 49 degrees, and the calibration was fitted up to 45 degrees"
    assert shown({"composite": 0.7, "no_probability": why}, "ACCEPT", None, None) == Shown("composite", "", why)
    assert shown({"composite": 0.7}, "ACCEPT", None, None) == Shown("composite")
    assert shown({}, "RETRY", None, None) == Shown()
    assert noted_bound({"policy": "composite", "accept": 0.55}) is None


def test_page_card_and_attempts_show_p_same_with_its_interval(
    make_studio: Callable[..., Studio], capsys: pytest.CaptureFixture[str]
) -> None:
    studio = make_studio(color=by_attempt(NEAR))
    appears(studio, -4.0)
    studio.build()
    text = page_of(studio).text
    shares = re.findall(r"P\(same\) (0\.\d+) \((0\.\d+) to (0\.\d+)\)", text)
    assert len(shares) >= 3 and all(float(low) <= float(one) <= float(high) for one, low, high in shares)
    assert "Pictures are accepted from P(same)" in text
    bound = float(re.findall(r"accepted from P\(same\) ([\d.]+),", text)[0])
    assert all(float(one) >= bound for one, _, _ in shares)
    with studio.open() as space:
        (loaded,) = space.load("ana")
        document = with_decisions(space, loaded, built_document(space, loaded))
    entry = document["artifacts"]["image/03"]
    assert entry["accepted_from"] == pytest.approx(bound) and entry["probability_low"] <= entry["probability"]
    print_card(document, Bound(0.9999, entry["calibration"]))
    card = " ".join(capsys.readouterr().out.split())
    assert f"{entry['probability']:.3f} (" in card
    assert "P(same) accepted earlier, from" in card and "by the rules of now it would not be" in card


def test_of_heads_turned_farther_than_the_pairs_plan_and_page_say_that_the_composite_decides(
    make_studio: Callable[..., Studio],
) -> None:
    studio = make_studio()
    appears(studio, 20.0)
    data = orjson.loads((studio.root / "calibration/colors.json").read_bytes())
    data["weights"]["range"]["yaw"] = 15.0
    (studio.root / "calibration/colors.json").write_bytes(orjson.dumps(data))
    said = (
        "Of ana the composite will decide about image/03 if it comes as asked (a yaw of 20 degrees, and the pairs "
        "reach 15): calibration/colors.json gives no P(same) of heads turned so far"
    )
    assert said in studio.plan().notices
    data["weights"]["range"]["yaw"] = -1.0  # everything comes straight ahead here
    (studio.root / "calibration/colors.json").write_bytes(orjson.dumps(data))
    studio.build()
    assert said not in studio.plan().notices, "nothing is to be judged"
    assert "The composite decides, no P(same): a head's yaw is 0 degrees" in page_of(studio).text


def test_the_evaluations_last_line_says_what_decided() -> None:
    from dataclasses import replace as changed
    from types import SimpleNamespace
    from typing import Any

    from personaforge.identity.policy import Mode
    from personaforge.identity.score import Cause, Score, Unmeasured
    from personaforge.report.evaluation.console import _decided_by

    def of(*scores: Any) -> Any:
        shares = (None if isinstance(one, Unmeasured) else one.probability for one in scores)
        return SimpleNamespace(
            pictures=[SimpleNamespace(clip=None, score=a, probability=b) for a, b in zip(scores, shares, strict=True)]
        )

    by_composite = Score(0.5, 0.1, 0.08, 0.6, 1, "106", no_probability="it leans")
    by_share = changed(by_composite, probability=0.9, log_ratio=3.0)
    nothing = Unmeasured(Cause.NO_FACE, "no face was found")
    for scores, said in (
        ((nothing,), "No picture has a score; the policy calibrated is in force."),
        ((by_share, nothing), "Pictures are judged by the policy calibrated."),
        ((by_composite,), "Pictures are judged by the composite: the policy calibrated has no P(same) for any."),
        (
            (by_share, by_composite),
            "Pictures are judged by the policy calibrated, 1 of 2 by the composite as they have no P(same).",
        ),
    ):
        assert _decided_by(of(*scores), Mode.CALIBRATED) == said
    assert _decided_by(of(by_composite), Mode.STRICT) == "Pictures are judged by the policy strict."
