"""Runs checks: composes personas, reads the warehouse once, judges, and says where each check is declared.

with Workspace.open() as space:
    tested = run_checks(space, ["sofia-reyes"])
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import reduce
from typing import NamedTuple

from personaforge.checks.figures import judge_figure
from personaforge.checks.present import PresentRules
from personaforge.checks.results import Cause, CheckReport, CheckResult, Judged, Result
from personaforge.checks.rows import Persona, gather
from personaforge.checks.timelines import judge_drift
from personaforge.errors import PlanError
from personaforge.plan.graph import Shapes
from personaforge.plan.look import overruled_now
from personaforge.plan.renamed import as_named_now, renamed_steps
from personaforge.spec.grammar import Assertion, DriftAssertion, FigureAssertion, parse_assertion
from personaforge.spec.load import Broken, Loaded
from personaforge.spec.measures import nearest
from personaforge.spec.places import Places
from personaforge.steps.context import ANCHOR
from personaforge.steps.look import in_words
from personaforge.steps.text import OVERRULED
from personaforge.store.lockfile import read_lock
from personaforge.warehouse.bounds import Bounds
from personaforge.warehouse.projection import opened
from personaforge.warehouse.scores import BrokenQuery, ask, evaluations, sealed
from personaforge.workspace.workspace import Workspace

SHOWN = 20
"""Rows of SQL that are shown."""


_FIELDS = 10
"""Overruled fields that are shown."""


class _Check(NamedTuple):
    loaded: Loaded
    name: str
    assertion: Assertion | None
    """None for SQL."""
    sql: str
    severity: str
    allow: tuple[str, ...]
    description: str

    @property
    def persona(self) -> str:
        return self.loaded.settings.id


def run_checks(
    space: Workspace,
    personas: Sequence[str],
    *,
    overrides: Sequence[str] = (),
    select: Sequence[str] = (),
    broken: list[Broken] | None = None,
) -> CheckReport:
    """Run the checks of personas, of all of the project's when none is named. Writes nothing but the warehouse.

    `select` names checks, as globs over NAME or PERSONA/NAME. Personas that can't be loaded go
    into `broken`, if that is given. Raises SpecError otherwise, and PlanError for a selection that names nothing.
    """
    started = time.time()
    loaded = space.load(personas, overrides, broken)
    checks = _chosen([check for one in loaded for check in _declared(one)], select, [one.settings.id for one in loaded])
    done: dict[tuple[str, str], tuple[Judged, float]] = {}
    # Each opens the warehouse, which one connection at a time may do.
    for judge in (_figures, _timelines, _queries):
        before = time.perf_counter()
        for check, judged in judge(space, checks, overrides):
            now = time.perf_counter()
            done[check.persona, check.name] = (judged, now - before)
            before = now
    places = Places(space.project, overrides)
    results = [one for each in loaded for one in _overruled(space, each, places, select)]
    for check in checks:
        judged, seconds = done[check.persona, check.name]
        file, line = places.of(check.loaded, f"checks.{check.name}")
        expected = check.assertion.text if check.assertion is not None else "no rows"
        about = (check.severity, judged, check.description, file, line, round(seconds, 4))
        results.append(CheckResult(check.persona, check.name, expected, *about))
    return CheckReport(tuple(results), tuple(one.settings.id for one in loaded), started)


_Judging = Iterator[tuple["_Check", Judged]]


def _figures(space: Workspace, checks: Sequence[_Check], overrides: Sequence[str]) -> _Judging:
    wanted = [check for check in checks if isinstance(check.assertion, FigureAssertion)]
    if not wanted:
        return
    shapes = Shapes()
    personas: dict[str, tuple[Persona, PresentRules]] = {}
    plan_context = space.plan_context
    with opened(space.store) as connection:
        for check in wanted:
            if check.persona not in personas:
                settings = check.loaded.settings
                shape = shapes.of(settings)
                lock = read_lock(check.loaded.lock, check.persona, check.loaded.settings.formerly)
                known = as_named_now(evaluations(connection, check.persona), renamed_steps(settings, shape, lock))
                rules = PresentRules(plan_context, lock)
                personas[check.persona] = gather(space.store, settings, shape, known), rules
    for check in wanted:
        assert isinstance(check.assertion, FigureAssertion)
        persona, rules = personas[check.persona]
        yield check, judge_figure(check.assertion, persona, check.allow, rules)


def _timelines(space: Workspace, checks: Sequence[_Check], overrides: Sequence[str]) -> _Judging:
    from personaforge.drift.timelines import Drift, drift

    known: dict[str, Drift | None] = {}
    for check in checks:
        if not isinstance(check.assertion, DriftAssertion):
            continue
        if check.persona not in known:
            try:
                known[check.persona] = drift(space, str(check.loaded.file), overrides=overrides)
            except PlanError:  # it was never measured: any other fault was found when it was loaded
                known[check.persona] = None
        yield check, judge_drift(check.assertion, known[check.persona], check.persona, check.allow)


def _queries(space: Workspace, checks: Sequence[_Check], overrides: Sequence[str]) -> _Judging:
    wanted = [check for check in checks if check.sql]
    if not wanted:
        return
    bounds = reduce(Bounds.least, (Bounds.of(check.loaded.settings.value("store")) for check in wanted))
    with sealed(space.store, bounds) as connection:
        for check in wanted:
            try:
                found = ask(connection, check.sql, check.persona, SHOWN, bounds)
            except BrokenQuery as error:
                hint = error.hint or 'forge query "show tables"; forge query "describe latest_scores"'
                yield check, Judged(Result.ERROR, "can't be run", Cause.BROKEN, error.message, hint=hint)
                continue
            if not found.rows:
                yield check, Judged(Result.PASS, "no rows", number=0)
                continue
            many = f"more than {SHOWN} rows" if found.more else f"{len(found.rows)} row{'s'[: len(found.rows) > 1]}"
            rows = tuple(tuple(_plain(value) for value in row) for row in found.rows)
            yield (
                check,
                Judged(Result.FAIL, many, Cause.VALUE, f"found {many}, expected none", names=found.names, table=rows),
            )


def _plain(value: object) -> object:
    """Return a value of SQL as something that JSON knows."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _declared(loaded: Loaded) -> Iterator[_Check]:
    for name, check in loaded.settings.value("checks").items():
        if isinstance(check, str):
            yield _Check(loaded, name, parse_assertion(check), "", "error", (), "")
        elif check is not None:
            assertion = parse_assertion(check["assert"]) if check["assert"] else None
            about = (check["severity"], tuple(check["allow"]), check["description"])
            yield _Check(loaded, name, assertion, check["sql"] or "", *about)


def _overruled(space: Workspace, loaded: Loaded, places: Places, select: Sequence[str]) -> Iterator[CheckResult]:
    """Yield a failure where the pinned anchor overrules what a persona is to look like. No file declares this check: it
    is there while it fails, and where it is asked for by name."""
    started, settings = time.perf_counter(), loaded.settings
    if select and not any(_named(settings.id, OVERRULED, pattern) for pattern in select):
        return
    fields = overruled_now(space.store, loaded)
    if not fields and not select:
        return
    found, reason = f"{len(fields)} field{'s'[: len(fields) != 1]}", in_words(fields, _FIELDS)
    hint = f"forge build {settings.id} --repin {settings.step_of(ANCHOR)}, or take the edit back"
    judged = Judged(Result.PASS, "none", number=0)
    if fields:
        judged = Judged(Result.FAIL, found, Cause.VALUE, reason, len(fields), hint=hint)
    file, line = places.of(loaded, f"pinned.{fields[0].path}" if fields else "pinned")
    about = "Nothing that can be seen of the persona is overruled by its pinned anchor."
    seconds = round(time.perf_counter() - started, 4)
    yield CheckResult(settings.id, OVERRULED, "no field", "error", judged, about, file, line, seconds)


def _named(persona: str, name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(f"{persona}/{name}", pattern)


def _chosen(checks: list[_Check], select: Sequence[str], personas: Sequence[str]) -> list[_Check]:
    """Return the checks that are selected. Raises PlanError for a selection that names none."""
    if not select:
        return checks

    for pattern in select:
        known = [(check.persona, check.name) for check in checks] + [(persona, OVERRULED) for persona in personas]
        if not any(_named(*one, pattern) for one in known):
            names = dict.fromkeys(check.name for check in checks)
            raise PlanError(f"--select {pattern} names no check", hint=nearest(pattern, names) if names else "")
    return [check for check in checks if any(_named(check.persona, check.name, pattern) for pattern in select)]
