"""The `forge` fixture: within the test's process a command says and leaves behind what it does in one of its own."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import click
import pytest

from personaforge.cli import main
from tests.conftest import Forge

pytestmark = pytest.mark.usefixtures("no_pack")


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "validate",
        "plan ana --json",
        "plan anna",
        "build ana",
        "build nobody --json",
        "config ana",
        "frobnicate",
    ],
)
def test_it_says_what_a_process_says(project: Path, forge: Forge, words: str) -> None:
    here, there = (forge(*words.split(), cwd=project, process=process) for process in (False, True))
    if words == "build ana":  # the second one has nothing to do
        assert here.returncode == there.returncode == 0 and "Nothing to do" in there.stdout
        here = forge("build", "ana", cwd=project)
    assert (here.returncode, here.stdout, here.stderr) == (there.returncode, there.stdout, there.stderr)
    assert here.stdout or here.stderr


def test_nothing_of_it_is_left(tmp_path: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    @click.command("probe")
    @click.pass_context
    def probe(ctx: click.Context) -> None:
        seen.update(cwd=os.getcwd(), argv=list(sys.argv), home=os.environ.get("HOME"), own=os.environ.get("OWN"))
        seen["terminals"] = [stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)]
        os.environ["LEFT"] = "1"
        os.environ.pop("OWN", None)
        os.chdir("/")
        sys.argv.append("more")
        warnings.simplefilter("error")
        with warnings.catch_warnings():
            warnings.resetwarnings()
            warnings.warn("look out", UserWarning, stacklevel=1)
        print("out\r\n" + sys.stdin.read())
        print("err \udc80", file=sys.stderr)
        ctx.exit(7)

    monkeypatch.setattr(main.LazyGroup, "get_command", lambda self, ctx, name: probe)
    monkeypatch.setitem(main.COMMANDS, "probe", ("probe", ""))
    monkeypatch.setenv("MINE", "1")
    before = os.getcwd(), list(sys.argv), dict(os.environ), list(warnings.filters)
    done = forge("probe", cwd=tmp_path, env={"OWN": "2"}, input="typed")
    assert (done.returncode, done.stdout) == (7, "out\ntyped\n")
    assert "UserWarning: look out" in done.stderr and "err \\udc80" in done.stderr
    assert seen == {
        "cwd": str(tmp_path), "argv": ["forge", "probe"], "home": None, "own": "2", "terminals": [False] * 3,
    }  # fmt: skip
    assert (os.getcwd(), list(sys.argv), dict(os.environ), list(warnings.filters)) == before


def test_a_wrong_exit_code_shows_what_was_said(project: Path, forge: Forge) -> None:
    with pytest.raises(AssertionError, match=r"exit 2\n(.|\n)*did you mean ana"):
        forge("plan", "anna", cwd=project, check=0)
