"""The embedded video provider: a short clip of a request's subject moving from pose to pose.

The same drawing as `images`, once for each frame, packed as VP8 in WebM. Head, gaze and expression go from key to key
on smooth curves; over them lies what makes a motion of its type: blinks, eyes that look, breath, a sway, the steps of a
walk and the way the background passes by (`clip_life`). Where the motion has `sounds`, a list of times in seconds and
visemes (`painter.speech`), the mouth speaks them. Colours are RGB here and BGR only on the way into OpenCV. The bytes
depend on the request alone.

Fields: `prompt`, `subject` with `motion` in place of `position`, `width`, `height`, `fps`, `seconds`, `seed`,
`attempt`; inputs: `reference`. What is wrong in them is a BackendError that names the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NoReturn

from personaforge.digest import derive_seed
from personaforge.embedded.painter.clip_life import Life
from personaforge.embedded.painter.expression import between
from personaforge.embedded.painter.figure.body import body_of_dna
from personaforge.embedded.painter.painter import Frame, Stage
from personaforge.embedded.painter.speech import Sound, mouth_at, spoken
from personaforge.embedded.painter.subject import Key, Pose, number, read_keys, read_scenery, read_sounds, section
from personaforge.embedded.painter.undrawn import undrawn
from personaforge.errors import BackendError
from personaforge.media.webm import encode_webm
from personaforge.providers.embedded_images import SOFTWARE, calm, read_prompt, read_size, request_face, settled
from personaforge.providers.protocols import Blob, Job, Reply, Request

MAX_SECONDS: Final = 60
MAX_FPS: Final = 60
_DRAWN_PER_SECOND: Final = 12
"""Drawings per second at most; faster clips show each drawing more than once."""
_SPOKEN_PER_SECOND: Final = 25
"""The same where somebody speaks: sounds are shorter than a twelfth of a second."""


class EmbeddedVideos:
    """Draws clips. Holds no state, so one may serve any number of threads."""

    def submit(self, request: Request, key: str = "") -> Reply:
        """Return the clip. Raises BackendError that names the key of what can't be drawn."""
        if request.kind != "film":
            raise BackendError(f"kind: the embedded video provider can't {request.kind!r}, only 'film'")
        try:
            return self._drawn(request)
        except ValueError as error:
            raise BackendError(str(error)) from error

    def _drawn(self, request: Request) -> Reply:
        fields = request.fields
        read_prompt(fields)
        width, height, seed, attempt = read_size(fields)
        for key, side in (("width", width), ("height", height)):
            if side % 2:
                raise ValueError(f"{key}: {side} is odd, and a clip's sides must be even")
        fps = number(fields, "fps", 1, MAX_FPS, "")
        seconds = number(fields, "seconds", 0.1, MAX_SECONDS, "")
        subject = section(fields, "subject", "")
        motion = section(subject, "motion", "subject")
        keys = tuple(Key(key.at, settled(key.pose, attempt, seed)) for key in read_keys(motion))
        sounds = read_sounds(motion)
        scenery = read_scenery(subject, motion, "subject.motion")
        face, conditioned = request_face(request, subject, seed)
        dna = section(subject, "dna", "subject")
        body = body_of_dna(dna, face.masculinity, face.age, seated=scenery.seated)
        middle = sum(key.pose.yaw for key in keys) / len(keys)
        count = max(1, round(seconds * fps))
        life = Life(str(motion.get("type", "")), seconds, derive_seed(seed, "life"), seated=scenery.seated)
        stage = Stage(face, body, scenery, width, height, middle, seed)
        frames = (frame[..., ::-1] for frame in _frames(stage, keys, sounds, life, count, fps))
        data = encode_webm(frames, width, height, fps, app=SOFTWARE)
        details = {
            "drawn": {"frames": count, "fps": fps, "keys": len(keys), "expression_strength": calm(attempt),
                      "distance": scenery.distance, "wear": scenery.outfit.drawn(),
                      "not_drawn": [*scenery.outfit.unknown, *undrawn(dna, scenery.pose)]},
            "face": face.digest(),
            "face_from": "reference" if conditioned else "dna",
        }  # fmt: skip
        return Reply(blob=Blob(data, "video/webm"), cost_usd=0.0, details=details)

    def poll(self, job: Job) -> NoReturn:
        """Raise, as every request is answered at once."""
        raise BackendError(f"the embedded video provider has no jobs, so {job.id!r} isn't one")


def pose_at(keys: Sequence[Key], at: float) -> Pose:
    """Return the pose at a fraction of the clip: eased from each key to the next, still before the first."""
    if at <= keys[0].at:
        return keys[0].pose
    for before, after in pairwise(keys):
        if at <= after.at:
            part = (at - before.at) / max(after.at - before.at, 1e-9)
            part = part * part * (3 - 2 * part)
            first, second = before.pose, after.pose
            return Pose(
                first.yaw + (second.yaw - first.yaw) * part,
                first.pitch + (second.pitch - first.pitch) * part,
                between(first.expression, second.expression, part),
                first.camera_gaze,
            )
    return keys[-1].pose


def _frames(
    stage: Stage, keys: Sequence[Key], sounds: Sequence[Sound], life: Life, count: int, fps: float
) -> Iterable[Frame]:
    held = max(1, round(fps / (_SPOKEN_PER_SECOND if sounds else _DRAWN_PER_SECOND)))
    frame: Frame | None = None
    for index in range(count):
        if frame is None or index % held == 0:
            pose, now = pose_at(keys, index / max(count - 1, 1)), index / fps
            yaw, pitch = life.head(now)
            act = life.alive(pose.expression, now)
            if sounds:
                act = spoken(act, mouth_at(sounds, now))
            pose = replace(pose, yaw=pose.yaw + yaw, pitch=pose.pitch + pitch, expression=act)
            frame = stage.frame(pose, move=life.move(now))
        yield frame
