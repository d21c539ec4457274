"""Puts a project's plug-ins into force: those that it asks for, this machine allows, and are installed.

A process has the plug-ins of the project that it worked on last: a project with others takes the former ones out of
force, and every piece of work puts its own project's back. While one goes on, no other set is put into force: what is
measured and made until its end would be another project's.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.errors import PersonaForgeError, Problem, SpecError, described
from personaforge.listing import meant
from personaforge.plugins.force import FORCE, Plugin
from personaforge.spec.machine_file import PLUGINS_VARIABLE, allowed_plugins, machine_path, require_outside
from personaforge.spec.machine_sections import normalised
from personaforge.spec.plugins import Asked, asked_plugins, forges, opened
from personaforge.spec.project import Project, inside, leads_through

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

_GROUP = "personaforge."


class State(NamedTuple):
    """How it is with a plug-in that the project asks for, or that the machine allows."""

    name: str
    is_asked: bool
    allowed_by: str
    """The machine file's path, or FORGE_PLUGINS; empty where this machine doesn't allow it."""
    version: str
    """Empty where it is not installed."""
    near: str = ""
    """Where it is not: `did you mean forge-mosaic?`, of those that are installed."""


_lock = threading.RLock()
_works = 0
"""Pieces of work that go on under what is in force."""
_ran: dict[str, str] = {}
"""Distribution -> the version whose modules this process has imported: Python imports each once."""


@contextmanager
def kept_in_force(project: Project) -> Iterator[tuple[Plugin, ...]]:
    """Put a project's plug-ins into force until the end of a piece of work; other threads may work under the same ones.

    Raises what `activate` raises.
    """
    global _works
    with _lock:
        plugins = activate(project)
        _works += 1
    try:
        yield plugins
    finally:
        with _lock:
            _works -= 1


def activate(project: Project) -> tuple[Plugin, ...]:
    """Put a project's plug-ins into force, in place of any others, and return them.

    Raises SpecError with every plug-in that isn't allowed, isn't installed or can't be loaded; none is in force then.
    Raises PersonaForgeError where work goes on under others.
    """
    require_outside(project)
    asked = asked_plugins(project)
    with _lock:
        opened(project)
        if not asked and not FORCE.plugins:
            return ()
        found, problems = _distributions(project, asked)
        wanted = tuple((one.name, dist.version) for one, dist in found)
        if not problems and wanted == FORCE.asked:
            return FORCE.plugins
        if _works:
            names = ", ".join(map(str, FORCE.plugins)) or "none"
            raise PersonaForgeError(
                f"{project.root} has other plug-ins than the work that goes on in this process ({names})",
                hint="wait for the end of that work, or do this in a process of its own",
            )
        FORCE.end()
        loaded = []
        for one, dist in found if not problems else ():
            plugin = Plugin(one.name, dist.version)
            ran = _ran.setdefault(one.name, dist.version)
            if ran != dist.version:  # its modules are the old ones, and the keys of what they make would say otherwise
                text = f"{plugin} is installed, and this process has loaded {ran}"
                problems.append(Problem(one.where, "plugins", text, "start it anew"))
                continue
            try:
                loaded.append(plugin._replace(adds=tuple(_put(plugin, dist))))
            except BaseException as error:
                if not isinstance(error, _Fault):
                    FORCE.end()
                    raise
                problems.append(Problem(one.where, "plugins", f"{plugin} {error.message}", error.hint))
        if problems:
            FORCE.end()
            raise SpecError(problems)
        FORCE.asked, FORCE.plugins = wanted, tuple(loaded)
        return FORCE.plugins


def states(project: Project) -> list[State]:
    """Return how it is with every plug-in that the project asks for or that this machine allows, without loading any.
    Raises SpecError."""
    from personaforge.versions import installed_version

    asked = {one.name for one in asked_plugins(project)}
    allowed = allowed_plugins()
    found = []
    for name in sorted({*asked, *allowed}):
        version = installed_version(name) or ""
        near = "" if version else meant(name, _installed())
        found.append(State(name, name in asked, allowed.get(name, ""), version, near))
    return found


class _Fault(Exception):
    """Why a plug-in can't be loaded."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def _distributions(project: Project, asked: Iterable[Asked]) -> tuple[list[tuple[Asked, Distribution]], list[Problem]]:
    """Return what is installed of the plug-ins that are asked for, and why others may not be loaded."""
    from importlib.metadata import PackageNotFoundError, distribution

    allowed = allowed_plugins()
    found, problems = [], []
    for one in asked:
        if one.name not in allowed:
            message = f"asks for {one.name}, which this machine doesn't allow"
            hint = f"`plugins: [{one.name}]` in {machine_path()}, or {PLUGINS_VARIABLE}={one.name}"
            near = "" if forges(one.name) else meant(one.name, {*allowed, *_installed()})
            problems.append(Problem(one.where, "plugins", message, near or hint))
            continue
        try:
            dist = distribution(one.name)
        except PackageNotFoundError:
            message = f"asks for {one.name}, which is not installed"
            # Whoever may have the mistyped name at an index would have their code installed.
            hint = meant(one.name, _installed()) or f"pip install {one.name}"
            problems.append(Problem(one.where, "plugins", message, hint))
            continue
        place = _in_repository(project, dist)
        if place:
            message = (
                f"asks for {one.name}, whose code {place} lies in the repository, where a pull request can change it"
            )
            hint = f"pip install {one.name} from elsewhere: neither from a folder of the repository nor with --editable"
            problems.append(Problem(one.where, "plugins", message, hint))
            continue
        found.append((one, dist))
    return found, problems


def _installed() -> set[str]:
    """Return the normalised names of the installed distributions that have entry points for forge. Loads none."""
    from importlib.metadata import entry_points

    from personaforge.plugins.contributions import GROUPS

    found = (one.dist for group in GROUPS for one in entry_points(group=group))
    return {normalised(dist.name) for dist in found if dist is not None}


def _in_repository(project: Project, dist: Distribution) -> str:
    """Return the place in the project's repository from which a plug-in would be loaded, empty for none. An environment
    that lies in the repository is the machine's; one that holds the project (`/usr` for `/usr/src/app`) excuses nothing
    in it."""
    from importlib.util import find_spec

    places = [str(dist.locate_file(""))]
    for entry in _entry_points(dist):
        try:
            spec = find_spec(entry.module.partition(".")[0])  # of the outermost package: this imports nothing
        except (ImportError, ValueError):
            continue
        places += [spec.origin] if spec is not None and spec.origin else []
        places += list(spec.submodule_search_locations or ()) if spec is not None else []
    repository = project.repository
    prefix = Path(os.path.realpath(sys.prefix))
    excused = not inside(str(project.root), prefix) and not inside(str(repository), prefix)
    for place in places:
        real = os.path.realpath(place)
        if inside(real, repository):
            if not (excused and inside(real, prefix)):
                return project.relative(real)
        # A link in the repository may be made to lead elsewhere, but for those of the environment.
        elif leads_through(place, repository) and not (excused and inside(os.path.abspath(place), Path(sys.prefix))):
            return place
    return ""


def _entry_points(dist: Distribution) -> list[EntryPoint]:
    from personaforge.plugins.contributions import GROUPS

    return sorted((one for one in dist.entry_points if one.group in GROUPS), key=lambda one: (one.group, one.name))


def _put(plugin: Plugin, dist: Distribution) -> Iterator[str]:
    """Put all that a plug-in adds into force, and yield what it is, for people. Raises _Fault."""
    from personaforge.plugins.contributions import GROUPS
    from personaforge.plugins.registering import REGISTER

    entries = _entry_points(dist)
    unknown = sorted({one.group for one in dist.entry_points if one.group.startswith(_GROUP)} - set(GROUPS))
    if unknown:
        raise _Fault(f"has entry points of {', '.join(unknown)}", f"there is: {', '.join(GROUPS)}")
    if not entries:
        raise _Fault("has no entry point for forge", f"one of {', '.join(GROUPS)}")
    for entry in entries:
        wanted = GROUPS[entry.group]
        contributed = _loaded(entry)
        if not contributed:
            raise _Fault(f"adds nothing by {entry.group}: {entry.value}", f"expected {wanted.__name__}, or several")
        for one in contributed:
            if not isinstance(one, wanted):
                raise _Fault(
                    f"names {type(one).__name__} as {entry.group}: {entry.value}", f"expected {wanted.__name__}"
                )
            try:
                yield REGISTER[wanted.__name__](plugin, one)
            except ValueError as error:
                raise _Fault(f"can't add {entry.value}: {error}") from error
            except (Exception, SystemExit) as error:  # whatever an entry of somebody else's is made of
                raise _Fault(f"can't add {entry.value}: {described(error)}") from error


def _loaded(entry: EntryPoint) -> tuple[Any, ...]:
    try:
        found = entry.load()
    except PersonaForgeError as error:
        raise _Fault(f"can't be loaded: {error.message}", error.hint) from error
    except (Exception, SystemExit) as error:  # anything may go wrong in somebody else's code
        raise _Fault(
            f"can't be loaded: {entry.value}: {described(error)}", f"python -c 'import {entry.module}'"
        ) from error
    # A NamedTuple is a tuple as well: only plain ones hold several.
    return tuple(found) if type(found) in (list, tuple) else (found,)
