"""Who measures a persona's faces: finds the pack that its settings ask for, and makes its analyzer when one is needed.

Finding costs a few digests, remembered by stat signature; no model and no library is loaded for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from personaforge.errors import BackendError
from personaforge.faces.packs import Pack, PackMissing, find_pack
from personaforge.spec.settings import Settings
from personaforge.steps.context import Measurer


class Measurers:
    """The measurers of one process, by pack and detector size."""

    def __init__(self, digest_of: Callable[[Path], str]) -> None:
        self._digest_of = digest_of
        self._found: dict[tuple[str, str], Measurer] = {}
        self._packs: dict[str, Pack] = {}

    def of(self, settings: Settings) -> Measurer:
        """Return who measures, or why nobody does."""
        key = (str(settings.value("identity.pack")), str(settings.value("identity.detector_size")))
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def analyzer(self, identity: Mapping[str, str]) -> Any:
        """Return the analyzer with this identity. Raises BackendError when it can't be had any more."""
        from personaforge.faces.insight import InsightAnalyzer

        pack = self._packs.get(identity["pack_digest"])
        analyzer = InsightAnalyzer(pack, identity["detector_size"]) if pack is not None else None
        if analyzer is None or analyzer.identity.as_json() != dict(identity):
            raise BackendError(f"face pack {identity['pack']} has changed since the plan was made", hint="build again")
        return analyzer

    def _find(self, name: str, detector_size: str) -> Measurer:
        pack = find_pack(name, digest_of=self._digest_of)
        if isinstance(pack, PackMissing):
            return Measurer(None, pack.reason.rstrip("."), pack.hint)
        from personaforge.faces.insight import insight_identity

        self._packs[pack.digest] = pack
        return Measurer(insight_identity(pack, detector_size).as_json())
