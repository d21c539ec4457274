"""A project to plan in: composed and built once for a module, then planned as a user's edits would have it.

Planning writes nothing, so every test may plan the same store. What a test does to files is undone after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from personaforge.plan.issued import Issued
from personaforge.plan.plan import PersonaPlan, Plan, PlannedNode, Selection
from personaforge.plan.planner import Planner
from personaforge.plan.resolver import NodeResolver
from personaforge.providers import table
from personaforge.providers.protocols import Blob, Reply
from personaforge.providers.table import KNOWN
from personaforge.spec.load import Loaded, Loader
from personaforge.testing import Scripted, scripted_images, scripted_text, write_project
from personaforge.workspace.workspace import Workspace
from tests.run.conftest import FILES, PERSONA, SKIN, Studio, answer, clip

_KEPT = (".forge", "build", "personas", "templates")


@dataclass
class Lab:
    """A project, what is open of it, and shorthands."""

    studio: Studio
    space: Workspace
    loader: Loader

    @property
    def file(self) -> Path:
        return self.studio.root / "personas/ana.yaml"

    def load(self, persona: str = PERSONA) -> Loaded:
        """Load the persona from the text that a user would have written."""
        self.file.write_text(persona)
        return self.loader.load(self.file)

    def planned(self, persona: str = PERSONA, **selection: Any) -> Plan:
        return Planner(self.space.plan_context, Selection(**selection)).plan([self.load(persona)])

    def states(self, persona: str = PERSONA, **selection: Any) -> dict[str, str]:
        return {node.shape.name: node.state for node in self.planned(persona, **selection).nodes()}

    def node(self, name: str, persona: str = PERSONA, **selection: Any) -> PlannedNode:
        return self.planned(persona, **selection).personas[0].nodes[name]

    def resolver(self, persona: str = PERSONA, **selection: Any) -> NodeResolver:
        plan: PersonaPlan = self.planned(persona, **selection).personas[0]
        issued = Issued(self.space.store.project, self.space.store.names)
        return NodeResolver(self.space.plan_context, plan, Selection(**selection), issued)


@contextmanager
def lab(folder: Path, *select: str, files: dict[str, str] | None = None, paid: bool = True) -> Iterator[Lab]:
    """Open a project of one persona, paid scripted providers and faces measured by colour; build what is selected."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "_TABLE", dict(table._TABLE))
        root = write_project(folder / "project", {"ana": PERSONA}, {**FILES, **(files or {})})
        films = Scripted(
            lambda request: Reply(blob=Blob(clip(SKIN, request.fields["prompt"]), "video/webm")),
            "video",
            frozenset({"prompt", "seed", "attempt", "reference"}),
            paid=paid,
        )
        studio = Studio(
            root,
            scripted_text(answer, paid=paid).register(),
            scripted_images(lambda request: SKIN, paid=paid).register(),
            films.register(),
        )
        if select:
            studio.build(*(() if select == ("all",) else select))
        with studio.open() as space:
            yield Lab(studio, space, Loader(space.project, space.store.index, domains=KNOWN))


@contextmanager
def undone(root: Path) -> Iterator[None]:
    """Put back afterwards what is done to a project's files. Its databases have to be closed, or only read."""
    copy = root.parent / "as-built"
    for name in _KEPT:
        if (root / name).exists():
            shutil.copytree(root / name, copy / name, symlinks=True)
    try:
        yield
    finally:
        for name in _KEPT:
            shutil.rmtree(root / name, ignore_errors=True)
            if (copy / name).exists():
                shutil.copytree(copy / name, root / name, symlinks=True)
        shutil.rmtree(copy)
