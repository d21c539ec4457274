"""What the tests of embedded text share: resolved schemas, requests, whole personas, and briefs to try."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from personaforge.providers.embedded_text import EmbeddedText
from personaforge.providers.protocols import Reply, Request

ROOT = Path(__file__).resolve().parents[3]
FOUR_LAYER = ("intent", "soul", "self", "mask", "surface", "lifestyle", "dna", "audit")
FIVE_STAGE = ("surface", "self", "lifestyle", "dna")

BRIEFS = (
    "confident Latina entrepreneur who loves fashion and travel",
    "",
    "shy",
    "approval-seeking people pleaser from Kyoto who bakes, no alcohol",
    "blunt, free-spirited Nigerian photographer; he hates small talk",
    "A formal, scholarly Turkish-German lawyer in her 50s named Elif",
    "vegan nonbinary game developer from Chile, never uses emoji",
    "Korean-American ceramicist in Lyon, 34, wants an ordinary life",
    "a retired teacher in Kraków",
    "26-year-old Colombian woman, barista in Bogotá, green eyes, curly hair",
    "someone in Narnia who collects clouds \N{CLOUD} and says 'hm'",
    "Ordinary man. No nightlife. Never travels. Without meat or dairy.",
)


@cache
def conf(path: str) -> Any:
    """Return a file under conf."""
    return yaml.safe_load((ROOT / "conf" / path).read_text("utf-8"))


FASHION: Mapping[str, Any] = conf("fashion/contexts.yaml")


@cache
def schema(section: str) -> Mapping[str, Any]:
    """Return a section's schema with its `x-properties-from` filled in."""
    resolved = json.loads(json.dumps(conf(f"schema/{section}.yaml")))
    if section == "lifestyle":
        sense = resolved["properties"]["fashion_sense"]
        assert sense.pop("x-properties-from") == "fashion.contexts"
        each = sense.pop("x-property")
        sense["properties"] = dict.fromkeys(FASHION["contexts"], each)
        sense["required"] = list(FASHION["contexts"])
    return resolved


def request(
    section: str, brief: str = "", sections: Mapping[str, Any] | None = None, seed: int = 1, **more: Any
) -> Request:
    """Return a request for one section; `more` may carry pinned, pins (of all sections), findings and schema."""
    context = {
        "brief": brief,
        "pinned": more.get("pinned") or {},
        "sections": dict(sections or {}),
        "findings": list(more.get("findings") or ()),
        "fashion": FASHION,
        **({"pins": more["pins"]} if more.get("pins") else {}),
    }
    wanted = more.get("schema") or schema(section)
    return Request("complete", "embedded", {"section": section, "context": context, "schema": wanted, "seed": seed})


def draft(section: str, brief: str = "", sections: Mapping[str, Any] | None = None, seed: int = 1, **more: Any) -> Any:
    """Return one section."""
    reply = EmbeddedText().submit(request(section, brief, sections, seed, **more))
    assert isinstance(reply, Reply)
    return json.loads(reply.text)


def persona(
    brief: str, seed: int = 1, order: Sequence[str] = FOUR_LAYER, pins: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a whole persona in a pipeline's order."""
    sections: dict[str, Any] = {}
    for name in order:
        sections[name] = draft(name, brief, sections, seed, pinned=(pins or {}).get(name))
    return sections


def average(audit: Mapping[str, Any]) -> float:
    """Return the mean of the scores that an audit gives."""
    given = [score for score in audit["scores"].values() if score is not None]
    return float(sum(given) / len(given))


def many_briefs(number: int) -> list[str]:
    """Return different briefs: characters, peoples and jobs in combination."""
    characters = ("confident", "shy", "witty", "warm", "edgy", "calm", "ambitious", "blunt", "elegant", "nerdy")
    peoples = ("Colombian", "Japanese", "Nigerian", "French", "Indian", "Swedish", "Brazilian", "Kenyan", "")
    jobs = ("ceramicist", "nurse", "DJ", "lawyer", "park ranger", "chef", "")
    all_briefs = [" ".join(word for word in words if word) for words in product(characters, peoples, jobs)]
    return all_briefs[:: max(1, len(all_briefs) // number)][:number]
