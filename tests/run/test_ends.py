"""How nodes end, and what is kept of it: a bug of ours, a failure that is over, and what nobody stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from personaforge.errors import PlanError, Refused
from personaforge.spec.settings import UndeclaredRead
from personaforge.steps import table
from personaforge.steps.action import Procedure
from personaforge.steps.context import Context
from tests.run.conftest import Studio


def test_a_failure_is_forgotten_once_the_node_succeeds(studio: Studio) -> None:
    studio.text.fail = lambda request, number: Refused("no") if request.fields["section"] == "dna" else None
    assert studio.build("dna", "+dna").nodes["ana/dna"].end == "failed"
    assert studio.states("result:failed")["dna"] == "run"
    studio.text.fail = None
    assert studio.build("+dna").nodes["ana/dna"].end == "done"
    assert set(studio.states("result:failed").values()) == {"left"}


def test_a_step_that_reads_what_it_does_not_declare_is_a_bug_of_ours(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is handed on as a crash, so that the command ends with 3; the settings of the user are not to blame."""

    def careless(context: Context) -> Procedure:
        yield from ()
        raise AssertionError(context.settings["seed"])

    usual = table.step_kind("profile")
    monkeypatch.setitem(table._BY_NAME, "profile", replace(usual, procedure=careless))
    with pytest.raises(UndeclaredRead, match="ana/profile reads the setting seed, which its kind doesn't declare"):
        studio.build("+profile")


def test_a_node_that_the_users_own_input_stops_is_no_crash(studio: Studio) -> None:
    studio.text.fail = lambda request, number: Refused("no such model", hint="choose another")
    report = studio.build("soul")
    node = report.nodes["ana/soul"]
    assert (node.end, node.crash, node.hint) == ("failed", None, "choose another") and "no such model" in node.error
    with pytest.raises(PlanError, match="needs ana/soul"):
        studio.plan("surface")
