"""Reads assertions such as `min(composite) >= 0.55 over images where tier = identity` into a tree; evaluates nothing.

    assertion   =  figure operator number [ "over" [ "all" ] scope ] [ "where" condition { "and" condition } ]
                |  timeline ( "==" | "!=" ) verdict  |  timeline "in" "(" verdict { "," verdict } ")"
    figure      =  function "(" measure ")"  |  rate
    timeline    =  "drift" "." modality [ "." metric ]
    operator    =  ">=" | ">" | "<=" | "<" | "==" | "!="
    number      =  0.55, 1e-4, -3, or 55%
    condition   =  field ( "=" | "!=" ) value  |  field "in" "(" value { "," value } ")"

The names are those of `measures`. Every error says what was found at which character, what was expected, and the
nearest valid name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from personaforge.spec.measures import (
    FIELDS,
    FUNCTIONS,
    MEASURES,
    PERCENTILE,
    RATES,
    SCOPES,
    TIMELINES,
    VERDICTS,
    nearest,
)
from personaforge.spec.plugins import hint_unasked

OPERATORS = (">=", ">", "<=", "<", "==", "!=")
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'[^']*'|"[^"]*")|(?P<word>\.?[A-Za-z0-9_][A-Za-z0-9_:/+-]*(?:\.[A-Za-z0-9_:/+-]+)*)
    |(?P<mark>>=|<=|==|!=|=>|=<|[><=(),%-]))""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Unreadable(ValueError):
    """An assertion can't be read."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Index of the character, from 0."""
        self.hint = hint


class Scope(NamedTuple):
    """Which results an assertion is about."""

    name: str
    """One of SCOPES, or the name of a step; empty for everything that a gate judges."""
    every: bool = False
    """Every attempt since the anchor was pinned, rather than the present results."""

    def __str__(self) -> str:
        return f"{'all ' if self.every else ''}{self.name}"


class Condition(NamedTuple):
    """A condition that narrows a scope."""

    field: str
    negated: bool
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FigureAssertion:
    """A number that is compared with a bound."""

    function: str
    """One of FUNCTIONS, `pNN` or one of RATES."""
    measure: str
    """One of MEASURES; empty for a rate."""
    operator: str
    bound: float
    scope: Scope
    conditions: tuple[Condition, ...]
    text: str
    """As it was written, with single spaces."""


@dataclass(frozen=True, slots=True)
class DriftAssertion:
    """Verdicts that `forge drift` must, or must not, give for every timeline that is named."""

    modality: str
    metric: str
    """Empty for all of the modality."""
    negated: bool
    verdicts: tuple[str, ...]
    text: str


Assertion = FigureAssertion | DriftAssertion


def parse_assertion(text: str) -> Assertion:
    """Return what an assertion says. Raises Unreadable.

    A scope that is not one of SCOPES is read as the name of a step; whether the pipeline has it is not known here.
    """
    return _Reader(text).assertion()


class _Token(NamedTuple):
    text: str
    position: int
    quoted: bool = False


class _Reader:
    """Walks over the tokens of one assertion."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._written = " ".join(text.split())
        self._tokens = _tokens(text)
        self._at = 0

    def assertion(self) -> Assertion:
        head = self._peek()
        if head is None:
            raise Unreadable("is empty", 0, "min(composite) >= 0.55 over images")
        if head.text == "drift" or head.text.startswith("drift."):
            return self._drift()
        return self._figure()

    def _figure(self) -> FigureAssertion:
        name = self._next("a function or a rate")
        measure = ""
        if name.text in RATES:
            function = name.text
        elif name.text in FUNCTIONS or PERCENTILE.fullmatch(name.text):
            function = name.text
            self._mark("(", f"`(` and a measure: {function}(composite)")
            found = self._next("a measure")
            if found.text not in MEASURES:
                raise self._wrong(found, "a measure", hint_unasked(nearest(found.text, MEASURES)))
            measure = found.text
            self._mark(")", "`)`")
        elif name.text in MEASURES:
            hint = f"min({name.text}), mean({name.text}), p5({name.text}), ..."
            raise self._wrong(name, "a function around the measure", hint)
        else:
            raise self._wrong(
                name, "a function or a rate", nearest(name.text, (*FUNCTIONS, "p5", *RATES, "drift.face"))
            )
        operator = self._operator()
        bound = self._bound(function, measure)
        scope = self._scope(function, measure)
        conditions = self._conditions(scope)
        self._end("`and` or the end" if conditions else "`where` or the end")
        return FigureAssertion(function, measure, operator, bound, scope, conditions, self._written)

    def _drift(self) -> DriftAssertion:
        head = self._next("drift")
        parts = head.text.split(".")[1:]
        known = [f"drift.{name}" for name in TIMELINES]
        known += [f"drift.{name}.{metric}" for name, metrics in TIMELINES.items() for metric in metrics]
        if not parts or head.text not in known:
            raise self._wrong(head, "a timeline", nearest(head.text, known))
        modality, metric = parts[0], parts[1] if len(parts) > 1 else ""
        operator = self._next("`==`, `!=` or `in`")
        if operator.text in ("==", "=", "!="):
            verdicts = [self._verdict()]
        elif operator.text == "in":
            verdicts = self._listed(self._verdict)
        else:
            raise self._wrong(operator, "`==`, `!=` or `in`", f"{head.text} != degrading")
        self._end("the end")
        return DriftAssertion(modality, metric, operator.text == "!=", tuple(verdicts), self._written)

    def _verdict(self) -> str:
        found = self._next("a verdict")
        if found.text not in VERDICTS:
            raise self._wrong(found, "a verdict", nearest(found.text, VERDICTS))
        return found.text

    def _operator(self) -> str:
        found = self._next("an operator")
        if found.text not in OPERATORS:
            meant = {"=": "==", "=>": ">=", "=<": "<="}.get(found.text)
            hint = f"did you mean {meant}?" if meant else f"there is: {' '.join(OPERATORS)}"
            raise self._wrong(found, "an operator", hint)
        return found.text

    def _bound(self, function: str, measure: str) -> float:
        token = self._next("a number")
        start, text = token.position, token.text
        if text == "-":
            token = self._next("a number")
            text = "-" + token.text
        if token.quoted or not _NUMBER.fullmatch(text):
            raise self._wrong(token, "a number", "a bound is written 0.55 or 55%")
        bound = float(text)
        after = self._peek()
        if after is not None and after.text == "%":
            self._at += 1
            bound = round(bound / 100, 12)
        low, high = _range(function, measure)
        if bound < low or (high is not None and bound > high):
            reach = f"{low:g} to {high:g}" if high is not None else f"{low:g} and more"
            hint = f"{bound:g}% is {bound / 100:g}" if high == 1 and 2 <= bound <= 100 else ""
            raise Unreadable(
                f"found {text} at character {start + 1}, but {measure or function} is {reach}", start, hint
            )
        return bound

    def _scope(self, function: str, measure: str) -> Scope:
        token = self._peek()
        if token is None or token.text != "over":
            if not measure:
                return Scope("", function == "acceptance_rate")
            of = [name for name, scope in SCOPES.items() if scope.modality in MEASURES[measure].modalities]
            if len(MEASURES[measure].modalities) == 1:
                return Scope(of[0])
            position = token.position if token is not None else len(self._text)
            hint = f"add `over {of[0]}`; there is: {', '.join(of)}"
            raise Unreadable(f"doesn't say what {measure} is taken over", position, hint)
        self._at += 1
        name = self._next("a scope")
        every = name.text == "all" and self._peek() is not None
        if every:
            name = self._next("a scope")
        if name.text not in SCOPES and not _NAME.fullmatch(name.text):
            raise self._wrong(name, "a scope", nearest(name.text, SCOPES))
        if measure and name.text in SCOPES and SCOPES[name.text].modality not in MEASURES[measure].modalities:
            of = [one for one, scope in SCOPES.items() if scope.modality in MEASURES[measure].modalities]
            raise self._wrong(name, f"a scope that has {measure}", nearest("", of))
        return Scope(name.text, every or function == "acceptance_rate")

    def _conditions(self, scope: Scope) -> tuple[Condition, ...]:
        token = self._peek()
        if token is None or token.text != "where":
            return ()
        found: list[Condition] = []
        while token is not None and token.text == ("and" if found else "where"):
            self._at += 1
            field = self._next("a field")
            if field.text not in FIELDS:
                raise self._wrong(field, "a field", nearest(field.text, FIELDS))
            if field.text == "status" and scope.every:
                raise self._wrong(field, "a field that every attempt has", "decision; status is of what stands now")
            operator = self._next("`=`, `!=` or `in`")
            if operator.text in ("=", "==", "!="):
                values = [self._value()]
            elif operator.text == "in":
                values = self._listed(self._value)
            else:
                raise self._wrong(operator, "`=`, `!=` or `in`", f"{field.text} in (a, b)")
            found.append(Condition(field.text, operator.text == "!=", tuple(values)))
            token = self._peek()
        return tuple(found)

    def _value(self) -> str:
        token = self._next("a value")
        if not token.quoted and not _TOKEN.fullmatch(token.text).group("word"):  # type: ignore[union-attr]
            raise self._wrong(token, "a value", "quote what holds other characters: 'a value'")
        return token.text

    def _listed(self, one: object) -> list[str]:
        assert callable(one)
        self._mark("(", "`(`")
        found = [one()]
        while (token := self._peek()) is not None and token.text == ",":
            self._at += 1
            found.append(one())
        self._mark(")", "`,` or `)`")
        return found

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, expected: str) -> _Token:
        token = self._peek()
        if token is None:
            raise Unreadable(f"ends after {self._written!r:.120}, expected {expected}", len(self._text))
        self._at += 1
        return token

    def _mark(self, mark: str, expected: str) -> None:
        token = self._next(expected)
        if token.text != mark or token.quoted:
            raise self._wrong(token, expected)

    def _end(self, expected: str) -> None:
        token = self._peek()
        if token is not None:
            raise self._wrong(token, expected)

    def _wrong(self, token: _Token, expected: str, hint: str = "") -> Unreadable:
        return Unreadable(
            f"found {token.text!r} at character {token.position + 1}, expected {expected}", token.position, hint
        )


def _tokens(text: str) -> Sequence[_Token]:
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            hint = "quote a value that holds such characters"
            raise Unreadable(f"found {text[start]!r} at character {start + 1}, which means nothing here", start, hint)
        kind = match.lastgroup or ""
        value = match.group(kind)
        found.append(_Token(value[1:-1] if kind == "text" else value, match.start(kind), kind == "text"))
        at = match.end()
    return found


def _range(function: str, measure: str) -> tuple[float, float | None]:
    if function in RATES:
        return 0, 1
    if function == "count":
        return 0, None
    low, high = MEASURES[measure].low, MEASURES[measure].high
    if function == "std":
        return 0, None if high is None else (high - low)
    return low, high
