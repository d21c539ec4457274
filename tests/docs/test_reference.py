"""The pages say what the code says: those that are generated, and the tables that are written by hand."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
import yaml

from personaforge.plan.plan import State
from personaforge.plan.select import METHODS, VALUES
from personaforge.run import events
from personaforge.steps import completion, images, reading, speech, text, video
from tests.conftest import ROOT, Forge

DOCS = ROOT / "docs"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / "site" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE, BUILD = script("reference"), script("build")


def test_the_generated_pages_are_as_the_code_has_it() -> None:
    for name, wanted in REFERENCE.pages().items():
        path = DOCS / "reference" / name
        assert path.read_text() == wanted.rstrip("\n") + "\n", f"{name}: python docs/site/reference.py --rewrite"


def test_every_setting_has_a_sentence() -> None:
    rows = [line for line in (DOCS / "reference/settings.md").read_text().splitlines() if line.startswith("| `")]
    assert len(rows) > 400
    for row in rows:
        name, type_, about, _default = (cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1])
        assert type_ and len(about) > 4, name


def test_settings_show_the_default_that_a_persona_gets(forge: Forge, tmp_path: Path) -> None:
    page = (DOCS / "reference/settings.md").read_text()
    for name, default in (
        ("identity.accept_threshold", "`0.8`"),
        ("identity.geometric.turn_until", "`50`"),
        ("store.keep_days", "`30`"),
        ("run.max_cost_usd", "`null`"),
        ("brief", "none: it must be written"),
    ):
        assert re.search(rf"^\| `{re.escape(name)}` \|.*\| {re.escape(default)} \|$", page, re.MULTILINE), name
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas/ana.yaml").write_text("id: ana\nbrief: A gardener.\n")
    shown = forge("config", "ana", "--path", "identity.accept_threshold", cwd=tmp_path, check=0).stdout
    assert shown.startswith("identity.accept_threshold: 0.8 ")


@pytest.mark.parametrize(
    ("kind", "module", "function"),
    [
        ("text", completion, "completion"),
        ("image", images, "draw"),
        ("video", video, "film"),
        ("speech", speech, "line_of"),
        ("reader", reading, "asked_votes"),
        ("render", text, "render"),
    ],
)
def test_templates_receive_what_the_page_says(kind: str, module: ModuleType, function: str) -> None:
    body = ast.parse(inspect.getsource(getattr(module, function)))
    handed: set[str] = set()
    for node in ast.walk(body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "render":
            handed |= keys(node.args[1])
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "variables":
            handed |= keys(node.value)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("variables["):
            assert isinstance(node.targets[0], ast.Subscript)
            handed.add(ast.literal_eval(node.targets[0].slice))
    assert handed == set(REFERENCE.RECEIVED[kind][1])


def keys(node: ast.expr) -> set[str]:
    return {one.value for one in node.keys if isinstance(one, ast.Constant)} if isinstance(node, ast.Dict) else set()


def test_no_link_between_pages_is_broken(tmp_path: Path) -> None:
    assert BUILD.broken_links() == []
    (tmp_path / "a.md").write_text(
        "# A b\n[b](b.md) [c](c.md) [up](../x.md) [here](#a-b) [b](b.md#no) [b](b.md#so-it-is)\n"
    )
    (tmp_path / "b.md").write_text("## So it `is`!\n")
    assert BUILD.broken_links(tmp_path) == ["a.md: c.md", "a.md: ../x.md", "a.md: b.md#no"]


def test_a_site_that_loads_from_elsewhere_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "fine.html").write_text(
        '<a href="https://x.example">x</a><link rel="canonical" href="https://x.example">'
    )
    (tmp_path / "font.html").write_text('<link rel="stylesheet" href="https://fonts.example/x.css">')
    (tmp_path / "script.html").write_text('<script src="https://x.example/a.js"></script>')
    assert BUILD.loads_from_elsewhere(tmp_path) == ["font.html", "script.html"]


def test_every_page_is_in_the_site_at_the_start_and_in_the_wheel() -> None:
    config = yaml.safe_load((DOCS / "site/mkdocs.yml").read_text())
    shown = set(re.findall(r"[\w/-]+\.md", str(config["nav"])))
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    shipped = set(included["force-include"])
    start = (DOCS / "index.md").read_text()
    for page in BUILD.pages():
        name = page.relative_to(DOCS).as_posix()
        assert name in shown, f"{name} is not in the nav of docs/site/mkdocs.yml"
        assert name == "index.md" or f"({name})" in start, f"docs/index.md doesn't name {name}"
        folder = name.partition("/")[0] if "/" in name else name
        assert f"docs/{folder}" in shipped, f"{name} is not in force-include of pyproject.toml"
    assert len(shown) == len(BUILD.pages())


def test_events_are_all_named() -> None:
    named = set(re.findall(r"^\| `(\w+)` \| ", (DOCS / "reference/events.md").read_text(), re.MULTILINE))
    assert events.__doc__ is not None
    wanted = set(re.findall(r"`([a-z]+(?:_[a-z]+)+|notice)`", events.__doc__))
    assert len(wanted) == 17
    assert wanted <= named
    fields = set(events.Event("x", "p", "n", "m", 1, {"a": 1}, "e").as_json("j"))
    assert fields <= named | {"persona", "node"}  # which share a line


def test_the_grammar_of_selections_is_all_there() -> None:
    page = (DOCS / "reference/selection.md").read_text()
    for method in METHODS:
        assert f"`{method}:" in page, method
    for values in VALUES.values():
        for value in values:
            assert f"`{value}`" in page, value


def test_plans_have_every_state_and_exit_codes_are_the_readmes() -> None:
    plans = (DOCS / "reference/plans.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", plans, re.MULTILINE)) == set(get_args(State))
    table = (ROOT / "README.md").read_text().partition("| exits with 1 | where |")[2].partition("\n\n")[0]
    assert table.strip() and table in (DOCS / "reference/exit-codes.md").read_text()


def test_docs_prints_a_page_lists_them_and_knows_the_nearest(forge: Forge, tmp_path: Path) -> None:
    page = (DOCS / "cookbook.md").read_text()
    for name in ("cookbook", "docs/cookbook.md", "Cookbook"):
        assert forge("docs", name, cwd=tmp_path, check=0).stdout == page, name
    assert forge("docs", "settings", cwd=tmp_path, check=0).stdout == (DOCS / "reference/settings.md").read_text()
    short = forge("docs", "calibration", cwd=tmp_path, check=0).stdout
    assert short == (DOCS / "design/calibration.md").read_text()
    listed = forge("docs", cwd=tmp_path, check=0).stdout.splitlines()
    assert [line.split()[0] for line in listed[:4]] == ["index", "tutorial", "cookbook", "troubleshooting"]
    assert len(listed) == len(BUILD.pages())
    assert "did you mean settings?" in forge("docs", "setings", cwd=tmp_path, check=2).stderr
    assert "there is: index," in forge("docs", "zzz", cwd=tmp_path, check=2).stderr
    assert list(tmp_path.iterdir()) == []
