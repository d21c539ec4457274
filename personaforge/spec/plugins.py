"""The plug-ins that a project asks for: `plugins:` in conf/project/settings.yaml, names of distributions.

They are read before anything is composed, since a plug-in may bring the steps that the composition names. Asking is not
enough: the machine has to allow each of them, too; see `machine_file.allowed_plugins`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from personaforge.errors import Problem, SpecError
from personaforge.spec.machine_sections import normalised
from personaforge.spec.project import Project
from personaforge.spec.source import read_source

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
    if not path.is_file() or b"plugins" not in path.read_bytes():
        return ()
    import yaml

    source = read_source(path, SETTINGS, root=project.root)
    data: Any = yaml.load(source.text, yaml.CSafeLoader)
    wanted = data.get("plugins") if isinstance(data, dict) else None
    where = source.where(("plugins",))
    if wanted is None:
        return ()
    if not isinstance(wanted, list) or len(wanted) > _MOST:
        raise SpecError(Problem(where, "plugins", f"found {wanted!r:.80}", "expected a list: [forge-mosaic]"))
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


def is_distribution(name: str) -> bool:
    """Return whether a text can be the name of a distribution (PEP 508)."""
    return (
        0 < len(name) <= 100
        and name.isascii()
        and name[0].isalnum()
        and name[-1].isalnum()
        and all(char.isalnum() or char in "-_." for char in name)
    )
