"""Measures any pictures against an anchor: `forge eval`. A picture is measured once, here as in a build.

Where the project has a calibration that holds for the analyzer, each cosine comes with its P(same).
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from personaforge.digest import digest_json
from personaforge.errors import PersonaForgeError, PlanError, StoreError
from personaforge.faces.picture import SUFFIXES
from personaforge.identity.calibration import probability
from personaforge.identity.decision import ReasonedDecision
from personaforge.identity.policy import Policy
from personaforge.identity.score import Cause, Score, Unmeasured
from personaforge.measuring.calibration import Applying, NoneApplies, calibration_for
from personaforge.measuring.measurements import FileMeasurer, identity_of, project_settings, read_file
from personaforge.plan.renamed import pinned_anchor
from personaforge.results.results import Results
from personaforge.spec.settings import Settings
from personaforge.store.store import Store
from personaforge.workspace.workspace import Workspace

OUTSIDE_HINT = "--identity insightface measures with a pack for photographs, --out-of-domain with this one all the same"


@dataclass(frozen=True)
class Evaluated:
    """One picture."""

    path: str
    digest: str
    measurement: Mapping[str, Any]
    score: Score | Unmeasured
    judged: ReasonedDecision
    probability: float | None
    """P(same) by the calibration; None without one, where there is no score, and out of domain."""

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
            "status": self.measurement["status"],
            "faces": self.measurement.get("faces"),
            **(
                {"composite": None, "unmeasured": score.as_json()} if isinstance(score, Unmeasured) else score.as_json()
            ),
            "out_of_domain": self.out_of_domain,
            "probability": self.probability,
            **self.judged.as_json(),
        }


@dataclass(frozen=True)
class Evaluation:
    """All pictures of one call."""

    anchor: str
    """The anchor's path, or its digest where it comes from the store."""
    analyzer: Mapping[str, str]
    calibration: Applying | NoneApplies
    """What P(same) comes from, or why there is none."""
    pictures: tuple[Evaluated, ...]
    remembered: bool = True
    """Whether the measurements are kept: where they can't be, the next time measures again."""

    def passes(self, threshold: float) -> bool:
        """Tell whether every picture was measured and reaches a threshold."""
        return bool(self.pictures) and all(
            isinstance(one.score, Score) and one.score.composite >= threshold for one in self.pictures
        )

    @property
    def hint(self) -> str:
        """What to type where pictures were left unscored for being out of domain; empty otherwise."""
        left = any(one.out_of_domain and isinstance(one.score, Unmeasured) for one in self.pictures)
        return OUTSIDE_HINT if left else ""

    def as_json(self) -> dict[str, Any]:
        """Return the evaluation as JSON; `calibration` is the file's name, or null and why."""
        kept = self.calibration
        return {
            "schema": 1,
            "anchor": self.anchor,
            "analyzer": dict(self.analyzer),
            "calibration": kept.file if isinstance(kept, Applying) else None,
            "calibration_reason": None if isinstance(kept, Applying) else kept.reason,
            "hint": self.hint,
            "pictures": [one.as_json() for one in self.pictures],
        }


def evaluate(
    space: Workspace,
    images: Sequence[str],
    *,
    persona: str | None,
    anchor: str | None,
    record: bool,
    identity: str | None = None,
    out_of_domain: bool = False,
) -> Evaluation:
    """Measure pictures against a persona's anchor, or against a given picture. Raises PersonaForgeError.

    `identity` names a file of conf/identity to measure and judge by, in place of the persona's or project's choice.
    `out_of_domain` scores pictures that the pack was not made for, too, and marks them.
    """
    from personaforge.identity.decision import judge
    from personaforge.identity.score import compare

    if record and not space.store.keeps():
        raise StoreError("can't keep the evaluations: the store may not be written", where=str(space.store.folder))
    settings = _settings(space, persona, identity)
    analyzer = identity_of(space, settings)
    if anchor is not None:
        anchor_data, shown = read_file(anchor), anchor
    else:
        anchor_data, shown = _anchor_of(space, settings, persona or "")
    paths = list(_pictures(images)) if images else _built(space.store, settings)
    if not paths:
        raise PersonaForgeError("there is no picture to measure", hint="name files, a folder or a glob")
    policy = Policy.from_settings(settings.value("identity"))
    if out_of_domain:
        policy = replace(policy, out_of_domain=True)
    file_measurer = FileMeasurer(space, analyzer, settings.id if persona else "", only_reads=not record)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        pending = pool.submit(file_measurer.measure, anchor_data)
        measured = list(pool.map(lambda path: file_measurer.measure(read_file(path)), paths))
    reference = pending.result()
    kept = calibration_for(space.project, analyzer)
    found = []
    for path, one in zip(paths, measured, strict=True):
        score = compare(
            reference.value,
            one.value,
            policy,
            anchor_analyzer=reference.analyzer,
            candidate_analyzer=one.analyzer,
        )
        judged = judge(score, policy, require_measurement=True)
        share = None
        if isinstance(kept, Applying) and isinstance(score, Score) and not score.out_of_domain:
            share = probability(score.cosine, kept.calibration)
        found.append(Evaluated(path, one.digest, one.value, score, judged, share))
    evaluation = Evaluation(shown, analyzer, kept, tuple(found), file_measurer.remembers)
    if record:
        _keep(space.store, settings, evaluation, reference.digest, policy)
    return evaluation


def _settings(space: Workspace, persona: str | None, identity: str | None) -> Settings:
    if persona is not None:
        loaded = space.load([persona], [] if identity is None else [f"identity={identity}"])
        if len(loaded) != 1:
            raise PlanError(f"{persona} names {len(loaded)} personas, expected one")
        return loaded[0].settings
    return project_settings(space, identity)


def _anchor_of(space: Workspace, settings: Settings, persona: str) -> tuple[bytes, str]:
    """Return the anchor: the one that the lock pins, or else the one that was built, whatever its step is called."""
    from personaforge.plan.contents import Contents

    store, step = space.store, settings.step_of("anchor")
    pin = pinned_anchor(settings, space.load([persona])[0].lock)
    digest = pin.outputs["anchor"] if pin is not None else Results(store, settings).anchor_digest
    if not digest:
        hint = f"forge build {settings.id} --select +{step}, or --anchor FILE"
        raise PlanError(f"{settings.id} has no anchor yet", hint=hint)
    contents = Contents(store, store.build_folder(settings.id))
    return contents.read(digest), f"{settings.id}/{step} {digest[:12]}"


def _built(store: Store, settings: Settings) -> list[str]:
    """Return the paths of a persona's built images, without the anchor itself."""
    found = []
    folder = store.build_folder(settings.id).folder
    for result in Results(store, settings).by_role("picture"):
        output = result.outcome.outputs.get("image")
        if output is not None and output.path:
            found.append(f"{folder}/{output.path}")
    return sorted(dict.fromkeys(os.path.relpath(path) for path in found if os.path.exists(path)))


def _pictures(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the files that arguments name. An argument that names no file is an error, and so is an unreadable file."""
    for argument in arguments:
        if os.path.isdir(argument):
            yield from sorted(
                str(path) for path in Path(argument).rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()
            )
        elif os.path.exists(argument):
            yield argument
        else:
            found = sorted(glob.glob(argument, recursive=True))
            if not found:
                raise PersonaForgeError(f"there is no file {argument}", hint="name a file, a folder or a glob")
            yield from found


def _keep(store: Store, settings: Settings, evaluation: Evaluation, anchor: str, policy: Policy) -> None:
    """Keep the evaluations as records, as a build does."""
    for one in evaluation.pictures:
        record: dict[str, Any] = {
            "persona": settings.id,
            "node": "",
            "step": "eval",
            "slot": os.path.basename(one.path),
            "modality": "face",
            "anchor": anchor,
            "analyzer": dict(evaluation.analyzer),
            "artifacts": {"image": one.digest},
            "accept_threshold": policy.accept_threshold,
            "retry_threshold": policy.retry_threshold,
            "weights": policy.weights,
            **one.judged.as_json(),
        }
        if one.out_of_domain:
            record["out_of_domain"] = True
        if isinstance(one.score, Unmeasured):
            record["unmeasured"] = one.score.as_json()
        else:
            record["score"] = one.score.as_json()
        store.keep("evaluations", digest_json("evaluation/1", record), record)
