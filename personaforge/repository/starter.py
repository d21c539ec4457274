"""`forge init`: the files that a repository of personas starts with. Writes all of them or none, and never overwrites a
file.

The files are packaged beside this module, under names without a leading dot, so that no tool reads them as its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from personaforge import __version__
from personaforge.repository.new_files import write_new
from personaforge.spec.project import Project
from personaforge.spec.schema import group_schemas
from personaforge.versions import installed_version

FILES = {
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".gitattributes": "gitattributes",
    ".github/workflows/personas.yml": "workflow.yml",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
    ".githooks/pre-commit": "pre-commit",
    "conf/project/settings.yaml": "settings.yaml",
    "personas/mira.yaml": "persona.yaml",
}
"""Path in the new repository -> file beside this module."""
REQUIREMENTS = "requirements.txt"
EDITORS_SCHEMA = "build/schema/persona.schema.json"
"""What the first line of a persona file names: `forge schema -o build/schema` makes it anew. Not in git."""
EXECUTABLE = (".githooks/pre-commit",)
_SHAPING = ("numpy", "opencv-python", "pillow", "onnxruntime", "insightface", "scikit-image")
"""Libraries whose version changes the bytes of drawings, or scores."""


@dataclass(frozen=True)
class Started:
    """A repository that was made."""

    folder: Path
    paths: tuple[str, ...]
    """Paths of the files, inside the folder."""
    notes: tuple[str, ...]
    """What the user still has to do."""


def start(folder: Path, requirement: str | None = None) -> Started:
    """Make a repository of personas in a folder, which may be there already, and hold other files.

    `requirement` is how CI installs forge, as pip takes it; by default the way in which it was installed here. Raises
    Exists when any of the files is there, naming all that are, and StoreError when one can't be written; in both cases
    no file is left behind.
    """
    folder = Path(os.path.abspath(folder))
    source, note = (requirement, "") if requirement is not None else forge_requirement()
    packaged = files("personaforge.repository") / "files"
    texts = {path: (packaged / name).read_text(encoding="utf-8") for path, name in FILES.items()}
    texts["README.md"] = texts["README.md"].replace("@NAME@", folder.name or "personas")
    texts[REQUIREMENTS] = _requirements(source)
    if not (folder / "conf").is_symlink():  # which is refused just below
        texts[EDITORS_SCHEMA] = orjson.dumps(group_schemas(Project(folder))["persona"]).decode() + "\n"
    write_new(folder, texts, EXECUTABLE, hint="name another folder: forge init DIR")
    notes = [note] if note else []
    top = _repository_above(folder)
    if top is not None:
        notes.append(f"this folder lies inside the repository {top}, and GitHub runs workflows of its top folder only")
    return Started(folder, tuple(sorted(texts)), tuple(notes))


def forge_requirement() -> tuple[str, str]:
    """Return how forge was installed, as a line for pip, and a note where another machine can't install it that way.

    Follows PEP 610 (direct_url.json). With a plain name pip would look in an index, where another package may have that
    name; so it is returned only where forge itself came from an index.
    """
    try:
        text = metadata.distribution("personaforge").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        text = "{}"
    if text is None:
        return f"personaforge=={__version__}", ""
    try:
        origin = orjson.loads(text)
        url = str(origin.get("url", ""))
        vcs = origin.get("vcs_info")
        if vcs:
            return f"personaforge @ {vcs['vcs']}+{url}@{vcs['commit_id']}", ""
        if "archive_info" in origin and urlsplit(url).scheme == "https":
            return f"personaforge @ {url}", ""
    except (orjson.JSONDecodeError, KeyError, AttributeError, ValueError):
        pass
    wheel = f"vendor/personaforge-{__version__}-py3-none-any.whl"
    note = f"CI can't install forge from where it is here: put a wheel of it at {wheel}, or change {REQUIREMENTS}"
    return f"./{wheel}", note


def _requirements(source: str) -> str:
    known = {name: installed_version(name) for name in _SHAPING}
    pinned = "".join(f"{name}=={version}\n" for name, version in known.items() if version)
    return (
        f"# What CI and colleagues install: python -m pip install --requirement {REQUIREMENTS}\n{source}\n\n"
        "# Drawings and scores depend on these to the last bit; another version means new measurements.\n" + pinned
    )


def _repository_above(folder: Path) -> Path | None:
    if (folder / ".git").exists():
        return None
    return next((parent for parent in folder.parents if (parent / ".git").exists()), None)
