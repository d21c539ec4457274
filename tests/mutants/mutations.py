"""The faults: one changed operator, number, word, call or statement in the body of a function.

Left out is what no test should notice: docstrings, annotations, `assert` (they state types), texts (f-strings, what is
raised with an error, `__repr__` and `__str__`), default values and what is outside functions (tables, constants).
"""

from __future__ import annotations

import ast
import re
from bisect import bisect
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Final, NamedTuple

_COMPARED: Final[dict[type, str]] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_COUNTED: Final[dict[type, str]] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "/", ast.Mod: "*", ast.Pow: "*",
    ast.BitAnd: "|", ast.BitOr: "&",
}  # fmt: skip
_CALLED: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_WORD: Final = re.compile(r"[a-z_]+\Z")
_CHANGED_ANYWAY: Final = (ast.Compare, ast.UnaryOp, ast.Constant)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_TEXTS: Final = ("__repr__", "__str__")


class Mutant(NamedTuple):
    """One fault."""

    path: str
    """Of the file, from the root."""
    line: int
    end: int
    """The first and last line of what is changed, from 1."""
    start: int
    stop: int
    """Offsets in the source, in bytes."""
    text: str
    """What stands there instead."""

    def source(self, root: Path) -> str:
        """Return the whole file with the fault."""
        old = (root / self.path).read_bytes()
        return (old[: self.start] + self.text.encode() + old[self.stop :]).decode()

    def diff(self, root: Path) -> str:
        """Return the changed lines as a unified diff."""
        old, new = (root / self.path).read_text().splitlines(), self.source(root).splitlines()
        return "\n".join(list(unified_diff(old, new, lineterm="", n=0))[3:])


def mutants(root: Path, path: str) -> list[Mutant]:
    """Return every fault of a file, in the order of its lines."""
    source = (root / path).read_bytes()
    found = {(one.start, one.stop, one.text): one for one in _Faults(path, source).of(ast.parse(source))}
    return sorted(found.values(), key=lambda one: (one.start, one.stop, one.text))


class _Faults:
    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def of(self, node: ast.AST, inside: bool = False) -> Iterator[Mutant]:
        """Yield the faults at and below a node; `inside` a function."""
        if isinstance(node, (ast.Assert, ast.JoinedStr)) or getattr(node, "name", "") in _TEXTS:
            return
        if isinstance(node, ast.keyword) and node.arg == "strict":
            return  # of zip: that two lists are of one length is known, as with `assert`
        if inside:
            for start, stop, text in self._at(node):
                line, end = (bisect(self.starts, offset) for offset in (start, stop))
                yield Mutant(self.path, line, end, start, stop, text)
        if isinstance(node, ast.Raise):
            return
        for name, value in ast.iter_fields(node):
            if name == "args" and isinstance(node, ast.Call) and getattr(node.func, "id", "") == "round":
                value = value[:1]  # how many digits are kept
            if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(node, ast.Call):
                continue
            below = inside or (isinstance(node, _FUNCTIONS) and name == "body")
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_docstring(child):
                    yield from self.of(child, below)

    def _at(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        """Yield (start, stop, text) of the faults of one node."""
        for word in _words(node):
            yield (*self._span(word), '"mutant"')
        match node:
            case ast.Compare():
                left = node.left
                for operator, right in zip(node.ops, node.comparators, strict=True):
                    yield self._between(left, right, f" {_COMPARED[type(operator)]} ")
                    left = right
            case ast.BinOp() if type(node.op) in _COUNTED and not (_is_text(node.left) or _is_text(node.right)):
                yield self._between(node.left, node.right, f" {_COUNTED[type(node.op)]} ")
            case ast.AugAssign() if type(node.op) in _COUNTED and not _is_text(node.value):
                yield self._between(node.target, node.value, f" {_COUNTED[type(node.op)]}= ")
            case ast.BoolOp():
                word = " or " if isinstance(node.op, ast.And) else " and "
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield self._between(left, right, word)
            case ast.UnaryOp(op=ast.Not()):
                start, stop = self._span(node)
                yield start, stop, f"({self._text(node.operand)})"
            case ast.If() | ast.IfExp() | ast.While() if not isinstance(node.test, _CHANGED_ANYWAY):
                start, stop = self._span(node.test)
                yield start, stop, f"not ({self._text(node.test)})"
            case ast.Constant(value=bool()):
                yield (*self._span(node), str(not node.value))
            case ast.Constant(value=int() | float()):
                yield (*self._span(node), f"{node.value + 1!r}")
            case ast.Call(func=ast.Name(id=name)) if name in _CALLED:
                yield (*self._span(node.func), _CALLED[name])
            case ast.Return(value=ast.expr() as value) if not _is_none(value):
                yield (*self._span(value), "None")
            case ast.Expr(value=ast.Call()) | ast.Raise():
                yield (*self._span(node), "pass")
            case ast.Continue():
                yield (*self._span(node), "break")
            case ast.Break():
                yield (*self._span(node), "continue")

    def _between(self, left: ast.AST, right: ast.AST, text: str) -> tuple[int, int, str]:
        """Return an operator's place and what to put there; brackets and breaks about it stay."""
        start, stop = self._span(left)[1], self._span(right)[0]
        old = self.source[start:stop].decode()
        match = re.search(r"[^\s()#]+(?:\s+(?:in|not)\b)?", old)
        assert match is not None, old
        at = start + len(old[: match.start()].encode())
        return at, at + len(match[0].encode()), text.strip()

    def _span(self, node: ast.AST) -> tuple[int, int]:
        start = self.starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def _text(self, node: ast.AST) -> str:
        start, stop = self._span(node)
        return self.source[start:stop].decode()


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _words(node: ast.AST) -> list[ast.expr]:
    """Return the words that a node compares with, assigns or returns: states, kinds and the like."""
    match node:
        case ast.Compare():
            values = node.comparators
        case ast.Assign(value=value) | ast.Return(value=ast.expr() as value):
            values = [value]
        case ast.IfExp():
            values = [node.body, node.orelse]
        case _:
            return []
    values = [one for value in values for one in (value.elts if isinstance(value, (ast.Tuple, ast.Set)) else [value])]
    return [one for one in values if isinstance(one, ast.Constant) and _WORD.match(str(one.value)) and _is_text(one)]
