"""A difference on the terminal, and as Markdown for a pull request.

Names and values come from files that a stranger may have written, so in Markdown they are written as code, which
renders nothing, links nothing and mentions nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from personaforge.report.difference.console import causes, moved, result, same_results, summary, takes, told, visible
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo, style
from personaforge.repository.difference import Difference, PersonaDifference

MAX_MARKDOWN = 60_000
"""Characters. A comment on GitHub may have 65,536."""
_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def print_difference(found: Difference) -> None:
    """Print a difference: a paragraph for each persona, then the templates."""
    echo(head(found))
    for one in found.personas:
        echo(f"\n{style(one.id, bold=True)}: {summary(one)}")
        if one.counts:
            echo(f"  To build it: {takes(one.counts, one.estimate)}")
        for note in one.notes:
            echo(f"  {style('note', fg='yellow')}: {visible(note)}")
        rows = [(f"  {what}", f"{was} -> {now}" if was or now else "", nodes) for what, was, now, nodes in causes(one)]
        if rows:
            print_table(("  what changed", "", "in"), rows)
        pairs = told(one)
        if pairs:
            echo()
            print_table(
                ("  result", "before", "after", ""),
                [(f"  {pair.node}", result(pair.before), result(pair.after), moved(pair)) for pair in pairs],
            )
        if same_results(one):
            echo(f"  {same_results(one)}")
    for template in found.templates:
        echo(f"\n{style(f'template {template.name}', bold=True)}")
        for line in template.lines:
            echo("  " + style(visible(line.expandtabs(4)), fg=_COLORS.get(line[:1])))
    for name, why in found.broken.items():
        echo(f"\n{style('error', fg='red')}: {name} can't be composed: {visible(why)}")


def head(found: Difference) -> str:
    """Return in a line what was compared and how much of it differs."""
    count = len(found.personas)
    what = "no persona's keys differ" if not count else f"{count} persona{'s' if count > 1 else ''} touched"
    return visible(f"{found.before} -> {found.after}: {what}") + (f", {found.untouched} not" if found.untouched else "")


def markdown(found: Difference) -> str:
    """Return a difference as Markdown, cut off where a comment could not hold it."""
    whole = ""
    for part in _parts(found):
        if len(whole) + len(part) > MAX_MARKDOWN:
            return whole + "\nThe rest is too long to be shown here: `forge diff` shows it.\n"
        whole += part
    return whole


def _parts(found: Difference) -> Iterator[str]:
    count = len(found.personas)
    what = "No persona's keys differ" if not count else f"{count} persona{'s' if count > 1 else ''} touched"
    yield f"**{what}** between {code(found.before)} and {code(found.after)}" + (
        f"; {found.untouched} not touched.\n" if found.untouched else ".\n"
    )
    if any(one.counts for one in found.personas):
        yield f"\nTo build: {takes(found.counts, found.estimate)}.\n"
    for one in found.personas:
        yield from _persona(one)
    for template in found.templates:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", "\n".join(template.lines))), default=0))
        yield f"\n<details><summary>template</summary>\n\n{code(template.name)}\n\n{fence}diff\n"
        yield "\n".join(map(visible, template.lines)) + f"\n{fence}\n\n</details>\n"
    for name, why in found.broken.items():
        yield f"\n{code(name)} can't be composed: {code(why)}\n"


def _persona(one: PersonaDifference) -> Iterator[str]:
    problem = f": {code(one.change.problem)}" if one.change.problem else ""
    words = "is new; before, it could not be composed" if problem else summary(one)
    yield f"\n### {code(one.id)}\n\n{words}{problem}\n"
    if one.counts:
        yield f"\nTo build it: {takes(one.counts, one.estimate)}.\n"
    for note in one.notes:
        yield f"\n{code(note)}\n"
    rows = [(code(what), code(was), code(now), code(nodes)) for what, was, now, nodes in causes(one)]
    yield from _table(("what changed", "before", "after", "in"), rows)
    pairs = told(one)
    yield from _table(
        ("result", "before", "after", ""),
        [
            (code(pair.node), result_code(result(pair.before)), result_code(result(pair.after)), moved(pair))
            for pair in pairs
        ],
    )
    if same_results(one):
        yield f"\n{same_results(one)}\n"


def _table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        yield f"\n| {' | '.join(names)} |\n|{'---|' * len(names)}\n"
        for row in rows:
            yield f"| {' | '.join(row)} |\n"


def result_code(text: str) -> str:
    """Return a result, whose reason may hold anything, as Markdown."""
    return code(text) if ":" in text else text


def code(text: str) -> str:
    """Return a text as a span of code that no text can end, and that fits into a cell of a table."""
    text = visible(" ".join(text.split())).replace("|", "\\|")
    if not text:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    room = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{room}{text}{room}{fence}"
