"""Composites under other weights are never in one series; under the same ones a series goes on, whoever wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from omegaconf import OmegaConf

from personaforge.spec.project import packaged
from personaforge.store.store import Store
from personaforge.warehouse.projection import opened
from personaforge.warehouse.weights import FORMER, embedding_weight
from tests.warehouse.test_projection import evaluation, store

__all__ = ["store"]


def scored(weight: float, cosine: float = 0.6, error: float = 0.1) -> dict[str, float]:
    """Return a score as records have it: made from unrounded parts, each number with 6 decimals."""
    composite = weight * cosine + (1 - weight) * (1 - min(error, 1.0))
    return {"composite": round(composite, 6), "cosine": round(cosine, 6), "error": round(error, 6)}


@pytest.mark.parametrize(
    ("record", "weight"),
    [
        ({"weights": {"embedding": 0.55, "geometric": 0.45}, "score": scored(0.7)}, 0.55),
        ({"weights": {"embedding": 0.55, "geometric": 0.45}}, 0.55),
        ({"score": scored(0.7)}, 0.7),
        ({"score": scored(0.7, 0.123456789, 0.987654321)}, 0.7),
        ({"score": scored(0.5)}, 0.5),
        ({"score": scored(0.725)}, 0.725),
        ({"score": scored(0.0)}, 0.0),
        ({"score": scored(1.0)}, 1.0),
        ({"score": scored(0.5, 0.3, 4.0)}, 0.5),
        ({"score": scored(1 / 3)}, None),
        ({"score": {"composite": 0.95, "cosine": 0.6, "error": 0.1}}, None),
        ({"score": {"composite": 0.5, "cosine": 0.6, "error": 0.1}}, None),
        ({"score": scored(0.7, 0.9, 0.1)}, 0.7),
        ({"score": scored(0.5, 0.9, 0.1)}, 0.7),
        ({"score": scored(0.5, 0.9, 0.11)}, None),
        ({"score": scored(0.5), "clip": {"frames_measured": 8}}, 0.5),
        ({"score": scored(0.5, 0.6, 0.2), "clip": {"frames_measured": 8}}, None),
        ({"score": scored(0.5, 0.6, 0.2), "clip": {"frames_measured": 4}}, 0.5),
        ({"score": scored(0.5, 0.6, 0.2), "clip": {"frames_measured": 4}, "references": ["a"]}, None),
        ({"score": scored(0.7, 0.6, 0.2), "clip": {"frames_measured": 8}}, 0.7),
        ({"score": {"composite": 0.7, "cosine": 0.6}}, None),
        ({"score": None}, None),
        ({"score": 4.5}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_records_weights_are_named_or_follow_from_its_numbers_or_are_unknown(
    record: dict[str, Any], weight: float | None
) -> None:
    """Unknown: not three decimals, not in [0, 1], cosine and 1 - error nearly equal, or a frame may be clamped."""
    assert embedding_weight(record) == weight


def test_any_weight_of_two_decimals_follows_from_rounded_numbers() -> None:
    for hundredths in range(101):
        for cosine, error in ((0.7654321, 0.0876543), (0.9123456, 0.1234567), (0.2, 1.75)):
            score = scored(hundredths / 100, cosine, error)
            assert embedding_weight({"score": score}) == hundredths / 100, (cosine, error)


def test_the_former_weight_is_the_one_of_every_packaged_file() -> None:
    written = [OmegaConf.load(path).get("weights") for path in sorted((packaged("conf") / "identity").glob("*.yaml"))]
    named = [one for one in written if one is not None]
    assert named and {one.embedding for one in named} == {FORMER}


def test_other_weights_begin_a_series_of_composites_and_of_nothing_else(store: Store) -> None:
    """Of one slot: five composites under 0.7, of which an older forge wrote two, and four under 0.5."""
    halves = {"weights": {"embedding": 0.5, "geometric": 0.5}}
    named = {"weights": {"embedding": 0.7, "geometric": 0.3}}
    under: list[tuple[float, dict[str, Any]]] = [
        (0.7, {}), (0.7, {}), (0.7, named), (0.5, halves), (0.7, named), (0.5, {}), (0.5, halves), (0.7, named),
        (0.5, {}),
    ]  # fmt: skip
    analyzer = {"backend": "b", "pack": "p", "pack_digest": "d" * 64, "backend_version": "1", "detector_size": "auto"}
    for number, (weight, fields) in enumerate(under):
        record = evaluation(number, node="image/02", slot="02", score=scored(weight), analyzer=analyzer, **fields)
        store.keep("evaluations", f"{number:064x}", record)
        parts = {
            "kind": "measure", "provider": "b@2", "request": {"analyzer": analyzer}, "take": 0, "attempt": 0,
            "inputs": {"artifact": f"{number:064x}"},
        }  # fmt: skip
        measured = {
            "persona": "ana", "node": "", "parts": parts, "sources": {}, "outputs": {}, "details": {}, "paid": False,
            "cost_usd": 0.0, "started": 1.0, "seconds": 1.0, "value": {"status": "measured", "sharpness": 80.0},
        }  # fmt: skip
        store.commit(f"{100 + number:064x}", measured)
    with opened(store) as connection:
        sql = "select metric, embedding_weight, records, min, max, current from drift_summary order by all"
        assert connection.execute(sql).fetchall() == [
            ("composite", 0.5, 4, 0.75, 0.75, True),
            ("composite", 0.7, 5, 0.69, 0.69, False),
            ("sharpness", None, 9, 80.0, 80.0, True),
        ]
        sql = "select value, number, embedding_weight, residual from timeline where metric = 'composite' order by all"
        rows = [(0.69, number, 0.7, 0.0) for number in range(1, 6)] + [
            (0.75, number, 0.5, 0.0) for number in range(1, 5)
        ]
        assert [(*row[:3], round(row[3], 9)) for row in connection.execute(sql).fetchall()] == rows
        assert connection.execute("select count(distinct compared) from evaluations").fetchone() == (1,)
        sql = "select embedding_weight, series in (select series from drift_summary where current) from latest_scores"
        assert connection.execute(sql).fetchall() == [(0.5, True)]


def test_unknown_weights_are_a_series_of_their_own(store: Store) -> None:
    store.keep("evaluations", "a" * 64, evaluation(1, score=scored(0.7)))
    store.keep("evaluations", "b" * 64, evaluation(2, score=scored(1 / 3)))
    store.keep("evaluations", "c" * 64, evaluation(3, score=scored(0.34)))
    with opened(store) as connection:
        sql = "select embedding_weight, records from drift_summary order by all"
        assert connection.execute(sql).fetchall() == [(0.34, 1), (0.7, 1), (None, 1)]


def test_judging_again_under_other_weights_is_no_evidence(store: Store) -> None:
    store.keep("evaluations", "a" * 64, evaluation(1, score=scored(0.7)))
    weights = {"embedding": 0.5, "geometric": 0.5}
    store.keep("evaluations", "b" * 64, evaluation(1, score=scored(0.5), weights=weights, time=2_000_000.0))
    with opened(store) as connection:
        assert connection.execute("select value, embedding_weight from timeline").fetchall() == [(0.69, 0.7)]
        assert connection.execute("select count(*) from drift_records where about = 'face'").fetchone() == (1,), (
            "forge drift has it once"
        )
        sql = "select value, embedding_weight, series in (select series from series) from latest_scores"
        assert connection.execute(sql).fetchall() == [(0.75, 0.5, True)], (
            "and the last judgement is the one that counts"
        )
