"""What a plan says of results that failed their gate, and of what needs them."""

from __future__ import annotations

from collections.abc import Callable

from personaforge.providers.protocols import Request
from tests.run.conftest import PERSONA, SKIN, Studio, make_studio

__all__ = ["make_studio"]

BLUE = (20, 40, 220)


def turned_away(request: Request) -> tuple[int, int, int]:
    """A turned head shows somebody else."""
    return BLUE if "yaw 20" in str(request.fields["prompt"]) else SKIN


def test_what_was_rejected_is_known_is_not_tried_again_and_blocks_nothing_that_reports_on_it(
    make_studio: Callable[..., Studio],
) -> None:
    strict = PERSONA.replace("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.9, retry_threshold: 0.8")
    studio = make_studio(strict, color=turned_away)
    report = studio.build()
    assert report.nodes["ana/image/03"].end == "rejected"
    states = studio.states()
    assert states["document"] == "cached" and states["sheet"] == "cached"
    node = studio.node("image/03")
    assert node.rejected and node.state == "cached" and node.estimate.calls_max == 0
    # More attempts change the signature, and nothing else: somebody so unlike is rejected for good.
    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 4"))
    again = studio.node("image/03")
    assert again.outcome is not None and again.outcome.status == "rejected" and again.outcome.outputs
    assert again.state == "cached" and again.missing is None and again.estimate.calls_max == 0
    assert not studio.running()


def test_what_needs_a_rejected_anchor_is_blocked_and_says_so(make_studio: Callable[..., Studio]) -> None:
    """Black pictures show no face, so no candidate can be the anchor."""
    studio = make_studio(PERSONA, color=lambda request: (0, 0, 0))
    studio.build(options=None)
    states = studio.states()
    assert {states[name] for name in ("image/02", "image/03", "image/04", "video/wave")} == {"blocked"}
    node = studio.node("image/02")
    assert [(reason.code, reason.text) for reason in node.reasons] == [("needs", "anchor failed its gate")]
    assert node.estimate.calls_max == 0 and not studio.running()
