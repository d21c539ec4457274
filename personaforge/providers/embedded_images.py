"""The embedded image provider: draws a portrait of a request's subject, here and now, without a model.

It exists so that the whole loop can be seen and tested without keys. The picture doesn't depend on the prompt's
words; its digest is written into the file beside the face's parameters, so that a drawing given as the reference
hands its face on to the next one. The request's seed moves grain, light and pose a little, and, where there is no
reference, the face itself a little: those are an anchor's candidates.

Fields: `prompt`, `subject` (see `subject`), `width`, `height`, `seed`, `attempt`, and `drift` (may be missing): 0 to 1,
how far the face is moved from the reference's towards a stranger's, which is ground truth for what measures drift;
without a reference also `placement` (may be missing), which of the shapes that the DNA allows is drawn (see
`face_placement`). Inputs: `reference`. What is wrong in them is a BackendError that names the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn

from personaforge.digest import derive_seed, digest_bytes
from personaforge.domains import DRAWINGS
from personaforge.embedded.painter.face.params import Face, face_of_reference, subject_face
from personaforge.embedded.painter.figure.body import body_of_dna
from personaforge.embedded.painter.painter import Stage
from personaforge.embedded.painter.png import encode_png, read_texts
from personaforge.embedded.painter.subject import Pose, number, read_pose, read_scenery, section, whole
from personaforge.embedded.painter.undrawn import undrawn
from personaforge.errors import BackendError
from personaforge.media.provenance import FACE
from personaforge.providers.protocols import Blob, Job, Reply, Request

SOFTWARE: Final = DRAWINGS.label
"""What the files say about their maker, and so about their domain."""
MIN_SIDE: Final = 16
MAX_SIDE: Final = 4096
"""Pixels."""
MAX_ATTEMPT: Final = 100
MAX_PLACEMENT: Final = 999
_CANDIDATE_SPREAD: Final = 0.08
"""How far candidates for an anchor lie from the DNA's face, in z."""
_CALMER: Final = 0.25
"""By how much each further attempt reduces yaw, pitch and expression, up to the third."""


class EmbeddedImages:
    """Draws portraits. Holds no state, so one may serve any number of threads."""

    def submit(self, request: Request, key: str = "") -> Reply:
        """Return the drawing. Raises BackendError that names the key of what can't be drawn."""
        if request.kind != "draw":
            raise BackendError(f"kind: the embedded image provider can't {request.kind!r}, only 'draw'")
        try:
            return self._drawn(request)
        except ValueError as error:
            raise BackendError(str(error)) from error

    def _drawn(self, request: Request) -> Reply:
        fields = request.fields
        width, height, seed, attempt = read_size(fields)
        subject = section(fields, "subject", "")
        position = section(subject, "position", "subject")
        pose, expression = read_pose(position, "subject.position", str(position.get("gaze", "into the camera")))
        scenery = read_scenery(subject, position, "subject.position")
        face, conditioned = request_face(request, subject, seed)
        drift = read_drift(fields, "reference" in request.inputs)
        face = face.drifted(drift)
        body = body_of_dna(section(subject, "dna", "subject"), face.masculinity, face.age, seated=scenery.seated)
        # Two shots of one pose differ in the head: the body takes its turn from the pose as it was asked for.
        stance_yaw = pose.yaw * calm(attempt)
        pose = settled(pose, attempt, seed)
        stage = Stage(face, body, scenery, width, height, stance_yaw, seed)
        texts = {
            "Software": SOFTWARE,
            FACE: face.to_json().decode(),
            "forge-prompt": digest_bytes(read_prompt(fields).encode()),
        }
        picture = encode_png(stage.frame(pose, grain=derive_seed(seed, "grain")), texts)
        details = {
            "drawn": {
                "yaw": round(pose.yaw, 3),
                "pitch": round(pose.pitch, 3),
                "expression": expression,
                "expression_strength": calm(attempt),
                "distance": scenery.distance,
                "wear": scenery.outfit.drawn(),
                "not_drawn": [*scenery.outfit.unknown, *undrawn(section(subject, "dna", "subject"), scenery.pose)],
            },
            "face": face.digest(),
            "drift": drift,
            "face_from": "reference" if conditioned else "dna",
        }
        return Reply(blob=Blob(picture, "image/png"), cost_usd=0.0, details=details)

    def poll(self, job: Job) -> NoReturn:
        """Raise, as every request is answered at once."""
        raise BackendError(f"the embedded image provider has no jobs, so {job.id!r} isn't one")


def read_prompt(fields: Mapping[str, Any]) -> str:
    """Return the prompt, which isn't read any further."""
    prompt = fields.get("prompt")
    if not isinstance(prompt, str):
        raise ValueError(f"prompt: {'missing' if prompt is None else repr(prompt) + ' is not text'}")
    return prompt


def read_size(fields: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Return width, height, seed and attempt."""
    width = whole(fields, "width", MIN_SIDE, MAX_SIDE, "")
    height = whole(fields, "height", MIN_SIDE, MAX_SIDE, "")
    seed = whole(fields, "seed", 0, 2**53, "")
    attempt = whole(fields, "attempt", 0, MAX_ATTEMPT, "")
    return width, height, seed, attempt


def read_drift(fields: Mapping[str, Any], conditioned: bool) -> float:
    """Return how far the face moves from the reference's; without a reference there is nothing to move from."""
    if "drift" not in fields:
        return 0.0
    drift = number(fields, "drift", 0, 1, "")
    if drift and not conditioned:
        raise ValueError(f"drift: {drift:g} needs a reference to drift away from, and this request has none")
    return drift


def request_face(request: Request, subject: Mapping[str, Any], seed: int) -> tuple[Face, bool]:
    """Return the face to draw and whether it came from the reference."""
    reference = request.inputs.get("reference")
    placement = whole(request.fields, "placement", 0, MAX_PLACEMENT, "") if "placement" in request.fields else 0
    told = subject_face(subject, placement)
    if reference is None:
        return told.jittered(_CANDIDATE_SPREAD, derive_seed(seed, "candidate")), False
    return face_of_reference(read_texts(reference.data).get(FACE), told)


def calm(attempt: int) -> float:
    """Return the factor on pose and expression: a retry asks for the person first, so it draws closer to the front."""
    return 1 - _CALMER * min(attempt, 3)


def settled(pose: Pose, attempt: int, seed: int) -> Pose:
    """Return the pose as it is drawn in this attempt, with the small differences between two shots of one pose."""
    factor = calm(attempt)
    yaw, pitch = ((derive_seed(seed, name) / 2**30 - 1) * 1.2 for name in ("yaw", "pitch"))
    return replace(
        pose,
        yaw=pose.yaw * factor + yaw,
        pitch=pose.pitch * factor + 0.6 * pitch,
        expression=pose.expression.scaled(factor),
    )
