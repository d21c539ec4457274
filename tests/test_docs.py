"""What the documents say holds: every command is in the README, its snippets run, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from personaforge.cli.main import COMMANDS
from tests.conftest import ROOT, Forge

README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
SMALL = """\
image: {width: 192, height: 256}
matrix: {utility: {banner: {width: 320, height: 108}, avatar: {width: 160, height: 160}}}
video: {fps: 2, sizes: {'9:16': {width: 72, height: 128}, '16:9': {width: 256, height: 144}}}
"""


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_readme_names_every_command() -> None:
    table = README.partition("## Commands")[2].partition("## Words")[0]
    for name in set(COMMANDS) - {"completion", "warehouse"}:
        assert re.search(rf"\b{name}\b", table), f"{name} is not in the README's table of commands"


def test_the_readme_uses_no_option_that_is_not_there(forge: Forge, tmp_path: Path) -> None:
    helps = {name: forge(name, "--help", cwd=tmp_path, check=0).stdout for name in COMMANDS}
    everything = "\n".join(helps.values())
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    assert options, "the README names options"
    for option in options - {"--resubmit"}:
        assert option in everything, f"no command has {option}"


@pytest.mark.usefixtures("no_pack")
def test_the_readmes_persona_builds_as_it_says(forge: Forge, tmp_path: Path) -> None:
    [persona] = [text for text in snippets("yaml") if text.startswith("# personas/nova.yaml")]
    [commands] = [text for text in snippets("sh") if text.startswith("forge validate nova-lind")]
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas/nova.yaml").write_text(persona + SMALL)
    lines = [shlex.split(line, comments=True) for line in commands.splitlines() if line.strip()]
    assert len(lines) == 5
    for program, *arguments in lines:
        assert program == "forge"
        forge(*arguments, cwd=tmp_path, check=0)


def test_links_lead_to_files_that_are_there() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/api.md"):
        for target in re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text()):
            if not target.startswith(("http", "#")):
                assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


def test_the_map_names_every_part_of_the_package() -> None:
    parts = {
        path.stem
        for path in (ROOT / "personaforge").iterdir()
        if not path.name.startswith((".", "_")) and (path.is_dir() or path.suffix == ".py")
    }
    for part in parts:
        assert re.search(rf"`(personaforge/)?{part}(/|\.py)?`", CONTRIBUTING), f"CONTRIBUTING's map lacks {part}"


def test_make_lists_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README + CONTRIBUTING, re.MULTILINE):
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), f"make {target} is not a target that help lists"
