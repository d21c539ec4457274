"""Leases: one holder at a time, among threads and processes, and none that outlives its holder."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from personaforge.errors import StoreError
from personaforge.store.leases import Leases

from .given import python

HOLD = """
import sys
from pathlib import Path
from personaforge.store.leases import Leases
with Leases(Path(sys.argv[1])).take("key"):
    print("held", flush=True)
    sys.stdin.read()
"""

COUNT = """
import sys
from pathlib import Path
from personaforge.store.leases import Leases
leases, counter = Leases(Path(sys.argv[1])), Path(sys.argv[2])
for _ in range(int(sys.argv[3])):
    with leases.take("counter"):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "leases"


@pytest.fixture
def leases(folder: Path) -> Leases:
    return Leases(folder)


def test_a_lease_is_held_inside_and_leaves_nothing_behind(leases: Leases, folder: Path) -> None:
    assert not leases.held("key")
    with leases.take("key"):
        assert leases.held("key") and not leases.held("other")
        assert os.listdir(folder) == ["key"]
    assert not leases.held("key") and os.listdir(folder) == []


def test_a_lease_ends_with_an_error(leases: Leases, folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), leases.take("key"):
        _ = 1 / 0
    assert not leases.held("key") and os.listdir(folder) == []


def test_leases_on_different_names_do_not_wait_for_each_other(leases: Leases) -> None:
    with leases.take("one"), leases.take("two"):
        assert leases.held("one") and leases.held("two")


def test_many_threads_and_processes_count_every_one_of_their_steps(
    folder: Path, leases: Leases, tmp_path: Path
) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    processes = [python(COUNT, folder, counter, 60) for _ in range(3)]

    def count() -> None:
        for _ in range(20):
            with leases.take("counter"):
                counter.write_text(str(int(counter.read_text()) + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    assert counter.read_text() == str(3 * 60 + 4 * 20)
    assert os.listdir(folder) == []


def test_the_kernel_releases_the_lease_of_whoever_is_killed(folder: Path, leases: Leases) -> None:
    import subprocess

    with python(HOLD, folder, stdin=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert leases.held("key")
        with pytest.raises(StoreError, match="gave up waiting"), leases.take("key", give_up=lambda: True):
            pass
        holder.send_signal(signal.SIGKILL)
        with leases.take("key"):  # waits until the kernel has noticed
            assert os.listdir(folder) == ["key"]
    assert os.listdir(folder) == []


def test_whoever_waits_says_so_once_and_goes_on(folder: Path, leases: Leases) -> None:
    said: list[str] = []
    entered = threading.Event()
    release = threading.Event()

    def hold() -> None:
        with leases.take("key"):
            entered.set()
            release.wait(60)

    def waiting() -> None:
        said.append("waiting")
        release.set()

    thread = threading.Thread(target=hold)
    thread.start()
    assert entered.wait(60)
    with leases.take("key", waiting=waiting):
        said.append("mine")
    thread.join()
    assert said == ["waiting", "mine"]


def test_whoever_does_not_wait_says_nothing(leases: Leases) -> None:
    said: list[str] = []
    with leases.take("key", waiting=lambda: said.append("waiting"), give_up=lambda: True):
        pass
    assert said == []


def test_giving_up_ends_the_wait_and_leaves_the_holder_alone(folder: Path, leases: Leases) -> None:
    asked: list[int] = []

    def give_up() -> bool:
        asked.append(1)
        return len(asked) == 3

    with leases.take("key"):
        with pytest.raises(StoreError, match="gave up waiting for another build"), leases.take("key", give_up=give_up):
            pass
        assert len(asked) == 3 and leases.held("key") and os.listdir(folder) == ["key"]


def test_an_error_while_waiting_leaves_no_descriptor_open(leases: Leases) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with leases.take("key"):
        for _ in range(5):
            with pytest.raises(ZeroDivisionError), leases.take("key", waiting=lambda: print(1 / 0)):
                pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_cleaning_up_by_hand_does_no_harm(folder: Path, leases: Leases) -> None:
    with leases.take("key"):
        shutil.rmtree(folder)
    with leases.take("key"):
        (folder / "key").unlink()
        with leases.take("key"):
            pass
    assert os.listdir(folder) == []


def test_a_lease_is_taken_again_by_the_file_that_another_left(folder: Path, leases: Leases) -> None:
    folder.mkdir()
    (folder / "key").write_text("left by a machine that lost its power")
    with leases.take("key"):
        assert leases.held("key")
    assert os.listdir(folder) == []


def test_where_no_lease_can_be_taken(tmp_path: Path) -> None:
    (tmp_path / "leases").mkdir()
    (tmp_path / "leases" / "key").mkdir()
    with pytest.raises(StoreError, match="can't take a lease: Is a directory"), Leases(tmp_path / "leases").take("key"):
        pass
