"""Is the plan what the build does? A table of states, and what compares the two, node by node.

A state is what was done to a built project before it is planned: to its configuration, its lock, its store, its build
folder, its index. A case is a state and the flags of a command. `try_case` plans it, builds what was planned, plans
again, and returns every difference between what was said and what came to pass.

There are two projects. In `local` all is drawn here: free, and the same bytes every time. In `hosted` all is bought,
and no two answers are ever the same: the ledger counts every call, so that paying twice shows.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import sqlite3
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personaforge.cli.since import plan_since
from personaforge.digest import digest_file
from personaforge.errors import PersonaForgeError
from personaforge.plan.plan import WORKING, Asked, Plan, PlannedNode
from personaforge.providers import table
from personaforge.providers.protocols import Blob, Reply, Request
from personaforge.run.runner import BuildReport, NodeReport
from personaforge.spec.load import Loader
from personaforge.testing import ColorMeasurers, Scripted, png, write_project
from personaforge.workspace import BuildOptions, Workspace

ID = "ana"
PLAIN = Asked()
STICKY = ("placement", "candidate", "anchor")
"""Steps whose pins no build replaces unless it is asked to by name."""

# --- the two projects ---

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
        writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"VP80"), 4, (32, 32))
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
        return Reply(blob=Blob(png(color, width=16, height=16, note=f"number {self._next()}"), "image/png"))

    def _clip(self, request: Request) -> Reply:
        return Reply(blob=Blob(clip(self._next()), "video/webm"))


@dataclass
class Site:
    """One of the two projects: built once, and then put back as it was for every case."""

    flavour: str
    folder: Path
    ledger: Ledger
    measurers: Any = None
    outputs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """(digest, path in the build folder) of what each node came to when it was first built."""
    fresh_lock: bytes = b""
    fresh_build: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @property
    def lock(self) -> Path:
        return self.root / f"personas/{ID}.lock.yaml"

    @property
    def build_folder(self) -> Path:
        return self.root / "build" / ID

    def open(self) -> Workspace:
        space = Workspace.open((), str(self.root))
        if self.measurers is not None:
            space.measurers = self.measurers
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
                outcome = json.loads(space.store.index.node_body(node.id) or "{}")["outcome"]
                self.outputs[node.shape.name] = [(o["digest"], o["path"]) for o in outcome["outputs"].values()]
        _checkpoint(self.root / ".forge/index.db")
        self.fresh_lock = self.lock.read_bytes()
        self.fresh_build = _files(self.build_folder)
        shutil.copytree(self.root, self.folder / "base")

    def restart(self) -> None:
        """Put the project back as it was built."""
        shutil.rmtree(self.root)
        shutil.copytree(self.folder / "base", self.root, copy_function=_linked_or_copied)

    # --- what is done to it ---

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

    def pins(self) -> dict[str, dict[str, str]]:
        """Return the digests that the lock pins, by node."""
        if not self.lock.exists():
            return {}
        lines = (line.strip().partition(": ") for line in self.lock.read_text().splitlines())
        return {name: json.loads(value)["outputs"] for name, _, value in lines if value.startswith("{")}


@contextmanager
def sites(folder: Path) -> Iterator[dict[str, Site]]:
    """Yield both projects, built. What is composed is kept beside them, since every case composes nearly the same."""
    providers, compose, known, fsync = dict(table._TABLE), Loader._compose, {}, os.fsync

    def composed(self: Loader, file: Path, overrides: Sequence[str]) -> dict[str, Any]:
        key = self._key(file, overrides)
        if key not in known:
            known[key] = compose(self, file, overrides)
        return dict(known[key])

    try:
        os.fsync = lambda file: None  # no power cut is tried here
        Loader._compose = composed  # type: ignore[method-assign]
        ledger = Ledger()
        found = {
            "local": Site("local", folder / "local", ledger),
            "hosted": Site("hosted", folder / "hosted", ledger, ColorMeasurers()),
        }
        for site in found.values():
            site.settle()
        yield found
    finally:
        os.fsync = fsync
        Loader._compose = compose  # type: ignore[method-assign]
        table._TABLE.clear()
        table._TABLE.update(providers)


# --- cases ---


@dataclass(frozen=True)
class Case:
    """A state, the flags of a command, and what is right to say and to come to."""

    name: str
    flavour: str
    what: str
    """What was done, in words for docs/design/states.md."""
    does: Callable[[Site], None]
    says: Mapping[str, str] = field(default_factory=dict)
    """The right state of some nodes, by name."""
    comes: Mapping[str, str] = field(default_factory=dict)
    """How some nodes must end; `nothing` for those that the build doesn't touch."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What the reasons of some nodes must say."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """What the reasons of some nodes must not say."""
    bought: int | None = None
    """How many calls are right to buy."""
    heals: bool = False
    """Whether lock and build folder must end as they were first built."""
    asked: Asked = PLAIN
    since: str = ""
    """--changed-since."""
    refused: str = ""
    """What the plan must refuse with, in place of a plan."""
    may_refuse: bool = False
    """Whether refusing is as good as what `says` says."""
    after: Callable[[Site], str] = lambda site: ""
    """Further looks at the project: returns what is wrong."""


@dataclass
class Seen:
    """What became of a case."""

    plan: Plan | None = None
    report: BuildReport | None = None
    bought: int = 0
    error: str = ""


def try_case(site: Site, case: Case) -> tuple[list[str], Seen]:
    """Return every difference between what the plan says, what is right, and what the build does; and what was seen."""
    site.restart()
    case.does(site)
    return compare(site, case)


def compare(site: Site, case: Case) -> tuple[list[str], Seen]:
    """Plan, build, plan again, and compare; see `try_case`."""
    lies: list[str] = []
    seen = Seen()
    tree, calls, pins = _tree(site.root), site.ledger.calls, site.pins()
    with site.open() as space:
        rows = space.store.index.nodes(ID)
        try:
            plan = _planned(space, case)
        except PersonaForgeError as error:
            seen.error = f"{error} {error.hint}"
            if not (case.refused and case.refused in seen.error) and not case.may_refuse:
                lies.append(f"plan refuses: {seen.error}")
            return lies, seen
        except Exception as error:
            return [f"plan crashes: {type(error).__name__}: {error}"], seen
        seen.plan = plan
        if case.refused:
            lies.append(f"plan does not refuse with {case.refused!r}")
        if site.ledger.calls != calls:
            lies.append("the plan called a provider")
        if _tree(site.root) != tree or space.store.index.nodes(ID) != rows:
            lies.append("the plan wrote something")
        told = {node.shape.name: node for node in plan.nodes()}
        lies += _right_words(case, told)
        before = _actions(site)
        try:
            report = space.build(plan, BuildOptions(jobs=1, keep_going=True))
        except PersonaForgeError as error:
            return [*lies, f"build refuses: {error} {error.hint}"], seen
        except Exception as error:
            return [*lies, f"build crashes: {type(error).__name__}: {error}"], seen
    seen.report = report
    seen.bought = site.ledger.calls - calls
    bought = Counter(record["node"] for name, record in _actions(site).items() if name not in before and record["paid"])
    ends = {name.partition("/")[2]: node for name, node in report.nodes.items()}
    for name, node in told.items():
        lies += [f"{name}: {text}" for text in _differences(node, ends.get(name), bought[name], ends)]
    for name, right in case.comes.items():
        end = ends[name].end if name in ends else "nothing"
        if end not in right.split("|"):
            lies.append(f"{name}: build ends {end}, and {right} would be right")
    if sum(bought.values()) != seen.bought:
        lies.append(f"{seen.bought} calls were made, and {sum(bought.values())} are on record")
    low, high = plan.estimate.calls_min, plan.estimate.calls_max
    if not low <= seen.bought <= high:
        lies.append(f"{seen.bought} calls bought, and the plan says {low} to {high}")
    if case.bought is not None and seen.bought != case.bought:
        lies.append(f"{seen.bought} calls bought, and {case.bought} would be right")
    lies += _pins_that_moved(case, pins, site.pins(), told, ends)
    lies += _said_again(site, case, plan)
    if case.heals:
        files = _files(site.build_folder)
        lies += [f"{path} is not as it was" for path, held in site.fresh_build.items() if files.get(path) != held]
        if site.lock.read_bytes() != site.fresh_lock:
            lies.append(f"the lock is not as it was: {_lock_difference(site)}")
    wrong = case.after(site)
    return lies + ([wrong] if wrong else []), seen


def _planned(space: Workspace, case: Case) -> Plan:
    if case.since:
        return plan_since(space, [], case.since, case.asked)[1]
    return space.plan((), case.asked)


def _right_words(case: Case, told: Mapping[str, PlannedNode]) -> Iterator[str]:
    for name, state in case.says.items():
        found = told[name].state if name in told else "gone"
        if found not in state.split("|"):
            yield f"{name}: plan says {found}, and {state} would be right"
    for words, wanted in ((case.words, True), (case.silent, False)):
        for name, text in words.items():
            said = "; ".join(reason.text for reason in told[name].reasons)
            if (text in said) is not wanted:
                yield f"{name}: plan says {said!r}, {'without' if wanted else 'with'} {text!r}"


def _differences(
    node: PlannedNode, done: NodeReport | None, bought: int, ends: Mapping[str, NodeReport]
) -> Iterator[str]:
    """Compare what the plan says of one node with what the build did about it."""
    end = done.end if done is not None else "nothing"
    performed = done.tally.performed if done is not None else 0
    why = f": {done.error}" if done is not None and done.error else ""
    low, high = node.estimate.calls_min, node.estimate.calls_max
    if not low <= bought <= high:
        yield f"{bought} calls bought, and the plan says {low} to {high}"
    upstream = any(ends[need].end in ("rejected", "skipped") for need in node.shape.needs if need in ends)
    if node.state in ("cached", "pinned", "blocked", "left"):
        if end not in ("nothing", "unchanged") or performed:
            yield f"plan says {node.state}, build ends {end} with {performed} actions{why}"
    elif node.state == "missing":
        if end not in ("nothing", "failed") or performed:
            yield f"plan says missing, build ends {end} with {performed} actions{why}"
    elif node.state == "restore":
        gated = end == "rejected" and done is not None and done.outcome is not None and not done.outcome.passed
        if (end != "restored" and not gated) or bought:
            yield f"plan says restore, build ends {end} with {performed} actions{why}"
    elif node.state == "maybe":
        if end not in ("done", "unchanged", "restored", "rejected") and not (end == "skipped" and upstream):
            yield f"plan says maybe, build ends {end}{why}"
    elif end == "skipped" and upstream:
        pass  # nobody could know that what it needs would fail its gate
    elif end not in ("done", "rejected"):
        yield f"plan says run, build ends {end} with {performed} actions{why}"
    elif not performed and not _writes_something(node, done):
        yield f"plan says run, build ends {end} without an action"


def _writes_something(node: PlannedNode, done: NodeReport | None) -> bool:
    """Tell whether a node that performs nothing has something to do all the same: a pin or an outcome to note."""
    codes = {reason.code for reason in node.reasons}
    return bool(codes & {"pin", "new", "issued", "repin"}) or (
        done is not None
        and done.outcome is not None
        and node.row is not None
        and done.outcome.digest != node.row.outcome
    )


def _pins_that_moved(
    case: Case,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    told: Mapping[str, PlannedNode],
    ends: Mapping[str, NodeReport],
) -> Iterator[str]:
    for name, outputs in before.items():
        if after.get(name) == outputs or name not in told:
            continue
        sticky = name.partition("/")[0] in STICKY
        if sticky and not case.asked.repin:
            yield f"{name}: the sticky pin changed without --repin"
        elif not sticky and name not in ends:
            yield f"{name}: its pin changed, and the build did nothing about it"
        elif not sticky and told[name].state not in ("run", "maybe", "restore"):
            yield f"{name}: its pin changed, and the plan says {told[name].state}"


def _said_again(site: Site, case: Case, first: Plan) -> Iterator[str]:
    """Plan the same again without wishes: there must be nothing left to do, but for what stays missing."""
    from dataclasses import replace

    again = replace(case, asked=replace(case.asked, force=(), repin=()))
    try:
        with site.open() as space:
            plan = _planned(space, again)
    except Exception as error:
        yield f"the second plan fails: {type(error).__name__}: {error}"
        return
    missing = {node.id for node in first.nodes() if node.state == "missing"}
    for node in plan.nodes():
        # What could not be made for want of a missing need still waits for it.
        waits = any(f"{ID}/{need}" in missing for need in _above(plan, node))
        if (node.state in WORKING or (node.state == "missing" and node.id not in missing)) and not waits:
            reasons = "; ".join(reason.text for reason in node.reasons)
            yield f"{node.shape.name}: the second plan says {node.state} ({reasons})"


def _above(plan: Plan, node: PlannedNode) -> set[str]:
    nodes = plan.personas[0].nodes
    found: set[str] = set()
    todo = list(node.shape.needs)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += nodes[name].shape.needs
    return found


def _linked_or_copied(source: str, target: str) -> str:
    """Link what is never written in place, which is most of a project, and copy the rest."""
    if "/.forge/blobs/" in source or "/.forge/records/" in source:
        os.link(source, target)
        return target
    return str(shutil.copy2(source, target))


def _actions(site: Site) -> dict[str, dict[str, Any]]:
    """Return all action records by file name: node within the persona, and whether it was paid for."""
    found = {}
    for path in (site.root / ".forge/records/actions").rglob("*.json"):
        record = json.loads(path.read_bytes())
        found[path.name] = {"node": record["node"].partition("/")[2], "paid": record["paid"]}
    return found


def _tree(root: Path) -> dict[str, tuple[int, int]]:
    """Return (size, time of change) of every file that a plan must not touch. The index is also a cache of specs."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            if not name.startswith("index.db"):
                stat = os.lstat(os.path.join(folder, name))
                found[os.path.join(folder, name)] = (stat.st_size, stat.st_mtime_ns)
    return found


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): digest_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _lock_difference(site: Site) -> str:
    old, new = (
        dict(line.partition(": ")[::2] for line in text.decode().splitlines())
        for text in (site.fresh_lock, site.lock.read_bytes())
    )
    return ", ".join(name.strip() for name in sorted({*old, *new}) if old.get(name) != new.get(name))


def _checkpoint(database: Path) -> None:
    """Bring a database into one file, so that a copy of the folder is a copy of it."""
    connection = sqlite3.connect(database)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
