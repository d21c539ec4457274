"""The plug-ins that a project asks for: `plugins:` in conf/project/settings.yaml, names of distributions.

They are read before anything is composed, since a plug-in may bring the steps that the composition names. Asking is not
enough: the machine has to allow each of them, too; see `machine_file.allowed_plugins`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from personaforge.errors import Problem, SpecError
from personaforge.spec.machine_file import allowed_plugins
from personaforge.spec.machine_sections import is_distribution, normalised
from personaforge.spec.project import Project
from personaforge.spec.source import parse_source, read_bounded

SETTINGS = "conf/project/settings.yaml"
_MOST = 64


class Asked(NamedTuple):
    """A plug-in that the project asks for."""

    name: str
    """Normalised name of its distribution."""
    where: str
    """`file:line` of the setting."""


def asked_plugins(project: Project) -> tuple[Asked, ...]:
    """Return the plug-ins that a project asks for, in the order of their names. Raises SpecError."""
    path = project.root / SETTINGS
    written = read_bounded(path, SETTINGS, root=project.root) if path.exists() else b""
    if b"plugins" not in written:
        return ()
    import yaml

    source = parse_source(written, path, SETTINGS)
    data: Any = yaml.load(source.text, yaml.CSafeLoader)
    if not isinstance(data, dict) or "plugins" not in data:
        return ()
    wanted, where = data["plugins"], source.where(("plugins",))
    if not isinstance(wanted, list) or len(wanted) > _MOST:
        what = "nothing" if wanted is None else f"{wanted!r:.80}"
        hint = "plugins: [], or [forge-mosaic]"
        raise SpecError(Problem(where, "plugins", f"found {what}, expected a list of {_MOST} names at most", hint))
    problems, names = [], set()
    for name in wanted:
        if isinstance(name, str) and is_distribution(name):
            names.add(normalised(name))
        else:
            hint = "a distribution as pip installs it, without a version: forge-mosaic"
            problems.append(Problem(where, "plugins", f"found {name!r:.80}, expected the name of a distribution", hint))
    if problems:
        raise SpecError(problems)
    return tuple(Asked(name, where) for name in sorted(names))


def forges(name: str) -> bool:
    """Return whether a distribution is installed that has entry points for forge. Loads nothing of it."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return any(one.group.startswith("personaforge.") for one in distribution(name).entry_points)
    except PackageNotFoundError:
        return False


_opened: list[Project] = []
"""The project whose plug-ins are in force in this process: what is missing is asked for by errors that know none."""


def opened(project: Project) -> None:
    """Note the project that this process works on."""
    _opened[:] = [project]


def hint_unasked(hint: str) -> str:
    """Return the hint of an error about a name that a plug-in could add, with the plug-ins that are installed and
    allowed here, and that the project doesn't ask for."""
    if not _opened:
        return hint
    try:
        asked = {one.name for one in asked_plugins(_opened[0])}
        left = [name for name in sorted(allowed_plugins()) if name not in asked and forges(name)]
    except SpecError:  # said where the plug-ins are put into force
        return hint
    if not left:
        return hint
    what = f"plug-in {left[0]} is" if len(left) == 1 else f"plug-ins {', '.join(left)} are"
    return f"{hint}; {what} allowed here, and {SETTINGS} doesn't ask for {'it' if len(left) == 1 else 'them'}"
