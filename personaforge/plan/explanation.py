"""Everything that `forge explain` says about one node: from its stored outcome and records, without building."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from personaforge.errors import PlanError
from personaforge.leaves import leaves
from personaforge.plan.plan import PlannedNode
from personaforge.plan.planner import Planner
from personaforge.plan.reasons import FILES, part_changes
from personaforge.plan.rehearsal import rehearsed
from personaforge.plan.resolver import NodeResolver, PlanContext
from personaforge.providers.table import capability
from personaforge.spec.load import Loaded
from personaforge.steps.action import Action, Outcome
from personaforge.steps.completion import BAD_ANSWER
from personaforge.store.store import Store

_LARGEST_OPENED = 30


def explain(
    plan_context: PlanContext, personas: Sequence[Loaded], name: str, overrides: Sequence[str], *, anew: bool = False
) -> dict[str, Any]:
    """Return what a node depends on, what of it has changed, and what it has now. `name` is a node's name within its
    persona, and one of the personas must have it. `anew` asks for the request that would be made, although what was
    made by another one stays. Raises PlanError."""
    planner = Planner(plan_context, overrides=tuple(overrides))
    plan = planner.plan([_owner(planner, personas, name)]).personas[0]
    planned = plan.nodes[name]
    resolver = NodeResolver(plan_context, plan, planner.selection)
    result = resolver.result(planned)
    before = result.dependencies if result is not None else {}
    actions = result.actions if result is not None else ()
    reads = before.get("settings")
    now = resolver.facts(planned.shape, {path: resolver.settings.get(path) for path in reads} if reads else None)
    if planned.signature:
        now["needs"] = {need: resolver.outcome(need).digest for need in planned.shape.needs}
    action = _action(plan_context.store, planned, actions)
    finished = next((row[4] for row in plan_context.store.index.node_history(plan.id) if row[0] == planned.id), None)
    return {
        "schema": 1,
        "node": planned.id,
        "kind": planned.shape.kind.name,
        "modality": planned.shape.kind.modality or None,
        "tags": list(planned.shape.tags),
        "state": planned.state,
        "reasons": [reason.as_json() for reason in planned.reasons],
        "note": planned.note,
        "built": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(finished)) if finished else None,
        "artifacts": _artifacts(resolver, result.outcome) if result is not None else [],
        "facts": result.outcome.facts if result is not None else {},
        "answers": _answers(resolver, planned, actions or planned.keys),
        "pinned": resolver.lock.line(resolver.lock_name(planned.shape.name)).decode() or None,
        "dependencies": _dependencies(before, now),
        "action": action,
        "would_ask": _would_ask(planned, resolver) if anew or not _has_text(action) else None,
    }


TEXTS = ("system", "prompt", "text", "negative_prompt")
"""The parts of a request that are texts which somebody wrote, or a template."""


def _has_text(action: Mapping[str, Any] | None) -> bool:
    return action is not None and any(action["parts"].get("request", {}).get(name) for name in TEXTS)


def _would_ask(planned: PlannedNode, resolver: NodeResolver) -> dict[str, Any] | None:
    """Return what a build would ask first for a node, also before what it needs is there: `stand_ins` names that. None
    for a node without a prompt."""
    known = {name: resolver.outcome(name) for name, node in resolver.plan.nodes.items() if node.outcome_digest}
    known.pop(planned.shape.name, None)
    templates, name = resolver.plan_context.templates, planned.shape.name
    request, waiting = rehearsed(resolver.settings, resolver.plan.shape, templates, name, known, resolver.contents)
    if request is None or not _has_text({"parts": request.parts}):
        return None
    return {"kind": request.kind, "provider": request.provider, "parts": request.parts, "stand_ins": waiting}


def asking(
    plan_context: PlanContext, personas: Sequence[Loaded], name: str, overrides: Sequence[str], provider: str
) -> tuple[str, ...]:
    """Return the overrides with which a node would ask another provider, by that one's preset; who measures what it
    makes has no say. Raises PlanError for a node that asks nobody, SpecError for an unknown provider."""
    planner = Planner(plan_context, overrides=tuple(overrides))
    kind = planner.shapes.of(_owner(planner, personas, name).settings).by_name[name].kind
    if not kind.modality:
        raise PlanError(f"{name} asks no provider", hint="forge ls lists the nodes: texts, pictures and clips ask one")
    capability(kind.modality, provider)
    drawn = ("identity.out_of_domain=allow",) if kind.modality in ("image", "video") else ()
    return (*overrides, f"{kind.preset}={provider}", *drawn)


def _owner(planner: Planner, personas: Sequence[Loaded], name: str) -> Loaded:
    found = [one for one in personas if name in planner.shapes.of(one.settings).by_name]
    if not found:
        from difflib import get_close_matches

        known = [shape.name for one in personas for shape in planner.shapes.of(one.settings).nodes]
        step, slash, slot = name.rpartition("/")
        padded = f"{step}{slash}{slot.zfill(2)}"
        close = [padded] if padded in known else get_close_matches(name, known, 1)
        raise PlanError(
            f"there is no node {name!r}", hint=f"did you mean {close[0]}?" if close else "forge graph --all"
        )
    if len(found) > 1:
        raise PlanError(f"{name} is a node of {len(found)} personas", hint=f"name one: {found[0].settings.id}/{name}")
    return found[0]


def _artifacts(resolver: NodeResolver, outcome: Outcome) -> list[dict[str, Any]]:
    found = []
    for name, (artifact, place) in outcome.outputs.items():
        there = resolver.contents.size(artifact.digest, place) is not None
        condition = "" if there else "not in the store"
        if place and not resolver.folder.holds(place, artifact.digest):
            condition = "its file isn't this result" if resolver.folder.has(place) else "its file is missing"
        path = f"build/{resolver.plan.id}/{place}" if place else ""
        found.append({"name": name, "digest": artifact.digest, "path": path, "condition": condition})
    return found


def _answers(resolver: NodeResolver, planned: PlannedNode, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return what text models have answered for a node, good and bad, in the order in which they were asked."""
    found = []
    for key in dict.fromkeys(keys):
        record = resolver.plan_context.store.find(key)
        if record is None or record["parts"]["kind"] != "complete":
            continue
        parts, details = record["parts"], record.get("details", {})
        ended, problems = _ended(resolver, planned, record)
        digest = record["outputs"].get("reply", {}).get("digest", "")
        kept = (
            resolver.plan_context.store.blobs.path(digest)
            if digest and resolver.contents.size(digest) is not None
            else ""
        )
        found.append(
            {
                "key": key,
                "attempt": parts["attempt"],
                "repair": BAD_ANSWER in parts["inputs"],
                "model": details.get("model") or parts["request"].get("model", ""),
                "ended": ended,
                "problems": problems,
                "digest": digest,
                "path": os.path.relpath(kept, resolver.plan_context.store.project.root) if kept else "",
                "cost_usd": record.get("cost_usd"),
            }
        )
    return found


def _ended(resolver: NodeResolver, planned: PlannedNode, record: dict[str, Any]) -> tuple[str, list[str]]:
    """Return how a completion ended (fits, malformed, truncated, blocked or refused), and what is wrong with it."""
    from personaforge.steps.mending import NO_OBJECT, section_faults

    value, reply = record.get("value", {}), record["outputs"].get("reply")
    if reply is None:
        stage, _, why = str(value.get("blocked", "")).partition(": ")
        return "refused" if stage == "refusal" else "blocked", [why] if why else []
    if value.get("truncated"):
        return "truncated", []
    if reply["media_type"] != "application/json":
        return "malformed", [NO_OBJECT]
    schema = record["parts"]["request"].get("schema")
    if schema is None or resolver.contents.size(reply["digest"]) is None:
        return "fits", []
    own = schema == resolver.settings.get(f"schema.{planned.shape.declaration.get('schema')}")
    section = str(planned.shape.declaration.get("section"))
    pinned = resolver.settings.get(f"pinned.{section}") if own else None
    problems = section_faults(orjson.loads(resolver.contents.read(reply["digest"])), schema, pinned or {}, section)
    return ("malformed" if problems else "fits"), problems


def _dependencies(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every dependency by name with its value then and now."""
    rows: list[dict[str, Any]] = []
    for group in ("code", "provider", "analyzer", "settings", "templates", "needs", "issued"):
        if group not in now:
            continue
        old, new = before.get(group), now[group]
        if not isinstance(new, dict):
            old, new = {"": old}, {"": new}
        elif group == "settings":
            old, new = _opened(old or {}, new), _opened(new, old or {})
        for name in sorted({*new, *(old or {})}):
            was, is_now = (old or {}).get(name), new.get(name)
            shown = {"settings": name, "templates": f"template {name}", "needs": f"needs {name}"}.get(
                group, f"{group} {name}".strip()
            )
            rows.append({"name": shown, "before": was, "now": is_now, "changed": bool(before) and was != is_now})
    return rows


def _opened(settings: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return settings by their leaves, as a step may read `identity` whole and `identity.policy`, too. A large mapping
    that is the same in both stays one line."""
    found: dict[str, Any] = {}
    for path, value in settings.items():
        if path == FILES and isinstance(value, list):
            found.update({f"brief.files {one['path']}": one["digest"] for one in value})
            continue
        inner = leaves({path: value})
        if len(inner) > _LARGEST_OPENED and other.get(path, value) == value:
            inner = {path: value}
        found.update(inner)
    return found


def _action(store: Store, planned: PlannedNode, actions: Sequence[str]) -> dict[str, Any] | None:
    """Return the key that a build would ask for next, and how it differs from the same action of the last build."""
    records = [store.find(key) for key in actions]
    if planned.missing is not None:
        action: Action = planned.missing
        last = next(
            (r for r in records if r and r["parts"]["kind"] == action.kind and r["parts"]["attempt"] == action.attempt),
            None,
        )
        changed = part_changes(last["parts"], action.parts) if last else []
        return {
            "key": action.key,
            "kind": action.kind,
            "provider": action.provider,
            "known": False,
            "parts": action.parts,
            "changed_parts": [{"name": name, "before": old, "now": new} for name, old, new in changed],
        }
    made = next((record for record in reversed(records) if record and record["outputs"]), None)
    if made is None:
        return None
    return {
        "key": made["key"],
        "kind": made["parts"]["kind"],
        "provider": made["parts"]["provider"],
        "known": True,
        "parts": made["parts"],
        "changed_parts": [],
    }
