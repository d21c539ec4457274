"""Under which licence the models in force are, by their bytes: a file is what its digest says, whatever its name, its
folder and the licence beside it say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from personaforge.faces.packs import declared_of, shipped

if TYPE_CHECKING:
    from personaforge.packs.catalog import Catalog


class ModelFile(NamedTuple):
    """A model that measures."""

    pack: str
    """The pack that it measures for, as `identity.pack` or `identity.check.pack` resolved to it."""
    path: Path
    sha256: str


class Terms(NamedTuple):
    """What is known of the licence of one model in force."""

    pack: str
    file: str
    sha256: str
    licence: str
    """Its name; empty where nobody says."""
    use: Literal["commercial", "research", "unknown"]
    """`commercial`: any use. `research`: only research that earns nothing."""
    known_as: str = ""
    """Which known file these bytes are, where it lies under another name or in another pack's folder."""

    def __str__(self) -> str:
        """Return it for people: the file, what it is, and its licence."""
        same = f", which is {self.known_as} byte for byte" if self.known_as else ""
        return f"{self.file} of the pack {self.pack}{same}: {self.licence or 'licence not known'}"

    def as_json(self) -> dict[str, str]:
        """Return the fields as JSON values."""
        return self._asdict()


def terms_of(catalog: Callable[[], Catalog], models: Iterable[ModelFile]) -> tuple[Terms, ...]:
    """Return the terms of models, in their order. The catalog is asked for only where a model isn't of a pack that
    comes with forge."""
    return tuple(_terms(catalog, one) for one in models)


def _terms(catalog: Callable[[], Catalog], model: ModelFile) -> Terms:
    file = model.path.name
    if model.pack in shipped():
        declared = declared_of(model.pack)
        use: Literal["commercial", "unknown"] = "commercial" if declared.commercial else "unknown"
        return Terms(model.pack, file, model.sha256, declared.licence, use)
    known = catalog().licence_of(model.sha256)
    if known is None:
        return Terms(model.pack, file, model.sha256, "", "unknown")
    licence, what = known
    folder = model.path.parent.name
    as_declared = (f"{file} of {folder}", f"{file}, which comes with forge as {folder}")
    same = "" if what in as_declared else what
    return Terms(model.pack, file, model.sha256, licence.name, licence.use or "unknown", same)


def by_use(found: Iterable[Terms]) -> Mapping[str, tuple[Terms, ...]]:
    """Return terms by use; a use that none has is absent."""
    groups: dict[str, tuple[Terms, ...]] = {}
    for one in dict.fromkeys(found):
        groups[one.use] = (*groups.get(one.use, ()), one)
    return groups
