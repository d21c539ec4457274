"""What a project's pictures are for: `licence_use` in conf/project/settings.yaml.

A setting of the project alone, as `plugins` is: neither a persona nor the command line may loosen what the project says
of itself. Without it nothing is refused, as if it were `research`: a project that was made before the setting exists
goes on, and whoever earns money with pictures has to say so once. `forge init` writes it.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from personaforge.errors import Problem, SpecError
from personaforge.spec.plugins import SETTINGS
from personaforge.spec.project import Project
from personaforge.spec.source import parse_source, read_bounded

LicenceUse = Literal["commercial", "research"]
NAME: Final = "licence_use"
_PLAIN = re.compile(rb"licence_use: *(commercial|research)(?: +#.*)?")


def licence_use(project: Project) -> LicenceUse | None:
    """Return what the project says; None where it doesn't. Raises SpecError for another value."""
    path = project.root / SETTINGS
    written = read_bounded(path, SETTINGS, root=project.root) if path.exists() else b""
    if NAME.encode() not in written:
        return None
    lines = [line for line in written.split(b"\n") if NAME.encode() in line and not line.lstrip().startswith(b"#")]
    plain = _PLAIN.fullmatch(lines[0].rstrip()) if len(lines) == 1 else None
    if plain is not None:  # as `forge init` writes it: a build with nothing to do needs no YAML library
        return "commercial" if plain[1] == b"commercial" else "research"
    import yaml

    source = parse_source(written, path, SETTINGS)
    data: Any = yaml.load(source.text, yaml.CSafeLoader)
    if not isinstance(data, dict) or NAME not in data:
        return None
    found = data[NAME]
    if found == "commercial":
        return "commercial"
    if found == "research":
        return "research"
    text = f"found {found!r:.80}, expected commercial or research"
    raise SpecError(Problem(source.where((NAME,)), NAME, text, f"{NAME}: commercial"))
