"""`forge test` decides as a build would now: by the policy in force, over what was measured, and changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from personaforge.checks.results import CheckResult
from personaforge.checks.run import run_checks
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef
from personaforge.testing import ColorAnalyzers
from tests.run.conftest import PERSONA, Studio
from tests.run.test_attempts import FAR, NEAR, by_attempt
from tests.run.test_calibrated import appears

Make = Callable[..., Studio]


class NoPack(ColorAnalyzers):
    """A machine on which nothing can measure."""

    def of(self, settings: Settings) -> AnalyzerRef:
        return AnalyzerRef(None, "there is no pack", "forge models pull permissive")


def images(studio: Studio, *overrides: str) -> CheckResult:
    with studio.open() as space:
        return next(one for one in run_checks(space, ["ana"], overrides=overrides).checks if one.name == "images")


def test_p_same_decides_in_checks_where_it_decides_in_builds(make_studio: Make) -> None:
    studio = make_studio(color=by_attempt(NEAR))
    appears(studio, 20.0)
    studio.build()
    high = images(studio, "identity.accept_threshold=0.99")
    assert (high.result, high.expected) == ("pass", "passing_rate == 1 over images"), "the composite decides nothing"
    assert high.judged.found.startswith("1 (3 of 3); lowest P(same) 0.9") and "composite" not in high.judged.found
    appears(studio, -8.0)  # at cosine 1 the log ratio is 2, and P(same) .88: near ones are above the bound, .58 or so
    found = images(studio)
    assert found.result == "pass" and float(found.judged.found.rpartition(" ")[2]) < 0.9
    appears(studio, -60.0)
    found = images(studio)
    (first, *_), number = found.judged.rows, found.judged.number
    assert (found.result, number) == ("fail", 0) and found.judged.found.startswith("0 (0 of 3); lowest P(same) 0.0")
    assert first.why.startswith("REJECT by the policy calibrated: P(same) 0.0") and first.value == pytest.approx(
        0.0274, abs=1e-4
    )
    assert first.why.endswith("; it was accepted before, and stays")
    assert images(studio, "identity.policy=composite").judged.found == "1 (3 of 3); lowest composite 0.939579"


def test_what_was_accepted_stays_whatever_a_check_says(make_studio: Make) -> None:
    studio = make_studio()
    studio.build()
    lock, calls = studio.lock.read_bytes(), studio.calls()
    appears(studio, -60.0)
    assert images(studio).result == "fail", "what the new rules would decide"
    assert not studio.plan().has_changes
    studio.build()
    assert studio.lock.read_bytes() == lock and studio.calls() == calls


def test_every_policy_and_gate_is_followed(make_studio: Make) -> None:
    studio = make_studio(color=by_attempt(NEAR))
    studio.build()
    assert images(studio).judged.found == "1 (3 of 3); lowest composite 0.939579"
    found = images(studio, "identity.accept_threshold=0.95")
    (row,) = found.judged.rows
    assert (row.node, row.value) == ("image/02", 0.939579) and row.hint == "forge build ana --force image/02"
    assert row.why.startswith("RETRY by the policy composite: composite 0.939579 is below 0.95, from 0.35 up")
    (row,) = images(studio, "identity.policy=strict", "identity.embedding.min_cosine=0.99").judged.rows
    assert "RETRY by the policy strict: composite 0.939579 passes, but cosine" in row.why
    (row,) = images(
        studio, "identity.weights={embedding: 0.9, geometric: 0.1}", "identity.accept_threshold=0.93"
    ).judged.rows
    assert "composite 0.922" in row.why, "weighted as now, not as when it was built"
    clips = studio_clips(studio, "identity.accept_threshold=1")
    assert clips.judged.rows[0].why.startswith("RETRY by the policy composite: composite 0.9999")


def studio_clips(studio: Studio, *overrides: str) -> CheckResult:
    with studio.open() as space:
        return next(one for one in run_checks(space, ["ana"], overrides=overrides).checks if one.name == "clips")


def test_what_failed_its_gate_fails_and_passes_once_the_gate_allows_it(make_studio: Make) -> None:
    studio = make_studio(
        PERSONA.replace("max_attempts: 3", "max_attempts: 1, accept_threshold: 0.7"), color=by_attempt(FAR)
    )
    studio.build()
    (row,) = images(studio).judged.rows
    assert row.why.startswith("RETRY by the policy composite: composite 0.5") and "accepted before" not in row.why
    assert images(studio, "identity.accept_threshold=0.5").result == "pass"


def test_without_a_measurement_the_last_judgement_stands(make_studio: Make) -> None:
    """A clone has the lock and no store: what another machine measured isn't judged by other rules there."""
    studio = make_studio()
    studio.build()
    shutil.rmtree(studio.root / ".forge")
    studio.analyzers = NoPack()
    studio.build()
    found = images(studio)
    assert found.result == "pass" and found.judged.found == "1 (3 of 3); lowest composite 1"
