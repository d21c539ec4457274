"""Numbers that callers hand over: what no bound holds is refused, by name, before it acts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

import personaforge as pf
from personaforge.arguments import number, whole
from personaforge.cli.main import COMMANDS
from personaforge.cli.main import forge as cli
from personaforge.cli.options import FiniteRange
from personaforge.measuring.evaluation import Evaluation
from personaforge.warehouse.bounds import Bounds
from tests.conftest import Forge


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, "5", None, True, 1j])
def test_what_is_no_finite_number_in_its_bounds_is_refused_by_name(value: Any) -> None:
    with pytest.raises(pf.PersonaForgeError, match=r"^max_cost_usd is .*, expected a .*number from 0$"):
        pf.BuildOptions(max_cost_usd=value) if value is not None else number("max_cost_usd", value, 0)


@pytest.mark.parametrize("value", [0, 257, -1, "4", 2.0, math.nan, True])
def test_so_is_what_is_no_count_of_jobs(value: Any) -> None:
    with pytest.raises(pf.PersonaForgeError, match=r"^jobs is .*, expected a whole number from 1 to 256$"):
        pf.BuildOptions(jobs=value)


def test_what_lies_in_its_bounds_is_taken_whatever_type_it_has() -> None:
    assert pf.BuildOptions(jobs=256, max_cost_usd=0).max_cost_usd == 0
    assert number("x", np.float32(0.5), 0, 1) == 0.5 and whole("n", np.int64(7), 1) == 7
    assert number("x", 1, 0, 1) == 1.0
    with pytest.raises(pf.PersonaForgeError, match=r"x is 0, expected a number above 0$"):
        number("x", 0, 0, above=True)


@pytest.mark.parametrize("value", [math.nan, 0, "8"])
def test_a_querys_bounds_are_numbers_above_nothing(value: Any) -> None:
    declared = {"query": {"memory_gigabytes": 1, "temporary_gigabytes": 2, "seconds": 3}}
    assert Bounds.of(declared, seconds=0.5, memory_gigabytes=None) == (1, 2, 0.5)
    for name in ("memory_gigabytes", "seconds"):
        with pytest.raises(pf.PersonaForgeError, match=f"^{name} is {value!r}, expected"):
            Bounds.of(declared, **{name: value})


@pytest.mark.parametrize("value", [80, -0.1, math.nan, "0.8"])
def test_a_threshold_that_no_composite_can_reach_is_refused(value: Any) -> None:
    nothing: Any = object()
    evaluation = Evaluation(nothing, {}, nothing, (), nothing)
    assert not evaluation.passes(0.8) and not evaluation.passes(0), "nothing was measured"
    with pytest.raises(pf.PersonaForgeError, match=r"threshold is .* expected a .*number from 0 to 1$"):
        evaluation.passes(value)


def test_every_number_of_the_command_line_is_finite(forge: Forge, tmp_path: Path) -> None:
    context = click.Context(cli)
    commands: list[click.Command] = [found for name in COMMANDS if (found := cli.get_command(context, name))]
    found = []
    while commands:
        command = commands.pop()
        if isinstance(command, click.Group):
            inner = click.Context(command)
            commands += [one for name in command.list_commands(inner) if (one := command.get_command(inner, name))]
        found += [one for one in command.params if isinstance(one.type, (click.FloatRange, type(click.FLOAT)))]
    assert "max_cost" in {one.name for one in found} and len(found) >= 8
    assert [one.name for one in found if not isinstance(one.type, FiniteRange)] == []
    for value in ("nan", "inf"):
        done = forge("build", "--max-cost", value, cwd=tmp_path)
        assert done.returncode == 2 and f"{value} is not a finite number" in done.stderr
