"""The warehouse: what it says, that it can be thrown away, and that nobody loses a row to another process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personaforge.faces.measure import encode_embedding
from personaforge.identity.appearance import CHANGES
from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.warehouse import projection
from personaforge.warehouse.projection import SHOWN, opened, rebuild
from tests.conftest import ROOT, Times


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
        return {table: connection.execute(f"select * from {table} order by all").fetchall() for table in SHOWN}


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


def test_a_record_that_can_not_be_understood_is_left_out_and_counted(store: Store) -> None:
    """Whatever is odd, and wherever it is: the other records are in the warehouse all the same."""
    action(store, 1)
    odd = {"kind": "measure", "provider": "insightface@1", "inputs": {"artifact": "a" * 64}, "take": 0, "attempt": 0}
    measured = {"status": "measured", "embedding": 5}
    action(store, 2, parts={**odd, "request": {"analyzer": {}}}, value=measured)
    action(store, 3, parts={**odd, "request": {"analyzer": 5}})
    action(store, 4, started=1e300)
    action(store, 5, value=None)
    store.keep("evaluations", "6" * 64, evaluation(6, score={"composite": "high"}, attempt="zz"))
    store.keep("evaluations", "7" * 64, evaluation(7))
    with opened(store) as connection:
        assert connection.execute("select record from actions").fetchall() == [(f"{1:064x}",)]
        assert connection.execute("select evaluation from evaluations").fetchall() == [("7" * 64,)]
    first, *others = (f"actions/{number:064x}" for number in (2, 3, 4, 5))
    assert list(store.left_out) == [first, *others, f"evaluations/{'6' * 64}"]
    assert store.left_out[others[1]].endswith("started of actions is '1e+300'")
    store.left_out = {}
    action(store, 8)
    with opened(store) as connection:
        assert connection.execute("select count(*) from actions").fetchone() == (2,)
    assert len(store.left_out) == 5, "they are still left out, and still counted"


def test_a_damaged_or_older_file_is_made_again(store: Store) -> None:
    action(store, 1)
    before = contents(store)
    (store.folder / "warehouse.duckdb").write_bytes(b"not a database" * 1000)
    assert contents(store) == before
    with opened(store) as connection:
        connection.execute("update meta set value = '0' where name = 'version'")
    assert contents(store) == before


@pytest.mark.parametrize("by_hand", [True, False])
def test_losing_the_index_loses_no_row(store: Store, by_hand: bool) -> None:
    for number in range(5):
        action(store, number)
    before = contents(store)
    store.close()
    for path in store.folder.glob("index.db*"):
        path.unlink()
    if by_hand:
        rebuild(store)
    assert contents(store) == before
    action(store, 5)
    assert len(contents(store)["actions"]) == 6


def test_the_index_and_the_warehouse_lost_together_come_back(store: Store) -> None:
    action(store, 1)
    before = contents(store)
    store.close()
    for path in (*store.folder.glob("index.db*"), store.folder / "warehouse.duckdb"):
        path.unlink()
    assert contents(store) == before


def test_rows_do_not_depend_on_the_order_in_which_records_came(store: Store, tmp_path: Path) -> None:
    """An artifact judged thrice, measured late and found to be a finished one after that: in one batch, and in many."""
    analyzer = {"backend": "b", "pack": "p", "pack_digest": "d" * 64, "backend_version": "1", "detector_size": "auto"}
    measured = {
        "kind": "measure", "provider": "b@1", "request": {"analyzer": analyzer}, "inputs": {"artifact": f"{1:064x}"},
        "take": 0, "attempt": 0,
    }  # fmt: skip
    finish = {"kind": "finish", "provider": "forge@1", "request": {}, "inputs": {}, "take": 0, "attempt": 0}

    def third(store: Store) -> None:
        store.keep("evaluations", "a" * 64, evaluation(1, time=9_000_000.0, analyzer=analyzer))

    def first(store: Store) -> None:
        store.keep("evaluations", "b" * 64, evaluation(1, time=1_000.0, analyzer=analyzer))

    def second(store: Store) -> None:
        unmeasured = {"score": None, "measured": False, "unmeasured": {"code": "no_face", "reason": "no face"}}
        store.keep("evaluations", "c" * 64, evaluation(1, time=2_000.0, analyzer=analyzer, **unmeasured))

    def late(store: Store) -> None:
        action(store, 9, parts=measured, outputs={}, value={"status": "measured", "sharpness": 80.0})

    def other(store: Store) -> None:
        store.keep("evaluations", "e" * 64, evaluation(2, analyzer=analyzer))

    def finished(store: Store) -> None:
        action(store, 2, parts=finish)

    (tmp_path / "other/personas").mkdir(parents=True)
    elsewhere = Store(Project(tmp_path / "other"))
    for write in (third, first, second, late, other, finished):
        write(store)
        contents(store)
    for write in (finished, other, late, second, first, third):
        write(elsewhere)
    found = contents(store)
    assert found == contents(elsewhere)
    counted = [row for row in found["scores"] if row[18]]
    assert len(found["scores"]) == 5 and len(counted) == 2, "composite and sharpness of the first judgement"


def test_what_was_only_seen_part_by_part_equals_a_rebuild(store: Store) -> None:
    for number in range(30):
        store.keep("evaluations", f"{number:064x}", evaluation(number % 11, time=1e6 + (number * 37) % 30))
        if number % 4 == 0:
            contents(store)
    before = contents(store)
    assert sum(1 for row in before["scores"] if row[18]) == 11
    rebuild(store)
    assert contents(store) == before


def test_much_that_came_unsorted_is_sorted_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "_UNSORTED", 5)
    for number in range(8):
        store.keep("evaluations", f"{number:064x}", evaluation(number, persona="ab"[number % 2]))
        before = contents(store)
    with opened(store) as connection:
        personas = [row[0] for row in connection.execute("select persona from scores order by rowid").fetchall()]
        (known,) = connection.execute("select value from meta where name = 'sorted'").fetchone() or (None,)
    assert personas[: int(known)] == sorted(personas[: int(known)]) and int(known) >= 6
    rebuild(store)
    assert contents(store) == before


WRITER = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.warehouse.projection import opened
from tests.warehouse.test_projection import whole_build
store = Store(Project(Path({project!r})))
for number in range({count}):
    whole_build(store, {start} + number)
    with opened(store) as connection:
        (seen,) = connection.execute("select count(*) from builds where build like {mine!r} || '%'").fetchone()
        assert seen == number + 1, f"{{seen}} of my {{number + 1}} builds are there"
    print({start} + number, flush=True)
"""

READER = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.warehouse.query import ask, confined
store, most = Store(Project(Path({project!r}))), 0
for number in range({count}):
    with confined(store) as connection:
        rows = list(ask(connection, '''
            select build, count(distinct build_nodes.node), count(distinct evaluation), count(distinct record)
            from builds join build_nodes using (build) left join evaluations using (build)
            left join actions using (build) group by build
        ''').rows())
    assert all(row[1:] == (3, 3, 3) for row in rows), rows
    assert len(rows) >= most, "what was there is there"
    most = len(rows)
"""


def whole_build(store: Store, number: int) -> None:
    """Keep what a build of three pictures keeps, in its order: the build's own record last."""
    name = f"build-{number:05}"
    nodes = {}
    for place in range(3):
        action(store, 10 * number + place, build=name)
        store.keep("evaluations", f"{10 * number + place:064x}", evaluation(10 * number + place, build=name))
        about = {"end": "done", "status": "accepted", "performed": 1, "found": 0, "cost_usd": 0.25, "seconds": 1.5}
        nodes[f"ana/image/{place:02}"] = {**about, "error": None}
    record = {
        "build": name, "forge": "1", "git_commit": None, "personas": ["ana"], "overrides": [], "started": 1_000_000.0,
        "seconds": 4.5, "performed": 3, "cost_usd": 0.75, "unknown_calls": 0, "interrupted": False, "nodes": nodes,
    }  # fmt: skip
    store.keep("builds", name, record)


def started(code: str, store: Store, **fields: Any) -> subprocess.Popen[str]:
    """Run Python in a process of its own."""
    text = textwrap.dedent(code).format(root=str(ROOT), project=str(store.project.root), **fields)
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.proof
def test_four_contending_processes_lose_no_row_and_see_no_half_build(store: Store, times: Times) -> None:
    count = times(3, 6)
    everybody = [
        started(WRITER, store, count=count, start=0, mine="build-000"),
        started(WRITER, store, count=count, start=100, mine="build-001"),
        started(READER, store, count=2 * count),
        started(READER, store, count=2 * count),
    ]
    for process in everybody:
        _, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
    before = contents(store)
    assert len(before["builds"]) == 2 * count and len(before["build_nodes"]) == 6 * count
    assert len(before["actions"]) == len(before["evaluations"]) == 6 * count
    rebuild(store)
    assert contents(store) == before


@pytest.mark.proof
def test_kill_9_at_any_moment_loses_and_doubles_nothing(store: Store, tmp_path: Path, times: Times) -> None:
    """Processes are killed while they bring builds into the warehouse, at moments spread over their work."""
    rng = random.Random(20)
    done: set[int] = set()
    for turn in range(times(6, 20)):
        writer = started(WRITER, store, count=1000, start=1000 * turn, mine=f"build-{turn:02}")
        assert writer.stdout is not None
        done.add(int(writer.stdout.readline()))  # its first write is through: it is at work
        time.sleep(rng.uniform(0, 0.12))
        os.kill(writer.pid, signal.SIGKILL)
        rest, error = writer.communicate(timeout=60)
        done |= {int(line) for line in rest.splitlines()}
        assert "Error" not in error, error
    found = contents(store)
    builds = [row[0] for row in found["builds"]]
    assert {f"build-{number:05}" for number in done} <= set(builds) and len(set(builds)) == len(builds)
    records = {kind: [name for name, _ in store.records.all(kind)] for kind in ("actions", "evaluations", "builds")}
    assert sorted(row[0] for row in found["actions"]) == sorted(records["actions"])
    assert sorted(row[0] for row in found["evaluations"]) == sorted(records["evaluations"])
    (store.folder / "warehouse.duckdb").rename(tmp_path / "as-it-was.duckdb")
    assert contents(store) == found, "what killed processes left equals a fresh projection"
    rebuild(store)
    assert contents(store) == found


def drift_rows(store: Store) -> list[tuple[Any, ...]]:
    with opened(store) as connection:
        return connection.execute("select metric, artifact, value from drift_records order by all").fetchall()


def test_a_drift_record_is_an_artifact_at_its_first_judgement(store: Store) -> None:
    store.keep("evaluations", "a" * 64, evaluation(1))
    store.keep("evaluations", "b" * 64, evaluation(1, time=2_000_000.0, score={"composite": 0.1, "cosine": 0.1}))
    store.keep("evaluations", "c" * 64, evaluation(1, anchor="e" * 64))
    digest = f"{1:064x}"
    found = [("composite", digest, 0.501)] * 2 + [("failed", digest, 0.0)] * 2
    assert drift_rows(store) == found, "one for each anchor"


def test_what_is_beside_the_face_counts_where_it_was_compared_first(store: Store) -> None:
    """`forge eval --record` compares the clothes of a picture that a build has judged."""
    store.keep("evaluations", "a" * 64, evaluation(1))
    for number, name in enumerate("bc"):
        later = evaluation(1, time=2_000_000.0 + number, likeness={"clothes_change": 0.25 + number / 2})
        store.keep("evaluations", name * 64, later)
    digest = f"{1:064x}"
    found = [("clothes_change", digest, 0.25), ("composite", digest, 0.501), ("failed", digest, 0.0)]
    assert drift_rows(store) == found


def test_what_was_finished_repeats_its_originals_score_and_is_no_drift_record(store: Store) -> None:
    action(store, 1)
    finish = {"kind": "finish", "provider": "forge@1", "request": {}, "inputs": {}, "take": 0, "attempt": 0}
    action(store, 2, parts=finish)
    store.keep("evaluations", "a" * 64, evaluation(1))
    store.keep("evaluations", "b" * 64, evaluation(2))
    assert drift_rows(store) == [("composite", f"{1:064x}", 0.501), ("failed", f"{1:064x}", 0.0)]


def test_what_failed_is_a_drift_record_and_no_score(store: Store) -> None:
    nothing = {"score": None, "measured": False}
    for number, code in enumerate(("no_face", "no_model", "blurred"), 1):
        about = evaluation(number, **nothing, unmeasured={"code": code, "reason": "..."})
        store.keep("evaluations", f"{number:064x}", about)
    store.keep("evaluations", "e" * 64, evaluation(1, time=2_000_000.0))
    assert drift_rows(store) == [("failed", f"{number:064x}", 1.0) for number in (1, 3)], "at its first judgement"
    with opened(store) as connection:
        assert connection.execute("select count(*) from scores where counted").fetchone() == (0,)
        assert connection.execute("select count(*) from timeline").fetchone() == (0,)


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
    failed = {("failed", 0.0), ("clip_failed", 0.0)}
    assert found == {*clips, *failed, ("composite", 0.502), ("sharpness", 80.0)}, "what wasn't measured has no row"


def test_a_timeline_numbers_its_series_and_says_how_far_a_value_is_off_its_slot(store: Store) -> None:
    for number, (slot, value) in enumerate((("02", 0.8), ("03", 0.6), ("02", 0.9), ("03", 0.7))):
        fields = {"slot": slot, "node": f"image/{slot}", "build": "one", "score": {"composite": value}}
        store.keep("evaluations", f"{number:064x}", evaluation(number, **fields))
    build = {
        "git_commit": "c" * 40, "git_authored": "2026-11-20T10:00:00+02:00", "forge": "1", "personas": [],
        "overrides": [], "started": 0.0, "seconds": 1.0, "performed": 1, "cost_usd": 0, "unknown_calls": 0,
        "interrupted": False, "nodes": {},
    }  # fmt: skip
    store.keep("builds", "one", build)
    with opened(store) as connection:
        sql = "select number, value, round(residual, 6), git_commit[:2], git_authored::varchar from timeline"
        authored = "2026-11-20 08:00:00"
        assert connection.execute(sql).fetchall() == [
            (1, 0.8, -0.05, "cc", authored),
            (2, 0.6, -0.05, "cc", authored),
            (3, 0.9, 0.05, "cc", authored),
            (4, 0.7, 0.05, "cc", authored),
        ]


def test_walking_through_the_slots_is_no_trend_in_the_summary_and_a_slide_is(store: Store) -> None:
    for number in range(60):
        slot, slide = number % 5, -0.001 * number
        score = {"composite": 0.9 - 0.05 * slot + slide * (number >= 0)}
        flat = evaluation(number, slot=str(slot), score={"composite": 0.9 - 0.05 * slot}, persona="flat")
        store.keep("evaluations", f"f{number:063x}", flat)
        store.keep("evaluations", f"a{number:063x}", evaluation(number, slot=str(slot), score=score, persona="slid"))
    with opened(store) as connection:
        rows = connection.execute(
            "select persona, records, slots, current, round(std, 6), round(change, 6), round(recent_shift, 6) "
            "from drift_summary order by persona"
        ).fetchall()
    steps = [-0.001 * number for number in range(60)]
    recent = sum(steps[-20:]) / 20 - sum(steps) / 60
    assert rows[0] == ("flat", 60, 5, True, 0.0, 0.0, 0.0)
    assert rows[1][:4] == ("slid", 60, 5, True) and rows[1][5] == pytest.approx(-0.059)
    assert rows[1][6] == pytest.approx(recent, abs=1e-6)


def test_an_attempt_counts_as_it_was_judged_last(store: Store) -> None:
    action(store, 1)
    action(store, 2)
    both = {"node": "image/01", "take": 0, "attempt": 0}
    store.keep("evaluations", "a" * 64, evaluation(1, **both, decision="REJECT"))
    store.keep("evaluations", "b" * 64, evaluation(1, **both, time=2_000_000.0, decision="ACCEPT"))
    store.keep("evaluations", "c" * 64, evaluation(2, node="image/02", take=0, attempt=0, decision="REJECT"))
    store.keep("evaluations", "e" * 64, evaluation(3, node="", step="eval", decision="ACCEPT"))
    with opened(store) as connection:
        rows = connection.execute("select node, decision, cost_usd, seconds from attempts order by node").fetchall()
        assert rows == [("image/01", "ACCEPT", 0.25, 1.5), ("image/02", "REJECT", 0.25, 1.5)]
        rate = connection.execute(
            "select attempts, accepted, rejected, acceptance_rate from acceptance_rate"
        ).fetchall()
        assert rate == [(2, 1, 1, 0.5)]


def test_every_key_part_of_an_action_has_its_digest(store: Store) -> None:
    request = {"model": "m", "prompt": "A portrait. " * 50, "width": 64}
    parts = {
        "kind": "draw", "provider": "scripted@2", "request": request, "inputs": {"reference": "a" * 64},
        "take": 0, "attempt": 0,
    }  # fmt: skip
    sources = {"templates": {"image/heia.j2": "b" * 64}, "settings": {"image": {"width": 64, "height": 32}, "seed": 7}}
    action(store, 1, parts=parts, sources=sources)
    action(store, 2, parts={**parts, "request": {**request, "width": 65}}, sources=sources)
    with opened(store) as connection:
        sql = "select part, name, value, in_key from key_parts where record = ? order by part, name"
        assert connection.execute(sql, [f"{1:064x}"]).fetchall() == [
            ("input", "reference", None, True),
            ("model", "", "m", True),
            ("prompt", "", None, True),
            ("provider", "", "scripted@2", True),
            ("request", "width", "64", True),
            ("setting", "image.height", "32", False),
            ("setting", "image.width", "64", False),
            ("setting", "seed", "7", False),
            ("template", "image/heia.j2", None, False),
        ]
        differ = """
            select one.part, one.name from key_parts one join key_parts other using (part, name)
            where one.record < other.record and one.digest <> other.digest
        """
        assert connection.execute(differ).fetchall() == [("request", "width")]
        known = connection.execute("select digest from key_parts where part = 'input' limit 1").fetchone()
        assert known == ("a" * 64,), "content keeps its own digest"


def test_embeddings_ratios_and_frames_come_out_as_they_were_measured(store: Store) -> None:
    rng = np.random.default_rng(1)
    whole = rng.normal(size=512).astype("<f4")
    short = rng.normal(size=128).astype("<f4")

    def face(vector: Any) -> dict[str, Any]:
        return {
            "status": "measured", "reason": "", "faces": 1, "detection": 0.9, "sharpness": 60.0, "ratio_set": "106",
            "pose": {"yaw": 1.0, "pitch": 2.0, "roll": 3.0}, "ratios": {"jaw_width": 1.9, "nose_width": 0.6},
            "embedding": encode_embedding(vector), "embedding_norm": 12.5,
        }  # fmt: skip

    analyzer = {"backend": "b", "pack": "p", "pack_digest": "d" * 64, "backend_version": "1", "detector_size": "auto"}
    parts = {
        "kind": "measure", "provider": "b@1", "request": {"analyzer": analyzer}, "inputs": {"artifact": "a" * 64},
        "take": 0, "attempt": 0,
    }  # fmt: skip
    action(store, 1, parts=parts, outputs={}, value=face(whole))
    frames = [
        {"frame": 0, "second": 0.0, **face(short)},
        {"frame": 7, "second": 0.5, "status": "no_face", "reason": "no"},
    ]
    clip = {"status": "measured", "reason": "", "frames": frames, "histogram_distances": {"correlation": [0.25]}}
    action(store, 2, parts={**parts, "kind": "measure_clip"}, outputs={}, value=clip)
    with opened(store) as connection:
        rows = connection.execute("select frame, dimensions, embedding from embeddings order by record").fetchall()
        assert rows[0][:2] == (None, 512) and np.array_equal(np.array(rows[0][2], dtype="<f4"), whole)
        assert rows[1] == (0, 128, None), "a length that the column can't have is no row of zeros"
        sql = "select frame, status, sharpness, yaw, correlation, chi_squared from video_frames order by frame"
        assert connection.execute(sql).fetchall() == [
            (0, "measured", 60.0, 1.0, None, None),
            (7, "no_face", None, None, 0.25, None),
        ]
        sql = "select frame, name, value from landmark_ratios order by all"
        assert connection.execute(sql).fetchall() == [
            (0, "jaw_width", 1.9), (0, "nose_width", 0.6), (None, "jaw_width", 1.9), (None, "nose_width", 0.6),
        ]  # fmt: skip


def test_audits_and_clip_quality_have_tables_of_their_own(store: Store) -> None:
    given = {"modality": "text", "score": 4.5, "scores": {"depth": 4.0, "realism": 5.0}, "threshold": 3.5}
    store.keep("evaluations", "a" * 64, evaluation(1, **given))
    clip = {
        "cosine_std": 0.02, "frames_measured": 7, "frames_total": 8, "sharpness_ratio_mean": 0.6,
        "advice": {"identity_stable": True, "degradation": "textural", "recommendation": "sharpen", "text": "Do"},
    }  # fmt: skip
    store.keep("evaluations", "b" * 64, evaluation(2, modality="video", clip=clip))
    with opened(store) as connection:
        sql = "select dimension, score, threshold from audits order by all"
        assert connection.execute(sql).fetchall() == [("depth", 4.0, 3.5), ("realism", 5.0, 3.5)]
        sql = "select frames_total, frames_measured, sharpness_ratio, recommendation, cosine_min from quality"
        assert connection.execute(sql).fetchall() == [(8, 7, 0.6, "sharpen", None)]


def test_scores_against_other_reference_sets_are_never_mixed(store: Store) -> None:
    """The same slot, measurer and anchor; only what else stood for the person differs."""
    for number, references in enumerate(([], [], ["a" * 64], ["a" * 64], ["a" * 64, "b" * 64])):
        score = {"composite": 0.5 + 0.1 * len(references)}
        record = evaluation(number, slot="02", node="image/02", anchor="c" * 64, references=references, score=score)
        store.keep("evaluations", f"{number:064x}", record)
    with opened(store) as connection:
        summary = connection.execute(
            "select len(reference_set), records, min, max, current from drift_summary order by 1"
        ).fetchall()
        numbers = connection.execute("select value, number, residual from timeline order by value, number").fetchall()
    assert summary == [(0, 2, 0.5, 0.5, False), (1, 2, 0.6, 0.6, False), (2, 1, 0.7, 0.7, True)]
    assert numbers == [(0.5, 1, 0.0), (0.5, 2, 0.0), (0.6, 1, 0.0), (0.6, 2, 0.0), (0.7, 1, 0.0)]


def test_anything_that_makes_numbers_incomparable_begins_a_series(store: Store) -> None:
    usual = {"backend": "b", "pack": "p", "pack_digest": "d" * 64, "backend_version": "1", "detector_size": "auto"}
    others: list[dict[str, Any]] = [
        {}, {"persona": "bo"}, {"anchor": "e" * 64}, {"references": ["e" * 64]}, {"modality": "video"},
        *({"analyzer": {**usual, field: "other"}} for field in usual),
    ]  # fmt: skip
    for number, fields in enumerate(others):
        store.keep("evaluations", f"{number:064x}", evaluation(number, **{"analyzer": usual, **fields}))
    for number in range(90, 93):
        store.keep("evaluations", f"{number:064x}", evaluation(number, analyzer=usual))
    with opened(store) as connection:
        counts = connection.execute("select records from drift_summary order by records").fetchall()
        same = connection.execute("select count(distinct compared) from evaluations").fetchone()
    assert counts == [(1,)] * (len(others) - 1) + [(4,)] and same == (len(others),)


def test_the_last_scores_name_their_metric_and_are_on_one_scale(store: Store) -> None:
    store.keep("evaluations", "a" * 64, evaluation(1))
    store.keep("evaluations", "b" * 64, evaluation(2, modality="video", node="video/a"))
    store.keep("evaluations", "c" * 64, evaluation(3, modality="text", node="audit", score=4.5))
    store.keep("evaluations", "d" * 64, evaluation(4, node="image/09", score=None, measured=False))
    with opened(store) as connection:
        sql = "select node, metric, value, low, high, score from latest_scores order by node"
        assert connection.execute(sql).fetchall() == [
            ("audit", "score", 4.5, 1, 5, None),
            ("image/01", "composite", 0.501, 0, 1, 0.501),
            ("image/09", "composite", None, 0, 1, None),
            ("video/a", "composite", 0.502, 0, 1, 0.502),
        ]
        sql = "select count(*) from latest_scores join scores using (evaluation, series, metric, value)"
        assert connection.execute(sql).fetchone() == (3,), "a series is the one of the timelines"
        assert connection.execute("select score from evaluations where node = 'audit'").fetchone() == (4.5,)


def test_values_hold_every_number_of_a_judgement(store: Store) -> None:
    analyzer = {"backend": "b", "pack": "p", "pack_digest": "d" * 64, "backend_version": "1", "detector_size": "auto"}
    parts = {
        "kind": "measure", "provider": "b@2", "request": {"analyzer": analyzer}, "inputs": {"artifact": f"{1:064x}"},
        "take": 0, "attempt": 0,
    }  # fmt: skip
    value = {"status": "measured", "sharpness": 80.0, "faces": 2, "detection": 0.9}
    action(store, 9, parts=parts, outputs={}, value=value)
    score = {"composite": 0.7, "cosine": 0.6, "error": 0.01, "turn": 3.5}
    changed = dict.fromkeys(("copying", *CHANGES), 0.25)
    changed["apparent_age"] = 33.0
    likeness = {**changed, "unmeasured": {}, "readings": []}
    about = {"analyzer": analyzer, "attempt": 1, "score": score}
    delivered = {"scale": 1.0, "aspect_error": 0.25, "turn_error": 3.0, "tilt_error": 2.0, "face_height": 0.4}
    delivered |= {"mouth_width": 0.8, "mouth_opening": 0.1, "eye_opening": 0.25, "brow_height": 0.5}
    store.keep("evaluations", "a" * 64, evaluation(1, **about, delivered=delivered, likeness=likeness))
    with opened(store) as connection:
        found = connection.execute("select metric, value from values order by metric").fetchall()
        known = connection.execute("select metric from metrics where modality = 'face' order by metric").fetchall()
    beside = {"attempt": 2.0, "failed": 0.0, "sharpness": 80.0, "faces": 2.0, "detection": 0.9}
    assert dict(found) == {**score, **changed, **delivered, **beside}
    assert [name for name, _ in found] == [name for (name,) in known]


def test_pieces_are_as_good_as_the_whole_and_each_stays_when_the_next_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        action(store, number)
        store.keep("evaluations", f"{number:064x}", evaluation(number % 11, time=1e6 + (number * 37) % 30))
    whole = contents(store)
    monkeypatch.setattr(projection, "_PIECE", 7)
    assert rebuild(store) == 60 and contents(store) == whole
    (store.folder / "warehouse.duckdb").unlink()
    project, pieces = projection._project, []

    def dies(*given: Any) -> None:
        pieces.append(given)
        if len(pieces) == 4:
            raise KeyboardInterrupt
        project(*given)

    monkeypatch.setattr(projection, "_project", dies)
    with pytest.raises(KeyboardInterrupt):
        contents(store)
    monkeypatch.setattr(projection, "_project", project)
    monkeypatch.setattr(projection, "synchronise", lambda *given: 0)
    with opened(store) as connection:
        kept = connection.execute("select count(*) from actions union all select count(*) from judgements").fetchall()
        usual = connection.execute("select current_setting('threads')").fetchone()
    assert sum(count for (count,) in kept) == 21, "three pieces of seven"
    assert usual is not None and int(usual[0]) >= 1
    monkeypatch.undo()
    assert contents(store) == whole


def test_another_table_of_metrics_makes_the_file_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    action(store, 1)
    before = contents(store)
    with opened(store) as connection:
        connection.execute("delete from actions")
    assert contents(store)["actions"] == []
    monkeypatch.setattr("personaforge.metrics.digest", lambda: "0" * 64)
    assert contents(store) == before
