"""Chat completions as OpenAI documents them (platform.openai.com/docs/api-reference/chat), and as gateways speak them.

`server.state["completion"]` answers: it gets the request's body and returns the text. Tokens are counted as a quarter
of the characters, and charged at USD_PER_MILLION, also where there is no answer.

Words: `refused` (the model says no), `blocked` (a content filter stopped the answer), `cut` (half the answer, at its
limit of tokens), `thought` (all tokens went into thinking), `empty` (no text, and no reason why).
"""

from __future__ import annotations

import time
from typing import Any

from personaforge.testing.server import Answer, Call, Route, Server

USD_PER_MILLION = {"input": 3.0, "output": 15.0}


PICTURE_TOKENS = 1_000
"""What a picture is counted as."""


def _tokens(content: Any) -> int:
    if isinstance(content, str):
        return len(content) // 4
    return sum(PICTURE_TOKENS if part["type"] == "image_url" else len(part["text"]) // 4 for part in content)


def _complete(server: Server, call: Call, word: str) -> Answer:
    if not call.headers.get("authorization", "").removeprefix("Bearer").strip():
        return Answer({"error": {"message": "You didn't provide an API key.", "type": "invalid_request_error"}}, 401)
    body = call.json
    text = server.state["completion"](body)
    into = max(sum(_tokens(message["content"]) for message in body["messages"]), 1)
    out = max(len(text) // 4, 1)
    usd = (into * USD_PER_MILLION["input"] + out * USD_PER_MILLION["output"]) / 1e6
    line = server.accept("chat", body["model"], usd, call)
    time.sleep(server.latency)
    server.finish()
    usage = {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}
    said = {"": text, "cut": text[: len(text) // 2]}.get(word)
    message: dict[str, Any] = {"role": "assistant", "content": said}
    if word == "refused":
        message["refusal"] = "I can't help with that."
    finish = {"blocked": "content_filter", "cut": "length", "thought": "length"}.get(word, "stop")
    choice = {"index": 0, "finish_reason": finish, "message": message}
    told = {"id": f"chatcmpl-{line.number}", "object": "chat.completion", "created": 1, "model": body["model"]}
    return Answer({**told, "choices": [choice], "usage": usage})


ROUTES = [Route("chat.submit", "POST", lambda path: path.endswith("/chat/completions"), _complete)]
