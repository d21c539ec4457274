"""Which analyzer measures a persona's faces: finds the pack of its settings, and makes its analyzer when one is needed.

Finding computes a few digests, cached by stat signature; it loads no model and no library.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from personaforge.errors import BackendError
from personaforge.faces.packs import (
    AUTO_ORDER,
    BACKEND_OF_PARTS,
    Pack,
    PackMissing,
    find_pack,
    is_pack,
    pack_folders,
    shipped,
)
from personaforge.faces.second_packs import SecondPack, find_second
from personaforge.plugins.force import analyzer_named, analyzer_names, in_force
from personaforge.spec.plugins import hint_unasked
from personaforge.spec.project import Project
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef

if TYPE_CHECKING:
    from personaforge.faces.analyzer import FaceAnalyzer
    from personaforge.faces.composed import ComposedPack
    from personaforge.packs.catalog import Catalog
    from personaforge.packs.terms import ModelFile
    from personaforge.plugins.contributions import AnalyzerEntry


class AnalyzerSource(Protocol):
    """Where a workspace gets its analyzers from."""

    def of(self, settings: Settings) -> AnalyzerRef:
        """Return the identity of the analyzer for these settings, or why there is none."""
        ...

    def analyzer(self, identity: Mapping[str, str]) -> Any:
        """Return the analyzer with this identity. Raises BackendError."""
        ...


class OneAnalyzer:
    """One given analyzer for everything, whatever pack the settings name."""

    def __init__(self, analyzer: FaceAnalyzer) -> None:
        self._analyzer = analyzer

    def of(self, settings: Settings) -> AnalyzerRef:
        """See `AnalyzerSource`."""
        return AnalyzerRef(self._analyzer.identity.as_json())

    def analyzer(self, identity: Mapping[str, str]) -> Any:
        """See `AnalyzerSource`."""
        return self._analyzer


class Analyzers:
    """The analyzers of one process, by pack and detector size."""

    def __init__(self, digest_of: Callable[[Path], str], project: Project | None = None) -> None:
        self._digest_of = digest_of
        self._project = project
        self._found: dict[tuple[str, str, str], AnalyzerRef] = {}
        self._packs: dict[str, Pack] = {}
        self._second_packs: dict[str, SecondPack] = {}
        self._composed: dict[str, ComposedPack] = {}
        self._added: dict[tuple[str, str], Any] = {}

    def of(self, settings: Settings) -> AnalyzerRef:
        """Return the analyzer's identity, or why there is none."""
        check = str(settings.value("identity.check.pack"))
        key = (str(settings.value("identity.pack")), str(settings.value("identity.detector_size")), check)
        if key not in self._found:
            self._found[key] = self._with_second(self._find(*key[:2]), check, settings.value("identity.check.scales"))
        return self._found[key]

    @cached_property
    def catalog(self) -> Catalog:
        """The known packs, without the machine's mirrors: nothing is fetched here. Raises SpecError."""
        from personaforge.packs.catalog import read_catalog

        return read_catalog(self._project, {})

    def models(self, settings: Settings) -> tuple[ModelFile, ...]:
        """Return the files that measure for these settings, the second recogniser's among them; empty where nothing
        measures, or a plug-in does, whose files nobody knows."""
        from personaforge.packs.terms import ModelFile

        analyzer_ref = self.of(settings)
        found: list[ModelFile] = []
        for identity in (analyzer_ref.identity, analyzer_ref.check):
            if identity is None or analyzer_named(identity["pack"]) is not None:
                continue
            digest, name = identity["pack_digest"], identity["pack"]
            if digest in self._composed:
                found += [ModelFile(name, part.path, part.sha256) for part in self._composed[digest].parts]
            elif digest in self._second_packs:
                second = self._second_packs[digest]
                paths = (second.recogniser, second.detector)
                found += [ModelFile(name, path, second.files[path.name]) for path in paths]
            else:
                pack = self._packs[digest]
                found += [ModelFile(name, pack.folder / file, sha256) for file, sha256 in pack.files.items()]
        return tuple(found)

    def remark(self, settings: Settings) -> str:
        """Return a remark where `identity.pack` may be misspelt; empty otherwise. A pack that isn't here is no
        mistake."""
        name = str(settings.value("identity.pack"))
        near = near_pack(name, self._names)
        return f"identity.pack of {settings.id} is {name}, which nothing here has: did you mean {near}?" if near else ""

    def _names(self) -> Iterable[str]:
        return self.catalog.composed

    def analyzer(self, identity: Mapping[str, str]) -> Any:
        """Return the analyzer with this identity. Raises BackendError when its pack has changed."""
        added = analyzer_named(identity["pack"])  # before all else: its backend may be called as one of ours
        if added is not None:
            return self._added_analyzer(added, identity)
        if identity["backend"] == "opencv":
            return self._second_analyzer(identity)
        if identity["backend"] == BACKEND_OF_PARTS:
            return self._composed_analyzer(identity)
        from personaforge.faces.insight import InsightAnalyzer

        pack = self._packs.get(identity["pack_digest"])
        analyzer = InsightAnalyzer(pack, identity["detector_size"]) if pack is not None else None
        if analyzer is None or analyzer.identity.as_json() != dict(identity):
            raise BackendError(f"face pack {identity['pack']} has changed since the plan was made", hint="build again")
        return analyzer

    def _second_analyzer(self, identity: Mapping[str, str]) -> Any:
        from personaforge.faces.second import OpenCvAnalyzer

        found = self._second_packs.get(identity["pack_digest"])
        analyzer = OpenCvAnalyzer(found) if found is not None else None
        if analyzer is None or analyzer.identity.as_json() != dict(identity):
            raise BackendError(f"check pack {identity['pack']} has changed since the plan was made", hint="build again")
        return analyzer

    def _composed_analyzer(self, identity: Mapping[str, str]) -> Any:
        from personaforge.faces.composed import ComposedAnalyzer

        found = self._composed.get(identity["pack_digest"])
        analyzer = ComposedAnalyzer(found, identity["detector_size"]) if found is not None else None
        if analyzer is None or analyzer.identity.as_json() != dict(identity):
            raise BackendError(f"face pack {identity['pack']} has changed since the plan was made", hint="build again")
        return analyzer

    def _with_second(self, analyzer_ref: AnalyzerRef, name: str, scales: Mapping[str, Any]) -> AnalyzerRef:
        if name == "none" or analyzer_ref.identity is None:
            return analyzer_ref
        unscaled = [pack for pack in (analyzer_ref.identity["pack"], name) if pack not in scales]
        if unscaled:  # reported before anything is bought
            what = f"identity.check.scales has no entry for {', '.join(unscaled)}"
            return analyzer_ref._replace(check_missing=what)
        from personaforge.faces.second import opencv_identity

        found = find_second(name, digest_of=self._digest_of)
        if isinstance(found, PackMissing):
            return analyzer_ref._replace(check_missing=f"{found.reason.rstrip('.')}. {found.hint}".rstrip())
        self._second_packs[found.digest] = found
        return analyzer_ref._replace(check=opencv_identity(found).as_json())

    def _added_analyzer(self, entry: AnalyzerEntry, identity: Mapping[str, str]) -> Any:
        """Return a plug-in's analyzer, one for all threads."""
        key = (entry.name, identity["detector_size"])
        if key not in self._added:
            self._added[key] = entry.make(identity["detector_size"])
        if _identity_of(entry, identity["detector_size"]) != dict(identity):
            raise BackendError(f"analyzer {entry.name} has changed since the plan was made", hint="build again")
        return self._added[key]

    def _find(self, name: str, detector_size: str) -> AnalyzerRef:
        added = analyzer_named(name)
        if added is not None:
            return AnalyzerRef(_identity_of(added, detector_size))
        if name not in shipped() and name not in ("auto", *AUTO_ORDER) and name in self.catalog.composed:
            return self._find_composed(name, detector_size)
        pack = find_pack(name, digest_of=self._digest_of)
        if isinstance(pack, PackMissing):
            meant = f"did you mean {near}? Else " if (near := near_pack(name, self._names)) else ""
            hint = pack.hint if name in (*AUTO_ORDER, "auto") else hint_unasked(pack.hint)
            return AnalyzerRef(None, pack.reason.rstrip("."), meant + hint)
        from personaforge.faces.insight import insight_identity

        self._packs[pack.digest] = pack
        return AnalyzerRef(insight_identity(pack, detector_size).as_json(), age_model=pack.age_model)

    def _find_composed(self, name: str, detector_size: str) -> AnalyzerRef:
        from personaforge.faces.composed import composed_identity, find_composed

        found = find_composed(name, self.catalog.wanted(name), digest_of=self._digest_of)
        if isinstance(found, PackMissing):
            return AnalyzerRef(None, found.reason, found.hint)
        self._composed[found.digest] = found
        return AnalyzerRef(composed_identity(found, detector_size).as_json())


def near_pack(name: str, more: Callable[[], Iterable[str]] = tuple) -> str:
    """Return the pack or analyzer whose name is close to one that nothing here has; empty for none, and for one that is
    known: of a pack that comes with forge, is published or lies in a folder of packs, of a plug-in's analyzer, or one
    of `more`, which are asked for only where it is none of these."""
    from difflib import get_close_matches

    known = {"auto", *shipped(), *AUTO_ORDER, *analyzer_names()}
    for folder in pack_folders():
        try:
            known.update(entry.name for entry in os.scandir(folder) if is_pack(Path(entry.path)))
        except OSError:
            continue  # not there, or not ours to read: nothing to offer from it
    if name in known:
        return ""
    known.update(more())
    return "" if name in known else next(iter(get_close_matches(name, sorted(known), 1, 0.75)), "")


def _identity_of(entry: AnalyzerEntry, detector_size: str) -> dict[str, str]:
    """Return the identity of a plug-in's analyzer, with the plug-in's version: it is in every key of what it
    measures."""
    origin = next((str(one) for one in in_force() if f"analyzer {entry.name}" in one.adds), "")
    try:
        found = entry.identity(detector_size).as_json()
    except Exception as error:  # anything may go wrong in somebody else's code
        what = f"{type(error).__name__}: {error}"
        raise BackendError(f"analyzer {entry.name} of {origin} can't say what it is: {what}") from error
    return {**found, "pack": entry.name, "backend_version": f"{found['backend_version']} ({origin})"}
