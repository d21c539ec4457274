"""Is the plan what the build does? A table of states, and what compares the two, node by node.

A state is what was done to a built project before it is planned: to its configuration, its lock, its store, its build
folder, its index. A case is a state and the flags of a command. `try_case` plans it, builds what was planned, plans
again, and returns every difference between what was said and what came to pass.

The projects are in `sites`, what is done to them in `deeds`, the cases in `state_table`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from personaforge.cli.since import plan_since
from personaforge.errors import PersonaForgeError
from personaforge.plan.plan import WORKING, Plan, PlannedNode, PlanRequest
from personaforge.run.build_report import BuildReport, NodeReport
from personaforge.workspace.workspace import BuildOptions, Workspace
from tests.plan.sites import ID, Site, stats

PLAIN = PlanRequest()
STICKY = ("placement", "candidate", "anchor")
"""Steps whose pins no build replaces unless it is asked to by name."""


@dataclass(frozen=True)
class Case:
    """A state, the flags of a command, and what is right to say and to come to."""

    name: str
    flavour: str
    what: str
    """What was done, in words for docs/design/states.md."""
    does: Callable[[Site], None]
    part: str = ""
    """Heading in docs/design/states.md."""
    right: str = ""
    """What is right, as the table has it; read into the next three."""
    says: Mapping[str, str] = field(default_factory=dict)
    """The right state of some nodes by name, alternatives by `|`."""
    comes: Mapping[str, str] = field(default_factory=dict)
    """How some nodes must end; `nothing` for those that the build doesn't touch."""
    bought: int | None = None
    """How many calls are right to buy."""
    heals: bool = False
    """Whether lock and build folder must end as they were first built."""
    may_refuse: bool = False
    """Whether refusing is as good as what `says` says."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What the reasons of some nodes must say, alternatives by `|`; `*` for any node."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """What the reasons of some nodes must not say; `*` for all of them."""
    notes: str = ""
    """What a note of some node must say in the plan after the build."""
    moved: Sequence[str] = ()
    """Nodes that must have another pin afterwards."""
    asked: PlanRequest = PLAIN
    since: str = ""
    """--changed-since."""
    refused: str = ""
    """What the plan must refuse with, in place of a plan."""
    pack: str = ""
    """The name of another analyzer."""
    after: Callable[[Site], str] = lambda site: ""
    """Further looks at the project: returns what is wrong."""


@dataclass
class Seen:
    """What became of a case."""

    plan: Plan | None = None
    report: BuildReport | None = None
    bought: int = 0
    error: str = ""


def try_case(site: Site, case: Case) -> tuple[list[str], Seen]:
    """Return every difference between what the plan says, what is right, and what the build does; and what was seen."""
    site.restart()
    case.does(site)
    return compare(site, case)


def compare(site: Site, case: Case) -> tuple[list[str], Seen]:
    """Plan, build, plan again, and compare; see `try_case`."""
    lies: list[str] = []
    seen = Seen()
    tree, calls, pins, keys = _tree(site.root), site.ledger.calls, site.pins(), site.pins("key")
    with site.open(case.pack) as space:
        rows = space.store.index.nodes(ID)
        try:
            plan = _planned(space, case)
        except PersonaForgeError as error:
            seen.error = f"{error} {error.hint}"
            if not (case.refused and case.refused in seen.error) and not case.may_refuse:
                lies.append(f"plan refuses: {seen.error}")
            return lies, seen
        except Exception as error:
            return [f"plan crashes: {type(error).__name__}: {error}"], seen
        seen.plan = plan
        if case.refused:
            lies.append(f"plan does not refuse with {case.refused!r}")
        if site.ledger.calls != calls:
            lies.append("the plan called a provider")
        if _tree(site.root) != tree or space.store.index.nodes(ID) != rows:
            lies.append("the plan wrote something")
        told = {node.shape.name: node for node in plan.nodes()}
        lies += _right_words(case, told)
        before = _actions(site)
        try:
            report = space.build(plan, BuildOptions(jobs=1, keep_going=True))
        except PersonaForgeError as error:
            return [*lies, f"build refuses: {error} {error.hint}"], seen
        except Exception as error:
            return [*lies, f"build crashes: {type(error).__name__}: {error}"], seen
    seen.report = report
    seen.bought = site.ledger.calls - calls
    bought = Counter(record["node"] for name, record in _actions(site).items() if name not in before and record["paid"])
    ends = {name.partition("/")[2]: node for name, node in report.nodes.items()}
    for name, node in told.items():
        lies += [f"{name}: {text}" for text in _differences(node, ends.get(name), bought[name], ends)]
    for name, right in case.comes.items():
        end = ends[name].end if name in ends else "nothing"
        if end not in right.split("|"):
            lies.append(f"{name}: build ends {end}, and {right} would be right")
    lies += _bought_although_pinned(case, keys, before, _actions(site), told)
    if sum(bought.values()) != seen.bought:
        lies.append(f"{seen.bought} calls were made, and {sum(bought.values())} are on record")
    low, high = plan.estimate.calls_min, plan.estimate.calls_max
    if not low <= seen.bought <= high:
        lies.append(f"{seen.bought} calls bought, and the plan says {low} to {high}")
    if case.bought is not None and seen.bought != case.bought:
        lies.append(f"{seen.bought} calls bought, and {case.bought} would be right")
    lies += _pins_that_moved(case, pins, site, keys, told, ends)
    lies += _said_again(site, case, plan)
    if case.heals:
        files = site.built()
        lies += [f"{path} is not as it was" for path, held in site.fresh_build.items() if files.get(path) != held]
        if site.lock.read_bytes() != site.fresh_lock:
            lies.append(f"the lock is not as it was: {_lock_difference(site)}")
    lies += [f"{name}: its pin is the same as before" for name in case.moved if site.pins().get(name) == pins[name]]
    wrong = case.after(site)
    return lies + ([wrong] if wrong else []), seen


def _planned(space: Workspace, case: Case) -> Plan:
    if case.since:
        return plan_since(space, [], case.since, case.asked)[1]
    return space.plan((), case.asked)


def _right_words(case: Case, told: Mapping[str, PlannedNode]) -> Iterator[str]:
    for name, state in case.says.items():
        found = told[name].state if name in told else "gone"
        if found not in state.split("|"):
            yield f"{name}: plan says {found}, and {state} would be right"
    for words, wanted in ((case.words, True), (case.silent, False)):
        for name, text in words.items():
            nodes = told.values() if name == "*" else [told[name]] if name in told else []
            said = "; ".join(reason.text for node in nodes for reason in node.reasons)
            if any(one in said for one in text.split("|")) is not wanted:
                yield f"{name}: plan says {said[:200]!r}, {'without' if wanted else 'with'} {text!r}"


def _differences(
    node: PlannedNode, done: NodeReport | None, bought: int, ends: Mapping[str, NodeReport]
) -> Iterator[str]:
    """Compare what the plan says of one node with what the build did about it."""
    end = done.end if done is not None else "nothing"
    performed = done.tally.performed if done is not None else 0
    why = f": {done.error}" if done is not None and done.error else ""
    low, high = node.estimate.calls_min, node.estimate.calls_max
    if not low <= bought <= high:
        yield f"{bought} calls bought, and the plan says {low} to {high}"
    upstream = any(ends[need].end in ("rejected", "skipped") for need in node.shape.needs if need in ends)
    if node.state in ("cached", "pinned", "blocked", "left"):
        if end not in ("nothing", "unchanged") or performed:
            yield f"plan says {node.state}, build ends {end} with {performed} actions{why}"
    elif node.state == "missing":
        if end not in ("nothing", "failed") or performed:
            yield f"plan says missing, build ends {end} with {performed} actions{why}"
    elif node.state == "restore":
        gated = end == "rejected" and done is not None and done.outcome is not None and not done.outcome.passed
        if (end != "restored" and not gated) or bought:
            yield f"plan says restore, build ends {end} with {performed} actions{why}"
    elif node.state == "maybe":
        if end not in ("done", "unchanged", "restored", "rejected") and not (end == "skipped" and upstream):
            yield f"plan says maybe, build ends {end}{why}"
    elif end == "skipped" and upstream:
        pass  # nobody could know that what it needs would fail its gate
    elif end not in ("done", "rejected"):
        yield f"plan says run, build ends {end} with {performed} actions{why}"
    elif not performed and not _writes_something(node, done):
        yield f"plan says run, build ends {end} without an action"


def _writes_something(node: PlannedNode, done: NodeReport | None) -> bool:
    """Tell whether a node that performs nothing has something to do all the same: a pin or an outcome to note."""
    codes = {reason.code for reason in node.reasons}
    return bool(codes & {"pin", "new", "issued", "repin"}) or (
        done is not None
        and done.outcome is not None
        and node.row is not None
        and done.outcome.digest != node.row.outcome
    )


def _pins_that_moved(
    case: Case,
    before: Mapping[str, Any],
    site: Site,
    keys: Mapping[str, str],
    told: Mapping[str, PlannedNode],
    ends: Mapping[str, NodeReport],
) -> Iterator[str]:
    after, keys_after = site.pins(), site.pins("key")
    for name, outputs in before.items():
        if after.get(name) == outputs or name not in told:
            continue
        sticky = name.partition("/")[0] in STICKY
        # A lock that is behind the settings pins another request; what stands is pinned in its place.
        behind = keys[name] != keys_after.get(name)
        if sticky and not case.asked.repin:
            yield f"{name}: the sticky pin changed without --repin"
        elif not sticky and name not in ends and not behind:
            yield f"{name}: its pin changed, and the build did nothing about it"
        elif not sticky and told[name].state not in ("run", "maybe", "restore") and not behind:
            yield f"{name}: its pin changed, and the plan says {told[name].state}"


def _bought_although_pinned(
    case: Case,
    keys: Mapping[str, str],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    told: Mapping[str, PlannedNode],
) -> Iterator[str]:
    """Name the nodes whose pinned artifact was bought a second time: nobody asked for that, and it can't come out the
    same."""
    for name, record in after.items():
        node = record["node"]
        asked = case.asked.force or case.asked.repin
        if name not in before and record["paid"] and keys.get(node) == record["key"] and node in told and not asked:
            yield f"{node}: what the lock pins was bought again"


def _said_again(site: Site, case: Case, first: Plan) -> Iterator[str]:
    """Plan the same again without wishes: there must be nothing left to do, but for what stays missing, and the lock
    must pin what was accepted."""
    again = replace(case, asked=replace(case.asked, force=(), repin=()))
    missing = {node.id for node in first.nodes() if node.state == "missing"}
    pins = site.pins()
    try:
        with site.open(case.pack) as space:
            plan = _planned(space, again)
            came = {node.id: space.store.index.result(node.id) for node in plan.nodes()}
    except Exception as error:
        yield f"the second plan fails: {type(error).__name__}: {error}"
        return
    for node in plan.nodes():
        # What could not be made for want of a missing need still waits for it.
        waits = any(f"{ID}/{need}" in missing for need in _above(plan, node))
        # A draft that was nowhere is there again where the profile, made anew, has a layer of the same bytes.
        found = node.state == "restore" and node.id in missing
        if (node.state in WORKING or (node.state == "missing" and node.id not in missing)) and not waits and not found:
            reasons = "; ".join(reason.text for reason in node.reasons)
            yield f"{node.shape.name}: the second plan says {node.state} ({reasons})"
        result = came[node.id]
        if node.state in ("cached", "pinned") and node.shape.kind.pinned and result is not None:
            outputs = {name: output.artifact.digest for name, output in result.outcome.outputs.items()}
            if outputs and result.outcome.passed and pins.get(node.shape.name) != outputs:
                yield f"{node.shape.name}: stands at the end, and the lock does not pin it"
    if case.notes and not any(case.notes in node.note for node in plan.nodes()):
        yield f"no note of the second plan says {case.notes!r}"


def _above(plan: Plan, node: PlannedNode) -> set[str]:
    nodes = plan.personas[0].nodes
    found: set[str] = set()
    todo = list(node.shape.needs)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += nodes[name].shape.needs
    return found


def _actions(site: Site) -> dict[str, dict[str, Any]]:
    """Return all action records by file name: node within the persona, whether it was paid for, and key."""
    found = {}
    for path in (site.root / ".forge/records/actions").rglob("*.json"):
        record = json.loads(path.read_bytes())
        about = {"node": record["node"].partition("/")[2], "paid": record["paid"], "key": record["key"]}
        found[path.name] = about
    return found


def _tree(root: Path) -> dict[str, tuple[int, int]]:
    """Return (size, time of change) of every file that a plan must not touch. The index is also a cache of specs."""
    return {path: stat for path, stat in stats(root).items() if not path.startswith(".forge/index.db")}


def _lock_difference(site: Site) -> str:
    old, new = (
        dict(line.partition(": ")[::2] for line in text.decode().splitlines())
        for text in (site.fresh_lock, site.lock.read_bytes())
    )
    return ", ".join(name.strip() for name in sorted({*old, *new}) if old.get(name) != new.get(name))
