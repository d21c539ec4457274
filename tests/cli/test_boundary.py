"""Where a command ends: what is the machine's fault is never called a mistake in forge, and ^C is always 130."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from personaforge.cli import interrupt
from personaforge.cli.main import run
from personaforge.machine import machine_error
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge

pytestmark = pytest.mark.usefixtures("no_pack")
NUMBERS = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENAMETOOLONG,
    errno.ENOMEM, errno.EFBIG, errno.ENOTDIR, errno.EISDIR, errno.EAGAIN, errno.ESTALE,
)  # fmt: skip
FORGE = [sys.executable, "-m", "personaforge.cli.main"]


def _sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = code
    return error


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        *(
            (OSError(number, os.strerror(number), "/some/file"), f"/some/file: {os.strerror(number)}")
            for number in NUMBERS
        ),
        (MemoryError(), "not enough memory"),
        (RuntimeError("can't start new thread"), "can't start new thread"),
        (ImportError("libx.so: failed to map segment from shared object"), "failed to map segment"),
        (_sqlite(sqlite3.SQLITE_FULL), "unable to open database file"),
        (_sqlite(sqlite3.SQLITE_CANTOPEN), "unable to open database file"),
        (sqlite3.OperationalError("database or disk is full"), "disk is full"),
        (duckdb.IOException('IO Error: Could not write file "x": No space left on device'), "No space left"),
        (duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block"), "Out of Memory"),
        (duckdb.FatalException("FATAL Error: invalidated: No space left on device"), "No space left"),
        (_caused(RuntimeError("ben/image/02: broke"), OSError(errno.ENOSPC, "No space left on device")), "No space"),
        (FileNotFoundError(2, "No usable temporary directory found in ['/tmp']"), "temporary files"),
        (UnicodeEncodeError("utf-8", "a\udcff", 1, 2, "surrogates not allowed"), "no UTF-8"),
    ],
)
def test_what_the_machine_does_not_allow_is_an_error_of_the_environment(
    error: Exception, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _break(monkeypatch, error)
    assert run(["plan"]) == 2
    said = capsys.readouterr().err
    assert says in said and "\n  " in said and "mistake in forge" not in said


@pytest.mark.parametrize(
    "error",
    [
        KeyError("personas"),
        TypeError("no number"),
        AssertionError("disk is full"),
        FileNotFoundError(2, "No such file"),
    ],
)
def test_what_is_our_mistake_is_called_so(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    _break(monkeypatch, error)
    assert machine_error(error) is None and run(["plan"]) == 3
    said = capsys.readouterr().err
    assert "mistake in forge" in said
    Path(said.rpartition("Details: ")[2].strip()).unlink()
    assert not list(tmp_path.iterdir())  # the log made no .forge


def _break(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(Workspace, "plan", broken)


def test_interrupting_is_130_wherever_it_happens(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    handler = signal.getsignal(signal.SIGINT)
    assert run(["plan", "ana"]) == 0  # loads what is loaded once
    interrupt.note()
    try:
        for points in (3, 25):  # composing, and then with what was composed kept
            calls = _calls_until(None)
            for number in range(20, calls - 20, calls // points):
                assert _calls_until(number) == 130, f"interrupted at call {number} of {calls}"
            (project / ".forge").mkdir(exist_ok=True)
            assert run(["plan", "ana"]) == 0
    finally:
        signal.signal(signal.SIGINT, handler)
    assert "mistake" not in capsys.readouterr().err


def _calls_until(number: int | None) -> int:
    """Interrupt a command at a call of a function and return its exit code; without one, return how many there are."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"
        if calls == number:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    sys.setprofile(count)
    code = run(["plan", "ana"])
    sys.setprofile(None)
    return calls if number is None else code


def test_a_query_that_is_interrupted_ends(tmp_path: Path) -> None:
    query = [*FORGE, "query", "select count(*) from range(10000000000) a, range(100000) b"]
    started = subprocess.Popen(query, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    with pytest.raises(subprocess.TimeoutExpired):
        started.wait(1.5)  # it is at work by then, or the interruption comes earlier, which is 130 as well
    started.send_signal(2)
    _, said = started.communicate(timeout=30)
    assert started.returncode in (130, -2) and "mistake" not in said


@pytest.mark.parametrize("words", ["--help", "plan nobody"])
def test_output_that_can_not_be_written_is_said(project: Path, words: str) -> None:
    command = [*FORGE, *words.split()]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=project, stdout=full, stderr=subprocess.PIPE, text=True)
    wrong = "neither a persona file" if words == "plan nobody" else "output can't be written: No space left on device"
    assert done.returncode == 2 and wrong in done.stderr and "mistake" not in done.stderr
    closed = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command], cwd=project, stderr=subprocess.PIPE, text=True)
    assert closed.returncode == 2 and (wrong in closed.stderr or "Bad file descriptor" in closed.stderr)


def test_nobody_reads_what_is_printed(project: Path) -> None:
    quiet = subprocess.run(
        ["sh", "-c", '"$@" | :; "$@" 2>/dev/full >&-; "$@" >&- 2>&-', "sh", *FORGE, "--help"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert quiet.stderr == ""


def test_few_letters_are_no_mistake(project: Path, forge: Forge) -> None:
    persona = project / "personas/ana.yaml"
    persona.write_text(persona.read_text().replace("calm", "calm “old” 🌹"))
    env = {**os.environ, "PYTHONIOENCODING": "latin-1", "LC_ALL": "xx_YY.nowhere"}
    text = forge("config", "ana", "--path", "brief", "--json", cwd=project, check=0, env=env).stdout
    import json

    assert "\\u201cold\\u201d \\ud83c\\udf39" in text
    assert json.loads(text)["settings"][0]["value"] == "A calm “old” 🌹 Portuguese gardener."


def test_missing_memory_files_and_folders(project: Path, tmp_path: Path) -> None:
    def limited(what: int, most: int, *words: str) -> subprocess.CompletedProcess[str]:
        # In the child alone, and before Python starts there.
        script = "import resource, os, sys; resource.setrlimit(int(sys.argv[1]), (int(sys.argv[2]),) * 2); "
        script += "os.execv(sys.argv[3], sys.argv[3:])"
        command = [sys.executable, "-c", script, str(what), str(most), *FORGE, *words]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)

    files = limited(resource.RLIMIT_NOFILE, 6, "plan")
    assert files.returncode == 2 and "Too many open files" in files.stderr, files.stderr
    memory = limited(resource.RLIMIT_AS, 60_000_000, "query", "scores")
    assert memory.returncode not in (0, 3) and "mistake" not in memory.stderr
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'rmdir "$PWD" && exec "$@"'
    done = subprocess.run(["sh", "-c", script, "sh", *FORGE, "plan"], cwd=gone, capture_output=True, text=True)
    assert done.returncode == 2 and "no longer there" in done.stderr


def test_a_node_that_the_machine_fails_is_no_mistake_of_ours(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from personaforge.run.actions import Engine

    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    monkeypatch.chdir(project)
    monkeypatch.setattr(Engine, "perform", full)
    assert run(["build", "ana"]) == 1
    said = "".join(capsys.readouterr())
    assert "No space left on device" in said and "free some space" in said and "mistake" not in said


def test_a_path_that_is_too_long_for_a_database_is_read_and_not_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path.joinpath(*["x" * 200] * 3)
    (deep / ".forge").mkdir(parents=True)
    (deep / "personas").mkdir()
    (deep / "personas/ana.yaml").write_text("id: ana\nbrief: A gardener.\n")
    monkeypatch.chdir(deep)
    assert run(["plan", "ana"]) == 0 and run(["build", "ana"]) == 2
    assert "SQLite opens paths of up to 500 bytes" in capsys.readouterr().err
    assert run(["plan", "x" * 5000]) == 2 and run(["plan", "ana", "-o", "x" * 5000]) == 2
    assert "mistake" not in capsys.readouterr().err
