"""Who draws and who measures have to fit each other: a pack that was made for drawings knows nothing else.

Knows settings only: which domain a provider or a pack has is told by whoever loads, as `Domains`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from personaforge.domains import DOMAINS, DRAWINGS, PHOTOGRAPHS
from personaforge.spec.kinds import VISUAL, kind_named


class Domains(NamedTuple):
    """Whose pictures are of which domain, by name; see `personaforge.domains`."""

    of_pack: Callable[[str], str]
    of_provider: Callable[[str, str], str]
    """(modality, provider name) -> the domain of what it makes; empty for an unknown provider: another's to report."""


def domain_problems(
    steps: Mapping[str, Any], identity: Mapping[str, Any], domains: Domains
) -> Iterator[tuple[list[str], str, str, list[str]]]:
    """Yield where a pack would measure what it was not made for, as (key path, message, hint, path of who makes it).

    Only a pack for files that say what they are is so strict: what nobody can tell from a photograph is measured.
    """
    pack = str(identity["pack"])
    known = DOMAINS[domains.of_pack(pack)]
    if not known.label or identity["out_of_domain"] == "allow":
        return
    others: dict[str, list[str]] = {}
    groups: dict[str, str] = {}
    for name, group, provider, made in _makers(steps, domains):
        if made and made != known.name:
            others.setdefault(provider, []).append(name)
            groups.setdefault(provider, group)
    for provider, names in sorted(others.items()):
        what = f"{', '.join(sorted(names))} {'are' if len(names) > 1 else 'is'} made by {provider}"
        message = f"found {pack}, which knows {known.many} only, but {what}"
        hint = f"{PHOTOGRAPHS.choice}, or identity.out_of_domain: allow"
        yield ["identity", "pack"], message, hint, [groups[provider], "provider"]


def domain_remark(steps: Mapping[str, Any], identity: Mapping[str, Any], domains: Domains) -> str:
    """Return what to keep in mind where drawings are judged by thresholds for photographs; empty otherwise."""
    drawn = any(made == DRAWINGS.name for *_, made in _makers(steps, domains))
    if domains.of_pack(str(identity["pack"])) == DRAWINGS.name or not drawn:
        return ""
    pack = "what pack is here (auto)" if identity["pack"] == "auto" else f"the pack {identity['pack']}"
    return (
        f"Pictures that forge draws are judged by {pack}, which was made for photographs: drawn strangers look more "
        f"alike to it than photographed ones, so that it accepts one says little. {DRAWINGS.choice} measures drawings"
    )


def _makers(steps: Mapping[str, Any], domains: Domains) -> Iterator[tuple[str, str, str, str]]:
    """Yield the steps that draw or film, with their modality, their provider and the domain of what it makes."""
    for name, step in steps.items():
        kind = kind_named(step["kind"])
        if kind.role in VISUAL:
            provider, modality = str(step["provider"]), "video" if kind.role == "clip" else "image"
            yield name, modality, provider, domains.of_provider(modality, provider)
