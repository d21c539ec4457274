"""What nothing here can measure is judged by no other rules than those that the lock says it was accepted under."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from personaforge.errors import PlanError
from personaforge.steps.context import AnalyzerRef
from personaforge.steps.standing import judged_elsewhere
from personaforge.store.lockfile import Pin
from personaforge.testing import ColorAnalyzers
from tests.run.conftest import PERSONA, Studio
from tests.run.test_attempts import NEAR, by_attempt
from tests.run.test_calibrated import appears
from tests.run.test_pins import pins

OTHER = ("identity.pack=permissive",)
LENIENT = (*OTHER, "identity.accept_threshold=0.5", "identity.retry_threshold=0.1")


class Nobody(ColorAnalyzers):
    def of(self, settings: Any) -> AnalyzerRef:
        return AnalyzerRef(None, "there is no pack permissive", "forge models pull permissive")


@pytest.mark.parametrize("rules", [OTHER, LENIENT, (*LENIENT, "identity.policy=strict")])
def test_scores_by_another_pack_are_not_judged_by_the_rules_of_one_that_is_not_here(
    make_studio: Callable[..., Studio], rules: tuple[str, ...]
) -> None:
    studio = make_studio()
    appears(studio, 20.0)
    studio.build()
    before = studio.lock.read_bytes()
    assert {pins(studio)[name]["under"]["policy"] for name in ("image/02", "image/03")} == {"calibrated"}  # type: ignore[index]
    studio.analyzers = Nobody()
    studio.forget()
    plan = studio.plan(overrides=rules)
    assert not plan.has_changes and plan.notices[:2] == (
        "Faces are not measured here: there is no pack permissive. forge models pull permissive",
        "4 gates of ana can't be measured here: what the lock has, measured with colors, stays as it was accepted, and "
        "isn't judged by other rules",
    )
    with pytest.raises(PlanError, match="another take of ana/image/02 is not made, since it could not be judged: no"):
        studio.plan(overrides=rules, force=("image/02",))
    another = studio.plan(overrides=(*rules, "identity.require_measurement=false"), force=("image/02",))
    assert [node.state for node in another.nodes() if node.id == "ana/image/02"] == ["run"]
    assert another.notices[1].startswith("3 gates of ana "), "of what is made anew nothing stays"
    studio.build(overrides=rules)
    assert studio.lock.read_bytes() == before and studio.calls() == 0
    assert studio.plan(overrides=rules).notices == plan.notices, "said again while it is so"
    studio.analyzers = ColorAnalyzers()
    studio.build()
    assert studio.lock.read_bytes() == before and studio.calls() == 0


def test_nothing_that_the_old_pack_turned_away_is_accepted_by_the_rules_of_one_that_is_not_here(
    make_studio: Callable[..., Studio],
) -> None:
    strict = PERSONA.replace("max_attempts: 3", "max_attempts: 1, accept_threshold: 0.99")
    studio = make_studio(strict, color=by_attempt(NEAR))
    studio.build()
    # As a picture stands there that shipped although no attempt had passed.
    line = next(one for one in studio.lock.read_text().splitlines() if one.startswith("  image/03: "))
    flagged = line.replace('"decision":"ACCEPT"', '"decision":"RETRY"').replace('"accepted"', '"flagged"')
    studio.edit("personas/ana.lock.yaml", (line, flagged))
    before = pins(studio)
    assert before["image/03"]["status"] == "flagged" and "image/02" not in before
    studio.analyzers = Nobody()
    studio.build(overrides=LENIENT)
    assert studio.states(overrides=LENIENT)["image/02"] == "blocked" and pins(studio) == before
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["artifacts"]["image/03"]["status"] == "flagged" and document["rejected"] == [
        "image/02",
        "video/wave",
    ]
    studio.build(overrides=LENIENT[1:])
    assert pins(studio)["image/03"]["status"] == "accepted", "by the same pack's scores it passes"


def test_a_calibration_that_is_to_decide_judges_nothing_where_its_pack_is_not_here(
    make_studio: Callable[..., Studio],
) -> None:
    """Without the pack nobody knows which calibration applies; the composite must not take its place."""
    studio = make_studio()
    appears(studio, 20.0)
    studio.build()
    before = pins(studio)
    studio.analyzers = Nobody()
    far = ("identity.calibrated.far=0.01", "identity.accept_threshold=0.999")
    studio.build(overrides=far)
    after = pins(studio)
    assert [after[f"image/0{slot}"] == before[f"image/0{slot}"] for slot in (2, 3, 4)] == [True] * 3
    wave: Any = after["video/wave"]["under"]
    assert wave["accept"] == 0.999, "a clip is judged by the composite, which the lock has"
    studio.build(overrides=("identity.policy=composite",))
    under: Any = pins(studio)["image/02"]["under"]
    assert under["policy"] == "composite", "the user asks for the composite, which the scores have"


@pytest.mark.parametrize(
    ("by", "policy", "pack", "asked", "elsewhere"),
    [
        ("buffalo_l 0a1b", "composite", "buffalo_l", "auto", False),
        ("buffalo_l 0a1b", "composite", "auto", "auto", False),
        ("embedded 0a1b", "composite", "auto", "auto", True),
        ("buffalo_l 0a1b", "composite", "permissive", "composite", True),
        ("buffalo_l 0a1b", "calibrated", "buffalo_l", "auto", True),
        ("buffalo_l 0a1b", "calibrated", "buffalo_l", "composite", False),
        ("", "composite", "permissive", "auto", False),
    ],
)
def test_when_the_locks_scores_cannot_be_judged_here(
    by: str, policy: str, pack: str, asked: str, elsewhere: bool
) -> None:
    facts = {"measured": True, "composite": 0.6, **({"measured_by": by} if by else {})}
    pin = Pin(key="k", outputs={"image": "d"}, media={"image": "image/png"}, facts=facts, under={"policy": policy})
    assert judged_elsewhere(pin, pack, asked) is elsewhere
    assert not judged_elsewhere(pin._replace(facts={**facts, "measured": False}), pack, asked)
