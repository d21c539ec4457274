"""Writes the golden set that comes with forge: `python -m tests.golden_audit --rewrite`.

Twenty personas, ten women and ten men, that the embedded writer drafts with the facts of their briefs as a build tells
it, and documents of them: each as drafted, and with edits (`golden_audit_edits.yaml`). The file is kept as it was
written, since its marks are about these very texts: a writer that drafts otherwise changes nothing in it, and writing
it anew needs all marks made again.

The rule of the marks is in the file itself: who made them, and how.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from personaforge.brief.told import told_facts
from personaforge.measuring.golden import SHIPPED
from personaforge.providers.embedded_text import EmbeddedText
from personaforge.providers.protocols import Reply, Request
from tests.embedded.writer.text_cases import FASHION, FOUR_LAYER, schema

EDITS = Path(__file__).with_name("golden_audit_edits.yaml")


def drafted(brief: str, seed: int, pins: Mapping[str, Any]) -> dict[str, Any]:
    """Return a persona's layers by the embedded writer."""
    sections: dict[str, Any] = {}
    for name in FOUR_LAYER[:-1]:
        context = {"brief": brief, "pinned": pins.get(name, {}), "sections": dict(sections), "fashion": FASHION}
        fields = {"section": name, "context": context, "schema": schema(name), "seed": seed}
        reply = EmbeddedText().submit(Request("complete", "embedded", {**fields, "facts": told_facts(brief)}))
        assert isinstance(reply, Reply)
        sections[name] = yaml.safe_load(reply.text)
    return sections


def golden() -> dict[str, Any]:
    """Return the whole set."""
    written = yaml.safe_load(EDITS.read_text("utf-8"))
    marks = written.pop("as_drafted")
    personas, documents = {}, []
    for number, (name, persona) in enumerate(written["personas"].items()):
        pins = {"surface": persona["pins"]}
        sections = drafted(persona["brief"], persona.get("seed", 100 + number), pins)
        personas[name] = {"brief": persona["brief"], "group": persona["group"], "pinned": pins, "sections": sections}
        own = persona.get("as_drafted", {})
        for place, edit in enumerate(({}, *persona["edits"])):
            said = {**marks, **own, **edit.get("marks", {})}
            document: dict[str, Any] = {"id": f"{name}-{place}", "persona": name}
            if edit:
                document["set"] = edit["set"]
            document["marks"] = {axis: mark for axis, (mark, _) in said.items()}
            document["reasons"] = {axis: reason for axis, (_, reason) in said.items()}
            documents.append(document)
    head = {name: written[name] for name in ("marked_by", "independent", "rule", "compare")}
    return {**head, "personas": personas, "documents": documents}


def text() -> str:
    """Return the set as YAML."""
    body = yaml.safe_dump(golden(), sort_keys=False, allow_unicode=True, width=118, default_flow_style=None)
    return f"# Written by `python -m tests.golden_audit --rewrite`; docs/audit.md says what it is.\n{body}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--rewrite"]:
        SHIPPED.write_text(text(), encoding="utf-8")
    else:
        sys.exit("say --rewrite: it replaces documents that have marks")
