"""One node's last outcome and its attempts, as a place on the contact sheet. Reads the index and what was looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from personaforge.plan.plan import PlannedNode
from personaforge.report.pages.evidence import Evidence, evaluation_record, measurement_of
from personaforge.report.pages.facts import Judged, Position, Standing
from personaforge.spec.settings import Settings
from personaforge.store.store import Store

MAX_ATTEMPTS = 12
"""Newest attempts of a node that a page shows with their pictures."""
PICTURES = ("anchor", "reference", "image", "clip", "finished", "speech")
"""Names of the outputs that are looked at, or listened to."""


class Nodes:
    """The nodes of one persona, read once each."""

    def __init__(self, store: Store, settings: Settings, evidence: Evidence, anchor: str) -> None:
        self.store = store
        self.settings = settings
        self.evidence = evidence
        self.anchor = anchor
        """Digest of the present anchor; empty without one."""

    def body(self, node: PlannedNode) -> Mapping[str, Any]:
        """Return the whole last outcome of a node with what shaped it; empty before there is one."""
        text = self.store.index.node_body(node.id) if node.row is not None else None
        return orjson.loads(text) if text else {}

    def position(self, node: PlannedNode, failures: Mapping[str, str], remarks: tuple[str, ...] = ()) -> Position:
        """Return a node as a place on the sheet."""
        body = self.body(node)
        title, group = self._named(node)
        now = self._now(node, body)
        attempts = self._attempts(node, now, body.get("actions", ()))
        standing: Standing = "missing"
        if node.row is not None and now is not None:
            standing = node.row.status  # type: ignore[assignment]  # the index keeps an outcome's own words
        elif node.row is not None:
            standing = "rejected" if node.row.status == "rejected" else "missing"
            remarks = (*remarks, str(body.get("outcome", {}).get("facts", {}).get("reason", "there is no file")))
        if node.id in failures:
            remarks = (*remarks, f"the last run failed: {failures[node.id]}")
        check = body.get("outcome", {}).get("facts", {}).get("check")
        if isinstance(check, Mapping):
            remarks = (*remarks, _second_opinion(check))
        known = self.evidence.evaluations.get(node.shape.name, ())
        earlier = {row["artifact"] for row in known if row["artifact"]} - {one.digest for one in attempts}
        return Position(
            node=node.shape.name,
            title=title,
            group=group,
            standing=standing,
            now=now,
            attempts=tuple(attempts[-MAX_ATTEMPTS:]),
            unshown=max(0, len(attempts) - MAX_ATTEMPTS),
            earlier=len(earlier),
            outdated=node.row is not None and node.state in ("run", "maybe", "blocked"),
            remarks=remarks,
        )

    def artifact(self, node: PlannedNode) -> Judged | None:
        """Return what stands of a node; None where nothing does."""
        return self._now(node, self.body(node))

    def face_of(self, digest: str, analyzer: Mapping[str, Any] | None) -> tuple[float, float, float, float] | None:
        """Return the box of the measured face, or None where no face was measured."""
        return box_of(measurement_of(self.store, self.evidence, digest, analyzer))

    def _now(self, node: PlannedNode, body: Mapping[str, Any]) -> Judged | None:
        outcome = body.get("outcome", {})
        found = [output for name, output in outcome.get("outputs", {}).items() if name in PICTURES]
        if not found:
            return None
        facts, digest = outcome["facts"], found[0]["digest"]
        record: Mapping[str, Any] = {}
        for row in self.evidence.evaluations.get(node.shape.name, ()):
            if row["artifact"] == digest and row["anchor"] == self.anchor:
                record = evaluation_record(self.store, row["evaluation"])  # the last one counts
        reason = str(facts.get("reason", ""))
        return Judged(
            digest=digest,
            path=found[0]["path"],
            composite=_number(facts.get("composite")),
            cosine=_number(facts.get("cosine")),
            error=_number(facts.get("error")),
            error_bound=_number(facts.get("error_bound")),
            turn=_number(facts.get("turn")),
            faces=facts.get("faces"),
            unmeasured=_why_not(facts, outcome["status"]),
            out_of_domain=_out_of_domain(record) or bool(facts.get("out_of_domain")),
            decision=str(facts.get("decision", "")),
            reason=reason or str(record.get("reason", "")),
            take=outcome["take"],
            attempt=outcome["attempt"],
            measured_by=str(facts.get("measured_by") or _measurer(facts, body.get("analyzer"))),
            made_by=" ".join(str(facts[name]) for name in ("provider", "model") if facts.get(name)),
            label=str(facts.get("label", "")),
            seed=facts.get("seed"),
            box=self.face_of(digest, body.get("analyzer") or self.evidence.last_analyzer()),
        )

    def _attempts(self, node: PlannedNode, now: Judged | None, actions: Sequence[str]) -> list[Judged]:
        """Return the attempts that led to what stands: what the last outcome's actions made, and what was first judged
        in the same build, as a pinned picture is only judged again later. Judged twice, an attempt counts once, as it
        was judged last."""
        rows = [row for row in self.evidence.evaluations.get(node.shape.name, ()) if row["anchor"] == self.anchor]
        digests = {digest for key in actions for digest in self.evidence.made.get(key, ())}
        take = now.take if now is not None else None
        builds = [row["build"] for row in rows if now is not None and row["artifact"] == now.digest]
        digests |= {row["artifact"] for row in rows if row["build"] in builds[:1] and row["take"] == take}
        found: dict[str, Judged] = {}
        for row in rows:
            if row["artifact"] not in digests:
                continue
            record = evaluation_record(self.store, row["evaluation"]) if not row["measured"] else {}
            found[row["artifact"]] = Judged(
                digest=row["artifact"],
                path=now.path if now is not None and now.digest == row["artifact"] else "",
                composite=_number(row["score"]),
                cosine=_number(row["cosine"]),
                error=_number(row["error"]),
                error_bound=_number(row["error_bound"]),
                turn=_number(row["turn"]),
                unmeasured=row["unmeasured"] or "",
                out_of_domain=_out_of_domain(record),
                decision=row["decision"] or "",
                reason=row["reason"] or "",
                take=row["take"] or 0,
                attempt=row["attempt"] or 0,
                measured_by=f"{row['pack']} {(row['pack_digest'] or '')[:12]}"
                if row["pack"] and row["measured"]
                else "",
                made_by=" ".join(row[name] for name in ("provider", "model") if row[name]),
                label=row["label"] or "",
            )
        return sorted(found.values(), key=lambda one: (one.take, one.attempt, one.digest))

    def _named(self, node: PlannedNode) -> tuple[str, str]:
        """Return how the sheet calls a node, and the group that it stands in."""
        declared, slot = node.shape.declaration, node.shape.slot
        path = str(declared.get("position") or f"{declared.get('positions', '')}.{slot}")
        if node.shape.kind.name == "anchor":
            slot = str(self.settings.get("matrix.anchor", ""))
            path = f"matrix.positions.{slot}"
        if node.shape.kind.name == "reference":
            path = f"matrix.references.{slot}"
        entry = self.settings.get(path)
        entry = entry if isinstance(entry, Mapping) else {}
        name = str(entry.get("name") or slot or node.shape.step).replace("_", " ")
        title = f"{slot} {name}" if slot and name != slot and slot.isdigit() else name
        groups = {"reference": "references", "video": "clips"}
        default = groups.get(node.shape.kind.name, "utility" if declared.get("position") else "images")
        return title, str(entry.get("tier") or default)


def box_of(measurement: Mapping[str, Any] | None) -> tuple[float, float, float, float] | None:
    """Return the box of a measurement's face; None without a measured face."""
    if measurement is None or "box" not in measurement:
        return None  # no face, or a clip, whose frames have one each
    x1, y1, x2, y2 = (float(side) for side in measurement["box"])
    return x1, y1, x2, y2


def _why_not(facts: Mapping[str, Any], status: str) -> str:
    """Return why an outcome has no score. What is never scored, as the anchor, has no reason either."""
    if facts.get("unmeasured"):
        return str(facts["unmeasured"])
    if status == "unmeasured" or facts.get("measured") is False:
        return str(facts.get("reason") or "nothing could measure it")
    return ""


def _measurer(facts: Mapping[str, Any], analyzer: Mapping[str, Any] | None) -> str:
    """Return who measured what has no score, as the anchor has none; empty where nobody did."""
    return f"{analyzer['pack']} {analyzer['pack_digest'][:12]}" if facts.get("measured") and analyzer else ""


def _out_of_domain(record: Mapping[str, Any]) -> bool:
    why = record.get("unmeasured")
    return record.get("out_of_domain") is True or (isinstance(why, Mapping) and why.get("code") == "out_of_domain")


def _second_opinion(check: Mapping[str, Any]) -> str:
    who = f"second recogniser {check['pack']}" if check.get("pack") else "second recogniser"
    if check.get("unmeasured"):
        return f"{who}: unmeasured, {check['unmeasured']}"
    cosine = f", cosine {check['cosine']:.3f}" if isinstance(check.get("cosine"), float) else ""
    return f"{who} {'agrees' if check.get('agrees') else 'contradicts'}{cosine}"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
