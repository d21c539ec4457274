"""A runner of one's own: it runs one node after the other, in the caller's thread, and measures how long each takes.

Any `concurrent.futures.Executor` that works in this process will do. What is paid, kept and pinned, and in which order
nodes may start, stays forge's; what a build results in doesn't depend on who runs it.

python docs/examples/own_runner.py studio
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

import personaforge as pf

P = ParamSpec("P")
T = TypeVar("T")
PERSONA = """\
id: nils-aho
brief: Quiet Finnish cook in his forties who writes about bread and winter.
"""


class OneByOne(Executor):
    """Runs what it is given at once."""

    def __init__(self, at_once: int) -> None:
        self.seconds: list[float] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a function, and return its finished future."""
        started = time.monotonic()
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        self.seconds.append(time.monotonic() - started)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Say how long it took; called once, at the end of the build."""
        print(f"{len(self.seconds)} nodes, {sum(self.seconds):.2f} s")


def main(folder: str = ".") -> None:
    """Draft the texts of another persona with it."""
    with pf.open(folder) as space:
        file = space.project.personas / "nils.yaml"
        file.write_text(PERSONA)
        plan = pf.plan(space, file, pf.PlanRequest(select=("+profile",)))
        report = pf.build(space, plan, pf.BuildOptions(pool=OneByOne), listeners=[say])
        print(f"{report.performed} actions, {len(report.failed)} failed")


def say(event: pf.Event) -> None:
    """Print each node as it ends."""
    if event.type == "node_finished":
        print(f"  {event.node}: {event.result['end']}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
