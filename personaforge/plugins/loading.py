"""Puts a project's plug-ins into force: those that it asks for, this machine allows, and are installed.

A process has the plug-ins of the project that it worked on last: a project with others takes the former ones out of
force, and every piece of work puts its own project's back. While one goes on, no other set is put into force: what is
measured and made until its end would be another project's.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.errors import PersonaForgeError, Problem, SpecError, described
from personaforge.listing import meant
from personaforge.modalities import MODALITIES
from personaforge.spec.machine_file import PLUGINS_VARIABLE, allowed_plugins, machine_path, require_outside
from personaforge.spec.machine_sections import normalised
from personaforge.spec.plugins import Asked, asked_plugins, forges, opened
from personaforge.spec.project import Project, inside, leads_through

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

    from personaforge.plugins.contributions import AnalyzerEntry, FormatEntry

_GROUP = "personaforge."
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Plugin(NamedTuple):
    """A plug-in that is in force."""

    name: str
    """Normalised name of its distribution."""
    version: str
    adds: tuple[str, ...] = ()
    """What it adds, for people: `image provider mosaic`."""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


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


@dataclass
class _Force:
    """What is in force in this process."""

    asked: tuple[tuple[str, str], ...] = ()
    """(name, version) of what was put into force."""
    plugins: tuple[Plugin, ...] = ()
    withdraw: list[Callable[[], None]] = field(default_factory=list)
    """What takes it out of force again, in the order in which it was put into it."""
    analyzers: dict[str, AnalyzerEntry] = field(default_factory=dict)
    formats: dict[str, FormatEntry] = field(default_factory=dict)


_force = _Force()
_lock = threading.RLock()
_works = 0
"""Pieces of work that go on under what is in force."""


def in_force() -> tuple[Plugin, ...]:
    """Return the plug-ins in force, by name."""
    return _force.plugins


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
        if not asked and not _force.plugins:
            return ()
        found, problems = _distributions(project, asked)
        wanted = tuple((one.name, dist.version) for one, dist in found)
        if not problems and wanted == _force.asked:
            return _force.plugins
        if _works:
            names = ", ".join(map(str, _force.plugins)) or "none"
            raise PersonaForgeError(
                f"{project.root} has other plug-ins than the work that goes on in this process ({names})",
                hint="wait for the end of that work, or do this in a process of its own",
            )
        _withdraw()
        loaded = []
        for one, dist in found if not problems else ():
            plugin = Plugin(one.name, dist.version)
            try:
                loaded.append(plugin._replace(adds=tuple(_put(plugin, dist))))
            except BaseException as error:
                if not isinstance(error, _Fault):
                    _withdraw()
                    raise
                problems.append(Problem(one.where, "plugins", f"{plugin} {error.message}", error.hint))
        if problems:
            _withdraw()
            raise SpecError(problems)
        _force.asked, _force.plugins = wanted, tuple(loaded)
        return _force.plugins


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


def analyzer_named(name: str) -> AnalyzerEntry | None:
    """Return the analyzer in force of that name."""
    return _force.analyzers.get(name)


def analyzer_names() -> tuple[str, ...]:
    """Return the names of the analyzers in force."""
    return tuple(_force.analyzers)


def format_named(name: str) -> FormatEntry | None:
    """Return the format in force of that name."""
    return _force.formats.get(name)


def formats() -> tuple[str, ...]:
    """Return the names of the formats in force, sorted."""
    return tuple(sorted(_force.formats))


class _Fault(Exception):
    """Why a plug-in can't be loaded."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def _withdraw() -> None:
    global _force
    for undo in reversed(_force.withdraw):
        undo()
    _force = _Force()


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
                yield _REGISTER[wanted.__name__](plugin, one)
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


def _require(found: Any, wanted: type, what: str) -> None:
    if not isinstance(found, wanted):
        raise ValueError(f"{what} is {found!r:.80}, expected {wanted.__name__}")


def _require_callable(found: Any, what: str) -> None:
    if not callable(found):
        raise ValueError(f"{what} is {found!r:.80}, expected what can be called")


def _require_name(name: Any, *reserved: str) -> None:
    """Raise ValueError for what can't be a name in YAML, in a key and in a variable."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in reserved:
        taken = f", and not {' or '.join(reserved)}" if reserved else ""
        raise ValueError(f"its name is {name!r}, expected small letters, digits and _, a letter first{taken}")


# --- what each group registers ----------------------------------------------------------------------------------------


def _provider(plugin: Plugin, entry: Any) -> str:
    from personaforge.providers import table
    from personaforge.providers.capability import Capability

    known = entry.capability
    _require(known, Capability, "its capability")
    if known.modality not in MODALITIES:
        raise ValueError(f"modality is {known.modality!r}, expected one of {', '.join(MODALITIES)}")
    _require_name(known.name, "none")
    if not isinstance(known.reads, frozenset):
        raise ValueError(f"reads is a {type(known.reads).__name__}, expected a frozenset of field names")
    if not all(isinstance(field, str) for field in known.reads):
        raise ValueError(f"reads is {sorted(map(repr, known.reads))}, expected names of fields")
    _require(known.version, str, "its version")
    if not isinstance(entry.make, str):
        _require_callable(entry.make, "what makes it")
    if known.name in table.names(known.modality):
        raise ValueError(f"the {known.modality} provider {known.name!r} is there already")
    # A provider's code shapes what it makes, so its version is in every key of it.
    table.register(entry._replace(capability=known._replace(version=f"{known.version} ({plugin})")))
    _force.withdraw.append(lambda: table.withdraw(known.modality, known.name))
    return f"{known.modality} provider {known.name}"


def _kind(plugin: Plugin, entry: Any) -> str:
    from dataclasses import replace

    from personaforge.spec import kinds, models
    from personaforge.spec.kinds import Kind
    from personaforge.spec.pipeline import StepBase
    from personaforge.steps import table

    for found, wanted, what in ((entry.kind, table.StepKind, "how it works"), (entry.what, Kind, "what it is")):
        _require(found, wanted, what)
    if not (isinstance(entry.model, type) and issubclass(entry.model, StepBase)):
        raise ValueError(f"its model is {entry.model!r:.80}, expected a class over StepBase")
    if not isinstance(entry.what.outputs, tuple) or not all(isinstance(one, str) for one in entry.what.outputs):
        raise ValueError(f"its outputs are {entry.what.outputs!r:.80}, expected a tuple of names")
    name = entry.kind.name
    _require_name(name)
    if name in kinds.KINDS:
        raise ValueError(f"the step kind {name!r} is there already")
    for whose, found in (("what it is", entry.what.name), ("its model", models.kind_of(entry.model))):
        if found != name:
            raise ValueError(f"{whose} is of kind {found!r}, and how it works of kind {name!r}")
    models.declare_step(entry.model)
    table.register(replace(entry.kind, origin=str(plugin)), entry.what)

    def undo() -> None:
        table.withdraw(name)
        models.withdraw_step(entry.model)

    _force.withdraw.append(undo)
    return f"step kind {name}"


def _metric(plugin: Plugin, entry: Any) -> str:
    from personaforge import metrics
    from personaforge.faces import parts
    from personaforge.spec import measures

    def undo() -> None:
        parts.withdraw(name)
        metrics.withdraw(name)
        measures.refresh()

    _require(entry.metric, metrics.Metric, "its metric")
    _require_callable(entry.measure, "what measures it")
    _require(entry.version, str, "its version")
    name = entry.metric.name
    if name in SQL_WORDS:
        raise ValueError(f"{name!r} is a word of SQL, in which it is asked for")
    if name in {*measures.FIELDS, *measures.SCOPES, *measures.RATES, *measures.FUNCTIONS}:
        raise ValueError(f"{name!r} means something else in checks")
    if not re.fullmatch("[0-9]{1,9}", str(entry.version)):
        raise ValueError(f"version of {name} is {entry.version!r}, expected a whole number: the highest counts")
    metrics.register(entry.metric)
    _force.withdraw.append(undo)
    parts.register(name, f"{entry.version} ({plugin})", entry.measure)
    measures.refresh()
    return f"metric {name}"


def _analyzer(plugin: Plugin, entry: Any) -> str:
    from personaforge.faces import packs

    _require_name(entry.name, "auto", "none")
    if entry.name in packs.shipped() or entry.name in _force.analyzers or entry.name in packs.AUTO_ORDER:
        raise ValueError(f"the face pack {entry.name!r} is there already")
    _require_callable(entry.identity, "its identity")
    _require_callable(entry.make, "what makes it")
    _require(entry.declared, packs.Declared, "what it declares")
    packs.declare(entry.name, entry.declared)
    _force.analyzers[entry.name] = entry
    _force.withdraw.append(lambda: packs.withdraw(entry.name))
    return f"analyzer {entry.name}"


def _format(plugin: Plugin, entry: Any) -> str:
    _require_name(entry.name)
    if entry.name in _force.formats or entry.name in FORMATS_OF_FORGE:
        raise ValueError(f"the format {entry.name!r} is there already")
    _require_callable(entry.write, "what writes it")
    _force.formats[entry.name] = entry
    return f"format {entry.name}"


FORMATS_OF_FORGE = ("table", "json", "csv", "markdown", "junit", "github", "sql", "parquet", "mermaid", "dot")
SQL_WORDS = frozenset(
    """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
    default deferrable desc describe distinct do else end except false fetch for foreign from group having in
    initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer
    pivot_wider placing primary qualify references returning select show some summarize symmetric table then
    to trailing true union unique unpivot using variadic when where window with
    """.split()  # noqa: SIM905 (a list would take a line for each)
)
"""Words that DuckDB reserves: a column of that name can't be asked for without quotes."""
_REGISTER: dict[str, Callable[[Plugin, Any], str]] = {
    "Entry": _provider,
    "KindEntry": _kind,
    "MetricEntry": _metric,
    "AnalyzerEntry": _analyzer,
    "FormatEntry": _format,
}
