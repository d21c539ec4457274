"""MiniMax' speech, as documented at platform.minimax.io/docs/api-reference/speech-t2a-http and .../errorcode.

Words: a number is the `status_code` of an error inside a 200 (nothing is charged for it here); `error in 200` is a good
status without a sound; `cut`, `magic`, `not hex`.
"""

from __future__ import annotations

import time

from personaforge.testing.server import Answer, Call, Route, Server

CHARACTERS = 34
"""What every call is charged, as `usage_characters` says it."""


def _speak(server: Server, call: Call, word: str) -> Answer:
    if call.headers.get("authorization", "") in ("", "Bearer "):
        return Answer({"base_resp": {"status_code": 1004, "status_msg": "login fail"}})
    if word.isdigit():
        return Answer({"base_resp": {"status_code": int(word), "status_msg": f"error {word}"}, "trace_id": "t-0"})
    body = call.json
    line = server.accept("minimax", body["model"], CHARACTERS * 0.0001 + 0.01, call)
    time.sleep(server.latency)
    server.finish()
    good = {"base_resp": {"status_code": 0, "status_msg": "success"}, "trace_id": f"t-{line.number}"}
    if word == "error in 200":
        return Answer({**good, "data": None})
    data, _ = server.state["sound"](body["audio_setting"]["format"], line.number)
    if word == "magic":
        data = b"fLaC" + data[4:]
    if word == "cut":
        data = data[:-20]
    audio = "zz" if word == "not hex" else data.hex()
    info = {"audio_length": 100, "usage_characters": CHARACTERS, "audio_format": body["audio_setting"]["format"]}
    return Answer({**good, "data": {"audio": audio, "status": 2}, "extra_info": info})


def _voices(server: Server, call: Call, word: str) -> Answer:
    if word.isdigit():
        return Answer({"base_resp": {"status_code": int(word), "status_msg": f"error {word}"}})
    return Answer({"voice_cloning": [], "base_resp": {"status_code": 0, "status_msg": "success"}})


ROUTES = [
    Route("minimax.speech", "POST", lambda path: path == "/v1/t2a_v2", _speak),
    Route("minimax.voices", "POST", lambda path: path == "/v1/get_voice", _voices),
]
