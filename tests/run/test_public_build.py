"""`pf.build`: personas or a plan, by a pool that is handed in, and refused as a whole before anything is bought."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import personaforge as pf
from tests.run.conftest import Studio


def test_a_pool_that_is_handed_in_runs_every_node_and_is_shut_down(studio: Studio) -> None:
    made: list[Counting] = []

    class Counting(ThreadPoolExecutor):
        def __init__(self, at_once: int) -> None:
            super().__init__(at_once)
            self.at_once, self.submitted, self.ended = at_once, 0, False
            made.append(self)

        def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
            self.submitted += 1
            return super().submit(*arguments, **options)

        def shutdown(self, *arguments: Any, **options: Any) -> None:
            self.ended = True
            super().shutdown(*arguments, **options)

    events: list[pf.Event] = []
    with studio.open() as space:
        report = pf.build(space, "ana", pf.BuildOptions(jobs=3, pool=Counting), listeners=[events.append])
        assert {node.end for node in report.nodes.values()} == {"done"}
        [pool] = made
        assert (pool.at_once, pool.submitted, pool.ended) == (3, len(report.nodes), True)
        assert [event.type for event in events].count("node_finished") == len(report.nodes)
        assert pf.build(space, pf.plan(space, "ana")).performed == 0


def test_a_lost_pin_is_refused_before_anything_is_made(studio: Studio) -> None:
    report = studio.build()
    anchor = report.nodes["ana/anchor"].outcome
    assert anchor is not None
    with studio.open() as space:
        digest = anchor.outputs["anchor"].artifact.digest
        os.unlink(space.store.blobs.path(digest))
        for file in (studio.root / "build/ana").rglob("*.png"):
            file.unlink()
        calls = studio.calls()
        with pytest.raises(pf.PinnedArtifactMissing, match=digest[:12]) as raised:
            pf.build(space, "ana")
        assert "nothing was built" in raised.value.hint and studio.calls() == calls
        ends = pf.build(space, "ana", pf.BuildOptions(keep_going=True)).nodes
        assert any(node.end == "failed" for node in ends.values())
