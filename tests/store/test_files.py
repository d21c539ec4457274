"""A file is either not there or whole."""

from __future__ import annotations

import os
import signal
import stat
import threading
from pathlib import Path

import pytest

from personaforge.errors import StoreError
from personaforge.store.files import checked_out, stat_signature, typed, write_atomic

from .given import python


def test_a_file_is_written_with_its_folders_and_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_atomic(path, b"data", mode=0o444)
    assert path.read_bytes() == b"data"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert os.listdir(path.parent) == ["file"]


def test_a_file_is_replaced_even_if_it_is_read_only(tmp_path: Path) -> None:
    for data in (b"first", b"", b"x" * 1_000_000):
        write_atomic(str(tmp_path / "file"), data, mode=0o444, sync_folder=True)
        assert (tmp_path / "file").read_bytes() == data


def test_a_reader_keeps_what_it_has_opened(tmp_path: Path) -> None:
    write_atomic(tmp_path / "file", b"first")
    with open(tmp_path / "file", "rb") as file:
        write_atomic(tmp_path / "file", b"second")
        assert file.read() == b"first"


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"theirs")
    (tmp_path / "file").symlink_to("victim")
    write_atomic(tmp_path / "file", b"ours")
    assert (tmp_path / "victim").read_bytes() == b"theirs" and not (tmp_path / "file").is_symlink()


@pytest.mark.parametrize("name", ["folder", "file/below"])
def test_what_cannot_be_written_is_an_error_and_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder" / "full").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(StoreError, match="can't write"):
        write_atomic(tmp_path / name, b"data")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_full_disk_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from personaforge.errors import StoreError
from personaforge.store.files import write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomic(sys.argv[1], b"x" * 5000)
except StoreError as error:
    print(error)
"""
    (tmp_path / "file").write_bytes(b"first")
    out, _ = python(code, tmp_path / "file").communicate(timeout=60)
    assert "can't write" in out
    assert (tmp_path / "file").read_bytes() == b"first" and os.listdir(tmp_path) == ["file"]


def test_whoever_is_killed_while_writing_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    code = """
import sys
from personaforge.store.files import write_atomic
number = 0
while True:
    number += 1
    write_atomic(sys.argv[1], b"%09d" % number * 30_000, sync=False)
    if number == 1:
        print("started", flush=True)
"""
    path = tmp_path / "file"
    for _ in range(4):
        with python(code, path) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == "started\n"
            for _ in range(200):
                data = path.read_bytes()
                assert len(data) == 270_000 and data == data[:9] * 30_000
            writer.send_signal(signal.SIGKILL)
        data = path.read_bytes()
        assert len(data) == 270_000 and data == data[:9] * 30_000


def test_threads_that_write_one_file_leave_one_of_their_texts(tmp_path: Path) -> None:
    texts = [bytes([65 + number]) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=write_atomic, args=(tmp_path / "file", text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "file").read_bytes() in texts and os.listdir(tmp_path) == ["file"]


def test_a_signature_changes_with_the_file_even_if_its_times_are_set_back(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert stat_signature(str(path)) is None
    path.write_bytes(b"first")
    first, times = stat_signature(str(path)), path.stat()
    assert first == stat_signature(str(path))
    path.write_bytes(b"secnd")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert stat_signature(str(path)) != first
    second = stat_signature(str(path))
    write_atomic(path, b"secnd")
    assert stat_signature(str(path)) != second


def test_a_path_in_a_hint_is_what_is_typed_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert typed(tmp_path / "personas/ana.lock.yaml") == "personas/ana.lock.yaml"
    assert typed(tmp_path / "a b; rm -rf x") == "'a b; rm -rf x'"
    assert typed("/elsewhere/a b") == "'/elsewhere/a b'"
    assert checked_out(tmp_path / "personas/ana.lock.yaml") == "git checkout -- personas/ana.lock.yaml"
    assert checked_out("/else where/team/ana.lock.yaml") == "git -C '/else where/team' checkout -- ana.lock.yaml"
