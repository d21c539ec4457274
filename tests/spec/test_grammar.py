"""Assertions: what each says, and where one that can't be read goes wrong."""

from __future__ import annotations

import pytest

from personaforge.drift.detector.linear import Trend
from personaforge.metrics import CHARTED
from personaforge.spec.grammar import Condition, DriftAssertion, FigureAssertion, Scope, Unreadable, parse_assertion
from personaforge.spec.kinds import KINDS
from personaforge.spec.measures import SCOPES, TIMELINES, VERDICTS
from personaforge.steps.table import step_kind


def figure(text: str) -> FigureAssertion:
    found = parse_assertion(text)
    assert isinstance(found, FigureAssertion)
    return found


def test_the_vocabulary_is_that_of_the_parts_it_speaks_of() -> None:
    assert [(metric.timeline, metric.name) for metric in CHARTED] == [
        (modality, metric) for modality, metrics in TIMELINES.items() for metric in metrics
    ]
    assert set(VERDICTS) == {str(verdict) for verdict in Trend}
    assert {kind.scope for kind in KINDS.values()} - {""} == SCOPES.keys()
    for kinds in ([kind.name for kind in KINDS.values() if kind.scope == scope] for scope in SCOPES):
        assert all(step_kind(kind).name == kind for kind in kinds)


def test_a_figure_over_what_stands_now() -> None:
    assert figure("min(composite) >= 0.55 over images") == FigureAssertion(
        "min", "composite", ">=", 0.55, Scope("images"), (), "min(composite) >= 0.55 over images"
    )


@pytest.mark.parametrize(
    ("text", "bound"),
    [("55%", 0.55), ("55 %", 0.55), (".5", 0.5), ("1", 1.0), ("1e-3", 0.001), ("0.070%", 0.0007)],
)
def test_bounds(text: str, bound: float) -> None:
    assert figure(f"p5(cosine)<{text} over all clips") == FigureAssertion(
        "p5", "cosine", "<", bound, Scope("clips", every=True), (), f"p5(cosine)<{text} over all clips"
    )


def test_conditions_narrow_a_scope() -> None:
    found = figure("mean(error)<=0.1  over\n images where slot in (01, 'a b') and tier != identity")
    assert found.conditions == (Condition("slot", False, ("01", "a b")), Condition("tier", True, ("identity",)))
    assert found.text == "mean(error)<=0.1 over images where slot in (01, 'a b') and tier != identity"


def test_what_goes_without_saying() -> None:
    assert figure("acceptance_rate >= 0.9").scope == Scope("", every=True), "of every attempt"
    assert figure("acceptance_rate >= 0.9 over images").scope == Scope("images", every=True)
    assert figure("measured_rate == 1").scope == Scope("")
    assert figure("min(score) >= 3 ").scope == Scope("texts"), "only texts have it"
    assert figure("min(composite) >= 0 over portrait").scope == Scope("portrait"), "a step, which the spec looks up"


def test_verdicts() -> None:
    assert parse_assertion("drift.face != degrading") == DriftAssertion(
        "face", "", True, ("degrading",), "drift.face != degrading"
    )
    found = parse_assertion("drift.video.cosine_std in (stable, improving)")
    assert isinstance(found, DriftAssertion)
    assert (found.metric, found.negated, found.verdicts) == ("cosine_std", False, ("stable", "improving"))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("mim(cosine) > 0 over images", "found 'mim' at character 1, expected a function or a rate", "mean min?"),
        ("min(cosin) > 0 over images", "found 'cosin' at character 5, expected a measure", "mean cosine?"),
        ("min(cosine > 0 over images", "found '>' at character 12, expected `)`", ""),
        ("cosine > 0.2 over images", "found 'cosine' at character 1, expected a function around", "min(cosine)"),
        ("min(cosine) => 0.2 over images", "found '=>' at character 13, expected an operator", "mean >=?"),
        ("min(cosine) = 0.2 over images", "found '=' at character 13", "mean ==?"),
        ("min(cosine) > high over images", "found 'high' at character 15, expected a number", "0.55 or 55%"),
        ("min(cosine) > '0.2' over images", "found '0.2' at character 15, expected a number", ""),
        ("min(cosine) > 55 over images", "found 55 at character 15, but cosine is 0 to 1", "55% is 0.55"),
        ("min(error) > -1 over images", "found -1 at character 14, but error is 0 and more", ""),
        ("min(cosine) > 0.2", "doesn't say what cosine is taken over", "add `over images`"),
        ("min(cosine) > 0.2 over", "ends after 'min(cosine) > 0.2 over', expected a scope", ""),
        (
            "min(flicker) > 0.2 over images",
            "found 'images' at character 25, expected a scope that has flicker",
            "clips",
        ),
        ("min(cosine) > 0.2 over images where color = x", "found 'color' at character 37, expected a field", "slot"),
        ("min(cosine) > 0.2 over all images where status = x", "found 'status' at character 41", "decision"),
        ("min(cosine) > 0.2 over images where slot = a or slot = b", "found 'or' at character 46, expected `and`", ""),
        ("min(cosine) > 0.2 over images; drop table x", "found ';' at character 30", "quote"),
        ("drift.fase != degrading", "found 'drift.fase' at character 1, expected a timeline", "mean drift.face?"),
        ("drift.face != falling", "found 'falling' at character 15, expected a verdict", "improving, stable"),
        ("drift.face > 0.5", "found '>' at character 12, expected `==`, `!=` or `in`", ""),
        ("drift", "found 'drift' at character 1, expected a timeline", ""),
        ("  ", "is empty", "over images"),
        ("__import__('os').system('true')", "found '__import__' at character 1", ""),
    ],
)
def test_what_cant_be_read_says_where(text: str, message: str, hint: str) -> None:
    with pytest.raises(Unreadable) as error:
        parse_assertion(text)
    assert message in error.value.message and hint in error.value.hint, (error.value.message, error.value.hint)
