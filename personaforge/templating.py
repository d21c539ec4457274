"""Prompt templates by Jinja2, sandboxed, strict, and bounded. Besides it only the report's own pages use Jinja2.

A template may come from a stranger's pull request. It can't reach Python objects, can't read a file outside its
template folders, can't render an undefined name to nothing, and can't take unbounded work or grow without bound
(`personaforge.sandbox`).

Folders are searched in order, so a project's own `templates/` overrides the packaged ones by name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from personaforge.digest import digest_bytes, digest_strings
from personaforge.errors import Problem, SpecError
from personaforge.guard.reading import Passage, findings, guard_edition

if TYPE_CHECKING:
    from jinja2 import nodes

MAX_TEMPLATE_BYTES = 64 * 1024
MAX_RENDERED = 64 * 1024
"""Characters. Our longest prompt is under 8,000; providers charge by the token."""

_MARKUP = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{[^}'\"]*\}\}", re.DOTALL)
"""What of a template isn't printed as it stands. An expression with a text in it may print that text."""
_ITS_OWN = (
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    SyntaxError,
)
"""Errors that an expression in a template may raise, or Python when it compiles Jinja2's code."""


class Rendered(NamedTuple):
    """A rendered text, and the digest of every template file that may be part of it."""

    text: str
    sources: Mapping[str, str]
    """Template name -> digest of its bytes."""


class Memory(Protocol):
    """Caches what a template includes, by its digest, so that Jinja2 need not parse it at every start."""

    def get_spec(self, key: str) -> bytes | None:
        """Return a cached value."""
        ...

    def put_spec(self, key: str, body: bytes, groups: dict[str, bytes]) -> None:
        """Remember it."""
        ...


class Templates:
    """The templates of one project: found by name, hashed with all they include, rendered on demand."""

    def __init__(self, folders: Iterable[Path], memory: Memory | None = None) -> None:
        self._memory = memory
        self._folders = [Path(os.path.realpath(folder)) for folder in folders]
        self._sources: dict[str, bytes] = {}
        self._own: set[str] = set()
        self._closures: dict[str, dict[str, str]] = {}
        self._digests: dict[str, str] = {}
        self._env: Any = None

    def exists(self, name: str) -> bool:
        """Return whether a template of this name can be read."""
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

    def texts(self) -> dict[str, bytes]:
        """Return the templates that were read so far, by name."""
        return dict(self._sources)

    def closure(self, name: str) -> dict[str, str]:
        """Return the digests of a template and of all it includes, extends or imports, by name.

        Raises SpecError when one is missing, broken or named by an expression, which would leave it out of the key.
        """
        known = self._closures.get(name)
        if known is None:
            known = {}
            self._collect(name, known)
            self._closures[name] = known
        return known

    def is_own(self, name: str) -> bool:
        """Return whether a template is the project's own rather than packaged with forge. Raises SpecError."""
        self._read(name)
        return name in self._own

    def source(self, name: str) -> str:
        """Return a template's own text. Raises SpecError."""
        return self._read(name).decode("utf-8")

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

        from personaforge.sandbox import metered

        sources = self.closure(name)
        pieces: list[str] = []
        size = 0
        try:
            with metered():
                for piece in self._environment().get_template(name).generate(variables):
                    size += len(piece)
                    if size > MAX_RENDERED:
                        raise SpecError(Problem(name, "", f"renders to more than {MAX_RENDERED} characters"))
                    pieces.append(piece)
        except TemplateSyntaxError as error:
            raise SpecError(Problem(f"{error.name}:{error.lineno}", "", error.message or "syntax error")) from error
        except (TemplateError, *_ITS_OWN) as error:
            message = str(error)[:400] or type(error).__name__
            raise SpecError(Problem(_line(error, name), "", f"can't be rendered: {message}")) from error
        return Rendered("".join(pieces).strip() + "\n", sources)

    def _collect(self, name: str, into: dict[str, str]) -> None:
        if name in into:
            return
        data = self._read(name)
        digest = digest_bytes(data)
        into[name] = digest
        key = f"template/1:{digest}"
        known = self._memory.get_spec(key) if self._memory is not None else None
        names = None if known is None else known.decode(errors="replace")
        if names is None or "\N{REPLACEMENT CHARACTER}" in names:  # of a damaged row
            names = "\n".join(self._references(name, data))
            if self._memory is not None:
                self._memory.put_spec(key, names.encode(), {})
        for other in names.splitlines():
            self._collect(other, into)

    def _references(self, name: str, data: bytes) -> list[str]:
        """Return the names of the templates that a template includes, extends or imports."""
        from jinja2 import TemplateSyntaxError, meta

        try:
            tree: nodes.Template = self._environment().parse(data.decode("utf-8"), name)
            others = list(meta.find_referenced_templates(tree))
        except TemplateSyntaxError as error:
            raise SpecError(Problem(f"{name}:{error.lineno}", "", error.message or "syntax error")) from error
        except RecursionError:
            raise SpecError(Problem(name, "", "nests too deeply")) from None
        if None in others:
            hint = 'name it: {% include "image/pose.j2" %}'
            raise SpecError(Problem(name, "", "includes a template by an expression", hint))
        return [other for other in others if other is not None]

    def _read(self, name: str) -> bytes:
        known = self._sources.get(name)
        if known is not None:
            return known
        climbs = name.startswith("/") or ".." in name.split("/") or "\\" in name
        if climbs or not name.endswith(".j2") or not name.isprintable():
            raise SpecError(Problem(name, "", "is not a template name", "a path like text/soul.j2"))
        for folder in self._folders:
            path = os.path.realpath(folder / name)
            if not path.startswith(str(folder) + os.sep):
                raise SpecError(Problem(name, "", "leads out of the templates folder"))
            try:
                if os.path.exists(path) and not os.path.isfile(path):  # reading a pipe could wait for ever
                    raise SpecError(Problem(name, "", "can't be read: it is not a file"))
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
            if folder != self._folders[-1]:
                self._own.add(name)
                self._guarded(name, data)
            self._sources[name] = data
            return data
        raise SpecError(Problem(name, "", "no such template", self._nearest(name)))

    def _guarded(self, name: str, data: bytes) -> None:
        """Have the guard read a template of the project's own, once for its bytes and the guard's rules. Raises
        SpecError."""
        shown = name.startswith(("image/", "video/"))
        key = f"guard/{guard_edition()}:{shown}:{digest_bytes(data)}"
        if self._memory is not None and self._memory.get_spec(key) == b"fine":
            return
        _read_by_guard(name, data.decode("utf-8"), shown=shown)
        if self._memory is not None:
            self._memory.put_spec(key, b"fine", {})

    def _nearest(self, name: str) -> str:
        from difflib import get_close_matches

        close = get_close_matches(name, self.names(), 1)
        return f"did you mean {close[0]}?" if close else ""

    def _environment(self) -> Any:
        if self._env is None:
            from personaforge.sandbox import environment

            self._env = environment(self.source)
        return self._env


def _read_by_guard(name: str, source: str, *, shown: bool) -> None:
    """Raise SpecError where the project's own template has what the guard refuses, outside of Jinja2's own marks."""
    text = _MARKUP.sub(" ", source)
    found = findings([Passage("", text, shown)])
    if found:
        raise SpecError([Problem(name, "", one.message, one.hint) for one in found])


def _line(error: BaseException, name: str) -> str:
    """Find the template line in a traceback: Jinja2 rewrites frames so that they have the template's line numbers."""
    where = name
    trace = error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.endswith(".j2"):
            where = f"{filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where
