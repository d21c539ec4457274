"""The machine file: what this machine defines for repositories to name, and who could change it."""

from __future__ import annotations

import os
import stat
from typing import Final

from personaforge.doctor.finding import Finding
from personaforge.listing import listed
from personaforge.modalities import MODALITIES
from personaforge.providers.table import names
from personaforge.spec.machine_file import SECTIONS, MachineFile, machine_file, require_outside
from personaforge.spec.project import Project

PART: Final = "machine"


def outside(project: Project) -> list[Finding]:
    """Look at the machine file. Raises SpecError for one that is wrong."""
    require_outside(project)
    machine = machine_file()
    if not machine.found:
        text = f"no machine file at {machine.path}: YAML can name no remote, command, plug-in, key or webhook"
        return [Finding(PART, "ok", text, facts={"machine_file": None})]
    defined = {section: list(machine.names(section)) for section in SECTIONS if machine.names(section)}
    said = "; ".join(f"{section} {listed(known, 8)}" for section, known in defined.items()) or "it defines nothing"
    facts = {"machine_file": str(machine.path), "defines": defined}
    first = Finding(PART, "ok", f"machine file {machine.path}: {said}", facts=facts)
    return [first, *_writers(machine), *_unknown(machine)]


def _writers(machine: MachineFile) -> list[Finding]:
    """Return a warning where others may write the file: it says which programs run and where keys go."""
    status = os.stat(machine.path)
    if os.name == "posix" and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        text = f"{machine.path} may be written by others, and says which programs run and where keys go"
        return [Finding(PART, "warning", text, f"chmod go-w {machine.path}")]
    return []


def _unknown(machine: MachineFile) -> list[Finding]:
    """Return a warning for each endpoint of a provider that makes nothing that the endpoint is for."""
    found = []
    for name, endpoint in sorted(machine.endpoints.items()):
        made = [modality for modality in MODALITIES if name.replace("-", "_") in names(modality)]
        wrong = [one for one in MODALITIES if getattr(endpoint, one) and made and one not in (*made, "text")]
        if wrong:
            text = f"endpoints.{name} has an address for {' and '.join(wrong)}, which {name} doesn't make"
            found.append(Finding(PART, "warning", text, f"it makes {' and '.join(made)}"))
    return found
