"""The one table of metrics, and what derives from it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from personaforge import metrics
from personaforge.faces.measure import measure_image
from personaforge.identity.appearance import CHANGES
from personaforge.identity.clip import ClipScore
from personaforge.identity.expression import METRICS as EXPRESSION
from personaforge.identity.posture import Posture
from personaforge.identity.score import OF_CANDIDATE, Score
from personaforge.identity.shape import Shape
from personaforge.identity.stretches import OverTime
from personaforge.metrics import METRICS, Metric
from personaforge.spec.measures import MEASURES, TIMELINES
from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.testing import ColorAnalyzers, png
from personaforge.warehouse import schema
from personaforge.warehouse.describe import schema as described
from personaforge.warehouse.projection import opened
from personaforge.warehouse.schema import schema_sql
from tests.conftest import ROOT
from tests.warehouse.test_projection import action, evaluation


def named(name: str, modality: str) -> Metric:
    (found,) = [one for one in METRICS if (one.name, one.modality) == (name, modality)]
    return found


def test_a_metric_is_one_row_and_its_timeline_has_one_meaning() -> None:
    assert max(Counter((one.name, one.modality) for one in METRICS).values()) == 1
    assert max(Counter((one.name, one.timeline) for one in METRICS if one.timeline).values()) == 1
    assert all(bool(one.label) is bool(one.timeline) for one in METRICS)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"timeline": "qualty"}, r"metric blur of face: timeline is 'qualty', expected one of '', 'face', 'video'"),
        ({"modality": "picture"}, r"metric blur of picture: modality is 'picture', expected one of 'face', 'video'"),
        ({"better": "up"}, "better is 'up', expected one of 'higher', 'lower', ''"),
        ({"scale": "log"}, "scale is 'log', expected one of 'score', 'ratio', 'rate'"),
        ({"comparability": ("persona", "anker")}, "comparability names 'anker', expected some of persona, modality"),
        ({"source": "scores.blur"}, "source is 'scores.blur', expected score, attempt, failed, or a path that begins"),
        ({"source": "measurement"}, "source is 'measurement'"),
        ({"source": "measurement.sharpness."}, "source is 'measurement.sharpness.'"),
        ({"source": ""}, "source is ''"),
        ({"name": "blur, 1"}, "the name is a column"),
        ({"low": 1.0}, "low is 1, expected less than high, 1"),
        ({"timeline": "quality"}, "a timeline needs a label"),
        ({"timeline": "quality", "label": "blur", "better": ""}, "a direction that is better"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_right_is_refused(fields: dict[str, Any], says: str) -> None:
    right: dict[str, Any] = {
        "name": "blur", "modality": "face", "unit": "", "low": 0, "high": 1, "better": "lower",
        "source": "measurement.blur", "comparability": metrics.LIKENESS, "about": "blur of the face",
    }  # fmt: skip
    assert Metric(**right).name == "blur"
    with pytest.raises(ValueError, match=says):
        Metric(**{**right, **fields})


def test_every_source_leads_to_a_number_that_records_have() -> None:
    known: dict[str, set[str]] = {
        "score": {"", *(one.name for one in fields(Score))},
        "clip": {one.name for one in fields(ClipScore)} | {f"over_time.{one.name}" for one in fields(OverTime)},
        "likeness": {"copying", "apparent_age", *CHANGES},
        "measurement": set(measure_image(png((200, 120, 90)), ColorAnalyzers())),
        "delivered": {*Shape._fields, *Posture._fields, *EXPRESSION.values()},
        "brief": {"coverage"},
        "reader": {"changed"},
        "attempt": {""},
        "failed": {""},
    }
    for one in METRICS:
        head, _, field = one.source.partition(".")
        assert field in known[head], f"{one.name}: records have no {one.source}"


def test_a_metric_never_takes_the_place_of_another_column(monkeypatch: pytest.MonkeyPatch) -> None:
    relations = {relation.name: [column.name for column in relation.columns] for relation in described()}
    judged, beside = set(relations["judgements"]), set(schema._BESIDE)
    own = {one.name for one in METRICS if not one.is_gate and not one.is_measured_alone and one.name != "attempt"}
    for view in ("evaluations", "latest_scores"):
        assert len(relations[view]) == len(set(relations[view])) and set(relations[view]) <= judged | beside | own
    cosine = named("cosine", "face")
    for name in sorted(judged | beside - {"score"}):
        taken = replace(cosine, name=name)
        monkeypatch.setattr(schema, "METRICS", (*METRICS, taken))
        with pytest.raises(
            ValueError, match=f"^metric {name} of face has the name of another column of `evaluations`:"
        ):
            schema_sql()
    for taken in (replace(cosine, name="score"), replace(named("faces", "face"), name="composite")):
        monkeypatch.setattr(schema, "METRICS", (*METRICS, taken))
        with pytest.raises(
            ValueError, match=f"^metric {taken.name} of face has the name of a number that a gate judges:"
        ):
            schema_sql()
    assert judged & beside == set() and {"error_bound", "model", "attempt", "embedding_weight"} <= judged


@pytest.mark.parametrize("turned", [False, True])
def test_a_number_of_judgements_has_a_column_also_where_another_modalitys_is_measured_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turned: bool
) -> None:
    """`sharpness` of a picture lies in the measurement; here a clip's lies in the judgement."""
    clips = replace(named("clip_sharpness", "video"), name="sharpness", timeline="", label="")
    table = (clips, *METRICS) if turned else (*METRICS, clips)
    monkeypatch.setattr(schema, "METRICS", table)
    monkeypatch.setattr(metrics, "METRICS", table)
    monkeypatch.setitem(metrics._of, "video", (*metrics.of_modality("video"), clips))
    (tmp_path / "personas").mkdir()
    store = Store(Project(tmp_path))
    analyzer = {"backend": "b", "pack": "p", "pack_digest": "d" * 64, "backend_version": "1", "detector_size": "auto"}
    clip = {"sharpness_ratio_mean": 0.75, "frames_measured": 8}
    store.keep("evaluations", "a" * 64, evaluation(1, modality="video", node="video/a", clip=clip))
    store.keep("evaluations", "b" * 64, evaluation(2, analyzer=analyzer))
    parts = {
        "kind": "measure", "provider": "b@2", "request": {"analyzer": analyzer}, "inputs": {"artifact": f"{2:064x}"},
        "take": 0, "attempt": 0,
    }  # fmt: skip
    action(store, 9, parts=parts, outputs={}, value={"status": "measured", "sharpness": 80.0})
    with opened(store) as connection:
        rows = connection.execute("select node, sharpness from evaluations order by node").fetchall()
        assert rows == [("image/02", 80.0), ("video/a", 0.75)]


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
        ("coverage", "video", {"clip": {"over_time": {"coverage": 0.5}}}, 0.5),
        ("coverage", "video", {"clip": {"over_time": None}}, None),
        ("clip_sharpness", "video", {"clip": {"sharpness_ratio_mean": None}}, None),
        ("failed", "face", {"score": {"composite": 0.2}}, 0.0),
        ("failed", "face", {"unmeasured": {"code": "no_face", "reason": "no face"}}, 1.0),
        ("failed", "face", {"unmeasured": {"code": "no_model", "reason": "no pack"}}, None),
        ("failed", "face", {"unmeasured": {"reason": "of an older forge"}}, None),
        ("failed", "face", {"unmeasured": None}, None),
        ("clip_failed", "video", {"unmeasured": {"code": "unreadable", "reason": "cut off"}}, 1.0),
    ],
)
def test_a_number_is_found_where_the_row_says_it_lies(
    name: str, modality: str, record: dict[str, Any], value: float | None
) -> None:
    assert named(name, modality).value_in(record) == value


def test_what_failed_is_what_another_attempt_may_not_have() -> None:
    assert {str(cause) for cause in OF_CANDIDATE} == metrics.FAULTS


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


def test_the_documents_list_every_timeline_as_checks_name_it() -> None:
    (line,) = re.findall(r"^\| MODALITY\.METRIC \| (.*) \|$", (ROOT / "docs/checks.md").read_text(), re.MULTILINE)
    listed = re.findall(r"`([a-z_.]+)`", line)
    assert listed == [f"{modality}.{metric}" for modality, of in TIMELINES.items() for metric in of]


def test_evaluations_have_a_column_for_each_number_of_a_record() -> None:
    (view,) = re.findall(r"create view evaluations as(.*?);", schema_sql(), re.DOTALL)
    for one in METRICS:
        if not one.is_gate and not one.is_measured_alone:
            assert re.search(rf"(numbers|judgements)\.{one.name}\b", view), one.name
    assert "{" not in schema_sql().replace("{braces}", ""), "every place is filled"
