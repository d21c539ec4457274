"""The only user of Jinja2: prompt templates, sandboxed, strict, and bounded.

A template may come from a stranger's pull request. It can't reach Python objects (ImmutableSandboxedEnvironment), can't
read a file outside its template folders, can't render an undefined name to nothing, and can't grow without bound: text
is cut off with an error at `MAX_RENDERED` characters, `range` at 1,000 items, and string repetition at the same size.

Folders are searched in order, so a project's own `templates/` overrides the packaged ones by name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.digest import digest_bytes, digest_strings
from personaforge.errors import Problem, SpecError

if TYPE_CHECKING:
    from jinja2 import nodes

MAX_TEMPLATE_BYTES = 64 * 1024
MAX_RENDERED = 64 * 1024
"""Characters. Our longest prompt is under 8,000; providers charge by the token."""
MAX_RANGE = 1_000


class Rendered(NamedTuple):
    """A rendered text, and the digest of every template file that it could have come from."""

    text: str
    sources: Mapping[str, str]
    """Template name -> digest of its bytes."""


class Templates:
    """The templates of one project: found by name, hashed with all they include, rendered on demand."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = [Path(os.path.realpath(folder)) for folder in folders]
        self._sources: dict[str, bytes] = {}
        self._closures: dict[str, dict[str, str]] = {}
        self._digests: dict[str, str] = {}
        self._env: Any = None

    def exists(self, name: str) -> bool:
        """Tell whether a template of this name can be read."""
        try:
            self._read(name)
        except SpecError:
            return False
        return True

    def names(self) -> list[str]:
        """Return the names of all templates, sorted."""
        found = {
            path.relative_to(folder).as_posix()
            for folder in self._folders
            if folder.is_dir()
            for path in folder.rglob("*.j2")
        }
        return sorted(found)

    def closure(self, name: str) -> dict[str, str]:
        """Return the digests of a template and of all it includes, extends or imports, by name.

        Raises SpecError when one is missing, broken or named by an expression, which would hide it from the key.
        """
        known = self._closures.get(name)
        if known is None:
            known = {}
            self._collect(name, known)
            self._closures[name] = known
        return known

    def digest(self, name: str) -> str:
        """Return one digest for a template and all it includes."""
        known = self._digests.get(name)
        if known is None:
            files = self.closure(name)
            known = digest_strings("template/1", [part for item in sorted(files.items()) for part in item])
            self._digests[name] = known
        return known

    def render(self, name: str, variables: Mapping[str, Any]) -> Rendered:
        """Render a template. Raises SpecError with the template's line when a name is undefined or a limit is hit."""
        from jinja2 import TemplateError, TemplateSyntaxError

        sources = self.closure(name)
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._environment().get_template(name).generate(variables):
                size += len(piece)
                if size > MAX_RENDERED:
                    raise SpecError(Problem(name, "", f"renders to more than {MAX_RENDERED} characters"))
                pieces.append(piece)
        except TemplateSyntaxError as error:
            raise SpecError(Problem(f"{error.name}:{error.lineno}", "", error.message or "syntax error")) from error
        except (TemplateError, TypeError, ValueError, OverflowError, ArithmeticError) as error:
            where = _line(error, name)
            raise SpecError(Problem(where, "", f"can't be rendered: {error}")) from error
        return Rendered("".join(pieces).strip() + "\n", sources)

    def _collect(self, name: str, into: dict[str, str]) -> None:
        from jinja2 import TemplateSyntaxError, meta

        if name in into:
            return
        data = self._read(name)
        into[name] = digest_bytes(data)
        try:
            tree: nodes.Template = self._environment().parse(data.decode("utf-8"), name)
        except TemplateSyntaxError as error:
            raise SpecError(Problem(f"{name}:{error.lineno}", "", error.message or "syntax error")) from error
        for other in meta.find_referenced_templates(tree):
            if other is None:
                problem = Problem(name, "", "includes a template by an expression", 'name it: {% include "image/pose.j2" %}')
                raise SpecError(problem)
            self._collect(other, into)

    def _read(self, name: str) -> bytes:
        known = self._sources.get(name)
        if known is not None:
            return known
        if not name.endswith(".j2") or name.startswith("/") or ".." in name.split("/") or "\\" in name:
            raise SpecError(Problem(name, "", "is not a template name", "a path like text/soul.j2"))
        for folder in self._folders:
            path = os.path.realpath(folder / name)
            if not path.startswith(str(folder) + os.sep):
                raise SpecError(Problem(name, "", "leads out of the templates folder"))
            try:
                if os.path.getsize(path) > MAX_TEMPLATE_BYTES:
                    raise SpecError(Problem(name, "", f"is larger than {MAX_TEMPLATE_BYTES} bytes"))
                data = Path(path).read_bytes()
                data.decode("utf-8")
            except FileNotFoundError:
                continue
            except UnicodeDecodeError:
                raise SpecError(Problem(name, "", "is not UTF-8 text")) from None
            except OSError as error:
                raise SpecError(Problem(name, "", f"can't be read: {error.strerror}")) from error
            self._sources[name] = data
            return data
        raise SpecError(Problem(name, "", "no such template", self._nearest(name)))

    def _nearest(self, name: str) -> str:
        from difflib import get_close_matches

        close = get_close_matches(name, self.names(), 1)
        return f"did you mean {close[0]}?" if close else ""

    def _environment(self) -> Any:
        if self._env is None:
            from jinja2 import FunctionLoader, StrictUndefined
            from jinja2.sandbox import ImmutableSandboxedEnvironment

            class Environment(ImmutableSandboxedEnvironment):
                intercepted_binops = frozenset({"*", "**"})

                def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
                    return _bounded_binop(operator, left, right)

            env = Environment(
                loader=FunctionLoader(lambda name: self._read(name).decode("utf-8")),
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                keep_trailing_newline=False,
                cache_size=-1,
                auto_reload=False,
            )
            env.globals = {"range": _bounded_range}
            for name in ("center", "format", "indent", "filesizeformat", "pprint", "random", "urlize", "xmlattr"):
                env.filters.pop(name, None)  # each makes text of a size that its argument names, or isn't repeatable
            env.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
            self._env = env
        return self._env


def _bounded_range(*arguments: int) -> range:
    result = range(*arguments)
    if len(result) > MAX_RANGE:
        raise ValueError(f"range of {len(result)} items, more than {MAX_RANGE}")
    return result


def _bounded_binop(operator: str, left: Any, right: Any) -> Any:
    if operator == "**":
        if abs(left) > 1e6 or abs(right) > 64:
            raise ValueError("power is too large")
        return left**right
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and len(sequence) * max(int(times), 0) > MAX_RENDERED:
            raise ValueError(f"repeats to more than {MAX_RENDERED} items")
    return left * right


def _line(error: BaseException, name: str) -> str:
    """Find the template line in a traceback: Jinja2 rewrites frames so that they carry it."""
    where = name
    trace = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename == "<template>" or filename.endswith(".j2"):
            template = trace.tb_frame.f_globals.get("name") or name
            where = f"{template}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where
