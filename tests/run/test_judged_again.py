"""What a build judges again without making anything, under other weights or gates, is the newest judgement."""

from __future__ import annotations

from personaforge.checks.run import run_checks
from personaforge.warehouse.query import answered
from tests.run.conftest import Studio

LATEST = "select node, value, embedding_weight from latest_scores where metric = 'composite' and node like 'image/%'"
WEIGHTS = "identity: {anchor: {candidates: 2}, max_attempts: 3}"
EVEN = "identity: {anchor: {candidates: 2}, max_attempts: 3, weights: {embedding: 0.5, geometric: 0.5}}"


def judged(studio: Studio) -> tuple[dict[str, tuple[float, float]], dict[str, float], int]:
    """Build; return the warehouse's newest composites with their weight, those of the results, and the records."""
    with studio.open() as space:
        report = space.build(space.plan(["ana"]))
        assert not report.failed
        rows = answered(space.store, LATEST).rows
        found = {node: (value, weight) for node, value, weight in rows}
        results = {
            one.node.removeprefix("ana/"): one.outcome.facts["composite"]
            for one in space.store.index.results("ana")
            if one.node.startswith("ana/image/")
        }
        count = answered(space.store, "select count(*) from judgements").rows[0][0]
        run_checks(space, ["ana"])
    return found, results, count


def test_the_newest_judgement_is_under_the_present_weights(studio: Studio) -> None:
    first, results, count = judged(studio)
    assert first and {weight for _, weight in first.values()} == {0.7}
    assert {node: value for node, (value, _) in first.items()} == results
    studio.edit("personas/ana.yaml", (WEIGHTS, EVEN))
    calls = len(studio.images.calls)
    even, results, more = judged(studio)
    assert len(studio.images.calls) == calls, "nothing is made for it"
    assert {weight for _, weight in even.values()} == {0.5} and set(even) == set(first)
    assert {node: value for node, (value, _) in even.items()} == results
    assert more > count
    # And back: what was judged like this before is the newest again.
    studio.edit("personas/ana.yaml", (EVEN, WEIGHTS))
    back, results, most = judged(studio)
    assert back == first and most > more
    assert {node: value for node, (value, _) in back.items()} == results
    # What changes no judgement adds none.
    studio.edit("personas/ana.yaml", (WEIGHTS, WEIGHTS.replace("max_attempts: 3", "max_attempts: 2")))
    assert judged(studio)[2] == most
    studio.edit("personas/ana.yaml", (WEIGHTS.replace("max_attempts: 3", "max_attempts: 2"), WEIGHTS))
    assert judged(studio)[2] == most
