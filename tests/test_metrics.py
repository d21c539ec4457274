"""The one table of metrics, and what derives from it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from personaforge import metrics
from personaforge.metrics import METRICS, SUBJECTS, Metric
from personaforge.spec.measures import MEASURES
from personaforge.warehouse.schema import schema_sql
from tests.conftest import ROOT


def named(name: str, modality: str) -> Metric:
    (found,) = [one for one in METRICS if (one.name, one.modality) == (name, modality)]
    return found


def test_a_metric_is_one_row_and_its_timeline_has_one_meaning() -> None:
    assert max(Counter((one.name, one.modality) for one in METRICS).values()) == 1
    assert max(Counter((one.name, one.timeline) for one in METRICS if one.timeline).values()) == 1
    for one in METRICS:
        assert set(one.comparability) <= set(SUBJECTS), one.name
        assert one.better or not one.timeline, f"{one.name}: a timeline that neither rises nor falls for the better"
        assert bool(one.label) is bool(one.timeline), one.name
        assert one.high is None or one.low < one.high, one.name


@pytest.mark.parametrize("modality", ["face", "video", "text"])
def test_a_modality_has_one_gate_and_one_comparability(modality: str) -> None:
    rows = metrics.of_modality(modality)
    assert sum(one.is_gate for one in rows) == 1
    assert {one.comparability for one in rows} <= {
        metrics.shared(modality),
        (*metrics.shared(modality), "weights"),
    }, "a judgement has one digest of what it may be compared with"
    weighted = {one.name for one in rows if "weights" in one.comparability}
    assert weighted == ({"composite"} if modality != "text" else set())


@pytest.mark.parametrize(
    ("name", "modality", "record", "value"),
    [
        ("composite", "face", {"score": {"composite": 0.75}}, 0.75),
        ("composite", "face", {"score": None}, None),
        ("composite", "face", {"score": 4.5}, None),
        ("composite", "face", {}, None),
        ("score", "text", {"score": 4}, 4.0),
        ("score", "text", {"score": {"composite": 0.75}}, None),
        ("attempt", "text", {"attempt": 0}, 1.0),
        ("attempt", "text", {"attempt": True}, None),
        ("sharpness", "face", {"sharpness": 80.0}, 80.0),
        ("cosine_std", "video", {"clip": {"cosine_std": 0.02}}, 0.02),
        ("clip_sharpness", "video", {"clip": {"sharpness_ratio_mean": None}}, None),
    ],
)
def test_a_number_is_found_where_the_row_says_it_lies(
    name: str, modality: str, record: dict[str, Any], value: float | None
) -> None:
    assert named(name, modality).value_in(record) == value


def test_another_table_is_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = metrics.digest()
    monkeypatch.setattr(metrics, "METRICS", METRICS[:-1])
    assert metrics.digest() != before


def test_the_documents_list_every_metric_of_every_modality() -> None:
    text = (ROOT / "docs/checks.md").read_text()
    for modality, of in (("face", "pictures"), ("video", "clips"), ("text", "texts")):
        (line,) = re.findall(rf"^\| MEASURE of {of} \| (.*) \|$", text, re.MULTILINE)
        wanted = [name for name, measure in MEASURES.items() if modality in measure.modalities]
        assert re.findall(r"`([a-z_]+)`", line) == wanted, f"docs/checks.md, MEASURE of {of}"


def test_evaluations_have_a_column_for_each_number_of_a_record() -> None:
    (view,) = re.findall(r"create view evaluations as(.*?);", schema_sql(), re.DOTALL)
    for one in METRICS:
        if not one.is_gate and not one.is_measured_alone:
            assert re.search(rf"(numbers|judgements)\.{one.name}\b", view), one.name
    assert "{" not in schema_sql().replace("{braces}", ""), "every place is filled"
