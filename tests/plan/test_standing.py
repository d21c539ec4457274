"""Under what a result is accepted: forge's own part, the user's part of the request, and the user's gates."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from personaforge import __version__
from personaforge.plan.standing import _by_lock_names, forge_part, only_judges, same_wish
from personaforge.steps.standing import Standing
from tests.plan.lab import Lab, lab, undone
from tests.run.conftest import PERSONA


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("standing"), "all") as opened:
        yield opened


def standing(built: Lab, name: str, persona: str = PERSONA) -> Standing:
    resolver = built.resolver(persona)
    return resolver.standing(resolver.plan.shape.by_name[name])


def edited(old: str, new: str) -> str:
    assert old in PERSONA
    return PERSONA.replace(old, new)


def test_forges_part_is_its_version_and_eight_digits_of_what_makes_a_node(built: Lab) -> None:
    shape = built.planned().personas[0].shape.by_name["image/02"]
    one = forge_part(shape, ["scripted@1"])
    assert re.fullmatch(re.escape(__version__) + r"\+[0-9a-f]{8}", one) and one == forge_part(shape, ["scripted@1"])
    assert one != forge_part(shape, ["scripted@2"]) and one != forge_part(shape, [])
    anchor = built.planned().personas[0].shape.by_name["anchor"]
    assert one != forge_part(anchor, ["scripted@1"])
    assert standing(built, "image/02").forge == one


PERSONA_OF_STEPS = (
    PERSONA.replace("{", "{{")
    .replace("}", "}}")
    .replace("pipeline: small\n", "pipeline: {{steps: {{{}}}}}\n")
    .replace("defaults: [", "defaults: [{{override /pipeline: small}}, ")
)


@pytest.mark.parametrize(
    ("name", "persona", "request_changes", "gates_change"),
    [
        ("image/02", PERSONA, False, False),
        ("image/02", edited("seed: 3", "seed: 4"), True, False),
        ("image/02", edited("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.6"), False, True),
        ("image/02", edited("brief: A calm", "brief: A loud"), False, False),
        ("image/02", PERSONA + "description: words for people\n", False, False),
        ("image/02", PERSONA + "quality: {sharpness: {min_ratio: 0.1}}\n", False, False),
        ("video/wave", PERSONA + "quality: {sharpness: {min_ratio: 0.1}}\n", False, True),
        ("soul", edited("brief: A calm", "brief: A loud"), True, False),
        ("soul", edited("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.6"), False, False),
        ("anchor", edited("candidates: 2", "candidates: 3"), True, False),
        # A review reads itself and the steps that it reviews, and no other.
        ("audit", PERSONA_OF_STEPS.format("soul: {temperature: 0.9}"), True, False),
        ("audit", PERSONA_OF_STEPS.format("audit: {temperature: 0.9}"), True, False),
        ("audit", PERSONA_OF_STEPS.format("image: {model: other}"), False, False),
    ],
)
def test_what_of_the_users_shapes_a_result_and_what_decides_about_it(
    built: Lab, name: str, persona: str, request_changes: bool, gates_change: bool
) -> None:
    before, now = standing(built, name), standing(built, name, persona)
    assert (before.request != now.request, before.gates != now.gates) == (request_changes, gates_change)


def test_what_is_pinned_behind_a_request_is_a_part_of_its_own(built: Lab) -> None:
    """The wish is the same, and what it is made from is another."""
    before = standing(built, "image/02")
    with undone(built.studio.root):
        pin = built.planned().personas[0].lock.pin("anchor")
        assert pin is not None
        (digest,) = pin.outputs.values()
        built.studio.lock.write_text(built.studio.lock.read_text().replace(digest, "b" * 64))
        now = standing(built, "image/02")
    assert before.request != now.request and same_wish(before.request, now.request)
    assert not same_wish(before.request, standing(built, "image/02", edited("seed: 3", "seed: 4")).request)


def test_the_rules_are_told_to_people(built: Lab) -> None:
    rules = dict(standing(built, "image/02").rules or {})
    assert len(rules.pop("delivered")) == 8, "the digest of what was asked beside the person"
    assert rules == {"policy": "composite", "accept": 0.55, "retry": 0.35}
    assert standing(built, "soul").rules == {} and standing(built, "audit").rules == {"accept": 3.5}
    assert standing(built, "profile") == Standing(), "what is not pinned is accepted under nothing"


@pytest.mark.parametrize(
    ("path", "judges"),
    [
        ("identity.accept_threshold 0.55 is now 0.6", True),
        ("identity", True),
        ("quality.sharpness", True),
        ("pipeline.steps.audit.threshold", True),
        ("pipeline.steps.soul.retries", True),
        ("pipeline.steps.soul.rounds", True),
        ("pipeline.steps.soul.template", False),
        ("pipeline.threshold", False),
        ("image.width", False),
        ("identityless", False),
    ],
)
def test_which_settings_only_judge(path: str, judges: bool) -> None:
    assert only_judges(path) is judges


def test_a_renamed_step_has_written_what_it_had_under_its_old_name() -> None:
    """A name is no content: neither the step's own, nor where another step names it as its source."""
    written = {
        "pipeline.steps.photo.model": "photo",
        "pipeline.steps.gloss.source": "photo",
        "pipeline.steps.soul.source": 5,
        "pipeline.steps": "photo",
        "image.source": "photo",
    }
    assert _by_lock_names(written, {"photo": "image", "gloss": "finish"}) == {
        "pipeline.steps.image.model": "photo",
        "pipeline.steps.finish.source": "image",
        "pipeline.steps.soul.source": 5,
        "pipeline.steps": "photo",
        "image.source": "photo",
    }
