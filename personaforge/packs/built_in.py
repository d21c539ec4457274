"""The pack that comes with forge: what it is, and whether its models are those that its calibration was made with.

No digest of it is declared in the catalog. Its calibration, which lies beside the models, names the digest of the pack
that it was made with; models that come to another one are not what was shipped.
"""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

import orjson

from personaforge.faces import packs
from personaforge.faces.packs import EMBEDDED, EMBEDDED_CALIBRATION, PackMissing, find_pack, role_of, way_back
from personaforge.packs.verification import FileCheck, PackCheck


class BuiltIn(NamedTuple):
    """What is known of the pack without reading it."""

    title: str
    licence: str
    summary: str
    """The licence in one sentence."""

    def licence_json(self) -> dict[str, str | None]:
        """Return the licence in the form of `catalog.Licence`; it stands in forge's own LICENSE and at no address."""
        return {"name": self.licence, "summary": self.summary, "url": None}


BUILT_IN: Final = BuiltIn(
    "SCRFD detector, 512-d recogniser and 106 landmarks for forge's own drawings; comes with forge",
    "MIT",
    "MIT licence, copyright the PersonaForge authors; trained on drawings by forge's own painter and nothing else.",
)


def check_built_in() -> PackCheck | None:
    """Hold the models against the calibration beside them; None where this installation lacks the folder."""
    folder = packs.EMBEDDED_FOLDER
    if not folder.is_dir():
        return None
    pack = find_pack(EMBEDDED)
    names = sorted(entry.name for entry in os.scandir(folder) if role_of(entry.name) is not None)
    if isinstance(pack, PackMissing):
        found = [FileCheck(name, "not declared", True, (folder / name).stat().st_size) for name in names]
        found.append(FileCheck(".", "wrong", True, note=pack.reason))
        return PackCheck(EMBEDDED, "wrong", folder, tuple(found), pack.hint)
    expected = _calibrated_digest()
    whole = expected == pack.digest
    found = [
        FileCheck(name, "ok" if whole else "not declared", True, (folder / name).stat().st_size, sha256=digest)
        for name, digest in pack.files.items()
    ]
    if whole:
        return PackCheck(EMBEDDED, "ok", folder, tuple(found))
    note = f"names {expected or 'no pack'}, and these models are {pack.digest}"
    found.append(FileCheck(EMBEDDED_CALIBRATION, "wrong", True, note=note))
    return PackCheck(EMBEDDED, "wrong", folder, tuple(found), way_back(EMBEDDED, folder))


def _calibrated_digest() -> str:
    """Return the pack digest that the calibration names; empty where there is none to read."""
    try:
        value: Any = orjson.loads((packs.EMBEDDED_FOLDER / EMBEDDED_CALIBRATION).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return ""
    analyzer = value.get("analyzer") if isinstance(value, dict) else None
    return str(analyzer.get("pack_digest", "")) if isinstance(analyzer, dict) else ""
