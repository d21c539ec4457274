"""Makes known what a plug-in adds, by group, and notes what takes it back.

Each function raises ValueError for what can't be added; what it has done by then, `force.Force.end` takes back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from personaforge.errors import PersonaForgeError, PlanError, described
from personaforge.modalities import MODALITIES
from personaforge.plugins.force import FORCE, Plugin

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


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
    FORCE.withdraw.append(lambda: table.withdraw(known.modality, known.name))
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
    kind = entry.kind
    told = {one: _told(getattr(kind, one), kind.name, plugin) for one in ("slots", "templates", "calls")}
    price = _told(kind.price, kind.name, plugin) if kind.price is not None else None
    table.register(replace(kind, origin=str(plugin), price=price, **told), entry.what)

    def undo() -> None:
        table.withdraw(name)
        models.withdraw_step(entry.model)

    FORCE.withdraw.append(undo)
    return f"step kind {name}"


def _told(function: Callable[..., Any], kind: str, plugin: Plugin) -> Callable[..., Any]:
    """Return a function of a kind's that names the plug-in where it fails: planning asks it."""

    @wraps(function)
    def told(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except PersonaForgeError:
            raise
        except Exception as error:  # anything may go wrong in somebody else's code
            raise PlanError(f"the step kind {kind} of {plugin} failed: {described(error)}") from error

    return told


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
    FORCE.withdraw.append(undo)
    parts.register(name, f"{entry.version} ({plugin})", entry.measure)
    measures.refresh()
    return f"metric {name}"


def _analyzer(plugin: Plugin, entry: Any) -> str:
    from personaforge.faces import packs

    _require_name(entry.name, "auto", "none")
    if entry.name in {*packs.shipped(), *packs.AUTO_ORDER, *packs.COMPOSED, *FORCE.analyzers}:
        raise ValueError(f"the face pack {entry.name!r} is there already")
    _require_callable(entry.identity, "its identity")
    _require_callable(entry.make, "what makes it")
    _require(entry.declared, packs.Declared, "what it declares")
    packs.declare(entry.name, entry.declared)
    FORCE.analyzers[entry.name] = entry
    FORCE.withdraw.append(lambda: packs.withdraw(entry.name))
    return f"analyzer {entry.name}"


def _format(plugin: Plugin, entry: Any) -> str:
    _require_name(entry.name)
    if entry.name in FORCE.formats or entry.name in FORMATS_OF_FORGE:
        raise ValueError(f"the format {entry.name!r} is there already")
    _require_callable(entry.write, "what writes it")
    FORCE.formats[entry.name] = entry
    return f"format {entry.name}"


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
REGISTER: dict[str, Callable[[Plugin, Any], str]] = {
    "Entry": _provider,
    "KindEntry": _kind,
    "MetricEntry": _metric,
    "AnalyzerEntry": _analyzer,
    "FormatEntry": _format,
}
"""By the name of what an entry point names."""
