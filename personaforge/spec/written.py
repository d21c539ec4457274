"""What a user has written, without forge's packaged settings: the leaves of the persona's files, of the
project's own conf, and of the command line, by dotted path.

It distinguishes a change that the user made from one that came with another version of forge: where nothing of this has
changed since a result was accepted, what differs in its key is forge's own part, and an upgrade buys nothing. An option
that was chosen counts by its name, so that a packaged preset may change inside. Values stay as they are written,
interpolations too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from personaforge.leaves import leaves
from personaforge.spec.settings import GROUPS, SCHEMAS

if TYPE_CHECKING:
    from personaforge.spec.project import Project
    from personaforge.spec.source import Source

Leaves = dict[str, Any]
"""JSON values by dotted path. A group's name alone has the option that was chosen."""

_REFERENCE = re.compile(r"\$\{([a-z_]+)")


def own_leaves(source: Source, package: str) -> Leaves:
    """Return the leaves of one file at the place where it is composed, and the options that its defaults choose."""
    import yaml

    tree = yaml.load(source.text, yaml.CSafeLoader) or {}
    defaults = tree.pop("defaults", None) if isinstance(tree, dict) else None
    nested = {package: tree} if package else tree if isinstance(tree, dict) else {}
    found = {path: _plain(value) for path, value in leaves(nested).items()}
    for entry in defaults if isinstance(defaults, list) else ():
        if isinstance(entry, Mapping):
            found.update(chosen((str(name), option) for name, option in entry.items()))
    return found


def body_leaves(body: Mapping[str, Any]) -> Leaves:
    """Return the leaves of a persona's body, and the options that it chooses."""
    entries = [entry for entry in body.get("defaults", ()) if isinstance(entry, Mapping)]
    options = chosen((str(name), option) for entry in entries for name, option in entry.items())
    rest = leaves({name: value for name, value in body.items() if name != "defaults"})
    return {**options, **{path: _plain(value) for path, value in rest.items()}}


def override_leaves(overrides: Sequence[str]) -> Leaves:
    """Return what the command line sets, as it is written there."""
    found: Leaves = {}
    for text in overrides:
        key, _, value = text.partition("=")
        found[key.lstrip("+~")] = value if not text.startswith("~") else "~"
    return found


def chosen(entries: Iterable[tuple[str, Any]]) -> Leaves:
    """Return the options chosen by entries of a defaults list: `override /image: fal` is image = fal."""
    names = ((name.split()[-1].strip("/"), option) for name, option in entries if name.split())
    return {name: option for name, option in names if name.partition("@")[0] in GROUPS}


def schema_leaves(project: Project) -> Leaves:
    """Return the digests of the project's own output schemas, by the path at which steps read them."""
    from personaforge.digest import digest_file

    folder = project.root / "conf" / SCHEMAS
    if folder.parent not in project.conf_folders or not folder.is_dir():
        return {}
    files = sorted(path for path in folder.glob("*.y*ml") if path.is_file())
    return {f"{SCHEMAS}.{path.stem}": digest_file(path) for path in files}


def merged(parts: Iterable[Leaves]) -> Leaves:
    """Return all leaves; later ones win, and replace what was below or above them."""
    found: Leaves = {}
    for part in parts:
        for path, value in part.items():
            if path not in GROUPS:  # an option and single values of its group are kept side by side
                for other in [other for other in found if other.startswith(path + ".")]:
                    del found[other]
                for length in range(1, path.count(".") + 1):
                    parent = path.rsplit(".", length)[0]
                    if parent not in GROUPS:
                        found.pop(parent, None)
            found[path] = value
    return found


def below(leaves: Mapping[str, Any], paths: Iterable[str], quiet: re.Pattern[str] | None = None) -> Leaves:
    """Return the leaves at, below and above some setting paths, the options chosen for their groups, and what the
    interpolations among them name. `quiet` matches the paths that are left out."""
    asked = set(paths)
    heads = {path.partition(".")[0] for path in asked}
    at_or_above = asked.union(heads, *map(_parents, asked))
    found = {
        path: value for path, value in leaves.items() if path in at_or_above or not asked.isdisjoint(_parents(path))
    }
    named = {name for value in found.values() if isinstance(value, str) for name in _REFERENCE.findall(value)}
    found.update({path: value for path, value in leaves.items() if path.partition(".")[0] in named})
    return {path: value for path, value in found.items() if quiet is None or not quiet.match(path)}


@lru_cache(maxsize=4096)
def _parents(path: str) -> tuple[str, ...]:
    """Return what stands above a dotted path: `a` and `a.b` of `a.b.c`. Every node asks it of all leaves."""
    return tuple(path[:index] for index, letter in enumerate(path) if letter == ".")


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; YAML reads some texts as dates."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
