"""This machine: versions, libraries, disk, clock and permissions. Loads OpenCV, and nothing else that is heavy."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from personaforge import __version__
from personaforge.doctor.finding import Finding, Level
from personaforge.errors import MissingExtra
from personaforge.git import GitFailed, git
from personaforge.listing import listed
from personaforge.spec.project import Project
from personaforge.versions import LITELLM, ONNXRUNTIME, OPENCV, installed_version

PART: Final = "machine"
OLDEST_PYTHON: Final = (3, 11)
LITTLE_DISK: Final = 2_000_000_000
"""Bytes free below which a warning comes: pictures and clips of about ten personas."""
NO_DISK: Final = 200_000_000
"""Bytes free below which even one persona may be too large."""
_TOLERATED_SECONDS: Final = 120.0
"""Seconds by which clocks of file servers may differ."""
_SHARED: Final = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "ceph", "lustre", "gpfs", "afs", "glusterfs")
"""Prefixes of the types of file systems that several hosts may share."""


class Library(NamedTuple):
    """A library that forge needs, in the versions that it was tested with (a test compares these with
    pyproject.toml)."""

    name: str
    least: str = ""
    below: str = ""
    exact: str = ""
    others: tuple[str, ...] = ()
    """Names of distributions that hold the same modules."""


LIBRARIES: Final = (
    Library("click", "8.1.8"),
    Library("hydra-core", "1.3.2", "1.4"),
    Library("omegaconf", "2.3", "2.4"),
    Library("pydantic", "2.10", "3"),
    Library("jinja2", "3.1.6", "3.2"),
    Library("duckdb", "1.5.6", "2"),
    Library("rich", "13.9"),
    Library("insightface", "2.1", "3"),
    Library("scikit-image", "0.24", "2.2"),
    Library("onnxruntime", "1.20", others=ONNXRUNTIME[1:]),
    Library("opencv-python", "4.11", others=OPENCV[1:]),
    Library("numpy", "2.0"),
    Library("scipy", "1.14"),
    Library("litellm", exact=LITELLM),
    Library("orjson", "3.10"),
    Library("pyyaml", "6.0.2"),
    Library("jsonschema", "4.23"),
    Library("httpx", "0.27", "1"),
    Library("pillow", "11.3"),
)
_MALICIOUS: Final = {("litellm", "1.82.7"), ("litellm", "1.82.8")}
"""Uploads that steal credentials at every start of Python."""


def machine(project: Project, now: float) -> list[Finding]:
    """Look at what forge runs on. `now` is in seconds since 1970."""
    here = f"forge {__version__}, Python {sys.version.split()[0]}, {platform.system()} {platform.machine()}"
    found = [
        Finding(PART, "ok", f"{here}, {os.cpu_count() or 1} processors", facts={"version": __version__})
        if sys.version_info >= OLDEST_PYTHON
        else Finding(PART, "problem", f"{here}: too old", "forge needs Python 3.11 or newer")
    ]
    found += libraries(installed_version)
    found.append(_opencv())
    found.append(_git())
    found += _disk(project, now)
    return found


def libraries(version_of: Callable[[str], str | None]) -> list[Finding]:
    """Look at what is installed: (distribution) -> its version."""
    fine: dict[str, str] = {}
    found = []
    for library in LIBRARIES:
        there = {one: known for one in (library.name, *library.others) if (known := version_of(one))}
        if len(there) > 1:
            found.append(_overlap(library, there))
            continue
        name, version = next(iter(there.items()), (library.name, None))
        asked = _requirement(library)
        install = f"pip install '{library.name}{asked}'"
        if version is None:
            found.append(Finding(PART, "problem", f"{name} is not installed", install))
        elif (name, version) in _MALICIOUS:
            text = f"{name} {version} was a malicious upload that reads keys: treat every key on this machine as known"
            found.append(Finding(PART, "problem", text, install))
        elif not _fits(library, version):
            text = f"{name} {version} is installed; forge was tried with {asked or 'another one'}"
            found.append(Finding(PART, "warning", text, install))
        else:
            fine[name] = version
    text = ", ".join(f"{name} {version}" for name, version in fine.items()) or "no library is as it should be"
    return [Finding(PART, "ok" if fine else "problem", text, facts={"libraries": fine}), *found]


def _overlap(library: Library, there: Mapping[str, str]) -> Finding:
    """Yield a finding where several distributions are installed over each other: removing or renewing one breaks the
    other."""
    names = " and ".join(f"{name} {version}" for name, version in there.items())
    text = f"{names} are both installed, and each overwrites the other's files"
    again = f"pip install --force-reinstall --no-deps '{library.name}{_requirement(library)}'"
    return Finding(PART, "problem", text, f"pip uninstall -y {' '.join(there)} && {again}")


def _requirement(library: Library) -> str:
    if library.exact:
        return f"=={library.exact}"
    bounds = (f">={library.least}" if library.least else "", f"<{library.below}" if library.below else "")
    return ",".join(filter(None, bounds))


def _fits(library: Library, version: str) -> bool:
    if library.exact:
        return version == library.exact
    number = _release(version)
    return (not library.least or number >= _release(library.least)) and (
        not library.below or number < _release(library.below)
    )


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a release, such as (1, 5, 6); a suffix (rc1, .post2) is left out."""
    match = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:  # 2 and 2.0 are one release
        numbers.pop()
    return tuple(numbers)


def _opencv() -> Finding:
    from personaforge.faces.opencv import opencv

    try:
        version = opencv().__version__
    except MissingExtra as error:
        return Finding(PART, "problem", error.message, error.hint)
    return Finding(PART, "ok", f"OpenCV {version} can be loaded, with the system libraries that it needs")


def _git() -> Finding:
    try:
        done = git(None, "--version", seconds=10)
    except GitFailed:
        text = "git is not here: `forge cache gc` needs it in a repository, to keep what its branches name"
        return Finding(PART, "warning", text, "install git")
    return Finding(PART, "ok", done.text)


def _disk(project: Project, now: float) -> list[Finding]:
    """Examine the disk of the store."""
    place = next(folder for folder in (project.state, project.root, *project.root.parents) if folder.is_dir())
    usage = shutil.disk_usage(place)
    text = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.1f} GB free where the store is ({place})"
    level: Level = "problem" if usage.free < NO_DISK else "warning" if usage.free < LITTLE_DISK else "ok"
    hint = "" if level == "ok" else "forge cache gc shows what can go"
    found = [Finding(PART, level, text, hint, {"disk_free": usage.free})]
    kind = file_system(place)
    if kind.startswith(_SHARED):
        text = f"the store is on {kind}: two hosts that build at the same time don't see each other's leases"
        found.append(Finding(PART, "warning", text, "build from one host only, or share by `forge cache push`"))
    closed = [
        project.relative(folder)
        for folder in (project.root, project.state, project.build, project.root / "personas")
        if folder.is_dir() and not os.access(folder, os.W_OK)
    ]
    if closed:
        found.append(Finding(PART, "problem", f"can't write to {listed(closed, 4)}", "ls -ld shows whose they are"))
    return [*found, _clock(project, now)]


def _clock(project: Project, now: float) -> Finding:
    """Compare the clock with the newest files: signatures with a time, and certificates, depend on it."""
    shown = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(now))
    written = [(Path(__file__), "forge itself")]
    written += [(project.state / name, f".forge/{name}") for name in ("journal.db", "index.db")]
    for path, name in written:
        try:
            changed = path.stat().st_mtime
        except OSError:
            continue
        if changed > now + _TOLERATED_SECONDS:
            later = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(changed))
            text = f"the clock says {shown}, and {name} was written at {later}"
            return Finding(PART, "warning", text, "set the clock: providers refuse what is signed at a wrong time")
    return Finding(PART, "ok", f"the clock says {shown}")


def file_system(place: Path) -> str:
    """Return the type of the file system that a folder is on, such as `ext4`; empty where the system doesn't say."""
    best, kind = "", ""
    try:
        with open("/proc/mounts", encoding="utf-8", errors="replace") as file:
            mounts = [line.split() for line in file]
    except OSError:
        return ""
    for fields in mounts:
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = point == "/" or str(place) == point or str(place).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
