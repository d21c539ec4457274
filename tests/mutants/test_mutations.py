"""The faults that are put in: which there are, where they stand, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.__main__ import sample
from tests.mutants.mutations import Mutant, mutants


def changed(tmp_path: Path, body: str) -> list[str]:
    """Return each fault of a function with this body as the line that it changes."""
    (tmp_path / "m.py").write_text(f"def f(a, b=1 + 2):\n    {body}\n")
    found = []
    for one in mutants(tmp_path, "m.py"):
        source = one.source(tmp_path)
        compile(source, "m.py", "exec")
        assert (one.line, one.end) == (2, 2)
        found.append(source.splitlines()[1].strip())
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = a < b", ["x = a <= b"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = a is b", ["x = a is not b"]),
        ("x = 0 < a <= b", ["x = 1 < a <= b", "x = 0 <= a <= b", "x = 0 < a < b"]),
        ("x = (a + b) * a", ["x = (a - b) * a", "x = (a + b) / a"]),
        ("x = a and b and a", ["x = a or b and a", "x = a and b or a"]),
        ("x += a", ["x -= a"]),
        ("x = not a", ["x = (a)"]),
        ("x = min(a, b)", ["x = max(a, b)"]),
        ("x = a if b else 2", ["x = a if not (b) else 2", "x = a if b else 3"]),
        ("x = True", ["x = False"]),
        ("x = -1.5", ["x = -2.5"]),
        ("return a", ["return None"]),
        ("f(a)", ["pass"]),
        ('raise ValueError("no" + a, 1)', ["pass"]),
        ('x = a == "run"', ['x = a != "run"', 'x = a == "mutant"']),
        ('x = "waits"', ['x = "mutant"']),
    ],
)
def test_each_fault_is_one_change(tmp_path: Path, body: str, expected: list[str]) -> None:
    assert changed(tmp_path, body) == expected


@pytest.mark.parametrize(
    "body",
    [
        '"""A text of 1 or 2 words."""',
        "assert a < b",
        'x = f"{a + 1} of {b}"',
        "x: Literal[1] = a",
        "x = zip(a, b, strict=True)",
        "x = round(a, 6)",
        'x = "two words"',
        "return None",
        "x = a.b[c]",
        'x = "a" + b',
    ],
)
def test_what_no_test_should_notice_is_left_alone(tmp_path: Path, body: str) -> None:
    assert changed(tmp_path, body) == []


def test_only_bodies_of_functions_are_changed(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(
        "LIMIT = 3\nclass A:\n    size: int = 1\n    def __repr__(self):\n        return 1 + 2\n"
        "    @property\n    def b(self):\n        return self.size\ntable = {'a': lambda x: x > 1}\n"
    )
    assert [(one.line, one.text) for one in mutants(tmp_path, "m.py")] == [(8, "None"), (9, ">="), (9, "2")]


def test_a_fault_is_shown_as_a_difference(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("def f(ä):\n    x = 'ü', ä < 2\n    return None\n")
    one = next(one for one in mutants(tmp_path, "m.py") if one.text == "<=")
    assert one.diff(tmp_path) == "-    x = 'ü', ä < 2\n+    x = 'ü', ä <= 2"


def test_a_sample_has_of_each_package_its_share_and_is_the_same_for_a_seed() -> None:
    faults = {
        name: [Mutant(name, line, line, 0, 1, "x") for line in range(count)]
        for name, count in (("a", 300), ("b", 100), ("c", 0))
    }
    one = sample(faults, 40, 1)
    assert [sum(fault.path == name for fault in one) for name in "abc"] == [30, 10, 0]
    assert one == sample(faults, 40, 1) == sorted(one) and one != sample(faults, 40, 2)
    assert len(sample(faults, 400, 1)) == 400, "all of them"
