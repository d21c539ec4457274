"""Turns rows into a number and compares it with a bound. What isn't measured never passes unless it is allowed by name:
one such row is enough, since it isn't known what its number would have been."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from personaforge.checks.present import Present, PresentRules
from personaforge.checks.results import Cause, FailingRow, Judged, Result
from personaforge.checks.rows import Persona, Row, rows_of
from personaforge.domains import PHOTOGRAPHS
from personaforge.spec.grammar import FigureAssertion

SHOWN = 10
"""Failing rows that are shown; the rest is counted."""
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
_DIGITS = 9
"""Decimals to which a figure is rounded before it is compared; scores have six."""


def judge_figure(assertion: FigureAssertion, persona: Persona, allow: Collection[str], rules: PresentRules) -> Judged:
    """Return how an assertion about a number is judged; `rules` are those of now."""
    rows, left_out = rows_of(persona, assertion.scope, assertion.conditions)
    rows = [row for row in rows if not (row.cause is Cause.UNBUILT and Cause.UNBUILT in allow)]
    if not rows:
        return nothing(_empty(assertion), allow)
    if assertion.function == "measured_rate":
        return _rate(assertion, persona.settings.id, rows, lambda row: _counts(row, allow), "is not measured")
    if assertion.function == "passing_rate":
        every = assertion.scope.every
        return _passing(assertion, persona, [Present(row) if every else rules.of(persona, row) for row in rows], allow)
    if assertion.function == "acceptance_rate":
        return _acceptance(assertion, persona, rows, allow)
    judged = _measured(assertion, persona.settings.id, rows, allow)
    note = f"{left_out} attempts that other analyzers measured are left out" if left_out else ""
    return judged._replace(
        found="; ".join((judged.found, *_unjudged(persona, rows))),
        reason="; ".join(part for part in (judged.reason, note) if part),
    )


def _unjudged(persona: Persona, rows: Sequence[Row]) -> Iterator[str]:
    outcomes = [persona.outcomes[row.node] for row in rows if row.node in persona.outcomes]
    yield from dict.fromkeys(said for one in outcomes if (said := unjudged_axes(one.facts)))


def unjudged_axes(facts: Mapping[str, Any]) -> str:
    """Return of how many axes a second reader's score is the mean, where it marked some of them; empty where it marked
    all, or none, of which the row says why."""
    missing, marks = facts.get("not_judged"), facts.get("audit_marks")
    if not missing or not marks:
        return ""
    names = ", ".join(name.replace("_", " ") for name in missing)
    return f"mean of {marks} of {marks + len(missing)} axes, not judged: {names}"


def nothing(what: str, allow: Collection[str]) -> Judged:
    """Return the result of a check about which there is nothing to judge."""
    if Cause.NOTHING in allow:
        return Judged(Result.SKIP, "nothing", Cause.NOTHING, what)
    hint = "leave the check out (`NAME: null`), or allow it by name: allow: [nothing]"
    return Judged(Result.FAIL, "nothing", Cause.NOTHING, what, hint=hint)


def shown(number: float) -> str:
    """Return a number as a person reads it, with the six decimals of a score at most."""
    return f"{number:.6g}" if abs(number) < 1e6 else f"{number:.0f}"


def _empty(assertion: FigureAssertion) -> str:
    scope = assertion.scope.name or "what a gate judges"
    which = " that meets the condition" if assertion.conditions else ""
    if assertion.scope.every:
        return f"no attempt at {scope}{which} has been judged against the anchor of now"
    return f"the pipeline has no node in {scope}{which}"


def _measured(assertion: FigureAssertion, persona: str, rows: Sequence[Row], allow: Collection[str]) -> Judged:
    measure = assertion.measure
    counted: list[tuple[Row, float]] = []
    blocked: list[tuple[Row, Cause, str]] = []
    for row in rows:
        number = row.numbers.get(measure)
        if number is not None and _counts(row, allow):
            counted.append((row, number))
        elif (row.cause or Cause.UNMEASURED) not in allow and not (
            row.cause is Cause.OUT_OF_DOMAIN and Cause.UNMEASURED in allow
        ):
            blocked.append((row, row.cause or Cause.UNMEASURED, row.reason or f"it has no {measure}"))
    values = [number for _, number in counted]
    number = _figure(assertion.function, values)
    holds = number is not None and _COMPARE[assertion.operator](number, assertion.bound)
    failing = [] if holds else _offending(assertion, counted)
    bad = [_failing(persona, row, None, f"{cause}: {why}") for row, cause, why in blocked]
    bad += [_failing(persona, row, value, "") for row, value in failing]
    text = shown(number) if number is not None else "no number"
    if blocked:
        cause = blocked[0][1]
        said = " and ".join(
            f"{sum(one is kind for _, one, _ in blocked)} of {len(rows)} {_WORDS[kind]}"
            for kind in dict.fromkeys(one for _, one, _ in blocked)
        )
        found = f"{text}, {said}" if values else said
        names = ", ".join(dict.fromkeys(str(one) for _, one, _ in blocked))
        reason = f"{said}; that never passes unless allowed by name: allow: [{names}]"
        return Judged(Result.FAIL, found, cause, reason, number, *_cut(bad), hint=_advice(persona, blocked))
    if not values and assertion.function != "count":
        return nothing(f"none of {len(rows)} has a {measure}", allow)
    if number is None:
        return Judged(Result.FAIL, text, Cause.UNMEASURED, f"a single {measure} has no deviation")
    if holds:
        return Judged(Result.PASS, text, number=number)
    reason = f"{assertion.function}({measure}) is {text}, expected {assertion.operator} {shown(assertion.bound)}"
    again = [row.node for row, _ in failing]
    return Judged(Result.FAIL, text, Cause.VALUE, reason, number, *_cut(bad), hint=_another(persona, again))


_WORDS = {
    Cause.UNBUILT: "not built",
    Cause.UNMEASURED: "not measured",
    Cause.OUT_OF_DOMAIN: "out of domain",
}


def _acceptance(assertion: FigureAssertion, persona: Persona, rows: Sequence[Row], allow: Collection[str]) -> Judged:
    """A rejected attempt counts as not accepted, measured or not. What was accepted without a measurement is no proof:
    it counts as not accepted. Where that would help (a rate that should be low), the check fails instead."""
    if Cause.UNMEASURED in allow:
        rows = [row for row in rows if row.cause is not Cause.UNMEASURED]
        if not rows:
            return nothing("no attempt was measured", allow)
    unsure = [row for row in rows if not _counts(row, allow)]
    judged = _rate(
        assertion, persona.settings.id, rows, lambda row: row.accepted and _counts(row, allow), "was not accepted"
    )
    if unsure and judged.result is Result.PASS and assertion.operator not in (">=", ">"):
        reason = f"{len(unsure)} of {len(rows)} attempts were not measured"
        return judged._replace(result=Result.FAIL, cause=Cause.UNMEASURED, reason=reason)
    return judged


def _passing(
    assertion: FigureAssertion, persona: Persona, present: Sequence[Present], allow: Collection[str]
) -> Judged:
    """As the rate of acceptance, by the rules of now, with the numbers that decide; what was not built or not measured
    is told as the cause."""
    rows = [one.row for one in present]
    judged = _acceptance(assertion, persona, rows, allow)
    numbers = {one.row.node: one.number for one in present if one.number is not None}
    judged = judged._replace(
        found="; ".join((judged.found, *_lowest(present, allow))),
        rows=tuple(row._replace(value=numbers.get(row.node, row.value)) for row in judged.rows),
    )
    if judged.cause is not Cause.VALUE:
        return judged
    blocked = [(row, row.cause, row.reason) for row in rows if row.cause is not None and not _counts(row, allow)]
    if blocked:
        kinds = [cause for _, cause, _ in blocked]
        said = ", ".join(f"{kinds.count(kind)} {_WORDS[kind]}" for kind in dict.fromkeys(kinds))
        found = f"{judged.found}, {said}"
        return judged._replace(found=found, cause=kinds[0], hint=_advice(persona.settings.id, blocked))
    failing = [row.node for row in rows if not row.accepted]
    return judged._replace(hint=_another(persona.settings.id, failing))


def _lowest(present: Sequence[Present], allow: Collection[str]) -> Iterator[str]:
    """Yield the lowest of the numbers that decide: of P(same), and of composites."""
    counted = [one for one in present if one.number is not None and _counts(one.row, allow)]
    for by in dict.fromkeys(one.by for one in counted):
        values = [one.number for one in counted if one.by == by and one.number is not None]
        yield f"lowest {by} {shown(min(values))}" + (f" of {len(values)}" if len(values) < len(present) else "")


def _counts(row: Row, allow: Collection[str]) -> bool:
    """Tell whether a row's numbers count: it was measured, and in the pack's domain unless that is allowed."""
    return row.cause is None or (row.cause is Cause.OUT_OF_DOMAIN and row.cause in allow)


def _rate(
    assertion: FigureAssertion, persona: str, rows: Sequence[Row], is_good: Callable[[Row], bool], otherwise: str
) -> Judged:
    good = sum(map(is_good, rows))
    number = round(good / len(rows), _DIGITS)
    found = f"{shown(number)} ({good} of {len(rows)})"
    if _COMPARE[assertion.operator](number, assertion.bound):
        return Judged(Result.PASS, found, number=number)
    bad = [
        _failing(persona, row, row.numbers.get("composite", row.numbers.get("score")), row.reason or otherwise)
        for row in rows
        if not is_good(row)
    ]
    reason = f"{assertion.function} is {found}, expected {assertion.operator} {shown(assertion.bound)}"
    return Judged(Result.FAIL, found, Cause.VALUE, reason, number, *_cut(bad))


def _figure(function: str, values: Sequence[float]) -> float | None:
    """Return a figure of values, or None where there are too few."""
    if function == "count":
        return float(len(values))
    if not values or (function == "std" and len(values) < 2):
        return None
    if function in ("min", "max"):
        return (min if function == "min" else max)(values)
    if function == "mean":
        return round(statistics.fmean(values), _DIGITS)
    if function == "median":
        return round(statistics.median(values), _DIGITS)
    if function == "std":
        return round(statistics.stdev(values), _DIGITS)
    import numpy as np

    return round(float(np.percentile(values, int(function[1:]))), _DIGITS)


def _offending(assertion: FigureAssertion, counted: Sequence[tuple[Row, float]]) -> list[tuple[Row, float]]:
    """Return the rows that keep a figure from its bound, the worst first; those farthest from the middle for a std."""
    if assertion.function == "count":
        return []
    if assertion.function == "std":
        middle = statistics.fmean([value for _, value in counted]) if counted else 0.0
        return sorted(counted, key=lambda one: -abs(one[1] - middle))
    compare = _COMPARE[assertion.operator]
    found = [one for one in counted if not compare(one[1], assertion.bound)]
    return sorted(found, key=lambda one: one[1], reverse=assertion.operator in ("<=", "<"))


def _failing(persona: str, row: Row, value: float | None, why: str) -> FailingRow:
    hint = f"forge explain {persona}/{row.node}"
    if row.cause is Cause.UNBUILT:
        hint = f"forge build {persona} --select {row.node}"
    elif value is not None:
        hint = f"forge build {persona} --force {row.node}"
    return FailingRow(row.node, row.slot, value, why, row.artifact, row.path, hint)


def _cut(rows: Sequence[FailingRow]) -> tuple[tuple[FailingRow, ...], int]:
    return tuple(rows[:SHOWN]), max(0, len(rows) - SHOWN)


def _advice(persona: str, blocked: Sequence[tuple[Row, Cause, str]]) -> str:
    cause = blocked[0][1]
    if cause is Cause.UNBUILT:
        return f"forge build {persona}"
    if cause is Cause.OUT_OF_DOMAIN:
        return f"{PHOTOGRAPHS.choice} measures pictures that forge has not drawn"
    return f"forge explain {persona}/{blocked[0][0].node}"


def _another(persona: str, nodes: Sequence[str]) -> str:
    """Return what buys another take of the worst ones."""
    if not nodes:
        return ""
    return f"forge build {persona} " + " ".join(f"--force {node}" for node in dict.fromkeys(nodes[:3]))
