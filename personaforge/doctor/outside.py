"""What reaches outside: the machine file, who could change it, and the plug-ins that it lets the project ask for."""

from __future__ import annotations

import os
import stat
from typing import Final

from personaforge.doctor.finding import Finding, faulty
from personaforge.errors import SpecError
from personaforge.listing import listed
from personaforge.modalities import MODALITIES
from personaforge.plugins.loading import activate, states
from personaforge.providers.table import names
from personaforge.spec.machine_file import (
    PLUGINS_VARIABLE,
    SECTIONS,
    MachineFile,
    machine_file,
    neighbour,
    require_outside,
)
from personaforge.spec.project import Project
from personaforge.spec.shared_folder import VARIABLE, WAYS
from personaforge.store.remote import remote_folder

PART: Final = "machine"


def outside(project: Project) -> list[Finding]:
    """Look at the machine file. Raises SpecError for one that is wrong."""
    require_outside(project)
    machine = machine_file()
    if not machine.found:
        only = f" but what {PLUGINS_VARIABLE} allows" if os.environ.get(PLUGINS_VARIABLE, "").strip() else ""
        text = (
            f"no machine file at {machine.path}: YAML can name no remote, command, key or webhook, and no plug-in{only}"
        )
        nothing = Finding(PART, "ok", text, facts={"machine_file": None})
        beside = neighbour(machine.path)
        if beside is None:
            return [nothing]
        hint = f"mv {beside} {machine.path}"
        return [nothing._replace(level="warning", text=f"{text}; nothing reads {beside}", hint=hint)]
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


def remote(project: Project) -> list[Finding]:
    """Look at FORGE_REMOTE. Raises StoreError and SpecError for what names no folder to share through."""
    if not os.environ.get(VARIABLE):
        return []
    folder = remote_folder(project, None, None)
    facts = {"remote": str(folder)}
    if not folder.is_dir():
        return [Finding(PART, "warning", f"{VARIABLE}: {folder} is not there, or not mounted", WAYS, facts)]
    return [Finding(PART, "ok", f"{VARIABLE}: stores are shared through {folder}", facts=facts)]


def plugins(project: Project) -> list[Finding]:
    """Look at the plug-ins that the project asks for or this machine allows. Loads those that a build would load."""
    found = []
    for one in states(project):
        facts = {"plugin": one.name, "version": one.version, "asked": one.is_asked, "allowed_by": one.allowed_by}
        facts["in_force"] = False
        if not one.is_asked and one.version:
            text = (
                f"plug-in {one.name} {one.version} is installed; allowed by {one.allowed_by}, and this project doesn't"
            )
            found.append(Finding(PART, "ok", f"{text} ask for it", facts=facts))
        elif not one.is_asked:
            text = f"plug-in {one.name}, which {one.allowed_by} allows, is not installed"
            found.append(Finding(PART, "warning", text, one.near or f"take it out of {one.allowed_by}", facts))
    if not any(one.is_asked for one in states(project)):
        return found
    try:
        loaded = activate(project)
    except SpecError as error:
        return [*found, *faulty(PART, error)]
    for plugin in loaded:
        text = f"plug-in {plugin} is in force: {listed(plugin.adds, 12)}"
        facts = {"plugin": plugin.name, "version": plugin.version, "in_force": True, "adds": list(plugin.adds)}
        found.append(Finding(PART, "ok", text, facts=facts))
    return found
