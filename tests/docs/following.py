"""Follows a page as a reader does: files are written, commands are run, and what they print is compared with the page.

```yaml title="personas/mira.yaml"     its values are added to those of the file, or the file is new
```jinja title="templates/x.j2"        the whole file; so for any language but yaml
```console                             `$ COMMAND`, then lines that it prints in this order. A line `...` stands for
                                       any lines, `...` in a line for any text; `(exit 2)` is the exit code
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.conftest import Forge

FENCE = re.compile(
    r'^```(?P<language>[a-z]+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL
)
PROGRAMS = ("git",)


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    title: str
    text: str


class Command(NamedTuple):
    """A command of a page, and what the page says that it prints."""

    words: list[str]
    lines: list[str]
    code: int


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page, or of a part of one."""
    return [Block(one["language"], one["title"] or "", one["text"]) for one in FENCE.finditer(text)]


def parts(page: str) -> dict[str, str]:
    """Return the second-level sections of a page by their titles."""
    found = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def commands(text: str) -> Iterator[Command]:
    """Yield the commands of a `console` block."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *lines = part.rstrip("\n").split("\n")
        code = re.fullmatch(r"\(exit (\d+)\)", lines[-1]) if lines else None
        if code is not None:
            lines = lines[:-1]
        yield Command(shlex.split(command, comments=True), lines, int(code[1]) if code else 0)


def follow(text: str, folder: Path, forge: Forge) -> None:
    """Do what a page says, in a folder. Raises AssertionError where it isn't as the page says."""
    for block in blocks(text):
        if block.title:
            write(folder / block.title, block)
        elif block.language == "console":
            for command in commands(block.text):
                missing = missing_line(command.lines, printed(command, folder, forge))
                assert missing is None, missing


def write(path: Path, block: Block) -> None:
    """Write a block to its file; YAML is added to what is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if block.language == "yaml" and path.exists():
        merged = together(yaml.safe_load(path.read_text()) or {}, yaml.safe_load(block.text))
        path.write_text(yaml.safe_dump(merged, sort_keys=False, allow_unicode=True))
    else:
        path.write_text(block.text)


def together(old: Any, new: Any) -> Any:
    """Return new values over old ones, tables key by key."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{key: together(old.get(key), value) for key, value in new.items()}}
    return new


def printed(command: Command, folder: Path, forge: Forge) -> list[str]:
    """Run a command and return the lines that it prints."""
    program, *arguments = command.words
    if program == "forge":
        done = forge(*arguments, cwd=folder, check=command.code)
        return (done.stdout + (done.stderr if command.code else "")).splitlines()
    assert program in PROGRAMS, program
    ran = subprocess.run(command.words, cwd=folder, capture_output=True, text=True, timeout=60)
    assert ran.returncode == command.code, ran.stderr
    return ran.stdout.splitlines()


def missing_line(wanted: list[str], got: list[str]) -> str | None:
    """Return what a page shows and a command didn't print at that place; None where all is as the page shows it."""
    at, free = 0, False
    for line in wanted:
        if line.strip() == "...":
            free = True
            continue
        places = range(at, len(got)) if free else range(at, min(at + 1, len(got)))
        here = next((place for place in places if _same(line, got[place])), None)
        if here is None:
            return f"the page shows {line!r}, the command printed:\n" + "\n".join(got[at:])
        at, free = here + 1, False
    if not free and any(line.strip() for line in got[at:]):
        return "the page doesn't show:\n" + "\n".join(got[at:])
    return None


def _same(shown: str, got: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in shown.rstrip().split("..."))
    return re.fullmatch(pattern, got.rstrip()) is not None
