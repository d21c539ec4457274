"""No text of a persona, a file's name, an argument or a result steers the terminal, in any command or format."""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personaforge.cli.main import run
from personaforge.report.formats import Line, Section, Sheet, render
from personaforge.report.formats.sheet import Code
from personaforge.report.terminal import console, echo, printable, style
from personaforge.testing import png, write_project

from .conftest import FILES, WORDS

ROOT = Path(__file__).resolve().parents[2]
EVIL = (
    "\x1b]52;c;QUFB\x07\x1b]0;title\x1b\\\x1b[38;5;201mred\x9b2J\x7f\u202eevil\u2066\u200f\u061c\u2028\u0085\r\x08end"
)
LEGIT = "שלום مرحبا 漢字 ñ e\u0301 👩\u200d🚀 🏴\U000e0067\U000e007f"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
COLORS = re.compile(r"\x1b\[[0-9;]*m")
FORMATS = ("table", "json", "csv", "markdown", "junit", "github")


class Terminal(io.TextIOWrapper):
    """Standard output as a terminal, which remembers what it was sent."""

    def __init__(self, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def said(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


def forged(*arguments: str, terminal: bool = True) -> tuple[int, str, str]:
    """Run a command here and return its exit code and what it printed."""
    out, err = Terminal(terminal), Terminal(terminal)
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    return code, out.said(), err.said()


def harmless(said: str) -> None:
    """Assert that nothing but our own colours would steer a terminal."""
    assert not re.search(r"\x1b\[38;5;201m", said)
    found = UNSEEN.search(COLORS.sub("", said))
    assert found is None, f"{found!r} in {said[max(found.start() - 60, 0) : found.end() + 20]!r}"


def persona(text: str) -> str:
    """Return a persona whose every free text is this one."""
    quoted = json.dumps(text)
    return WORDS.replace("brief: A calm Portuguese gardener.", f"brief: {json.dumps('A calm gardener. ' + text)}") + (
        f"owner: {quoted}\ndescription: {quoted}\npinned: {{surface: {{name: {quoted}}}}}\n"
        'checks: {odd: {assert: "count(composite) > 3 over images", severity: warn}}\n'
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A built project in git of which every text is hostile, as the current folder."""
    root = tmp_path_factory.mktemp("hostile") / "project"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORGE_MODELS", str(root / "none"))
        patch.setenv("TERM", "xterm")
        patch.delenv("CI", raising=False)
        write_project(root, {"ana": persona("Ana Sol")}, FILES)
        (root / ".gitignore").write_text(".forge/\nbuild/\nreports/\n")
        patch.chdir(root)
        name = ("-c", "user.name=a", "-c", "user.email=a@b")
        for git in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
            subprocess.run(["git", *name, *git], check=True)
        (root / "personas/ana.yaml").write_text(persona(EVIL))
        (root / f"{EVIL.replace('/', '')}.png").write_bytes(png((9, 9, 9)))
        (root / "anchor.png").write_bytes(png((8, 8, 8)))
        code, out, err = forged("build", "--events", "events.jsonl", "--allow-unread")
        assert code == 0, out + err
        harmless(out)
        harmless(re.sub(r"\x1b\[(\?25[lh]|\d*[AK])|\r", "", err))
        lines = (root / "events.jsonl").read_text()
        harmless(lines)
        assert all(json.loads(line) for line in lines.splitlines())
        yield root


def picture() -> str:
    return f"{EVIL.replace('/', '')}.png"


def sql(text: str) -> str:
    """Return a query for a text under a name of the same text."""
    value, name = text.replace("'", "''"), text.replace('"', '""')
    return f"select '{value}' as \"{name}\""


CALLS: tuple[tuple[str, ...], ...] = (
    ("validate",),
    ("validate", "--json"),
    ("config", "ana"),
    ("config", "ana", "--json"),
    ("explain", "ana/bio"),
    ("explain", "ana/soul", "--json"),
    ("plan", "-v"),
    ("plan", "--force", "bio", "-v"),
    ("status",),
    ("status", "--json"),
    ("show", "ana"),
    ("show", "ana", "--json"),
    ("graph",),
    ("graph", "--format", "dot"),
    ("graph", "--format", "json"),
    ("schema",),
    ("query", sql(EVIL)),
    ("query", sql(EVIL), "--json"),
    ("query", sql(EVIL), "--csv"),
    ("query", "attempts"),
    ("cost",),
    ("jobs", "list"),
    ("cache", "verify"),
    ("cache", "stats", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("models", "list"),
    ("diff", "HEAD"),
    ("diff", "HEAD", "--format", "markdown"),
    *(("plan", "--format", form) for form in ("markdown", "csv", "json")),
    *(("test", "--format", form) for form in ("table", "markdown")),
    *(("eval", "PICTURE", "--anchor", "anchor.png", "--format", form) for form in ("table", "markdown")),
    ("report", "ana", "--format", "markdown"),
    # What is wrong is said with the same care.
    ("plan", EVIL),
    ("build", "ana", "--select", EVIL),
    ("config", "ana", "--path", EVIL),
    ("config", "ana", f"brief={EVIL}"),
    ("explain", EVIL),
    ("query", f"select {EVIL}"),
    ("query", "select 1", "--format", EVIL),
    (EVIL,),
    ("cache", "push", "--remote", f"s3://{EVIL}"),
    ("plan", f"ana.yaml{EVIL}=", f"+{EVIL}={EVIL}"),
    ("drift", EVIL),
    ("show", EVIL, "--json"),
    ("--project", EVIL, "plan"),
)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: printable(" ".join(call))[:40])
def test_every_command_and_format(place: Path, call: tuple[str, ...]) -> None:
    code, out, err = forged(*(picture() if part == "PICTURE" else part for part in call))
    assert code in (0, 1, 2), out + err
    assert out + err
    harmless(out)
    harmless(err)
    if "--json" in call or call[-2:] == ("--format", "json"):
        json.loads(out or "{}")


def test_json_still_says_the_same(place: Path) -> None:
    rows = json.loads(forged("config", "ana", "--json")[1])["settings"]
    assert next(row["value"] for row in rows if row["path"] == "owner") == EVIL
    assert json.loads(forged("query", sql(EVIL), "--json")[1]) == [{EVIL: EVIL}]


def test_what_is_hidden_is_shown(place: Path) -> None:
    said = forged("config", "ana", terminal=False)[1]
    assert "owner: \\u001b]52;c;QUFB\\u0007" in said and "\\u202eevil" in said


# --- any text, any command --------------------------------------------------------------------------------------------

TEXTS = st.text(
    st.sampled_from([*"ab [31m]0;", *EVIL, *LEGIT, *map(chr, range(32)), *map(chr, range(127, 160))]), max_size=40
)


ASKED = st.sampled_from(["table", "csv", "json", "explain", "select", "path"])


@settings(max_examples=6)
@given(ASKED, TEXTS.map(lambda text: text.replace("\0", "")))
def test_any_text_in_results_and_errors(place: Path, how: str, text: str) -> None:
    call = {
        "explain": ("explain", f"ana/{text}"),
        "select": ("plan", "ana", "--select", f"x{text}"),
        "path": ("config", "ana", "--path", text),
    }.get(how, ("query", sql(text + "."), "--format", how))
    code, out, err = forged(*call)
    assert code == (0 if "query" in call else 2), out + err
    harmless(out)
    harmless(err)


@pytest.mark.parametrize("form", FORMATS[1:])
def test_every_format_of_results(form: str) -> None:
    line = Line(EVIL, EVIL, "fail", (EVIL, 1.0), EVIL, EVIL, EVIL, 3)
    section = Section(EVIL, (EVIL,), ((Code(EVIL),),), EVIL, EVIL)
    sheet = Sheet(EVIL, EVIL, (EVIL, "n"), (line,), lambda: {"x": EVIL}, sections=(section,), notes=(EVIL,))
    said = render(sheet, form)
    harmless(said)
    if form == "json":
        assert json.loads(said) == {"x": EVIL}
    elif form == "junit":
        ElementTree.fromstring(said)


@given(st.text(), TEXTS)
def test_nothing_that_steers_is_left_and_all_else_stays(text: str, hostile: str) -> None:
    for one in (text, hostile):
        shown = printable(one)
        assert not UNSEEN.search(shown) and printable(shown) == shown
        assert "".join(char for char in one if not UNSEEN.match(char)) in (shown, re.sub(r"\\u[0-9a-f]{4}", "", shown))
        if not re.search("[\ud800-\udfff]", one):
            assert json.loads(printable(json.dumps(one, ensure_ascii=False))) == one


def test_legitimate_text_is_left_alone() -> None:
    assert printable(LEGIT + "\n\t") == LEGIT + "\n\t"


def test_our_colours_are_sent_and_foreign_ones_are_not() -> None:
    out = Terminal(True)
    with redirect_stdout(out):
        echo(f"{style('a' + EVIL, fg='red', bold=True)} \x1b[32mb{style('c', dim=True)}\x1b[0m")
    assert (
        out.said().startswith("\x1b[31m\x1b[1ma\\u001b]52;c;")
        and "\x1b[0m \\u001b[32mb\x1b[2mc\x1b[0m\\u001b[0m\n" in out.said()
    )
    harmless(out.said())
    plain = Terminal(False)
    with redirect_stdout(plain):
        echo(style("a", fg="red"))
    assert plain.said() == "a\n"


def test_a_rich_console_sends_its_own_and_nothing_foreign() -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=EVIL)
    table.add_column(EVIL)
    table.add_row(Text(EVIL, style="bold"))
    out = Terminal(True)
    with redirect_stdout(out), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        there = console(width=200)
        there.print(EVIL, markup=False)
        there.print(table)
    assert "\x1b[1m" in out.said() and "\\u001b" in out.said()
    harmless(out.said())


# --- nobody goes around it --------------------------------------------------------------------------------------------

IMPORTED = {("click", "echo"), ("click", "style"), ("rich.console", "Console"), ("rich", "print")}
AROUND = {("click", "echo"), ("click", "secho"), ("click", "style"), ("click", "prompt"), ("click", "confirm")}
STREAMS = {("sys", "stdout"), ("sys", "stderr")}
"""They may be asked, put back and made safe, but not written to. Events go to the bytes below, through `printable`."""


@pytest.mark.parametrize("folder", ["cli", "report"])
def test_no_module_prints_around_it(folder: str) -> None:
    for path in sorted((ROOT / "personaforge" / folder).rglob("*.py")):
        if path.name == "terminal.py":
            continue
        tree = ast.parse(path.read_text())
        parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
        for node in ast.walk(tree):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}: use personaforge.report.terminal"
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                parent = parents[node]
                name = (node.value.id, node.attr)
                writes = isinstance(parent, ast.Attribute) and parent.attr in ("write", "writelines")
                given = isinstance(parent, ast.keyword) and parent.arg == "file"
                assert name not in AROUND and not (name in STREAMS and (writes or given)), where
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("print", "Console"), where
            if isinstance(node, ast.ImportFrom):
                names = {(node.module, name.name) for name in node.names}
                assert not names & {
                    ("click", "echo"),
                    ("click", "style"),
                    ("rich.console", "Console"),
                    ("rich", "print"),
                }, where
