"""The packs that come with forge: whether their models are those that their calibration was made with.

No digest of them is declared in the catalog. A calibration, which lies beside the models, names the digest of the pack
that it was made with; models with another digest are not what was shipped.
"""

from __future__ import annotations

import os
from typing import Any

import orjson

from personaforge.faces import packs
from personaforge.faces.packs import CALIBRATION, PackMissing, find_pack, role_of, way_back
from personaforge.packs.state import FileState, PackState


def verify_built_in(name: str) -> PackState | None:
    """Compare a pack's models with the calibration beside them; None where this installation lacks the folder."""
    folder = packs.SHIPPED / name
    if not folder.is_dir():
        return None
    pack = find_pack(name)
    names = sorted(entry.name for entry in os.scandir(folder) if role_of(entry.name) is not None)
    if isinstance(pack, PackMissing):
        found = [FileState(file, "not declared", True, (folder / file).stat().st_size) for file in names]
        found.append(FileState(".", "wrong", True, note=pack.reason))
        return PackState(name, "wrong", folder, tuple(found), pack.hint)
    expected = _calibrated_digest(name)
    whole = expected == pack.digest
    found = [
        FileState(file, "ok" if whole else "not declared", True, (folder / file).stat().st_size, sha256=digest)
        for file, digest in pack.files.items()
    ]
    if whole:
        return PackState(name, "ok", folder, tuple(found))
    note = f"names {expected or 'no pack'}, and these models are {pack.digest}"
    found.append(FileState(CALIBRATION, "wrong", True, note=note))
    return PackState(name, "wrong", folder, tuple(found), way_back(name, folder))


def _calibrated_digest(name: str) -> str:
    """Return the pack digest that the calibration names; empty where there is none to read."""
    try:
        value: Any = orjson.loads((packs.SHIPPED / name / CALIBRATION).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return ""
    analyzer = value.get("analyzer") if isinstance(value, dict) else None
    return str(analyzer.get("pack_digest", "")) if isinstance(analyzer, dict) else ""
