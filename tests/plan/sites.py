"""The two projects that states are tried on, built once.

In `local` all is drawn here: free, and the same bytes every time. In `hosted` all is bought, and no two answers are
ever the same: the ledger counts every call, so that paying twice shows.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from personaforge.digest import digest_file
from personaforge.providers import table
from personaforge.providers.protocols import Blob, Reply, Request
from personaforge.spec import load
from personaforge.spec.load import Loader
from personaforge.testing import ColorAnalyzers, Scripted, drawn, write_project
from personaforge.workspace.workspace import BuildOptions, Workspace

ID = "ana"

LOCAL = {
    f"personas/{ID}.yaml": """\
id: ana
brief: Italian baker in her forties who films her oven at dawn.
seed: 5
pipeline: small
matrix: few
motion: one
identity: {anchor: {candidates: 2}, max_attempts: 2, accept_threshold: 0.8}
image: {width: 64, height: 80}
video: {fps: 2, sizes: {"9:16": {width: 36, height: 64}}}
""",
    "conf/pipeline/small.yaml": """\
name: small
steps:
  soul: {kind: draft, section: soul, template: text/soul.j2, schema: soul, provider: "${text.provider}",
         model: "${text.models.deep}", temperature: 1.0, max_tokens: 500, tags: [text]}
  surface: {kind: draft, section: surface, needs: [soul], template: text/surface.j2, schema: surface, tags: [text],
            provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  dna: {kind: draft, section: dna, needs: [surface], template: text/dna.j2, schema: dna, tags: [text],
        provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  profile: {kind: profile, needs: [soul, surface, dna]}
  matrix: {kind: matrix, needs: [profile]}
  placement: {kind: placement, needs: [profile], provider: "${image.provider}"}
  candidate: {kind: candidate, needs: [profile, matrix, placement], template: image/heia.j2,
              provider: "${image.provider}", model: "${image.model}"}
  anchor: {kind: anchor, needs: [candidate], tags: [identity]}
  image: {kind: image, positions: matrix.positions, needs: [profile, matrix, anchor], template: image/heia.j2,
          provider: "${image.provider}", model: "${image.model}", tags: [media]}
  video: {kind: video, needs: [profile, matrix, anchor], template: video/motion.j2, provider: "${video.provider}",
          model: "${video.model}", tags: [media]}
  document: {kind: document, needs: [profile, candidate, anchor, image, video]}
  sheet: {kind: sheet, needs: [anchor, image]}
""",
    "conf/matrix/few.yaml": """\
anchor: "01"
scenes: {plain: {text: a plain wall, colors: ["#eeeeee", "#cccccc"]}}
positions:
  "01": &p {tier: identity, name: anchor, distance: headshot, yaw: 0, pitch: 0, expression: neutral,
            gaze: into the camera, pose: still, scene: plain, light: even soft light, wardrobe: 1, tags: [frontal]}
  "02": {<<: *p, name: smiling, expression: soft smile}
  "03": {<<: *p, name: turned, yaw: -24}
utility: {}
""",
    "conf/motion/one.yaml": """\
types:
  wave: {description: she waves, seconds: 1, aspect: "9:16", distance: headshot, scene: plain, wardrobe: 1,
         keys: [{at: 0, yaw: 0, pitch: 0, expression: neutral}, {at: 1, yaw: 0, pitch: 0, expression: smile}]}
""",
}

HOSTED = {
    f"personas/{ID}.yaml": """\
id: ana
brief: A calm gardener who talks to her roses.
seed: 3
pipeline: small
matrix: few
motion: one
text: bought
image: bought
video: bought
defaults: [{override /identity: insightface}]
identity: {anchor: {candidates: 2}, max_attempts: 3, accept_threshold: 0.8}
""",
    "conf/pipeline/small.yaml": """\
name: small
steps:
  soul: {kind: draft, section: soul, template: soul.j2, system: system.j2, schema: soul, tags: [text], retries: 1,
         provider: "${text.provider}", model: "${text.models.deep}", temperature: 1.0, max_tokens: 500}
  surface: {kind: draft, section: surface, needs: [soul], template: surface.j2, system: system.j2, schema: surface,
            retries: 1, tags: [text], provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5,
            max_tokens: 300}
  dna: {kind: draft, section: dna, needs: [surface], template: dna.j2, system: system.j2, schema: dna, retries: 1,
        tags: [text], provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  audit: {kind: review, section: audit, needs: [soul, surface, dna], template: audit.j2, system: system.j2,
          schema: audit, provider: "${text.provider}", model: "${text.models.deep}", temperature: 0.1,
          max_tokens: 300, threshold: 3.5, rounds: 1}
  profile: {kind: profile, needs: [audit]}
  matrix: {kind: matrix, needs: [profile]}
  candidate: {kind: candidate, needs: [profile, matrix], template: image.j2, provider: "${image.provider}",
              model: "${image.model}"}
  anchor: {kind: anchor, needs: [candidate], tags: [identity]}
  image: {kind: image, positions: matrix.positions, needs: [profile, matrix, anchor], template: image.j2,
          provider: "${image.provider}", model: "${image.model}", tags: [media]}
  video: {kind: video, needs: [profile, matrix, anchor], template: clip.j2, provider: "${video.provider}",
          model: "${video.model}", tags: [media]}
  document: {kind: document, needs: [profile, candidate, anchor, image, video]}
  sheet: {kind: sheet, needs: [anchor, image]}
""",
    "conf/matrix/few.yaml": """\
anchor: "01"
scenes: {plain: {text: a plain wall, colors: ["#eeeeee", "#cccccc"]}}
positions:
  "01": &p {tier: identity, name: anchor, distance: headshot, yaw: 0, pitch: 0, expression: neutral, gaze: camera,
            pose: still, scene: plain, light: soft, wardrobe: 1, tags: [frontal]}
  "02": {<<: *p, name: smiling, expression: smile}
  "03": {<<: *p, name: turned, yaw: -24}
  "04": {<<: *p, name: veiled, yaw: 40}
utility: {}
""",
    "conf/motion/one.yaml": LOCAL["conf/motion/one.yaml"],
    "conf/text/bought.yaml": """\
provider: bought
models: {light: small-1, standard: small-1, deep: deep-1}
timeout_seconds: 5
prices: {deep-1: {input: 10, output: 50}, small-1: {input: 1, output: 5}}
""",
    "conf/image/bought.yaml": "{provider: bought, model: img-1, width: 16, height: 16, prices: {img-1: 0.04}}",
    "conf/video/bought.yaml": """\
{provider: bought, model: vid-1, fps: 4, sizes: {"9:16": {width: 36, height: 64}}, prices: {vid-1: 0.1}}
""",
    "conf/schema/soul.yaml": """\
type: object
additionalProperties: false
required: [desire]
properties: {desire: {type: string}}
""",
    "conf/schema/surface.yaml": """\
type: object
additionalProperties: false
required: [name, age]
properties: {name: {type: string}, age: {type: integer}}
""",
    "conf/schema/dna.yaml": """\
type: object
additionalProperties: false
required: [eyes]
properties: {eyes: {enum: [brown, green]}}
""",
    "templates/system.j2": "You draft personas.",
    "templates/soul.j2": "{{ brief }}\n{% for p in problems %}Mend: {{ p }}\n{% endfor %}",
    "templates/surface.j2": "Who wants {{ sections.soul.desire }}? Keep {{ pinned }}.",
    "templates/dna.j2": "Eyes of {{ sections.surface.name }}. Keep {{ pinned }}.",
    "templates/audit.j2": "Read {{ sections }}.",
    "templates/image.j2": "{{ profile.surface.name }}, eyes {{ profile.dna.eyes }}, {{ position.expression }}, "
    "yaw {{ position.yaw }}, {{ scene.text }}{% if attempt %}, SAME FACE ({{ attempt }}){% endif %}",
    "templates/clip.j2": "{{ profile.surface.name }} {{ motion.description }}",
}

SKIN = (200, 120, 90)
NEAR = (200, 160, 20)
"""The first attempt of 03: passes at 0.8, and not when the threshold is raised."""
FAR = (20, 90, 230)
"""Every attempt of 04: rejected at 0.8, and passes when the threshold is lowered."""


@functools.cache
def clip(number: int) -> bytes:
    """Return a real WebM clip that is like no other number's."""
    import cv2
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/c.webm"
        writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"VP80"), 4, (32, 32))
        for index in range(3):
            frame = np.full((32, 32, 3), SKIN[::-1], dtype=np.uint8)
            frame[:2, : 2 + index] = 255
            frame[16:24, 16:24, 0] = 40 * (number % 6)
            frame[24:, 16:24, 1] = 40 * (number // 6 % 6)
            writer.write(frame)
        writer.release()
        return Path(path).read_bytes() + b""


class Ledger:
    """The providers of `hosted`: whatever is asked of them is counted, and answered as never before."""

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()
        common: dict[str, Any] = {"paid": True, "cost_usd": 0.01}
        text = frozenset({"system", "prompt", "schema", "section", "context", "temperature", "max_tokens", "seed"})
        drawn = frozenset({"prompt", "seed", "attempt", "reference", "width", "height"})
        self._providers = (
            Scripted(self._text, "text", text, **common),
            Scripted(self._picture, "image", drawn, **common),
            Scripted(self._clip, "video", drawn, **common),
        )
        self.register()

    def register(self) -> None:
        for provider in self._providers:
            provider.register("bought")

    def _next(self) -> int:
        with self._lock:
            self.calls += 1
            return self.calls

    def _text(self, request: Request) -> Reply:
        number = self._next()
        marks = ("coherence", "depth", "cultural_fidelity", "voice_distinctiveness", "realism")
        pinned = request.fields["context"]["pinned"]
        answer: Any = {
            "soul": {"desire": f"to be left in peace for {number} days"},
            "surface": {"name": f"Ana {number}", "age": 44, **pinned},
            "dna": {"eyes": "brown", **pinned},
            "audit": {"scores": dict.fromkeys(marks, 4.0 + number % 7 / 10), "findings": []},
        }[request.fields["section"]]
        return Reply(text=json.dumps(answer))

    def _picture(self, request: Request) -> Reply:
        prompt = request.fields["prompt"]
        color = FAR if "yaw 40" in prompt else NEAR if "yaw -24" in prompt and "SAME" not in prompt else SKIN
        return Reply(blob=Blob(drawn(color, request.fields, f"number {self._next()}"), "image/png"))

    def _clip(self, request: Request) -> Reply:
        return Reply(blob=Blob(clip(self._next()), "video/webm"))


@dataclass
class Site:
    """One of the two projects: built once, and then put back as it was for every case."""

    flavour: str
    folder: Path
    ledger: Ledger
    analyzers: ColorAnalyzers | None = None
    outputs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """(digest, path in the build folder) of what each node came to when it was first built."""
    fresh_lock: bytes = b""
    fresh_build: dict[str, str] = field(default_factory=dict)
    _base: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @property
    def lock(self) -> Path:
        return self.root / f"personas/{ID}.lock.yaml"

    @property
    def build_folder(self) -> Path:
        return self.root / "build" / ID

    def open(self, pack: str = "") -> Workspace:
        space = Workspace.open((), str(self.root))
        if self.analyzers is not None:
            space.analyzers = ColorAnalyzers(pack) if pack else self.analyzers
        return space

    def blob(self, digest: str) -> Path:
        return self.root / ".forge/blobs" / digest[:2] / digest

    def settle(self) -> None:
        """Build the project for the first time, and keep it to start every case from."""
        write_project(self.root, {}, LOCAL if self.flavour == "local" else HOSTED)
        with self.open() as space:
            report = space.build(space.plan(()), BuildOptions(jobs=1))
        bad = {
            node.id: (node.end, node.error) for node in report.nodes.values() if node.end not in ("done", "rejected")
        }
        assert not bad, bad
        with self.open() as space:
            assert not space.plan(()).has_changes
            for node in space.plan(()).nodes():
                result = space.store.index.result(node.id)
                assert result is not None
                outputs = result.outcome.outputs.values()
                self.outputs[node.shape.name] = [(one.artifact.digest, one.path) for one in outputs]
        _checkpoint(self.root / ".forge/index.db")
        self.fresh_lock = self.lock.read_bytes()
        self.fresh_build = files(self.build_folder)
        shutil.copytree(self.root, self.folder / "base")

    def restart(self) -> None:
        """Put the project back as it was built."""
        base = self.folder / "base"
        if not self._base:
            self._base = stats(base)
        for path, stat in stats(self.root).items():
            if self._base.get(path) != stat:
                (self.root / path).unlink()
        for path in self._base:
            target = self.root / path
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                if path.startswith((".forge/blobs/", ".forge/records/")):  # never written in place
                    os.link(base / path, target)
                else:
                    shutil.copy2(base / path, target)

    def edit(self, path: str, *pairs: tuple[str, str]) -> None:
        file = self.root / path
        text = file.read_text()
        for old, new in pairs:
            assert old in text, (old, text)
            text = text.replace(old, new)
        file.write_text(text)

    def lose(self, *nodes: str, file: bool = True, blob: bool = True) -> None:
        """Remove what nodes came to from the store, and their files from the build folder."""
        for node in nodes:
            for digest, _ in self.outputs[node]:
                if blob:
                    self.blob(digest).unlink(missing_ok=True)
                if file:
                    for name, held in self.fresh_build.items():
                        if held == digest:
                            (self.build_folder / name).unlink(missing_ok=True)

    def forget(self, *parts: str) -> None:
        """Remove parts of the project: `.forge`, `build`, `.forge/blobs`, `.forge/index.db*`."""
        for part in parts:
            for path in self.root.glob(part):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def unpin(self, *nodes: str) -> None:
        """Take nodes' lines out of the lock."""
        lines = self.lock.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(tuple(f"  {node}: " for node in nodes))]
        assert len(kept) == len(lines) - len(nodes), nodes
        self.lock.write_text("".join(kept))

    def repoint(self, node: str, digest: str) -> None:
        """Have a node's line in the lock name another artifact."""
        (old,) = self.pins()[node].values()
        lines = self.lock.read_text().splitlines(keepends=True)
        self.lock.write_text("".join(x.replace(old, digest) if x.startswith(f"  {node}: ") else x for x in lines))

    def built(self) -> dict[str, str]:
        """Return the digest of every file in the build folder, by path."""
        return files(self.build_folder)

    def pins(self, field: str = "outputs") -> dict[str, Any]:
        """Return what the lock says by node: the digests that it pins, or another field."""
        if not self.lock.exists():
            return {}
        lines = (line.strip().partition(": ") for line in self.lock.read_text().splitlines())
        return {name: json.loads(value)[field] for name, _, value in lines if value.startswith("{")}


@contextmanager
def sites(folder: Path) -> Iterator[dict[str, Site]]:
    """Yield both projects, built. To be quick, what is composed is kept for the other cases, most of which compose the
    same, forge's own files are looked at once, and nothing is synced, since no power cut is tried here."""
    known: dict[str, Any] = {}
    signature, compose = load.code_signature(), Loader._compose

    def composed(self: Loader, file: Path, overrides: Sequence[str]) -> dict[str, Any]:
        key = self._key(file, overrides)
        if key not in known:
            known[key] = compose(self, file, overrides)
        return dict(known[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "_TABLE", dict(table._TABLE))
        patch.setattr(Loader, "_compose", composed)
        patch.setattr(load, "code_signature", lambda: signature)
        patch.setattr(os, "fsync", lambda file: None)
        ledger = Ledger()
        found = {
            "local": Site("local", folder / "local", ledger),
            "hosted": Site("hosted", folder / "hosted", ledger, ColorAnalyzers()),
        }
        for site in found.values():
            site.settle()
        yield found


def stats(root: Path) -> dict[str, tuple[int, int]]:
    """Return (size, time of change) of every file in a folder."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            found[os.path.relpath(path, root)] = (stat.st_size, stat.st_mtime_ns)
    return found


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): digest_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _checkpoint(database: Path) -> None:
    """Bring a database into one file, so that a copy of the folder is a copy of it."""
    connection = sqlite3.connect(database)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
