"""One node's last outcome and its attempts, as a place on the contact sheet. Reads the index and what was looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personaforge.plan.plan import PlannedNode
from personaforge.report.pages.demands import demand_lines
from personaforge.report.pages.evidence import Evidence, evaluation_record, measurement_of
from personaforge.report.pages.facts import Judged, Position, Standing
from personaforge.report.pages.likeness import as_read, beside_the_face
from personaforge.report.verdict import Bound, Shown, noted_bound, shown
from personaforge.results.facts import Scored, maker, number, scored
from personaforge.results.readings import readings_of
from personaforge.results.results import Results
from personaforge.spec.kinds import KINDS, framing_of, kind_named
from personaforge.spec.settings import Settings
from personaforge.store.result import NodeResult
from personaforge.store.store import Store

MAX_ATTEMPTS = 12
"""Newest attempts of a node that a page shows with their pictures."""


class Nodes:
    """The nodes of one persona, read once each."""

    def __init__(self, store: Store, settings: Settings, evidence: Evidence, bound: Bound | None = None) -> None:
        self.store = store
        self.settings = settings
        self.evidence = evidence
        self.bound = bound
        """Of P(same), for new candidates; None where no calibration decides."""
        self.results = Results(store, settings)
        self.anchor = self.results.anchor_digest
        """Digest of the present anchor; empty without one."""
        self.read = {one.picture: one for one in readings_of(store, settings)}
        """What the second reader has said, by the picture's digest."""

    def result(self, node: PlannedNode) -> NodeResult | None:
        """Return what a node last resulted in; None before there is a result."""
        return self.results.get(node.shape.name) if node.row is not None else None

    def position(self, node: PlannedNode, failures: Mapping[str, str], remarks: tuple[str, ...] = ()) -> Position:
        """Return a node as a place on the sheet."""
        result = self.result(node)
        title, group = self._named(node)
        now = self._now(result)
        attempts = self._attempts(node, now, result.actions if result is not None else ())
        facts = result.outcome.facts if result is not None else {}
        standing: Standing = "missing"
        if node.row is not None and now is not None:
            standing = node.row.status  # type: ignore[assignment]  # the index keeps an outcome's own words
        elif node.row is not None:
            standing = "rejected" if node.row.status == "rejected" else "missing"
            remarks = (*remarks, str(facts.get("reason") or _without(result)))
        if node.id in failures:
            remarks = (*remarks, f"the last run failed: {failures[node.id]}")
        check = facts.get("check")
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
        """Return a node's present artifact as it was judged; None where there is none."""
        return self._now(self.result(node))

    def face_of(self, digest: str, analyzer: Mapping[str, Any] | None) -> tuple[float, float, float, float] | None:
        """Return the box of the measured face, or None where no face was measured."""
        return box_of(measurement_of(self.store, self.evidence, digest, analyzer))

    def _now(self, result: NodeResult | None) -> Judged | None:
        output = (
            result.outcome.outputs.get(kind_named(self.results.kind_of(result)).main) if result is not None else None
        )
        if result is None or output is None:
            return None
        outcome = result.outcome
        digest, analyzer = output.artifact.digest, result.dependencies.get("analyzer")
        judged, by = scored(outcome.facts), maker(outcome.facts)
        record: Mapping[str, Any] = {}
        for row in self.evidence.evaluations.get(result.name, ()):
            if row["artifact"] == digest and row["anchor"] == self.anchor:
                record = evaluation_record(self.store, row["evaluation"])  # the last one counts
        return Judged(
            digest=digest,
            path=output.path,
            composite=judged.composite,
            cosine=judged.cosine,
            error=judged.error,
            error_bound=judged.error_bound,
            turn=judged.turn,
            faces=judged.faces,
            unmeasured=_why_not(judged, outcome.status),
            out_of_domain=_out_of_domain(record) or judged.out_of_domain,
            decision=judged.decision,
            reason=judged.reason or str(record.get("reason", "")).removesuffix(f"; {record.get('chosen')}"),
            take=outcome.take,
            attempt=outcome.attempt,
            measured_by=judged.measured_by or _measurer(judged, analyzer),
            by=shown(outcome.facts, judged.decision, noted_bound(outcome.under), self.bound),
            made_by=" ".join(name for name in (by.provider, by.model) if name),
            label=by.label,
            seed=by.seed,
            box=_chosen_box(record) or self.face_of(digest, analyzer or self.evidence.last_analyzer()),
            chosen=str(record.get("chosen") or ""),
            demands=demand_lines(record),
            beside=(*beside_the_face(record), *as_read(self.read.get(digest))),
        )

    def _attempts(self, node: PlannedNode, now: Judged | None, actions: Sequence[str]) -> list[Judged]:
        """Return the attempts that led to the present artifact: what the last outcome's actions made, and what was
        first judged in the same build, since a pinned picture is only judged again later. An attempt that was judged
        twice counts once, with its last judgement."""
        rows = [row for row in self.evidence.evaluations.get(node.shape.name, ()) if row["anchor"] == self.anchor]
        digests = {digest for key in actions for digest in self.evidence.made.get(key, ())}
        take = now.take if now is not None else None
        builds = [row["build"] for row in rows if now is not None and row["artifact"] == now.digest]
        digests |= {row["artifact"] for row in rows if row["build"] in builds[:1] and row["take"] == take}
        found: dict[str, Judged] = {}
        for row in rows:
            if row["artifact"] not in digests:
                continue
            record = evaluation_record(self.store, row["evaluation"])
            found[row["artifact"]] = Judged(
                digest=row["artifact"],
                path=now.path if now is not None and now.digest == row["artifact"] else "",
                composite=number(row["score"]),
                cosine=number(row["cosine"]),
                error=number(row["error"]),
                error_bound=number(row["error_bound"]),
                turn=number(row["turn"]),
                unmeasured=row["unmeasured"] or "",
                out_of_domain=_out_of_domain(record),
                decision=row["decision"] or "",
                reason=row["reason"] or "",
                take=row["take"] or 0,
                attempt=row["attempt"] or 0,
                measured_by=f"{row['pack']} {(row['pack_digest'] or '')[:12]}"
                if row["pack"] and row["measured"]
                else "",
                by=_shown_of(record, str(row["decision"] or ""), self.bound),
                made_by=" ".join(row[name] for name in ("provider", "model") if row[name]),
                label=row["label"] or "",
            )
        return sorted(found.values(), key=lambda one: (one.take, one.attempt, one.digest))

    def _named(self, node: PlannedNode) -> tuple[str, str]:
        """Return the sheet's name for a node, and the group that it is in."""
        declared, slot = node.shape.declaration, node.shape.slot
        entry = framing_of(self.settings, declared, slot)
        if node.shape.kind.role == "anchor":
            slot = str(self.settings.get("matrix.anchor", ""))
            entry = self.settings.get(f"matrix.positions.{slot}") or {}
        name = str(entry.get("name") or slot or node.shape.step).replace("_", " ")
        title = f"{slot} {name}" if slot and name != slot and slot.isdigit() else name
        group = "utility" if declared.get("position") else node.shape.kind.scope or "images"
        return title, str(entry.get("tier") or group)


def _shown_of(record: Mapping[str, Any], decision: str, now: Bound | None) -> Shown:
    """Return what decided about an attempt, by its evaluation."""
    score, calibrated = record.get("score"), record.get("calibrated")
    then = noted_bound(calibrated) if isinstance(calibrated, Mapping) else None
    return shown(score, decision, then, now) if isinstance(score, Mapping) else Shown()


def _without(result: NodeResult | None) -> str:
    """Say why a result has no artifact to be shown."""
    if result is not None and result.kind not in KINDS and result.outcome.outputs:
        return f"its result is of a kind of step that this forge doesn't know ({result.kind or 'none is named'})"
    return "there is no file"


def box_of(measurement: Mapping[str, Any] | None) -> tuple[float, float, float, float] | None:
    """Return the box of a measurement's face; None without a measured face."""
    match measurement:  # a clip's has no box: its frames have one each
        case {"box": [int() | float() as x1, int() | float() as y1, int() | float() as x2, int() | float() as y2]}:
            return float(x1), float(y1), float(x2), float(y2)
    return None


def _chosen_box(record: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """Return the box of the face that an evaluation judged, where it was one of several, or lay on its side."""
    boxes = [one for one in record.get("faces") or () if isinstance(one, Mapping) and one.get("chosen")]
    return box_of(boxes[0]) if boxes else box_of({"box": record.get("face_box")})


def _why_not(judged: Scored, status: str) -> str:
    """Return why an outcome has no score. What is never scored, as the anchor, has no reason either."""
    if not judged.unmeasured and (status == "unmeasured" or judged.measured is False):
        return judged.reason or "nothing could measure it"
    return judged.unmeasured


def _measurer(judged: Scored, analyzer: Mapping[str, Any] | None) -> str:
    """Return what measured an artifact without a score, such as the anchor; empty if nothing did."""
    return f"{analyzer.get('pack')} {str(analyzer.get('pack_digest'))[:12]}" if judged.measured and analyzer else ""


def _out_of_domain(record: Mapping[str, Any]) -> bool:
    why = record.get("unmeasured")
    return record.get("out_of_domain") is True or (isinstance(why, Mapping) and why.get("code") == "out_of_domain")


def _second_opinion(check: Mapping[str, Any]) -> str:
    who = f"second recogniser {check['pack']}" if check.get("pack") else "second recogniser"
    if check.get("unmeasured"):
        return f"{who}: unmeasured, {check['unmeasured']}"
    cosine = f", cosine {check['cosine']:.3f}" if isinstance(check.get("cosine"), float) else ""
    return f"{who} {'agrees' if check.get('agrees') else 'contradicts'}{cosine}"
