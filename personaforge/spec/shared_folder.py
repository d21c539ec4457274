"""What a text that names a shared folder may be: `--remote`, `FORGE_REMOTE`, `store.remote`.

A folder and nothing else. Other tools can send to `s3://bucket/x` and `host:path`, and forge can't; read as paths they
would be folders beside the project, and a push would go into one that nobody looks at.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

VARIABLE = "FORGE_REMOTE"
"""Environment variable that names this machine's shared folder."""
WAYS = f"--remote DIR, or {VARIABLE}=DIR in the environment; or `remotes:` in the machine file, and its name"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://?")
_ONLY = "only a folder can be shared through until now, such as a mounted disk"


class Fault(NamedTuple):
    """Why a text names no folder."""

    message: str
    hint: str


def folder_fault(text: str) -> Fault | None:
    """Return why a text names no folder that forge could share through; None where it does. Looks at no disk."""
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[1].lower() == "file":
        path = "/" + text.partition(":")[2].lstrip("/")
        return Fault(f"{text!r} is an address", f"write the folder itself: {path}")
    if scheme is not None and "://" in text:
        return Fault(f"{text!r} is no folder: {scheme[1]}:// isn't spoken, {_ONLY}", WAYS)
    if text.startswith("@"):
        return Fault(
            f"{text!r} is a name, and only --remote and {VARIABLE} read it so", "store: {remote: {name: NAME}}"
        )
    if not text.strip() or any(char in text for char in "\0\n\r"):
        return Fault(f"{text!r} is no folder", WAYS)
    if text.startswith("~"):
        home = os.path.expanduser(text)
        hint = f"write it out: {home}" if home != text else f"./{text} for a folder of that name"
        return Fault(f"{text!r} would be a folder that is called {text.partition('/')[0]!r}", hint)
    if text.startswith("\\\\"):
        return Fault(f"{text!r} is no folder here: mount the share, {_ONLY}", WAYS)
    if ":" in text.partition("/")[0]:  # as scp, rsync and git read it
        return Fault(f"{text!r} is a place on another machine: {_ONLY}", f"./{text} for a folder of that name")
    return None


def declared_fault(text: str) -> Fault | None:
    """Return why a config file may not name this folder: it has to lie in the project, on every machine that reads the
    file."""
    found = folder_fault(text)
    if found is not None:
        return found
    if text.startswith("/") or ".." in text.split("/"):
        return Fault(f"{text!r} leads out of the project, where only the machine says what is shared", WAYS)
    return None
