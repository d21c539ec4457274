"""Installs git's merge driver for locks in one clone: two lines of its configuration, and one of its attributes.

`.git/info/attributes` wins over a committed `.gitattributes`, which says `merge=union`: in a clone without the driver
the merge results in a file that forge reads, or refuses by name. Git runs no driver that a repository contains, so
every user installs it in their own clone.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from personaforge.errors import StoreError
from personaforge.git import GitFailed, GitMissing, git
from personaforge.store.files import write_atomic
from personaforge.store.lockmerge import DRIVER, PATTERN

_LINE = f"{PATTERN} merge={DRIVER}"


def install_driver(folder: Path) -> Path:
    """Install the driver in the clone that a folder lies in, and return the file of attributes. Raises StoreError."""
    attributes = folder / _git(folder, "rev-parse", "--git-path", "info/attributes")
    _git(folder, "config", f"merge.{DRIVER}.name", "forge: locks, node by node")
    _git(folder, "config", f"merge.{DRIVER}.driver", driver_command())
    try:
        text = attributes.read_text(encoding="utf-8") if attributes.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"can't be read: {error}", where=str(attributes)) from error
    lines = text.splitlines()
    if _LINE not in lines:
        kept = [line for line in lines if line.split()[:1] != [PATTERN]]
        write_atomic(attributes.absolute(), ("\n".join([*kept, _LINE]) + "\n").encode())
    return attributes


def driver_command() -> str:
    """Return the driver's command line for git's shell: this installation of forge, or git's own marks where it was
    removed.

    A driver that can't be started would leave one side's file in place without a mark.
    """
    python = shlex.quote(sys.executable).replace("%", "%%")
    ours = f"{python} -m personaforge.cli.main lock merge %O %A %B %P"
    return f"if [ -x {python} ]; then {ours}; else git merge-file %A %O %B; fi"


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = git(folder, *arguments)
    except GitMissing as error:
        raise StoreError(f"git {error}", hint="install git") from error
    except GitFailed as error:
        raise StoreError(str(error), where=str(folder)) from error
    if done.code:
        raise StoreError(f"git {arguments[0]}: {done.said}", where=str(folder), hint="git init makes a repository")
    return done.text
