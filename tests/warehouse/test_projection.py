"""The warehouse: what it says, that it can be thrown away, and that nobody loses a row to another process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.warehouse.projection import opened, rebuild
from tests.conftest import ROOT

TABLES = ("builds", "build_nodes", "actions", "artifacts", "measurements", "photos", "evaluations")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "personas").mkdir()
    return Store(Project(tmp_path))


def evaluation(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "persona": "ana", "node": f"image/{number:02}", "step": "image", "slot": f"{number:02}", "modality": "face",
        "decision": "ACCEPT", "measured": True,
        "score": {"composite": 0.5 + number / 1000, "cosine": 0.6, "error": 0.01},
        "analyzer": {"pack": "p", "pack_digest": "d" * 64, "backend_version": "1", "detector_size": "auto"},
        "artifacts": {"image": f"{number:064x}"}, "time": 1_000_000.0 + number, **fields,
    }  # fmt: skip


def action(store: Store, number: int, **fields: Any) -> None:
    key = f"{number:064x}"
    store.commit(
        key,
        {
            "persona": "ana", "node": "ana/image/02", "parts": {"kind": "draw", "provider": "scripted@1",
            "request": {"model": "m"}, "inputs": {}, "take": 0, "attempt": 0}, "sources": {},
            "outputs": {"image": {"digest": key, "media_type": "image/png", "size": number}},
            "value": {}, "details": {}, "paid": True, "cost_usd": 0.25, "started": 1_000_000.0, "seconds": 1.5,
            **fields,
        },
    )  # fmt: skip


def contents(store: Store) -> dict[str, list[Any]]:
    with opened(store) as connection:
        return {table: connection.execute(f"select * from {table} order by all").fetchall() for table in TABLES}


def test_records_become_rows(store: Store) -> None:
    action(store, 1)
    store.keep("evaluations", "a" * 64, evaluation(1))
    store.keep(
        "evaluations",
        "b" * 64,
        evaluation(2, score=None, measured=False, unmeasured={"code": "no_face", "reason": "no face"}),
    )
    with opened(store) as connection:
        assert connection.execute("select persona, model, cost_usd from actions").fetchall() == [("ana", "m", 0.25)]
        rows = connection.execute("select node, score, unmeasured from evaluations order by node").fetchall()
        assert rows == [("image/01", 0.501, None), ("image/02", None, "no face")], "unmeasured is NULL, never zero"
        assert connection.execute("select node from timeline").fetchall() == [("image/01",)]
        assert connection.execute("select step, calls, cost_usd from cost_by_step").fetchall() == [("image", 1, 0.25)]


def test_only_new_records_are_projected(store: Store) -> None:
    action(store, 1)
    contents(store)
    action(store, 2)
    store.keep("evaluations", "a" * 64, evaluation(1))
    found = contents(store)
    assert len(found["actions"]) == 2 and len(found["evaluations"]) == 1
    assert contents(store) == found


def test_a_rebuild_equals_it(store: Store) -> None:
    for number in range(20):
        action(store, number)
        store.keep("evaluations", f"{number:064x}", evaluation(number))
        if number % 7 == 0:
            contents(store)
    before = contents(store)
    assert rebuild(store) == 40
    assert contents(store) == before
    (store.folder / "warehouse.duckdb").unlink()
    assert contents(store) == before


def test_a_damaged_or_older_file_is_made_again(store: Store) -> None:
    action(store, 1)
    before = contents(store)
    (store.folder / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
    assert contents(store) == before
    with opened(store) as connection:
        connection.execute("update meta set value = '0' where name = 'version'")
    assert contents(store) == before


def test_losing_the_index_loses_no_row(store: Store) -> None:
    for number in range(5):
        action(store, number)
    before = contents(store)
    store.close()
    for path in store.folder.glob("index.db*"):
        path.unlink()
    rebuild(store)
    assert contents(store) == before


WRITER = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.warehouse.projection import opened
from tests.warehouse.test_projection import action
store = Store(Project(Path({project!r})))
for number in range({count}):
    action(store, {start} + number)
    with opened(store) as connection:
        assert connection.execute("select count(*) from actions").fetchone()[0] > number
"""


def test_four_processes_taking_turns_lose_no_row(store: Store) -> None:
    count = 8
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER).format(
                root=str(ROOT), project=str(store.project.root), count=count, start=1 + 100 * index)],
            stderr=subprocess.PIPE, text=True,
        )
        for index in range(4)
    ]  # fmt: skip
    for writer in writers:
        _, error = writer.communicate(timeout=120)
        assert writer.returncode == 0, error
    assert len(contents(store)["actions"]) == 4 * count


def drift_rows(store: Store) -> list[tuple[Any, ...]]:
    with opened(store) as connection:
        return connection.execute("select metric, artifact, value from drift_records order by all").fetchall()


def test_a_drift_record_is_an_artifact_at_its_first_judgement(store: Store) -> None:
    store.keep("evaluations", "a" * 64, evaluation(1))
    store.keep("evaluations", "b" * 64, evaluation(1, time=2_000_000.0, score={"composite": 0.1, "cosine": 0.1}))
    store.keep("evaluations", "c" * 64, evaluation(1, anchor="e" * 64))
    digest = f"{1:064x}"
    assert drift_rows(store) == [("composite", digest, 0.501), ("composite", digest, 0.501)], "one for each anchor"


def test_what_was_finished_repeats_its_originals_score_and_is_no_drift_record(store: Store) -> None:
    action(store, 1)
    finish = {"kind": "finish", "provider": "forge@1", "request": {}, "inputs": {}, "take": 0, "attempt": 0}
    action(store, 2, parts=finish)
    store.keep("evaluations", "a" * 64, evaluation(1))
    store.keep("evaluations", "b" * 64, evaluation(2))
    assert drift_rows(store) == [("composite", f"{1:064x}", 0.501)]


def test_clips_and_sharpness_are_drift_records_of_their_own(store: Store) -> None:
    clip = {"cosine_std": 0.02, "ratio_variance_mean": 0.0004, "sharpness_ratio_mean": None, "frames_measured": 8}
    store.keep("evaluations", "a" * 64, evaluation(1, modality="video", clip=clip))
    identity = {"backend": None, "pack": "p", "pack_digest": "d" * 64, "backend_version": "1", "detector_size": "auto"}
    analyzer = {**identity, "backend": "b"}
    store.keep("evaluations", "b" * 64, evaluation(2, analyzer=analyzer))
    parts = {
        "kind": "measure", "provider": "b@1", "request": {"analyzer": analyzer}, "inputs": {"artifact": f"{2:064x}"},
        "take": 0, "attempt": 0,
    }  # fmt: skip
    action(store, 9, parts=parts, outputs={}, value={"status": "measured", "sharpness": 80.0})
    found = {(metric, value) for metric, _, value in drift_rows(store)}
    clips = {("composite", 0.501), ("cosine_std", 0.02), ("ratio_variance", 0.0004)}
    assert found == {*clips, ("composite", 0.502), ("sharpness", 80.0)}, "what wasn't measured has no row"
