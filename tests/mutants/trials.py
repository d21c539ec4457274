"""Tries mutants in one pytest session, as a plug-in of it: `python -m tests.mutants` starts it in a copy of the tree.

The session collects the tests once. Forked from it, one process for each file of tests runs it under coverage and
notes which lines each test reaches. Then one process for each mutant puts the fault into the functions as they are
loaded and runs the tests that reach its line, until one fails. So a mutant costs its tests and no start of Python;
neither a file of ours nor a later mutant can be hurt by an earlier one.

What a test runs in a further process of Python is without the fault, and reaches no line.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import pickle
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

import pytest

from tests.mutants.mutations import Mutant

_MEMORY: Final = 8 * 1024**3
"""Bytes of address space for a mutant that would take all."""
_SURVIVED, _KILLED, _UNREACHED = 0, 1, 2
ROOT: Final = Path.cwd()


class Orders(NamedTuple):
    """What the session is to do; pickled beside it, with its answers after it."""

    mutants: list[Mutant]
    sources: str
    """Digest of all that tests may depend on but themselves."""
    keep: Path
    """A folder for what tests reach, from one run to the next."""
    jobs: int
    seconds: float
    """For which a mutant's tests may run when nothing is wrong; the quickest and nearest ones are taken."""


class Reach(NamedTuple):
    """What the tests reach."""

    lines: dict[str, dict[int, set[int]]]
    """By file and line, the indices of tests."""
    seconds: dict[int, float]
    """By index, of each test that passes."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try the mutants in place of running the tests."""
    work = Path(os.environ["MUTANTS_WORK"])
    orders: Orders = pickle.loads((work / "orders").read_bytes())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no process is left running
    gc.freeze()
    reach = _reach(session, orders, work)
    nearest = [_nearest(session, reach, one, orders.seconds) for one in orders.mutants]

    def trial(number: int) -> Callable[[], int]:
        return lambda: _tried(session, orders.mutants[number], nearest[number])

    limits = {n: 40 + 8 * sum(reach.seconds[index] for index in tests) for n, tests in enumerate(nearest)}
    chosen = [number for number, tests in enumerate(nearest) if tests]
    fates = ["not reached"] * len(orders.mutants)
    for number, status in _forked({number: trial(number) for number in chosen}, limits, orders.jobs, work):
        fates[number] = {_SURVIVED: "survived", _KILLED: "killed", _UNREACHED: "not reached"}.get(status, "stopped")
        one = orders.mutants[number]
        print(f"{fates[number]:11} {one.path}:{one.line}", flush=True)
    (work / "fates").write_text(json.dumps([fates, [len(tests) for tests in nearest], len(reach.seconds)]))
    return True


def _reach(session: pytest.Session, orders: Orders, work: Path) -> Reach:
    """Run every test once, each file in a process of its own, and return what they reach.

    What is known from an earlier run is kept: of a file that is as it was, beside sources that are.
    """
    import coverage

    items: dict[Path, list[pytest.Item]] = {}
    for item in session.items:
        items.setdefault(item.path, []).append(item)
    answers = {path: orders.keep / f"{_digest(orders.sources, path)}.reach" for path in items}
    names = [str(path) for path in sorted(Path(ROOT, "personaforge").rglob("*.py"))]

    def measure(path: Path) -> int:
        measured = coverage.Coverage(data_file=None, config_file=False, include=names)
        seconds: dict[str, float] = {}
        measured.start()
        for item, after in zip(items[path], [*items[path][1:], None], strict=True):
            measured.switch_context(item.nodeid)
            began, failed = time.monotonic(), session.testsfailed
            _run(session, item, after)
            if session.testsfailed == failed:
                seconds[item.nodeid] = time.monotonic() - began
        measured.stop()
        data = measured.get_data()
        lines = {name: data.contexts_by_lineno(name) for name in data.measured_files()}
        written = work / f"{answers[path].name}.part"
        written.write_bytes(pickle.dumps((lines, seconds)))
        shutil.move(written, answers[path])
        return 0

    waiting = {
        number: (lambda path=path: measure(path)) for number, path in enumerate(items) if not answers[path].exists()
    }
    print(f"running {len(items)} files of tests for what they reach; of {len(items) - len(waiting)} it is known")
    for _ in _forked(waiting, dict.fromkeys(waiting, 3600.0), orders.jobs, work):
        pass
    places = {item.nodeid: index for index, item in enumerate(session.items)}
    found = Reach({}, {})
    for path, answer in answers.items():
        if not answer.exists():
            print(f"{path}: the tests could not be run")
            continue
        lines, seconds = pickle.loads(answer.read_bytes())
        found.seconds.update({places[name]: took for name, took in seconds.items()})
        for name, by_line in lines.items():
            for line, contexts in by_line.items():
                known = found.lines.setdefault(name.partition("/tree/")[2], {}).setdefault(line, set())
                known |= {places[context] for context in contexts if context}
    return found


def _digest(sources: str, path: Path) -> str:
    return hashlib.sha256(sources.encode() + str(path.relative_to(ROOT)).encode() + path.read_bytes()).hexdigest()[:32]


def _nearest(session: pytest.Session, reach: Reach, one: Mutant, seconds: float) -> list[int]:
    """Return the tests to try a mutant with: of its own package first, the quickest first, for so many seconds."""
    lines = reach.lines.get(one.path, {})
    first = max((line for line in lines if line <= one.line), default=one.line)  # a statement may go over several
    found = set().union(*(lines.get(line, ()) for line in range(first, one.end + 1)))
    own = str(ROOT / "tests" / one.path.split("/")[1])
    taken, chosen = 0.0, []
    for index in sorted(
        found & reach.seconds.keys(),
        key=lambda index: (not str(session.items[index].path).startswith(own), reach.seconds[index]),
    ):
        if taken + reach.seconds[index] <= seconds or not chosen:
            taken += reach.seconds[index]
            chosen.append(index)
    # File by file, since tests of one file share what is costly to set up.
    files = list(dict.fromkeys(session.items[index].path for index in chosen))
    return sorted(chosen, key=lambda index: files.index(session.items[index].path))


def _tried(session: pytest.Session, one: Mutant, tests: Sequence[int]) -> int:
    """Put a fault in and run tests until one fails. In a process of its own."""
    if not _put_in(one):
        return _UNREACHED
    items = [session.items[index] for index in tests]
    for item, after in zip(items, [*items[1:], None], strict=True):
        _run(session, item, after)
        if session.testsfailed:
            return _KILLED
    return _SURVIVED


def _run(session: pytest.Session, item: pytest.Item, after: pytest.Item | None) -> None:
    session.config.hook.pytest_runtest_protocol(item=item, nextitem=after)


def _put_in(one: Mutant) -> int:
    """Replace the code of every function that the fault changes; return how many there are."""
    path = str(ROOT / one.path)
    importlib.import_module(one.path.removesuffix(".py").replace("/", "."))  # a test may be the first to import it
    old = compile((ROOT / one.path).read_bytes(), path, "exec", dont_inherit=True)
    new = compile(one.source(ROOT), path, "exec", dont_inherit=True)
    pairs = [(was, now) for was, now in zip(_functions(old), _functions(new), strict=True) if was != now]
    gc.unfreeze()
    count = 0
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == path:
            for was, now in pairs:
                if function.__code__ == was:
                    function.__code__ = now
                    count += 1
    return count


def _functions(code: CodeType) -> Iterator[CodeType]:
    """Yield a module's code of functions and methods, those inside of functions within theirs."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & 0x1:  # CO_OPTIMIZED: a function, and no class body
                yield constant
            else:
                yield from _functions(constant)


def _forked(
    jobs: dict[int, Callable[[], int]], limits: Mapping[int, float], at_once: int, work: Path
) -> Iterator[tuple[int, int]]:
    """Run jobs in processes of their own, so many at once, and yield how each ended: -1 for one that was stopped."""
    waiting, running = list(jobs), dict[int, tuple[int, float]]()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                number = waiting.pop(0)
                pid = os.fork()
                if pid == 0:
                    _alone(jobs[number], work / f"tmp-{os.getpid()}")
                running[pid] = number, time.monotonic() + limits[number]
            ended = [(pid, status) for pid, status in (os.waitpid(pid, os.WNOHANG) for pid in running) if pid]
            for pid, (_, until) in running.items():
                if time.monotonic() > until:
                    _stop(pid)
            for pid, status in ended:
                _stop(pid)  # what it has left running
                shutil.rmtree(work / f"tmp-{pid}", ignore_errors=True)
                code = os.waitstatus_to_exitcode(status)
                yield running.pop(pid)[0], code if code >= 0 else -1
            time.sleep(0 if ended else 0.02)
    finally:
        for pid in running:
            _stop(pid)


def _stop(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _alone(job: Callable[[], Any], folder: Path) -> None:
    """Do a job in this forked process, quietly, with a temporary folder and a process group of its own, and end."""
    status = 70
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        folder.mkdir()
        os.environ["PYTEST_DEBUG_TEMPROOT"] = os.environ["TMPDIR"] = str(folder)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        status = job()
    except BaseException:  # a mutant may raise whatever it likes
        status = _KILLED
    finally:
        sys.stdout.flush()
        os._exit(status)
