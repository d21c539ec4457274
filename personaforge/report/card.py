"""A built persona as a card: who it is, how it talks, what it looks like, what was made and how it scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import markup
from rich.panel import Panel
from rich.table import Table

from personaforge.identity.reading import Agreement
from personaforge.listing import listed
from personaforge.report.sections import in_words, who
from personaforge.report.terminal import console, fitted, printable
from personaforge.report.verdict import Bound, Shown, noted_bound, shown
from personaforge.results.readings import Reading, agreement_text
from personaforge.steps.look import overruled_from
from personaforge.steps.reading import READING

_SHARE_WIDTH = 22
"""Columns of `0.997 (0.994 to 0.998)`: it is never broken."""


def unjudged_text(reasons: Mapping[str, str], marks: int | None) -> str:
    """Return which axes of the audit have no mark, and of how many the mean is; `marks` is None in older documents."""
    of = f"mean of {marks} of {marks + len(reasons)} axes, " if marks is not None else ""
    return f"({of}not judged: {', '.join(reasons)})"


def print_card(document: Mapping[str, Any], bound: Bound | None = None) -> None:
    """Print a persona document. Sections that a pipeline doesn't draft are left out.

    P(same) is shown of what it decided about, as it was then, with what else there is to say; `bound` is that of now.
    """
    there = console(width=fitted(100))
    sections = document["sections"]
    labels = f"   made by: {escape(', '.join(document['labels']))}" if document["labels"] else ""
    audit = f"   audit {document['audit_mean']:.2f} of 5" if document.get("audit_mean") else ""
    if document.get("not_judged"):
        audit += f"   {escape(unjudged_text(document['not_judged'], document.get('audit_marks')))}"
    text = f"[bold]{escape(document['name'])}[/bold]  {escape(who(sections))}\n"
    text += f"[italic]{escape(document['brief'])}[/italic]\n\n"
    if files := document.get("brief_files"):
        text = text.removesuffix("\n") + f"[dim]with {escape(', '.join(one['path'] for one in files))}[/dim]\n\n"
    text += f"[dim]{escape(document['id'])}   {escape(document['status'])}{audit}{labels}[/dim]"
    for one in overruled_from(document.get("overruled")):
        text += f"\n[red]overruled by the pinned anchor: {escape(one.text)}[/red]"
    for said in document.get("worth_a_look", ()):
        text += f"\n[dim]worth a look (audit): {escape(said)}[/dim]"
    if document.get("written_in"):
        text += f"\n[yellow]{escape(document['written_in'])}[/yellow]"
    if document.get("not_drawn"):
        text += f"\n[yellow]not drawn: {escape(', '.join(document['not_drawn']))}[/yellow]"
    there.print(Panel(text, expand=True))
    for name, rows in in_words(sections):
        there.print(_section(name, rows))
    decided = {node: _decided(entry, bound) for node, entry in document["artifacts"].items()}
    there.print(_artifacts(document, decided))
    for note, nodes in _notes(decided).items():
        there.print(f"[dim]{escape(listed(nodes))}: {escape(note)}[/dim]")
    _print_reading(document.get(READING) or {})
    missed = [
        f"{node}: {one['name']}: asked {one['asked']}, delivered {one['measured']}"
        for node, entry in document["artifacts"].items()
        for one in entry.get("undelivered", ())
    ]
    if missed:
        there.print("[bold]not as asked[/bold]")
        for line in missed:
            there.print(escape(line))


def _print_reading(read: Mapping[str, Any]) -> None:
    """Print what the second reader says, which is advice, and how far it agrees with what is measured."""
    if not read:
        return
    there = console(width=fitted(100))
    there.print("[bold]second reader (advice)[/bold]")
    for node, content in read["pictures"].items():
        one = Reading(node, content["picture"], content)
        there.print(escape(f"{node}: {one.said} ({one.by})"))
    found = [Agreement(one["about"], one["n"], one["agreed"], one["kappa"]) for one in read["agreement"]]
    there.print(
        escape(f"beside what is measured: {agreement_text(tuple(found)) or 'nothing was measured of the same'}")
    )


def _section(name: str, rows: Sequence[tuple[str, str]]) -> Table:
    table = Table(
        title=f"[bold]{escape(name)}[/bold]", title_justify="left", box=None, show_header=False, pad_edge=False
    )
    table.add_column(style="dim", min_width=18)
    table.add_column(overflow="fold")
    for key, value in rows:
        table.add_row(escape(key), escape(value))
    return table


def _decided(entry: Mapping[str, Any], now: Bound | None) -> Shown:
    then = noted_bound({"accept": entry.get("accepted_from"), "calibration": entry.get("calibration")})
    return shown(entry, str(entry.get("decision", "")), then, now)


def _notes(decided: Mapping[str, Shown]) -> dict[str, list[str]]:
    """Return what is to say of decisions, each with its nodes."""
    found: dict[str, list[str]] = {}
    for node, one in decided.items():
        if one.note:
            why = f"the composite decides, no P(same): {one.note}" if one.by == "composite" else f"P(same) {one.note}"
            found.setdefault(why, []).append(node)
    return found


def _artifacts(document: Mapping[str, Any], decided: Mapping[str, Shown]) -> Table:
    table = Table(title="[bold]artifacts[/bold]", title_justify="left", box=None, pad_edge=False, header_style="dim")
    measures = ["composite", "cosine"]
    shares = ["P(same)"] if any(one.share for one in decided.values()) else []
    numbers = (*measures, *shares, "attempt")
    for name in ("node", "status", *numbers, "file"):
        width = _SHARE_WIDTH if name in shares else None
        table.add_column(name, justify="right" if name in numbers else "left", min_width=width)
    for node, entry in document["artifacts"].items():
        scores = [f"{entry[key]:.3f}" if isinstance(entry.get(key), float) else "" for key in measures]
        scores += [decided[node].share] if shares else []
        attempt = str(entry["attempt"] + 1) if "attempt" in entry else ""
        table.add_row(escape(node), escape(entry["status"]), *scores, attempt, escape(entry.get("file", "")))
    return table


def escape(text: str) -> str:
    """Return a text of a persona's in which nothing is rich's markup, and everything can be shown."""
    return markup.escape(printable(text))
