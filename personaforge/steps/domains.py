"""The domains of packs and providers, as far as they are known here: what loading and planning compare."""

from __future__ import annotations

from typing import Final

from personaforge.faces.packs import declared_of
from personaforge.providers.table import domain_of
from personaforge.spec.domain import Domains

KNOWN: Final = Domains(lambda pack: declared_of(pack).domain, domain_of)
"""By the declarations of packs, and the capabilities of providers."""
