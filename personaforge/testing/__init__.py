"""Fakes that a user's own tests may use: scripted providers, an analyzer that reads colours, and a project in a folder.

project = write_project(tmp_path, {"ana": "id: ana\nbrief: A calm gardener.\n"})
images = ScriptedImages().register("scripted")
"""

from __future__ import annotations

import hashlib
import struct
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from personaforge.digest import digest_json
from personaforge.providers.capability import Capability
from personaforge.providers.protocols import Blob, Job, Placer, Reply, Request
from personaforge.providers.table import Entry, Options, register
from personaforge.spec.settings import Settings
from personaforge.steps.context import AnalyzerRef
from personaforge.testing.sizes import asked_size


def write_project(root: Path, personas: Mapping[str, str], files: Mapping[str, str] | None = None) -> Path:
    """Write a project's persona files (by stem) and any other files (by path), and return its root."""
    texts = {f"personas/{stem}.yaml": text for stem, text in personas.items()} | dict(files or {})
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def png(color: tuple[int, int, int], *, width: int = 8, height: int = 8, note: str = "") -> bytes:
    """Return a PNG of one colour (sRGB), with a text chunk that makes pictures of the same colour differ."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(color) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    text = chunk(b"tEXt", b"Comment\0" + note.encode("latin-1", "replace"))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + text + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def drawn(color: tuple[int, int, int], body: Mapping[str, Any], note: str = "") -> bytes:
    """Return a PNG of one colour in the size that a provider's request asks for."""
    width, height = asked_size(body)
    return png(color, width=width, height=height, note=note)


@dataclass
class Scripted:
    """A provider that answers by a function, counts its calls, and can be paid, slow, refused or lost."""

    answer: Callable[[Request], Reply]
    modality: str
    reads: frozenset[str]
    paid: bool = False
    deterministic: bool = False
    cost_usd: float | None = 0.0
    polls: int = 0
    """How often `poll` says that the job is still running; 0 answers at once."""
    fail: Callable[[Request, int], Exception | None] | None = None
    """(request, number of the call) -> what to raise instead of answering."""
    calls: list[Request] = field(default_factory=list)
    polled: list[str] = field(default_factory=list)
    label: str = ""
    version: str = "1"
    _jobs: dict[str, Request] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def register(self, name: str = "scripted", placer: Callable[[], Placer] | None = None, **fixed: Any) -> Scripted:
        """Make this provider known under a name, in place of any other; `fixed` is what else its capability says."""
        known = Capability(name, self.modality, self.reads, self.paid, self.deterministic, self.version, self.label)
        fixed = {"places": placer is not None, **fixed}
        register(Entry(known._replace(**fixed), lambda options: self, placer=placer or ""))
        return self

    def __call__(self, options: Options) -> Scripted:
        return self

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """See `personaforge.providers.protocols.Provider`."""
        with self._lock:
            self.calls.append(request)
            number = len(self.calls)
        error = self.fail(request, number) if self.fail is not None else None
        if error is not None:
            raise error
        if not self.polls:
            return self._reply(request)
        job = f"job-{number}"
        self._jobs[job] = request
        return Job(job, 0.0)

    def poll(self, job: Job) -> Reply | Job:
        """See `personaforge.providers.protocols.Provider`."""
        with self._lock:
            self.polled.append(job.id)
            seen = self.polled.count(job.id)
        if seen < self.polls:
            return Job(job.id, 0.0)
        return self._reply(self._jobs[job.id])

    def _reply(self, request: Request) -> Reply:
        reply = self.answer(request)
        return replace(reply, cost_usd=self.cost_usd)


def scripted_images(
    color: Callable[[Request], tuple[int, int, int]] = lambda request: (200, 120, 90),
    size: Callable[[Request], tuple[int, int]] = lambda request: asked_size(request.fields),
    **options: Any,
) -> Scripted:
    """Return an image provider that answers with a picture of one colour, different for each request, in the size that
    is asked for unless `size` says another."""

    def answer(request: Request) -> Reply:
        note = hashlib.sha256(repr(sorted(request.fields.items())).encode()).hexdigest()
        width, height = size(request)
        return Reply(blob=Blob(png(color(request), width=width, height=height, note=note), "image/png"))

    reads = frozenset({"prompt", "seed", "attempt", "reference", "width", "height"})
    return Scripted(answer, "image", reads, **options)


def scripted_text(answer: Callable[[Request], str], **options: Any) -> Scripted:
    """Return a text provider that answers by a function of the request."""
    reads = frozenset({"system", "prompt", "schema", "section", "context", "temperature", "max_tokens", "seed"})
    return Scripted(lambda request: Reply(text=answer(request)), "text", reads, **options)


@dataclass(frozen=True)
class ColorIdentity:
    """Used in place of an analyzer's identity."""

    name: str = "colors"

    def as_json(self) -> dict[str, str]:
        """Return the identity as an action key holds it."""
        return {
            "backend": "scripted",
            "backend_version": "1",
            "pack": self.name,
            "pack_digest": digest_json("scripted", self.name),
            "detector_size": "auto",
        }


class ColorAnalyzers:
    """Measures pictures by their colour: the nearer two mean colours, the nearer their cosine is to 1. A black picture
    shows no face. Used in place of `personaforge.workspace.analyzers.Analyzers`."""

    def __init__(self, name: str = "colors") -> None:
        self.identity = ColorIdentity(name)
        self.measured = 0

    def of(self, settings: Settings) -> AnalyzerRef:
        """Return the analyzer's identity."""
        return AnalyzerRef(self.identity.as_json())

    def analyzer(self, identity: Mapping[str, str]) -> Any:
        """Return the analyzer."""
        return self

    def read(self, pixels: Any) -> tuple[Any, ...]:
        """See `personaforge.faces.analyzer.FaceAnalyzer`."""
        import numpy as np

        from personaforge.faces.analyzer import Face

        self.measured += 1
        mean = pixels.reshape(-1, 3).mean(axis=0)
        if float(mean.max()) < 1:
            return ()
        direction = np.zeros(512, dtype=np.float32)
        direction[:3] = mean / np.linalg.norm(mean)
        height, width = pixels.shape[:2]
        box = np.array([0.1 * width, 0.1 * height, 0.9 * width, 0.9 * height], dtype=np.float32)
        points = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.75], [0.65, 0.75]], dtype=np.float32)
        return (Face(box, 0.9, direction, points * np.array([width, height], dtype=np.float32)),)
