"""Personas that are written at the same time are written as if each were alone: tables are built once, and compared by
what they say. They were two objects when two threads asked first, and a city of the brief was then forgotten."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from personaforge.embedded.once import once
from personaforge.embedded.writer import locales, work
from tests.embedded.writer.text_cases import draft

BRIEFS = {
    "Medellín": "Confident Latina entrepreneur from Medellín who loves fashion and travel.",
    "Kyoto": "Quiet Japanese furniture maker in his forties who films slow mornings in his Kyoto workshop.",
}


@pytest.mark.parametrize("table", [locales.locales, work.jobs], ids=["locales", "jobs"])
@pytest.mark.parametrize("city", BRIEFS)
def test_a_city_of_the_brief_is_kept_though_tables_are_objects_of_two_times(
    table: Callable[[], object], city: str
) -> None:
    before = draft("surface", BRIEFS[city])
    table.kept.clear()  # type: ignore[attr-defined]
    assert before["location"]["city"] == city
    assert draft("surface", BRIEFS[city]) == before


def test_threads_that_ask_at_the_same_time_get_one_object() -> None:
    begun, calls = threading.Event(), []

    @once
    def table() -> list[int]:
        calls.append(1)
        begun.wait(0.2)  # long enough for the others to come
        return [1]

    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(table())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1 and len({id(one) for one in found}) == 1


def test_two_personas_written_at_the_same_time_in_a_new_process_keep_their_cities() -> None:
    code = """
import sys, threading
sys.setswitchinterval(1e-5)
from tests.embedded.writer.text_cases import draft
briefs, found, gate = sys.argv[1:], {}, threading.Barrier(len(sys.argv) - 1)
def write(brief):
    gate.wait()
    found[brief] = draft("surface", brief)["location"]["city"]
threads = [threading.Thread(target=write, args=(brief,)) for brief in briefs]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print([found[brief] for brief in briefs])
"""
    done = subprocess.run([sys.executable, "-c", code, *BRIEFS.values()], capture_output=True, text=True)
    assert done.stdout.strip() == str(list(BRIEFS)), done.stderr
