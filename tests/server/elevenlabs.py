"""ElevenLabs' text-to-speech, after github.com/elevenlabs/elevenlabs-python and help.elevenlabs.io.

Words: `error in 200`, `empty account`, `cut`, `magic`, `uncounted` (no `character-cost`); any other is the `status` of
an error that comes as 401, as `voice_not_found` does.
"""

from __future__ import annotations

import time

from personaforge.testing.server import Answer, Call, Route, Server

CREDITS = 25
"""What every call is charged, as `character-cost` says it."""
_FORMS = {"mp3_44100_128": "mp3", "wav_44100": "wav", "opus_48000_128": "ogg"}


def _speak(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("xi-api-key"):
        return Answer({"detail": {"status": "needs_authorization", "message": "Neither key nor token"}}, 401)
    if word == "empty account":
        message = "This request exceeds your quota. You have 3 credits remaining."
        return Answer({"detail": {"status": "quota_exceeded", "message": message}}, 401)
    if word not in ("", "error in 200", "cut", "magic", "uncounted"):
        return Answer({"detail": {"status": word, "message": "not this one"}}, 401)
    line = server.accept("elevenlabs", call.json["model_id"], CREDITS * 0.0003, call)
    time.sleep(server.latency)
    server.finish()
    if word == "error in 200":
        return Answer({"detail": {"status": "internal", "message": "nothing was made"}})
    data, media_type = server.state["sound"](_FORMS[call.query["output_format"][0]], line.number)
    if word == "magic":
        data = b"fLaC" + data[4:]
    if word == "cut":
        data = data[:-20]
    headers = {"request-id": f"el-{line.number}", "character-cost": str(CREDITS)}
    if word == "uncounted":
        del headers["character-cost"]
    return Answer(data, media_type=media_type, headers=headers)


def _subscription(server: Server, call: Call, word: str) -> Answer:
    return Answer({"tier": "creator", "character_count": 17231, "character_limit": 100000})


ROUTES = [
    Route("elevenlabs.speech", "POST", lambda path: path.startswith("/v1/text-to-speech/"), _speak),
    Route("elevenlabs.subscription", "GET", lambda path: path == "/v1/user/subscription", _subscription),
]
