"""Results that lie at an address: `/files/NAME`, as on a provider's CDN. Asks for no key, and notes when one comes."""

from __future__ import annotations

from personaforge.testing.server import Answer, Call, Route, Server


def put(server: Server, name: str, data: bytes, media_type: str) -> str:
    """Keep a file and return its address."""
    server.state.setdefault("files", {})[name] = (data, media_type)
    return f"{server.url}/files/{name}"


def _get(server: Server, call: Call, word: str) -> Answer:
    found = server.state.get("files", {}).get(call.path.removeprefix("/files/"))
    if found is None or word == "gone":
        return Answer({"detail": "expired"}, 404)
    data, media_type = found
    if word == "magic":
        return Answer(b"GIF89a" + data[6:], 200, media_type)
    if word == "private":
        return Answer(b"", 302, media_type, {"Location": "http://10.0.0.7/secret.png"})
    if word == "elsewhere":
        return Answer(b"", 302, media_type, {"Location": server.url.replace("127.0.0.1", "localhost") + call.path})
    if word == "loop":
        return Answer(b"", 302, media_type, {"Location": call.path})
    return Answer(data, 200, media_type)


ROUTES = [Route("files.get", "GET", lambda path: path.startswith("/files/"), _get)]
