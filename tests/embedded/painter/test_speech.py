"""Mouths of sounds are those that speak them, go over into one another, and are seen in a clip."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from personaforge.embedded.painter.expression import EXPRESSIONS, REST
from personaforge.embedded.painter.face.curves import lips
from personaforge.embedded.painter.face.params import subject_face
from personaforge.embedded.painter.speech import MOUTHS, Sound, mouth_at, spoken
from personaforge.errors import BackendError
from personaforge.providers.embedded_clips import EmbeddedVideos

from .subjects import film_request, subject

AT = subject_face(subject()).lengths()


def mouth(name: str) -> Any:
    return lips(AT, spoken(REST, MOUTHS[name]))


def test_the_fifteen_visemes_have_mouths_of_their_own() -> None:
    assert len(MOUTHS) == len(set(MOUTHS.values())) == 15
    gaps = {name: float(mouth(name).gap[20]) for name in MOUTHS}
    wide = {name: mouth(name).half for name in MOUTHS}
    assert gaps["sil"] == gaps["pp"] == 0
    assert max(gaps, key=gaps.__getitem__) == "aa"
    assert all(gaps[name] > 0.01 for name in MOUTHS if name not in ("sil", "pp"))
    assert min(wide, key=wide.__getitem__) == "ou"
    assert wide["ss"] > wide["sil"] > wide["oh"]
    assert gaps["oh"] > 2 * gaps["ou"]


def test_a_mouth_begins_before_its_sound_is_formed_when_it_starts_and_stays() -> None:
    sounds = (Sound(0.5, "aa"), Sound(1.0, "pp"))
    assert mouth_at(sounds, 0.0) == REST
    assert 0 < mouth_at(sounds, 0.45).open < MOUTHS["aa"].open
    assert mouth_at(sounds, 0.5) == mouth_at(sounds, 0.8) == MOUTHS["aa"]
    assert mouth_at(sounds, 5.0) == MOUTHS["pp"]
    steps = [mouth_at(sounds, index / 100).open for index in range(120)]
    assert max(abs(a - b) for a, b in pairwise(steps)) < 0.12


def test_who_speaks_keeps_brows_and_lids_and_some_of_a_smile() -> None:
    happy = EXPRESSIONS["smile"]
    assert spoken(happy, REST) == pytest.approx(happy)
    said = spoken(happy, MOUTHS["pp"])
    assert (said.cheeks, said.inner, said.shut) == (happy.cheeks, happy.inner, happy.shut)
    assert 0.2 < said.smile < happy.smile
    assert lips(AT, said).gap.max() == 0, "lips meet for p, b and m, whoever smiles"


def frames_of(**motion: Any) -> bytes:
    request = film_request(subject(), fps=25, seconds=0.6)
    request.fields["subject"]["motion"].update(motion)
    reply = EmbeddedVideos().submit(request)
    assert reply.blob is not None
    return reply.blob.data


def test_sounds_move_the_mouth_of_a_clip() -> None:
    silent, closed = frames_of(), frames_of(sounds=[])
    spoken_ = frames_of(sounds=[{"at": 0.1, "mouth": "aa"}, {"at": 0.4, "mouth": "pp"}])
    assert silent == closed
    assert spoken_ != silent


@pytest.mark.parametrize(
    ("sounds", "message"),
    [
        ("aa", "subject.motion.sounds: a list of at most 4000 sounds"),
        (["aa"], "subject.motion.sounds[0]: 'aa' is not a mapping"),
        ([{"at": -1, "mouth": "aa"}], "subject.motion.sounds[0].at: -1"),
        ([{"at": 0, "mouth": "zz"}], "subject.motion.sounds[0].mouth: 'zz', expected one of sil, pp"),
    ],
)
def test_a_message_names_the_sound_that_is_wrong(sounds: Any, message: str) -> None:
    with pytest.raises(BackendError) as error:
        frames_of(sounds=sounds)
    assert str(error.value).startswith(message)


def test_the_order_of_sounds_in_a_request_does_not_matter() -> None:
    first, second = {"at": 0.1, "mouth": "oh"}, {"at": 0.3, "mouth": "ss"}
    assert np.array_equal(
        np.frombuffer(frames_of(sounds=[first, second]), np.uint8),
        np.frombuffer(frames_of(sounds=[second, first]), np.uint8),
    )
