"""Every branch from a score to a decision."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.digest import canonical
from personaforge.identity.decision import Decision, judge
from personaforge.identity.policy import Mode, Policy
from personaforge.identity.score import Cause, Score, Unmeasured

ACCEPT, RETRY, REJECT = Decision.ACCEPT, Decision.RETRY, Decision.REJECT


def scored(composite: float = 0.8, cosine: float = 0.7, error: float = 0.02, bound: float = 0.08) -> Score:
    return Score(cosine=cosine, error=error, error_bound=bound, composite=composite, faces=1, ratio_set="106")


@pytest.mark.parametrize(
    ("composite", "decision"),
    [
        (1.0, ACCEPT),
        (0.55, ACCEPT),
        (0.549999, RETRY),
        (0.35, RETRY),
        (0.349999, REJECT),
        (0.0, REJECT),
    ],
)
@pytest.mark.parametrize("mode", list(Mode))
def test_thresholds(policy: Policy, composite: float, decision: Decision, mode: Mode) -> None:
    verdict = judge(scored(composite), dataclasses.replace(policy, mode=mode), require_measurement=True)
    assert verdict.decision is decision and verdict.measured
    assert f"{composite:g}" in verdict.reason
    assert canonical(verdict.as_json())


@pytest.mark.parametrize(
    ("score", "strict", "reason"),
    [
        (scored(cosine=0.55, error=0.08), ACCEPT, "is at least 0.55"),
        (scored(cosine=0.549999), RETRY, "cosine 0.549999 is below 0.55"),
        (scored(error=0.080001), RETRY, "geometric error 0.080001 is above 0.08"),
        (scored(error=0.15, bound=0.17), ACCEPT, "is at least 0.55"),
        (scored(cosine=0.5, error=0.5), RETRY, "cosine 0.5 is below 0.55 and geometric error 0.5 is above 0.08"),
        (scored(composite=0.2, cosine=0.5), REJECT, "composite 0.2 is below 0.35"),
    ],
)
def test_strict_mode_asks_of_each_part(policy: Policy, score: Score, strict: Decision, reason: str) -> None:
    verdict = judge(score, dataclasses.replace(policy, mode=Mode.STRICT), require_measurement=True)
    assert verdict.decision is strict and reason in verdict.reason
    lenient = judge(score, policy, require_measurement=True)
    assert lenient.decision is (REJECT if score.composite < 0.35 else ACCEPT)


@pytest.mark.parametrize("cause", list(Cause))
def test_without_a_score(policy: Policy, cause: Cause) -> None:
    nothing = Unmeasured(cause, "for this reason")
    required = judge(nothing, policy, require_measurement=True)
    waived = judge(nothing, policy, require_measurement=False)
    assert not required.measured and not waived.measured
    assert "for this reason" in required.reason and "for this reason" in waived.reason
    candidates = ("no_face", "unreadable", "several", "too_small", "blurred", "turned", "covered")
    if cause in candidates:  # it was looked at, and another attempt may be whole
        assert required.decision is RETRY and waived.decision is RETRY
    else:
        assert required.decision is REJECT and waived.decision is ACCEPT


@given(composite=st.floats(0, 1), more=st.floats(0, 1), cosine=st.floats(0, 1), error=st.floats(0, 2))
def test_more_is_never_worse_and_strict_is_never_kinder(
    composite: float, more: float, cosine: float, error: float
) -> None:
    policy = Policy(Mode.STRICT, 0.55, 0.35, 0.7, 0.3, 0.55, 0.08, 0.30, 0.10, 2.5, 10, 50, 6)
    lenient = dataclasses.replace(policy, mode=Mode.COMPOSITE)
    rank = [REJECT, RETRY, ACCEPT].index
    low, high = sorted((composite, more))

    def decided(value: float, under: Policy) -> int:
        return rank(judge(scored(value, cosine, error), under, require_measurement=True).decision)

    for under in (policy, lenient):
        assert decided(low, under) <= decided(high, under)
    assert decided(composite, policy) <= decided(composite, lenient)
