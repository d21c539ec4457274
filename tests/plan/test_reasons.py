"""The words of a plan's reasons: what a node depended on is compared with what it depends on now."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.leaves import text_diff
from personaforge.plan.plan import Reason
from personaforge.plan.reasons import (
    analyzer_change,
    changes,
    leaves,
    part_changes,
    restore_reasons,
    shown_change,
)

BEFORE: dict[str, Any] = {
    "code": "image@1",
    "settings": {"image.width": 64, "identity": {"max_attempts": 3, "video": {"frames": 8}}},
    "templates": {"image.j2": "a", "parts/light.j2": "b"},
    "provider": "fal@1",
    "analyzer": {"pack": "buffalo_s", "detector_size": "auto"},
    "needs": {"soul": "1", "dna": "2", "anchor": "3", "grin": "4", "matrix": "5"},
}


def now(**changed: Any) -> dict[str, Any]:
    return {**BEFORE, **changed}


def test_nothing_changed_is_no_reason() -> None:
    assert changes(BEFORE, now()) == () == changes(BEFORE, {})


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"code": "image@2"}, Reason("code", "step kind image@1 is now image@2")),
        ({"persona": "eva"}, Reason("setting", "the persona's id is now eva")),
        (
            {"settings": {**BEFORE["settings"], "image.width": 72}},
            Reason("setting", "image.width 64 is now 72"),
        ),
        (
            {"settings": {"image.width": 64, "identity": {"max_attempts": 3, "video": {"frames": 9}}}},
            Reason("setting", "identity.video.frames 8 is now 9"),
        ),
        (
            {"settings": {"image.width": None, "identity": BEFORE["settings"]["identity"]}},
            Reason("setting", "image.width 64 is now nothing"),
        ),
        ({"templates": {"image.j2": "c", "parts/light.j2": "b"}}, Reason("template", "image.j2 changed")),
        ({"templates": {"image.j2": "a"}}, Reason("template", "parts/light.j2 is gone")),
        ({"templates": {**BEFORE["templates"], "new.j2": "d"}}, Reason("template", "new.j2 changed")),
        ({"provider": "runway@1"}, Reason("provider", "provider fal@1 is now runway@1")),
        (
            {"analyzer": {"pack": "buffalo_l", "detector_size": "auto"}},
            Reason("analyzer", "analyzer: pack buffalo_s is now buffalo_l"),
        ),
        ({"needs": {**BEFORE["needs"], "dna": "9"}}, Reason("input", "dna came out different")),
        (
            {"needs": dict.fromkeys(BEFORE["needs"], "9")},
            Reason("input", "soul, dna, anchor and 2 more came out different"),
        ),
        (
            {"needs": {**BEFORE["needs"], "soul": "9", "dna": "9", "anchor": "9"}},
            Reason("input", "soul, dna, anchor came out different"),
        ),
    ],
)
def test_each_dependency_has_its_words(changed: dict[str, Any], expected: Reason) -> None:
    assert changes(BEFORE, now(**changed)) == (expected,)


def test_several_come_in_the_order_in_which_they_are_told() -> None:
    found = changes(BEFORE, now(code="image@2", provider="x@1", needs={**BEFORE["needs"], "soul": "9"}))
    assert [reason.code for reason in found] == ["code", "provider", "input"]


def test_what_is_not_known_yet_is_no_change() -> None:
    """Needs that are not settled, and dependencies that the node doesn't have, are left out of what is compared."""
    for name in ("needs", "analyzer", "provider", "templates", "code"):
        assert changes(BEFORE, {other: value for other, value in now().items() if other != name}) == ()


def test_a_setting_counts_as_far_as_it_was_read() -> None:
    """A step may read a part of what its kind declares; a part that it did not read shapes nothing."""
    before = {"settings": {"pipeline.steps.soul.retries": 2}}
    grown = {"settings": {"pipeline.steps.soul": {"retries": 2, "temperature": 0.5}}}
    changed = {"settings": {"pipeline.steps.soul": {"retries": 3, "temperature": 0.5}}}
    assert changes(before, grown) == ()
    assert changes(before, changed) == (Reason("setting", "pipeline.steps.soul.retries 2 is now 3"),)
    assert changes(before, {"settings": {"pipeline.steps.soul": "gone"}}) == (
        Reason("setting", "pipeline.steps.soul.retries 2 is now nothing"),
    )
    assert changes(before, {"settings": {"pipeline.steps.soulful": {"retries": 9}}}) == (), "another path"


@pytest.mark.parametrize("path", ["image.prices", "text.key", "video.limits", "speech.timeout_seconds"])
def test_what_a_call_is_paid_and_limited_by_is_no_reason(path: str) -> None:
    assert changes({"settings": {path: 1}}, {"settings": {path: 2}}) == ()
    assert changes({"settings": {path: {"a": 1}}}, {"settings": {path: {"a": 2}}}) == ()
    assert changes({"settings": {f"{path}x": 1}}, {"settings": {f"{path}x": 2}}) != (), "another setting"


def test_files_to_be_put_back() -> None:
    assert restore_reasons([("images/02.png", "missing"), ("a.txt", "edited"), ("b.json", "other")]) == (
        Reason("output", "images/02.png is missing"),
        Reason("output", "a.txt was edited"),
        Reason("output", "b.json isn't this result"),
    )
    assert restore_reasons([]) == ()


def test_parts_are_compared_leaf_by_leaf_in_the_order_of_their_names() -> None:
    before = {"request": {"prompt": "a", "seed": 1, "empty": {}}, "take": 0}
    after = {"request": {"prompt": "b", "seed": 1, "size": 2}, "take": 1}
    assert part_changes(before, after) == [
        ("request.empty", {}, None),
        ("request.prompt", "a", "b"),
        ("request.size", None, 2),
        ("take", 0, 1),
    ]
    assert leaves(before) == {"request.prompt": "a", "request.seed": 1, "request.empty": {}, "take": 0}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        ("word", "word"),
        ("two words", '"two words"'),
        (" two\n  words ", '"two words"'),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        (0.55, "0.55"),
        (True, "true"),
        ({"b": 1, "a": [1, 2]}, '{"a":[1,2],"b":1}'),
        (["a b"], '["a b"]'),
    ],
)
def test_values_are_shown_shortly(value: Any, text: str) -> None:
    assert shown_change(value, value) == (text, text)


def test_who_measures_appears_goes_and_changes() -> None:
    one = {"pack": "buffalo_s", "detector_size": "auto"}
    assert analyzer_change({}, one) == "faces are measured now, with buffalo_s"
    assert analyzer_change(one, {}) == "faces were measured with buffalo_s, and can't be measured here"
    assert analyzer_change(one, {"pack": "buffalo_l", "detector_size": "640"}) == (
        "analyzer: pack buffalo_s is now buffalo_l, detector_size auto is now 640"
    )


def test_what_has_changed_of_a_long_value_is_not_cut_off() -> None:
    old, new = {"backend_version": "1 (my-studio-tools 0.1.0)"}, {"backend_version": "1 (my-studio-tools 0.2.0)"}
    told = 'analyzer: backend_version "1 (my-studio-tools 0.1.0)" is now "1 (my-studio-tools 0.2.0)"'
    assert analyzer_change(old, new) == told
    prompts = {"image.style": "a" * 300 + " by day" + "b" * 90}, {"image.style": "a" * 300 + " by night" + "b" * 90}
    [reason] = changes(*({"settings": settings} for settings in prompts))
    assert " by day" in reason.text and " by night" in reason.text and len(reason.text) < 160
    assert shown_change("a" * 64, "b" * 64) == ("a" * 12, "b" * 12), "digests"
    assert shown_change("x" * 50 + "1", "x" * 50 + "2") == ("x" * 50 + "1", "x" * 50 + "2"), "short enough"


def test_texts_are_compared_by_line() -> None:
    assert text_diff("a\nb\nc\nd\n", "a\nb\nC\nd\n", "last build", "now") == [
        "--- last build", "+++ now", "@@ -2,3 +2,3 @@", " b", "-c", "+C", " d",
    ]  # fmt: skip
