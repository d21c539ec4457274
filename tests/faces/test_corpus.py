"""Whatever the bytes are, measuring comes to a named outcome, quietly and in bounded memory."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from personaforge.digest import canonical
from personaforge.faces.measure import measure_clip, measure_image
from tests.faces.corpus import Case, corpus

Make = Callable[..., Any]

STATUS = {"": "measured", "no_face": "no_face"}


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    return corpus()


def test_the_corpus_is_large_and_names_are_unique(cases: tuple[Case, ...]) -> None:
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    hostile = [case for case in cases if case.codes != ("",)]
    assert len(hostile) >= 120 and sum(case.clip for case in hostile) >= 50


def test_every_file_has_an_outcome_with_a_name(cases: tuple[Case, ...], scripted: Make, a_face: Make) -> None:
    analyzer, wrong = scripted(a_face()), []
    for case in cases:
        try:
            result = _measured(case, analyzer)
        except Exception as error:
            wrong.append(f"{case.name}: raised {error!r}")
            continue
        code = result["code"]
        if code not in case.codes:
            wrong.append(f"{case.name}: {code!r} ({result['reason']}), expected one of {case.codes}")
        if result["status"] != STATUS.get(code, "unreadable") or bool(result["reason"]) != bool(code):
            wrong.append(f"{case.name}: status {result['status']!r} and reason {result['reason']!r} with code {code!r}")
        if json.loads(canonical(result)) != result:
            wrong.append(f"{case.name}: the measurement is no plain JSON")
    assert wrong == []


def _measured(case: Case, analyzer: Any) -> dict[str, Any]:
    return measure_clip(case.data, analyzer, frames=3) if case.clip else measure_image(case.data, analyzer)


SILENTLY = """
import pickle, sys
from tests.memory import peak_kib
from personaforge.faces.measure import measure_clip, measure_image

class Nobody:
    def read(self, pixels):
        return ()

with open(sys.argv[1], "rb") as file:
    cases = pickle.load(file)
with open(sys.argv[2], "w") as file:
    for name, data, clip in cases:
        before = peak_kib()
        measure_clip(data, Nobody(), frames=3) if clip else measure_image(data, Nobody())
        file.write(f"{peak_kib() - before >> 10} {name}\\n")
"""


def test_it_is_quiet_and_takes_bounded_memory(cases: tuple[Case, ...], tmp_path: Path) -> None:
    """In a process of its own: what OpenCV, FFmpeg, libtiff and Pillow have to say would go to its stderr."""
    files = [tmp_path / "cases", tmp_path / "grown"]
    files[0].write_bytes(pickle.dumps([(case.name, case.data, case.clip) for case in cases]))
    command = [sys.executable, "-c", SILENTLY, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    grown = [line.split(" ", 1) for line in files[1].read_text().splitlines()]
    assert len(grown) == len(cases)
    for megabytes, name in grown:
        # FFmpeg makes room for the frames that a stream announces, whatever the file's header says; see `faces.video`.
        allowed = 700 if "12000 x 12000" in name else 300
        assert int(megabytes) < allowed, f"{name}: {megabytes} MB"
