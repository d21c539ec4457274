"""How nodes end, and what is kept of it: a bug of ours, a failure that is over, and what nobody stands for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from personaforge.errors import PlanError, Refused
from personaforge.spec.settings import UndeclaredRead
from personaforge.steps import table
from personaforge.steps.action import Procedure
from personaforge.steps.context import Context
from personaforge.store.lockfile import read_lock
from personaforge.workspace.workspace import BuildOptions
from tests.run.conftest import PERSONA, SKIN, Studio


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


def test_a_build_says_when_it_begins_what_there_is_to_do(studio: Studio) -> None:
    report = studio.build("+soul")
    began = studio.events[0]
    assert began.type == "build_started"
    assert began.result == {"build": report.id, "nodes": 1, "states": {"run": 1, "left": 14}}
    assert re.fullmatch(r"\d{8}T\d{6}-[0-9a-f]{8}", report.id)


@pytest.mark.parametrize(("keep_going", "others"), [(False, "skipped"), (True, "done")])
def test_a_failure_ends_the_build_unless_it_is_to_keep_going(studio: Studio, keep_going: bool, others: str) -> None:
    """One after another: the second picture fails, and the third is not started, or is made all the same."""
    studio.build("+anchor")
    studio.images.fail = lambda request, number: Refused("no") if number == len_before + 2 else None
    len_before = len(studio.images.calls)
    options = BuildOptions(jobs=1, keep_going=keep_going)
    report = studio.build("image/*", options=options)
    ends = {name: node.end for name, node in report.nodes.items()}
    assert ends["ana/image/02"] == "done" and ends["ana/image/03"] == "failed" and ends["ana/image/04"] == others
    if not keep_going:
        assert report.nodes["ana/image/04"].error == "not started after a failure"


def test_what_is_found_to_be_known_is_noted_so_that_it_need_not_be_replayed_again(studio: Studio) -> None:
    """More attempts change a picture's signature and nothing else: after a build the plan has nothing to look up."""
    studio.build()
    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 4"))
    assert studio.node("image/02").outcome is not None, "replayed"
    calls = studio.calls()
    studio.build()
    assert studio.calls() == calls
    node = studio.node("image/02")
    assert node.outcome is None and node.state == "cached", "it stands by its signature"


def test_a_file_that_stands_is_left_alone_when_another_one_is_put_back(studio: Studio) -> None:
    studio.build()
    there, gone = (studio.root / f"build/ana/images/{name}" for name in ("02-smiling.png", "03-turned.png"))
    before = there.stat()
    gone.unlink()
    report = studio.build()
    assert gone.exists() and report.nodes["ana/image/03"].end == "restored"
    assert (there.stat().st_ino, there.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert "ana/image/02" not in report.nodes


def test_what_needs_what_is_missing_is_skipped_and_says_why(studio: Studio) -> None:
    """The lock is frozen, so a picture that is asked for otherwise can't be made, and neither can its document."""
    studio.build()
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 4"))
    report = studio.build(frozen=True)
    assert report.nodes["ana/image/02"].end == "failed" and "the lock is frozen" in report.nodes["ana/image/02"].error
    assert report.performed == 0


def test_only_what_passed_its_gate_gets_a_line_in_the_lock(make_studio: Callable[..., Studio]) -> None:
    """A picture of somebody else is kept, and its best attempt named, but it is not what was accepted."""
    strict = PERSONA.replace("max_attempts: 3", "max_attempts: 1, accept_threshold: 0.9, retry_threshold: 0.8")
    studio = make_studio(
        strict, color=lambda request: (20, 40, 220) if "yaw 20" in str(request.fields["prompt"]) else SKIN
    )
    report = studio.build()
    assert report.nodes["ana/image/03"].end == "rejected"
    with studio.open() as space:
        names = set(read_lock(studio.lock, "ana").names())
        assert space.store.index.nodes("ana")["ana/image/03"].status == "rejected"
    assert {"image/02", "image/04", "anchor"} <= names
    assert not names & {"image/03", "profile", "matrix", "document", "sheet"}, "rejected, or derived and not pinned"
