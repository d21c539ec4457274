"""The last steps: the persona document and the contact sheet. Both are made from the results of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.spec.kinds import Role, kind_named
from personaforge.steps.action import Action, Outcome, Output, Procedure
from personaforge.steps.context import ANCHOR, Context, pretty_json
from personaforge.steps.material import FILES, summary_of
from personaforge.steps.outputs import write
from personaforge.steps.text import OVERRULED, SECTIONS

DOCUMENT_FORMAT = 1
_STILL: tuple[Role, ...] = ("candidate", "anchor", "picture")
_MEDIA: tuple[Role, ...] = (*_STILL, "clip", "sound", "finish")
"""Roles of what can be looked at or listened to."""

_SHOWN = (
    "decision",
    "measured",
    "reason",
    "composite",
    "cosine",
    "error",
    "error_bound",
    "probability",
    "turn",
    "out_of_domain",
    "reference",
    "kept",
    "composite_before",
    "faces",
    "undelivered",
    "attempt",
    "model",
    "provider",
    "label",
    "seed",
    "said",
)


def document(context: Context) -> Procedure:
    """Write `persona.json`: sections, artifacts with decisions and scores, provenance. It holds no time and no cost, so
    that equal builds are byte-equal."""
    settings = context.settings
    profile = context.of_kind(SECTIONS)
    sections = context.read_json(profile.outputs[SECTIONS].artifact.digest)
    artifacts = {
        name: entry(outcome)
        for name, outcome in sorted(context.needs.items())
        if _main(context, name, _MEDIA) in outcome.outputs or not outcome.passed
    }
    rejected = sorted(name for name, outcome in context.needs.items() if not outcome.passed)
    unmeasured = sorted(name for name, outcome in context.needs.items() if outcome.status == "unmeasured")
    doubted = sorted(name for name, outcome in context.needs.items() if _is_doubted(outcome))
    over = profile.facts.get(OVERRULED)
    flagged = bool(profile.facts.get("flagged") or doubted or over)
    status = "rejected" if rejected else "flagged" if flagged else "unmeasured" if unmeasured else "complete"
    labels = sorted({str(outcome.facts["label"]) for outcome in context.needs.values() if "label" in outcome.facts})
    content = {
        "format": DOCUMENT_FORMAT,
        "id": context.node.persona,
        "name": sections.get("surface", {}).get("name", context.node.persona),
        "brief": settings["brief"],
        **_material(context),
        "seed": settings["seed"],
        "pipeline": settings["pipeline.name"],
        "status": status,
        "rejected": rejected,
        "unmeasured": unmeasured,
        "doubted": doubted,
        "labels": labels,
        "audit_mean": profile.facts.get("audit_mean"),
        **({OVERRULED: over} if over else {}),
        **({"not_judged": profile.facts["not_judged"]} if profile.facts.get("not_judged") else {}),
        **{name: profile.facts[name] for name in ("audit_marks", "worth_a_look") if name in profile.facts},
        "sections": sections,
        "artifacts": artifacts,
        "measured_by": sorted(
            {str(one.facts["measured_by"]) for one in context.needs.values() if "measured_by" in one.facts}
        ),
    }
    facts = {"persona_status": status, "name": content["name"], "labels": labels}
    return (yield from write(context, "document", "persona.json", pretty_json(content), "application/json", facts))


def _material(context: Context) -> dict[str, Any]:
    """Return the files of the brief and what their summary says, as the document has them; empty without files."""
    summary = summary_of(context)
    if not summary:
        return {}
    return {"brief_files": [dict(one) for one in context.settings[FILES]], "brief_summary": summary}


def sheet(context: Context) -> Procedure:
    """Draw the contact sheet: the anchor, every image by its slot, and what is missing."""
    settings = context.settings
    cells: list[dict[str, Any]] = []
    inputs: dict[str, str] = {}
    for name, outcome in sorted(context.needs.items(), key=lambda item: _sheet_order(context, item[0])):
        output = outcome.outputs.get(_main(context, name, _STILL))
        composite = outcome.facts.get("composite")
        slot = name.partition("/")[2] if kind_named(context.kinds[name]).scope == "images" else ""
        caption = (slot or name) + (f"  {composite:.2f}" if isinstance(composite, float) else "")
        cells.append({"name": name, "caption": caption, "status": outcome.status if output else "missing"})
        if output is not None:
            inputs[name] = output.artifact.digest
    labels = sorted({str(outcome.facts["label"]) for outcome in context.needs.values() if "label" in outcome.facts})
    request = {
        "title": f"{context.node.persona}",
        "cells": cells,
        "columns": 6,
        "footer": ", ".join(labels),
        "pipeline": settings["pipeline.name"],
    }
    result = yield Action("sheet", f"forge@{SHEET_VERSION}", request, inputs)
    artifact = result.outputs["sheet"]
    suffix = ".jpg" if artifact.media_type == "image/jpeg" else ".png"
    return Outcome("accepted", {"sheet": Output(artifact, f"contact_sheet{suffix}")}, {}, result.key, context.take)


SHEET_VERSION = "1"
"""Raised when the sheet's drawing changes."""


def _is_doubted(outcome: Outcome) -> bool:
    """Tell whether a second recogniser contradicts an artifact that passed its gate."""
    return outcome.status == "flagged" and outcome.facts.get("check", {}).get("agrees") is False


def entry(outcome: Outcome) -> Mapping[str, Any]:
    """Return how a document lists an artifact: where it is, and how it was made and judged."""
    found: dict[str, Any] = {"status": outcome.status}
    for output in outcome.outputs.values():
        found.update(file=output.path, sha256=output.artifact.digest, media_type=output.artifact.media_type)
    found.update({name: outcome.facts[name] for name in _SHOWN if name in outcome.facts})
    return found


def _sheet_order(context: Context, name: str) -> tuple[int, str]:
    kind = kind_named(context.kinds[name])
    return (0 if kind.role == ANCHOR else 1 if kind.scope == "images" and "/" in name else 2, name)


def _main(context: Context, name: str, roles: tuple[Role, ...]) -> str:
    """Return the name of a need's main output, if the need plays one of these parts; empty otherwise."""
    kind = kind_named(context.kinds[name])
    return kind.main if kind.role in roles else ""
