"""The machine file: what reaches outside the repository, by name. YAML in a repository only refers to these names.

    remotes:    {studio: /mnt/studio/store}                   folders to share a store through
    endpoints:  {openai: {url: "https://gateway.example/v1"}} where a provider is; FORGE_<NAME>_URL wins
    commands:   {sox: {run: [/usr/bin/sox], timeout_seconds: 60}}
    plugins:    [forge-mosaic]                                installed distributions that a project may ask for
    keys:       {studio: {variable: FAL_KEY_STUDIO}}          or {command: NAME}: where a key comes from
    webhooks:   {team: {url: "https://hooks.example/x"}}

It is `FORGE_MACHINE`, or else `forge/machine.yaml` in the folder where this system keeps settings. It may not lie in
the project or its repository, since whoever can change the repository could then say what may be run and where keys go.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from personaforge.errors import Problem, SpecError
from personaforge.listing import listed, meant
from personaforge.spec.machine_sections import Command, Endpoint, KeySource, Webhook, is_distribution, normalised
from personaforge.spec.project import Project, inside, leads_through

VARIABLE: Final = "FORGE_MACHINE"
PLUGINS_VARIABLE: Final = "FORGE_PLUGINS"
"""Distributions that a project may ask for, with commas between them, besides those of the machine file."""
SECTIONS: Final = ("remotes", "endpoints", "commands", "plugins", "keys", "webhooks")
_NONE: Mapping[str, Any] = MappingProxyType({})


class MachineFile(NamedTuple):
    """What this machine defines. Everything is empty where there is no machine file."""

    path: Path
    """Where the file is, or would be."""
    found: bool = False
    digest: str = ""
    """Of the file's bytes; empty where there is none."""
    remotes: Mapping[str, str] = _NONE
    """Folders by name."""
    endpoints: Mapping[str, Endpoint] = _NONE
    """By the provider's name, as in `image: openai`; for text by what the model id begins with."""
    commands: Mapping[str, Command] = _NONE
    plugins: tuple[str, ...] = ()
    """Normalised names of distributions."""
    keys: Mapping[str, KeySource] = _NONE
    webhooks: Mapping[str, Webhook] = _NONE

    def names(self, section: str) -> tuple[str, ...]:
        """Return the names that a section defines, sorted."""
        return tuple(sorted(getattr(self, section)))

    def problem(self, section: str, name: str, where: str, path: str) -> Problem | None:
        """Return what is wrong with a name in a repository's YAML; None where this machine defines it."""
        known = self.names(section)
        if name in known:
            return None
        has = f"it has {listed(known)}" if known else f"it has no {section}"
        hint = meant(name, known) or f"{has}; `{section}:` in {self.path}"
        return Problem(where, path, f"found {name!r}, which this machine doesn't define", hint)


def machine_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return where the machine file is, or would be. Looks at no disk."""
    env = os.environ if environment is None else environment
    named = env.get(VARIABLE, "").strip()
    if named:
        return Path(os.path.abspath(os.path.expanduser(named)))
    return _config_folder(env) / "forge" / "machine.yaml"


def _config_folder(env: Mapping[str, str]) -> Path:
    """Return the folder of users' settings: the XDG base directory, Apple's and Microsoft's guidelines."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(env.get("APPDATA") or home / "AppData" / "Roaming")
    named = env.get("XDG_CONFIG_HOME", "")
    # "All paths set in these environment variables must be absolute. If an implementation encounters a relative path
    # [it] should consider the path invalid and ignore it." (XDG Base Directory Specification 0.8)
    return Path(named) if os.path.isabs(named) else home / ".config"


def neighbour(path: Path) -> Path | None:
    """Return a file that may be meant to be a missing machine file: with the other ending, or a folder above."""
    near = [folder / f"{path.stem}{end}" for folder in (path.parent, path.parent.parent) for end in (".yaml", ".yml")]
    return next((one for one in near if one != path and one.is_file()), None)


def machine_file() -> MachineFile:
    """Return what this machine defines. Raises SpecError with every problem of its file, and where FORGE_MACHINE names
    a file that isn't there."""
    path = machine_path()
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        if os.environ.get(VARIABLE, "").strip():
            beside = neighbour(path)
            hint = f"did you mean {VARIABLE}={beside}?" if beside is not None else f"{VARIABLE} names it"
            raise SpecError(Problem(str(path), "", "no such file", hint)) from None
        return MachineFile(path)
    except OSError as error:
        raise SpecError(Problem(str(path), "", f"can't be read: {error.strerror}")) from error
    key = (str(path), status.st_size, status.st_mtime_ns, status.st_ino)
    if _KEPT.get("key") != key:
        _KEPT.update(key=key, file=_read(path))
    kept: MachineFile = _KEPT["file"]
    return kept


_KEPT: dict[str, Any] = {}
"""The last file that was read, by its stat signature: addresses are asked for at every call."""


def _read(path: Path) -> MachineFile:
    from personaforge.spec.machine_models import validated
    from personaforge.spec.source import read_source

    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        hint = f"{VARIABLE}={path / 'machine.yaml'}" if os.environ.get(VARIABLE, "").strip() else ""
        raise SpecError(Problem(str(path), "", "is a folder, expected a file", hint))
    if not stat.S_ISREG(mode):
        raise SpecError(Problem(str(path), "", "is a device or a pipe, expected a file"))
    source = read_source(path, str(path))
    sections = validated(source)
    return MachineFile(path, True, source.digest, **sections)


def allowed_plugins(environment: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Return the distributions that this machine lets a project ask for, each with what says so. Raises SpecError."""
    env = os.environ if environment is None else environment
    known = machine_file()
    found = dict.fromkeys(known.plugins, str(known.path))
    for name in env.get(PLUGINS_VARIABLE, "").split(","):
        if name.strip() and not is_distribution(name.strip()):
            message = (
                f"found {name.strip()!r:.80}, expected names of distributions without versions, separated by commas"
            )
            raise SpecError(
                Problem("environment", PLUGINS_VARIABLE, message, f"{PLUGINS_VARIABLE}=forge-mosaic,my-tools")
            )
        if name.strip():
            found.setdefault(normalised(name.strip()), PLUGINS_VARIABLE)
    return found


def require_outside(project: Project) -> None:
    """Raise SpecError where the machine file, or a link that leads to it, lies in the project or its repository, where
    a pull request could write it. A folder that only is the current one, and holds the home folder, is no project."""
    path = machine_path()
    if not project.declared and inside(os.path.realpath(os.path.expanduser("~")), project.root):
        return
    if os.path.lexists(path) and leads_through(path, project.repository):
        message = f"lies in the repository {project.repository}, where a pull request could write it"
        raise SpecError(Problem(str(path), "", message, f"move it out, and set {VARIABLE} to where it is"))
