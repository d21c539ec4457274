"""For people: what a timeline's change is attributed to, in a line or in full."""

from __future__ import annotations

import textwrap

from personaforge.drift.attribution.causes import Attribution, Part, PossibleCause
from personaforge.drift.attribution.inputs import ABSENT, INPUT, TEMPLATE
from personaforge.drift.timelines import Timeline
from personaforge.listing import and_more
from personaforge.report.terminal import echo, style

COLUMNS = 80
SHOWN = 5
"""How many possible causes are listed before the rest is only counted."""
LEAST = 0.005
"""Probability below which a possible cause is only counted: it would be shown as 0 %."""
_PARTS = 8
_LINES = 24
_LONG = 60
_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def likely_cause(found: Attribution, *, hint: bool = True) -> str:
    """Return the likeliest cause in a sentence, with what to type for more."""
    more = "; see --blame" if hint else ""
    if not found.causes or found.unrecorded > found.causes[0].probability:
        return f"likely cause: nothing on record ({percent(found.unrecorded)}){more}"
    first = found.causes[0]
    others = and_more(len(first.parts) - 1, "at once")
    return f"likely cause: {headline(first)}{others} ({percent(first.probability)}){more}"


def began(line: Timeline) -> str:
    """Say what differs between the analyzer of a timeline and that of the one before it."""
    assert line.follows is not None
    pairs = zip(line.measured_by._fields, line.follows, line.measured_by, strict=True)
    changed = ", ".join(f"{name} {short(old)} -> {short(new)}" for name, old, new in pairs if old != new)
    return f"this timeline begins where the analyzer changed: {changed}"


def print_causes(line: Timeline) -> None:
    """Print all possible causes of a timeline's change with their numbers and diffs."""
    found = line.attribution
    if found is None:
        return
    shown = [one for one in found.causes[:SHOWN] if one.probability >= LEAST]
    for number, one in enumerate(shown, 1):
        say(f"{number}. {percent(one.probability)}  {headline(one)}")
        for text in _details(one, line):
            echo(textwrap.fill(text, COLUMNS, initial_indent=" " * 9, subsequent_indent=" " * 11))
        for part in one.parts[:_PARTS]:
            _print_part(part, alone=len(one.parts) == 1)
        if len(one.parts) > _PARTS:
            echo(f"        {and_more(len(one.parts) - _PARTS, 'parts at once')}; see --json")
    rest = found.causes[len(shown) :]
    if rest:
        say(f"   {percent(sum(one.probability for one in rest))}  {len(rest)} more changes; see --json")
    say(f"   {percent(found.unrecorded)}  nothing that a record names")
    for note in found.notes:
        say(f"note: {note}")


def say(text: str) -> None:
    """Print a sentence that belongs to a timeline."""
    echo(textwrap.fill(text, COLUMNS, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False))


def percent(share: float) -> str:
    """Return a probability as text; one that is only rounded to 100 % is never shown as that."""
    return "<1 %" if share < LEAST else ">99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def short(value: str) -> str:
    """Return a value that fits a line."""
    text = " ".join(value.split())
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def told(part: Part) -> str:
    """Return a part's change on one line; texts by the beginnings of their digests."""
    cut = (lambda value: value if value == ABSENT else value[:12]) if part.is_text else short
    return f"{part.name} {cut(part.before)} -> {cut(part.after)}"


def how_much(one: PossibleCause, scale: str) -> str:
    """Return how far the records that carry a change are from those that don't."""
    if one.size is None or one.size_std is None:
        return "no slot has records with and without it"
    amount = f"times {one.size:.3g}" if scale == "ratio" else f"{one.size:+.3g}"
    return f"{amount} ({one.size_std:+.1f} std) in the {one.carry} records that carry it, against {one.lack} without"


def headline(one: PossibleCause) -> str:
    """Return what a possible cause is called."""
    if one.parts:
        return told(one.parts[0])
    if one.commit is not None:
        return f"commit {one.commit.name[:12]}, which changed no key part of these records"
    return f"forge {' -> '.join(one.forge)}" if one.forge else "an unknown change"


def _details(one: PossibleCause, line: Timeline) -> list[str]:
    place = line.entries[one.first]
    where = f"first in record {one.first + 1}, {place.node or place.slot}, {place.time:%Y-%m-%d %H:%M} UTC"
    texts = [f"{how_much(one, line.metric.scale)}; {one.nodes} of {one.of_nodes} nodes"]
    texts.append(f"{where}; in the interval {one.inside[0]} carry it, {one.inside[1]} don't")
    if one.commit is not None:
        texts.append(f"came with commit {one.commit}")
    if one.forge is not None:
        texts.append(f"came with forge {' -> '.join(one.forge)}")
    return texts


def _print_part(part: Part, *, alone: bool) -> None:
    if not alone:
        say(f"       {told(part)}")
    if part.note:
        echo(textwrap.fill(part.note, COLUMNS, initial_indent=" " * 11, subsequent_indent=" " * 11))
    kind = TEMPLATE if part.name.startswith(TEMPLATE) else INPUT
    lines = [text for text in part.diff if not text.startswith(("---", "+++"))] or (
        [] if not part.is_text or part.note else [f"the same {kind.strip()} but for the ends of its lines"]
    )
    for text in lines[:_LINES]:
        for row in textwrap.wrap(text, COLUMNS - 12, subsequent_indent="  ", break_on_hyphens=False) or [text]:
            echo("           " + style(row, fg=_COLORS.get(text[:1])))
    if len(lines) > _LINES:
        echo(f"          {and_more(len(lines) - _LINES, 'lines')}; see --json")
