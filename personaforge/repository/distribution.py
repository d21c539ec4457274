"""`forge plugin new`: a distribution that adds one of everything that a plug-in can add, works, and tests itself.

Its files are packaged in `personaforge/plugins/skeleton`, with words such as `@NAME@` to fill in. Each has the ending
`.tmpl` there, so that no tool reads it as its own.
"""

from __future__ import annotations

import keyword
import os
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, NamedTuple

from personaforge import __version__
from personaforge.errors import Problem, SpecError
from personaforge.repository.new_files import write_new
from personaforge.spec.machine_sections import is_distribution, normalised

_ENDING: Final = ".tmpl"
_LONGEST: Final = 40
"""Characters of a distribution's name here: what it adds has longer ones."""
_HINT: Final = "forge plugin new forge-mosaic"


class Skeleton(NamedTuple):
    """A distribution that was written."""

    folder: Path
    name: str
    """Of the distribution, normalised."""
    paths: tuple[str, ...]
    """Paths of the files, inside the folder."""


def write_skeleton(name: str, folder: Path | None = None) -> Skeleton:
    """Write a plug-in's distribution into a folder, by default one of its name here.

    What it adds is named after the distribution, without `forge-`. Raises SpecError for a name that can't be one, or
    that something of forge's has; Exists and StoreError as `new_files.write_new`, which leaves nothing behind.
    """
    module, short = _names(name)
    folder = Path(os.path.abspath(folder or normalised(name)))
    words = {
        "@NAME@": normalised(name),
        "@MODULE@": module,
        "@SHORT@": short,
        "@CLASS@": "".join(part.capitalize() for part in short.split("_")),
        "@FORGE@": __version__,
    }

    def filled(text: str) -> str:
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    packaged = _packaged(files("personaforge.plugins") / "skeleton")
    texts = {filled(path): filled(text) for path, text in packaged}
    write_new(folder, texts, hint=f"name another folder: forge plugin new {words['@NAME@']} -o DIR")
    return Skeleton(folder, words["@NAME@"], tuple(sorted(texts)))


def _packaged(folder: Traversable, within: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and text of the packaged files, without their ending."""
    for entry in folder.iterdir():
        path = f"{within}{entry.name}"
        if entry.is_dir():
            yield from _packaged(entry, f"{path}/")
        elif path.endswith(_ENDING):
            yield path.removesuffix(_ENDING), entry.read_text(encoding="utf-8")


def _names(name: str) -> tuple[str, str]:
    """Return a distribution's module, and what it adds is called. Raises SpecError."""
    if not is_distribution(name) or len(name) > _LONGEST:
        expected = f"expected the name of a distribution: letters, digits and -, {_LONGEST} at most"
        raise SpecError(Problem("", "NAME", f"found {name!r:.80}, {expected}", _HINT))
    module = normalised(name).replace("-", "_")
    short = re.sub(r"^(personaforge|forge)_", "", module)
    if not (module.isidentifier() and short[0].isalpha()):
        raise SpecError(Problem("", "NAME", f"found {name!r}, expected a letter at its beginning", _HINT))
    if module in {*sys.stdlib_module_names, *keyword.kwlist, *keyword.softkwlist, "personaforge"}:
        message = f"found {name!r}, and `import {module}` is something else"
        raise SpecError(Problem("", "NAME", message, f"forge plugin new forge-{normalised(name)}"))
    there = _installed(normalised(name), module)
    if there:
        message = f"found {name!r}, and {there} is installed: the plug-in would take its place"
        raise SpecError(Problem("", "NAME", message, f"forge plugin new forge-{normalised(name)}"))
    taken = _taken(short)
    if taken:
        raise SpecError(Problem("", "NAME", f"{name!r} would add {short!r}, and forge has {taken} of that name", _HINT))
    return module, short


def _installed(name: str, module: str) -> str:
    """Return what a distribution and its module would replace here, empty for nothing. Imports nothing."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        spec = find_spec(module)
        return f"a module {module} ({spec.origin})" if spec is not None and spec.origin else ""


def _taken(short: str) -> str:
    """Return what of forge has the name already, empty for nothing."""
    from personaforge.faces import packs
    from personaforge.providers import table

    if short in table.names("image"):
        return "an image provider"
    return "a face pack" if short in {*packs.shipped(), *packs.AUTO_ORDER, *packs.COMPOSED, "auto"} else ""
