"""Records: immutable, several for a key where a result was lost, and refused where damaged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import orjson
import pytest

from personaforge.errors import StoreError
from personaforge.spec.project import Project
from personaforge.store.records import Records, parse_record
from personaforge.store.store import StatCache, Store

from .given import action, project

KEY = "ab" * 32


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


def test_a_record_comes_back_as_it_was_kept(records: Records) -> None:
    record = {"schema": 1, "b": [1, 2.5, None], "a": "é"}
    records.put("actions", KEY, record)
    assert records.get("actions", KEY) == record
    path = Path(records.path("actions", KEY))
    assert path.read_text() == '{"a":"é","b":[1,2.5,null],"schema":1}\n'
    assert path.parent.name == "ab" and path.stat().st_mode & 0o777 == 0o444


def test_what_is_not_there(records: Records) -> None:
    assert records.get("actions", KEY) is None
    assert list(records.latest("actions", KEY)) == [] and records.names("actions", KEY) == []
    assert list(records.all("actions")) == []


def put_again(records: Records, number: int) -> str:
    name = records.free_name("actions", KEY)
    records.put("actions", name, {"schema": 1, "n": number})
    return name


def test_a_key_may_have_several_records_of_which_the_newest_comes_first(records: Records) -> None:
    names = [put_again(records, number) for number in range(12)]
    assert names == [KEY, *(f"{KEY}~{number}" for number in range(1, 12))]
    assert [record["n"] for _, record in records.latest("actions", KEY)] == list(range(11, -1, -1))
    assert sorted(name for name, _ in records.all("actions")) == sorted(names)


def test_kinds_stay_apart(records: Records) -> None:
    records.put("evaluations", KEY, {"schema": 1})
    assert records.get("actions", KEY) is None and list(records.all("builds")) == []


def test_the_place_of_a_record_that_was_put_aside_stays_taken(records: Records) -> None:
    for number in range(3):
        put_again(records, number)
    path = records.path("actions", f"{KEY}~1")
    os.rename(path, path + ".damaged")
    assert [record["n"] for _, record in records.latest("actions", KEY)] == [2, 0]
    assert put_again(records, 3) == f"{KEY}~3"
    assert [record["n"] for _, record in records.latest("actions", KEY)] == [3, 2, 0]


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"a": 1}', b"[1]", b"null", b'{"schema": 1', b"\xff\xfe", b'{"schema": NaN}']
)
def test_a_damaged_record_is_an_error(records: Records, data: bytes) -> None:
    records.put("actions", KEY, {"schema": 1})
    path = Path(records.path("actions", KEY))
    path.chmod(0o644)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="a record is damaged") as caught:
        records.get("actions", KEY)
    assert caught.value.where == str(path) and caught.value.hint == "forge cache verify --repair"
    with pytest.raises(StoreError):
        list(records.latest("actions", KEY))
    with pytest.raises(StoreError):
        parse_record("actions", data, "x")


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("actions", {"parts": None}, "parts is nothing, expected mapping"),
        ("actions", {"parts": {"take": "zz"}}, "parts.take is text, expected number"),
        ("actions", {"outputs": {"image": 5}}, "outputs.image is number, expected mapping"),
        ("actions", {"sources": {"templates": {"a": None}}}, "sources.templates.a is nothing, expected text"),
        ("actions", {"cost_usd": "1"}, "cost_usd is text, expected number or nothing"),
        ("actions", {"paid": 1}, "paid is number, expected truth"),
        ("evaluations", {"artifacts": [5]}, "artifacts is list, expected mapping"),
        ("builds", {"templates": {"a": {}}}, "templates.a is mapping, expected text"),
        ("builds", {"personas": "ana"}, "personas is text, expected list"),
        ("builds", {"nodes": {"ana/image": None}}, "nodes.ana/image is nothing, expected mapping"),
        ("events", {"events": [{}, 5]}, r"events\[1\] is number, expected mapping"),
    ],
)
def test_a_record_with_a_field_of_another_type_is_damaged(kind: str, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(StoreError, match=f"a record is damaged: {said}"):
        parse_record(kind, orjson.dumps({"schema": 1, **fields}), "x")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"box": [1, 2, {}, 4]}, r"value.box\[2\] is mapping, expected number"),
        ({"box": [1, 2, 3]}, r"value\.box has 3 numbers, expected 4"),
        ({"width": "8"}, r"value\.width is text, expected number"),
        ({"ratios": {"mouth": None}}, r"value\.ratios\.mouth is nothing, expected number"),
        ({"pose": {"yaw": "0"}}, r"value\.pose\.yaw is text, expected number"),
        ({"embedding": "AAAA"}, r"value\.embedding is no base64 of float32"),
        ({"embedding": "not base64"}, r"value\.embedding is no base64 of float32"),
        ({"in_domain": 1}, r"value\.in_domain is number, expected truth"),
        ({"frames": [{}, {"box": [1, 2, 3, ""]}]}, r"value\.frames\[1\]\.box\[3\] is text, expected number"),
        ({"frames": [5]}, r"value\.frames\[0\] is number, expected mapping"),
    ],
)
def test_a_measurement_that_cannot_be_judged_is_damaged(value: dict[str, Any], said: str) -> None:
    sound = {"status": "measured", "box": [0.5, 0, 8, 9], "embedding": "AACAPw==", "pose": None, "daylight": None}
    record = {"schema": 1, "parts": {"kind": "measure"}, "value": sound}
    assert parse_record("actions", orjson.dumps(record), "x") == record
    with pytest.raises(StoreError, match=f"a record is damaged: {said}"):
        parse_record("actions", orjson.dumps({**record, "value": {**sound, **value}}), "x")
    other = {**record, "parts": {"kind": "complete"}, "value": value}
    assert parse_record("actions", orjson.dumps(other), "x") == other, "whatever a provider said"


@pytest.mark.parametrize("field", ["cost_usd", "reserved_usd"])
def test_a_negative_amount_is_not_known_and_voids_no_result(field: str) -> None:
    assert parse_record("actions", orjson.dumps({"schema": 1, field: -5.0}), "x")[field] is None
    assert parse_record("actions", orjson.dumps({"schema": 1, field: 0.25}), "x")[field] == 0.25


def test_unfinished_files_are_no_records(records: Records) -> None:
    records.put("actions", KEY, {"schema": 1})
    folder = Path(records.path("actions", KEY)).parent
    (folder / ".tmp-1-2-3-x.json").write_bytes(b"{")
    assert [name for name, _ in records.all("actions")] == [KEY]
    assert [Path(path).name for path, _ in records.unfinished()] == [".tmp-1-2-3-x.json"]


# --- the store's view of them -----------------------------------------------------------------------------------------


def test_what_was_committed_is_found_and_logged(store: Store) -> None:
    key = action(store, "a portrait", {"image": b"png"})
    record = store.find(key)
    assert record is not None and record["key"] == key and record["schema"] == 1
    assert [(kind, name) for _, kind, name in store.index.since(0)] == [("actions", key)]
    assert store.use(key, [])
    assert len(store.index.since(0)) == 1
    assert store.find(KEY) is None


def test_a_result_whose_artifact_is_gone_is_a_miss_until_it_is_made_again(store: Store) -> None:
    key = action(store, "a portrait", {"image": b"first"})
    record = store.find(key)
    assert record is not None
    store.blobs.remove(record["outputs"]["image"]["digest"])
    assert store.find(key) is None
    assert action(store, "a portrait", {"image": b"second"}) == key
    assert store.records.names("actions", key) == [f"{key}~1", key]
    found = store.find(key)
    assert found is not None and store.blobs.get(found["outputs"]["image"]["digest"]) == b"second"
    store.blobs.put(b"first")  # pulled again: the newest still counts
    found = store.find(key)
    assert found is not None and store.blobs.get(found["outputs"]["image"]["digest"]) == b"second"


@pytest.mark.parametrize("damaged", [0, 1])
@pytest.mark.parametrize("moved", [False, True])
def test_a_damaged_record_does_not_hide_the_others_of_its_key(store: Store, damaged: int, moved: bool) -> None:
    key = action(store, "a portrait", {"image": b"first"})
    action(store, "a portrait", {"image": b"second"})
    path = Path(store.records.path("actions", [key, f"{key}~1"][damaged]))
    path.chmod(0o644)
    path.write_bytes(b"{")
    if moved:
        path.rename(f"{path}.damaged")
    found = store.find(key)
    assert found is not None and store.blobs.get(found["outputs"]["image"]["digest"]) == [b"second", b"first"][damaged]


def test_a_record_that_names_no_artifact_is_a_miss(store: Store) -> None:
    key = action(store, "a portrait", {"image": b"first"})
    record = store.find(key)
    assert record is not None
    record["outputs"]["image"]["digest"] = "../../etc/passwd"
    store.records.put("actions", key, record)
    assert store.find(key) is None


def test_records_named_by_their_content_are_kept_once(store: Store) -> None:
    store.keep("evaluations", KEY, {"score": 0.9})
    store.keep("evaluations", KEY, {"score": 0.1})
    record = store.records.get("evaluations", KEY)
    assert record is not None and record["score"] == 0.9 and record["schema"] == 1 and record["time"] > 0
    assert len(store.index.since(0)) == 1


def test_a_store_that_is_a_link_is_refused(tmp_path: Path) -> None:
    where = project(tmp_path / "project")
    (tmp_path / "elsewhere").mkdir()
    (where.root / ".forge").symlink_to("../elsewhere")
    with pytest.raises(StoreError, match="is a symbolic link"):
        Store(where)


def test_looking_into_a_store_makes_none(tmp_path: Path) -> None:
    where = Project(tmp_path)
    store = Store(where)
    assert store.find(KEY) is None and not store.blobs.has(KEY)
    assert store.journal.get(KEY) is None and store.journal.open_entries() == []
    assert not store.leases.held(KEY)
    store.close()
    assert not where.state.exists()


def test_large_files_outside_are_read_again_only_when_they_change(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    path = tmp_path / "pack.onnx"
    path.write_bytes(b"weights")
    cache = StatCache(store.index)
    first = cache.digest(path)
    with monkeypatch.context() as unread:
        unread.setattr("personaforge.store.store.digest_file", Mock(side_effect=AssertionError("it was read again")))
        assert cache.digest(path) == first == hashlib.sha256(b"weights").hexdigest()
    monkeypatch.setattr(store.index, "get_spec", lambda key: b"\xff no digest")
    assert cache.digest(path) == first, "a damaged row counts as none"
    monkeypatch.undo()
    times = path.stat()
    path.write_bytes(b"WEIGHTS")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert cache.digest(path) == hashlib.sha256(b"WEIGHTS").hexdigest()
    os.chmod(path, 0)
    if os.geteuid():
        with pytest.raises(PermissionError):
            cache.digest(path)
    with pytest.raises(FileNotFoundError):
        cache.digest(tmp_path / "nothing")


def test_a_record_whose_writer_dies_before_it_is_in_the_log_gets_there_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(store.index, "add", lambda kind, name: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.put_record("builds", "b", {"schema": 1})
    assert store.index.since(0) == []
    store.note_pending()
    assert [row[1:] for row in store.index.since(0)] == [("builds", "b")] and store.index.pending() == []


def test_what_is_no_record_among_records_is_a_stray(records: Records) -> None:
    records.put("actions", KEY, {"schema": 1})
    shard = Path(records.path("actions", KEY)).parent
    for name in ("thumbs.db", f"{KEY}.json.damaged", ".tmp-1-2-3-x"):
        (shard / name).write_bytes(b"x")
    assert list(records.strays()) == [str(shard / "thumbs.db")]
