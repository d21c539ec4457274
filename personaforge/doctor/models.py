"""Model ids in use, held against the deprecation dates that litellm brings along. litellm itself is not imported."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

from personaforge.doctor.finding import Finding, listed
from personaforge.doctor.project import Use
from personaforge.providers.vendors import vendor_of
from personaforge.versions import LITELLM

PART: Final = "models"
SOON_DAYS: Final = 60
_FILE: Final = "model_prices_and_context_window_backup.json"
_PREFIXES: Final[Mapping[str, str]] = {
    "elevenlabs": "elevenlabs/",
    "fal": "fal_ai/",
    "gemini": "gemini/",
    "kling": "kling/",
    "minimax": "minimax/",
    "openai": "",
    "replicate": "replicate/",
    "runware": "runware/",
    "runway": "runwayml/",
    "veo": "gemini/",
}
"""What litellm puts before the ids of our providers' models."""


class Listed(NamedTuple):
    """What litellm's list says of a model."""

    known: bool
    ends: date | None = None
    """When it is no longer to be had; None where nobody says so."""


def price_map() -> Mapping[str, Any] | None:
    """Return the list that is bundled with the installed litellm, None without one."""
    import orjson

    spec = find_spec("litellm")
    if spec is None or not spec.origin:
        return None
    try:
        with open(os.path.join(os.path.dirname(spec.origin), _FILE), "rb") as file:
            found = orjson.loads(file.read())
    except (OSError, orjson.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None


def look_up(known: Mapping[str, Any], use: Use) -> Listed:
    """Return what the list says of a model at its provider, and of no namesake elsewhere."""
    names = [use.model]
    if use.modality == "text":
        house = vendor_of(use.model)
        names.append(use.model.removeprefix(f"{house}/"))
    else:
        house = (_PREFIXES.get(use.provider, f"{use.provider}/") or "openai/").removesuffix("/")
        names = [f"{_PREFIXES.get(use.provider, f'{use.provider}/')}{use.model}"]
    for name in names:
        entry = known.get(name)
        if isinstance(entry, dict) and (name.startswith(f"{house}/") or entry.get("litellm_provider") == house):
            return Listed(True, _date(entry.get("deprecation_date")))
    return Listed(False)


def models(used: Iterable[Use], known: Mapping[str, Any] | None, today: date) -> list[Finding]:
    """Look at the models that personas use. `known` is `price_map`'s."""
    chosen: dict[tuple[str, str, str], list[Use]] = {}
    for use in used:
        if use.provider != "embedded":
            chosen.setdefault((use.modality, use.provider, use.model), []).append(use)
    if not chosen:
        return [Finding(PART, "ok", "no persona uses a hosted model")]
    if known is None:
        text = "litellm's list of models is not here, so that nobody knows when a model ends"
        return [Finding(PART, "warning", text, f"pip install litellm=={LITELLM}")]
    findings, undated, unknown = [], [], []
    for uses in chosen.values():
        use = uses[0]
        found = look_up(known, use)
        name = f"{use.model} ({use.modality} by {use.provider})"
        if not found.known:
            unknown.append(use.model)
        elif found.ends is None:
            undated.append(use.model)
        elif found.ends <= today:
            findings.append(_ending("problem", name, "was due to end on", found.ends, uses))
        elif (found.ends - today).days <= SOON_DAYS:
            findings.append(_ending("warning", name, "ends on", found.ends, uses))
        else:
            undated.append(f"{use.model} (until {found.ends})")
    if undated:
        findings.append(Finding(PART, "ok", f"no end within {SOON_DAYS} days is announced: {listed(undated, 8)}"))
    if unknown:
        text = f"not in litellm's list, so that nobody here knows when it ends: {listed(unknown, 8)}"
        findings.append(Finding(PART, "ok", text, facts={"unknown": unknown}))
    return findings


def _ending(level: Any, name: str, verb: str, ends: date, uses: list[Use]) -> Finding:
    use = uses[0]
    who = listed(dict.fromkeys(one.persona for one in uses))
    hint = f"forge config {use.persona} shows where {use.modality}'s model is set; name another one there"
    facts = {"model": use.model, "provider": use.provider, "ends": ends.isoformat()}
    return Finding(PART, level, f"{name} {verb} {ends}, says litellm's list; used by {who}", hint, facts)


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
