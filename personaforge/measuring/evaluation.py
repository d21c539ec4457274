"""Measures any pictures and clips against an anchor: `forge eval`. Each is measured once, here as in a build.

Where a calibration holds for the analyzer, each picture comes with its P(same), unless it would contradict the
decision: by the policies `composite` and `strict` a picture may be accepted that its P(same) calls a stranger. Then
there is none, and the reason says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from personaforge.arguments import number
from personaforge.digest import digest_json
from personaforge.domains import DRAWINGS
from personaforge.errors import PersonaForgeError, PlanError, StoreError
from personaforge.faces.packs import made_for
from personaforge.identity.clip import ClipScore
from personaforge.identity.decision import ReasonedDecision
from personaforge.identity.demand import unmet
from personaforge.identity.people import Judged
from personaforge.identity.policy import Limits, Policy, Quality
from personaforge.identity.reading import Agreement
from personaforge.identity.references import ANCHOR
from personaforge.identity.score import NO_PROBABILITY, Cause, Score, Unmeasured
from personaforge.measuring.asked import asked_of_built, delivered, wanted
from personaforge.measuring.beside import beside, looks, read_alike
from personaforge.measuring.files import files_to_measure, is_clip
from personaforge.measuring.judging import judged_file, judging_policy, probability_of
from personaforge.measuring.measurements import (
    FileMeasurer,
    Measured,
    identity_of,
    kept_name,
    project_settings,
    read_file,
)
from personaforge.plan.renamed import pinned_anchor
from personaforge.results.results import Results
from personaforge.spec.settings import Settings
from personaforge.steps.delivered import NOTHING_ASKED, Delivered
from personaforge.store.store import Store
from personaforge.workspace.calibrations import Applying, NoneApplies, applied_to
from personaforge.workspace.licences import licence_remarks
from personaforge.workspace.workspace import Workspace

_ALL_THE_SAME = "--out-of-domain with this one all the same"
OUTSIDE_HINT = f"--identity insightface measures with a pack for photographs, {_ALL_THE_SAME}"
DRAWN_HINT = f"--identity embedded measures with the pack for drawings by forge, {_ALL_THE_SAME}"


@dataclass(frozen=True)
class Evaluated:
    """One picture or clip."""

    path: str
    digest: str
    measurement: Mapping[str, Any]
    score: Score | Unmeasured
    judged: ReasonedDecision
    probability: float | None
    """P(same) by the calibration; None without one, where there is no score, outside the range of the calibration, out
    of domain, for clips, and where it contradicts the decision."""
    no_probability: str = ""
    """Why there is none although a calibration holds; for people."""
    interval: tuple[float, float] | None = None
    """The 95 % interval of P(same), over the people that it was fitted on; None with a calibration of schema 1."""
    clip: ClipScore | None = None
    """Of a clip with a score all of it; `score` has its means."""
    face: Judged | None = None
    """Of a picture which of its faces was judged."""
    stretch_fault: str = ""
    """What is wrong with the worst stretch of a clip, or with the time that shows the person, where that decides; empty
    where nothing is."""
    likeness: Mapping[str, float] = field(default_factory=dict)
    """Of a picture: how far its appearance is from the anchor's, by metric; what isn't measured is left out."""
    delivered: Delivered = NOTHING_ASKED
    """What came beside what was asked, where that is known; it decides nothing here."""

    def reaches(self, threshold: float) -> bool:
        """Tell whether it was measured and its composite reaches a threshold; of a clip whose worst stretch decides
        also whether that shows the person."""
        return isinstance(self.score, Score) and self.score.composite >= threshold and not self.stretch_fault

    @property
    def status(self) -> str:
        """`measured` with a score, however low; `not_judged` where a face was found that nothing can be said of, such
        as one that is too blurred; `no_face`; or `unreadable`. The reason is with all but the first."""
        found = str(self.measurement["status"])
        return found if isinstance(self.score, Score) or found != "measured" else "not_judged"

    @property
    def out_of_domain(self) -> bool:
        """Whether the pack was not made for this picture, or not for the anchor, with or without a score."""
        score = self.score
        return score.code is Cause.OUT_OF_DOMAIN if isinstance(score, Unmeasured) else score.out_of_domain

    def as_json(self) -> dict[str, Any]:
        """Return the picture's result as JSON; `composite` is null when it was not measured."""
        score = self.score
        return {
            "path": self.path,
            "sha256": self.digest,
            "status": self.status,
            "faces": self.measurement.get("faces"),
            "damage": self.measurement.get("damage"),
            **(
                {"composite": None, "unmeasured": score.as_json()}
                if isinstance(score, Unmeasured)
                else replace(score, **NO_PROBABILITY).as_json()
            ),
            "out_of_domain": self.out_of_domain,
            "probability": self.probability,
            "probability_interval": None if self.interval is None else list(self.interval),
            "no_probability": self.no_probability,
            **self.judged.as_json(),
            **({} if self.clip is None else {"clip": self.clip.as_json(), "read": self.read}),
            **({} if self.face is None else _renamed(self.face.as_json())),
            **({"likeness": dict(self.likeness)} if self.likeness else {}),
            **self.delivered.as_json(),
        }

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else is to say: which of several faces was judged; of a clip its worst stretch, what could not be
        decoded, and how it was read; what is not as asked."""
        found = [] if self.face is None else [self.face.text]
        if self.clip is not None:
            time, read = self.clip.over_time, self.read
            found.append(self.clip.second_face)
            found += [] if time is None else [time.text, time.damage]
            found += [
                "sampled by time: its frames are shown for unequal times" if read["sampling"] == "time" else "",
                f"decoded by {read['reader']}" if read["reader"] != "opencv" else "",
                "has sound, which is not measured" if read["sound"] else "",
            ]
        found += [one.fault for one in unmet(self.delivered.demands)]
        return tuple(filter(None, found))

    @property
    def read(self) -> dict[str, Any]:
        """How a clip was read: who decoded it (`opencv`, or PyAV with its version), how its frames were sampled in the
        end (`time`, or null: by what the settings say), and whether it has sound, null where that isn't on record."""
        measurement = self.measurement
        return {
            "reader": measurement.get("reader", "opencv"),
            "sampling": measurement.get("sampling"),
            "sound": measurement.get("sound"),
        }


def _renamed(face: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a picture's faces; `faces` is their number here, so the list is `people`."""
    return {"people" if name == "faces" else name: one for name, one in face.items()}


@dataclass(frozen=True)
class Evaluation:
    """All pictures and clips of one call."""

    anchor: str
    """The anchor's path, or its digest where it comes from the store."""
    analyzer: Mapping[str, str]
    calibration: Applying | NoneApplies
    """What P(same) comes from, or why there is none."""
    pictures: tuple[Evaluated, ...]
    remembered: bool = True
    """Whether the measurements are kept: where they can't be, the next time measures again."""
    anchor_readable: bool = True
    """Whether the anchor's file could be decoded."""
    limits: Limits | None = None
    """What a face has to have for a low score to count; None where that isn't known for the pack or isn't asked for."""
    policy: Policy | None = None
    """What pictures were judged by."""
    not_calibrated: str = ""
    """Why no calibration decides although the settings ask for one, and what does; for people."""
    reader: tuple[Agreement, ...] = ()
    """How far the second reader's readings agree with what is measured here; empty where these pictures have none."""
    licences: tuple[str, ...] = ()
    """What the licences of the models that measured don't cover, or isn't known of them; for people."""
    expression: str = ""
    """What the caller says that faces were asked to show."""

    @property
    def unreadable(self) -> int:
        """How many files can't be decoded, the anchor's among them."""
        readable = [self.anchor_readable, *(one.measurement["status"] != "unreadable" for one in self.pictures)]
        return readable.count(False)

    def passes(self, threshold: float) -> bool:
        """Tell whether every picture and clip was measured and reaches a threshold, a composite in
        [0, 1]; a clip by its mean, and where its worst stretch decides by that, too.

        Raises PersonaForgeError for a threshold outside.
        """
        number("threshold", threshold, 0, 1)
        return bool(self.pictures) and all(one.reaches(threshold) for one in self.pictures)

    @property
    def untold(self) -> tuple[str, ...]:
        """What was asked for and was not compared or could not be measured, for each reason."""
        found: dict[str, tuple[set[str], set[str]]] = {}
        for picture in self.pictures:
            for one in (demand for demand in picture.delivered.demands if demand.met is None):
                names, paths = found.setdefault(one.unmeasured, (set(), set()))
                names.add(one.name)
                paths.add(picture.path)
        clips = sum(is_clip(one.path) for one in self.pictures) if self.expression else 0
        ofs = (f"Not compared in {clips} of {len(self.pictures)}: the expression (only pictures are)",) if clips else ()
        return ofs + tuple(
            f"Not measured in {len(paths)} of {len(self.pictures)}: {', '.join(sorted(names))} ({why})"
            for why, (names, paths) in found.items()
        )

    @property
    def hint(self) -> str:
        """What to type where pictures were left unscored for being out of domain; empty otherwise."""
        left = any(one.out_of_domain and isinstance(one.score, Unmeasured) for one in self.pictures)
        return "" if not left else OUTSIDE_HINT if self.for_drawings else DRAWN_HINT

    @property
    def for_drawings(self) -> bool:
        """Whether the pack was made for drawings by forge."""
        return made_for(self.analyzer) == DRAWINGS.name

    def as_json(self) -> dict[str, Any]:
        """Return the evaluation as JSON; `calibration` is the file's name, or null and why."""
        kept = self.calibration
        return {
            "schema": 1,
            "anchor": self.anchor,
            "analyzer": dict(self.analyzer),
            "calibration": kept.file if isinstance(kept, Applying) else None,
            "calibration_reason": kept.passed_over or None if isinstance(kept, Applying) else kept.reason,
            "policy": None if self.policy is None else str(self.policy.mode),
            "not_calibrated": self.not_calibrated,
            "licences": list(self.licences),
            "hint": self.hint,
            "judgeable": None if self.limits is None else asdict(self.limits),
            "pictures": [one.as_json() for one in self.pictures],
            **({"reader_agreement": [one.as_json() for one in self.reader]} if self.reader else {}),
        }


def evaluate(
    space: Workspace,
    images: Sequence[str] = (),
    *,
    persona: str | None = None,
    anchor: str | None = None,
    record: bool = False,
    identity: str | None = None,
    out_of_domain: bool = False,
    size: tuple[int, int] | None = None,
    expression: str | None = None,
) -> Evaluation:
    """Measure pictures and clips against a persona's anchor, or against a given picture, by that persona's settings if
    one is named. Raises PersonaForgeError.

    `images` are files, folders and globs; the persona's own built pictures when there are none. What is named like a
    clip is measured as one, as `measuring.clips.evaluate_clips` does. `record` keeps the
    evaluations, so that drift sees them.
    `identity` names a file of conf/identity to measure and judge by, in place of the persona's or project's choice.
    `out_of_domain` scores pictures that the pack was not made for, too, and marks them.
    What was asked is compared with what came, and decides nothing: of the persona's built pictures and clips what their
    positions ask, and of all of them `size` in pixels and of pictures `expression`, where given.
    """
    from personaforge.identity.people import judge_faces

    if record and persona is None:
        raise PersonaForgeError(
            "an evaluation is kept as a persona's, and none is named", hint="--record needs --persona"
        )
    if record and not space.store.keeps():
        raise StoreError("can't keep the evaluations: the store may not be written", where=str(space.store.folder))
    settings = judging_settings(space, persona, identity)
    given = wanted(settings, size, expression)
    analyzer = identity_of(space, settings)
    anchor_data, shown = anchor_of(space, settings, persona, anchor)
    paths = files_to_measure(space.store, settings, images, "any" if images else "picture")
    kept = applied_to(space.project, analyzer, settings)
    policy, not_calibrated = judging_policy(settings, analyzer, kept)
    if out_of_domain:
        policy = replace(policy, out_of_domain=True)
    file_measurer = FileMeasurer(space, analyzer, settings.id if persona else "", only_reads=not record)
    clips = [path for path in paths if is_clip(path)]
    reference = file_measurer.measure(anchor_data)
    judged_clips = dict(zip(clips, judge_clips(settings, file_measurer, reference, clips, policy), strict=True))
    pictures = [path for path in paths if path not in judged_clips]
    measured = dict(zip(pictures, file_measurer.measure_all(pictures), strict=True))
    found = []
    for path in paths:
        if path in judged_clips:
            clip = judged_clips[path]
            whole = clip.score if isinstance(clip.score, Unmeasured) else clip.score.score
            of_clip = None if isinstance(clip.score, Unmeasured) else clip.score
            one = Evaluated(path, clip.digest, clip.measurement, whole, clip.judged, None, clip=of_clip)
            found.append(replace(one, stretch_fault=clip.stretch_fault))
            continue
        picture = measured[path]
        face = judge_faces(
            {ANCHOR: reference.value},
            picture.value,
            policy,
            anchor_analyzer=reference.analyzer,
            candidate_analyzer=picture.analyzer,
        )
        score = face.score
        judged = judged_file(score, policy)
        share = probability_of(reference.value, face.measurement, score, judged, policy, kept)
        found.append(Evaluated(path, picture.digest, picture.value, score, judged, *share, face=face))
    worn = looks(space.store, settings) if persona else {}
    near = beside(reference.value, [(one.digest, one.face) for one in found if one.face], worn)
    found = [replace(one, likeness=near.get(one.digest, {})) for one in found]
    known = asked_of_built(space.store, settings) if persona else {}

    def as_asked(one: Evaluated) -> Evaluated:
        asked = given.of(known.get(one.digest), is_clip=is_clip(one.path))
        came = (one.measurement, one.face, reference.value)

        def expressions() -> Mapping[str, Any]:
            return file_measurer.expressions(read_file(one.path), one.measurement)

        return replace(one, delivered=delivered(asked, *came, settings, analyzer, expressions))

    found = [as_asked(one) for one in found]
    readable = reference.value["status"] != "unreadable"
    remembers, limits = file_measurer.remembers, policy.limits
    faces = [(one.digest, one.face, one.likeness) for one in found if one.face]
    read = read_alike(space.store, settings, faces, analyzer) if persona else ()
    about = (not_calibrated, read, licence_remarks(space.project, space.analyzers, settings))
    evaluation = Evaluation(shown, analyzer, kept, tuple(found), remembers, readable, limits, policy, *about)
    evaluation = replace(evaluation, expression=given.expression)
    if record:
        _keep(space.store, settings, evaluation, reference.digest, policy)
    return evaluation


@dataclass(frozen=True)
class EvaluatedClip:
    """One clip."""

    path: str
    digest: str
    """SHA-256 of its bytes."""
    measurement: Mapping[str, Any]
    """Its frames and their measurements (`personaforge.faces.measure.measure_clip`), and the looks through it
    (`personaforge.faces.looks.look_through`)."""
    score: ClipScore | Unmeasured
    judged: ReasonedDecision
    """By what `identity.video.gate` names; what `score.advice` says is no part of it."""
    stretch_fault: str = ""
    """As in Evaluated."""


def judge_clips(
    settings: Settings, file_measurer: FileMeasurer, reference: Measured, paths: Sequence[str], policy: Policy
) -> list[EvaluatedClip]:
    """Return clips measured and judged against an anchor's measurement, in their order. Raises PersonaForgeError."""
    from personaforge.identity.clip import compare_clip
    from personaforge.identity.stretches import fault_of, judge_clip, strangers_of

    found = []
    quality = Quality.from_settings(settings.value("quality"))
    for path, one in zip(paths, file_measurer.measure_all(paths, settings.value("identity.video")), strict=True):
        score = compare_clip(
            reference.value,
            one.value,
            policy,
            quality,
            anchor_analyzer=reference.analyzer,
            clip_analyzer=one.analyzer,
            strangers=strangers_of(settings.value("identity.check.scales"), one.analyzer),
        )
        whole = score if isinstance(score, Unmeasured) else score.score
        over_time = None if isinstance(score, Unmeasured) else score.over_time
        shown = None if over_time is None else over_time.shown
        judged = judged_file(whole, policy)
        if not (isinstance(whole, Unmeasured) and whole.code is Cause.UNREADABLE):
            judged = judge_clip(whole, shown, policy, require_measurement=True)
        fault = "" if isinstance(whole, Unmeasured) else fault_of(shown, policy)
        found.append(EvaluatedClip(path, one.digest, one.value, score, judged, fault))
    return found


def judging_settings(space: Workspace, persona: str | None, identity: str | None = None) -> Settings:
    """Return a persona's settings, or the project's own of judging without one. Raises SpecError and PlanError."""
    if persona is not None:
        loaded = space.load([persona], [] if identity is None else [f"identity={identity}"])
        if len(loaded) != 1:
            raise PlanError(f"{persona} names {len(loaded)} personas, expected one")
        return loaded[0].settings
    return project_settings(space, identity)


def anchor_of(space: Workspace, settings: Settings, persona: str | None, file: str | None) -> tuple[bytes, str]:
    """Return the anchor and how it is shown: a file, or else the one that the persona's lock pins, or else the one that
    was built, whatever its step is called. Raises PersonaForgeError."""
    from personaforge.plan.contents import Contents

    if file is not None:
        return read_file(file), file
    if persona is None:
        raise PersonaForgeError(
            "nothing is named to measure against",
            hint="name a persona, or a picture as the anchor: --persona ID, --anchor FILE",
        )
    store, step = space.store, settings.step_of("anchor")
    pin = pinned_anchor(settings, space.load([persona])[0].lock)
    digest = pin.outputs["anchor"] if pin is not None else Results(store, settings).anchor_digest
    if not digest:
        hint = f"forge build {settings.id} --select +{step}, or --anchor FILE"
        raise PlanError(f"{settings.id} has no anchor yet", hint=hint)
    contents = Contents(store, store.build_folder(settings.id))
    return contents.read(digest), f"{settings.id}/{step} {digest[:12]}"


def _keep(store: Store, settings: Settings, evaluation: Evaluation, anchor: str, policy: Policy) -> None:
    """Keep the evaluations as records, as a build does."""
    for one in evaluation.pictures:
        record: dict[str, Any] = {
            "persona": settings.id,
            "node": "",
            "step": "eval",
            "slot": kept_name(one.path),
            "modality": "video" if is_clip(one.path) else "face",
            "anchor": anchor,
            "analyzer": dict(evaluation.analyzer),
            "artifacts": {"clip" if is_clip(one.path) else "image": one.digest},
            "accept_threshold": policy.accept_threshold,
            "retry_threshold": policy.retry_threshold,
            "weights": policy.weights,
            "policy": str(policy.mode),
            **one.judged.as_json(),
        }
        if one.probability is not None:
            record["probability"] = one.probability
        if one.out_of_domain:
            record["out_of_domain"] = True
        if isinstance(one.score, Unmeasured):
            record["unmeasured"] = one.score.as_json()
        else:
            record["score"] = one.score.as_json()
        if one.clip is not None:
            record["clip"] = one.clip.as_json()
        if one.face is not None:
            record.update(one.face.as_json())
        if one.likeness:
            record["likeness"] = dict(one.likeness)
        record.update(one.delivered.as_json())
        store.keep("evaluations", digest_json("evaluation/1", record), record)
