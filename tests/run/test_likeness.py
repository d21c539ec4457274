"""A build's records say what is beside the face, and no picture is read twice for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from personaforge.identity.appearance import CHANGES
from personaforge.testing import ColorAnalyzers
from personaforge.workspace.workspace import BuildOptions
from tests.run.conftest import Studio


def records(studio: Studio, kind: str) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in (studio.root / f".forge/records/{kind}").rglob("*.json")]


def test_pictures_have_their_likeness_on_record_and_are_read_once(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    with studio.open() as space:
        space.build(space.plan(["ana"]), BuildOptions(jobs=1))
        analyzers = space.analyzers
        assert isinstance(analyzers, ColorAnalyzers)
        read = analyzers.measured
    parts = [one["parts"] for one in records(studio, "actions")]
    whole = [one for one in parts if one["kind"] == "measure" and "part" not in one["request"]]
    beside = [one for one in parts if one["request"].get("part") == "appearance"]
    assert {one["inputs"]["artifact"] for one in whole} == {one["inputs"]["artifact"] for one in beside}
    assert {one["provider"] for one in beside} == {"scripted@1"}
    values = [one["value"] for one in records(studio, "actions")]
    of_clips = sum(len(one.get("frames", ())) + len(one.get("looks", ())) for one in values)
    assert whole and read == len(whole) + of_clips, "a part is of the same reading"
    judged = [one for one in records(studio, "evaluations") if one["modality"] == "face"]
    assert judged
    for one in judged:
        likeness = one["likeness"]
        assert set(likeness) <= {"copying", "unmeasured", "readings"}, "five points show no appearance"
        assert set(likeness["unmeasured"]) >= set(CHANGES) - {"clothes_change"}
        assert set(likeness["unmeasured"].values()) == {"of the anchor: the pack gives no 106 points"}
        assert {reading["agrees"] for reading in likeness["readings"]} <= {None}


def test_a_head_that_never_turns_repeats_the_anchor(make_studio: Callable[..., Studio]) -> None:
    """The scripted painter draws one colour, in which the scripted analyzer always sees a frontal face."""
    studio = make_studio()
    studio.build()
    turned = {
        one["node"]: one["likeness"].get("copying") for one in records(studio, "evaluations") if "likeness" in one
    }
    assert turned and set(turned.values()) <= {1.0, None}
    assert 1.0 in turned.values()
