"""A plan and an explanation as lines of text, short unless asked otherwise: what, how many, why, for how much."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from personaforge.leaves import shortened, text_diff
from personaforge.listing import and_more, listed, of_nodes
from personaforge.plan.explanation import TEXTS
from personaforge.plan.plan import Plan, PlannedNode
from personaforge.plan.reasons import NOT_HERE
from personaforge.report.money import estimate_text
from personaforge.report.terminal import style

WORDS = {
    "run": "to run",
    "maybe": "to run if what they need changes",
    "restore": "to put back",
    "blocked": "blocked",
    "missing": "missing",
    "pinned": "pinned",
    "cached": "cached",
    "left": "not selected",
}
_COLORS = {"run": "green", "maybe": "yellow", "restore": "cyan", "blocked": "red", "missing": "red", "pinned": "blue"}
_DIGEST = re.compile("[0-9a-f]{64}")
_LONGEST = 100
"""Characters of a value."""
_SHOWN = ("run", "maybe", "restore", "blocked", "missing")


def plan_lines(plan: Plan, *, verbose: bool) -> Iterator[str]:
    """Yield a plan as text: counts and grouped reasons for each step, or every node."""
    counts = plan.counts()
    head = ", ".join(f"{counts[state]} {words}" for state, words in WORDS.items() if counts.get(state))
    names = [persona.id for persona in plan.personas]
    who = names[0] if len(names) == 1 else f"{len(names)} personas"
    if names:
        yield f"{style(who, bold=True)}: {sum(counts.values())} nodes: {head or 'nothing selected'}"
    if verbose:
        yield from _every_node(plan)
    else:
        yield from _by_step(plan)
    yield from stays(plan)
    if plan.plugins:
        yield f"Plug-ins: {', '.join(plan.plugins)}"
    for notice in plan.notices:
        yield f"{style('note', fg='yellow')}: {notice}"
    if plan.estimate.calls_max:
        yield f"Paid calls: {estimate_text(plan.estimate)}"
    if not plan.has_changes:
        yield "Nothing to do."
    elif not verbose and counts.get("run", 0) + counts.get("maybe", 0) > 1:
        yield style("-v shows every node, `forge explain NODE` one of them in full.", dim=True)


def explanation_lines(explanation: Mapping[str, Any]) -> Iterator[str]:
    """Yield what `personaforge.plan.explanation.explain` found as text."""
    state = explanation["state"]
    yield f"{style(explanation['node'], bold=True)}  {_colored(state)}  ({explanation['kind']})"
    for reason in explanation["reasons"]:
        yield f"  {reason['text']}"
    if explanation.get("note"):
        yield f"  {explanation['note']}"
    built = explanation.get("built")
    yield ""
    yield f"{style('Last built', bold=True)}  {built or 'never'}"
    if explanation["artifacts"]:
        yield style("Artifacts", bold=True)
        for artifact in explanation["artifacts"]:
            path = artifact["path"] or "(in the store)"
            yield f"  {artifact['name']:<10} {artifact['digest'][:16]}  {path}  {artifact['condition']}".rstrip()
    if explanation["facts"]:
        yield style("Outcome", bold=True)
        yield from _table([(f"  {name}", _short(value)) for name, value in explanation["facts"].items()])
    yield from _answers(explanation["answers"])
    yield style("Depends on", bold=True)
    rows = []
    for item in explanation["dependencies"]:
        mark = style("~", fg="yellow") if item["changed"] else " "
        value = _short(item["now"])
        if item["changed"]:
            value = _change(item["before"], item["now"])
        rows.append((f"{mark} {item['name']}", value))
    yield from _table(rows)
    if explanation["action"]:
        action = explanation["action"]
        yield style("Key", bold=True) + f"  {action['key'][:16]}  {action['kind']} by {action['provider']}"
        for part in action["changed_parts"]:
            if part["name"] in ("request.prompt", "request.system") and part["before"] and part["now"]:
                yield f"  ~ {part['name']}"
                for line in text_diff(part["before"], part["now"], "last build", "now"):
                    color = {"+": "green", "-": "red"}.get(line[:1])
                    yield "      " + (style(line, fg=color) if color else line)
            else:
                yield f"  ~ {part['name']}: {_change(part['before'], part['now'])}"


def prompt_lines(explanation: Mapping[str, Any]) -> Iterator[str]:
    """Yield the prompt of a call, below what else is asked: the one that a build would make next, or that
    made what is there."""
    asked, node = explanation["would_ask"], explanation["node"]
    action = asked or explanation["action"]
    request = action["parts"].get("request", {}) if action else {}
    texts = [name for name in TEXTS if isinstance(request.get(name), str) and request[name]]
    if not texts:
        yield f"{node} has no prompt: it asks {'with no text of its own' if explanation['modality'] else 'nobody'}"
        return
    told = "as it was asked" if not asked and action["known"] else "as a build would ask now"
    yield style(f"{node}: {action['kind']} by {action['provider']}, {told}", bold=True)
    if asked and asked["stand_ins"]:
        what = "values that schemas allow stand in, such as `a value of style`, first choices and least numbers"
        yield f"  Not there yet with these settings: {listed(asked['stand_ins'], 6)}; {what}."
    yield from _table(
        [(f"  {name}", _short(value)) for name, value in sorted(request.items()) if name not in (*TEXTS, "schema")]
    )
    for name in texts:
        yield style(f"{name}, {len(request[name]):,} characters", bold=True)
        yield from request[name].splitlines()


def _answers(answers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what text models answered if any answer was not accepted at once: where to read it, what was wrong."""
    if all(answer["ended"] == "fits" for answer in answers):
        return
    yield style("Answers", bold=True)
    for answer in answers:
        asked = f"attempt {answer['attempt']}" + (", repair" if answer["repair"] else "")
        place = answer["path"] or "(nothing came)" if not answer["digest"] else answer["path"] or "(not in the store)"
        ended = style(f"{answer['ended']:<9}", fg=None if answer["ended"] == "fits" else "red")
        yield f"  {asked:<17}  {ended}  {place}  {answer['model']}".rstrip()
        for problem in answer["problems"]:
            yield f"      {problem}"


def step_rows(planned: Iterable[PlannedNode]) -> Iterator[tuple[str, str, int, str]]:
    """Yield (state, step, nodes, reasons) of what a build would touch, grouped by step and state."""
    groups: dict[tuple[str, str], list[PlannedNode]] = {}
    for node in planned:
        if node.state in _SHOWN:
            groups.setdefault((node.shape.step, node.state), []).append(node)
    for (step, state), nodes in groups.items():
        said = [(node, reason.text) for node in nodes for reason in node.reasons if reason.code != "needs"]
        said = said or [(node, reason.text) for node in nodes for reason in node.reasons]
        alike: dict[str, list[tuple[PlannedNode, str]]] = {}
        for node, text in said:
            alike.setdefault(of_nodes(text, node.id), []).append((node, text))
        reasons: Counter[str] = Counter()
        for told in alike.values():
            names = [node.shape.name for node, _ in told]
            differ = len({text for _, text in told}) > 1  # each names its node: one is quoted, and all are named
            reasons[f"{told[0][1]} ({len(names)}: {listed(names, 6)})" if differ else told[0][1]] += len(names)
        yield state, step, len(nodes), _reasons(reasons, len(nodes))


def _by_step(plan: Plan) -> Iterator[str]:
    rows = [
        (f"  {_colored(state)}", step, str(count), reasons) for state, step, count, reasons in step_rows(plan.nodes())
    ]
    yield from _table(rows)


def _every_node(plan: Plan) -> Iterator[str]:
    rows = []
    for node in plan.nodes():
        why = "; ".join(reason.text for reason in node.reasons)
        cost = f"  [{estimate_text(node.estimate)}]" if node.estimate.calls_max else ""
        rows.append((f"  {_colored(node.state)}", node.id, (why or node.note) + cost))
    yield from _table(rows)


def stays(plan: Plan) -> Iterator[str]:
    """Say once for each persona, or for all of whom the same is to be said, that what is pinned no longer follows the
    settings."""
    said: dict[tuple[str, ...], list[str]] = {}
    for persona in plan.personas:
        noted = [node for node in persona.nodes.values() if node.note]
        for face in (True, False):
            nodes = [node for node in noted if node.shape.kind.sticky is face]
            if not nodes:
                continue
            first = next((node for node in nodes if node.shape.kind.role == "anchor"), nodes[0])
            rest = f" ({and_more(len(nodes) - 1).strip()})" if len(nodes) > 1 else ""
            option = f"--repin {persona.loaded.settings.step_of('anchor')}" if face else f"--force {first.shape.name}"
            way = "a new face" if face else "another take"
            said.setdefault((first.shape.name, rest, first.note, way, option), []).append(persona.id)
    for (name, rest, note, way, option), names in said.items():
        what = f"{names[0]}/{name}{rest}"
        if len(names) > 1:
            what = f"{name}{rest} of {len(names)} personas ({listed(names)})"
        hint = f"{way}: forge build {names[0]} {option}"
        if NOT_HERE in note:
            hint = "get the pack that identity.pack names, or correct the name: forge models list"
        yield f"{style('pinned', fg='blue')}: {what} {note}; {hint}"


def _reasons(reasons: Counter[str], nodes: int, limit: int = 2) -> str:
    shown = [text if count >= nodes else f"{text} ({count})" for text, count in reasons.most_common(limit)]
    more = and_more(len(reasons) - limit)
    return "; ".join(shown) + (f";{more}" if more else "")


def _colored(state: str) -> str:
    return style(f"{state:<7}", fg=_COLORS.get(state))


def _short(value: Any) -> str:
    return shortened(text := _in_a_line(value), text, _LONGEST)[0]


def _change(before: Any, now: Any) -> str:
    return " -> ".join(shortened(_in_a_line(before), _in_a_line(now), _LONGEST))


def _in_a_line(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:g}"
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    text = " ".join(text.split())
    return text[:16] if _DIGEST.fullmatch(text) else text


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    from click import unstyle

    widths = (
        [max((len(unstyle(row[column])) for row in rows), default=0) for column in range(len(rows[0]) - 1)]
        if rows
        else []
    )
    for row in rows:
        cells = [cell + " " * (width - len(unstyle(cell))) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()
