"""Fits P(same) as a function of the cosine, on pairs of pictures whose truth is known: `forge calibrate`. Finds fits.

A calibration is a file in the project's `calibration/`, one for each pack and detector size, that belongs in git. It
holds no time and no path, so the same pairs, pictures and libraries give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from personaforge.arguments import number
from personaforge.digest import digest_bytes, digest_json
from personaforge.domains import DRAWINGS, PHOTOGRAPHS
from personaforge.errors import PersonaForgeError
from personaforge.faces.packs import made_for, shipped
from personaforge.faces.parts import embedding_version
from personaforge.identity.calibration import Calibration, Pair, fit, people, raw_cosine
from personaforge.identity.evidence import evidence_of
from personaforge.identity.gates import Gates, gates_of
from personaforge.identity.logistic import PRIORS, Unfit
from personaforge.identity.people import each_face
from personaforge.identity.policy import AUTO, Mode, Policy
from personaforge.identity.poor import beyond
from personaforge.identity.score import PROBABILITY, Cause, Score, compare, in_domain, outside, unmeasured
from personaforge.measuring.measurements import FileMeasurer, Measured, identity_of, project_settings
from personaforge.measuring.pairs import Labelled, read_pairs
from personaforge.spec.project import Project
from personaforge.spec.settings import Settings
from personaforge.store.files import write_atomic
from personaforge.workspace.calibrations import (
    FOLDER,
    MAX_BYTES,
    Applying,
    counting,
    deciding,
    file_name,
    folder_of,
    shipped_for,
)
from personaforge.workspace.workspace import Workspace


@dataclass(frozen=True)
class Skipped:
    """A picture that could not be measured; its pairs are left out."""

    path: str
    """As the pairs file has it."""
    cause: str
    reason: str


@dataclass(frozen=True)
class Calibrated:
    """The result of one call."""

    calibration: Calibration
    file: str | None
    """Where it is kept, from the project's root where it lies inside; None when it was not to be written."""
    changed: bool
    """False where the file held these very bytes."""
    same: tuple[float, ...]
    """The cosines of the measured same pairs, unclamped."""
    different: tuple[float, ...]
    skipped: tuple[Skipped, ...]
    gates: Gates
    """How often the gates in force are wrong on these pairs, by the calibration that was fitted."""
    rules: str = ""
    """The file of conf/identity whose gates these are, where it isn't the project's choice: asked for by its name, or
    taken since the pack was made for other pictures than the project's."""
    of_several: int = 0
    """Pictures that show several faces: the one counts that is most like the person's other pictures."""

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        skipped = [{"path": one.path, "cause": one.cause, "reason": one.reason} for one in self.skipped]
        return {
            "schema": 1,
            "calibration": self.calibration.as_json(),
            "file": self.file,
            "skipped": skipped,
            "of_several": self.of_several,
            "identity": self.rules or None,
            "gates": self.gates.as_json(),
        }


def calibrate(
    space: Workspace,
    pairs_csv: str,
    *,
    pack: str | None = None,
    detector_size: str | None = None,
    identity: str | None = None,
    prior: float = 0.5,
    output: str | None = None,
    write: bool = True,
) -> Calibrated:
    """Measure the pictures of a pairs file (`personaforge.measuring.pairs`), fit a calibration and keep it.

    `identity` names a file of conf/identity to measure by, and whose gates are told, in place of the project's choice.
    `pack` and `detector_size` replace the project's own settings. It is written to the project's folder of
    calibrations or to `output`, unless `write` is off. Raises SpecError with every bad line, and PersonaForgeError
    where nothing can measure or the pairs are too few or don't part.
    """
    number("prior", prior, *PRIORS)
    if output is not None and os.path.realpath(output) == os.path.realpath(pairs_csv):
        raise PersonaForgeError(f"{output} is the pairs file itself", hint="name another file with -o")
    settings, rules = _rules_for(space, identity, pack, detector_size)
    analyzer = identity_of(space, settings)
    data, labelled = read_pairs(pairs_csv)
    measured = _measured(FileMeasurer(space, analyzer), labelled)
    policy = replace(Policy.from_settings(settings.value("identity"), analyzer), pack=analyzer["pack"])
    pairs, left_out, content = _pairs(labelled, measured, policy)
    try:
        calibration = fit(
            pairs,
            analyzer=analyzer,
            measuring=embedding_version(),
            pairs_digest=digest_bytes(data),
            pictures_digest=digest_json("pairs/1", content),
            unmeasured=left_out,
            prior=prior,
        )
    except Unfit as error:
        lost = ", ".join(f"{count} {cause}" for cause, count in sorted(left_out.items()))
        hint = f"pairs left out: {lost}" if lost else "add pairs"
        hint += "".join(f"; {why}" for why in _other_domain(measured, analyzer["pack"]))
        raise PersonaForgeError(str(error), hint=hint, where=pairs_csv) from error
    shown = output if output is not None else f"{FOLDER}/{file_name(analyzer)}"
    kept = counting(Applying(calibration, shown), shipped_for(analyzer), settings)
    assert isinstance(kept, Applying)
    gates = gates_in_force(pairs, kept, settings, policy)
    file, changed = _write(space.project, calibration, output) if write else (None, False)
    same, different = (tuple(pair.cosine for pair in pairs if pair.same is kind) for kind in (True, False))
    several = len(_with_several(measured))
    skipped = _skipped(labelled, measured)
    return Calibrated(calibration, file, changed, same, different, skipped, gates, rules, several)


def _rules_for(
    space: Workspace, identity: str | None, pack: str | None, detector_size: str | None
) -> tuple[Settings, str]:
    """Return the settings to measure and judge by, and the file of conf/identity that they are from where it isn't the
    project's choice. A pack that was made for other pictures than the project's is never judged by the project's gates:
    those of drawings say nothing of photographs."""
    asked = project_settings(space, identity, pack=pack, detector_size=detector_size)
    if identity is not None or pack is None:
        return asked, identity or ""
    own, other = project_settings(space).value("identity"), made_for(identity_of(space, asked))
    if made_for({"pack": own["pack"], "backend": own["backend"]}) in ("", other) or not other:
        return asked, ""
    drawings = (name for name, declared in shipped().items() if declared.domain == DRAWINGS.name)
    fitting = next(drawings) if other == DRAWINGS.name else "insightface"  # conf/identity is named like the pack
    return project_settings(space, fitting, pack=pack, detector_size=detector_size), fitting


def gates_in_force(pairs: Sequence[Pair], kept: Applying, settings: Settings, policy: Policy) -> Gates:
    """Return the rates of the gates on scored pairs, by the calibration that counts once a new one is written."""
    calibration, bounds = kept.calibration, deciding(kept, settings)
    if isinstance(bounds, str) or calibration.weights is None:
        why = bounds if isinstance(bounds, str) and settings.value("identity.policy") in (AUTO, Mode.CALIBRATED) else ""
        return gates_of(pairs, policy, why)
    scored = []
    for pair in pairs:
        assert pair.score is not None and pair.evidence is not None
        found = pair.score.no_probability or calibration.weights.probability(pair.evidence)
        given = {"no_probability": found} if isinstance(found, str) else dict(zip(PROBABILITY, found, strict=False))
        scored.append(pair._replace(score=replace(pair.score, **given)))
    gates = gates_of(scored, Policy.from_settings(settings.value("identity"), calibration.analyzer, bounds))
    return replace(gates, instead=kept.passed_over)


def _measured(file_measurer: FileMeasurer, labelled: list[Labelled]) -> dict[str, Measured]:
    """Return the measurement of each distinct picture, by digest."""
    files = {picture.digest: picture.file for pair in labelled for picture in (pair.a, pair.b)}
    measured = dict(zip(files, file_measurer.measure_all(files.values()), strict=True))
    for digest, one in measured.items():
        if one.digest != digest:
            raise PersonaForgeError(f"{files[digest]} changed while it was measured", hint="calibrate again")
    return measured


def _pairs(
    labelled: list[Labelled], measured: Mapping[str, Measured], policy: Policy
) -> tuple[list[Pair], dict[str, int], list[tuple[str, str, bool]]]:
    """Return the pairs that were measured, how many were not by cause, and the content of the former."""
    who = people(measured, ((pair.a.digest, pair.b.digest) for pair in labelled if pair.same))
    faces = _faces(measured, who)
    pairs: list[Pair] = []
    content = []
    left_out: dict[str, int] = {}
    for pair in labelled:
        a, b = pair.a.digest, pair.b.digest
        cause = _cause(measured[a], measured[b])
        if cause:
            left_out[cause] = left_out.get(cause, 0) + 1
            continue
        score = compare(faces[a], faces[b], policy)
        assert isinstance(score, Score), "what can't be compared has a cause"
        found = evidence_of(faces[a], faces[b], error=score.error, turn=score.turn)
        score = replace(score, no_probability=beyond(faces[a], faces[b], policy.fitted))
        pairs.append(Pair(found.cosine, pair.same, (who[a], who[b]), found, score))
        content.append((a, b, pair.same))
    return pairs, left_out, content


def _faces(measured: Mapping[str, Measured], who: Mapping[str, int]) -> dict[str, Mapping[str, Any]]:
    """Return the face of each measured picture by digest: of several faces the one that is most like the person's
    other pictures, on average over those that show one face, if there are any. Where nothing tells, the largest."""
    from personaforge.faces.measure import embedding

    found = {digest: one.value for digest, one in measured.items() if one.value["status"] == "measured"}
    largest = {digest: embedding(one) for digest, one in found.items()}
    for digest in _with_several(measured):
        others = [one for one in largest if one != digest and who[one] == who[digest]]
        others = [one for one in others if measured[one].value["faces"] == 1] or others
        faces = [one for one in each_face(measured[digest].value) if one["status"] == "measured"]
        if others:
            found[digest] = max(
                faces, key=lambda face: sum(raw_cosine(embedding(face), largest[one]) for one in others)
            )
    return found


def _with_several(measured: Mapping[str, Measured]) -> list[str]:
    return [digest for digest, one in measured.items() if one.value["status"] == "measured" and "people" in one.value]


def _cause(one: Measured, other: Measured) -> str:
    """Return why a pair has no cosine: the first picture's reason where both have one; empty when it has.

    Pictures that the pack was not made for are left out whatever the settings: a calibration has no mark for them.
    """
    for each in (one, other):
        if not in_domain(each.value):
            return str(Cause.OUT_OF_DOMAIN)
        if each.value["status"] != "measured":
            return str(Cause.NO_FACE if each.value["status"] == "no_face" else Cause.UNREADABLE)
    blocked = unmeasured(one.value, other.value, one.analyzer, other.analyzer)
    return str(blocked.code) if blocked is not None else ""


def _skipped(labelled: list[Labelled], measured: Mapping[str, Measured]) -> tuple[Skipped, ...]:
    shown = {picture.digest: picture.shown for pair in labelled for picture in (pair.a, pair.b)}
    return tuple(
        Skipped(shown[digest], *_why(one))
        for digest, one in measured.items()
        if one.value["status"] != "measured" or not in_domain(one.value)
    )


def _other_domain(measured: Mapping[str, Measured], pack: str) -> Iterator[str]:
    """Say what a pack was made for, and by what to measure the pictures that are something else."""
    drawn = {one.value.get("domain") == DRAWINGS.name for one in measured.values() if not in_domain(one.value)}
    if False in drawn:
        yield f"the pack {pack} knows {DRAWINGS.many} only: --pack auto is for {PHOTOGRAPHS.many}"
    if True in drawn:
        yield f"the pack {pack} was made for {PHOTOGRAPHS.many}: --identity embedded is for {DRAWINGS.many}"


def _why(one: Measured) -> tuple[str, str]:
    if not in_domain(one.value):
        return str(Cause.OUT_OF_DOMAIN), outside(
            "the picture", one.analyzer["pack"], drawn=one.value.get("domain") == DRAWINGS.name
        ).reason
    return str(one.value["code"]), str(one.value["reason"])


def _write(project: Project, calibration: Calibration, output: str | None) -> tuple[str, bool]:
    path = os.path.abspath(output) if output is not None else str(folder_of(project) / file_name(calibration.analyzer))
    data = orjson.dumps(calibration.as_json(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    try:
        with open(path, "rb") as file:
            changed = file.read(MAX_BYTES) != data
    except OSError:
        changed = True
    if changed:
        write_atomic(path, data)
    return project.relative(path), changed
