"""The Jinja2 environment for templates that strangers may have written. Used by `personaforge.templating` only.

Jinja2's own sandbox denies a template access to Python's internals. It doesn't bound the work: `x ~ x` forty times in a
row, loops in loops, `"a".ljust(10**9)`, a macro that calls itself twice. Here everything that a template does is
counted by a meter that is set up for each rendering, no text or list grows beyond `MAX_TEXT`, and only filters and
methods whose result is no larger than their input are available. The exceptions (`join`, `replace`, `*`, ...) are
measured before they run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from types import CodeType
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, nodes, pass_environment
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.compiler import CodeGenerator
from jinja2.filters import do_round, do_tojson, make_attrgetter
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_eval_context

MAX_TEXT = 64 * 1024
"""Characters of a text, entries of a list, values in a nested list. Our longest prompt is under 8,000 characters."""
MAX_RANGE = 1_000
MAX_WORK = 50_000
"""The meter's bound: an iteration, a call and 64 characters of text each count as one. No prompt of ours takes more
than 1,000."""
MAX_BITS = 4_096

_FILTERS = frozenset(
    {
        "abs",
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "float",
        "groupby",
        "int",
        "items",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "select",
        "selectattr",
        "sort",
        "string",
        "title",
        "trim",
        "truncate",
        "unique",
        "upper",
        "wordcount",
    }
)
_TEXT_METHODS = frozenset(
    {
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isprintable",
        "isspace",
        "istitle",
        "isupper",
        "join",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    }
)
_MAPPING_METHODS = frozenset(("get", "items", "keys", "values"))
_LIST_METHODS = frozenset(("count", "index"))

_WORK: ContextVar[list[int] | None] = ContextVar("forge_template_work", default=None)


class TooMuch(ValueError):
    """A template needs more work than any prompt does."""


@contextmanager
def metered() -> Iterator[None]:
    """Set up a new meter for what is rendered inside."""
    token = _WORK.set([MAX_WORK])
    try:
        yield
    finally:
        _WORK.reset(token)


def environment(load: Callable[[str], str]) -> Environment:
    """Return a strict environment that reads a template by calling a function with its name; tracebacks use that
    name."""
    env = Environment(
        loader=FunctionLoader(lambda name: (load(name), name, None)),
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        cache_size=-1,
        auto_reload=False,
        bytecode_cache=_COMPILED,
    )
    env.globals = {"range": _range}
    kept = {name: _charged(function) for name, function in env.filters.items() if name in _FILTERS}
    env.filters = {
        **kept,
        "join": _join_filter,
        "replace": _replace,
        "round": _round,
        "sum": _sum,
        "tojson": _tojson,
    }
    env.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    return env


class _Generator(CodeGenerator):
    """Compiles templates to Python in which loops are counted, `~` is measured, and so is each list that is written."""

    def visit_For(self, node: nodes.For, frame: Any) -> None:  # noqa: N802 - Jinja2's name
        count = nodes.EnvironmentAttribute("counted", lineno=node.lineno)
        node.iter = nodes.Call(count, [node.iter], [], None, None, lineno=node.lineno)
        node.iter.set_environment(self.environment)
        super().visit_For(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Any) -> None:  # noqa: N802 - Jinja2's name
        self.write("environment.concat((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_List(self, node: nodes.List, frame: Any) -> None:  # noqa: N802 - Jinja2's name
        self.write("environment.held(")
        super().visit_List(node, frame)
        self.write(")")

    def visit_Dict(self, node: nodes.Dict, frame: Any) -> None:  # noqa: N802 - Jinja2's name
        self.write("environment.held(")
        super().visit_Dict(node, frame)
        self.write(")")

    def visit_Tuple(self, node: nodes.Tuple, frame: Any) -> None:  # noqa: N802 - Jinja2's name
        if node.ctx != "load":
            super().visit_Tuple(node, frame)
            return
        self.write("environment.held(")
        super().visit_Tuple(node, frame)
        self.write(")")


class Environment(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox with a meter."""

    code_generator_class = _Generator
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """See `SandboxedEnvironment`."""
        if operator == "+":
            return _sum_of(left, right)
        if operator == "*":
            return _product(left, right)
        if operator == "**":
            if abs(left) > 1e6 or abs(right) > 64:
                raise TooMuch("power is too large")
            return left**right
        if isinstance(left, (str, bytes)):
            raise TypeError("text can't be formatted with %; write {{ value }} into the text")
        return left % right

    def call(self, context: Context, function: Any, /, *arguments: Any, **named: Any) -> Any:
        """See `SandboxedEnvironment`."""
        _charge(1 + sum(_size(item) // 16 for item in arguments))
        owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if isinstance(owner, str) and name == "join":
            return _join(arguments[0], owner)
        if isinstance(owner, str) and name == "replace":
            return _replace(owner, *arguments)
        return super().call(context, function, *arguments, **named)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """See `SandboxedEnvironment`."""
        if isinstance(obj, str):
            return attr in _TEXT_METHODS
        if isinstance(obj, Mapping):
            return attr in _MAPPING_METHODS
        if isinstance(obj, (list, tuple)) and not hasattr(obj, "_fields"):
            return attr in _LIST_METHODS
        if isinstance(obj, (int, float, complex, bytes, bytearray)):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Any:
        """Format strings can widen a text without bound, so they are refused like any other unknown method."""
        return None

    def get_template(self, *arguments: Any, **named: Any) -> Any:
        """Load a template; an `include` calls this, too."""
        _charge(20)
        return super().get_template(*arguments, **named)

    def select_template(self, *arguments: Any, **named: Any) -> Any:
        """Load the first of several templates."""
        _charge(20)
        return super().select_template(*arguments, **named)

    def concat(self, pieces: Iterable[Any]) -> str:
        """Join the parts of a macro, a block or `~`."""
        return _join(pieces)

    def counted(self, values: Any) -> Iterator[Any]:
        """Count the items of a loop, one at a time."""
        return _counted(values)

    def held(self, value: Any) -> Any:
        """Measure a list, a tuple or a dictionary that a template contains."""
        _measure(value)
        return value


class _Compiled(BytecodeCache):
    """Templates that this process has compiled, by name and source: for projects and workspaces that share them."""

    MOST = 256

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """See `BytecodeCache`."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See `BytecodeCache`. Forgets all when there are too many."""
        if len(self._codes) >= self.MOST:
            self._codes.clear()
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def _charge(units: int) -> None:
    left = _WORK.get()
    if left is not None:  # no meter is set where Jinja2 folds constants; the sizes are bounded all the same
        left[0] -= units
        if left[0] < 0:
            raise TooMuch("takes more work than any prompt needs")


def _measure(value: Any, *, printed: bool = False) -> None:
    """Count a value by its content; a part that occurs several times counts each time. Undefined values may be in a
    list, but not be printed with it."""
    count, stack = 0, [value]
    while stack:
        item = stack.pop()
        count += 1
        if isinstance(item, str):
            count += len(item) // 64
        elif isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, (list, tuple)):
            stack.extend(item)
        elif printed and isinstance(item, Undefined):
            str(item)  # raises
        if count + len(stack) > MAX_TEXT:
            raise TooMuch(f"holds more than {MAX_TEXT} values")
    _charge(count // 8)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, Sized) and not isinstance(value, Undefined) else 0


def _text(value: Any) -> str:
    return str(_printed(value))


def _printed(value: Any) -> Any:
    """Return a value for the text; refuse objects whose text would be a memory address."""
    if isinstance(value, (str, int, float, Undefined)) or value is None:
        return value
    if isinstance(value, (Mapping, list, tuple, type({}.keys()), type({}.values()), type({}.items()))):
        _measure(value if isinstance(value, Mapping) else list(value), printed=True)
        return value
    raise TypeError(f"{type(value).__name__} is no text; `| list` or a call may be missing")


def _join(values: Any, between: Any = "") -> str:
    gap, size = _text(between), 0
    parts: list[str] = []
    for value in values:
        part = _text(value)
        size += len(part) + len(gap)
        if size - len(gap) > MAX_TEXT or len(parts) > MAX_TEXT:
            raise TooMuch(f"grows to more than {MAX_TEXT} characters")
        parts.append(part)
    _charge(len(parts) // 8 + size // 64)
    return gap.join(parts)


def _replace(value: Any, old: Any, new: Any, count: Any = None) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    times = text.count(old) if count is None else min(text.count(old), max(int(count), 0))
    if len(text) + times * (len(new) - len(old)) > MAX_TEXT and len(new) > len(old):
        raise TooMuch(f"grows to more than {MAX_TEXT} characters")
    _charge(1 + len(text) // 64)
    return text.replace(old, new, times)


@pass_environment
def _join_filter(env: Environment, values: Any, d: Any = "", attribute: Any = None) -> str:
    return _join(values if attribute is None else map(make_attrgetter(env, attribute), values), d)


@pass_environment
def _sum(env: Environment, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
    if not isinstance(start, (int, float)):
        raise TypeError("sum adds numbers")
    return sum(_counted(iterable if attribute is None else map(make_attrgetter(env, attribute), iterable)), start)


def _round(value: Any, precision: int = 0, method: Any = "common") -> Any:
    if abs(precision) > 20:
        raise TooMuch(f"rounds to {precision} places")
    return do_round(value, precision, method)


@pass_eval_context
def _tojson(context: Any, value: Any, indent: int | None = None) -> str:
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= 8):
        raise TooMuch("indents by more than 8 spaces")
    _measure(value)
    return str(do_tojson(context, value, indent))


def _counted(values: Any) -> Iterator[Any]:
    for value in values:
        _charge(1)
        yield value


def _range(*arguments: int) -> range:
    result = range(*arguments)
    if len(result) > MAX_RANGE:
        raise TooMuch(f"range of {len(result)} items, more than {MAX_RANGE}")
    return result


def _sum_of(left: Any, right: Any) -> Any:
    if isinstance(left, Sized) and isinstance(right, Sized) and len(left) + len(right) > MAX_TEXT:
        raise TooMuch(f"grows to more than {MAX_TEXT} items")
    result = left + right
    if isinstance(result, (str, list, tuple)):
        _measure(result)
    return result


def _product(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > MAX_BITS:
            raise TooMuch("number is too large")
        return left * right
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
            if len(sequence) * max(times, 0) > MAX_TEXT:
                raise TooMuch(f"repeats to more than {MAX_TEXT} items")
            result = sequence * times
            _measure(result)
            return result
    return left * right


def _charged(function: Any) -> Any:
    """Wrap a filter so that its input is counted, and its result is counted while it is read."""
    from functools import wraps

    takes_first = hasattr(function, "jinja_pass_arg")  # then the environment or the context comes before the value

    @wraps(function)
    def filtered(*arguments: Any, **named: Any) -> Any:
        for value in arguments[1:] if takes_first else arguments:
            if isinstance(value, (Mapping, list, tuple)):
                _measure(value)
            else:
                _charge(_size(value) // 16)
        result = function(*arguments, **named)
        return _counted(result) if isinstance(result, Iterator) else result

    return filtered
