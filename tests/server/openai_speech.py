"""OpenAI's speech models, as documented at developers.openai.com/api/reference/resources/audio.

Words: `blocked`, `error in 200` (an error as JSON where a sound is expected), `no sound` (JSON that says nothing),
`empty`, `empty account`, `cut` (a sound that is cut off), `magic` (bytes that are no sound), `streamed` (a WAV whose
length is unknown, as OpenAI's own).
"""

from __future__ import annotations

import time

from personaforge.testing.server import Answer, Call, Route, Server

PRICE = 0.00002
"""US dollars a character."""
_FORMS = {"mp3": "mp3", "wav": "wav", "opus": "ogg"}


def _speak(server: Server, call: Call, word: str) -> Answer:
    if call.headers.get("authorization", "") in ("", "Bearer "):
        return Answer({"error": {"message": "You didn't provide an API key.", "type": "invalid_request_error"}}, 401)
    if word == "blocked":
        error = {"message": "Your request was rejected by the safety system.", "code": "content_policy_violation"}
        return Answer({"error": error}, 400)
    if word == "empty account":
        error = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
        return Answer({"error": {**error, "type": "insufficient_quota"}}, 429)
    body = call.json
    line = server.accept("openai", body["model"], PRICE * len(body["input"]), call)
    time.sleep(server.latency)
    server.finish()
    if word == "error in 200":
        return Answer({"error": {"message": "the voice could not be loaded"}})
    if word == "no sound":
        return Answer({"created": 1})
    data, media_type = server.state["sound"](_FORMS[body["response_format"]], line.number)
    if word == "magic":
        data = b"fLaC" + data[4:]
    if word == "cut":
        data = data[:-20]
    if word == "streamed":
        data = data[:4] + b"\xff\xff\xff\xff" + data[8:40] + b"\xff\xff\xff\xff" + data[44:]
    if word == "empty":
        data = b""
    return Answer(data, media_type=media_type, headers={"x-request-id": f"req_{line.number}"})


ROUTES = [Route("openai.speech", "POST", lambda path: path == "/v1/audio/speech", _speak)]
