"""A person's own choice of an anchor: a picture of theirs (`set_anchor`), or another candidate (`choose_anchor`).

Who decided, why, when and on what is kept twice: as an immutable action record of kind `anchor`, whose output is the
picture, and in the facts of the anchor's line in the lock, whose key names that record. Nothing is drawn, and nothing
pinned is replaced unless the caller says so; the next plan shows what follows from the new face. The record comes
before the lock's line, so if the process dies, the anchor is either the old one or the new one.

with Workspace.open(["nova"]) as space:
    set_anchor(space, "nova", "photos/nova.jpg", by="Ana <ana@example.org>", reason="the client's choice")
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from personaforge.digest import digest_bytes
from personaforge.domains import DRAWINGS, PHOTOGRAPHS
from personaforge.errors import PersonaForgeError, PlanError, StoreError
from personaforge.faces.measure import measure_image
from personaforge.faces.packs import declared_of
from personaforge.faces.photo import file_format
from personaforge.git import GitFailed, git
from personaforge.identity.anchor import Choice, choose
from personaforge.identity.score import in_domain
from personaforge.measuring.measurements import drawn_here, identity_of, kept_name, read_file
from personaforge.media.provenance import carries_face, with_domain
from personaforge.plan.contents import Contents
from personaforge.plan.graph import Shape, lay_out
from personaforge.plan.renamed import kind_of, lock_name, renamed_steps
from personaforge.results.results import Results
from personaforge.run.records import keep_record
from personaforge.spec.load import Loaded
from personaforge.spec.settings import Settings
from personaforge.steps.action import Action
from personaforge.steps.context import ANCHOR
from personaforge.steps.images import CANDIDATE, IMAGE
from personaforge.steps.measurement import measure_action, share
from personaforge.store.artifact import Artifact
from personaforge.store.lockfile import LockFile, Pin, pin_of, read_lock
from personaforge.store.store import Store
from personaforge.workspace.workspace import Workspace

MIN_PHOTOGRAPHED = 80
"""Pixels of a photographed face's longer side below which it is no reference: recognisers read 112
pixels, and a face that is enlarged further has lost its detail."""
TURNED = 30.0
"""Degrees of yaw or pitch beyond which an anchor is worth a remark: frontal pictures compare best."""
_KEPT = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
"""Formats that are kept as they are."""
_MEASURED = ("width", "height", "faces", "box", "detection", "sharpness", "pose")
_MADE = ("model", "provider", "label", "seed")
_MAX_TEXT = 500


class NeedsRepin(PlanError):
    """A persona has another anchor already."""

    def __init__(self, persona: str, old: str, new: str) -> None:
        super().__init__(
            f"{persona} has the anchor {old[:12]}, and {new[:12]} would take its place",
            hint="nothing was changed; --repin replaces it, and every picture is then made again by the next build",
        )
        self.old, self.new = old, new


class Decided(NamedTuple):
    """An anchor that was decided on."""

    persona: str
    artifact: Artifact
    replaced: str
    """Digest of the anchor before; empty without one."""
    changed: bool
    """False where it was the anchor already, and nothing was written."""
    facts: Mapping[str, Any]
    """As in the lock."""
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the decision as JSON."""
        about = {"persona": self.persona, "anchor": self.artifact.as_json(), "replaced": self.replaced or None}
        return {"schema": 1, **about, "changed": self.changed, "facts": dict(self.facts), "notes": list(self.notes)}


class Listed(NamedTuple):
    """A picture that is the anchor, was it, or may become it."""

    name: str
    """The candidate's slot; empty for what was never a candidate."""
    digest: str
    media_type: str
    similarity: float | None
    """Mean cosine to the other candidates; None where that isn't known."""
    width: int | None
    height: int | None
    size: int | None
    """Bytes; None where the picture is not there."""
    path: str
    """Where it is, from the project's folder; empty where it is not there."""
    standing: str
    """anchor, candidate or former."""
    reason: str


class _AnchorState(NamedTuple):
    """What is needed to decide about one persona's anchor."""

    loaded: Loaded
    shape: Shape
    lock: LockFile
    names: Mapping[str, str]
    """Steps that the lock knows by another name."""

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def line(self) -> str:
        """The anchor's name in the lock. Raises PlanError for a pipeline without an anchor."""
        nodes = [node.name for node in self.shape.nodes if node.kind.role == ANCHOR]
        if not nodes:
            pipeline = self.settings.value("pipeline.name")
            raise PlanError(f"{self.settings.id} has no anchor: pipeline {pipeline} has no step of that kind")
        return lock_name(nodes[0], self.names)

    @property
    def pin(self) -> Pin | None:
        """The anchor's pin. Raises StoreError."""
        return self.lock.pin(self.line)

    def candidates(self) -> dict[str, Pin]:
        """Return what the lock pins of candidates, by slot."""
        names = [lock_name(node.name, self.names) for node in self.shape.nodes if node.kind.role == CANDIDATE]
        steps = {name.partition("/")[0] for name in names}
        found: dict[str, Pin] = {}
        for name in self.lock.names():
            step, _, slot = name.partition("/")
            pin = self.lock.pin(name) if step in steps or not steps else None
            if pin is not None and kind_of(pin) == CANDIDATE:
                found[slot] = pin
        return dict(sorted(found.items(), key=lambda item: (len(item[0]), item[0])))


def set_anchor(
    space: Workspace,
    persona: str,
    file: str,
    *,
    by: str,
    reason: str,
    repin: bool = False,
    largest: bool = False,
) -> Decided:
    """Make a picture file the anchor of a persona. It is decoded and measured before anything is kept.

    `repin` lets it replace another anchor, `largest` takes the largest of several faces. Raises PersonaForgeError for
    what is no picture, shows no usable face, or isn't what the persona's pack was made for; NeedsRepin; MissingExtra
    where nothing can measure; StoreError.
    """
    _refuse_unwritable(by, reason)
    state = _state_of(space, persona)
    identity = identity_of(space, state.settings)
    given = read_file(file)
    data, media_type, notes = _as_kept(file, given)
    # Nothing is kept of a picture that is refused: it may show somebody who has nothing to do with this.
    analyzer = space.analyzers.analyzer(identity)
    started = time.time()
    value = with_domain(measure_image(data, analyzer), data, identity)
    seconds = time.time() - started
    told = {**value, "in_domain": True} if digest_bytes(data) in drawn_here(space.store) else value
    _require_usable(file, state.settings, told, identity["pack"], largest)
    turned = max(abs(float(value["pose"][angle])) for angle in ("yaw", "pitch"))
    if turned > TURNED:
        notes += (f"the head is turned by {turned:.0f} degrees: a frontal picture makes the better anchor",)
    facts: dict[str, Any] = {
        "reason": f"set by {by}: {reason}",
        "measured": True,
        "measured_by": f"{identity['pack']} {identity['pack_digest'][:12]}",
        "drawn": carries_face(data),
        "figures": {name: value[name] for name in _MEASURED if name in value},
    }
    source = {"file": kept_name(file), "sha256": digest_bytes(given)}
    done = _decide(space, state, data, media_type, facts, source, by, reason, repin=repin, notes=notes)
    if done.changed:
        action = measure_action("measure", identity, done.artifact.digest)
        keep_record(space.store, action, share(action, value), started=started, seconds=seconds, persona=done.persona)
    return done


def choose_anchor(
    space: Workspace, persona: str, candidate: str, *, by: str, reason: str, repin: bool = False
) -> Decided:
    """Make another of the existing candidates, or a former anchor, the anchor: by slot, or by the digest's beginning.

    Raises PlanError for what names no picture or several, NeedsRepin, and StoreError.
    """
    _refuse_unwritable(by, reason)
    state = _state_of(space, persona)
    listed = _pictures(space, state)
    wanted = candidate.rpartition("/")[2]
    found = [one for one in listed if one.name == wanted]
    found = found or [one for one in listed if len(wanted) >= 6 and one.digest.startswith(wanted)]
    if len({one.digest for one in found}) != 1:
        shown = ", ".join(f"{one.name or one.standing} ({one.digest[:12]})" for one in listed) or "none yet"
        what = "is several pictures" if found else "is no candidate"
        raise PlanError(f"{candidate} {what} of {state.settings.id}", hint=f"there is: {shown}")
    chosen = found[0]
    contents = Contents(space.store, space.store.build_folder(state.settings.id), keep=True)
    pin = state.candidates().get(chosen.name)
    made = pin.facts if pin is not None else {}
    facts: dict[str, Any] = {
        "reason": f"chosen by {by}: {reason}",
        "measured": chosen.similarity is not None,
        **{name: made[name] for name in _MADE if name in made},
        **({"candidate": chosen.name, "strategy": "chosen"} if chosen.name else {}),
        "means": {one.name: one.similarity for one in listed if one.name},
    }
    data = contents.read(chosen.digest)
    if not chosen.name:
        facts["drawn"] = carries_face(data)
    source = {"candidate": chosen.name} if chosen.name else {"former": chosen.digest}
    return _decide(space, state, data, chosen.media_type, facts, source, by, reason, repin=repin)


def list_anchors(space: Workspace, persona: str) -> list[Listed]:
    """Return the anchor, the candidates and former anchors of a persona. Measures nothing. Raises StoreError."""
    return _pictures(space, _state_of(space, persona))


def git_person(folder: Path) -> str:
    """Return the user's name as git has it, `Name <address>`; empty where git has none."""
    said = {}
    for name in ("user.name", "user.email"):
        try:
            done = git(folder, "config", name, seconds=10)
        except GitFailed:
            return ""
        said[name] = "" if done.code else done.text
    address = f"<{said['user.email']}>" if said["user.email"] else ""
    return " ".join(part for part in (said["user.name"], address) if part)


def _state_of(space: Workspace, persona: str) -> _AnchorState:
    loaded = space.load([persona])
    if len(loaded) != 1:
        raise PlanError(f"{persona} names {len(loaded)} personas, expected one")
    settings = loaded[0].settings
    shape, lock = lay_out(settings), read_lock(loaded[0].lock, settings.id, settings.formerly)
    return _AnchorState(loaded[0], shape, lock, renamed_steps(settings, shape, lock))


def _decide(
    space: Workspace,
    state: _AnchorState,
    data: bytes,
    media_type: str,
    facts: dict[str, Any],
    source: Mapping[str, str],
    by: str,
    reason: str,
    *,
    repin: bool,
    notes: tuple[str, ...] = (),
) -> Decided:
    """Keep the picture, the record and the lock's line, in this order."""
    persona, line, pin = state.settings.id, state.line, state.pin
    digest = digest_bytes(data)
    old = pin.outputs[ANCHOR] if pin is not None else ""
    artifact = Artifact(digest, media_type, len(data))
    if pin is not None and old == digest:
        return Decided(persona, artifact, "", False, pin.facts, notes)
    if old and not repin:
        raise NeedsRepin(persona, old, digest)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    decided = {"by": by, "why": reason, "when": now, **source, **({"replaced": old} if old else {})}
    action = Action("anchor", "person@1", {"persona": persona, **decided}, {IMAGE: digest})
    facts["decided"] = decided
    space.store.blobs.put(data)
    keep_record(
        space.store,
        action,
        {"facts": facts},
        started=datetime.fromisoformat(now).timestamp(),
        seconds=0.0,  # a decision takes no time that anybody could measure
        persona=persona,
        node=f"{persona}/{state.settings.step_of(ANCHOR)}",
        outputs={ANCHOR: artifact},
    )
    new = Pin(action.key, {ANCHOR: digest}, {ANCHOR: media_type}, facts=facts)
    with space.store.leases.take(f"lock-{persona}"):
        lock = read_lock(state.lock.path, persona, state.lock.former)
        meanwhile = lock.pin(line)
        found = meanwhile.outputs[ANCHOR] if meanwhile is not None else ""
        if found != old:  # another build, or a pull, has written the lock since it was read
            raise NeedsRepin(persona, found or "none", digest)
        lock.with_pins({line: new}).write()
    return Decided(persona, artifact, old, True, facts, notes)


def _as_kept(file: str, data: bytes) -> tuple[bytes, str, tuple[str, ...]]:
    """Return a picture as the store keeps it, its media type, and a note where it had to be converted."""
    from personaforge.faces.picture import UnreadablePicture, read_picture

    try:
        picture = read_picture(data)
    except UnreadablePicture as error:
        message = f"{file} can't be the anchor: {error.message}"
        raise PersonaForgeError(message, hint="a PNG, JPEG or WebP file") from None
    damage = (f"{kept_name(file)}: {picture.damage}",) if picture.damage else ()
    form = file_format(data)
    if form in _KEPT:
        return data, _KEPT[form], damage
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture.pixels[..., ::-1]).save(out, "PNG")
    note = f"{kept_name(file)} was converted to a PNG of the same pixels, upright, 8 bits a colour"
    return out.getvalue(), "image/png", (note,)


def _require_usable(file: str, settings: Settings, measurement: Mapping[str, Any], pack: str, largest: bool) -> None:
    """Refuse a picture that can't be a reference for a face. Raises PersonaForgeError with a hint."""
    if not in_domain(measurement) and settings.value("identity.out_of_domain") != "allow":
        raise PersonaForgeError(
            f"{file} can't be the anchor: the pack {pack} knows {DRAWINGS.many} only, and this is none, as far as "
            "its file says",
            hint=f"{PHOTOGRAPHS.choice} in the persona measures photographs; or identity.out_of_domain: allow",
        )
    if measurement["status"] != "measured":
        raise PersonaForgeError(
            f"{file} can't be the anchor: {measurement['reason']}", hint="a picture that shows one face from the front"
        )
    if measurement["faces"] > 1 and not largest:
        raise PersonaForgeError(
            f"{file} can't be the anchor: it shows {measurement['faces']} faces, expected one",
            hint="cut it to one person, or take the largest face: --face largest",
        )
    x1, y1, x2, y2 = measurement["box"]
    side, least = max(x2 - x1, y2 - y1), declared_of(pack).min_face or MIN_PHOTOGRAPHED
    if side < least:
        raise PersonaForgeError(
            f"{file} can't be the anchor: its face is {side:.0f} pixels large, expected {least} or more",
            hint="a larger picture of the same; enlarging this one adds no detail",
        )


def _pictures(space: Workspace, state: _AnchorState) -> list[Listed]:
    store, settings, pin = space.store, state.settings, state.pin
    folder = store.build_folder(settings.id)
    contents = Contents(store, folder)
    album = _Album(contents, folder.folder, folder.contents(), store.project.root, store.blobs.path)
    if pin is None and (built := Results(store, settings).anchor()) is not None:
        pin = pin_of(built.outcome)
    anchor, media = (pin.outputs[ANCHOR], pin.media[ANCHOR]) if pin is not None else ("", "")
    facts = pin.facts if pin is not None else {}
    candidates = {slot: (one.outputs[IMAGE], one.media[IMAGE]) for slot, one in state.candidates().items()}
    means = _means(space, settings, {slot: digest for slot, (digest, _) in candidates.items()}, facts)
    found = []
    if anchor and anchor not in {digest for digest, _ in candidates.values()}:
        found.append(_listed(album, "", anchor, media, None, ANCHOR, str(facts.get("reason", ""))))
    for slot, (digest, media_type) in candidates.items():
        standing, why = (ANCHOR, str(facts.get("reason", ""))) if digest == anchor else (CANDIDATE, "")
        found.append(_listed(album, slot, digest, media_type, means.get(slot), standing, why))
    known = {one.digest for one in found}
    former = [(digest, why) for digest, why in _former(store, settings.id) if digest not in known]
    found += [_listed(album, "", digest, "", None, "former", why) for digest, why in former]
    return found


def _listed(
    album: _Album, name: str, digest: str, media_type: str, similarity: float | None, standing: str, reason: str
) -> Listed:
    path, size = "", album.contents.size(digest)
    sides: tuple[int | None, int | None] = (None, None)
    if size is not None:
        kept = os.path.join(album.folder, album.places[digest]) if digest in album.places else album.blob(digest)
        path = os.path.relpath(kept, album.root)
        try:
            data = album.contents.read(digest)
            sides, media_type = _sides(data), media_type or _KEPT.get(file_format(data), "")
        except StoreError as error:
            path, reason = "", f"{reason}; {error.message}" if reason else error.message
    return Listed(name, digest, media_type, similarity, *sides, size, path, standing, reason)


class _Album(NamedTuple):
    """Where a persona's pictures are."""

    contents: Contents
    folder: str
    places: Mapping[str, str]
    """Path in the build folder by digest."""
    root: Path
    blob: Callable[[str], str]


def _sides(data: bytes) -> tuple[int | None, int | None]:
    """Return a picture's width and height as its header says; None of what is no picture."""
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            return image.width, image.height
    except Exception:  # Pillow's readers raise nearly anything on damaged data
        return None, None


def _means(
    space: Workspace, settings: Settings, candidates: Mapping[str, str], facts: Mapping[str, Any]
) -> dict[str, float | None]:
    """Return each candidate's mean cosine to the others: as the choice noted it, else from known measurements."""
    noted = facts.get("means")
    if isinstance(noted, Mapping) and set(noted) == set(candidates):
        return dict(noted)
    identity = space.analyzers.of(settings).identity
    if identity is None or not candidates:
        return {}
    actions = (measure_action("measure", identity, digest) for digest in candidates.values())
    records = [space.store.find(action.key) for action in actions]
    choice = choose([record["value"] if record is not None else None for record in records], "central_similarity")
    return dict(zip(candidates, choice.means, strict=True)) if isinstance(choice, Choice) else {}


def _former(store: Store, persona: str) -> list[tuple[str, str]]:
    """Return the digests of pictures that were decided on, or that others were judged against, and what is known of
    each; the newest first."""
    from personaforge.warehouse.projection import opened

    sql = """
        select anchor from evaluations where persona = ? and coalesce(anchor, '') <> '' group by anchor
        order by max(evaluated) desc
    """
    with opened(store) as connection:
        decided = "select record from actions where persona = ? and kind = 'anchor' order by started desc, record"
        names = [str(row[0]) for row in connection.execute(decided, [persona]).fetchall()]
        judged = [str(row[0]) for row in connection.execute(sql, [persona]).fetchall()]
    found: dict[str, str] = {}
    for name in names:
        record = store.records.get("actions", name)
        if record is not None:
            facts = record["value"]["facts"]
            found.setdefault(record["outputs"][ANCHOR]["digest"], str(facts["reason"]))
            if "replaced" in facts["decided"]:
                found.setdefault(facts["decided"]["replaced"], f"replaced on {facts['decided']['when'][:10]}")
    for digest in judged:
        found.setdefault(digest, "others were judged against it")
    return list(found.items())


def _refuse_unwritable(by: str, reason: str) -> None:
    """Refuse words that can't be written into a lock, or that say nothing. Raises PlanError."""
    for name, text in (("--by", by), ("--reason", reason)):
        if not text.strip():
            raise PlanError(f"{name} says nothing", hint=f'{name} "..."')
        if not text.isprintable() or len(text) > _MAX_TEXT:
            raise PlanError(f"{name} holds line breaks or control characters, or is longer than {_MAX_TEXT} characters")
