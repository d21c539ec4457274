"""What people see of packs: the list, the result of verifying one, the licence, and a pull while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from personaforge.faces.packs import SHIPPED, Pack, PackMissing, way_back
from personaforge.packs.catalog import KnownPack
from personaforge.packs.composition import ListedComposition, part_faults
from personaforge.packs.state import FileState, PackState
from personaforge.packs.verification import Listed
from personaforge.report.terminal import console, echo, style

if TYPE_CHECKING:
    from personaforge.packs.download import Step  # the module that can make connections: only a pull loads it

_COLORS = {"ok": "green", "complete": "green", "not known": "yellow", "not declared": "yellow"}


def list_lines(rows: Sequence[Listed], chosen: Pack | PackMissing, use: str | None = None) -> Iterator[str]:
    """Yield the known packs and those found, and what `auto` is. `use` is what the project's pictures are for."""
    width = max((len(row.name) for row in rows), default=0)
    folder = chosen.folder if isinstance(chosen, Pack) else None
    for row in rows:
        size = "" if row.known is None else f"  {megabytes(row.known.size)}"
        title = "not known to the catalog" if row.known is None else row.known.title
        if row.built_in is not None:
            title = row.built_in.title
            size = "".join(f"  {megabytes(_bytes(state))}" for state in row.states[:1])
        yield f"{style(row.name.ljust(width), bold=True)}  {title}{size}"
        indent = " " * (width + 2)
        if row.known is not None:
            yield f"{indent}licence: {row.known.licence.name}{use_text(row.known.licence.use, use)}"
        if row.built_in is not None:
            free = "commercial" if row.built_in.commercial else None
            yield f"{indent}licence: {row.built_in.licence}{use_text(free)}"
        for one in row.terms:
            same = f", which is {one.known_as}" if one.known_as else ""
            yield f"{indent}{one.file}{same}: {one.licence or 'licence not known'}{use_text(one.use, use)}"
        for state in row.states:
            star = "  (auto)" if state.folder == folder else ""
            yield f"{indent}{_verdict(state)} in {state.folder}{star}"
            if row.built_in is not None and state.shadowed_by is not None:
                yield f"{indent}  never used: {row.name} means the pack that comes with forge"
            if state.hint:
                yield f"{indent}  {state.hint}"
        if not row.states:
            yield f"{indent}not here: {_way_here(row)}"
        if not row.measures:
            yield f"{indent}no face pack by itself; a composed pack or a second recogniser may use it"
    if isinstance(chosen, PackMissing):
        yield f"auto: none, {chosen.reason}"
        yield f"  {chosen.hint}"
    else:
        yield f"auto: {chosen.name} in {chosen.folder}"


def composed_lines(composed: Sequence[ListedComposition], use: str | None = None) -> Iterator[str]:
    """Yield the composed packs: their parts, each with its licence, and whether they are here."""
    for one in composed:
        yield f"{style(one.name, bold=True)}  {one.title}"
        for part in one.parts:
            source = f"of {part.pack}, {megabytes(part.pin.size)}" if part.pack else "comes with forge"
            yield f"  {part.role:<10}  {part.name} ({part.file} {source})"
            yield f"              licence: {part.licence.name}{use_text(part.licence.use, use)}"
        faults = part_faults(one)
        if isinstance(one.found, PackMissing):
            yield f"  not here: {one.found.reason}"
            yield f"  {one.found.hint}"
        elif faults:
            yield from (f"  {style('wrong', fg='red')}: {fault}" for fault in faults)
            yield f"  forge models pull {one.name}"
        else:
            yield f"  {_colored('complete')}"


def use_text(use: str | None, wanted: str | None = None) -> str:
    """Return whom a licence binds, for the end of a line, and whether that covers what the project's pictures are
    for."""
    text = {"commercial": "; any use", "research": "; research only"}.get(use or "", "")
    return (
        f"{text}, which doesn't cover licence_use: commercial" if (use, wanted) == ("research", "commercial") else text
    )


def verified_lines(states: Sequence[PackState]) -> Iterator[str]:
    """Yield what verifying found, file by file; for an unknown pack, lines to paste into a catalog."""
    for state in states:
        where = "" if state.folder is None else f" in {state.folder}"
        yield f"{style(state.name, bold=True)}: {_colored(state.verdict)}{where}"
        if state.shadowed_by is not None:
            yield f"  not used: {state.shadowed_by} is found first"
            if not state.files:
                continue
        for file in state.files:
            yield f"  {_colored(file.verdict, 12)}  {file.name}{_difference(file)}"
        if state.verdict == "not known":
            yield "  To pin it, add to conf/models/catalog.yaml under packs, with a title and a licence:"
            yield f"    {state.name}:"
            yield "      files:"
            for file in state.files:
                yield f"        {file.name}: {{size: {file.size}, sha256: {file.sha256}}}"
        if state.hint:
            yield f"  {state.hint}"


def licence_lines(name: str, pack: KnownPack) -> Iterator[str]:
    """Yield what is to be accepted."""
    size = "unknown size" if pack.download_size is None else megabytes(pack.download_size)
    yield f"{style(name, bold=True)}: {pack.title}; {size} to fetch"
    yield f"Licence: {pack.licence.name}"
    yield f"  {pack.licence.summary}"
    yield f"  {pack.licence.url}"


def megabytes(size: int) -> str:
    """Return bytes as megabytes (10^6), as download pages give them."""
    return f"{size / 1e6:.1f} MB"


class PullLines:
    """Shows a pull on standard error: a bar on a terminal, lines elsewhere. A context manager; call it with steps."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> PullLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, step: Step) -> None:
        if step.kind == "bytes":
            if self._bar is not None:
                self._bar.update(self._task, completed=step.done)
            return
        self._line(_step_text(step))
        if self._live and step.kind in ("start", "resume"):
            if self._bar is None:
                self._bar = _bar()  # only now: the question about the licence needs a quiet terminal
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(step.text, total=step.total, completed=step.done)

    def _line(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            echo(text, err=True)


def _bar() -> Any:
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(bar_width=40), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console(stderr=True), transient=True)
    bar.start()
    return bar


def _step_text(step: Step) -> str:
    total = "" if step.total is None else f" ({megabytes(step.total)})"
    match step.kind:
        case "start":
            return f"fetching {step.text}{total}"
        case "resume":
            return f"going on with {step.text} at {megabytes(step.done)}{total}"
        case "retry":
            return f"{step.text}; again in {step.done} s"
        case "waiting":
            return f"another pull of {step.text} is at work; waiting for it"
        case "replace":
            return f"replacing {step.text}"
        case "unpack":
            return f"unpacking {step.text}"
        case _:
            return f"{step.kind}: {step.text}"


def _way_here(row: Listed) -> str:
    """Return what to type for a pack that is in no folder."""
    return f"forge models pull {row.name}" if row.built_in is None else way_back(row.name, SHIPPED / row.name)


def _bytes(state: PackState) -> int:
    return sum(file.size or 0 for file in state.files)


def _verdict(state: PackState) -> str:
    """Return a pack's verdict by sizes, with the files that are not as they should be."""
    wrong = [f"{file.name} {file.verdict}" for file in state.files if file.verdict not in ("ok", "size ok")]
    if state.verdict == "not known":
        return "found"
    text = {"size ok": "complete"}.get(state.verdict, state.verdict)
    return _colored(text) + (f" ({', '.join(wrong)})" if wrong else "")


def _difference(file: FileState) -> str:
    parts: list[str] = []
    if file.verdict == "truncated" or (file.size != file.expected_size and file.expected_size and file.size):
        parts.append(f"found {file.size:,} bytes, expected {file.expected_size:,}")
    elif file.verdict == "wrong" and file.expected_sha256:
        parts.append(f"found SHA-256 {file.sha256}, expected {file.expected_sha256}")
    elif file.verdict == "not declared" and file.sha256:
        parts.append(f"SHA-256 {file.sha256}")
    if file.note:
        parts.append(file.note)
    return f": {'; '.join(parts)}" if parts else ""


def _colored(verdict: str, width: int = 0) -> str:
    return style(verdict.ljust(width), fg=_COLORS.get(verdict, "red"))
